//! Styles, scripts and pictures of the pages. Their addresses hold the SM3 of their bytes, so browsers keep them.

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use gm::sm3;

use super::visit::Visit;
use crate::app::Service;
use crate::http::problem::Problem;

struct Asset {
    name: &'static str,
    media_type: &'static str,
    bytes: &'static str,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

#[rustfmt::skip]
static ASSETS: &[Asset] = &[
    Asset { name: "base.css", media_type: CSS, bytes: include_str!("assets/base.css") },
    Asset { name: "parts.css", media_type: CSS, bytes: include_str!("assets/parts.css") },
    Asset { name: "desks.css", media_type: CSS, bytes: include_str!("assets/desks.css") },
    Asset { name: "print.css", media_type: CSS, bytes: include_str!("assets/print.css") },
    Asset { name: "page.js", media_type: JS, bytes: include_str!("assets/page.js") },
    Asset { name: "place.js", media_type: JS, bytes: include_str!("assets/place.js") },
    Asset { name: "batch.js", media_type: JS, bytes: include_str!("assets/batch.js") },
    Asset { name: "icon.svg", media_type: "image/svg+xml", bytes: include_str!("assets/icon.svg") },
];

/// The addresses, in the order of the table.
static ADDRESSES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let address = |asset: &Asset| {
        let digest = hex::encode(&sm3(asset.bytes.as_bytes()).0[..8]);
        format!("/assets/{digest}-{}", asset.name)
    };
    ASSETS.iter().map(address).collect()
});

/// Where an asset is.
pub(crate) fn address(name: &str) -> &'static str {
    let at = ASSETS.iter().position(|asset| asset.name == name);
    at.and_then(|at| ADDRESSES.get(at)).map_or("/", String::as_str)
}

pub(crate) async fn show(_: Arc<Service>, visit: Visit) -> Result<Response, Problem> {
    let wanted = &visit.call.target;
    let at = ADDRESSES.iter().position(|address| address == wanted);
    let asset = at
        .and_then(|at| ASSETS.get(at))
        .ok_or_else(Problem::no_such_page)?;
    let mut response = Response::new(Body::from(asset.bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    let forever = "public, max-age=31536000, immutable";
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(forever));
    Ok(response)
}
