//! X.509 certificates with SM2 keys (GB/T 20518-2018, RFC 5280), read tolerantly.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use const_oid::ObjectIdentifier;
use gm::{BadSignature, Digest, PublicKey, Signature, SignatureEncoding, Verifier as _};
use jiff::Timestamp;

use crate::asn1::{self, Element, Reader};
use crate::extension::{BasicConstraints, Extension, KeyUsage, Known, NameConstraints};
use crate::{Error, Name, TimeDeviation, oid, read_time};

/// Largest certificate that is read, in bytes. Real ones take one or two thousand.
pub const CERTIFICATE_BYTES_MAX: usize = 256 * 1024;
/// Longest serial number that conforms (RFC 5280 §4.1.2.2), in bytes.
const SERIAL_BYTES_CONFORMING: usize = 20;

/// A certificate as received; nothing of it is trusted before [`validate`](crate::validate) says so.
///
/// ```text
/// Certificate ::= SEQUENCE {
///     tbsCertificate       TBSCertificate,
///     signatureAlgorithm   AlgorithmIdentifier,
///     signatureValue       BIT STRING }
/// TBSCertificate ::= SEQUENCE {
///     version         [0]  EXPLICIT Version DEFAULT v1,
///     serialNumber         CertificateSerialNumber,
///     signature            AlgorithmIdentifier,
///     issuer               Name,
///     validity             Validity,
///     subject              Name,
///     subjectPublicKeyInfo SubjectPublicKeyInfo,
///     issuerUniqueID  [1]  IMPLICIT UniqueIdentifier OPTIONAL,
///     subjectUniqueID [2]  IMPLICIT UniqueIdentifier OPTIONAL,
///     extensions      [3]  EXPLICIT Extensions OPTIONAL }
/// ```
///
/// Cheap to clone. Two certificates are equal when their bytes are.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    /// As received.
    der: Vec<u8>,
    /// With definite lengths, when the received form has others.
    rewritten: Option<Vec<u8>>,
    fields: Fields,
    digest: OnceLock<Digest>,
}

/// What a certificate says.
struct Fields {
    tbs: Range<usize>,
    serial: Vec<u8>,
    algorithm: Algorithm,
    signature: Result<(Signature, SignatureEncoding), BadSignature>,
    issuer: Name,
    subject: Name,
    not_before: Timestamp,
    not_after: Timestamp,
    key: Result<PublicKey, KeyFault>,
    extensions: Vec<Extension>,
    known: Known,
    deviations: Vec<Deviation>,
}

/// A signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// SM2-with-SM3, 1.2.156.10197.1.501 (GB/T 33560-2017).
    Sm2Sm3,
    /// Any other; this crate does not verify it.
    Other(ObjectIdentifier),
}

/// Why a certificate's public key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// An SM2 key whose point is malformed or not on the curve.
    #[error("the public key is not a point of the SM2 curve")]
    BadPoint,
    /// A key of another algorithm or curve.
    #[error("the public key is no SM2 key, but one of {oid}")]
    NotSm2 {
        /// The algorithm, or the curve where the algorithm is ecPublicKey and names one.
        oid: ObjectIdentifier,
    },
}

/// Where a certificate or revocation list deviates from the standard without losing its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deviation {
    /// BER: an indefinite length, or a string in pieces.
    NotDefinite,
    /// BER: a length in more bytes than needed.
    LongLength,
    /// Version 1 written out although it is the default.
    ExplicitVersion1,
    /// A version that has no extensions, but there are some.
    ExtensionsInVersion(u32),
    /// A version that does not exist.
    UnknownVersion(u32),
    /// A serial number that is negative.
    NegativeSerial,
    /// A serial number of so many bytes, more than 20.
    LongSerial(usize),
    /// In a certificate request: SM2-with-SM3 with parameters NULL. In certificates and lists NULL is as usual as
    /// absent parameters and not noted.
    AlgorithmWithNull,
    /// The signature algorithms inside and outside differ in their parameters.
    AlgorithmParametersDiffer,
    /// The algorithm of the key is written as SM2 instead of ecPublicKey with the curve SM2.
    KeyAlgorithmSm2,
    /// The curve of the key is written as SM2-1, the signature algorithm, instead of SM2 (certificates of HBCA).
    KeyCurveSm2Sign,
    /// The public key is a compressed point.
    CompressedKey,
    /// The signature value is not in DER.
    Signature(SignatureEncoding),
    /// A time that is not written as RFC 5280 §4.1.2.5 wants it.
    Time(TimeDeviation),
    /// An extension whose `critical` is written out as FALSE although that is the default.
    ExplicitNotCritical(ObjectIdentifier),
    /// An extension that occurs more than once; the first counts.
    DuplicateExtension(ObjectIdentifier),
    /// An extension of a known kind whose contents cannot be read.
    UnreadableExtension(ObjectIdentifier),
}

impl Certificate {
    /// Reads one certificate of at most 256 KiB in DER or BER. See [`deviations`](Self::deviations) for what is
    /// tolerated.
    pub fn read(der: &[u8]) -> Result<Self, Error> {
        let what = "certificate";
        if der.is_empty() {
            return Err(Error::Empty { what });
        }
        if der.len() > CERTIFICATE_BYTES_MAX {
            let found = der.len();
            return Err(Error::TooLarge {
                what: "certificate (bytes)",
                found,
                max: CERTIFICATE_BYTES_MAX,
            });
        }
        let (rewritten, mut deviations) = definite_form(der, what)?;
        let fields = read_fields(rewritten.as_deref().unwrap_or(der), &mut deviations)?;
        let fields = Fields { deviations, ..fields };
        Ok(Self(Arc::new(Inner {
            der: der.to_vec(),
            rewritten,
            fields,
            digest: OnceLock::new(),
        })))
    }

    /// The bytes, as received.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// SM3 of the bytes.
    pub fn digest(&self) -> Digest {
        *self.0.digest.get_or_init(|| gm::sm3(&self.0.der))
    }

    /// Whom it is about.
    pub fn subject(&self) -> &Name {
        &self.0.fields.subject
    }

    /// Who issued it.
    pub fn issuer(&self) -> &Name {
        &self.0.fields.issuer
    }

    /// The magnitude of the serial number, big-endian, without leading zeros; at least one byte.
    pub fn serial(&self) -> &[u8] {
        &self.0.fields.serial
    }

    /// The serial number in upper-case hexadecimal.
    pub fn serial_hex(&self) -> String {
        self.serial().iter().map(|byte| format!("{byte:02X}")).collect()
    }

    /// Start of its validity; this second belongs to it.
    pub fn not_before(&self) -> Timestamp {
        self.0.fields.not_before
    }

    /// End of its validity; this second belongs to it.
    pub fn not_after(&self) -> Timestamp {
        self.0.fields.not_after
    }

    /// Whether `at` lies within its validity.
    pub fn is_valid_at(&self, at: Timestamp) -> bool {
        // The last second counts as a whole: notAfter has no fraction.
        self.not_before() <= at && at.as_second() <= self.not_after().as_second()
    }

    /// The public key, or why it cannot be used.
    pub fn public_key(&self) -> Result<&PublicKey, &KeyFault> {
        self.0.fields.key.as_ref()
    }

    /// The algorithm of the issuer's signature.
    pub fn signature_algorithm(&self) -> Algorithm {
        self.0.fields.algorithm
    }

    /// keyUsage, when present and readable.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.0.fields.known.key_usage
    }

    /// extKeyUsage, when present and readable.
    pub fn extended_key_usage(&self) -> Option<&[ObjectIdentifier]> {
        self.0.fields.known.extended_key_usage.as_deref()
    }

    /// basicConstraints, when present and readable.
    pub fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.0.fields.known.basic_constraints
    }

    /// The key identifier of its own key (subjectKeyIdentifier).
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.0.fields.known.subject_key_identifier.as_deref()
    }

    /// The key identifier of the issuer's key (authorityKeyIdentifier).
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.0.fields.known.authority_key_identifier.as_deref()
    }

    /// The addresses in cRLDistributionPoints, in their order.
    pub fn crl_addresses(&self) -> Vec<String> {
        let points = &self.0.fields.known.distribution_points;
        points
            .iter()
            .filter_map(crate::extension::GeneralName::uri)
            .map(str::to_owned)
            .collect()
    }

    /// Whether issuer and subject are the same name. It may still be signed with another key.
    pub fn is_self_issued(&self) -> bool {
        self.issuer() == self.subject()
    }

    /// All extensions, in their order.
    pub fn extensions(&self) -> &[Extension] {
        &self.0.fields.extensions
    }

    /// The extension of this kind, the first one where it is repeated.
    pub fn extension(&self, oid: &ObjectIdentifier) -> Option<&Extension> {
        self.extensions().iter().find(|extension| extension.oid == *oid)
    }

    /// What deviates from the standards and was tolerated.
    pub fn deviations(&self) -> &[Deviation] {
        &self.0.fields.deviations
    }

    /// Checks the issuer's signature over the received TBSCertificate, with the default identity of SM2.
    ///
    /// Signatures of another algorithm than SM2-with-SM3, or one that the two algorithm fields disagree about, are
    /// [`BadSignature::Malformed`]; see [`signature_algorithm`](Self::signature_algorithm).
    pub fn verify_issued_by(&self, issuer_key: &PublicKey) -> Result<(), BadSignature> {
        let fields = &self.0.fields;
        if fields.algorithm != Algorithm::Sm2Sm3 {
            return Err(BadSignature::Malformed);
        }
        let (signature, _) = fields.signature?;
        let bytes = self.0.rewritten.as_ref().unwrap_or(&self.0.der);
        issuer_key.verify(&bytes[fields.tbs.clone()], &signature)
    }

    pub(crate) fn name_constraints(&self) -> Option<&NameConstraints> {
        self.0.fields.known.name_constraints.as_ref()
    }

    pub(crate) fn known(&self) -> &Known {
        &self.0.fields.known
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl Hash for Certificate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.der.hash(state);
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.subject())
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDefinite => f.write_str("written in BER with indefinite lengths or split strings"),
            Self::LongLength => f.write_str("a length is written in more bytes than needed"),
            Self::ExplicitVersion1 => f.write_str("version 1 is written out"),
            Self::ExtensionsInVersion(version) => write!(f, "extensions in version {version}"),
            Self::UnknownVersion(version) => write!(f, "version {version} does not exist"),
            Self::NegativeSerial => f.write_str("the serial number is negative"),
            Self::LongSerial(bytes) => write!(f, "the serial number has {bytes} bytes, more than 20"),
            Self::AlgorithmWithNull => f.write_str("the signature algorithm has parameters NULL"),
            Self::AlgorithmParametersDiffer => {
                f.write_str("the signature algorithms inside and outside differ in their parameters")
            }
            Self::KeyAlgorithmSm2 => f.write_str("the key algorithm is written as SM2, not as ecPublicKey"),
            Self::KeyCurveSm2Sign => f.write_str("the curve of the key is written as SM2-1, not as SM2"),
            Self::CompressedKey => f.write_str("the public key is compressed"),
            Self::Signature(encoding) => write!(f, "the signature value is not DER but {encoding:?}"),
            Self::Time(deviation) => deviation.fmt(f),
            Self::ExplicitNotCritical(oid) => write!(f, "extension {oid} writes out critical FALSE"),
            Self::DuplicateExtension(oid) => write!(f, "extension {oid} occurs more than once"),
            Self::UnreadableExtension(oid) => write!(f, "extension {oid} cannot be read"),
        }
    }
}

/// The bytes with definite lengths when they have to be rewritten, and the deviations seen.
pub(crate) fn definite_form(
    bytes: &[u8],
    what: &'static str,
) -> Result<(Option<Vec<u8>>, Vec<Deviation>), Error> {
    let encoding = asn1::survey(bytes, what)?;
    let mut deviations = Vec::new();
    if encoding.long_lengths {
        deviations.push(Deviation::LongLength);
    }
    if !encoding.needs_rewriting() {
        return Ok((None, deviations));
    }
    deviations.push(Deviation::NotDefinite);
    Ok((Some(asn1::definite(bytes, what)?.into_owned()), deviations))
}

fn read_fields(bytes: &[u8], deviations: &mut Vec<Deviation>) -> Result<Fields, Error> {
    let outer = asn1::read_single(bytes, asn1::SEQUENCE, "certificate")?;
    let mut parts = outer.children();
    let tbs = parts.expect(asn1::SEQUENCE, "TBSCertificate")?;
    let outer_algorithm = parts.expect(asn1::SEQUENCE, "signatureAlgorithm")?;
    let signature = parts
        .expect(asn1::BIT_STRING, "signatureValue")?
        .bit_bytes("signatureValue")?;
    parts.end("certificate")?;

    let mut parts = tbs.children();
    let version = read_version(&mut parts, deviations)?;
    let serial = read_serial(parts.next("serialNumber")?, deviations)?;
    let algorithm = read_algorithm(parts.next("signature")?, outer_algorithm, deviations)?;
    let issuer = Name::from_element(&parts.next("issuer")?)?;
    let mut validity = parts.expect(asn1::SEQUENCE, "validity")?.children();
    let not_before = read_validity(&mut validity, "notBefore", deviations)?;
    let not_after = read_validity(&mut validity, "notAfter", deviations)?;
    validity.end("validity")?;
    let subject = Name::from_element(&parts.next("subject")?)?;
    let key = read_public_key(parts.next("subjectPublicKeyInfo")?, deviations)?;
    for unique_identifier in [1, 2] {
        parts.optional(asn1::primitive(unique_identifier), "unique identifier")?;
    }
    let extensions = read_extensions(&mut parts, version, deviations)?;
    parts.end("TBSCertificate")?;

    let known = Known::read(&extensions, deviations);
    let signature = read_signature(signature, algorithm, deviations);
    // `tbs` is the first child, so it begins right after the outer header.
    let start = bytes.len() - outer.value.len();
    Ok(Fields {
        tbs: start..start + tbs.raw.len(),
        serial,
        algorithm,
        signature,
        issuer,
        subject,
        not_before,
        not_after,
        key,
        extensions,
        known,
        deviations: Vec::new(),
    })
}

/// The version as a number from 1.
fn read_version(parts: &mut Reader<'_>, deviations: &mut Vec<Deviation>) -> Result<u32, Error> {
    let Some(wrapper) = parts.optional(asn1::constructed(0), "version")? else {
        return Ok(1);
    };
    let number = asn1::read_single(wrapper.value, asn1::INTEGER, "version")?.unsigned("version")?;
    let version = number.saturating_add(1);
    match version {
        1 => deviations.push(Deviation::ExplicitVersion1),
        2 | 3 => {}
        _ => deviations.push(Deviation::UnknownVersion(version)),
    }
    Ok(version)
}

/// The magnitude of a serial number.
pub(crate) fn read_serial(element: Element<'_>, deviations: &mut Vec<Deviation>) -> Result<Vec<u8>, Error> {
    let bytes = element.integer("serialNumber")?;
    if bytes[0] >= 0x80 {
        deviations.push(Deviation::NegativeSerial);
    }
    if bytes.len() > SERIAL_BYTES_CONFORMING {
        deviations.push(Deviation::LongSerial(bytes.len()));
    }
    Ok(asn1::strip_zeros(bytes).to_vec())
}

/// The signature algorithm, named inside and outside of what is signed (RFC 5280 §4.1.1.2).
///
/// Parameters of SM2-with-SM3 are absent or NULL: the licensed Chinese CAs write NULL, others leave them out.
pub(crate) fn read_algorithm(
    inner: Element<'_>,
    outer: Element<'_>,
    deviations: &mut Vec<Deviation>,
) -> Result<Algorithm, Error> {
    let (inner_oid, inner_parameters) = split_algorithm(inner)?;
    let (outer_oid, outer_parameters) = split_algorithm(outer)?;
    if inner_oid != outer_oid {
        return Err(Error::Malformed {
            what: "signatureAlgorithm",
            problem: "it is not the algorithm named inside of what is signed",
        });
    }
    if inner_oid != oid::SM2_WITH_SM3 {
        return Ok(Algorithm::Other(inner_oid));
    }
    if inner_parameters != outer_parameters {
        deviations.push(Deviation::AlgorithmParametersDiffer);
    }
    let usual = |parameters: &[u8]| matches!(parameters, [] | [asn1::NULL, 0]);
    if !usual(inner_parameters) || !usual(outer_parameters) {
        let problem = "SM2-with-SM3 has parameters other than NULL";
        return Err(Error::Malformed {
            what: "signatureAlgorithm",
            problem,
        });
    }
    Ok(Algorithm::Sm2Sm3)
}

/// The identifier and the encoded parameters, empty when absent.
pub(crate) fn split_algorithm(element: Element<'_>) -> Result<(ObjectIdentifier, &[u8]), Error> {
    let what = "algorithm identifier";
    element.need(asn1::SEQUENCE, what)?;
    let mut parts = element.children();
    let oid = parts.next(what)?.oid(what)?;
    let parameters = parts.rest();
    if !parts.is_empty() {
        parts.next(what)?;
        parts.end(what)?;
    }
    Ok((oid, parameters))
}

pub(crate) fn read_signature(
    bytes: &[u8],
    algorithm: Algorithm,
    deviations: &mut Vec<Deviation>,
) -> Result<(Signature, SignatureEncoding), BadSignature> {
    if algorithm != Algorithm::Sm2Sm3 {
        return Err(BadSignature::Malformed);
    }
    let (signature, encoding) = Signature::read(bytes)?;
    if encoding != SignatureEncoding::Der {
        deviations.push(Deviation::Signature(encoding));
    }
    Ok((signature, encoding))
}

/// A time of a certificate or list, its deviations noted once each.
pub(crate) fn note_time(element: Element<'_>, deviations: &mut Vec<Deviation>) -> Result<Timestamp, Error> {
    let (at, found) = read_time(element.tag, element.value)?;
    for deviation in found.into_iter().map(Deviation::Time) {
        if !deviations.contains(&deviation) {
            deviations.push(deviation);
        }
    }
    Ok(at)
}

fn read_validity(
    validity: &mut Reader<'_>,
    what: &'static str,
    deviations: &mut Vec<Deviation>,
) -> Result<Timestamp, Error> {
    note_time(validity.next(what)?, deviations)
}

/// ```text
/// SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }
/// ```
///
/// with algorithm ecPublicKey and parameters SM2 (GB/T 20518-2018 §5.2.3.7). Keys of other kinds are a
/// [`KeyFault`], not an error.
pub(crate) fn read_public_key(
    element: Element<'_>,
    deviations: &mut Vec<Deviation>,
) -> Result<Result<PublicKey, KeyFault>, Error> {
    let what = "subjectPublicKeyInfo";
    element.need(asn1::SEQUENCE, what)?;
    let mut parts = element.children();
    let (algorithm, parameters) = split_algorithm(parts.next(what)?)?;
    let (bytes, unused) = parts.next(what)?.bits(what)?;
    parts.end(what)?;
    if algorithm == oid::SM2 {
        deviations.push(Deviation::KeyAlgorithmSm2);
    } else if algorithm != oid::EC_PUBLIC_KEY {
        return Ok(Err(KeyFault::NotSm2 { oid: algorithm }));
    } else {
        let curve =
            asn1::read_single(parameters, asn1::OBJECT_IDENTIFIER, what).and_then(|curve| curve.oid(what));
        match curve {
            Ok(oid::SM2) => {}
            Ok(oid::SM2_SIGN) => deviations.push(Deviation::KeyCurveSm2Sign),
            Ok(oid) => return Ok(Err(KeyFault::NotSm2 { oid })),
            Err(_) => return Ok(Err(KeyFault::NotSm2 { oid: algorithm })),
        }
    }
    if unused != 0 {
        return Ok(Err(KeyFault::BadPoint));
    }
    if matches!(bytes.first(), Some(2 | 3)) {
        deviations.push(Deviation::CompressedKey);
    }
    Ok(PublicKey::from_sec1(bytes).map_err(|_| KeyFault::BadPoint))
}

fn read_extensions(
    parts: &mut Reader<'_>,
    version: u32,
    deviations: &mut Vec<Deviation>,
) -> Result<Vec<Extension>, Error> {
    let Some(wrapper) = parts.optional(asn1::constructed(3), "extensions")? else {
        return Ok(Vec::new());
    };
    if version < 3 {
        deviations.push(Deviation::ExtensionsInVersion(version));
    }
    let list = asn1::read_single(wrapper.value, asn1::SEQUENCE, "extensions")?;
    Extension::read_all(list, deviations)
}
