//! Fills the tables of an installation with copies of its own rows under other identifiers and digests, so that the
//! figures of a large database can be measured. The engine makes the rows itself; no rule looks at them, and the log's
//! entries stand behind its head, so the filled database serves for nothing else.

use sqlx::{AssertSqlSafe, Executor as _};

/// What is to be there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filling {
    pub(crate) seals: u64,
    /// Use records whose document was asked for by itself.
    pub(crate) single: u64,
    /// Use records of batches, of which each has [`BATCH`].
    pub(crate) batched: u64,
}

/// Documents of a batch.
const BATCH: u64 = 1000;

/// Rows that one statement makes, so that none holds too much.
const ROWS_AT_ONCE: u64 = 250_000;

/// What differs between the engines.
struct Words {
    /// An identifier in the order of a number.
    id: fn(&str) -> String,
    /// The same as text.
    subject: &'static str,
    digest: &'static str,
    /// `n` from one number up to another.
    series: fn(u64, u64) -> String,
}

const SQLITE: Words = Words {
    id: |n| format!("unhex(printf('0197000000007000a000%012x', {n}))"),
    subject: "printf('01970000-0000-7000-a000-%012x', n)",
    digest: "randomblob(32)",
    series: |from, to| {
        format!(
            "WITH RECURSIVE s(n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM s WHERE n < {to}) \
             SELECT n FROM s"
        )
    },
};

const POSTGRES: Words = Words {
    id: |n| format!("('0197000000007000a000' || lpad(to_hex({n}), 12, '0'))::uuid"),
    subject: "'01970000-0000-7000-a000-' || lpad(to_hex(n), 12, '0')",
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
            // What the filling leaves to do is done before anything is measured.
            pool.execute("VACUUM (ANALYZE)").await.unwrap();
            pool.execute("CHECKPOINT").await.unwrap();
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
    let Words { subject, digest, .. } = words;
    let (id, batch) = ((words.id)("n"), (words.id)(&format!("4000000000 + n / {BATCH}")));
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
    let usage = |id: &str| {
        format!(
            "INSERT INTO usages SELECT {id}, version, state, unit, seal, person, system, grant_id, {digest}, status,
                lapses_at, requested_at FROM (SELECT * FROM usages LIMIT 1) AS o, ($series) AS s"
        )
    };
    let record = |key: &str| {
        format!(
            "INSERT INTO use_records SELECT {key}, seal, unit, grant_id, {digest}, placement, by_actor,
                begun_at - n, outcome, finished_at, {digest}, reason
                FROM (SELECT * FROM use_records LIMIT 1) AS o, ($series) AS s"
        )
    };
    let events = |key: &str, which: &str| {
        format!(
            "INSERT INTO events SELECT {key}, kind, name, effective_at, recorded_at - n, actor, body
                FROM (SELECT * FROM events WHERE kind = 'use' {which}) AS o, ($series) AS s"
        )
    };
    let entries = |from: &str, first: &str, which: &str| {
        format!(
            "INSERT INTO log_entries SELECT {from} * n + idx - (SELECT MIN(idx) FROM log_entries WHERE act = {first}),
                happened_at, act, subject_kind, {subject}, entry, {digest}
                FROM (SELECT * FROM log_entries {which} ORDER BY idx) AS o, ($series) AS s"
        )
    };
    // A use under a grant has five events and five entries in the log: requested, approved, begun, finished, completed.
    let first = "(SELECT MIN(idx) FROM log_entries WHERE act = 'use.requested')";
    let single = [
        usage(&id),
        record(&format!("{id}, sequence, item")),
        events(&format!("{id}, sequence"), "ORDER BY subject, sequence LIMIT 5"),
        entries(
            "1000000000 + 5",
            "'use.requested'",
            &format!("WHERE idx BETWEEN {first} AND {first} + 4"),
        ),
    ];
    // A document of a batch has two of its own: begun, finished.
    let item = format!("n % {BATCH}");
    let batched = [
        record(&format!("{batch}, 3 + 2 * ({item}), {item}")),
        events(
            &format!("{batch}, sequence + 2 * ({item})"),
            "AND name IN ('begun', 'finished') ORDER BY subject, sequence LIMIT 2",
        ),
        entries(
            "2000000000 + 2",
            "'use.intended'",
            &format!("WHERE idx BETWEEN {first} + 2 AND {first} + 3"),
        ),
    ];
    let batches = [usage(&(words.id)("4000000000 + n"))];
    let mut all = Vec::new();
    for (inserts, count) in [
        (&seals[..], filling.seals),
        (&single[..], filling.single),
        (&batched[..], filling.batched),
        (&batches[..], filling.batched / BATCH),
    ] {
        for insert in inserts {
            for from in (1..=count).step_by(usize::try_from(ROWS_AT_ONCE).unwrap()) {
                let to = count.min(from + ROWS_AT_ONCE - 1);
                all.push(insert.replace("$series", &(words.series)(from, to)));
            }
        }
    }
    all
}
