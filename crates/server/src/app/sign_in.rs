//! Signing in with a password and a one-time code or a certificate; sessions; who a caller is.

mod certificate;
mod password;
mod totp;

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gm::{Digest, sm3};
use jiff::{SignedDuration, Timestamp};
use registry::{Acting, Actor, Network, Person};
use serde_json::{Map, json};
use store::{Account, Session};
use zeroize::Zeroizing;

use super::act::{Caller, entry, entry_about};
use super::{Error, Service};

use self::certificate::{ProofOf, Proved, use_up};

pub(crate) use self::certificate::Proof;
pub(crate) use self::password::{Cost, PasswordFault, PasswordHash, check};
pub(crate) use self::totp::{SECRET_BYTES, address};

/// Characters of a session's token: 256 random bits in base64url.
const TOKEN_CHARS: usize = 43;
/// A session's last use is noted when it is this much older, in seconds.
const TOUCH_SECONDS: i64 = 30;

/// What somebody signs in with.
pub(crate) struct Credentials {
    pub(crate) account: String,
    pub(crate) password: Zeroizing<String>,
    pub(crate) second: SecondFactor,
    /// To be the password from now on; needed when the old one is too old.
    pub(crate) new_password: Option<Zeroizing<String>>,
}

/// What somebody has, beside the password that they know.
pub(crate) enum SecondFactor {
    /// The code of the authenticator.
    Code(String),
    /// A challenge signed with the account's certificate.
    Certificate(Proof),
}

/// A second factor that was found right; it is used up with the session that it opens.
#[derive(Clone, Debug)]
enum Passed {
    Step(i64),
    Certificate(Proved),
}

/// A session that was begun.
#[derive(Debug)]
pub(crate) struct Begun {
    /// What the client holds; known here by its SM3 only.
    pub(crate) token: Zeroizing<String>,
    pub(crate) ends_at: Timestamp,
}

/// Why somebody is not signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignInFault {
    /// Account, password or code are wrong: nobody is told which.
    Wrong,
    /// Too many failed tries; until the instant in the account.
    Locked,
    /// The certificate is not trusted, not in its period, or revoked.
    Certificate,
    /// The certificate opens another account.
    CertificateTaken,
    /// The password must be changed first.
    PasswordTooOld,
    /// The new password cannot be taken.
    NewPassword(PasswordFault),
    /// No session, or one that is over.
    NoSession,
}

impl Service {
    /// Begins a session (R45, R72).
    pub(crate) async fn sign_in(
        &self,
        credentials: Credentials,
        address: Option<IpAddr>,
    ) -> Result<Begun, Error> {
        let now = self.outside.now();
        let account = self
            .store
            .read()
            .await?
            .account_by_name(&credentials.account)
            .await?;
        let account = account.filter(|account| !account.closed);
        if account
            .as_ref()
            .and_then(|account| account.locked_until)
            .is_some_and(|until| now < until)
        {
            return Err(SignInFault::Locked.into());
        }
        let kept = account
            .as_ref()
            .and_then(|account| account.password_hash.as_deref());
        let kept = kept.map(serde_json::from_str::<PasswordHash>).transpose();
        let kept = kept.map_err(|_| Error::Damaged {
            what: "a password hash",
        })?;
        let right = self.password_matches(kept, &credentials.password).await?;
        let (Some(account), true) = (&account, right) else {
            return self.count_failure(account, now).await;
        };
        let Some(passed) = self.second_factor(account, &credentials.second, now)? else {
            return self.count_failure(Some(account.clone()), now).await;
        };
        self.may_sign_in_from(account, address, now).await?;
        let new_hash = self.new_password(account, &credentials, now).await?;
        self.begin(account, passed, new_hash, now).await
    }

    /// Whether the second factor is right; nothing when it is not.
    fn second_factor(
        &self,
        account: &Account,
        second: &SecondFactor,
        now: Timestamp,
    ) -> Result<Option<Passed>, Error> {
        match second {
            SecondFactor::Code(code) => {
                let Some(sealed) = &account.totp_sealed else {
                    return Ok(None);
                };
                let secret = self.personal.open(&totp_context(account), sealed)?;
                let step = totp::accepted_step(&secret, code, now, account.totp_last_step);
                Ok(step.map(Passed::Step))
            }
            SecondFactor::Certificate(proof) => {
                match self.proved(&account.name, (ProofOf::SignIn, proof), now) {
                    Ok(proved) if account.certificate == Some(proved.certificate) => {
                        Ok(Some(Passed::Certificate(proved)))
                    }
                    Err(SignInFault::Certificate) if account.certificate == Some(sm3(&proof.certificate)) => {
                        Err(SignInFault::Certificate.into())
                    }
                    _ => Ok(None),
                }
            }
        }
    }

    /// Hashes even when there is nothing to compare with, so that time tells nobody which accounts exist.
    async fn password_matches(
        &self,
        kept: Option<PasswordHash>,
        password: &Zeroizing<String>,
    ) -> Result<bool, Error> {
        let (password, cost) = (password.clone(), self.password_cost());
        self.hashing(move || match kept {
            Some(kept) => kept.matches(&password),
            None => {
                let _ = PasswordHash::new(&password, cost, [0; 16]);
                false
            }
        })
        .await
    }

    /// Does memory-hard work on a thread of its own, few at a time.
    pub(crate) async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let turn = Arc::clone(&self.hashings)
            .acquire_owned()
            .await
            .map_err(|_| Error::Ended)?;
        let work = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        work.await.map_err(|_| Error::Ended)
    }

    pub(crate) fn password_cost(&self) -> Cost {
        Cost {
            memory_kib: self.config.keys.kdf_memory_kib,
            passes: 3,
        }
    }

    async fn count_failure(&self, account: Option<Account>, now: Timestamp) -> Result<Begun, Error> {
        let Some(account) = account else {
            return Err(SignInFault::Wrong.into());
        };
        let tries_max = i64::from(self.config.sign_in.tries_max);
        let until = later(now, self.config.sign_in.lock_seconds);
        let (id, person) = (account.id, account.person);
        self.store
            .write(move |change| {
                Box::pin(async move {
                    // Many may try at once: what counts is the number that stands in the database now.
                    let before = change
                        .account(id)
                        .await?
                        .map_or(0, |account| account.failed_tries);
                    let lock = (before + 1 >= tries_max).then_some(until);
                    change.count_failed_try(id, lock).await?;
                    let act = if lock.is_some() {
                        "account.locked"
                    } else {
                        "account.sign_in_failed"
                    };
                    let entry = entry(&Acting::service(), act, person, Map::new(), now);
                    Ok::<_, Error>(((), entry.into()))
                })
            })
            .await?;
        Err(SignInFault::Wrong.into())
    }

    /// The hash of the new password where one is given; an error where one is needed.
    async fn new_password(
        &self,
        account: &Account,
        credentials: &Credentials,
        now: Timestamp,
    ) -> Result<Option<String>, Error> {
        let Some(new) = credentials.new_password.clone() else {
            let oldest = earlier(now, u64::from(self.config.sign_in.password_days_max) * 86_400);
            if account.password_set_at.is_none_or(|set_at| set_at < oldest) {
                return Err(SignInFault::PasswordTooOld.into());
            }
            return Ok(None);
        };
        let count = self.config.sign_in.password_history;
        let history = self
            .store
            .read()
            .await?
            .password_history(account.id, count)
            .await?;
        let history: Result<Vec<PasswordHash>, _> =
            history.iter().map(|hash| serde_json::from_str(hash)).collect();
        let history = history.map_err(|_| Error::Damaged {
            what: "a password hash",
        })?;
        let (name, cost, salt) = (account.name.clone(), self.password_cost(), self.outside.random());
        let hash = self.hashing(move || {
            check(&new, &name, &history).map_err(SignInFault::NewPassword)?;
            Ok(PasswordHash::new(&new, cost, salt))
        });
        let hash = hash.await?.map_err(|fault: SignInFault| Error::SignIn(fault))?;
        let hash = hash.ok_or(Error::Ended)?;
        serde_json::to_string(&hash)
            .map(Some)
            .map_err(|_| Error::NothingHappened)
    }

    async fn begin(
        &self,
        account: &Account,
        passed: Passed,
        new_hash: Option<String>,
        now: Timestamp,
    ) -> Result<Begun, Error> {
        let token = Zeroizing::new(URL_SAFE_NO_PAD.encode(self.outside.random::<32>()));
        let ends_at = later(now, self.config.sign_in.session_seconds_max);
        let session = Session {
            token: sm3(token.as_bytes()),
            account: account.id,
            begun_at: now,
            used_at: now,
            ends_at,
            facts: match passed {
                Passed::Step(_) => json!({ "factors": ["password", "totp"] }),
                Passed::Certificate(_) => json!({ "factors": ["password", "certificate"] }),
            },
        };
        let (account, sessions_max) = (account.clone(), self.config.sign_in.sessions_max);
        self.store
            .write(move |change| {
                let (account, session, new_hash) = (account.clone(), session.clone(), new_hash.clone());
                let passed = passed.clone();
                Box::pin(async move {
                    // It may have been locked or closed while the password was being hashed.
                    let fresh = change.account(account.id).await?.ok_or(SignInFault::Wrong)?;
                    if fresh.closed || fresh.locked_until.is_some_and(|until| now < until) {
                        return Err(SignInFault::Locked.into());
                    }
                    let step = match &passed {
                        Passed::Step(step) => Some(*step),
                        Passed::Certificate(proved) => {
                            use_up(change, &account, proved).await?;
                            None
                        }
                    };
                    change.count_success(account.id, step).await?;
                    let acting = person_acting(account.person);
                    let mut entries = store::Entries::from(entry(
                        &acting,
                        "session.begun",
                        account.person,
                        Map::new(),
                        now,
                    ));
                    if let Some(hash) = new_hash {
                        change.set_password(account.id, &hash, now).await?;
                        entries = entries.and(entry(
                            &acting,
                            "password.changed",
                            account.person,
                            Map::new(),
                            now,
                        ));
                    }
                    change.begin_session(&session, sessions_max).await?;
                    Ok::<_, Error>(((), entries))
                })
            })
            .await
            .map_err(|error| match error {
                // The code was used in the meantime.
                Error::Store(store::Error::Conflict { .. }) => SignInFault::Wrong.into(),
                error => error,
            })?;
        Ok(Begun { token, ends_at })
    }

    /// Who holds a token, with everything they may; the session's last use is noted.
    pub(crate) async fn caller(&self, token: &str, address: Option<IpAddr>) -> Result<Caller, Error> {
        if token.len() != TOKEN_CHARS {
            return Err(SignInFault::NoSession.into());
        }
        let (token, now) = (sm3(token.as_bytes()), self.outside.now());
        let mut reader = self.store.read().await?;
        let session = reader.session(&token).await?;
        let session = session.filter(|session| self.holds(session, now));
        let session = session.ok_or(SignInFault::NoSession)?;
        let account = reader
            .account(session.account)
            .await?
            .filter(|account| !account.closed);
        let account = account.ok_or(SignInFault::NoSession)?;
        let person = reader
            .person(account.person)
            .await?
            .state
            .ok_or(SignInFault::NoSession)?;
        drop(reader);
        if now.duration_since(session.used_at) >= SignedDuration::from_secs(TOUCH_SECONDS) {
            self.touch(token, now).await?;
        }
        Ok(Caller {
            acting: self.acting(&person, address),
            account: account.id,
            address,
        })
    }

    /// Whether a session is neither over nor idle for too long.
    pub(crate) fn holds(&self, session: &Session, now: Timestamp) -> bool {
        let idle = earlier(now, self.config.sign_in.idle_seconds_max);
        now < session.ends_at && idle <= session.used_at
    }

    async fn touch(&self, token: Digest, now: Timestamp) -> Result<(), Error> {
        self.store
            .chore(move |chore| {
                Box::pin(async move { Ok::<_, Error>(chore.touch_session(&token, now).await.map(drop)?) })
            })
            .await
    }

    fn acting(&self, person: &Person, address: Option<IpAddr>) -> Acting {
        Acting {
            actor: Actor::Person(person.id),
            appointments: person.appointments.clone(),
            network: self.network_of(address),
            dedicated_device: among(&self.config.networks.dedicated, address),
            blocked: person.blocked.is_some(),
        }
    }

    /// Which kind of network an address is of (R7).
    pub(crate) fn network_of(&self, address: Option<IpAddr>) -> Network {
        let networks = &self.config.networks;
        if among(&networks.government, address) {
            Network::GovernmentExtranet
        } else if among(&networks.office, address) {
            Network::Office
        } else {
            Network::Internet
        }
    }

    /// Ends the session of a token.
    pub(crate) async fn sign_out(&self, token: &str, caller: &Caller) -> Result<(), Error> {
        let (token, now, acting) = (sm3(token.as_bytes()), self.outside.now(), caller.acting.clone());
        let account = caller.account.to_string();
        self.store
            .write(move |change| {
                let (acting, account) = (acting.clone(), account.clone());
                Box::pin(async move {
                    change.end_session(&token).await?;
                    let about = audit::Subject {
                        kind: "account".into(),
                        id: account,
                    };
                    Ok::<_, Error>((
                        (),
                        entry_about(&acting, "session.ended", about, Map::new(), now).into(),
                    ))
                })
            })
            .await
    }
}

fn among(list: &[crate::Subnet], address: Option<IpAddr>) -> bool {
    address.is_some_and(|address| list.iter().any(|subnet| subnet.contains(address)))
}

/// Where the secret of an account's authenticator is sealed to.
pub(crate) fn totp_context(account: &Account) -> String {
    format!("account/{}/totp", account.id)
}

fn person_acting(person: registry::PersonId) -> Acting {
    Acting {
        actor: Actor::Person(person),
        ..Acting::service()
    }
}

pub(crate) fn later(at: Timestamp, seconds: u64) -> Timestamp {
    let seconds = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    at.checked_add(seconds).unwrap_or(Timestamp::MAX)
}

fn earlier(at: Timestamp, seconds: u64) -> Timestamp {
    let seconds = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    at.checked_sub(seconds).unwrap_or(Timestamp::MIN)
}
