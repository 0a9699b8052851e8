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
    let request = TimestampRequest::new(stamped, Some(nonce), true);
    let reply = exchange(url, request.der(), timeout)?;
    let token = TimestampResponse::read(&reply).and_then(|response| response.granted(&request));
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
