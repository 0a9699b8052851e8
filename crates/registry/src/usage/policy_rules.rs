//! What a policy may say, and who says it.

use jiff::Timestamp;

use crate::desk::Desk;
use crate::event::SubjectKind;
use crate::id::PersonId;
use crate::profile::Profile;
use crate::refusal::{Code, Refusal};
use crate::role::{Acting, Role, Scope};

use super::{ApprovalRule, Approver, Deputy, DocumentType, UsePolicy, UsePolicyCommand, UsePolicyEvent};

/// Rules of a policy at most.
pub const RULES_MAX: usize = 64;

/// Steps of a rule, and people of a step, at most.
pub const STEPS_MAX: usize = 16;

/// Deputies of a policy at most, past ones included.
const DEPUTIES_MAX: usize = 512;

/// Document types or seal kinds that a rule or a deputy names at most.
const NAMES_MAX: usize = 64;

/// Subnets of a policy at most.
const NETWORKS_MAX: usize = 64;

/// What must be looked up before deciding about a policy.
#[derive(Clone, Debug)]
pub struct UsePolicyFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts.
    pub acting: &'a Acting,
}

/// What a command does to a policy, or why not.
pub fn decide(
    state: Option<&UsePolicy>,
    facts: &UsePolicyFacts<'_>,
    command: &UsePolicyCommand,
    now: Timestamp,
) -> Result<Vec<UsePolicyEvent>, Refusal> {
    let desk = Desk {
        profile: facts.profile,
        acting: facts.acting,
        subject: SubjectKind::Policy,
        command: command.name(),
        now,
    };
    let event = match command {
        UsePolicyCommand::Adopt {
            id,
            unit,
            rules,
            separation,
            approval_days_max,
            networks,
        } => {
            let same = state.is_none_or(|policy| policy.id == *id && policy.unit == *unit);
            if !same {
                return Err(desk.exists_already());
            }
            let by = desk.holder_of(Role::Principal, Scope::Unit(*unit))?;
            sound(&desk, rules)?;
            desk.ensure(*approval_days_max > 0, Code::PeriodEmpty, [])?;
            desk.at_most("networks", networks.len(), NETWORKS_MAX)?;
            UsePolicyEvent::Adopted {
                at: now,
                id: *id,
                unit: *unit,
                version: state.map_or(1, |policy| policy.version.saturating_add(1)),
                rules: rules.clone(),
                separation: *separation,
                approval_days_max: *approval_days_max,
                networks: networks.clone(),
                by,
            }
        }
        UsePolicyCommand::AppointDeputy { deputy } => {
            let policy = desk.found(SubjectKind::Policy, state)?;
            let by = represented_or_principal(&desk, policy, deputy.of)?;
            fitting(&desk, policy, deputy)?;
            UsePolicyEvent::DeputyAppointed {
                at: now,
                deputy: deputy.clone(),
                by,
            }
        }
        UsePolicyCommand::DismissDeputy { of, deputy } => {
            let policy = desk.found(SubjectKind::Policy, state)?;
            represented_or_principal(&desk, policy, *of)?;
            let held = |held: &Deputy| held.of == *of && held.deputy == *deputy && now < held.until;
            desk.ensure(policy.deputies.iter().any(held), Code::NotAppointed, [])?;
            UsePolicyEvent::DeputyDismissed {
                at: now,
                of: *of,
                deputy: *deputy,
            }
        }
    };
    Ok(vec![event])
}

/// Rules that can be carried out: every one has steps, every step an approver (R50, R51).
fn sound(desk: &Desk<'_>, rules: &[ApprovalRule]) -> Result<(), Refusal> {
    desk.ensure(!rules.is_empty(), Code::RulesMissing, [])?;
    desk.at_most("rules", rules.len(), RULES_MAX)?;
    for rule in rules {
        known(desk, &rule.document_types)?;
        desk.at_most("seal_kinds", rule.seal_kinds.len(), NAMES_MAX)?;
        desk.ensure(!rule.steps.is_empty(), Code::RulesMissing, [])?;
        desk.at_most("steps", rule.steps.len(), STEPS_MAX)?;
        for step in &rule.steps {
            desk.ensure(step.needed > 0, Code::RulesMissing, [])?;
            desk.at_most("needed", usize::from(step.needed), STEPS_MAX)?;
            let approves = match step.approver {
                Approver::Person(_) => step.needed == 1,
                Approver::Role(role) => matches!(role, Role::Principal | Role::Approver),
            };
            desk.ensure(approves, Code::ApproverDoesNotFit, [])?;
        }
    }
    Ok(())
}

/// The document types are in the catalogue (R6).
pub(crate) fn known(desk: &Desk<'_>, types: &[DocumentType]) -> Result<(), Refusal> {
    desk.at_most("document_types", types.len(), NAMES_MAX)?;
    let unknown =
        |wanted: &&DocumentType| !desk.profile.document_types.iter().any(|row| row.code == **wanted);
    match types.iter().find(unknown) {
        None => Ok(()),
        Some(unknown) => {
            let shown = unknown.0.chars().take(64).collect();
            Err(desk.refuse(Code::DocumentTypeUnknown, [("type", shown)]))
        }
    }
}

fn represented_or_principal(desk: &Desk<'_>, policy: &UsePolicy, of: PersonId) -> Result<PersonId, Refusal> {
    let person = desk.person_on_site()?;
    if person == of {
        return Ok(person);
    }
    desk.holder_of(Role::Principal, Scope::Unit(policy.unit))
}

fn fitting(desk: &Desk<'_>, policy: &UsePolicy, deputy: &Deputy) -> Result<(), Refusal> {
    desk.ensure(deputy.from < deputy.until, Code::PeriodEmpty, [])?;
    desk.ensure(deputy.from >= desk.now, Code::Backdated, [])?;
    desk.ensure(deputy.of != deputy.deputy, Code::OwnAppointment, [])?;
    known(desk, &deputy.document_types)?;
    desk.at_most("deputies", policy.deputies.len() + 1, DEPUTIES_MAX)
}
