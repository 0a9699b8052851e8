//! The nouns: what is recorded is found, by everything that is searched, and what is unique stays unique.

use registry::seal::{Owner, SealStatus};
use registry::*;
use uuid::Uuid;

use super::examples::*;
use super::{entry, on_both};
use crate::{Change, Entries, Error, Page, Store, Work};

/// One change with an entry.
pub(crate) async fn change<T: Send + 'static>(
    store: &Store,
    mut work: impl for<'t> FnMut(&'t mut Change) -> Work<'t, Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let written = store.write(move |change| {
        let running = work(change);
        Box::pin(async move { Ok((running.await?, Entries::from(entry("noun")))) })
    });
    written.await
}

/// `record!(store, seal, record_seal, SealId(…), [events])`: reads and records in one change.
macro_rules! record {
    ($store:expr, $current:ident, $record:ident, $id:expr, [$($event:expr),*]) => {{
        let id = $id;
        let events = vec![$($event),*];
        $crate::tests::nouns::change(&$store, move |change| {
            let events = events.clone();
            Box::pin(async move {
                let current = change.$current(id).await?;
                change.$record(id, current, &events, &recorded()).await
            })
        })
        .await
    }};
}
pub(crate) use record;

#[test]
fn the_tree_of_authorities() {
    on_both(async |place| {
        let store = place.open().await;
        for (number, parent) in [(1, None), (2, Some(1)), (3, Some(2)), (4, Some(1))] {
            let id = AuthorityId(id(number));
            let made = record!(
                store,
                authority,
                record_authority,
                id,
                [authority(number, parent)]
            )
            .unwrap();
            assert_eq!((made.version, made.state.unwrap().id), (1, id));
        }
        record!(
            store,
            unit,
            record_unit,
            UnitId(id(10)),
            [unit(10, 3, "91110000600037341L")]
        )
        .unwrap();
        let mut reader = store.read().await.unwrap();
        let [one, two, three, four] = [1, 2, 3, 4].map(|number| AuthorityId(id(number)));
        assert_eq!(reader.lineage(three).await.unwrap(), [three, two, one]);
        assert!(reader.is_in_subtree(three, one).await.unwrap());
        assert!(!reader.is_in_subtree(three, four).await.unwrap());
        assert_eq!(reader.lineage(AuthorityId(id(99))).await.unwrap(), []);
        let ids = |found: Vec<Authority>| found.iter().map(|authority| authority.id).collect::<Vec<_>>();
        assert_eq!(
            ids(reader.authorities_below(Some(one), Page::first(1)).await.unwrap()),
            [two]
        );
        assert_eq!(
            ids(reader
                .authorities_below(Some(one), Page::after(two, 5))
                .await
                .unwrap()),
            [four]
        );
        assert_eq!(
            ids(reader.authorities_below(None, Page::first(5)).await.unwrap()),
            [one]
        );
        assert_eq!(reader.dependants(one).await.unwrap(), 2);
        assert_eq!(reader.dependants(three).await.unwrap(), 1);
    });
}

#[test]
fn units_by_code_name_and_authority() {
    on_both(async |place| {
        let store = place.open().await;
        let (first, second) = ("91110000600037341L", "91350100M000100Y43");
        record!(store, unit, record_unit, UnitId(id(10)), [unit(10, 1, first)]).unwrap();
        record!(store, unit, record_unit, UnitId(id(11)), [unit(11, 1, second)]).unwrap();
        let twice = record!(store, unit, record_unit, UnitId(id(12)), [unit(12, 1, first)]);
        assert!(matches!(twice, Err(Error::Duplicate { .. })), "{twice:?}");
        let mut reader = store.read().await.unwrap();
        let found = reader
            .unit_by_code(&first.parse().unwrap())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.id, UnitId(id(10)));
        let ids = |found: Vec<Unit>| found.iter().map(|unit| unit.id.0).collect::<Vec<_>>();
        assert_eq!(
            ids(reader.units_named("示例", Page::first(9)).await.unwrap()),
            [id(10), id(11)]
        );
        assert_eq!(
            ids(reader
                .units_named("示例", Page::after("示例单位10", 9))
                .await
                .unwrap()),
            [id(11)]
        );
        assert_eq!(
            ids(reader.units_named("单位", Page::first(9)).await.unwrap()),
            NONE
        );
        let page = Page::after(UnitId(id(10)), 9);
        assert_eq!(
            ids(reader.units_of_authority(AuthorityId(id(1)), page).await.unwrap()),
            [id(11)]
        );
        assert_eq!(reader.unit(UnitId(id(12))).await.unwrap().version, 0);
        assert_eq!(reader.unit_events(UnitId(id(12))).await.unwrap(), []);
    });
}

#[test]
fn people_by_their_appointments() {
    on_both(async |place| {
        let store = place.open().await;
        let events = [person(50), appointed("custodian", 10), appointed("agent", 10)];
        let [born, custodian, agent] = events;
        record!(store, person, record_person, PersonId(id(50)), [born, custodian]).unwrap();
        record!(store, person, record_person, PersonId(id(50)), [agent]).unwrap();
        record!(
            store,
            person,
            record_person,
            PersonId(id(52)),
            [person(52), appointed("agent", 11)]
        )
        .unwrap();
        let mut reader = store.read().await.unwrap();
        let scope = Scope::Unit(UnitId(id(10)));
        let ids = |found: Vec<Person>| found.iter().map(|person| person.id.0).collect::<Vec<_>>();
        let agents = reader
            .people_in(scope, Some(Role::Agent), Page::first(9))
            .await
            .unwrap();
        assert_eq!(ids(agents), [id(50)]);
        let principals = reader
            .people_in(scope, Some(Role::Principal), Page::first(9))
            .await
            .unwrap();
        assert_eq!(ids(principals), NONE);
        assert_eq!(
            ids(reader.people_in(scope, None, Page::first(9)).await.unwrap()),
            [id(50)]
        );
        assert_eq!(reader.person(PersonId(id(50))).await.unwrap().version, 3);
    });
}

#[test]
fn r27_a_second_live_legal_name_seal_is_refused_by_the_database() {
    on_both(async |place| {
        let store = place.open().await;
        let (first, second) = (SealId(id(20)), SealId(id(21)));
        record!(store, seal, record_seal, first, [seal(20, 10, "legal_name", 1)]).unwrap();
        let twice = record!(store, seal, record_seal, second, [seal(21, 10, "legal_name", 2)]);
        assert!(matches!(twice, Err(Error::Duplicate { .. })), "{twice:?}");
        // Another unit's, another kind, and a successor after the end are no matter.
        record!(
            store,
            seal,
            record_seal,
            SealId(id(22)),
            [seal(22, 11, "legal_name", 3)]
        )
        .unwrap();
        record!(
            store,
            seal,
            record_seal,
            SealId(id(23)),
            [seal(23, 10, "finance", 4)]
        )
        .unwrap();
        record!(
            store,
            seal,
            record_seal,
            first,
            [cancelled("2026-08-01T00:00:00Z")]
        )
        .unwrap();
        record!(store, seal, record_seal, second, [seal(21, 10, "legal_name", 1)]).unwrap();
        let mut reader = store.read().await.unwrap();
        let owner = Owner::Unit { unit: UnitId(id(10)) };
        let places: Vec<Uuid> = reader
            .seals_not_ended(owner)
            .await
            .unwrap()
            .iter()
            .map(|seal| seal.id.0)
            .collect();
        assert_eq!(places, [id(21), id(23)]);
    });
}

#[test]
fn r28_two_live_seals_with_one_impression_are_refused_by_the_database() {
    on_both(async |place| {
        let store = place.open().await;
        record!(
            store,
            seal,
            record_seal,
            SealId(id(20)),
            [seal(20, 10, "finance", 1)]
        )
        .unwrap();
        let same = record!(
            store,
            seal,
            record_seal,
            SealId(id(21)),
            [seal(21, 10, "contract", 1)]
        );
        assert!(matches!(same, Err(Error::Duplicate { .. })), "{same:?}");
        record!(
            store,
            seal,
            record_seal,
            SealId(id(21)),
            [seal(21, 10, "contract", 2)]
        )
        .unwrap();
        record!(
            store,
            seal,
            record_seal,
            SealId(id(22)),
            [seal(22, 11, "contract", 1)]
        )
        .unwrap();
    });
}

#[test]
fn seals_by_everything_that_is_searched() {
    on_both(async |place| {
        let store = place.open().await;
        for (number, unit, impression) in [(20, 10, 1), (21, 10, 2), (22, 11, 3)] {
            let made = seal(number, unit, "finance", impression);
            record!(store, seal, record_seal, SealId(id(number)), [made]).unwrap();
        }
        record!(store, seal, record_seal, SealId(id(20)), [renewed(20)]).unwrap();
        let mut reader = store.read().await.unwrap();
        let ids = |found: Vec<SealRecord>| found.iter().map(|seal| seal.id.0).collect::<Vec<_>>();
        let unit = UnitId(id(10));
        assert_eq!(
            ids(reader.seals_of_unit(unit, Page::first(9)).await.unwrap()),
            [id(21), id(20)]
        );
        let page = Page::after(SealId(id(21)), 9);
        assert_eq!(ids(reader.seals_of_unit(unit, page).await.unwrap()), [id(20)]);
        assert_eq!(
            ids(reader.seals_by_code("99010000000020").await.unwrap()),
            [id(20)]
        );
        for certificate in [20, 200] {
            let digest = gm::Digest([certificate; 32]);
            let found = reader.seal_by_certificate(&digest).await.unwrap().unwrap();
            assert_eq!(found.id, SealId(id(20)), "{certificate}");
        }
        let authority = AuthorityId(id(1));
        let made = reader
            .seals_of_authority(authority, Some(SealStatus::Made), Page::first(2))
            .await
            .unwrap();
        assert_eq!(ids(made), [id(22), id(21)]);
        let all = reader
            .seals_of_authority(authority, None, Page::first(9))
            .await
            .unwrap();
        assert_eq!(ids(all), [id(22), id(21), id(20)]);
        assert_eq!(
            reader.seal_counts(authority).await.unwrap(),
            [("active".to_owned(), 1), ("made".to_owned(), 2)]
        );
        let (from, until) = (
            testkit::time("2027-01-01T00:00:00Z"),
            testkit::time("2028-01-01T00:00:00Z"),
        );
        let ending = reader
            .seals_ending(SealStatus::Made, from, until, 9)
            .await
            .unwrap();
        assert_eq!(ids(ending), [id(21), id(22)]);
        assert_eq!(
            ids(reader
                .seals_ending(SealStatus::Made, until, until, 9)
                .await
                .unwrap()),
            NONE
        );
        let kept = reader
            .seals_of_custodian(PersonId(id(50)), Page::first(9))
            .await
            .unwrap();
        assert_eq!(ids(kept), NONE);
    });
}

#[test]
fn the_state_as_of_any_past_instant() {
    on_both(async |place| {
        let store = place.open().await;
        let id = SealId(id(20));
        record!(store, seal, record_seal, id, [seal(20, 10, "finance", 1)]).unwrap();
        record!(store, seal, record_seal, id, [cancelled("2026-08-01T00:00:00Z")]).unwrap();
        let mut reader = store.read().await.unwrap();
        let cases = [
            ("2026-05-31T23:59:59Z", None),
            ("2026-06-01T00:00:00Z", Some(SealStatus::Made)),
            ("2026-07-31T23:59:59Z", Some(SealStatus::Made)),
            ("2026-08-01T00:00:00Z", Some(SealStatus::Cancelled)),
        ];
        for (then, status) in cases {
            let state = reader.seal_as_of(id, testkit::time(then)).await.unwrap();
            assert_eq!(state.map(|seal| seal.status), status, "{then}");
        }
        let events = reader.seal_events(id).await.unwrap();
        assert_eq!(
            events.iter().map(|event| event.sequence).collect::<Vec<_>>(),
            [1, 2]
        );
        assert_eq!(events[0].event, seal(20, 10, "finance", 1));
        assert_eq!(events[0].recorded, recorded());
        let changed = reader.recorded_between(
            SubjectKind::Seal,
            recorded().at,
            testkit::time("2027-01-01T00:00:00Z"),
            9,
        );
        assert_eq!(changed.await.unwrap(), [Subject::from(id); 2]);
        let until = testkit::time("2027-01-01T00:00:00Z");
        let begin = (jiff::Timestamp::UNIX_EPOCH, SealId(Uuid::nil()));
        let ended = reader.seals_ended(begin, until, 9).await.unwrap();
        assert_eq!(ended, [(recorded().at, id)]);
        assert_eq!(reader.seals_ended(ended[0], until, 9).await.unwrap(), []);
    });
}

#[test]
fn who_builds_on_an_old_state_is_refused() {
    on_both(async |place| {
        let store = place.open().await;
        let id = SealId(id(20));
        record!(store, seal, record_seal, id, [seal(20, 10, "finance", 1)]).unwrap();
        let old = store.read().await.unwrap().seal(id).await.unwrap();
        record!(store, seal, record_seal, id, [renewed(20)]).unwrap();
        let late = change(&store, move |change| {
            let old = old.clone();
            Box::pin(async move { change.record_seal(id, old, &[cancelled(AT)], &recorded()).await })
        });
        let late = late.await;
        assert!(
            matches!(late, Err(Error::Conflict { expected: 1, .. })),
            "{late:?}"
        );
        let now = store.read().await.unwrap().seal(id).await.unwrap();
        assert_eq!((now.version, now.state.unwrap().status), (2, SealStatus::Active));
    });
}

#[test]
fn applications_policies_grants_and_filings() {
    on_both(async |place| {
        let store = place.open().await;
        let (unit, seal_id) = (UnitId(id(10)), SealId(id(20)));
        record!(store, seal, record_seal, seal_id, [seal(20, 10, "finance", 1)]).unwrap();
        let asked = application(30, 10, 20);
        record!(
            store,
            application,
            record_application,
            ApplicationId(id(30)),
            [asked]
        )
        .unwrap();
        record!(store, policy, record_policy, PolicyId(id(40)), [policy(40, 10)]).unwrap();
        let second = record!(store, policy, record_policy, PolicyId(id(41)), [policy(41, 10)]);
        assert!(matches!(second, Err(Error::Duplicate { .. })), "{second:?}");
        record!(store, grant, record_grant, GrantId(id(70)), [grant(70, 10, 20)]).unwrap();
        let (soon, later) = ("2026-06-02T00:00:00Z", "2026-06-03T00:00:00Z");
        for number in [80, 81, 82] {
            let opened = filing(number, 20, soon);
            record!(store, filing, record_filing, FilingId(id(number)), [opened]).unwrap();
        }
        record!(store, filing, record_filing, FilingId(id(81)), [accepted(soon)]).unwrap();
        record!(store, filing, record_filing, FilingId(id(82)), [accepted(later)]).unwrap();
        let mut reader = store.read().await.unwrap();
        let drafts = application::ApplicationStatus::Draft;
        let page = Page::first(9);
        assert_eq!(
            reader
                .applications_to_authority(AuthorityId(id(1)), drafts, page)
                .await
                .unwrap()
                .len(),
            1
        );
        assert_eq!(reader.applications_of_unit(unit, page).await.unwrap().len(), 1);
        assert_eq!(
            reader
                .applications_of_agent(PersonId(id(50)), page)
                .await
                .unwrap()
                .len(),
            1
        );
        assert_eq!(
            reader.applications_about_seal(seal_id, page).await.unwrap().len(),
            1
        );
        let places = reader
            .applications_holding_place(Some(unit), PersonId(id(50)))
            .await
            .unwrap();
        assert_eq!(places, []);
        assert_eq!(
            reader.applications_due(testkit::time(later), 9).await.unwrap(),
            []
        );
        assert_eq!(
            reader.policy_of_unit(unit).await.unwrap().unwrap().id,
            PolicyId(id(40))
        );
        assert_eq!(
            reader.grants_of_unit(unit, Page::first(9)).await.unwrap().len(),
            1
        );
        assert_eq!(
            reader
                .grants_of_seal(seal_id, Page::first(9))
                .await
                .unwrap()
                .len(),
            1
        );
        let applied = grant::GrantStatus::Applied;
        let system = SystemId(id(60));
        assert_eq!(
            reader
                .grants_of_system(system, applied, Page::first(9))
                .await
                .unwrap()
                .len(),
            1
        );
        let due: Vec<Uuid> = reader
            .filings_due(testkit::time(later), 9)
            .await
            .unwrap()
            .iter()
            .map(|filing| filing.id.0)
            .collect();
        assert_eq!(due, [id(80)]);
        assert_eq!(reader.filings_of_seal(seal_id).await.unwrap().len(), 3);
        let (from, until) = (testkit::time(AT), testkit::time(later));
        let figures = reader
            .filing_figures(AuthorityId(id(1)), from, until)
            .await
            .unwrap();
        assert_eq!((figures.in_time, figures.late, figures.open), (1, 1, 1));
    });
}
