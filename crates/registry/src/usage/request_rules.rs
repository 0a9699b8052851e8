//! From request to outcome: approvals bound to bytes, the use record before the key is used.

use jiff::Timestamp;

use crate::desk::Desk;
use crate::digest::Digest32;
use crate::event::SubjectKind;
use crate::grant::Grant;
use crate::profile::Profile;
use crate::refusal::{Code, Refusal};
use crate::role::{Acting, Actor, Appointment};
use crate::seal::SealRecord;

use super::{Basis, UseCommand, UseEvent, UsePolicy, UseRequest, UseStatus, approving, asking, sealing};

/// What must be looked up before deciding about a use.
#[derive(Clone, Debug)]
pub struct UseFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts.
    pub acting: &'a Acting,
    /// The seal.
    pub seal: Option<&'a SealRecord>,
    /// The policy of the unit, in its version in force.
    pub policy: Option<&'a UsePolicy>,
    /// The grant that is named.
    pub grant: Option<&'a Grant>,
    /// Documents begun under the grant in the present period, those that failed left out
    /// (see [`Grant::period_began`]).
    pub grant_used: u64,
    /// When a deputy approves: the appointments of the person in whose place.
    pub deputised: &'a [Appointment],
    /// Where the acting person is, if the unit's policy does not let its seals be used from there (R7).
    pub elsewhere: Option<String>,
    /// What is known about the document (about the item, when sealing).
    pub document: DocumentFacts,
}

/// What is known about a document from reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DocumentFacts {
    /// Whether nothing is on its pages.
    pub blank: bool,
    /// For an item of a batch: the root under which its digest was proved to be in its place. Nothing when no
    /// proof was checked.
    pub proved_under: Option<Digest32>,
}

/// What a command does to a use, or why not.
pub fn decide(
    state: Option<&UseRequest>,
    facts: &UseFacts<'_>,
    command: &UseCommand,
    now: Timestamp,
) -> Result<Vec<UseEvent>, Refusal> {
    let desk = Desk {
        profile: facts.profile,
        acting: facts.acting,
        subject: SubjectKind::Use,
        command: command.name(),
        now,
    };
    on_unit_network(&desk, facts, command)?;
    if let UseCommand::Request { .. } = command {
        if state.is_some() {
            return Err(desk.exists_already());
        }
        return asking::request(&desk, facts, command);
    }
    let case = Case {
        desk,
        facts,
        request: desk.found(SubjectKind::Use, state)?,
    };
    match command {
        UseCommand::Request { .. } => Err(desk.exists_already()),
        UseCommand::Approve { binding, for_person } => approving::approve(&case, binding, *for_person),
        UseCommand::Decline { reason } => approving::decline(&case, reason),
        UseCommand::Withdraw => case.withdraw(),
        UseCommand::Begin {
            item,
            document,
            placement,
        } => sealing::begin(&case, *item, *document, placement),
        UseCommand::Finish { item, outcome } => sealing::finish(&case, *item, outcome),
        UseCommand::Lapse => case.lapse(),
    }
}

/// People use a unit's seals from where its policy lets them; what is true is recorded from everywhere.
fn on_unit_network(desk: &Desk<'_>, facts: &UseFacts<'_>, command: &UseCommand) -> Result<(), Refusal> {
    let records = matches!(command, UseCommand::Finish { .. } | UseCommand::Lapse);
    match &facts.elsewhere {
        Some(network) if !records => {
            Err(desk.refuse(Code::NetworkNotAllowed, [("network", network.clone())]))
        }
        _ => Ok(()),
    }
}

/// A command about a request that exists.
pub(super) struct Case<'a> {
    pub(super) desk: Desk<'a>,
    pub(super) facts: &'a UseFacts<'a>,
    pub(super) request: &'a UseRequest,
}

impl<'a> Case<'a> {
    pub(super) fn in_one_of(&self, states: &[UseStatus]) -> Result<(), Refusal> {
        let status = self.request.status;
        if states.contains(&status) {
            Ok(())
        } else {
            Err(self.desk.not_in(status.name()))
        }
    }

    /// The seal of the request, in force.
    pub(super) fn seal(&self) -> Result<&'a SealRecord, Refusal> {
        let seal = self.facts.seal.filter(|seal| seal.id == self.request.seal);
        in_force(&self.desk, seal)
    }

    fn withdraw(&self) -> Result<Vec<UseEvent>, Refusal> {
        self.in_one_of(&[UseStatus::Requested, UseStatus::Approved])?;
        if matches!(self.desk.acting.actor, Actor::Person(_)) {
            self.desk.person_on_site()?;
        }
        let own = self.desk.acting.actor == self.request.requester;
        if !own {
            return Err(self.desk.not_permitted("requester"));
        }
        self.nothing_open()?;
        Ok(vec![UseEvent::Withdrawn {
            at: self.desk.now,
            by: self.desk.acting.actor,
        }])
    }

    fn lapse(&self) -> Result<Vec<UseEvent>, Refusal> {
        self.in_one_of(&[UseStatus::Approved])?;
        self.desk.service()?;
        let over = self
            .request
            .lapses_at
            .is_none_or(|lapses| lapses <= self.desk.now);
        self.desk.ensure(over, Code::ApprovalStillHolds, [])?;
        self.nothing_open()?;
        Ok(vec![UseEvent::Lapsed { at: self.desk.now }])
    }

    /// While the outcome of an item is unknown, the request does not end: a signature may exist.
    fn nothing_open(&self) -> Result<(), Refusal> {
        self.desk
            .ensure(self.request.open.is_empty(), Code::OutcomeUnknown, [])
    }

    /// The grant that the request rests on, in force for this system.
    pub(super) fn grant(&self) -> Result<Option<&'a Grant>, Refusal> {
        let Basis::Grant { grant: named, .. } = &self.request.basis else {
            return Ok(None);
        };
        let grant = self.facts.grant.filter(|grant| grant.id == *named);
        self.desk.found(SubjectKind::Grant, grant).map(Some)
    }
}

/// The seal, if it may be used to seal now (R59).
pub(super) fn in_force<'a>(desk: &Desk<'_>, seal: Option<&'a SealRecord>) -> Result<&'a SealRecord, Refusal> {
    let seal = desk.found(SubjectKind::Seal, seal)?;
    let values = [("state", seal.status.name().to_owned())];
    desk.ensure(seal.usable(desk.now), Code::SealNotInForce, values)?;
    Ok(seal)
}
