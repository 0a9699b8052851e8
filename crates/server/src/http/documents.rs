//! Documents to be sealed: `POST /api/documents`, `GET /api/documents/{document}` and its bytes.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::{Stream, StreamExt as _};
use http_body_util::BodyExt as _;
use registry::Digest32;
use schemars::JsonSchema;
use serde::Serialize;
use store::Upload;

use super::answer::{json, made};
use super::call::Call;
use super::problem::Problem;
use crate::app::{Error, KnownFacts, Service, Spooled};

/// A document that the service keeps.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DocumentView {
    /// SM3 over its bytes: its name here.
    document: String,
    /// `ofd` or `pdf`.
    kind: String,
    pages: u64,
    /// Nothing is on any page: it cannot be sealed (R49).
    blank: bool,
    bytes: u64,
    /// When the caller sent it first.
    received_at: String,
}

/// Receives a document. Sending it again changes nothing, so there is no idempotency key.
pub(crate) async fn receive_one(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let _place = service.document_place().ok_or_else(Problem::busy)?;
    let spooled = receive(&service, &mut call, service.config.documents.bytes_max).await?;
    let (upload, facts) = service.bring_document(call.caller()?, spooled).await?;
    let view = view(&upload, facts);
    made(
        StatusCode::CREATED,
        &format!("/api/documents/{}", view.document),
        &view,
    )
}

pub(crate) async fn show(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let document = call.path::<Digest32>("document")?;
    let (upload, facts) = service.own_document(call.caller()?, document).await?;
    json(&view(&upload, facts))
}

pub(crate) async fn content(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let document = call.path::<Digest32>("document")?;
    service.own_document(call.caller()?, document).await?;
    send(&service, document).await
}

/// The body as a file without a name.
pub(crate) async fn receive(service: &Service, call: &mut Call, bytes_max: u64) -> Result<Spooled, Problem> {
    check_length(&call.headers, bytes_max)?;
    let body = call.take_body();
    let spooled = service.spool(parts(body), bytes_max).await?;
    if spooled.bytes == 0 {
        return Err(Problem::empty_body());
    }
    call.check_digest(&spooled.digest)?;
    Ok(spooled)
}

/// What is announced too large is refused before it is received.
fn check_length(headers: &HeaderMap, bytes_max: u64) -> Result<(), Problem> {
    let length = headers.get(header::CONTENT_LENGTH);
    let announced = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > bytes_max) {
        return Err(Problem::too_large(bytes_max));
    }
    Ok(())
}

fn parts(body: Body) -> impl Stream<Item = Result<Bytes, Error>> + Send {
    futures_util::stream::unfold(body, |mut body| async move {
        loop {
            match body.frame().await? {
                Ok(frame) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Some((Ok(bytes), body));
                    }
                }
                Err(_) => return Some((Err(Error::Interrupted), Body::empty())),
            }
        }
    })
}

/// A kept document as an answer that streams; it breaks off if the bytes are not those of the name.
/// Its media type follows from its first bytes (R57): whatever was sealed was read as OFD or PDF before.
pub(crate) async fn send(service: &Service, document: Digest32) -> Result<Response, Problem> {
    let mut bytes = service.document_bytes(document).await?;
    let first = bytes.next().await;
    let kind = match &first {
        Some(Ok(part)) if part.starts_with(b"PK") => Some("ofd"),
        Some(Ok(part)) if part.starts_with(b"%PDF-") => Some("pdf"),
        _ => None,
    };
    let bytes = futures_util::stream::iter(first).chain(bytes);
    Ok(streamed(Body::from_stream(bytes), kind))
}

/// A body of bytes that nobody on the way keeps.
pub(crate) fn streamed(body: Body, kind: Option<&str>) -> Response {
    let media_type = match kind {
        Some("ofd") => "application/ofd",
        Some("pdf") => "application/pdf",
        _ => "application/octet-stream",
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment"),
    );
    response
}

fn view(upload: &Upload, facts: KnownFacts) -> DocumentView {
    DocumentView {
        document: upload.document.to_string(),
        kind: facts.kind,
        pages: facts.pages,
        blank: facts.blank,
        bytes: upload.bytes,
        received_at: upload.at.to_string(),
    }
}
