//! Signing in, sessions and how they end.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::Signer as _;
use serde_json::{Value, json};
use testkit::{Identity, TestPki};

use crate::set_up::{PASSWORD, code, order, set_up};
use crate::support::{Answer, TestServer, pki};

/// A server that was set up, and the authenticator of each administrator.
pub(crate) struct Scene {
    pub(crate) server: TestServer,
    pub(crate) made: Value,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let server = TestServer::start();
        let made = set_up(&server, &order()).json();
        Self { server, made }
    }

    fn code(&self, administrator: usize) -> String {
        let address = self.made["administrators"][administrator]["totp"]
            .as_str()
            .unwrap();
        code(address, self.server.clock.now().as_second())
    }

    fn try_in(&self, account: &str, password: &str, code: &str, new: Option<&str>) -> Answer {
        let body = json!({ "account": account, "password": password, "code": code, "new_password": new });
        self.server
            .post("/api/sessions", &[], body.to_string().as_bytes())
    }

    /// The `Authorization` of a new session; each code serves once, so time goes on.
    pub(crate) fn sign_in(&self, administrator: usize) -> String {
        self.server.clock.advance(30);
        let account = ["sys.admin", "sec.admin", "aud.admin"][administrator];
        let answer = self.try_in(account, PASSWORD, &self.code(administrator), None);
        assert_eq!(answer.status, 201, "{}", answer.text());
        format!("Bearer {}", answer.json()["token"].as_str().unwrap())
    }

    fn session(&self, authorization: &str) -> Answer {
        self.server
            .get("/api/session", &[("authorization", authorization)])
    }
}

#[test]
fn r72_password_and_code_open_a_session_that_ends() {
    let scene = Scene::new();
    let session = scene.sign_in(0);
    let who = scene.session(&session).json();
    assert_eq!(who["roles"][0]["role"], "system_administrator");
    assert_eq!(who["network"], "government_extranet");
    assert_eq!(who["person"], scene.made["administrators"][0]["person"]);
    let ended = scene
        .server
        .request("DELETE", "/api/session", &[("authorization", &session)], b"");
    assert_eq!(ended.status, 204);
    scene.session(&session).check_problem(401, "NO_SESSION");
}

#[test]
fn r72_idle_and_old_sessions_end() {
    let scene = Scene::new();
    let session = scene.sign_in(0);
    scene.server.clock.advance(899);
    assert_eq!(scene.session(&session).status, 200);
    scene.server.clock.advance(901);
    scene.session(&session).check_problem(401, "NO_SESSION");
    let session = scene.sign_in(0);
    for _ in 0..32 {
        scene.server.clock.advance(899);
        scene.session(&session);
    }
    scene.server.clock.advance(60);
    scene.session(&session).check_problem(401, "NO_SESSION");
}

#[test]
fn r72_a_third_session_ends_the_first() {
    let scene = Scene::new();
    let sessions = [scene.sign_in(0), scene.sign_in(0), scene.sign_in(0)];
    scene.session(&sessions[0]).check_problem(401, "NO_SESSION");
    assert_eq!(scene.session(&sessions[1]).status, 200);
    assert_eq!(scene.session(&sessions[2]).status, 200);
}

#[test]
fn r72_a_code_serves_once_and_wrong_parts_are_not_told_apart() {
    let scene = Scene::new();
    let code = scene.code(0);
    assert_eq!(scene.try_in("sys.admin", PASSWORD, &code, None).status, 201);
    let wrong = [
        scene.try_in("sys.admin", PASSWORD, &code, None),
        scene.try_in("sys.admin", "Wrong-horse-1", &scene.code(0), None),
        scene.try_in("nobody", PASSWORD, &code, None),
        scene.try_in("sec.admin", PASSWORD, &scene.code(0), None),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for answer in wrong {
        let mut problem = answer.check_problem(401, "SIGN_IN_WRONG");
        problem["request_id"] = Value::Null;
        seen.insert(problem.to_string());
    }
    assert_eq!(seen.len(), 1);
}

#[test]
fn r72_failed_tries_lock_for_a_while() {
    let scene = Scene::new();
    for _ in 0..5 {
        scene
            .try_in("sys.admin", "Wrong-horse-1", "000000", None)
            .check_problem(401, "SIGN_IN_WRONG");
    }
    scene
        .try_in("sys.admin", PASSWORD, &scene.code(0), None)
        .check_problem(403, "ACCOUNT_LOCKED");
    scene.server.clock.advance(901);
    assert_eq!(
        scene.try_in("sys.admin", PASSWORD, &scene.code(0), None).status,
        201
    );
}

#[test]
fn r72_many_tries_at_once_lock_as_well() {
    let scene = Scene::new();
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| scene.try_in("sys.admin", "Wrong-horse-1", "000000", None));
        }
    });
    scene
        .try_in("sys.admin", PASSWORD, &scene.code(0), None)
        .check_problem(403, "ACCOUNT_LOCKED");
}

#[test]
fn r45_old_passwords_are_changed_and_do_not_come_again() {
    let scene = Scene::new();
    scene.server.clock.advance(91 * 86_400);
    let try_new = |new| {
        scene.server.clock.advance(30);
        scene.try_in("sys.admin", PASSWORD, &scene.code(0), new)
    };
    try_new(None).check_problem(403, "PASSWORD_TOO_OLD");
    try_new(Some("short")).check_problem(422, "PASSWORD_REFUSED");
    try_new(Some(PASSWORD)).check_problem(422, "PASSWORD_REFUSED");
    assert_eq!(try_new(Some("Another-horse-2")).status, 201);
    try_new(None).check_problem(401, "SIGN_IN_WRONG");
    scene.server.clock.advance(30);
    assert_eq!(
        scene
            .try_in("sys.admin", "Another-horse-2", &scene.code(0), None)
            .status,
        201
    );
}

/// What signs in with a certificate: `mend` may spoil the answer before it is sent.
fn prove(
    scene: &Scene,
    identity: &Identity,
    (purpose, account): (&str, &str),
    mend: impl FnOnce(&mut Value),
) -> Value {
    let challenge = scene.server.get("/api/session-challenge", &[]).json();
    let (text, origin) = (challenge["challenge"].as_str(), challenge["origin"].as_str());
    assert_eq!(origin, Some("test/audit"));
    let message = format!(
        "yinxin {purpose}\n{}\n{account}\n{}",
        origin.unwrap(),
        text.unwrap()
    );
    let signature = identity.key.sign(message.as_bytes()).unwrap();
    let mut proof = json!({
        "certificate": STANDARD.encode(identity.certificate.der()),
        "challenge": text,
        "signature": STANDARD.encode(signature.to_der()),
    });
    mend(&mut proof);
    proof
}

fn sign_in_with(scene: &Scene, account: &str, proof: &Value) -> Answer {
    let body = json!({ "account": account, "password": PASSWORD, "proof": proof });
    scene
        .server
        .post("/api/sessions", &[], body.to_string().as_bytes())
}

fn set_certificate(scene: &Scene, session: &str, proof: &Value) -> Answer {
    let headers = [("authorization", session)];
    scene.server.request(
        "PUT",
        "/api/session/certificate",
        &headers,
        proof.to_string().as_bytes(),
    )
}

#[test]
fn r72_a_certificate_is_a_second_factor() {
    let (scene, pki) = (Scene::new(), pki());
    let session = scene.sign_in(0);
    let sign_in = |mend: &dyn Fn(&mut Value)| {
        let proof = prove(&scene, &pki.sealer, ("sign-in", "sys.admin"), mend);
        sign_in_with(&scene, "sys.admin", &proof)
    };
    // Nothing opens an account that was not told to it before.
    sign_in(&|_| {}).check_problem(401, "SIGN_IN_WRONG");
    let proof = prove(&scene, &pki.sealer, ("certificate", "sys.admin"), |_| {});
    assert_eq!(set_certificate(&scene, &session, &proof).status, 204);
    // The same answer serves once.
    set_certificate(&scene, &session, &proof).check_problem(401, "SIGN_IN_WRONG");

    let proof = prove(&scene, &pki.sealer, ("sign-in", "sys.admin"), |_| {});
    let begun = sign_in_with(&scene, "sys.admin", &proof);
    assert_eq!(begun.status, 201, "{}", begun.text());
    let token = format!("Bearer {}", begun.json()["token"].as_str().unwrap());
    assert_eq!(
        scene.session(&token).json()["roles"][0]["role"],
        "system_administrator"
    );
    sign_in_with(&scene, "sys.admin", &proof).check_problem(401, "SIGN_IN_WRONG");
    // A certificate opens its own account only, and codes go on to serve.
    let proof = prove(&scene, &pki.sealer, ("sign-in", "sec.admin"), |_| {});
    sign_in_with(&scene, "sec.admin", &proof).check_problem(401, "SIGN_IN_WRONG");
    let other = scene.sign_in(1);
    let proof = prove(&scene, &pki.sealer, ("certificate", "sec.admin"), |_| {});
    set_certificate(&scene, &other, &proof).check_problem(409, "CERTIFICATE_TAKEN");

    let removed = scene.server.request(
        "DELETE",
        "/api/session/certificate",
        &[("authorization", &token)],
        b"",
    );
    assert_eq!(removed.status, 204);
    sign_in(&|_| {}).check_problem(401, "SIGN_IN_WRONG");
}

#[test]
fn r72_an_answer_with_a_certificate_that_does_not_hold() {
    let (scene, pki) = (Scene::new(), pki());
    let session = scene.sign_in(0);
    let stranger = TestPki::new(2);
    let proof = prove(&scene, &stranger.sealer, ("certificate", "sys.admin"), |_| {});
    set_certificate(&scene, &session, &proof).check_problem(403, "CERTIFICATE_REFUSED");
    let proof = prove(&scene, &pki.sealer, ("certificate", "sys.admin"), |_| {});
    assert_eq!(set_certificate(&scene, &session, &proof).status, 204);

    let wrong = |purpose: &str, account: &str, mend: &dyn Fn(&mut Value)| {
        // Success in between, so that failures do not lock the account.
        let proof = prove(&scene, &pki.sealer, ("sign-in", "sys.admin"), |_| {});
        assert_eq!(sign_in_with(&scene, "sys.admin", &proof).status, 201);
        let proof = prove(&scene, &pki.sealer, (purpose, account), mend);
        sign_in_with(&scene, "sys.admin", &proof).check_problem(401, "SIGN_IN_WRONG");
    };
    wrong("certificate", "sys.admin", &|_| {});
    wrong("sign-in", "sec.admin", &|_| {});
    wrong("sign-in", "sys.admin", &|_| scene.server.clock.advance(121));
    let other = STANDARD.encode(pki.maker.certificate.der());
    for (field, value) in [
        ("challenge", "AAAA"),
        ("challenge", &"A".repeat(75)),
        ("signature", "MAYCAQECAQE="),
        ("signature", ""),
        ("certificate", "AAAA"),
        ("certificate", &other),
    ] {
        wrong("sign-in", "sys.admin", &|proof| proof[field] = value.into());
    }
    // A challenge whose end was put off is none of ours.
    wrong("sign-in", "sys.admin", &|proof| {
        let mut challenge = proof["challenge"].as_str().unwrap().to_owned().into_bytes();
        challenge[8] = if challenge[8] == b'A' { b'B' } else { b'A' };
        proof["challenge"] = String::from_utf8(challenge).unwrap().into();
    });
    for body in [
        json!({ "account": "sys.admin", "password": PASSWORD }),
        json!({ "account": "sys.admin", "password": PASSWORD, "code": "000000", "proof": proof }),
    ] {
        let answer = scene
            .server
            .post("/api/sessions", &[], body.to_string().as_bytes());
        answer.check_problem(400, "BAD_BODY");
    }
}

#[test]
fn nonsense_is_no_session() {
    let scene = Scene::new();
    for authorization in [
        "",
        "Bearer",
        "Bearer x",
        "Basic eDp5",
        &format!("Bearer {}", "A".repeat(43)),
    ] {
        scene.session(authorization).check_problem(401, "NO_SESSION");
    }
}

#[test]
fn r45_r66_who_forgot_the_password_or_lost_the_authenticator_is_let_in_again() {
    let town = crate::town::Town::new();
    let path = |what: &str| format!("/api/people/{}/{what}", town.id("agent"));
    let before = town.session("agent");
    let given = json!({ "password": "Given-again-2", "authenticator": true, "certificate": true });
    town.post("reviewer", &path("account/reset"), &given)
        .check_problem(403, "NOT_PERMITTED");
    town.post("agent", &path("account/reset"), &given)
        .check_problem(422, "OWN_APPOINTMENT");
    let weak = json!({ "password": "short" });
    town.by(&town.security, &path("account/reset"), &weak)
        .check_problem(422, "PASSWORD_REFUSED");
    // Locked, as those are who do not know their password any more.
    let old = town.totp("agent");
    for _ in 0..5 {
        town.try_in("agent", &old, "Wrong-horse-1", None)
            .check_problem(401, "SIGN_IN_WRONG");
    }
    let reset = town.by(&town.security, &path("account/reset"), &given);
    assert_eq!(reset.status, 201, "{}", reset.text());
    let new = reset.json()["totp"].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    // Every session ended, and neither the old password nor the old authenticator serve.
    let show = |session: &str| {
        town.scene
            .server
            .get("/api/session", &[("authorization", session)])
    };
    show(&before).check_problem(401, "NO_SESSION");
    town.scene.server.clock.advance(30);
    let try_in = |totp: &str, password: &str, own: Option<&str>| town.try_in("agent", totp, password, own);
    try_in(&old, "Given-again-2", Some("Chosen-anew-3")).check_problem(401, "SIGN_IN_WRONG");
    try_in(&new, "Own-choice-77", None).check_problem(401, "SIGN_IN_WRONG");
    // What was given opens nothing; neither it nor the old password is chosen.
    try_in(&new, "Given-again-2", None).check_problem(403, "PASSWORD_TOO_OLD");
    for used in ["Given-again-2", "Own-choice-77"] {
        try_in(&new, "Given-again-2", Some(used)).check_problem(422, "PASSWORD_REFUSED");
    }
    let begun = try_in(&new, "Given-again-2", Some("Chosen-anew-3"));
    assert_eq!(begun.status, 201, "{}", begun.text());
    // A second time, without another authenticator.
    town.scene.server.clock.advance(30);
    let given = json!({ "password": "Given-once-more-4" });
    let reset = town.by(&town.security, &path("account/reset"), &given);
    assert_eq!(reset.json()["totp"], json!(null), "{}", reset.text());
    town.scene.server.clock.advance(30);
    let begun = try_in(&new, "Given-once-more-4", Some("Chosen-at-last-5"));
    assert_eq!(begun.status, 201, "{}", begun.text());
}

#[test]
fn r66_sessions_are_seen_and_ended_by_the_security_administrator() {
    let town = crate::town::Town::new();
    let path = format!("/api/people/{}/sessions", town.id("agent"));
    town.scene.server.clock.advance(30);
    let second = town.try_in("agent", &town.totp("agent"), "Own-choice-77", None);
    let second = format!("Bearer {}", second.json()["token"].as_str().unwrap());
    let list = |session: &str| town.scene.server.get(&path, &[("authorization", session)]);
    let own = list(&second).json();
    assert_eq!(own["items"].as_array().unwrap().len(), 2);
    assert_eq!(own["items"][0]["factors"], json!(["password", "totp"]));
    assert_eq!(list(&town.security).json(), own);
    list(&town.session("custodian")).check_problem(404, "NOT_FOUND");
    let ending = format!("{path}/ending");
    let first = json!({ "session": own["items"][1]["id"] });
    town.post("agent", &ending, &first)
        .check_problem(422, "OWN_APPOINTMENT");
    town.post("reviewer", &ending, &first)
        .check_problem(403, "NOT_PERMITTED");
    let ended = town.by(&town.security, &ending, &first);
    assert_eq!(ended.json()["ended"], 1, "{}", ended.text());
    list(&town.session("agent")).check_problem(401, "NO_SESSION");
    assert_eq!(list(&second).json()["items"].as_array().unwrap().len(), 1);
    // One that is gone, and one of somebody else's.
    town.by(&town.security, &ending, &first)
        .check_problem(404, "NOT_FOUND");
    let ended = town.by(&town.security, &ending, &json!({}));
    assert_eq!(ended.json()["ended"], 1, "{}", ended.text());
    list(&second).check_problem(401, "NO_SESSION");
    let report = town.scene.server.stopped_and_checked(None);
    assert_eq!(
        report.conclusion,
        audit::Conclusion::Passed,
        "{:?}",
        report.findings
    );
}
