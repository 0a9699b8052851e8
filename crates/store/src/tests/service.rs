//! What the service keeps for itself: answers, jobs, accounts, sessions, clients.

use jiff::{SignedDuration, Timestamp};
use registry::{PersonId, SystemId};
use serde_json::json;
use uuid::Uuid;

use super::examples::{NONE, id};
use super::nouns::change;
use super::{now, on_both};
use crate::{
    Account, ApiClient, Chore, Error, KeptResponse, Page, PersonalData, Session, Store, Upload, Work,
};

async fn chore<T: Send + 'static>(
    store: &Store,
    work: impl for<'t> FnMut(&'t mut Chore) -> Work<'t, Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    store.chore(work).await
}

fn after(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

#[test]
fn an_idempotency_key_serves_once() {
    on_both(async |place| {
        let store = place.open().await;
        let response = KeptResponse {
            request: gm::sm3(b"request"),
            status: 201,
            body: b"{}".to_vec(),
        };
        for twice in [false, true] {
            let response = response.clone();
            let kept = change(&store, move |change| {
                let response = response.clone();
                Box::pin(async move {
                    change.put_setting("counter", 0, &json!(1), now()).await?;
                    change.keep_response("client 1", "key", &response, now()).await
                })
            });
            let kept = kept.await;
            assert_eq!(kept.is_err(), twice, "{kept:?}");
        }
        let mut reader = store.read().await.unwrap();
        assert_eq!(
            reader.kept_response("client 1", "key").await.unwrap(),
            Some(response)
        );
        assert_eq!(reader.kept_response("client 2", "key").await.unwrap(), None);
        let forgotten = chore(&store, |chore| Box::pin(chore.forget_responses(after(1)))).await;
        assert_eq!(forgotten.unwrap(), 1);
        let huge = chore(&store, |chore| {
            Box::pin(async move {
                let body = vec![0; crate::RESPONSE_BYTES_MAX + 1];
                let huge = KeptResponse {
                    request: gm::sm3(b"request"),
                    status: 200,
                    body,
                };
                chore.keep_response("client 1", "huge", &huge, now()).await
            })
        });
        assert!(matches!(huge.await, Err(Error::TooLarge { .. })));
    });
}

/// Adds a job that is due now.
async fn add_job(store: &Store, number: u64, key: &'static str) -> bool {
    let added = chore(store, move |chore| {
        Box::pin(async move {
            chore
                .add_job(id(number), "filing", key, &json!({"n": number}), now())
                .await
        })
    });
    added.await.unwrap()
}

/// Leases for a minute at `at`: the numbers of the jobs.
async fn lease(store: &Store, worker: u64, at: Timestamp, count_max: u32) -> Vec<Uuid> {
    let leased = chore(store, move |chore| {
        let until = at + SignedDuration::from_mins(1);
        Box::pin(async move { chore.lease_jobs("filing", id(worker), at, until, count_max).await })
    });
    leased.await.unwrap().iter().map(|job| job.id).collect()
}

#[test]
fn a_job_is_leased_to_one_worker_and_done_once() {
    on_both(async |place| {
        let store = place.open().await;
        assert!(add_job(&store, 1, "seal 1").await);
        assert!(!add_job(&store, 2, "seal 1").await, "one open job for a key");
        assert!(add_job(&store, 3, "seal 3").await);
        assert_eq!(lease(&store, 100, after(-1), 9).await, NONE, "not due yet");
        assert_eq!(lease(&store, 100, now(), 1).await, [id(1)]);
        assert_eq!(lease(&store, 101, now(), 9).await, [id(3)]);
        assert_eq!(lease(&store, 102, now(), 9).await, NONE);
        // The lease of a worker that died ends, and then the worker that took it over is the one that counts.
        assert_eq!(lease(&store, 102, after(60), 1).await, [id(1)]);
        let late = chore(&store, |chore| {
            Box::pin(chore.finish_job(id(1), id(100), after(61)))
        })
        .await;
        assert!(matches!(late, Err(Error::Missing { .. })), "{late:?}");
        chore(&store, |chore| {
            Box::pin(chore.finish_job(id(1), id(102), after(61)))
        })
        .await
        .unwrap();
        chore(&store, |chore| {
            Box::pin(chore.put_off_job(id(3), id(101), after(600), "no answer"))
        })
        .await
        .unwrap();
        assert_eq!(lease(&store, 102, after(599), 9).await, NONE);
        let mut reader = store.read().await.unwrap();
        let open = reader.open_jobs("filing", Page::first(9)).await.unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!(
            (open[0].tries, open[0].last_failure.as_deref()),
            (1, Some("no answer"))
        );
        let done = reader.job(id(1)).await.unwrap().unwrap();
        assert_eq!(
            (done.tries, done.done_at, done.body),
            (2, Some(after(61)), json!({"n": 1}))
        );
        assert!(add_job(&store, 4, "seal 1").await, "the job before it is done");
        assert_eq!(
            chore(&store, |chore| Box::pin(chore.forget_jobs(after(62))))
                .await
                .unwrap(),
            1
        );
    });
}

#[test]
fn two_processes_never_lease_the_same_job() {
    on_both(async |place| {
        let stores = [place.open().await, place.open().await];
        let keys: Vec<&'static str> = (0..40).map(|i| &*format!("key {i}").leak()).collect();
        for (number, key) in (0..).zip(keys) {
            assert!(add_job(&stores[0], number, key).await);
        }
        let leases = (0..8).map(|i| {
            let store = stores[i % 2].clone();
            tokio::spawn(async move { lease(&store, 100 + i as u64, now(), 7).await })
        });
        let mut leased = Vec::new();
        for lease in leases.collect::<Vec<_>>() {
            leased.extend(lease.await.unwrap());
        }
        leased.sort();
        assert_eq!(leased, (0..40).map(id).collect::<Vec<_>>());
    });
}

fn account(number: u64, name: &str) -> Account {
    Account {
        id: id(number),
        name: name.to_owned(),
        person: PersonId(id(number + 100)),
        password_hash: Some("$argon2id$1".to_owned()),
        password_set_at: Some(now()),
        totp_sealed: Some(vec![1, 2, 3]),
        totp_last_step: 0,
        certificate: Some(gm::sm3(name.as_bytes())),
        failed_tries: 0,
        locked_until: None,
        closed: false,
    }
}

async fn add_account(store: &Store, account: &Account) -> Result<(), Error> {
    let account = account.clone();
    change(store, move |change| {
        let account = account.clone();
        Box::pin(async move { change.add_account(&account).await })
    })
    .await
}

#[test]
fn accounts_by_name_person_and_certificate() {
    on_both(async |place| {
        let store = place.open().await;
        let zhang = account(1, "zhang");
        add_account(&store, &zhang).await.unwrap();
        let twice = add_account(&store, &account(2, "zhang")).await;
        assert!(matches!(twice, Err(Error::Duplicate { .. })), "{twice:?}");
        let mut reader = store.read().await.unwrap();
        for found in [
            reader.account(id(1)).await.unwrap(),
            reader.account_by_name("zhang").await.unwrap(),
            reader.account_by_certificate(&gm::sm3(b"zhang")).await.unwrap(),
            reader.account_of_person(PersonId(id(101))).await.unwrap(),
        ] {
            assert_eq!(found.as_ref(), Some(&zhang));
        }
        change(&store, |change| {
            Box::pin(async move {
                change.set_password(id(1), "$argon2id$2", after(60)).await?;
                change.set_totp(id(1), None).await?;
                change.set_certificate(id(1), None).await
            })
        })
        .await
        .unwrap();
        assert_eq!(
            reader.password_history(id(1), 5).await.unwrap(),
            ["$argon2id$2", "$argon2id$1"]
        );
        // Two in one microsecond, the second one by a clock that went back, are kept in their order.
        for (hash, at) in [("$argon2id$3", after(60)), ("$argon2id$4", after(59))] {
            change(&store, move |change| {
                Box::pin(change.set_password(id(1), hash, at))
            })
            .await
            .unwrap();
        }
        assert_eq!(
            reader.password_history(id(1), 3).await.unwrap(),
            ["$argon2id$4", "$argon2id$3", "$argon2id$2"]
        );
        change(&store, |change| {
            Box::pin(change.set_password(id(1), "$argon2id$2", after(60)))
        })
        .await
        .unwrap();
        let changed = reader.account(id(1)).await.unwrap().unwrap();
        assert_eq!((changed.totp_sealed, changed.certificate), (None, None));
        assert_eq!(reader.passwords_set_before(after(61), 9).await.unwrap().len(), 1);
        assert_eq!(reader.passwords_set_before(after(60), 9).await.unwrap(), []);
        change(&store, |change| Box::pin(change.close_account(id(1))))
            .await
            .unwrap();
        assert!(reader.account(id(1)).await.unwrap().unwrap().closed);
        let closed = change(&store, |change| {
            Box::pin(change.set_password(id(1), "$argon2id$3", after(99)))
        })
        .await;
        assert!(matches!(closed, Err(Error::Missing { .. })), "{closed:?}");
    });
}

#[test]
fn failed_tries_are_counted_and_a_one_time_password_serves_once() {
    on_both(async |place| {
        let store = place.open().await;
        add_account(&store, &account(1, "zhang")).await.unwrap();
        for tries in 1..=3 {
            let lock = (tries == 3).then(|| after(900));
            let counted = chore(&store, move |chore| Box::pin(chore.count_failed_try(id(1), lock))).await;
            assert_eq!(counted.unwrap(), tries);
        }
        let locked = store.read().await.unwrap().account(id(1)).await.unwrap().unwrap();
        assert_eq!((locked.failed_tries, locked.locked_until), (3, Some(after(900))));
        for (step, serves) in [
            (Some(50), true),
            (Some(50), false),
            (Some(49), false),
            (Some(51), true),
            (None, true),
        ] {
            let counted = chore(&store, move |chore| Box::pin(chore.count_success(id(1), step))).await;
            assert_eq!(counted.is_ok(), serves, "{step:?}: {counted:?}");
        }
        let open = store.read().await.unwrap().account(id(1)).await.unwrap().unwrap();
        assert_eq!(
            (open.failed_tries, open.locked_until, open.totp_last_step),
            (0, None, 51)
        );
    });
}

fn session(token: u8, seconds: i64) -> Session {
    Session {
        token: gm::Digest([token; 32]),
        account: id(1),
        begun_at: after(seconds),
        used_at: after(seconds),
        ends_at: after(1000),
        facts: json!({"network": "office"}),
    }
}

#[test]
fn sessions_are_limited_touched_and_ended() {
    on_both(async |place| {
        let store = place.open().await;
        for token in 1..=3 {
            let session = session(token, i64::from(token));
            chore(&store, move |chore| {
                let session = session.clone();
                Box::pin(async move { chore.begin_session(&session, 2).await })
            })
            .await
            .unwrap();
        }
        let mut reader = store.read().await.unwrap();
        let sessions = reader.sessions_of(id(1)).await.unwrap();
        assert_eq!(
            sessions,
            [session(3, 3), session(2, 2)],
            "two at most, the oldest ended"
        );
        let token = gm::Digest([2; 32]);
        for (at, there) in [(after(50), true), (after(40), false)] {
            let touched = chore(&store, move |chore| {
                Box::pin(async move { chore.touch_session(&token, at).await })
            });
            assert_eq!(touched.await.unwrap(), there, "{at}");
        }
        assert_eq!(reader.session(&token).await.unwrap().unwrap().used_at, after(50));
        let idle = chore(&store, |chore| {
            Box::pin(chore.end_old_sessions(after(60), after(10)))
        })
        .await;
        assert_eq!(idle.unwrap(), 1);
        assert_eq!(reader.session(&gm::Digest([3; 32])).await.unwrap(), None);
        assert_eq!(
            chore(&store, |chore| Box::pin(chore.end_sessions_of(id(1))))
                .await
                .unwrap(),
            1
        );
    });
}

#[test]
fn challenges_and_nonces_serve_once() {
    on_both(async |place| {
        let store = place.open().await;
        let served = chore(&store, |chore| {
            Box::pin(async move {
                let [one, two] = [gm::sm3(b"one"), gm::sm3(b"two")];
                chore.add_challenge(&one, "sign in", after(60)).await?;
                chore.add_challenge(&two, "sign in", after(60)).await?;
                let mut served = vec![
                    chore.use_challenge(&one, "other", after(1)).await?,
                    chore.use_challenge(&one, "sign in", after(1)).await?,
                    chore.use_challenge(&one, "sign in", after(1)).await?,
                    chore.use_challenge(&two, "sign in", after(60)).await?,
                ];
                for nonce in ["a", "b", "a"] {
                    served.push(chore.note_nonce(id(1), nonce, after(60)).await?);
                }
                served.push(chore.note_nonce(id(2), "a", after(60)).await?);
                Ok(served)
            })
        });
        assert_eq!(
            served.await.unwrap(),
            [false, true, false, false, true, true, false, true]
        );
        assert_eq!(
            chore(&store, |chore| Box::pin(chore.forget_challenges(after(60))))
                .await
                .unwrap(),
            4
        );
    });
}

#[test]
fn api_clients_by_their_certificate() {
    on_both(async |place| {
        let store = place.open().await;
        let client = |number: u64, certificate: &[u8]| ApiClient {
            id: SystemId(id(number)),
            name: "不动产登记".to_owned(),
            certificate: gm::sm3(certificate),
            facts: json!({"networks": []}),
            registered_at: now(),
            blocked_at: None,
        };
        for (number, certificate, fits) in [(1, "a", true), (2, "b", true), (2, "a", false), (1, "c", true)] {
            let client = client(number, certificate.as_bytes());
            let put = change(&store, move |change| {
                let client = client.clone();
                Box::pin(async move { change.put_api_client(&client).await })
            });
            assert_eq!(put.await.is_ok(), fits, "{number} {certificate}");
        }
        let mut reader = store.read().await.unwrap();
        let found = reader.api_client_by_certificate(&gm::sm3(b"c")).await.unwrap();
        assert_eq!(found, Some(client(1, b"c")));
        assert_eq!(
            reader.api_client_by_certificate(&gm::sm3(b"a")).await.unwrap(),
            None
        );
        assert_eq!(
            reader.api_client(SystemId(id(2))).await.unwrap(),
            Some(client(2, b"b"))
        );
        assert_eq!(
            reader.api_clients(Page::after(SystemId(id(1)), 9)).await.unwrap(),
            [client(2, b"b")]
        );
    });
}

#[test]
fn personal_data_is_found_by_digest_and_can_be_erased() {
    on_both(async |place| {
        let store = place.open().await;
        let data = |identity: &[u8]| PersonalData {
            sealed: vec![1, 2, 3],
            identity: gm::sm3(identity),
            name: gm::sm3("张三".as_bytes()),
        };
        for (number, identity, fits) in [(1, "x", true), (2, "y", true), (3, "x", false), (1, "z", true)] {
            let data = data(identity.as_bytes());
            let put = change(&store, move |change| {
                let data = data.clone();
                Box::pin(async move { change.put_personal_data(PersonId(id(number)), &data).await })
            });
            assert_eq!(put.await.is_ok(), fits, "{number} {identity}");
        }
        let mut reader = store.read().await.unwrap();
        let [one, two] = [PersonId(id(1)), PersonId(id(2))];
        assert_eq!(reader.personal_data(one).await.unwrap(), Some(data(b"z")));
        assert_eq!(
            reader.person_by_identity(&gm::sm3(b"y")).await.unwrap(),
            Some(two)
        );
        let name = gm::sm3("张三".as_bytes());
        assert_eq!(
            reader.people_by_name(&name, Page::first(9)).await.unwrap(),
            [one, two]
        );
        change(&store, move |change| Box::pin(change.erase_personal_data(one)))
            .await
            .unwrap();
        assert_eq!(reader.people_by_name(&name, Page::first(9)).await.unwrap(), [two]);
        assert_eq!(reader.personal_data(one).await.unwrap(), None);
    });
}

#[test]
fn r75_a_document_is_known_to_those_who_brought_it() {
    on_both(async |place| {
        let store = place.open().await;
        let upload = Upload {
            document: gm::sm3(b"document"),
            by: id(1),
            bytes: 8,
            facts: json!({ "kind": "ofd" }),
            at: now(),
        };
        let added = change(&store, {
            let upload = upload.clone();
            move |change| {
                let (first, mut again) = (upload.clone(), upload.clone());
                again.at = after(9);
                Box::pin(
                    async move { Ok((change.add_upload(&first).await?, change.add_upload(&again).await?)) },
                )
            }
        });
        assert_eq!(added.await.unwrap(), (true, false));
        let mut reader = store.read().await.unwrap();
        let document = upload.document;
        assert_eq!(reader.upload(id(1), &document).await.unwrap(), Some(upload));
        assert_eq!(reader.upload(id(2), &document).await.unwrap(), None);
    });
}
