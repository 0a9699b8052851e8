//! The answer of a time-stamp authority (RFC 3161 §2.4.2, GM/T 0033-2014 §7): read, checked, and made.

use const_oid::ObjectIdentifier;
use gm::Signer;
use jiff::Timestamp;

use crate::asn1::{self, Element, write};
use crate::cms_write::{Draft, attribute, basic_attributes};
use crate::ess::write_signing_certificate_v2;
use crate::timestamp::check_authority;
use crate::{
    Certificate, ContentToSign, DigestAlgorithm, Error, Fact, HashAlgorithm, MessageImprint,
    TimestampRequest, TimestampToken, TsaName, TstInfo, oid, verify_any_signer, verify_signer,
};

/// The largest answer that is read.
pub const TIMESTAMP_RESPONSE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How many texts an answer may have.
const STATUS_TEXTS_MAX: usize = 16;

/// An answer.
///
/// ```text
/// TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken TimeStampToken OPTIONAL }
/// PKIStatusInfo ::= SEQUENCE {
///     status       INTEGER,
///     statusString SEQUENCE OF UTF8String OPTIONAL,
///     failInfo     BIT STRING OPTIONAL }
/// ```
#[derive(Clone, Debug)]
pub struct TimestampResponse {
    status: PkiStatus,
    texts: Vec<String>,
    failure: Option<FailureInfo>,
    token: Option<TimestampToken>,
}

/// How the authority decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PkiStatus {
    /// granted (0)
    Granted,
    /// grantedWithMods (1)
    GrantedWithMods,
    /// rejection (2)
    Rejection,
    /// waiting (3)
    Waiting,
    /// revocationWarning (4)
    RevocationWarning,
    /// revocationNotification (5)
    RevocationNotification,
    /// A number that the standard does not know.
    Other(u32),
}

impl PkiStatus {
    fn of(number: u32) -> Self {
        match number {
            0 => Self::Granted,
            1 => Self::GrantedWithMods,
            2 => Self::Rejection,
            3 => Self::Waiting,
            4 => Self::RevocationWarning,
            5 => Self::RevocationNotification,
            _ => Self::Other(number),
        }
    }
}

/// Why a request is refused; the value is the bit of PKIFailureInfo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FailureInfo {
    /// The hash algorithm is not accepted.
    BadAlg = 0,
    /// The transaction is not supported.
    BadRequest = 2,
    /// The request is broken.
    BadDataFormat = 5,
    /// The time source does not work.
    TimeNotAvailable = 14,
    /// The policy is not offered.
    UnacceptedPolicy = 15,
    /// An extension is not accepted.
    UnacceptedExtension = 16,
    /// Further information that was asked for cannot be given.
    AddInfoNotAvailable = 17,
    /// The authority does not work.
    SystemFailure = 25,
}

impl FailureInfo {
    const ALL: [Self; 8] = [
        Self::BadAlg,
        Self::BadRequest,
        Self::BadDataFormat,
        Self::TimeNotAvailable,
        Self::UnacceptedPolicy,
        Self::UnacceptedExtension,
        Self::AddInfoNotAvailable,
        Self::SystemFailure,
    ];
}

impl TimestampResponse {
    /// Reads an answer, also in BER.
    ///
    /// # Errors
    /// When it is broken or passes a limit. A refusal is no error here.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > TIMESTAMP_RESPONSE_BYTES_MAX {
            return Err(Error::TooLarge {
                what: "time-stamp response (bytes)",
                found: bytes.len(),
                max: TIMESTAMP_RESPONSE_BYTES_MAX,
            });
        }
        let der = asn1::definite(bytes, WHAT)?;
        let mut fields = asn1::read_single(&der, asn1::SEQUENCE, WHAT)?.children();
        let mut info = fields
            .expect(asn1::SEQUENCE, "status of the response")?
            .children();
        let status = PkiStatus::of(info.next("status")?.unsigned("status")?);
        let texts = match info.optional(asn1::SEQUENCE, "statusString")? {
            Some(element) => read_texts(element)?,
            None => Vec::new(),
        };
        let failure = match info.optional(asn1::BIT_STRING, "failInfo")? {
            Some(element) => read_failure(element)?,
            None => None,
        };
        info.end("status of the response")?;
        let token = if fields.is_empty() {
            None
        } else {
            Some(TimestampToken::read(
                fields.expect(asn1::SEQUENCE, "time-stamp token")?.raw,
            )?)
        };
        fields.end(WHAT)?;
        Ok(Self {
            status,
            texts,
            failure,
            token,
        })
    }

    /// How the authority decided.
    pub fn status(&self) -> PkiStatus {
        self.status
    }

    /// What the authority says about it, in its own words.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Why it refused, if it did and says so.
    pub fn failure(&self) -> Option<FailureInfo> {
        self.failure
    }

    /// The token, unchecked.
    pub fn token(&self) -> Option<&TimestampToken> {
        self.token.as_ref()
    }

    /// The token, if it answers `request` (RFC 3161 §2.4.2, GM/T 0033-2014 §7). Its signature is checked when the
    /// authority's certificate is in it, as it must be when the request asks for it. Trust in the authority is
    /// the question of [`verify_token`](crate::verify_token).
    ///
    /// # Errors
    /// [`Error::TimestampRefused`], or [`Error::TimestampMismatch`] naming what does not fit.
    pub fn granted(&self, request: &TimestampRequest) -> Result<TimestampToken, Error> {
        let token = match (self.status, &self.token) {
            (PkiStatus::Granted | PkiStatus::GrantedWithMods, Some(token)) => token,
            (PkiStatus::Granted | PkiStatus::GrantedWithMods, None) => {
                return Err(Error::Missing {
                    what: "the token of a granted time-stamp request",
                });
            }
            (status, _) => {
                let text = self.texts.join("; ");
                return Err(Error::TimestampRefused {
                    status,
                    failure: self.failure,
                    text,
                });
            }
        };
        let differs = |what| Err(Error::TimestampMismatch { what });
        let info = token.info();
        if !info.imprint.matches(request.imprint()) {
            return differs("the digest of what was stamped");
        }
        if request.nonce().is_some_and(|nonce| !info.has_nonce(nonce)) {
            return differs("the nonce");
        }
        if request.policy().is_some_and(|policy| policy != info.policy) {
            return differs("the policy");
        }
        match token.signed().certificate_of(token.signer(), &[]) {
            Some(certificate) => check_signature(token, certificate, request)?,
            None if request.cert_req() => {
                return differs("the certificate of the authority, which is missing,");
            }
            None => {}
        }
        Ok(token.clone())
    }
}

fn check_signature(
    token: &TimestampToken,
    certificate: &Certificate,
    request: &TimestampRequest,
) -> Result<(), Error> {
    let content = ContentToSign::Bytes(token.signed().content().unwrap_or_default());
    // Who asks with a digest of another suite takes an answer of another suite.
    let verify = match DigestAlgorithm::of(request.imprint().algorithm) {
        DigestAlgorithm::Sm3 => verify_signer,
        _ => verify_any_signer,
    };
    let facts = verify(token.signer(), certificate, content);
    let what = if !facts.is_intact() {
        "the signature"
    } else if facts.signing_certificate != Fact::Holds {
        "the certificate identifier, which is missing,"
    } else if check_authority(certificate).is_err() {
        "the certificate of the authority, which is not for time stamping,"
    } else {
        return Ok(());
    };
    Err(Error::TimestampMismatch { what })
}

/// Answers a request with a token, or with a refusal when [`TimestampRequest::refusal`] asks for one: DER of
/// TimeStampResp.
///
/// The token is a message of GB/T 35275 (GM/T 0033-2014 §7). `serial` is its number, big-endian, never to be
/// used twice; `at` the time stated. `tsa` and `chain` go into the token when the request asks for certificates.
///
/// # Errors
/// When `tsa` is no certificate for time stamping, is not valid at that time, or is not for the signer's key;
/// when the serial number is zero or longer than 20 bytes; when the key does not sign.
pub fn issue_token(
    request: &TimestampRequest,
    serial: &[u8],
    at: Timestamp,
    policy: &ObjectIdentifier,
    tsa: &Certificate,
    chain: &[Certificate],
    signer: &dyn Signer,
) -> Result<Vec<u8>, Error> {
    if let Some(failure) = request.refusal(policy) {
        return Ok(reject(failure, refusal_text(failure)));
    }
    check_template(serial, at, tsa).map_err(|problem| Error::BadTemplate {
        what: "time-stamp token",
        problem,
    })?;
    let info = TstInfo {
        policy: *policy,
        imprint: MessageImprint {
            algorithm: oid::SM3,
            ..request.imprint().clone()
        },
        serial: serial.to_vec(),
        gen_time: at,
        time_deviations: Vec::new(),
        accuracy: None,
        ordering: false,
        nonce: request.nonce().map(<[u8]>::to_vec),
        tsa: Some(TsaName::Directory(tsa.subject().clone())),
        extensions: Vec::new(),
    }
    .to_der();
    let mut attributes = basic_attributes(&oid::TST_INFO, &gm::sm3(&info), at);
    let identifier = write_signing_certificate_v2(tsa, HashAlgorithm::Sm3);
    attributes.push(attribute(&oid::SIGNING_CERTIFICATE_V2, identifier));
    let token = Draft {
        content_type: oid::TST_INFO,
        content: Some(&info),
        attributes: Some(attributes),
        certificate: tsa,
        included: std::iter::once(tsa)
            .chain(chain)
            .filter(|_| request.cert_req())
            .collect(),
    }
    .sign(signer)?;
    Ok(write::sequence(&[
        &write::sequence(&[&write::unsigned(0)]),
        &token,
    ]))
}

/// As [`issue_token`], for the bytes that a client sent: those that are no request are refused too.
pub fn answer_request(
    request: &[u8],
    serial: &[u8],
    at: Timestamp,
    policy: &ObjectIdentifier,
    tsa: &Certificate,
    chain: &[Certificate],
    signer: &dyn Signer,
) -> Result<Vec<u8>, Error> {
    match TimestampRequest::read(request) {
        Ok(request) => issue_token(&request, serial, at, policy, tsa, chain, signer),
        Err(error) => Ok(reject(FailureInfo::BadDataFormat, &error.to_string())),
    }
}

/// A refusal: DER of TimeStampResp with status rejection.
pub fn reject(failure: FailureInfo, text: &str) -> Vec<u8> {
    let texts = if text.is_empty() {
        Vec::new()
    } else {
        write::sequence(&[&write::utf8_string(text)])
    };
    let failure = write::named_bits(1 << failure as u32);
    write::sequence(&[&write::sequence(&[&write::unsigned(2), &texts, &failure])])
}

const WHAT: &str = "time-stamp response";
/// The longest number that clients must be ready for (RFC 3161 §2.4.2), in bytes.
const SERIAL_BYTES_MAX: usize = 20;

fn check_template(serial: &[u8], at: Timestamp, tsa: &Certificate) -> Result<(), &'static str> {
    check_authority(tsa)?;
    if !tsa.is_valid_at(at) {
        return Err("the certificate of the authority is not valid at this time");
    }
    if serial.len() > SERIAL_BYTES_MAX || serial.iter().all(|&octet| octet == 0) {
        return Err("its serial number is zero or longer than 20 bytes");
    }
    Ok(())
}

fn refusal_text(failure: FailureInfo) -> &'static str {
    match failure {
        FailureInfo::BadAlg => "only SM3 without parameters is stamped",
        FailureInfo::BadRequest => "the version of the request is not 1",
        FailureInfo::BadDataFormat => "the digest is not 32 bytes long",
        FailureInfo::UnacceptedPolicy => "the policy asked for is not offered",
        FailureInfo::UnacceptedExtension => "extensions are not supported",
        FailureInfo::TimeNotAvailable | FailureInfo::AddInfoNotAvailable | FailureInfo::SystemFailure => "",
    }
}

fn read_texts(list: Element<'_>) -> Result<Vec<String>, Error> {
    let what = "statusString";
    let mut members = list.children();
    let mut texts = Vec::new();
    while !members.is_empty() {
        if texts.len() == STATUS_TEXTS_MAX {
            return Err(Error::TooLarge {
                what: "status texts (count)",
                found: texts.len() + 1,
                max: STATUS_TEXTS_MAX,
            });
        }
        texts.push(String::from_utf8_lossy(members.expect(asn1::UTF8_STRING, what)?.value).into_owned());
    }
    Ok(texts)
}

/// The first failure that the standard knows; bit 0 is the highest of the first byte.
fn read_failure(element: Element<'_>) -> Result<Option<FailureInfo>, Error> {
    let (bytes, _) = element.bits("failInfo")?;
    let is_set = |bit: u8| {
        bytes
            .get(usize::from(bit / 8))
            .is_some_and(|byte| byte << (bit % 8) & 0x80 != 0)
    };
    Ok(FailureInfo::ALL
        .into_iter()
        .find(|failure| is_set(*failure as u8)))
}
