//! The life cycle of a seal: what may happen in which state, by whom.

use jiff::Timestamp;

use crate::application::{Application, ApplicationKind, Claim};
use crate::desk::Desk;
use crate::event::SubjectKind;
use crate::id::{ApplicationId, AuthorityId, PersonId};
use crate::profile::Profile;
use crate::refusal::{Code, Refusal};
use crate::role::{Acting, Actor, Role, Scope};
use crate::unit::Unit;

use super::{
    CertificateFacts, OldDevice, Owner, Reason, SealCommand, SealEvent, SealRecord, SealStatus, custody,
    ending, making,
};

/// What must be looked up before deciding about a seal.
#[derive(Clone, Debug)]
pub struct SealFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts.
    pub acting: &'a Acting,
    /// The authority of the seal's unit (of the application, for a personal seal) and those above it, nearest first.
    pub lineage: &'a [AuthorityId],
    /// The application that the command names.
    pub application: Option<&'a Application>,
    /// The unit of the owner, if one is concerned.
    pub unit: Option<&'a Unit>,
    /// What else holds a place among the owner's seals: seals and pending applications, without this one and
    /// without the application that the command names.
    pub claims: &'a [Claim],
    /// The certificate that is bound in, for making, renewing and replacing.
    pub certificate: Option<&'a CertificateFacts>,
    /// For making and handing over: whether the person who is to take custody holds the custodian's role in the
    /// unit.
    pub receiver_is_custodian: bool,
    /// For collecting: the seal that this one replaces. For cancelling: the seal that replaces this one.
    pub other: Option<&'a SealRecord>,
}

/// What a command does to a seal, or why not.
pub fn decide(
    state: Option<&SealRecord>,
    facts: &SealFacts<'_>,
    command: &SealCommand,
    now: Timestamp,
) -> Result<Vec<SealEvent>, Refusal> {
    let desk = Desk {
        profile: facts.profile,
        acting: facts.acting,
        subject: SubjectKind::Seal,
        command: command.name(),
        now,
    };
    if let SealCommand::Make {
        id,
        application,
        edition,
        comparison,
        names,
        custodian,
    } = command
    {
        if state.is_some() {
            return Err(desk.exists_already());
        }
        let made = making::Made {
            id: *id,
            edition,
            comparison: comparison.as_ref(),
            names,
            custodian: *custodian,
        };
        return making::make(&desk, facts, *application, &made);
    }
    let case = Case {
        desk,
        facts,
        seal: desk.found(SubjectKind::Seal, state)?,
    };
    match command {
        SealCommand::Make { .. } => Err(desk.exists_already()),
        SealCommand::RecordFiling {
            filing,
            body,
            occasion,
        } => making::record_filing(&case, *filing, *body, *occasion),
        SealCommand::Activate { old_device } => custody::activate(&case, *old_device),
        SealCommand::Suspend { reason, application } => suspend(&case, *reason, *application),
        SealCommand::Resume { application } => resume(&case, *application),
        SealCommand::Renew { application, edition } => making::renew(&case, *application, edition),
        SealCommand::ReplaceDevice {
            application,
            edition,
            old_device,
        } => making::replace_device(&case, *application, edition, *old_device),
        SealCommand::ScheduleCancellation { application } => ending::schedule(&case, *application),
        SealCommand::Cancel { application } => ending::cancel(&case, *application),
        SealCommand::CancelExOfficio { reason, decision } => {
            ending::cancel_ex_officio(&case, *reason, decision)
        }
        SealCommand::Expire => ending::expire(&case),
        SealCommand::HandOver { to } => custody::hand_over(&case, *to),
        SealCommand::AcceptCustody => custody::accept(&case),
        SealCommand::ChangePin => custody::change_pin(&case),
        SealCommand::ResetPin { application } => custody::reset_pin(&case, *application),
    }
}

/// A command about a seal that exists.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) desk: Desk<'a>,
    pub(super) facts: &'a SealFacts<'a>,
    pub(super) seal: &'a SealRecord,
}

impl<'a> Case<'a> {
    /// The seal is in one of these states.
    pub(super) fn in_one_of(&self, states: &[SealStatus]) -> Result<(), Refusal> {
        if states.contains(&self.seal.status) {
            Ok(())
        } else {
            Err(self.desk.not_in(self.seal.status.name()))
        }
    }

    /// The approved application of that kind about this seal, carried out by a maker of its authority.
    pub(super) fn approved(
        &self,
        named: ApplicationId,
        kinds: &[ApplicationKind],
    ) -> Result<(&'a Application, PersonId), Refusal> {
        let (application, maker) = approved(&self.desk, self.facts, named, kinds)?;
        let about = application.ask.seal() == Some(self.seal.id);
        self.desk.ensure(about, Code::ApplicationForAnother, [])?;
        Ok((application, maker))
    }

    /// The same for an act that was put off: the service carries it out when its time has come.
    pub(super) fn approved_before(
        &self,
        named: ApplicationId,
        kinds: &[ApplicationKind],
    ) -> Result<&'a Application, Refusal> {
        if self.desk.acting.actor != Actor::Service || self.seal.change != Some(named) {
            return self.approved(named, kinds).map(|(application, _)| application);
        }
        let application = approved_for(&self.desk, self.facts, named, kinds)?;
        let about = application.ask.seal() == Some(self.seal.id);
        self.desk.ensure(about, Code::ApplicationForAnother, [])?;
        Ok(application)
    }

    /// Whether the person is the principal of the seal's unit.
    pub(super) fn is_principal(&self, at: Timestamp) -> bool {
        let unit = self.seal.owner.unit().map(Scope::Unit);
        unit.is_some_and(|unit| self.facts.acting.holds(Role::Principal, unit, at))
    }
}

/// An approved application of one of these kinds, and the maker of its authority who carries it out (R12, R22).
pub(super) fn approved<'a>(
    desk: &Desk<'_>,
    facts: &SealFacts<'a>,
    named: ApplicationId,
    kinds: &[ApplicationKind],
) -> Result<(&'a Application, PersonId), Refusal> {
    let application = approved_for(desk, facts, named, kinds)?;
    let maker = desk.officer(&[Role::Maker], &[application.authority])?;
    desk.ensure(
        facts.lineage.contains(&application.authority),
        Code::OutsideSubtree,
        [],
    )?;
    Ok((application, maker))
}

/// An approved application of one of these kinds, whoever carries it out.
fn approved_for<'a>(
    desk: &Desk<'_>,
    facts: &SealFacts<'a>,
    named: ApplicationId,
    kinds: &[ApplicationKind],
) -> Result<&'a Application, Refusal> {
    let application = facts.application.filter(|application| application.id == named);
    let application = desk.found(SubjectKind::Application, application)?;
    let values = [("state", application.status.name().to_owned())];
    let approved = application.status == crate::application::ApplicationStatus::Approved;
    desk.ensure(approved, Code::ApplicationNotApproved, values)?;
    desk.ensure(
        kinds.contains(&application.ask.kind()),
        Code::ApplicationForAnother,
        [],
    )?;
    Ok(application)
}

/// Reasons that cannot wait for an application: a report suffices (挂失).
fn is_urgent(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::KeyLeaked | Reason::DeviceStolen | Reason::DeviceLost | Reason::Misuse
    )
}

fn suspend(case: &Case<'_>, reason: Reason, named: Option<ApplicationId>) -> Result<Vec<SealEvent>, Refusal> {
    case.in_one_of(&[SealStatus::Active])?;
    let desk = &case.desk;
    desk.ensure(desk.profile.suspension, Code::SuspensionNotOffered, [])?;
    let values = || [("reason", reason.name().to_owned())];
    let allowed = desk.profile.allows_reason(reason, ApplicationKind::Suspend);
    desk.ensure(allowed, Code::ReasonNotForThis, values())?;
    let by = match named {
        Some(named) => {
            let (application, maker) = case.approved(named, &[ApplicationKind::Suspend])?;
            let same = application.ask.reason() == Some(reason);
            desk.ensure(same, Code::ApplicationForAnother, [])?;
            maker
        }
        None => {
            desk.ensure(is_urgent(reason), Code::ApplicationMissing, values())?;
            reporter(case)?
        }
    };
    Ok(vec![SealEvent::Suspended {
        at: desk.now,
        reason,
        application: named,
        by,
    }])
}

/// Who may report a loss: the custodian, the holder, the principal, or an officer of the authority. From anywhere:
/// a network is no reason to let a stolen key go on.
fn reporter(case: &Case<'_>) -> Result<PersonId, Refusal> {
    let person = case.desk.person()?;
    let concerned = case.seal.custodian == Some(person)
        || case.seal.owner.holder() == Some(person)
        || case.is_principal(case.desk.now);
    if concerned {
        return Ok(person);
    }
    case.desk
        .officer(&[Role::Maker, Role::Reviewer], case.facts.lineage)
}

fn resume(case: &Case<'_>, named: ApplicationId) -> Result<Vec<SealEvent>, Refusal> {
    case.in_one_of(&[SealStatus::Suspended])?;
    case.approved(named, &[ApplicationKind::Resume])?;
    let running = case
        .seal
        .edition()
        .is_some_and(|edition| case.desk.now < edition.not_after);
    case.desk.ensure(running, Code::PeriodOver, [])?;
    Ok(vec![SealEvent::Resumed {
        at: case.desk.now,
        application: named,
    }])
}

/// A portable device must come back unless it is lost (R47); a key on a server has nothing to bring back.
pub(super) fn old_device_is_back(
    desk: &Desk<'_>,
    portable: bool,
    old: OldDevice,
    reason: Option<Reason>,
) -> Result<(), Refusal> {
    if !desk.profile.old_device_returned || !portable {
        return Ok(());
    }
    let lost = matches!(reason, Some(Reason::DeviceLost | Reason::DeviceStolen));
    let settled = old == OldDevice::Returned || (old == OldDevice::Lost && lost);
    desk.ensure(settled, Code::OldDeviceMissing, [])
}

/// Position and personal seals are their holder's: nobody else collects, keeps or uses them (R44, R52).
pub(super) fn holder_only(desk: &Desk<'_>, owner: &Owner, person: PersonId) -> Result<(), Refusal> {
    let other = owner.holder().is_some_and(|holder| holder != person);
    desk.ensure(!other, Code::HolderOnly, [])
}
