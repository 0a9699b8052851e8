//! The tree of authorities.

use serde_json::{Value, json};

use crate::sign_in::Scene;
use crate::support::Answer;

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
