//! Grants (用印授权): a business system may use a unit's seal for a purpose, a time and a volume (R15).
//!
//! Life: applied → consented → authorised → revoked; or declined. When its period is over it needs no event.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{GrantId, PersonId, SealId, SystemId, UnitId};
use crate::usage::DocumentType;

mod rules;

pub use rules::{GrantFacts, decide};

/// A grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its identifier.
    pub id: GrantId,
    /// What it permits.
    pub terms: GrantTerms,
    /// In which state it is.
    pub status: GrantStatus,
    /// Who applied for the unit.
    pub applicant: PersonId,
    /// When.
    pub applied_at: Timestamp,
}

/// What a grant permits: unit × seal × system × purpose × document type × period × volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantTerms {
    /// Whose seal.
    pub unit: UnitId,
    /// Which seal.
    pub seal: SealId,
    /// Which system.
    pub system: SystemId,
    /// What for; a use must state the same purpose.
    pub purpose: String,
    /// For these types of documents; never empty.
    pub document_types: Vec<DocumentType>,
    /// First instant.
    pub from: Timestamp,
    /// First instant no longer.
    pub until: Timestamp,
    /// How many documents.
    pub volume: Volume,
}

/// How many documents may be sealed in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// At most so many.
    pub documents_max: u64,
    /// In each of these.
    pub per: Period,
}

/// What a volume is counted over; days and months are those of China (UTC+8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// The whole life of the grant.
    Grant,
    /// A calendar month.
    Month,
    /// A calendar day.
    Day,
}

/// In which state a grant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantStatus {
    /// Asked for by the unit's agent.
    Applied,
    /// The unit's principal consented.
    Consented,
    /// Authorised by the owner of the platform: in force during its period.
    Authorised,
    /// Not given.
    Declined,
    /// Taken back, for ever.
    Revoked,
}

impl GrantStatus {
    /// All states.
    pub const ALL: [GrantStatus; 5] = [
        GrantStatus::Applied,
        GrantStatus::Consented,
        GrantStatus::Authorised,
        GrantStatus::Declined,
        GrantStatus::Revoked,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            GrantStatus::Applied => "applied",
            GrantStatus::Consented => "consented",
            GrantStatus::Authorised => "authorised",
            GrantStatus::Declined => "declined",
            GrantStatus::Revoked => "revoked",
        }
    }
}

/// What can be asked of a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum GrantCommand {
    /// The unit's agent asks for it.
    Apply {
        /// Its identifier.
        id: GrantId,
        /// What it is to permit.
        terms: GrantTerms,
    },
    /// The unit's principal consents.
    Consent,
    /// The owner of the platform authorises it.
    Authorise,
    /// The principal or the owner of the platform does not give it.
    Decline {
        /// Why.
        reason: String,
    },
    /// Take it back: the unit's principal, the owner of the platform, or the authority.
    Revoke {
        /// Why.
        reason: String,
    },
}

/// What happened to a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum GrantEvent {
    /// Asked for.
    Applied {
        /// Effective from.
        at: Timestamp,
        /// Its identifier.
        id: GrantId,
        /// What it is to permit.
        terms: GrantTerms,
        /// Who asked.
        by: PersonId,
    },
    /// The principal consented.
    Consented {
        /// Effective from.
        at: Timestamp,
        /// Who.
        by: PersonId,
    },
    /// Authorised.
    Authorised {
        /// Effective from.
        at: Timestamp,
        /// Who.
        by: PersonId,
    },
    /// Not given.
    Declined {
        /// Effective from.
        at: Timestamp,
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// Taken back.
    Revoked {
        /// Effective from.
        at: Timestamp,
        /// Who; none when the service did, because the seal or the unit ended.
        by: Option<PersonId>,
        /// Why.
        reason: String,
    },
}

names!(GrantCommand: Apply "apply", Consent "consent", Authorise "authorise", Decline "decline", Revoke "revoke");
names!(GrantEvent: Applied "applied", Consented "consented", Authorised "authorised", Declined "declined",
    Revoked "revoked");
effective!(GrantEvent: Applied Consented Authorised Declined Revoked);

/// The state after an event. An event that does not fit the state leaves it as it is.
pub fn apply(state: Option<Grant>, event: &GrantEvent) -> Option<Grant> {
    if let GrantEvent::Applied { at, id, terms, by } = event {
        return Some(state.unwrap_or_else(|| Grant {
            id: *id,
            terms: terms.clone(),
            status: GrantStatus::Applied,
            applicant: *by,
            applied_at: *at,
        }));
    }
    let mut grant = state?;
    grant.status = match event {
        GrantEvent::Applied { .. } => grant.status,
        GrantEvent::Consented { .. } => GrantStatus::Consented,
        GrantEvent::Authorised { .. } => GrantStatus::Authorised,
        GrantEvent::Declined { .. } => GrantStatus::Declined,
        GrantEvent::Revoked { .. } => GrantStatus::Revoked,
    };
    Some(grant)
}
