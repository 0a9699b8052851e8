//! Encryption under a password, as imported files use it: PBES2 (RFC 8018 §6.2) and the older schemes of
//! PKCS#12 (RFC 7292 appendices B and C).

use crate::Error;
use crate::asn1::AlgorithmIdentifier;
use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, InnerIvInit as _, KeyInit, KeyIvInit as _};
use der::Tag;
use der::asn1::ObjectIdentifier;
use des::TdesEde3;
use hmac::digest::common::BlockSizeUser;
use hmac::{Hmac, Mac as _};
use rc2::Rc2;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

/// Most iterations of key derivation that one imported file may cost, all its parts together (some seconds).
pub const ITERATIONS_MAX: u64 = 10_000_000;

/// Longest salt accepted, in bytes.
const SALT_BYTES_MAX: usize = 1024;

/// A password in the forms that derivations want, and the iterations that may still be spent on it.
pub(crate) struct Password {
    utf8: Zeroizing<Vec<u8>>,
    bmp: Zeroizing<Vec<u8>>,
    iterations_left: u64,
}

impl Password {
    pub(crate) fn new(text: &str) -> Self {
        // RFC 7292 appendix B.1: big-endian UCS-2 with a final zero. Characters beyond it become UTF-16
        // pairs, as OpenSSL does.
        let mut bmp = Zeroizing::new(Vec::with_capacity(2 * text.len() + 2));
        text.encode_utf16()
            .chain([0])
            .for_each(|unit| bmp.extend(unit.to_be_bytes()));
        Self {
            utf8: Zeroizing::new(text.as_bytes().to_vec()),
            bmp,
            iterations_left: ITERATIONS_MAX,
        }
    }

    /// Some tools take "no password" for the empty byte string instead of a lone zero character.
    pub(crate) fn without_final_zero_if_empty(&mut self) -> bool {
        if self.utf8.is_empty() && !self.bmp.is_empty() {
            self.bmp.clear();
            return true;
        }
        false
    }

    fn spend(&mut self, iterations: u32, blocks: usize) -> Result<(), Error> {
        if iterations == 0 {
            return Err(Error::Malformed("a key derivation has no iterations"));
        }
        let cost = u64::from(iterations).saturating_mul(blocks as u64);
        self.iterations_left = self
            .iterations_left
            .checked_sub(cost)
            .ok_or(Error::TooManyIterations)?;
        Ok(())
    }
}

/// The hash functions that occur in imported files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sm3,
}

impl Hash {
    /// By the OID of the hash function itself.
    pub(crate) fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        Some(match oid.to_string().as_str() {
            "1.3.14.3.2.26" => Self::Sha1,
            "2.16.840.1.101.3.4.2.4" => Self::Sha224,
            "2.16.840.1.101.3.4.2.1" => Self::Sha256,
            "2.16.840.1.101.3.4.2.2" => Self::Sha384,
            "2.16.840.1.101.3.4.2.3" => Self::Sha512,
            "1.2.156.10197.1.401" | "1.2.156.10197.1.401.1" => Self::Sm3,
            _ => return None,
        })
    }

    /// By the OID of HMAC over it. For SM3 three are in use: OpenSSL's and GM/T 0091's 401.3.1, GmSSL's 401.2
    /// (the keyed SM3 of GB/T 33560) and the bare 401.
    fn from_hmac_oid(oid: ObjectIdentifier) -> Option<Self> {
        Some(match oid.to_string().as_str() {
            "1.2.840.113549.2.7" => Self::Sha1,
            "1.2.840.113549.2.8" => Self::Sha224,
            "1.2.840.113549.2.9" => Self::Sha256,
            "1.2.840.113549.2.10" => Self::Sha384,
            "1.2.840.113549.2.11" => Self::Sha512,
            "1.2.156.10197.1.401.3.1" | "1.2.156.10197.1.401.2" | "1.2.156.10197.1.401" => Self::Sm3,
            _ => return None,
        })
    }
}

/// Calls a function that is generic over the hash function.
macro_rules! with_hash {
    ($hash:expr, $function:ident ( $($argument:expr),* )) => {
        match $hash {
            Hash::Sha1 => $function::<Sha1>($($argument),*),
            Hash::Sha224 => $function::<Sha224>($($argument),*),
            Hash::Sha256 => $function::<Sha256>($($argument),*),
            Hash::Sha384 => $function::<Sha384>($($argument),*),
            Hash::Sha512 => $function::<Sha512>($($argument),*),
            Hash::Sm3 => $function::<sm3::Sm3>($($argument),*),
        }
    };
}

/// Opens `ciphertext` as `algorithm` says. A wrong password shows as [`Error::WrongPassword`] when the
/// padding does not come out; one time in 256 it does by chance, and the caller meets nonsense instead.
pub(crate) fn decrypt(
    algorithm: &AlgorithmIdentifier<'_>,
    password: &mut Password,
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let (cipher, key, iv) = match algorithm.oid.to_string().as_str() {
        // PBES2; the second is its double in GM/T 0091-2020.
        "1.2.840.113549.1.5.13" | "1.2.156.10197.6.1.4.1.5.2" => pbes2(algorithm, password)?,
        "1.2.840.113549.1.12.1.3" => pkcs12_pbe(algorithm, password, Cipher::TripleDes, 24)?,
        "1.2.840.113549.1.12.1.4" => pkcs12_pbe(algorithm, password, Cipher::TripleDes, 16)?,
        "1.2.840.113549.1.12.1.5" => pkcs12_pbe(algorithm, password, Cipher::Rc2, 16)?,
        "1.2.840.113549.1.12.1.6" => pkcs12_pbe(algorithm, password, Cipher::Rc2, 5)?,
        _ => return Err(unsupported("encryption scheme", algorithm.oid)),
    };
    cipher.decrypt(&key, &iv, ciphertext)
}

/// Checks the MAC of a PKCS#12 file (RFC 7292 §4, HMAC under the key of appendix B).
pub(crate) fn pkcs12_mac_holds(
    hash: Hash,
    password: &mut Password,
    salt: &[u8],
    iterations: u32,
    content: &[u8],
    mac: &[u8],
) -> Result<bool, Error> {
    let key = pkcs12_derive(hash, password, salt, iterations, Purpose::Mac, digest_bytes(hash))?;
    Ok(with_hash!(hash, hmac_holds(&key, content, mac)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    Sm4,
    TripleDes,
    Rc2,
}

impl Cipher {
    /// By the OID of its CBC mode, as PBES2 names it.
    fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        Some(match oid.to_string().as_str() {
            "2.16.840.1.101.3.4.1.2" => Self::Aes128,
            "2.16.840.1.101.3.4.1.22" => Self::Aes192,
            "2.16.840.1.101.3.4.1.42" => Self::Aes256,
            // The mode's OID, and the bare cipher's that some toolkits write for CBC.
            "1.2.156.10197.1.104.2" | "1.2.156.10197.1.104" => Self::Sm4,
            "1.2.840.113549.3.7" => Self::TripleDes,
            _ => return None,
        })
    }

    fn key_bytes(self) -> usize {
        match self {
            Self::Aes128 | Self::Sm4 | Self::Rc2 => 16,
            Self::Aes192 | Self::TripleDes => 24,
            Self::Aes256 => 32,
        }
    }

    fn block_bytes(self) -> usize {
        match self {
            Self::TripleDes | Self::Rc2 => 8,
            _ => 16,
        }
    }

    fn decrypt(self, key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let block = self.block_bytes();
        if iv.len() != block || ciphertext.is_empty() || !ciphertext.len().is_multiple_of(block) {
            return Err(Error::Malformed(
                "an encrypted part has no whole number of blocks",
            ));
        }
        let opened = match self {
            Self::Aes128 => cbc::Decryptor::<Aes128>::new_from_slices(key, iv).map(|c| open(c, ciphertext)),
            Self::Aes192 => cbc::Decryptor::<Aes192>::new_from_slices(key, iv).map(|c| open(c, ciphertext)),
            Self::Aes256 => cbc::Decryptor::<Aes256>::new_from_slices(key, iv).map(|c| open(c, ciphertext)),
            Self::TripleDes => {
                cbc::Decryptor::<TdesEde3>::new_from_slices(key, iv).map(|c| open(c, ciphertext))
            }
            // RC2's effective key length is that of the key, which is what both PKCS#12 schemes mean.
            Self::Rc2 => Rc2::new_from_slice(key)
                .and_then(|rc2| cbc::Decryptor::inner_iv_slice_init(rc2, iv))
                .map(|c| open(c, ciphertext)),
            Self::Sm4 => {
                let (Ok(key), Ok(iv)) = (key.try_into(), iv.try_into()) else {
                    return Err(Error::Malformed("a key or IV has the wrong length"));
                };
                return gm::sm4::cbc_decrypt(key, iv, ciphertext).map_err(|_| Error::WrongPassword);
            }
        };
        opened.map_err(|_| Error::Malformed("a key or IV has the wrong length"))?
    }
}

fn open(cipher: impl BlockModeDecrypt, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    let length = cipher
        .decrypt_padded::<Pkcs7>(&mut buffer)
        .map_err(|_| Error::WrongPassword)?
        .len();
    buffer.truncate(length);
    Ok(buffer)
}

type KeyAndIv = (Cipher, Zeroizing<Vec<u8>>, Vec<u8>);

/// ```text
/// PBES2-params ::= SEQUENCE { keyDerivationFunc AlgorithmIdentifier, encryptionScheme AlgorithmIdentifier }
/// ```
/// (RFC 8018 appendix A.4); the scheme's parameters are its IV.
fn pbes2(algorithm: &AlgorithmIdentifier<'_>, password: &mut Password) -> Result<KeyAndIv, Error> {
    let mut fields = algorithm.parameter_fields()?;
    let derivation = AlgorithmIdentifier::read(&mut fields)?;
    let scheme = AlgorithmIdentifier::read(&mut fields)?;
    let cipher = Cipher::from_oid(scheme.oid).ok_or_else(|| unsupported("cipher", scheme.oid))?;
    let iv = match scheme.parameters {
        Some(any) if any.header().tag() == Tag::OctetString => any.value().to_vec(),
        _ => return Err(Error::Malformed("the cipher lacks its IV")),
    };
    match derivation.oid.to_string().as_str() {
        // PBKDF2; the second is its double in GM/T 0091-2020.
        "1.2.840.113549.1.5.12" | "1.2.156.10197.6.1.4.1.5.1" => {}
        _ => return Err(unsupported("key derivation", derivation.oid)),
    }
    let key = pbkdf2_key(&derivation, password, cipher.key_bytes())?;
    Ok((cipher, key, iv))
}

/// ```text
/// PBKDF2-params ::= SEQUENCE {
///     salt CHOICE { specified OCTET STRING, otherSource AlgorithmIdentifier },
///     iterationCount INTEGER (1..MAX), keyLength INTEGER (1..MAX) OPTIONAL,
///     prf AlgorithmIdentifier DEFAULT algid-hmacWithSHA1 }
/// ```
/// (RFC 8018 appendix A.2)
fn pbkdf2_key(
    derivation: &AlgorithmIdentifier<'_>,
    password: &mut Password,
    key_bytes: usize,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut fields = derivation.parameter_fields()?;
    let salt = bounded_salt(fields.octets()?)?;
    let iterations = fields.number()?;
    if fields.peek() == Some(Tag::Integer) && fields.number()? as usize != key_bytes {
        return Err(Error::Malformed("the derived key's length is not the cipher's"));
    }
    let hash = if fields.is_empty() {
        Hash::Sha1
    } else {
        let prf = AlgorithmIdentifier::read(&mut fields)?;
        Hash::from_hmac_oid(prf.oid).ok_or_else(|| unsupported("hash of the key derivation", prf.oid))?
    };
    password.spend(iterations, key_bytes.div_ceil(digest_bytes(hash)))?;
    let mut key = Zeroizing::new(vec![0; key_bytes]);
    with_hash!(hash, pbkdf2_into(&password.utf8, salt, iterations, &mut key));
    Ok(key)
}

fn pbkdf2_into<D: hmac::EagerHash>(password: &[u8], salt: &[u8], iterations: u32, key: &mut [u8]) {
    pbkdf2::pbkdf2_hmac::<D>(password, salt, iterations, key);
}

/// `pkcs-12PbeParams ::= SEQUENCE { salt OCTET STRING, iterations INTEGER }` (RFC 7292 appendix C), always
/// SHA-1.
fn pkcs12_pbe(
    algorithm: &AlgorithmIdentifier<'_>,
    password: &mut Password,
    cipher: Cipher,
    key_bytes: usize,
) -> Result<KeyAndIv, Error> {
    let mut fields = algorithm.parameter_fields()?;
    let salt = bounded_salt(fields.octets()?)?;
    let iterations = fields.number()?;
    let mut key = pkcs12_derive(Hash::Sha1, password, salt, iterations, Purpose::Key, key_bytes)?;
    if cipher == Cipher::TripleDes && key_bytes == 16 {
        // Two-key triple DES: the first key serves again as the third.
        key.extend_from_within(..8);
    }
    let iv = pkcs12_derive(
        Hash::Sha1,
        password,
        salt,
        iterations,
        Purpose::Iv,
        cipher.block_bytes(),
    )?;
    Ok((cipher, key, iv.to_vec()))
}

fn bounded_salt(salt: &[u8]) -> Result<&[u8], Error> {
    if salt.len() > SALT_BYTES_MAX {
        Err(Error::Malformed("a salt is absurdly long"))
    } else {
        Ok(salt)
    }
}

/// What a PKCS#12 derivation is for (RFC 7292 appendix B.3).
#[derive(Clone, Copy)]
enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

fn pkcs12_derive(
    hash: Hash,
    password: &mut Password,
    salt: &[u8],
    iterations: u32,
    purpose: Purpose,
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let salt = bounded_salt(salt)?;
    password.spend(iterations, length.div_ceil(digest_bytes(hash)))?;
    Ok(with_hash!(
        hash,
        pkcs12_kdf(&password.bmp, salt, iterations, purpose, length)
    ))
}

/// RFC 7292 appendix B.2, with its letters: D, S, P, I, A and B; v is the block size of the hash function.
fn pkcs12_kdf<H: Digest + BlockSizeUser>(
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    purpose: Purpose,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let v = H::block_size();
    let filled = |bytes: &[u8]| {
        bytes
            .iter()
            .copied()
            .cycle()
            .take(bytes.len().next_multiple_of(v))
            .collect()
    };
    let d = vec![purpose as u8; v];
    let s: Vec<u8> = filled(salt);
    let p: Zeroizing<Vec<u8>> = Zeroizing::new(filled(password));
    let mut i = Zeroizing::new([s.as_slice(), &p].concat());
    let mut key = Zeroizing::new(Vec::with_capacity(length + DIGEST_BYTES_MAX));
    while key.len() < length {
        let mut a = H::new().chain_update(&d).chain_update(&*i).finalize();
        for _ in 1..iterations {
            a = H::digest(&a);
        }
        key.extend_from_slice(&a);
        let b: Zeroizing<Vec<u8>> = Zeroizing::new(a.iter().copied().cycle().take(v).collect());
        for block in i.chunks_exact_mut(v) {
            add_plus_one(block, &b);
        }
    }
    key.truncate(length);
    key
}

/// block = block + b + 1 modulo 2 to the block's length in bits, big-endian.
fn add_plus_one(block: &mut [u8], b: &[u8]) {
    let mut carry = 1;
    for (byte, addend) in block.iter_mut().zip(b).rev() {
        let sum = u16::from(*byte) + u16::from(*addend) + carry;
        // The low byte stays, the rest is carried.
        *byte = sum as u8;
        carry = sum >> 8;
    }
}

fn hmac_holds<D: hmac::EagerHash>(key: &[u8], content: &[u8], mac: &[u8]) -> bool
where
    Hmac<D>: KeyInit + hmac::Mac,
{
    match <Hmac<D> as KeyInit>::new_from_slice(key) {
        Ok(mut hmac) => {
            hmac.update(content);
            hmac.verify_slice(mac).is_ok()
        }
        Err(_) => false,
    }
}

const DIGEST_BYTES_MAX: usize = 64;

fn digest_bytes(hash: Hash) -> usize {
    match hash {
        Hash::Sha1 => 20,
        Hash::Sha224 => 28,
        Hash::Sha256 | Hash::Sm3 => 32,
        Hash::Sha384 => 48,
        Hash::Sha512 => 64,
    }
}

fn unsupported(what: &'static str, oid: ObjectIdentifier) -> Error {
    Error::Unsupported {
        what,
        oid: Some(oid.to_string()),
    }
}
