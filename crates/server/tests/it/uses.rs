//! Requests to use a seal, and who approves them.

use gm::sm3;
use serde_json::{Value, json};

use crate::policies;
use crate::support::Answer;
use crate::world::{SEAL, UNIT, Who, World, id, ofd};

/// A seal in the middle of the first page.
pub(crate) fn placement() -> Value {
    json!({ "positions": [{ "kind": "point", "pages": [1], "x_mm": 100.0, "y_mm": 200.0 }], "lock": false })
}

impl World {
    /// With a policy of one approver.
    pub(crate) fn with_policy() -> Self {
        let world = Self::new();
        world.adopt();
        world
    }

    pub(crate) fn adopt(&self) {
        let adopted = self.change(Who::Principal, &policies::path(), &policies::simple());
        assert_eq!(adopted.status, 201, "{}", adopted.text());
    }

    /// The agent asks for a seal on this document.
    pub(crate) fn ask(&self, document: &[u8]) -> Answer {
        let sent = self.send(Who::Agent, "/api/documents", document);
        assert_eq!(sent.status, 201, "{}", sent.text());
        self.change(Who::Agent, "/api/uses", &order(document))
    }

    /// The approver approves what was asked.
    pub(crate) fn approve(&self, who: Who, asked: &Value) -> Answer {
        let body =
            json!({ "document": asked["document"], "seal": asked["seal"], "placement": asked["placement"] });
        self.change(who, &format!("{}/approvals", place(asked)), &body)
    }
}

pub(crate) fn order(document: &[u8]) -> Value {
    json!({ "seal": id(SEAL), "purpose": "发布通知", "document_type": "official_document",
        "document": sm3(document).to_string(), "placement": placement() })
}

pub(crate) fn place(asked: &Value) -> String {
    format!("/api/uses/{}", asked["id"].as_str().unwrap())
}

#[test]
fn r51_a_request_is_approved_for_these_bytes_this_seal_and_this_place_only() {
    World::on_both(|world| {
        world.adopt();
        let asked = world.ask(&ofd("通知"));
        assert_eq!(asked.status, 201, "{}", asked.text());
        let asked = asked.json();
        assert_eq!(asked["status"], "requested");
        assert_eq!(asked["placement"], placement());
        assert_eq!(asked["basis"]["kind"], "policy");
        let approvals = format!("{}/approvals", place(&asked));
        let right = json!({ "document": asked["document"], "seal": asked["seal"], "placement": placement() });
        let mut other_bytes = right.clone();
        other_bytes["document"] = sm3(b"other").to_string().into();
        let mut other_place = right.clone();
        other_place["placement"]["positions"][0]["x_mm"] = 10.into();
        let mut locked = right.clone();
        locked["placement"]["lock"] = true.into();
        for body in [other_bytes, other_place, locked] {
            let refused = world.change(Who::Approver, &approvals, &body);
            assert_eq!(refused.check_problem(422, "BINDING_DIFFERS")["rule"], "R49");
        }
        let approved = world.change(Who::Approver, &approvals, &right).json();
        assert_eq!(approved["status"], "approved");
        assert_eq!(approved["approvals"][0]["by"], json!(Who::Approver.id()));
        assert!(approved["lapses_at"].is_string());
        assert_eq!(world.get(Who::Agent, &place(&asked)).json(), approved);
    });
}

#[test]
fn r49_blank_classified_and_unknown_documents_are_refused() {
    World::on_both(|world| {
        world.adopt();
        let blank = world.ask(&ofd(""));
        assert_eq!(blank.check_problem(422, "BLANK_DOCUMENT")["rule"], "R49");
        let document = ofd("通知");
        world.send(Who::Agent, "/api/documents", &document);
        let mut secret = order(&document);
        secret["classified"] = true.into();
        let refused = world.change(Who::Agent, "/api/uses", &secret);
        assert_eq!(refused.check_problem(422, "CLASSIFIED")["rule"], "R8");
        let mut silent = order(&document);
        silent["purpose"] = " ".into();
        world
            .change(Who::Agent, "/api/uses", &silent)
            .check_problem(422, "PURPOSE_MISSING");
        let mut strange = order(&document);
        strange["document_type"] = "poem".into();
        world
            .change(Who::Agent, "/api/uses", &strange)
            .check_problem(422, "DOCUMENT_TYPE_UNKNOWN");
        let unknown = world.change(Who::Agent, "/api/uses", &order(b"never sent"));
        unknown.check_problem(404, "NOT_FOUND");
        let mut nowhere = order(&document);
        nowhere["placement"]["positions"] = json!([]);
        world
            .change(Who::Agent, "/api/uses", &nowhere)
            .check_problem(400, "BAD_BODY");
    });
}

#[test]
fn r51_nobody_approves_alone_what_they_ask_or_keep() {
    World::on_both(|world| {
        world.adopt();
        let asked = world.ask(&ofd("通知")).json();
        world
            .approve(Who::Agent, &asked)
            .check_problem(422, "NOT_THE_APPROVER");
        world
            .approve(Who::Custodian, &asked)
            .check_problem(422, "NOT_THE_APPROVER");
        world
            .approve(Who::Stranger, &asked)
            .check_problem(404, "NOT_FOUND");
        // Officers above see it, and approve nothing.
        world
            .approve(Who::Supervisor, &asked)
            .check_problem(422, "NOT_THE_APPROVER");
        let declined = world.change(
            Who::Approver,
            &format!("{}/decline", place(&asked)),
            &json!({ "reason": "表述不当" }),
        );
        assert_eq!(declined.json()["status"], "declined");
        world
            .approve(Who::Approver, &asked)
            .check_problem(422, "NOT_IN_THIS_STATE");
    });
}

#[test]
fn who_asked_may_withdraw_and_nobody_else() {
    World::on_both(|world| {
        world.adopt();
        let asked = world.ask(&ofd("通知")).json();
        let withdraw = format!("{}/withdraw", place(&asked));
        world
            .change(Who::Principal, &withdraw, &json!({}))
            .check_problem(403, "NOT_PERMITTED");
        assert_eq!(
            world.change(Who::Agent, &withdraw, &json!({})).json()["status"],
            "withdrawn"
        );
    });
}

#[test]
fn r51_a_deputy_approves_in_the_name_of_the_one_in_whose_place() {
    World::on_both(|world| {
        world.adopt();
        let deputy = json!({ "of": Who::Approver.id(), "deputy": Who::Principal.id(),
        "from": "2026-06-15T04:00:00Z", "until": "2026-06-20T00:00:00Z" });
        let deputies = format!("{}/deputies", policies::path());
        assert_eq!(world.change(Who::Approver, &deputies, &deputy).status, 201);
        let asked = world.ask(&ofd("通知")).json();
        world.server.clock.advance(60);
        let waiting = world.get(Who::Principal, "/api/uses?waiting=true").json();
        assert_eq!(waiting["items"][0]["id"], asked["id"]);
        world
            .approve(Who::Principal, &asked)
            .check_problem(422, "NOT_THE_APPROVER");
        let body = json!({ "document": asked["document"], "seal": asked["seal"], "placement": asked["placement"],
        "for_person": Who::Approver.id() });
        let approvals = format!("{}/approvals", place(&asked));
        let approved = world.change(Who::Principal, &approvals, &body).json();
        assert_eq!(approved["approvals"][0]["for_person"], json!(Who::Approver.id()));
        assert_eq!(approved["status"], "approved");
    });
}

#[test]
fn everybody_sees_what_waits_for_them() {
    World::on_both(|world| {
        world.adopt();
        let ids = |answer: &Answer| -> Vec<Value> {
            let items = answer.json()["items"].clone();
            items
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].clone())
                .collect()
        };
        let first = world.ask(&ofd("一")).json();
        world.server.clock.advance(1);
        let second = world.ask(&ofd("二")).json();
        let waiting = |who| ids(&world.get(who, "/api/uses?waiting=true"));
        assert_eq!(
            waiting(Who::Approver),
            [second["id"].clone(), first["id"].clone()]
        );
        assert_eq!(waiting(Who::Custodian), [] as [Value; 0]);
        assert_eq!(waiting(Who::Agent), [] as [Value; 0]);
        assert_eq!(world.approve(Who::Approver, &first).status, 201);
        assert_eq!(waiting(Who::Approver), [second["id"].clone()]);
        assert_eq!(waiting(Who::Custodian), [first["id"].clone()]);
        assert_eq!(ids(&world.get(Who::Agent, "/api/uses?own=true")).len(), 2);
        let of_unit = format!("/api/uses?unit={}", id(UNIT));
        let page = world.get(Who::Custodian, &format!("{of_unit}&limit=1"));
        assert_eq!(ids(&page), [second["id"].clone()]);
        let after = page.json()["next"].as_str().unwrap().to_owned();
        assert_eq!(
            ids(&world.get(Who::Custodian, &format!("{of_unit}&after={after}"))),
            [first["id"].clone()]
        );
        assert_eq!(
            ids(&world.get(Who::Supervisor, &format!("{of_unit}&status=approved"))),
            [first["id"].clone()]
        );
        world.get(Who::Stranger, &of_unit).check_problem(404, "NOT_FOUND");
        world.get(Who::Agent, "/api/uses").check_problem(400, "BAD_QUERY");
    });
}

#[test]
fn r75_officers_above_see_that_it_happened_and_not_the_document() {
    World::on_both(|world| {
        world.adopt();
        let document = ofd("通知");
        let asked = world.ask(&document).json();
        let content = format!("{}/document", place(&asked));
        assert_eq!(world.get(Who::Approver, &content).body, document);
        assert_eq!(
            world.get(Who::Supervisor, &place(&asked)).json()["id"],
            asked["id"]
        );
        world
            .get(Who::Supervisor, &content)
            .check_problem(404, "NOT_FOUND");
        world
            .get(Who::Stranger, &place(&asked))
            .check_problem(404, "NOT_FOUND");
    });
}
