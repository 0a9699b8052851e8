//! From where: networks of units and of business systems (R7).

use serde_json::json;

use crate::policies;
use crate::set_up::code;
use crate::support::pki;
use crate::town::Town;
use crate::uses::{order, place};
use crate::world::{PIN, SYSTEM, Who, World, id, ofd, renewed_system};

/// The proxy in front of the service tells where somebody is.
const PROXY: &str = "http.proxies = [\"127.0.0.1\"]\n";
const OFFICE: &str = "10.1.2.3";
const HOME: &str = "192.0.2.7";

#[test]
fn r7_a_units_seals_are_used_from_its_networks_only() {
    World::on_both_with(PROXY, |world| {
        let mut policy = policies::simple();
        policy["networks"] = json!(["10.1.0.0/16"]);
        // Nobody shuts themselves out.
        let refused = world.change_from(HOME, Who::Principal, &policies::path(), &policy);
        assert_eq!(refused.check_problem(403, "NETWORK_NOT_ALLOWED")["rule"], "R7");
        let adopted = world.change_from(OFFICE, Who::Principal, &policies::path(), &policy);
        assert_eq!(adopted.status, 201, "{}", adopted.text());
        assert_eq!(adopted.json()["networks"], json!(["10.1.0.0/16"]));
        let document = ofd("通知");
        world.send(Who::Agent, "/api/documents", &document);
        let refused = world.change_from(HOME, Who::Agent, "/api/uses", &order(&document));
        let problem = refused.check_problem(403, "NETWORK_NOT_ALLOWED");
        assert!(problem["title"].as_str().unwrap().contains(HOME), "{problem}");
        let asked = world.change_from(OFFICE, Who::Agent, "/api/uses", &order(&document));
        assert_eq!(asked.status, 201, "{}", asked.text());
        let asked = asked.json();
        let binding =
            json!({ "document": asked["document"], "seal": asked["seal"], "placement": asked["placement"] });
        let approvals = format!("{}/approvals", place(&asked));
        let stamp = (format!("{}/stamp", place(&asked)), json!({ "pin": PIN }));
        world
            .change_from(HOME, Who::Approver, &approvals, &binding)
            .check_problem(403, "NETWORK_NOT_ALLOWED");
        let approved = world.change_from(OFFICE, Who::Approver, &approvals, &binding);
        assert_eq!(approved.status, 201, "{}", approved.text());
        // Before the PIN: a wrong one is not even counted.
        let wrong = json!({ "pin": "wrong horse" });
        world
            .change_from(HOME, Who::Custodian, &stamp.0, &wrong)
            .check_problem(403, "NETWORK_NOT_ALLOWED");
        let stamped = world.change_from(OFFICE, Who::Custodian, &stamp.0, &stamp.1);
        assert_eq!(stamped.status, 201, "{}", stamped.text());
        assert_eq!(world.audited(), ["NOTHING_SAVED"]);
    });
}

#[test]
fn r7_a_units_people_sign_in_from_its_networks_only() {
    let town = Town::with(PROXY);
    let path = format!("/api/units/{}/policy", town.unit);
    let mut policy = policies::simple();
    policy["networks"] = json!(["127.0.0.1", "10.1.0.0/16"]);
    assert_eq!(town.post("principal", &path, &policy).status, 201);
    let sign_in = |name: &str, address: &str| {
        town.scene.server.clock.advance(30);
        let code = code(&town.totp(name), town.scene.server.clock.now().as_second());
        let body = json!({ "account": name, "password": "Own-choice-77", "code": code });
        let headers = [("x-forwarded-for", address)];
        town.scene
            .server
            .post("/api/sessions", &headers, body.to_string().as_bytes())
    };
    assert_eq!(sign_in("agent", OFFICE).status, 201);
    let refused = sign_in("agent", HOME);
    assert_eq!(refused.check_problem(403, "NETWORK_NOT_ALLOWED")["rule"], "R7");
    // Officers of the authority are not the unit's people.
    assert_eq!(sign_in("reviewer", HOME).status, 201);
    for bad in [json!(["10.1.0.0/33"]), json!(["everywhere"])] {
        policy["networks"] = bad;
        town.post("principal", &path, &policy)
            .check_problem(400, "BAD_BODY");
    }
}

#[test]
fn r7_a_business_system_calls_from_its_networks_only() {
    World::on_both_with(PROXY, |world| {
        let grant = world.opened();
        let path = format!("/api/clients/{}/changes", id(SYSTEM));
        let networks = json!({ "type": "set_networks", "networks": ["10.1.0.0/16", "fd00::/8"] });
        world
            .change(Who::Agent, &path, &networks)
            .check_problem(403, "NOT_PERMITTED");
        let set = world.change(Who::Security, &path, &networks);
        assert_eq!(
            set.json()["networks"],
            json!(["10.1.0.0/16", "fd00::/8"]),
            "{}",
            set.text()
        );
        let stamp = |address: &str, nonce: u64| {
            let mut headers = world.signed_stamp(&grant, &ofd("证照"), nonce);
            headers.push(("x-forwarded-for".into(), address.into()));
            world.stamp_signed(&grant, &headers, &ofd("证照"))
        };
        let refused = stamp(HOME, 1);
        assert_eq!(refused.check_problem(403, "NETWORK_NOT_ALLOWED")["rule"], "R7");
        assert_eq!(stamp(OFFICE, 2).status, 200);
        assert_eq!(world.audited(), ["NOTHING_SAVED"]);
    });
}

#[test]
fn r53_a_systems_certificate_is_renewed_while_the_old_one_still_serves() {
    let world = World::new();
    let grant = world.opened();
    let path = format!("/api/clients/{}", id(SYSTEM));
    let shown = world.get(Who::Security, &path).json();
    assert_eq!(
        (&shown["name"], &shown["former_until"]),
        (&"测试业务系统".into(), &json!(null))
    );
    let changes = format!("{path}/changes");
    let renamed = world.change(
        Who::Security,
        &changes,
        &json!({ "type": "rename", "name": "证照平台" }),
    );
    assert_eq!(renamed.json()["name"], "证照平台");
    let pem = |certificate: &pki::Certificate| pki::write_pem("CERTIFICATE", certificate.der());
    let until = world.server.clock.now() + jiff::SignedDuration::from_hours(24);
    let renew = |certificate: String| {
        let body = json!({ "type": "renew_certificate", "certificate": certificate, "old_until": until });
        world.change(Who::Security, &changes, &body)
    };
    renew(pem(&pki().issuing.certificate)).check_problem(422, "SEAL_UNUSABLE");
    renew("none".into()).check_problem(400, "BAD_BODY");
    let renewed = renew(pem(&renewed_system().certificate));
    assert_eq!(renewed.status, 201, "{}", renewed.text());
    assert_eq!(renewed.json()["former_until"], until.to_string());
    let stamp = |with: &testkit::Identity, nonce: u64| {
        let headers = world.signed_stamp_by(with, &grant, &ofd("证照"), nonce);
        world.stamp_signed(&grant, &headers, &ofd("证照"))
    };
    assert_eq!(stamp(crate::world::system(), 1).status, 200);
    assert_eq!(stamp(&renewed_system(), 2).status, 200);
    world.server.clock.advance(24 * 3600);
    stamp(crate::world::system(), 3).check_problem(401, "SIGNATURE_MISMATCH");
    assert_eq!(stamp(&renewed_system(), 4).status, 200);
}

#[test]
fn r12_business_systems_are_seen_by_those_who_look_after_them() {
    let world = World::new();
    let path = format!("/api/clients/{}", id(SYSTEM));
    for who in [Who::Security, Who::Supervisor, Who::PlatformOwner] {
        assert_eq!(
            world.get(who, &path).json()["id"],
            id(SYSTEM).to_string(),
            "{who:?}"
        );
        let listed = world.get(who, "/api/clients").json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{who:?}");
    }
    for who in [Who::Agent, Who::Stranger] {
        world.get(who, &path).check_problem(404, "NOT_FOUND");
        assert_eq!(world.get(who, "/api/clients").json()["items"], json!([]));
    }
    let sealer = pki().sealer.certificate;
    let order = json!({ "authority": id(1), "name": "第二系统",
        "certificate": pki::write_pem("CERTIFICATE", sealer.der()), "networks": ["10.0.0.0/8"] });
    let entered = world.change(Who::Security, "/api/clients", &order);
    assert_eq!(
        entered.json()["networks"],
        json!(["10.0.0.0/8"]),
        "{}",
        entered.text()
    );
    let first = world.get(Who::Security, "/api/clients?limit=1").json();
    let next = first["next"].as_str().unwrap();
    let second = world
        .get(Who::Security, &format!("/api/clients?limit=1&after={next}"))
        .json();
    assert_eq!(first["items"][0]["id"], id(SYSTEM).to_string());
    assert_eq!(second["items"][0]["id"], entered.json()["id"]);
}
