//! What all nouns have in common: a state with its version, and the events that made it.
//!
//! The version of a state is the number of its events, so the events' key refuses a second writer who built on
//! the same state.

use jiff::Timestamp;
use registry::{Actor, Event, Subject};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sql::{Conn, Row, Sql, Value, statements, values};
use crate::{Error, Reader};

/// A noun as it stands: none and version 0 if it does not exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current<S> {
    /// How many events it has.
    pub version: i64,
    /// The fold of all of them.
    pub state: Option<S>,
}

/// Who recorded something, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Who acted.
    pub by: Actor,
    /// When it was recorded, which may be later than from when it is effective.
    pub at: Timestamp,
}

/// An event as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent<E> {
    /// Its number among the events of its subject, from 1.
    pub sequence: i64,
    /// Who recorded it, and when.
    pub recorded: Recorded,
    /// What happened.
    pub event: E,
}

impl Reader {
    /// Which subjects of the kind changed in an interval of recording, each as often as it has events there, in
    /// the order of recording: at most `count_max`.
    pub async fn recorded_between(
        &mut self,
        kind: registry::SubjectKind,
        from: Timestamp,
        until: Timestamp,
        count_max: u32,
    ) -> Result<Vec<Subject>, Error> {
        let parameters = values![kind.name(), from, until, i64::from(count_max)];
        let rows = self.conn().rows(RECORDED_BETWEEN, parameters).await?;
        rows.iter()
            .map(|row| Ok(Subject { kind, id: row.id(0)? }))
            .collect()
    }
}

/// How a noun is kept: its table's upsert, and what stands in its columns.
pub(crate) struct Table<S, E> {
    /// Parameters: id, version, state, expected version, then the columns.
    pub(crate) put: Sql,
    pub(crate) columns: for<'s> fn(&'s S) -> Vec<Value<'s>>,
    pub(crate) apply: fn(Option<S>, &E) -> Option<S>,
}

/// Appends the events, and puts the state that they lead to in its place.
pub(crate) async fn record<S, E>(
    conn: &mut Conn,
    table: &Table<S, E>,
    subject: Subject,
    current: Current<S>,
    events: &[E],
    recorded: &Recorded,
) -> Result<Current<S>, Error>
where
    S: Serialize,
    E: Serialize + Clone + Into<Event>,
{
    let expected = current.version;
    let mut version = expected;
    let mut state = current.state;
    append(conn, subject, version, events, recorded).await?;
    for event in events {
        version += 1;
        state = (table.apply)(state, event);
    }
    let Some(after) = &state else {
        let reason = "these events lead to no state".to_owned();
        return Err(Error::Damaged {
            what: subject.kind.name(),
            reason,
        });
    };
    let text = serde_json::to_string(after).map_err(Error::damaged(subject.kind.name()))?;
    let mut parameters = vec![subject.id.into(), version.into(), (&text).into(), expected.into()];
    parameters.extend((table.columns)(after));
    let conflict = || conflict(subject, expected);
    conn.execute_one(table.put, &parameters, conflict).await?;
    Ok(Current { version, state })
}

/// Writes the events behind the first `before` ones.
async fn append<E: Serialize + Clone + Into<Event>>(
    conn: &mut Conn,
    subject: Subject,
    before: i64,
    events: &[E],
    recorded: &Recorded,
) -> Result<(), Error> {
    let actor = serde_json::to_string(&recorded.by).map_err(Error::damaged("an actor"))?;
    let mut bodies = Vec::with_capacity(events.len());
    for event in events {
        let body = serde_json::to_string(event).map_err(Error::damaged("an event"))?;
        let union: Event = event.clone().into();
        bodies.push((body, union));
    }
    let rows: Vec<Vec<Value<'_>>> = (before + 1..)
        .zip(&bodies)
        .map(|(sequence, (body, union))| {
            values![
                subject.id,
                sequence,
                subject.kind.name(),
                union.name(),
                union.effective_at(),
                recorded.at,
                &actor,
                body
            ]
            .to_vec()
        })
        .collect();
    let made = conn.insert_all(INSERT_EVENT, &rows).await?;
    if made == events.len() as u64 {
        Ok(())
    } else {
        Err(conflict(subject, before))
    }
}

fn conflict(subject: Subject, expected: i64) -> Error {
    Error::Conflict {
        what: subject.kind.name(),
        key: subject.id.to_string(),
        expected,
    }
}

/// The state in columns 0 (version) and 1 (JSON) of a row.
pub(crate) async fn current<S: DeserializeOwned>(
    conn: &mut Conn,
    by_id: Sql,
    subject: Subject,
) -> Result<Current<S>, Error> {
    let Some(row) = conn.row(by_id, values![subject.id]).await? else {
        return Ok(Current {
            version: 0,
            state: None,
        });
    };
    Ok(Current {
        version: row.int(0)?,
        state: Some(json(&row, 1, subject.kind.name())?),
    })
}

/// The states in column 0 of the rows.
pub(crate) async fn list<S: DeserializeOwned>(
    conn: &mut Conn,
    sql: Sql,
    parameters: &[Value<'_>],
) -> Result<Vec<S>, Error> {
    let rows = conn.rows(sql, parameters).await?;
    rows.iter().map(|row| json(row, 0, "a state")).collect()
}

/// The state in column 0 of the one row.
pub(crate) async fn one<S: DeserializeOwned>(
    conn: &mut Conn,
    sql: Sql,
    parameters: &[Value<'_>],
) -> Result<Option<S>, Error> {
    let row = conn.row(sql, parameters).await?;
    row.map(|row| json(&row, 0, "a state")).transpose()
}

/// A number in column 0 of the one row.
pub(crate) async fn count(conn: &mut Conn, sql: Sql, parameters: &[Value<'_>]) -> Result<u64, Error> {
    let row = conn.row(sql, parameters).await?;
    let number = row.map_or(Ok(0), |row| row.int(0))?;
    Ok(u64::try_from(number).unwrap_or(0))
}

/// All events of a subject, in the order of recording.
pub(crate) async fn events<E: DeserializeOwned>(
    conn: &mut Conn,
    subject: Subject,
) -> Result<Vec<RecordedEvent<E>>, Error> {
    let rows = conn.rows(EVENTS, values![subject.id]).await?;
    let event_of = |row: &Row| {
        Ok(RecordedEvent {
            sequence: row.int(0)?,
            recorded: Recorded {
                by: json(row, 2, "an actor")?,
                at: row.time(1)?,
            },
            event: json(row, 3, "an event")?,
        })
    };
    rows.iter().map(event_of).collect()
}

/// The state as of an instant, from the events that were effective by then.
pub(crate) async fn as_of<S, E: DeserializeOwned>(
    conn: &mut Conn,
    subject: Subject,
    then: Timestamp,
    apply: fn(Option<S>, &E) -> Option<S>,
) -> Result<Option<S>, Error> {
    let rows = conn.rows(EVENTS_UNTIL, values![subject.id, then]).await?;
    rows.iter().try_fold(None, |state, row| {
        let event: E = json(row, 0, "an event")?;
        Ok(apply(state, &event))
    })
}

pub(crate) fn json<T: DeserializeOwned>(row: &Row, column: usize, what: &'static str) -> Result<T, Error> {
    serde_json::from_str(&row.text(column)?).map_err(Error::damaged(what))
}

/// The methods that every noun has, on readers and changes.
macro_rules! noun {
    ($state:ty, $event:ty, $id:ty, $table:expr, $by_id:expr;
     $current:ident $events:ident $as_of:ident $record:ident) => {
        impl $crate::Reader {
            /// As it stands.
            pub async fn $current(&mut self, id: $id) -> Result<$crate::Current<$state>, $crate::Error> {
                $crate::record::current(self.conn(), $by_id, id.into()).await
            }

            /// Its events, in the order of recording.
            pub async fn $events(
                &mut self,
                id: $id,
            ) -> Result<Vec<$crate::RecordedEvent<$event>>, $crate::Error> {
                $crate::record::events(self.conn(), id.into()).await
            }

            /// As it stood at an instant by what is known now; none if it did not exist then.
            pub async fn $as_of(
                &mut self,
                id: $id,
                then: jiff::Timestamp,
            ) -> Result<Option<$state>, $crate::Error> {
                $crate::record::as_of(self.conn(), id.into(), then, $table.apply).await
            }
        }

        noun!(@record $state, $event, $id, $table; $record);
    };
    (@record $state:ty, $event:ty, $id:ty, $table:expr; own) => {};
    (@record $state:ty, $event:ty, $id:ty, $table:expr; $record:ident) => {
        impl $crate::Change {
            /// Appends events to what was read at `current`, keeps the state that they lead to, and returns it.
            ///
            /// # Errors
            ///
            /// [`Error::Conflict`](crate::Error::Conflict) when somebody else changed it since it was read;
            /// [`Error::Duplicate`](crate::Error::Duplicate) when something that is unique would stand twice.
            pub async fn $record(
                &mut self,
                id: $id,
                current: $crate::Current<$state>,
                events: &[$event],
                recorded: &$crate::Recorded,
            ) -> Result<$crate::Current<$state>, $crate::Error> {
                $crate::record::record(self.conn(), &$table, id.into(), current, events, recorded).await
            }
        }
    };
}
pub(crate) use noun;

statements! {
    INSERT_EVENT = "INSERT INTO events (subject, sequence, kind, name, effective_at, recorded_at, actor, body)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (subject, sequence) DO NOTHING";
    EVENTS = "SELECT sequence, recorded_at, actor, body FROM events WHERE subject = $1 ORDER BY sequence";
    EVENTS_UNTIL = "SELECT body FROM events WHERE subject = $1 AND effective_at <= $2 ORDER BY sequence";
    RECORDED_BETWEEN = "SELECT subject FROM events
        WHERE kind = $1 AND recorded_at >= $2 AND recorded_at < $3 ORDER BY recorded_at, subject, sequence LIMIT $4";
}
