//! What every act has in common: who acts, what goes into the log, what becomes of a refusal.

use std::net::IpAddr;

use audit::{ActorKind, Entry, Subject as Concerned};
use jiff::Timestamp;
use registry::{Acting, Actor, Event, Refusal, RefusalRecord, Subject};
use serde_json::{Map, Value};
use store::{Change, Entries, Recorded};
use uuid::Uuid;

use super::once::Once;
use super::{Error, Service};

/// Who asks, with what they may.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) acting: Acting,
    pub(crate) account: Uuid,
    /// From where, if that is known.
    pub(crate) address: Option<IpAddr>,
}

impl Service {
    /// A new identifier: UUIDv7, so that identifiers are in the order of time.
    pub(crate) fn new_id(&self) -> Uuid {
        let millis = u64::try_from(self.outside.now().as_millisecond()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &self.outside.random()).into_uuid()
    }
}

/// What a command led to: the kept answer, or why not.
pub(crate) type Decided = Result<Vec<u8>, Refusal>;

/// One command on its way through a write.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) acting: Acting,
    pub(crate) now: Timestamp,
    once: Once,
    /// Under which a refusal would be kept.
    refusal: Uuid,
}

impl Service {
    /// A command of a caller, made once.
    pub(crate) fn case(&self, caller: &Caller, once: Once) -> Case {
        Case {
            acting: caller.acting.clone(),
            now: self.outside.now(),
            once,
            refusal: self.new_id(),
        }
    }
}

impl Case {
    /// Ends the write with what was answered before, if anything was.
    pub(crate) async fn check(&self, change: &mut Change) -> Result<(), Error> {
        self.once.check(change).await
    }

    pub(crate) fn recorded(&self) -> Recorded {
        recorded(&self.acting, self.now)
    }

    /// It was done: the answer is kept, and the events go into the log.
    pub(crate) async fn done<E: Clone + Into<Event> + serde::Serialize>(
        &self,
        change: &mut Change,
        made: &impl serde::Serialize,
        (subject, events): (impl Into<Subject>, &[E]),
    ) -> Result<(Decided, Entries), Error> {
        let log = entries(&self.acting, subject, events, self.now)?;
        self.logged(change, made, log).await
    }

    /// It was done: the answer is kept, with these entries in the log.
    pub(crate) async fn logged(
        &self,
        change: &mut Change,
        made: &impl serde::Serialize,
        log: Vec<Entry>,
    ) -> Result<(Decided, Entries), Error> {
        let kept = self.once.keep(change, made, self.now).await?;
        Ok((Ok(kept), in_order(log)?))
    }

    /// It was refused, which is kept, too.
    pub(crate) async fn refused(
        &self,
        change: &mut Change,
        subject: impl Into<Subject>,
        command: &str,
        refusal: Refusal,
    ) -> Result<(Decided, Entries), Error> {
        let told = (command, &refusal);
        let log = refused(change, self.refusal, &self.acting, subject, told, self.now).await?;
        Ok((Err(refusal), log))
    }
}

/// Who recorded something, and when.
pub(crate) fn recorded(acting: &Acting, now: Timestamp) -> Recorded {
    Recorded {
        by: acting.actor,
        at: now,
    }
}

/// The entries of events: what happened, whole, since events hold no personal data.
pub(crate) fn entries<E: Clone + Into<Event> + serde::Serialize>(
    acting: &Acting,
    subject: impl Into<Subject>,
    events: &[E],
    now: Timestamp,
) -> Result<Vec<Entry>, Error> {
    let subject = subject.into();
    let entry_of = |event: &E| {
        let union: Event = event.clone().into();
        let act = format!("{}.{}", subject.kind.name(), union.name());
        match serde_json::to_value(event) {
            Ok(Value::Object(details)) => Ok(entry(acting, &act, subject, details, now)),
            _ => Err(Error::NothingHappened),
        }
    };
    events.iter().map(entry_of).collect()
}

/// At least one entry, as the store wants them.
pub(crate) fn in_order(entries: Vec<Entry>) -> Result<Entries, Error> {
    let mut entries = entries.into_iter();
    let first = Entries::from(entries.next().ok_or(Error::NothingHappened)?);
    Ok(entries.fold(first, Entries::and))
}

/// One entry about a noun of the registry.
pub(crate) fn entry(
    acting: &Acting,
    act: &str,
    subject: impl Into<Subject>,
    details: Map<String, Value>,
    now: Timestamp,
) -> Entry {
    let subject = subject.into();
    let about = Concerned {
        kind: subject.kind.name().into(),
        id: subject.id.to_string(),
    };
    entry_about(acting, act, about, details, now)
}

/// One entry about anything.
pub(crate) fn entry_about(
    acting: &Acting,
    act: &str,
    subject: Concerned,
    details: Map<String, Value>,
    now: Timestamp,
) -> Entry {
    let administrator = acting
        .appointments
        .iter()
        .any(|held| held.role.is_administrator() && held.holds(now));
    let (kind, id) = match acting.actor {
        Actor::Person(person) if administrator => (ActorKind::Administrator, person.to_string()),
        Actor::Person(person) => (ActorKind::Person, person.to_string()),
        Actor::System(system) => (ActorKind::System, system.to_string()),
        Actor::Service => (ActorKind::System, "yinxin".to_owned()),
    };
    Entry {
        time: now,
        actor: audit::Actor {
            kind,
            id,
            role: None,
            unit: None,
        },
        act: act.to_owned(),
        subject,
        details,
        commitments: Default::default(),
    }
}

/// Keeps a refusal: a record beside the events, and an entry in the log.
pub(crate) async fn refused(
    change: &mut Change,
    id: Uuid,
    acting: &Acting,
    subject: impl Into<Subject>,
    (command, refusal): (&str, &Refusal),
    now: Timestamp,
) -> Result<Entries, Error> {
    let subject = subject.into();
    let record = RefusalRecord {
        at: now,
        actor: acting.actor,
        subject,
        command: command.to_owned(),
        refusal: refusal.clone(),
    };
    change.record_refusal(id, &record).await?;
    let details = Map::from_iter([
        ("command".to_owned(), command.into()),
        ("code".to_owned(), refusal.code.name().into()),
        ("rule".to_owned(), refusal.rule.to_string().into()),
    ]);
    let act = format!("{}.refused", subject.kind.name());
    Ok(entry(acting, &act, subject, details, now).into())
}
