//! Backup and restore, between engines in every direction, and the export of the log for `audit::check`.

use std::io::Cursor;

use registry::{PersonId, SealId, UseId};
use serde_json::json;

use super::examples::{begun, id, person, recorded, requested, seal, stamped};
use super::nouns::{change, record};
use super::{Place, entry, now, on_both, run, set};
use crate::sql::{Sql, Value};
use crate::{Error, Page, PersonalData, Store, StoredCheckpoint};

const AT: &str = "2026-06-10T00:00:00Z";

/// Something in tables of every sort of column.
async fn fill(store: &Store) {
    record!(
        store,
        seal,
        record_seal,
        SealId(id(20)),
        [seal(20, 10, "finance", 1)]
    )
    .unwrap();
    record!(store, person, record_person, PersonId(id(50)), [person(50)]).unwrap();
    for number in 90..100 {
        let events = [requested(number, 20), begun(AT), stamped(AT)];
        let [asked, begun, stamped] = events;
        record!(
            store,
            usage,
            record_usage,
            UseId(id(number)),
            [asked, begun, stamped]
        )
        .unwrap();
    }
    change(store, |change| {
        Box::pin(async move {
            let data = PersonalData {
                sealed: vec![0, 255],
                identity: gm::sm3(b"1"),
                name: gm::sm3(b"2"),
            };
            change.put_personal_data(PersonId(id(50)), &data).await?;
            change
                .put_setting("一\n\"二\"", 0, &json!({"三": [1, null]}), now())
                .await
        })
    })
    .await
    .unwrap();
}

async fn back_up(store: &Store) -> Vec<u8> {
    let mut bytes = Vec::new();
    let report = store.back_up(&mut bytes).await.unwrap();
    let frontier = store.read().await.unwrap().log_frontier().await.unwrap();
    assert_eq!(
        (report.log_size, report.log_root),
        (frontier.size(), frontier.root())
    );
    bytes
}

#[test]
fn a_backup_is_restored_on_either_engine_with_an_equal_root() {
    on_both(async |place| {
        let store = place.open().await;
        fill(&store).await;
        let bytes = back_up(&store).await;
        for target in [Some(Place::sqlite()), Place::postgres()].into_iter().flatten() {
            let restored = target.open().await;
            let report = restored.restore(Cursor::new(&bytes)).await.unwrap();
            let (mut before, mut after) = (store.read().await.unwrap(), restored.read().await.unwrap());
            assert_eq!(report.log_root, before.log_frontier().await.unwrap().root());
            assert_eq!(
                after.log_frontier().await.unwrap(),
                before.log_frontier().await.unwrap()
            );
            let records = after
                .use_records_of_seal(SealId(id(20)), Page::first(99))
                .await
                .unwrap();
            assert_eq!(
                records,
                before
                    .use_records_of_seal(SealId(id(20)), Page::first(99))
                    .await
                    .unwrap()
            );
            assert_eq!(records.len(), 10);
            let again = restored.restore(Cursor::new(&bytes)).await;
            assert!(matches!(again, Err(Error::NotEmpty)), "{again:?}");
            // What was restored goes on: the next change continues the log.
            record!(
                restored,
                usage,
                record_usage,
                UseId(id(200)),
                [requested(200, 20)]
            )
            .unwrap();
            let size = restored
                .read()
                .await
                .unwrap()
                .log_frontier()
                .await
                .unwrap()
                .size();
            assert_eq!(size, report.log_size + 1);
        }
    });
}

#[test]
fn the_backup_of_a_restored_store_is_the_backup() {
    on_both(async |place| {
        let store = place.open().await;
        fill(&store).await;
        let bytes = back_up(&store).await;
        let target = Place::sqlite();
        let restored = target.open().await;
        restored.restore(Cursor::new(&bytes)).await.unwrap();
        let sorted = |bytes: &[u8]| {
            let mut lines: Vec<String> = String::from_utf8_lossy(bytes)
                .lines()
                .map(str::to_owned)
                .collect();
            // The last line hashes the rows in the order in which they were read.
            lines.pop();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&back_up(&restored).await), sorted(&bytes));
    });
}

#[test]
fn a_backup_that_was_cut_off_or_changed_is_refused_and_leaves_nothing() {
    run(async {
        let place = Place::sqlite();
        let store = place.open().await;
        fill(&store).await;
        let bytes = back_up(&store).await;
        let text = String::from_utf8(bytes.clone()).unwrap();
        let target = Place::sqlite();
        let restored = target.open().await;
        let cases = [
            ("cut", text[..text.len() / 2].to_owned()),
            ("without its end", text[..text.rfind("end ").unwrap()].to_owned()),
            ("a number changed", text.replacen("9901000000", "9901000001", 1)),
            ("a row removed", text.replacen("[\"一", "", 1)),
            (
                "another root",
                text.replacen("\"log_root\":\"", "\"log_root\":\"0", 1),
            ),
            (
                "an unknown table",
                text.replacen("table settings", "table sqlite_master", 1),
            ),
            (
                "another program",
                text.replacen("yinxin-backup/1", "yinxin-backup/2", 1),
            ),
            ("nothing", String::new()),
        ];
        for (what, changed) in cases {
            let refused = restored.restore(Cursor::new(changed)).await;
            assert!(
                matches!(refused, Err(Error::Backup { .. })),
                "{what}: {refused:?}"
            );
            let mut reader = restored.read().await.unwrap();
            assert_eq!(reader.log_frontier().await.unwrap().size(), 0, "{what}");
            assert_eq!(reader.seal(SealId(id(20))).await.unwrap().version, 0, "{what}");
        }
        restored.restore(Cursor::new(bytes)).await.unwrap();
    });
}

#[test]
fn an_entry_changed_before_the_backup_is_found_by_the_restore() {
    run(async {
        let place = Place::sqlite();
        let store = place.open().await;
        fill(&store).await;
        tamper(
            &store,
            "UPDATE log_entries SET entry = $1 WHERE idx = 3",
            &[Value::from(&b"x".to_vec())],
        )
        .await;
        let bytes = back_up(&store).await;
        let target = Place::sqlite();
        let refused = target.open().await.restore(Cursor::new(bytes)).await;
        assert!(matches!(refused, Err(Error::Backup { .. })), "{refused:?}");
    });
}

/// What somebody does who has the database's password.
async fn tamper(store: &Store, sql: &'static str, values: &[Value<'_>]) {
    let mut reader = store.read().await.unwrap();
    assert!(reader.conn().execute(Sql::new(sql, &[]), values).await.unwrap() > 0);
}

async fn export(store: &Store) -> Vec<u8> {
    let mut out = audit::ExportWriter::new(Vec::new(), ORIGIN, &[]).unwrap();
    store
        .snapshot()
        .await
        .unwrap()
        .export_log(&mut out)
        .await
        .unwrap();
    out.finish().unwrap()
}

#[test]
fn the_export_has_every_entry_and_each_checkpoint_behind_its_last_entry() {
    on_both(async |place| {
        let store = place.open().await;
        fill(&store).await;
        for size in [2, 5, 13] {
            let note = format!("{size}");
            store
                .chore::<_, Error, _>(move |chore| {
                    let checkpoint = StoredCheckpoint {
                        size,
                        signed_at: now(),
                        note: note.clone(),
                    };
                    Box::pin(async move { chore.put_checkpoint(&checkpoint).await })
                })
                .await
                .unwrap();
        }
        let text = String::from_utf8(export(&store).await).unwrap();
        let kinds: Vec<&str> = text
            .lines()
            .skip(2)
            .map(|line| line.split(' ').next().unwrap())
            .collect();
        let (entry, checkpoint) = ("entry", "checkpoint");
        let mut expected = vec![entry; 13];
        expected.insert(13, checkpoint);
        expected.insert(5, checkpoint);
        expected.insert(2, checkpoint);
        expected.push("end");
        assert_eq!(kinds, expected);
    });
}

const ORIGIN: &str = "yinxin.example/audit";

/// A store with entries and a signed checkpoint over all of them, and the key that signed.
async fn sealed_log(place: &Place) -> (Store, audit::LogKey) {
    let store = place.open().await;
    fill(&store).await;
    // Two entries that differ, so that it matters which comes first.
    set(&store, "first").await.unwrap();
    set(&store, "second").await.unwrap();
    let signer = gm::SigningKey::generate(&mut testkit::SeededRng::new(9));
    let frontier = store.read().await.unwrap().log_frontier().await.unwrap();
    let checkpoint = audit::Checkpoint {
        origin: ORIGIN.to_owned(),
        size: frontier.size(),
        root: frontier.root(),
        time: now(),
    };
    let stored = StoredCheckpoint {
        size: frontier.size(),
        signed_at: now(),
        note: checkpoint.sign(ORIGIN, &signer).unwrap().to_text(),
    };
    store
        .chore::<_, Error, _>(move |chore| {
            let stored = stored.clone();
            Box::pin(async move { chore.put_checkpoint(&stored).await })
        })
        .await
        .unwrap();
    let key = audit::LogKey::new(ORIGIN, gm::Signer::public_key(&signer).clone()).unwrap();
    (store, key)
}

async fn conclusion(store: &Store, key: &audit::LogKey) -> audit::Conclusion {
    let bytes = export(store).await;
    let against = audit::Against {
        keys: std::slice::from_ref(key),
        saved: &[],
        now: now(),
        salt: [1; 16],
    };
    audit::check(|| Ok(Cursor::new(bytes.clone())), against)
        .unwrap()
        .conclusion
}

/// What stands in the tables after somebody was at them, and whether the check of the export finds it.
#[test]
fn a_tampered_log_is_found_from_its_export() {
    on_both(async |place| {
        let (store, key) = sealed_log(&place).await;
        assert_eq!(conclusion(&store, &key).await, audit::Conclusion::Passed);
        let other = entry("forged").to_bytes().unwrap();
        tamper(
            &store,
            "UPDATE log_entries SET entry = $1 WHERE idx = 3",
            &[Value::from(&other)],
        )
        .await;
        assert_eq!(
            conclusion(&store, &key).await,
            audit::Conclusion::Failed,
            "changed"
        );
    });
    let cases = [
        ("removed", vec!["DELETE FROM log_entries WHERE idx = 5"]),
        (
            "removed at the end",
            vec!["DELETE FROM log_entries WHERE idx = 14"],
        ),
        (
            "reordered",
            vec![
                "UPDATE log_entries SET idx = -1 WHERE idx = 13",
                "UPDATE log_entries SET idx = 13 WHERE idx = 14",
                "UPDATE log_entries SET idx = 14 WHERE idx = -1",
            ],
        ),
    ];
    for (what, statements) in cases {
        on_both(async |place| {
            let (store, key) = sealed_log(&place).await;
            for sql in &statements {
                tamper(&store, sql, &[]).await;
            }
            assert_eq!(
                conclusion(&store, &key).await,
                audit::Conclusion::Failed,
                "{what}"
            );
        });
    }
}
