//! Every statement of the crate is prepared on both engines, so that none waits with a mistake for its day.

use sqlx::{AssertSqlSafe, Row as _};

use super::{Place, on_both, run};
use crate::sql::Sql;
use crate::store::Pool;

/// The lists of all modules that have statements.
fn all() -> Vec<(&'static str, &'static [(&'static str, Sql)])> {
    vec![
        ("accounts", crate::accounts::STATEMENTS),
        ("applications", crate::applications::STATEMENTS),
        ("authorities", crate::authorities::STATEMENTS),
        ("backup", crate::backup::STATEMENTS),
        ("batches", crate::batches::STATEMENTS),
        ("clients", crate::clients::STATEMENTS),
        ("filings", crate::filings::STATEMENTS),
        ("grants", crate::grants::STATEMENTS),
        ("idempotency", crate::idempotency::STATEMENTS),
        ("jobs", crate::jobs::STATEMENTS),
        ("log", crate::log::STATEMENTS),
        ("migrations", crate::migrations::STATEMENTS),
        ("people", crate::people::STATEMENTS),
        ("policies", crate::policies::STATEMENTS),
        ("record", crate::record::STATEMENTS),
        ("refusals", crate::refusals::STATEMENTS),
        ("reminders", crate::reminders::STATEMENTS),
        ("seals", crate::seals::STATEMENTS),
        ("sessions", crate::sessions::STATEMENTS),
        ("settings", crate::settings::STATEMENTS),
        ("store", crate::store::STATEMENTS),
        ("units", crate::units::STATEMENTS),
        ("uploads", crate::uploads::STATEMENTS),
        ("usages", crate::usages::STATEMENTS),
        ("writer", crate::writer::STATEMENTS),
    ]
}

#[test]
fn every_statement_is_understood_by_both_engines() {
    on_both(async |place| {
        let store = place.open().await;
        for (module, statements) in all() {
            for (name, sql) in statements {
                // Savepoints are no statements that PostgreSQL plans.
                if module == "writer" {
                    continue;
                }
                prepare(&store.pool, *sql)
                    .await
                    .unwrap_or_else(|error| panic!("{module}::{name}: {error}"));
            }
        }
    });
}

async fn prepare(pool: &Pool, sql: Sql) -> Result<(), sqlx::Error> {
    use sqlx::{Executor as _, SqlSafeStr as _};
    match pool {
        Pool::Sqlite(pool) => pool.prepare(sql.sqlite.into_sql_str()).await.map(drop),
        Pool::Postgres(pool) => pool.prepare(sql.postgres.into_sql_str()).await.map(drop),
    }
}

/// Tables with a row, or with as many as an operator makes or people are signed in; rows of a statement itself; and
/// the checkpoints, of which the last one is read.
const SMALL: [&str; 8] = [
    "log_head",
    "settings",
    "schema_versions",
    "sessions",
    "challenges",
    "line",
    "CONSTANT ROW",
    "log_checkpoints",
];

/// What SQLite plans without knowing any figures: each table is found by an index, none is read from end to end.
#[test]
fn no_statement_reads_a_whole_table() {
    run(async {
        let place = Place::sqlite();
        let store = place.open().await;
        let Pool::Sqlite(pool) = &store.pool else { panic!() };
        let mut scans = Vec::new();
        for (module, statements) in all() {
            for (name, sql) in statements.iter().filter(|_| module != "writer") {
                let text = format!("EXPLAIN QUERY PLAN {}", sql.sqlite);
                let steps = sqlx::query(AssertSqlSafe(text)).fetch_all(pool).await.unwrap();
                let steps = steps.iter().map(|step| step.get::<String, _>(3));
                let small = |step: &str| SMALL.iter().any(|table| step == format!("SCAN {table}"));
                scans.extend(
                    steps
                        .filter(|step| step.starts_with("SCAN ") && !small(step))
                        .map(|step| format!("{module}::{name}: {step}")),
                );
            }
        }
        assert_eq!(scans, [] as [String; 0]);
    });
}

#[test]
fn no_module_with_statements_is_left_out() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut modules: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| std::fs::read_to_string(path).unwrap().contains("\nstatements! {"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    modules.sort();
    assert_eq!(
        modules,
        all().iter().map(|(module, _)| *module).collect::<Vec<_>>()
    );
}

#[test]
fn ddl_in_the_words_of_sqlite() {
    let strict = crate::sql::for_sqlite("CREATE TABLE t (a UUID, b BYTEA NOT NULL, c BIGINT, uuid TEXT)");
    assert_eq!(
        strict,
        "CREATE TABLE t (a BLOB, b BLOB NOT NULL, c INTEGER, uuid TEXT) STRICT"
    );
    let index = "CREATE INDEX i ON t (a)";
    assert_eq!(crate::sql::for_sqlite(index), index);
}
