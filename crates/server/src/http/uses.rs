//! Uses of seals: `/api/uses`, their approvals, their documents, their records.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use registry::usage::{Basis, Binding, Content, DocumentType, Outcome, Placement, UseStatus};
use registry::{Actor, Digest32, PersonId, SealId, UnitId, UseId, UseRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Page, UseRecord};
use zeroize::Zeroizing;

use super::answer::{json, made, text};
use super::call::Call;
use super::documents::send;
use super::policies::RuleBody;
use super::problem::Problem;
use crate::app::{Caller, NewUse, Once, Service, StampPlace, Stamped, UseList, UseOrder, Wanted};

/// Documents of a batch at most.
const BATCH_DOCUMENTS_MAX: usize = 10_000;
/// Items on a page when the caller does not say.
const PAGE_LIMIT: u32 = 50;

/// A use of a seal to be asked for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UseRequestBody {
    #[schemars(with = "String")]
    seal: SealId,
    /// What for.
    purpose: String,
    /// Of the profile's catalogue.
    document_type: String,
    /// Amount at stake, in fen, where the unit's policy asks for it.
    #[serde(default)]
    amount_fen: Option<u64>,
    /// A document that the caller sent before; either this or `documents`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    document: Option<Digest32>,
    /// A batch: documents that the caller sent before, each once, 10000 at most, under one decision.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    documents: Vec<Digest32>,
    placement: StampPlace,
    /// Whether it is a state secret, which must not be brought here (R8).
    #[serde(default)]
    classified: bool,
}

/// An approval, bound to what the approver saw.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApprovalBody {
    /// As in the request.
    #[schemars(with = "String")]
    document: Digest32,
    /// As in the request.
    #[schemars(with = "String")]
    seal: SealId,
    /// As in the request.
    placement: StampPlace,
    /// In whose place, when a deputy approves.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    for_person: Option<PersonId>,
}

/// Why a request is not approved.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclineBody {
    reason: String,
}

/// Nothing more to say.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawBody {}

/// Which requests: exactly one of `unit`, `own` and `waiting`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UseQuery {
    /// Those of a unit's seals.
    #[schemars(with = "Option<String>")]
    unit: Option<UnitId>,
    /// With `unit`: of this status.
    #[schemars(with = "Option<String>")]
    status: Option<UseStatus>,
    /// Those that the caller made.
    #[serde(default)]
    own: bool,
    /// Those that wait for the caller: to be approved, or to be sealed.
    #[serde(default)]
    waiting: bool,
    /// The cursor of the page before.
    #[schemars(with = "Option<String>")]
    after: Option<UseId>,
    /// Items at most: 50 if not given, 500 at most.
    limit: Option<u32>,
}

/// Which records.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordQuery {
    /// The cursor of the page before.
    after: Option<i64>,
    /// Items at most: 50 if not given, 500 at most.
    limit: Option<u32>,
}

/// A request to use a seal.
#[derive(Serialize, JsonSchema)]
pub(crate) struct UseView {
    id: String,
    unit: Option<String>,
    seal: String,
    /// `person` or `system`, and who.
    requester: ActorView,
    purpose: String,
    document_type: String,
    amount_fen: Option<u64>,
    /// SM3 over the document, or the root over those of a batch.
    document: String,
    /// How many documents.
    documents: u32,
    placement: Option<StampPlace>,
    basis: BasisView,
    /// `requested`, `approved`, `completed`, `declined`, `withdrawn` or `lapsed`.
    status: String,
    approvals: Vec<ApprovalView>,
    /// After this instant nothing is sealed any more on its ground.
    lapses_at: Option<String>,
    /// Documents that were sealed.
    stamped: u32,
    /// Documents whose last try failed; they may be tried again.
    failed: u32,
    /// Documents whose outcome is not known yet.
    open: usize,
    requested_at: String,
}

/// Who did something.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ActorView {
    /// `person`, `system` or `service`.
    kind: &'static str,
    id: Option<String>,
}

/// What makes a use permissible.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum BasisView {
    /// Approvals by the unit's policy; the custodian seals.
    Policy {
        version: u32,
        /// The rule that fitted.
        rule: RuleBody,
    },
    /// A grant; the business system seals.
    Grant { grant: String, system: String },
    /// The holder seals.
    Holder { holder: String },
}

/// An approval.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ApprovalView {
    /// Step of the rule, from 0.
    step: u8,
    by: String,
    /// In whose place.
    for_person: Option<String>,
    at: String,
}

/// A page of requests.
#[derive(Serialize, JsonSchema)]
pub(crate) struct UsePage {
    items: Vec<UseView>,
    /// To be sent as `after` for the next page; none on the last one.
    next: Option<String>,
}

/// A use record: the key was going to be used, and what became of it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct UseRecordView {
    /// Names the record together with the request.
    sequence: i64,
    /// Number of the document in the request, from 0.
    item: u32,
    /// SM3 over the document before sealing.
    document: String,
    by: ActorView,
    begun_at: String,
    finished_at: Option<String>,
    /// `open`, `stamped` or `failed`.
    outcome: &'static str,
    /// SM3 over the sealed document.
    sealed: Option<String>,
    /// Why it failed.
    reason: Option<String>,
}

/// A page of use records.
#[derive(Serialize, JsonSchema)]
pub(crate) struct UseRecordPage {
    items: Vec<UseRecordView>,
    /// To be sent as `after` for the next page; none on the last one.
    next: Option<i64>,
}

/// The PIN of whoever seals.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StampBody {
    pub(crate) pin: String,
}

/// A document that was sealed.
#[derive(Serialize, JsonSchema)]
pub(crate) struct StampedView {
    #[serde(rename = "use")]
    request: String,
    /// Number of the use record, with which the sealed document and the proof are fetched.
    sequence: i64,
    /// Number of the document in the request, from 0.
    item: u32,
    /// SM3 over the sealed document.
    sealed: String,
    /// `ofd` or `pdf`.
    kind: String,
}

pub(crate) async fn request(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (body, once) = call.change::<UseRequestBody>("use_request").await?;
    let new = NewUse {
        seal: body.seal,
        purpose: body.purpose,
        document_type: DocumentType(body.document_type),
        amount_fen: body.amount_fen,
        wanted: wanted(body.document, body.documents)?,
        placement: placement(&body.placement)?,
        classified: body.classified,
    };
    answer(&service.request_use(call.caller()?, new, once).await?)
}

/// One document, or many of which none stands twice.
fn wanted(document: Option<Digest32>, documents: Vec<Digest32>) -> Result<Wanted, Problem> {
    let distinct: BTreeSet<&Digest32> = documents.iter().collect();
    match document {
        Some(document) if documents.is_empty() => Ok(Wanted::Document(document)),
        None if !documents.is_empty()
            && documents.len() <= BATCH_DOCUMENTS_MAX
            && distinct.len() == documents.len() =>
        {
            Ok(Wanted::Batch(documents))
        }
        _ => Err(Problem::bad_body(
            "document, or documents: 1 to 10000 digests, each once",
        )),
    }
}

pub(crate) async fn approve(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (body, once) = call.change::<ApprovalBody>("use_approve").await?;
    let order = UseOrder::Approve {
        binding: Binding {
            document: body.document,
            seal: body.seal,
            placement: placement(&body.placement)?,
        },
        for_person: body.for_person,
    };
    change(&service, call.caller()?, call.path("use")?, order, once).await
}

pub(crate) async fn decline(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (body, once) = call.change::<DeclineBody>("use_decline").await?;
    change(
        &service,
        call.caller()?,
        call.path("use")?,
        UseOrder::Decline { reason: body.reason },
        once,
    )
    .await
}

pub(crate) async fn withdraw(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (WithdrawBody {}, once) = call.change("use_withdraw").await?;
    change(
        &service,
        call.caller()?,
        call.path("use")?,
        UseOrder::Withdraw,
        once,
    )
    .await
}

pub(crate) async fn show(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let (request, _) = service.use_request(call.caller()?, call.path("use")?).await?;
    json(&view(&request))
}

pub(crate) async fn list(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let query: UseQuery = call.query()?;
    let page = Page {
        after: query.after,
        limit: limit(query.limit),
    };
    let caller = call.caller()?;
    let found = match (query.unit, query.own, query.waiting) {
        (Some(unit), false, false) => {
            service
                .uses(caller, UseList::Unit(unit, query.status), page)
                .await?
        }
        (None, true, false) => service.uses(caller, UseList::Own, page).await?,
        (None, false, true) => service.waiting_uses(caller, page).await?,
        _ => return Err(Problem::bad_query("one of unit, own=true and waiting=true")),
    };
    let full = found.len() as u64 == u64::from(page.limit);
    json(&UsePage {
        next: found.last().filter(|_| full).map(|last| last.id.to_string()),
        items: found.iter().map(view).collect(),
    })
}

/// The document as it was brought, for those who have a part in the use.
pub(crate) async fn document(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let (request, readable) = service.use_request(call.caller()?, call.path("use")?).await?;
    match request.content {
        Content::Document { digest, .. } if readable => send(&service, digest).await,
        _ => Err(Problem::not_found("document")),
    }
}

/// Seals with the PIN; whoever repeats the request under its key gets the same answer.
pub(crate) async fn stamp(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (body, once) = call.change_with_secret::<StampBody>("use_stamp").await?;
    let id: UseId = call.path("use")?;
    let kept = service
        .stamp_use(call.caller()?, id, Zeroizing::new(body.pin), once)
        .await?;
    let stamped: Stamped =
        serde_json::from_slice(&kept).map_err(|error| Problem::internal(error.to_string()))?;
    made(
        StatusCode::CREATED,
        &format!("/api/uses/{id}/records/{}/sealed", stamped.sequence),
        &StampedView {
            request: stamped.request.to_string(),
            sequence: stamped.sequence,
            item: stamped.item,
            sealed: stamped.sealed.to_string(),
            kind: stamped.kind,
        },
    )
}

/// The sealed document of a use record, for those who have a part in the use.
pub(crate) async fn sealed(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let (id, sequence) = (call.path("use")?, call.path("record")?);
    let (record, readable) = service.use_record(call.caller()?, id, sequence).await?;
    match record.outcome {
        Some((_, Outcome::Stamped { sealed })) if readable => send(&service, sealed).await,
        _ => Err(Problem::not_found("sealed document")),
    }
}

/// The proof that the record's newest entry stands in the log, as `yinxin audit proof` reads it.
pub(crate) async fn proof(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let (id, sequence) = (call.path("use")?, call.path("record")?);
    Ok(text(service.use_proof(call.caller()?, id, sequence).await?))
}

pub(crate) async fn records(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let query: RecordQuery = call.query()?;
    let page = Page {
        after: query.after,
        limit: limit(query.limit),
    };
    let found = service
        .use_records(call.caller()?, call.path("use")?, page)
        .await?;
    let full = found.len() as u64 == u64::from(page.limit);
    json(&UseRecordPage {
        next: found.last().filter(|_| full).map(|last| last.sequence),
        items: found.iter().map(record_view).collect(),
    })
}

async fn change(
    service: &Service,
    caller: &Caller,
    id: UseId,
    order: UseOrder,
    once: Once,
) -> Result<Response, Problem> {
    answer(&service.change_use(caller, id, order, once).await?)
}

fn answer(kept: &[u8]) -> Result<Response, Problem> {
    let request: UseRequest =
        serde_json::from_slice(kept).map_err(|error| Problem::internal(error.to_string()))?;
    made(
        StatusCode::CREATED,
        &format!("/api/uses/{}", request.id),
        &view(&request),
    )
}

fn placement(place: &StampPlace) -> Result<Placement, Problem> {
    place
        .canonical()
        .ok_or_else(|| Problem::bad_body("placement: no position, or too many"))
}

pub(crate) fn limit(asked: Option<u32>) -> u32 {
    asked.unwrap_or(PAGE_LIMIT).clamp(1, store::PAGE_MAX)
}

pub(crate) fn view(request: &UseRequest) -> UseView {
    let (document, placement) = match &request.content {
        Content::Document { digest, placement } => (digest, placement),
        Content::Batch(batch) => (&batch.root, &batch.placement),
    };
    let approval = |approval: &registry::usage::Approval| ApprovalView {
        step: approval.step,
        by: approval.by.to_string(),
        for_person: approval.for_person.map(|person| person.to_string()),
        at: approval.at.to_string(),
    };
    UseView {
        id: request.id.to_string(),
        unit: request.unit.map(|unit| unit.to_string()),
        seal: request.seal.to_string(),
        requester: actor_view(request.requester),
        purpose: request.purpose.clone(),
        document_type: request.document_type.0.clone(),
        amount_fen: request.amount_fen,
        document: document.to_string(),
        documents: request.content.count(),
        placement: StampPlace::read(placement),
        basis: match &request.basis {
            Basis::Policy { version, rule } => BasisView::Policy {
                version: *version,
                rule: RuleBody::of(rule),
            },
            Basis::Grant { grant, system } => BasisView::Grant {
                grant: grant.to_string(),
                system: system.to_string(),
            },
            Basis::Holder { holder } => BasisView::Holder {
                holder: holder.to_string(),
            },
        },
        status: request.status.name().to_owned(),
        approvals: request.approvals.iter().map(approval).collect(),
        lapses_at: request.lapses_at.map(|at| at.to_string()),
        stamped: request.stamped.len(),
        failed: request.failed.len(),
        open: request.open.len(),
        requested_at: request.requested_at.to_string(),
    }
}

pub(crate) fn record_view(record: &UseRecord) -> UseRecordView {
    let (outcome, sealed, reason) = match &record.outcome {
        None => ("open", None, None),
        Some((_, Outcome::Stamped { sealed })) => ("stamped", Some(sealed.to_string()), None),
        Some((_, Outcome::Failed { reason })) => ("failed", None, Some(reason.clone())),
    };
    UseRecordView {
        sequence: record.sequence,
        item: record.item,
        document: record.document.to_string(),
        by: actor_view(record.by),
        begun_at: record.begun_at.to_string(),
        finished_at: record.outcome.as_ref().map(|(at, _)| at.to_string()),
        outcome,
        sealed,
        reason,
    }
}

fn actor_view(actor: Actor) -> ActorView {
    let (kind, id) = match actor {
        Actor::Person(person) => ("person", Some(person.to_string())),
        Actor::System(system) => ("system", Some(system.to_string())),
        Actor::Service => ("service", None),
    };
    ActorView { kind, id }
}
