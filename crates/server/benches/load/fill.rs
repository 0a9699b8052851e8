//! Fills the tables of an installation with copies of its own rows under other identifiers and digests, so that the
//! figures of a large database can be measured. The engine makes the rows itself; no rule looks at them, and the log's
//! entries stand behind its head, so the filled database serves for nothing else.

use sqlx::{AssertSqlSafe, Executor as _};

/// Seals and use records that are to be there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filling {
    pub(crate) seals: u64,
    pub(crate) records: u64,
}

/// Rows that one statement makes, so that none holds too much.
const ROWS_AT_ONCE: u64 = 250_000;

/// What differs between the engines.
struct Words {
    /// An identifier in the order of `n`.
    id: &'static str,
    digest: &'static str,
    /// `n` from one number up to another.
    series: fn(u64, u64) -> String,
}

const SQLITE: Words = Words {
    id: "unhex(printf('0197000000007000a000%012x', n))",
    digest: "randomblob(32)",
    series: |from, to| {
        format!(
            "WITH RECURSIVE s(n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM s WHERE n < {to}) \
             SELECT n FROM s"
        )
    },
};

const POSTGRES: Words = Words {
    id: "('0197000000007000a000' || lpad(to_hex(n), 12, '0'))::uuid",
    digest: "sha256(convert_to(n::text || random()::text, 'UTF8'))",
    series: |from, to| format!("SELECT generate_series({from}::bigint, {to}::bigint) AS n"),
};

/// Fills the database at an address of PostgreSQL, or else the file.
pub(crate) async fn fill(url: Option<&str>, file: &std::path::Path, filling: Filling) {
    match url {
        Some(url) => {
            let pool = sqlx::PgPool::connect(url).await.unwrap();
            for sql in statements(&POSTGRES, filling) {
                pool.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
            }
            pool.execute("ANALYZE").await.unwrap();
            pool.close().await;
        }
        None => {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
            // The pragmas belong to a connection; 3 GB hold the indices of digests, which grow everywhere at once.
            let pool = sqlx::pool::PoolOptions::<sqlx::Sqlite>::new().max_connections(1);
            let pool = pool.connect_with(options).await.unwrap();
            pool.execute("PRAGMA synchronous = OFF").await.unwrap();
            pool.execute("PRAGMA cache_size = -3000000").await.unwrap();
            for sql in statements(&SQLITE, filling) {
                pool.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
            }
            pool.close().await;
        }
    }
}

/// Inserts, each of some rows.
fn statements(words: &Words, filling: Filling) -> Vec<String> {
    let Words { id, digest, .. } = words;
    // A use under a grant has four events and four entries in the log: requested, begun, finished, completed.
    let seals = [
        format!(
            "INSERT INTO seals SELECT {id}, version, state, authority, {id}, holder, custodian, kind, status, name,
                not_after, {digest}, holds_place, legal_name FROM (SELECT * FROM seals LIMIT 1) AS o, ($series) AS s"
        ),
        format!(
            "INSERT INTO seal_editions SELECT {id}, number, 'filled ' || n, {digest}
                FROM (SELECT * FROM seal_editions LIMIT 1) AS o, ($series) AS s"
        ),
    ];
    let uses = [
        format!(
            "INSERT INTO usages SELECT {id}, version, state, unit, seal, person, system, grant_id, {digest}, status,
                lapses_at, requested_at FROM (SELECT * FROM usages LIMIT 1) AS o, ($series) AS s"
        ),
        format!(
            "INSERT INTO use_records SELECT {id}, sequence, item, seal, unit, grant_id, {digest}, placement, by_actor,
                begun_at - n, outcome, finished_at, {digest}, reason
                FROM (SELECT * FROM use_records LIMIT 1) AS o, ($series) AS s"
        ),
        format!(
            "INSERT INTO events SELECT {id}, sequence, kind, name, effective_at, recorded_at - n, actor, body
                FROM (SELECT * FROM events WHERE kind = 'use' ORDER BY subject, sequence LIMIT 4) AS o, ($series) AS s"
        ),
        format!(
            "INSERT INTO log_entries SELECT 1000000000 + 4 * n + idx - (SELECT MIN(idx) FROM log_entries
                    WHERE act = 'use.requested'), happened_at, act, subject_kind, 'filled ' || n, entry, {digest}
                FROM (SELECT * FROM log_entries WHERE idx >= (SELECT MIN(idx) FROM log_entries
                    WHERE act = 'use.requested') ORDER BY idx LIMIT 4) AS o, ($series) AS s"
        ),
    ];
    let mut all = Vec::new();
    for (inserts, count) in [(&seals[..], filling.seals), (&uses[..], filling.records)] {
        for insert in inserts {
            for from in (1..=count).step_by(usize::try_from(ROWS_AT_ONCE).unwrap()) {
                let to = count.min(from + ROWS_AT_ONCE - 1);
                all.push(insert.replace("$series", &(words.series)(from, to)));
            }
        }
    }
    all
}
