//! `yinxin tsa`, asked by hand over a socket; the client in `stamp` has its tests there.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

use pki::{PathCache, TimestampRequest, TimestampResponse, TrustStore, read_certificates, verify_token};

use crate::support::Place;

/// A running authority, ended with the test.
pub(crate) struct Server {
    child: Child,
    /// Its URL.
    pub(crate) url: String,
}

impl Server {
    /// Starts it with the key `clock`.
    pub(crate) fn start(place: &Place) -> Self {
        let mut command = place.command();
        command
            .args(["tsa", "--key", "clock"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut url)
            .unwrap();
        Self {
            child,
            url: url.trim_end().to_owned(),
        }
    }

    /// The answer to a request.
    pub(crate) fn ask(&self, query: &[u8]) -> Vec<u8> {
        let (status, body) = self.post("application/timestamp-query", query);
        assert_eq!(status, 200);
        body
    }

    fn connect(&self) -> TcpStream {
        let address = self.url.trim_start_matches("http://").trim_end_matches('/');
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// Sends bytes; the status of the answer and its body.
    fn exchange(&self, bytes: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = self.connect();
        // Somebody who is refused early may find the connection closed.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap()
            + 4;
        let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
        (status, answer[end..].to_vec())
    }

    fn post(&self, content_type: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let head = format!(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.exchange(&[head.as_bytes(), body].concat())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_token_is_granted_and_leads_to_the_anchor() {
    let place = Place::with_ca();
    let server = Server::start(&place);
    let request = TimestampRequest::new(b"stamped", Some(0x1234_5678), true);
    let (status, body) = server.post("application/timestamp-query", request.der());
    assert_eq!(status, 200);
    let token = TimestampResponse::read(&body).unwrap().granted(&request).unwrap();
    let certificates = |name| read_certificates(&place.read(name)).unwrap();
    let trust = TrustStore::new(certificates("ca/trust/root.pem"));
    let report = verify_token(
        &token,
        b"stamped",
        &trust,
        &certificates("ca/certs/issuing.pem"),
        &PathCache::default(),
    );
    assert!(report.verified().is_some(), "{:?}", report.faults());
}

#[test]
fn serial_numbers_never_come_twice() {
    let place = Place::with_ca();
    let server = Server::start(&place);
    let request = TimestampRequest::new(b"stamped", None, false);
    let mut serials: Vec<Vec<u8>> = (0..5)
        .map(|_| {
            let (_, body) = server.post("Application/Timestamp-Query; charset=x", request.der());
            TimestampResponse::read(&body)
                .unwrap()
                .token()
                .unwrap()
                .info()
                .serial
                .clone()
        })
        .collect();
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), 5);
}

#[test]
fn what_is_no_request_is_answered_with_the_reason() {
    let place = Place::with_ca();
    let server = Server::start(&place);
    let (status, body) = server.post("application/timestamp-query", b"junk");
    let refusal = TimestampResponse::read(&body).unwrap();
    assert_eq!(
        (status, refusal.failure()),
        (200, Some(pki::FailureInfo::BadDataFormat))
    );
    assert_eq!(server.post("text/plain", b"junk").0, 415);
    assert_eq!(server.post("application/timestamp-query", &[0; 70_000]).0, 413);
    assert_eq!(server.exchange(b"GET / HTTP/1.1\r\n\r\n").0, 405);
    assert_eq!(
        server
            .exchange(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
            .0,
        411
    );
    assert_eq!(server.exchange(&[b'A'; 10_000]).0, 431);
    assert_eq!(
        server.exchange(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").0,
        400
    );
}

#[test]
fn silent_and_vanished_clients_do_not_stop_the_service() {
    let place = Place::with_ca();
    let server = Server::start(&place);
    // Fewer than are served at once, so that the next one need not wait for their time to be over.
    let silent: Vec<TcpStream> = (0..10).map(|_| server.connect()).collect();
    for _ in 0..30 {
        server
            .connect()
            .write_all(b"POST / HTTP/1.1\r\nContent-Le")
            .unwrap();
    }
    let halved = server.connect();
    halved.shutdown(Shutdown::Write).unwrap();
    let request = TimestampRequest::new(b"stamped", None, true);
    assert_eq!(server.post("application/timestamp-query", request.der()).0, 200);
    drop(silent);
}

#[test]
fn slow_clients_are_sent_away_after_ten_seconds() {
    let place = Place::with_ca();
    let server = Server::start(&place);
    let mut slow = server.connect();
    let started = std::time::Instant::now();
    let mut answer = Vec::new();
    slow.write_all(b"POST / HTTP/1.1\r\n").unwrap();
    slow.read_to_end(&mut answer).unwrap();
    assert!(
        answer.starts_with(b"HTTP/1.1 408 "),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn keys_that_are_not_for_time_stamping_are_refused() {
    let place = Place::with_ca();
    let said = place.line("tsa --key maker").failure(65);
    assert!(
        said.contains("没有时间戳用途") && said.contains("--profile tsa"),
        "{said}"
    );
    place.ok("key create bare");
    let said = place.line("tsa --key bare").failure(65);
    assert!(said.contains("还没有证书"), "{said}");
    assert!(
        place
            .line("tsa --key clock --listen nowhere")
            .failure(64)
            .contains("--listen")
    );
    assert!(
        place
            .line("tsa --key clock --policy 1.x")
            .failure(64)
            .contains("--policy")
    );
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let said = place
        .line(&format!(
            "tsa --key clock --listen {}",
            taken.local_addr().unwrap()
        ))
        .failure(69);
    assert!(said.contains("无法监听"), "{said}");
    place.write("wrong", "wrong horse");
    assert!(
        place
            .line("tsa --key clock --pin-file wrong")
            .failure(77)
            .contains("口令错误")
    );
}
