//! What an authority may do and become.

use jiff::Timestamp;

use crate::desk::Desk;
use crate::event::SubjectKind;
use crate::id::AuthorityId;
use crate::profile::Profile;
use crate::refusal::{Code, Refusal};
use crate::role::{Acting, Role};

use super::{Authority, AuthorityCommand, AuthorityEvent, AuthorityStatus};

/// What must be looked up before deciding about an authority.
#[derive(Clone, Debug)]
pub struct AuthorityFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts.
    pub acting: &'a Acting,
    /// The authority above, if there is one.
    pub parent: Option<&'a Authority>,
    /// The authorities above, nearest first, without the authority itself.
    pub lineage: &'a [AuthorityId],
    /// How many units, authorities and open applications still belong to it.
    pub dependants: u64,
}

/// What a command does to an authority, or why not.
pub fn decide(
    state: Option<&Authority>,
    facts: &AuthorityFacts<'_>,
    command: &AuthorityCommand,
    now: Timestamp,
) -> Result<Vec<AuthorityEvent>, Refusal> {
    let desk = Desk {
        profile: facts.profile,
        acting: facts.acting,
        subject: SubjectKind::Authority,
        command: command.name(),
        now,
    };
    let Some(authority) = state else {
        return establish(&desk, facts, command);
    };
    if authority.status == AuthorityStatus::Closed {
        return Err(desk.not_in("closed"));
    }
    // Some things the authority decides itself, others only those above it.
    let mut itself = vec![authority.id];
    itself.extend(facts.lineage);
    let event = match command {
        AuthorityCommand::Establish { .. } => return Err(desk.exists_already()),
        AuthorityCommand::FileDesignation { document } => {
            if authority.status != AuthorityStatus::Entered {
                return Err(desk.not_in("designated"));
            }
            desk.text("document", document)?;
            let above = [Role::Reviewer, Role::SystemAdministrator];
            let by = desk.officer_or_service(&above, facts.lineage)?;
            AuthorityEvent::DesignationFiled {
                at: now,
                document: document.clone(),
                by,
            }
        }
        AuthorityCommand::Rename { name } => {
            desk.text("name", name)?;
            desk.officer_or_service(&[Role::SystemAdministrator], &itself)?;
            AuthorityEvent::Renamed {
                at: now,
                name: name.clone(),
            }
        }
        AuthorityCommand::SetProfile { profile } => {
            desk.officer_or_service(&[Role::SecurityAdministrator], &itself)?;
            AuthorityEvent::ProfileSet {
                at: now,
                profile: profile.clone(),
            }
        }
        AuthorityCommand::Close { reason } => {
            desk.text("reason", reason)?;
            desk.officer(&[Role::SystemAdministrator], facts.lineage)?;
            desk.ensure(facts.dependants == 0, Code::UnitsRemain, [])?;
            AuthorityEvent::Closed {
                at: now,
                reason: reason.clone(),
            }
        }
    };
    Ok(vec![event])
}

fn establish(
    desk: &Desk<'_>,
    facts: &AuthorityFacts<'_>,
    command: &AuthorityCommand,
) -> Result<Vec<AuthorityEvent>, Refusal> {
    let AuthorityCommand::Establish {
        id,
        parent,
        name,
        region,
        level,
        profile,
    } = command
    else {
        return Err(desk.does_not_exist(SubjectKind::Authority));
    };
    desk.text("name", name)?;
    match parent {
        None => desk.service()?,
        Some(parent) => {
            let above = facts.parent.filter(|above| above.id == *parent);
            let above = desk.found(SubjectKind::Authority, above)?;
            if above.status == AuthorityStatus::Closed {
                return Err(desk.not_in("closed"));
            }
            desk.officer_or_service(&[Role::SystemAdministrator], facts.lineage)?;
            desk.ensure(*level > above.level, Code::LevelNotBelow, [])?;
        }
    }
    Ok(vec![AuthorityEvent::Established {
        at: desk.now,
        id: *id,
        parent: *parent,
        name: name.clone(),
        region: region.clone(),
        level: *level,
        profile: profile.clone(),
    }])
}
