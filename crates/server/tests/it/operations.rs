//! Running the service: health, figures, stopping, the description of the interface.

use std::io::Write as _;

use expect_test::expect_file;

use testkit::document;

use crate::support::{TestServer, read_answer};

#[test]
fn health_and_readiness() {
    let server = TestServer::start();
    assert_eq!(server.get("/healthz", &[]).text(), "ok\n");
    assert_eq!(server.get("/readyz", &[]).text(), "ready\n");
}

#[test]
fn figures_count_what_was_answered() {
    let server = TestServer::start();
    server.post("/api/verify", &[], &document());
    server.get("/api/nothing", &[]);
    let metrics = server.get("/metrics", &[]);
    for line in [
        "yinxin_http_requests_total{operation=\"verify\",status=\"200\"} 1",
        "yinxin_http_requests_total{operation=\"none\",status=\"404\"} 1",
        "yinxin_verifications_total{conclusion=\"unsigned\"} 1",
        "yinxin_http_requests_running 1",
    ] {
        assert!(
            metrics.text().lines().any(|found| found == line),
            "{line} in\n{}",
            metrics.text()
        );
    }
}

#[test]
fn figures_are_for_the_networks_of_operations_only() {
    let server = TestServer::with("http.proxies = [\"127.0.0.1\"]");
    let through_a_proxy = server.get("/metrics", &[("x-forwarded-for", "192.0.2.1")]);
    through_a_proxy.check_problem(403, "NETWORK_NOT_ALLOWED");
    assert_eq!(server.get("/metrics", &[]).status, 200);
    let server = TestServer::with("http.operations = []");
    server
        .get("/metrics", &[])
        .check_problem(403, "NETWORK_NOT_ALLOWED");
}

#[test]
fn stopping_lets_a_running_request_finish() {
    let mut server = TestServer::start();
    let document = document();
    let mut running = server.open("POST", "/api/verify", &[], Some(document.len()));
    while !server
        .get("/metrics", &[])
        .text()
        .contains("yinxin_http_requests_running 2")
    {}
    server.begin_stopping();
    running.write_all(&document).unwrap();
    assert_eq!(read_answer(running).json()["conclusion"], "unsigned");
    assert!(server.wait());
}

#[test]
fn stopping_does_not_wait_for_ever() {
    let mut server = TestServer::with("http.stop_seconds_max = 1");
    let _stalled = server.open("POST", "/api/verify", &[], Some(10));
    while !server
        .get("/metrics", &[])
        .text()
        .contains("yinxin_http_requests_running 2")
    {}
    server.begin_stopping();
    assert!(!server.wait());
}

#[test]
fn the_description_of_the_interface_is_up_to_date() {
    let server = TestServer::start();
    let served = server.get("/api/openapi.json", &[]);
    assert_eq!(served.header("content-type"), Some("application/json"));
    expect_file!["../../openapi.json"].assert_eq(served.text());
}
