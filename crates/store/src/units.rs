//! Units that own seals.

use registry::{AuthorityId, CreditCode, Unit, UnitEvent, UnitId};

use crate::record::{self, Table, noun};
use crate::sql::{statements, values};
use crate::{Error, Page, Reader};

const TABLE: Table<Unit, UnitEvent> = Table {
    put: PUT,
    columns: |unit| {
        let parent = unit.parent.map(|parent| parent.0);
        let (code, region) = (unit.code.as_str(), unit.region.as_str());
        values![
            unit.authority.0,
            parent,
            code,
            &unit.name,
            region,
            unit.ended.is_some()
        ]
        .to_vec()
    },
    apply: registry::unit::apply,
};

noun!(Unit, UnitEvent, UnitId, TABLE, BY_ID; unit unit_events unit_as_of record_unit);

impl Reader {
    /// The unit that is registered with a credit code and has not ended.
    pub async fn unit_by_code(&mut self, code: &CreditCode) -> Result<Option<Unit>, Error> {
        record::one(self.conn(), BY_CODE, values![code.as_str()]).await
    }

    /// The units whose seals an authority makes.
    pub async fn units_of_authority(
        &mut self,
        authority: AuthorityId,
        page: Page<UnitId>,
    ) -> Result<Vec<Unit>, Error> {
        let after = page.after.map_or(uuid::Uuid::nil(), |after| after.0);
        record::list(
            self.conn(),
            OF_AUTHORITY,
            values![authority.0, after, page.limit()],
        )
        .await
    }

    /// The units directly below a unit.
    pub async fn units_below(&mut self, parent: UnitId, page: Page<UnitId>) -> Result<Vec<Unit>, Error> {
        let after = page.after.map_or(uuid::Uuid::nil(), |after| after.0);
        record::list(self.conn(), BELOW, values![parent.0, after, page.limit()]).await
    }

    /// The units whose name begins with `start`, in the order of names, from behind `after` on.
    pub async fn units_named(&mut self, start: &str, page: Page<&str>) -> Result<Vec<Unit>, Error> {
        // U+10FFFF is behind every character that a name may continue with.
        let end = format!("{start}\u{10FFFF}");
        let after = page.after.unwrap_or("");
        record::list(self.conn(), NAMED, values![start, &end, after, page.limit()]).await
    }
}

statements! {
    PUT = "INSERT INTO units (id, version, state, authority, parent, code, name, region, ended)
        VALUES ($1, $2, $3, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state,
            authority = excluded.authority, parent = excluded.parent, code = excluded.code, name = excluded.name,
            region = excluded.region, ended = excluded.ended
        WHERE units.version = $4";
    BY_ID = "SELECT version, state FROM units WHERE id = $1";
    BY_CODE = "SELECT state FROM units WHERE code = $1 AND ended = 0";
    OF_AUTHORITY = "SELECT state FROM units WHERE authority = $1 AND id > $2 ORDER BY id LIMIT $3";
    BELOW = "SELECT state FROM units WHERE parent = $1 AND id > $2 ORDER BY id LIMIT $3";
    NAMED = "SELECT state FROM units WHERE name >= $1 AND name < $2 AND name > $3 ORDER BY name, id LIMIT $4";
}
