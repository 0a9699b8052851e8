//! A request to use a seal, its approvals, and what became of every document in it.
//!
//! Life: requested → approved → completed; or declined, withdrawn, lapsed.
//! An item is begun (the use record, written before the key is used) and finished (the outcome, written after).

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest32;
use crate::id::{GrantId, PersonId, SealId, SystemId, UnitId, UseId};
use crate::role::Actor;

use super::{ApprovalRule, DocumentType, Ranges};

/// A request to use a seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseRequest {
    /// Its identifier.
    pub id: UseId,
    /// Whose seal; none for a person's own name seal.
    pub unit: Option<UnitId>,
    /// Which seal.
    pub seal: SealId,
    /// Who asked.
    pub requester: Actor,
    /// What for (R49, R53).
    pub purpose: String,
    /// Type of document.
    pub document_type: DocumentType,
    /// Amount at stake, in fen, where the policy asks for it.
    pub amount_fen: Option<u64>,
    /// Which documents.
    pub content: Content,
    /// What makes it permissible.
    pub basis: Basis,
    /// In which state it is.
    pub status: UseStatus,
    /// The approvals given, in order.
    pub approvals: Vec<Approval>,
    /// After this instant nothing is sealed any more on the ground of this request; none until it is approved.
    pub lapses_at: Option<Timestamp>,
    /// Items whose sealing was begun and has no outcome yet, by number.
    pub open: BTreeMap<u32, OpenItem>,
    /// Items that were sealed.
    pub stamped: Ranges,
    /// Items that failed, and may be tried again.
    pub failed: Ranges,
    /// When it was asked.
    pub requested_at: Timestamp,
}

impl UseRequest {
    /// What approvals are bound to.
    pub fn binding(&self) -> Binding {
        let (document, placement) = match &self.content {
            Content::Document { digest, placement } => (*digest, placement),
            Content::Batch(batch) => (batch.root, &batch.placement),
        };
        Binding {
            document,
            seal: self.seal,
            placement: placement.clone(),
        }
    }
}

/// In which state a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UseStatus {
    /// Waiting for approvals.
    Requested,
    /// Ready for sealing.
    Approved,
    /// Every item was sealed.
    Completed,
    /// Not approved.
    Declined,
    /// Withdrawn by who asked.
    Withdrawn,
    /// Approved, but not used in time.
    Lapsed,
}

impl UseStatus {
    /// All states.
    pub const ALL: [UseStatus; 6] = [
        UseStatus::Requested,
        UseStatus::Approved,
        UseStatus::Completed,
        UseStatus::Declined,
        UseStatus::Withdrawn,
        UseStatus::Lapsed,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            UseStatus::Requested => "requested",
            UseStatus::Approved => "approved",
            UseStatus::Completed => "completed",
            UseStatus::Declined => "declined",
            UseStatus::Withdrawn => "withdrawn",
            UseStatus::Lapsed => "lapsed",
        }
    }

    /// Neither waiting nor ready.
    pub fn is_end(self) -> bool {
        !matches!(self, UseStatus::Requested | UseStatus::Approved)
    }
}

/// What makes a use permissible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Basis {
    /// Approvals by the unit's policy; the custodian seals.
    Policy {
        /// Version of the policy.
        version: u32,
        /// The rule that fitted, as it stood then.
        rule: ApprovalRule,
    },
    /// A grant; the business system seals.
    Grant {
        /// Which one.
        grant: GrantId,
        /// Whose.
        system: SystemId,
    },
    /// The holder of a position or personal seal seals with it (R52).
    Holder {
        /// Who.
        holder: PersonId,
    },
}

/// Which documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// One document.
    Document {
        /// SM3 over its bytes as they are before sealing.
        digest: Digest32,
        /// Where the stamp goes.
        placement: Placement,
    },
    /// Many, under one decision.
    Batch(Batch),
}

impl Content {
    /// How many documents.
    pub fn count(&self) -> u32 {
        match self {
            Content::Document { .. } => 1,
            Content::Batch(batch) => batch.count,
        }
    }

    /// Where the stamp goes.
    pub fn placement(&self) -> &Placement {
        match self {
            Content::Document { placement, .. } => placement,
            Content::Batch(batch) => &batch.placement,
        }
    }
}

/// Many documents under one decision over the Merkle root of their digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Root of the Merkle tree over the digests, in order.
    pub root: Digest32,
    /// How many; items are numbered from 0.
    pub count: u32,
    /// Where the stamp goes, on each.
    pub placement: Placement,
}

/// Where a stamp goes: a canonical text that the registry only compares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Placement(String);

/// Bytes of a placement at most.
const PLACEMENT_BYTES_MAX: usize = 4096;

/// A placement that says nothing or too much.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a placement has 1 to 4096 bytes, this one has {bytes}; say where the stamp goes")]
pub struct PlacementFault {
    /// Its length.
    pub bytes: usize,
}

impl Placement {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Placement {
    type Error = PlacementFault;

    fn try_from(text: String) -> Result<Placement, PlacementFault> {
        if (1..=PLACEMENT_BYTES_MAX).contains(&text.len()) {
            return Ok(Placement(text));
        }
        Err(PlacementFault { bytes: text.len() })
    }
}

impl From<Placement> for String {
    fn from(placement: Placement) -> String {
        placement.0
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an approval is bound to: these bytes (or the root of these many), this seal, this place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Digest of the document, or root of the batch.
    pub document: Digest32,
    /// The seal.
    pub seal: SealId,
    /// Where the stamp goes.
    pub placement: Placement,
}

/// One approval (用印审批).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Step of the rule, from 0.
    pub step: u8,
    /// Who approved.
    pub by: PersonId,
    /// In whose place, when a deputy did.
    pub for_person: Option<PersonId>,
    /// What was approved.
    pub binding: Binding,
    /// When.
    pub at: Timestamp,
}

/// An item whose sealing was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenItem {
    /// SM3 over the document's bytes.
    pub document: Digest32,
    /// When.
    pub at: Timestamp,
}

/// What became of a sealing that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Sealed.
    Stamped {
        /// SM3 over the sealed document.
        sealed: Digest32,
    },
    /// Not sealed: no signature was made, or none left the process.
    Failed {
        /// Why.
        reason: String,
    },
}

/// What can be asked of a use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UseCommand {
    /// Ask for a use: for approval by the policy, under a grant, or as the holder.
    Request {
        /// Its identifier.
        id: UseId,
        /// Which seal.
        seal: SealId,
        /// What for.
        purpose: String,
        /// Type of document.
        document_type: DocumentType,
        /// Amount at stake, in fen.
        amount_fen: Option<u64>,
        /// Which documents.
        content: Content,
        /// Whether it is declared a state secret, which this system must not touch (R8).
        classified: bool,
        /// The grant to use, when a business system asks.
        grant: Option<GrantId>,
    },
    /// Approve what is named, and nothing else.
    Approve {
        /// What the approver saw.
        binding: Binding,
        /// In whose place, when a deputy approves.
        for_person: Option<PersonId>,
    },
    /// Do not approve.
    Decline {
        /// Why.
        reason: String,
    },
    /// No longer wanted.
    Withdraw,
    /// Write the use record; the key is used after it is durable.
    Begin {
        /// Number of the document, from 0.
        item: u32,
        /// SM3 over the bytes that are going to be sealed.
        document: Digest32,
        /// Where the stamp is going to be put.
        placement: Placement,
    },
    /// Write the outcome.
    Finish {
        /// Number of the document.
        item: u32,
        /// What became of it.
        outcome: Outcome,
    },
    /// The approval is too old.
    Lapse,
}

/// What happened in a use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UseEvent {
    /// Asked for.
    Requested {
        /// Effective from.
        at: Timestamp,
        /// Its identifier.
        id: UseId,
        /// Whose seal.
        unit: Option<UnitId>,
        /// Which seal.
        seal: SealId,
        /// Who asked.
        requester: Actor,
        /// What for.
        purpose: String,
        /// Type of document.
        document_type: DocumentType,
        /// Amount at stake, in fen.
        amount_fen: Option<u64>,
        /// Which documents.
        content: Content,
        /// What makes it permissible.
        basis: Basis,
    },
    /// One approval was given.
    ApprovalGiven {
        /// Effective from.
        at: Timestamp,
        /// Which one.
        approval: Approval,
    },
    /// Nothing is missing any more.
    Approved {
        /// Effective from.
        at: Timestamp,
        /// Until when it may be used.
        lapses_at: Timestamp,
    },
    /// Not approved.
    Declined {
        /// Effective from.
        at: Timestamp,
        /// Who declined.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// Withdrawn.
    Withdrawn {
        /// Effective from.
        at: Timestamp,
        /// Who withdrew.
        by: Actor,
    },
    /// The use record (用印记录): the key is about to be used.
    Begun {
        /// Effective from.
        at: Timestamp,
        /// Number of the document.
        item: u32,
        /// SM3 over its bytes.
        document: Digest32,
        /// Where the stamp goes.
        placement: Placement,
        /// Who seals.
        by: Actor,
    },
    /// The outcome of a use record.
    Finished {
        /// Effective from.
        at: Timestamp,
        /// Number of the document.
        item: u32,
        /// What became of it.
        outcome: Outcome,
    },
    /// Every item was sealed.
    Completed {
        /// Effective from.
        at: Timestamp,
    },
    /// Not used in time.
    Lapsed {
        /// Effective from.
        at: Timestamp,
    },
}

names!(UseCommand: Request "request", Approve "approve", Decline "decline", Withdraw "withdraw", Begin "begin",
    Finish "finish", Lapse "lapse");
names!(UseEvent: Requested "requested", ApprovalGiven "approval_given", Approved "approved", Declined "declined",
    Withdrawn "withdrawn", Begun "begun", Finished "finished", Completed "completed", Lapsed "lapsed");
effective!(UseEvent: Requested ApprovalGiven Approved Declined Withdrawn Begun Finished Completed Lapsed);
