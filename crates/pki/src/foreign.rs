//! Keys and signatures of other suites than the national one: RSA, ECDSA, Ed25519, as met in documents that others
//! signed. Private keys are not here.

use const_oid::ObjectIdentifier;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, Pkcs1v15Sign, Pss, RsaPublicKey};

use crate::asn1::{self, Element, write};
use crate::certificate::split_algorithm;
use crate::{Certificate, Error, HashAlgorithm, oid};

/// RSA moduli below this many bits no longer keep anything secret (NIST SP 800-131A rev. 2).
const RSA_BITS_STRONG: u32 = 2048;
/// RSA moduli outside of these are not computed with, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 512..=8192;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const MGF1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// Signature algorithms that name their digest (RFC 8017 appendix A.2.4, RFC 5758 §3.2).
const WITH_HASH: [(ObjectIdentifier, Scheme, HashAlgorithm); 11] = {
    use HashAlgorithm::{Md5, Sha1, Sha224, Sha256, Sha384, Sha512};
    [
        (
            ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4"),
            Scheme::Pkcs1,
            Md5,
        ),
        (
            ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5"),
            Scheme::Pkcs1,
            Sha1,
        ),
        (
            ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"),
            Scheme::Pkcs1,
            Sha256,
        ),
        (
            ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"),
            Scheme::Pkcs1,
            Sha384,
        ),
        (
            ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"),
            Scheme::Pkcs1,
            Sha512,
        ),
        (
            ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.14"),
            Scheme::Pkcs1,
            Sha224,
        ),
        (
            ObjectIdentifier::new_unwrap("1.2.840.10045.4.1"),
            Scheme::Ecdsa,
            Sha1,
        ),
        (
            ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.1"),
            Scheme::Ecdsa,
            Sha224,
        ),
        (
            ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"),
            Scheme::Ecdsa,
            Sha256,
        ),
        (
            ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"),
            Scheme::Ecdsa,
            Sha384,
        ),
        (
            ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"),
            Scheme::Ecdsa,
            Sha512,
        ),
    ]
};

/// How a digest is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Pkcs1,
    /// With a salt of this many bytes; the mask is made with the same digest.
    Pss(usize),
    Ecdsa,
    Ed25519,
}

/// A public key that is no SM2 key.
#[derive(Clone, Debug, PartialEq)]
pub enum ForeignKey {
    /// RSA (RFC 8017).
    Rsa(Box<RsaPublicKey>),
    /// ECDSA over P-256.
    P256(Box<p256::ecdsa::VerifyingKey>),
    /// ECDSA over P-384.
    P384(Box<p384::ecdsa::VerifyingKey>),
    /// ECDSA over P-521.
    P521(Box<p521::ecdsa::VerifyingKey>),
    /// Ed25519 (RFC 8032).
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
}

impl ForeignKey {
    /// Whether it is too short for today.
    pub fn is_weak(&self) -> bool {
        matches!(self, Self::Rsa(key) if key.n_bits_precision() < RSA_BITS_STRONG)
    }
}

/// How a key of another suite signs a message; SHA-1 and MD5 are not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignAlgorithm {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2).
    RsaPkcs1(ForeignHash),
    /// RSASSA-PSS, the mask made with the same digest, the salt as long as the digest (RFC 8017 §8.1).
    RsaPss(ForeignHash),
    /// ECDSA (FIPS 186-5).
    Ecdsa(ForeignHash),
}

/// The digests that keys of other suites sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignHash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl ForeignAlgorithm {
    /// The digest that is signed.
    pub fn hash(self) -> HashAlgorithm {
        let (Self::RsaPkcs1(hash) | Self::RsaPss(hash) | Self::Ecdsa(hash)) = self;
        match hash {
            ForeignHash::Sha256 => HashAlgorithm::Sha256,
            ForeignHash::Sha384 => HashAlgorithm::Sha384,
            ForeignHash::Sha512 => HashAlgorithm::Sha512,
        }
    }

    fn scheme(self) -> ForeignScheme {
        let scheme = match self {
            Self::RsaPkcs1(_) => Scheme::Pkcs1,
            Self::RsaPss(_) => Scheme::Pss(self.hash().digest(&[]).len()),
            Self::Ecdsa(_) => Scheme::Ecdsa,
        };
        ForeignScheme {
            scheme,
            hash: self.hash(),
        }
    }

    /// The DER of its AlgorithmIdentifier (RFC 4055, RFC 5754 §3).
    pub(crate) fn identifier(self) -> Vec<u8> {
        let null = [asn1::NULL, 0];
        let hash = write::sequence(&[&write::oid(&self.hash().oid()), &null]);
        let named = |scheme| {
            let row = WITH_HASH
                .iter()
                .find(|row| row.1 == scheme && row.2 == self.hash());
            row.map_or(Vec::new(), |(oid, ..)| write::oid(oid))
        };
        match self {
            Self::RsaPkcs1(_) => write::sequence(&[&named(Scheme::Pkcs1), &null]),
            Self::Ecdsa(_) => write::sequence(&[&named(Scheme::Ecdsa)]),
            Self::RsaPss(_) => {
                let salt = self.hash().digest(&[]).len() as u64;
                let mask = write::sequence(&[&write::oid(&MGF1), &hash]);
                let parameters = write::sequence(&[
                    &write::explicit(0, &hash),
                    &write::explicit(1, &mask),
                    &write::explicit(2, &write::unsigned(salt)),
                ]);
                write::sequence(&[&write::oid(&RSASSA_PSS), &parameters])
            }
        }
    }
}

/// Whether a signature over `digest` holds under the key of `certificate`.
///
/// # Errors
/// When the certificate has no such key, or one that is too weak to sign anything new.
pub(crate) fn holds_under(
    certificate: &Certificate,
    algorithm: ForeignAlgorithm,
    digest: &[u8],
    value: &[u8],
) -> Result<bool, Error> {
    let unusable = || Error::ForeignKey("the certificate has no key of this kind, or a weak one".into());
    let key = foreign_key(certificate)
        .filter(|key| !key.is_weak())
        .ok_or_else(unusable)?;
    Ok(algorithm.scheme().verifies(&key, digest, value))
}

/// A signature algorithm with its digest, as far as it is computed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ForeignScheme {
    scheme: Scheme,
    pub(crate) hash: HashAlgorithm,
}

impl ForeignScheme {
    /// From the identifier and its parameters; `announced` is the digest where the identifier leaves it open.
    pub(crate) fn of(
        algorithm: ObjectIdentifier,
        parameters: &[u8],
        announced: Option<HashAlgorithm>,
    ) -> Option<Self> {
        if let Some((_, scheme, hash)) = WITH_HASH.iter().find(|(oid, ..)| *oid == algorithm) {
            return Some(Self {
                scheme: *scheme,
                hash: *hash,
            });
        }
        match algorithm {
            RSA_ENCRYPTION => Some(Self {
                scheme: Scheme::Pkcs1,
                hash: announced?,
            }),
            RSASSA_PSS => read_pss(parameters),
            // The digest of Ed25519 is its own; what is signed are the bytes.
            ED25519 => Some(Self {
                scheme: Scheme::Ed25519,
                hash: HashAlgorithm::Sha512,
            }),
            _ => None,
        }
    }

    /// Whether the signature is over the message itself and not over a digest of it.
    pub(crate) fn needs_message(self) -> bool {
        self.scheme == Scheme::Ed25519
    }

    /// Checks a signature over the digest of a message, or over the message where that is needed.
    pub(crate) fn verifies(self, key: &ForeignKey, signed: &[u8], signature: &[u8]) -> bool {
        match (key, self.scheme) {
            (ForeignKey::Rsa(key), Scheme::Pkcs1) => {
                let padding = Pkcs1v15Sign {
                    hash_len: Some(signed.len()),
                    prefix: self.hash.pkcs1_prefix().into(),
                };
                key.verify(padding, signed, signature).is_ok()
            }
            (ForeignKey::Rsa(key), Scheme::Pss(salt)) => verify_pss(key, self.hash, salt, signed, signature),
            (ForeignKey::P256(key), Scheme::Ecdsa) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|found| key.verify_prehash(signed, &found).is_ok()),
            (ForeignKey::P384(key), Scheme::Ecdsa) => p384::ecdsa::Signature::from_der(signature)
                .is_ok_and(|found| key.verify_prehash(signed, &found).is_ok()),
            (ForeignKey::P521(key), Scheme::Ecdsa) => p521::ecdsa::Signature::from_der(signature)
                .is_ok_and(|found| key.verify_prehash(signed, &found).is_ok()),
            (ForeignKey::Ed25519(key), Scheme::Ed25519) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|found| key.verify_strict(signed, &found).is_ok()),
            _ => false,
        }
    }
}

fn verify_pss(key: &RsaPublicKey, hash: HashAlgorithm, salt: usize, digest: &[u8], signature: &[u8]) -> bool {
    let result = match hash {
        HashAlgorithm::Sha1 => key.verify(Pss::<sha1::Sha1>::new_with_salt(salt), digest, signature),
        HashAlgorithm::Sha224 => key.verify(Pss::<sha2::Sha224>::new_with_salt(salt), digest, signature),
        HashAlgorithm::Sha256 => key.verify(Pss::<sha2::Sha256>::new_with_salt(salt), digest, signature),
        HashAlgorithm::Sha384 => key.verify(Pss::<sha2::Sha384>::new_with_salt(salt), digest, signature),
        HashAlgorithm::Sha512 => key.verify(Pss::<sha2::Sha512>::new_with_salt(salt), digest, signature),
        HashAlgorithm::Sm3 | HashAlgorithm::Md5 => return false,
    };
    result.is_ok()
}

/// `RSASSA-PSS-params` (RFC 8017 appendix A.2.3). The mask has to be MGF1 with the same digest.
fn read_pss(parameters: &[u8]) -> Option<ForeignScheme> {
    const WHAT: &str = "RSASSA-PSS-params";
    let mut fields = asn1::read_single(parameters, asn1::SEQUENCE, WHAT)
        .ok()?
        .children();
    let mut explicit = |number| -> Option<Option<Element<'_>>> {
        let wrapper = fields.optional(asn1::constructed(number), WHAT).ok()?;
        wrapper
            .map(|wrapper| wrapper.children().next(WHAT))
            .transpose()
            .ok()
    };
    let hash_of = |element: Element<'_>| HashAlgorithm::of(split_algorithm(element).ok()?.0);
    let hash = match explicit(0)? {
        Some(algorithm) => hash_of(algorithm)?,
        None => HashAlgorithm::Sha1,
    };
    let mask = match explicit(1)? {
        Some(mask) => {
            let (_, inner) = split_algorithm(mask).ok()?;
            hash_of(asn1::read_single(inner, asn1::SEQUENCE, WHAT).ok()?)?
        }
        None => HashAlgorithm::Sha1,
    };
    let salt = match explicit(2)? {
        Some(salt) => salt.unsigned(WHAT).ok()? as usize,
        None => 20,
    };
    (mask == hash && salt <= 1024).then_some(ForeignScheme {
        scheme: Scheme::Pss(salt),
        hash,
    })
}

/// The key of a certificate, when it is a usable one of another suite.
pub fn foreign_key(certificate: &Certificate) -> Option<ForeignKey> {
    let mut fields = key_info(certificate.der())?.children();
    let (algorithm, parameters) = split_algorithm(fields.next(KEY).ok()?).ok()?;
    let bits = fields.next(KEY).ok()?.bit_bytes(KEY).ok()?;
    match algorithm {
        RSA_ENCRYPTION | RSASSA_PSS => {
            let mut numbers = asn1::read_single(bits, asn1::SEQUENCE, KEY).ok()?.children();
            let modulus = asn1::strip_zeros(numbers.next(KEY).ok()?.integer(KEY).ok()?);
            let exponent = asn1::strip_zeros(numbers.next(KEY).ok()?.integer(KEY).ok()?);
            if !RSA_BITS.contains(&(modulus.len() * 8)) || exponent.len() > 8 {
                return None;
            }
            let number = |bytes: &[u8]| BoxedUint::from_be_slice(bytes, bytes.len() as u32 * 8).ok();
            let limits = *RSA_BITS.start()..=*RSA_BITS.end();
            let key = RsaPublicKey::new_with_size_limits(number(modulus)?, number(exponent)?, limits).ok()?;
            Some(ForeignKey::Rsa(Box::new(key)))
        }
        oid::EC_PUBLIC_KEY => {
            let curve = asn1::read_single(parameters, asn1::OBJECT_IDENTIFIER, KEY)
                .ok()?
                .oid(KEY)
                .ok()?;
            match curve {
                P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(bits)
                    .ok()
                    .map(|key| ForeignKey::P256(Box::new(key))),
                P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(bits)
                    .ok()
                    .map(|key| ForeignKey::P384(Box::new(key))),
                P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(bits)
                    .ok()
                    .map(|key| ForeignKey::P521(Box::new(key))),
                _ => None,
            }
        }
        ED25519 => {
            let key = ed25519_dalek::VerifyingKey::from_bytes(bits.try_into().ok()?).ok()?;
            Some(ForeignKey::Ed25519(Box::new(key)))
        }
        _ => None,
    }
}

/// Whether the holder of `issuer`'s key of another suite signed `certificate`. None when the algorithm is not
/// computed here, or rests on a broken digest: such a signature says nothing.
pub fn is_signed_by_foreign(certificate: &Certificate, issuer: &Certificate) -> Option<bool> {
    verify_signed(certificate.der(), issuer)
}

/// Checks the signature of a certificate or a revocation list, given as DER.
pub(crate) fn verify_signed(der: &[u8], issuer: &Certificate) -> Option<bool> {
    let (tbs, algorithm, signature) = outer(der)?;
    let (oid, parameters) = split_algorithm(algorithm).ok()?;
    let scheme = ForeignScheme::of(oid, parameters, None).filter(|scheme| !scheme.hash.is_weak())?;
    let key = foreign_key(issuer)?;
    if scheme.needs_message() {
        return Some(scheme.verifies(&key, tbs, signature));
    }
    Some(scheme.verifies(&key, &scheme.hash.digest(tbs), signature))
}

const KEY: &str = "subjectPublicKeyInfo";

/// What is signed, the algorithm, and the signature value of SIGNED{…} (X.509 §7).
fn outer(der: &[u8]) -> Option<(&[u8], Element<'_>, &[u8])> {
    const WHAT: &str = "signed structure";
    let mut fields = asn1::read_single(der, asn1::SEQUENCE, WHAT).ok()?.children();
    let tbs = fields.expect(asn1::SEQUENCE, WHAT).ok()?;
    let algorithm = fields.next(WHAT).ok()?;
    let signature = fields.next(WHAT).ok()?.bit_bytes(WHAT).ok()?;
    Some((tbs.raw, algorithm, signature))
}

/// The contents of the subjectPublicKey BIT STRING of a certificate.
pub(crate) fn key_bits(certificate: &Certificate) -> Option<&[u8]> {
    let mut fields = key_info(certificate.der())?.children();
    fields.next(KEY).ok()?;
    fields.next(KEY).ok()?.bit_bytes(KEY).ok()
}

/// The subjectPublicKeyInfo of a certificate.
fn key_info(der: &[u8]) -> Option<Element<'_>> {
    const WHAT: &str = "certificate";
    let outer = asn1::read_single(der, asn1::SEQUENCE, WHAT).ok()?;
    let mut fields = outer.children().next(WHAT).ok()?.children();
    fields.optional(asn1::constructed(0), WHAT).ok()?;
    // serialNumber, signature, issuer, validity, subject.
    for _ in 0..5 {
        fields.next(WHAT).ok()?;
    }
    fields.next(WHAT).ok()
}
