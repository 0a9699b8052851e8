//! The tests of the store, each on both engines: SQLite in a temporary folder, and a private PostgreSQL.

mod backup;
mod crash;
mod examples;
mod log;
mod nouns;
mod service;
mod statements;
mod tampering;
mod using;
mod writing;

use std::future::Future;

use audit::{Actor, ActorKind, Entry, Subject};
use jiff::Timestamp;
use tempfile::TempDir;

use crate::{Database, Entries, Error, Store, StoreConfig};

/// A database of its own, empty at first, which a test opens as often as it likes.
pub(crate) struct Place {
    pub(crate) config: StoreConfig,
    /// Goes with the place.
    _folder: TempDir,
}

impl Place {
    fn new(database: impl FnOnce(&TempDir) -> Database) -> Place {
        let folder = tempfile::tempdir().unwrap();
        Place {
            config: StoreConfig::new(database(&folder)),
            _folder: folder,
        }
    }

    pub(crate) fn sqlite() -> Place {
        Place::new(|folder| Database::Sqlite(folder.path().join("data/yinxin.db")))
    }

    /// None where PostgreSQL is not installed, which was said.
    pub(crate) fn postgres() -> Option<Place> {
        let server = testkit::PrivatePostgres::shared()?;
        Some(Place::new(|_| Database::Postgres(server.database())))
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.config).await.unwrap()
    }
}

/// Runs a case on SQLite, then on PostgreSQL; a failure says on which.
#[track_caller]
pub(crate) fn on_both<F: Future<Output = ()>>(case: impl Fn(Place) -> F) {
    for place in [Some(Place::sqlite()), Place::postgres()].into_iter().flatten() {
        eprintln!("on {:?}", place.config.database);
        run(case(place));
    }
}

pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

pub(crate) fn now() -> Timestamp {
    testkit::now()
}

/// An entry about `id`.
pub(crate) fn entry(id: &str) -> Entry {
    Entry {
        time: now(),
        actor: Actor {
            kind: ActorKind::System,
            id: "test".to_owned(),
            role: None,
            unit: None,
        },
        act: "test.done".to_owned(),
        subject: Subject {
            kind: "test".to_owned(),
            id: id.to_owned(),
        },
        details: serde_json::Map::new(),
        commitments: std::collections::BTreeMap::new(),
    }
}

/// Sets a setting that was never set, with its entry.
pub(crate) async fn set(store: &Store, name: &str) -> Result<(), Error> {
    let name = name.to_owned();
    store
        .write(move |change| {
            let name = name.clone();
            Box::pin(async move {
                change.put_setting(&name, 0, &true.into(), now()).await?;
                Ok(((), Entries::from(entry(&name))))
            })
        })
        .await
}
