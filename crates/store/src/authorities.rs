//! Authorities and their tree.

use registry::{Authority, AuthorityEvent, AuthorityId};

use crate::record::{self, Table, noun};
use crate::sql::{statements, values};
use crate::{Error, Page, Reader};

const TABLE: Table<Authority, AuthorityEvent> = Table {
    put: PUT,
    columns: |authority| {
        let parent = authority.parent.map(|parent| parent.0);
        values![parent, authority.region.as_str(), &authority.name].to_vec()
    },
    apply: registry::authority::apply,
};

noun!(Authority, AuthorityEvent, AuthorityId, TABLE, BY_ID;
    authority authority_events authority_as_of record_authority);

impl Reader {
    /// The authorities directly below one; the roots of the forest for none.
    pub async fn authorities_below(
        &mut self,
        parent: Option<AuthorityId>,
        page: Page<AuthorityId>,
    ) -> Result<Vec<Authority>, Error> {
        let after = page.after.map_or(uuid::Uuid::nil(), |after| after.0);
        match parent {
            Some(parent) => record::list(self.conn(), BELOW, values![parent.0, after, page.limit()]).await,
            None => record::list(self.conn(), ROOTS, values![after, page.limit()]).await,
        }
    }

    /// All authorities, in the order of their establishment.
    pub async fn authorities(&mut self, page: Page<AuthorityId>) -> Result<Vec<Authority>, Error> {
        let after = page.after.map_or(uuid::Uuid::nil(), |after| after.0);
        record::list(self.conn(), ALL, values![after, page.limit()]).await
    }

    /// An authority and those above it, nearest first: at most 32.
    pub async fn lineage(&mut self, id: AuthorityId) -> Result<Vec<AuthorityId>, Error> {
        let rows = self.conn().rows(LINEAGE, values![id.0]).await?;
        rows.iter().map(|row| Ok(AuthorityId(row.id(0)?))).collect()
    }

    /// Whether `below` is `above` or stands somewhere under it.
    pub async fn is_in_subtree(&mut self, below: AuthorityId, above: AuthorityId) -> Result<bool, Error> {
        Ok(self.lineage(below).await?.contains(&above))
    }

    /// How many units and authorities that have not ended, and applications that are not, belong directly to an
    /// authority.
    pub async fn dependants(&mut self, id: AuthorityId) -> Result<u64, Error> {
        record::count(self.conn(), DEPENDANTS, values![id.0]).await
    }
}

statements! {
    PUT = "INSERT INTO authorities (id, version, state, parent, region, name)
        VALUES ($1, $2, $3, $5, $6, $7)
        ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state,
            parent = excluded.parent, region = excluded.region, name = excluded.name
        WHERE authorities.version = $4";
    BY_ID = "SELECT version, state FROM authorities WHERE id = $1";
    BELOW = "SELECT state FROM authorities WHERE parent = $1 AND id > $2 ORDER BY id LIMIT $3";
    ALL = "SELECT state FROM authorities WHERE id > $1 ORDER BY id LIMIT $2";
    ROOTS = "SELECT state FROM authorities WHERE parent IS NULL AND id > $1 ORDER BY id LIMIT $2";
    // Deeper than the tree of the administration can be: a ring in damaged data ends.
    LINEAGE = "WITH RECURSIVE line (id, parent, depth) AS (
            SELECT id, parent, 0 FROM authorities WHERE id = $1
            UNION ALL
            SELECT above.id, above.parent, line.depth + 1
            FROM line JOIN authorities above ON above.id = line.parent WHERE line.depth < 31
        ) SELECT id FROM line ORDER BY depth";
    DEPENDANTS = "SELECT (SELECT COUNT(*) FROM authorities WHERE parent = $1 AND NOT EXISTS
            (SELECT 1 FROM events WHERE subject = authorities.id AND kind = 'authority' AND name = 'closed'))
        + (SELECT COUNT(*) FROM units WHERE authority = $1 AND ended = 0)
        + (SELECT COUNT(*) FROM applications WHERE authority = $1 AND ended = 0)";
}
