//! Asking for a use: for approval by the policy, under a grant, or as the holder (R49–R52).

use jiff::Timestamp;

use crate::desk::Desk;
use crate::event::SubjectKind;
use crate::grant::Grant;
use crate::id::{GrantId, PersonId, SystemId};
use crate::profile::days_after;
use crate::refusal::{Code, Refusal};
use crate::role::{Actor, Role, Scope};
use crate::seal::{SealClass, SealRecord};

use super::policy::Question;
use super::policy_rules::known;
use super::request_rules::{UseFacts, in_force};
use super::{Basis, Content, DocumentType, UseCommand, UseEvent, UsePolicy};

/// Documents under one decision at most.
const BATCH_DOCUMENTS_MAX: u32 = 100_000;

/// A holder's own request, which nobody approves, lapses after so many days.
const HOLDER_REQUEST_DAYS: u16 = 30;

pub(super) fn request(
    desk: &Desk<'_>,
    facts: &UseFacts<'_>,
    command: &UseCommand,
) -> Result<Vec<UseEvent>, Refusal> {
    let UseCommand::Request {
        id,
        seal,
        purpose,
        document_type,
        amount_fen,
        content,
        classified,
        grant,
    } = command
    else {
        return Err(desk.exists_already());
    };
    desk.ensure(!classified, Code::Classified, [])?;
    let said = desk.text("purpose", purpose).is_ok();
    desk.ensure(said, Code::PurposeMissing, [])?;
    known(desk, std::slice::from_ref(document_type))?;
    let found = facts.seal.filter(|found| found.id == *seal);
    let found = in_force(desk, found)?;
    let count = content.count();
    let few = (1..=BATCH_DOCUMENTS_MAX).contains(&count);
    desk.ensure(few, Code::BatchSize, [("max", BATCH_DOCUMENTS_MAX.to_string())])?;
    desk.ensure(!facts.document.blank, Code::BlankDocument, [])?;
    let wanted = Wanted {
        purpose,
        document_type,
        amount_fen: *amount_fen,
        content,
        grant: *grant,
    };
    let (basis, lapses_at) = basis(desk, facts, found, &wanted)?;
    let mut events = vec![UseEvent::Requested {
        at: desk.now,
        id: *id,
        unit: found.owner.unit(),
        seal: *seal,
        requester: desk.acting.actor,
        purpose: purpose.clone(),
        document_type: document_type.clone(),
        amount_fen: *amount_fen,
        content: content.clone(),
        basis,
    }];
    if let Some(lapses_at) = lapses_at {
        events.push(UseEvent::Approved {
            at: desk.now,
            lapses_at,
        });
    }
    Ok(events)
}

struct Wanted<'a> {
    purpose: &'a str,
    document_type: &'a DocumentType,
    amount_fen: Option<u64>,
    content: &'a Content,
    grant: Option<GrantId>,
}

/// What makes the use permissible, and until when if nobody needs to approve any more.
fn basis(
    desk: &Desk<'_>,
    facts: &UseFacts<'_>,
    seal: &SealRecord,
    wanted: &Wanted<'_>,
) -> Result<(Basis, Option<Timestamp>), Refusal> {
    let person = match desk.acting.actor {
        Actor::System(system) => return under_grant(desk, facts, seal, wanted, system),
        Actor::Person(_) => desk.person_on_site()?,
        Actor::Service => return Err(desk.not_permitted("agent")),
    };
    if wanted.grant.is_some() {
        return Err(desk.not_permitted("system"));
    }
    let Some(holder) = seal.owner.holder() else {
        return by_policy(desk, facts, seal, wanted).map(|basis| (basis, None));
    };
    desk.ensure(person == holder, Code::HolderOnly, [])?;
    // A unit may want approvals for position seals too; its policy then names the kind of seal.
    let named = |policy: &&UsePolicy| {
        policy
            .rules
            .iter()
            .any(|rule| rule.seal_kinds.contains(&seal.kind))
    };
    let position = seal.kind.class() == SealClass::Position;
    if position && facts.policy.filter(named).is_some() {
        return by_policy(desk, facts, seal, wanted).map(|basis| (basis, None));
    }
    let lapses_at = days_after(desk.now, HOLDER_REQUEST_DAYS);
    Ok((Basis::Holder { holder }, Some(lapses_at)))
}

/// The rule of the unit's policy that fits, as it stands now.
fn by_policy(
    desk: &Desk<'_>,
    facts: &UseFacts<'_>,
    seal: &SealRecord,
    wanted: &Wanted<'_>,
) -> Result<Basis, Refusal> {
    let Some(unit) = seal.owner.unit() else {
        return Err(desk.refuse(Code::HolderOnly, []));
    };
    let of_unit = [Role::Agent, Role::Principal, Role::Approver, Role::Custodian];
    let is_holder = seal.owner.holder().is_some();
    if !is_holder {
        desk.holder_of_one(&of_unit, Scope::Unit(unit))?;
    }
    let Some(policy) = facts.policy.filter(|policy| policy.unit == unit) else {
        return Err(desk.refuse(Code::PolicyMissing, []));
    };
    let question = Question {
        document_type: wanted.document_type,
        seal_kind: seal.kind,
        amount_fen: wanted.amount_fen,
        documents: wanted.content.count(),
    };
    let said = wanted.amount_fen.is_some() || !policy.asks_amount(&question);
    desk.ensure(said, Code::AmountMissing, [])?;
    let Some(rule) = policy.rule_for(&question) else {
        return Err(desk.refuse(Code::NoRuleFits, []));
    };
    Ok(Basis::Policy {
        version: policy.version,
        rule: rule.clone(),
    })
}

/// A business system may seal what its grant names, as often as it says (R15).
fn under_grant(
    desk: &Desk<'_>,
    facts: &UseFacts<'_>,
    seal: &SealRecord,
    wanted: &Wanted<'_>,
    system: SystemId,
) -> Result<(Basis, Option<Timestamp>), Refusal> {
    desk.ensure(seal.owner.holder().is_none(), Code::HolderOnly, [])?;
    let Some(named) = wanted.grant else {
        return Err(desk.refuse(Code::GrantMissing, []));
    };
    let grant = facts.grant.filter(|grant| grant.id == named);
    let grant = desk.found(SubjectKind::Grant, grant)?;
    grant_permits(desk, grant, seal, system)?;
    let types = &grant.terms.document_types;
    let covered = grant.terms.purpose == wanted.purpose && types.contains(wanted.document_type);
    desk.ensure(covered, Code::OutsideGrant, [])?;
    let after = facts.grant_used.saturating_add(u64::from(wanted.content.count()));
    volume_left(desk, grant, after)?;
    Ok((Basis::Grant { grant: named, system }, Some(grant.terms.until)))
}

/// The grant is in force, for this system, seal and unit.
pub(super) fn grant_permits(
    desk: &Desk<'_>,
    grant: &Grant,
    seal: &SealRecord,
    system: SystemId,
) -> Result<(), Refusal> {
    desk.ensure(grant.in_force(desk.now), Code::GrantNotInForce, [])?;
    let same = grant.terms.system == system
        && grant.terms.seal == seal.id
        && Some(grant.terms.unit) == seal.owner.unit();
    desk.ensure(same, Code::OutsideGrant, [])
}

/// The documents sealed by then do not exceed the volume.
pub(super) fn volume_left(desk: &Desk<'_>, grant: &Grant, after: u64) -> Result<(), Refusal> {
    let max = grant.terms.volume.documents_max;
    desk.ensure(after <= max, Code::VolumeExceeded, [("max", max.to_string())])
}

/// Who is meant to seal on the ground of a request.
pub(super) fn seals(basis: &Basis, seal: &SealRecord) -> Option<PersonId> {
    match basis {
        Basis::Policy { .. } => seal.custodian,
        Basis::Holder { holder } => Some(*holder),
        Basis::Grant { .. } => None,
    }
}
