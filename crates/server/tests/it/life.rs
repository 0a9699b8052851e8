//! The life of a seal: making, filing, collecting, suspending, resuming, handing over, cancelling.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Bureau, BureauFault};

use crate::applications::PICTURE;
use crate::support::{Answer, MAKING};
use crate::town::Town;

/// The protection password of a seal.
pub(crate) const PIN: &str = "custodian's pin 7";

/// The configuration of a service that makes seals, and files them with this body.
pub(crate) fn making(bureau: &Bureau) -> String {
    let filing = format!(
        "filing.public_security = \"{}\"\nfiling.poll_seconds = 1\n",
        bureau.url()
    );
    format!("{MAKING}{filing}")
}

impl Town {
    /// A town where seals are made, and filed with this body.
    pub(crate) fn making(bureau: &Bureau) -> Self {
        Self::with(&making(bureau))
    }

    pub(crate) fn making_order(&self) -> Value {
        json!({ "custodian": self.id("custodian"), "verdict": "same", "width_mm": 42, "height_mm": 42 })
    }

    /// The impression is compared, and the seal made.
    pub(crate) fn make(&self, application: &str) -> Answer {
        let compared = self.send(
            "reviewer",
            &format!("/api/applications/{application}/comparison"),
            PICTURE,
        );
        assert_eq!(compared.status, 201, "{}", compared.text());
        self.post(
            "maker",
            &format!("/api/applications/{application}/making"),
            &self.making_order(),
        )
    }

    pub(crate) fn seal(&self, id: &str) -> Value {
        self.get("maker", &format!("/api/seals/{id}")).json()["seal"].clone()
    }

    /// Waits until a seal, or a filing of it, is as it should be; the job looks every second.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, holds: impl Fn() -> bool) {
        for _ in 0..600 {
            if holds() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{what} did not happen");
    }

    pub(crate) fn filings(&self, seal: &str) -> Vec<Value> {
        let found = self.get("maker", &format!("/api/seals/{seal}/filings")).json();
        found["items"].as_array().unwrap().clone()
    }

    /// A seal that was made, filed and collected.
    pub(crate) fn active(&self) -> String {
        let made = self.make(&self.approved(&self.ask()));
        assert_eq!(made.status, 201, "{}", made.text());
        let id = made.json()["id"].as_str().unwrap().to_owned();
        self.wait("the filing", || self.seal(&id)["status"] == "filed");
        let collected = self.post(
            "custodian",
            &format!("/api/seals/{id}/collection"),
            &json!({ "pin": PIN }),
        );
        assert_eq!(collected.status, 200, "{}", collected.text());
        assert_eq!(collected.json()["status"], "active");
        id
    }

    pub(crate) fn seal_step(&self, name: &str, seal: &str, step: &Value) -> Answer {
        self.post(name, &format!("/api/seals/{seal}/steps"), step)
    }

    /// What anybody sees of a seal's status by its code.
    fn public_status(&self, code: &str, at: &str) -> Value {
        let query = format!("/api/seal-status?code={code}{at}");
        self.scene.server.get(&query, &[]).json()["seals"].clone()
    }
}

#[test]
fn r29_to_r38_a_seal_is_made_once_of_what_was_approved() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let application = town.submitted(&town.ask());
    let path = format!("/api/applications/{application}/making");
    let order = town.making_order();
    town.post("maker", &path, &order)
        .check_problem(422, "APPLICATION_NOT_APPROVED");
    town.steps(
        &application,
        &[
            ("principal", json!({ "type": "consent" })),
            ("reviewer", json!({ "type": "take_up" })),
        ],
    );
    town.steps(&application, &[("reviewer", town.approval(&application))]);
    town.post("reviewer", &path, &order)
        .check_problem(403, "NOT_PERMITTED");
    let refused = town
        .post("maker", &path, &order)
        .check_problem(422, "COMPARISON_MISSING");
    assert_eq!(refused["rule"], "R34");
    let made = town.make(&application);
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    assert_eq!(made["status"], "made");
    let code = made["editions"][0]["seal_code"].as_str().unwrap();
    assert!(code.len() == 14 && code.starts_with("610100"), "{code}");
    let found = town
        .get("agent", &format!("/api/applications/{application}"))
        .json();
    assert_eq!(found["status"], "completed");
    town.post("maker", &path, &order)
        .check_problem(422, "APPLICATION_NOT_APPROVED");
}

#[test]
fn r34_another_impression_is_not_made() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let application = town.approved(&town.ask());
    let path = format!("/api/applications/{application}/comparison");
    assert_eq!(town.send("maker", &path, PICTURE).status, 201);
    let mut order = town.making_order();
    order["verdict"] = "different".into();
    let path = format!("/api/applications/{application}/making");
    let refused = town
        .post("maker", &path, &order)
        .check_problem(422, "IMPRESSIONS_DISAGREE");
    assert_eq!(refused["rule"], "R34");
    order["verdict"] = "same".into();
    order["custodian"] = town.id("agent").into();
    town.post("maker", &path, &order)
        .check_problem(422, "NOT_A_CUSTODIAN");
}

#[test]
fn without_a_maker_nothing_is_made_and_that_is_said() {
    let town = Town::new();
    let application = town.approved(&town.ask());
    town.post(
        "maker",
        &format!("/api/applications/{application}/making"),
        &town.making_order(),
    )
    .check_problem(503, "MAKING_NOT_CONFIGURED");
}

#[test]
fn r43_r45_only_the_custodian_collects_and_sets_the_pin() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    bureau.switch(BureauFault::OutOfOrder);
    let made = town.make(&town.approved(&town.ask())).json();
    let path = format!("/api/seals/{}/collection", made["id"].as_str().unwrap());
    town.post("custodian", &path, &json!({ "pin": PIN }))
        .check_problem(422, "NOT_FILED_YET");
    bureau.switch(BureauFault::None);
    let id = made["id"].as_str().unwrap();
    town.wait("the filing", || {
        town.scene.server.clock.advance(1);
        town.seal(id)["status"] == "filed"
    });
    town.post("agent", &path, &json!({ "pin": PIN }))
        .check_problem(422, "NOT_THE_RECEIVER");
    town.post("custodian", &path, &json!({ "pin": "11111111" }))
        .check_problem(422, "PIN_REFUSED");
    let collected = town.post("custodian", &path, &json!({ "pin": PIN }));
    assert_eq!(collected.status, 200, "{}", collected.text());
    let change = |old: &str, new: &str| {
        let body = json!({ "old_pin": old, "new_pin": new });
        town.post("custodian", &format!("/api/seals/{id}/pin"), &body)
    };
    change("wrong old pin", "another pin 88").check_problem(403, "PIN_WRONG");
    change("", "another pin 88").check_problem(403, "PIN_WRONG");
    change(PIN, PIN).check_problem(422, "PIN_REFUSED");
    assert_eq!(change(PIN, "another pin 88").status, 200);
}

#[test]
fn r39_to_r41_filings_outlive_every_fault_of_the_other_side() {
    let bureau = Bureau::open();
    let mut town = Town::making(&bureau);
    let mut made = None;
    let faults = [
        BureauFault::HangsUp,
        BureauFault::OutOfOrder,
        BureauFault::Mumbles,
        BureauFault::Thinks,
        BureauFault::SendsBack,
    ];
    for (count, fault) in faults.into_iter().enumerate() {
        bureau.switch(fault);
        let id = made.get_or_insert_with(|| {
            let made = town.make(&town.approved(&town.ask()));
            made.json()["id"].as_str().unwrap().to_owned()
        });
        town.scene.server.clock.advance(600);
        town.wait("another try", || bureau.received().len() > count);
        assert_eq!(town.seal(id)["status"], "made", "{fault:?}");
    }
    let id = made.unwrap();
    town.scene.server.clock.advance(25 * 3600);
    town.morning();
    town.wait("the escalation", || town.filings(&id)[0]["escalated"] == true);
    bureau.switch(BureauFault::None);
    town.scene.server.clock.advance(600);
    town.wait("the filing", || town.seal(&id)["status"] == "filed");
    let filing = &town.filings(&id)[0];
    assert_eq!(filing["receipt"]["number"], "GA-000000");
    assert!(filing["tries"].as_u64().unwrap() >= 4, "{filing}");
    // One filing has one key, however often it is sent.
    let keys: std::collections::BTreeSet<_> = bureau.received().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), 1);
    let path = format!("/api/authorities/{}/statistics", town.authority);
    let figures = town.get("maker", &path).json();
    assert_eq!(figures["filings"], json!({ "in_time": 0, "late": 1, "open": 0 }));
    assert_eq!(figures["seals"], json!({ "filed": 1 }));
    town.get("agent", &path).check_problem(403, "NOT_PERMITTED");
}

#[test]
fn r44_custody_is_offered_and_taken() {
    let bureau = Bureau::open();
    let mut town = Town::making(&bureau);
    let seal = town.active();
    let unit = json!({ "kind": "unit", "id": town.unit });
    town.settle("second", "custodian", &unit);
    let offer = json!({ "type": "hand_over", "to": town.id("second") });
    town.seal_step("agent", &seal, &offer)
        .check_problem(403, "NOT_PERMITTED");
    let wrong = json!({ "type": "hand_over", "to": town.id("agent") });
    town.seal_step("custodian", &seal, &wrong)
        .check_problem(422, "NOT_A_CUSTODIAN");
    assert_eq!(town.seal_step("custodian", &seal, &offer).status, 200);
    let accept = json!({ "type": "accept_custody" });
    town.seal_step("agent", &seal, &accept)
        .check_problem(422, "NOT_THE_RECEIVER");
    let taken = town.seal_step("second", &seal, &accept).json();
    assert_eq!(
        (&taken["custodian"], &taken["pin"]["must_change"]),
        (&json!(town.id("second")), &json!(true))
    );
    assert_eq!(
        town.get("second", "/api/seals").json()["items"][0]["id"],
        seal.as_str()
    );
    assert_eq!(town.get("custodian", "/api/seals").json()["items"], json!([]));
}

#[test]
fn r63_the_authority_cancels_ex_officio_with_a_decision() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let seal = town.active();
    let step =
        |decision: &str| json!({ "type": "cancel_ex_officio", "reason": "misuse", "decision": decision });
    town.seal_step("maker", &seal, &step("测数决〔2026〕3号"))
        .check_problem(403, "NOT_PERMITTED");
    town.seal_step("reviewer", &seal, &step(" "))
        .check_problem(422, "TEXT_MISSING");
    let cancelled = town
        .seal_step("reviewer", &seal, &step("测数决〔2026〕3号"))
        .json();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["standing"]["decision"], "测数决〔2026〕3号");
    // Somebody else's seal is nobody's business.
    let stranger = town.scene.sign_in(2);
    let path = format!("/api/seals/{seal}");
    assert_eq!(
        town.scene
            .server
            .get(&path, &[("authorization", &stranger)])
            .status,
        200
    );
}

#[test]
fn r60_a_seal_expires_when_its_period_is_over() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let seal = town.active();
    let code = town.seal(&seal)["editions"][0]["seal_code"]
        .as_str()
        .unwrap()
        .to_owned();
    town.scene.server.clock.advance(366 * 24 * 3600);
    town.wait("the expiry", || {
        town.public_status(&code, "")[0]["status"] == "expired"
    });
    // As of a day before, it was in force.
    assert_eq!(
        town.public_status(&code, "&at=2026-06-16T00:00:00Z")[0]["usable"],
        true
    );
    assert_eq!(town.public_status(&code, "&at=2026-06-14T00:00:00Z"), json!([]));
    assert_eq!(town.public_status("61010000000000", ""), json!([]));
}

/// The whole life of a legal-name seal, and a log of it that an auditor finds sound.
#[test]
fn r2_r80_the_life_of_a_legal_name_seal() {
    let bureau = Bureau::open();
    live(Town::making(&bureau), None);
}

#[test]
fn r2_r80_the_same_life_on_postgresql() {
    let Some(server) = testkit::PrivatePostgres::shared() else {
        return;
    };
    let (bureau, database) = (Bureau::open(), server.database());
    let filing = format!(
        "filing.public_security = \"{}\"\nfiling.poll_seconds = 1\ndatabase.url = \"{database}\"\n",
        bureau.url()
    );
    live(Town::with(&format!("{MAKING}{filing}")), Some(&database));
}

fn live(town: Town, database: Option<&str>) {
    let seal = town.active();
    let code = town.seal(&seal)["editions"][0]["seal_code"]
        .as_str()
        .unwrap()
        .to_owned();
    let status = || town.public_status(&code, "")[0].clone();
    assert_eq!(
        (&status()["status"], &status()["usable"]),
        (&json!("active"), &json!(true))
    );
    // At once, on a report of loss.
    town.seal_step(
        "agent",
        &seal,
        &json!({ "type": "suspend", "reason": "key_leaked" }),
    )
    .check_problem(403, "NOT_PERMITTED");
    let suspend = json!({ "type": "suspend", "reason": "key_leaked" });
    assert_eq!(
        town.seal_step("custodian", &seal, &suspend).json()["status"],
        "suspended"
    );
    assert_eq!(
        (&status()["status"], &status()["usable"]),
        (&json!("suspended"), &json!(false))
    );
    let resume = town.approved(&json!({ "kind": "resume", "seal": seal }));
    let resumed = town.seal_step(
        "maker",
        &seal,
        &json!({ "type": "resume", "application": resume }),
    );
    assert_eq!(resumed.json()["status"], "active", "{}", resumed.text());
    let ask = json!({ "kind": "suspend", "seal": seal, "reason": "unit_ended" });
    town.draft(&ask).check_problem(422, "REASON_NOT_FOR_THIS");
    let ask = json!({ "kind": "cancel", "seal": seal, "reason": "physical_seal_ended" });
    let cancel = town.approved(&ask);
    let cancelled = town.seal_step(
        "maker",
        &seal,
        &json!({ "type": "cancel", "application": cancel }),
    );
    assert_eq!(cancelled.json()["status"], "cancelled", "{}", cancelled.text());
    assert_eq!(status()["status"], "cancelled");
    // Making, suspending, resuming, cancelling: each was filed in time.
    town.wait("all filings", || {
        town.filings(&seal)
            .iter()
            .all(|filing| filing["status"] == "accepted")
    });
    let occasions = town
        .filings(&seal)
        .into_iter()
        .map(|filing| filing["occasion"].clone());
    let mut occasions: Vec<_> = occasions.map(|name| name.as_str().unwrap().to_owned()).collect();
    occasions.sort();
    assert_eq!(occasions, ["cancelled", "made", "resumed", "suspended"]);
    let path = format!("/api/authorities/{}/statistics", town.authority);
    assert_eq!(
        town.get("maker", &path).json()["filings"],
        json!({ "in_time": 4, "late": 0, "open": 0 })
    );
    let history = town.get("principal", &format!("/api/seals/{seal}")).json()["history"].clone();
    let told: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["event"]["type"].clone())
        .collect();
    let expected = [
        "made",
        "filing_recorded",
        "filed",
        "activated",
        "suspended",
        "filing_recorded",
        "resumed",
        "filing_recorded",
        "cancelled",
        "filing_recorded",
    ];
    let mut sorted: Vec<_> = told
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect();
    let mut wanted: Vec<_> = expected.iter().map(|name| (*name).to_owned()).collect();
    sorted.sort();
    wanted.sort();
    assert_eq!(sorted, wanted);
    let report = town.scene.server.stopped_and_checked(database);
    let found: Vec<_> = report
        .findings
        .list()
        .iter()
        .map(|finding| format!("{finding:?}"))
        .collect();
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(report.conclusion, audit::Conclusion::Passed);
    for act in [
        "seal.made",
        "key.created",
        "seal.cancelled",
        "filing.accepted",
        "application.refused",
    ] {
        assert!(report.acts.contains_key(act), "{act}: {:?}", report.acts);
    }
}

#[test]
fn r60_a_renewed_seal_has_a_key_of_its_own_and_the_same_picture() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let seal = town.active();
    let renew = json!({ "kind": "renew", "seal": seal });
    let early = town.draft(&renew).json()["id"].as_str().unwrap().to_owned();
    for kind in ["agent_identity", "application_form"] {
        town.hand_in(&early, kind, kind.as_bytes());
    }
    let submit = json!({ "type": "submit", "declaration": "真实" });
    let refused = town
        .step("agent", &early, &submit)
        .check_problem(422, "RENEWAL_TOO_EARLY");
    assert_eq!(refused["rule"], "R60");
    town.scene.server.clock.advance(300 * 24 * 3600);
    // A password of ninety days is over by then.
    town.sign_all_in(Some("Own-choice-78"));
    let application = town.approved(&renew);
    let path = format!("/api/applications/{application}/making");
    let renewed = town.post("maker", &path, &json!({ "width_mm": 42, "height_mm": 42 }));
    assert_eq!(renewed.status, 201, "{}", renewed.text());
    let renewed = renewed.json();
    let editions = renewed["editions"].as_array().unwrap();
    assert_eq!((renewed["id"].as_str(), editions.len()), (Some(seal.as_str()), 2));
    assert_ne!(editions[0]["device"]["serial"], editions[1]["device"]["serial"]);
    assert_eq!(renewed["pin"]["must_change"], true);
    let pin = |old: &str, new: &str| {
        let body = json!({ "old_pin": old, "new_pin": new });
        town.post("custodian", &format!("/api/seals/{seal}/pin"), &body)
    };
    // The old key's PIN opens nothing any more.
    pin(PIN, "renewed pin 99").check_problem(403, "PIN_WRONG");
    let changed = pin("", "renewed pin 99");
    assert_eq!(changed.json()["pin"]["must_change"], false, "{}", changed.text());
    pin("", "somebody else 11").check_problem(403, "PIN_WRONG");
}

#[test]
fn r61_a_change_cancels_first_and_its_successor_is_linked() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let seal = town.active();
    let mut successor = town.ask();
    successor["seal"]["replaces"] = seal.as_str().into();
    let too_early = town.draft(&successor).json()["id"].as_str().unwrap().to_owned();
    let submit = json!({ "type": "submit", "declaration": "真实" });
    town.step("agent", &too_early, &submit)
        .check_problem(422, "CANCEL_FIRST");
    let ask =
        json!({ "kind": "change", "seal": seal, "reason": "physical_seal_changed", "scheduled": false });
    let change = town.approved(&ask);
    let cancelled = town.seal_step(
        "maker",
        &seal,
        &json!({ "type": "cancel", "application": change }),
    );
    assert_eq!(cancelled.json()["status"], "cancelled", "{}", cancelled.text());
    let made = town.make(&town.approved(&successor));
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.json()["replaces"], seal.as_str());
}

#[test]
fn r44_r52_a_personal_seal_is_its_holders_alone() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let holder = town.id("agent");
    let ask = json!({
        "kind": "make",
        "seal": {
            "kind": "personal", "owner": { "kind": "person", "holder": holder }, "name": town.name_of("agent"),
            "impression": { "digest": gm::sm3(PICTURE).to_string(), "code": null, "source": "drawn" },
            "physical": null, "replaces": null,
        },
    });
    let order = |unit: Value| json!({ "authority": town.authority, "unit": unit, "ask": ask });
    town.post("agent", "/api/applications", &order(json!(town.unit)))
        .check_problem(422, "NOT_OWN_SEAL");
    let drafted = town.post("agent", "/api/applications", &order(json!(null)));
    assert_eq!(drafted.status, 201, "{}", drafted.text());
    let id = drafted.json()["id"].as_str().unwrap().to_owned();
    for (kind, bytes) in [
        ("holder_identity", b"holder".as_slice()),
        ("application_form", b"form"),
        ("impression_sheet", PICTURE),
    ] {
        town.hand_in(&id, kind, bytes);
    }
    town.steps(
        &id,
        &[
            ("agent", json!({ "type": "submit", "declaration": "真实" })),
            ("reviewer", json!({ "type": "take_up" })),
        ],
    );
    town.steps(&id, &[("reviewer", town.approval(&id))]);
    let make = |custodian: &str| {
        let order = json!({ "custodian": custodian, "width_mm": 20, "height_mm": 20 });
        town.post("maker", &format!("/api/applications/{id}/making"), &order)
    };
    make(town.id("custodian")).check_problem(422, "HOLDER_ONLY");
    let made = make(holder);
    assert_eq!(made.status, 201, "{}", made.text());
    let seal = made.json()["id"].as_str().unwrap().to_owned();
    town.wait("the filing", || town.seal(&seal)["status"] == "filed");
    let collected = town.post(
        "agent",
        &format!("/api/seals/{seal}/collection"),
        &json!({ "pin": PIN }),
    );
    assert_eq!(collected.json()["status"], "active", "{}", collected.text());
    assert_eq!(
        town.get("agent", "/api/seals?held=true").json()["items"][0]["id"],
        seal.as_str()
    );
    // Another person of the unit sees nothing of it.
    town.get("custodian", &format!("/api/seals/{seal}"))
        .check_problem(404, "NOT_FOUND");
}

#[test]
fn r20_an_impression_that_was_not_handed_in_is_nobodys() {
    let town = Town::new();
    // It lies in the store, because another application handed it in.
    let other = town.submitted(&town.ask());
    town.steps(&other, &[("agent", json!({ "type": "withdraw" }))]);
    let id = town.draft(&town.ask()).json()["id"].as_str().unwrap().to_owned();
    for kind in [
        "unit_identity",
        "agent_identity",
        "application_form",
        "engraving_proof",
    ] {
        town.hand_in(&id, kind, kind.as_bytes());
    }
    let refused = town.submit(&id).check_problem(422, "IMPRESSION_SHEET_MISSING");
    assert_eq!(refused["rule"], "R20");
    // Nor is another image than the one that was asked for.
    town.hand_in(&id, "impression_sheet", b"another image");
    town.submit(&id).check_problem(422, "IMPRESSION_SHEET_MISSING");
    town.hand_in(&id, "impression_sheet", PICTURE);
    assert_eq!(town.submit(&id).status, 200);
}

#[test]
fn r65_another_device_has_another_key() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let seal = town.active();
    let device = town.seal(&seal)["editions"][0]["device"]["id"].clone();
    let ask = |device: &Value| json!({ "kind": "replace_device", "seal": seal, "reason": "device_damaged", "device": device });
    let unknown = town
        .draft(&ask(&json!("00000000-0000-7000-8000-000000000000")))
        .json();
    let submit = json!({ "type": "submit", "declaration": "真实" });
    town.step("agent", unknown["id"].as_str().unwrap(), &submit)
        .check_problem(422, "DEVICE_UNKNOWN");
    let application = town.approved(&ask(&device));
    let path = format!("/api/applications/{application}/making");
    let replaced = town.post("maker", &path, &json!({ "width_mm": 42, "height_mm": 42 }));
    assert_eq!(replaced.status, 201, "{}", replaced.text());
    assert_ne!(replaced.json()["editions"][1]["device"]["id"], device);
    // The page names the devices of both editions.
    let page = town.desk("agent").get(&format!("/seals/{seal}"));
    for edition in replaced.json()["editions"].as_array().unwrap() {
        let serial = edition["device"]["serial"].as_str().unwrap();
        assert!(page.text().contains(serial), "{}", page.text());
    }
    assert!(page.text().contains("历次载体") && page.text().contains("已被取代"));
    town.wait("the filing", || {
        let filings = town.filings(&seal);
        filings
            .iter()
            .any(|one| one["occasion"] == "device_replaced" && one["status"] == "accepted")
    });
}
