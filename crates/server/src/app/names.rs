//! The name on a person's own seal (Q14): it is the holder's (R4), stands with their other personal data, which can be
//! erased, and is nowhere in events, in kept answers or in the log; there stands the commitment to those data. And how
//! people are called, for those who work with them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use registry::application::{Ask, SealSpec};
use registry::seal::Owner;
use registry::{ApplicationId, AuthorityId, Code, PersonId, Role, Scope, SealKind};
use serde::Deserialize;
use store::Reader;

use super::accounts::{lineage_of, profile_of};
use super::act::{Caller, Case};
use super::{Error, Service};

/// What stands before a commitment, in the place of a name.
const COMMITTED: &str = "commitment:";

/// Roles of an authority whose holders are told the names of people below it.
const NAME_READERS: [Role; 5] = [
    Role::Reviewer,
    Role::Maker,
    Role::SecurityAdministrator,
    Role::AuditAdministrator,
    Role::Supervisor,
];

/// Of somebody's personal data.
#[derive(Deserialize)]
struct Personal {
    name: String,
}

impl Service {
    /// What is asked for as it is recorded: the name of a personal seal is checked and replaced by the commitment.
    pub(crate) async fn with_commitment(
        &self,
        case: &Case,
        (id, authority, command): (ApplicationId, AuthorityId, &'static str),
        mut ask: Ask,
    ) -> Result<Ask, Error> {
        let Ask::Make {
            seal:
                SealSpec {
                    kind: SealKind::Personal,
                    owner: Owner::Person { holder },
                    name,
                    ..
                },
        } = &mut ask
        else {
            return Ok(ask);
        };
        // Nobody learns from an answer how somebody else is called: the rules refuse it as another's seal.
        let own = case.acting.person() == Some(*holder);
        if own && !self.is_called(*holder, name).await? {
            return Err(self.not_the_holders(case, (id, authority, command)).await?);
        }
        let person = self.store.read().await?.person(*holder).await?.state;
        let commitment = person.map(|person| person.commitment.to_string());
        *name = format!("{COMMITTED}{}", commitment.unwrap_or_default());
        Ok(ask)
    }

    async fn is_called(&self, person: PersonId, name: &str) -> Result<bool, Error> {
        let data = self.store.read().await?.personal_data(person).await?;
        let digest = self.personal.digest("name", name.trim());
        Ok(data.is_some_and(|data| data.name == digest))
    }

    /// The refusal, which is recorded, or what was answered before.
    async fn not_the_holders(
        &self,
        case: &Case,
        (id, authority, command): (ApplicationId, AuthorityId, &'static str),
    ) -> Result<Error, Error> {
        let (case, profiles) = (case.clone(), Arc::clone(&self.profiles));
        let decided = self.store.write(move |change| {
            let (case, profiles) = (case.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                case.check(change).await?;
                let profile = profile_of(change, &profiles, authority, case.now).await?;
                let refusal = profile.refuse(Code::NameNotTheHolders, []);
                case.refused(change, id, command, refusal).await
            })
        });
        match decided.await? {
            Err(refusal) => Ok(refusal.into()),
            Ok(answer) => Ok(Error::DoneBefore { answer }),
        }
    }

    /// The name of a seal in clear; none where it is a person's, and their data were erased.
    pub(crate) async fn shown_name(&self, name: &str, owner: Owner) -> Result<Option<String>, Error> {
        let (true, Some(holder)) = (is_committed(name), owner.holder()) else {
            return Ok(Some(name.to_owned()));
        };
        let mut reader = self.store.read().await?;
        self.name_of(&mut reader, holder).await
    }

    async fn name_of(&self, reader: &mut Reader, person: PersonId) -> Result<Option<String>, Error> {
        let Some(data) = reader.personal_data(person).await? else {
            return Ok(None);
        };
        let opened = self.personal.open(&format!("person/{person}"), &data.sealed)?;
        let personal: Personal = serde_json::from_slice(&opened).map_err(|_| Error::Damaged {
            what: "personal data",
        })?;
        Ok(Some(personal.name))
    }

    /// How people are called, for those who work with them: themselves, people of the same unit, authority or system,
    /// and officers above. Those are left out whose name is nothing to the caller, or was erased.
    pub(crate) async fn called(
        &self,
        caller: &Caller,
        people: &[PersonId],
    ) -> Result<BTreeMap<PersonId, String>, Error> {
        let mut reader = self.store.read().await?;
        let mut names = BTreeMap::new();
        for person in people.iter().collect::<BTreeSet<_>>() {
            if self.may_be_told(&mut reader, caller, *person).await?
                && let Some(name) = self.name_of(&mut reader, *person).await?
            {
                names.insert(*person, name);
            }
        }
        Ok(names)
    }

    async fn may_be_told(
        &self,
        reader: &mut Reader,
        caller: &Caller,
        person: PersonId,
    ) -> Result<bool, Error> {
        let (acting, now) = (&caller.acting, self.outside.now());
        if acting.person() == Some(person) {
            return Ok(true);
        }
        let Some(found) = reader.person(person).await?.state else {
            return Ok(false);
        };
        // Who left is still the one who signed for it: past appointments count, too.
        let scopes: BTreeSet<Scope> = found.appointments.iter().map(|held| held.scope).collect();
        let mine = || acting.appointments.iter().filter(|held| held.holds(now));
        if mine().any(|held| scopes.contains(&held.scope)) {
            return Ok(true);
        }
        if scopes.is_empty() {
            // Nobody has appointed them yet: they belong to those who register people.
            let keeps = |role| matches!(role, Role::Reviewer | Role::SecurityAdministrator);
            return Ok(mine().any(|held| keeps(held.role)));
        }
        for scope in scopes {
            let lineage = lineage_of(reader, scope).await?;
            if acting.holds_in(&NAME_READERS, &lineage, now) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether a commitment stands in the place of a name.
pub(crate) fn is_committed(name: &str) -> bool {
    name.starts_with(COMMITTED)
}
