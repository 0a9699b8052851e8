//! The name on a person's own seal (Q14): it is the holder's (R4), stands with their other personal data, which can be
//! erased, and is nowhere in events, in kept answers or in the log; there stands the commitment to those data.

use std::sync::Arc;

use registry::application::{Ask, SealSpec};
use registry::seal::Owner;
use registry::{ApplicationId, AuthorityId, Code, PersonId, SealKind};
use serde::Deserialize;

use super::accounts::profile_of;
use super::act::Case;
use super::{Error, Service};

/// What stands before a commitment, in the place of a name.
const COMMITTED: &str = "commitment:";

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
        let Some(data) = self.store.read().await?.personal_data(holder).await? else {
            return Ok(None);
        };
        let opened = self.personal.open(&format!("person/{holder}"), &data.sealed)?;
        let personal: Personal = serde_json::from_slice(&opened).map_err(|_| Error::Damaged {
            what: "personal data",
        })?;
        Ok(Some(personal.name))
    }
}

/// Whether a commitment stands in the place of a name.
pub(crate) fn is_committed(name: &str) -> bool {
    name.starts_with(COMMITTED)
}
