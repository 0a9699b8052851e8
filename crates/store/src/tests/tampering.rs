//! Whatever is done to the log's rows behind the program's back, the check of an export finds it.

use audit::{
    Against, Checkpoint, Conclusion, Entry, ExportWriter, Frontier, LogKey, Report, SignedCheckpoint, act,
    check, leaf_digest,
};
use gm::{Signer as _, SigningKey};
use jiff::{SignedDuration, Timestamp};
use testkit::SeededRng;

use super::{entry, now, on_both};
use crate::sql::{Sql, Value};
use crate::{Entries, Error, Store, StoredCheckpoint};

const ORIGIN: &str = "yinxin.test/audit";

fn signing_key(seed: u64) -> SigningKey {
    SigningKey::generate(&mut SeededRng::new(seed))
}

fn log_key() -> LogKey {
    LogKey::new(ORIGIN, signing_key(1).public_key().clone()).unwrap()
}

fn at(second: u64) -> Timestamp {
    now() + SignedDuration::from_secs(second as i64)
}

fn made(second: u64, act: &str, id: &str) -> Entry {
    let mut entry = entry(id);
    entry.time = at(second);
    entry.act = act.to_owned();
    entry
}

/// Signs what the store says is its root, and keeps that.
async fn sign(store: &Store, seed: u64) -> SignedCheckpoint {
    let frontier = store.read().await.unwrap().log_frontier().await.unwrap();
    put(store, &frontier, seed).await
}

async fn put(store: &Store, frontier: &Frontier, seed: u64) -> SignedCheckpoint {
    let checkpoint = Checkpoint {
        origin: ORIGIN.into(),
        size: frontier.size(),
        root: frontier.root(),
        time: at(frontier.size()),
    };
    let signed = checkpoint.sign(ORIGIN, &signing_key(seed)).unwrap();
    let stored = StoredCheckpoint {
        size: checkpoint.size,
        signed_at: checkpoint.time,
        note: signed.to_text(),
    };
    let kept = store.chore::<_, Error, _>(move |chore| {
        let stored = stored.clone();
        Box::pin(async move { chore.put_checkpoint(&stored).await })
    });
    kept.await.unwrap();
    signed
}

/// Ten uses, each with its outcome: entries 0 to 19, with a checkpoint before them and behind every fifth. Returns
/// the one of the first ten entries.
async fn honest_log(store: &Store) -> SignedCheckpoint {
    let mut signed = vec![sign(store, 1).await];
    for second in 0..20 {
        let act = if second % 2 == 0 {
            act::USE_INTENDED
        } else {
            act::USE_OUTCOME
        };
        let entry = made(second, act, &format!("use-{}", second / 2));
        let change = store.write::<_, Error, _>(move |_| {
            let entries = Entries::from(entry.clone());
            Box::pin(async move { Ok(((), entries)) })
        });
        change.await.unwrap();
        if second % 5 == 4 {
            signed.push(sign(store, 1).await);
        }
    }
    signed.swap_remove(2)
}

async fn export(store: &Store) -> Vec<u8> {
    let mut writer = ExportWriter::new(Vec::new(), ORIGIN, &[log_key()]).unwrap();
    let mut reader = store.snapshot().await.unwrap();
    reader.export_log(&mut writer).await.unwrap();
    writer.finish().unwrap()
}

async fn checked(store: &Store, saved: SignedCheckpoint) -> Report {
    let export = export(store).await;
    let against = Against {
        keys: &[log_key()],
        saved: &[saved],
        now: at(1000),
        salt: [9; 16],
    };
    check(|| Ok(&export[..]), against).unwrap()
}

/// A parameter that a closure can keep.
#[derive(Clone)]
enum Given {
    Int(i64),
    Bytes(Vec<u8>),
}

impl Given {
    fn value(&self) -> Value<'_> {
        match self {
            Given::Int(int) => Value::from(*int),
            Given::Bytes(bytes) => Value::from(bytes),
        }
    }
}

/// Runs statements on the log's tables as somebody with the database's password would.
async fn tamper(store: &Store, statements: Vec<(Sql, Vec<Given>)>) {
    let done = store.chore::<_, Error, _>(move |chore| {
        let statements = statements.clone();
        Box::pin(async move {
            for (statement, parameters) in &statements {
                let values: Vec<Value> = parameters.iter().map(Given::value).collect();
                chore.conn().execute(*statement, &values).await?;
            }
            Ok(())
        })
    });
    done.await.unwrap();
}

/// An honest log is tampered with, exported and checked; the codes of what was found.
fn found(statements: impl Fn(&[Vec<u8>]) -> Vec<(Sql, Vec<Given>)>, expected: &[&str]) {
    on_both(async |place| {
        let store = place.open().await;
        let saved = honest_log(&store).await;
        let rows = store.read().await.unwrap().log_entries(0, 100).await.unwrap();
        let rows: Vec<Vec<u8>> = rows.into_iter().map(|row| row.bytes).collect();
        tamper(&store, statements(&rows)).await;
        let report = checked(&store, saved).await;
        assert_eq!(report.conclusion, Conclusion::Failed);
        assert_eq!(codes(&report), expected);
    });
}

fn codes(report: &Report) -> Vec<String> {
    let mut codes = Vec::new();
    for finding in report.findings.list() {
        let code = serde_json::to_value(finding).unwrap()["code"]
            .as_str()
            .unwrap()
            .to_owned();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

#[test]
fn an_honest_log_is_exported_and_passes() {
    on_both(async |place| {
        let store = place.open().await;
        let saved = honest_log(&store).await;
        let report = checked(&store, saved).await;
        assert_eq!(codes(&report), [""; 0]);
        assert_eq!(report.conclusion, Conclusion::Passed);
        assert_eq!((report.entries, report.covered), (20, 20));
        assert_eq!((report.sound_checkpoints, report.sound_saved), (5, 1));
        let frontier = store.read().await.unwrap().log_frontier().await.unwrap();
        assert_eq!(report.root, frontier.root());
    });
}

#[test]
fn an_export_of_many_reads_is_whole() {
    on_both(async |place| {
        let store = place.open().await;
        let change = store.write::<_, Error, _>(|_| {
            let made = |n: u64| made(0, "test.done", &n.to_string());
            let entries = (1..2500).fold(Entries::from(made(0)), |entries, n| entries.and(made(n)));
            Box::pin(async move { Ok(((), entries)) })
        });
        change.await.unwrap();
        let signed = sign(&store, 1).await;
        let report = checked(&store, signed).await;
        assert_eq!((report.conclusion, report.entries), (Conclusion::Passed, 2500));
    });
}

#[test]
fn a_changed_row_is_found() {
    found(
        |rows| vec![(SET_ENTRY, vec![Given::Int(13), changed(&rows[13])])],
        &["CHECKPOINT_ROOT", "TAIL_UNCOVERED"],
    );
}

/// Also with its digest, which the proofs are made from.
#[test]
fn a_changed_row_with_its_digest_is_found() {
    found(
        |rows| {
            let bytes = changed_bytes(&rows[13]);
            let leaf = Given::Bytes(leaf_digest(&bytes).0.to_vec());
            vec![
                (SET_ENTRY, vec![Given::Int(13), Given::Bytes(bytes.clone())]),
                (SET_LEAF, vec![Given::Int(13), leaf]),
            ]
        },
        &["CHECKPOINT_ROOT", "TAIL_UNCOVERED"],
    );
}

#[test]
fn a_removed_row_is_found() {
    found(
        |_| vec![(REMOVE, vec![Given::Int(12)])],
        &[
            "CHECKPOINT_ROOT",
            "CHECKPOINT_PLACE",
            "TAIL_UNCOVERED",
            "OUTCOME_WITHOUT_INTENT",
        ],
    );
}

#[test]
fn rows_removed_from_the_end_are_found() {
    found(
        |_| vec![(REMOVE, vec![Given::Int(18)]), (REMOVE, vec![Given::Int(19)])],
        &["CHECKPOINT_PLACE", "TAIL_UNCOVERED"],
    );
}

/// At the largest index, behind which no other can be asked for.
#[test]
fn a_row_put_at_the_end_is_found() {
    found(
        |rows| {
            let index = Given::Int(i64::MAX);
            vec![(INSERT, vec![index, Given::Bytes(rows[0].clone())])]
        },
        &["TAIL_UNCOVERED", "SUBJECT_REPEATED"],
    );
}

#[test]
fn reordered_rows_are_found() {
    found(
        |rows| {
            vec![
                (SET_ENTRY, vec![Given::Int(14), Given::Bytes(rows[15].clone())]),
                (SET_ENTRY, vec![Given::Int(15), Given::Bytes(rows[14].clone())]),
            ]
        },
        &[
            "CHECKPOINT_ROOT",
            "TAIL_UNCOVERED",
            "OUTCOME_WITHOUT_INTENT",
            "OUTCOME_MISSING",
        ],
    );
}

#[test]
fn a_removed_checkpoint_leaves_its_entries_unproved_only_at_the_end() {
    on_both(async |place| {
        let store = place.open().await;
        let saved = honest_log(&store).await;
        tamper(&store, vec![(REMOVE_CHECKPOINT, vec![Given::Int(15)])]).await;
        assert_eq!(
            checked(&store, saved.clone()).await.conclusion,
            Conclusion::Passed
        );
        tamper(&store, vec![(REMOVE_CHECKPOINT, vec![Given::Int(20)])]).await;
        let report = checked(&store, saved).await;
        assert_eq!(report.conclusion, Conclusion::Indeterminate);
        assert_eq!(codes(&report), ["TAIL_UNCOVERED"]);
    });
}

/// The whole log is written anew, with digests, head and checkpoints, as whoever runs the program could.
#[test]
fn a_rewritten_log_is_found() {
    for (seed, expected) in [
        (1, &["SAVED_ROOT"][..]),
        (2, &["SAVED_ROOT", "CHECKPOINT_UNPROVED", "NO_CHECKPOINT"]),
    ] {
        on_both(async |place| {
            let store = place.open().await;
            let saved = honest_log(&store).await;
            rewrite(&store, seed).await;
            let report = checked(&store, saved).await;
            assert_eq!(report.conclusion, Conclusion::Failed);
            assert_eq!(codes(&report), expected);
        });
    }
}

/// Another actor in entry 3; everything that follows from it fits again.
async fn rewrite(store: &Store, seed: u64) {
    let rows = store.read().await.unwrap().log_entries(0, 100).await.unwrap();
    let mut frontier = Frontier::new();
    let mut statements = Vec::new();
    for row in rows {
        let bytes = if row.index == 3 {
            changed_bytes(&row.bytes)
        } else {
            row.bytes
        };
        let leaf = leaf_digest(&bytes);
        frontier.append(leaf);
        let index = Given::Int(row.index as i64);
        statements.push((SET_ENTRY, vec![index.clone(), Given::Bytes(bytes.clone())]));
        statements.push((SET_LEAF, vec![index, Given::Bytes(leaf.0.to_vec())]));
    }
    for size in [0, 5, 10, 15, 20] {
        statements.push((REMOVE_CHECKPOINT, vec![Given::Int(size)]));
    }
    statements.push((SET_HEAD, vec![Given::Bytes(frontier.to_bytes())]));
    tamper(store, statements).await;
    put(store, &frontier, seed).await;
}

fn changed_bytes(row: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(row.to_vec()).unwrap();
    let changed = text.replace("\"id\":\"test\"", "\"id\":\"else\"");
    assert_ne!(changed, text);
    changed.into_bytes()
}

fn changed(row: &[u8]) -> Given {
    Given::Bytes(changed_bytes(row))
}

const SET_ENTRY: Sql = Sql::new("UPDATE log_entries SET entry = $2 WHERE idx = $1", &[]);
const SET_LEAF: Sql = Sql::new("UPDATE log_entries SET leaf = $2 WHERE idx = $1", &[]);
const INSERT: Sql = Sql::new(
    "INSERT INTO log_entries (idx, happened_at, act, subject_kind, subject_id, entry, leaf)
        VALUES ($1, 0, 'a', 'b', 'c', $2, $2)",
    &[],
);
const REMOVE: Sql = Sql::new("DELETE FROM log_entries WHERE idx = $1", &[]);
const REMOVE_CHECKPOINT: Sql = Sql::new("DELETE FROM log_checkpoints WHERE size = $1", &[]);
const SET_HEAD: Sql = Sql::new("UPDATE log_head SET frontier = $1 WHERE id = 1", &[]);
