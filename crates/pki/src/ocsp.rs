//! OCSP responses (RFC 6960): read, and asked about one certificate. They are not fetched here.

use std::sync::Arc;

use const_oid::ObjectIdentifier;
use gm::{Signature, Verifier as _};
use jiff::Timestamp;

use crate::asn1::{self, Element, Reader};
use crate::certificate::{definite_form, split_algorithm};
use crate::cms::same_number;
use crate::foreign::{key_bits, verify_signed};
use crate::{
    Certificate, Crl, Error, Extension, HashAlgorithm, Name, Revocation, UnknownWhy, is_signed_by_foreign,
    oid, read_time, revocation,
};

/// Largest response that is read, in bytes.
pub const OCSP_BYTES_MAX: usize = 1 << 20;
/// Most certificates that one response speaks about.
pub const OCSP_ANSWERS_MAX: usize = 1000;
/// Most certificates that a response brings along.
pub const OCSP_CERTIFICATES_MAX: usize = 16;

/// A successful response as received; [`revocation_by`](crate::revocation_by) checks it and asks it.
///
/// ```text
/// OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED, responseBytes [0] EXPLICIT SEQUENCE {
///     responseType OBJECT IDENTIFIER, response OCTET STRING } OPTIONAL }
/// BasicOCSPResponse ::= SEQUENCE { tbsResponseData ResponseData, signatureAlgorithm AlgorithmIdentifier,
///     signature BIT STRING, certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
/// ```
///
/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct OcspResponse(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// As received.
    der: Vec<u8>,
    /// BasicOCSPResponse.
    basic: Vec<u8>,
    responder: Responder,
    produced_at: Timestamp,
    answers: Vec<Answer>,
    certificates: Vec<Certificate>,
    /// An extension that has to be understood, and is not.
    unknown_critical: Option<ObjectIdentifier>,
}

/// `ResponderID ::= CHOICE { byName [1] Name, byKey [2] KeyHash }`, the hash being SHA-1 of the key's bits.
#[derive(Debug)]
enum Responder {
    Name(Name),
    Key(Vec<u8>),
}

/// ```text
/// SingleResponse ::= SEQUENCE { certID CertID, certStatus CertStatus, thisUpdate GeneralizedTime,
///     nextUpdate [0] EXPLICIT GeneralizedTime OPTIONAL, singleExtensions [1] EXPLICIT Extensions OPTIONAL }
/// CertID ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier, issuerNameHash OCTET STRING,
///     issuerKeyHash OCTET STRING, serialNumber CertificateSerialNumber }
/// ```
#[derive(Debug)]
struct Answer {
    hash: Option<HashAlgorithm>,
    name_hash: Vec<u8>,
    key_hash: Vec<u8>,
    serial: Vec<u8>,
    status: Status,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    unknown_critical: Option<ObjectIdentifier>,
}

/// `CertStatus ::= CHOICE { good [0] NULL, revoked [1] RevokedInfo, unknown [2] NULL }`
#[derive(Debug)]
enum Status {
    Good,
    Revoked { at: Timestamp, reason: Option<u8> },
    Unknown,
}

const WHAT: &str = "OCSP response";
const BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
/// id-kp-OCSPSigning.
const OCSP_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9");
const ENUMERATED: u8 = 0x0A;

impl OcspResponse {
    /// Reads a response in DER.
    ///
    /// # Errors
    /// When it is broken, passes a limit, or the responder did not answer (a status other than successful).
    pub fn read(der: &[u8]) -> Result<Self, Error> {
        if der.len() > OCSP_BYTES_MAX {
            return Err(Error::TooLarge {
                what: "OCSP response (bytes)",
                found: der.len(),
                max: OCSP_BYTES_MAX,
            });
        }
        // Limits of depth are met here, before anything is read.
        definite_form(der, WHAT)?;
        let mut fields = asn1::read_single(der, asn1::SEQUENCE, WHAT)?.children();
        if fields.expect(ENUMERATED, "responseStatus")?.value != [0] {
            return Err(Error::Malformed {
                what: WHAT,
                problem: "the responder did not answer",
            });
        }
        let bytes = fields.expect(asn1::constructed(0), "responseBytes")?;
        fields.end(WHAT)?;
        let mut bytes = bytes
            .children()
            .expect(asn1::SEQUENCE, "responseBytes")?
            .children();
        if bytes.next("responseType")?.oid("responseType")? != BASIC {
            return Err(Error::WrongKind {
                expected: "a basic OCSP response",
                found: "another kind",
            });
        }
        let basic = bytes.next("response")?.octets("response")?;
        bytes.end("responseBytes")?;
        definite_form(basic, WHAT)?;
        let mut inner = read_basic(basic)?;
        inner.der = der.to_vec();
        Ok(Self(Arc::new(inner)))
    }

    /// The DER.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The certificates that it brings along.
    pub fn certificates(&self) -> &[Certificate] {
        &self.0.certificates
    }

    /// What it says about `certificate` for the time `at`, and when it said so; none when it speaks of others. The
    /// rules of freshness are those of revocation lists.
    pub(crate) fn ask(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        crls: &[Crl],
        at: Timestamp,
    ) -> Option<(Timestamp, Revocation)> {
        let answer = self
            .0
            .answers
            .iter()
            .find(|answer| answer.is_about(certificate, issuer))?;
        let unknown = |why| Some((answer.this_update, Revocation::Unknown { why }));
        if let Some(oid) = self.0.unknown_critical.or(answer.unknown_critical) {
            return unknown(UnknownWhy::UnknownCriticalExtension { oid });
        }
        if !self.is_authorised(issuer, crls) {
            return unknown(UnknownWhy::ResponderNotAuthorised);
        }
        let revocation = match answer.status {
            Status::Revoked { at, reason } => Revocation::Revoked { at, reason },
            Status::Unknown => return unknown(UnknownWhy::ResponderDoesNotKnow),
            Status::Good => {
                let (this, next, not_after) =
                    (answer.this_update, answer.next_update, certificate.not_after());
                if this < at && next.is_none_or(|next| next < at) {
                    return unknown(UnknownWhy::Stale { next_update: next });
                }
                if this > not_after {
                    return unknown(UnknownWhy::IssuedAfterExpiry { not_after });
                }
                Revocation::Good { this_update: this }
            }
        };
        Some((answer.this_update, revocation))
    }

    /// Signed by the issuer itself, or by somebody whom the issuer certified for that (RFC 6960 §4.2.2.2) and whom
    /// no list of the issuer revokes.
    fn is_authorised(&self, issuer: &Certificate, crls: &[Crl]) -> bool {
        if self.0.responder.is(issuer) && self.is_signed_by(issuer) {
            return true;
        }
        self.0.certificates.iter().any(|responder| {
            let produced = self.0.produced_at;
            let is_for_ocsp = responder
                .extended_key_usage()
                .is_some_and(|usages| usages.contains(&OCSP_SIGNING));
            let is_issued = responder.issuer() == issuer.subject() && is_issued_by(responder, issuer);
            is_for_ocsp
                && self.0.responder.is(responder)
                && responder.is_valid_at(produced)
                && is_issued
                && self.is_signed_by(responder)
                && !matches!(
                    revocation(responder, issuer, crls, produced),
                    Revocation::Revoked { .. }
                )
        })
    }

    fn is_signed_by(&self, signer: &Certificate) -> bool {
        let basic = &self.0.basic;
        let Ok(key) = signer.public_key() else {
            return verify_signed(basic, signer) == Some(true);
        };
        let read = || {
            let mut fields = asn1::read_single(basic, asn1::SEQUENCE, WHAT)?.children();
            let tbs = fields.next(WHAT)?.raw;
            let (algorithm, _) = split_algorithm(fields.next(WHAT)?)?;
            Ok::<_, Error>((tbs, algorithm, fields.next(WHAT)?.bit_bytes(WHAT)?))
        };
        let Ok((tbs, algorithm, value)) = read() else {
            return false;
        };
        algorithm == oid::SM2_WITH_SM3
            && Signature::read(value).is_ok_and(|(signature, _)| key.verify(tbs, &signature).is_ok())
    }
}

fn is_issued_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    match issuer.public_key() {
        Ok(key) => certificate.verify_issued_by(key).is_ok(),
        Err(_) => is_signed_by_foreign(certificate, issuer) == Some(true),
    }
}

impl Responder {
    fn is(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Name(name) => name == certificate.subject(),
            Self::Key(hash) => {
                let bits = key_bits(certificate).unwrap_or_default();
                // SM3 is what national responders put there.
                [HashAlgorithm::Sha1, HashAlgorithm::Sm3, HashAlgorithm::Sha256]
                    .iter()
                    .any(|algorithm| algorithm.digest(bits) == *hash)
            }
        }
    }
}

impl Answer {
    /// The hashes name the issuer; they protect nothing, the signature does.
    fn is_about(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        let (Some(hash), Some(bits)) = (self.hash, key_bits(issuer)) else {
            return false;
        };
        same_number(&self.serial, certificate.serial())
            && hash.digest(issuer.subject().der()) == self.name_hash
            && hash.digest(bits) == self.key_hash
    }
}

fn read_basic(basic: &[u8]) -> Result<Inner, Error> {
    let mut fields = asn1::read_single(basic, asn1::SEQUENCE, WHAT)?.children();
    let mut data = fields.expect(asn1::SEQUENCE, "tbsResponseData")?.children();
    fields.expect(asn1::SEQUENCE, "signatureAlgorithm")?;
    fields.next("signature")?.bit_bytes("signature")?;
    let mut certificates = Vec::new();
    if let Some(list) = fields.optional(asn1::constructed(0), "certs")? {
        let mut list = list.children().expect(asn1::SEQUENCE, "certs")?.children();
        while !list.is_empty() {
            check_count(certificates.len(), OCSP_CERTIFICATES_MAX)?;
            certificates.push(Certificate::read(list.next("certs")?.raw)?);
        }
    }
    fields.end(WHAT)?;
    data.optional(asn1::constructed(0), "version")?;
    let responder = read_responder(data.next("responderID")?)?;
    let produced_at = time(&data.next("producedAt")?)?;
    let mut list = data.expect(asn1::SEQUENCE, "responses")?.children();
    let mut answers = Vec::new();
    while !list.is_empty() {
        check_count(answers.len(), OCSP_ANSWERS_MAX)?;
        answers.push(read_answer(list.expect(asn1::SEQUENCE, "responses")?.children())?);
    }
    let unknown_critical = read_critical(&mut data)?;
    data.end("tbsResponseData")?;
    Ok(Inner {
        der: Vec::new(),
        basic: basic.to_vec(),
        responder,
        produced_at,
        answers,
        certificates,
        unknown_critical,
    })
}

fn check_count(count: usize, max: usize) -> Result<(), Error> {
    if count < max {
        return Ok(());
    }
    Err(Error::TooLarge {
        what: "answers or certificates of an OCSP response (count)",
        found: count + 1,
        max,
    })
}

fn read_responder(element: Element<'_>) -> Result<Responder, Error> {
    let inner = element.children().next("responderID")?;
    match element.tag {
        tag if tag == asn1::constructed(1) => Ok(Responder::Name(Name::read(inner.raw)?)),
        tag if tag == asn1::constructed(2) => Ok(Responder::Key(inner.octets("responderID")?.to_vec())),
        found => Err(Error::UnexpectedTag {
            what: "responderID",
            expected: asn1::constructed(1),
            found,
        }),
    }
}

fn read_answer(mut fields: Reader<'_>) -> Result<Answer, Error> {
    let mut id = fields.expect(asn1::SEQUENCE, "certID")?.children();
    let (algorithm, _) = split_algorithm(id.next("certID")?)?;
    let name_hash = id.next("certID")?.octets("certID")?.to_vec();
    let key_hash = id.next("certID")?.octets("certID")?.to_vec();
    let serial = id.next("certID")?.integer("certID")?.to_vec();
    id.end("certID")?;
    let status = read_status(fields.next("certStatus")?)?;
    let this_update = time(&fields.next("thisUpdate")?)?;
    let next_update = match fields.optional(asn1::constructed(0), "nextUpdate")? {
        Some(wrapper) => Some(time(&wrapper.children().next("nextUpdate")?)?),
        None => None,
    };
    let unknown_critical = read_critical(&mut fields)?;
    fields.end("SingleResponse")?;
    Ok(Answer {
        hash: HashAlgorithm::of(algorithm),
        name_hash,
        key_hash,
        serial,
        status,
        this_update,
        next_update,
        unknown_critical,
    })
}

fn read_status(element: Element<'_>) -> Result<Status, Error> {
    match element.tag {
        tag if tag == asn1::primitive(0) => Ok(Status::Good),
        tag if tag == asn1::primitive(2) => Ok(Status::Unknown),
        _ => {
            element.need(asn1::constructed(1), "certStatus")?;
            let mut info = element.children();
            let at = time(&info.next("revocationTime")?)?;
            let reason = match info.optional(asn1::constructed(0), "revocationReason")? {
                Some(wrapper) => wrapper
                    .children()
                    .expect(ENUMERATED, "revocationReason")?
                    .value
                    .first()
                    .copied(),
                None => None,
            };
            Ok(Status::Revoked { at, reason })
        }
    }
}

/// The first critical extension of `[1] EXPLICIT Extensions`, if they come next; none is known here.
fn read_critical(fields: &mut Reader<'_>) -> Result<Option<ObjectIdentifier>, Error> {
    let Some(wrapper) = fields.optional(asn1::constructed(1), "extensions")? else {
        return Ok(None);
    };
    let list = wrapper.children().expect(asn1::SEQUENCE, "extensions")?;
    let extensions = Extension::read_all(list, &mut Vec::new())?;
    Ok(extensions
        .into_iter()
        .find(|found| found.critical)
        .map(|found| found.oid))
}

fn time(element: &Element<'_>) -> Result<Timestamp, Error> {
    read_time(element.tag, element.value).map(|(at, _)| at)
}
