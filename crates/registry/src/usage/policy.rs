//! A unit's policy of use (R50, R51): who approves what, in which order, above which threshold, and who stands in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{PersonId, PolicyId, UnitId};
use crate::role::Role;
use crate::seal::SealKind;

/// A type of document from the profile's catalogue, such as `licence` or `contract` (R6).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocumentType(pub String);

/// The policy of a unit, in its newest version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsePolicy {
    /// Its identifier.
    pub id: PolicyId,
    /// Whose.
    pub unit: UnitId,
    /// From 1, one more with every adoption.
    pub version: u32,
    /// The first rule that fits a request says who approves it.
    pub rules: Vec<ApprovalRule>,
    /// Which roles in one use may fall together.
    pub separation: Separation,
    /// After so many days an approval lapses unused.
    pub approval_days_max: u16,
    /// From where people may use the unit's seals (R7): subnets that the registry only keeps; from everywhere when
    /// empty.
    #[serde(default)]
    pub networks: Vec<String>,
    /// Everybody who ever stood in, in the order of events.
    pub deputies: Vec<Deputy>,
    /// Since when this version is in force.
    pub adopted_at: Timestamp,
}

/// Who approves requests of some kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRule {
    /// For these types of documents; for all when empty.
    pub document_types: Vec<DocumentType>,
    /// For these kinds of seals; for all when empty.
    pub seal_kinds: Vec<SealKind>,
    /// From this amount on, in fen (0.01 yuan); for any when none.
    pub amount_from_fen: Option<u64>,
    /// From so many documents in one request on; for any number when none.
    pub documents_from: Option<u32>,
    /// Who approves, one after the other; never empty.
    pub steps: Vec<Step>,
}

/// One step of approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Who approves in this step.
    pub approver: Approver,
    /// How many different people of that kind must.
    pub needed: u8,
}

/// Who approves in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "who", rename_all = "snake_case")]
pub enum Approver {
    /// Anyone who holds the role in the unit.
    Role(Role),
    /// One person.
    Person(PersonId),
}

/// Which roles in one use may fall together; all "no" keeps them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Separation {
    /// Whether the person who asks may approve.
    pub requester_may_approve: bool,
    /// Whether the custodian of the seal may approve.
    pub custodian_may_approve: bool,
    /// Whether one person may approve in several steps.
    pub approver_may_repeat: bool,
}

/// Somebody who approves in somebody's place for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deputy {
    /// In whose place.
    pub of: PersonId,
    /// Who.
    pub deputy: PersonId,
    /// First instant.
    pub from: Timestamp,
    /// First instant no longer.
    pub until: Timestamp,
    /// For these types of documents; for all when empty.
    pub document_types: Vec<DocumentType>,
    /// Up to this amount, in fen; without limit when none.
    pub amount_max_fen: Option<u64>,
}

/// What can be asked of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UsePolicyCommand {
    /// Put a version in force: the first, or the next one.
    Adopt {
        /// Its identifier.
        id: PolicyId,
        /// Whose.
        unit: UnitId,
        /// The rules.
        rules: Vec<ApprovalRule>,
        /// Which roles in one use may fall together.
        separation: Separation,
        /// After so many days an approval lapses unused.
        approval_days_max: u16,
        /// From where people may use the unit's seals; from everywhere when empty.
        #[serde(default)]
        networks: Vec<String>,
    },
    /// Let somebody stand in.
    AppointDeputy {
        /// Who, for whom, when, for what.
        deputy: Deputy,
    },
    /// End it now.
    DismissDeputy {
        /// In whose place.
        of: PersonId,
        /// Who.
        deputy: PersonId,
    },
}

/// What happened to a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UsePolicyEvent {
    /// A version is in force.
    Adopted {
        /// Effective from.
        at: Timestamp,
        /// Its identifier.
        id: PolicyId,
        /// Whose.
        unit: UnitId,
        /// From 1.
        version: u32,
        /// The rules.
        rules: Vec<ApprovalRule>,
        /// Which roles in one use may fall together.
        separation: Separation,
        /// After so many days an approval lapses unused.
        approval_days_max: u16,
        /// From where people may use the unit's seals; from everywhere when empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        networks: Vec<String>,
        /// Who adopted it.
        by: PersonId,
    },
    /// Somebody stands in.
    DeputyAppointed {
        /// Decided at; the deputy has a period of its own.
        at: Timestamp,
        /// Who, for whom, when, for what.
        deputy: Deputy,
        /// Who appointed.
        by: PersonId,
    },
    /// Somebody no longer stands in.
    DeputyDismissed {
        /// Effective from.
        at: Timestamp,
        /// In whose place.
        of: PersonId,
        /// Who.
        deputy: PersonId,
    },
}

names!(UsePolicyCommand: Adopt "adopt", AppointDeputy "appoint_deputy", DismissDeputy "dismiss_deputy");
names!(UsePolicyEvent: Adopted "adopted", DeputyAppointed "deputy_appointed", DeputyDismissed "deputy_dismissed");
effective!(UsePolicyEvent: Adopted DeputyAppointed DeputyDismissed);

/// The state after an event. An event that does not fit the state leaves it as it is.
pub fn apply(state: Option<UsePolicy>, event: &UsePolicyEvent) -> Option<UsePolicy> {
    if let UsePolicyEvent::Adopted {
        at,
        id,
        unit,
        version,
        rules,
        separation,
        approval_days_max,
        networks,
        ..
    } = event
    {
        return Some(UsePolicy {
            id: *id,
            unit: *unit,
            version: *version,
            rules: rules.clone(),
            separation: *separation,
            approval_days_max: *approval_days_max,
            networks: networks.clone(),
            deputies: state.map(|policy| policy.deputies).unwrap_or_default(),
            adopted_at: *at,
        });
    }
    let mut policy = state?;
    match event {
        UsePolicyEvent::Adopted { .. } => {}
        UsePolicyEvent::DeputyAppointed { deputy, .. } => policy.deputies.push(deputy.clone()),
        UsePolicyEvent::DeputyDismissed { at, of, deputy } => {
            for held in &mut policy.deputies {
                if held.of == *of && held.deputy == *deputy && *at < held.until {
                    held.until = *at;
                }
            }
        }
    }
    Some(policy)
}

/// What a request asks a policy about.
pub(super) struct Question<'a> {
    pub(super) document_type: &'a DocumentType,
    pub(super) seal_kind: SealKind,
    pub(super) amount_fen: Option<u64>,
    pub(super) documents: u32,
}

impl UsePolicy {
    /// The first rule that fits.
    pub(super) fn rule_for(&self, question: &Question<'_>) -> Option<&ApprovalRule> {
        self.rules.iter().find(|rule| rule.fits(question))
    }

    /// Whether the amount decides which rule fits, so that it must be said.
    pub(super) fn asks_amount(&self, question: &Question<'_>) -> bool {
        let concerned = |rule: &&ApprovalRule| rule.concerns(question.document_type, question.seal_kind);
        self.rules
            .iter()
            .filter(concerned)
            .any(|rule| rule.amount_from_fen.is_some())
    }
}

impl ApprovalRule {
    fn concerns(&self, document_type: &DocumentType, kind: SealKind) -> bool {
        (self.document_types.is_empty() || self.document_types.contains(document_type))
            && (self.seal_kinds.is_empty() || self.seal_kinds.contains(&kind))
    }

    fn fits(&self, question: &Question<'_>) -> bool {
        let amount = question.amount_fen.unwrap_or(0);
        self.concerns(question.document_type, question.seal_kind)
            && self.amount_from_fen.is_none_or(|from| amount >= from)
            && self.documents_from.is_none_or(|from| question.documents >= from)
    }
}

impl Deputy {
    /// Whether the deputy may approve this at that time.
    pub(super) fn may(&self, document_type: &DocumentType, amount_fen: Option<u64>, at: Timestamp) -> bool {
        self.from <= at
            && at < self.until
            && (self.document_types.is_empty() || self.document_types.contains(document_type))
            && self
                .amount_max_fen
                .is_none_or(|max| amount_fen.unwrap_or(0) <= max)
    }
}
