//! What a seal proves: every fact on its own, none stops the others (GB/T 38540-2020 6.3, GM/T 0031-2025).

use std::fmt;

use const_oid::ObjectIdentifier;
use jiff::Timestamp;
use pki::{
    Certificate, Crl, OcspResponse, PathCache, PathFault, PathQuery, PathReport, Purpose, Revocation,
    TimestampFault, TimestampReport, TimestampToken, TrustStore, VerifiedPath, revocation_by, validate,
    verify_token,
};

use crate::check_value::SignatureCheck;
use crate::error::DeviationKind;
use crate::extension::{CriticalExtension, critical};
use crate::layout::{Layout, VersionFit};
use crate::picture::PictureFault;
use crate::seal::Seal;

/// What a seal is judged by.
#[derive(Clone, Copy)]
pub struct SealContext<'a> {
    /// Anchors for seal makers.
    pub makers: &'a TrustStore,
    /// Anchors for timestamp authorities.
    pub tsas: &'a TrustStore,
    /// Further certificates to build paths with.
    pub intermediates: &'a [Certificate],
    /// Revocation lists.
    pub crls: &'a [Crl],
    /// OCSP responses, beside the lists.
    pub responses: &'a [OcspResponse],
    /// The time of use: when the document was sealed, or now, before sealing one.
    pub at: Timestamp,
    /// Certificate signatures that were verified before.
    pub paths: &'a PathCache,
}

/// The facts about a seal.
#[derive(Debug)]
pub struct SealFacts {
    /// The seal.
    pub seal: Seal,
    /// The time of use that it was judged by.
    pub at: Timestamp,
    /// The maker's signature. Says nothing about trust in the maker.
    pub maker_signature: SignatureCheck,
    /// The maker's path when the seal was made; none when the certificate or createDate cannot be read.
    pub maker_at_creation: Option<PathReport>,
    /// The maker's path at the time of use; none when the certificate cannot be read.
    pub maker_at_use: Option<PathReport>,
    /// Whether the maker's certificate was revoked; none when its issuer is not known.
    pub maker_revocation: Option<Revocation>,
    /// The time of use against the seal's period.
    pub period: Period,
    /// The timestamp over the maker's signature (GM/T 0031-2025), if there is one that can be read.
    pub timestamp: Option<Result<TimestampReport, pki::Error>>,
    /// Extensions that a reader must know or refuse.
    pub critical_extensions: Vec<CriticalExtension>,
    /// What a person should know about the picture.
    pub picture: Vec<PictureFault>,
    verified: Option<VerifiedSeal>,
}

/// A time against a seal's period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// Within.
    Contains,
    /// After the end.
    Expired,
    /// Before the beginning.
    NotYetValid,
    /// The period ends before it begins.
    Reversed,
    /// A time of the period cannot be read.
    Unreadable,
}

/// When a maker's path was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// When the seal was made: createDate.
    Creation,
    /// When the seal was used.
    Use,
}

/// Proof that a seal was made by a trusted maker and may be used at a time. Only [`check_seal`] makes it.
#[derive(Clone, Debug)]
pub struct VerifiedSeal {
    seal: Seal,
    at: Timestamp,
    maker: VerifiedPath,
}

impl VerifiedSeal {
    /// The seal.
    pub fn seal(&self) -> &Seal {
        &self.seal
    }

    /// The time of use it was verified for.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The maker's path when the seal was made.
    pub fn maker(&self) -> &VerifiedPath {
        &self.maker
    }
}

/// What stands against a seal.
#[derive(Clone, Debug)]
pub enum SealFault {
    /// createDate is later than the time of use.
    CreatedAfterUse,
    /// createDate is later than the timestamp over the maker's signature.
    CreatedAfterTimestamp,
    /// createDate cannot be read.
    CreationUnreadable,
    /// An extension that cannot be read, so that nobody knows whether it is critical.
    ExtensionUnreadable,
    /// A critical extension that is not known.
    ExtensionUnknown(ObjectIdentifier),
    /// A critical extension of a vendor, known not to limit anything.
    ExtensionVendor(CriticalExtension),
    /// The way from the maker to a trusted anchor.
    MakerPath {
        /// When.
        moment: Moment,
        /// What stands against it.
        fault: PathFault,
    },
    /// The maker's certificate was revoked.
    MakerRevoked {
        /// When.
        at: Timestamp,
        /// Whether that was before the seal was made.
        before_creation: bool,
    },
    /// The maker's signature.
    MakerSignature(SignatureCheck),
    /// Nobody is listed who may use the seal.
    NoSealers,
    /// The period of the seal.
    Period(Period),
    /// The picture.
    Picture(PictureFault),
    /// The timestamp over the maker's signature.
    Timestamp(TimestampFault),
    /// The timestamp cannot be read.
    TimestampUnreadable(pki::Error),
    /// The version number does not belong to the structure.
    VersionMismatch,
}

/// Judges a seal: nothing is concluded, every fact is given.
pub fn check_seal(seal: &Seal, context: &SealContext<'_>) -> SealFacts {
    let created = seal.created().timestamp();
    let maker_path = |leaf, at| {
        let SealContext {
            makers: trust,
            intermediates,
            ..
        } = *context;
        validate(
            &PathQuery {
                leaf,
                purpose: Purpose::SealMaker,
                at,
                trust,
                intermediates,
            },
            context.paths,
        )
    };
    let maker = seal.maker().ok();
    let maker_at_creation = maker.zip(created).map(|(leaf, at)| maker_path(leaf, at));
    let maker_at_use = maker.map(|leaf| maker_path(leaf, context.at));
    let issuer = maker_at_use.as_ref().and_then(|report| report.chain.get(1));
    let maker_revocation = maker
        .zip(issuer)
        .map(|(leaf, issuer)| revocation_by(leaf, issuer, context.crls, context.responses, context.at));
    let timestamp = seal.timestamp().map(|token| {
        let SealContext {
            tsas,
            intermediates,
            paths,
            ..
        } = *context;
        let token = TimestampToken::read(token)?;
        Ok(verify_token(
            &token,
            seal.signature_value(),
            tsas,
            intermediates,
            paths,
        ))
    });
    let mut facts = SealFacts {
        seal: seal.clone(),
        at: context.at,
        maker_signature: seal.maker_signature().clone(),
        maker_at_creation,
        maker_at_use,
        maker_revocation,
        period: period(seal, context.at),
        timestamp,
        critical_extensions: critical(seal.extensions()),
        picture: seal.picture().faults(),
        verified: None,
    };
    facts.verified = facts.prove();
    facts
}

fn period(seal: &Seal, at: Timestamp) -> Period {
    match (seal.valid_start().timestamp(), seal.valid_end().timestamp()) {
        (Some(start), Some(end)) if start >= end => Period::Reversed,
        (Some(start), Some(_)) if at < start => Period::NotYetValid,
        (Some(_), Some(end)) if at > end => Period::Expired,
        (Some(_), Some(_)) => Period::Contains,
        _ => Period::Unreadable,
    }
}

impl SealFacts {
    /// The proof that the seal may be used, when nothing stands against that: the strict reading.
    ///
    /// The maker's certificate must have been good when the seal was made and still be good at the time of use;
    /// GM/T 0031-2025 lets a seal of version 5 outlive its maker's certificate.
    pub fn verified(&self) -> Option<&VerifiedSeal> {
        self.verified.as_ref()
    }

    /// Everything that stands against the seal.
    pub fn faults(&self) -> Vec<SealFault> {
        let mut faults = Vec::new();
        if self.seal.layout().fit(self.seal.header().version) == VersionFit::Mismatch {
            faults.push(SealFault::VersionMismatch);
        }
        if !self.maker_signature.is_valid() {
            faults.push(SealFault::MakerSignature(self.maker_signature.clone()));
        }
        self.add_maker_faults(&mut faults);
        self.add_time_faults(&mut faults);
        if self.seal.sealers().is_empty() {
            faults.push(SealFault::NoSealers);
        }
        for extension in &self.critical_extensions {
            faults.push(match extension.vendor {
                Some(_) => SealFault::ExtensionVendor(extension.clone()),
                None => SealFault::ExtensionUnknown(extension.oid),
            });
        }
        if self
            .seal
            .deviations()
            .iter()
            .any(|deviation| deviation.kind == DeviationKind::ExtensionUnreadable)
        {
            faults.push(SealFault::ExtensionUnreadable);
        }
        faults.extend(self.picture.iter().cloned().map(SealFault::Picture));
        faults
    }

    fn add_maker_faults(&self, faults: &mut Vec<SealFault>) {
        for (moment, report) in [
            (Moment::Creation, &self.maker_at_creation),
            (Moment::Use, &self.maker_at_use),
        ] {
            let path = report.iter().flat_map(|report| report.faults.iter().cloned());
            faults.extend(path.map(|fault| SealFault::MakerPath { moment, fault }));
        }
        if let Some(Revocation::Revoked { at, .. }) = self.maker_revocation {
            let before_creation = self
                .seal
                .created()
                .timestamp()
                .is_none_or(|created| at <= created);
            faults.push(SealFault::MakerRevoked { at, before_creation });
        }
    }

    fn add_time_faults(&self, faults: &mut Vec<SealFault>) {
        if self.period != Period::Contains {
            faults.push(SealFault::Period(self.period));
        }
        let created = self.seal.created().timestamp();
        match created {
            None => faults.push(SealFault::CreationUnreadable),
            Some(created) if created > self.at => faults.push(SealFault::CreatedAfterUse),
            Some(_) => {}
        }
        match &self.timestamp {
            None => {}
            Some(Err(error)) => faults.push(SealFault::TimestampUnreadable(error.clone())),
            Some(Ok(report)) => {
                faults.extend(report.faults().into_iter().map(SealFault::Timestamp));
                let stated = report.verified().map(|verified| verified.gen_time());
                if created
                    .zip(stated)
                    .is_some_and(|(created, stated)| created > stated)
                {
                    faults.push(SealFault::CreatedAfterTimestamp);
                }
            }
        }
    }

    fn prove(&self) -> Option<VerifiedSeal> {
        if self.faults().iter().any(|fault| self.forbids_use(fault)) {
            return None;
        }
        let maker = self.maker_at_creation.as_ref()?.path.clone()?;
        Some(VerifiedSeal {
            seal: self.seal.clone(),
            at: self.at,
            maker,
        })
    }

    fn forbids_use(&self, fault: &SealFault) -> bool {
        let outlives_maker = self.seal.layout() == Layout::V5;
        match fault {
            SealFault::ExtensionVendor(_) | SealFault::Picture(PictureFault::TypeMismatch { .. }) => false,
            SealFault::MakerPath {
                moment: Moment::Use,
                fault: PathFault::Expired { .. },
            } => !outlives_maker,
            SealFault::MakerRevoked { before_creation, .. } => *before_creation || !outlives_maker,
            _ => true,
        }
    }
}

impl SealFault {
    /// A name that never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::CreatedAfterUse => "SEAL_CREATED_AFTER_SIGNING",
            Self::CreatedAfterTimestamp => "SEAL_CREATED_AFTER_TIMESTAMP",
            Self::CreationUnreadable => "SEAL_CREATION_UNREADABLE",
            Self::ExtensionUnreadable => "SEAL_EXTENSION_UNREADABLE",
            Self::ExtensionUnknown(_) => "SEAL_EXTENSION_UNKNOWN",
            Self::ExtensionVendor(_) => "SEAL_EXTENSION_VENDOR",
            Self::MakerPath { fault, .. } => fault.code(),
            Self::MakerRevoked {
                before_creation: true,
                ..
            } => "MAKER_REVOKED_BEFORE_CREATION",
            Self::MakerRevoked {
                before_creation: false,
                ..
            } => "MAKER_REVOKED_AFTER_CREATION",
            Self::MakerSignature(check) => check.code("SEAL_SIGNATURE_INVALID", "SEAL_SIGNATURE_OTHER_RANGE"),
            Self::NoSealers => "SEALER_LIST_EMPTY",
            Self::Period(Period::Expired) => "SEAL_EXPIRED",
            Self::Period(Period::NotYetValid) => "SEAL_NOT_YET_VALID",
            Self::Period(_) => "SEAL_PERIOD_INVALID",
            Self::Picture(fault) => fault.code(),
            Self::Timestamp(fault) => fault.code(),
            Self::TimestampUnreadable(_) => "TIMESTAMP_UNREADABLE",
            Self::VersionMismatch => "VERSION_MISMATCH",
        }
    }
}

impl fmt::Display for SealFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreatedAfterUse => f.write_str("the seal was used before it was made"),
            Self::CreatedAfterTimestamp => f.write_str("the seal was time-stamped before it was made"),
            Self::CreationUnreadable => f.write_str("the date at which the seal was made cannot be read"),
            Self::ExtensionUnreadable => f.write_str("an extension of the seal cannot be read"),
            Self::ExtensionUnknown(oid) => write!(f, "the critical extension {oid} of the seal is unknown"),
            Self::ExtensionVendor(CriticalExtension { oid, vendor }) => {
                write!(
                    f,
                    "the critical extension {oid} is a vendor's own ({})",
                    vendor.unwrap_or_default()
                )
            }
            Self::MakerPath {
                moment: Moment::Creation,
                fault,
            } => {
                write!(f, "the maker's certificate, when the seal was made: {fault}")
            }
            Self::MakerPath {
                moment: Moment::Use,
                fault,
            } => {
                write!(f, "the maker's certificate, when the seal was used: {fault}")
            }
            Self::MakerRevoked { at, .. } => write!(f, "the maker's certificate was revoked at {at}"),
            Self::MakerSignature(check) => write!(f, "the maker's signature {check}"),
            Self::NoSealers => f.write_str("the seal lists nobody who may use it"),
            Self::Period(Period::Expired) => f.write_str("the seal had expired"),
            Self::Period(Period::NotYetValid) => f.write_str("the seal was not yet valid"),
            Self::Period(_) => f.write_str("the seal's period cannot be read, or ends before it begins"),
            Self::Picture(fault) => fault.fmt(f),
            Self::Timestamp(fault) => write!(f, "the timestamp of the seal: {fault}"),
            Self::TimestampUnreadable(error) => {
                write!(f, "the timestamp of the seal cannot be read: {error}")
            }
            Self::VersionMismatch => {
                f.write_str("the seal's version number does not belong to its structure")
            }
        }
    }
}
