//! Accounts as those see them who keep them, or look after those who do: everything but what opens them.

use jiff::Timestamp;
use registry::{Person, PersonId, Role, Scope};
use store::{Account, Page, Reader};

use super::accounts::may_see_account;
use super::{Caller, Error, Service};

/// What may be seen of an account.
#[derive(Clone, Debug)]
pub(crate) struct KnownAccount {
    /// To sign in with.
    pub(crate) name: String,
    /// None while a password of another one's choice waits to be changed.
    pub(crate) password_set_at: Option<Timestamp>,
    /// Nobody signs in before this instant.
    pub(crate) locked_until: Option<Timestamp>,
    pub(crate) failed_tries: i64,
    /// Whether a certificate signs in beside the password.
    pub(crate) has_certificate: bool,
}

impl Service {
    /// The account of a person, if there is one. For those who may not see it there is no such person.
    pub(crate) async fn known_account(
        &self,
        caller: &Caller,
        person: PersonId,
    ) -> Result<Option<KnownAccount>, Error> {
        let mut reader = self.store.read().await?;
        let found = reader.person(person).await?.state;
        let found = found.ok_or(Error::NotFound { what: "person" })?;
        let known = self.known(&mut reader, caller, &found).await?;
        known.ok_or(Error::NotFound { what: "person" })
    }

    /// Everybody who was ever appointed somewhere and whose account, or lack of one, the caller may see.
    pub(crate) async fn known_accounts(
        &self,
        caller: &Caller,
        scope: Scope,
        page: Page<PersonId>,
    ) -> Result<Vec<(Person, Option<KnownAccount>)>, Error> {
        let mut reader = self.store.read().await?;
        let mut known = Vec::new();
        for person in reader.people_in(scope, None::<Role>, page).await? {
            if let Some(account) = self.known(&mut reader, caller, &person).await? {
                known.push((person, account));
            }
        }
        Ok(known)
    }

    /// Whose account has this name, if the caller may see it; for others there is none.
    pub(crate) async fn person_of_account(&self, caller: &Caller, name: &str) -> Result<PersonId, Error> {
        let missing = || Error::NotFound { what: "account" };
        let mut reader = self.store.read().await?;
        let account = reader.account_by_name(name).await?.ok_or_else(missing)?;
        let person = reader.person(account.person).await?.state.ok_or_else(missing)?;
        let known = self.known(&mut reader, caller, &person).await?;
        known.flatten().map(|_| person.id).ok_or_else(missing)
    }

    /// Nothing for those who may not see it; no account if there is none.
    async fn known(
        &self,
        reader: &mut Reader,
        caller: &Caller,
        person: &Person,
    ) -> Result<Option<Option<KnownAccount>>, Error> {
        if !may_see_account(reader, &caller.acting, person, self.outside.now()).await? {
            return Ok(None);
        }
        Ok(Some(reader.account_of_person(person.id).await?.map(known)))
    }
}

fn known(account: Account) -> KnownAccount {
    KnownAccount {
        name: account.name,
        password_set_at: account
            .password_set_at
            .filter(|set_at| *set_at > Timestamp::UNIX_EPOCH),
        locked_until: account.locked_until,
        failed_tries: account.failed_tries,
        has_certificate: account.certificate.is_some(),
    }
}
