//! What hostile or hurried clients meet.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use testkit::document;

use crate::support::{TestServer, read_answer};

#[test]
fn documents_over_the_limit_are_refused_before_they_are_kept() {
    let server = TestServer::with("verify.document_bytes_max = 1000");
    let announced = server.open("POST", "/api/verify", &[], Some(1001));
    read_answer(announced).check_problem(413, "TOO_LARGE");
    let mut chunked = server.open("POST", "/api/verify", &[("transfer-encoding", "chunked")], None);
    write!(chunked, "3e9\r\n{}\r\n0\r\n\r\n", "x".repeat(1001)).unwrap();
    read_answer(chunked).check_problem(413, "TOO_LARGE");
    assert_eq!(server.post("/api/verify", &[], &[b'x'; 1000]).status, 200);
}

#[test]
fn beyond_the_uploads_others_are_told_to_come_later() {
    let server = TestServer::with("verify.uploads_max = 1");
    let document = document();
    // The first one has its place as soon as its head was read; ask until that is so. When the question was quicker,
    // it is the first one that was told to come later, and comes again.
    let (mut first, refused) = loop {
        let mut first = server.open("POST", "/api/verify", &[], Some(document.len()));
        first.write_all(&document[..10]).unwrap();
        let asked = (0..20).map(|_| server.post("/api/verify", &[], b"x"));
        if let Some(refused) = asked.into_iter().find(|answer| answer.status != 200) {
            break (first, refused);
        }
    };
    refused.check_problem(503, "BUSY");
    assert_eq!(refused.header("retry-after"), Some("2"));
    first.write_all(&document[10..]).unwrap();
    assert_eq!(read_answer(first).json()["conclusion"], "unsigned");
    assert_eq!(server.post("/api/verify", &[], b"x").status, 200);
}

#[test]
fn slow_requests_end() {
    let server = TestServer::with("http.request_seconds_max = 1\nhttp.head_seconds_max = 1");
    let stalled = server.open("POST", "/api/verify", &[], Some(100));
    read_answer(stalled).check_problem(503, "TOO_SLOW");
    let mut silent = TcpStream::connect(server.address).unwrap();
    silent.write_all(b"POST /api/verify HTTP/1.1\r\nHost:").unwrap();
    silent.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut bytes = Vec::new();
    silent.read_to_end(&mut bytes).unwrap();
}

#[test]
fn connections_beyond_the_limit_wait_their_turn() {
    let server = TestServer::with("http.connections_max = 1");
    let first = server.open("POST", "/api/verify", &[], Some(1));
    let mut second = server.open("GET", "/healthz", &[], None);
    second.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(
        second.read(&mut [0]).is_err(),
        "the second was answered while the first was open"
    );
    drop(first);
    second.set_read_timeout(None).unwrap();
    assert_eq!(read_answer(second).text(), "ok\n");
}

#[test]
fn what_makes_no_sense_is_a_problem_in_both_languages() {
    let server = TestServer::start();
    let zh = server
        .get("/api/nothing", &[])
        .check_problem(404, "NO_SUCH_ENDPOINT");
    assert_eq!(zh["title"], "没有这个接口");
    let en = server.get("/api/nothing", &[("accept-language", "en")]);
    assert_eq!(
        en.check_problem(404, "NO_SUCH_ENDPOINT")["title"],
        "There is no such endpoint"
    );
    let wrong = server.request("DELETE", "/api/verify", &[], b"");
    wrong.check_problem(405, "METHOD_NOT_ALLOWED");
    assert_eq!(wrong.header("allow"), Some("POST"));
    server.post("/api/verify", &[], b"").check_problem(400, "EMPTY");
    server
        .post("/api/verify?name=x&nam=y", &[], b"x")
        .check_problem(400, "BAD_QUERY");
    server
        .post("/api/verify?detail=all", &[], b"x")
        .check_problem(400, "BAD_QUERY");
    let long = format!("/api/verify?name={}", "x".repeat(256));
    server.post(&long, &[], b"x").check_problem(400, "BAD_QUERY");
}

#[test]
fn bytes_that_are_no_http_end_the_connection_and_nothing_else() {
    let server = TestServer::start();
    for nonsense in [&b"\0\0\0\0\r\n\r\n"[..], b"GET / HTTP/9.9\r\n\r\n", &[0xff; 4096]] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(nonsense).unwrap();
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
    }
    assert_eq!(server.get("/healthz", &[]).status, 200);
}
