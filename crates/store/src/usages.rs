//! Uses of seals: requests, and the use records that are durable before a key is used.
//!
//! Use records follow from the events, so that none can be forgotten: `Begun` makes an intent, `Finished` gives it
//! its outcome. An intent without an outcome is what a crash leaves behind.

use gm::Digest;
use jiff::Timestamp;
use registry::usage::{Basis, Content, Outcome, Placement, UseStatus};
use registry::{Actor, Digest32, GrantId, SealId, SystemId, UnitId, UseEvent, UseId, UseRequest};
use uuid::Uuid;

use crate::record::{self, Table, json, noun};
use crate::sql::{Conn, Row, statements, values};
use crate::{Change, Current, Error, Page, Reader, Recorded, grants};

const TABLE: Table<UseRequest, UseEvent> = Table {
    put: PUT,
    columns: |request| {
        let unit = request.unit.map(|unit| unit.0);
        let person = match request.requester {
            Actor::Person(person) => Some(person.0),
            Actor::System(_) | Actor::Service => None,
        };
        let (grant, system) = grant_of(&request.basis).unzip();
        let document = match &request.content {
            Content::Document { digest, .. } => digest,
            Content::Batch(batch) => &batch.root,
        };
        values![
            unit,
            request.seal.0,
            person,
            system.map(|system| system.0),
            grant.map(|grant| grant.0),
            &document.0,
            request.status.name(),
            request.lapses_at,
            request.requested_at
        ]
        .to_vec()
    },
    apply: registry::usage::apply_request,
};

noun!(UseRequest, UseEvent, UseId, TABLE, BY_ID; usage usage_events usage_as_of own);

/// A use record (用印记录): a key was going to be used, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseRecord {
    /// The request that it belongs to.
    pub request: UseId,
    /// Its number among the request's events, which names the record together with the request.
    pub sequence: i64,
    /// Number of the document in the request, from 0.
    pub item: u32,
    /// Which seal.
    pub seal: SealId,
    /// Whose seal; none for a person's own name seal.
    pub unit: Option<UnitId>,
    /// Under which grant, if under one.
    pub grant: Option<GrantId>,
    /// SM3 over the document's bytes before sealing.
    pub document: Digest32,
    /// Where the stamp goes.
    pub placement: Placement,
    /// Who seals.
    pub by: Actor,
    /// When it was begun.
    pub begun_at: Timestamp,
    /// What became of it, and when; none is an unresolved intent.
    pub outcome: Option<(Timestamp, Outcome)>,
}

impl Reader {
    /// The use records that have no outcome and were begun before an instant, the oldest first.
    ///
    /// Ask at the start, and in a service of several processes for those that are older than any sealing takes:
    /// younger ones may be in another process's hands.
    pub async fn unresolved_intents(
        &mut self,
        begun_before: Timestamp,
        count_max: u32,
    ) -> Result<Vec<UseRecord>, Error> {
        let parameters = values![begun_before, i64::from(count_max)];
        records(self.conn().rows(UNRESOLVED, parameters).await?)
    }

    /// The use records of a request, in order.
    pub async fn use_records(&mut self, request: UseId, page: Page<i64>) -> Result<Vec<UseRecord>, Error> {
        let parameters = values![request.0, page.after.unwrap_or(0), page.limit()];
        records(self.conn().rows(OF_REQUEST, parameters).await?)
    }

    /// The use records of a request's documents with these numbers, in the order of the documents, then of time.
    pub async fn use_records_of_items(
        &mut self,
        request: UseId,
        items: std::ops::Range<u32>,
    ) -> Result<Vec<UseRecord>, Error> {
        let parameters = values![request.0, i64::from(items.start), i64::from(items.end)];
        records(self.conn().rows(OF_ITEMS, parameters).await?)
    }

    /// One use record.
    pub async fn use_record(&mut self, request: UseId, sequence: i64) -> Result<Option<UseRecord>, Error> {
        let row = self.conn().row(ONE, values![request.0, sequence]).await?;
        row.as_ref().map(record_of).transpose()
    }

    /// The use records of a seal, the newest first, from before an instant on.
    pub async fn use_records_of_seal(
        &mut self,
        seal: SealId,
        page: Page<Timestamp>,
    ) -> Result<Vec<UseRecord>, Error> {
        let before = page.after.map_or(i64::MAX, Timestamp::as_microsecond);
        records(
            self.conn()
                .rows(OF_SEAL, values![seal.0, before, page.limit()])
                .await?,
        )
    }

    /// The use records of a unit's seals, the newest first, from before an instant on.
    pub async fn use_records_of_unit(
        &mut self,
        unit: UnitId,
        page: Page<Timestamp>,
    ) -> Result<Vec<UseRecord>, Error> {
        let before = page.after.map_or(i64::MAX, Timestamp::as_microsecond);
        records(
            self.conn()
                .rows(OF_UNIT_RECORDS, values![unit.0, before, page.limit()])
                .await?,
        )
    }

    /// The use records in which a document was sealed, by the SM3 over it before or after sealing.
    pub async fn use_records_of_document(&mut self, digest: &Digest) -> Result<Vec<UseRecord>, Error> {
        records(self.conn().rows(OF_DOCUMENT, values![digest]).await?)
    }

    /// The requests of a unit, of one status or of all, the newest first.
    pub async fn usages_of_unit(
        &mut self,
        unit: UnitId,
        status: Option<UseStatus>,
        page: Page<UseId>,
    ) -> Result<Vec<UseRequest>, Error> {
        let before = page.after.map_or(Uuid::max(), |after| after.0);
        let conn = self.conn();
        match status {
            Some(status) => {
                let parameters = values![unit.0, status.name(), before, page.limit()];
                record::list(conn, OF_UNIT_BY_STATUS, parameters).await
            }
            None => record::list(conn, OF_UNIT, values![unit.0, before, page.limit()]).await,
        }
    }

    /// The requests that somebody made, the newest first.
    pub async fn usages_of_person(
        &mut self,
        person: registry::PersonId,
        page: Page<UseId>,
    ) -> Result<Vec<UseRequest>, Error> {
        let before = page.after.map_or(Uuid::max(), |after| after.0);
        record::list(self.conn(), OF_PERSON, values![person.0, before, page.limit()]).await
    }

    /// The approved requests whose time to be used ended before an instant, the oldest first.
    pub async fn usages_lapsing(
        &mut self,
        before: Timestamp,
        count_max: u32,
    ) -> Result<Vec<UseRequest>, Error> {
        record::list(self.conn(), LAPSING, values![before, i64::from(count_max)]).await
    }
}

impl Change {
    /// Appends events to what was read at `current`, keeps the state that they lead to, and returns it; keeps the
    /// use records and the count of the grant.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when somebody else changed it since it was read; [`Error::Duplicate`] when an item
    /// that is begun would be begun again; [`Error::Missing`] when one that is not begun would be finished.
    pub async fn record_usage(
        &mut self,
        id: UseId,
        current: Current<UseRequest>,
        events: &[UseEvent],
        recorded: &Recorded,
    ) -> Result<Current<UseRequest>, Error> {
        let before = current.version;
        let conn = self.conn();
        let after = record::record(conn, &TABLE, id.into(), current, events, recorded).await?;
        let Some(request) = &after.state else {
            return Ok(after);
        };
        for (sequence, event) in (before + 1..).zip(events) {
            match event {
                UseEvent::Begun { .. } => begin(conn, request, sequence, event).await?,
                UseEvent::Finished { at, item, outcome } => {
                    finish(conn, request, *item, *at, outcome).await?;
                }
                _ => {}
            }
        }
        Ok(after)
    }
}

/// Writes the intent.
async fn begin(conn: &mut Conn, request: &UseRequest, sequence: i64, event: &UseEvent) -> Result<(), Error> {
    let UseEvent::Begun {
        at,
        item,
        document,
        placement,
        by,
    } = event
    else {
        return Ok(());
    };
    let by = serde_json::to_string(by).map_err(Error::damaged("an actor"))?;
    let grant = grant_of(&request.basis).map(|(grant, _)| grant);
    let parameters = values![
        request.id.0,
        sequence,
        i64::from(*item),
        request.seal.0,
        request.unit.map(|unit| unit.0),
        grant.map(|grant| grant.0),
        &document.0,
        placement.as_str(),
        &by,
        *at
    ];
    conn.execute(INSERT_INTENT, parameters).await?;
    match grant {
        Some(grant) => grants::count_use(conn, grant, *at, 1).await,
        None => Ok(()),
    }
}

/// Writes the outcome of the intent that is open for the item.
async fn finish(
    conn: &mut Conn,
    request: &UseRequest,
    item: u32,
    at: Timestamp,
    outcome: &Outcome,
) -> Result<(), Error> {
    let missing = || Error::Missing {
        what: "open use record of item",
        key: format!("{item} of {}", request.id),
    };
    let (name, sealed, reason) = match outcome {
        Outcome::Stamped { sealed } => ("stamped", Some(&sealed.0[..]), None),
        Outcome::Failed { reason } => ("failed", None, Some(reason.as_str())),
    };
    let parameters = values![request.id.0, i64::from(item), name, at, sealed, reason];
    let found = conn.rows(UPDATE_OUTCOME, parameters).await?;
    let begun_at = found.first().ok_or_else(missing)?.time(0)?;
    match (outcome, grant_of(&request.basis)) {
        (Outcome::Failed { .. }, Some((grant, _))) => grants::count_use(conn, grant, begun_at, -1).await,
        _ => Ok(()),
    }
}

fn grant_of(basis: &Basis) -> Option<(GrantId, SystemId)> {
    match basis {
        Basis::Grant { grant, system } => Some((*grant, *system)),
        Basis::Policy { .. } | Basis::Holder { .. } => None,
    }
}

fn records(rows: Vec<Row>) -> Result<Vec<UseRecord>, Error> {
    rows.iter().map(record_of).collect()
}

fn record_of(row: &Row) -> Result<UseRecord, Error> {
    let damaged = |reason: String| Error::Damaged {
        what: "a use record",
        reason,
    };
    let outcome = match row.opt_text(10)?.as_deref() {
        None => None,
        Some("stamped") => Some(Outcome::Stamped {
            sealed: Digest32(row.digest(12)?.0),
        }),
        Some("failed") => Some(Outcome::Failed {
            reason: row.text(13)?,
        }),
        Some(other) => return Err(damaged(format!("its outcome is {other}"))),
    };
    Ok(UseRecord {
        request: UseId(row.id(0)?),
        sequence: row.int(1)?,
        item: u32::try_from(row.int(2)?).map_err(|error| damaged(error.to_string()))?,
        seal: SealId(row.id(3)?),
        unit: row.opt_id(4)?.map(UnitId),
        grant: row.opt_id(5)?.map(GrantId),
        document: Digest32(row.digest(6)?.0),
        placement: row
            .text(7)?
            .try_into()
            .map_err(|_| damaged("its placement is no placement".to_owned()))?,
        by: json(row, 8, "an actor")?,
        begun_at: row.time(9)?,
        outcome: row.opt_time(11)?.zip(outcome),
    })
}

macro_rules! record_columns {
    () => {
        "SELECT request, sequence, item, seal, unit, grant_id, document, placement, by_actor, begun_at, outcome,
            finished_at, sealed, reason FROM use_records "
    };
}

statements! {
    PUT = "INSERT INTO usages (id, version, state, unit, seal, person, system, grant_id, document, status, lapses_at,
            requested_at)
        VALUES ($1, $2, $3, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state, unit = excluded.unit,
            seal = excluded.seal, person = excluded.person, system = excluded.system, grant_id = excluded.grant_id,
            document = excluded.document, status = excluded.status, lapses_at = excluded.lapses_at,
            requested_at = excluded.requested_at
        WHERE usages.version = $4";
    BY_ID = "SELECT version, state FROM usages WHERE id = $1";
    OF_UNIT = "SELECT state FROM usages WHERE unit = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    OF_UNIT_BY_STATUS = "SELECT state FROM usages WHERE unit = $1 AND status = $2 AND id < $3
        ORDER BY id DESC LIMIT $4";
    OF_PERSON = "SELECT state FROM usages WHERE person = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    LAPSING = "SELECT state FROM usages WHERE status = 'approved' AND lapses_at < $1 ORDER BY lapses_at, id LIMIT $2";
    INSERT_INTENT = "INSERT INTO use_records (request, sequence, item, seal, unit, grant_id, document, placement,
            by_actor, begun_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    UPDATE_OUTCOME = "UPDATE use_records SET outcome = $3, finished_at = $4, sealed = $5, reason = $6
        WHERE request = $1 AND item = $2 AND outcome IS NULL RETURNING begun_at";
    UNRESOLVED = concat!(record_columns!(), "WHERE outcome IS NULL AND begun_at < $1
        ORDER BY begun_at, request, sequence LIMIT $2");
    ONE = concat!(record_columns!(), "WHERE request = $1 AND sequence = $2");
    OF_REQUEST = concat!(record_columns!(), "WHERE request = $1 AND sequence > $2 ORDER BY sequence LIMIT $3");
    OF_ITEMS = concat!(record_columns!(), "WHERE request = $1 AND item >= $2 AND item < $3 ORDER BY item, sequence");
    OF_SEAL = concat!(record_columns!(), "WHERE seal = $1 AND begun_at < $2 ORDER BY begun_at DESC LIMIT $3");
    OF_UNIT_RECORDS = concat!(record_columns!(), "WHERE unit = $1 AND begun_at < $2 ORDER BY begun_at DESC LIMIT $3");
    OF_DOCUMENT = concat!(record_columns!(), "WHERE document = $1 OR sealed = $1
        ORDER BY begun_at DESC LIMIT 100");
}
