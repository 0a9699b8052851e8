//! Grants: which business system may use which seal, and how much of it was used.

use jiff::Timestamp;
use registry::grant::GrantStatus;
use registry::{Grant, GrantEvent, GrantId, SealId, SystemId, UnitId};
use uuid::Uuid;

use crate::record::{self, Table, noun};
use crate::sql::{Conn, statements, values};
use crate::{Error, Page, Reader};

const TABLE: Table<Grant, GrantEvent> = Table {
    put: PUT,
    columns: |grant| {
        let terms = &grant.terms;
        let status = grant.status.name();
        values![terms.unit.0, terms.seal.0, terms.system.0, status, terms.until].to_vec()
    },
    apply: registry::grant::apply,
};

noun!(Grant, GrantEvent, GrantId, TABLE, BY_ID; grant grant_events grant_as_of record_grant);

impl Reader {
    /// The grants of a unit's seals, the newest first.
    pub async fn grants_of_unit(&mut self, unit: UnitId, page: Page<GrantId>) -> Result<Vec<Grant>, Error> {
        let before = page.after.map_or(Uuid::max(), |after| after.0);
        record::list(self.conn(), OF_UNIT, values![unit.0, before, page.limit()]).await
    }

    /// The grants on a seal, the newest first.
    pub async fn grants_of_seal(&mut self, seal: SealId, page: Page<GrantId>) -> Result<Vec<Grant>, Error> {
        let before = page.after.map_or(Uuid::max(), |after| after.0);
        record::list(self.conn(), OF_SEAL, values![seal.0, before, page.limit()]).await
    }

    /// The grants of a business system in one status, the newest first.
    pub async fn grants_of_system(
        &mut self,
        system: SystemId,
        status: GrantStatus,
        page: Page<GrantId>,
    ) -> Result<Vec<Grant>, Error> {
        let before = page.after.map_or(Uuid::max(), |after| after.0);
        let parameters = values![system.0, status.name(), before, page.limit()];
        record::list(self.conn(), OF_SYSTEM, parameters).await
    }

    /// Documents begun under a grant since the day (of China) of an instant, those that failed left out.
    pub async fn grant_used(&mut self, grant: GrantId, since: Timestamp) -> Result<u64, Error> {
        record::count(self.conn(), USED_SINCE, values![grant.0, day_in_china(since)]).await
    }
}

/// Counts a document under the grant on the day when it was begun; `by` is -1 when it failed.
pub(crate) async fn count_use(
    conn: &mut Conn,
    grant: GrantId,
    begun: Timestamp,
    by: i64,
) -> Result<(), Error> {
    conn.execute(COUNT_USE, values![grant.0, day_in_china(begun), by])
        .await
        .map(drop)
}

/// Days since 1970-01-01 in China's time, UTC+8 without summer time, in which volumes are counted.
fn day_in_china(instant: Timestamp) -> i64 {
    const HOURS_AHEAD: i64 = 8;
    (instant.as_second() + HOURS_AHEAD * 3600).div_euclid(86_400)
}

statements! {
    PUT = "INSERT INTO grants (id, version, state, unit, seal, system, status, until)
        VALUES ($1, $2, $3, $5, $6, $7, $8, $9)
        ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state, unit = excluded.unit,
            seal = excluded.seal, system = excluded.system, status = excluded.status, until = excluded.until
        WHERE grants.version = $4";
    BY_ID = "SELECT version, state FROM grants WHERE id = $1";
    OF_UNIT = "SELECT state FROM grants WHERE unit = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    OF_SEAL = "SELECT state FROM grants WHERE seal = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    OF_SYSTEM = "SELECT state FROM grants WHERE system = $1 AND status = $2 AND id < $3 ORDER BY id DESC LIMIT $4";
    USED_SINCE = "SELECT CAST(COALESCE(SUM(used), 0) AS BIGINT) FROM grant_days WHERE grant_id = $1 AND day >= $2";
    COUNT_USE = "INSERT INTO grant_days (grant_id, day, used) VALUES ($1, $2, $3)
        ON CONFLICT (grant_id, day) DO UPDATE SET used = grant_days.used + excluded.used";
}
