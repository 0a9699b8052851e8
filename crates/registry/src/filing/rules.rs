//! Whom to tell, by when, and what counts as told.

use jiff::Timestamp;

use crate::desk::Desk;
use crate::event::SubjectKind;
use crate::id::AuthorityId;
use crate::profile::{FilingDuty, Profile, hours_after};
use crate::refusal::{Code, Refusal};
use crate::role::{Acting, Role};

use super::{Filing, FilingBody, FilingCommand, FilingEvent, FilingOccasion, FilingStatus};

/// What must be looked up before deciding about a filing.
#[derive(Clone, Debug)]
pub struct FilingFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts: the service's job, or a maker of the authority.
    pub acting: &'a Acting,
    /// The authority of the seal and those above it, nearest first.
    pub lineage: &'a [AuthorityId],
}

/// Whom to tell of something, with the hours they give.
pub fn duties(profile: &Profile, occasion: FilingOccasion) -> impl Iterator<Item = &FilingDuty> {
    profile
        .filing
        .iter()
        .filter(move |duty| duty.occasions.contains(&occasion))
}

/// What a command does to a filing, or why not.
pub fn decide(
    state: Option<&Filing>,
    facts: &FilingFacts<'_>,
    command: &FilingCommand,
    now: Timestamp,
) -> Result<Vec<FilingEvent>, Refusal> {
    let desk = Desk {
        profile: facts.profile,
        acting: facts.acting,
        subject: SubjectKind::Filing,
        command: command.name(),
        now,
    };
    desk.officer_or_service(&[Role::Maker], facts.lineage)?;
    let Some(filing) = state else {
        return opened(&desk, command);
    };
    if filing.status == FilingStatus::Accepted {
        return Err(desk.not_in(filing.status.name()));
    }
    let event = match command {
        FilingCommand::Open { .. } => return Err(desk.exists_already()),
        FilingCommand::RecordSent => {
            if filing.status == FilingStatus::Sent {
                return Err(desk.not_in(filing.status.name()));
            }
            FilingEvent::Sent { at: now }
        }
        FilingCommand::RecordFailure { reason } => {
            desk.text("reason", reason)?;
            FilingEvent::Failed {
                at: now,
                reason: reason.clone(),
            }
        }
        FilingCommand::Accept { number, receipt } => {
            desk.text("number", number)?;
            FilingEvent::Accepted {
                at: now,
                number: number.clone(),
                receipt: *receipt,
            }
        }
        FilingCommand::Return { reason } => {
            desk.text("reason", reason)?;
            FilingEvent::Returned {
                at: now,
                reason: reason.clone(),
            }
        }
        FilingCommand::Escalate => {
            desk.ensure(filing.overdue(now), Code::NotOverdue, [])?;
            if filing.escalated {
                return Err(desk.not_in("escalated"));
            }
            FilingEvent::Escalated { at: now }
        }
    };
    Ok(vec![event])
}

fn opened(desk: &Desk<'_>, command: &FilingCommand) -> Result<Vec<FilingEvent>, Refusal> {
    let FilingCommand::Open {
        id,
        seal,
        body,
        occasion,
        since,
    } = command
    else {
        return Err(desk.does_not_exist(SubjectKind::Filing));
    };
    let due = due(desk, *body, *occasion, *since)?;
    Ok(vec![FilingEvent::Opened {
        at: desk.now,
        id: *id,
        seal: *seal,
        body: *body,
        occasion: *occasion,
        since: *since,
        due,
    }])
}

/// By when: calendar hours from the instant it happened, nights and holidays included (Q3).
fn due(
    desk: &Desk<'_>,
    body: FilingBody,
    occasion: FilingOccasion,
    since: Timestamp,
) -> Result<Option<Timestamp>, Refusal> {
    desk.ensure(since <= desk.now, Code::NotYetHappened, [])?;
    let duty = duties(desk.profile, occasion).find(|duty| duty.body == body);
    let values = [
        ("body", body.name().to_owned()),
        ("occasion", occasion.name().to_owned()),
    ];
    let Some(duty) = duty else {
        return Err(desk.refuse(Code::FilingNotAsked, values));
    };
    Ok(duty.hours_max.map(|hours| hours_after(since, u32::from(hours))))
}
