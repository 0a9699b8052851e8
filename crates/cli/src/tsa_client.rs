//! Asks a time-stamp authority for a token over HTTP or HTTPS (RFC 3161 §3.4, GM/T 0033-2014).

use std::sync::Arc;
use std::time::Duration;

use pki::{Error, TIMESTAMP_RESPONSE_BYTES_MAX, TimestampRequest, TimestampResponse};
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::common::Failure;

/// Most redirections that are followed.
const REDIRECTS_MAX: u32 = 3;

/// The DER of a token over `stamped`, checked to answer this very request (RFC 3161 §2.4.2); whether its authority is
/// to be trusted is for the verifier.
///
/// `nonce` must be one that nobody could foresee. No step may take longer than `timeout` in all.
pub(crate) fn request_token(
    url: &str,
    stamped: &[u8],
    nonce: u64,
    timeout: Duration,
) -> Result<Vec<u8>, Failure> {
    request_granted(url, &TimestampRequest::new(stamped, Some(nonce), true), timeout)
}

/// As [`request_token`], for any request.
pub(crate) fn request_granted(
    url: &str,
    request: &TimestampRequest,
    timeout: Duration,
) -> Result<Vec<u8>, Failure> {
    let reply = exchange(url, request.der(), timeout)?;
    let token = TimestampResponse::read(&reply).and_then(|response| response.granted(request));
    Ok(token
        .map_err(|error| unusable(url, &error))?
        .signed()
        .der()
        .to_vec())
}

fn exchange(url: &str, query: &[u8], timeout: Duration) -> Result<Vec<u8>, Failure> {
    if !["http://", "https://"]
        .iter()
        .any(|scheme| url.to_ascii_lowercase().starts_with(scheme))
    {
        return Err(Failure::usage(
            format!("时间戳服务地址“{url}”应以 http:// 或 https:// 开头"),
            format!("the address of the time-stamp authority {url:?} should begin with http:// or https://"),
        ));
    }
    let post = agent(timeout)
        .post(url)
        .content_type("application/timestamp-query");
    let mut response = post.send(query).map_err(|error| unreachable(url, &error))?;
    if !response.status().is_success() {
        let status = response.status();
        return Err(Failure::unavailable(
            format!("时间戳服务 {url} 返回 HTTP 状态 {status}：请核对地址"),
            format!("the time-stamp authority {url} answered with HTTP status {status}: check the address"),
        ));
    }
    let body = response
        .body_mut()
        .with_config()
        .limit(TIMESTAMP_RESPONSE_BYTES_MAX as u64);
    body.read_to_vec().map_err(|error| unreachable(url, &error))
}

fn agent(timeout: Duration) -> Agent {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    // What this machine trusts: authorities inside a government network have certificates of its own CA.
    let roots = rustls_native_certs::load_native_certs().certs;
    let roots = roots.iter().map(|root| Certificate::from_der(root).to_owned());
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(RootCerts::from(roots))
        .build();
    Agent::config_builder()
        .timeout_global(Some(timeout))
        .max_redirects(REDIRECTS_MAX)
        .http_status_as_error(false)
        // The environment is read in main only: whoever needs a proxy will want to say so on the command line.
        .proxy(None)
        .tls_config(tls)
        .user_agent(concat!("yinxin/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

fn unreachable(url: &str, error: &ureq::Error) -> Failure {
    Failure::unavailable(
        format!("时间戳服务 {url} 没有正常应答（{error}）：请检查地址和网络，或稍后再试"),
        format!(
            "the time-stamp authority {url} does not answer properly ({error}): check address and network"
        ),
    )
}

fn unusable(url: &str, error: &Error) -> Failure {
    let zh = match error {
        Error::TimestampRefused { text, .. } => format!("时间戳服务 {url} 拒绝了请求：{text}"),
        Error::TimestampMismatch { .. } => {
            format!("时间戳服务 {url} 返回的时间戳与请求不符（{error}），不予采用")
        }
        _ => format!("时间戳服务 {url} 的应答无法读取（{error}）"),
    };
    Failure::unavailable(zh, format!("the time-stamp authority {url}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use pki::{FailureInfo, ObjectIdentifier, issue_token, reject};
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;
    use testkit::{TestPki, now};

    const TIMEOUT: Duration = Duration::from_secs(2);

    /// Serves one connection: hands the request's body over, and sends what comes back.
    fn served(answer: impl FnOnce(&[u8]) -> Vec<u8> + Send + 'static) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/tsa", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut received = Vec::new();
            let mut buffer = [0; 4096];
            let body = loop {
                let count = stream.read(&mut buffer).unwrap();
                received.extend_from_slice(&buffer[..count]);
                let head = received.windows(4).position(|window| window == b"\r\n\r\n");
                if let Some(head) = head
                    && pki::TimestampRequest::read(&received[head + 4..]).is_ok()
                {
                    break received[head + 4..].to_vec();
                }
                assert!(count > 0, "the client went away");
            };
            let _ = stream.write_all(&answer(&body));
        });
        url
    }

    fn ok(body: &[u8]) -> Vec<u8> {
        [
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(),
            body,
        ]
        .concat()
    }

    fn token(request: &TimestampRequest, at: Timestamp) -> Vec<u8> {
        let pki = TestPki::new(1);
        let policy = ObjectIdentifier::new_unwrap("1.2.3.4.1");
        issue_token(
            request,
            &[1],
            at,
            &policy,
            &pki.tsa.certificate,
            &[],
            &pki.tsa.key,
        )
        .unwrap()
    }

    /// What the person reads when a server answers so.
    #[track_caller]
    fn check(answer: impl FnOnce(&[u8]) -> Vec<u8> + Send + 'static, words: &str) {
        let failure = request_token(&served(answer), b"stamped", 7, TIMEOUT).unwrap_err();
        let text = format!("{failure:?}");
        assert!(text.contains("status: 69") && text.contains(words), "{text}");
    }

    #[test]
    fn a_token_that_answers_is_taken() {
        let url = served(|body| ok(&token(&TimestampRequest::read(body).unwrap(), now())));
        let token = request_token(&url, b"stamped", u64::MAX, TIMEOUT).unwrap();
        let token = pki::TimestampToken::read(&token).unwrap();
        assert_eq!(token.gen_time(), now());
    }

    #[test]
    fn tokens_that_answer_something_else_are_not() {
        check(
            |_| ok(&token(&TimestampRequest::new(b"stamped", Some(8), true), now())),
            "the nonce",
        );
        check(
            |_| ok(&token(&TimestampRequest::new(b"other", Some(7), true), now())),
            "the digest",
        );
        check(
            |_| ok(&token(&TimestampRequest::new(b"stamped", Some(7), false), now())),
            "the certificate",
        );
    }

    #[test]
    fn refusals_and_junk_are_told() {
        check(
            |_| ok(&reject(FailureInfo::SystemFailure, "维护中")),
            "拒绝了请求：维护中",
        );
        check(|_| ok(b"<html>"), "无法读取");
        check(|_| ok(b""), "无法读取");
        check(
            |_| b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
            "HTTP 状态 404",
        );
        check(|_| b"SSH-2.0-OpenSSH\r\n".to_vec(), "没有正常应答");
        check(|_| Vec::new(), "没有正常应答");
    }

    #[test]
    fn endless_and_silent_servers_are_left() {
        check(
            |_| ok(&vec![0x30; TIMESTAMP_RESPONSE_BYTES_MAX + 1]),
            "没有正常应答",
        );
        let started = std::time::Instant::now();
        check(
            |_| {
                thread::sleep(Duration::from_secs(20));
                Vec::new()
            },
            "timeout",
        );
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn other_addresses_are_refused_before_anything_is_sent() {
        for url in ["", "tsa.example.cn", "file:///etc/passwd", "ftp://x/"] {
            let failure = request_token(url, b"stamped", 7, TIMEOUT).unwrap_err();
            assert!(
                format!("{failure:?}").contains("status: 64"),
                "{url}: {failure:?}"
            );
        }
    }
}
