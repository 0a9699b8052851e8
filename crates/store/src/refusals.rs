//! Refusals: what was asked and not done. They change no state, and are kept like events.

use registry::{RefusalRecord, Subject};
use uuid::Uuid;

use crate::record;
use crate::sql::{statements, values};
use crate::{Change, Error, Page, Reader};

impl Reader {
    /// The refusals about a subject with their identifiers, the newest first.
    pub async fn refusals_about(
        &mut self,
        subject: Subject,
        page: Page<Uuid>,
    ) -> Result<Vec<(Uuid, RefusalRecord)>, Error> {
        let before = page.after.unwrap_or(Uuid::max());
        let rows = self
            .conn()
            .rows(ABOUT, values![subject.id, before, page.limit()])
            .await?;
        let refusal = |row| Ok((crate::sql::Row::id(row, 0)?, record::json(row, 1, "a refusal")?));
        rows.iter().map(refusal).collect()
    }
}

impl Change {
    /// Keeps a refusal under a new identifier (a UUIDv7, so that they are listed in order).
    pub async fn record_refusal(&mut self, id: Uuid, refusal: &RefusalRecord) -> Result<(), Error> {
        let body = serde_json::to_string(refusal).map_err(Error::damaged("a refusal"))?;
        let code = refusal.refusal.code.name();
        let parameters = values![
            id,
            refusal.subject.id,
            refusal.subject.kind.name(),
            refusal.at,
            code,
            &body
        ];
        self.conn().execute(INSERT, parameters).await.map(drop)
    }
}

statements! {
    INSERT = "INSERT INTO refusals (id, subject, kind, refused_at, code, body) VALUES ($1, $2, $3, $4, $5, $6)";
    ABOUT = "SELECT id, body FROM refusals WHERE subject = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
}
