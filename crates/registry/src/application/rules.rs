//! From draft to decision: who may do what with an application, and when.

use jiff::Timestamp;

use crate::authority::{Authority, AuthorityStatus};
use crate::desk::Desk;
use crate::event::SubjectKind;
use crate::id::{AuthorityId, PersonId};
use crate::profile::{Profile, days_after};
use crate::refusal::{Code, Refusal};
use crate::role::{Acting, Actor, Role, Scope};
use crate::seal::SealRecord;
use crate::unit::Unit;

use super::submission::{addressed, asked, place_is_free, submittable};
use super::{
    Application, ApplicationCommand, ApplicationEvent, ApplicationStatus, Ask, Claim, Declaration, Material,
    MaterialKind, MaterialSource, RegisteredImpression,
};

/// Documents of one application at most.
const MATERIALS_MAX: usize = 64;

/// Reasons of one decision at most.
const REASONS_MAX: usize = 32;

/// What must be looked up before deciding about an application.
#[derive(Clone, Debug)]
pub struct ApplicationFacts<'a> {
    /// The profile in force.
    pub profile: &'a Profile,
    /// Who acts.
    pub acting: &'a Acting,
    /// The authority that the application is addressed to.
    pub authority: Option<&'a Authority>,
    /// The authority of the unit and those above it, nearest first; for a personal seal, of the one addressed.
    pub lineage: &'a [AuthorityId],
    /// The unit that applies.
    pub unit: Option<&'a Unit>,
    /// The seal that the application is about, or the one that the new seal replaces.
    pub seal: Option<&'a SealRecord>,
    /// What else holds a place among the owner's seals: seals and pending applications, without this one.
    pub claims: &'a [Claim],
    /// Documents that the data-sharing connector can supply, so that nobody may ask the applicant for them (R23).
    pub connector: &'a [MaterialKind],
    /// What public security answered about the impression.
    pub registered: &'a RegisteredImpression,
}

/// What a command does to an application, or why not.
pub fn decide(
    state: Option<&Application>,
    facts: &ApplicationFacts<'_>,
    command: &ApplicationCommand,
    now: Timestamp,
) -> Result<Vec<ApplicationEvent>, Refusal> {
    let desk = Desk {
        profile: facts.profile,
        acting: facts.acting,
        subject: SubjectKind::Application,
        command: command.name(),
        now,
    };
    let Some(application) = state else {
        return drafted(&desk, facts, command);
    };
    let case = Case {
        desk,
        facts,
        application,
    };
    let event = match command {
        ApplicationCommand::Draft { .. } => return Err(desk.exists_already()),
        ApplicationCommand::Amend { ask } => case.amend(ask)?,
        ApplicationCommand::AddMaterial { material } => case.add_material(material)?,
        ApplicationCommand::Submit { declaration } => case.submit(*declaration)?,
        ApplicationCommand::Consent => ApplicationEvent::Consented {
            at: now,
            by: case.principal()?,
        },
        ApplicationCommand::RefuseConsent { reason } => {
            let by = case.principal()?;
            desk.text("reason", reason)?;
            ApplicationEvent::ConsentRefused {
                at: now,
                by,
                reason: reason.clone(),
            }
        }
        ApplicationCommand::TakeUp => case.take_up()?,
        ApplicationCommand::Return { materials, reasons } => case.send_back(materials, reasons)?,
        ApplicationCommand::Approve { checked } => case.approve(checked)?,
        ApplicationCommand::Reject { reasons } => {
            let by = case.reviewer()?;
            case.reasons(reasons)?;
            ApplicationEvent::Rejected {
                at: now,
                by,
                reasons: reasons.clone(),
            }
        }
        ApplicationCommand::RecordDelivery => case.record_delivery()?,
        ApplicationCommand::Complete => {
            case.in_one_of(&[ApplicationStatus::Approved])?;
            desk.officer_or_service(&[Role::Maker], &[case.application.authority])?;
            ApplicationEvent::Completed { at: now }
        }
        ApplicationCommand::Withdraw => case.withdraw()?,
    };
    Ok(vec![event])
}

fn drafted(
    desk: &Desk<'_>,
    facts: &ApplicationFacts<'_>,
    command: &ApplicationCommand,
) -> Result<Vec<ApplicationEvent>, Refusal> {
    let ApplicationCommand::Draft {
        id,
        authority,
        unit,
        ask,
    } = command
    else {
        return Err(desk.does_not_exist(SubjectKind::Application));
    };
    let agent = applicant(desk, facts, *unit, ask)?;
    addressed(desk, facts, *authority)?;
    asked(desk, facts, *unit, agent, ask)?;
    Ok(vec![ApplicationEvent::Drafted {
        at: desk.now,
        id: *id,
        authority: *authority,
        unit: *unit,
        agent,
        ask: ask.clone(),
    }])
}

/// Who applies: an agent or the principal of the unit; for a personal seal its holder (R16, R18).
fn applicant(
    desk: &Desk<'_>,
    facts: &ApplicationFacts<'_>,
    unit: Option<crate::UnitId>,
    ask: &Ask,
) -> Result<PersonId, Refusal> {
    let Some(unit) = unit else {
        return desk.person_on_site();
    };
    let agent = desk.holder_of_one(&[Role::Agent, Role::Principal], Scope::Unit(unit))?;
    let found = facts.unit.filter(|found| found.id == unit);
    let found = desk.found(SubjectKind::Unit, found)?;
    let ending = matches!(ask, Ask::Cancel { .. });
    desk.ensure(found.ended.is_none() || ending, Code::UnitHasEnded, [])?;
    Ok(agent)
}

/// A command about an application that exists.
struct Case<'a> {
    desk: Desk<'a>,
    facts: &'a ApplicationFacts<'a>,
    application: &'a Application,
}

impl Case<'_> {
    fn in_one_of(&self, states: &[ApplicationStatus]) -> Result<(), Refusal> {
        let status = self.application.status;
        if states.contains(&status) {
            Ok(())
        } else {
            Err(self.desk.not_in(status.name()))
        }
    }

    /// The agent of this very application.
    fn agent(&self) -> Result<PersonId, Refusal> {
        let person = self.desk.person_on_site()?;
        if person == self.application.agent {
            Ok(person)
        } else {
            Err(self.desk.not_permitted("agent"))
        }
    }

    /// The principal of the unit, while consent is waited for.
    fn principal(&self) -> Result<PersonId, Refusal> {
        self.in_one_of(&[ApplicationStatus::Submitted])?;
        match self.application.unit {
            Some(unit) => self.desk.holder_of(Role::Principal, Scope::Unit(unit)),
            // Nobody stands above a person who applies for a seal of their own name.
            None => Err(self.desk.not_in(self.application.status.name())),
        }
    }

    /// The reviewer who took the application up, and still is one.
    fn reviewer(&self) -> Result<PersonId, Refusal> {
        self.in_one_of(&[ApplicationStatus::UnderReview])?;
        let reviewer = self
            .desk
            .officer(&[Role::Reviewer], &[self.application.authority])?;
        let same = self.application.reviewer == Some(reviewer);
        self.desk.ensure(same, Code::NotTheReviewer, [])?;
        Ok(reviewer)
    }

    /// At least one reason, each of which says something (R26).
    fn reasons(&self, reasons: &[String]) -> Result<(), Refusal> {
        let said = !reasons.is_empty() && reasons.iter().all(|reason| !reason.trim().is_empty());
        self.desk.ensure(said, Code::ReasonsMissing, [])?;
        self.desk.at_most("reasons", reasons.len(), REASONS_MAX)?;
        reasons
            .iter()
            .try_for_each(|reason| self.desk.text("reasons", reason))
    }

    fn amend(&self, ask: &Ask) -> Result<ApplicationEvent, Refusal> {
        self.in_one_of(&[ApplicationStatus::Draft, ApplicationStatus::Returned])?;
        let agent = self.agent()?;
        asked(&self.desk, self.facts, self.application.unit, agent, ask)?;
        Ok(ApplicationEvent::Amended {
            at: self.desk.now,
            ask: ask.clone(),
        })
    }

    fn add_material(&self, material: &Material) -> Result<ApplicationEvent, Refusal> {
        self.in_one_of(&[ApplicationStatus::Draft, ApplicationStatus::Returned])?;
        // Only the service itself can say that it fetched something.
        match (material.source, self.desk.acting.actor) {
            (MaterialSource::DataSharing, Actor::Service) => {}
            (MaterialSource::DataSharing, _) => return Err(self.desk.not_permitted("service")),
            (MaterialSource::Applicant, _) => self.agent().map(|_| ())?,
        }
        self.desk
            .at_most("materials", self.application.materials.len() + 1, MATERIALS_MAX)?;
        Ok(ApplicationEvent::MaterialAdded {
            at: self.desk.now,
            material: material.clone(),
        })
    }

    fn submit(&self, declaration: Option<crate::Digest32>) -> Result<ApplicationEvent, Refusal> {
        self.in_one_of(&[ApplicationStatus::Draft, ApplicationStatus::Returned])?;
        let (by, at) = (self.agent()?, self.desk.now);
        let Some(text) = declaration else {
            return Err(self.desk.refuse(Code::DeclarationMissing, []));
        };
        submittable(&self.desk, self.facts, self.application)?;
        let due = days_after(at, self.desk.profile.review_days_max);
        Ok(ApplicationEvent::Submitted {
            at,
            declaration: Declaration { text, by, at },
            due,
        })
    }

    fn take_up(&self) -> Result<ApplicationEvent, Refusal> {
        let waits = [
            ApplicationStatus::Submitted,
            ApplicationStatus::Consented,
            ApplicationStatus::UnderReview,
        ];
        self.in_one_of(&waits)?;
        let by = self
            .desk
            .officer(&[Role::Reviewer], &[self.application.authority])?;
        let asks_consent = self.desk.profile.principal_consent && self.application.unit.is_some();
        let consented = !asks_consent || self.application.consent.is_some();
        self.desk.ensure(consented, Code::ConsentMissing, [])?;
        let own =
            by == self.application.agent || self.application.consent.is_some_and(|consent| consent.by == by);
        self.desk.ensure(!own, Code::OwnApplication, [])?;
        Ok(ApplicationEvent::TakenUp {
            at: self.desk.now,
            by,
        })
    }

    fn send_back(&self, materials: &[MaterialKind], reasons: &[String]) -> Result<ApplicationEvent, Refusal> {
        let by = self.reviewer()?;
        self.reasons(reasons)?;
        self.desk.at_most("materials", materials.len(), MATERIALS_MAX)?;
        if let Some(kind) = materials.iter().find(|kind| self.facts.connector.contains(kind)) {
            let values = [("material", kind.name().to_owned())];
            return Err(self.desk.refuse(Code::ConnectorSupplies, values));
        }
        Ok(ApplicationEvent::Returned {
            at: self.desk.now,
            by,
            materials: materials.to_vec(),
            reasons: reasons.to_vec(),
        })
    }

    fn approve(&self, checked: &[crate::Digest32]) -> Result<ApplicationEvent, Refusal> {
        let by = self.reviewer()?;
        let unchecked = |material: &&Material| !checked.contains(&material.digest);
        if let Some(material) = self.application.materials.iter().find(unchecked) {
            let values = [("material", material.kind.name().to_owned())];
            return Err(self.desk.refuse(Code::MaterialUnchecked, values));
        }
        let authority = self
            .facts
            .authority
            .filter(|found| found.id == self.application.authority);
        let designated = authority.is_some_and(|found| found.status == AuthorityStatus::Designated);
        self.desk.ensure(designated, Code::AuthorityNotDesignated, [])?;
        if let Ask::Make { seal } = &self.application.ask {
            place_is_free(&self.desk, &seal.wanted(), self.facts.claims)?;
        }
        // What was checked is recorded once each, and only what is part of the case.
        let mut checked: Vec<_> = self
            .application
            .materials
            .iter()
            .map(|material| material.digest)
            .collect();
        checked.sort_unstable();
        checked.dedup();
        Ok(ApplicationEvent::Approved {
            at: self.desk.now,
            by,
            checked,
        })
    }

    fn record_delivery(&self) -> Result<ApplicationEvent, Refusal> {
        self.in_one_of(&[ApplicationStatus::Rejected, ApplicationStatus::Returned])?;
        self.desk
            .officer_or_service(&[Role::Reviewer], &[self.application.authority])?;
        if self.application.delivered_at.is_some() {
            return Err(self.desk.not_in("delivered"));
        }
        Ok(ApplicationEvent::ReasonsDelivered { at: self.desk.now })
    }

    fn withdraw(&self) -> Result<ApplicationEvent, Refusal> {
        if self.application.status.is_end() {
            return Err(self.desk.not_in(self.application.status.name()));
        }
        let by = self.desk.person_on_site()?;
        let unit = self.application.unit.map(Scope::Unit);
        let principal = unit.is_some_and(|unit| self.desk.acting.holds(Role::Principal, unit, self.desk.now));
        if by != self.application.agent && !principal {
            return Err(self.desk.not_permitted("agent"));
        }
        Ok(ApplicationEvent::Withdrawn {
            at: self.desk.now,
            by,
        })
    }
}
