//! Applications: from draft to decision.

use gm::sm3;
use serde_json::{Value, json};

use crate::support::Answer;
use crate::town::Town;

/// An invented impression: a rim, a star, strokes in a ring.
pub(crate) const PICTURE: &[u8] = include_bytes!("impression.svg");
/// Another impression: within the same rim, `bars` bars and neither star nor strokes.
pub(crate) fn other_picture(bars: usize) -> Vec<u8> {
    let text = str::from_utf8(PICTURE).unwrap();
    let (rim, _) = text.split_once("<g fill").unwrap();
    let bar = |n: usize| {
        format!(
            r##"<rect x="8" y="{}" width="24" height="3" fill="#e60012"/>"##,
            8 + 5 * n
        )
    };
    let bars: String = (0..bars).map(bar).collect();
    format!("{rim}{bars}</svg>").into_bytes()
}

/// The picture with a character missing: comparing cannot tell whether it is another one.
pub(crate) fn worn_picture() -> Vec<u8> {
    let text = str::from_utf8(PICTURE).unwrap();
    let (before, rest) = text.split_once("<g transform").unwrap();
    let (_, after) = rest.split_once("</g>").unwrap();
    format!("{before}{after}").into_bytes()
}

/// The text by which an agent answers for what was handed in.
pub(crate) const DECLARATION: &str = "所提交材料真实、合法、有效";

impl Town {
    /// What is asked for: the legal-name seal of the unit, with this picture.
    pub(crate) fn ask(&self) -> Value {
        json!({
            "kind": "make",
            "seal": {
                "kind": "legal_name",
                "owner": { "kind": "unit", "unit": self.unit },
                "name": "测试市大数据局",
                "impression": { "digest": sm3(PICTURE).to_string(), "code": "6101000000001", "source": "applicant" },
                "physical": { "record": "测公刻〔2026〕1号", "engraved_on": "2026-01-05" },
                "replaces": null,
            },
        })
    }

    pub(crate) fn draft(&self, ask: &Value) -> Answer {
        let order = json!({ "authority": self.authority, "unit": self.unit, "ask": ask });
        self.post("agent", "/api/applications", &order)
    }

    /// Sends bytes as somebody.
    pub(crate) fn send(&self, name: &str, path: &str, bytes: &[u8]) -> Answer {
        let (session, key) = (self.session(name), format!("bytes-{}", self.next()));
        let headers = [
            ("authorization", session.as_str()),
            ("idempotency-key", key.as_str()),
        ];
        self.scene.server.post(path, &headers, bytes)
    }

    pub(crate) fn hand_in(&self, application: &str, kind: &str, bytes: &[u8]) {
        let path = format!("/api/applications/{application}/materials?kind={kind}");
        let added = self.send("agent", &path, bytes);
        assert_eq!(added.status, 201, "{}", added.text());
    }

    pub(crate) fn step(&self, name: &str, application: &str, step: &Value) -> Answer {
        self.post(name, &format!("/api/applications/{application}/steps"), step)
    }

    #[track_caller]
    pub(crate) fn steps(&self, application: &str, steps: &[(&str, Value)]) {
        for (name, step) in steps {
            let answer = self.step(name, application, step);
            assert_eq!(answer.status, 200, "{step}: {}", answer.text());
        }
    }

    /// Drafts and hands in with everything that this kind of application needs.
    pub(crate) fn submitted(&self, ask: &Value) -> String {
        let id = self.with_materials(ask, PICTURE);
        self.steps(
            &id,
            &[("agent", json!({ "type": "submit", "declaration": DECLARATION }))],
        );
        id
    }

    /// A draft with everything that this kind of application needs.
    pub(crate) fn with_materials(&self, ask: &Value, sheet: &[u8]) -> String {
        let drafted = self.draft(ask);
        assert_eq!(drafted.status, 201, "{}", drafted.text());
        let id = drafted.json()["id"].as_str().unwrap().to_owned();
        for kind in [
            "unit_identity",
            "agent_identity",
            "holder_identity",
            "application_form",
            "sealed_form",
        ] {
            self.hand_in(&id, kind, format!("{kind} of {id}").as_bytes());
        }
        if ask["kind"] == "make" {
            self.hand_in(&id, "engraving_proof", b"proof");
            self.hand_in(&id, "impression_sheet", sheet);
        }
        id
    }

    /// The agent hands it in.
    pub(crate) fn submit(&self, id: &str) -> Answer {
        self.step(
            "agent",
            id,
            &json!({ "type": "submit", "declaration": DECLARATION }),
        )
    }

    /// The principal consents, and a reviewer approves.
    pub(crate) fn consent_and_approve(&self, id: &str) {
        self.steps(
            id,
            &[
                ("principal", json!({ "type": "consent" })),
                ("reviewer", json!({ "type": "take_up" })),
            ],
        );
        self.steps(id, &[("reviewer", self.approval(id))]);
    }

    /// An application that the principal consented to and the reviewer approved.
    pub(crate) fn approved(&self, ask: &Value) -> String {
        let id = self.submitted(ask);
        self.consent_and_approve(&id);
        id
    }

    /// An approval that checked everything.
    pub(crate) fn approval(&self, id: &str) -> Value {
        let found = self.get("reviewer", &format!("/api/applications/{id}")).json();
        let materials = found["materials"].as_array().unwrap().iter();
        let checked: Vec<_> = materials.map(|material| material["digest"].clone()).collect();
        json!({ "type": "approve", "checked": checked })
    }
}

#[test]
fn r22_to_r26_from_draft_to_approval() {
    let town = Town::new();
    let id = town.submitted(&town.ask());
    let path = format!("/api/applications/{id}");
    let found = town.get("agent", &path).json();
    assert_eq!(found["status"], "submitted");
    assert_eq!(found["materials"].as_array().unwrap().len(), 7);
    // The principal first, then a reviewer, who answers for having checked everything.
    town.step("reviewer", &id, &json!({ "type": "take_up" }))
        .check_problem(422, "CONSENT_MISSING");
    town.step("agent", &id, &json!({ "type": "consent" }))
        .check_problem(403, "NOT_PERMITTED");
    town.steps(
        &id,
        &[
            ("principal", json!({ "type": "consent" })),
            ("reviewer", json!({ "type": "take_up" })),
        ],
    );
    let refused = town
        .step("reviewer", &id, &json!({ "type": "approve", "checked": [] }))
        .check_problem(422, "MATERIAL_UNCHECKED");
    assert_eq!(refused["rule"], "R25");
    town.steps(&id, &[("reviewer", town.approval(&id))]);
    let query = format!("/api/applications?authority={}&status=approved", town.authority);
    assert_eq!(town.get("maker", &query).json()["items"][0]["id"], id.as_str());
    assert_eq!(
        town.get("agent", "/api/applications").json()["items"][0]["id"],
        id.as_str()
    );
    // Somebody without an office there sees nothing of it.
    assert_eq!(town.get("agent", &query).json()["items"], json!([]));
}

#[test]
fn r26_reasons_reach_the_applicant_and_their_delivery_is_noted() {
    let town = Town::new();
    let id = town.submitted(&town.ask());
    town.steps(
        &id,
        &[
            ("principal", json!({ "type": "consent" })),
            ("reviewer", json!({ "type": "take_up" })),
        ],
    );
    town.step("reviewer", &id, &json!({ "type": "reject", "reasons": [] }))
        .check_problem(422, "REASONS_MISSING");
    let returned =
        json!({ "type": "return", "materials": ["agent_authorisation"], "reasons": ["缺少授权书"] });
    town.steps(&id, &[("reviewer", returned)]);
    let path = format!("/api/applications/{id}");
    assert_eq!(town.get("reviewer", &path).json()["delivered_at"], json!(null));
    let read = town.get("agent", &path).json();
    assert_eq!(
        (&read["status"], &read["reasons"]),
        (&json!("returned"), &json!(["缺少授权书"]))
    );
    assert!(read["delivered_at"].is_string());
    assert_eq!(
        town.get("agent", &path).json()["delivered_at"],
        read["delivered_at"]
    );
    let submit = json!({ "type": "submit", "declaration": DECLARATION });
    town.step("agent", &id, &submit)
        .check_problem(422, "IDENTITY_MISSING");
    town.hand_in(&id, "agent_authorisation", b"authorisation");
    town.steps(
        &id,
        &[("agent", submit), ("agent", json!({ "type": "withdraw" }))],
    );
    assert_eq!(town.get("agent", &path).json()["status"], "withdrawn");
}

#[test]
fn r19_r24_what_is_missing_is_named_when_it_is_handed_in() {
    let town = Town::new();
    let id = town.draft(&town.ask()).json()["id"].as_str().unwrap().to_owned();
    let submit = |text: &str| town.step("agent", &id, &json!({ "type": "submit", "declaration": text }));
    submit(" ").check_problem(422, "DECLARATION_MISSING");
    submit(DECLARATION).check_problem(422, "IDENTITY_MISSING");
    let mut ask = town.ask();
    ask["seal"]["physical"] = json!(null);
    town.steps(&id, &[("agent", json!({ "type": "amend", "ask": ask }))]);
    let refused = submit(DECLARATION).check_problem(422, "PHYSICAL_SEAL_MISSING");
    assert_eq!(refused["rule"], "R19");
}

#[test]
fn r27_a_second_legal_name_seal_is_refused_while_the_first_is_asked_for() {
    let town = Town::new();
    town.submitted(&town.ask());
    let second = town.draft(&town.ask()).json()["id"].as_str().unwrap().to_owned();
    let submit = json!({ "type": "submit", "declaration": DECLARATION });
    let refused = town
        .step("agent", &second, &submit)
        .check_problem(422, "LEGAL_NAME_SEAL_EXISTS");
    assert_eq!(refused["rule"], "R27");
}

#[test]
fn materials_come_from_the_agent_alone_and_are_read_by_few() {
    let town = Town::with("http.request_seconds_max = 20");
    let id = town.draft(&town.ask()).json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/applications/{id}/materials");
    let add = format!("{path}?kind=unit_identity");
    town.send("principal", &add, b"x")
        .check_problem(403, "NOT_PERMITTED");
    town.send("agent", &add, b"").check_problem(400, "EMPTY");
    town.send("agent", &path, b"x").check_problem(400, "BAD_QUERY");
    town.hand_in(&id, "unit_identity", b"who we are");
    let read = format!("{path}/{}", sm3(b"who we are"));
    let found = town.get("reviewer", &read);
    assert_eq!(
        (found.status, found.body.as_slice()),
        (200, b"who we are".as_slice())
    );
    assert_eq!(found.header("content-disposition"), Some("attachment"));
    let stranger = town.scene.sign_in(0);
    let other = town.scene.server.get(
        &format!("{path}/{}", sm3(b"other")),
        &[("authorization", &stranger)],
    );
    other.check_problem(404, "NOT_FOUND");
    // More than is taken is refused before it is sent.
    let headers = [
        ("authorization", town.session("agent")),
        ("idempotency-key", "large".to_owned()),
    ];
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let stream = town
        .scene
        .server
        .open("POST", &add, &headers, Some((32 << 20) + 1));
    crate::support::read_answer(stream).check_problem(413, "TOO_LARGE");
}

#[test]
fn r34_the_registered_impression_is_compared_and_a_person_decides() {
    let town = Town::new();
    let id = town.submitted(&town.ask());
    let path = format!("/api/applications/{id}/comparison");
    town.send("agent", &path, PICTURE)
        .check_problem(403, "NOT_PERMITTED");
    town.send("reviewer", &path, b"no picture")
        .check_problem(422, "PICTURE_UNUSABLE");
    let compared = town.send("reviewer", &path, PICTURE);
    assert_eq!(compared.status, 201, "{}", compared.text());
    let compared = compared.json();
    assert_eq!(compared["measured"], "same");
    assert!(compared["score_per_mille"].as_u64().unwrap() >= 750);
    assert_eq!(compared["places"], json!([]));
    let report = format!(
        "/api/applications/{id}/materials/{}",
        compared["report"].as_str().unwrap()
    );
    assert!(town.get("reviewer", &report).text().contains("印模比对报告"));
}
