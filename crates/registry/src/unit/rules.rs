//! What a unit may do and become.

use jiff::Timestamp;

use crate::authority::{Authority, AuthorityStatus};
use crate::desk::Desk;
use crate::event::SubjectKind;
use crate::id::{AuthorityId, UnitId};
use crate::profile::Profile;
use crate::refusal::{Code, Refusal};
use crate::role::{Acting, Role};

use super::{Unit, UnitCommand, UnitEvent};

/// What must be looked up before deciding about a unit.
#[derive(Clone, Debug)]
pub struct UnitFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts.
    pub acting: &'a Acting,
    /// The authority that makes its seals, or is going to.
    pub authority: Option<&'a Authority>,
    /// That authority and those above it, nearest first.
    pub lineage: &'a [AuthorityId],
    /// When moving: the present authority and those above it.
    pub present_lineage: &'a [AuthorityId],
    /// The unit that is registered with this credit code, if any.
    pub code_taken_by: Option<UnitId>,
}

/// What a command does to a unit, or why not.
pub fn decide(
    state: Option<&Unit>,
    facts: &UnitFacts<'_>,
    command: &UnitCommand,
    now: Timestamp,
) -> Result<Vec<UnitEvent>, Refusal> {
    let desk = Desk {
        profile: facts.profile,
        acting: facts.acting,
        subject: SubjectKind::Unit,
        command: command.name(),
        now,
    };
    let Some(unit) = state else {
        return register(&desk, facts, command);
    };
    if unit.ended.is_some() {
        return Err(desk.refuse(Code::UnitHasEnded, []));
    }
    desk.officer(&[Role::Reviewer], facts.lineage)?;
    let event = match command {
        UnitCommand::Register { .. } => return Err(desk.exists_already()),
        UnitCommand::Rename { name } => {
            desk.text("name", name)?;
            UnitEvent::Renamed {
                at: now,
                name: name.clone(),
            }
        }
        UnitCommand::Move { authority } => {
            designated(&desk, facts, *authority)?;
            desk.officer(&[Role::Reviewer], facts.present_lineage)?;
            UnitEvent::Moved {
                at: now,
                authority: *authority,
            }
        }
        UnitCommand::End { reason } => UnitEvent::Ended {
            at: now,
            reason: *reason,
        },
    };
    Ok(vec![event])
}

fn register(
    desk: &Desk<'_>,
    facts: &UnitFacts<'_>,
    command: &UnitCommand,
) -> Result<Vec<UnitEvent>, Refusal> {
    let UnitCommand::Register {
        id,
        authority,
        parent,
        code,
        name,
        kind,
        region,
        level,
    } = command
    else {
        return Err(desk.does_not_exist(SubjectKind::Unit));
    };
    desk.text("name", name)?;
    designated(desk, facts, *authority)?;
    desk.officer_or_service(&[Role::Reviewer], facts.lineage)?;
    desk.ensure(facts.code_taken_by.is_none(), Code::UnitCodeTaken, [])?;
    Ok(vec![UnitEvent::Registered {
        at: desk.now,
        id: *id,
        authority: *authority,
        parent: *parent,
        code: code.clone(),
        name: name.clone(),
        kind: *kind,
        region: region.clone(),
        level: *level,
    }])
}

fn designated(desk: &Desk<'_>, facts: &UnitFacts<'_>, wanted: AuthorityId) -> Result<(), Refusal> {
    let authority = facts.authority.filter(|authority| authority.id == wanted);
    let authority = desk.found(SubjectKind::Authority, authority)?;
    let designated = authority.status == AuthorityStatus::Designated;
    desk.ensure(designated, Code::AuthorityNotDesignated, [])
}
