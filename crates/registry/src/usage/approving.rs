//! Approvals: step by step, by different people, bound to what was seen (R51).

use crate::id::PersonId;
use crate::profile::days_after;
use crate::refusal::{Code, Refusal};
use crate::role::{Appointment, Scope};

use super::request_rules::Case;
use super::{Approval, Approver, Basis, Binding, Separation, Step, UseEvent, UsePolicy, UseStatus};

/// After so many days an approval lapses, if the unit has no policy any more that says otherwise.
const APPROVAL_DAYS: u16 = 30;

pub(super) fn approve(
    case: &Case<'_>,
    binding: &Binding,
    for_person: Option<PersonId>,
) -> Result<Vec<UseEvent>, Refusal> {
    case.in_one_of(&[UseStatus::Requested])?;
    let desk = &case.desk;
    desk.ensure(*binding == case.request.binding(), Code::BindingDiffers, [])?;
    let by = desk.person_on_site()?;
    let (number, step, last) = present_step(case)?;
    let decider = for_person.unwrap_or(by);
    qualified(case, &step, by, for_person)?;
    apart(case, by, decider)?;
    case.seal()?;
    let approval = Approval {
        step: number,
        by,
        for_person,
        binding: binding.clone(),
        at: desk.now,
    };
    let mut events = vec![UseEvent::ApprovalGiven {
        at: desk.now,
        approval,
    }];
    if last {
        let days = case
            .facts
            .policy
            .map_or(APPROVAL_DAYS, |policy| policy.approval_days_max);
        events.push(UseEvent::Approved {
            at: desk.now,
            lapses_at: days_after(desk.now, days),
        });
    }
    Ok(events)
}

pub(super) fn decline(case: &Case<'_>, reason: &str) -> Result<Vec<UseEvent>, Refusal> {
    case.in_one_of(&[UseStatus::Requested])?;
    let by = case.desk.person_on_site()?;
    let (_, step, _) = present_step(case)?;
    qualified(case, &step, by, None)?;
    case.desk.text("reason", reason)?;
    Ok(vec![UseEvent::Declined {
        at: case.desk.now,
        by,
        reason: reason.to_owned(),
    }])
}

/// The step that waits, its number, and whether one more approval ends it all.
fn present_step(case: &Case<'_>) -> Result<(u8, Step, bool), Refusal> {
    let Basis::Policy { rule, .. } = &case.request.basis else {
        return Err(case.desk.not_in(case.request.status.name()));
    };
    let given = |number: u8| {
        case.request
            .approvals
            .iter()
            .filter(|approval| approval.step == number)
            .count()
    };
    for (number, step) in (0_u8..).zip(&rule.steps) {
        let given = given(number);
        if given < usize::from(step.needed) {
            let fills = given + 1 == usize::from(step.needed);
            let last = fills && usize::from(number) + 1 == rule.steps.len();
            return Ok((number, *step, last));
        }
    }
    Err(case.desk.not_in(case.request.status.name()))
}

/// The person, or the one in whose place they act, is the approver of this step.
fn qualified(
    case: &Case<'_>,
    step: &Step,
    by: PersonId,
    for_person: Option<PersonId>,
) -> Result<(), Refusal> {
    let desk = &case.desk;
    let unit = case.request.unit.map(Scope::Unit);
    let holds = |appointments: &[Appointment], person: PersonId| match step.approver {
        Approver::Person(wanted) => wanted == person,
        Approver::Role(role) => appointments
            .iter()
            .any(|held| held.role == role && Some(held.scope) == unit && held.holds(desk.now)),
    };
    let Some(represented) = for_person else {
        return desk.ensure(holds(&desk.acting.appointments, by), Code::NotTheApprover, []);
    };
    let stands_in = |policy: &UsePolicy| {
        policy.deputies.iter().any(|deputy| {
            deputy.of == represented
                && deputy.deputy == by
                && deputy.may(&case.request.document_type, case.request.amount_fen, desk.now)
        })
    };
    desk.ensure(case.facts.policy.is_some_and(stands_in), Code::NotADeputy, [])?;
    desk.ensure(holds(case.facts.deputised, represented), Code::NotTheApprover, [])
}

/// Whoever asks, keeps the seal, or approved already does not approve, unless the policy allows it.
fn apart(case: &Case<'_>, by: PersonId, decider: PersonId) -> Result<(), Refusal> {
    let desk = &case.desk;
    let separation = case
        .facts
        .policy
        .map_or(Separation::default(), |policy| policy.separation);
    let both = [by, decider];
    let requester = case.request.requester == crate::Actor::Person(by)
        || case.request.requester == crate::Actor::Person(decider);
    let values = |role: &str| [("role", role.to_owned())];
    desk.ensure(
        !requester || separation.requester_may_approve,
        Code::DutiesTogether,
        values("requester"),
    )?;
    let custodian = case.facts.seal.and_then(|seal| seal.custodian);
    let keeps = custodian.is_some_and(|custodian| both.contains(&custodian));
    desk.ensure(
        !keeps || separation.custodian_may_approve,
        Code::DutiesTogether,
        values("custodian"),
    )?;
    let (step, _, _) = present_step(case)?;
    let involved = |approval: &&Approval| {
        both.contains(&approval.by) || approval.for_person.is_some_and(|person| both.contains(&person))
    };
    let mut before = case.request.approvals.iter().filter(involved);
    let repeats = before.any(|approval| approval.step == step || !separation.approver_may_repeat);
    desk.ensure(!repeats, Code::DutiesTogether, values("approver"))
}
