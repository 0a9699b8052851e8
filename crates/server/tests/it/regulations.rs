//! What the regulations ask of applications, devices, verification and endings, as scenarios over HTTP.

use serde_json::{Value, json};
use sqlx::Connection as _;
use testkit::Bureau;

use crate::applications::PICTURE;
use crate::life::PIN;
use crate::set_up::order;
use crate::support::{MAKING, TestServer};
use crate::town::Town;
use crate::world::{Who, World, ofd};

/// A town under these regulations, where seals are made and filed with this body.
fn town_under(profile: &str, bureau: &Bureau, lines: &str) -> Town {
    let filing = format!(
        "filing.public_security = \"{}\"\nfiling.poll_seconds = 1\n",
        bureau.url()
    );
    let mut root = order();
    root["authority"]["profile"] = profile.into();
    Town::under(TestServer::with(&format!("{MAKING}{filing}{lines}")), &root)
}

impl Town {
    /// The occasions of a seal's filings with a body, in order, when all of them were accepted.
    fn filed(&self, seal: &str, body: &str) -> Vec<String> {
        let accepted = |filings: &[Value]| filings.iter().all(|filing| filing["status"] == "accepted");
        self.wait("all filings", || accepted(&self.filings(seal)));
        let filings = self.filings(seal);
        let ours = filings.iter().filter(|filing| filing["body"] == body);
        let mut occasions: Vec<String> = ours
            .map(|filing| filing["occasion"].as_str().unwrap().to_owned())
            .collect();
        occasions.sort();
        occasions
    }

    /// An application that was approved is carried out on a seal by the maker.
    pub(crate) fn cancelled_on(&self, seal: &str, ask: &Value) -> Value {
        let step = json!({ "type": "cancel", "application": self.approved(ask) });
        let cancelled = self.seal_step("maker", seal, &step);
        assert_eq!(cancelled.status, 200, "{}", cancelled.text());
        cancelled.json()
    }

    /// A seal as if its key were on a device that the custodian carries; this service makes keys on a server only.
    pub(crate) fn put_on_smart_key(&self, seal: &str) {
        let file = self.scene.server.data().join("yinxin.db");
        let seal: uuid::Uuid = seal.parse().unwrap();
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let address = format!("sqlite://{}", file.display());
            let mut conn = sqlx::SqliteConnection::connect(&address).await.unwrap();
            let moved =
                "UPDATE seals SET state = replace(state, '\"seal_server\"', '\"smart_key\"') WHERE id = $1";
            let moved = sqlx::query(moved).bind(seal).execute(&mut conn).await.unwrap();
            assert_eq!(moved.rows_affected(), 1);
            conn.close().await.unwrap();
        });
    }

    /// A successor of a cancelled seal, made and filed.
    pub(crate) fn successor(&self, seal: &str) -> String {
        let mut ask = self.ask();
        ask["seal"]["replaces"] = seal.into();
        let made = self.make(&self.approved(&ask));
        assert_eq!(made.status, 201, "{}", made.text());
        let id = made.json()["id"].as_str().unwrap().to_owned();
        self.wait("the filing", || self.seal(&id)["status"] == "filed");
        id
    }
}

#[test]
fn r21_the_holder_of_a_local_certificate_applies_without_evidence_of_identity() {
    let town = Town::new();
    let drafted = town.draft(&town.ask()).json();
    let id = drafted["id"].as_str().unwrap();
    for (kind, bytes) in [
        ("application_form", b"form".as_slice()),
        ("engraving_proof", b"proof"),
        ("impression_sheet", PICTURE),
    ] {
        town.hand_in(id, kind, bytes);
    }
    let refused = town.submit(id).check_problem(422, "IDENTITY_MISSING");
    assert_eq!(refused["rule"], "R18");
    town.hand_in(id, "held_certificate", crate::world::system().certificate.der());
    let submitted = town.submit(id);
    assert_eq!(submitted.status, 200, "{}", submitted.text());
    town.consent_and_approve(id);
}

#[test]
fn r42_every_change_of_a_seal_reaches_the_registry_that_heard_of_its_making() {
    let (bureau, department) = (Bureau::open(), Bureau::open());
    let lines = format!("filing.competent_department = \"{}\"\n", department.url());
    let town = town_under("xian", &bureau, &lines);
    let seal = town.active();
    assert_eq!(town.filed(&seal, "competent_department"), ["made"]);
    let device = town.seal(&seal)["editions"][0]["device"]["id"].clone();
    let replace =
        json!({ "kind": "replace_device", "seal": seal, "reason": "device_damaged", "device": device });
    let path = format!("/api/applications/{}/making", town.approved(&replace));
    let replaced = town.post("maker", &path, &json!({ "width_mm": 42, "height_mm": 42 }));
    assert_eq!(replaced.status, 201, "{}", replaced.text());
    let suspend = json!({ "type": "suspend", "reason": "key_leaked" });
    assert_eq!(town.seal_step("custodian", &seal, &suspend).status, 200);
    let resume = town.approved(&json!({ "kind": "resume", "seal": seal }));
    let resume = json!({ "type": "resume", "application": resume });
    assert_eq!(town.seal_step("maker", &seal, &resume).status, 200);
    town.scene.server.clock.advance(300 * 24 * 3600);
    town.sign_all_in(Some("Own-choice-78"));
    let path = format!(
        "/api/applications/{}/making",
        town.approved(&json!({ "kind": "renew", "seal": seal }))
    );
    let renewed = town.post("maker", &path, &json!({ "width_mm": 42, "height_mm": 42 }));
    assert_eq!(renewed.status, 201, "{}", renewed.text());
    let change =
        json!({ "kind": "change", "seal": seal, "reason": "physical_seal_changed", "scheduled": false });
    assert_eq!(town.cancelled_on(&seal, &change)["status"], "cancelled");
    assert_eq!(
        town.filed(&seal, "public_security"),
        [
            "cancelled",
            "device_replaced",
            "made",
            "renewed",
            "resumed",
            "suspended"
        ]
    );
    // Each arrived there with what happened, and the seal it happened to.
    let received = bureau.received();
    for occasion in ["renewed", "device_replaced", "cancelled"] {
        let arrived = received.iter().any(|(_, body)| {
            let body = body.to_string();
            body.contains(occasion) && body.contains(&seal)
        });
        assert!(arrived, "{occasion}: {received:?}");
    }
}

#[test]
fn r47_the_old_device_comes_back_when_the_new_seal_is_collected() {
    let bureau = Bureau::open();
    let town = town_under(
        "inner-mongolia",
        &bureau,
        "networks.dedicated = [\"127.0.0.1\"]\n",
    );
    let old = town.active();
    town.put_on_smart_key(&old);
    let change =
        json!({ "kind": "change", "seal": old, "reason": "physical_seal_changed", "scheduled": false });
    town.cancelled_on(&old, &change);
    let new = town.successor(&old);
    let collect = |device: &str| {
        let order = json!({ "pin": PIN, "old_device": device });
        town.post("custodian", &format!("/api/seals/{new}/collection"), &order)
    };
    // It was not lost, so saying that it was does not help.
    for device in ["none", "lost"] {
        let refused = collect(device).check_problem(422, "OLD_DEVICE_MISSING");
        assert_eq!(refused["rule"], "R47");
        assert!(refused["article"].as_str().unwrap().contains("第"), "{refused}");
    }
    let collected = collect("returned");
    assert_eq!(collected.json()["status"], "active", "{}", collected.text());
    let history = town.get("principal", &format!("/api/seals/{new}")).json()["history"].clone();
    let collected = history.as_array().unwrap().iter().map(|one| &one["event"]);
    let mut collected = collected.filter(|event| event["type"] == "activated");
    assert_eq!(collected.next_back().unwrap()["old_device"], "returned");
}

#[test]
fn r48_a_lost_device_is_reported_by_its_custodian_before_seal_and_device_are_replaced() {
    let bureau = Bureau::open();
    let town = town_under(
        "inner-mongolia",
        &bureau,
        "networks.dedicated = [\"127.0.0.1\"]\n",
    );
    let old = town.active();
    town.put_on_smart_key(&old);
    let ask = json!({ "kind": "cancel", "seal": old, "reason": "device_lost" });
    let id = town.with_materials(&ask, PICTURE);
    let refused = town.submit(&id).check_problem(422, "CUSTODIAN_REPORT_MISSING");
    assert_eq!(refused["rule"], "R48");
    town.hand_in(&id, "custodian_report", "保管人书面报告".as_bytes());
    assert_eq!(town.submit(&id).status, 200);
    // The principal consents before anybody decides.
    town.step("reviewer", &id, &json!({ "type": "take_up" }))
        .check_problem(422, "CONSENT_MISSING");
    town.consent_and_approve(&id);
    let step = json!({ "type": "cancel", "application": id });
    let cancelled = town.seal_step("maker", &old, &step).json();
    assert_eq!(
        (&cancelled["status"], &cancelled["standing"]["reason"]),
        (&json!("cancelled"), &json!("device_lost"))
    );
    let new = town.successor(&old);
    let order = json!({ "pin": PIN, "old_device": "lost" });
    let collected = town.post("custodian", &format!("/api/seals/{new}/collection"), &order);
    assert_eq!(collected.json()["status"], "active", "{}", collected.text());
    assert_eq!(collected.json()["replaces"], old);
}

#[test]
fn r55_a_business_system_seals_with_the_units_seal_and_anybody_verifies_it() {
    let world = World::with_policy();
    let place = world.granted(5);
    assert_eq!(world.open(&place, crate::world::PIN).status, 204);
    let document = ofd("许可证");
    let headers = world.signed_stamp(&place, &document, 1);
    let sealed = world.stamp_signed(&place, &headers, &document);
    assert_eq!(sealed.status, 200, "{}", sealed.text());
    // Without an account, with a machine's answer and with words for a person.
    let report = world.server.post("/api/verify", &[], &sealed.body).json();
    assert_eq!(report["conclusion"], "passed", "{report}");
    assert_eq!(report["signatures"][0]["conclusion"], "passed");
    let words = world
        .server
        .post("/api/verify", &[("accept", "text/plain")], &sealed.body);
    assert!(words.text().contains("示例单位"), "{}", words.text());
}

/// The sealed notice of a world.
fn sealed_notice(world: &World) -> Vec<u8> {
    let asked = world.ask(&ofd("通知")).json();
    assert_eq!(world.approve(Who::Approver, &asked).status, 201);
    let stamped = world.stamp(Who::Custodian, &asked, crate::world::PIN);
    assert_eq!(stamped.status, 201, "{}", stamped.text());
    let place = stamped.header("location").unwrap().to_owned();
    let sealed = world.get(Who::Agent, &place);
    // It travels as what it is, and as a file that is kept.
    assert_eq!(sealed.header("content-type"), Some("application/ofd"));
    assert_eq!(sealed.header("x-content-type-options"), Some("nosniff"));
    sealed.body
}

#[test]
fn r56_a_printed_or_converted_document_is_answered_as_a_copy() {
    let world = TestServer::start();
    // What a printer driver writes of a sealed page: what it shows, without what signs it.
    let printed = crate::world::pdf(&[true]);
    let report = world.post("/api/verify", &[], &printed).json();
    assert_eq!(report["conclusion"], "unsigned");
    let reason = &report["reasons"][0];
    assert_eq!(reason["code"], "NO_SIGNATURE");
    for (language, copy) in [("zh", "按复印件对待"), ("en", "counts as a copy")] {
        let headers = [("accept", "text/plain"), ("accept-language", language)];
        let words = world.post("/api/verify", &headers, &printed);
        assert!(words.text().contains(copy), "{}", words.text());
    }
}

#[test]
fn r57_a_sealed_document_is_sent_and_checked_as_the_standards_have_it() {
    let world = World::with_policy();
    let sealed = sealed_notice(&world);
    let report = world.server.post("/api/verify", &[], &sealed).json();
    assert_eq!(report["conclusion"], "passed", "{report}");
    let checks = report["signatures"][0]["checks"].as_array().unwrap();
    for standard in ["GB/T 33190-2016", "GB/T 38540-2020", "GB/T 20520"] {
        let mut under = checks
            .iter()
            .filter(|check| check["clause"].as_str().unwrap().contains(standard));
        assert!(
            under.any(|check| check["outcome"] != "fails"),
            "{standard}: {report}"
        );
    }
    assert!(checks.iter().all(|check| check["outcome"] != "fails"), "{report}");
}

#[test]
fn r58_what_was_sealed_in_one_city_is_verified_in_another_as_at_home() {
    let world = World::with_policy();
    let sealed = sealed_notice(&world);
    // Another city's service, which shares nothing but the trusted roots.
    let elsewhere = TestServer::start();
    let (here, there) = (
        world.server.post("/api/verify", &[], &sealed).json(),
        elsewhere.post("/api/verify", &[], &sealed).json(),
    );
    assert_eq!(there["conclusion"], "passed", "{there}");
    assert_eq!(there["signatures"], here["signatures"]);
}

#[test]
fn r62_a_renamed_unit_has_its_seal_cancelled_and_made_anew() {
    let bureau = Bureau::open();
    let town = town_under("cn", &bureau, "");
    let old = town.active();
    let rename = json!({ "type": "rename", "name": "测试市数据局" });
    let renamed = town.post("reviewer", &format!("/api/units/{}/changes", town.unit), &rename);
    assert_eq!(renamed.status, 200, "{}", renamed.text());
    let ask = json!({ "kind": "change", "seal": old, "reason": "unit_name_changed", "scheduled": false });
    let id = town.with_materials(&ask, PICTURE);
    // The new name is proved.
    let refused = town.submit(&id).check_problem(422, "ENDING_EVIDENCE_MISSING");
    assert_eq!(refused["rule"], "R64");
    town.hand_in(&id, "change_proof", "更名批复".as_bytes());
    assert_eq!(town.submit(&id).status, 200);
    town.consent_and_approve(&id);
    let step = json!({ "type": "cancel", "application": id });
    assert_eq!(town.seal_step("maker", &old, &step).json()["status"], "cancelled");
    let mut ask = town.ask();
    ask["seal"]["replaces"] = old.as_str().into();
    // Under its former name nothing is made any more.
    let refused = town.make(&town.approved(&ask));
    refused.check_problem(422, "NAMES_DISAGREE");
}

#[test]
fn r64_a_seal_is_cancelled_in_writing_by_its_owner_with_evidence() {
    let bureau = Bureau::open();
    let mut town = town_under("cn", &bureau, "");
    let seal = town.active();
    let bare = json!({ "type": "cancel", "application": null });
    let unwritten = town.seal_step("maker", &seal, &bare);
    assert!((400..500).contains(&unwritten.status), "{}", unwritten.text());
    let other = town.post("reviewer", "/api/units", &town.unit_order("91110000600037341L"));
    let other = other.json()["id"].as_str().unwrap().to_owned();
    town.settle("stranger", "agent", &json!({ "kind": "unit", "id": other }));
    let ask = json!({ "kind": "cancel", "seal": seal, "reason": "seal_no_longer_used" });
    let order = json!({ "authority": town.authority, "unit": other, "ask": ask });
    let strange = town.post("stranger", "/api/applications", &order);
    strange.check_problem(422, "NOT_OWN_SEAL");
    let id = town.draft(&ask).json()["id"].as_str().unwrap().to_owned();
    let refused = town.submit(&id).check_problem(422, "ENDING_EVIDENCE_MISSING");
    assert_eq!(refused["rule"], "R64");
    town.steps(&id, &[("agent", json!({ "type": "withdraw" }))]);
    let done = town.cancelled_on(&seal, &ask);
    assert_eq!(done["standing"]["reason"], "seal_no_longer_used");
    // Which application it rests on stays in the record.
    assert!(done["standing"]["application"].is_string(), "{done}");
}
