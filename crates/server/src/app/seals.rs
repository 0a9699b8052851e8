//! Seals: every command of their life. What a command completes and what must be filed about it is written in the
//! same transaction.

use std::sync::Arc;

use audit::act;
use jiff::Timestamp;
use registry::application::{Ask, Claim};
use registry::filing::FilingOccasion;
use registry::seal::{CertificateFacts, Edition, OldDevice, Owner, Reason};
use registry::{
    Acting, Application, ApplicationCommand, ApplicationFacts, ApplicationId, AuthorityId, PersonId, Profile,
    Profiles, Role, Scope, SealCommand, SealEvent, SealFacts, SealId, SealRecord, SealStatus, Unit,
    application, seal,
};
use serde_json::Map;
use store::{Change, Page};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::accounts::profile_of;
use super::act::{Caller, Case, entries, entry, entry_about, in_order, recorded};
use super::applications::{claims, may_read};
use super::custody::key_of;
use super::filings;
use super::likeness;
use super::once::{self, Once};
use super::{Error, Service};

/// What becomes of a seal without anything having to be made.
#[derive(Clone, Debug)]
pub(crate) enum SealStep {
    Suspend {
        reason: Reason,
        application: Option<ApplicationId>,
    },
    Resume {
        application: ApplicationId,
    },
    ScheduleCancellation {
        application: ApplicationId,
    },
    Cancel {
        application: ApplicationId,
    },
    CancelExOfficio {
        reason: Reason,
        decision: String,
    },
    HandOver {
        to: PersonId,
    },
    AcceptCustody,
}

/// Which seals.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SealSearch {
    OfAuthority(AuthorityId, Option<registry::SealStatus>),
    OfUnit(registry::UnitId),
    /// Those that whoever asks keeps.
    Kept,
    /// The position and personal seals of whoever asks.
    Held,
}

/// What was made of a seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SealPart {
    /// The seal's data (.esl).
    Data,
    /// The certificate of its key, in DER.
    Certificate,
}

/// A command with everything that is made before the write.
#[derive(Clone, Debug)]
pub(crate) struct SealOrder {
    pub(crate) id: SealId,
    pub(crate) command: SealCommand,
    pub(crate) certificate: Option<CertificateFacts>,
    /// The key that was made for it.
    pub(crate) key: Option<String>,
    /// For filings and their jobs.
    pub(crate) spare: Vec<Uuid>,
    /// Only asks whether it would be done: a refusal is recorded, nothing else.
    pub(crate) rehearsal: bool,
}

impl Service {
    pub(crate) fn seal_order(&self, id: SealId, command: SealCommand) -> SealOrder {
        SealOrder {
            id,
            command,
            certificate: None,
            key: None,
            spare: (0..filings::SPARE).map(|_| self.new_id()).collect(),
            rehearsal: false,
        }
    }

    /// Takes a seal a step further (R43, R44, R60 to R64).
    pub(crate) async fn step_seal(
        &self,
        caller: &Caller,
        id: SealId,
        step: SealStep,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let command = match step {
            SealStep::Suspend { reason, application } => SealCommand::Suspend { reason, application },
            SealStep::Resume { application } => SealCommand::Resume { application },
            SealStep::ScheduleCancellation { application } => {
                SealCommand::ScheduleCancellation { application }
            }
            SealStep::Cancel { application } => SealCommand::Cancel { application },
            SealStep::CancelExOfficio { reason, decision } => {
                SealCommand::CancelExOfficio { reason, decision }
            }
            SealStep::HandOver { to } => SealCommand::HandOver { to },
            SealStep::AcceptCustody => SealCommand::AcceptCustody,
        };
        let order = self.seal_order(id, command);
        self.command_seal(self.case(caller, once), order).await
    }

    /// The custodian collects a seal and sets its PIN (R43, R45).
    pub(crate) async fn collect_seal(
        self: &Arc<Self>,
        caller: &Caller,
        id: SealId,
        (old_device, pin): (OldDevice, Zeroizing<String>),
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let case = self.case(caller, self.keyed(once));
        let order = self.seal_order(id, SealCommand::Activate { old_device });
        if let Some(done) = self.rehearse(&case, &order).await? {
            return Ok(done);
        }
        let found = self.seal_record(id).await?;
        let key = key_of(found.edition().ok_or(Error::NotFound { what: "seal" })?)?;
        let (service, now) = (Arc::clone(self), case.now);
        self.hashing(move || service.custody.collect(key, &pin, now, &service.outside))
            .await??;
        self.command_seal(case, order).await
    }

    /// The custodian sets another PIN (R45). A key that nobody collected yet (after renewal) needs no old one.
    pub(crate) async fn change_pin(
        self: &Arc<Self>,
        caller: &Caller,
        id: SealId,
        (old, new): (Zeroizing<String>, Zeroizing<String>),
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let case = self.case(caller, self.keyed(once));
        let order = self.seal_order(id, SealCommand::ChangePin);
        if let Some(done) = self.rehearse(&case, &order).await? {
            return Ok(done);
        }
        let found = self.seal_record(id).await?;
        let key = key_of(found.edition().ok_or(Error::NotFound { what: "seal" })?)?;
        let (service, now) = (Arc::clone(self), case.now);
        let changed = self.hashing(move || {
            let (custody, outside) = (&service.custody, &service.outside);
            if old.is_empty() {
                custody.collect(key, &new, now, outside)
            } else {
                custody.change_pin(key, (&old, &new), now, outside)
            }
        });
        changed.await??;
        self.command_seal(case, order).await
    }

    /// What was answered before, if this was done before; an error if the rules forbid it.
    pub(crate) async fn rehearse(&self, case: &Case, order: &SealOrder) -> Result<Option<Vec<u8>>, Error> {
        let rehearsal = SealOrder {
            rehearsal: true,
            ..order.clone()
        };
        match self.command_seal(case.clone(), rehearsal).await {
            Err(Error::Rehearsed) => Ok(None),
            Ok(done) => Ok(Some(done)),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn command_seal(&self, case: Case, order: SealOrder) -> Result<Vec<u8>, Error> {
        let done = self.decide_seal(case, order).await;
        // Whatever it was: looking once more costs little.
        self.revocations.note();
        done
    }

    async fn decide_seal(&self, case: Case, order: SealOrder) -> Result<Vec<u8>, Error> {
        let profiles = Arc::clone(&self.profiles);
        let decided = self.store.write(move |change| {
            let (case, order, profiles) = (case.clone(), order.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                case.check(change).await?;
                let current = change.seal(order.id).await?;
                let loaded =
                    Loaded::new(change, &profiles, (current.state.as_ref(), &order), case.now).await?;
                let facts = loaded.facts(&case.acting, order.certificate.as_ref());
                let events = match seal::decide(current.state.as_ref(), &facts, &order.command, case.now) {
                    Ok(events) => events,
                    Err(refusal) => {
                        return case
                            .refused(change, order.id, order.command.name(), refusal)
                            .await;
                    }
                };
                if order.rehearsal {
                    return Err(Error::Rehearsed);
                }
                code_is_free(change, &order.command).await?;
                let after = change
                    .record_seal(order.id, current, &events, &case.recorded())
                    .await?;
                let mut log = entries(&case.acting, order.id, &events, case.now)?;
                log.extend(order.key.iter().map(|key| key_created(&case, key, order.id)));
                if let Some(done) = loaded.application.as_ref().filter(|_| completes(&events)) {
                    log.extend(complete(change, &loaded, (&case.acting, case.now), done).await?);
                }
                let collected = matches!(order.command, SealCommand::Activate { .. });
                if let Some(old) = loaded.other.as_ref().filter(|_| collected) {
                    log.extend(swap(change, &profiles, old, &order.spare, case.now).await?);
                }
                for occasion in events.iter().filter_map(occasion) {
                    let about = (order.id, occasion, &loaded.profile);
                    log.extend(filings::open(change, about, &order.spare, case.now).await?);
                }
                case.logged(change, &after.state, log).await
            })
        });
        once::outcome(decided.await)
    }

    /// Notes that the period of seals is over (R60, R63).
    pub(crate) async fn expire_seals(&self) -> Result<(), Error> {
        let now = self.outside.now();
        for status in [
            SealStatus::Made,
            SealStatus::Filed,
            SealStatus::Active,
            SealStatus::Suspended,
        ] {
            let mut reader = self.store.read().await?;
            let over = reader
                .seals_ending(status, Timestamp::MIN, now, store::PAGE_MAX)
                .await?;
            drop(reader);
            for seal in over {
                self.expire_seal(seal.id, now).await?;
            }
        }
        Ok(())
    }

    async fn expire_seal(&self, id: SealId, now: Timestamp) -> Result<(), Error> {
        let order = self.seal_order(id, SealCommand::Expire);
        let profiles = Arc::clone(&self.profiles);
        let written = self.store.write(move |change| {
            let (order, profiles) = (order.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                let acting = Acting::service();
                let current = change.seal(id).await?;
                let loaded = Loaded::new(change, &profiles, (current.state.as_ref(), &order), now).await?;
                let facts = loaded.facts(&acting, None);
                let events = seal::decide(current.state.as_ref(), &facts, &order.command, now)?;
                change
                    .record_seal(id, current, &events, &recorded(&acting, now))
                    .await?;
                Ok::<_, Error>(((), in_order(entries(&acting, id, &events, now)?)?))
            })
        });
        match written.await {
            // Somebody renewed or ended it in the meantime.
            Err(Error::Refused(_)) => Ok(()),
            other => other,
        }
    }

    /// A seal, whoever asks.
    pub(crate) async fn seal_record(&self, id: SealId) -> Result<SealRecord, Error> {
        let found = self.store.read().await?.seal(id).await?.state;
        found.ok_or(Error::NotFound { what: "seal" })
    }

    /// A seal with its history, for those whom it concerns: its holder and custodian, its unit, the authorities above.
    pub(crate) async fn seal(
        &self,
        caller: &Caller,
        id: SealId,
    ) -> Result<(SealRecord, Vec<store::RecordedEvent<SealEvent>>), Error> {
        let mut reader = self.store.snapshot().await?;
        let missing = || Error::NotFound { what: "seal" };
        let found = reader.seal(id).await?.state.ok_or_else(missing)?;
        let person = caller.acting.person();
        let own =
            person.is_some() && [found.owner.holder(), found.custodian, found.offered_to].contains(&person);
        let concerned = (found.owner.unit(), found.authority);
        if own || may_read(&mut reader, &caller.acting, concerned, self.outside.now()).await? {
            let events = reader.seal_events(id).await?;
            return Ok((found, events));
        }
        Err(missing())
    }

    /// The data of a seal, or its certificate, of the edition in use or of another one, for those whom the seal
    /// concerns. That somebody read the data, which hold the picture, is logged.
    pub(crate) async fn seal_part(
        &self,
        caller: &Caller,
        id: SealId,
        (edition, part): (Option<u32>, SealPart),
    ) -> Result<Vec<u8>, Error> {
        let (found, _) = self.seal(caller, id).await?;
        let wanted = |one: &&Edition| edition.is_none_or(|number| one.number == number);
        let edition = found.editions.iter().rev().find(wanted);
        let edition = edition.ok_or(Error::NotFound { what: "edition" })?;
        let digest = match part {
            SealPart::Data => edition.seal_data,
            SealPart::Certificate => edition.certificate,
        };
        let bytes = self
            .documents
            .read(&gm::Digest(digest.0), ses::SES_BYTES_MAX)
            .await?;
        if part == SealPart::Data {
            let details = Map::from_iter([("edition".to_owned(), edition.number.into())]);
            let read = entry(&caller.acting, "seal.data_read", id, details, self.outside.now());
            let written = self.store.write(move |_| {
                let read = read.clone();
                Box::pin(async move { Ok::<_, Error>(((), read.into())) })
            });
            written.await?;
        }
        Ok(bytes)
    }

    /// Seals, by one thing that is known of them, as far as whoever asks may read them.
    pub(crate) async fn seals(
        &self,
        caller: &Caller,
        search: SealSearch,
        page: Page<SealId>,
    ) -> Result<Vec<SealRecord>, Error> {
        let mut reader = self.store.read().await?;
        let (acting, now) = (&caller.acting, self.outside.now());
        let person = acting.person().ok_or(Error::NotFound { what: "person" })?;
        match search {
            SealSearch::OfAuthority(authority, status) => {
                if !may_read(&mut reader, acting, (None, authority), now).await? {
                    return Ok(Vec::new());
                }
                Ok(reader.seals_of_authority(authority, status, page).await?)
            }
            SealSearch::OfUnit(unit) => {
                let found = reader
                    .unit(unit)
                    .await?
                    .state
                    .ok_or(Error::NotFound { what: "unit" })?;
                if !may_read(&mut reader, acting, (Some(unit), found.authority), now).await? {
                    return Ok(Vec::new());
                }
                Ok(reader.seals_of_unit(unit, page).await?)
            }
            SealSearch::Kept => Ok(reader.seals_of_custodian(person, page).await?),
            SealSearch::Held => Ok(reader.seals_of_holder(person, page).await?),
        }
    }

    /// What anybody may know of a seal, by the code in its data, as of an instant: the seals that ever carried it, as
    /// they stood then.
    pub(crate) async fn seal_status(&self, code: &str, then: Timestamp) -> Result<Vec<SealRecord>, Error> {
        let mut reader = self.store.snapshot().await?;
        let mut found = Vec::new();
        for seal in reader.seals_by_code(code).await? {
            let carried = |seal: &SealRecord| seal.editions.iter().any(|edition| edition.seal_code == code);
            found.extend(reader.seal_as_of(seal.id, then).await?.filter(carried));
        }
        Ok(found)
    }
}

/// Two makers may have found the same number free; the second one makes it again.
async fn code_is_free(change: &mut Change, command: &SealCommand) -> Result<(), Error> {
    let (SealCommand::Make { edition, .. }
    | SealCommand::Renew { edition, .. }
    | SealCommand::ReplaceDevice { edition, .. }) = command
    else {
        return Ok(());
    };
    if change.seals_by_code(&edition.seal_code).await?.is_empty() {
        return Ok(());
    }
    Err(Error::Store(store::Error::Conflict {
        what: "seal code",
        key: edition.seal_code.clone(),
        expected: 0,
    }))
}

/// A key came into being, for a seal.
fn key_created(case: &Case, key: &str, seal: SealId) -> audit::Entry {
    let about = audit::Subject {
        kind: "key".into(),
        id: key.to_owned(),
    };
    let details = Map::from_iter([("seal".to_owned(), seal.to_string().into())]);
    entry_about(&case.acting, act::KEY_CREATED, about, details, case.now)
}

/// Whether the application that the command names is carried out with these events.
fn completes(events: &[SealEvent]) -> bool {
    !events
        .iter()
        .any(|event| matches!(event, SealEvent::CancellationScheduled { .. }))
}

/// What must be filed about an event.
fn occasion(event: &SealEvent) -> Option<FilingOccasion> {
    match event {
        SealEvent::Made { .. } => Some(FilingOccasion::Made),
        SealEvent::Renewed { .. } => Some(FilingOccasion::Renewed),
        SealEvent::DeviceReplaced { .. } => Some(FilingOccasion::DeviceReplaced),
        SealEvent::Suspended { .. } => Some(FilingOccasion::Suspended),
        SealEvent::Resumed { .. } => Some(FilingOccasion::Resumed),
        SealEvent::Cancelled { .. } => Some(FilingOccasion::Cancelled),
        _ => None,
    }
}

/// The seal that only waited for the one which was just collected is cancelled in the same instant (Q4).
async fn swap(
    change: &mut Change,
    profiles: &Profiles,
    old: &SealRecord,
    spare: &[Uuid],
    now: Timestamp,
) -> Result<Vec<audit::Entry>, Error> {
    let Some(application) = old.change.filter(|_| !old.status.is_end()) else {
        return Ok(Vec::new());
    };
    let acting = Acting::service();
    let order = SealOrder {
        id: old.id,
        command: SealCommand::Cancel { application },
        certificate: None,
        key: None,
        spare: spare.to_vec(),
        rehearsal: false,
    };
    let current = change.seal(old.id).await?;
    let loaded = Loaded::new(change, profiles, (current.state.as_ref(), &order), now).await?;
    let facts = loaded.facts(&acting, None);
    let events = seal::decide(current.state.as_ref(), &facts, &order.command, now)?;
    change
        .record_seal(old.id, current, &events, &recorded(&acting, now))
        .await?;
    let mut log = entries(&acting, old.id, &events, now)?;
    if let Some(done) = &loaded.application {
        log.extend(complete(change, &loaded, (&acting, now), done).await?);
    }
    for occasion in events.iter().filter_map(occasion) {
        let about = (old.id, occasion, &loaded.profile);
        log.extend(filings::open(change, about, spare, now).await?);
    }
    Ok(log)
}

/// The application is carried out, in the transaction of the act itself.
async fn complete(
    change: &mut Change,
    loaded: &Loaded,
    (acting, now): (&Acting, Timestamp),
    done: &Application,
) -> Result<Vec<audit::Entry>, Error> {
    let facts = ApplicationFacts {
        profile: &loaded.profile,
        acting,
        authority: None,
        lineage: &loaded.lineage,
        unit: loaded.unit.as_ref(),
        seal: None,
        claims: &[],
        connector: &[],
        registered: &registry::application::RegisteredImpression::Unreachable,
    };
    let current = change.application(done.id).await?;
    let command = ApplicationCommand::Complete;
    let events = application::decide(current.state.as_ref(), &facts, &command, now)?;
    change
        .record_application(done.id, current, &events, &recorded(acting, now))
        .await?;
    entries(acting, done.id, &events, now)
}

/// What a decision about a seal rests on.
struct Loaded {
    profile: Profile,
    lineage: Vec<AuthorityId>,
    application: Option<Application>,
    unit: Option<Unit>,
    claims: Vec<Claim>,
    receiver_is_custodian: bool,
    other: Option<SealRecord>,
}

impl Loaded {
    async fn new(
        change: &mut Change,
        profiles: &Profiles,
        (seal, order): (Option<&SealRecord>, &SealOrder),
        now: Timestamp,
    ) -> Result<Self, Error> {
        let application = match named(&order.command) {
            Some(named) => change.application(named).await?.state,
            None => None,
        };
        let asked = application
            .as_ref()
            .and_then(|application| match &application.ask {
                Ask::Make { seal } => Some(seal.owner),
                _ => None,
            });
        let owner: Option<Owner> = seal.map(|seal| seal.owner).or(asked);
        let unit = match owner.and_then(|owner| owner.unit()) {
            Some(unit) => change.unit(unit).await?.state,
            None => None,
        };
        let addressed = application.as_ref().map(|application| application.authority);
        let authority = unit.as_ref().map(|unit| unit.authority);
        let authority = authority.or(seal.map(|seal| seal.authority)).or(addressed);
        let authority = authority.ok_or(Error::NotFound { what: "seal" })?;
        let mut claims = match owner {
            Some(owner) => claims(change, owner, seal.map(|seal| seal.id)).await?,
            None => Vec::new(),
        };
        if let Some(named) = &application {
            claims.retain(|claim| claim.subject != named.id.into());
            likeness::tell(change, named, &mut claims).await?;
        }
        Ok(Self {
            profile: profile_of(change, profiles, authority, now).await?,
            lineage: change.lineage(authority).await?,
            claims,
            receiver_is_custodian: receives(change, &order.command, unit.as_ref(), now).await?,
            other: other(change, &order.command, seal).await?,
            application,
            unit,
        })
    }

    fn facts<'a>(&'a self, acting: &'a Acting, certificate: Option<&'a CertificateFacts>) -> SealFacts<'a> {
        SealFacts {
            profile: &self.profile,
            acting,
            lineage: &self.lineage,
            application: self.application.as_ref(),
            unit: self.unit.as_ref(),
            claims: &self.claims,
            certificate,
            receiver_is_custodian: self.receiver_is_custodian,
            other: self.other.as_ref(),
        }
    }
}

/// The application that a command names.
fn named(command: &SealCommand) -> Option<ApplicationId> {
    match command {
        SealCommand::Make { application, .. }
        | SealCommand::Renew { application, .. }
        | SealCommand::ReplaceDevice { application, .. }
        | SealCommand::Resume { application }
        | SealCommand::ScheduleCancellation { application }
        | SealCommand::Cancel { application }
        | SealCommand::ResetPin { application } => Some(*application),
        SealCommand::Suspend { application, .. } => *application,
        SealCommand::RecordFiling { .. }
        | SealCommand::Activate { .. }
        | SealCommand::CancelExOfficio { .. }
        | SealCommand::Expire
        | SealCommand::HandOver { .. }
        | SealCommand::AcceptCustody
        | SealCommand::ChangePin => None,
    }
}

/// Whether the person who is to take custody is a custodian of the unit.
async fn receives(
    change: &mut Change,
    command: &SealCommand,
    unit: Option<&Unit>,
    now: Timestamp,
) -> Result<bool, Error> {
    let (SealCommand::Make { custodian: to, .. } | SealCommand::HandOver { to }) = command else {
        return Ok(false);
    };
    let person = change.person(*to).await?.state;
    let holds = |unit: &Unit| {
        let scope = Scope::Unit(unit.id);
        person
            .as_ref()
            .is_some_and(|person| person.holds(Role::Custodian, scope, now))
    };
    Ok(unit.is_some_and(holds))
}

/// For collecting, the seal that this one replaces; for cancelling, the one that replaces it.
async fn other(
    change: &mut Change,
    command: &SealCommand,
    seal: Option<&SealRecord>,
) -> Result<Option<SealRecord>, Error> {
    match (command, seal) {
        (SealCommand::Activate { .. }, Some(seal)) => match seal.replaces {
            Some(replaced) => Ok(change.seal(replaced).await?.state),
            None => Ok(None),
        },
        (SealCommand::Cancel { .. }, Some(seal)) => {
            let mut beside = change.seals_not_ended(seal.owner).await?;
            beside.retain(|other| other.replaces == Some(seal.id));
            Ok(beside.pop())
        }
        _ => Ok(None),
    }
}
