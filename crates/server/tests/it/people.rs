//! Units, people, their appointments and accounts.

use serde_json::json;

use crate::town::Town;

#[test]
fn r16_units_are_registered_found_renamed_and_ended() {
    let town = Town::new();
    let path = format!("/api/units/{}", town.unit);
    let unit = town.get("agent", &path).json();
    assert_eq!(unit["name"], "测试市大数据局");
    let found = |query: &str| town.get("agent", &format!("/api/units?{query}")).json()["items"].clone();
    for query in [
        format!("authority={}", town.authority),
        "code=91350100M000100Y43".to_owned(),
        "name=%E6%B5%8B%E8%AF%95".to_owned(),
    ] {
        assert_eq!(found(&query), json!([unit]), "{query}");
    }
    assert_eq!(found("name=%E6%9D%AD"), json!([]));
    town.get("agent", "/api/units").check_problem(400, "BAD_QUERY");
    let renamed = town.post(
        "reviewer",
        &format!("{path}/changes"),
        &json!({ "type": "rename", "name": "测试市数据局" }),
    );
    assert_eq!(renamed.json()["name"], "测试市数据局");
    let end = json!({ "type": "end", "reason": "dissolved" });
    let ended = town.post("reviewer", &format!("{path}/changes"), &end);
    assert_eq!(ended.json()["ended"], "dissolved");
    town.post("reviewer", &format!("{path}/changes"), &end)
        .check_problem(422, "UNIT_HAS_ENDED");
    // The code is free again.
    let again = town.post("reviewer", "/api/units", &town.unit_order("91350100M000100Y43"));
    assert_eq!(again.status, 201, "{}", again.text());
}

#[test]
fn r16_a_credit_code_is_checked_and_serves_one_unit() {
    let town = Town::new();
    let order = town.unit_order("91350100M000100Y43");
    town.post("reviewer", "/api/units", &order)
        .check_problem(422, "UNIT_CODE_TAKEN");
    let wrong = town.unit_order("91350100M000100Y44");
    town.post("reviewer", "/api/units", &wrong)
        .check_problem(400, "BAD_BODY");
    let refused = town
        .post("agent", "/api/units", &order)
        .check_problem(403, "NOT_PERMITTED");
    assert_eq!(refused["rule"], "R12");
}

#[test]
fn r18_a_person_is_entered_once_and_never_shown_in_clear() {
    let town = Town::new();
    let order = town.person_order();
    let made = town.post("reviewer", "/api/people", &order);
    assert_eq!(made.status, 201, "{}", made.text());
    town.post("reviewer", "/api/people", &order)
        .check_problem(422, "PERSON_TAKEN");
    let number = order["identity_number"].as_str().unwrap();
    for bytes in [
        town.scene.server.file("yinxin.db"),
        town.scene.server.file("yinxin.db-wal"),
        made.body,
    ] {
        assert!(
            !bytes
                .windows(number.len())
                .any(|window| window == number.as_bytes())
        );
    }
    let mut wrong = order.clone();
    wrong["identity_number"] = "110105199001010011".into();
    let problem = town
        .post("reviewer", "/api/people", &wrong)
        .check_problem(400, "BAD_BODY");
    assert!(!problem.to_string().contains("110105199001010011"));
}

#[test]
fn r44_a_principal_names_the_custodian_and_ends_it() {
    let town = Town::new();
    let person = town.register();
    let path = format!("/api/people/{person}/changes");
    let scope = json!({ "kind": "unit", "id": town.unit });
    let appoint = |role: &str| json!({ "type": "appoint", "role": role, "scope": scope });
    town.post("agent", &path, &appoint("custodian"))
        .check_problem(403, "NOT_PERMITTED");
    town.post("principal", &path, &appoint("principal"))
        .check_problem(403, "NOT_PERMITTED");
    let appointed = town.post("principal", &path, &appoint("custodian"));
    assert_eq!(appointed.status, 200, "{}", appointed.text());
    assert_eq!(appointed.json()["appointments"][0]["role"], "custodian");
    let query = format!("/api/people?unit={}&role=custodian", town.unit);
    assert_eq!(
        town.get("agent", &query).json()["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let dismiss = json!({ "type": "dismiss", "role": "custodian", "scope": scope });
    let dismissed = town.post("principal", &path, &dismiss);
    assert!(dismissed.json()["appointments"][0]["until"].is_string());
    town.post("principal", &path, &dismiss)
        .check_problem(422, "NOT_APPOINTED");
}

#[test]
fn r66_accounts_are_opened_and_closed_by_the_security_administrator() {
    let town = Town::new();
    let person = town.register();
    let path = format!("/api/people/{person}/account");
    let order = json!({ "account": "somebody", "password": "First-given-1" });
    town.post("reviewer", &path, &order)
        .check_problem(403, "NOT_PERMITTED");
    let headers = [
        ("authorization", town.security.as_str()),
        ("idempotency-key", "one"),
    ];
    let body = order.to_string();
    let opened = town.scene.server.post(&path, &headers, body.as_bytes());
    assert_eq!(opened.status, 201, "{}", opened.text());
    // A repeated request shows the secret to nobody.
    let again = town.scene.server.post(&path, &headers, body.as_bytes()).json();
    assert_eq!(
        (&again["account"], &again["totp"]),
        (&opened.json()["account"], &json!(null))
    );
    town.by(&town.security, &path, &order)
        .check_problem(409, "ACCOUNT_EXISTS");
    let totp = opened.json()["totp"].as_str().unwrap().to_owned();
    town.try_in("somebody", &totp, "First-given-1", None)
        .check_problem(403, "PASSWORD_TOO_OLD");
    town.scene.server.clock.advance(30);
    town.try_in("somebody", &totp, "First-given-1", Some("First-given-1"))
        .check_problem(422, "PASSWORD_REFUSED");
    let begun = town.try_in("somebody", &totp, "First-given-1", Some("Own-choice-77"));
    let session = format!("Bearer {}", begun.json()["token"].as_str().unwrap());
    let closing = town.by(&town.security, &format!("{path}/closing"), &json!({}));
    assert_eq!(closing.status, 204, "{}", closing.text());
    town.scene
        .server
        .get("/api/session", &[("authorization", &session)])
        .check_problem(401, "NO_SESSION");
    town.scene.server.clock.advance(30);
    town.try_in("somebody", &totp, "Own-choice-77", None)
        .check_problem(401, "SIGN_IN_WRONG");
    let own = town.scene.made["administrators"][1]["person"].as_str().unwrap();
    town.by(
        &town.security,
        &format!("/api/people/{own}/account/closing"),
        &json!({}),
    )
    .check_problem(422, "OWN_APPOINTMENT");
}

#[test]
fn r66_who_is_blocked_acts_no_more() {
    let town = Town::new();
    let path = format!("/api/people/{}/changes", town.id("reviewer"));
    let block = json!({ "type": "block", "reason": "调离" });
    let blocked = town.by(&town.security, &path, &block);
    assert_eq!(blocked.status, 200, "{}", blocked.text());
    town.post("reviewer", "/api/people", &town.person_order())
        .check_problem(422, "PERSON_BLOCKED");
    let unblocked = town.by(&town.security, &path, &json!({ "type": "unblock" }));
    assert_eq!(unblocked.json()["blocked"], json!(null));
    assert_eq!(
        town.post("reviewer", "/api/people", &town.person_order()).status,
        201
    );
}
