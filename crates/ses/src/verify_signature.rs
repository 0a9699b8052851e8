//! What a seal signature proves: every fact on its own (GB/T 38540-2020 7.3).
//!
//! The sealer's path and revocation at the signing time are asked of `pki` by the caller, who knows which time
//! to trust.

use std::fmt;

use const_oid::ObjectIdentifier;
use gm::{Digest, Sm3, sm3};
use jiff::Timestamp;
use pki::{Certificate, TimestampFault, TimestampReport, TimestampToken, verify_token};

use crate::check_value::{Candidate, Covers, SignatureCheck, check_value};
use crate::error::DeviationKind;
use crate::extension::{CriticalExtension, critical};
use crate::seal::{Seal, SealerList};
use crate::signature::SealSignature;
use crate::tbs_digest::{hash_together, tbs_digest};
use crate::verify::{SealContext, SealFacts, check_seal};

/// The protected original: for OFD, Signature.xml.
#[derive(Clone, Copy, Debug)]
pub struct Original<'a> {
    /// SM3 of it.
    pub digest: Digest,
    /// Its bytes, when they are at hand: only needed to name known deviations.
    pub bytes: Option<&'a [u8]>,
}

impl<'a> Original<'a> {
    /// The original with these bytes.
    pub fn of(bytes: &'a [u8]) -> Self {
        Self {
            digest: sm3(bytes),
            bytes: Some(bytes),
        }
    }
}

/// The facts about a seal signature.
#[derive(Debug)]
pub struct SignatureFacts {
    /// The signature over the received bytes of `TBS_Sign`. Says nothing about trust in the sealer.
    pub signature: SignatureCheck,
    /// dataHash against the original; none when no original was given.
    pub data_hash: Option<DataHashCheck>,
    /// Whether the seal lists the sealer.
    pub listed: Listed,
    /// Whether the version numbers belong to the structures and to each other.
    pub versions_agree: bool,
    /// The signing time as the sealer gives it.
    pub time: Option<Timestamp>,
    /// The timestamp over the signature, if there is one that can be read.
    pub timestamp: Option<Result<TimestampReport, pki::Error>>,
    /// Extensions that a reader must know or refuse.
    pub critical_extensions: Vec<CriticalExtension>,
    /// The seal, judged at the time of use that was given.
    pub seal: SealFacts,
    has_unreadable_extension: bool,
}

/// dataHash against the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataHashCheck {
    /// It is SM3 of the original.
    Matches,
    /// It is SM3(Z‖original) with Z of the sealer: the original is unchanged, but not hashed as the standard says.
    MatchesWithZ,
    /// It is neither: the original was changed, or belongs to another signature.
    Differs,
}

/// Whether a seal lists a sealer's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Listed {
    /// By the certificate's bytes.
    Certificate,
    /// By its SM3 digest.
    Digest,
    /// Not at all.
    No {
        /// Another certificate of the same subject is listed: the certificate was renewed, the seal not remade.
        renewed: bool,
    },
}

impl Listed {
    /// Looks for a certificate in a seal's list (GB/T 38540-2020 7.3 c).
    pub fn find(seal: &Seal, sealer_der: &[u8]) -> Self {
        match seal.sealers() {
            SealerList::Certificates(list) if list.iter().any(|listed| listed == sealer_der) => {
                Self::Certificate
            }
            SealerList::Digests(list) => {
                let digest = sm3(sealer_der);
                if list.iter().any(|listed| listed.value == digest.0) {
                    Self::Digest
                } else {
                    Self::No { renewed: false }
                }
            }
            SealerList::Certificates(list) => {
                let sealer = Certificate::read(sealer_der).ok();
                let listed = list.iter().filter_map(|listed| Certificate::read(listed).ok());
                let mut same = listed.filter(|listed| {
                    sealer
                        .as_ref()
                        .is_some_and(|sealer| sealer.subject() == listed.subject())
                });
                Self::No {
                    renewed: same.next().is_some(),
                }
            }
        }
    }

    /// Whether the seal lists it.
    pub fn is_listed(self) -> bool {
        !matches!(self, Self::No { .. })
    }
}

/// What stands against a seal signature, apart from its seal.
#[derive(Clone, Debug)]
pub enum SignatureFault {
    /// dataHash is not as the standard says.
    DataHash(DataHashCheck),
    /// An extension that cannot be read, so that nobody knows whether it is critical.
    ExtensionUnreadable,
    /// A critical extension that is not known.
    ExtensionUnknown(ObjectIdentifier),
    /// A critical extension of a vendor, known not to limit anything.
    ExtensionVendor(CriticalExtension),
    /// The seal does not list the sealer.
    NotListed {
        /// Another certificate of the same subject is listed.
        renewed: bool,
    },
    /// The signature.
    Signature(SignatureCheck),
    /// The signing time cannot be read.
    TimeUnreadable,
    /// The timestamp over the signature.
    Timestamp(TimestampFault),
    /// The timestamp cannot be read.
    TimestampUnreadable(pki::Error),
    /// The version numbers of signature, seal and structure contradict each other.
    VersionMismatch,
}

/// Judges a seal signature and its seal: nothing is concluded, every fact is given.
///
/// `context.at` is the time of use to judge the seal by: the signing time, or what a timestamp proves.
pub fn check_signature(
    signature: &SealSignature,
    original: Option<Original<'_>>,
    context: &SealContext<'_>,
) -> SignatureFacts {
    let timestamp = signature.timestamp().map(|token| {
        let SealContext {
            tsas,
            intermediates,
            paths,
            ..
        } = *context;
        let token = TimestampToken::read(token)?;
        Ok(verify_token(
            &token,
            signature.signature_value(),
            tsas,
            intermediates,
            paths,
        ))
    });
    if let Ok(Ok(key)) = signature.sealer().map(Certificate::public_key) {
        hash_together(key, signature.tbs_bytes(), signature.seal());
    }
    let deviations = signature.deviations();
    SignatureFacts {
        signature: check_tbs(signature, original),
        data_hash: original.map(|original| check_data_hash(signature, original)),
        listed: Listed::find(signature.seal(), signature.sealer_der()),
        versions_agree: signature.versions_agree(),
        time: signature.signing_time(),
        timestamp,
        critical_extensions: critical(&signature.tbs().extensions),
        seal: check_seal(signature.seal(), context),
        has_unreadable_extension: deviations
            .iter()
            .any(|d| d.kind == DeviationKind::ExtensionUnreadable),
    }
}

/// The signature over `TBS_Sign`; when it does not hold there, over what certain vendors sign instead.
fn check_tbs(signature: &SealSignature, original: Option<Original<'_>>) -> SignatureCheck {
    let data_hash = &signature.tbs().data_hash;
    let bytes = original.and_then(|original| original.bytes);
    let candidates: Vec<Candidate<'_>> = vec![
        (
            None,
            Box::new(|key| Some(tbs_digest(key, signature.tbs_bytes(), signature.seal()))),
        ),
        (
            None,
            Box::new(|key| Some(key.message_digest(signature.tbs_in_der()?))),
        ),
        (
            Some(Covers::DataHashAsDigest),
            Box::new(|_| data_hash[..].try_into().ok().map(Digest)),
        ),
        (
            Some(Covers::DataHash),
            Box::new(|key| Some(key.message_digest(data_hash))),
        ),
        (
            Some(Covers::Original),
            Box::new(move |key| Some(key.message_digest(bytes?))),
        ),
        (
            Some(Covers::OriginalDigest),
            Box::new(move |key| Some(key.message_digest(original?.digest.as_bytes()))),
        ),
    ];
    check_value(
        signature.sealer(),
        &signature.algorithm(),
        signature.signature_value(),
        candidates,
    )
}

fn check_data_hash(signature: &SealSignature, original: Original<'_>) -> DataHashCheck {
    let data_hash = &signature.tbs().data_hash;
    if *data_hash == original.digest.0 {
        return DataHashCheck::Matches;
    }
    let key = signature
        .sealer()
        .ok()
        .and_then(|sealer| sealer.public_key().ok());
    let with_z = key.zip(original.bytes).map(|(key, bytes)| {
        let mut hasher = Sm3::new();
        hasher.update(&key.z(gm::DEFAULT_ID).0);
        hasher.update(bytes);
        hasher.finish()
    });
    if with_z.is_some_and(|digest| *data_hash == digest.0) {
        DataHashCheck::MatchesWithZ
    } else {
        DataHashCheck::Differs
    }
}

impl SignatureFacts {
    /// Everything that stands against the signature; the seal has faults of its own.
    pub fn faults(&self) -> Vec<SignatureFault> {
        let mut faults = Vec::new();
        if !self.versions_agree {
            faults.push(SignatureFault::VersionMismatch);
        }
        if !self.signature.is_valid() {
            faults.push(SignatureFault::Signature(self.signature.clone()));
        }
        if let Some(check @ (DataHashCheck::MatchesWithZ | DataHashCheck::Differs)) = self.data_hash {
            faults.push(SignatureFault::DataHash(check));
        }
        if let Listed::No { renewed } = self.listed {
            faults.push(SignatureFault::NotListed { renewed });
        }
        if self.time.is_none() {
            faults.push(SignatureFault::TimeUnreadable);
        }
        match &self.timestamp {
            None => {}
            Some(Err(error)) => faults.push(SignatureFault::TimestampUnreadable(error.clone())),
            Some(Ok(report)) => faults.extend(report.faults().into_iter().map(SignatureFault::Timestamp)),
        }
        for extension in &self.critical_extensions {
            faults.push(match extension.vendor {
                Some(_) => SignatureFault::ExtensionVendor(extension.clone()),
                None => SignatureFault::ExtensionUnknown(extension.oid),
            });
        }
        if self.has_unreadable_extension {
            faults.push(SignatureFault::ExtensionUnreadable);
        }
        faults
    }
}

impl SignatureFault {
    /// A name that never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::DataHash(DataHashCheck::MatchesWithZ) => "DATA_HASH_WITH_Z",
            Self::DataHash(_) => "DATA_HASH_MISMATCH",
            Self::ExtensionUnreadable => "SIGNATURE_EXTENSION_UNREADABLE",
            Self::ExtensionUnknown(_) => "SIGNATURE_EXTENSION_UNKNOWN",
            Self::ExtensionVendor(_) => "SIGNATURE_EXTENSION_VENDOR",
            Self::NotListed { renewed: false } => "SEALER_NOT_LISTED",
            Self::NotListed { renewed: true } => "SEALER_RENEWED",
            Self::Signature(check) => check.code("SIGNATURE_INVALID", "SIGNATURE_NOT_OVER_TBS"),
            Self::TimeUnreadable => "SIGNING_TIME_UNREADABLE",
            Self::Timestamp(fault) => fault.code(),
            Self::TimestampUnreadable(_) => "TIMESTAMP_UNREADABLE",
            Self::VersionMismatch => "VERSION_MISMATCH",
        }
    }
}

impl fmt::Display for SignatureFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DataHash(DataHashCheck::MatchesWithZ) => {
                f.write_str("the original was hashed together with the sealer's key; the standard hashes it alone")
            }
            Self::DataHash(_) => f.write_str("the original is not the one that was signed, or was changed"),
            Self::ExtensionUnreadable => f.write_str("an extension of the signature cannot be read"),
            Self::ExtensionUnknown(oid) => write!(f, "the critical extension {oid} of the signature is unknown"),
            Self::ExtensionVendor(CriticalExtension { oid, vendor }) => {
                write!(f, "the critical extension {oid} is a vendor's own ({})", vendor.unwrap_or_default())
            }
            Self::NotListed { renewed: false } => f.write_str("the seal does not list the sealer's certificate"),
            Self::NotListed { renewed: true } => f.write_str(
                "the seal lists an older certificate of the sealer; after renewal the seal must be made again",
            ),
            Self::Signature(check) => write!(f, "the sealer's signature {check}"),
            Self::TimeUnreadable => f.write_str("the signing time cannot be read"),
            Self::Timestamp(fault) => write!(f, "the timestamp of the signature: {fault}"),
            Self::TimestampUnreadable(error) => write!(f, "the timestamp of the signature cannot be read: {error}"),
            Self::VersionMismatch => {
                f.write_str("the version numbers of signature, seal and structure contradict each other")
            }
        }
    }
}
