//! The use record before the key is used, and the outcome after (R49, R51–R53).

use crate::digest::Digest32;
use crate::profile::days_after;
use crate::refusal::{Code, Refusal};
use crate::role::Actor;
use crate::seal::SealRecord;

use super::asking::{grant_permits, seals, volume_left};
use super::request_rules::Case;
use super::{Basis, Content, Outcome, Placement, UseEvent, UseStatus};

pub(super) fn begin(
    case: &Case<'_>,
    item: u32,
    document: Digest32,
    placement: &Placement,
) -> Result<Vec<UseEvent>, Refusal> {
    case.in_one_of(&[UseStatus::Approved])?;
    let desk = &case.desk;
    let holds = case.request.lapses_at.is_some_and(|lapses| desk.now < lapses);
    desk.ensure(holds, Code::ApprovalLapsed, [])?;
    bound(case, item, document, placement)?;
    desk.ensure(!case.facts.document.blank, Code::BlankDocument, [])?;
    let value = || [("item", item.to_string())];
    desk.ensure(
        !case.request.stamped.contains(item),
        Code::StampedAlready,
        value(),
    )?;
    desk.ensure(!case.request.open.contains_key(&item), Code::OutcomeUnknown, [])?;
    let seal = case.seal()?;
    may_seal(case, seal)?;
    Ok(vec![UseEvent::Begun {
        at: desk.now,
        item,
        document,
        placement: placement.clone(),
        by: desk.acting.actor,
    }])
}

/// The very bytes and the very place that were approved.
fn bound(case: &Case<'_>, item: u32, document: Digest32, placement: &Placement) -> Result<(), Refusal> {
    let desk = &case.desk;
    let content = &case.request.content;
    desk.ensure(placement == content.placement(), Code::BindingDiffers, [])?;
    desk.ensure(item < content.count(), Code::BindingDiffers, [])?;
    match content {
        Content::Document { digest, .. } => desk.ensure(*digest == document, Code::BindingDiffers, []),
        Content::Batch(batch) => {
            let proved = case.facts.document.proved_under == Some(batch.root);
            desk.ensure(proved, Code::NotInBatch, [("item", item.to_string())])
        }
    }
}

/// The custodian with a password that is not too old; the holder; or the system of the grant.
fn may_seal(case: &Case<'_>, seal: &SealRecord) -> Result<(), Refusal> {
    let desk = &case.desk;
    if let Basis::Grant { system, .. } = &case.request.basis {
        if desk.acting.actor != Actor::System(*system) {
            return Err(desk.not_permitted("system"));
        }
        let Some(grant) = case.grant()? else {
            return Err(desk.refuse(Code::GrantMissing, []));
        };
        grant_permits(desk, grant, seal, *system)?;
        return volume_left(desk, grant, case.facts.grant_used.saturating_add(1));
    }
    let person = desk.person_on_site()?;
    let code = match case.request.basis {
        Basis::Holder { .. } => Code::HolderOnly,
        Basis::Policy { .. } | Basis::Grant { .. } => Code::NotTheCustodian,
    };
    desk.ensure(seals(&case.request.basis, seal) == Some(person), code, [])?;
    let days = desk.profile.password_days_max;
    let young = desk.now < days_after(seal.pin.changed_at, days) && !seal.pin.must_change;
    desk.ensure(young, Code::PasswordTooOld, [("days", days.to_string())])
}

/// What is true is recorded, whoever reports it and however long it took; only the item must have been begun.
pub(super) fn finish(case: &Case<'_>, item: u32, outcome: &Outcome) -> Result<Vec<UseEvent>, Refusal> {
    let desk = &case.desk;
    let open = case.request.open.contains_key(&item);
    desk.ensure(open, Code::NotBegun, [("item", item.to_string())])?;
    if desk.acting.actor != Actor::Service {
        finisher(case)?;
    }
    if let Outcome::Failed { reason } = outcome {
        desk.text("reason", reason)?;
    }
    let mut events = vec![UseEvent::Finished {
        at: desk.now,
        item,
        outcome: outcome.clone(),
    }];
    let stamped = matches!(outcome, Outcome::Stamped { .. });
    let now_stamped = case.request.stamped.len().saturating_add(u32::from(stamped));
    if stamped && now_stamped == case.request.content.count() {
        events.push(UseEvent::Completed { at: desk.now });
    }
    Ok(events)
}

/// Besides the service: whoever seals on the ground of this request.
fn finisher(case: &Case<'_>) -> Result<(), Refusal> {
    let seal = case.facts.seal.filter(|seal| seal.id == case.request.seal);
    let allowed = match (&case.request.basis, case.desk.acting.actor) {
        (Basis::Grant { system, .. }, Actor::System(acting)) => *system == acting,
        (basis, Actor::Person(person)) => seal.is_some_and(|seal| seals(basis, seal) == Some(person)),
        _ => false,
    };
    if allowed {
        Ok(())
    } else {
        Err(case.desk.not_permitted("custodian"))
    }
}
