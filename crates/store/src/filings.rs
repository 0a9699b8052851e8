//! Filings and their deadlines.

use jiff::Timestamp;
use registry::{AuthorityId, Filing, FilingEvent, FilingId, SealId};

use crate::record::{self, Table, noun};
use crate::sql::{statements, values};
use crate::{Error, Reader};

const TABLE: Table<Filing, FilingEvent> = Table {
    put: PUT,
    columns: |filing| {
        let open = filing.receipt.is_none();
        let accepted = filing.receipt.as_ref().map(|receipt| receipt.at);
        let (body, status) = (filing.body.name(), filing.status.name());
        values![
            filing.seal.0,
            body,
            status,
            filing.since,
            filing.due,
            open,
            accepted
        ]
        .to_vec()
    },
    apply: registry::filing::apply,
};

noun!(Filing, FilingEvent, FilingId, TABLE, BY_ID; filing filing_events filing_as_of record_filing);

/// How filings with a deadline went: the figures behind "filed within 24 hours".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilingFigures {
    /// Accepted within the deadline.
    pub in_time: u64,
    /// Accepted after it.
    pub late: u64,
    /// Not accepted yet.
    pub open: u64,
}

impl Reader {
    /// The filings of a seal, the oldest first.
    pub async fn filings_of_seal(&mut self, seal: SealId) -> Result<Vec<Filing>, Error> {
        record::list(self.conn(), OF_SEAL, values![seal.0, i64::from(crate::PAGE_MAX)]).await
    }

    /// The filings that are not accepted and due before an instant, the most urgent first.
    pub async fn filings_due(&mut self, before: Timestamp, count_max: u32) -> Result<Vec<Filing>, Error> {
        record::list(self.conn(), DUE, values![before, i64::from(count_max)]).await
    }

    /// The filings of an authority's seals: those that are not accepted, the most urgent first; or those that are, the
    /// newest first.
    pub async fn filings_of_authority(
        &mut self,
        authority: AuthorityId,
        open: bool,
        count_max: u32,
    ) -> Result<Vec<Filing>, Error> {
        let sql = if open {
            OPEN_OF_AUTHORITY
        } else {
            ACCEPTED_OF_AUTHORITY
        };
        record::list(self.conn(), sql, values![authority.0, i64::from(count_max)]).await
    }

    /// How the filings with a deadline went whose clock began in an interval, for one authority's seals.
    pub async fn filing_figures(
        &mut self,
        authority: AuthorityId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<FilingFigures, Error> {
        let row = self
            .conn()
            .row(FIGURES, values![authority.0, from, until])
            .await?;
        let Some(row) = row else {
            return Ok(FilingFigures::default());
        };
        let number = |column| row.int(column).map(|count| u64::try_from(count).unwrap_or(0));
        Ok(FilingFigures {
            in_time: number(0)?,
            late: number(1)?,
            open: number(2)?,
        })
    }
}

statements! {
    PUT = "INSERT INTO filings (id, version, state, seal, body, status, since, due, open, accepted)
        VALUES ($1, $2, $3, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state, seal = excluded.seal,
            body = excluded.body, status = excluded.status, since = excluded.since, due = excluded.due,
            open = excluded.open, accepted = excluded.accepted
        WHERE filings.version = $4";
    BY_ID = "SELECT version, state FROM filings WHERE id = $1";
    OF_SEAL = "SELECT state FROM filings WHERE seal = $1 ORDER BY id LIMIT $2";
    DUE = "SELECT state FROM filings WHERE open = 1 AND due < $1 ORDER BY due, id LIMIT $2";
    OPEN_OF_AUTHORITY = "SELECT filings.state FROM filings JOIN seals ON seals.id = filings.seal
        WHERE filings.open = 1 AND seals.authority = $1
        ORDER BY CASE WHEN filings.due IS NULL THEN 1 ELSE 0 END, filings.due, filings.id LIMIT $2";
    ACCEPTED_OF_AUTHORITY = "SELECT filings.state FROM filings JOIN seals ON seals.id = filings.seal
        WHERE filings.open = 0 AND seals.authority = $1 ORDER BY filings.since DESC, filings.id LIMIT $2";
    FIGURES = "SELECT
            CAST(COALESCE(SUM(CASE WHEN accepted <= due THEN 1 ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN accepted > due THEN 1 ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN accepted IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT)
        FROM filings JOIN seals ON seals.id = filings.seal
        WHERE seals.authority = $1 AND filings.since >= $2 AND filings.since < $3 AND filings.due IS NOT NULL";
}
