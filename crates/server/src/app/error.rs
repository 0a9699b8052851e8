//! Why a use case was not carried out.

use std::io;

/// For the log; `http` has the words for people.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It is not there.
    #[error("there is no such {what}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// A proof was asked for a size that the log never had, or in the wrong order.
    #[error("the log has no {size} entries, or the earlier size is the larger one")]
    OutsideLog {
        /// The size asked for.
        size: u64,
    },
    /// The database's log belongs to another key.
    #[error(
        "the log in the database is signed with another key: copy the folder keys from where the service ran before"
    )]
    OtherLogKey,
    /// The database.
    #[error("{}", with_source(.0))]
    Store(#[from] store::Error),
    /// The log.
    #[error(transparent)]
    Audit(#[from] audit::Error),
    /// The data folder.
    #[error("the data folder fails: {0}")]
    Disk(io::Error),
}

/// The store's message and the driver's behind it.
fn with_source(error: &store::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
