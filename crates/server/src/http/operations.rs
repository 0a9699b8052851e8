//! For those who run the machine: is it alive, does it want requests, how does it do.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::problem::Problem;
use crate::app::Service;

/// The process runs.
pub(crate) async fn healthz() -> Result<Response, Problem> {
    Ok(text("text/plain; charset=utf-8", "ok\n".into()))
}

/// Requests are wanted.
pub(crate) async fn readyz(service: Arc<Service>) -> Result<Response, Problem> {
    if service.is_stopping() {
        return Err(Problem::stopping());
    }
    match service.temporary_file() {
        Ok(_) => Ok(text("text/plain; charset=utf-8", "ready\n".into())),
        Err(error) => Err(Problem::internal(format!(
            "the data folder cannot be written: {error}"
        ))),
    }
}

/// The figures.
pub(crate) async fn metrics(service: Arc<Service>) -> Result<Response, Problem> {
    let figures = service
        .metrics
        .text()
        .map_err(|error| Problem::internal(error.to_string()))?;
    Ok(text(
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        figures,
    ))
}

fn text(media_type: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
