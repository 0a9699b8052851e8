//! SM2 encryption (GB/T 32918.4-2016), with the ciphertext of GB/T 35276-2017.

use rand_core::CryptoRng;
use zeroize::{Zeroize as _, Zeroizing};

use crate::sign::{BadSecretKey, PublicKey};
use crate::sm2::{self, Affine, SecretScalar};
use crate::{Digest, Sm3};

/// A message under a public key: the point C1, the hash C3 and the masked message C2, which is not empty.
///
/// ```text
/// SM2Cipher ::= SEQUENCE {
///     XCoordinate INTEGER, YCoordinate INTEGER,
///     HASH OCTET STRING (SIZE(32)), CipherText OCTET STRING }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Ciphertext {
    c1: Affine,
    c3: Digest,
    c2: Vec<u8>,
}

impl Ciphertext {
    /// From C1‖C3‖C2 with C1 as `04‖X‖Y`: 98 bytes or more.
    pub fn from_raw(bytes: &[u8]) -> Result<Self, BadEncryption> {
        let malformed = BadEncryption::Malformed;
        let (&[4], rest) = bytes.split_first_chunk().ok_or(malformed)? else {
            return Err(malformed);
        };
        let (x, rest) = rest.split_first_chunk().ok_or(malformed)?;
        let (y, rest) = rest.split_first_chunk().ok_or(malformed)?;
        let (hash, c2) = rest.split_first_chunk().ok_or(malformed)?;
        Self::from_parts(x, y, hash, c2)
    }

    /// C1‖C3‖C2.
    pub fn to_raw(&self) -> Vec<u8> {
        let (x, y) = self.c1.to_be();
        [&[4][..], &x, &y, &self.c3.0, &self.c2].concat()
    }

    /// From the DER form of GB/T 35276, and nothing else.
    pub fn from_der(bytes: &[u8]) -> Result<Self, BadEncryption> {
        let read = || {
            let (body, []) = der::take(bytes, der::SEQUENCE)? else {
                return None;
            };
            let (x, rest) = der::take(body, der::INTEGER)?;
            let (y, rest) = der::take(rest, der::INTEGER)?;
            let (hash, rest) = der::take(rest, der::OCTET_STRING)?;
            let (c2, []) = der::take(rest, der::OCTET_STRING)? else {
                return None;
            };
            Some((
                der::coordinate(x)?,
                der::coordinate(y)?,
                hash.try_into().ok()?,
                c2,
            ))
        };
        let (x, y, hash, c2) = read().ok_or(BadEncryption::Malformed)?;
        Self::from_parts(&x, &y, hash, c2)
    }

    /// The DER form of GB/T 35276.
    pub fn to_der(&self) -> Vec<u8> {
        let (x, y) = self.c1.to_be();
        let body = [
            der::element(der::INTEGER, &der::minimal(&x)),
            der::element(der::INTEGER, &der::minimal(&y)),
            der::element(der::OCTET_STRING, &self.c3.0),
            der::element(der::OCTET_STRING, &self.c2),
        ];
        der::element(der::SEQUENCE, &body.concat())
    }

    fn from_parts(x: &[u8; 32], y: &[u8; 32], hash: &[u8; 32], c2: &[u8]) -> Result<Self, BadEncryption> {
        if c2.is_empty() {
            return Err(BadEncryption::Malformed);
        }
        let c1 = Affine::from_be(x, y).ok_or(BadEncryption::NotOnCurve)?;
        Ok(Self {
            c1,
            c3: Digest(*hash),
            c2: c2.to_vec(),
        })
    }
}

impl std::fmt::Debug for Ciphertext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ciphertext({} bytes)", self.c2.len())
    }
}

impl PublicKey {
    /// Encrypts a message that is not empty (GB/T 32918.4-2016 §6.1), for the holder of the private key alone.
    pub fn encrypt(&self, message: &[u8], rng: &mut dyn CryptoRng) -> Result<Ciphertext, BadEncryption> {
        if message.is_empty() {
            return Err(BadEncryption::EmptyMessage);
        }
        let mut bytes = Zeroizing::new([0; 32]);
        loop {
            rng.fill_bytes(&mut bytes[..]);
            let Some(k) = SecretScalar::from_be(&bytes) else {
                continue;
            };
            let (Some(c1), Some(shared)) = (sm2::public_point(&k), Shared::new(self.point(), &k)) else {
                continue;
            };
            let mut c2 = message.to_vec();
            // A mask of zeros alone would leave the message as it is (step A5): possible for very short ones.
            if shared.mask(&mut c2) {
                let c3 = shared.hash(message);
                return Ok(Ciphertext { c1, c3, c2 });
            }
        }
    }
}

/// A private key that decrypts, wiped when dropped. Nothing that is done with it takes a time that depends on it.
#[derive(Clone)]
pub struct DecryptionKey {
    secret: SecretScalar,
    public: PublicKey,
}

impl DecryptionKey {
    /// A new key from `rng`.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        loop {
            rng.fill_bytes(&mut secret[..]);
            if let Ok(key) = Self::from_bytes(&secret) {
                return key;
            }
        }
    }

    /// From d, big-endian, in 1 … n−2 (GB/T 32918.1-2016 §6.1).
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, BadSecretKey> {
        let secret = SecretScalar::from_be(bytes).ok_or(BadSecretKey)?;
        if secret.add(&SecretScalar::ONE).is_zero() {
            return Err(BadSecretKey);
        }
        let point = sm2::public_point(&secret).ok_or(BadSecretKey)?;
        Ok(Self {
            secret,
            public: PublicKey::from_point(point),
        })
    }

    /// d, big-endian. Only key stores call this.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.secret.to_be())
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The message (GB/T 32918.4-2016 §7.1). Fails when it was encrypted for another key or altered.
    pub fn decrypt(&self, ciphertext: &Ciphertext) -> Result<Zeroizing<Vec<u8>>, BadEncryption> {
        let shared = Shared::new(&ciphertext.c1, &self.secret).ok_or(BadEncryption::Mismatch)?;
        let mut message = Zeroizing::new(ciphertext.c2.clone());
        let masked = shared.mask(&mut message);
        let Digest(hash) = shared.hash(&message);
        let differences = hash.iter().zip(&ciphertext.c3.0);
        let difference = differences.fold(0, |all, (ours, theirs)| all | (ours ^ theirs));
        if masked && sm2::declassify_zero(difference.into()) {
            Ok(message)
        } else {
            Err(BadEncryption::Mismatch)
        }
    }
}

impl std::fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("DecryptionKey");
        shown.field("public", &self.public).finish_non_exhaustive()
    }
}

/// x2 and y2, which both sides know.
struct Shared {
    x2: Zeroizing<[u8; 32]>,
    y2: Zeroizing<[u8; 32]>,
}

impl Shared {
    fn new(point: &Affine, k: &SecretScalar) -> Option<Self> {
        let (x2, y2) = sm2::shared_point(point, k)?;
        Some(Self {
            x2: Zeroizing::new(x2),
            y2: Zeroizing::new(y2),
        })
    }

    /// Masks or unmasks with KDF(x2‖y2) (GB/T 32918.4-2016 §5.4.3). False when the mask is all zeros; that
    /// becomes public.
    fn mask(&self, message: &mut [u8]) -> bool {
        let mut start = Sm3::new();
        start.update(&self.x2[..]);
        start.update(&self.y2[..]);
        let mut all = 0;
        for (counter, chunk) in (1u32..).zip(message.chunks_mut(32)) {
            let mut hasher = start.clone();
            hasher.update(&counter.to_be_bytes());
            let mut mask = hasher.finish().0;
            for (byte, mask) in chunk.iter_mut().zip(&mask) {
                *byte ^= mask;
                all |= mask;
            }
            mask.zeroize();
        }
        !sm2::declassify_zero(all.into())
    }

    /// C3 = SM3(x2‖M‖y2).
    fn hash(&self, message: &[u8]) -> Digest {
        let mut hasher = Sm3::new();
        hasher.update(&self.x2[..]);
        hasher.update(message);
        hasher.update(&self.y2[..]);
        hasher.finish()
    }
}

/// Why a message could not be encrypted or decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEncryption {
    /// SM2 encrypts at least one byte.
    #[error("an empty message cannot be encrypted with SM2")]
    EmptyMessage,
    /// The bytes are no ciphertext.
    #[error("the SM2 ciphertext is in no known encoding")]
    Malformed,
    /// Encrypted for another key, or altered.
    #[error("the SM2 ciphertext does not open: wrong key or altered data")]
    Mismatch,
    /// C1 is not a point of the curve.
    #[error("the point of the SM2 ciphertext is not on the curve")]
    NotOnCurve,
}

/// The little DER that a ciphertext needs.
mod der {
    pub(super) const INTEGER: u8 = 0x02;
    pub(super) const OCTET_STRING: u8 = 0x04;
    pub(super) const SEQUENCE: u8 = 0x30;

    /// The contents of the element with this tag at the front, and what follows it. Lengths are in their
    /// shortest form.
    pub(super) fn take(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
        let (&[found, first], rest) = bytes.split_first_chunk()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            if digits.len() > 4 || *digits.first()? == 0 {
                return None;
            }
            let length = digits
                .iter()
                .fold(0u64, |length, digit| length << 8 | u64::from(*digit));
            (
                usize::try_from(length).ok().filter(|length| *length >= 0x80)?,
                rest,
            )
        };
        (found == tag).then(|| rest.split_at_checked(length))?
    }

    pub(super) fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
        let length = contents.len();
        let digits = (length as u64).to_be_bytes();
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        let mut der = vec![tag];
        if length < 0x80 {
            der.push(length as u8);
        } else {
            der.push(0x80 | (8 - zeros) as u8);
            der.extend(&digits[zeros..]);
        }
        der.extend(contents);
        der
    }

    /// A number as the contents of an INTEGER.
    pub(super) fn minimal(number: &[u8; 32]) -> Vec<u8> {
        let zeros = number.iter().take_while(|byte| **byte == 0).count().min(31);
        let sign: &[u8] = if number[zeros] >= 0x80 { &[0] } else { &[] };
        [sign, &number[zeros..]].concat()
    }

    /// A number of at most 32 bytes from the contents of an INTEGER in its shortest form.
    pub(super) fn coordinate(contents: &[u8]) -> Option<[u8; 32]> {
        let mut number = [0; 32];
        let digits = if contents.len() == 33 {
            &contents[1..]
        } else {
            contents
        };
        number[32usize.checked_sub(digits.len())?..].copy_from_slice(digits);
        (minimal(&number) == contents).then_some(number)
    }
}
