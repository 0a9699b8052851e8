//! Accounts of people: opening one with a first password and an authenticator, closing it.

use std::sync::Arc;

use audit::commitment;
use jiff::Timestamp;
use registry::{
    Acting, AuthorityId, Digest32, IdentityNumber, Person, PersonId, Profile, Refusal, Role, Scope, officer,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use store::{Account, Change, PersonalData, Reader, Session};
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

/// What is reset of an account beside its password.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reset {
    /// A new authenticator; the old one serves no more.
    pub(crate) authenticator: bool,
    /// No certificate signs in any more.
    pub(crate) certificate: bool,
}

/// A session as those see it who may end it.
#[derive(Clone, Debug)]
pub(crate) struct KnownSession {
    /// SM3 over its token, which opens nothing.
    pub(crate) id: gm::Digest,
    pub(crate) begun_at: Timestamp,
    pub(crate) used_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) factors: Vec<String>,
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
        let hash = self.first_password(name, password).await?;
        let mut account = Account {
            id: self.new_id(),
            name: name.to_owned(),
            person,
            password_hash: Some(hash),
            password_set_at: Some(set_at),
            totp_sealed: None,
            totp_last_step: 0,
            certificate: None,
            failed_tries: 0,
            locked_until: None,
            closed: false,
        };
        let (sealed, address) = self.authenticator(&account);
        account.totp_sealed = Some(sealed);
        Ok((account, address))
    }

    /// The hash of a password that somebody else gives.
    async fn first_password(&self, name: &str, password: &Zeroizing<String>) -> Result<String, Error> {
        let (password, name, cost) = (password.clone(), name.to_owned(), self.password_cost());
        let salt = self.outside.random();
        let hash = self.hashing(move || {
            sign_in::check(&password, &name, &[]).map_err(SignInFault::NewPassword)?;
            Ok::<_, SignInFault>(PasswordHash::new(&password, cost, salt))
        });
        let hash = hash.await??.ok_or(Error::Ended)?;
        serde_json::to_string(&hash).map_err(|_| Error::NothingHappened)
    }

    /// A new secret for an account's authenticator, sealed, and as the address that the authenticator reads.
    fn authenticator(&self, account: &Account) -> (Vec<u8>, Zeroizing<String>) {
        let secret = Zeroizing::new(self.outside.random::<SECRET_BYTES>());
        let context = totp_context(account);
        let sealed = self
            .outside
            .with_rng(|rng| self.personal.seal(&context, &*secret, rng));
        (sealed, Zeroizing::new(sign_in::address(&*secret, &account.name)))
    }

    /// Resets the account of somebody who forgot the password or lost the authenticator (R45, R66): by a security
    /// administrator over everything that the person is appointed to. Its sessions end, and the password serves for
    /// the next sign-in only, with which its owner chooses another one.
    pub(crate) async fn reset_account(
        &self,
        caller: &Caller,
        (person, reset): (PersonId, Reset),
        password: Zeroizing<String>,
        once: Once,
    ) -> Result<(Opened, Option<Zeroizing<String>>), Error> {
        let found = self.store.read().await?.account_of_person(person).await?;
        let account = found
            .filter(|account| !account.closed)
            .ok_or(Error::NotFound { what: "account" })?;
        let hash = self.first_password(&account.name, &password).await?;
        let fresh = reset.authenticator.then(|| self.authenticator(&account));
        let (sealed, address) = fresh.unzip();
        let case = self.case(caller, self.keyed(once));
        let profiles = Arc::clone(&self.profiles);
        let decided = self.store.write(move |change| {
            let (case, hash, sealed) = (case.clone(), hash.clone(), sealed.clone());
            let (account, profiles) = (account.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                case.check(change).await?;
                let found = change.person(person).await?.state;
                let found = found.ok_or(Error::NotFound { what: "person" })?;
                if let Err(refusal) =
                    may_keep_account(change, &profiles, &case, &found, "reset_account").await?
                {
                    return case.refused(change, person, "reset_account", refusal).await;
                }
                change.give_password(account.id, &hash, case.now).await?;
                change.count_success(account.id, None).await?;
                if let Some(sealed) = &sealed {
                    change.set_totp(account.id, Some(sealed)).await?;
                }
                if reset.certificate {
                    change.set_certificate(account.id, None).await?;
                }
                let ended = change.end_sessions_of(account.id).await?;
                let details = Map::from_iter([
                    ("account".to_owned(), account.id.to_string().into()),
                    ("authenticator".to_owned(), reset.authenticator.into()),
                    ("certificate".to_owned(), reset.certificate.into()),
                    ("sessions_ended".to_owned(), ended.into()),
                ]);
                let log = entry(&case.acting, "account.reset", person, details, case.now);
                let opened = Opened {
                    account: account.id,
                    person,
                    name: account.name.clone(),
                };
                case.logged(change, &opened, vec![log]).await
            })
        });
        match decided.await {
            // A repeated request gets the account without the authenticator's address, which is another one by now.
            Err(Error::DoneBefore { answer }) => Ok((read_opened(&answer)?, None)),
            decided => Ok((read_opened(&once::outcome(decided)?)?, address)),
        }
    }

    /// The sessions of a person's account, the newest first: for the person, and for those who keep the account.
    pub(crate) async fn sessions(
        &self,
        caller: &Caller,
        person: PersonId,
    ) -> Result<Vec<KnownSession>, Error> {
        let now = self.outside.now();
        let mut reader = self.store.read().await?;
        let missing = || Error::NotFound { what: "account" };
        let found = reader.person(person).await?.state.ok_or_else(missing)?;
        if !may_see_account(&mut reader, &caller.acting, &found, now).await? {
            return Err(missing());
        }
        let account = reader.account_of_person(person).await?.ok_or_else(missing)?;
        let sessions = reader.sessions_of(account.id).await?;
        let live = sessions.into_iter().filter(|session| self.holds(session, now));
        let factors = |session: &Session| {
            let factors = session.facts["factors"].as_array().cloned().unwrap_or_default();
            factors
                .iter()
                .filter_map(|factor| factor.as_str().map(str::to_owned))
                .collect()
        };
        let known = live.map(|session| KnownSession {
            id: session.token,
            begun_at: session.begun_at,
            used_at: session.used_at,
            ends_at: session.ends_at,
            factors: factors(&session),
        });
        Ok(known.collect())
    }

    /// Ends a session of a person's account, or all of them; by a security administrator over the person.
    pub(crate) async fn end_sessions(
        &self,
        caller: &Caller,
        (person, session): (PersonId, Option<gm::Digest>),
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
                    may_keep_account(change, &profiles, &case, &found, "end_sessions").await?
                {
                    return case.refused(change, person, "end_sessions", refusal).await;
                }
                let account = change.account_of_person(person).await?;
                let account = account.ok_or(Error::NotFound { what: "account" })?;
                let ended = match session {
                    None => change.end_sessions_of(account.id).await?,
                    Some(token) => {
                        let its = change.session(&token).await?;
                        let its = its.filter(|its| its.account == account.id);
                        its.ok_or(Error::NotFound { what: "session" })?;
                        u64::from(change.end_session(&token).await?)
                    }
                };
                let details = Map::from_iter([("sessions_ended".to_owned(), ended.into())]);
                let log = entry(&case.acting, "sessions.ended", person, details, case.now);
                case.logged(change, &ended, vec![log]).await
            })
        });
        once::outcome(decided.await)
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
        let opened = read_opened(&kept)?;
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

fn read_opened(kept: &[u8]) -> Result<Opened, Error> {
    serde_json::from_slice(kept).map_err(|_| Error::Damaged { what: "an answer" })
}

/// The person, and security and audit administrators over something that the person is appointed to.
pub(super) async fn may_see_account(
    reader: &mut Reader,
    acting: &Acting,
    person: &Person,
    now: Timestamp,
) -> Result<bool, Error> {
    if acting.person() == Some(person.id) {
        return Ok(true);
    }
    let scopes: Vec<Scope> = person.roles(now).map(|held| held.scope).collect();
    let roles = [Role::SecurityAdministrator, Role::AuditAdministrator];
    if scopes.is_empty() {
        // Whoever keeps the accounts of people who are appointed to nothing yet sees them.
        return Ok(acting.holds_in(&roles[..1], &own_authorities(acting, now), now));
    }
    for scope in scopes {
        let line = lineage_of(reader, scope).await?;
        if acting.holds_in(&roles, &line, now) {
            return Ok(true);
        }
    }
    Ok(false)
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
pub(crate) async fn lineage_of(change: &mut Reader, scope: Scope) -> Result<Vec<AuthorityId>, Error> {
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
