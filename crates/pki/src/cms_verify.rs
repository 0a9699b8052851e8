//! Signed messages: what one signer proves.

use std::fmt;

use const_oid::ObjectIdentifier;
use gm::{BadSignature, Digest, Signature, SignatureEncoding, Verifier as _};
use jiff::Timestamp;

use crate::ess::EssHash;
use crate::foreign::{ForeignScheme, foreign_key};
use crate::signer_info::{SignedAttributes, read_attributes};
use crate::{Certificate, CmsDeviation, HashAlgorithm, KeyFault, SignerInfo, asn1, oid};

/// Whether one thing that a message claims is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// It is so.
    Holds,
    /// It is not so, or the claim is missing where the standard demands it, or it is broken.
    Fails,
    /// The message does not claim it, and need not.
    Absent,
    /// It could not be checked: an algorithm is not known here, or what it rests on is not at hand.
    NotChecked,
}

impl Fact {
    fn of(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

/// What a signer signed, as far as it is at hand.
#[derive(Clone, Copy, Debug)]
pub enum ContentToSign<'a> {
    /// All octets of the content.
    Bytes(&'a [u8]),
    /// The SM3 value of the content. It is not enough when there are no signed attributes, because SM2 hashes the
    /// signer's identity before the content.
    Digest(Digest),
    /// Content too large to be held twice: its digests are made when they are asked for.
    Hashed(ContentHasher<'a>),
}

/// Makes digests of a content that is kept elsewhere: of these bytes, then the content.
#[derive(Clone, Copy)]
pub struct ContentHasher<'a>(pub &'a dyn Fn(HashAlgorithm, &[u8]) -> Vec<u8>);

impl fmt::Debug for ContentHasher<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentHasher")
    }
}

impl ContentToSign<'_> {
    /// The SM3 value of the content.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Bytes(bytes) => gm::sm3(bytes),
            Self::Digest(digest) => *digest,
            Self::Hashed(content) => {
                let digest = (content.0)(HashAlgorithm::Sm3, &[]);
                Digest(digest.try_into().unwrap_or([0; 32]))
            }
        }
    }

    /// Its digest by another algorithm; none when only its SM3 value is at hand.
    pub(crate) fn digest_by(&self, algorithm: HashAlgorithm) -> Option<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Some(algorithm.digest(bytes)),
            Self::Digest(digest) => (algorithm == HashAlgorithm::Sm3).then(|| digest.0.to_vec()),
            Self::Hashed(content) => Some((content.0)(algorithm, &[])),
        }
    }
}

/// How good the digest algorithm of a signer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DigestAlgorithm {
    /// SM3.
    Sm3,
    /// Another algorithm that was asked to be accepted, by [`verify_any_signer`] alone; it may be broken.
    Foreign(HashAlgorithm),
    /// MD5 or SHA-1: broken.
    WeakDigest(ObjectIdentifier),
    /// Another algorithm; not approved for SM2 signatures.
    Unknown(ObjectIdentifier),
}

impl DigestAlgorithm {
    /// Sorts an algorithm by its object identifier.
    pub fn of(algorithm: ObjectIdentifier) -> Self {
        match algorithm {
            oid::SM3 | oid::SM3_UNKEYED => Self::Sm3,
            MD5 | SHA1 => Self::WeakDigest(algorithm),
            _ => Self::Unknown(algorithm),
        }
    }
}

/// What became of a signature value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureFact {
    /// It holds; the encoding may be a deviation.
    Valid(SignatureEncoding),
    /// It does not hold, or is no signature value at all.
    Invalid(BadSignature),
    /// The algorithm is not SM2.
    AlgorithmUnknown(ObjectIdentifier),
    /// The certificate holds no usable SM2 key.
    NoKey(KeyFault),
    /// The content is kept elsewhere and was not given.
    NoContent,
    /// There are no signed attributes, but the content is the encoding of some. Who sees it must think that the
    /// attributes of another message were passed off as a content (RFC 5652 tells the two apart by nothing).
    AttributesAsContent,
}

/// What one signer proves, each on its own.
#[derive(Clone, Debug)]
pub struct SignerFacts {
    /// The SignerInfo names the certificate that it was checked against.
    pub certificate: Fact,
    /// The digest algorithm.
    pub digest_algorithm: DigestAlgorithm,
    /// The signature over the attributes, or over the content where there are none.
    pub signature: SignatureFact,
    /// The contentType attribute repeats the type of the content. Absent without signed attributes.
    pub content_type: Fact,
    /// The messageDigest attribute is the SM3 value of the content. Absent without signed attributes.
    pub message_digest: Fact,
    /// The ESS certificate identifier names the certificate.
    pub signing_certificate: Fact,
    /// When the signer says it signed.
    pub signing_time: Option<Timestamp>,
    /// What was tolerated.
    pub deviations: Vec<CmsDeviation>,
}

impl SignerFacts {
    /// Whether the signer, owner of the certificate's key, signed exactly this content. Says nothing about
    /// trust in the certificate, and nothing about the [`deviations`](Self::deviations).
    pub fn is_intact(&self) -> bool {
        self.faults().is_empty()
    }

    /// What stands against the signature.
    pub fn faults(&self) -> Vec<SignerFault> {
        let digest_fault = match self.digest_algorithm {
            DigestAlgorithm::Sm3 | DigestAlgorithm::Foreign(_) => None,
            DigestAlgorithm::WeakDigest(algorithm) => Some(SignerFault::WeakDigest(algorithm)),
            DigestAlgorithm::Unknown(algorithm) => Some(SignerFault::DigestUnknown(algorithm)),
        };
        // Each fact with its fault when it fails, and when it was not checked.
        let facts = [
            (
                self.certificate,
                SignerFault::CertificateNotNamed,
                SignerFault::CertificateNotNamed,
            ),
            (
                self.content_type,
                SignerFault::ContentTypeDiffers,
                SignerFault::ContentTypeDiffers,
            ),
            (
                self.message_digest,
                SignerFault::MessageDigestDiffers,
                SignerFault::ContentNotChecked,
            ),
            (
                self.signing_certificate,
                SignerFault::SigningCertificateDiffers,
                SignerFault::SigningCertificateNotChecked,
            ),
        ];
        let fact_faults = facts
            .into_iter()
            .filter_map(|(fact, fails, not_checked)| match fact {
                Fact::Fails => Some(fails),
                Fact::NotChecked => Some(not_checked),
                Fact::Holds | Fact::Absent => None,
            });
        self.signature_fault()
            .into_iter()
            .chain(digest_fault)
            .chain(fact_faults)
            .collect()
    }

    fn signature_fault(&self) -> Option<SignerFault> {
        match self.signature {
            SignatureFact::Valid(_) => None,
            SignatureFact::Invalid(why) => Some(SignerFault::SignatureInvalid(why)),
            SignatureFact::AlgorithmUnknown(algorithm) => Some(SignerFault::SignatureUnknown(algorithm)),
            SignatureFact::NoKey(fault) => Some(SignerFault::BadKey(fault)),
            SignatureFact::NoContent => Some(SignerFault::ContentNotChecked),
            SignatureFact::AttributesAsContent => Some(SignerFault::AttributesAsContent),
        }
    }
}

/// What stands against a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignerFault {
    /// The SignerInfo names another certificate.
    #[error("the message names another certificate as the signer's")]
    CertificateNotNamed,
    /// The digest algorithm is broken.
    #[error("the digest algorithm {0} is broken")]
    WeakDigest(ObjectIdentifier),
    /// The digest algorithm is not SM3.
    #[error("the digest algorithm {0} is not SM3")]
    DigestUnknown(ObjectIdentifier),
    /// The signature does not hold.
    #[error("{0}")]
    SignatureInvalid(BadSignature),
    /// The signature algorithm is not SM2.
    #[error("the signature algorithm {0} is not SM2")]
    SignatureUnknown(ObjectIdentifier),
    /// The certificate holds no usable SM2 key.
    #[error("{0}")]
    BadKey(KeyFault),
    /// The content was not at hand, or its digest algorithm is not computed here.
    #[error("the content could not be checked against the signature")]
    ContentNotChecked,
    /// Signed attributes of another message were passed off as the content.
    #[error("signed attributes of another message were passed off as the content")]
    AttributesAsContent,
    /// The contentType attribute is missing, broken, or names another type.
    #[error("the signed type of the content is missing, broken, or another")]
    ContentTypeDiffers,
    /// The messageDigest attribute is missing, broken, or not the digest of the content.
    #[error("the signed digest is missing, broken, or not that of the content")]
    MessageDigestDiffers,
    /// The ESS certificate identifier is broken or names another certificate.
    #[error("the signed certificate identifier is broken or names another certificate")]
    SigningCertificateDiffers,
    /// The ESS certificate identifier uses a hash that is not computed here.
    #[error("the signed certificate identifier uses a hash that is not computed here")]
    SigningCertificateNotChecked,
}

impl SignerFault {
    /// A stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::CertificateNotNamed => "cms_certificate_not_named",
            Self::WeakDigest(_) => "cms_weak_digest",
            Self::DigestUnknown(_) => "cms_digest_unknown",
            Self::SignatureInvalid(_) => "cms_signature_invalid",
            Self::SignatureUnknown(_) => "cms_signature_unknown",
            Self::BadKey(_) => "cms_bad_key",
            Self::ContentNotChecked => "cms_content_not_checked",
            Self::AttributesAsContent => "cms_attributes_as_content",
            Self::ContentTypeDiffers => "cms_content_type_differs",
            Self::MessageDigestDiffers => "cms_message_digest_differs",
            Self::SigningCertificateDiffers => "cms_signing_certificate_differs",
            Self::SigningCertificateNotChecked => "cms_signing_certificate_not_checked",
        }
    }
}

/// Checks one signer against the certificate that should be its own (GB/T 35275-2017 §8, RFC 5652 §5.4–5.6).
///
/// With signed attributes the signature covers their octets as received, and the messageDigest among them binds
/// `content`. Without, it covers `content` itself. SM2 runs with the default identity.
pub fn verify_signer(
    signer: &SignerInfo,
    certificate: &Certificate,
    content: ContentToSign<'_>,
) -> SignerFacts {
    let digest_algorithm = DigestAlgorithm::of(signer.digest_algorithm());
    let signature = verify_signature(signer, certificate, content);
    facts(signer, certificate, content, digest_algorithm, signature)
}

/// Like [`verify_signer`], and takes RSA, ECDSA and Ed25519 with the SHA-2 family too; SHA-1 and MD5 are computed,
/// and the caller judges them. For documents that others signed under other laws.
pub fn verify_any_signer(
    signer: &SignerInfo,
    certificate: &Certificate,
    content: ContentToSign<'_>,
) -> SignerFacts {
    let national = matches!(
        signer.signature_algorithm(),
        oid::SM2_SIGN | oid::SM2_WITH_SM3 | oid::SM2
    );
    let announced = HashAlgorithm::of(signer.digest_algorithm()).or_else(|| named_with_key(signer));
    let (Some(hash), false) = (announced, national) else {
        return verify_signer(signer, certificate, content);
    };
    let signature = verify_foreign(signer, certificate, content, hash);
    facts(
        signer,
        certificate,
        content,
        DigestAlgorithm::Foreign(hash),
        signature,
    )
}

/// Some products name the signature algorithm where the digest algorithm belongs.
fn named_with_key(signer: &SignerInfo) -> Option<HashAlgorithm> {
    ForeignScheme::of(signer.digest_algorithm(), &[], None).map(|scheme| scheme.hash)
}

fn verify_foreign(
    signer: &SignerInfo,
    certificate: &Certificate,
    content: ContentToSign<'_>,
    announced: HashAlgorithm,
) -> SignatureFact {
    let algorithm = signer.signature_algorithm();
    let Some(scheme) = ForeignScheme::of(algorithm, signer.signature_parameters(), Some(announced)) else {
        return SignatureFact::AlgorithmUnknown(algorithm);
    };
    let Some(key) = foreign_key(certificate) else {
        return SignatureFact::AlgorithmUnknown(algorithm);
    };
    let signed = match (signer.signed_attributes(), content) {
        (Some(attributes), _) if scheme.needs_message() => Some(attributes.der().to_vec()),
        (Some(attributes), _) => Some(scheme.hash.digest(attributes.der())),
        (None, ContentToSign::Bytes(bytes)) if is_signed_attributes(bytes) => {
            return SignatureFact::AttributesAsContent;
        }
        (None, ContentToSign::Bytes(bytes)) if scheme.needs_message() => Some(bytes.to_vec()),
        (None, _) if scheme.needs_message() => None,
        (None, content) => content.digest_by(scheme.hash),
    };
    match signed {
        None => SignatureFact::NoContent,
        Some(signed) if scheme.verifies(&key, &signed, signer.signature()) => {
            SignatureFact::Valid(SignatureEncoding::Der)
        }
        Some(_) => SignatureFact::Invalid(BadSignature::Mismatch),
    }
}

/// What the attributes say, beside a signature that was checked.
fn facts(
    signer: &SignerInfo,
    certificate: &Certificate,
    content: ContentToSign<'_>,
    digest_algorithm: DigestAlgorithm,
    signature: SignatureFact,
) -> SignerFacts {
    let mut facts = SignerFacts {
        certificate: Fact::of(signer.identifier().names(certificate)),
        digest_algorithm,
        signature,
        content_type: Fact::Absent,
        message_digest: Fact::Absent,
        signing_certificate: Fact::Absent,
        signing_time: None,
        deviations: Vec::new(),
    };
    if let SignatureFact::Valid(encoding) = facts.signature
        && encoding != SignatureEncoding::Der
    {
        facts.deviations.push(CmsDeviation::SignatureEncoding(encoding));
    }
    if let Some(attributes) = signer.signed_attributes() {
        verify_attributes(&mut facts, signer, attributes, certificate, content);
    }
    facts
}

fn verify_signature(
    signer: &SignerInfo,
    certificate: &Certificate,
    content: ContentToSign<'_>,
) -> SignatureFact {
    let algorithm = signer.signature_algorithm();
    if !matches!(algorithm, oid::SM2_SIGN | oid::SM2_WITH_SM3 | oid::SM2) {
        return SignatureFact::AlgorithmUnknown(algorithm);
    }
    let key = match certificate.public_key() {
        Ok(key) => key,
        Err(fault) => return SignatureFact::NoKey(*fault),
    };
    let message = match (signer.signed_attributes(), content) {
        (Some(attributes), _) => attributes.der(),
        (None, ContentToSign::Bytes(bytes)) if is_signed_attributes(bytes) => {
            return SignatureFact::AttributesAsContent;
        }
        (None, ContentToSign::Bytes(bytes)) => bytes,
        (None, ContentToSign::Digest(_)) => return SignatureFact::NoContent,
        (None, ContentToSign::Hashed(hasher)) => {
            let e = (hasher.0)(HashAlgorithm::Sm3, &key.z(gm::DEFAULT_ID).0);
            let e = Digest(e.try_into().unwrap_or([0; 32]));
            return checked(
                Signature::read(signer.signature())
                    .and_then(|(signature, encoding)| key.verify_digest(&e, &signature).map(|()| encoding)),
            );
        }
    };
    checked(
        Signature::read(signer.signature())
            .and_then(|(signature, encoding)| key.verify(message, &signature).map(|()| encoding)),
    )
}

fn checked(result: Result<SignatureEncoding, BadSignature>) -> SignatureFact {
    match result {
        Ok(encoding) => SignatureFact::Valid(encoding),
        Err(why) => SignatureFact::Invalid(why),
    }
}

fn verify_attributes(
    facts: &mut SignerFacts,
    signer: &SignerInfo,
    attributes: &SignedAttributes,
    certificate: &Certificate,
    content: ContentToSign<'_>,
) {
    if !attributes.is_in_der_order() {
        facts.deviations.push(CmsDeviation::AttributesNotInDerOrder);
    }
    facts.signing_time = attributes.signing_time();
    facts.content_type = match attributes.content_type() {
        Some(named) if named == signer.content_type() => Fact::Holds,
        Some(named) if is_data(named) && is_data(signer.content_type()) => {
            facts.deviations.push(CmsDeviation::ContentTypeOfOtherArc);
            Fact::Holds
        }
        _ => Fact::Fails,
    };
    facts.message_digest = match (attributes.message_digest(), facts.digest_algorithm) {
        (Some(_), DigestAlgorithm::WeakDigest(_) | DigestAlgorithm::Unknown(_)) => Fact::NotChecked,
        (Some(digest), DigestAlgorithm::Sm3) => Fact::of(digest == content.digest().0),
        (Some(digest), DigestAlgorithm::Foreign(hash)) => match content.digest_by(hash) {
            Some(computed) => Fact::of(digest == computed),
            None => Fact::NotChecked,
        },
        (None, _) => Fact::Fails,
    };
    facts.signing_certificate = verify_signing_certificate(attributes, certificate, &mut facts.deviations);
}

fn verify_signing_certificate(
    attributes: &SignedAttributes,
    certificate: &Certificate,
    deviations: &mut Vec<CmsDeviation>,
) -> Fact {
    let Ok(identifiers) = attributes.signing_certificates() else {
        return Fact::Fails;
    };
    if identifiers
        .iter()
        .any(|identifier| identifier.version == 1 && identifier.algorithm == EssHash::Sm3)
    {
        deviations.push(CmsDeviation::EssCertIdNotSha1);
    }
    let named: Vec<Option<bool>> = identifiers
        .iter()
        .map(|identifier| identifier.names(certificate))
        .collect();
    if named.is_empty() {
        Fact::Absent
    } else if named.contains(&Some(false)) {
        Fact::Fails
    } else if named.contains(&None) {
        Fact::NotChecked
    } else {
        Fact::Holds
    }
}

const MD5: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.5");
const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");

fn is_data(content_type: ObjectIdentifier) -> bool {
    content_type == oid::DATA || content_type == oid::GM_DATA
}

/// Whether `bytes` are a SET OF Attribute with a messageDigest: what the signature of a message with signed
/// attributes covers.
fn is_signed_attributes(bytes: &[u8]) -> bool {
    let Ok(set) = asn1::read_single(bytes, asn1::SET, "content") else {
        return false;
    };
    let attributes = read_attributes(set.children(), "content");
    attributes.is_ok_and(|attributes| {
        attributes
            .iter()
            .any(|attribute| attribute.oid == oid::MESSAGE_DIGEST)
    })
}
