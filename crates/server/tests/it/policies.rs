//! A unit's policy of use.

use serde_json::{Value, json};

use crate::world::{UNIT, Who, World, id};

pub(crate) fn path() -> String {
    format!("/api/units/{}/policy", id(UNIT))
}

/// One approver, whatever it is.
pub(crate) fn simple() -> Value {
    json!({ "rules": [{ "steps": [{ "role": "approver" }] }], "approval_days_max": 7 })
}

#[test]
fn r50_every_version_of_a_policy_is_kept() {
    World::on_both(|world| {
        let adopted = world.change(Who::Principal, &path(), &simple());
        assert_eq!(adopted.status, 201, "{}", adopted.text());
        assert_eq!(adopted.json()["version"], 1);
        let two = json!({
            "rules": [
                { "document_types": ["licence"], "amount_from_fen": 100_000,
                  "steps": [{ "role": "approver", "needed": 2 }, { "person": Who::Principal.id() }] },
                { "steps": [{ "role": "principal" }] },
            ],
            "separation": { "requester_may_approve": true },
            "approval_days_max": 3,
        });
        let second = world.change(Who::Principal, &path(), &two).json();
        assert_eq!(second["version"], 2);
        assert_eq!(second["rules"][0]["steps"][0]["needed"], 2);
        assert_eq!(second["separation"]["requester_may_approve"], true);
        assert_eq!(world.get(Who::Agent, &path()).json(), second);
        let versions = world.get(Who::Supervisor, &format!("{}/versions", path())).json();
        let by = |mut version: Value| {
            version["adopted_by"] = json!(Who::Principal.id());
            version
        };
        assert_eq!(versions["items"], json!([by(adopted.json()), by(second)]));
    });
}

#[test]
fn r50_only_the_principal_adopts_and_only_the_unit_and_those_above_read() {
    let world = World::new();
    world
        .change(Who::Agent, &path(), &simple())
        .check_problem(403, "NOT_PERMITTED");
    let none = json!({ "rules": [], "approval_days_max": 7 });
    world
        .change(Who::Principal, &path(), &none)
        .check_problem(422, "RULES_MISSING");
    let both = json!({ "rules": [{ "steps": [{}] }], "approval_days_max": 7 });
    world
        .change(Who::Principal, &path(), &both)
        .check_problem(400, "BAD_BODY");
    world.get(Who::Principal, &path()).check_problem(404, "NOT_FOUND");
    assert_eq!(world.change(Who::Principal, &path(), &simple()).status, 201);
    world.get(Who::Stranger, &path()).check_problem(404, "NOT_FOUND");
    let elsewhere = format!("/api/units/{}/policy", id(99));
    world
        .change(Who::Principal, &elsewhere, &simple())
        .check_problem(404, "NOT_FOUND");
}

#[test]
fn r51_a_deputy_stands_in_for_a_time() {
    let world = World::new();
    world.change(Who::Principal, &path(), &simple());
    let deputies = format!("{}/deputies", path());
    let deputy = json!({ "of": Who::Approver.id(), "deputy": Who::Agent.id(),
        "from": "2026-06-16T00:00:00Z", "until": "2026-07-01T00:00:00Z", "amount_max_fen": 500 });
    world
        .change(Who::Deputy, &deputies, &deputy)
        .check_problem(403, "NOT_PERMITTED");
    let appointed = world.change(Who::Approver, &deputies, &deputy).json();
    assert_eq!(appointed["deputies"][0]["amount_max_fen"], 500);
    let dismissal = json!({ "of": Who::Approver.id(), "deputy": Who::Agent.id() });
    let dismissed = world.change(Who::Principal, &format!("{deputies}/dismissals"), &dismissal);
    assert_eq!(dismissed.status, 201, "{}", dismissed.text());
    let until = dismissed.json()["deputies"][0]["until"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(until.as_str() < "2026-06-16", "{until}");
    let again = world.change_under(
        "again",
        Who::Principal,
        &format!("{deputies}/dismissals"),
        &dismissal,
    );
    again.check_problem(422, "NOT_APPOINTED");
}
