//! Use records: an intent for every key that is used, an outcome for every intent.

use registry::usage::Outcome;
use registry::{Digest32, GrantId, SealId, UnitId, UseId};

use super::examples::*;
use super::nouns::{change, record};
use super::on_both;
use crate::{Error, Page};

const DAY_ONE: &str = "2026-06-15T15:59:59Z";
const DAY_TWO: &str = "2026-06-15T16:00:00Z";

#[test]
fn r75_an_intent_is_found_until_it_has_its_outcome() {
    on_both(async |place| {
        let store = place.open().await;
        let use_id = UseId(id(90));
        record!(
            store,
            usage,
            record_usage,
            use_id,
            [requested(90, 20), begun(DAY_ONE)]
        )
        .unwrap();
        let mut reader = store.read().await.unwrap();
        let later = testkit::time(DAY_TWO);
        let open = reader.unresolved_intents(later, 9).await.unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!(
            (open[0].request, open[0].item, open[0].seal),
            (use_id, 0, SealId(id(20)))
        );
        assert_eq!(
            (open[0].document, open[0].outcome.as_ref()),
            (Digest32([9; 32]), None)
        );
        assert_eq!(reader.unresolved_intents(open[0].begun_at, 9).await.unwrap(), []);

        record!(store, usage, record_usage, use_id, [stamped(DAY_TWO)]).unwrap();
        assert_eq!(reader.unresolved_intents(later, 9).await.unwrap(), []);
        let sealed = Outcome::Stamped {
            sealed: Digest32([8; 32]),
        };
        let expected = Some((later, sealed));
        assert_eq!(reader.use_record(use_id, 9).await.unwrap(), None);
        for record in [
            reader.use_records(use_id, Page::first(9)).await.unwrap(),
            reader
                .use_records_of_seal(SealId(id(20)), Page::first(9))
                .await
                .unwrap(),
            reader
                .use_records_of_unit(UnitId(id(10)), Page::first(9))
                .await
                .unwrap(),
            reader
                .use_records_of_document(&gm::Digest([9; 32]))
                .await
                .unwrap(),
            reader
                .use_records_of_document(&gm::Digest([8; 32]))
                .await
                .unwrap(),
        ] {
            assert_eq!(record.len(), 1);
            assert_eq!(record[0].outcome, expected);
            let one = reader.use_record(use_id, record[0].sequence).await.unwrap();
            assert_eq!(one.as_ref(), record.first());
        }
    });
}

#[test]
fn an_item_is_begun_once_and_finished_once() {
    on_both(async |place| {
        let store = place.open().await;
        let use_id = UseId(id(90));
        record!(
            store,
            usage,
            record_usage,
            use_id,
            [requested(90, 20), begun(DAY_ONE)]
        )
        .unwrap();
        let again = record!(store, usage, record_usage, use_id, [begun(DAY_ONE)]);
        assert!(matches!(again, Err(Error::Duplicate { .. })), "{again:?}");
        record!(store, usage, record_usage, use_id, [failed(DAY_ONE)]).unwrap();
        let again = record!(store, usage, record_usage, use_id, [stamped(DAY_ONE)]);
        assert!(matches!(again, Err(Error::Missing { .. })), "{again:?}");
        // What failed may be tried again, and has a record of its own.
        record!(
            store,
            usage,
            record_usage,
            use_id,
            [begun(DAY_TWO), stamped(DAY_TWO)]
        )
        .unwrap();
        let mut reader = store.read().await.unwrap();
        let records = reader.use_records(use_id, Page::first(9)).await.unwrap();
        let reason = "no key".to_owned();
        assert_eq!(records[0].outcome.as_ref().unwrap().1, Outcome::Failed { reason });
        assert!(matches!(
            records[1].outcome.as_ref().unwrap().1,
            Outcome::Stamped { .. }
        ));
    });
}

#[test]
fn the_volume_of_a_grant_is_counted_by_days_of_china_without_what_failed() {
    on_both(async |place| {
        let store = place.open().await;
        for (number, at) in [(90, DAY_ONE), (91, DAY_ONE), (92, DAY_TWO)] {
            let use_id = UseId(id(number));
            record!(
                store,
                usage,
                record_usage,
                use_id,
                [requested(number, 20), begun(at)]
            )
            .unwrap();
        }
        let mut reader = store.read().await.unwrap();
        let grant = GrantId(id(70));
        let (one, two) = (testkit::time(DAY_ONE), testkit::time(DAY_TWO));
        assert_eq!(reader.grant_used(grant, one).await.unwrap(), 3);
        assert_eq!(reader.grant_used(grant, two).await.unwrap(), 1);
        // It counts for the day on which it was begun, whenever it fails.
        record!(store, usage, record_usage, UseId(id(91)), [failed(DAY_TWO)]).unwrap();
        record!(store, usage, record_usage, UseId(id(92)), [stamped(DAY_TWO)]).unwrap();
        assert_eq!(reader.grant_used(grant, one).await.unwrap(), 2);
        assert_eq!(reader.grant_used(grant, two).await.unwrap(), 1);
        assert_eq!(reader.grant_used(GrantId(id(71)), one).await.unwrap(), 0);
    });
}

#[test]
fn requests_by_unit_and_person() {
    on_both(async |place| {
        let store = place.open().await;
        for number in [90, 91] {
            let use_id = UseId(id(number));
            record!(store, usage, record_usage, use_id, [requested(number, 20)]).unwrap();
        }
        let mut reader = store.read().await.unwrap();
        let unit = UnitId(id(10));
        let newest = reader.usages_of_unit(unit, None, Page::first(1)).await.unwrap();
        assert_eq!(newest[0].id, UseId(id(91)));
        let status = Some(newest[0].status);
        let older = reader
            .usages_of_unit(unit, status, Page::after(UseId(id(91)), 9))
            .await
            .unwrap();
        assert_eq!(older.iter().map(|usage| usage.id.0).collect::<Vec<_>>(), [id(90)]);
        assert_eq!(
            reader
                .usages_of_person(registry::PersonId(id(50)), Page::first(9))
                .await
                .unwrap(),
            []
        );
        assert_eq!(
            reader.usages_lapsing(testkit::time(DAY_TWO), 9).await.unwrap(),
            []
        );
    });
}

#[test]
fn the_documents_of_a_batch_stay_in_their_order_and_are_kept_once() {
    on_both(async |place| {
        let store = place.open().await;
        let batch = [3, 1, 2].map(|byte| Digest32([byte; 32]));
        let add = async || {
            change(&store, move |change| {
                Box::pin(async move { change.add_batch(UseId(id(90)), &batch).await })
            })
            .await
        };
        add().await.unwrap();
        assert!(matches!(add().await, Err(Error::Duplicate { .. })));
        let mut reader = store.read().await.unwrap();
        assert_eq!(reader.batch(UseId(id(90))).await.unwrap(), Some(batch.to_vec()));
        assert_eq!(reader.batch(UseId(id(91))).await.unwrap(), None);
    });
}
