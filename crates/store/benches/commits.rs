//! Durable commits per second, alone and in groups, on SQLite and on a private PostgreSQL that waits for its disk.
//!
//! `cargo bench -p store` runs each case for some seconds: `write` is one change of one row with one entry in the
//! log; `stamp` is what a use of a seal needs, an intent with its events and then the outcome, two durable
//! changes. Group 1 is without group commit.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures and may stop"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use audit::{Actor, ActorKind, Entry, Subject};
use registry::{UseEvent, UseId};
use serde_json::json;
use store::{Change, Database, Entries, Error, Recorded, Store, StoreConfig, Work};
use testkit::PrivatePostgres;
use uuid::Uuid;

const SECONDS: u64 = 3;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let folder = tempfile::tempdir_in(".").unwrap();
    let server = PrivatePostgres::start(&["max_connections=50"]);
    println!("engine    work   group  tasks   per second      p50      p99");
    for (what, work) in [("write", write as Action), ("stamp", stamp as Action)] {
        for (group_max, tasks) in [(1, 1), (1, 64), (64, 1), (64, 64)] {
            let case = format!("{what}-{group_max}-{tasks}");
            let sqlite = Database::Sqlite(folder.path().join(case).join("yinxin.db"));
            let postgres = server
                .as_ref()
                .map(|server| Database::Postgres(server.database()));
            for database in [Some(sqlite), postgres].into_iter().flatten() {
                let config = StoreConfig {
                    group_max,
                    ..StoreConfig::new(database)
                };
                runtime.block_on(measure(&config, what, work, tasks));
            }
        }
    }
}

type Action = fn(Store, u64) -> Work<'static, ()>;

async fn measure(config: &StoreConfig, what: &str, work: Action, tasks: u64) {
    let store = Store::open(config).await.unwrap();
    let next = Arc::new(AtomicU64::new(0));
    let end = Instant::now() + Duration::from_secs(SECONDS);
    let running = (0..tasks).map(|_| {
        let (store, next) = (store.clone(), Arc::clone(&next));
        tokio::spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < end {
                let begun = Instant::now();
                work(store.clone(), next.fetch_add(1, Ordering::Relaxed)).await;
                times.push(begun.elapsed());
            }
            times
        })
    });
    let mut times = Vec::new();
    for task in running.collect::<Vec<_>>() {
        times.extend(task.await.unwrap());
    }
    times.sort();
    let (count, at) = (times.len(), |percent: usize| {
        times[(times.len() - 1) * percent / 100]
    });
    println!(
        "{:9} {what:6} {:5} {tasks:6} {:12.0} {:8.2?} {:8.2?}",
        store.engine(),
        config.group_max,
        count as f64 / SECONDS as f64,
        at(50),
        at(99)
    );
    store.close().await;
}

fn id(number: u64) -> Uuid {
    Uuid::from_u64_pair(0x0197_0000_0000_7000, 0x8000_0000_0000_0000 | number)
}

fn entry(act: &str, number: u64) -> Entry {
    Entry {
        time: testkit::now(),
        actor: Actor {
            kind: ActorKind::System,
            id: id(60).to_string(),
            role: None,
            unit: None,
        },
        act: act.to_owned(),
        subject: Subject {
            kind: "use".to_owned(),
            id: id(number).to_string(),
        },
        details: serde_json::Map::new(),
        commitments: std::collections::BTreeMap::new(),
    }
}

fn write(store: Store, number: u64) -> Work<'static, ()> {
    Box::pin(async move {
        let change = store.write::<_, Error, _>(move |change| {
            Box::pin(async move {
                let name = format!("setting {number}");
                change
                    .put_setting(&name, 0, &json!(number), testkit::now())
                    .await?;
                Ok(((), Entries::from(entry("setting.changed", number))))
            })
        });
        change.await.unwrap();
    })
}

fn stamp(store: Store, number: u64) -> Work<'static, ()> {
    Box::pin(async move {
        let at = "2026-06-15T00:00:00Z";
        let digest = "09".repeat(32);
        let (unit, seal, system, grant) = (id(10), id(20), json!({"kind": "system", "id": id(60)}), id(70));
        let requested = json!({"type": "requested", "at": at, "id": id(number), "unit": unit, "seal": seal,
            "requester": system, "purpose": "licences", "document_type": "licence", "amount_fen": null,
            "content": {"kind": "document", "digest": digest, "placement": "page 1"},
            "basis": {"kind": "grant", "grant": grant, "system": id(60)}});
        let begun = json!({"type": "begun", "at": at, "item": 0, "document": digest, "placement": "page 1",
            "by": system});
        let stamped = json!({"type": "finished", "at": at, "item": 0,
            "outcome": {"outcome": "stamped", "sealed": digest}});
        let completed = json!({"type": "completed", "at": at});
        let event = |json| serde_json::from_value::<UseEvent>(json).unwrap();
        for (act, events) in [
            (audit::act::USE_INTENDED, [event(requested), event(begun)]),
            (audit::act::USE_OUTCOME, [event(stamped), event(completed)]),
        ] {
            let change = store.write::<_, Error, _>(move |change| {
                let events = events.clone();
                Box::pin(async move { record(change, act, number, &events).await })
            });
            change.await.unwrap();
        }
    })
}

async fn record(
    change: &mut Change,
    act: &str,
    number: u64,
    events: &[UseEvent],
) -> Result<((), Entries), Error> {
    let use_id = UseId(id(number));
    let recorded = Recorded {
        by: registry::Actor::Service,
        at: testkit::now(),
    };
    let current = change.usage(use_id).await?;
    change.record_usage(use_id, current, events, &recorded).await?;
    Ok(((), Entries::from(entry(act, number))))
}
