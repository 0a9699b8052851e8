//! Business systems: their signed requests, grants, and sealing under one.

use serde_json::json;

use crate::support::Answer;
use crate::world::{PIN, QUERY, SYSTEM, Who, World, id, ofd, pdf, system};

impl World {
    /// A grant that is in force and open.
    pub(crate) fn opened(&self) -> String {
        let place = self.granted(2);
        assert_eq!(self.open(&place, PIN).status, 204);
        place
    }

    /// Copies of keys on the disk.
    fn copies(&self) -> usize {
        let files = std::fs::read_dir(self.server.data().join("keys/service")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".key")).count()
    }

    /// The headers with which the system seals a licence.
    pub(crate) fn signed_stamp(&self, place: &str, document: &[u8], nonce: u64) -> Vec<(String, String)> {
        self.signed_stamp_by(system(), place, document, nonce)
    }

    pub(crate) fn signed_stamp_by(
        &self,
        system: &testkit::Identity,
        place: &str,
        document: &[u8],
        nonce: u64,
    ) -> Vec<(String, String)> {
        self.sign_with(
            system,
            (&format!("{place}/stamp"), QUERY),
            document,
            &format!("{nonce:016}"),
        )
    }

    pub(crate) fn stamp_signed(&self, place: &str, headers: &[(String, String)], document: &[u8]) -> Answer {
        self.post_with(&format!("{place}/stamp"), QUERY, headers, document)
    }

    fn stamp_under(&self, place: &str, document: &[u8], nonce: u64) -> Answer {
        self.stamp_as(place, QUERY, document, nonce)
    }

    fn stamp_as(&self, place: &str, query: &str, document: &[u8], nonce: u64) -> Answer {
        let path = format!("{place}/stamp");
        let headers = self.sign(&path, query, document, &format!("{nonce:016}"));
        self.post_with(&path, query, &headers, document)
    }
}

#[test]
fn r15_a_system_seals_within_a_grant_that_unit_and_platform_gave_and_the_custodian_opened() {
    World::on_both(|world| {
        let place = world.granted(2);
        let early = world.stamp_under(&place, &ofd("证照"), 1);
        early.check_problem(422, "GRANT_NOT_OPEN");
        assert_eq!(world.open(&place, "wrong horse").status, 403);
        let opened = world.change(Who::Agent, &format!("{place}/key"), &json!({ "pin": PIN }));
        opened.check_problem(404, "NOT_FOUND");
        assert_eq!(world.open(&place, PIN).status, 204);
        let stamped = world.stamp_under(&place, &ofd("证照"), 2);
        assert_eq!(stamped.status, 200, "{}", stamped.text());
        assert_eq!(stamped.header("content-type"), Some("application/ofd"));
        assert_eq!(
            gm::sm3(&stamped.body).to_string(),
            stamped.header("x-yinxin-sealed").unwrap()
        );
        let verified = world.server.post("/api/verify", &[], &stamped.body).json();
        assert_eq!(verified["conclusion"], "passed", "{verified}");
        let made = format!("/api/uses/{}", stamped.header("x-yinxin-use").unwrap());
        let view = world.get(Who::Principal, &made).json();
        assert_eq!(
            (&view["status"], &view["requester"]["kind"]),
            (&"completed".into(), &"system".into())
        );
        let record = stamped.header("x-yinxin-record").unwrap();
        assert_eq!(
            world
                .get(Who::Principal, &format!("{made}/records/{record}/proof"))
                .status,
            200
        );
        // Another grant's system, another type, a blank page, and too many of them.
        let other = QUERY.replace("licence", "official_document");
        world
            .stamp_as(&place, &other, &ofd("证照"), 3)
            .check_problem(422, "OUTSIDE_GRANT");
        world
            .stamp_under(&place, &ofd(""), 4)
            .check_problem(422, "BLANK_DOCUMENT");
        let nowhere = QUERY.replace("x_mm%22%3A100", "x_mm%22%3A900");
        world
            .stamp_as(&place, &nowhere, &ofd("证照"), 5)
            .check_problem(422, "DOCUMENT_NOT_SEALED");
        // What failed does not count.
        assert_eq!(world.stamp_under(&place, &ofd("证照"), 6).status, 200);
        world
            .stamp_under(&place, &ofd("证照"), 7)
            .check_problem(422, "VOLUME_EXCEEDED");
        let revoked = world.change(
            Who::Principal,
            &format!("{place}/revoke"),
            &json!({ "reason": "不再需要" }),
        );
        assert_eq!(revoked.json()["status"], "revoked");
        world
            .stamp_under(&place, &ofd("证照"), 8)
            .check_problem(422, "GRANT_NOT_OPEN");
        assert_eq!(world.copies(), 0);
        assert_eq!(world.audited(), ["NOTHING_SAVED"]);
    });
}

#[test]
fn r54_a_pdf_is_sealed_under_a_grant() {
    World::on_both(|world| {
        let place = world.granted(2);
        assert_eq!(world.open(&place, PIN).status, 204);
        let stamped = world.stamp_under(&place, &pdf(&[true]), 1);
        assert_eq!(stamped.status, 200, "{}", stamped.text());
        assert_eq!(stamped.header("content-type"), Some("application/pdf"));
        let report = world.server.post("/api/verify", &[], &stamped.body).json();
        assert_eq!(report["conclusion"], "passed", "{report}");
        world
            .stamp_under(&place, &pdf(&[false]), 2)
            .check_problem(422, "BLANK_DOCUMENT");
        assert_eq!(world.audited(), ["NOTHING_SAVED"]);
    });
}

#[test]
fn r43_the_copy_of_a_key_goes_by_itself_when_its_grants_are_over() {
    let world = World::with("documents.settle_seconds = 1\n");
    let place = world.opened();
    assert_eq!(world.stamp_under(&place, &ofd("证照"), 1).status, 200);
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert_eq!(world.copies(), 1, "its grant is in force");
    // The grant ends on 2026-07-15.
    world.days(31);
    for _ in 0..200 {
        if world.copies() == 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(world.copies(), 0);
    world
        .stamp_under(&place, &ofd("证照"), 2)
        .check_problem(422, "GRANT_NOT_OPEN");
    assert_eq!(world.entries_of("seal.service_key_given_up"), 1);
}

#[test]
fn r53_a_request_is_believed_once_and_only_as_it_was_signed() {
    World::on_both(|world| {
        let place = world.granted(2);
        assert_eq!(world.open(&place, PIN).status, 204);
        let (path, document) = (format!("{place}/stamp"), ofd("证照"));
        let signed = |nonce: &str| world.sign(&path, QUERY, &document, nonce);
        let post = |query: &str, headers: &[(String, String)], body: &[u8]| {
            world.post_with(&path, query, headers, body)
        };
        let session = [(
            "authorization".to_owned(),
            format!("Bearer {:043}", Who::Custodian as u64),
        )];
        post(QUERY, &session, &document).check_problem(401, "NOT_SIGNED");
        let query = QUERY.replace("x_mm%22%3A100", "x_mm%22%3A120");
        post(&query, &signed("0000000000000001"), &document).check_problem(401, "SIGNATURE_MISMATCH");
        post(QUERY, &signed("0000000000000002"), &ofd("另一份")).check_problem(400, "DIGEST_DIFFERS");
        let mut forged = signed("0000000000000003");
        forged[1].1 = forged[1].1.replace("0000000000000003", "0000000000000004");
        post(QUERY, &forged, &document).check_problem(401, "SIGNATURE_MISMATCH");
        let mut twice = signed("0000000000000005");
        twice.push(twice[2].clone());
        post(QUERY, &twice, &document).check_problem(401, "NOT_SIGNED");
        let headers = signed("0000000000000006");
        assert_eq!(post(QUERY, &headers, &document).status, 200);
        post(QUERY, &headers, &document).check_problem(401, "NONCE_USED");
        let old = signed("0000000000000007");
        world.server.clock.advance(301);
        post(QUERY, &old, &document).check_problem(401, "SIGNATURE_TIME");
        let blocked = world.change(
            Who::Security,
            &format!("/api/clients/{}/block", id(SYSTEM)),
            &json!({}),
        );
        assert!(blocked.json()["blocked_at"].is_string());
        post(QUERY, &signed("0000000000000008"), &document).check_problem(401, "CLIENT_UNKNOWN");
    });
}

#[test]
fn r12_a_business_system_is_entered_by_the_security_administrator() {
    let world = World::new();
    let leaf = crate::support::pki().issuing.certificate;
    let pem = |certificate: &pki::Certificate| pki::write_pem("CERTIFICATE", certificate.der());
    let order = |pem: String| json!({ "authority": id(1), "name": "证照系统", "certificate": pem });
    let other = crate::support::pki().sealer.certificate;
    world
        .change(Who::Supervisor, "/api/clients", &order(pem(&other)))
        .check_problem(403, "NOT_PERMITTED");
    // One of a CA, one that another system has, and one that is none.
    world
        .change(Who::Security, "/api/clients", &order(pem(&leaf)))
        .check_problem(422, "SEAL_UNUSABLE");
    world
        .change(Who::Security, "/api/clients", &order(pem(&system().certificate)))
        .check_problem(409, "CONFLICT");
    world
        .change(Who::Security, "/api/clients", &order("none".into()))
        .check_problem(400, "BAD_BODY");
    let entered = world.change(Who::Security, "/api/clients", &order(pem(&other)));
    assert_eq!(entered.status, 201, "{}", entered.text());
    assert_eq!(entered.json()["certificate"], other.digest().to_string());
    world
        .change(
            Who::Agent,
            &format!("/api/clients/{}/block", id(SYSTEM)),
            &json!({}),
        )
        .check_problem(403, "NOT_PERMITTED");
}

/// The script of the guide, as it stands there.
#[test]
fn r53_the_script_of_the_guide_seals() {
    let guide = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/systems.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let script = guide
        .split("```sh\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let there = |program: &str| std::process::Command::new(program).arg("--help").output().is_ok();
    if !["openssl", "curl", "basenc"].into_iter().all(there) {
        eprintln!("SKIPPED: openssl, curl or basenc is not installed");
        return;
    }
    let world = World::new();
    let place = world.granted(2);
    assert_eq!(world.open(&place, PIN).status, 204);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("stamp.sh"), script).unwrap();
    std::fs::write(path("document.ofd"), ofd("证照")).unwrap();
    std::fs::write(path("key.pem"), private_key_pem()).unwrap();
    let ran = std::process::Command::new("sh")
        .args([path("stamp.sh"), format!("http://{}", world.server.address)])
        .args([
            place.rsplit('/').next().unwrap().to_owned(),
            id(SYSTEM).to_string(),
        ])
        .args([path("key.pem"), path("document.ofd"), path("sealed.ofd")])
        .env("NOW", world.server.clock.now().as_second().to_string())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let sealed = std::fs::read(path("sealed.ofd")).unwrap();
    let verified = world.server.post("/api/verify", &[], &sealed).json();
    assert_eq!(verified["conclusion"], "passed", "{verified}");
}

/// The system's key as `EC PRIVATE KEY` (RFC 5915) on the curve of SM2.
fn private_key_pem() -> String {
    let key = &system().key;
    let mut der = vec![0x30, 0x77, 2, 1, 1, 4, 32];
    der.extend(*key.to_bytes());
    der.extend([
        0xa0, 10, 6, 8, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x82, 0x2d, 0xa1, 0x44, 3, 0x42, 0,
    ]);
    der.extend(gm::Signer::public_key(key).to_sec1());
    pki::write_pem("EC PRIVATE KEY", &der)
}
