//! The log: appended without gaps, proved, checkpointed.

use audit::{Frontier, leaf_digest, verify_consistency, verify_inclusion};

use super::{entry, now, on_both, set};
use crate::{Entries, Error, LogSearch, Page, Store, StoredCheckpoint};

/// Appends `count` entries, many in a change.
async fn append(store: &Store, count: usize) {
    let change = store.write::<_, Error, _>(move |_| {
        let first = Entries::from(entry("0"));
        let entries = (1..count).fold(first, |entries, i| entries.and(entry(&i.to_string())));
        Box::pin(async move { Ok(((), entries)) })
    });
    change.await.unwrap();
}

#[test]
fn a_new_log_is_empty() {
    on_both(async |place| {
        let store = place.open().await;
        let frontier = store.read().await.unwrap().log_frontier().await.unwrap();
        assert_eq!(frontier, Frontier::new());
        assert_eq!(
            store.read().await.unwrap().newest_checkpoint().await.unwrap(),
            None
        );
    });
}

#[test]
fn every_entry_is_proved_and_every_size_continues_the_one_before() {
    on_both(async |place| {
        let store = place.open().await;
        append(&store, 700).await;
        let mut reader = store.snapshot().await.unwrap();
        let entries = reader.log_entries(0, 1000).await.unwrap();
        let mut expected = Frontier::new();
        let mut roots = vec![expected.root()];
        for (index, logged) in (0..).zip(&entries) {
            assert_eq!(logged.index, index);
            assert_eq!(
                audit::Entry::from_bytes(&logged.bytes).unwrap(),
                entry(&index.to_string())
            );
            expected.append(leaf_digest(&logged.bytes));
            roots.push(expected.root());
        }
        assert_eq!(reader.log_frontier().await.unwrap(), expected);
        assert_eq!(expected.size(), 700);
        for index in [0, 1, 255, 256, 257, 511, 512, 698, 699] {
            let leaf = leaf_digest(&entries[index as usize].bytes);
            let proof = reader.inclusion_proof(index, 700).await.unwrap();
            verify_inclusion(index, 700, &leaf, &proof, &roots[700]).unwrap();
        }
        for from in [0, 1, 255, 256, 300, 512, 699, 700] {
            let proof = reader.consistency_proof(from, 700).await.unwrap();
            verify_consistency(from, 700, &roots[from as usize], &roots[700], &proof).unwrap();
            assert_eq!(
                reader.log_root_at(from).await.unwrap(),
                roots[from as usize],
                "{from}"
            );
        }
        for (index, size) in [(700, 700), (5, 701), (0, 0)] {
            let refused = reader.inclusion_proof(index, size).await;
            assert!(matches!(refused, Err(Error::Damaged { .. })), "{index} in {size}");
        }
    });
}

#[test]
fn entries_are_found_by_their_subject_newest_first() {
    on_both(async |place| {
        let store = place.open().await;
        append(&store, 20).await;
        set(&store, "7").await.unwrap();
        let mut reader = store.read().await.unwrap();
        let about = |entries: Vec<crate::LoggedEntry>| entries.iter().map(|e| e.index).collect::<Vec<_>>();
        let first = reader
            .log_entries_about("test", "7", Page::first(1))
            .await
            .unwrap();
        assert_eq!(about(first), [20]);
        let next = reader
            .log_entries_about("test", "7", Page::after(20, 10))
            .await
            .unwrap();
        assert_eq!(about(next), [7]);
        assert_eq!(
            reader
                .log_entries_about("seal", "7", Page::first(9))
                .await
                .unwrap(),
            []
        );
    });
}

#[test]
fn checkpoints_are_kept_once_for_each_size() {
    on_both(async |place| {
        let store = place.open().await;
        for (size, note) in [(3, "three"), (5, "five"), (3, "three again")] {
            let checkpoint = StoredCheckpoint {
                size,
                signed_at: now(),
                note: note.to_owned(),
            };
            let put = store.chore::<_, Error, _>(move |chore| {
                let checkpoint = checkpoint.clone();
                Box::pin(async move { chore.put_checkpoint(&checkpoint).await })
            });
            put.await.unwrap();
        }
        let mut reader = store.read().await.unwrap();
        assert_eq!(reader.newest_checkpoint().await.unwrap().unwrap().note, "five");
        let notes: Vec<String> = reader
            .checkpoints(0, 10)
            .await
            .unwrap()
            .into_iter()
            .map(|checkpoint| checkpoint.note)
            .collect();
        assert_eq!(notes, ["three", "five"]);
    });
}

#[test]
fn entries_are_found_by_the_bytes_they_hold_within_a_range() {
    on_both(async |place| {
        let store = place.open().await;
        append(&store, 30).await;
        let mut reader = store.read().await.unwrap();
        let whole = reader.log_entries(7, 1).await.unwrap().remove(0);
        let search = |parts: [&[u8]; 4], before, down_to, limit| LogSearch {
            before,
            down_to,
            parts: parts.map(<[u8]>::to_vec),
            limit,
        };
        let mut places = async |search: LogSearch| {
            let found = reader.search_log(&search).await.unwrap();
            found.iter().map(|logged| logged.index).collect::<Vec<_>>()
        };
        let nothing: &[u8] = b"";
        let all = [nothing; 4];
        assert_eq!(places(search(all, 30, 0, 3)).await, [29, 28, 27]);
        assert_eq!(places(search(all, 4, 2, 100)).await, [3, 2]);
        assert!(places(search(all, 0, 0, 100)).await.is_empty());
        let this = whole.bytes.as_slice();
        assert_eq!(
            places(search([this, nothing, b"\"act\"", nothing], 30, 0, 9)).await,
            [7]
        );
        let injected = search([this, b"'; DROP TABLE", nothing, nothing], 30, 0, 9);
        assert!(places(injected).await.is_empty());
    });
}

#[test]
fn the_first_entry_of_a_time_is_found_by_halving() {
    on_both(async |place| {
        let store = place.open().await;
        let mut reader = store.read().await.unwrap();
        assert_eq!(reader.log_index_at(now()).await.unwrap(), 0);
        drop(reader);
        for minute in 0..9 {
            let change = store.write::<_, Error, _>(move |_| {
                let mut one = entry(&minute.to_string());
                one.time = now() + jiff::SignedDuration::from_mins(minute);
                Box::pin(async move { Ok(((), Entries::from(one))) })
            });
            change.await.unwrap();
        }
        let mut reader = store.read().await.unwrap();
        for (seconds, index) in [(-1, 0), (0, 0), (1, 1), (60, 1), (61, 2), (480, 8), (481, 9)] {
            let at = now() + jiff::SignedDuration::from_secs(seconds);
            assert_eq!(reader.log_index_at(at).await.unwrap(), index, "{seconds}");
        }
    });
}
