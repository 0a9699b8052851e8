//! One request as handlers see it, and what every answer carries.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::{Digest, Sm3, sm3};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body as _;
use jiff::Timestamp;
use sealing::Language;
use serde::de::DeserializeOwned;

use super::language;
use super::problem::Problem;
use crate::app::{Caller, Once};
use crate::config::HttpConfig;
use crate::outside::Outside;

/// Largest JSON body, in bytes.
const JSON_BYTES_MAX: usize = 1 << 20;
/// Longest idempotency key, in bytes.
const IDEMPOTENCY_KEY_BYTES_MAX: usize = 128;
/// The header in which a proxy names its client's certificate.
const CLIENT_CERTIFICATE: HeaderName = HeaderName::from_static("client-cert");
/// Longest certificate in it, in characters of Base64.
const CLIENT_CERTIFICATE_CHARS_MAX: usize = 16 * 1024;
/// The header that names a request in answers and logs.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The address at the other end of the connection, which a proxy may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// A request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) headers: HeaderMap,
    pub(crate) query: String,
    /// Behind a lock, so that what holds a call can be shared between threads; nobody ever waits for it.
    body: Mutex<Body>,
    pub(crate) language: Language,
    pub(crate) now: Timestamp,
    /// Where the request comes from; unknown when a proxy speaks that is not configured.
    pub(crate) address: Option<IpAddr>,
    /// The other end of the connection, which a proxy may be.
    pub(crate) peer: Option<IpAddr>,
    pub(crate) method: Method,
    /// The path as it was sent.
    pub(crate) target: String,
    path: Vec<(String, String)>,
    caller: Option<Caller>,
    /// What the body of a signed request must be.
    content_digest: Option<Digest>,
}

impl Call {
    pub(crate) fn new(
        parts: Parts,
        body: Body,
        path: Vec<(String, String)>,
        now: Timestamp,
        config: &HttpConfig,
    ) -> Self {
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0);
        Self {
            peer,
            address: peer.and_then(|peer| client_address(peer, &parts.headers, config)),
            language: language::asked(&parts.headers),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            target: parts.uri.path().to_owned(),
            method: parts.method,
            headers: parts.headers,
            body: Mutex::new(body),
            now,
            path,
            caller: None,
            content_digest: None,
        }
    }

    /// The parameters behind the question mark; unknown ones are refused.
    pub(crate) fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_urlencoded::from_str(&self.query).map_err(|error| Problem::bad_query(&error.to_string()))
    }

    /// The parameter of this name in the path.
    pub(crate) fn path<T: FromStr>(&self, name: &str) -> Result<T, Problem> {
        let found = self.path.iter().find(|(known, _)| known == name);
        found
            .and_then(|(_, value)| value.parse().ok())
            .ok_or_else(|| Problem::not_found(name))
    }

    /// The JSON of the body.
    pub(crate) async fn json<T: DeserializeOwned>(mut self) -> Result<T, Problem> {
        read_json(&self.read_body().await?)
    }

    /// As [`json`](Self::json), for those who need the call afterwards.
    pub(crate) async fn json_of_body<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        read_json(&self.read_body().await?)
    }

    /// A change: the JSON of the body, and the idempotency key under which it is made once.
    pub(crate) async fn change<T: DeserializeOwned>(
        &mut self,
        operation: &str,
    ) -> Result<(T, Once), Problem> {
        // Without a key or a caller, nothing is read.
        self.once(operation, b"")?;
        let body = self.read_body().await?;
        let once = self.once(operation, &body)?;
        Ok((read_json(&body)?, once))
    }

    /// A change whose body holds a PIN: nothing that is kept depends on the body.
    pub(crate) async fn change_with_secret<T: DeserializeOwned>(
        &mut self,
        operation: &str,
    ) -> Result<(T, Once), Problem> {
        let once = self.once(operation, b"")?;
        let body = self.read_body().await?;
        Ok((read_json(&body)?, once))
    }

    /// The idempotency key under which `content` is done once.
    pub(crate) fn once(&self, operation: &str, content: &[u8]) -> Result<Once, Problem> {
        let key = self
            .headers
            .get("idempotency-key")
            .and_then(|key| key.to_str().ok());
        let key = key.filter(|key| (1..=IDEMPOTENCY_KEY_BYTES_MAX).contains(&key.len()));
        let key = key.ok_or_else(Problem::idempotency_key_missing)?.to_owned();
        let scope = format!("account/{}", self.caller()?.account);
        let mut request = Sm3::new();
        request.update(operation.as_bytes());
        for (_, value) in &self.path {
            request.update(&[0]);
            request.update(value.as_bytes());
        }
        request.update(&[0]);
        request.update(content);
        let request = request.finish();
        Ok(Once { scope, key, request })
    }

    /// The body, to be read as it comes.
    pub(crate) fn take_body(&mut self) -> Body {
        let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(body)
    }

    /// Did nothing come with it?
    pub(crate) fn has_no_body(&mut self) -> bool {
        let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner);
        body.is_end_stream()
    }

    async fn read_body(&mut self) -> Result<Bytes, Problem> {
        let body = self.take_body();
        match Limited::new(body, JSON_BYTES_MAX).collect().await {
            Ok(body) => {
                let body = body.to_bytes();
                self.check_digest(&sm3(&body))?;
                Ok(body)
            }
            Err(error) if error.is::<LengthLimitError>() => Err(Problem::too_large(JSON_BYTES_MAX as u64)),
            Err(_) => Err(Problem::interrupted()),
        }
    }

    /// The token of `Authorization: Bearer`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let value = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// Who asks, once they were let in.
    pub(crate) fn caller(&self) -> Result<&Caller, Problem> {
        self.caller.as_ref().ok_or_else(Problem::no_session)
    }

    /// Lets a business system in whose signature covers this digest of the body.
    pub(crate) fn let_in_signed(&mut self, caller: Caller, content_digest: Digest) {
        self.caller = Some(caller);
        self.content_digest = Some(content_digest);
    }

    /// Is a body what was signed?
    pub(crate) fn check_digest(&self, digest: &Digest) -> Result<(), Problem> {
        match &self.content_digest {
            Some(signed) if signed != digest => Err(Problem::digest_differs()),
            _ => Ok(()),
        }
    }

    pub(crate) fn let_in(&mut self, caller: Caller) {
        self.caller = Some(caller);
    }

    /// The certificate that a proxy says its client has, DER (RFC 9440 §2.2); nothing where nobody says so.
    ///
    /// Said by whoever is no configured proxy, or where it is not configured to count, it is refused: nobody shall
    /// believe to have signed in by it.
    pub(crate) fn client_certificate(&self, config: &HttpConfig) -> Result<Option<Vec<u8>>, Problem> {
        let mut values = self.headers.get_all(CLIENT_CERTIFICATE).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let is_proxy = |peer: IpAddr| config.proxies.iter().any(|network| network.contains(peer));
        let believed =
            config.client_certificates && self.peer.is_some_and(is_proxy) && values.next().is_none();
        let read = || {
            let text = value.to_str().ok()?.strip_prefix(':')?.strip_suffix(':')?;
            let fits = text.len() <= CLIENT_CERTIFICATE_CHARS_MAX;
            fits.then(|| STANDARD.decode(text).ok()).flatten()
        };
        let certificate = believed.then(read).flatten();
        certificate
            .map(Some)
            .ok_or_else(Problem::client_certificate_refused)
    }

    /// Does the `Accept` header ask for `wanted` before `other`?
    pub(crate) fn prefers(&self, wanted: &str, other: &str) -> bool {
        let accept = self
            .headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok());
        let accept = accept.unwrap_or_default();
        let quality = |media: &str| language::quality(accept, media);
        quality(wanted) > quality(other)
    }
}

/// Reads JSON; an error names the field.
fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value =
        serde_path_to_error::deserialize(&mut reader).map_err(|error| Problem::bad_body(&field(&error)))?;
    reader
        .end()
        .map_err(|_| Problem::bad_body("more than one value"))?;
    Ok(value)
}

/// Where the fault is, without what stood there, which may be personal.
fn field(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let (inner, path) = (error.inner(), error.path());
    format!("{path} (line {}, column {})", inner.line(), inner.column())
}

/// The client's address: the peer, or what configured proxies say. The entry that the nearest proxy appended
/// stands last in `X-Forwarded-For`; what stands before the first unknown address may be invented.
fn client_address(peer: IpAddr, headers: &HeaderMap, config: &HttpConfig) -> Option<IpAddr> {
    let is_proxy = |address: IpAddr| config.proxies.iter().any(|network| network.contains(address));
    let mut entries = headers.get_all("x-forwarded-for").iter().peekable();
    if !is_proxy(peer) {
        let forwarded = entries.peek().is_some() || headers.contains_key(header::FORWARDED);
        return (!forwarded).then_some(peer);
    }
    let mut list = Vec::new();
    for entry in entries {
        list.extend(entry.to_str().ok()?.split(',').map(str::trim));
    }
    let mut client = peer;
    for entry in list.into_iter().rev() {
        client = entry.parse().ok()?;
        if !is_proxy(client) {
            break;
        }
    }
    Some(client)
}

/// A new name for a request: 128 random bits.
pub(crate) fn request_id(outside: &Outside) -> String {
    hex::encode(outside.random::<16>())
}

pub(crate) fn with_request_id(mut response: Response, request_id: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(peer: &str, forwarded: &[&str], expected: Option<&str>) {
        let config = HttpConfig {
            proxies: vec!["10.0.0.0/24".parse().unwrap()],
            ..HttpConfig::default()
        };
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let found = client_address(peer.parse().unwrap(), &headers, &config);
        assert_eq!(found, expected.map(|address| address.parse().unwrap()));
    }

    #[test]
    fn without_a_proxy_the_peer_is_the_client() {
        check("192.0.2.1", &[], Some("192.0.2.1"));
        check("10.0.0.1", &[], Some("10.0.0.1"));
    }

    #[test]
    fn strangers_cannot_claim_an_address() {
        check("192.0.2.1", &["127.0.0.1"], None);
        check("127.0.0.1", &["192.0.2.1"], None);
    }

    #[test]
    fn proxies_are_believed_as_far_as_they_reach() {
        check("10.0.0.1", &["192.0.2.1"], Some("192.0.2.1"));
        check("10.0.0.1", &["127.0.0.1, 192.0.2.1"], Some("192.0.2.1"));
        check(
            "10.0.0.1",
            &["127.0.0.1", "192.0.2.1, 10.0.0.2"],
            Some("192.0.2.1"),
        );
        check("10.0.0.1", &["192.0.2.1, unknown"], None);
    }
}
