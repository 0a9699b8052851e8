//! The seal record (印章档案): what was made, in which state it is, who keeps it.
//!
//! Life: made → filed → active ⇄ suspended → expired or cancelled.
//! Renewing and replacing a device add an edition (a new certificate and key, the same picture) to the record.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest32;
use crate::filing::{FilingBody, FilingOccasion};
use crate::id::{ApplicationId, AuthorityId, DeviceId, FilingId, PersonId, SealId, UnitId};

mod custody;
mod ending;
mod fold;
mod kind;
mod making;
mod rules;

pub use fold::apply;
pub use kind::{SealClass, SealKind};
pub(crate) use making::renewable;
pub use making::{CertificateFacts, Comparison, NameMatch, NewEdition, Verdict};
pub use rules::{SealFacts, decide};

/// A seal and everything that is kept about it for ever (R41).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealRecord {
    /// Its identifier here; the seal code inside the seal's data stands in the edition.
    pub id: SealId,
    /// The authority that made it.
    pub authority: AuthorityId,
    /// The kind of seal.
    pub kind: SealKind,
    /// Whose it is.
    pub owner: Owner,
    /// The name of the seal, as in its data.
    pub name: String,
    /// The registered impression.
    pub impression: Impression,
    /// The application by which it was made.
    pub application: ApplicationId,
    /// The seal that it succeeds after a change, if any (R61).
    pub replaces: Option<SealId>,
    /// What was made, oldest first; never empty. The last one is in use.
    pub editions: Vec<Edition>,
    /// In which state it is.
    pub status: SealStatus,
    /// Who keeps it; none until it was collected.
    pub custodian: Option<PersonId>,
    /// To whom it is being handed over.
    pub offered_to: Option<PersonId>,
    /// The filings that were accepted.
    pub filings: Vec<Filed>,
    /// Age of the protection password.
    pub pin: Pin,
    /// The change application at the end of which it is cancelled, when that was put off (Q4).
    pub change: Option<ApplicationId>,
    /// When it was made.
    pub made_at: Timestamp,
    /// How it ended, or why it is suspended.
    pub standing: Option<Standing>,
}

impl SealRecord {
    /// The edition in use.
    pub fn edition(&self) -> Option<&Edition> {
        self.editions.last()
    }

    /// Whether it may be used to seal at that time: active, and within its period.
    pub fn usable(&self, at: Timestamp) -> bool {
        let within = |edition: &Edition| edition.not_before <= at && at < edition.not_after;
        self.status == SealStatus::Active && self.edition().is_some_and(within)
    }

    /// Whether it counts against "at most one legal-name seal" and "impressions differ" (R27, R28, Q5): every
    /// state that is not an end, unless its cancellation only waits for its successor (Q4).
    pub fn holds_place(&self) -> bool {
        !self.status.is_end() && self.change.is_none()
    }
}

/// In which state a seal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SealStatus {
    /// Made; the 24 hours for filing run.
    Made,
    /// Filed with every body that must know; not yet collected.
    Filed,
    /// Collected by its custodian, in force.
    Active,
    /// Not in force until resumed (挂失、停用).
    Suspended,
    /// Its period is over. Only a late renewal, where the profile allows one, leads out.
    Expired,
    /// Cancelled, for ever.
    Cancelled,
}

impl SealStatus {
    /// All states.
    pub const ALL: [SealStatus; 6] = [
        SealStatus::Made,
        SealStatus::Filed,
        SealStatus::Active,
        SealStatus::Suspended,
        SealStatus::Expired,
        SealStatus::Cancelled,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            SealStatus::Made => "made",
            SealStatus::Filed => "filed",
            SealStatus::Active => "active",
            SealStatus::Suspended => "suspended",
            SealStatus::Expired => "expired",
            SealStatus::Cancelled => "cancelled",
        }
    }

    /// Expired or cancelled.
    pub fn is_end(self) -> bool {
        matches!(self, SealStatus::Expired | SealStatus::Cancelled)
    }
}

/// Whose a seal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Owner {
    /// A unit's: official and business seals.
    Unit {
        /// The unit.
        unit: UnitId,
    },
    /// A position seal: held by a person for a unit.
    Position {
        /// The unit.
        unit: UnitId,
        /// Who holds the position.
        holder: PersonId,
    },
    /// A person's own name seal.
    Person {
        /// Whose.
        holder: PersonId,
    },
}

impl Owner {
    /// The unit, if a unit is concerned.
    pub fn unit(&self) -> Option<UnitId> {
        match self {
            Owner::Unit { unit } | Owner::Position { unit, .. } => Some(*unit),
            Owner::Person { .. } => None,
        }
    }

    /// The holder of a position or personal seal.
    pub fn holder(&self) -> Option<PersonId> {
        match self {
            Owner::Unit { .. } => None,
            Owner::Position { holder, .. } | Owner::Person { holder } => Some(*holder),
        }
    }
}

/// An impression as registered: the digest of its image file, and its code with public security, if it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impression {
    /// SM3 over the bytes of the image.
    pub digest: Digest32,
    /// 印章编码 of the filed physical seal.
    pub code: Option<String>,
    /// Where it came from (R33).
    pub source: ImpressionSource,
}

/// Where an impression came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImpressionSource {
    /// Fetched from the public-security system of the seal-engraving trade.
    PublicSecurity,
    /// Handed in by the applicant, because it could not be fetched.
    Applicant,
    /// Drawn here, for seals whose style is free (R36).
    Drawn,
}

/// One making of a seal: certificate, key and picture (R1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// From 1.
    pub number: u32,
    /// The seal code (esID) in its data.
    pub seal_code: String,
    /// SM3 over the DER of the seal's data.
    pub seal_data: Digest32,
    /// SM3 over the DER of the certificate.
    pub certificate: Digest32,
    /// Where the key is.
    pub device: Device,
    /// First instant of seal and certificate (R32).
    pub not_before: Timestamp,
    /// First instant no longer.
    pub not_after: Timestamp,
    /// When it was made.
    pub made_at: Timestamp,
}

/// A device that keeps the key of a seal (R38).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its identifier in the inventory.
    pub id: DeviceId,
    /// What sort of device.
    pub kind: DeviceKind,
    /// The maker's serial number.
    pub serial: String,
}

/// Sorts of devices that the measures name (WH §13, XA §32).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// 智能密码钥匙 (UKey).
    SmartKey,
    /// 移动终端安全模块.
    MobileModule,
    /// 电子印章服务器.
    SealServer,
    /// 服务器密码机.
    CryptographicMachine,
    /// 签名验签服务器.
    SignServer,
}

/// What became of the device that was replaced (R47, R48, R65).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OldDevice {
    /// Handed back when the new one was collected.
    Returned,
    /// Lost or stolen: it cannot be handed back.
    Lost,
    /// Nothing to hand back: the key was on a server.
    None,
}

/// An accepted filing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filed {
    /// Which filing.
    pub filing: FilingId,
    /// With whom.
    pub body: FilingBody,
    /// Of what.
    pub occasion: FilingOccasion,
    /// When it was accepted.
    pub at: Timestamp,
}

/// Age of the protection password; the password itself is known to nobody here (R45).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// When it was last set.
    pub changed_at: Timestamp,
    /// Set by somebody else than the custodian, who must change it before using the seal.
    pub must_change: bool,
}

/// Why a seal is suspended, or how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Since when.
    pub at: Timestamp,
    /// Why; none when its period was over.
    pub reason: Option<Reason>,
    /// The application behind it; none where a report or a decision of the authority suffices.
    pub application: Option<ApplicationId>,
    /// Number of the authority's decision, when it acted ex officio.
    pub decision: Option<String>,
}

/// Why a seal is changed, suspended, cancelled or put on another device (R62, R63, R65; Q9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// 单位合并、撤销、注销、破产、分立.
    UnitEnded,
    /// 单位变更.
    UnitChanged,
    /// 单位名称变更.
    UnitNameChanged,
    /// 法定代表人、经营者变更.
    RepresentativeChanged,
    /// 个人姓名变更.
    HolderNameChanged,
    /// 持有人不再任职.
    HolderLeft,
    /// 实物印章停用.
    PhysicalSealEnded,
    /// 实物印章变更.
    PhysicalSealChanged,
    /// 实物印章损坏.
    PhysicalSealDamaged,
    /// 电子印章停用.
    SealNoLongerUsed,
    /// 电子印章损坏.
    SealDamaged,
    /// 密钥泄露.
    KeyLeaked,
    /// 载体损坏、老化、故障.
    DeviceDamaged,
    /// 载体被盗.
    DeviceStolen,
    /// 载体遗失.
    DeviceLost,
    /// 违规使用.
    Misuse,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Reason; 16] = [
        Reason::UnitEnded,
        Reason::UnitChanged,
        Reason::UnitNameChanged,
        Reason::RepresentativeChanged,
        Reason::HolderNameChanged,
        Reason::HolderLeft,
        Reason::PhysicalSealEnded,
        Reason::PhysicalSealChanged,
        Reason::PhysicalSealDamaged,
        Reason::SealNoLongerUsed,
        Reason::SealDamaged,
        Reason::KeyLeaked,
        Reason::DeviceDamaged,
        Reason::DeviceStolen,
        Reason::DeviceLost,
        Reason::Misuse,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Reason::UnitEnded => "unit_ended",
            Reason::UnitChanged => "unit_changed",
            Reason::UnitNameChanged => "unit_name_changed",
            Reason::RepresentativeChanged => "representative_changed",
            Reason::HolderNameChanged => "holder_name_changed",
            Reason::HolderLeft => "holder_left",
            Reason::PhysicalSealEnded => "physical_seal_ended",
            Reason::PhysicalSealChanged => "physical_seal_changed",
            Reason::PhysicalSealDamaged => "physical_seal_damaged",
            Reason::SealNoLongerUsed => "seal_no_longer_used",
            Reason::SealDamaged => "seal_damaged",
            Reason::KeyLeaked => "key_leaked",
            Reason::DeviceDamaged => "device_damaged",
            Reason::DeviceStolen => "device_stolen",
            Reason::DeviceLost => "device_lost",
            Reason::Misuse => "misuse",
        }
    }
}

/// What can be asked of a seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SealCommand {
    /// Record that the seal was made after an approved application.
    Make {
        /// Its identifier.
        id: SealId,
        /// The approved application to make.
        application: ApplicationId,
        /// Certificate, key, picture, period.
        edition: NewEdition,
        /// How the impression was compared with the registered one; none where no impression is registered.
        comparison: Option<Comparison>,
        /// Whether the name of the impression and of the certificate agree.
        names: NameMatch,
        /// Who is to collect and keep it.
        custodian: PersonId,
    },
    /// A filing was accepted.
    RecordFiling {
        /// Which filing.
        filing: FilingId,
        /// With whom.
        body: FilingBody,
        /// Of what.
        occasion: FilingOccasion,
    },
    /// The custodian collects it and sets the protection password: it is in force from now on.
    Activate {
        /// What became of the device of the seal that this one replaces; asked where the profile wants it back.
        old_device: OldDevice,
    },
    /// Out of force for a while: after an application, or at once on a report of loss (挂失, Q12).
    Suspend {
        /// Why.
        reason: Reason,
        /// The approved application, if there is one.
        application: Option<ApplicationId>,
    },
    /// In force again after an approved application.
    Resume {
        /// That application.
        application: ApplicationId,
    },
    /// A new edition for the next period, after an approved application; the picture stays.
    Renew {
        /// That application.
        application: ApplicationId,
        /// Certificate, key, picture, period.
        edition: NewEdition,
    },
    /// A new edition on another device, after an approved application; the picture stays.
    ReplaceDevice {
        /// That application.
        application: ApplicationId,
        /// Certificate, key, picture, period.
        edition: NewEdition,
        /// What became of the old device.
        old_device: OldDevice,
    },
    /// Put off the cancellation of a change until its successor is in force (Q4).
    ScheduleCancellation {
        /// The approved change application.
        application: ApplicationId,
    },
    /// Cancelled for ever, after an approved application to cancel or to change it.
    Cancel {
        /// That application.
        application: ApplicationId,
    },
    /// Cancelled by decision of the authority, because the owner does not apply (国办发〔2025〕33号 §18).
    CancelExOfficio {
        /// Why.
        reason: Reason,
        /// Number of the decision.
        decision: String,
    },
    /// Its period is over.
    Expire,
    /// Offer custody to somebody else (R43, R44).
    HandOver {
        /// To whom.
        to: PersonId,
    },
    /// Take the custody that was offered.
    AcceptCustody,
    /// The custodian set another protection password.
    ChangePin,
    /// The service agency set a new one, after an approved application (R46).
    ResetPin {
        /// That application.
        application: ApplicationId,
    },
}

/// What happened to a seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "events are made, stored and folded one by one"
)]
pub enum SealEvent {
    /// Made.
    Made {
        /// Effective from.
        at: Timestamp,
        /// Its identifier.
        id: SealId,
        /// The authority that made it.
        authority: AuthorityId,
        /// The kind of seal.
        kind: SealKind,
        /// Whose it is.
        owner: Owner,
        /// Name of the seal.
        name: String,
        /// The registered impression.
        impression: Impression,
        /// The application.
        application: ApplicationId,
        /// The seal that it succeeds.
        replaces: Option<SealId>,
        /// What was made.
        edition: Edition,
        /// How the impression was compared.
        comparison: Option<Comparison>,
        /// How the names agree.
        names: NameMatch,
        /// Who is to collect it.
        custodian: PersonId,
        /// Who made it.
        by: PersonId,
    },
    /// A filing was accepted.
    FilingRecorded {
        /// Effective from.
        at: Timestamp,
        /// Which filing.
        filing: FilingId,
        /// With whom.
        body: FilingBody,
        /// Of what.
        occasion: FilingOccasion,
    },
    /// Every body that must know of the making has accepted the filing.
    Filed {
        /// Effective from.
        at: Timestamp,
    },
    /// Collected and in force.
    Activated {
        /// Effective from.
        at: Timestamp,
        /// The custodian who collected it.
        custodian: PersonId,
        /// What became of the device of the seal that it replaces.
        old_device: OldDevice,
    },
    /// Out of force.
    Suspended {
        /// Effective from.
        at: Timestamp,
        /// Why.
        reason: Reason,
        /// The application, if there was one.
        application: Option<ApplicationId>,
        /// Who reported or carried it out.
        by: PersonId,
    },
    /// In force again.
    Resumed {
        /// Effective from.
        at: Timestamp,
        /// The application.
        application: ApplicationId,
    },
    /// Renewed.
    Renewed {
        /// Effective from.
        at: Timestamp,
        /// The application.
        application: ApplicationId,
        /// What was made.
        edition: Edition,
    },
    /// On another device.
    DeviceReplaced {
        /// Effective from.
        at: Timestamp,
        /// The application.
        application: ApplicationId,
        /// What was made.
        edition: Edition,
        /// What became of the old device.
        old_device: OldDevice,
    },
    /// To be cancelled when its successor is in force.
    CancellationScheduled {
        /// Effective from.
        at: Timestamp,
        /// The change application.
        application: ApplicationId,
    },
    /// Cancelled.
    Cancelled {
        /// Effective from.
        at: Timestamp,
        /// Why.
        reason: Reason,
        /// The application; none when the authority acted ex officio.
        application: Option<ApplicationId>,
        /// Number of the authority's decision, when it acted ex officio.
        decision: Option<String>,
    },
    /// Its period was over.
    Expired {
        /// Effective from.
        at: Timestamp,
    },
    /// Custody was offered.
    HandOverOffered {
        /// Effective from.
        at: Timestamp,
        /// By whom.
        by: PersonId,
        /// To whom.
        to: PersonId,
    },
    /// Custody was taken.
    CustodyAccepted {
        /// Effective from.
        at: Timestamp,
        /// The custodian until now.
        from: Option<PersonId>,
        /// The custodian from now on.
        to: PersonId,
    },
    /// The custodian set another protection password.
    PinChanged {
        /// Effective from.
        at: Timestamp,
    },
    /// The service agency set a new one.
    PinReset {
        /// Effective from.
        at: Timestamp,
        /// The application.
        application: ApplicationId,
    },
}

names!(SealCommand: Make "make", RecordFiling "record_filing", Activate "activate", Suspend "suspend",
    Resume "resume", Renew "renew", ReplaceDevice "replace_device", ScheduleCancellation "schedule_cancellation",
    Cancel "cancel", CancelExOfficio "cancel_ex_officio", Expire "expire", HandOver "hand_over",
    AcceptCustody "accept_custody", ChangePin "change_pin", ResetPin "reset_pin");
names!(SealEvent: Made "made", FilingRecorded "filing_recorded", Filed "filed", Activated "activated",
    Suspended "suspended", Resumed "resumed", Renewed "renewed", DeviceReplaced "device_replaced",
    CancellationScheduled "cancellation_scheduled", Cancelled "cancelled", Expired "expired",
    HandOverOffered "hand_over_offered", CustodyAccepted "custody_accepted", PinChanged "pin_changed",
    PinReset "pin_reset");
effective!(SealEvent: Made FilingRecorded Filed Activated Suspended Resumed Renewed DeviceReplaced
    CancellationScheduled Cancelled Expired HandOverOffered CustodyAccepted PinChanged PinReset);
