//! Who gives a grant, and what it permits.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::desk::Desk;
use crate::event::SubjectKind;
use crate::id::{AuthorityId, PersonId};
use crate::profile::{Profile, begin_of, china};
use crate::refusal::{Code, Refusal};
use crate::role::{Acting, Role, Scope};
use crate::seal::SealRecord;
use crate::usage::known_types;

use super::{Grant, GrantCommand, GrantEvent, GrantStatus, GrantTerms, Period};

/// What must be looked up before deciding about a grant.
#[derive(Clone, Debug)]
pub struct GrantFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts.
    pub acting: &'a Acting,
    /// The seal.
    pub seal: Option<&'a SealRecord>,
    /// The authority of the unit and those above it, nearest first.
    pub lineage: &'a [AuthorityId],
}

/// What a command does to a grant, or why not.
pub fn decide(
    state: Option<&Grant>,
    facts: &GrantFacts<'_>,
    command: &GrantCommand,
    now: Timestamp,
) -> Result<Vec<GrantEvent>, Refusal> {
    let desk = Desk {
        profile: facts.profile,
        acting: facts.acting,
        subject: SubjectKind::Grant,
        command: command.name(),
        now,
    };
    let Some(grant) = state else {
        return applied(&desk, facts, command);
    };
    let unit = Scope::Unit(grant.terms.unit);
    let platform = Scope::System(grant.terms.system);
    let in_state = |wanted: GrantStatus| {
        if grant.status == wanted {
            Ok(())
        } else {
            Err(desk.not_in(grant.status.name()))
        }
    };
    let event = match command {
        GrantCommand::Apply { .. } => return Err(desk.exists_already()),
        GrantCommand::Consent => {
            in_state(GrantStatus::Applied)?;
            GrantEvent::Consented {
                at: now,
                by: desk.holder_of(Role::Principal, unit)?,
            }
        }
        GrantCommand::Authorise => {
            in_state(GrantStatus::Consented)?;
            GrantEvent::Authorised {
                at: now,
                by: desk.holder_of(Role::PlatformOwner, platform)?,
            }
        }
        GrantCommand::Decline { reason } => {
            let by = match grant.status {
                GrantStatus::Applied => desk.holder_of(Role::Principal, unit)?,
                GrantStatus::Consented => desk.holder_of(Role::PlatformOwner, platform)?,
                _ => return Err(desk.not_in(grant.status.name())),
            };
            desk.text("reason", reason)?;
            GrantEvent::Declined {
                at: now,
                by,
                reason: reason.clone(),
            }
        }
        GrantCommand::Revoke { reason } => {
            in_state(GrantStatus::Authorised)?;
            desk.text("reason", reason)?;
            GrantEvent::Revoked {
                at: now,
                by: revoker(&desk, facts, grant)?,
                reason: reason.clone(),
            }
        }
    };
    Ok(vec![event])
}

fn applied(
    desk: &Desk<'_>,
    facts: &GrantFacts<'_>,
    command: &GrantCommand,
) -> Result<Vec<GrantEvent>, Refusal> {
    let GrantCommand::Apply { id, terms } = command else {
        return Err(desk.does_not_exist(SubjectKind::Grant));
    };
    let by = desk.holder_of_one(&[Role::Agent, Role::Principal], Scope::Unit(terms.unit))?;
    sound(desk, facts, terms)?;
    Ok(vec![GrantEvent::Applied {
        at: desk.now,
        id: *id,
        terms: terms.clone(),
        by,
    }])
}

/// Terms that can be kept to: the unit's own seal, known types, a period, a volume.
fn sound(desk: &Desk<'_>, facts: &GrantFacts<'_>, terms: &GrantTerms) -> Result<(), Refusal> {
    desk.text("purpose", &terms.purpose)?;
    let seal = facts.seal.filter(|seal| seal.id == terms.seal);
    let seal = desk.found(SubjectKind::Seal, seal)?;
    desk.ensure(seal.owner.unit() == Some(terms.unit), Code::NotOwnSeal, [])?;
    desk.ensure(seal.owner.holder().is_none(), Code::HolderOnly, [])?;
    desk.ensure(!terms.document_types.is_empty(), Code::DocumentTypesMissing, [])?;
    known_types(desk, &terms.document_types)?;
    desk.ensure(
        terms.from < terms.until && desk.now < terms.until,
        Code::PeriodEmpty,
        [],
    )?;
    desk.ensure(terms.volume.documents_max > 0, Code::VolumeMissing, [])
}

/// The principal, the owner of the platform, an officer of the authority, or the service when seal or unit ended.
fn revoker(desk: &Desk<'_>, facts: &GrantFacts<'_>, grant: &Grant) -> Result<Option<PersonId>, Refusal> {
    if let Some(person) = desk.acting.person() {
        let principal = desk
            .acting
            .holds(Role::Principal, Scope::Unit(grant.terms.unit), desk.now);
        let owner = desk
            .acting
            .holds(Role::PlatformOwner, Scope::System(grant.terms.system), desk.now);
        if principal || owner {
            desk.person()?;
            return Ok(Some(person));
        }
    }
    desk.officer_or_service(&[Role::Reviewer, Role::SecurityAdministrator], facts.lineage)
}

impl Grant {
    /// Whether it permits anything at that time.
    pub fn in_force(&self, at: Timestamp) -> bool {
        self.status == GrantStatus::Authorised && self.terms.from <= at && at < self.terms.until
    }

    /// From when documents count against the volume at that time.
    pub fn period_began(&self, at: Timestamp) -> Timestamp {
        let today: Date = at.to_zoned(china()).date();
        let began = match self.terms.volume.per {
            Period::Grant => return self.terms.from,
            Period::Month => begin_of(today.first_of_month()),
            Period::Day => begin_of(today),
        };
        began.max(self.terms.from)
    }
}
