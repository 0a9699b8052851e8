//! Answers that went well.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// A value as JSON, on one line.
pub(crate) fn json(value: &impl Serialize) -> Result<Response, Problem> {
    let mut bytes = serde_json::to_vec(value).map_err(|error| Problem::internal(error.to_string()))?;
    bytes.push(b'\n');
    Ok(of_type("application/json", bytes))
}

/// A value as JSON, with another status than 200.
pub(crate) fn json_with(status: StatusCode, value: &impl Serialize) -> Result<Response, Problem> {
    let mut response = json(value)?;
    *response.status_mut() = status;
    Ok(response)
}

/// Something that was made, and where it can be seen.
pub(crate) fn made(status: StatusCode, place: &str, value: &impl Serialize) -> Result<Response, Problem> {
    let mut response = json_with(status, value)?;
    if let Ok(place) = HeaderValue::from_str(place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// What a change answered when it was made, now or before.
pub(crate) fn kept<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| Problem::internal(error.to_string()))
}

/// Done, and nothing to say.
pub(crate) fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// A text.
pub(crate) fn text(text: String) -> Response {
    of_type("text/plain; charset=utf-8", text.into_bytes())
}

/// Bytes of a media type, which nobody on the way keeps.
pub(crate) fn of_type(media_type: &'static str, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-language"));
    response
}
