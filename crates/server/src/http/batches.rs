//! Batches: `/api/uses/{use}/batch`, how far they are, their documents, and the PIN that seals them.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Page;
use zeroize::Zeroizing;

use super::answer::{json, kept, made};
use super::call::Call;
use super::documents::send;
use super::problem::Problem;
use super::uses::{StampBody, UseRecordView, UseView, limit, record_view, view};
use crate::app::{BatchItem, Service};

/// Which documents of the batch.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchQuery {
    /// The cursor of the page before.
    after: Option<u32>,
    /// Documents at most: 50 if not given, 500 at most.
    limit: Option<u32>,
}

/// How far a batch is, and a page of its documents.
#[derive(Serialize, JsonSchema)]
pub(crate) struct BatchPage {
    /// How many documents.
    documents: u32,
    /// Of them sealed.
    stamped: u32,
    /// Whose last try failed.
    failed: u32,
    /// Begun, without an outcome yet.
    open: usize,
    /// Whether the process that answers is sealing them now.
    running: bool,
    items: Vec<BatchItemView>,
    /// To be sent as `after` for the next page; none on the last one.
    next: Option<u32>,
}

/// One document of a batch.
#[derive(Serialize, JsonSchema)]
pub(crate) struct BatchItemView {
    /// Its number, from 0.
    item: u32,
    /// SM3 over it before sealing: a leaf of the batch's root.
    document: String,
    /// The newest use record; none if it was not tried yet.
    record: Option<UseRecordView>,
}

/// Takes the PIN and begins; the answer does not wait for the end.
pub(crate) async fn stamp(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (body, once) = call.change_with_secret::<StampBody>("batch_stamp").await?;
    let id = call.path("use")?;
    let answer = service
        .stamp_batch(call.caller()?, id, Zeroizing::new(body.pin), once)
        .await?;
    let view: UseView = view(&kept(&answer)?);
    made(StatusCode::ACCEPTED, &format!("/api/uses/{id}/batch"), &view)
}

pub(crate) async fn show(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let query: BatchQuery = call.query()?;
    let page = Page {
        after: query.after,
        limit: limit(query.limit),
    };
    let part = service.batch(call.caller()?, call.path("use")?, page).await?;
    let documents = part.request.content.count();
    let last = part.items.last().map(|last| last.item);
    json(&BatchPage {
        documents,
        stamped: part.request.stamped.len(),
        failed: part.request.failed.len(),
        open: part.request.open.len(),
        running: part.running,
        items: part.items.into_iter().map(item_view).collect(),
        next: last.filter(|last| last.saturating_add(1) < documents),
    })
}

/// One document as it was brought, for those who have a part in the use.
pub(crate) async fn document(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let (id, item) = (call.path("use")?, call.path("item")?);
    let document = service.batch_document(call.caller()?, id, item).await?;
    send(&service, document).await
}

fn item_view(item: BatchItem) -> BatchItemView {
    BatchItemView {
        item: item.item,
        document: item.document.to_string(),
        record: item.record.as_ref().map(record_view),
    }
}
