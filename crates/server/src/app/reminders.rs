//! Reminders: a job raises them, once each, and they end when what they ask for was done.
//!
//! What is raised stands in the log and in a table; whether it still holds is computed from the subject whenever
//! somebody asks, so that nobody is reminded of what they did a minute ago.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use audit::Subject;
use jiff::Timestamp;
use registry::{
    Acting, AuthorityId, Filing, FilingId, Profile, Reminder, ReminderKind, Scope, SealId, SealRecord,
    SealStatus, SystemId, UseId, UseRequest, reminder,
};
use serde_json::{Map, json};
use store::{Account, ApiClient, Concerned, Cursor, RaisedReminder, Reader};
use uuid::Uuid;

use super::accounts::root_of_all;
use super::act::{Caller, entry_about, in_order};
use super::clients;
use super::policies::UNIT_ROLES;
use super::sign_in::later;
use super::{Error, Service};

/// Subjects that are looked at in one go.
const PAGE: u32 = 500;
/// Reminders that are told at most.
const TOLD_MAX: usize = 500;
/// Farther ahead than any reminder is raised, in seconds.
const AHEAD_SECONDS: u64 = 40 * 86_400;
const DAY_SECONDS: u64 = 86_400;

/// Whom a reminder concerns.
#[derive(Clone, Copy, Debug, Default)]
struct Whom {
    person: Option<Uuid>,
    unit: Option<Uuid>,
    authority: Option<Uuid>,
}

/// Profiles by authority, looked up once in a round.
#[derive(Default)]
struct Known(BTreeMap<AuthorityId, Profile>);

impl Service {
    /// Raises what is due and ends what was done; how many were raised.
    pub(crate) async fn remind(&self) -> Result<u64, Error> {
        let now = self.outside.now();
        let mut known = Known::default();
        let mut raised = 0;
        for status in [SealStatus::Active, SealStatus::Suspended] {
            let mut after = beginning();
            loop {
                let mut reader = self.store.read().await?;
                let seals = reader.seals_by_end(status, after, PAGE).await?;
                let mut found = Vec::new();
                for seal in &seals {
                    found.extend(self.of_seal(&mut reader, &mut known, seal, now).await?);
                }
                drop(reader);
                raised += self.raise(found, now).await?;
                let last = seals
                    .last()
                    .and_then(|seal| Some((seal.edition()?.not_after, seal.id.0)));
                let Some(last) = last.filter(|_| is_full(seals.len())) else {
                    break;
                };
                after = last;
            }
        }
        raised += self.remind_of_filings(now).await?;
        raised += self.remind_of_uses(now).await?;
        raised += self.remind_of_passwords(now).await?;
        raised += self.remind_of_certificates(now).await?;
        self.end_reminders(now).await?;
        Ok(raised)
    }

    async fn remind_of_filings(&self, now: Timestamp) -> Result<u64, Error> {
        let (mut raised, mut after) = (0, beginning());
        loop {
            let mut reader = self.store.read().await?;
            let filings = reader.filings_overdue(now, after, PAGE).await?;
            let mut found = Vec::new();
            for filing in &filings {
                found.extend(of_filing(&mut reader, filing, now).await?);
            }
            drop(reader);
            raised += self.raise(found, now).await?;
            let last = filings.last().and_then(|filing| Some((filing.due?, filing.id.0)));
            let Some(last) = last.filter(|_| is_full(filings.len())) else {
                return Ok(raised);
            };
            after = last;
        }
    }

    async fn remind_of_uses(&self, now: Timestamp) -> Result<u64, Error> {
        let (mut raised, mut after) = (0, beginning());
        loop {
            let mut reader = self.store.read().await?;
            let before = later(now, AHEAD_SECONDS);
            let requests = reader.usages_by_lapse(before, after, PAGE).await?;
            let mut found = Vec::new();
            for request in &requests {
                found.extend(of_use(&mut reader, request, now).await?);
            }
            drop(reader);
            raised += self.raise(found, now).await?;
            let last = requests
                .last()
                .and_then(|request| Some((request.lapses_at?, request.id.0)));
            let Some(last) = last.filter(|_| is_full(requests.len())) else {
                return Ok(raised);
            };
            after = last;
        }
    }

    async fn remind_of_passwords(&self, now: Timestamp) -> Result<u64, Error> {
        // Passwords that were given, and must be changed with the first sign-in, were set at the beginning of time.
        let (mut raised, mut after) = (0, (Timestamp::UNIX_EPOCH, Uuid::max()));
        loop {
            let mut reader = self.store.read().await?;
            let accounts = reader.accounts_by_password(now, after, PAGE).await?;
            drop(reader);
            let found = accounts
                .iter()
                .filter_map(|account| self.of_account(account, now));
            raised += self.raise(found.collect(), now).await?;
            let last = accounts
                .last()
                .and_then(|account| Some((account.password_set_at?, account.id)));
            let Some(last) = last.filter(|_| is_full(accounts.len())) else {
                return Ok(raised);
            };
            after = last;
        }
    }

    async fn remind_of_certificates(&self, now: Timestamp) -> Result<u64, Error> {
        let (mut raised, mut after) = (0, None);
        loop {
            let mut reader = self.store.read().await?;
            let page = store::Page { after, limit: PAGE };
            let clients = reader.api_clients(page).await?;
            let mut found = Vec::new();
            for client in &clients {
                found.extend(of_client(client, now)?);
            }
            if after.is_none() {
                found.extend(self.of_maker(&mut reader, now).await?);
            }
            drop(reader);
            raised += self.raise(found, now).await?;
            let last = clients.last().filter(|_| is_full(clients.len()));
            let Some(last) = last else { return Ok(raised) };
            after = Some(last.id);
        }
    }

    /// Keeps the new ones, each with its entry; opens those again that hold again.
    async fn raise(&self, found: Vec<RaisedReminder>, now: Timestamp) -> Result<u64, Error> {
        let (mut new, mut again) = (Vec::new(), Vec::new());
        let mut reader = self.store.read().await?;
        for one in found {
            match reader.reminder_is_open(&one.kind, one.subject, one.due).await? {
                None => new.push(one),
                Some(false) => again.push(one),
                Some(true) => {}
            }
        }
        drop(reader);
        for one in again {
            self.set_open(one, true).await?;
        }
        if new.is_empty() {
            return Ok(0);
        }
        let written = self.store.write(move |change| {
            let new = new.clone();
            Box::pin(async move {
                let mut log = Vec::new();
                for one in &new {
                    if change.raise_reminder(one).await? {
                        log.push(raised_entry(one, now));
                    }
                }
                Ok::<_, Error>((log.len() as u64, in_order(log)?))
            })
        });
        match written.await {
            // Another process raised them all meanwhile.
            Err(Error::NothingHappened) => Ok(0),
            other => other,
        }
    }

    async fn set_open(&self, one: RaisedReminder, open: bool) -> Result<(), Error> {
        let changed = self.store.chore(move |chore| {
            let one = one.clone();
            Box::pin(async move {
                let name = (one.kind.as_str(), one.subject, one.due);
                Ok::<_, Error>(chore.set_reminder_open(name, open).await?)
            })
        });
        changed.await
    }

    async fn end_reminders(&self, now: Timestamp) -> Result<(), Error> {
        let mut after = beginning();
        loop {
            let mut reader = self.store.read().await?;
            let open = reader.open_reminders(after, PAGE).await?;
            let mut ended = Vec::new();
            for one in &open {
                if !self.still_holds(&mut reader, one, now).await? {
                    ended.push(one.clone());
                }
            }
            drop(reader);
            for one in ended {
                self.set_open(one, false).await?;
            }
            let Some(last) = open.last().filter(|_| is_full(open.len())) else {
                return Ok(());
            };
            after = (last.due, last.subject);
        }
    }

    /// What the caller is reminded of: their own, their units', their authorities'; those due first.
    pub(crate) async fn reminders(
        &self,
        caller: &Caller,
    ) -> Result<Vec<(ReminderKind, RaisedReminder)>, Error> {
        let now = self.outside.now();
        let mut reader = self.store.read().await?;
        let mut found = Vec::new();
        for concerned in concerned(&caller.acting, now) {
            found.extend(reader.reminders(concerned, PAGE).await?);
        }
        found.sort_by(|one, other| {
            (one.due, one.subject, &one.kind).cmp(&(other.due, other.subject, &other.kind))
        });
        found.dedup();
        let mut told = Vec::new();
        for one in found {
            if told.len() == TOLD_MAX {
                break;
            }
            let holds = self.still_holds(&mut reader, &one, now).await?;
            if let Some(kind) = ReminderKind::named(&one.kind).filter(|_| holds) {
                told.push((kind, one));
            }
        }
        Ok(told)
    }

    /// Whether what was raised is still true.
    async fn still_holds(
        &self,
        reader: &mut Reader,
        one: &RaisedReminder,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let Some(kind) = ReminderKind::named(&one.kind) else {
            return Ok(false);
        };
        let mut known = Known::default();
        let found = match kind {
            ReminderKind::SealRenewal | ReminderKind::PinAge => {
                match reader.seal(SealId(one.subject)).await?.state {
                    Some(seal) => self.of_seal(reader, &mut known, &seal, now).await?,
                    None => Vec::new(),
                }
            }
            ReminderKind::FilingOverdue => match reader.filing(FilingId(one.subject)).await?.state {
                Some(filing) => of_filing(reader, &filing, now).await?.into_iter().collect(),
                None => Vec::new(),
            },
            ReminderKind::ApprovalLapsing => match reader.usage(UseId(one.subject)).await?.state {
                Some(request) => of_use(reader, &request, now).await?.into_iter().collect(),
                None => Vec::new(),
            },
            ReminderKind::PasswordAge => {
                let account = reader.account(one.subject).await?;
                let account = account.filter(|account| !account.closed);
                let found = account.and_then(|account| self.of_account(&account, now));
                found.into_iter().collect()
            }
            ReminderKind::ClientCertificate => match reader.api_client(SystemId(one.subject)).await? {
                Some(client) => of_client(&client, now)?.into_iter().collect(),
                None => Vec::new(),
            },
            ReminderKind::MakerCertificate => self.of_maker(reader, now).await?,
        };
        let same = |other: &RaisedReminder| {
            (&other.kind, other.subject, other.due) == (&one.kind, one.subject, one.due)
        };
        Ok(found.iter().any(same))
    }

    async fn of_seal(
        &self,
        reader: &mut Reader,
        known: &mut Known,
        seal: &SealRecord,
        now: Timestamp,
    ) -> Result<Vec<RaisedReminder>, Error> {
        let profile = match known.0.entry(seal.authority) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(free) => {
                let authority = reader.authority(seal.authority).await?.state;
                let authority = authority.ok_or(Error::Damaged {
                    what: "a seal's authority",
                })?;
                free.insert(self.profiles.in_force(&authority.profile, now)?)
            }
        };
        let keeper = seal.owner.holder().or(seal.custodian).map(|person| person.0);
        let unit = seal.owner.unit().map(|unit| unit.0);
        let raised = |reminder: Reminder| {
            let of_unit = reminder.kind == ReminderKind::SealRenewal;
            let whom = Whom {
                person: keeper,
                unit: unit.filter(|_| of_unit),
                authority: None,
            };
            raised(reminder, seal.id.0, whom, now)
        };
        Ok(reminder::of_seal(profile, seal, now)
            .into_iter()
            .map(raised)
            .collect())
    }

    fn of_account(&self, account: &Account, now: Timestamp) -> Option<RaisedReminder> {
        let set_at = account.password_set_at.filter(|at| *at > Timestamp::UNIX_EPOCH)?;
        let days = u64::from(self.config.sign_in.password_days_max);
        let found = reminder::of_password(later(set_at, days * DAY_SECONDS), now)?;
        let whom = Whom {
            person: Some(account.person.0),
            ..Whom::default()
        };
        Some(raised(found, account.id, whom, now))
    }

    async fn of_maker(&self, reader: &mut Reader, now: Timestamp) -> Result<Vec<RaisedReminder>, Error> {
        let Some(maker) = &self.maker else {
            return Ok(Vec::new());
        };
        let whom = Whom {
            authority: root_of_all(reader).await?.map(|root| root.0),
            ..Whom::default()
        };
        let mut found = Vec::new();
        for certificate in maker.certificates() {
            // A certificate has no identifier of its own here: the first half of its digest is one.
            let digest = certificate.digest();
            let name = Uuid::from_bytes(std::array::from_fn(|at| digest.0[at]));
            let reminder = reminder::of_maker(certificate.not_after(), now);
            found.extend(reminder.map(|reminder| raised(reminder, name, whom, now)));
        }
        Ok(found)
    }
}

async fn of_filing(
    reader: &mut Reader,
    filing: &Filing,
    now: Timestamp,
) -> Result<Option<RaisedReminder>, Error> {
    let Some(reminder) = reminder::of_filing(filing, now) else {
        return Ok(None);
    };
    let seal = reader.seal(filing.seal).await?.state;
    let whom = Whom {
        authority: seal.map(|seal| seal.authority.0),
        ..Whom::default()
    };
    Ok(Some(raised(reminder, filing.id.0, whom, now)))
}

async fn of_use(
    reader: &mut Reader,
    request: &UseRequest,
    now: Timestamp,
) -> Result<Option<RaisedReminder>, Error> {
    let Some(reminder) = reminder::of_use(request, now) else {
        return Ok(None);
    };
    let seal = reader.seal(request.seal).await?.state;
    let keeper = seal.and_then(|seal| seal.owner.holder().or(seal.custodian));
    let whom = Whom {
        person: keeper.map(|person| person.0),
        unit: request.unit.map(|unit| unit.0),
        authority: None,
    };
    Ok(Some(raised(reminder, request.id.0, whom, now)))
}

fn of_client(client: &ApiClient, now: Timestamp) -> Result<Option<RaisedReminder>, Error> {
    if client.blocked_at.is_some() {
        return Ok(None);
    }
    let (authority, not_after) = clients::authority_and_end(client)?;
    let whom = Whom {
        authority: Some(authority.0),
        ..Whom::default()
    };
    let found = reminder::of_client(not_after, now);
    Ok(found.map(|reminder| raised(reminder, client.id.0, whom, now)))
}

fn raised(reminder: Reminder, subject: Uuid, whom: Whom, now: Timestamp) -> RaisedReminder {
    RaisedReminder {
        kind: reminder.kind.name().to_owned(),
        subject,
        due: reminder.due,
        person: whom.person,
        unit: whom.unit,
        authority: whom.authority,
        raised_at: now,
    }
}

fn raised_entry(one: &RaisedReminder, now: Timestamp) -> audit::Entry {
    let kind = ReminderKind::named(&one.kind);
    let about = Subject {
        kind: kind.map_or("reminder", subject_kind).to_owned(),
        id: one.subject.to_string(),
    };
    let details = Map::from_iter([
        ("kind".to_owned(), one.kind.as_str().into()),
        ("rule".to_owned(), json!(kind.map(|kind| kind.rule().to_string()))),
        ("due".to_owned(), one.due.to_string().into()),
    ]);
    entry_about(&Acting::service(), "reminder.raised", about, details, now)
}

/// What sort of thing a reminder is about.
pub(crate) fn subject_kind(kind: ReminderKind) -> &'static str {
    match kind {
        ReminderKind::SealRenewal | ReminderKind::PinAge => "seal",
        ReminderKind::PasswordAge => "account",
        ReminderKind::ClientCertificate => "client",
        ReminderKind::MakerCertificate => "maker_certificate",
        ReminderKind::FilingOverdue => "filing",
        ReminderKind::ApprovalLapsing => "use",
    }
}

/// The person, the units where they have a role, and the authorities.
fn concerned(acting: &Acting, now: Timestamp) -> Vec<Concerned> {
    let held = acting.appointments.iter().filter(|held| held.holds(now));
    let (mut units, mut authorities) = (BTreeSet::new(), BTreeSet::new());
    for held in held {
        match held.scope {
            Scope::Unit(unit) if UNIT_ROLES.contains(&held.role) => drop(units.insert(unit.0)),
            Scope::Authority(authority) => drop(authorities.insert(authority.0)),
            Scope::Unit(_) | Scope::System(_) => {}
        }
    }
    let own = acting.person().map(|person| Concerned::Person(person.0));
    let units = units.into_iter().map(Concerned::Unit);
    let authorities = authorities.into_iter().map(Concerned::Authority);
    own.into_iter().chain(units).chain(authorities).collect()
}

fn beginning() -> Cursor {
    (Timestamp::MIN, Uuid::nil())
}

fn is_full(found: usize) -> bool {
    found as u64 == u64::from(PAGE)
}
