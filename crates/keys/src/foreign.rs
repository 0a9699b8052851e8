//! Keys of other suites than the national one, read from a file to sign PDF documents with: RSA and ECDSA over P-256
//! or P-384. They are not kept in the store, and no seal is used with them.

use der::Tag;
use der::asn1::ObjectIdentifier;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use rand_core::CryptoRng;
use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, Pkcs1v15Sign, Pss, RsaPrivateKey};
use zeroize::Zeroizing;

use crate::Error;
use crate::asn1::{self, AlgorithmIdentifier, Fields};
use crate::pbe::Password;
use crate::store::check_size;
use crate::{pkcs8, pkcs12};

/// RSA moduli that sign, in bits.
const RSA_BITS: std::ops::RangeInclusive<u32> = 2048..=8192;
/// Longest public exponent, in bytes.
const EXPONENT_BYTES_MAX: usize = 8;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// A private key of another suite. Wiped when dropped.
pub struct ForeignKey(Kind);

enum Kind {
    Rsa(Box<RsaPrivateKey>),
    P256(Box<p256::ecdsa::SigningKey>),
    P384(Box<p384::ecdsa::SigningKey>),
}

/// What a key of another suite is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignKind {
    /// RSA.
    Rsa,
    /// ECDSA over P-256.
    P256,
    /// ECDSA over P-384.
    P384,
}

/// How an RSA key pads what it signs; the others take no notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RsaPadding {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2).
    Pkcs1,
    /// RSASSA-PSS, with a salt as long as the digest (RFC 8017 §8.1).
    Pss,
}

impl ForeignKey {
    /// Reads the one private key of a file: PKCS#12, PKCS#8, RSA PRIVATE KEY or EC PRIVATE KEY, PEM or DER; and its
    /// certificates in path order, which only PKCS#12 brings along.
    ///
    /// # Errors
    /// When there is none, or one of another kind; when a password is missing or wrong.
    pub fn read(bytes: &[u8], password: Option<&str>) -> Result<(Self, Vec<Vec<u8>>), Error> {
        check_size(bytes)?;
        if pkcs12::looks_like(bytes) {
            let contents = pkcs12::read_foreign(bytes, password.ok_or(Error::PasswordNeeded)?)?;
            return Ok((contents.key, contents.certificates));
        }
        let ber = asn1::dearmour(bytes, |label| label.ends_with("PRIVATE KEY"))?;
        let der = asn1::to_der(&ber)?;
        if Fields::of(&der)?.peek() == Some(Tag::Sequence) {
            let mut password = Password::new(password.ok_or(Error::PasswordNeeded)?);
            let plain = pkcs8::decrypt(&der, &mut password)?;
            return Ok((private_key_info(&plain)?, Vec::new()));
        }
        Ok((private_key_info(&der)?, Vec::new()))
    }

    /// What it is.
    pub fn kind(&self) -> ForeignKind {
        match &self.0 {
            Kind::Rsa(_) => ForeignKind::Rsa,
            Kind::P256(_) => ForeignKind::P256,
            Kind::P384(_) => ForeignKind::P384,
        }
    }

    /// Signs a digest, whose length says which it is: SHA-256, SHA-384 or SHA-512. The RSA signature, or the DER of
    /// the ECDSA one. RSA is blinded; ECDSA is deterministic (RFC 6979).
    ///
    /// # Errors
    /// When the digest has another length, or the arithmetic failed.
    pub fn sign(
        &self,
        digest: &[u8],
        padding: RsaPadding,
        mut rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        const FAILED: Error = Error::Malformed("the key does not sign");
        match &self.0 {
            Kind::Rsa(key) => {
                let signed = match (padding, digest.len()) {
                    (RsaPadding::Pkcs1, _) => key.sign_with_rng(&mut rng, pkcs1(digest)?, digest),
                    (RsaPadding::Pss, 32) => key.sign_with_rng(&mut rng, Pss::<sha2::Sha256>::new(), digest),
                    (RsaPadding::Pss, 48) => key.sign_with_rng(&mut rng, Pss::<sha2::Sha384>::new(), digest),
                    (RsaPadding::Pss, 64) => key.sign_with_rng(&mut rng, Pss::<sha2::Sha512>::new(), digest),
                    _ => return Err(DIGEST),
                };
                signed.map_err(|_| FAILED)
            }
            Kind::P256(key) => {
                let signed: p256::ecdsa::Signature = key.sign_prehash(digest).map_err(|_| FAILED)?;
                Ok(signed.to_der().as_bytes().to_vec())
            }
            Kind::P384(key) => {
                let signed: p384::ecdsa::Signature = key.sign_prehash(digest).map_err(|_| FAILED)?;
                Ok(signed.to_der().as_bytes().to_vec())
            }
        }
    }

    /// The public key as a certificate holds it: the contents of its BIT STRING.
    pub(crate) fn public_bits(&self) -> Vec<u8> {
        match &self.0 {
            Kind::Rsa(key) => asn1::rsa_public_key(&key.n_bytes(), &key.e_bytes()),
            Kind::P256(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            Kind::P384(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
        }
    }
}

const DIGEST: Error = Error::Malformed("it signs SHA-256, SHA-384 and SHA-512 only");

fn pkcs1(digest: &[u8]) -> Result<Pkcs1v15Sign, Error> {
    // DER of DigestInfo before the digest (RFC 8017 §9.2 note 1): SHA-256, SHA-384, SHA-512 end in 1, 2, 3.
    let (whole, arc) = match digest.len() {
        32 => (0x31, 1),
        48 => (0x41, 2),
        64 => (0x51, 3),
        _ => return Err(DIGEST),
    };
    let length = digest.len() as u8;
    let prefix = [
        0x30, whole, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, arc, 5, 0, 4, length,
    ];
    Ok(Pkcs1v15Sign {
        hash_len: Some(digest.len()),
        prefix: prefix.into(),
    })
}

/// PrivateKeyInfo (RFC 5958 §2), or an RSAPrivateKey (RFC 8017 §A.1.2) or ECPrivateKey (RFC 5915) in its place.
pub(crate) fn private_key_info(der: &[u8]) -> Result<ForeignKey, Error> {
    let mut fields = Fields::of(der)?;
    fields.tagged(Tag::Integer)?;
    match fields.peek() {
        Some(Tag::Integer) => return rsa(der),
        Some(Tag::OctetString) => return ec(der, None),
        _ => {}
    }
    let algorithm = AlgorithmIdentifier::read(&mut fields)?;
    let inner = asn1::to_der(fields.octets()?)?;
    match algorithm.oid {
        RSA_ENCRYPTION => rsa(&inner),
        EC_PUBLIC_KEY => ec(&inner, algorithm.parameters.map(pkcs8::curve_of).transpose()?),
        other => Err(unsupported(other)),
    }
}

fn unsupported(oid: ObjectIdentifier) -> Error {
    Error::Unsupported {
        what: "a key that is neither RSA nor ECDSA over P-256 or P-384, of algorithm or curve",
        oid: Some(oid.to_string()),
    }
}

/// ```text
/// RSAPrivateKey ::= SEQUENCE { version, modulus INTEGER, publicExponent INTEGER, privateExponent INTEGER,
///     prime1 INTEGER, prime2 INTEGER, … }
/// ```
fn rsa(der: &[u8]) -> Result<ForeignKey, Error> {
    let mut fields = Fields::of(der)?;
    fields.tagged(Tag::Integer)?;
    let mut next = || -> Result<Zeroizing<Vec<u8>>, Error> {
        let digits = fields.tagged(Tag::Integer)?;
        let zeros = digits.iter().take_while(|byte| **byte == 0).count();
        Ok(Zeroizing::new(digits[zeros..].to_vec()))
    };
    let (modulus, exponent, secret) = (next()?, next()?, next()?);
    let primes = [next()?, next()?];
    let bits = modulus
        .first()
        .map_or(0, |first| modulus.len() as u32 * 8 - first.leading_zeros());
    if !RSA_BITS.contains(&bits) {
        return Err(Error::Unsupported {
            what: "an RSA key below 2048 or above 8192 bits",
            oid: None,
        });
    }
    const BROKEN: Error = Error::Malformed("the numbers of the RSA key do not fit together");
    if exponent.len() > EXPONENT_BYTES_MAX || primes.iter().any(|prime| prime.len() > modulus.len()) {
        return Err(BROKEN);
    }
    let number = |digits: &[u8]| BoxedUint::from_be_slice_vartime(digits);
    let key = RsaPrivateKey::from_components(
        number(&modulus),
        number(&exponent),
        number(&secret),
        primes.iter().map(|prime| number(prime)).collect(),
    );
    Ok(ForeignKey(Kind::Rsa(Box::new(key.map_err(|_| BROKEN)?))))
}

/// ECPrivateKey (RFC 5915 §3).
fn ec(der: &[u8], curve: Option<ObjectIdentifier>) -> Result<ForeignKey, Error> {
    let mut fields = Fields::of(der)?;
    fields.tagged(Tag::Integer)?;
    let secret = fields.octets()?;
    let own = match fields.explicit(0)? {
        Some(parameters) => Some(pkcs8::curve_of(Fields::inside(parameters)?.any()?)?),
        None => None,
    };
    let curve = match (curve, own) {
        (Some(one), Some(other)) if one != other => return Err(Error::Malformed("the key names two curves")),
        (one, other) => one.or(other).ok_or(Error::Malformed("the key names no curve"))?,
    };
    const OUT_OF_RANGE: Error = Error::Malformed("the private key is not a number of its group");
    let key = match curve {
        P256 => p256::ecdsa::SigningKey::from_slice(secret).map(|key| Kind::P256(Box::new(key))),
        P384 => p384::ecdsa::SigningKey::from_slice(secret).map(|key| Kind::P384(Box::new(key))),
        other => return Err(unsupported(other)),
    };
    let key = ForeignKey(key.map_err(|_| OUT_OF_RANGE)?);
    if let Some(public) = fields.explicit(1)?
        && Fields::inside(public)?.tagged(Tag::BitString)?.strip_prefix(&[0]) != Some(&key.public_bits()[..])
    {
        return Err(Error::HalvesDiffer);
    }
    Ok(key)
}
