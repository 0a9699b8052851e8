//! Group commit: who writes together, who fails alone, what is tried again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Place, entry, now, on_both, run, set};
use crate::sql::{Sql, Value};
use crate::{Entries, Error, Store};

#[test]
fn many_at_once_are_all_written_and_the_log_has_no_gap() {
    on_both(async |place| {
        let store = place.open().await;
        write_many(std::slice::from_ref(&store), 150).await;
        assert_log(&store, 150).await;
    });
}

#[test]
fn two_processes_share_a_database_and_the_log_has_no_gap() {
    on_both(async |place| {
        let stores = [place.open().await, place.open().await];
        write_many(&stores, 120).await;
        assert_log(&stores[0], 120).await;
        assert_log(&stores[1], 120).await;
    });
}

async fn write_many(stores: &[Store], count: usize) {
    let writes = (0..count).map(|i| {
        let store = stores[i % stores.len()].clone();
        tokio::spawn(async move { set(&store, &format!("setting {i}")).await })
    });
    for write in writes.collect::<Vec<_>>() {
        write.await.unwrap().unwrap();
    }
}

/// The log has `count` entries without a gap, and its head is theirs.
async fn assert_log(store: &Store, count: u64) {
    let mut reader = store.snapshot().await.unwrap();
    let entries = reader.log_entries(0, 100_000).await.unwrap();
    let indexes: Vec<u64> = entries.iter().map(|entry| entry.index).collect();
    assert_eq!(indexes, (0..count).collect::<Vec<_>>());
    let mut frontier = audit::Frontier::new();
    for entry in &entries {
        frontier.append(audit::leaf_digest(&entry.bytes));
        let about = audit::Entry::from_bytes(&entry.bytes).unwrap().subject.id;
        assert!(reader.setting(&about).await.unwrap().is_some(), "{about}");
    }
    assert_eq!(reader.log_frontier().await.unwrap(), frontier);
}

/// A change that writes, then fails in the given way.
async fn fail(store: &Store, name: &str, how: fn(&str)) -> Result<(), Error> {
    let name = name.to_owned();
    let change = store.write(move |change| {
        let name = name.clone();
        Box::pin(async move {
            change.put_setting(&name, 0, &1.into(), now()).await?;
            how(&name);
            let never: Result<((), Entries), Error> = Err(Error::Missing {
                what: "seal",
                key: name,
            });
            never
        })
    });
    change.await
}

#[test]
fn a_unit_that_fails_or_panics_takes_no_other_with_it() {
    on_both(async |place| {
        let store = place.open().await;
        let mut tasks = Vec::new();
        for i in 0..40 {
            let store = store.clone();
            tasks.push(tokio::spawn(async move {
                let name = format!("setting {i}");
                match i % 4 {
                    0 => assert!(matches!(
                        fail(&store, &name, |_| ()).await,
                        Err(Error::Missing { .. })
                    )),
                    1 => {
                        let Err(Error::Panicked { message }) =
                            fail(&store, &name, |name| panic!("at {name}")).await
                        else {
                            panic!("{name} did not panic");
                        };
                        assert_eq!(message, format!("at {name}"));
                    }
                    _ => set(&store, &name).await.unwrap(),
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert_log(&store, 20).await;
        let mut reader = store.read().await.unwrap();
        assert_eq!(reader.setting("setting 0").await.unwrap(), None);
        assert_eq!(reader.setting("setting 1").await.unwrap(), None);
    });
}

#[test]
fn a_lost_update_is_a_conflict() {
    on_both(async |place| {
        let store = place.open().await;
        set(&store, "a").await.unwrap();
        let twice = set(&store, "a").await;
        assert!(
            matches!(twice, Err(Error::Conflict { expected: 0, .. })),
            "{twice:?}"
        );
        for (expected, wins) in [(1, true), (1, false), (2, true)] {
            let change = store.write(move |change| {
                Box::pin(async move {
                    change.put_setting("a", expected, &expected.into(), now()).await?;
                    Ok::<_, Error>(((), Entries::from(entry("a"))))
                })
            });
            assert_eq!(change.await.is_ok(), wins, "{expected}");
        }
        let setting = store.read().await.unwrap().setting("a").await.unwrap().unwrap();
        assert_eq!((setting.version, setting.value), (3, 2.into()));
    });
}

const TWICE: Sql = Sql::new(
    "INSERT INTO settings (name, version, changed_at, value) VALUES ($1, 1, 1, '1')",
    &[],
);

#[test]
fn a_failed_statement_cannot_be_hidden() {
    on_both(async |place| {
        let store = place.open().await;
        set(&store, "a").await.unwrap();
        let hidden = store.write::<_, Error, _>(|change| {
            Box::pin(async move {
                change.put_setting("b", 0, &1.into(), now()).await?;
                let twice = change.conn().execute(TWICE, &[Value::from("a")]).await;
                assert!(matches!(twice, Err(Error::Duplicate { .. })), "{twice:?}");
                Ok(((), Entries::from(entry("b"))))
            })
        });
        let hidden = hidden.await;
        assert!(matches!(hidden, Err(Error::HiddenFailure)), "{hidden:?}");
        assert_log(&store, 1).await;
        assert_eq!(store.read().await.unwrap().setting("b").await.unwrap(), None);
    });
}

#[test]
fn an_entry_without_canonical_form_undoes_its_change() {
    on_both(async |place| {
        let store = place.open().await;
        let refused = store.write::<_, Error, _>(|change| {
            Box::pin(async move {
                change.put_setting("a", 0, &1.into(), now()).await?;
                Ok(((), Entries::from(entry(""))))
            })
        });
        assert!(matches!(refused.await, Err(Error::Entry(_))));
        assert_log(&store, 0).await;
        assert_eq!(store.read().await.unwrap().setting("a").await.unwrap(), None);
    });
}

#[test]
fn chores_write_no_entry() {
    on_both(async |place| {
        let store = place.open().await;
        let answer = store
            .chore::<_, Error, _>(|_| Box::pin(async move { Ok(42) }))
            .await;
        assert_eq!(answer.unwrap(), 42);
        assert_log(&store, 0).await;
    });
}

#[test]
fn a_closed_store_writes_no_more_and_lost_nothing_before() {
    on_both(async |place| {
        let store = place.open().await;
        let writes: Vec<_> = (0..20)
            .map(|i| {
                let store = store.clone();
                tokio::spawn(async move { set(&store, &format!("setting {i}")).await.is_ok() })
            })
            .collect();
        tokio::task::yield_now().await;
        store.close().await;
        let mut written = 0;
        for write in writes {
            written += u64::from(write.await.unwrap());
        }
        assert!(matches!(set(&store, "late").await, Err(Error::Closed)));
        let again = place.open().await;
        assert_log(&again, written).await;
    });
}

const FAIL: [(Sql, &str); 2] = [
    (
        Sql::new(
            "SELECT 1",
            &["DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$"],
        ),
        "serialization failure",
    ),
    (
        Sql::new("SELECT 1", &["SELECT pg_terminate_backend(pg_backend_pid())"]),
        "broken connection",
    ),
];

#[test]
fn the_whole_transaction_is_tried_again_when_the_database_asks_for_it() {
    let Some(place) = Place::postgres() else { return };
    run(async {
        let store = place.open().await;
        for (sql, what) in FAIL {
            let before = store.read().await.unwrap().log_frontier().await.unwrap().size();
            let tries = Arc::new(AtomicU32::new(0));
            let counted = Arc::clone(&tries);
            let change = store.write::<_, Error, _>(move |change| {
                let count = counted.fetch_add(1, Ordering::SeqCst) + 1;
                Box::pin(async move {
                    change.put_setting(what, 0, &1.into(), now()).await?;
                    if count < 3 {
                        change.conn().execute(sql, &[]).await?;
                    }
                    Ok(((), Entries::from(entry(what))))
                })
            });
            let beside = format!("beside {what}");
            let (change, other) = tokio::join!(change, set(&store, &beside));
            change.unwrap_or_else(|error| panic!("{what}: {error}"));
            other.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(tries.load(Ordering::SeqCst), 3, "{what}");
            assert_log(&store, before + 2).await;
        }
    });
}

#[test]
fn a_transaction_that_always_meets_others_is_given_up() {
    let Some(place) = Place::postgres() else { return };
    run(async {
        let store = place.open().await;
        let change = store.write::<(), Error, _>(move |change| {
            Box::pin(async move {
                change.conn().execute(FAIL[0].0, &[]).await?;
                Ok(((), Entries::from(entry("never"))))
            })
        });
        assert!(matches!(change.await, Err(Error::Contended { attempts: 10 })));
        set(&store, "after").await.unwrap();
        assert_log(&store, 1).await;
    });
}
