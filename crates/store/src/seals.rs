//! Seal records. The database itself refuses a second live legal-name seal of a unit, and a second live seal of
//! an owner with the same impression.

use gm::Digest;
use jiff::Timestamp;
use registry::seal::Owner;
use registry::{AuthorityId, PersonId, SealEvent, SealId, SealKind, SealRecord, SealStatus, UnitId};
use uuid::Uuid;

use crate::record::{self, Table, noun};
use crate::sql::{statements, values};
use crate::{Change, Current, Error, Page, Reader, Recorded};

const TABLE: Table<SealRecord, SealEvent> = Table {
    put: PUT,
    columns: |seal| {
        let unit = seal.owner.unit().map(|unit| unit.0);
        let holder = seal.owner.holder().map(|holder| holder.0);
        let custodian = seal.custodian.map(|custodian| custodian.0);
        let not_after = seal.edition().map(|edition| edition.not_after);
        let holds_place = seal.holds_place();
        let legal_name = holds_place && seal.kind == SealKind::LegalName;
        values![
            seal.authority.0,
            unit,
            holder,
            custodian,
            seal.kind.name(),
            seal.status.name(),
            &seal.name,
            not_after,
            &seal.impression.digest.0,
            holds_place,
            legal_name
        ]
        .to_vec()
    },
    apply: registry::seal::apply,
};

noun!(SealRecord, SealEvent, SealId, TABLE, BY_ID; seal seal_events seal_as_of own);

impl Reader {
    /// The seals that ever carried a seal code (esID), the newest first: usually one.
    pub async fn seals_by_code(&mut self, seal_code: &str) -> Result<Vec<SealRecord>, Error> {
        record::list(self.conn(), BY_CODE, values![seal_code]).await
    }

    /// The seal that was ever bound to a certificate, by the SM3 of its DER.
    pub async fn seal_by_certificate(&mut self, certificate: &Digest) -> Result<Option<SealRecord>, Error> {
        record::one(self.conn(), BY_CERTIFICATE, values![certificate]).await
    }

    /// The seals of a unit, those of its positions included, the newest first.
    pub async fn seals_of_unit(
        &mut self,
        unit: UnitId,
        page: Page<SealId>,
    ) -> Result<Vec<SealRecord>, Error> {
        let before = page.after.map_or(Uuid::max(), |after| after.0);
        record::list(self.conn(), OF_UNIT, values![unit.0, before, page.limit()]).await
    }

    /// The position seals and the personal seals of somebody, the newest first.
    pub async fn seals_of_holder(
        &mut self,
        holder: PersonId,
        page: Page<SealId>,
    ) -> Result<Vec<SealRecord>, Error> {
        let before = page.after.map_or(Uuid::max(), |after| after.0);
        record::list(self.conn(), OF_HOLDER, values![holder.0, before, page.limit()]).await
    }

    /// The seals that somebody keeps, the newest first.
    pub async fn seals_of_custodian(
        &mut self,
        custodian: PersonId,
        page: Page<SealId>,
    ) -> Result<Vec<SealRecord>, Error> {
        let before = page.after.map_or(Uuid::max(), |after| after.0);
        record::list(
            self.conn(),
            OF_CUSTODIAN,
            values![custodian.0, before, page.limit()],
        )
        .await
    }

    /// The seals that an authority made, of one status or of all, the newest first.
    pub async fn seals_of_authority(
        &mut self,
        authority: AuthorityId,
        status: Option<SealStatus>,
        page: Page<SealId>,
    ) -> Result<Vec<SealRecord>, Error> {
        let before = page.after.map_or(Uuid::max(), |after| after.0);
        let conn = self.conn();
        match status {
            Some(status) => {
                let parameters = values![authority.0, status.name(), before, page.limit()];
                record::list(conn, OF_AUTHORITY_BY_STATUS, parameters).await
            }
            None => record::list(conn, OF_AUTHORITY, values![authority.0, before, page.limit()]).await,
        }
    }

    /// The seals of an owner that have not ended: what counts against "at most one" and "impressions differ", also
    /// the one that gives its place to a successor (`registry::Claim::of_seal`).
    pub async fn seals_not_ended(&mut self, owner: Owner) -> Result<Vec<SealRecord>, Error> {
        let limit = i64::from(crate::PAGE_MAX);
        match owner.unit() {
            Some(unit) => record::list(self.conn(), LIVE_OF_UNIT, values![unit.0, limit]).await,
            None => {
                let holder = owner.holder().map(|holder| holder.0);
                record::list(self.conn(), LIVE_OF_HOLDER, values![holder, limit]).await
            }
        }
    }

    /// The seals of a status whose period ends in an interval, the soonest first.
    pub async fn seals_ending(
        &mut self,
        status: SealStatus,
        from: Timestamp,
        until: Timestamp,
        count_max: u32,
    ) -> Result<Vec<SealRecord>, Error> {
        let parameters = values![status.name(), from, until, i64::from(count_max)];
        record::list(self.conn(), ENDING, parameters).await
    }

    /// The seals of an authority that serve, or would if they were not suspended, and whose period ends in an interval,
    /// the soonest first; and how many there are.
    pub async fn seals_of_authority_ending(
        &mut self,
        authority: AuthorityId,
        (from, until): (Timestamp, Timestamp),
        count_max: u32,
    ) -> Result<(Vec<SealRecord>, u64), Error> {
        let row = self
            .conn()
            .row(ENDING_COUNT, values![authority.0, from, until])
            .await?;
        let count = row.map(|row| row.int(0)).transpose()?.unwrap_or_default();
        let parameters = values![authority.0, from, until, i64::from(count_max)];
        let found = match count_max {
            0 => Vec::new(),
            _ => record::list(self.conn(), ENDING_OF_AUTHORITY, parameters).await?,
        };
        Ok((found, u64::try_from(count).unwrap_or(0)))
    }

    /// The seals that were cancelled, or whose device was replaced, with the time of the record: in its order, those
    /// recorded after `after` and not after `until`, at most `count_max`.
    pub async fn seals_ended(
        &mut self,
        after: (Timestamp, SealId),
        until: Timestamp,
        count_max: u32,
    ) -> Result<Vec<(Timestamp, SealId)>, Error> {
        let (time, seal) = after;
        let parameters = values![time, until, seal.0, i64::from(count_max)];
        let rows = self.conn().rows(ENDED, parameters).await?;
        rows.iter()
            .map(|row| Ok((row.time(0)?, SealId(row.id(1)?))))
            .collect()
    }

    /// How many seals of each status an authority made, by the status's stable name.
    pub async fn seal_counts(&mut self, authority: AuthorityId) -> Result<Vec<(String, u64)>, Error> {
        let rows = self.conn().rows(COUNTS, values![authority.0]).await?;
        let count = |row: &crate::sql::Row| Ok((row.text(0)?, u64::try_from(row.int(1)?).unwrap_or(0)));
        rows.iter().map(count).collect()
    }
}

impl Change {
    /// Appends events to what was read at `current`, keeps the state that they lead to, and returns it.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when somebody else changed it since it was read; [`Error::Duplicate`] when the unit
    /// would have two live legal-name seals, or the owner two live seals with one impression.
    pub async fn record_seal(
        &mut self,
        id: SealId,
        current: Current<SealRecord>,
        events: &[SealEvent],
        recorded: &Recorded,
    ) -> Result<Current<SealRecord>, Error> {
        let known = current.state.as_ref().map_or(0, |seal| seal.editions.len());
        let conn = self.conn();
        let after = record::record(conn, &TABLE, id.into(), current, events, recorded).await?;
        for edition in after
            .state
            .iter()
            .flat_map(|seal| seal.editions.iter().skip(known))
        {
            let parameters = values![
                id.0,
                i64::from(edition.number),
                &edition.seal_code,
                &edition.certificate.0
            ];
            conn.execute(INSERT_EDITION, parameters).await?;
        }
        Ok(after)
    }
}

statements! {
    PUT = "INSERT INTO seals (id, version, state, authority, unit, holder, custodian, kind, status, name, not_after,
            impression, holds_place, legal_name)
        VALUES ($1, $2, $3, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state,
            authority = excluded.authority, unit = excluded.unit, holder = excluded.holder,
            custodian = excluded.custodian, kind = excluded.kind, status = excluded.status, name = excluded.name,
            not_after = excluded.not_after, impression = excluded.impression, holds_place = excluded.holds_place,
            legal_name = excluded.legal_name
        WHERE seals.version = $4";
    BY_ID = "SELECT version, state FROM seals WHERE id = $1";
    INSERT_EDITION = "INSERT INTO seal_editions (seal, number, seal_code, certificate) VALUES ($1, $2, $3, $4)";
    BY_CODE = "SELECT state FROM seals WHERE id IN (SELECT seal FROM seal_editions WHERE seal_code = $1)
        ORDER BY id DESC LIMIT 100";
    BY_CERTIFICATE = "SELECT state FROM seals WHERE id IN (SELECT seal FROM seal_editions WHERE certificate = $1)
        ORDER BY id DESC LIMIT 1";
    OF_UNIT = "SELECT state FROM seals WHERE unit = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    OF_HOLDER = "SELECT state FROM seals WHERE holder = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    OF_CUSTODIAN = "SELECT state FROM seals WHERE custodian = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    OF_AUTHORITY = "SELECT state FROM seals WHERE authority = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    OF_AUTHORITY_BY_STATUS = "SELECT state FROM seals WHERE authority = $1 AND status = $2 AND id < $3
        ORDER BY id DESC LIMIT $4";
    LIVE_OF_UNIT = "SELECT state FROM seals WHERE unit = $1 AND status NOT IN ('expired', 'cancelled')
        ORDER BY id LIMIT $2";
    LIVE_OF_HOLDER = "SELECT state FROM seals WHERE holder = $1 AND unit IS NULL
        AND status NOT IN ('expired', 'cancelled') ORDER BY id LIMIT $2";
    ENDING_OF_AUTHORITY = "SELECT state FROM seals WHERE authority = $1 AND status IN ('active', 'suspended')
        AND not_after >= $2 AND not_after < $3 ORDER BY not_after, id LIMIT $4";
    ENDING_COUNT = "SELECT COUNT(*) FROM seals WHERE authority = $1 AND status IN ('active', 'suspended')
        AND not_after >= $2 AND not_after < $3";
    ENDING = "SELECT state FROM seals WHERE status = $1 AND not_after >= $2 AND not_after < $3
        ORDER BY not_after, id LIMIT $4";
    ENDED = "SELECT recorded_at, subject FROM events WHERE kind = 'seal' AND recorded_at >= $1 AND recorded_at <= $2
        AND (recorded_at > $1 OR subject > $3) AND name IN ('cancelled', 'device_replaced')
        ORDER BY recorded_at, subject LIMIT $4";
    COUNTS = "SELECT status, COUNT(*) FROM seals WHERE authority = $1 GROUP BY status ORDER BY status";
}
