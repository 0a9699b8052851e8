//! The impression that public security filed, and evidence that the data-sharing platform has.

use gm::sm3;
use serde_json::{Value, json};
use testkit::{AnswerFault, Bureau};

use crate::applications::{PICTURE, other_picture};
use crate::support::MAKING;
use crate::town::Town;

/// By what the impression of the tests is asked for.
const CODE: &str = "code=6101000000001";

impl Town {
    /// A town that fetches impressions from this body, which must answer within a second.
    fn fetching(bureau: &Bureau) -> Self {
        Self::with(&format!(
            "{MAKING}impressions.public_security = \"{}\"\nimpressions.timeout_seconds = 1\n",
            bureau.questions_url()
        ))
    }

    /// The agent asks for the impression on file instead of an own one.
    fn ask_for_the_filed(&self, id: &str, image: &[u8]) {
        let mut ask = self.ask();
        ask["seal"]["impression"]["source"] = "public_security".into();
        ask["seal"]["impression"]["digest"] = sm3(image).to_string().into();
        self.steps(id, &[("agent", json!({ "type": "amend", "ask": ask }))]);
    }

    fn registered(&self, id: &str) -> Value {
        let path = format!("/api/applications/{id}/registered-impression");
        self.get("reviewer", &path).json()
    }
}

/// The same picture in other bytes.
fn scanned() -> Vec<u8> {
    [PICTURE, b"<!-- scanned -->"].concat()
}

#[test]
fn r33_r34_the_impression_on_file_is_fetched_compared_with_the_sheet_and_put_into_the_seal() {
    let bureau = Bureau::open();
    bureau.hold(CODE, PICTURE);
    let town = Town::fetching(&bureau);
    let id = town.with_materials(&town.ask(), &scanned());
    let refused = town.submit(&id).check_problem(422, "IMPRESSION_IS_FILED");
    assert_eq!(refused["rule"], "R33");
    let registered = town.registered(&id);
    assert_eq!(
        (&registered["answer"], &registered["code"], &registered["digest"]),
        (
            &json!("fetched"),
            &json!("6101000000001"),
            &json!(sm3(PICTURE).to_string())
        )
    );
    let path = format!("/api/applications/{id}/materials/{}", sm3(PICTURE));
    assert_eq!(town.get("agent", &path).body, PICTURE);
    town.ask_for_the_filed(&id, PICTURE);
    // What was fetched once stays fetched, also when nobody answers any more.
    bureau.switch_answers(AnswerFault::OutOfOrder);
    let submitted = town.submit(&id);
    assert_eq!(submitted.status, 200, "{}", submitted.text());
    assert_eq!(bureau.questions().len(), 1);
    assert!(bureau.questions()[0].contains("unit=91350100M000100Y43"));
    town.consent_and_approve(&id);
    let path = format!("/api/applications/{id}/comparison");
    town.send("reviewer", &path, PICTURE)
        .check_problem(422, "IMPRESSION_WAS_FETCHED");
    let compared = town.send("reviewer", &path, b"");
    assert_eq!(compared.status, 201, "{}", compared.text());
    let compared = compared.json();
    assert_eq!(compared["registered"], sm3(PICTURE).to_string());
    assert_eq!(compared["submitted"], sm3(&scanned()).to_string());
    assert_eq!(compared["measured"], "same");
    let path = format!("/api/applications/{id}/making");
    let made = town.post("maker", &path, &town.making_order());
    assert_eq!(made.status, 201, "{}", made.text());
    let impression = &made.json()["impression"];
    assert_eq!(impression["source"], "public_security");
    assert_eq!(impression["digest"], sm3(PICTURE).to_string());
}

#[test]
fn r33_the_applicants_impression_counts_only_where_none_can_be_fetched_and_the_reason_is_kept() {
    let bureau = Bureau::open();
    let town = Town::fetching(&bureau);
    let id = town.with_materials(&town.ask(), PICTURE);
    town.post(
        "principal",
        &format!("/api/applications/{id}/registered-impression"),
        &json!({}),
    )
    .check_problem(403, "NOT_PERMITTED");
    let ask = || {
        let path = format!("/api/applications/{id}/registered-impression");
        let asked = town.post("agent", &path, &json!({}));
        assert_eq!(asked.status, 201, "{}", asked.text());
        asked.json()
    };
    assert_eq!(ask()["answer"], "none_registered");
    bureau.hold(CODE, PICTURE);
    for fault in [
        AnswerFault::OutOfOrder,
        AnswerFault::Mumbles,
        AnswerFault::Broken,
        AnswerFault::AnotherCode,
        AnswerFault::Slow,
    ] {
        bureau.switch_answers(fault);
        let asked = ask();
        assert_eq!(asked["answer"], "unreachable", "{fault:?}");
        assert!(
            asked["reason"].as_str().is_some_and(|reason| !reason.is_empty()),
            "{fault:?}"
        );
    }
    bureau.switch_answers(AnswerFault::OutOfOrder);
    // Nobody says that it is the filed one while it could not be fetched.
    town.ask_for_the_filed(&id, PICTURE);
    town.submit(&id).check_problem(422, "IMPRESSION_NOT_THE_FILED");
    town.steps(&id, &[("agent", json!({ "type": "amend", "ask": town.ask() }))]);
    assert_eq!(town.submit(&id).json()["status"], "submitted");
    let kept = town.registered(&id);
    assert_eq!(kept["answer"], "unreachable");
    assert!(kept["reason"].as_str().unwrap().contains("503"), "{kept}");
}

#[test]
fn r34_a_sheet_that_is_not_the_impression_on_file_is_seen() {
    let bureau = Bureau::open();
    bureau.hold(CODE, &other_picture(1));
    let town = Town::fetching(&bureau);
    let id = town.with_materials(&town.ask(), PICTURE);
    town.submit(&id).check_problem(422, "IMPRESSION_IS_FILED");
    town.ask_for_the_filed(&id, &other_picture(1));
    assert_eq!(town.submit(&id).status, 200);
    town.consent_and_approve(&id);
    let compared = town.send("reviewer", &format!("/api/applications/{id}/comparison"), b"");
    assert_eq!(compared.json()["measured"], "different", "{}", compared.text());
    let mut order = town.making_order();
    order["verdict"] = "different".into();
    let path = format!("/api/applications/{id}/making");
    town.post("maker", &path, &order)
        .check_problem(422, "IMPRESSIONS_DISAGREE");
}

#[test]
fn r23_what_the_data_sharing_platform_has_is_not_asked_of_the_applicant() {
    let platform = Bureau::open();
    platform.hold("kind=unit_identity", b"the register of units says so");
    let town = Town::with(&format!(
        "sharing.platform = \"{}\"\nsharing.timeout_seconds = 1\n",
        platform.questions_url()
    ));
    let drafted = town.draft(&town.ask()).json();
    let id = drafted["id"].as_str().unwrap();
    for kind in ["agent_identity", "application_form", "engraving_proof"] {
        town.hand_in(id, kind, kind.as_bytes());
    }
    town.hand_in(id, "impression_sheet", PICTURE);
    // A platform that is down leaves the applicant to hand it in, which is said.
    platform.switch_answers(AnswerFault::OutOfOrder);
    let refused = town.submit(id).check_problem(422, "IDENTITY_MISSING");
    assert_eq!(refused["rule"], "R18");
    platform.switch_answers(AnswerFault::None);
    let submitted = town.submit(id);
    assert_eq!(submitted.status, 200, "{}", submitted.text());
    let questions = platform.questions();
    assert_eq!(questions.len(), 2);
    assert!(questions[0].contains("unit=91350100M000100Y43"), "{questions:?}");
    let materials = submitted.json()["materials"].clone();
    let mut materials = materials.as_array().unwrap().iter();
    let shared = materials
        .find(|material| material["kind"] == "unit_identity")
        .unwrap();
    assert_eq!(shared["source"], "data_sharing");
    let path = format!(
        "/api/applications/{id}/materials/{}",
        shared["digest"].as_str().unwrap()
    );
    assert_eq!(
        town.get("reviewer", &path).text(),
        "the register of units says so"
    );
    town.steps(
        id,
        &[
            ("principal", json!({ "type": "consent" })),
            ("reviewer", json!({ "type": "take_up" })),
        ],
    );
    // Nor may a reviewer ask for it.
    let back = json!({ "type": "return", "materials": ["unit_identity"], "reasons": ["请补交"] });
    let refused = town
        .step("reviewer", id, &back)
        .check_problem(422, "CONNECTOR_SUPPLIES");
    assert_eq!(refused["rule"], "R23");
}
