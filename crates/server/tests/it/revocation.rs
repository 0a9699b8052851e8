//! What was made can be fetched, and what was cancelled is seen by verifiers.

use gm::sm3;
use pki::{Certificate, Crl};
use serde_json::{Value, json};
use testkit::Bureau;

use crate::life::PIN;
use crate::support::MAKING;
use crate::town::Town;
use crate::uses::placement;
use crate::world::ofd;

impl Town {
    /// A town whose certificates say where the revocation list is.
    pub(crate) fn published(bureau: &Bureau) -> Self {
        Self::with(&format!(
            "{MAKING}http.public_address = \"https://seals.example.gov.cn/\"\n\
             filing.public_security = \"{}\"\nfiling.poll_seconds = 1\n",
            bureau.url()
        ))
    }

    /// A document that the custodian sealed after the principal's approval.
    pub(crate) fn sealed_document(&self, seal: &str, text: &str) -> Vec<u8> {
        let document = ofd(text);
        let sent = self.send("agent", "/api/documents", &document);
        assert_eq!(sent.status, 201, "{}", sent.text());
        let order = json!({
            "seal": seal, "purpose": "发布通知", "document_type": "official_document",
            "document": sm3(&document).to_string(), "placement": placement(),
        });
        let asked = self.post("agent", "/api/uses", &order);
        assert_eq!(asked.status, 201, "{}", asked.text());
        let asked = asked.json();
        let place = format!("/api/uses/{}", asked["id"].as_str().unwrap());
        let bound = json!({
            "document": asked["document"], "seal": asked["seal"], "placement": asked["placement"],
        });
        let approved = self.post("principal", &format!("{place}/approvals"), &bound);
        assert_eq!(approved.status, 201, "{}", approved.text());
        let stamped = self.post("custodian", &format!("{place}/stamp"), &json!({ "pin": PIN }));
        assert_eq!(stamped.status, 201, "{}", stamped.text());
        self.get("agent", stamped.header("location").unwrap()).body
    }

    pub(crate) fn adopt_policy(&self) {
        let policy = json!({ "rules": [{ "steps": [{ "role": "principal" }] }], "approval_days_max": 7 });
        let path = format!("/api/units/{}/policy", self.unit);
        let adopted = self.post("principal", &path, &policy);
        assert_eq!(adopted.status, 201, "{}", adopted.text());
    }

    pub(crate) fn verified(&self, document: &[u8], query: &str) -> Value {
        self.scene
            .server
            .post(&format!("/api/verify?{query}"), &[], document)
            .json()
    }

    fn crl(&self) -> Crl {
        let answer = self.scene.server.get("/api/crl", &[]);
        assert_eq!(answer.header("content-type"), Some("application/pkix-crl"));
        Crl::read(&answer.body).unwrap()
    }

    fn certificate(&self, seal: &str, query: &str) -> Certificate {
        let answer = self.get("agent", &format!("/api/seals/{seal}/certificate{query}"));
        assert_eq!(answer.header("content-type"), Some("application/pkix-cert"));
        Certificate::read(&answer.body).unwrap()
    }
}

#[test]
fn r59_a_cancelled_seal_is_revoked_for_everybody_and_what_it_sealed_before_counts_as_of_then() {
    let bureau = Bureau::open();
    let town = Town::published(&bureau);
    let seal = town.active();
    town.adopt_policy();
    let document = town.sealed_document(&seal, "通知");
    assert_eq!(town.verified(&document, "")["conclusion"], "passed");
    let certificate = town.certificate(&seal, "");
    assert_eq!(
        certificate.crl_addresses(),
        ["https://seals.example.gov.cn/api/crl"]
    );
    assert!(town.crl().is_empty());
    let sealed_at = town.scene.server.clock.now();
    town.scene.server.clock.advance(3600);
    let ask = json!({ "kind": "cancel", "seal": seal, "reason": "physical_seal_ended" });
    let mut town = town;
    town.morning();
    let cancel = json!({ "type": "cancel", "application": town.approved(&ask) });
    let cancelled = town.seal_step("maker", &seal, &cancel);
    assert_eq!(cancelled.json()["status"], "cancelled", "{}", cancelled.text());
    let list = town.crl();
    assert_eq!((list.len(), list.issuer()), (1, certificate.issuer()));
    let entry = list.find(certificate.serial()).next().unwrap();
    assert_eq!(entry.at, town.scene.server.clock.now());
    town.scene.server.clock.advance(60);
    let now = town.verified(&document, "");
    // Nothing but the sealer's own word says that it was sealed before.
    assert_eq!(now["conclusion"], "indeterminate");
    // The person learns when it was revoked, and as of what time to ask again.
    let reasons = now["signatures"][0]["reasons"].as_array().unwrap();
    let revoked = reasons
        .iter()
        .find(|reason| reason["code"] == "REVOKED_NO_PROOF_OF_TIME");
    let detail = revoked.unwrap()["details"][0].as_str().unwrap();
    assert!(detail.ends_with(&format!(": {}", entry.at)), "{detail}");
    let told = town.scene.server.post(
        "/api/verify",
        &[("accept", "text/plain"), ("accept-language", "en")],
        &document,
    );
    let told = told.text();
    assert!(told.contains(&entry.at.to_string()), "{told}");
    assert!(told.contains("verify as of the time shown there"), "{told}");
    let then = town.verified(&document, &format!("at={sealed_at}"));
    assert_eq!(then["conclusion"], "passed", "{then}");
    // It is made anew before it is old.
    town.scene.server.clock.advance(20 * 3600);
    let next = town.crl();
    assert!(next.this_update() > list.this_update());
    assert_eq!(next.len(), 1);
}

#[test]
fn r1_the_data_and_the_certificate_of_a_seal_go_to_those_whom_it_concerns() {
    let bureau = Bureau::open();
    let mut town = Town::published(&bureau);
    let seal = town.active();
    let record = town.seal(&seal);
    let data = town.get("principal", &format!("/api/seals/{seal}/data"));
    assert_eq!(data.status, 200, "{}", data.text());
    assert_eq!(
        sm3(&data.body).to_string(),
        record["editions"][0]["seal_data"].as_str().unwrap()
    );
    let read = ses::Seal::read(&data.body).unwrap();
    assert_eq!(
        read.seal_id(),
        record["editions"][0]["seal_code"].as_str().unwrap()
    );
    assert_eq!(
        sm3(town.certificate(&seal, "?edition=1").der()).to_string(),
        record["editions"][0]["certificate"].as_str().unwrap()
    );
    let second = format!("/api/seals/{seal}/data?edition=2");
    town.get("principal", &second).check_problem(404, "NOT_FOUND");
    // Whoever has no part in it does not even learn that it exists.
    let other = town.post("reviewer", "/api/units", &town.unit_order("91110000600037341L"));
    let other = other.json()["id"].as_str().unwrap().to_owned();
    town.settle("stranger", "agent", &json!({ "kind": "unit", "id": other }));
    for part in ["data", "certificate"] {
        let path = format!("/api/seals/{seal}/{part}");
        town.get("stranger", &path).check_problem(404, "NOT_FOUND");
        town.scene.server.get(&path, &[]).check_problem(401, "NO_SESSION");
    }
}

#[test]
fn without_a_maker_there_is_no_list() {
    let town = Town::new();
    town.scene
        .server
        .get("/api/crl", &[])
        .check_problem(503, "MAKING_NOT_CONFIGURED");
}

#[test]
fn r46_a_forgotten_password_ends_in_another_key_on_lawful_evidence() {
    let bureau = Bureau::open();
    let town = Town::published(&bureau);
    let seal = town.active();
    let first = town.certificate(&seal, "");
    let ask = json!({ "kind": "reset_pin", "seal": seal });
    let bare = town.draft(&ask).json()["id"].as_str().unwrap().to_owned();
    let refused = town.submit(&bare).check_problem(422, "RESET_EVIDENCE_MISSING");
    assert_eq!(refused["rule"], "R46");
    town.steps(&bare, &[("agent", json!({ "type": "withdraw" }))]);
    let application = town.approved(&ask);
    let path = format!("/api/applications/{application}/making");
    let order = json!({ "width_mm": 42, "height_mm": 42 });
    town.post("custodian", &path, &order)
        .check_problem(403, "NOT_PERMITTED");
    let reset = town.post("maker", &path, &order);
    assert_eq!(reset.status, 201, "{}", reset.text());
    let reset = reset.json();
    assert_eq!(reset["editions"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&reset["status"], &reset["pin"]["must_change"]),
        (&json!("active"), &json!(true))
    );
    let set = |old: &str, new: &str| {
        let body = json!({ "old_pin": old, "new_pin": new });
        town.post("custodian", &format!("/api/seals/{seal}/pin"), &body)
    };
    // Nobody can open the old key any more, and nobody knows the new password but the custodian.
    set(PIN, "chosen anew 99").check_problem(403, "PIN_WRONG");
    assert_eq!(set("", "chosen anew 99").json()["pin"]["must_change"], false);
    let list = town.crl();
    assert!(list.find(first.serial()).next().is_some());
    assert!(list.find(town.certificate(&seal, "").serial()).next().is_none());
}
