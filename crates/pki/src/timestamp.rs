//! Time-stamp tokens (RFC 3161, GB/T 20520, GM/T 0033-2014): their content, read and written.
//!
//! Checking a token is in `timestamp_verify`, the protocol in `timestamp_request` and `timestamp_response`.

use std::time::Duration;

use const_oid::ObjectIdentifier;
use jiff::Timestamp;

use crate::asn1::{self, Element, Reader, write};
use crate::certificate::split_algorithm;
use crate::cms::same_number;
use crate::extension::GeneralName;
use crate::{
    Certificate, CmsDeviation, DigestAlgorithm, Error, Extension, Name, SignedData, SignerInfo,
    TimeDeviation, oid, read_time,
};

/// The longest nonce and serial number that are read.
pub const TIMESTAMP_INTEGER_BYTES_MAX: usize = 64;

/// A time-stamp token: a [`SignedData`] with one signer whose content is a [`TstInfo`].
///
/// With SM2 the object identifiers are those of GB/T 35275 (GM/T 0033-2014 §7); those of RFC 5652 are read too.
#[derive(Clone, Debug)]
pub struct TimestampToken {
    signed: SignedData,
    info: TstInfo,
}

impl TimestampToken {
    /// Reads a token. Nothing is checked but its structure; see [`verify_token`](crate::verify_token).
    ///
    /// # Errors
    /// When it is broken, is something else, or has not exactly one signer.
    pub fn read(der: &[u8]) -> Result<Self, Error> {
        let signed = SignedData::read(der)?;
        if signed.content_type() != oid::TST_INFO {
            return Err(Error::WrongKind {
                expected: "a time-stamp token",
                found: "another signed message",
            });
        }
        if signed.signers().len() != 1 {
            return Err(Error::Malformed {
                what: WHAT,
                problem: "it has not exactly one signer",
            });
        }
        let content = signed.content().ok_or(Error::Missing {
            what: "content of the time-stamp token",
        })?;
        if signed.deviations().contains(&CmsDeviation::ContentNotOctetString) {
            return Err(Error::Malformed {
                what: WHAT,
                problem: "its content is not an OCTET STRING",
            });
        }
        let info = TstInfo::read(content)?;
        Ok(Self { signed, info })
    }

    /// The signed message that the token is.
    pub fn signed(&self) -> &SignedData {
        &self.signed
    }

    /// What the authority states.
    pub fn info(&self) -> &TstInfo {
        &self.info
    }

    /// The time that the authority states.
    pub fn gen_time(&self) -> Timestamp {
        self.info.gen_time
    }

    /// The certificates in the token: the authority's, and what it added.
    pub fn certificates(&self) -> &[Certificate] {
        self.signed.certificates()
    }

    pub(crate) fn signer(&self) -> &SignerInfo {
        &self.signed.signers()[0] // `read` found exactly one
    }
}

/// The statement of a time-stamp authority.
///
/// ```text
/// TSTInfo ::= SEQUENCE {
///     version        INTEGER { v1(1) },
///     policy         OBJECT IDENTIFIER,
///     messageImprint MessageImprint,
///     serialNumber   INTEGER,
///     genTime        GeneralizedTime,
///     accuracy       Accuracy OPTIONAL,
///     ordering       BOOLEAN DEFAULT FALSE,
///     nonce          INTEGER OPTIONAL,
///     tsa            [0] GeneralName OPTIONAL,
///     extensions     [1] IMPLICIT Extensions OPTIONAL }
/// MessageImprint ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier, hashedMessage OCTET STRING }
/// Accuracy ::= SEQUENCE {
///     seconds INTEGER OPTIONAL, millis [0] INTEGER (1..999) OPTIONAL, micros [1] INTEGER (1..999) OPTIONAL }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TstInfo {
    /// The policy under which the authority works.
    pub policy: ObjectIdentifier,
    /// The digest of what was stamped.
    pub imprint: MessageImprint,
    /// The token's number, big-endian, as received.
    pub serial: Vec<u8>,
    /// The time stated.
    pub gen_time: Timestamp,
    /// How the time is written, where it differs from RFC 3161 §2.4.2.
    pub time_deviations: Vec<TimeDeviation>,
    /// By how much the time may be wrong, either way.
    pub accuracy: Option<Duration>,
    /// Whether tokens of this authority can always be ordered by their times.
    pub ordering: bool,
    /// The number of the request, big-endian, as received.
    pub nonce: Option<Vec<u8>>,
    /// Who the authority says it is.
    pub tsa: Option<TsaName>,
    /// Extensions of the statement.
    pub extensions: Vec<Extension>,
}

/// The name in a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TsaName {
    /// A distinguished name.
    Directory(Name),
    /// A name of another kind, such as an address.
    Other,
}

/// A digest and the algorithm that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageImprint {
    /// The hash algorithm.
    pub algorithm: ObjectIdentifier,
    /// Whether the algorithm comes with parameters other than NULL.
    pub has_parameters: bool,
    /// The digest.
    pub digest: Vec<u8>,
}

impl MessageImprint {
    /// The SM3 value of `stamped`.
    pub fn sm3(stamped: &[u8]) -> Self {
        let digest = gm::sm3(stamped).0.to_vec();
        Self {
            algorithm: oid::SM3,
            has_parameters: false,
            digest,
        }
    }

    pub(crate) fn read(element: Element<'_>) -> Result<Self, Error> {
        let what = "message imprint";
        element.need(asn1::SEQUENCE, what)?;
        let mut fields = element.children();
        let (algorithm, parameters) = split_algorithm(fields.next(what)?)?;
        let digest = fields.next(what)?.octets(what)?.to_vec();
        fields.end(what)?;
        let has_parameters = !matches!(parameters, [] | [asn1::NULL, 0]);
        Ok(Self {
            algorithm,
            has_parameters,
            digest,
        })
    }

    pub(crate) fn to_der(&self) -> Vec<u8> {
        let algorithm = write::sequence(&[&write::oid(&self.algorithm)]);
        write::sequence(&[&algorithm, &write::octet_string(&self.digest)])
    }

    /// Whether both are the same digest by the same algorithm.
    pub fn matches(&self, other: &Self) -> bool {
        let same_algorithm = match DigestAlgorithm::of(self.algorithm) {
            DigestAlgorithm::Sm3 => DigestAlgorithm::of(other.algorithm) == DigestAlgorithm::Sm3,
            _ => self.algorithm == other.algorithm,
        };
        same_algorithm && self.digest == other.digest
    }
}

impl TstInfo {
    fn read(content: &[u8]) -> Result<Self, Error> {
        let mut fields = asn1::read_single(content, asn1::SEQUENCE, INFO)?.children();
        if fields
            .next("version of TSTInfo")?
            .unsigned("version of TSTInfo")?
            != 1
        {
            return Err(Error::Malformed {
                what: INFO,
                problem: "its version is not v1(1)",
            });
        }
        let policy = fields.next("policy of TSTInfo")?.oid("policy of TSTInfo")?;
        let imprint = MessageImprint::read(fields.next("messageImprint")?)?;
        let serial = read_integer(fields.next("serialNumber of TSTInfo")?, "serialNumber of TSTInfo")?;
        let time = fields.expect(asn1::GENERALIZED_TIME, "genTime")?;
        let (gen_time, mut time_deviations) = read_time(time.tag, time.value)?;
        time_deviations.retain(|deviation| *deviation != TimeDeviation::Fraction);
        let accuracy = match fields.optional(asn1::SEQUENCE, "accuracy")? {
            Some(element) => Some(read_accuracy(element.children())?),
            None => None,
        };
        let ordering = match fields.optional(asn1::BOOLEAN, "ordering")? {
            Some(element) => element.boolean("ordering")?,
            None => false,
        };
        let nonce = match fields.optional(asn1::INTEGER, "nonce")? {
            Some(element) => Some(read_integer(element, "nonce")?),
            None => None,
        };
        let tsa = match fields.optional(asn1::constructed(0), "tsa")? {
            Some(element) => Some(read_tsa(element)?),
            None => None,
        };
        let extensions = match fields.optional(asn1::constructed(1), "extensions of TSTInfo")? {
            Some(element) => Extension::read_all(element, &mut Vec::new())?,
            None => Vec::new(),
        };
        fields.end(INFO)?;
        Ok(Self {
            policy,
            imprint,
            serial,
            gen_time,
            time_deviations,
            accuracy,
            ordering,
            nonce,
            tsa,
            extensions,
        })
    }

    /// The DER, without extensions: the authority of this crate makes none.
    pub(crate) fn to_der(&self) -> Vec<u8> {
        debug_assert!(self.extensions.is_empty());
        let accuracy = self.accuracy.map(write_accuracy).unwrap_or_default();
        let ordering = if self.ordering {
            write::boolean(true)
        } else {
            Vec::new()
        };
        let nonce = self.nonce.as_ref().map(|nonce| write::tlv(asn1::INTEGER, nonce));
        let tsa = match &self.tsa {
            Some(TsaName::Directory(name)) => write::explicit(0, &write::explicit(4, name.der())),
            Some(TsaName::Other) | None => Vec::new(),
        };
        write::sequence(&[
            &write::unsigned(1),
            &write::oid(&self.policy),
            &self.imprint.to_der(),
            &write::integer(&self.serial),
            &write_gen_time(self.gen_time),
            &accuracy,
            &ordering,
            &nonce.unwrap_or_default(),
            &tsa,
        ])
    }

    /// Whether the token answers a request with this nonce.
    pub(crate) fn has_nonce(&self, nonce: &[u8]) -> bool {
        self.nonce.as_ref().is_some_and(|own| same_number(own, nonce))
    }
}

const WHAT: &str = "time-stamp token";
const INFO: &str = "TSTInfo";

/// Whether a certificate is for time stamping; else why not.
pub(crate) fn check_authority(certificate: &Certificate) -> Result<(), &'static str> {
    match certificate.extended_key_usage() {
        Some(usages) if usages.contains(&oid::TIME_STAMPING) => Ok(()),
        _ => Err("the certificate of the authority has no extended key usage timeStamping"),
    }
}

/// The octets of an INTEGER of bounded length, as received.
pub(crate) fn read_integer(element: Element<'_>, what: &'static str) -> Result<Vec<u8>, Error> {
    let octets = element.integer(what)?;
    if octets.len() > TIMESTAMP_INTEGER_BYTES_MAX {
        return Err(Error::TooLarge {
            what,
            found: octets.len(),
            max: TIMESTAMP_INTEGER_BYTES_MAX,
        });
    }
    Ok(octets.to_vec())
}

fn read_accuracy(mut fields: Reader<'_>) -> Result<Duration, Error> {
    let what = "accuracy";
    let mut accuracy = Duration::ZERO;
    if let Some(element) = fields.optional(asn1::INTEGER, what)? {
        accuracy += Duration::from_secs(element.unsigned(what)?.into());
    }
    for (number, unit) in [(0, Duration::from_millis(1)), (1, Duration::from_micros(1))] {
        if let Some(element) = fields.optional(asn1::primitive(number), what)? {
            // The tag is IMPLICIT, the contents are those of an INTEGER.
            let count = Element {
                tag: asn1::INTEGER,
                ..element
            }
            .unsigned(what)?;
            if count > 999 {
                return Err(Error::Malformed {
                    what,
                    problem: "its parts are not between 1 and 999",
                });
            }
            accuracy += unit * count;
        }
    }
    fields.end(what)?;
    Ok(accuracy)
}

fn write_accuracy(accuracy: Duration) -> Vec<u8> {
    let part = |tag: u8, count: u64| {
        let mut octets = if count == 0 {
            Vec::new()
        } else {
            write::unsigned(count)
        };
        if let Some(first) = octets.first_mut() {
            *first = tag;
        }
        octets
    };
    write::sequence(&[
        &part(asn1::INTEGER, accuracy.as_secs()),
        &part(asn1::primitive(0), u64::from(accuracy.subsec_millis())),
        &part(asn1::primitive(1), u64::from(accuracy.subsec_micros() % 1000)),
    ])
}

fn read_tsa(explicit: Element<'_>) -> Result<TsaName, Error> {
    match GeneralName::read_all(explicit.value)?.as_slice() {
        [GeneralName::Directory(name)] => Ok(TsaName::Directory(name.clone())),
        [GeneralName::Other { .. }] => Ok(TsaName::Other),
        _ => Err(Error::Malformed {
            what: "tsa",
            problem: "it is not one name",
        }),
    }
}

/// GeneralizedTime in UTC, with a fraction without trailing zeros where there is one (RFC 3161 §2.4.2).
fn write_gen_time(at: Timestamp) -> Vec<u8> {
    let fraction = format!("{:09}", at.subsec_nanosecond());
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let text = format!("{}{point}{fraction}Z", at.strftime("%Y%m%d%H%M%S"));
    write::tlv(asn1::GENERALIZED_TIME, text.as_bytes())
}
