//! The tree of authorities.

use serde_json::{Value, json};

use crate::applications::{DECLARATION, PICTURE};
use crate::set_up::order;
use crate::sign_in::Scene;
use crate::support::{Answer, MAKING, TestServer};
use crate::town::Town;

impl Scene {
    fn establish(&self, session: &str, key: &str, order: &Value) -> Answer {
        let headers = [("authorization", session), ("idempotency-key", key)];
        self.server
            .post("/api/authorities", &headers, order.to_string().as_bytes())
    }

    fn county(&self) -> Value {
        json!({
            "parent": self.made["authority"], "name": "测试县行政审批局", "region": "610122",
            "level": "county", "profile": "xian",
        })
    }
}

#[test]
fn r11_a_county_below_the_city() {
    let scene = Scene::new();
    let session = scene.sign_in(0);
    let made = scene.establish(&session, "1", &scene.county());
    assert_eq!(made.status, 201, "{}", made.text());
    let county = made.json();
    assert_eq!(county["status"], "entered");
    let get = |path: &str| scene.server.get(path, &[("authorization", &session)]).json();
    assert_eq!(get(made.header("location").unwrap()), county);
    let root = scene.made["authority"].as_str().unwrap();
    assert_eq!(
        get(&format!("/api/authorities?parent={root}"))["items"],
        json!([county])
    );
    assert_eq!(get("/api/authorities")["items"][0]["id"], root);
    assert_eq!(get("/api/authorities?limit=1")["next"], root);
    assert_eq!(
        get(&format!("/api/authorities?limit=1&after={root}"))["items"],
        json!([])
    );
}

#[test]
fn a_request_under_one_key_is_done_once() {
    let scene = Scene::new();
    let session = scene.sign_in(0);
    let first = scene.establish(&session, "key", &scene.county());
    let again = scene.establish(&session, "key", &scene.county());
    assert_eq!((again.status, again.json()), (201, first.json()));
    let mut other = scene.county();
    other["name"] = "另一个局".into();
    scene
        .establish(&session, "key", &other)
        .check_problem(409, "IDEMPOTENCY_KEY_REUSED");
    scene
        .establish(&session, "", &other)
        .check_problem(400, "IDEMPOTENCY_KEY_MISSING");
    let second = scene.establish(&session, "another key", &scene.county());
    assert_ne!(second.json()["id"], first.json()["id"]);
}

#[test]
fn r12_others_are_refused_with_rule_and_article() {
    let scene = Scene::new();
    let auditor = scene.sign_in(2);
    let refused = scene
        .establish(&auditor, "1", &scene.county())
        .check_problem(403, "NOT_PERMITTED");
    assert_eq!(refused["rule"], "R12");
    assert!(
        refused["article"]
            .as_str()
            .is_some_and(|article| !article.is_empty())
    );
    let system = scene.sign_in(0);
    let mut city = scene.county();
    city["level"] = "city".into();
    scene
        .establish(&system, "1", &city)
        .check_problem(422, "LEVEL_NOT_BELOW");
    let mut nowhere = scene.county();
    nowhere["parent"] = "00000000-0000-7000-8000-000000000000".into();
    scene
        .establish(&system, "2", &nowhere)
        .check_problem(404, "DOES_NOT_EXIST");
    scene
        .establish("Bearer none", "1", &scene.county())
        .check_problem(401, "NO_SESSION");
}

#[test]
fn r11_what_is_not_there_is_not_found() {
    let scene = Scene::new();
    let session = scene.sign_in(1);
    for id in ["x", "00000000-0000-7000-8000-000000000000"] {
        let answer = scene
            .server
            .get(&format!("/api/authorities/{id}"), &[("authorization", &session)]);
        answer.check_problem(404, "NOT_FOUND");
    }
}

/// A region with two cities, one of which has a county; officers in each, and nobody is designated but the region.
struct Levels {
    town: Town,
    city: String,
    other: String,
    county: String,
}

impl Levels {
    fn new(lines: &str) -> Self {
        let mut root = order();
        root["authority"]["level"] = "region".into();
        root["authority"]["region"] = "610000".into();
        let town = Town::under(TestServer::with(lines), &root);
        let system = town.scene.sign_in(0);
        let below = |parent: &str, name: &str, level: &str, region: &str| {
            let order = json!({
                "parent": parent, "name": name, "region": region, "level": level, "profile": "cn",
            });
            let made = town.by(&system, "/api/authorities", &order);
            assert_eq!(made.status, 201, "{}", made.text());
            made.json()["id"].as_str().unwrap().to_owned()
        };
        let city = below(&town.authority, "测试一市数据局", "city", "610100");
        let other = below(&town.authority, "测试二市数据局", "city", "610200");
        let county = below(&city, "测试县审批局", "county", "610122");
        let mut levels = Self {
            town,
            city,
            other,
            county,
        };
        for (name, role, place) in [
            ("city.reviewer", "reviewer", &levels.city),
            ("city.maker", "maker", &levels.city),
            ("county.reviewer", "reviewer", &levels.county),
            ("county.maker", "maker", &levels.county),
            ("county.system", "system_administrator", &levels.county),
            ("county.security", "security_administrator", &levels.county),
            ("other.reviewer", "reviewer", &levels.other),
        ] {
            let scope = json!({ "kind": "authority", "id": place });
            levels.town.settle(name, role, &scope);
        }
        levels
    }

    fn change(&self, name: &str, authority: &str, change: &Value) -> Answer {
        self.town
            .post(name, &format!("/api/authorities/{authority}/changes"), change)
    }

    /// Files the designation of everybody, each at the authority above.
    fn designate_all(&self) {
        for (name, authority) in [
            ("reviewer", &self.city),
            ("reviewer", &self.other),
            ("city.reviewer", &self.county),
        ] {
            let filed = self.change(name, authority, &designation("测政发〔2026〕8号"));
            assert_eq!(filed.json()["status"], "designated", "{}", filed.text());
        }
    }

    fn register(&self, name: &str, authority: &str, code: &str) -> Answer {
        let mut order = self.town.unit_order(code);
        order["authority"] = authority.into();
        order["level"] = "county".into();
        self.town.post(name, "/api/units", &order)
    }
}

fn designation(document: &str) -> Value {
    json!({ "type": "file_designation", "document": document })
}

#[test]
fn r10_a_designation_is_filed_above_and_only_then_units_are_registered() {
    let levels = Levels::new("");
    let (county, code) = (&levels.county, "91110000600037341L");
    let refused = levels
        .register("county.reviewer", county, code)
        .check_problem(422, "AUTHORITY_NOT_DESIGNATED");
    assert_eq!(refused["rule"], "R10");
    let document = designation("测政发〔2026〕8号");
    // Not by itself, nor by a neighbour, but by anybody above who may.
    for name in ["county.reviewer", "county.system", "other.reviewer"] {
        levels
            .change(name, county, &document)
            .check_problem(403, "OUTSIDE_SUBTREE");
    }
    levels
        .change("agent", county, &document)
        .check_problem(403, "NOT_PERMITTED");
    levels
        .change("city.reviewer", county, &designation(" "))
        .check_problem(422, "TEXT_MISSING");
    let filed = levels.change("city.reviewer", county, &document).json();
    assert_eq!(filed["status"], "designated");
    levels
        .change("city.reviewer", county, &document)
        .check_problem(422, "NOT_IN_THIS_STATE");
    assert_eq!(levels.register("county.reviewer", county, code).status, 201);
}

#[test]
fn r11_r12_each_level_acts_in_its_own_subtree() {
    let levels = Levels::new(MAKING);
    levels.designate_all();
    let (town, county) = (&levels.town, &levels.county);
    for (name, place) in [
        ("county.reviewer", &levels.city),
        ("county.reviewer", &levels.other),
        ("other.reviewer", county),
        ("city.reviewer", &town.authority),
    ] {
        let refused = levels
            .register(name, place, "91110000600037341L")
            .check_problem(403, "OUTSIDE_SUBTREE");
        assert_eq!(refused["rule"], "R12");
    }
    let unit = levels.register("county.reviewer", county, "91110000600037341L");
    let unit = unit.json()["id"].as_str().unwrap().to_owned();
    // Whoever stands above may do it for those below.
    let second = levels.register("city.reviewer", county, "116101220000000196");
    assert_eq!(second.status, 201, "{}", second.text());
    let application = levels.application_of(&unit);
    town.step("other.reviewer", &application, &json!({ "type": "take_up" }))
        .check_problem(403, "OUTSIDE_SUBTREE");
    town.get("other.reviewer", &format!("/api/applications/{application}"))
        .check_problem(404, "NOT_FOUND");
    town.steps(&application, &[("county.reviewer", json!({ "type": "take_up" }))]);
    town.steps(&application, &[("county.reviewer", town.approval(&application))]);
    let path = format!("/api/applications/{application}/comparison");
    assert_eq!(town.send("county.maker", &path, PICTURE).status, 201);
    let order = json!({
        "custodian": town.id("custodian"), "verdict": "same", "width_mm": 42, "height_mm": 42,
    });
    let path = format!("/api/applications/{application}/making");
    town.post("city.maker", &path, &order)
        .check_problem(403, "OUTSIDE_SUBTREE");
    let made = town.post("county.maker", &path, &order);
    assert_eq!(made.status, 201, "{}", made.text());
    let seal = made.json();
    assert_eq!(seal["authority"], county.as_str());
    assert!(
        seal["editions"][0]["seal_code"]
            .as_str()
            .unwrap()
            .starts_with("610100")
    );
}

#[test]
fn a_unit_is_moved_to_another_authority_on_its_page() {
    let levels = Levels::new("");
    levels.designate_all();
    let (town, county) = (&levels.town, &levels.county);
    let unit = levels.register("county.reviewer", county, "91110000600037341L");
    let unit = unit.json()["id"].as_str().unwrap().to_owned();
    let (page, changes) = (format!("/units/{unit}"), format!("/units/{unit}/changes"));
    let authority = || town.get("reviewer", &format!("/api/units/{unit}")).json()["authority"].clone();
    let order = |to: &'static str, sure: &'static str| [("type", "move"), ("authority", to), ("sure", sure)];
    let other: &'static str = levels.other.clone().leak();
    let reviewer = town.desk("reviewer");
    let shown = reviewer.get(&page);
    assert!(
        shown.text().contains("移交另一制章机关")
            && shown.text().contains("<dd>测试县审批局</dd>")
            && !shown.text().contains(">测试县审批局</option>")
            && shown.text().contains(">测试二市数据局</option>"),
        "{}",
        shown.text()
    );
    // Not without saying so, and only by those who review for both.
    assert_eq!(reviewer.send(&page, &changes, &order(other, "")).status, 400);
    let county_reviewer = town.desk("county.reviewer");
    assert!(!county_reviewer.get(&page).text().contains("移交另一制章机关"));
    assert_eq!(
        county_reviewer.send(&page, &changes, &order(other, "yes")).status,
        403
    );
    let neighbour = town.desk("other.reviewer");
    assert_eq!(
        neighbour.send("/units", &changes, &order(other, "yes")).status,
        404
    );
    assert_eq!(authority(), county.as_str());
    assert_eq!(reviewer.done(&page, &changes, &order(other, "yes")), page);
    assert_eq!(authority(), other);
    let shown = neighbour.get(&page);
    assert!(
        shown.text().contains("<dd>测试二市数据局</dd>"),
        "{}",
        shown.text()
    );
}

impl Levels {
    /// An application for the legal-name seal of a unit of the county, handed in and consented to.
    fn application_of(&self, unit: &str) -> String {
        let town = &self.town;
        let scope = json!({ "kind": "unit", "id": unit });
        for (name, role) in [
            ("agent", "agent"),
            ("principal", "principal"),
            ("custodian", "custodian"),
        ] {
            town.appoint(town.id(name), role, &scope);
        }
        let mut ask = town.ask();
        ask["seal"]["owner"]["unit"] = unit.into();
        let order = |authority: &str| json!({ "authority": authority, "unit": unit, "ask": ask });
        let draft = |authority: &str| town.post("agent", "/api/applications", &order(authority));
        draft(&self.other).check_problem(403, "OUTSIDE_SUBTREE");
        let id = draft(&self.county).json()["id"].as_str().unwrap().to_owned();
        for kind in [
            "unit_identity",
            "agent_identity",
            "application_form",
            "engraving_proof",
        ] {
            town.hand_in(&id, kind, kind.as_bytes());
        }
        town.hand_in(&id, "impression_sheet", PICTURE);
        let submit = json!({ "type": "submit", "declaration": DECLARATION });
        town.steps(
            &id,
            &[("agent", submit), ("principal", json!({ "type": "consent" }))],
        );
        id
    }
}

#[test]
fn r11_an_authority_is_renamed_put_under_another_profile_and_closed_when_nothing_is_left() {
    let levels = Levels::new("");
    levels.designate_all();
    let county = &levels.county;
    let rename = json!({ "type": "rename", "name": "测试县数据局" });
    levels
        .change("county.reviewer", county, &rename)
        .check_problem(403, "NOT_PERMITTED");
    let renamed = levels.change("county.system", county, &rename).json();
    assert_eq!(renamed["name"], "测试县数据局");
    let profile = |profile: &str| json!({ "type": "set_profile", "profile": profile });
    levels
        .change("county.system", county, &profile("xian"))
        .check_problem(403, "NOT_PERMITTED");
    levels
        .change("county.security", county, &profile("nowhere"))
        .check_problem(422, "UNKNOWN_PROFILE");
    let set = levels.change("county.security", county, &profile("xian")).json();
    assert_eq!(set["profile"], "xian");
    let unit = levels.register("county.reviewer", county, "91110000600037341L");
    let unit = unit.json()["id"].as_str().unwrap().to_owned();
    let close = json!({ "type": "close", "reason": "机构改革" });
    levels
        .change("county.system", county, &close)
        .check_problem(403, "OUTSIDE_SUBTREE");
    let system = levels.town.scene.sign_in(0);
    let by_root = |authority: &str| {
        let path = format!("/api/authorities/{authority}/changes");
        levels.town.by(&system, &path, &close)
    };
    let refused = by_root(county).check_problem(422, "UNITS_REMAIN");
    assert_eq!(refused["rule"], "R11");
    by_root(&levels.city).check_problem(422, "UNITS_REMAIN");
    let end = json!({ "type": "end", "reason": "dissolved" });
    let path = format!("/api/units/{unit}/changes");
    assert_eq!(levels.town.post("county.reviewer", &path, &end).status, 200);
    assert_eq!(by_root(county).json()["status"], "closed");
    by_root(county).check_problem(422, "NOT_IN_THIS_STATE");
    // What is closed no longer holds its city.
    assert_eq!(by_root(&levels.city).json()["status"], "closed");
    by_root("00000000-0000-7000-8000-000000000000").check_problem(404, "NOT_FOUND");
}
