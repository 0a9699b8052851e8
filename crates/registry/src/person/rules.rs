//! Who may appoint whom to what.

use jiff::Timestamp;

use crate::desk::Desk;
use crate::event::SubjectKind;
use crate::id::{AuthorityId, PersonId};
use crate::profile::Profile;
use crate::refusal::{Code, Refusal};
use crate::role::{Acting, Actor, Appointment, Role, Scope};

use super::{Person, PersonCommand, PersonEvent};

/// Appointments of one person at most, past ones included.
const APPOINTMENTS_MAX: usize = 512;

/// What must be looked up before deciding about a person.
#[derive(Clone, Debug)]
pub struct PersonFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts.
    pub acting: &'a Acting,
    /// The authorities over the scope of the appointment (of the unit's authority, of the authority itself, of the
    /// authority that the system belongs to), nearest first; for other commands, over the person's unit.
    pub lineage: &'a [AuthorityId],
    /// Who is registered with this identity already, if anybody.
    pub identity_taken_by: Option<PersonId>,
}

/// What a command does to a person, or why not.
pub fn decide(
    state: Option<&Person>,
    facts: &PersonFacts<'_>,
    command: &PersonCommand,
    now: Timestamp,
) -> Result<Vec<PersonEvent>, Refusal> {
    let desk = Desk {
        profile: facts.profile,
        acting: facts.acting,
        subject: SubjectKind::Person,
        command: command.name(),
        now,
    };
    let Some(person) = state else {
        return register(&desk, facts, command);
    };
    let event = match command {
        PersonCommand::Register { .. } => return Err(desk.exists_already()),
        PersonCommand::Correct { commitment } => {
            keeper(&desk, facts)?;
            let taken = facts.identity_taken_by.is_some_and(|other| other != person.id);
            desk.ensure(!taken, Code::PersonTaken, [])?;
            PersonEvent::Corrected {
                at: now,
                commitment: *commitment,
            }
        }
        PersonCommand::Appoint { appointment } => {
            appoint(&desk, facts, person, appointment)?;
            PersonEvent::Appointed {
                at: now,
                appointment: *appointment,
            }
        }
        PersonCommand::Dismiss { role, scope } => {
            may_appoint(&desk, facts, *role, *scope)?;
            let held = |held: &Appointment| {
                held.role == *role && held.scope == *scope && held.until.is_none_or(|until| now < until)
            };
            let appointed = person.appointments.iter().any(held);
            desk.ensure(appointed, Code::NotAppointed, [])?;
            PersonEvent::Dismissed {
                at: now,
                role: *role,
                scope: *scope,
            }
        }
        PersonCommand::Block { reason } => {
            desk.text("reason", reason)?;
            may_block(&desk, facts, person)?;
            if person.blocked.is_some() {
                return Err(desk.not_in("blocked"));
            }
            PersonEvent::Blocked {
                at: now,
                reason: reason.clone(),
            }
        }
        PersonCommand::Unblock => {
            may_block(&desk, facts, person)?;
            if person.blocked.is_none() {
                return Err(desk.not_in("active"));
            }
            PersonEvent::Unblocked { at: now }
        }
    };
    Ok(vec![event])
}

fn register(
    desk: &Desk<'_>,
    facts: &PersonFacts<'_>,
    command: &PersonCommand,
) -> Result<Vec<PersonEvent>, Refusal> {
    let PersonCommand::Register { id, commitment } = command else {
        return Err(desk.does_not_exist(SubjectKind::Person));
    };
    keeper(desk, facts)?;
    desk.ensure(facts.identity_taken_by.is_none(), Code::PersonTaken, [])?;
    Ok(vec![PersonEvent::Registered {
        at: desk.now,
        id: *id,
        commitment: *commitment,
    }])
}

fn may_block(desk: &Desk<'_>, facts: &PersonFacts<'_>, person: &Person) -> Result<(), Refusal> {
    not_oneself(desk, person)?;
    desk.officer_or_service(&[Role::SecurityAdministrator], facts.lineage)
        .map(|_| ())
}

/// Who may register people and correct their data.
fn keeper(desk: &Desk<'_>, facts: &PersonFacts<'_>) -> Result<(), Refusal> {
    desk.officer_or_service(&[Role::Reviewer, Role::SecurityAdministrator], facts.lineage)
        .map(|_| ())
}

fn not_oneself(desk: &Desk<'_>, person: &Person) -> Result<(), Refusal> {
    let oneself = desk.acting.person() == Some(person.id);
    desk.ensure(!oneself, Code::OwnAppointment, [])
}

fn appoint(
    desk: &Desk<'_>,
    facts: &PersonFacts<'_>,
    person: &Person,
    wanted: &Appointment,
) -> Result<(), Refusal> {
    let name = || [("role", wanted.role.name().to_owned())];
    desk.ensure(wanted.role.fits(wanted.scope), Code::RoleDoesNotFit, name())?;
    desk.ensure(
        wanted.until.is_none_or(|until| wanted.from < until),
        Code::PeriodEmpty,
        [],
    )?;
    desk.ensure(wanted.from >= desk.now, Code::Backdated, [])?;
    desk.ensure(person.blocked.is_none(), Code::PersonBlocked, [])?;
    desk.at_most("appointments", person.appointments.len() + 1, APPOINTMENTS_MAX)?;
    not_oneself(desk, person)?;
    may_appoint(desk, facts, wanted.role, wanted.scope)?;
    let beside = || person.appointments.iter().filter(|held| held.overlaps(wanted));
    let auditor = |role: Role| role == Role::AuditAdministrator;
    let auditor_too = |held: &Appointment| auditor(held.role) != auditor(wanted.role);
    desk.ensure(!beside().any(auditor_too), Code::AuditorApart, [])?;
    let another = |held: &Appointment| held.role.is_administrator() && held.role != wanted.role;
    let apart = !wanted.role.is_administrator() || !beside().any(another);
    desk.ensure(apart, Code::AdministratorsApart, [])
}

/// A unit's principal names agents, approvers and custodians; everything else the security administrators do. The
/// service appoints the first people at its set-up.
fn may_appoint(desk: &Desk<'_>, facts: &PersonFacts<'_>, role: Role, scope: Scope) -> Result<(), Refusal> {
    if desk.acting.actor == Actor::Service {
        return Ok(());
    }
    let by_principal = matches!(role, Role::Agent | Role::Approver | Role::Custodian);
    if by_principal && desk.acting.holds(Role::Principal, scope, desk.now) {
        return desk.person_on_site().map(|_| ());
    }
    let officers: &[Role] = if role == Role::Principal {
        &[Role::SecurityAdministrator, Role::Reviewer]
    } else {
        &[Role::SecurityAdministrator]
    };
    desk.officer(officers, facts.lineage).map(|_| ())
}
