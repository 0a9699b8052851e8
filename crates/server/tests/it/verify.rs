//! Verifying without an account.

use std::io::Write as _;

use sealing::{Trust, Verifier};
use testkit::{document, now};

use crate::support::{TestServer, pki, read_answer};

fn sealed() -> Vec<u8> {
    pki().sealed_document()
}

#[test]
fn r59_anyone_gets_the_report_of_yinxin_verify() {
    let server = TestServer::start();
    let sealed = sealed();
    let answer = server.post("/api/verify?name=notice.ofd", &[], &sealed);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let pki = pki();
    let verifier = Verifier::new(
        Trust::for_all(pki.trust().anchors().to_vec()),
        pki.intermediates(),
        Vec::new(),
    );
    let report = verifier.verify(sealed, "notice.ofd", now()).unwrap();
    assert_eq!(answer.json(), serde_json::to_value(&report).unwrap());
    assert_eq!(answer.json()["conclusion"], "passed");
}

#[test]
fn r59_the_report_as_text_in_both_languages() {
    let server = TestServer::start();
    let sealed = sealed();
    let ask = |language, query| {
        let headers = [("accept", "text/plain"), ("accept-language", language)];
        server.post(&format!("/api/verify?{query}"), &headers, &sealed)
    };
    let zh = ask("zh-CN", "detail=line");
    assert!(zh.text().starts_with("通过  document：签章有效"), "{}", zh.text());
    assert_eq!(zh.text().lines().count(), 1);
    let en = ask("en", "name=a.ofd");
    assert!(
        en.text().starts_with("PASSED  a.ofd: sealed and unchanged"),
        "{}",
        en.text()
    );
    assert!(ask("en", "detail=full").text().lines().count() > en.text().lines().count());
}

#[test]
fn r59_a_changed_byte_fails_and_a_plain_document_is_unsigned() {
    let server = TestServer::start();
    let mut broken = sealed();
    let middle = broken.len() / 2;
    broken[middle] ^= 1;
    for (bytes, conclusion) in [
        (broken, "failed"),
        (document(), "unsigned"),
        (b"hello".to_vec(), "failed"),
    ] {
        let answer = server.post("/api/verify", &[], &bytes);
        assert_eq!(
            (answer.status, &answer.json()["conclusion"]),
            (200, &conclusion.into())
        );
    }
}

#[test]
fn q11_a_document_is_judged_for_the_time_asked_for() {
    let server = TestServer::start();
    let answer = server.post("/api/verify?at=2026-06-16T00:00:00Z", &[], &sealed());
    assert_eq!(answer.json()["at"], "2026-06-16T00:00:00Z");
    server
        .post("/api/verify?at=tomorrow", &[], b"x")
        .check_problem(400, "BAD_QUERY");
}

#[test]
fn chunked_uploads_are_taken_and_interrupted_ones_leave_nothing() {
    let server = TestServer::start();
    let sealed = sealed();
    let mut stream = server.open("POST", "/api/verify", &[("transfer-encoding", "chunked")], None);
    for chunk in sealed.chunks(1000) {
        write!(stream, "{:x}\r\n", chunk.len()).unwrap();
        stream.write_all(chunk).unwrap();
        stream.write_all(b"\r\n").unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    assert_eq!(read_answer(stream).json()["conclusion"], "passed");
    let mut stream = server.open("POST", "/api/verify", &[], Some(sealed.len()));
    stream.write_all(&sealed[..100]).unwrap();
    drop(stream);
    assert_eq!(server.post("/api/verify", &[], &sealed).status, 200);
    assert_eq!(
        server.files(),
        ["documents", "keys", "yinxin.db", "yinxin.db-shm", "yinxin.db-wal"]
    );
}
