//! One set of statements for two engines: values, rows and connections that are SQLite's or PostgreSQL's.
//!
//! A statement is a constant that only [`statements!`] makes, so that a test can prepare every one of them on
//! both engines. Both take `$1`; where an engine needs another text, the twin stands beside it.

use jiff::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Executor as _, Postgres, Row as _, Sqlite, Transaction};
use uuid::Uuid;

use crate::Error;

/// A statement's text for each engine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sql {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl Sql {
    /// One text for both, or the second one for PostgreSQL.
    pub(crate) const fn new(sqlite: &'static str, twin: &[&'static str]) -> Sql {
        let postgres = match twin {
            [postgres, ..] => postgres,
            [] => sqlite,
        };
        Sql { sqlite, postgres }
    }
}

/// `NAME = "text for both";` or `NAME = "for SQLite", postgres "for PostgreSQL";`, listed in `STATEMENTS`.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sqlite:expr $(, postgres $postgres:expr)?;)*) => {
        $($(#[$doc])* const $name: $crate::sql::Sql = $crate::sql::Sql::new($sqlite, &[$($postgres)?]);)*
        #[cfg(test)]
        pub(crate) const STATEMENTS: &[(&str, $crate::sql::Sql)] = &[$((stringify!($name), $name)),*];
    };
}
pub(crate) use statements;

/// A parameter of a statement. `None` is NULL of the right type, which PostgreSQL wants to know.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Int(Option<i64>),
    Text(Option<&'a str>),
    Bytes(Option<&'a [u8]>),
    Id(Option<Uuid>),
}

macro_rules! value_from {
    ($($from:ty, $value:ident => $variant:ident($into:expr);)*) => {$(
        impl<'a> From<$from> for Value<'a> {
            fn from($value: $from) -> Self {
                Value::$variant($into)
            }
        }
    )*};
}

value_from! {
    i64, value => Int(Some(value));
    Option<i64>, value => Int(value);
    bool, value => Int(Some(i64::from(value)));
    Timestamp, value => Int(Some(value.as_microsecond()));
    Option<Timestamp>, value => Int(value.map(Timestamp::as_microsecond));
    &'a str, value => Text(Some(value));
    &'a String, value => Text(Some(value));
    Option<&'a str>, value => Text(value);
    &'a [u8], value => Bytes(Some(value));
    &'a Vec<u8>, value => Bytes(Some(value));
    Option<&'a [u8]>, value => Bytes(value);
    &'a [u8; 32], value => Bytes(Some(value));
    &'a gm::Digest, value => Bytes(Some(value.as_bytes()));
    Option<&'a gm::Digest>, value => Bytes(value.map(|digest| &digest.as_bytes()[..]));
    Uuid, value => Id(Some(value));
    Option<Uuid>, value => Id(value);
}

/// `values![a, b]`: parameters `$1` and `$2`.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::sql::Value::from($value)),*] };
}
pub(crate) use values;

/// A row of either engine; columns are taken by their place in the statement.
pub(crate) enum Row {
    Sqlite(sqlx::sqlite::SqliteRow),
    Postgres(sqlx::postgres::PgRow),
}

impl Row {
    fn get<T>(&self, column: usize) -> Result<T, Error>
    where
        T: for<'r> sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite>,
        T: for<'r> sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
    {
        match self {
            Row::Sqlite(row) => row.try_get(column),
            Row::Postgres(row) => row.try_get(column),
        }
        .map_err(|error| Error::Damaged {
            what: "a column",
            reason: error.to_string(),
        })
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64, Error> {
        self.get(column)
    }

    pub(crate) fn text(&self, column: usize) -> Result<String, Error> {
        self.get(column)
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Vec<u8>, Error> {
        self.get(column)
    }

    pub(crate) fn digest(&self, column: usize) -> Result<gm::Digest, Error> {
        digest(self.bytes(column)?)
    }

    pub(crate) fn time(&self, column: usize) -> Result<Timestamp, Error> {
        time(self.int(column)?)
    }

    pub(crate) fn opt_int(&self, column: usize) -> Result<Option<i64>, Error> {
        self.get(column)
    }

    pub(crate) fn opt_text(&self, column: usize) -> Result<Option<String>, Error> {
        self.get(column)
    }

    pub(crate) fn opt_bytes(&self, column: usize) -> Result<Option<Vec<u8>>, Error> {
        self.get(column)
    }

    pub(crate) fn id(&self, column: usize) -> Result<Uuid, Error> {
        self.get(column)
    }

    pub(crate) fn opt_id(&self, column: usize) -> Result<Option<Uuid>, Error> {
        self.get(column)
    }

    pub(crate) fn opt_digest(&self, column: usize) -> Result<Option<gm::Digest>, Error> {
        self.opt_bytes(column)?.map(digest).transpose()
    }

    pub(crate) fn opt_time(&self, column: usize) -> Result<Option<Timestamp>, Error> {
        self.opt_int(column)?.map(time).transpose()
    }
}

fn digest(bytes: Vec<u8>) -> Result<gm::Digest, Error> {
    <[u8; 32]>::try_from(bytes.as_slice())
        .map(gm::Digest)
        .map_err(|_| Error::Damaged {
            what: "a digest",
            reason: format!("it has {} bytes", bytes.len()),
        })
}

fn time(microseconds: i64) -> Result<Timestamp, Error> {
    Timestamp::from_microsecond(microseconds).map_err(|error| Error::Damaged {
        what: "a time",
        reason: error.to_string(),
    })
}

/// A connection of a pool, or one in a transaction, which is undone when it is dropped.
pub(crate) enum Link {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
    SqliteTransaction(Transaction<'static, Sqlite>),
    PostgresTransaction(Transaction<'static, Postgres>),
}

/// A [`Link`], and what the first failed statement of the present unit of work means for its transaction.
pub(crate) struct Conn {
    pub(crate) link: Link,
    fault: Option<Fault>,
}

/// What a failed statement means for the transaction around it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// The unit of work failed; its savepoint is rolled back, the others stand.
    Unit,
    /// Another transaction was in the way, or the connection broke: the whole transaction is tried again.
    Transaction,
}

/// One body for both engines' connections.
macro_rules! on_engine {
    ($conn:expr, $sql:expr, ($connection:ident, $text:ident, $row:ident) => $body:expr) => {
        match &mut $conn.link {
            $crate::sql::Link::Sqlite(link) => {
                let ($connection, $text, $row) = (&mut **link, $sql.sqlite, $crate::sql::Row::Sqlite);
                $body
            }
            $crate::sql::Link::SqliteTransaction(link) => {
                let ($connection, $text, $row) = (&mut **link, $sql.sqlite, $crate::sql::Row::Sqlite);
                $body
            }
            $crate::sql::Link::Postgres(link) => {
                let ($connection, $text, $row) = (&mut **link, $sql.postgres, $crate::sql::Row::Postgres);
                $body
            }
            $crate::sql::Link::PostgresTransaction(link) => {
                let ($connection, $text, $row) = (&mut **link, $sql.postgres, $crate::sql::Row::Postgres);
                $body
            }
        }
    };
}

pub(crate) use on_engine;

/// A statement with its parameters bound, for whichever engine the connection is of.
macro_rules! bound {
    ($text:expr, $values:expr) => {
        $values
            .iter()
            .fold(sqlx::query($text), |query, value| match value {
                $crate::sql::Value::Int(value) => query.bind(*value),
                $crate::sql::Value::Text(value) => query.bind(*value),
                $crate::sql::Value::Bytes(value) => query.bind(*value),
                $crate::sql::Value::Id(value) => query.bind(*value),
            })
    };
}

pub(crate) use bound;

impl Conn {
    pub(crate) fn new(link: Link) -> Conn {
        Conn { link, fault: None }
    }

    /// Runs a statement; how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: Sql, values: &[Value<'_>]) -> Result<u64, Error> {
        let done = on_engine!(self, sql, (connection, text, _row) => {
            bound!(text, values).execute(connection).await.map(|done| done.rows_affected())
        });
        done.map_err(|error| self.failed("run a statement", error))
    }

    /// Runs an insert of one row for many of them, with a statement for as many as fit into one; how many rows it
    /// made. Each round trip that is saved counts where the database is another process.
    pub(crate) async fn insert_all(&mut self, sql: Sql, rows: &[Vec<Value<'_>>]) -> Result<u64, Error> {
        let (mut rest, mut made) = (rows, 0);
        while let Some(first) = rest.first() {
            // Powers of two, so that few texts are prepared.
            let count = 1 << rest.len().min(ROWS_AT_ONCE_MAX).ilog2();
            let (now, later) = rest.split_at(count);
            let (sqlite, postgres) = (
                repeated(sql.sqlite, first.len(), count),
                repeated(sql.postgres, first.len(), count),
            );
            let both = Both {
                sqlite: &sqlite,
                postgres: &postgres,
            };
            let values: Vec<Value<'_>> = now.iter().flatten().copied().collect();
            let done = on_engine!(self, both, (connection, text, _row) => {
                let query = bound!(AssertSqlSafe(text), values);
                query.execute(connection).await.map(|done| done.rows_affected())
            });
            made += done.map_err(|error| self.failed("write rows", error))?;
            rest = later;
        }
        Ok(made)
    }

    /// Runs statements without parameters in one round trip.
    pub(crate) async fn run(&mut self, sql: Sql) -> Result<(), Error> {
        let done = on_engine!(self, sql, (connection, text, _row) => {
            connection.execute(sqlx::raw_sql(text)).await.map(drop)
        });
        done.map_err(|error| self.failed("run statements", error))
    }

    /// Runs a statement that must change exactly one row; otherwise `otherwise` is why it could not.
    pub(crate) async fn execute_one(
        &mut self,
        sql: Sql,
        values: &[Value<'_>],
        otherwise: impl FnOnce() -> Error,
    ) -> Result<(), Error> {
        match self.execute(sql, values).await? {
            1 => Ok(()),
            _ => Err(otherwise()),
        }
    }

    pub(crate) async fn rows(&mut self, sql: Sql, values: &[Value<'_>]) -> Result<Vec<Row>, Error> {
        let rows = on_engine!(self, sql, (connection, text, row) => {
            let found = bound!(text, values).fetch_all(connection).await;
            found.map(|rows| rows.into_iter().map(row).collect())
        });
        rows.map_err(|error| self.failed("read rows", error))
    }

    pub(crate) async fn row(&mut self, sql: Sql, values: &[Value<'_>]) -> Result<Option<Row>, Error> {
        let row = on_engine!(self, sql, (connection, text, row) => {
            bound!(text, values).fetch_optional(connection).await.map(|found| found.map(row))
        });
        row.map_err(|error| self.failed("read a row", error))
    }

    /// Runs DDL in PostgreSQL's words.
    pub(crate) async fn define(&mut self, ddl: &str) -> Result<(), Error> {
        let strict = for_sqlite(ddl);
        let both = Both {
            sqlite: strict.as_str(),
            postgres: ddl,
        };
        let done = on_engine!(self, both, (connection, text, _row) => {
            connection.execute(sqlx::raw_sql(AssertSqlSafe(text))).await.map(|_| ())
        });
        done.map_err(|error| self.failed("define a table", error))
    }

    /// Takes note of a failed statement, and says it in our words.
    fn failed(&mut self, action: &'static str, error: sqlx::Error) -> Error {
        let fault = fault_of(&error);
        if self.fault != Some(Fault::Transaction) {
            self.fault = Some(fault);
        }
        Error::database(action)(error)
    }

    /// What failed since the last [`take_fault`](Self::take_fault).
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// What failed since the last call.
    pub(crate) fn take_fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    /// Commits a transaction; for a mere connection there is nothing to commit.
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self.link {
            Link::SqliteTransaction(transaction) => transaction.commit().await,
            Link::PostgresTransaction(transaction) => transaction.commit().await,
            Link::Sqlite(_) | Link::Postgres(_) => Ok(()),
        }
    }

    /// Undoes a transaction. A failure is no matter: the database undoes what was never committed.
    pub(crate) async fn rollback(self) {
        let _ = match self.link {
            Link::SqliteTransaction(transaction) => transaction.rollback().await,
            Link::PostgresTransaction(transaction) => transaction.rollback().await,
            Link::Sqlite(_) | Link::Postgres(_) => Ok(()),
        };
    }
}

/// Rows that are inserted by one statement at most.
const ROWS_AT_ONCE_MAX: usize = 16;

/// An insert with its row of so many parameters as often as there are rows.
fn repeated(insert: &str, columns: usize, rows: usize) -> String {
    let row = |number: usize| {
        let places: Vec<String> = (1..=columns)
            .map(|column| format!("${}", number * columns + column))
            .collect();
        format!("({})", places.join(", "))
    };
    let all: Vec<String> = (0..rows).map(row).collect();
    insert.replacen(&row(0), &all.join(", "), 1)
}

/// A text for each engine that was made at run time.
pub(crate) struct Both<'a> {
    pub(crate) sqlite: &'a str,
    pub(crate) postgres: &'a str,
}

/// DDL in SQLite's words: its own types, and tables that refuse values of other ones.
pub(crate) fn for_sqlite(ddl: &str) -> String {
    let words = ddl.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let mut text = String::with_capacity(ddl.len() + 8);
    for word in words {
        let name = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let sqlite = match name {
            "UUID" | "BYTEA" => "BLOB",
            "BIGINT" => "INTEGER",
            other => other,
        };
        text.push_str(sqlite);
        text.push_str(&word[name.len()..]);
    }
    if ddl.starts_with("CREATE TABLE") {
        text.push_str(" STRICT");
    }
    text
}

/// Serialization failures and deadlocks of PostgreSQL and its relatives, a busy SQLite file, a broken connection.
pub(crate) fn fault_of(error: &sqlx::Error) -> Fault {
    let again = match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| RETRYABLE_CODES.contains(&code.as_ref())),
        _ => false,
    };
    if again { Fault::Transaction } else { Fault::Unit }
}

/// SQLSTATE 40001 serialization failure, 40P01 deadlock, 57P01 to 57P03 server stopping or starting, 08 lost
/// connection, 25P03 idle too long in a transaction; SQLite's 5 busy, 261 busy in recovery, 517 busy snapshot.
const RETRYABLE_CODES: [&str; 12] = [
    "40001", "40P01", "57P01", "57P02", "57P03", "08000", "08003", "08006", "25P03", "5", "261", "517",
];
