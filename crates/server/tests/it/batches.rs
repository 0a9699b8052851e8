//! Batches: one request, one decision and one entry of the PIN for many documents.

use std::time::Duration;

use audit::ProofFile;
use gm::sm3;
use ofd::{Package, PartPath, Update};
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::support::Answer;
use crate::uses::{place, placement};
use crate::world::{PIN, SEAL, Who, World, id, ofd, pdf, recorded};

fn digests(documents: &[Vec<u8>]) -> Vec<String> {
    documents
        .iter()
        .map(|document| sm3(document).to_string())
        .collect()
}

fn order(documents: &[Vec<u8>]) -> Value {
    json!({ "seal": id(SEAL), "purpose": "发布通知", "document_type": "official_document",
        "documents": digests(documents), "placement": placement() })
}

/// So many documents, all different.
fn notices(count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|number| ofd(&format!("第{number}号通知")))
        .collect()
}

impl World {
    fn bring(&self, documents: &[Vec<u8>]) {
        for document in documents {
            let sent = self.send(Who::Agent, "/api/documents", document);
            assert_eq!(sent.status, 201, "{}", sent.text());
        }
    }

    /// A batch that was brought, asked for and approved.
    fn approved_batch(&self, order: &Value, documents: &[Vec<u8>]) -> Value {
        self.bring(documents);
        let asked = self.change(Who::Agent, "/api/uses", order);
        assert_eq!(asked.status, 201, "{}", asked.text());
        let approved = self.approve(Who::Approver, &asked.json());
        assert_eq!(approved.status, 201, "{}", approved.text());
        approved.json()
    }

    fn run(&self, key: &str, asked: &Value) -> Answer {
        let path = format!("{}/batch", place(asked));
        self.change_under(key, Who::Custodian, &path, &json!({ "pin": PIN }))
    }

    fn progress(&self, asked: &Value) -> Value {
        let shown = self.get(Who::Agent, &format!("{}/batch?limit=500", place(asked)));
        assert_eq!(shown.status, 200, "{}", shown.text());
        shown.json()
    }

    /// Waits until nothing is being sealed any more.
    fn worked_off(&self, asked: &Value) -> Value {
        for _ in 0..1200 {
            let progress = self.progress(asked);
            if progress["running"] == false {
                return progress;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the batch is still being sealed");
    }
}

fn outcomes(progress: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = progress["items"].as_array().unwrap().iter();
    items
        .map(|item| (text(&item["record"]["outcome"]), text(&item["record"]["reason"])))
        .collect()
}

#[test]
fn r51_a_batch_is_sealed_with_one_pin_and_every_document_has_its_record_and_proof() {
    World::on_both(|world| {
        world.adopt();
        let mut documents = notices(4);
        documents.push(pdf(&[true]));
        let asked = world.approved_batch(&order(&documents), &documents);
        assert_eq!(
            (&asked["documents"], &asked["status"]),
            (&5.into(), &"approved".into())
        );
        let before = world.progress(&asked);
        assert_eq!(
            (&before["stamped"], &before["running"]),
            (&0.into(), &false.into())
        );
        assert_eq!(outcomes(&before), vec![(String::new(), String::new()); 5]);
        let begun = world.run("one", &asked);
        assert_eq!(begun.status, 202, "{}", begun.text());
        let done = world.worked_off(&asked);
        assert_eq!(outcomes(&done), vec![("stamped".into(), String::new()); 5]);
        assert_eq!(
            world.get(Who::Agent, &place(&asked)).json()["status"],
            "completed"
        );
        for (number, item) in done["items"].as_array().unwrap().iter().enumerate() {
            assert_eq!(item["document"], sm3(&documents[number]).to_string());
            let brought = world.get(Who::Approver, &format!("{}/batch/{number}", place(&asked)));
            assert_eq!(brought.body, documents[number]);
            let record = format!("{}/records/{}", place(&asked), item["record"]["sequence"]);
            let sealed = world.get(Who::Agent, &format!("{record}/sealed"));
            assert_eq!(
                sm3(&sealed.body).to_string(),
                item["record"]["sealed"].as_str().unwrap()
            );
            let report = world.server.post("/api/verify", &[], &sealed.body).json();
            assert_eq!(report["conclusion"], "passed", "{report}");
            let proof = world.get(Who::Supervisor, &format!("{record}/proof"));
            let proof = ProofFile::parse(proof.text()).unwrap();
            let (entry, _) = proof.verify(&[world.log_key()]).unwrap();
            assert_eq!(entry.details["outcome"]["sealed"], item["record"]["sealed"]);
        }
        // Under its key it is answered again; under another one there is nothing left to do.
        assert_eq!(world.run("one", &asked).json(), begun.json());
        world.run("two", &asked).check_problem(422, "NOT_IN_THIS_STATE");
        assert_eq!(world.audited(), ["NOTHING_SAVED"]);
    });
}

/// Whoever waits for the end reads the outcomes with the answer that says so, however long the answer takes.
#[test]
fn r53_the_end_of_a_run_is_told_with_all_its_outcomes() {
    let Some(server) = testkit::PrivatePostgres::shared() else {
        return;
    };
    let url = server.database();
    let world = World::on(Some(url.clone()), "");
    world.adopt();
    let documents = notices(40);
    let asked = world.approved_batch(&order(&documents), &documents);
    assert_eq!(world.run("one", &asked).status, 202);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // Whoever asks now has read the request, and waits for the documents until the run is over.
    let mut holding = runtime.block_on(sqlx::PgConnection::connect(&url)).unwrap();
    let hold = "BEGIN; LOCK TABLE batches IN ACCESS EXCLUSIVE MODE";
    runtime
        .block_on(sqlx::raw_sql(hold).execute(&mut holding))
        .unwrap();
    let told = std::thread::scope(|scope| {
        let asking = scope.spawn(|| world.progress(&asked));
        while world.get(Who::Agent, &place(&asked)).json()["status"] != "completed" {
            std::thread::sleep(Duration::from_millis(50));
        }
        std::thread::sleep(Duration::from_millis(500));
        runtime
            .block_on(sqlx::raw_sql("ROLLBACK").execute(&mut holding))
            .unwrap();
        asking.join().unwrap()
    });
    assert!(
        told["running"] == true || told["stamped"] == 40,
        "the end was told before the outcomes: {told}"
    );
    assert_eq!(world.worked_off(&asked)["stamped"], 40);
}

/// A notice of two pages, the second one with a line or without.
fn two_pages(text: &str, second: &str) -> Vec<u8> {
    let mut builder = ofd::builder::DocumentBuilder::new("0123456789abcdef0123456789abcdef");
    let font = builder.font("宋体");
    for text in [text, second] {
        let drawing = ofd::builder::Drawing::new();
        let drawing = if text.is_empty() {
            drawing
        } else {
            drawing.text(font, 5.0, 30.0, 40.0, text)
        };
        builder.page((210.0, 297.0), drawing);
    }
    builder.build().unwrap()
}

/// A document that was sealed, and changed afterwards.
fn tampered(world: &World) -> Vec<u8> {
    let asked = world.ask(&two_pages("第九号通知", "第二页")).json();
    world.approve(Who::Approver, &asked);
    let stamped = world.stamp(Who::Custodian, &asked, PIN);
    let sealed = world.get(Who::Agent, stamped.header("location").unwrap()).body;
    let package = Package::open(sealed, ofd::Limits::default()).unwrap();
    let content = PartPath::new("/Doc_0/Pages/Page_0/Content.xml").unwrap();
    let text = String::from_utf8(package.read(&content).unwrap().to_vec()).unwrap();
    let mut update = Update::new(&package);
    update.replace(&content, text.replace('九', "五")).unwrap();
    let mut bytes = Vec::new();
    update.write(&mut bytes).unwrap();
    bytes
}

#[test]
fn r53_a_document_that_fails_is_recorded_and_holds_none_of_the_others() {
    World::on_both(|world| {
        world.adopt();
        let documents = vec![
            two_pages("第一号通知", "第二页"),
            two_pages("第二号通知", ""),
            ofd("只有一页"),
            tampered(&world),
            two_pages("第三号通知", "第二页"),
            pdf(&[true, true]),
            pdf(&[true, false]),
        ];
        let mut order = order(&documents);
        order["placement"]["positions"][0]["pages"] = json!([2]);
        let asked = world.approved_batch(&order, &documents);
        let name = sm3(&documents[4]).to_string();
        let file = world
            .server
            .data()
            .join(format!("documents/sm3/{}/{name}", &name[..2]));
        let kept = std::fs::read(&file).unwrap();
        std::fs::write(&file, ofd("另一份")).unwrap();
        assert_eq!(world.run("one", &asked).status, 202);
        let done = world.worked_off(&asked);
        let failed = |reason: &str| ("failed".to_owned(), reason.to_owned());
        let sealed = || ("stamped".to_owned(), String::new());
        let mut expected = [
            sealed(),
            failed("the page is blank"),
            failed("the seal has no place there"),
            failed("the document was changed after sealing"),
            failed("the document cannot be read as it was brought"),
            sealed(),
            failed("the page is blank"),
        ];
        assert_eq!(outcomes(&done), expected);
        assert_eq!(
            (&done["stamped"], &done["failed"], &done["open"]),
            (&2.into(), &5.into(), &0.into())
        );
        // The page says why in both languages.
        let page = format!("/uses/{}", asked["id"].as_str().unwrap());
        let page = world
            .desk(Who::Custodian)
            .page(&page, &["示例单位", "发布通知", "公文", "合同", "通知"]);
        for why in [
            "页面是空白的",
            "没有这个盖章位置",
            "盖章后被改动过",
            "不是上传时的内容",
        ] {
            assert!(page.contains(why), "{why}: {page}");
        }
        // What can be mended is tried again with the others that failed; what is sealed is left alone.
        std::fs::write(&file, kept).unwrap();
        let sealed_before = done["items"][0]["record"]["sealed"].clone();
        assert_eq!(world.run("two", &asked).status, 202);
        let done = world.worked_off(&asked);
        expected[4] = sealed();
        assert_eq!(outcomes(&done), expected);
        assert_eq!(done["items"][0]["record"]["sealed"], sealed_before);
        assert_eq!(world.audited(), ["NOTHING_SAVED"]);
    });
}

#[test]
fn r51_a_batch_is_approved_by_its_root_and_an_exchanged_document_is_not_sealed() {
    World::on_both(|world| {
        world.adopt();
        let documents = notices(3);
        world.bring(&documents);
        let asked = world.change(Who::Agent, "/api/uses", &order(&documents)).json();
        let mut other = asked.clone();
        for wrong in [sm3(&documents[0]).to_string(), sm3(b"root").to_string()] {
            other["document"] = wrong.into();
            let refused = world.approve(Who::Approver, &other);
            assert_eq!(refused.check_problem(422, "BINDING_DIFFERS")["rule"], "R49");
        }
        world.run("early", &asked).check_problem(422, "NOT_IN_THIS_STATE");
        assert_eq!(world.approve(Who::Approver, &asked).status, 201);
        // Somebody who can write to the database names another document under the same root.
        let state: registry::UseRequest = request_of(&asked, documents.len());
        let forged = registry::UseId(id(950));
        let others = notices(4)[1..].to_vec();
        let digests: Vec<registry::Digest32> =
            others.iter().map(|one| registry::Digest32(sm3(one).0)).collect();
        let world = world.after_crash(move |change| {
            let (state, digests) = (state.clone(), digests.clone());
            Box::pin(async move {
                let current = change.usage(forged).await?;
                let at = testkit::now();
                let events = [
                    registry::UseEvent::Requested {
                        at,
                        id: forged,
                        unit: state.unit,
                        seal: state.seal,
                        requester: state.requester,
                        purpose: state.purpose.clone(),
                        document_type: state.document_type.clone(),
                        amount_fen: None,
                        content: state.content.clone(),
                        basis: state.basis.clone(),
                    },
                    registry::UseEvent::Approved {
                        at,
                        lapses_at: at + jiff::SignedDuration::from_secs(3600),
                    },
                ];
                change.record_usage(forged, current, &events, &recorded()).await?;
                change.add_batch(forged, &digests).await?;
                Ok(("use.forged", "use", forged.to_string()))
            })
        });
        let forged = json!({ "id": forged });
        let refused = world.run("forged", &forged);
        assert_eq!(refused.check_problem(422, "NOT_IN_BATCH")["rule"], "R49");
        // The one that was approved is as it was.
        assert_eq!(world.run("true", &asked).status, 202);
        assert_eq!(world.worked_off(&asked)["stamped"], 3);
    });
}

/// The request as the registry knows it.
fn request_of(asked: &Value, count: usize) -> registry::UseRequest {
    serde_json::from_value(
        json!({ "id": asked["id"], "unit": asked["unit"], "seal": asked["seal"],
        "requester": { "kind": "person", "id": Who::Agent.id() }, "purpose": asked["purpose"],
        "document_type": asked["document_type"], "amount_fen": null,
        "content": { "kind": "batch", "root": asked["document"], "count": count,
            "placement": placement().to_string() },
        "basis": { "kind": "holder", "holder": Who::Custodian.id() },
        "status": "approved", "approvals": [], "lapses_at": null, "open": {}, "stamped": [], "failed": [],
        "requested_at": testkit::now() }),
    )
    .unwrap()
}

#[test]
fn r49_what_cannot_be_a_batch_is_refused_when_it_is_asked_for() {
    let documents = notices(3);
    // Two of them fit, three do not.
    let bytes_max = documents[0].len() * 5 / 2;
    let world = World::with(&format!("documents.batch_bytes_max = {bytes_max}\n"));
    world.adopt();
    world.bring(&documents[..2]);
    let ask = |order: &Value| world.change(Who::Agent, "/api/uses", order);
    ask(&order(&documents)).check_problem(404, "NOT_FOUND");
    world.bring(&documents[2..]);
    ask(&order(&documents)).check_problem(413, "TOO_LARGE");
    let mut both = order(&documents[..1]);
    both["document"] = both["documents"][0].clone();
    let mut twice = order(&documents[..1]);
    twice["documents"] = json!([both["document"], both["document"]]);
    let mut many = order(&documents[..1]);
    many["documents"] = (0..10_001)
        .map(|number| sm3(format!("{number}").as_bytes()).to_string())
        .collect();
    for body in [order(&[]), both, twice, many] {
        ask(&body).check_problem(400, "BAD_BODY");
    }
    world.bring(&[ofd("")]);
    let refused = ask(&order(&[ofd("第0号通知"), ofd("")]));
    assert_eq!(refused.check_problem(422, "BLANK_DOCUMENT")["rule"], "R49");
    // A use of one document is no batch, and nobody but its custodian seals one.
    let one = world.ask(&documents[0]).json();
    world
        .get(Who::Agent, &format!("{}/batch", place(&one)))
        .check_problem(404, "NOT_FOUND");
    let batch = world.approved_batch(&order(&documents[..1]), &[]);
    let path = format!("{}/batch", place(&batch));
    let pin = json!({ "pin": "wrong horse" });
    world
        .change(Who::Approver, &path, &pin)
        .check_problem(422, "NOT_THE_CUSTODIAN");
    world
        .change(Who::Custodian, &path, &pin)
        .check_problem(403, "PIN_WRONG");
    world.get(Who::Stranger, &path).check_problem(404, "NOT_FOUND");
    world
        .get(Who::Supervisor, &format!("{path}/0"))
        .check_problem(404, "NOT_FOUND");
    world
        .get(Who::Agent, &format!("{path}/1"))
        .check_problem(404, "NOT_FOUND");
    assert_eq!(world.worked_off(&batch)["stamped"], 0);
}

#[test]
fn r53_a_batch_that_a_stop_cut_off_goes_on_with_the_pin_and_seals_nothing_twice() {
    World::on_both(|world| {
        world.adopt();
        let documents = notices(60);
        let asked = world.approved_batch(&order(&documents), &documents);
        assert_eq!(world.run("one", &asked).status, 202);
        world.run("meanwhile", &asked).check_problem(409, "BATCH_RUNNING");
        let world = world.restarted();
        let stopped = world.progress(&asked);
        assert_eq!(
            (&stopped["running"], &stopped["open"]),
            (&false.into(), &0.into())
        );
        let done = stopped["stamped"].as_u64().unwrap();
        assert!(done < 60, "the stop came after the end");
        assert_eq!(world.run("two", &asked).status, 202);
        let progress = world.worked_off(&asked);
        assert_eq!(outcomes(&progress), vec![("stamped".into(), String::new()); 60]);
        let mut records = 0;
        let mut after = json!(0);
        while !after.is_null() {
            let page = format!("{}/records?limit=25&after={after}", place(&asked));
            let page = world.get(Who::Agent, &page).json();
            records += page["items"].as_array().unwrap().len();
            after = page["next"].clone();
        }
        assert_eq!(records, 60);
        assert_eq!(world.audited(), ["NOTHING_SAVED"]);
    });
}

#[test]
fn r53_a_document_whose_sealing_a_crash_cut_off_is_settled_and_sealed_by_the_next_run() {
    let world = World::with_policy();
    let documents = notices(3);
    let asked = world.approved_batch(&order(&documents), &documents);
    let id: registry::UseId = asked["id"].as_str().unwrap().parse().unwrap();
    let digest = sm3(&documents[1]).to_string();
    let world = world.after_crash(move |change| {
        let digest = digest.clone();
        Box::pin(async move {
            let current = change.usage(id).await?;
            let begun: registry::UseEvent = serde_json::from_value(json!({ "type": "begun",
                "at": testkit::now(), "item": 1, "document": digest,
                "placement": "{}", "by": { "kind": "person", "id": Who::Custodian.id() } }))
            .unwrap();
            let sequence = current.version + 1;
            change.record_usage(id, current, &[begun], &recorded()).await?;
            Ok(("use.intended", "use_record", format!("{id}/{sequence}")))
        })
    });
    let settled = world.progress(&asked);
    assert_eq!((&settled["failed"], &settled["open"]), (&1.into(), &0.into()));
    let reason = settled["items"][1]["record"]["reason"].as_str().unwrap();
    assert!(reason.starts_with("interrupted"), "{reason}");
    assert_eq!(world.run("one", &asked).status, 202);
    assert_eq!(world.worked_off(&asked)["stamped"], 3);
    assert_eq!(world.audited(), ["NOTHING_SAVED"]);
}

#[test]
fn r12_a_run_ends_when_its_custodian_is_blocked() {
    let world = World::with_policy();
    let documents = notices(60);
    let asked = world.approved_batch(&order(&documents), &documents);
    assert_eq!(world.run("one", &asked).status, 202);
    let changes = format!("/api/people/{}/changes", Who::Custodian.id());
    let block = json!({ "type": "block", "reason": "调查" });
    let blocked = world.change(Who::Security, &changes, &block);
    assert_eq!(blocked.status, 200, "{}", blocked.text());
    let ended = world.worked_off(&asked);
    assert!(
        ended["stamped"].as_u64().unwrap() < 60,
        "the block came after the end"
    );
    assert_eq!(ended["open"], 0);
    world.run("two", &asked).check_problem(422, "PERSON_BLOCKED");
    let unblocked = world.change(Who::Security, &changes, &json!({ "type": "unblock" }));
    assert_eq!(unblocked.status, 200, "{}", unblocked.text());
    assert_eq!(world.run("three", &asked).status, 202);
    assert_eq!(world.worked_off(&asked)["stamped"], 60);
}
