//! For those who run the machine: is it alive, does it want requests, how does it do.

use std::sync::Arc;

use axum::response::Response;

use super::answer::{of_type, text};
use super::problem::Problem;
use crate::app::Service;

/// The process runs.
pub(crate) async fn healthz() -> Result<Response, Problem> {
    Ok(text("ok\n".into()))
}

/// Requests are wanted.
pub(crate) async fn readyz(service: Arc<Service>) -> Result<Response, Problem> {
    if service.is_stopping() {
        return Err(Problem::stopping());
    }
    service.check_ready().await?;
    Ok(text("ready\n".into()))
}

/// The figures.
pub(crate) async fn metrics(service: Arc<Service>) -> Result<Response, Problem> {
    let figures = service
        .metrics
        .text()
        .map_err(|error| Problem::internal(error.to_string()))?;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(of_type(media_type, figures.into_bytes()))
}
