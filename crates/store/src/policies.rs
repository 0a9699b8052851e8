//! Policies of use: one for each unit, with all its versions in its events.

use registry::{PolicyId, UnitId, UsePolicy, UsePolicyEvent};

use crate::record::{self, Table, noun};
use crate::sql::{statements, values};
use crate::{Error, Reader};

const TABLE: Table<UsePolicy, UsePolicyEvent> = Table {
    put: PUT,
    columns: |policy| values![policy.unit.0].to_vec(),
    apply: registry::usage::apply_policy,
};

noun!(UsePolicy, UsePolicyEvent, PolicyId, TABLE, BY_ID; policy policy_events policy_as_of record_policy);

impl Reader {
    /// The policy of a unit.
    pub async fn policy_of_unit(&mut self, unit: UnitId) -> Result<Option<UsePolicy>, Error> {
        record::one(self.conn(), OF_UNIT, values![unit.0]).await
    }
}

statements! {
    PUT = "INSERT INTO policies (id, version, state, unit) VALUES ($1, $2, $3, $5)
        ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state, unit = excluded.unit
        WHERE policies.version = $4";
    BY_ID = "SELECT version, state FROM policies WHERE id = $1";
    OF_UNIT = "SELECT state FROM policies WHERE unit = $1";
}
