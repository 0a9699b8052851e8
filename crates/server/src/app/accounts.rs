//! Accounts of people: opening one with a first password and an authenticator, closing it.

use std::sync::Arc;

use audit::commitment;
use jiff::Timestamp;
use registry::{
    Acting, AuthorityId, Digest32, IdentityNumber, Person, PersonId, Profile, Refusal, Role, Scope, officer,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use store::{Account, Change, PersonalData, Reader};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::act::{Caller, Case, entry};
use super::once::{self, Once};
use super::sign_in::{self, PasswordHash, SECRET_BYTES, SignInFault, totp_context};
use super::{Error, Service};

/// A person as entered: what the registry, the log and the store get of them.
#[derive(Clone)]
pub(crate) struct Entered {
    pub(crate) person: PersonId,
    pub(crate) commitment: Digest32,
    pub(crate) data: PersonalData,
}

/// An account that was opened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Opened {
    pub(crate) account: Uuid,
    pub(crate) person: PersonId,
    pub(crate) name: String,
}

impl Service {
    /// Seals personal data, and makes what may be seen of it.
    pub(crate) fn enter_person(&self, name: &str, identity: &IdentityNumber) -> Entered {
        self.enter_data(PersonId(self.new_id()), name, identity)
    }

    /// The same for a person who is known already.
    pub(crate) fn enter_data(&self, person: PersonId, name: &str, identity: &IdentityNumber) -> Entered {
        let salt: [u8; 16] = self.outside.random();
        let data = Zeroizing::new(
            json!({ "name": name, "identity": identity.expose(), "salt": hex::encode(salt) }).to_string(),
        );
        let context = format!("person/{person}");
        let sealed = self
            .outside
            .with_rng(|rng| self.personal.seal(&context, data.as_bytes(), rng));
        Entered {
            person,
            commitment: Digest32(commitment(&salt, data.as_bytes()).0),
            data: PersonalData {
                sealed,
                identity: self.personal.digest("identity", identity.expose()),
                name: self.personal.digest("name", name),
            },
        }
    }

    /// An account with its authenticator's address, ready to be kept. A password that was set at the beginning of
    /// time must be changed with the first sign-in.
    pub(crate) async fn new_account(
        &self,
        person: PersonId,
        name: &str,
        password: &Zeroizing<String>,
        set_at: Timestamp,
    ) -> Result<(Account, Zeroizing<String>), Error> {
        let (password, account_name, cost) = (password.clone(), name.to_owned(), self.password_cost());
        let salt = self.outside.random();
        let hash = self.hashing(move || {
            sign_in::check(&password, &account_name, &[]).map_err(SignInFault::NewPassword)?;
            Ok::<_, SignInFault>(PasswordHash::new(&password, cost, salt))
        });
        let hash = hash.await??.ok_or(Error::Ended)?;
        let secret = Zeroizing::new(self.outside.random::<SECRET_BYTES>());
        let mut account = Account {
            id: self.new_id(),
            name: name.to_owned(),
            person,
            password_hash: Some(serde_json::to_string(&hash).map_err(|_| Error::NothingHappened)?),
            password_set_at: Some(set_at),
            totp_sealed: None,
            totp_last_step: 0,
            certificate: None,
            failed_tries: 0,
            locked_until: None,
            closed: false,
        };
        let context = totp_context(&account);
        let sealed = self
            .outside
            .with_rng(|rng| self.personal.seal(&context, &*secret, rng));
        account.totp_sealed = Some(sealed);
        Ok((account, Zeroizing::new(sign_in::address(&*secret, name))))
    }

    /// Opens an account for a person (R66): by a security administrator over everything that the person is appointed
    /// to. The password serves for the first sign-in only. The authenticator's address is shown this once: a repeated
    /// request gets the account without it.
    pub(crate) async fn open_account(
        &self,
        caller: &Caller,
        (person, name): (PersonId, String),
        password: Zeroizing<String>,
        once: Once,
    ) -> Result<(Opened, Option<Zeroizing<String>>), Error> {
        let beginning = Timestamp::UNIX_EPOCH;
        let (account, totp) = self.new_account(person, &name, &password, beginning).await?;
        let case = self.case(caller, self.keyed(once));
        let (profiles, made) = (Arc::clone(&self.profiles), account.id);
        let decided = self.store.write(move |change| {
            let (case, account, profiles) = (case.clone(), account.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                case.check(change).await?;
                let found = change.person(person).await?.state;
                let found = found.ok_or(Error::NotFound { what: "person" })?;
                if let Err(refusal) =
                    may_keep_account(change, &profiles, &case, &found, "open_account").await?
                {
                    return case.refused(change, person, "open_account", refusal).await;
                }
                let taken = change.account_by_name(&account.name).await?.is_some();
                let has_one = change
                    .account_of_person(person)
                    .await?
                    .is_some_and(|account| !account.closed);
                if taken || has_one {
                    return Err(Error::AccountExists);
                }
                change.add_account(&account).await?;
                let opened = Opened {
                    account: account.id,
                    person,
                    name: account.name.clone(),
                };
                let details = Map::from_iter([("account".to_owned(), account.id.to_string().into())]);
                let log = entry(&case.acting, "account.opened", person, details, case.now);
                case.logged(change, &opened, vec![log]).await
            })
        });
        let kept = once::outcome(decided.await)?;
        let opened: Opened =
            serde_json::from_slice(&kept).map_err(|_| Error::Damaged { what: "an answer" })?;
        let fresh = opened.account == made;
        Ok((opened, fresh.then_some(totp)))
    }

    /// Closes a person's account for ever, and ends its sessions.
    pub(crate) async fn close_account(
        &self,
        caller: &Caller,
        person: PersonId,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let case = self.case(caller, once);
        let profiles = Arc::clone(&self.profiles);
        let decided = self.store.write(move |change| {
            let (case, profiles) = (case.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                case.check(change).await?;
                let found = change.person(person).await?.state;
                let found = found.ok_or(Error::NotFound { what: "person" })?;
                if let Err(refusal) =
                    may_keep_account(change, &profiles, &case, &found, "close_account").await?
                {
                    return case.refused(change, person, "close_account", refusal).await;
                }
                let account = change
                    .account_of_person(person)
                    .await?
                    .filter(|account| !account.closed);
                let account = account.ok_or(Error::NotFound { what: "account" })?;
                change.close_account(account.id).await?;
                let details = Map::from_iter([("account".to_owned(), account.id.to_string().into())]);
                let log = entry(&case.acting, "account.closed", person, details, case.now);
                case.logged(change, &person, vec![log]).await
            })
        });
        once::outcome(decided.await)
    }

    /// For requests with a password or a PIN in them: what is kept to know them again says nothing without the key.
    pub(crate) fn keyed(&self, once: Once) -> Once {
        let request = self.personal.digest("request", &once.request.to_string());
        Once { request, ..once }
    }
}

/// A security administrator over every appointment of the person that is in force, and not the person themselves.
async fn may_keep_account(
    change: &mut Change,
    profiles: &registry::Profiles,
    case: &Case,
    person: &Person,
    command: &'static str,
) -> Result<Result<(), Refusal>, Error> {
    let (acting, now) = (&case.acting, case.now);
    let scopes: Vec<Scope> = person.roles(now).map(|held| held.scope).collect();
    let own = acting.person() == Some(person.id);
    let mut lines = Vec::new();
    for scope in scopes {
        lines.push(lineage_of(change, scope).await?);
    }
    if lines.is_empty() {
        // Whoever is appointed to nothing yet belongs to where the administrator sits.
        lines.push(own_authorities(acting, now));
    }
    for line in lines {
        let authority = line
            .first()
            .copied()
            .ok_or(Error::NotFound { what: "authority" })?;
        let profile = profile_of(change, profiles, authority, now).await?;
        if own {
            return Ok(Err(profile.refuse(registry::Code::OwnAppointment, [])));
        }
        let roles = [Role::SecurityAdministrator];
        if let Err(refusal) = officer(&profile, acting, command, (&roles, &line), now) {
            return Ok(Err(refusal));
        }
    }
    Ok(Ok(()))
}

fn own_authorities(acting: &Acting, now: Timestamp) -> Vec<AuthorityId> {
    let held = acting.appointments.iter().filter(|held| held.holds(now));
    held.filter_map(|held| match held.scope {
        Scope::Authority(authority) => Some(authority),
        Scope::Unit(_) | Scope::System(_) => None,
    })
    .collect()
}

/// The authority above all others, if the set-up was made.
pub(crate) async fn root_of_all(reader: &mut Reader) -> Result<Option<AuthorityId>, Error> {
    let roots = reader.authorities_below(None, store::Page::first(1)).await?;
    Ok(roots.first().map(|root| root.id))
}

/// The authorities over a scope, nearest first. A system belongs to nobody yet but those at the root.
pub(crate) async fn lineage_of(change: &mut Change, scope: Scope) -> Result<Vec<AuthorityId>, Error> {
    let authority = match scope {
        Scope::Authority(authority) => authority,
        Scope::Unit(unit) => {
            let unit = change.unit(unit).await?.state;
            unit.ok_or(Error::NotFound { what: "unit" })?.authority
        }
        Scope::System(_) => {
            let root = root_of_all(change).await?;
            root.ok_or(Error::NotFound { what: "authority" })?
        }
    };
    Ok(change.lineage(authority).await?)
}

/// The profile in force of an authority.
pub(crate) async fn profile_of(
    change: &mut Change,
    profiles: &registry::Profiles,
    authority: AuthorityId,
    now: Timestamp,
) -> Result<Profile, Error> {
    let found = change.authority(authority).await?.state;
    let found = found.ok_or(Error::NotFound { what: "authority" })?;
    Ok(profiles.in_force(&found.profile, now)?)
}
