//! One request as handlers see it, and what every answer carries.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use jiff::Timestamp;
use sealing::Language;
use serde::de::DeserializeOwned;

use super::language;
use super::problem::Problem;
use crate::config::HttpConfig;
use crate::outside::Outside;

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
    pub(crate) body: Body,
    pub(crate) language: Language,
    pub(crate) now: Timestamp,
    /// Where the request comes from; unknown when a proxy speaks that is not configured.
    pub(crate) address: Option<IpAddr>,
}

impl Call {
    pub(crate) fn new(parts: Parts, body: Body, now: Timestamp, config: &HttpConfig) -> Self {
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0);
        Self {
            address: peer.and_then(|peer| client_address(peer, &parts.headers, config)),
            language: language::asked(&parts.headers),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body,
            now,
        }
    }

    /// The parameters behind the question mark; unknown ones are refused.
    pub(crate) fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_urlencoded::from_str(&self.query).map_err(|error| Problem::bad_query(&error.to_string()))
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
