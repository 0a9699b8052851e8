//! Applications (申请): what an owner asks for, with materials, consent, declaration and review.
//!
//! Life: draft → submitted → consented → under review → approved → completed, or rejected with reasons, or withdrawn.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::digest::Digest32;
use crate::id::{ApplicationId, AuthorityId, DeviceId, PersonId, SealId, UnitId};
use crate::seal::{Impression, Owner, Reason, SealKind};

mod fold;
mod rules;
mod submission;

pub use fold::apply;
pub use rules::{ApplicationFacts, decide};
pub use submission::{Claim, Likeness, RegisteredImpression};
pub(crate) use submission::{Wanted, place_is_free};

/// An application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Its identifier.
    pub id: ApplicationId,
    /// The authority that decides.
    pub authority: AuthorityId,
    /// The unit that applies; none for a person's own name seal.
    pub unit: Option<UnitId>,
    /// The agent, or the holder of a personal seal.
    pub agent: PersonId,
    /// What is asked for.
    pub ask: Ask,
    /// What was handed in or fetched.
    pub materials: Vec<Material>,
    /// In which state it is.
    pub status: ApplicationStatus,
    /// The agent's declaration of authenticity (R24).
    pub declaration: Option<Declaration>,
    /// Who consented for the unit, and when (R22).
    pub consent: Option<Consent>,
    /// Who reviews it.
    pub reviewer: Option<PersonId>,
    /// Materials that the reviewer asked for in addition.
    pub supplements: Vec<MaterialKind>,
    /// Why it was rejected or sent back; told to the applicant (R26).
    pub reasons: Vec<String>,
    /// By when it must be decided and the reasons told; none before it is submitted.
    pub due: Option<Timestamp>,
    /// When the reasons reached the applicant.
    pub delivered_at: Option<Timestamp>,
    /// When it was drafted.
    pub drafted_at: Timestamp,
}

impl Application {
    /// Whether it asks for a seal, and counts against "at most one" (R27, Q5): from submission until a seal
    /// stands in its place or it has failed.
    pub fn holds_place(&self) -> bool {
        matches!(self.ask, Ask::Make { .. })
            && matches!(
                self.status,
                ApplicationStatus::Submitted
                    | ApplicationStatus::Consented
                    | ApplicationStatus::UnderReview
                    | ApplicationStatus::Returned
                    | ApplicationStatus::Approved
            )
    }
}

/// In which state an application is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationStatus {
    /// Being written.
    Draft,
    /// Submitted; the principal has to consent where the profile says so.
    Submitted,
    /// Consented by the principal, waiting for a reviewer.
    Consented,
    /// In the hands of a reviewer.
    UnderReview,
    /// Sent back for more material.
    Returned,
    /// Approved; to be carried out.
    Approved,
    /// Carried out.
    Completed,
    /// Rejected, with reasons.
    Rejected,
    /// Withdrawn by the applicant, or not consented to.
    Withdrawn,
}

impl ApplicationStatus {
    /// All states.
    pub const ALL: [ApplicationStatus; 9] = [
        ApplicationStatus::Draft,
        ApplicationStatus::Submitted,
        ApplicationStatus::Consented,
        ApplicationStatus::UnderReview,
        ApplicationStatus::Returned,
        ApplicationStatus::Approved,
        ApplicationStatus::Completed,
        ApplicationStatus::Rejected,
        ApplicationStatus::Withdrawn,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            ApplicationStatus::Draft => "draft",
            ApplicationStatus::Submitted => "submitted",
            ApplicationStatus::Consented => "consented",
            ApplicationStatus::UnderReview => "under_review",
            ApplicationStatus::Returned => "returned",
            ApplicationStatus::Approved => "approved",
            ApplicationStatus::Completed => "completed",
            ApplicationStatus::Rejected => "rejected",
            ApplicationStatus::Withdrawn => "withdrawn",
        }
    }

    /// Completed, rejected or withdrawn.
    pub fn is_end(self) -> bool {
        matches!(
            self,
            ApplicationStatus::Completed | ApplicationStatus::Rejected | ApplicationStatus::Withdrawn
        )
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ask {
    /// A new seal.
    Make {
        /// Which one.
        seal: SealSpec,
    },
    /// Another period for a seal, image unchanged (R60).
    Renew {
        /// Which one.
        seal: SealId,
    },
    /// Cancel a seal in order to apply for its successor, which names it in `SealSpec::replaces` (R61).
    Change {
        /// Which one.
        seal: SealId,
        /// Why.
        reason: Reason,
        /// Whether the cancellation waits until the successor is in force, where the profile allows it (Q4).
        scheduled: bool,
    },
    /// Cancel a seal (R63, R64).
    Cancel {
        /// Which one.
        seal: SealId,
        /// Why.
        reason: Reason,
    },
    /// Put a seal out of force for a while (Q12).
    Suspend {
        /// Which one.
        seal: SealId,
        /// Why.
        reason: Reason,
    },
    /// Put it in force again.
    Resume {
        /// Which one.
        seal: SealId,
    },
    /// Have the protection password set anew (R46).
    ResetPin {
        /// Which one.
        seal: SealId,
    },
    /// Put it on another device (R65).
    ReplaceDevice {
        /// Which one.
        seal: SealId,
        /// Why.
        reason: Reason,
        /// The device to be replaced.
        device: DeviceId,
    },
}

/// The kinds of applications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationKind {
    /// 制作.
    Make,
    /// 续期.
    Renew,
    /// 变更.
    Change,
    /// 注销.
    Cancel,
    /// 停用、挂失.
    Suspend,
    /// 恢复.
    Resume,
    /// 重置保护口令.
    ResetPin,
    /// 更换载体.
    ReplaceDevice,
}

impl ApplicationKind {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            ApplicationKind::Make => "make",
            ApplicationKind::Renew => "renew",
            ApplicationKind::Change => "change",
            ApplicationKind::Cancel => "cancel",
            ApplicationKind::Suspend => "suspend",
            ApplicationKind::Resume => "resume",
            ApplicationKind::ResetPin => "reset_pin",
            ApplicationKind::ReplaceDevice => "replace_device",
        }
    }
}

impl Ask {
    /// Its kind.
    pub fn kind(&self) -> ApplicationKind {
        match self {
            Ask::Make { .. } => ApplicationKind::Make,
            Ask::Renew { .. } => ApplicationKind::Renew,
            Ask::Change { .. } => ApplicationKind::Change,
            Ask::Cancel { .. } => ApplicationKind::Cancel,
            Ask::Suspend { .. } => ApplicationKind::Suspend,
            Ask::Resume { .. } => ApplicationKind::Resume,
            Ask::ResetPin { .. } => ApplicationKind::ResetPin,
            Ask::ReplaceDevice { .. } => ApplicationKind::ReplaceDevice,
        }
    }

    /// The seal that it is about; none for a new one.
    pub fn seal(&self) -> Option<SealId> {
        match self {
            Ask::Make { .. } => None,
            Ask::Renew { seal }
            | Ask::Change { seal, .. }
            | Ask::Cancel { seal, .. }
            | Ask::Suspend { seal, .. }
            | Ask::Resume { seal }
            | Ask::ResetPin { seal }
            | Ask::ReplaceDevice { seal, .. } => Some(*seal),
        }
    }

    /// The reason given, where one is asked.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Ask::Change { reason, .. }
            | Ask::Cancel { reason, .. }
            | Ask::Suspend { reason, .. }
            | Ask::ReplaceDevice { reason, .. } => Some(*reason),
            Ask::Make { .. } | Ask::Renew { .. } | Ask::Resume { .. } | Ask::ResetPin { .. } => None,
        }
    }
}

/// The seal that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealSpec {
    /// The kind of seal.
    pub kind: SealKind,
    /// Whose it will be.
    pub owner: Owner,
    /// Its name, as the impression shows it.
    pub name: String,
    /// The impression (R20).
    pub impression: Option<Impression>,
    /// The engraved physical seal (R19).
    pub physical: Option<PhysicalSeal>,
    /// The seal that it succeeds after a change (R61).
    pub replaces: Option<SealId>,
}

/// A physical seal, engraved under its own rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhysicalSeal {
    /// Number of the engraving record (刻制备案编号).
    pub record: String,
    /// When it was engraved.
    pub engraved_on: Date,
}

/// A document of an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Material {
    /// What it shows.
    pub kind: MaterialKind,
    /// SM3 over its bytes.
    pub digest: Digest32,
    /// Whether a data-sharing connector delivered it, or the applicant (R23).
    pub source: MaterialSource,
}

/// Where a material came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaterialSource {
    /// Handed in.
    Applicant,
    /// Fetched from the data-sharing platform.
    DataSharing,
}

/// What a document of an application shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaterialKind {
    /// 单位合法身份证明.
    UnitIdentity,
    /// 经办人身份证明.
    AgentIdentity,
    /// 持有人身份证明.
    HolderIdentity,
    /// 经办人授权书.
    AgentAuthorisation,
    /// 统一申请表.
    ApplicationForm,
    /// 加盖单位公章的申请表.
    SealedForm,
    /// 实物印章刻制证明.
    EngravingProof,
    /// 印模信息.
    ImpressionSheet,
    /// 本地签发的数字证书.
    HeldCertificate,
    /// 变更、终止的证明文件.
    ChangeProof,
    /// 保管人书面报告.
    CustodianReport,
}

impl MaterialKind {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            MaterialKind::UnitIdentity => "unit_identity",
            MaterialKind::AgentIdentity => "agent_identity",
            MaterialKind::HolderIdentity => "holder_identity",
            MaterialKind::AgentAuthorisation => "agent_authorisation",
            MaterialKind::ApplicationForm => "application_form",
            MaterialKind::SealedForm => "sealed_form",
            MaterialKind::EngravingProof => "engraving_proof",
            MaterialKind::ImpressionSheet => "impression_sheet",
            MaterialKind::HeldCertificate => "held_certificate",
            MaterialKind::ChangeProof => "change_proof",
            MaterialKind::CustodianReport => "custodian_report",
        }
    }
}

/// The agent answers for what was handed in (R24).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// SM3 over the text that was declared, materials included.
    pub text: Digest32,
    /// Who declared it.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

/// The principal's consent (R22).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Who consented.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

/// What can be asked of an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ApplicationCommand {
    /// Begin one.
    Draft {
        /// Its identifier.
        id: ApplicationId,
        /// The authority that is to decide.
        authority: AuthorityId,
        /// The unit that applies; none for a person's own name seal.
        unit: Option<UnitId>,
        /// What is asked for.
        ask: Ask,
    },
    /// Ask for something else while it is a draft or was returned.
    Amend {
        /// What is asked for.
        ask: Ask,
    },
    /// Add a document.
    AddMaterial {
        /// Which one.
        material: Material,
    },
    /// Hand it in; the agent declares that everything is authentic and valid.
    Submit {
        /// SM3 over the text of the declaration.
        declaration: Option<Digest32>,
    },
    /// The principal consents.
    Consent,
    /// The principal does not consent.
    RefuseConsent {
        /// Why.
        reason: String,
    },
    /// A reviewer takes it up.
    TakeUp,
    /// The reviewer asks for more.
    Return {
        /// Which documents.
        materials: Vec<MaterialKind>,
        /// Why.
        reasons: Vec<String>,
    },
    /// The reviewer approves.
    Approve {
        /// The documents whose authenticity was checked, by their digests (R25).
        checked: Vec<Digest32>,
    },
    /// The reviewer rejects.
    Reject {
        /// Why.
        reasons: Vec<String>,
    },
    /// The reasons reached the applicant.
    RecordDelivery,
    /// It was carried out: the seal was made, renewed, cancelled, ….
    Complete,
    /// The applicant no longer wants it.
    Withdraw,
}

/// What happened to an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ApplicationEvent {
    /// Begun.
    Drafted {
        /// Effective from.
        at: Timestamp,
        /// Its identifier.
        id: ApplicationId,
        /// The authority that is to decide.
        authority: AuthorityId,
        /// The unit that applies.
        unit: Option<UnitId>,
        /// The agent, or the holder of a personal seal.
        agent: PersonId,
        /// What is asked for.
        ask: Ask,
    },
    /// Amended.
    Amended {
        /// Effective from.
        at: Timestamp,
        /// What is asked for.
        ask: Ask,
    },
    /// A document was added.
    MaterialAdded {
        /// Effective from.
        at: Timestamp,
        /// Which one.
        material: Material,
    },
    /// Handed in.
    Submitted {
        /// Effective from.
        at: Timestamp,
        /// The declaration.
        declaration: Declaration,
        /// By when it must be decided.
        due: Timestamp,
    },
    /// The principal consented, or the profile asks for no consent.
    Consented {
        /// Effective from.
        at: Timestamp,
        /// Who consented.
        by: PersonId,
    },
    /// The principal did not consent.
    ConsentRefused {
        /// Effective from.
        at: Timestamp,
        /// Who refused.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// Taken up by a reviewer.
    TakenUp {
        /// Effective from.
        at: Timestamp,
        /// Who reviews.
        by: PersonId,
    },
    /// Sent back for more.
    Returned {
        /// Effective from.
        at: Timestamp,
        /// Who reviews.
        by: PersonId,
        /// Which documents.
        materials: Vec<MaterialKind>,
        /// Why.
        reasons: Vec<String>,
    },
    /// Approved.
    Approved {
        /// Effective from.
        at: Timestamp,
        /// Who approved.
        by: PersonId,
        /// The documents that were checked.
        checked: Vec<Digest32>,
    },
    /// Rejected.
    Rejected {
        /// Effective from.
        at: Timestamp,
        /// Who rejected.
        by: PersonId,
        /// Why.
        reasons: Vec<String>,
    },
    /// The reasons reached the applicant.
    ReasonsDelivered {
        /// Effective from.
        at: Timestamp,
    },
    /// Carried out.
    Completed {
        /// Effective from.
        at: Timestamp,
    },
    /// Withdrawn.
    Withdrawn {
        /// Effective from.
        at: Timestamp,
        /// Who withdrew.
        by: PersonId,
    },
}

names!(ApplicationCommand: Draft "draft", Amend "amend", AddMaterial "add_material", Submit "submit",
    Consent "consent", RefuseConsent "refuse_consent", TakeUp "take_up", Return "return", Approve "approve",
    Reject "reject", RecordDelivery "record_delivery", Complete "complete", Withdraw "withdraw");
names!(ApplicationEvent: Drafted "drafted", Amended "amended", MaterialAdded "material_added",
    Submitted "submitted", Consented "consented", ConsentRefused "consent_refused", TakenUp "taken_up",
    Returned "returned", Approved "approved", Rejected "rejected", ReasonsDelivered "reasons_delivered",
    Completed "completed", Withdrawn "withdrawn");
effective!(ApplicationEvent: Drafted Amended MaterialAdded Submitted Consented ConsentRefused TakenUp Returned
    Approved Rejected ReasonsDelivered Completed Withdrawn);
