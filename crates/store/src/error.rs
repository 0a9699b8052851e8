//! What can go wrong between the registry and its database.

use thiserror::Error;

/// Why something was not read or not written. The messages are for the operator's log; what a person sees is
/// worded by the caller.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The database refused or failed, or cannot be reached.
    #[error("the database could not {action}")]
    Database {
        /// What was tried.
        action: &'static str,
        /// The driver's reason.
        source: sqlx::Error,
    },
    /// A row with the same key, or another live one where only one may be, stands there already.
    #[error("this would stand twice, which the database refuses: {constraint}")]
    Duplicate {
        /// The name of the unique index or key.
        constraint: String,
    },
    /// Somebody else changed it since it was read: read it again and decide again.
    #[error("the {what} {key} is no longer at version {expected}; read it again and decide again")]
    Conflict {
        /// What was to be changed.
        what: &'static str,
        /// Its key.
        key: String,
        /// The version that the writer had read; 0 if there was none.
        expected: i64,
    },
    /// Something that a write builds on is not there.
    #[error("there is no {what} {key}")]
    Missing {
        /// What was looked for.
        what: &'static str,
        /// Its key.
        key: String,
    },
    /// What stands in the database is not what this program writes.
    #[error(
        "{what} in the database cannot be read: {reason}; run `yinxin audit check`, then restore a backup"
    )]
    Damaged {
        /// Which datum.
        what: &'static str,
        /// How it deviates.
        reason: String,
    },
    /// The database belongs to a newer program.
    #[error("the database has migration {found}, and this program knows {known}; install the newer program")]
    SchemaTooNew {
        /// The highest migration in the database.
        found: i64,
        /// The highest migration of this program.
        known: i64,
    },
    /// A migration that ran once reads differently in this program.
    #[error("migration {version} in the database is not the one of this program; they are not of one line")]
    SchemaDiffers {
        /// The migration's number.
        version: i64,
    },
    /// Other transactions stood in the way again and again.
    #[error("the write met other transactions {attempts} times; nothing was written, try again")]
    Contended {
        /// How often it was tried.
        attempts: u32,
    },
    /// The connection broke while the database was committing.
    #[error(
        "the database failed while committing: whether the write stands is unknown; look before repeating it: {reason}"
    )]
    OutcomeUnknown {
        /// The driver's reason.
        reason: String,
    },
    /// An entry for the audit log has no canonical form; the change was undone.
    #[error("an entry cannot stand in the audit log, so the change was undone")]
    Entry(#[source] audit::Error),
    /// The transaction around the write failed, and no repetition would help.
    #[error("the write was undone, because its transaction failed: {reason}")]
    Undone {
        /// What failed.
        reason: String,
    },
    /// A statement of the work failed, and the work went on as if it had not.
    #[error("a statement of this write failed and its work did not say so; it was undone")]
    HiddenFailure,
    /// The work of a write panicked; it was undone, others were not touched.
    #[error("the work of this write failed in the program itself and was undone: {message}")]
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// The store is closing or closed.
    #[error("the store is closed; nothing was written")]
    Closed,
    /// A file or stream could not be read or written.
    #[error("a file could not be {action}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A restore needs a store in which nothing was ever written.
    #[error("the store is not empty; restore into a new database, and keep this one until that is proved")]
    NotEmpty,
    /// A backup cannot be restored; nothing was written.
    #[error("the backup is refused, and nothing was restored: {reason}")]
    Backup {
        /// What is wrong with it.
        reason: String,
    },
    /// A path, address or setting of the configuration is of no use.
    #[error("the store cannot be opened: {reason}")]
    Configuration {
        /// What is wrong and what to do.
        reason: String,
    },
    /// A value is beyond what the database is to keep.
    #[error("{what} has {found} bytes, and {max} are allowed")]
    TooLarge {
        /// Which value.
        what: &'static str,
        /// Its size.
        found: usize,
        /// The limit.
        max: usize,
    },
}

impl Error {
    /// Names what was tried, and lifts unique violations out of the driver's errors.
    pub(crate) fn database(action: &'static str) -> impl FnOnce(sqlx::Error) -> Error {
        move |source| match source.as_database_error() {
            Some(error) if error.is_unique_violation() => Error::Duplicate {
                constraint: error.constraint().unwrap_or(error.message()).to_owned(),
            },
            _ => Error::Database { action, source },
        }
    }

    pub(crate) fn damaged(what: &'static str) -> impl FnOnce(serde_json::Error) -> Error {
        move |error| Error::Damaged {
            what,
            reason: error.to_string(),
        }
    }
}
