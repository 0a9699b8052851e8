//! Filings (R39 to R42): opened in the transaction of what must be filed, sent by a job until they are accepted.

use std::sync::Arc;
use std::time::Duration;

use audit::Entry;
use jiff::Timestamp;
use registry::filing::{FilingBody, FilingOccasion, FilingStatus, duties};
use registry::{
    Acting, AuthorityId, Filing, FilingCommand, FilingFacts, FilingId, Profile, Role, SealCommand, SealFacts,
    SealId, SealRecord, filing, officer, seal,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::{Change, FilingFigures, Job, Reader};
use tracing::{error, info, warn};
use uuid::Uuid;

use super::accounts::profile_of;
use super::act::{Caller, entries, entry, in_order, recorded};
use super::applications::digest_of;
use super::once::{self, Once};
use super::outgoing::{self, short};
use super::sign_in::later;
use super::{Error, Service};

/// Identifiers that a change keeps ready: a filing and a job for each body.
pub(crate) const SPARE: usize = 4;
/// The kind of the jobs.
const KIND: &str = "filing";
/// Filings that are sent in one round at most.
const ROUND_MAX: u32 = 32;
/// Seconds beside the answers of a round for which a worker has its filings for itself.
const LEASE_SECONDS: u64 = 60;
/// Seconds after the first failure until the next try; each failure doubles them.
const RETRY_SECONDS: u64 = 10;
/// Seconds between tries at most.
const RETRY_SECONDS_MAX: u64 = 1800;
/// Longest receipt, in bytes.
const RECEIPT_BYTES_MAX: u64 = 64 * 1024;

/// How the failures begin that this system writes down; any other is in the words of the body.
const NO_ADDRESS: &str = "no address is configured (filing) of ";
const NO_CONNECTION: &str = "the connection failed: ";
const NO_RECEIPT: &str = "no receipt, the body answered with HTTP status ";
const NOT_DECIDED: &str = "not decided yet";

/// What came of sending a filing.
enum Sent {
    /// Accepted: the body's number for it, and the receipt as it came.
    Accepted { number: String, receipt: Vec<u8> },
    /// Taken, not decided yet.
    Taken,
    /// Sent back: something in it is wrong.
    Returned { reason: String },
    /// Not received.
    Failed { reason: String },
}

/// What a body answers.
#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    number: String,
    #[serde(default)]
    reason: String,
}

/// Opens the filings that the profile asks for, with a job for each.
pub(crate) async fn open(
    change: &mut Change,
    (seal, occasion, profile): (SealId, FilingOccasion, &Profile),
    spare: &[Uuid],
    now: Timestamp,
) -> Result<Vec<Entry>, Error> {
    let acting = Acting::service();
    let facts = FilingFacts {
        profile,
        acting: &acting,
        lineage: &[],
    };
    let mut log = Vec::new();
    for (duty, ids) in duties(profile, occasion).zip(spare.chunks_exact(2)) {
        let id = FilingId(ids[0]);
        let command = FilingCommand::Open {
            id,
            seal,
            body: duty.body,
            occasion,
            since: now,
        };
        let current = change.filing(id).await?;
        let events = filing::decide(current.state.as_ref(), &facts, &command, now)?;
        change
            .record_filing(id, current, &events, &recorded(&acting, now))
            .await?;
        change
            .add_job(ids[1], KIND, &id.to_string(), &json!({}), now)
            .await?;
        log.extend(entries(&acting, id, &events, now)?);
    }
    Ok(log)
}

impl Service {
    /// Sends what is due, as `worker`; tells when something is overdue.
    pub(crate) async fn file(self: &Arc<Self>, worker: Uuid) -> Result<(), Error> {
        let now = self.outside.now();
        let round = u64::from(ROUND_MAX) * self.config.filing.timeout_seconds;
        let until = later(now, LEASE_SECONDS + round);
        let jobs = self
            .store
            .chore(move |chore| {
                Box::pin(async move {
                    Ok::<_, Error>(chore.lease_jobs(KIND, worker, now, until, ROUND_MAX).await?)
                })
            })
            .await?;
        for job in jobs {
            if self.is_stopping() {
                return Ok(());
            }
            // One that fails keeps no other one from being sent; its lease ends by itself.
            let key = job.key.clone();
            if let Err(reason) = self.send_filing(worker, job).await {
                error!(filing = key, %reason, "a filing could not be sent or recorded");
            }
        }
        self.escalate().await
    }

    async fn send_filing(self: &Arc<Self>, worker: Uuid, job: Job) -> Result<(), Error> {
        let id = FilingId(job.key.parse().map_err(|_| Error::Damaged { what: "a job" })?);
        let mut reader = self.store.read().await?;
        let filing = reader
            .filing(id)
            .await?
            .state
            .ok_or(Error::Damaged { what: "a job" })?;
        let seal = reader
            .seal(filing.seal)
            .await?
            .state
            .ok_or(Error::Damaged { what: "a filing" })?;
        drop(reader);
        let address = match filing.body {
            FilingBody::PublicSecurity => self.config.filing.public_security.clone(),
            FilingBody::CompetentDepartment => self.config.filing.competent_department.clone(),
        };
        let sent = match address {
            _ if filing.status == FilingStatus::Accepted => return self.finish_filing(worker, job).await,
            None => Sent::Failed {
                reason: format!("{NO_ADDRESS}{}", filing.body.name()),
            },
            Some(address) => {
                let name = self.shown_name(&seal.name, seal.owner).await?;
                let message = message(&filing, &seal, name.as_deref()).to_string();
                let limit = Duration::from_secs(self.config.filing.timeout_seconds);
                let work = tokio::task::spawn_blocking(move || send(&address, id, &message, limit));
                work.await.map_err(|_| Error::Ended)?
            }
        };
        self.record_sent(worker, job, (id, filing.seal), sent).await
    }

    /// The Chinese of a failure that this system wrote down; none for the words of a body, which are as it sent them.
    pub(crate) fn filing_failure_zh(failure: &str) -> Option<String> {
        if failure == NOT_DECIDED {
            return Some("备案机关已收到，尚未答复".to_owned());
        }
        if failure.starts_with(NO_ADDRESS) {
            return Some("没有配置该备案机关的地址（配置项 filing）".to_owned());
        }
        if let Some(why) = failure.strip_prefix(NO_CONNECTION) {
            return Some(format!("与备案机关的连接失败（{why}）"));
        }
        let status = failure.strip_prefix(NO_RECEIPT)?;
        Some(format!("备案机关答复 HTTP 状态 {status}，没有回执"))
    }

    async fn finish_filing(&self, worker: Uuid, job: Job) -> Result<(), Error> {
        let now = self.outside.now();
        let done = self.store.chore(move |chore| {
            Box::pin(async move { Ok::<_, Error>(chore.finish_job(job.id, worker, now).await?) })
        });
        done.await
    }

    async fn record_sent(
        &self,
        worker: Uuid,
        job: Job,
        (id, seal): (FilingId, SealId),
        sent: Sent,
    ) -> Result<(), Error> {
        let now = self.outside.now();
        let tries = u32::try_from(job.tries.max(1)).unwrap_or(u32::MAX);
        let wait = RETRY_SECONDS
            .saturating_mul(1 << (tries - 1).min(16))
            .min(RETRY_SECONDS_MAX);
        let retry = later(now, wait);
        let (command, failure) = match sent {
            Sent::Accepted { number, receipt } => {
                info!(filing = %id, number, "a filing was accepted");
                let receipt = digest_of(&receipt);
                (Some(FilingCommand::Accept { number, receipt }), None)
            }
            Sent::Taken => (Some(FilingCommand::RecordSent), Some(NOT_DECIDED.to_owned())),
            Sent::Returned { reason } => {
                warn!(filing = %id, reason, "a filing was sent back");
                (
                    Some(FilingCommand::Return {
                        reason: reason.clone(),
                    }),
                    Some(reason),
                )
            }
            Sent::Failed { reason } => {
                warn!(filing = %id, reason, wait_seconds = wait, "a filing was not received");
                (
                    Some(FilingCommand::RecordFailure {
                        reason: reason.clone(),
                    }),
                    Some(reason),
                )
            }
        };
        let profiles = Arc::clone(&self.profiles);
        let written = self.store.write(move |change| {
            let (command, failure, profiles) = (command.clone(), failure.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                match &failure {
                    None => change.finish_job(job.id, worker, now).await?,
                    Some(failure) => change.put_off_job(job.id, worker, retry, failure).await?,
                }
                let mut log = Vec::new();
                if let Some(command) = command {
                    log.extend(apply(change, &profiles, (id, seal), &command, now).await?);
                }
                Ok(((), in_order(log)?))
            })
        });
        written.await
    }

    /// Notes, once, that a filing is overdue; the log of the service says so at its gravest level.
    async fn escalate(&self) -> Result<(), Error> {
        let now = self.outside.now();
        let due = self.store.read().await?.filings_due(now, store::PAGE_MAX).await?;
        for overdue in due.into_iter().filter(|filing| !filing.escalated) {
            error!(filing = %overdue.id, seal = %overdue.seal, tries = overdue.tries, "a filing is overdue");
            let (id, profiles) = ((overdue.id, overdue.seal), Arc::clone(&self.profiles));
            let written = self.store.write(move |change| {
                let profiles = Arc::clone(&profiles);
                Box::pin(async move {
                    let log = apply(change, &profiles, id, &FilingCommand::Escalate, now).await?;
                    Ok::<_, Error>(((), in_order(log)?))
                })
            });
            written.await?;
        }
        Ok(())
    }

    /// The filings of a seal, the oldest first.
    pub(crate) async fn filings_of_seal(&self, caller: &Caller, id: SealId) -> Result<Vec<Filing>, Error> {
        self.seal(caller, id).await?;
        Ok(self.store.read().await?.filings_of_seal(id).await?)
    }

    /// An authority's figures: seals by status, and how its filings went whose clock began in an interval.
    pub(crate) async fn statistics(
        &self,
        caller: &Caller,
        authority: AuthorityId,
        (from, until): (Timestamp, Timestamp),
    ) -> Result<(Vec<(String, u64)>, FilingFigures), Error> {
        let mut reader = self.store.snapshot().await?;
        self.may_see_figures(&mut reader, caller, (authority, "statistics"))
            .await?;
        let seals = reader.seal_counts(authority).await?;
        let filings = reader.filing_figures(authority, from, until).await?;
        Ok((seals, filings))
    }

    /// The filings of an authority's seals with the names of the seals: the open ones, overdue first, or the accepted
    /// ones, newest first.
    pub(crate) async fn filings(
        &self,
        caller: &Caller,
        (authority, open): (AuthorityId, bool),
        count_max: u32,
    ) -> Result<Vec<(Filing, SealRecord)>, Error> {
        let mut reader = self.store.snapshot().await?;
        self.may_see_figures(&mut reader, caller, (authority, "filings"))
            .await?;
        let mut found = Vec::new();
        for filing in reader.filings_of_authority(authority, open, count_max).await? {
            let seal = reader.seal(filing.seal).await?.state;
            found.push((filing, seal.ok_or(Error::Damaged { what: "a filing" })?));
        }
        Ok(found)
    }

    /// The seals of an authority whose period ends in an interval, the soonest first, and how many there are.
    pub(crate) async fn seals_ending(
        &self,
        caller: &Caller,
        authority: AuthorityId,
        interval: (Timestamp, Timestamp),
        count_max: u32,
    ) -> Result<(Vec<SealRecord>, u64), Error> {
        let mut reader = self.store.snapshot().await?;
        self.may_see_figures(&mut reader, caller, (authority, "calendar"))
            .await?;
        Ok(reader
            .seals_of_authority_ending(authority, interval, count_max)
            .await?)
    }

    /// When the renewal of a seal opens (R60).
    pub(crate) async fn renewal_opens(&self, seal: &SealRecord) -> Result<Option<Timestamp>, Error> {
        let authority = self.authority(seal.authority).await?;
        let profile = self.profiles.in_force(&authority.profile, self.outside.now())?;
        Ok(seal
            .edition()
            .map(|edition| profile.renewal_opens(edition.not_after)))
    }

    /// Has an open filing sent again at once, by an officer of the authority that made the seal; not one that is being
    /// sent in this moment.
    pub(crate) async fn retry_filing(&self, caller: &Caller, id: FilingId, once: Once) -> Result<(), Error> {
        let missing = || Error::NotFound { what: "filing" };
        let mut reader = self.store.snapshot().await?;
        let filing = reader.filing(id).await?.state.ok_or_else(missing)?;
        let seal = reader.seal(filing.seal).await?.state.ok_or_else(missing)?;
        let profile = self.profile_at(&mut reader, seal.authority).await?;
        let lineage = reader.lineage(seal.authority).await?;
        let roles = [Role::Reviewer, Role::Maker];
        officer(
            &profile,
            &caller.acting,
            "retry",
            (&roles, &lineage),
            self.outside.now(),
        )
        .map_err(|_| missing())?;
        drop(reader);
        let case = self.case(caller, once);
        let written = self.store.write(move |change| {
            let case = case.clone();
            Box::pin(async move {
                case.check(change).await?;
                let hastened = change.hasten_job(KIND, &id.to_string(), case.now).await?;
                let details = Map::from_iter([("hastened".to_owned(), hastened.into())]);
                let log = entry(&case.acting, "filing.retried", id, details, case.now);
                case.logged(change, &id, vec![log]).await
            })
        });
        once::outcome(written.await)?;
        Ok(())
    }

    async fn profile_at(
        &self,
        reader: &mut Reader,
        authority: AuthorityId,
    ) -> Result<registry::Profile, Error> {
        let found = reader.authority(authority).await?.state;
        let found = found.ok_or(Error::NotFound { what: "authority" })?;
        Ok(self.profiles.in_force(&found.profile, self.outside.now())?)
    }

    /// Officers of the authority and of those above see how it does.
    async fn may_see_figures(
        &self,
        reader: &mut Reader,
        caller: &Caller,
        (authority, command): (AuthorityId, &'static str),
    ) -> Result<(), Error> {
        let profile = self.profile_at(reader, authority).await?;
        let lineage = reader.lineage(authority).await?;
        let roles = [
            Role::Reviewer,
            Role::Maker,
            Role::SystemAdministrator,
            Role::AuditAdministrator,
            Role::Supervisor,
        ];
        officer(
            &profile,
            &caller.acting,
            command,
            (&roles, &lineage),
            self.outside.now(),
        )?;
        Ok(())
    }
}

/// Records a command of the service about a filing; an acceptance reaches the seal as well.
async fn apply(
    change: &mut Change,
    profiles: &registry::Profiles,
    (id, about): (FilingId, SealId),
    command: &FilingCommand,
    now: Timestamp,
) -> Result<Vec<Entry>, Error> {
    let acting = Acting::service();
    let found = change.seal(about).await?;
    let record = found.state.clone().ok_or(Error::Damaged { what: "a filing" })?;
    let profile = profile_of(change, profiles, record.authority, now).await?;
    let facts = FilingFacts {
        profile: &profile,
        acting: &acting,
        lineage: &[],
    };
    let current = change.filing(id).await?;
    // A body that took a filing and still thinks about it is asked again, which is nothing new.
    let waits = current
        .state
        .as_ref()
        .is_some_and(|filing| filing.status == FilingStatus::Sent);
    let again = waits && matches!(command, FilingCommand::RecordSent);
    let command = if again {
        &FilingCommand::RecordFailure {
            reason: NOT_DECIDED.to_owned(),
        }
    } else {
        command
    };
    let events = filing::decide(current.state.as_ref(), &facts, command, now)?;
    let after = change
        .record_filing(id, current, &events, &recorded(&acting, now))
        .await?;
    let mut log = entries(&acting, id, &events, now)?;
    let (Some(filing), FilingCommand::Accept { .. }) = (after.state, command) else {
        return Ok(log);
    };
    let command = SealCommand::RecordFiling {
        filing: id,
        body: filing.body,
        occasion: filing.occasion,
    };
    let facts = SealFacts {
        profile: &profile,
        acting: &acting,
        lineage: &[],
        application: None,
        unit: None,
        claims: &[],
        certificate: None,
        receiver_is_custodian: false,
        other: None,
    };
    let events = seal::decide(found.state.as_ref(), &facts, &command, now)?;
    change
        .record_seal(about, found, &events, &recorded(&acting, now))
        .await?;
    log.extend(entries(&acting, about, &events, now)?);
    Ok(log)
}

/// What a body is told. The exchange format of the public-security system is its adapter's; this one is ours.
fn message(filing: &Filing, seal: &SealRecord, name: Option<&str>) -> Value {
    let edition = seal.edition();
    json!({
        "filing": filing.id,
        "occasion": filing.occasion,
        "since": filing.since,
        "due": filing.due,
        "seal": {
            "id": seal.id,
            "authority": seal.authority,
            "kind": seal.kind,
            "name": name,
            "impression": seal.impression,
            "status": seal.status,
            "seal_code": edition.map(|edition| edition.seal_code.as_str()),
            "seal_data": edition.map(|edition| edition.seal_data),
            "certificate": edition.map(|edition| edition.certificate),
            "not_before": edition.map(|edition| edition.not_before),
            "not_after": edition.map(|edition| edition.not_after),
        },
    })
}

/// Sends a message. A filing that is sent twice has the same key both times.
fn send(address: &str, id: FilingId, message: &str, limit: Duration) -> Sent {
    let failed = |error: ureq::Error| Sent::Failed {
        reason: short(&format!("{NO_CONNECTION}{error}")),
    };
    let post = outgoing::agent(limit)
        .post(address)
        .content_type("application/json")
        .header("Idempotency-Key", id.to_string());
    let mut response = match post.send(message) {
        Ok(response) => response,
        Err(error) => return failed(error),
    };
    let status = response.status().as_u16();
    let body = response
        .body_mut()
        .with_config()
        .limit(RECEIPT_BYTES_MAX)
        .read_to_vec();
    let receipt = match body {
        Ok(body) => body,
        Err(error) => return failed(error),
    };
    let reply: Option<Reply> = serde_json::from_slice(&receipt).ok();
    match (status, reply) {
        (200 | 201, Some(Reply { number, .. })) if !number.trim().is_empty() => Sent::Accepted {
            number: short(&number),
            receipt,
        },
        (202, _) => Sent::Taken,
        (400..=499, Some(Reply { reason, .. })) if !reason.trim().is_empty() => Sent::Returned {
            reason: short(&reason),
        },
        (status, _) => Sent::Failed {
            reason: format!("{NO_RECEIPT}{status}"),
        },
    }
}
