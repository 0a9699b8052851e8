//! Certificate revocation lists (GB/T 20518-2018 §5.3, RFC 5280 §5): full lists of the issuing CA.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use const_oid::ObjectIdentifier;
use gm::{BadSignature, PublicKey, Signature, SignatureEncoding, Verifier as _};
use jiff::Timestamp;

use crate::asn1::{self, Element, Reader};
use crate::certificate::{definite_form, note_time, read_algorithm, read_signature};
use crate::extension::{Extension, GeneralName, Known, read_distribution_point_name};
use crate::{Algorithm, Deviation, Error, Name, oid, read_pem};

/// Largest list that is read, in bytes. The largest public ones take some ten millions.
pub const CRL_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Most entries that are read of a list.
pub const CRL_ENTRIES_MAX: usize = 4_000_000;

/// A revocation list as received; [`revocation`](crate::revocation) checks it and asks it.
///
/// ```text
/// CertificateList ::= SEQUENCE {
///     tbsCertList          TBSCertList,
///     signatureAlgorithm   AlgorithmIdentifier,
///     signatureValue       BIT STRING }
/// TBSCertList ::= SEQUENCE {
///     version              Version OPTIONAL,
///     signature            AlgorithmIdentifier,
///     issuer               Name,
///     thisUpdate           Time,
///     nextUpdate           Time OPTIONAL,
///     revokedCertificates  SEQUENCE OF SEQUENCE {
///         userCertificate      CertificateSerialNumber,
///         revocationDate       Time,
///         crlEntryExtensions   Extensions OPTIONAL } OPTIONAL,
///     crlExtensions   [0]  EXPLICIT Extensions OPTIONAL }
/// ```
///
/// Cheap to clone. Takes its bytes and 24 bytes for each entry.
#[derive(Clone)]
pub struct Crl(Arc<Inner>);

struct Inner {
    /// In definite form.
    der: Vec<u8>,
    tbs: Range<usize>,
    algorithm: Algorithm,
    signature: Result<(Signature, SignatureEncoding), BadSignature>,
    issuer: Name,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    /// Sorted by serial number.
    entries: Vec<PackedEntry>,
    extensions: Vec<Extension>,
    authority_key_identifier: Option<Vec<u8>>,
    scope: Scope,
    deviations: Vec<Deviation>,
    /// The key under which the signature was found good: a list is asked often.
    verified_with: OnceLock<PublicKey>,
}

/// An entry, as small as can be: there may be millions.
#[derive(Clone, Copy)]
struct PackedEntry {
    /// Seconds since 1970.
    at: i64,
    /// Where the serial number without leading zeros begins in `der`.
    serial_start: u32,
    serial_bytes: u16,
    /// [`NO_REASON`] when absent.
    reason: u8,
}

const NO_REASON: u8 = u8::MAX;

/// One revoked certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrlEntry<'a> {
    /// The magnitude of the serial number, big-endian, without leading zeros.
    pub serial: &'a [u8],
    /// When the CA revoked it, to the second.
    pub at: Timestamp,
    /// The reason (RFC 5280 §5.3.1): 0 unspecified, 1 keyCompromise, 2 cACompromise, 3 affiliationChanged,
    /// 4 superseded, 5 cessationOfOperation, 6 certificateHold, 8 removeFromCRL, 9 privilegeWithdrawn,
    /// 10 aACompromise.
    pub reason: Option<u8>,
}

/// For which certificates a list speaks.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// Only a difference to another list (RFC 5280 §5.2.4).
    pub(crate) delta: bool,
    /// May list certificates of other issuers (RFC 5280 §5.2.5).
    pub(crate) indirect: bool,
    pub(crate) only_user_certificates: bool,
    pub(crate) only_ca_certificates: bool,
    pub(crate) only_attribute_certificates: bool,
    pub(crate) only_some_reasons: bool,
    /// Only certificates with one of these distribution points.
    pub(crate) points: Option<Vec<GeneralName>>,
    /// A critical extension of the list or of an entry that is not understood.
    pub(crate) unknown_critical: Option<ObjectIdentifier>,
}

impl Crl {
    /// Reads one list of at most 128 MiB in DER, BER or PEM.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let what = "revocation list";
        if bytes.is_empty() {
            return Err(Error::Empty { what });
        }
        if bytes.len() > CRL_BYTES_MAX {
            return Err(Error::TooLarge {
                what: "revocation list (bytes)",
                found: bytes.len(),
                max: CRL_BYTES_MAX,
            });
        }
        if bytes[0] == asn1::SEQUENCE {
            return Self::read_der(bytes.to_vec());
        }
        let block = read_pem(bytes)?
            .into_iter()
            .find(|block| block.label.ends_with("CRL"));
        let block = block.ok_or(Error::WrongKind {
            expected: "a revocation list in DER or PEM",
            found: "something else",
        })?;
        Self::read_der(block.der)
    }

    fn read_der(received: Vec<u8>) -> Result<Self, Error> {
        let (rewritten, mut deviations) = definite_form(&received, "revocation list")?;
        let der = rewritten.unwrap_or(received);
        let mut inner = read_list(&der, &mut deviations)?;
        inner.der = der;
        inner.deviations = deviations;
        inner.sort();
        Ok(Self(Arc::new(inner)))
    }

    /// The bytes; rewritten with definite lengths where they were received in BER.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// Who issued it.
    pub fn issuer(&self) -> &Name {
        &self.0.issuer
    }

    /// When it was issued.
    pub fn this_update(&self) -> Timestamp {
        self.0.this_update
    }

    /// When the next one was to be issued at the latest.
    pub fn next_update(&self) -> Option<Timestamp> {
        self.0.next_update
    }

    /// The algorithm of its signature.
    pub fn signature_algorithm(&self) -> Algorithm {
        self.0.algorithm
    }

    /// Its own extensions, in their order.
    pub fn extensions(&self) -> &[Extension] {
        &self.0.extensions
    }

    /// The key identifier of the issuer's key (authorityKeyIdentifier).
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.0.authority_key_identifier.as_deref()
    }

    /// What deviates from the standards and was tolerated.
    pub fn deviations(&self) -> &[Deviation] {
        &self.0.deviations
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.0.entries.is_empty()
    }

    /// All entries, sorted by serial number.
    pub fn entries(&self) -> impl Iterator<Item = CrlEntry<'_>> {
        self.0.entries.iter().map(|entry| self.0.unpack(*entry))
    }

    /// The entries of a certificate, by the magnitude of its serial number; normally one or none.
    pub fn find(&self, serial: &[u8]) -> impl Iterator<Item = CrlEntry<'_>> {
        let inner = &self.0;
        let key = order(asn1::strip_zeros(serial));
        let start = inner
            .entries
            .partition_point(|entry| order(inner.serial(*entry)) < key);
        let found = inner.entries[start..].iter();
        found
            .take_while(move |entry| order(inner.serial(**entry)) == key)
            .map(|entry| inner.unpack(*entry))
    }

    /// Checks the issuer's signature over the received TBSCertList. A good answer is remembered.
    pub fn verify_issued_by(&self, issuer_key: &PublicKey) -> Result<(), BadSignature> {
        let inner = &self.0;
        if inner.verified_with.get() == Some(issuer_key) {
            return Ok(());
        }
        let (signature, _) = inner.signature?;
        issuer_key.verify(&inner.der[inner.tbs.clone()], &signature)?;
        // Another thread may have been first, with the same key.
        let _ = inner.verified_with.set(issuer_key.clone());
        Ok(())
    }

    pub(crate) fn scope(&self) -> &Scope {
        &self.0.scope
    }
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Crl({}, {}, {} entries)",
            self.issuer(),
            self.this_update(),
            self.len()
        )
    }
}

impl Inner {
    fn sort(&mut self) {
        let der = &self.der;
        self.entries
            .sort_unstable_by(|a, b| order(serial_in(der, *a)).cmp(&order(serial_in(der, *b))));
    }

    fn serial(&self, entry: PackedEntry) -> &[u8] {
        serial_in(&self.der, entry)
    }

    fn unpack(&self, entry: PackedEntry) -> CrlEntry<'_> {
        CrlEntry {
            serial: self.serial(entry),
            at: Timestamp::from_second(entry.at).unwrap_or(Timestamp::MAX),
            reason: (entry.reason != NO_REASON).then_some(entry.reason),
        }
    }
}

fn serial_in(der: &[u8], entry: PackedEntry) -> &[u8] {
    let start = entry.serial_start as usize;
    &der[start..start + usize::from(entry.serial_bytes)]
}

/// Orders magnitudes without leading zeros as numbers.
fn order(serial: &[u8]) -> (usize, &[u8]) {
    (serial.len(), serial)
}

/// Everything but `der` and `deviations`, which the caller holds.
fn read_list(bytes: &[u8], deviations: &mut Vec<Deviation>) -> Result<Inner, Error> {
    let outer = asn1::read_single(bytes, asn1::SEQUENCE, "revocation list")?;
    let mut parts = outer.children();
    let tbs = parts.expect(asn1::SEQUENCE, "TBSCertList")?;
    let outer_algorithm = parts.expect(asn1::SEQUENCE, "signatureAlgorithm")?;
    let signature = parts
        .expect(asn1::BIT_STRING, "signatureValue")?
        .bit_bytes("signatureValue")?;
    parts.end("revocation list")?;

    let mut parts = tbs.children();
    parts.optional(asn1::INTEGER, "version")?;
    let algorithm = read_algorithm(parts.next("signature")?, outer_algorithm, deviations)?;
    let issuer = Name::from_element(&parts.next("issuer")?)?;
    let this_update = note_time(parts.next("thisUpdate")?, deviations)?;
    let next_update = match parts.peek() {
        Some(asn1::UTC_TIME | asn1::GENERALIZED_TIME) => {
            Some(note_time(parts.next("nextUpdate")?, deviations)?)
        }
        _ => None,
    };
    let mut scope = Scope::default();
    let start = bytes.len() - outer.value.len();
    let tbs_range = start..start + tbs.raw.len();
    let entries = match parts.optional(asn1::SEQUENCE, "revokedCertificates")? {
        Some(list) => {
            let list_end = tbs_range.end - parts.rest().len();
            read_entries(list, list_end, &mut scope, deviations)?
        }
        None => Vec::new(),
    };
    let extensions = match parts.optional(asn1::constructed(0), "crlExtensions")? {
        Some(wrapper) => {
            let list = asn1::read_single(wrapper.value, asn1::SEQUENCE, "crlExtensions")?;
            Extension::read_all(list, deviations)?
        }
        None => Vec::new(),
    };
    parts.end("TBSCertList")?;
    scope.read(&extensions)?;

    Ok(Inner {
        der: Vec::new(),
        tbs: tbs_range,
        algorithm,
        signature: read_signature(signature, algorithm, deviations),
        issuer,
        this_update,
        next_update,
        entries,
        authority_key_identifier: Known::read(&extensions, deviations).authority_key_identifier,
        extensions,
        scope,
        deviations: Vec::new(),
        verified_with: OnceLock::new(),
    })
}

/// The entries of `list`, which ends at offset `list_end` of the whole.
fn read_entries(
    list: Element<'_>,
    list_end: usize,
    scope: &mut Scope,
    deviations: &mut Vec<Deviation>,
) -> Result<Vec<PackedEntry>, Error> {
    let what = "entry of a revocation list";
    let mut items = list.children();
    let mut entries = Vec::new();
    while !items.is_empty() {
        if entries.len() == CRL_ENTRIES_MAX {
            let found = CRL_ENTRIES_MAX + 1;
            return Err(Error::TooLarge {
                what: "revocation list (entries)",
                found,
                max: CRL_ENTRIES_MAX,
            });
        }
        let mut parts = items.expect(asn1::SEQUENCE, what)?.children();
        let serial = asn1::strip_zeros(parts.next(what)?.integer("serialNumber")?);
        let serial_start = list_end - items.rest().len() - parts.rest().len() - serial.len();
        let at = note_time(parts.next(what)?, deviations)?;
        let reason = read_entry_extensions(&mut parts, scope)?;
        parts.end(what)?;
        let too_long = Error::Malformed {
            what,
            problem: "a serial number of more than 65535 bytes",
        };
        entries.push(PackedEntry {
            at: at.as_second(),
            // Fits: the whole is not longer than CRL_BYTES_MAX.
            serial_start: serial_start as u32,
            serial_bytes: u16::try_from(serial.len()).map_err(|_| too_long)?,
            reason: reason.unwrap_or(NO_REASON),
        });
    }
    Ok(entries)
}

/// The reason of an entry; critical extensions that are not understood are noted in `scope`.
fn read_entry_extensions(parts: &mut Reader<'_>, scope: &mut Scope) -> Result<Option<u8>, Error> {
    let what = "extension of an entry of a revocation list";
    let Some(list) = parts.optional(asn1::SEQUENCE, what)? else {
        return Ok(None);
    };
    let mut reason = None;
    let mut items = list.children();
    while !items.is_empty() {
        let mut parts = items.expect(asn1::SEQUENCE, what)?.children();
        let kind = parts.next(what)?.oid(what)?;
        let critical = match parts.optional(asn1::BOOLEAN, what)? {
            Some(flag) => flag.boolean(what)?,
            None => false,
        };
        let value = parts.next(what)?.octets(what)?;
        match kind {
            oid::CRL_REASON => {
                let code = asn1::read_single(value, asn1::ENUMERATED, what)?.value;
                reason = Some(*code.last().unwrap_or(&0));
            }
            oid::CERTIFICATE_ISSUER => scope.indirect = true,
            oid::INVALIDITY_DATE | oid::HOLD_INSTRUCTION => {}
            other if critical => scope.unknown_critical = Some(other),
            _ => {}
        }
    }
    Ok(reason)
}

impl Scope {
    fn read(&mut self, extensions: &[Extension]) -> Result<(), Error> {
        for extension in extensions {
            match extension.oid {
                oid::DELTA_CRL_INDICATOR => self.delta = true,
                oid::ISSUING_DISTRIBUTION_POINT => self.read_distribution_point(&extension.value)?,
                oid::CRL_NUMBER | oid::AUTHORITY_KEY_IDENTIFIER => {}
                other if extension.critical => self.unknown_critical = Some(other),
                _ => {}
            }
        }
        Ok(())
    }

    /// ```text
    /// IssuingDistributionPoint ::= SEQUENCE {
    ///     distributionPoint          [0] DistributionPointName OPTIONAL,
    ///     onlyContainsUserCerts      [1] BOOLEAN DEFAULT FALSE,
    ///     onlyContainsCACerts        [2] BOOLEAN DEFAULT FALSE,
    ///     onlySomeReasons            [3] ReasonFlags OPTIONAL,
    ///     indirectCRL                [4] BOOLEAN DEFAULT FALSE,
    ///     onlyContainsAttributeCerts [5] BOOLEAN DEFAULT FALSE }
    /// ```
    fn read_distribution_point(&mut self, value: &[u8]) -> Result<(), Error> {
        let what = "issuingDistributionPoint";
        let mut parts = asn1::read_single(value, asn1::SEQUENCE, what)?.children();
        while !parts.is_empty() {
            let part = parts.next(what)?;
            let set = part.value.iter().any(|byte| *byte != 0);
            match part.tag {
                tag if tag == asn1::constructed(0) => {
                    self.points = Some(read_distribution_point_name(part.value)?);
                }
                tag if tag == asn1::primitive(1) => self.only_user_certificates = set,
                tag if tag == asn1::primitive(2) => self.only_ca_certificates = set,
                tag if tag == asn1::primitive(3) => self.only_some_reasons = true,
                tag if tag == asn1::primitive(4) => self.indirect |= set,
                tag if tag == asn1::primitive(5) => self.only_attribute_certificates = set,
                _ => {
                    return Err(Error::Malformed {
                        what,
                        problem: "it has a part that does not belong there",
                    });
                }
            }
        }
        Ok(())
    }
}
