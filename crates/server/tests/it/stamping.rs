//! Stamping with the PIN, its record, and what proves it.

use std::io::Write as _;

use audit::{LogKey, ProofFile};
use gm::sm3;
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::support::Answer;
use crate::uses::place;
use crate::webdriver::Browser;
use crate::world::{PIN, Who, World, ofd, pdf};

impl World {
    pub(crate) fn approved(&self, text: &str) -> Value {
        let asked = self.ask(&ofd(text)).json();
        let approved = self.approve(Who::Approver, &asked);
        assert_eq!(approved.status, 201, "{}", approved.text());
        approved.json()
    }

    pub(crate) fn stamp(&self, who: Who, asked: &Value, pin: &str) -> Answer {
        self.change(who, &format!("{}/stamp", place(asked)), &json!({ "pin": pin }))
    }

    /// As a process that was killed left a request: the intent is durable, the outcome is missing.
    pub(crate) fn cut_off(self, asked: &Value) -> Self {
        let id: registry::UseId = asked["id"].as_str().unwrap().parse().unwrap();
        self.after_crash(move |change| {
            Box::pin(async move {
                let current = change.usage(id).await?;
                let begun: registry::UseEvent = serde_json::from_value(json!({ "type": "begun",
                    "at": testkit::now(), "item": 0, "document": sm3(&ofd("通知")).to_string(),
                    "placement": "{}", "by": { "kind": "person", "id": Who::Custodian.id() } }))
                .unwrap();
                let (sequence, recorded) = (current.version + 1, crate::world::recorded());
                change.record_usage(id, current, &[begun], &recorded).await?;
                Ok(("use.intended", "use_record", format!("{id}/{sequence}")))
            })
        })
    }

    pub(crate) fn log_key(&self) -> LogKey {
        LogKey::parse(self.server.get("/api/log/key", &[]).text()).unwrap()
    }
}

#[test]
fn r51_an_approved_document_is_sealed_recorded_and_proved() {
    World::on_both(|world| {
        world.adopt();
        let asked = world.approved("通知");
        let stamped = world.stamp(Who::Custodian, &asked, PIN);
        assert_eq!(stamped.status, 201, "{}", stamped.text());
        let view = stamped.json();
        let sealed = world.get(Who::Agent, stamped.header("location").unwrap());
        assert_eq!(sm3(&sealed.body).to_string(), view["sealed"].as_str().unwrap());
        let verified = world.server.post("/api/verify", &[], &sealed.body).json();
        assert_eq!(verified["conclusion"], "passed", "{verified}");
        assert_eq!(
            world.get(Who::Agent, &place(&asked)).json()["status"],
            "completed"
        );

        let records = world
            .get(Who::Approver, &format!("{}/records", place(&asked)))
            .json();
        let record = &records["items"][0];
        assert_eq!(
            (&record["outcome"], &record["sealed"]),
            (&"stamped".into(), &view["sealed"])
        );
        assert_eq!(record["by"]["id"], json!(Who::Custodian.id()));

        let proof = format!("{}/records/{}/proof", place(&asked), view["sequence"]);
        let proof = world.get(Who::Supervisor, &proof);
        let proof = ProofFile::parse(proof.text()).unwrap();
        let (entry, checkpoint) = proof.verify(&[world.log_key()]).unwrap();
        assert_eq!(entry.act, "use.outcome");
        assert_eq!(entry.details["outcome"]["sealed"], view["sealed"]);
        let public = world.server.get(
            &format!(
                "/api/log/inclusion?index={}&size={}",
                proof.index, checkpoint.size
            ),
            &[],
        );
        let hashes: Vec<String> = proof.hashes.iter().map(ToString::to_string).collect();
        assert_eq!(public.json()["hashes"], json!(hashes));
        let beyond = format!("/api/log/inclusion?index=0&size={}", checkpoint.size + 1000);
        world.server.get(&beyond, &[]).check_problem(422, "OUTSIDE_LOG");
    });
}

#[test]
fn r51_nothing_is_sealed_before_it_is_approved_or_twice() {
    World::on_both(|world| {
        world.adopt();
        let asked = world.ask(&ofd("通知")).json();
        let early = world.stamp(Who::Custodian, &asked, PIN);
        early.check_problem(422, "NOT_IN_THIS_STATE");
        world.approve(Who::Approver, &asked);
        let stamp = format!("{}/stamp", place(&asked));
        let first = world.change_under("key", Who::Custodian, &stamp, &json!({ "pin": PIN }));
        assert_eq!(first.status, 201, "{}", first.text());
        // Under the same key the answer comes again, whatever the PIN: nothing is sealed for it.
        let again = world.change_under("key", Who::Custodian, &stamp, &json!({ "pin": "other horse" }));
        assert_eq!((again.status, again.json()), (201, first.json()));
        let twice = world.change_under("other", Who::Custodian, &stamp, &json!({ "pin": PIN }));
        twice.check_problem(422, "NOT_IN_THIS_STATE");
        let records = world
            .get(Who::Agent, &format!("{}/records", place(&asked)))
            .json();
        assert_eq!(records["items"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn r45_only_the_custodian_with_the_pin_seals() {
    World::on_both(|world| {
        world.adopt();
        let asked = world.approved("通知");
        // Others are refused before a PIN is tried, so they cannot use up its tries.
        for _ in 0..8 {
            world
                .stamp(Who::Approver, &asked, "wrong horse")
                .check_problem(422, "NOT_THE_CUSTODIAN");
        }
        let wrong = world.stamp(Who::Custodian, &asked, "wrong horse");
        assert_eq!(wrong.status, 403, "{}", wrong.text());
        assert_eq!(world.get(Who::Agent, &place(&asked)).json()["open"], 0);
        assert_eq!(world.stamp(Who::Custodian, &asked, PIN).status, 201);
        world.server.clock.advance(1);
        let late = world.approved("另一份");
        world.server.clock.advance(8 * 86_400 - 7200);
        world
            .stamp(Who::Custodian, &late, PIN)
            .check_problem(401, "NO_SESSION");
    });
}

#[test]
fn r53_what_failed_is_recorded_and_may_be_tried_again() {
    World::on_both(|world| {
        world.adopt();
        let document = ofd("通知");
        world.send(Who::Agent, "/api/documents", &document);
        let mut order = crate::uses::order(&document);
        order["placement"]["positions"][0]["x_mm"] = 1000.into();
        let asked = world.change(Who::Agent, "/api/uses", &order).json();
        assert_eq!(world.approve(Who::Approver, &asked).status, 201);
        let failed = world.stamp(Who::Custodian, &asked, PIN);
        failed.check_problem(422, "DOCUMENT_NOT_SEALED");
        let view = world.get(Who::Agent, &place(&asked)).json();
        assert_eq!(
            (&view["status"], &view["failed"], &view["open"]),
            (&"approved".into(), &1.into(), &0.into())
        );
        let records = world
            .get(Who::Agent, &format!("{}/records", place(&asked)))
            .json();
        assert_eq!(records["items"][0]["outcome"], "failed");
        assert_eq!(records["items"][0]["reason"], "the seal has no place there");
        let sequence = &records["items"][0]["sequence"];
        let none = world.get(
            Who::Agent,
            &format!("{}/records/{sequence}/sealed", place(&asked)),
        );
        none.check_problem(404, "NOT_FOUND");
    });
}

#[test]
fn r51_a_document_that_was_changed_on_the_disk_is_not_sealed() {
    let world = World::with_policy();
    let document = ofd("通知");
    let asked = world.approved("通知");
    let digest = sm3(&document).to_string();
    let file = world
        .server
        .data()
        .join(format!("documents/sm3/{}/{digest}", &digest[..2]));
    std::fs::write(file, ofd("另一份")).unwrap();
    world
        .stamp(Who::Custodian, &asked, PIN)
        .check_problem(500, "INTERNAL");
    assert_eq!(world.get(Who::Agent, &place(&asked)).json()["open"], 0);
}

#[test]
fn r53_a_use_that_a_crash_cut_off_is_settled_at_the_next_start() {
    let world = World::with_policy();
    let asked = world.approved("通知");
    let world = world.cut_off(&asked);
    let view = world.get(Who::Agent, &place(&asked)).json();
    assert_eq!(
        (&view["open"], &view["failed"], &view["status"]),
        (&0.into(), &1.into(), &"approved".into())
    );
    let records = world
        .get(Who::Agent, &format!("{}/records", place(&asked)))
        .json();
    let reason = records["items"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("interrupted"), "{reason}");
    // It may be sealed now, and every intent has one outcome.
    assert_eq!(world.stamp(Who::Custodian, &asked, PIN).status, 201);
    assert_eq!(world.audited(), ["NOTHING_SAVED"]);
}

/// Another process may record an outcome while this one settles: that holds up nothing else.
#[test]
fn r53_a_record_that_cannot_be_settled_holds_none_of_the_others() {
    let world = World::with_policy();
    let document = ofd("第一号通知");
    world.send(Who::Agent, "/api/documents", &document);
    let mut order = crate::uses::order(&document);
    order["placement"]["positions"][0]["x_mm"] = 1000.into();
    let failed = world.change(Who::Agent, "/api/uses", &order).json();
    assert_eq!(world.approve(Who::Approver, &failed).status, 201);
    world
        .stamp(Who::Custodian, &failed, PIN)
        .check_problem(422, "DOCUMENT_NOT_SEALED");
    let asked = world.approved("通知");
    // The record as it was read before its outcome was written.
    let file = world.server.data().join("yinxin.db");
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let address = format!("sqlite://{}", file.display());
        let mut conn = sqlx::SqliteConnection::connect(&address).await.unwrap();
        let as_read =
            "UPDATE use_records SET outcome = NULL, finished_at = NULL, reason = NULL, begun_at = 0";
        assert_eq!(
            sqlx::query(as_read)
                .execute(&mut conn)
                .await
                .unwrap()
                .rows_affected(),
            1
        );
        conn.close().await.unwrap();
    });
    let world = world.cut_off(&asked);
    let view = world.get(Who::Agent, &place(&asked)).json();
    assert_eq!((&view["open"], &view["failed"]), (&0.into(), &1.into()));
    assert_eq!(world.stamp(Who::Custodian, &asked, PIN).status, 201);
}

/// On a shared database the next start is no reason to settle: another process may be sealing.
#[test]
fn r53_a_use_that_another_process_left_open_is_settled_after_a_quarter_of_an_hour() {
    let Some(server) = testkit::PrivatePostgres::shared() else {
        return;
    };
    let world = World::on(Some(server.database()), "documents.settle_seconds = 1\n");
    world.adopt();
    let asked = world.approved("通知");
    let world = world.cut_off(&asked);
    let open = || world.get(Who::Agent, &place(&asked)).json()["open"].clone();
    let looks = || std::thread::sleep(std::time::Duration::from_millis(1500));
    looks();
    world.server.clock.advance(900);
    looks();
    assert_eq!(open(), 1);
    // Whoever wants to seal it in the meantime hears that somebody does.
    world
        .stamp(Who::Custodian, &asked, PIN)
        .check_problem(422, "OUTCOME_UNKNOWN");
    world.server.clock.advance(1);
    for _ in 0..100 {
        if open() == 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let view = world.get(Who::Agent, &place(&asked)).json();
    assert_eq!(
        (&view["open"], &view["failed"], &view["status"]),
        (&0.into(), &1.into(), &"approved".into())
    );
    assert_eq!(
        world
            .change_under(
                "again",
                Who::Custodian,
                &format!("{}/stamp", place(&asked)),
                &json!({ "pin": PIN })
            )
            .status,
        201
    );
    assert_eq!(world.audited(), ["NOTHING_SAVED"]);
}

/// What a request writes while the service stops stands under the last checkpoint too.
#[test]
fn r66_the_last_checkpoint_of_a_process_is_signed_after_its_last_entry() {
    let mut world = World::with_policy();
    let document = ofd("通知");
    let session = format!("Bearer {:043}", Who::Agent as u64);
    let headers = [("authorization", session.as_str())];
    let mut sending = world
        .server
        .open("POST", "/api/documents", &headers, Some(document.len()));
    while !world
        .server
        .get("/metrics", &[])
        .text()
        .contains("yinxin_http_requests_running 2")
    {}
    world.server.begin_stopping();
    std::thread::sleep(std::time::Duration::from_millis(500));
    sending.write_all(&document).unwrap();
    assert_eq!(crate::support::read_answer(sending).status, 201);
    assert!(world.server.wait());
    let database = store::Database::Sqlite(world.server.data().join("yinxin.db"));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = store::Store::open(&store::StoreConfig::new(database))
            .await
            .unwrap();
        let mut reader = store.read().await.unwrap();
        let checkpoint = reader.newest_checkpoint().await.unwrap().unwrap();
        let (size, brought) = (
            reader.log_frontier().await.unwrap().size(),
            reader
                .log_entries(checkpoint.size - 1, 1)
                .await
                .unwrap()
                .remove(0),
        );
        drop(reader);
        store.close().await;
        assert_eq!(checkpoint.size, size);
        assert!(String::from_utf8_lossy(&brought.bytes).contains("document."));
    });
}

#[test]
fn r54_a_pdf_is_brought_approved_sealed_and_judged_like_an_ofd() {
    World::on_both(|world| {
        world.adopt();
        let document = pdf(&[true, true]);
        let asked = world.ask(&document);
        assert_eq!(asked.status, 201, "{}", asked.text());
        let asked = asked.json();
        let brought = format!("/api/documents/{}", sm3(&document));
        let view = world.get(Who::Agent, &brought).json();
        assert_eq!(
            (&view["kind"], &view["pages"], &view["blank"]),
            (&"pdf".into(), &2.into(), &false.into())
        );
        let content = world.get(Who::Agent, &format!("{brought}/content"));
        assert_eq!(content.header("content-type"), Some("application/pdf"));
        assert_eq!(world.approve(Who::Approver, &asked).status, 201);
        let stamped = world.stamp(Who::Custodian, &asked, PIN);
        assert_eq!(stamped.status, 201, "{}", stamped.text());
        assert_eq!(stamped.json()["kind"], "pdf");
        let sealed = world.get(Who::Agent, stamped.header("location").unwrap()).body;
        assert!(sealed.starts_with(&document), "a seal is an incremental update");
        let report = world.server.post("/api/verify", &[], &sealed).json();
        assert_eq!(report["conclusion"], "passed", "{report}");
        assert_eq!(report["signatures"].as_array().unwrap().len(), 1);
        // One changed byte of what the seal covers.
        let mut changed = sealed.clone();
        let place = changed.windows(5).position(|window| window == b"100 l").unwrap();
        changed[place] = b'9';
        let report = world.server.post("/api/verify", &[], &changed).json();
        assert_eq!(report["conclusion"], "failed", "{report}");
        // Nor does it take another seal.
        let asked = world.ask(&changed).json();
        world.approve(Who::Approver, &asked);
        world
            .stamp(Who::Custodian, &asked, PIN)
            .check_problem(422, "DOCUMENT_NOT_SEALED");
    });
}

/// What citizens open a PDF with shows the seal, though it cannot judge the signature.
#[test]
fn r54_chromium_shows_the_seal_on_a_pdf() {
    let Some(browser) = Browser::open("file://", (800, 1100)) else {
        return;
    };
    let world = World::new();
    world.adopt();
    let asked = world.ask(&pdf(&[true])).json();
    assert_eq!(world.approve(Who::Approver, &asked).status, 201);
    let stamped = world.stamp(Who::Custodian, &asked, PIN);
    let sealed = world.get(Who::Agent, stamped.header("location").unwrap()).body;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sealed.pdf");
    std::fs::write(&path, sealed).unwrap();
    browser.go(path.to_str().unwrap());
    // The viewer comes up after the page is there.
    let is_red = |pixel: &image::Rgb<u8>| pixel[0] > 180 && pixel[1] < 100 && pixel[2] < 100;
    let seen = (0..300).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(200));
        let picture = image::load_from_memory(&browser.picture()).unwrap().into_rgb8();
        picture.pixels().filter(|pixel| is_red(pixel)).count() > 500
    });
    assert!(seen, "no seal is seen");
}

#[test]
fn r49_a_blank_pdf_and_a_broken_one_are_not_sealed() {
    let world = World::with_policy();
    assert_eq!(
        world.ask(&pdf(&[false])).check_problem(422, "BLANK_DOCUMENT")["rule"],
        "R49"
    );
    for broken in [&b"%PDF-1.7\n%%EOF\n"[..], &pdf(&[true])[..40], b"neither"] {
        let sent = world.send(Who::Agent, "/api/documents", broken);
        sent.check_problem(422, "DOCUMENT_NOT_SEALED");
    }
}
