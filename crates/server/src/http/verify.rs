//! `POST /api/verify`: the document is the body; the answer is the report of `yinxin verify`.

use std::io::{Seek as _, SeekFrom};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use schemars::JsonSchema;
use sealing::{Depth, render};
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;

use super::answer::{json, text};
use super::call::Call;
use super::problem::Problem;
use crate::app::{Service, VerifyFailed};

/// Longest name of a document that is repeated in a report, in characters.
const NAME_CHARS_MAX: usize = 255;

/// Query parameters of a verification.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct VerifyQuery {
    /// The document's name, to be repeated in the report; at most 255 characters.
    name: String,
    /// Judge for this time instead of now (RFC 3339).
    #[schemars(with = "Option<String>")]
    at: Option<Timestamp>,
    /// How much of the report a text has.
    detail: Detail,
}

impl Default for VerifyQuery {
    fn default() -> Self {
        Self {
            name: "document".into(),
            at: None,
            detail: Detail::Reasons,
        }
    }
}

/// How much of a report to print.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Detail {
    /// One line.
    Line,
    /// Reasons and what to do.
    Reasons,
    /// Every fact with its clause.
    Full,
}

/// Receives the document into a file without a name, and verifies it.
pub(crate) async fn verify(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let query: VerifyQuery = call.query()?;
    if query.name.chars().count() > NAME_CHARS_MAX {
        return Err(Problem::bad_query("name: more than 255 characters"));
    }
    // The place is taken before the first byte is read, and given back when the verdict is there.
    let place = service.verify_place().ok_or_else(Problem::busy)?;
    let as_text = call.prefers("text/plain", "application/json");
    let language = call.language;
    let at = query.at.unwrap_or(call.now);
    let body = call.take_body();
    let file = receive(&service, call.headers.get(header::CONTENT_LENGTH), body).await?;
    let report = service.verify(file, query.name, at, place).await;
    let report = report.map_err(|error| match error {
        VerifyFailed::Disk(error) => Problem::internal(format!("the uploaded file cannot be read: {error}")),
        VerifyFailed::Ended => Problem::internal("a verification ended without a report"),
    })?;
    let depth = match query.detail {
        Detail::Line => Depth::Line,
        Detail::Reasons => Depth::Reasons,
        Detail::Full => Depth::Full,
    };
    Ok(if as_text {
        text(render(&report, depth, language))
    } else {
        json(&report)?
    })
}

/// Writes the body to a file that has no name, so that nothing stays behind whatever happens.
async fn receive(
    service: &Service,
    length: Option<&HeaderValue>,
    mut body: Body,
) -> Result<std::fs::File, Problem> {
    let bytes_max = service.config.verify.document_bytes_max;
    let announced = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > bytes_max) {
        return Err(Problem::too_large(bytes_max));
    }
    let disk = |error: std::io::Error| Problem::internal(format!("the upload cannot be written: {error}"));
    let mut file = tokio::fs::File::from_std(service.temporary_file().map_err(disk)?);
    let mut received = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::interrupted())?;
        let Ok(bytes) = frame.into_data() else { continue };
        received += bytes.len() as u64;
        if received > bytes_max {
            return Err(Problem::too_large(bytes_max));
        }
        file.write_all(&bytes).await.map_err(disk)?;
    }
    if received == 0 {
        return Err(Problem::empty_body());
    }
    file.flush().await.map_err(disk)?;
    let mut file = file.into_std().await;
    file.seek(SeekFrom::Start(0)).map_err(disk)?;
    Ok(file)
}
