//! Pages as a browser without scripts sees them: sessions, forms, languages, headers, verifying.

use crate::set_up::{PASSWORD, code};
use crate::sign_in::Scene;
use crate::support::{Answer, TestServer};
use crate::town::Town;
use crate::world::ofd;

pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// The value of the first field of this name on a page.
pub(crate) fn field(page: &str, name: &str) -> String {
    let at = page.split(&format!("name=\"{name}\" value=\"")).nth(1);
    at.and_then(|rest| rest.split('"').next())
        .unwrap_or_default()
        .to_owned()
}

fn sign_in(server: &TestServer, account: &str, password: &str, totp: &str, cookie: &str) -> Answer {
    server.clock.advance(30);
    let code = code(totp, server.clock.now().as_second());
    let page = server.get("/sign-in", &[("cookie", cookie)]);
    let token = field(page.text(), "token");
    let body = format!("token={token}&account={account}&password={password}&code={code}&next=%2Fhelp");
    server.post("/sign-in", &[FORM, ("cookie", cookie)], body.as_bytes())
}

fn cookie(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

#[test]
fn a_session_of_the_pages_begins_turns_and_ends() {
    let scene = Scene::new();
    let totp = scene.made["administrators"][0]["totp"].as_str().unwrap();
    let server = &scene.server;
    let begun = sign_in(server, "sys.admin", PASSWORD, totp, "");
    assert_eq!((begun.status, begun.header("location")), (303, Some("/help")));
    let set = begun.header("set-cookie").unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    let first = cookie(&begun);
    let home = server.get("/", &[("cookie", &first)]);
    assert!(home.text().contains("action=\"/sign-out\""));
    // Whoever signs in again gets another session, and the first one is over.
    let second = cookie(&sign_in(server, "sys.admin", PASSWORD, totp, &first));
    assert_ne!(first, second);
    let home = server.get("/", &[("cookie", &first)]);
    assert!(!home.text().contains("action=\"/sign-out\""));
    // A form without the session's mark changes nothing.
    let page = server.get("/", &[("cookie", &second)]);
    let forged = server.post("/sign-out", &[FORM, ("cookie", &second)], b"token=0");
    assert_eq!(forged.status, 403, "{}", forged.text());
    let body = format!("token={}", field(page.text(), "token"));
    let foreign = [
        FORM,
        ("cookie", second.as_str()),
        ("origin", "https://evil.example"),
    ];
    assert_eq!(server.post("/sign-out", &foreign, body.as_bytes()).status, 403);
    let out = server.post("/sign-out", &[FORM, ("cookie", &second)], body.as_bytes());
    assert_eq!(out.status, 303);
    let home = server.get("/", &[("cookie", &second)]);
    assert!(!home.text().contains("action=\"/sign-out\""));
}

#[test]
fn a_wrong_code_keeps_what_was_typed_and_says_what_to_do() {
    let scene = Scene::new();
    let body = b"account=sys.admin&password=Wrong-horse-1&code=000000";
    let page = scene.server.post("/sign-in", &[FORM], body);
    assert_eq!(page.status, 401);
    assert!(page.text().contains("role=\"alert\"") && page.text().contains("value=\"sys.admin\""));
    assert!(!page.text().contains("Wrong-horse-1"));
}

#[test]
fn a_password_of_another_ones_choice_must_be_changed() {
    let town = Town::new();
    let id = town.register();
    let account = serde_json::json!({ "account": "newcomer", "password": "First-given-1" });
    let opened = town.by(&town.security, &format!("/api/people/{id}/account"), &account);
    let totp = opened.json()["totp"].as_str().unwrap().to_owned();
    let server = &town.scene.server;
    let page = sign_in(server, "newcomer", "First-given-1", &totp, "");
    assert!(
        page.text().contains("name=\"new_password_again\""),
        "{}",
        page.text()
    );
    server.clock.advance(30);
    let code = code(&totp, server.clock.now().as_second());
    let body = |again: &str| {
        format!(
            "account=newcomer&password=First-given-1&code={code}&new_password=Own-choice-77&new_password_again={again}"
        )
    };
    let differ = server.post("/sign-in", &[FORM], body("Own-choice-78").as_bytes());
    assert_eq!(differ.status, 400, "{}", differ.text());
    let begun = server.post("/sign-in", &[FORM], body("Own-choice-77").as_bytes());
    assert_eq!(begun.status, 303, "{}", begun.text());
}

#[test]
fn nobody_signs_in_over_an_open_connection() {
    let server = TestServer::with("http.proxies = [\"127.0.0.1\"]\n");
    let far = ("x-forwarded-for", "192.0.2.7");
    let page = server.post("/sign-in", &[FORM, far], b"account=x&password=y&code=1");
    assert_eq!(page.status, 403, "{}", page.text());
    let encrypted = [FORM, far, ("x-forwarded-proto", "https")];
    assert_eq!(
        server
            .post("/sign-in", &encrypted, b"account=x&password=y&code=1")
            .status,
        401
    );
}

#[test]
fn pages_speak_both_languages_and_allow_nothing_inline() {
    let server = TestServer::start();
    for place in ["/", "/verify", "/lookup", "/help", "/sign-in"] {
        let zh = server.get(place, &[]);
        let en = server.get(place, &[("cookie", "lang=en")]);
        assert_eq!((zh.status, en.status), (200, 200), "{place}");
        assert!(zh.text().contains("lang=\"zh-CN\"") && en.text().contains("lang=\"en\""));
        // English pages name the other language, and have no other Chinese word.
        let rest = en.text().replace("中文", "");
        let chinese = rest.chars().find(|c| ('\u{4e00}'..='\u{9fff}').contains(c));
        assert_eq!(chinese, None, "{place}");
        for page in [&zh, &en] {
            let policy = page.header("content-security-policy").unwrap();
            assert!(
                policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
                "{policy}"
            );
            for inline in [" style=", "<style", " onclick=", "javascript:"] {
                assert!(!page.text().contains(inline), "{inline} on {place}");
            }
            assert!(page.body.len() < 150 * 1024);
        }
    }
    let missing = server.get("/nowhere", &[]);
    assert_eq!(missing.status, 404);
    assert!(missing.text().contains("没有这个页面"));
}

#[test]
fn assets_are_kept_by_browsers_under_the_digest_of_their_bytes() {
    let server = TestServer::start();
    let page = server.get("/", &[]);
    let mut seen = 0;
    for part in page.text().split("\"/assets/").skip(1) {
        let name = part.split('"').next().unwrap();
        let asset = server.get(&format!("/assets/{name}"), &[]);
        assert_eq!(asset.status, 200, "{name}");
        assert!(asset.header("cache-control").unwrap().contains("immutable"));
        seen += 1;
    }
    assert!(seen >= 5);
    assert_eq!(server.get("/assets/base.css", &[]).status, 404);
}

/// A form with a file.
pub(crate) fn parts(fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
        );
    }
    if let Some((name, bytes)) = file {
        let head = format!(
            "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend(head.bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--XX--\r\n");
    body
}

pub(crate) const PARTS: (&str, &str) = ("content-type", "multipart/form-data; boundary=XX");

#[test]
fn anybody_verifies_sees_pages_and_takes_the_report_along() {
    let server = TestServer::start();
    let sent = server.post("/verify", &[PARTS], &parts(&[], Some(("通知.ofd", &ofd("通知")))));
    assert_eq!(sent.status, 303, "{}", sent.text());
    let place = sent.header("location").unwrap().to_owned();
    let page = server.get(&place, &[]);
    assert!(
        page.text().contains("无签章") && page.text().contains("通知.ofd"),
        "{}",
        page.text()
    );
    let picture = server.get(&format!("{place}/pages/1"), &[]);
    assert_eq!(picture.header("content-type"), Some("image/svg+xml"));
    assert!(picture.text().starts_with("<svg") && picture.text().contains("210mm"));
    assert_eq!(server.get(&format!("{place}/pages/2"), &[]).status, 422);
    let json = server.get(&format!("{place}/report.json"), &[]).json();
    assert_eq!(json["conclusion"], "unsigned");
    let html = server.get(&format!("{place}/report.html"), &[("cookie", "lang=en")]);
    assert!(
        html.header("content-disposition")
            .unwrap()
            .starts_with("attachment")
    );
    assert!(html.text().contains("UNSIGNED") && !html.text().contains("href=\"/"));
    let guessed = server.get("/verify/00000000000000000000000000000000", &[]);
    assert_eq!(guessed.status, 404);
    server.clock.advance(15 * 60);
    assert_eq!(server.get(&place, &[]).status, 404);
}

#[test]
fn what_cannot_be_verified_is_told_on_the_form() {
    let server = TestServer::start();
    let none = server.post("/verify", &[PARTS], &parts(&[], None));
    assert_eq!(none.status, 400);
    assert!(none.text().contains("没有选择文件"));
    let empty = server.post("/verify", &[PARTS], &parts(&[], Some(("x", b""))));
    assert_eq!(empty.status, 400);
    let junk = server.post("/verify", &[PARTS], &parts(&[], Some(("x", b"junk"))));
    assert_eq!(junk.status, 303);
    let page = server.get(junk.header("location").unwrap(), &[]);
    assert!(
        page.text().contains("未通过") || page.text().contains("无法确定"),
        "{}",
        page.text()
    );
    let broken = server.post("/verify", &[PARTS], b"--XX\r\nbroken");
    assert_eq!(broken.status, 400, "{}", broken.text());
}

#[test]
fn a_seal_is_looked_up_as_of_a_day() {
    let world = crate::world::World::new();
    let found = world.server.get("/lookup?code=99010000000001", &[]);
    assert!(
        found.text().contains("示例单位") && found.text().contains("有效"),
        "{}",
        found.text()
    );
    let before = world
        .server
        .get("/lookup?code=99010000000001&day=2020-01-01", &[]);
    assert!(before.text().contains("没有登记"));
    let bad = world.server.get("/lookup?code=99010000000001&day=tomorrow", &[]);
    assert!(bad.text().contains("日期无法识别"));
}
