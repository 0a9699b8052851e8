//! Where the registry is kept: SQLite or PostgreSQL behind one set of queries, documents beside them.
//!
//! [`Store::write`] is the only way to change something, and asks for the entries that go into the audit log in
//! the same transaction; [`Store::read`] and [`Store::snapshot`] give a [`Reader`]. The methods of readers,
//! [`Chore`]s and [`Change`]s stand in the file of the noun that they are about. Rules are not here but in
//! `registry`; neither are keys, clock or randomness.

mod change;
mod error;
mod log;
mod migrations;
mod page;
mod schema;
mod settings;
mod sql;
mod store;
#[cfg(test)]
mod tests;
mod writer;

pub use change::{Change, Chore, Reader};
pub use error::Error;
pub use log::{Entries, LoggedEntry, StoredCheckpoint};
pub use page::{PAGE_MAX, Page};
pub use settings::Setting;
pub use store::{Database, Store, StoreConfig};
pub use writer::Work;
