//! Who brought which document, and what reading it said.
//!
//! A document is stored once, whoever brings it; who did not bring it knows nothing of it from its digest alone.

use gm::Digest;
use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::sql::{Row, statements, values};
use crate::{Change, Error, Reader, record};

/// A document as somebody brought it.
#[derive(Clone, Debug, PartialEq)]
pub struct Upload {
    /// SM3 over its bytes, which names it.
    pub document: Digest,
    /// The person or the business system.
    pub by: Uuid,
    /// How many bytes it has.
    pub bytes: u64,
    /// What reading it said: kind, pages, whether it is blank.
    pub facts: Json,
    /// When it was brought first.
    pub at: Timestamp,
}

impl Reader {
    /// A document, if this person or system brought it.
    pub async fn upload(&mut self, by: Uuid, document: &Digest) -> Result<Option<Upload>, Error> {
        let row = self.conn().row(ONE, values![by, document]).await?;
        row.as_ref().map(upload_of).transpose()
    }
}

impl Change {
    /// Notes that somebody brought a document. False if that was noted before.
    pub async fn add_upload(&mut self, upload: &Upload) -> Result<bool, Error> {
        let facts = upload.facts.to_string();
        let bytes = i64::try_from(upload.bytes).unwrap_or(i64::MAX);
        let parameters = values![upload.by, &upload.document, bytes, &facts, upload.at];
        Ok(self.conn().execute(INSERT, parameters).await? == 1)
    }
}

fn upload_of(row: &Row) -> Result<Upload, Error> {
    Ok(Upload {
        by: row.id(0)?,
        document: row.digest(1)?,
        bytes: u64::try_from(row.int(2)?).unwrap_or(0),
        facts: record::json(row, 3, "a document's facts")?,
        at: row.time(4)?,
    })
}

statements! {
    ONE = "SELECT by_whom, document, bytes, facts, brought_at FROM uploads WHERE by_whom = $1 AND document = $2";
    INSERT = "INSERT INTO uploads (by_whom, document, bytes, facts, brought_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING";
}
