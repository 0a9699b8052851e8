//! Opening a store: one SQLite file, or one PostgreSQL database that any number of processes share.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::sql::{Conn, Link, statements};
use crate::writer::Writer;
use crate::{Error, Reader, migrations};

/// Where the data stands.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file of SQLite; its folder is made if it is missing, for its owner alone.
    Sqlite(PathBuf),
    /// `postgres://user:password@host/database`, or an engine that speaks its protocol.
    Postgres(String),
}

impl FromStr for Database {
    type Err = Error;

    /// A `postgres://` or `postgresql://` address, or the path of a SQLite file.
    fn from_str(text: &str) -> Result<Self, Error> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Database::Postgres(text.to_owned()));
        }
        if text.is_empty() || text.contains("://") {
            return Err(Error::Configuration {
                reason: "the database is neither a file's path nor a postgres:// address".to_owned(),
            });
        }
        Ok(Database::Sqlite(PathBuf::from(text)))
    }
}

/// The address may hold a password, so it is not shown.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Database::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Database::Postgres(_) => f.write_str("Postgres(…)"),
        }
    }
}

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// Where the data stands.
    pub database: Database,
    /// Connections for reading, at least 1.
    pub readers_max: u32,
    /// Units of work that share one durable commit at most, at least 1. With 1 there is no group commit.
    pub group_max: usize,
}

impl StoreConfig {
    /// The defaults: 8 readers, 64 units in a commit.
    pub fn new(database: Database) -> Self {
        Self {
            database,
            readers_max: 8,
            group_max: 64,
        }
    }
}

/// An open store. Cloning it is cheap, all clones share the connections and the one writer.
#[derive(Clone)]
pub struct Store {
    pub(crate) pool: Pool,
    writer: Arc<Writer>,
}

impl Store {
    /// Opens the database, brings its tables up to this program's, and starts the writer on the present Tokio
    /// runtime.
    ///
    /// # Errors
    ///
    /// [`Error::SchemaTooNew`] when a newer program wrote the database; [`Error::Database`] and
    /// [`Error::Configuration`] when it cannot be reached or used.
    pub async fn open(config: &StoreConfig) -> Result<Self, Error> {
        let pool = Pool::open(&config.database, config.readers_max.max(1)).await?;
        let writing = Pool::open(&config.database, 1).await?;
        migrations::run(&writing).await?;
        let writer = Arc::new(Writer::start(writing, config.group_max.max(1)));
        Ok(Self { pool, writer })
    }

    /// A connection for reading: each statement sees what is committed when it begins.
    pub async fn read(&self) -> Result<Reader, Error> {
        Ok(Reader::new(self.pool.connection().await?))
    }

    /// A connection for reading on which all statements see the same moment.
    pub async fn snapshot(&self) -> Result<Reader, Error> {
        Ok(Reader::new(self.pool.snapshot().await?))
    }

    /// The engine's name, for logs and metrics: `sqlite` or `postgres`.
    pub fn engine(&self) -> &'static str {
        match self.pool {
            Pool::Sqlite(_) => "sqlite",
            Pool::Postgres(_) => "postgres",
        }
    }

    /// Finishes the writes that were handed in, waits until every [`Reader`] is dropped, and closes all
    /// connections. Later writes get [`Error::Closed`].
    pub async fn close(&self) {
        self.writer.stop().await;
        self.pool.close().await;
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }
}

/// Connections to one of the engines.
#[derive(Clone)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Pool {
    async fn open(database: &Database, connections_max: u32) -> Result<Pool, Error> {
        let opened = Error::database("open");
        match database {
            Database::Sqlite(path) => {
                make_private_file(path)?;
                let options = SqlitePoolOptions::new()
                    .max_connections(connections_max)
                    .acquire_timeout(ACQUIRE_TIMEOUT);
                let pool = options.connect_with(sqlite_options(path)).await;
                Ok(Pool::Sqlite(pool.map_err(opened)?))
            }
            Database::Postgres(url) => {
                let options = PgPoolOptions::new()
                    .max_connections(connections_max)
                    .acquire_timeout(ACQUIRE_TIMEOUT);
                let pool = options.connect_with(postgres_options(url)?).await;
                Ok(Pool::Postgres(pool.map_err(opened)?))
            }
        }
    }

    pub(crate) async fn connection(&self) -> Result<Conn, Error> {
        let link = match self {
            Pool::Sqlite(pool) => pool.acquire().await.map(Link::Sqlite),
            Pool::Postgres(pool) => pool.acquire().await.map(Link::Postgres),
        };
        link.map(Conn::new).map_err(Error::database("give a connection"))
    }

    /// A transaction that writes: SQLite's file is locked at once, PostgreSQL's writers meet at the log's head.
    pub(crate) async fn begin(&self) -> Result<Conn, sqlx::Error> {
        let link = match self {
            Pool::Sqlite(pool) => pool
                .begin_with("BEGIN IMMEDIATE")
                .await
                .map(Link::SqliteTransaction),
            Pool::Postgres(pool) => pool.begin().await.map(Link::PostgresTransaction),
        };
        link.map(Conn::new)
    }

    /// A transaction that only reads, all of it at one moment.
    async fn snapshot(&self) -> Result<Conn, Error> {
        let link = match self {
            Pool::Sqlite(pool) => pool.begin().await.map(Link::SqliteTransaction),
            Pool::Postgres(pool) => pool
                .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                .await
                .map(Link::PostgresTransaction),
        };
        let mut conn = link
            .map(Conn::new)
            .map_err(Error::database("begin a transaction"))?;
        // Both engines take their picture with the first statement, not with BEGIN.
        conn.row(TAKE_PICTURE, &[]).await?;
        Ok(conn)
    }

    pub(crate) async fn close(&self) {
        match self {
            Pool::Sqlite(pool) => pool.close().await,
            Pool::Postgres(pool) => pool.close().await,
        }
    }
}

statements! {
    TAKE_PICTURE = "SELECT id FROM log_head";
}

/// How long a reader waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long SQLite waits for another process that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Statements that are kept prepared on each connection; the crate has fewer.
const STATEMENTS_KEPT: usize = 500;
/// A transaction whose process hangs gives the log's head back after this time.
const IDLE_IN_TRANSACTION: &str = "30s";
/// Pages of 4 KiB in the write-ahead log before SQLite moves them into the file.
const CHECKPOINT_PAGES: &str = "4000";

fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(STATEMENTS_KEPT)
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .pragma("fullfsync", "ON")
        .pragma("cache_size", "-16000")
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
}

fn postgres_options(url: &str) -> Result<PgConnectOptions, Error> {
    // The driver's reason would repeat the address with its password.
    let options = PgConnectOptions::from_str(url).map_err(|_| Error::Configuration {
        reason: "the postgres:// address cannot be read".to_owned(),
    })?;
    Ok(options
        .application_name("yinxin")
        .statement_cache_capacity(STATEMENTS_KEPT)
        .options([
            ("synchronous_commit", "on"),
            ("default_transaction_isolation", "read committed"),
            ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION),
        ]))
}

/// Makes the folder and the file for their owner alone. An existing file keeps its mode.
fn make_private_file(path: &Path) -> Result<(), Error> {
    let unusable = |error: std::io::Error| Error::Configuration {
        reason: format!("{} cannot be made: {error}", path.display()),
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(folder).map_err(unusable)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(unusable)
}
