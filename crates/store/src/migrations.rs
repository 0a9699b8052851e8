//! The tables, built up by numbered migrations that never change once they are released.
//!
//! Each is one statement that may be run twice, and runs outside of a transaction: engines that speak
//! PostgreSQL's protocol demand that. They are written in PostgreSQL's words; for SQLite the types are replaced,
//! and tables are STRICT, so that both engines refuse the same.

use std::time::Duration;

use crate::sql::{Conn, statements, values};
use crate::store::Pool;
use crate::{Error, schema};

/// Brings the tables up to this program's.
pub(crate) async fn run(pool: &Pool) -> Result<(), Error> {
    let mut attempt = 0;
    loop {
        let mut conn = pool.connection().await?;
        match run_once(&mut conn).await {
            // Two processes that start together make the same table: one of them fails, and finds it next time.
            Err(Error::Database { .. } | Error::Duplicate { .. }) if attempt < ATTEMPTS_MAX => {
                attempt += 1;
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

async fn run_once(conn: &mut Conn) -> Result<(), Error> {
    conn.define(CREATE_VERSIONS).await?;
    let rows = conn.rows(VERSIONS, &[]).await?;
    let mut done = Vec::new();
    for row in &rows {
        done.push((row.int(0)?, row.digest(1)?));
    }
    let known = schema::MIGRATIONS.len() as i64;
    if let Some(&(found, _)) = done.last().filter(|(found, _)| *found > known) {
        return Err(Error::SchemaTooNew { found, known });
    }
    for (version, ddl) in (1_i64..).zip(schema::MIGRATIONS) {
        let digest = gm::sm3(ddl.as_bytes());
        match done.iter().find(|(number, _)| *number == version) {
            Some((_, there)) if *there == digest => {}
            Some(_) => return Err(Error::SchemaDiffers { version }),
            None => {
                conn.define(ddl).await?;
                conn.execute(INSERT_VERSION, values![version, &digest]).await?;
            }
        }
    }
    let empty = audit::Frontier::new().to_bytes();
    conn.execute(INSERT_HEAD, values![&empty]).await.map(drop)
}

/// How often a start tries again, because others start too.
const ATTEMPTS_MAX: u32 = 10;
const PAUSE: Duration = Duration::from_millis(100);

const CREATE_VERSIONS: &str =
    "CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT NOT NULL PRIMARY KEY, digest BYTEA NOT NULL)";

statements! {
    VERSIONS = "SELECT version, digest FROM schema_versions ORDER BY version";
    INSERT_VERSION = "INSERT INTO schema_versions (version, digest) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    INSERT_HEAD = "INSERT INTO log_head (id, frontier) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
}
