//! Signing in, sessions and how they end.

use serde_json::{Value, json};

use crate::set_up::{PASSWORD, code, order, set_up};
use crate::support::{Answer, TestServer};

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
