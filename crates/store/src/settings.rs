//! Settings that are changed while the service runs, as JSON under a name, with a version against lost updates.

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::sql::{Row, statements, values};
use crate::{Change, Error, Reader};

/// A setting as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Counts the changes, from 1.
    pub version: i64,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// Its value.
    pub value: Json,
}

impl Reader {
    /// A setting, or none if it was never set.
    pub async fn setting(&mut self, name: &str) -> Result<Option<Setting>, Error> {
        let row = self.conn().row(BY_NAME, values![name]).await?;
        row.as_ref().map(setting_of).transpose()
    }
}

impl Change {
    /// Sets a setting that the caller has read at `expected` (0: it was never set).
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when somebody else set it since.
    pub async fn put_setting(
        &mut self,
        name: &str,
        expected: i64,
        value: &Json,
        now: Timestamp,
    ) -> Result<(), Error> {
        let text = value.to_string();
        let parameters = values![name, expected + 1, now, &text, expected];
        let sql = if expected == 0 { INSERT } else { UPDATE };
        let parameters: &[_] = if expected == 0 {
            &parameters[..4]
        } else {
            parameters
        };
        self.conn()
            .execute_one(sql, parameters, || Error::Conflict {
                what: "setting",
                key: name.to_owned(),
                expected,
            })
            .await
    }
}

fn setting_of(row: &Row) -> Result<Setting, Error> {
    Ok(Setting {
        version: row.int(0)?,
        changed_at: row.time(1)?,
        value: serde_json::from_str(&row.text(2)?).map_err(Error::damaged("a setting"))?,
    })
}

statements! {
    BY_NAME = "SELECT version, changed_at, value FROM settings WHERE name = $1";
    INSERT = "INSERT INTO settings (name, version, changed_at, value) VALUES ($1, $2, $3, $4)
        ON CONFLICT (name) DO NOTHING";
    UPDATE = "UPDATE settings SET version = $2, changed_at = $3, value = $4 WHERE name = $1 AND version = $5";
}
