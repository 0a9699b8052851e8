//! Grants: `/api/grants`, their life, and sealing under one.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use registry::grant::{GrantTerms, Period, Volume};
use registry::usage::DocumentType;
use registry::{Grant, GrantId, SealId, SystemId, UnitId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Page;
use zeroize::Zeroizing;

use super::answer::{json, made, no_content};
use super::call::Call;
use super::documents::{receive, streamed};
use super::problem::Problem;
use crate::app::{Caller, GrantOrder, GrantStamp, Once, Service, StampPlace, parts_of};

/// Items on a page when the caller does not say.
const PAGE_LIMIT: u32 = 50;

/// A grant to be asked for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantOrderBody {
    /// Whose seal.
    #[schemars(with = "String")]
    unit: UnitId,
    #[schemars(with = "String")]
    seal: SealId,
    /// The business system.
    #[schemars(with = "String")]
    system: SystemId,
    /// What for; every use under the grant has this purpose.
    purpose: String,
    /// Of the profile's catalogue; never empty.
    document_types: Vec<String>,
    /// First instant.
    #[schemars(with = "String")]
    from: Timestamp,
    /// First instant no longer.
    #[schemars(with = "String")]
    until: Timestamp,
    /// So many documents at most …
    documents_max: u64,
    /// … in each `day` or `month` of China, or in the whole life of the `grant`.
    #[schemars(with = "String")]
    per: Period,
}

/// Nothing more to say.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NothingMore {}

/// Why.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonBody {
    reason: String,
}

/// The PIN of the seal's custodian.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PinBody {
    pin: String,
}

/// Which grants.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantQuery {
    #[schemars(with = "String")]
    unit: UnitId,
    /// The cursor of the page before.
    #[schemars(with = "Option<String>")]
    after: Option<GrantId>,
    /// Items at most: 50 if not given, 500 at most.
    limit: Option<u32>,
}

/// How a document is to be sealed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StampQuery {
    /// One of the grant's.
    document_type: String,
    /// The placement as JSON, as in a request of a person.
    placement: String,
}

/// A grant.
#[derive(Serialize, JsonSchema)]
pub(crate) struct GrantView {
    id: String,
    unit: String,
    seal: String,
    system: String,
    purpose: String,
    document_types: Vec<String>,
    from: String,
    until: String,
    documents_max: u64,
    /// `day`, `month` or `grant`.
    #[schemars(with = "String")]
    per: Period,
    /// `applied`, `consented`, `authorised`, `declined` or `revoked`.
    status: String,
    applicant: String,
    applied_at: String,
}

/// A page of grants.
#[derive(Serialize, JsonSchema)]
pub(crate) struct GrantPage {
    items: Vec<GrantView>,
    /// To be sent as `after` for the next page; none on the last one.
    next: Option<String>,
}

pub(crate) async fn apply(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (body, once) = call.change::<GrantOrderBody>("grant_apply").await?;
    let terms = GrantTerms {
        unit: body.unit,
        seal: body.seal,
        system: body.system,
        purpose: body.purpose,
        document_types: body.document_types.into_iter().map(DocumentType).collect(),
        from: body.from,
        until: body.until,
        volume: Volume {
            documents_max: body.documents_max,
            per: body.per,
        },
    };
    answer(&service.apply_for_grant(call.caller()?, terms, once).await?)
}

pub(crate) async fn consent(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (NothingMore {}, once) = call.change("grant_consent").await?;
    change(
        &service,
        call.caller()?,
        call.path("grant")?,
        GrantOrder::Consent,
        once,
    )
    .await
}

pub(crate) async fn authorise(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (NothingMore {}, once) = call.change("grant_authorise").await?;
    change(
        &service,
        call.caller()?,
        call.path("grant")?,
        GrantOrder::Authorise,
        once,
    )
    .await
}

pub(crate) async fn decline(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (body, once) = call.change::<ReasonBody>("grant_decline").await?;
    let order = GrantOrder::Decline { reason: body.reason };
    change(&service, call.caller()?, call.path("grant")?, order, once).await
}

pub(crate) async fn revoke(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (body, once) = call.change::<ReasonBody>("grant_revoke").await?;
    let order = GrantOrder::Revoke { reason: body.reason };
    change(&service, call.caller()?, call.path("grant")?, order, once).await
}

/// Opening it again changes nothing, so there is no idempotency key.
pub(crate) async fn open(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let body: PinBody = call.json_of_body().await?;
    let id = call.path("grant")?;
    service
        .open_grant(call.caller()?, id, Zeroizing::new(body.pin))
        .await?;
    Ok(no_content())
}

pub(crate) async fn show(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    json(&view(&service.grant(call.caller()?, call.path("grant")?).await?))
}

pub(crate) async fn list(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let query: GrantQuery = call.query()?;
    let page = Page {
        after: query.after,
        limit: query.limit.unwrap_or(PAGE_LIMIT).clamp(1, store::PAGE_MAX),
    };
    let found = service.grants(call.caller()?, query.unit, page).await?;
    let full = found.len() as u64 == u64::from(page.limit);
    json(&GrantPage {
        next: found.last().filter(|_| full).map(|last| last.id.to_string()),
        items: found.iter().map(view).collect(),
    })
}

/// The document is the body, the sealed one the answer; its headers name the use record.
pub(crate) async fn stamp(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let query: StampQuery = call.query()?;
    let place: StampPlace =
        serde_json::from_str(&query.placement).map_err(|_| Problem::bad_query("placement"))?;
    if place.canonical().is_none() {
        return Err(Problem::bad_query("placement"));
    }
    let permit = service.document_place().ok_or_else(Problem::busy)?;
    let order = GrantStamp {
        grant: call.path("grant")?,
        document_type: DocumentType(query.document_type),
        place,
        document: receive(&service, &mut call, service.config.documents.bytes_max).await?,
        permit,
    };
    let (sealed, stamped) = service.stamp_under_grant(call.caller()?, order).await?;
    let mut response = streamed(Body::from_stream(parts_of(sealed.file)), Some(&stamped.kind));
    let facts = [
        ("x-yinxin-use", stamped.request.to_string()),
        ("x-yinxin-record", stamped.sequence.to_string()),
        ("x-yinxin-sealed", stamped.sealed.to_string()),
    ];
    for (name, value) in facts {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

async fn change(
    service: &Service,
    caller: &Caller,
    id: GrantId,
    order: GrantOrder,
    once: Once,
) -> Result<Response, Problem> {
    answer(&service.change_grant(caller, id, order, once).await?)
}

fn answer(kept: &[u8]) -> Result<Response, Problem> {
    let grant: Grant = serde_json::from_slice(kept).map_err(|error| Problem::internal(error.to_string()))?;
    made(
        StatusCode::CREATED,
        &format!("/api/grants/{}", grant.id),
        &view(&grant),
    )
}

fn view(grant: &Grant) -> GrantView {
    let terms = &grant.terms;
    GrantView {
        id: grant.id.to_string(),
        unit: terms.unit.to_string(),
        seal: terms.seal.to_string(),
        system: terms.system.to_string(),
        purpose: terms.purpose.clone(),
        document_types: terms.document_types.iter().map(|kind| kind.0.clone()).collect(),
        from: terms.from.to_string(),
        until: terms.until.to_string(),
        documents_max: terms.volume.documents_max,
        per: terms.volume.per,
        status: grant.status.name().to_owned(),
        applicant: grant.applicant.to_string(),
        applied_at: grant.applied_at.to_string(),
    }
}
