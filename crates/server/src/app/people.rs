//! People: registering one, their appointments, keeping them from acting.

use std::sync::Arc;

use jiff::Timestamp;
use registry::{
    Appointment, AuthorityId, IdentityNumber, Person, PersonCommand, PersonFacts, PersonId, Role, Scope,
    person,
};
use store::Page;
use zeroize::Zeroizing;

use super::accounts::{Entered, lineage_of, profile_of};
use super::act::{Caller, Case};
use super::once::{self, Once};
use super::{Error, Service};

/// A person's name and identity number (GB 11643).
pub(crate) struct PersonName {
    pub(crate) name: Zeroizing<String>,
    pub(crate) identity: IdentityNumber,
}

/// What becomes of a person.
pub(crate) enum PersonStep {
    Appoint {
        role: Role,
        scope: Scope,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
    },
    Dismiss {
        role: Role,
        scope: Scope,
    },
    Correct(PersonName),
    Block {
        reason: String,
    },
    Unblock,
}

impl Service {
    /// Registers a person at an authority (R18); name and number are sealed before anything is kept.
    pub(crate) async fn register_person(
        &self,
        caller: &Caller,
        authority: AuthorityId,
        name: PersonName,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let entered = self.enter_person(&name.name, &name.identity);
        let command = PersonCommand::Register {
            id: entered.person,
            commitment: entered.commitment,
        };
        let (person, at) = (entered.person, Scope::Authority(authority));
        let case = self.case(caller, self.keyed(once));
        self.command_person(case, person, (Some(at), command), Some(entered))
            .await
    }

    /// Appoints, dismisses, corrects, blocks or unblocks.
    pub(crate) async fn change_person(
        &self,
        caller: &Caller,
        person: PersonId,
        step: PersonStep,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let case = self.case(caller, self.keyed(once));
        let mut entered = None;
        let (scope, command) = match step {
            PersonStep::Appoint {
                role,
                scope,
                from,
                until,
            } => {
                let appointment = Appointment {
                    role,
                    scope,
                    from: from.unwrap_or(case.now),
                    until,
                };
                (Some(scope), PersonCommand::Appoint { appointment })
            }
            PersonStep::Dismiss { role, scope } => (Some(scope), PersonCommand::Dismiss { role, scope }),
            PersonStep::Correct(name) => {
                let new = self.enter_data(person, &name.name, &name.identity);
                let commitment = new.commitment;
                entered = Some(new);
                (None, PersonCommand::Correct { commitment })
            }
            PersonStep::Block { reason } => (None, PersonCommand::Block { reason }),
            PersonStep::Unblock => (None, PersonCommand::Unblock),
        };
        self.command_person(case, person, (scope, command), entered).await
    }

    async fn command_person(
        &self,
        case: Case,
        id: PersonId,
        (scope, command): (Option<Scope>, PersonCommand),
        entered: Option<Entered>,
    ) -> Result<Vec<u8>, Error> {
        let profiles = Arc::clone(&self.profiles);
        let decided = self.store.write(move |change| {
            let (case, entered) = (case.clone(), entered.clone());
            let (command, profiles) = (command.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                case.check(change).await?;
                let current = change.person(id).await?;
                let scope = scope.or_else(|| current.state.as_ref().and_then(|one| home(one, case.now)));
                let lineage = lineage_of(change, scope.ok_or(Error::NotFound { what: "person" })?).await?;
                let authority = *lineage.first().ok_or(Error::NotFound { what: "authority" })?;
                let taken = match &entered {
                    Some(entered) => change.person_by_identity(&entered.data.identity).await?,
                    None => None,
                };
                let facts = PersonFacts {
                    profile: &profile_of(change, &profiles, authority, case.now).await?,
                    acting: &case.acting,
                    lineage: &lineage,
                    identity_taken_by: taken,
                };
                match person::decide(current.state.as_ref(), &facts, &command, case.now) {
                    Ok(events) => {
                        let after = change
                            .record_person(id, current, &events, &case.recorded())
                            .await?;
                        if let Some(entered) = &entered {
                            change.put_personal_data(id, &entered.data).await?;
                        }
                        case.done(change, &after.state, (id, &events)).await
                    }
                    Err(refusal) => case.refused(change, id, command.name(), refusal).await,
                }
            })
        });
        once::outcome(decided.await)
    }

    /// Whoever is registered with this name and number: both must agree, so that neither can be learnt from the other.
    pub(crate) async fn person_named(&self, wanted: &PersonName) -> Result<PersonId, Error> {
        let missing = || Error::NotFound { what: "person" };
        let mut reader = self.store.read().await?;
        let identity = self.personal.digest("identity", wanted.identity.expose());
        let person = reader.person_by_identity(&identity).await?.ok_or_else(missing)?;
        let data = reader.personal_data(person).await?.ok_or_else(missing)?;
        if data.name != self.personal.digest("name", &wanted.name) {
            return Err(missing());
        }
        Ok(person)
    }

    /// A person, without name and number.
    pub(crate) async fn person(&self, id: PersonId) -> Result<Person, Error> {
        let found = self.store.read().await?.person(id).await?.state;
        found.ok_or(Error::NotFound { what: "person" })
    }

    /// Everybody who was ever appointed somewhere.
    pub(crate) async fn people(
        &self,
        scope: Scope,
        role: Option<Role>,
        page: Page<PersonId>,
    ) -> Result<Vec<Person>, Error> {
        Ok(self.store.read().await?.people_in(scope, role, page).await?)
    }
}

/// Where a person belongs: an appointment in force, else the last one.
fn home(person: &Person, now: Timestamp) -> Option<Scope> {
    let mut in_force = person.roles(now);
    let held = in_force.next().or(person.appointments.last());
    held.map(|held| held.scope)
}
