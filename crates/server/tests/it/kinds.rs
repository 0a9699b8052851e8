//! The lives of seals of every kind, and a change whose seals are swapped when the new one is collected.

use gm::sm3;
use serde_json::{Value, json};
use testkit::Bureau;

use crate::applications::{PICTURE, other_picture, worn_picture};
use crate::life::PIN;
use crate::set_up::order;
use crate::support::{Answer, MAKING, TestServer};
use crate::town::Town;
use crate::visitor::Desk;
use crate::web::field;

impl Town {
    /// What is asked for: a contract seal of the unit with this picture, filed under this code.
    pub(crate) fn contract(&self, picture: &[u8], code: &str) -> Value {
        let mut ask = self.ask();
        ask["seal"]["kind"] = "contract".into();
        ask["seal"]["name"] = "测试市大数据局合同专用章".into();
        ask["seal"]["impression"]["digest"] = sm3(picture).to_string().into();
        ask["seal"]["impression"]["code"] = code.into();
        ask
    }

    /// Compares with the picture on file, and makes.
    pub(crate) fn make_of(&self, application: &str, picture: &[u8], order: &Value) -> Answer {
        let path = format!("/api/applications/{application}/comparison");
        let compared = self.send("maker", &path, picture);
        assert_eq!(compared.status, 201, "{}", compared.text());
        self.post("maker", &format!("/api/applications/{application}/making"), order)
    }

    fn collect(&self, name: &str, seal: &str) -> Answer {
        let path = format!("/api/seals/{seal}/collection");
        self.post(name, &path, &json!({ "pin": PIN }))
    }

    fn history(&self, name: &str, seal: &str) -> Vec<String> {
        let found = self.get(name, &format!("/api/seals/{seal}")).json();
        let events = found["history"].as_array().unwrap().iter();
        let mut told: Vec<_> = events
            .map(|event| event["event"]["type"].as_str().unwrap().to_owned())
            .filter(|name| name != "filing_recorded")
            .collect();
        told.dedup();
        told
    }
}

/// A maker's order that says why the seal's name holds more than the unit's.
fn business(town: &Town) -> Value {
    let mut order = town.making_order();
    order["name_reason"] = "业务专用章，含单位名称".into();
    order
}

#[test]
fn r2_r28_several_business_seals_of_one_kind_have_different_impressions() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let first = town.approved(&town.contract(PICTURE, "6101000000002"));
    let made = town.make_of(&first, PICTURE, &business(&town));
    assert_eq!(made.status, 201, "{}", made.text());
    let first = made.json()["id"].as_str().unwrap().to_owned();
    // Under the same code, or with the same picture, there is no second one.
    let second = other_picture(2);
    for (picture, code) in [(&second[..], "6101000000002"), (PICTURE, "6101000000003")] {
        let id = town.with_materials(&town.contract(picture, code), picture);
        let refused = town.submit(&id).check_problem(422, "IMPRESSION_TAKEN");
        assert_eq!(refused["rule"], "R28");
    }
    let ask = town.contract(&second, "6101000000003");
    let other = town.with_materials(&ask, &second);
    assert_eq!(town.submit(&other).status, 200);
    // Another kind with an impression of its own stands beside it.
    town.consent_and_approve(&other);
    let made = town.make_of(&other, &second, &business(&town));
    assert_eq!(made.status, 201, "{}", made.text());
    let other = made.json()["id"].as_str().unwrap().to_owned();
    for seal in [&first, &other] {
        town.wait("the filing", || town.seal(seal)["status"] == "filed");
        assert_eq!(town.collect("custodian", seal).json()["status"], "active");
    }
    let path = format!("/api/seals?unit={}", town.unit);
    let listed = town.get("agent", &path).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    // One ends, and the other one lives on.
    let ask = json!({ "kind": "cancel", "seal": first, "reason": "physical_seal_ended" });
    let cancel = json!({ "type": "cancel", "application": town.approved(&ask) });
    let cancelled = town.seal_step("maker", &first, &cancel);
    assert_eq!(cancelled.json()["status"], "cancelled", "{}", cancelled.text());
    assert_eq!(town.seal(&other)["status"], "active");
    let again = town.with_materials(&town.contract(PICTURE, "6101000000002"), PICTURE);
    assert_eq!(town.submit(&again).json()["status"], "submitted");
}

#[test]
fn r28_images_are_compared_with_the_units_other_seals_and_a_person_decides_where_that_cannot_tell() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let first = town.approved(&town.contract(PICTURE, "6101000000002"));
    let made = town.make_of(&first, PICTURE, &business(&town));
    assert_eq!(made.status, 201, "{}", made.text());
    let first = made.json()["id"].as_str().unwrap().to_owned();
    let approved = |picture: &[u8], code: &str| {
        let id = town.with_materials(&town.contract(picture, code), picture);
        assert_eq!(town.submit(&id).status, 200);
        town.consent_and_approve(&id);
        id
    };
    // The same picture in other bytes and under another code.
    let copy = [PICTURE, b"<!-- again -->"].concat();
    let second = approved(&copy, "6101000000003");
    let refused = town
        .make_of(&second, &copy, &business(&town))
        .check_problem(422, "IMPRESSION_TAKEN");
    assert_eq!(refused["rule"], "R28");
    let path = format!("/api/applications/{second}/likeness");
    let found = town.get("reviewer", &path).json()["items"].clone();
    assert_eq!(
        (&found[0]["measured"], &found[0]["against"]),
        (&json!("same"), &json!(first))
    );
    // What was measured for sure is nobody's to decide.
    let decision =
        |verdict: &str, reason: &str| json!({ "against": first, "verdict": verdict, "reason": reason });
    town.post("maker", &path, &decision("different", "编号不同"))
        .check_problem(404, "NOT_FOUND");
    // Where it is not sure, a person looks at the report and answers for it.
    let worn = worn_picture();
    let third = approved(&worn, "6101000000004");
    town.make_of(&third, &worn, &business(&town))
        .check_problem(422, "LIKENESS_UNDECIDED");
    let path = format!("/api/applications/{third}/likeness");
    let found = town.get("reviewer", &path).json()["items"].clone();
    let open = found
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["against"] == first.as_str())
        .unwrap();
    assert_eq!(open["measured"], "look");
    let report = format!(
        "/api/applications/{third}/materials/{}",
        open["report"].as_str().unwrap()
    );
    assert!(town.get("reviewer", &report).text().contains("印模比对报告"));
    town.post("agent", &path, &decision("different", "编号不同"))
        .check_problem(403, "NOT_PERMITTED");
    town.post("reviewer", &path, &decision("different", " "))
        .check_problem(422, "TEXT_MISSING");
    for one in found.as_array().unwrap() {
        let decision = json!({ "against": one["against"], "verdict": "different", "reason": "边缘文字不同" });
        let decided = town.post("reviewer", &path, &decision);
        assert_eq!(decided.status, 200, "{}", decided.text());
        assert_eq!(decided.json()["items"][0]["decided"]["by"], town.id("reviewer"));
    }
    let path = format!("/api/applications/{third}/making");
    let made = town.post("maker", &path, &business(&town));
    assert_eq!(made.status, 201, "{}", made.text());
}

/// The same on the pages: the reviewer compares with the unit's other seals and decides, the maker says why the name
/// of a business seal is not the unit's.
#[test]
fn r28_a_reviewer_compares_and_decides_on_the_page_and_the_maker_makes() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let first = town.approved(&town.contract(PICTURE, "6101000000002"));
    assert_eq!(town.make_of(&first, PICTURE, &business(&town)).status, 201);
    let worn = worn_picture();
    let mut short = town.contract(&worn, "6101000000004");
    short["seal"]["name"] = "测试市数据局合同专用章".into();
    let id = town.with_materials(&short, &worn);
    assert_eq!(town.submit(&id).status, 200);
    let place = format!("/applications/{id}");
    let names = [
        "测试市大数据局",
        "欧阳测试",
        "合同专用章",
        "号",
        "测试市数据局",
        "边缘文字不同",
    ];
    let reviewer = town.desk("reviewer");
    assert!(!reviewer.page(&place, &names).contains("/beside\""));
    town.steps(&id, &[("principal", json!({ "type": "consent" }))]);
    let steps = format!("{place}/steps");
    reviewer.done(&place, &steps, &[("step", "take_up")]);
    let page = reviewer.page(&place, &names);
    assert!(
        page.contains("与单位名称不同，制作时须说明") && page.contains("id=\"registered\""),
        "{page}"
    );
    let beside = format!("{place}/beside");
    reviewer.done(&place, &beside, &[]);
    let page = reviewer.page(&place, &names);
    assert!(
        page.contains("须人工核对") && page.contains("请决定：与"),
        "{page}"
    );
    let against = field(&page, "against");
    let decide = |verdict, reason| {
        [
            ("against", against.clone()),
            ("verdict", verdict),
            ("reason", reason),
        ]
    };
    let send = |desk: &Desk<'_>, fields: &[(&str, String); 3]| {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        desk.send(&place, &beside, &fields)
    };
    let silent = send(&reviewer, &decide("different".to_owned(), String::new()));
    assert!(silent.text().contains("TEXT_MISSING"), "{}", silent.text());
    let nothing = send(&reviewer, &decide(String::new(), "边缘文字不同".to_owned()));
    assert!(
        nothing.text().contains("请选择两枚印模相同还是不同"),
        "{}",
        nothing.text()
    );
    let foreign = send(
        &town.desk("principal"),
        &decide("different".to_owned(), "x".to_owned()),
    );
    assert!(foreign.text().contains("NOT_PERMITTED"), "{}", foreign.text());
    assert_eq!(
        send(
            &reviewer,
            &decide("different".to_owned(), "边缘文字不同".to_owned())
        )
        .status,
        303
    );
    let page = reviewer.page(&place, &names);
    assert!(
        page.contains("边缘文字不同") && !page.contains("请决定：与"),
        "{page}"
    );
    town.steps(&id, &[("reviewer", town.approval(&id))]);
    let compared = town.send("maker", &format!("/api/applications/{id}/comparison"), &worn);
    assert!(
        compared.json()["measures"].as_array().unwrap().len() > 8,
        "{}",
        compared.text()
    );
    let maker = town.desk("maker");
    let page = maker.page(&place, &names);
    assert!(
        page.contains("多出的笔画") && page.contains("name=\"name_reason\""),
        "{page}"
    );
    let making = format!("{place}/making");
    let custodian = town.id("custodian").to_owned();
    let mut order = vec![
        ("custodian", custodian.as_str()),
        ("width_mm", "42"),
        ("height_mm", "42"),
        ("verdict", "same"),
    ];
    let unexplained = maker.send(&place, &making, &order);
    assert!(
        unexplained.text().contains("R35") || unexplained.text().contains("名称"),
        "{}",
        unexplained.text()
    );
    assert_eq!(unexplained.status, 422);
    order.push(("name_reason", "使用经批准的规范化简称"));
    assert!(maker.done(&place, &making, &order).starts_with("/seals/"));
}

#[test]
fn r2_r36_r52_the_life_of_an_office_holders_seal() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let holder = town.id("principal").to_owned();
    let mut ask = town.ask();
    ask["seal"]["kind"] = "principal".into();
    ask["seal"]["name"] = "测试市大数据局局长之印".into();
    ask["seal"]["physical"] = json!(null);
    ask["seal"]["impression"] =
        json!({ "digest": sm3(PICTURE).to_string(), "code": null, "source": "drawn" });
    // Its owner is somebody who holds an office, not the unit alone.
    town.draft(&ask).check_problem(422, "OWNER_DOES_NOT_FIT");
    ask["seal"]["owner"] = json!({ "kind": "position", "unit": town.unit, "holder": holder });
    let application = town.approved(&ask);
    let make = |custodian: &str| {
        let mut order = business(&town);
        order["custodian"] = custodian.into();
        order["verdict"] = json!(null);
        town.post(
            "maker",
            &format!("/api/applications/{application}/making"),
            &order,
        )
    };
    make(town.id("custodian")).check_problem(422, "HOLDER_ONLY");
    // The style is free, so nothing has to be compared (R36).
    let made = make(&holder);
    assert_eq!(made.status, 201, "{}", made.text());
    let seal = made.json()["id"].as_str().unwrap().to_owned();
    town.wait("the filing", || town.seal(&seal)["status"] == "filed");
    town.collect("custodian", &seal)
        .check_problem(422, "NOT_THE_RECEIVER");
    assert_eq!(town.collect("principal", &seal).json()["status"], "active");
    let give = json!({ "type": "hand_over", "to": town.id("custodian") });
    let refused = town
        .seal_step("principal", &seal, &give)
        .check_problem(422, "HOLDER_ONLY");
    assert_eq!(refused["rule"], "R52");
    let suspend = json!({ "type": "suspend", "reason": "key_leaked" });
    town.seal_step("agent", &seal, &suspend)
        .check_problem(403, "NOT_PERMITTED");
    assert_eq!(
        town.seal_step("principal", &seal, &suspend).json()["status"],
        "suspended"
    );
    let resume = town.approved(&json!({ "kind": "resume", "seal": seal }));
    let resume = json!({ "type": "resume", "application": resume });
    assert_eq!(town.seal_step("maker", &seal, &resume).json()["status"], "active");
    // Whoever leaves the office leaves the seal.
    let ask = json!({ "kind": "cancel", "seal": seal, "reason": "holder_left" });
    let cancel = json!({ "type": "cancel", "application": town.approved(&ask) });
    let cancelled = town.seal_step("maker", &seal, &cancel);
    assert_eq!(cancelled.json()["status"], "cancelled", "{}", cancelled.text());
    assert_eq!(
        town.history("principal", &seal),
        ["made", "filed", "activated", "suspended", "resumed", "cancelled"]
    );
}

#[test]
fn r2_r64_the_life_of_a_personal_seal() {
    let bureau = Bureau::open();
    live_personally(Town::making(&bureau), &bureau, None);
}

#[test]
fn r2_r64_the_same_life_of_a_personal_seal_on_postgresql() {
    let Some(server) = testkit::PrivatePostgres::shared() else {
        return;
    };
    let (bureau, database) = (Bureau::open(), server.database());
    let lines = format!(
        "{MAKING}filing.public_security = \"{}\"\nfiling.poll_seconds = 1\ndatabase.url = \"{database}\"\n",
        bureau.url()
    );
    live_personally(Town::with(&lines), &bureau, Some(&database));
}

/// The whole life; afterwards the holder's name is nowhere but with their personal data (Q14).
fn live_personally(town: Town, bureau: &Bureau, database: Option<&str>) {
    let called = town.name_of("agent");
    let holder = town.id("agent");
    let seal = json!({
        "kind": "personal", "owner": { "kind": "person", "holder": holder }, "name": called,
        "impression": { "digest": sm3(PICTURE).to_string(), "code": null, "source": "drawn" },
        "physical": null, "replaces": null,
    });
    let mut wrong = json!({ "kind": "make", "seal": seal });
    wrong["seal"]["name"] = "欧阳".into();
    let order = json!({ "authority": town.authority, "unit": null, "ask": wrong });
    let refused = town
        .post("agent", "/api/applications", &order)
        .check_problem(422, "NAME_NOT_THE_HOLDERS");
    assert_eq!(refused["rule"], "R4");
    // Somebody else learns nothing of it, right or wrong.
    for name in ["欧阳", called.as_str()] {
        let mut order = order.clone();
        order["ask"]["seal"]["name"] = name.into();
        town.post("principal", "/api/applications", &order)
            .check_problem(422, "NOT_OWN_SEAL");
    }
    let approved = |ask: &Value| {
        let order = json!({ "authority": town.authority, "unit": null, "ask": ask });
        let drafted = town.post("agent", "/api/applications", &order);
        assert_eq!(drafted.status, 201, "{}", drafted.text());
        let id = drafted.json()["id"].as_str().unwrap().to_owned();
        town.hand_in(&id, "holder_identity", format!("identity {id}").as_bytes());
        town.hand_in(&id, "application_form", format!("form {id}").as_bytes());
        town.hand_in(&id, "impression_sheet", PICTURE);
        assert_eq!(town.submit(&id).status, 200);
        town.steps(&id, &[("reviewer", json!({ "type": "take_up" }))]);
        town.steps(&id, &[("reviewer", town.approval(&id))]);
        id
    };
    let application = approved(&json!({ "kind": "make", "seal": seal }));
    let order = json!({ "custodian": holder, "width_mm": 20, "height_mm": 20 });
    let path = format!("/api/applications/{application}/making");
    let made = town.post("maker", &path, &order);
    assert_eq!(made.status, 201, "{}", made.text());
    let seal = made.json()["id"].as_str().unwrap().to_owned();
    town.wait("the filing", || town.seal(&seal)["status"] == "filed");
    assert_eq!(town.collect("agent", &seal).json()["status"], "active");
    let suspend = json!({ "type": "suspend", "reason": "key_leaked" });
    town.seal_step("principal", &seal, &suspend)
        .check_problem(403, "NOT_PERMITTED");
    assert_eq!(
        town.seal_step("agent", &seal, &suspend).json()["status"],
        "suspended"
    );
    // Nobody applies in the name of the holder.
    let ask = json!({ "kind": "cancel", "seal": seal, "reason": "seal_no_longer_used" });
    let order = json!({ "authority": town.authority, "unit": null, "ask": ask });
    town.post("principal", "/api/applications", &order)
        .check_problem(422, "NOT_OWN_SEAL");
    let cancel = json!({ "type": "cancel", "application": approved(&ask) });
    let cancelled = town.seal_step("maker", &seal, &cancel);
    assert_eq!(cancelled.json()["status"], "cancelled", "{}", cancelled.text());
    assert_eq!(
        town.history("agent", &seal),
        ["made", "filed", "activated", "suspended", "cancelled"]
    );
    // Those whom it concerns see the name, and whoever must be told of the seal is told it.
    assert_eq!(town.seal(&seal)["name"], called);
    let path = format!("/api/applications/{application}");
    assert_eq!(town.get("reviewer", &path).json()["ask"]["seal"]["name"], called);
    assert!(
        bureau
            .received()
            .iter()
            .any(|(_, message)| message.contains(&called))
    );
    let code = town.seal(&seal)["editions"][0]["seal_code"].clone();
    let query = format!("/api/seal-status?code={}", code.as_str().unwrap());
    let public = town.scene.server.get(&query, &[]).json()["seals"][0].clone();
    assert_eq!(
        (&public["status"], &public["name"]),
        (&json!("cancelled"), &json!(null))
    );
    let history = town.get("agent", &format!("/api/seals/{seal}")).json()["history"].to_string();
    assert!(history.contains("commitment:") && !history.contains(&called));
    // Nothing is on its way any more when the log is signed for the last time.
    town.wait("all filings", || {
        town.filings(&seal)
            .iter()
            .all(|filing| filing["status"] == "accepted")
    });
    let data = town.scene.server.data();
    let (report, export) = town.scene.server.stopped_and_exported(database);
    assert_eq!(report.conclusion, audit::Conclusion::Passed);
    let mut places = vec![export];
    if database.is_none() {
        for file in ["yinxin.db", "yinxin.db-wal"] {
            places.extend(std::fs::read(data.join(file)));
        }
    }
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    // What is searched for would be found: the unit's name is no secret.
    assert!(holds(&places[0], "测试市大数据局"));
    for place in &places {
        assert!(!holds(place, &called));
    }
}

#[test]
fn q4_the_old_seal_is_cancelled_in_the_instant_in_which_the_new_one_is_collected() {
    let bureau = Bureau::open();
    let mut root = order();
    root["authority"]["profile"] = "inner-mongolia".into();
    let lines = format!(
        "{MAKING}networks.dedicated = [\"127.0.0.1\"]\nfiling.public_security = \"{}\"\nfiling.poll_seconds = 1\n",
        bureau.url()
    );
    let town = Town::under(TestServer::with(&lines), &root);
    let old = town.active();
    let ask = json!({ "kind": "change", "seal": old, "reason": "physical_seal_changed", "scheduled": true });
    let change = town.approved(&ask);
    let schedule = json!({ "type": "schedule_cancellation", "application": change });
    let waiting = town.seal_step("maker", &old, &schedule);
    assert_eq!(waiting.json()["status"], "active", "{}", waiting.text());
    // Not before there is another one.
    let cancel = json!({ "type": "cancel", "application": change });
    town.seal_step("maker", &old, &cancel)
        .check_problem(422, "SUCCESSOR_NOT_IN_FORCE");
    let picture = other_picture(3);
    let mut successor = town.ask();
    successor["seal"]["replaces"] = old.as_str().into();
    successor["seal"]["impression"]["digest"] = sm3(&picture).to_string().into();
    successor["seal"]["impression"]["code"] = "6101000000009".into();
    let application = town.with_materials(&successor, &picture);
    assert_eq!(town.submit(&application).status, 200);
    town.consent_and_approve(&application);
    let made = town.make_of(&application, &picture, &town.making_order());
    assert_eq!(made.status, 201, "{}", made.text());
    let new = made.json()["id"].as_str().unwrap().to_owned();
    town.wait("the filing", || town.seal(&new)["status"] == "filed");
    assert_eq!(town.seal(&old)["status"], "active");
    let collected = town.collect("custodian", &new);
    assert_eq!(collected.json()["status"], "active", "{}", collected.text());
    let ended = town.seal(&old);
    assert_eq!(
        (&ended["status"], &ended["standing"]["application"]),
        (&json!("cancelled"), &json!(change))
    );
    let path = format!("/api/applications/{change}");
    assert_eq!(town.get("agent", &path).json()["status"], "completed");
    town.wait("the filing of the cancellation", || {
        let filings = town.filings(&old);
        filings
            .iter()
            .any(|filing| filing["occasion"] == "cancelled" && filing["status"] == "accepted")
    });
}
