//! Where the registry is kept: SQLite or PostgreSQL behind one set of queries, documents beside them.
//!
//! [`Store::write`] is the only way to change something, and asks for the entries that go into the audit log in
//! the same transaction; [`Store::read`] and [`Store::snapshot`] give a [`Reader`]. The methods of readers,
//! [`Chore`]s and [`Change`]s stand in the file of the noun that they are about. Rules are not here but in
//! `registry`; neither are keys, clock or randomness.

mod accounts;
mod applications;
mod authorities;
mod backup;
mod batches;
mod change;
mod clients;
mod documents;
mod error;
mod filings;
mod grants;
mod idempotency;
mod jobs;
mod log;
mod migrations;
mod page;
mod people;
mod personal;
mod policies;
mod record;
mod refusals;
mod reminders;
#[cfg(feature = "s3")]
mod s3;
mod schema;
mod seals;
mod sessions;
mod settings;
mod sql;
mod store;
#[cfg(test)]
mod tests;
mod units;
mod uploads;
mod usages;
mod writer;

pub use accounts::Account;
pub use backup::{BACKUP_LINE_BYTES_MAX, BackupReport};
pub use change::{Change, Chore, Reader};
pub use clients::ApiClient;
pub use documents::{Documents, StoredDocument};
pub use error::Error;
pub use filings::FilingFigures;
pub use idempotency::{KeptResponse, RESPONSE_BYTES_MAX};
pub use jobs::Job;
pub use log::{Entries, LogSearch, LoggedEntry, StoredCheckpoint};
pub use page::{PAGE_MAX, Page};
pub use people::PersonalData;
pub use personal::PersonalKey;
pub use record::{Current, Recorded, RecordedEvent};
pub use reminders::{Concerned, Cursor, RaisedReminder};
#[cfg(feature = "s3")]
pub use s3::S3Config;
pub use sessions::Session;
pub use settings::Setting;
pub use store::{Database, Store, StoreConfig};
pub use uploads::Upload;
pub use usages::UseRecord;
pub use writer::Work;
