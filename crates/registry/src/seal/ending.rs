//! How a seal ends: cancelled on application, ex officio, or because its period is over (R61–R64).

use crate::application::{ApplicationKind, Ask};
use crate::id::ApplicationId;
use crate::refusal::{Code, Refusal};
use crate::role::Role;

use super::rules::Case;
use super::{Reason, SealEvent, SealStatus};

/// The states from which a seal can still end.
const LIVE: [SealStatus; 4] = [
    SealStatus::Made,
    SealStatus::Filed,
    SealStatus::Active,
    SealStatus::Suspended,
];

pub(super) fn schedule(case: &Case<'_>, named: ApplicationId) -> Result<Vec<SealEvent>, Refusal> {
    let desk = &case.desk;
    case.in_one_of(&[SealStatus::Active])?;
    desk.ensure(desk.profile.scheduled_change, Code::ChangeIsCancelFirst, [])?;
    let (application, _) = case.approved(named, &[ApplicationKind::Change])?;
    let scheduled = matches!(application.ask, Ask::Change { scheduled: true, .. });
    desk.ensure(scheduled, Code::ApplicationForAnother, [])?;
    if case.seal.change.is_some() {
        return Err(desk.not_in("change"));
    }
    Ok(vec![SealEvent::CancellationScheduled {
        at: desk.now,
        application: named,
    }])
}

pub(super) fn cancel(case: &Case<'_>, named: ApplicationId) -> Result<Vec<SealEvent>, Refusal> {
    let desk = &case.desk;
    case.in_one_of(&LIVE)?;
    let kinds = [ApplicationKind::Cancel, ApplicationKind::Change];
    let application = case.approved_before(named, &kinds)?;
    if case.seal.change == Some(named) {
        // Put off until the successor is in force, so it must be.
        let successor = case
            .facts
            .other
            .filter(|other| other.replaces == Some(case.seal.id));
        let in_force = successor.is_some_and(|successor| successor.usable(desk.now));
        desk.ensure(in_force, Code::SuccessorNotInForce, [])?;
    }
    let Some(reason) = application.ask.reason() else {
        return Err(desk.refuse(Code::ApplicationForAnother, []));
    };
    Ok(vec![SealEvent::Cancelled {
        at: desk.now,
        reason,
        application: Some(named),
        decision: None,
    }])
}

pub(super) fn cancel_ex_officio(
    case: &Case<'_>,
    reason: Reason,
    decision: &str,
) -> Result<Vec<SealEvent>, Refusal> {
    let desk = &case.desk;
    case.in_one_of(&LIVE)?;
    desk.ensure(desk.profile.ex_officio, Code::OnApplicationOnly, [])?;
    desk.officer(&[Role::Reviewer], case.facts.lineage)?;
    desk.text("decision", decision)?;
    let decision = Some(decision.to_owned());
    Ok(vec![SealEvent::Cancelled {
        at: desk.now,
        reason,
        application: None,
        decision,
    }])
}

pub(super) fn expire(case: &Case<'_>) -> Result<Vec<SealEvent>, Refusal> {
    let desk = &case.desk;
    case.in_one_of(&LIVE)?;
    desk.service()?;
    let over = case
        .seal
        .edition()
        .is_none_or(|edition| edition.not_after <= desk.now);
    desk.ensure(over, Code::PeriodNotOver, [])?;
    Ok(vec![SealEvent::Expired { at: desk.now }])
}
