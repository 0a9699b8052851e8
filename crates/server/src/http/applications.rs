//! Applications: drafting, handing materials in, every step to the decision, and the comparison of impressions.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::{Stream, TryStreamExt as _};
use registry::application::{ApplicationStatus, Ask, MaterialKind};
use registry::seal::Verdict;
use registry::{Application, ApplicationId, AuthorityId, Digest32, SealId, UnitId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Page;

use super::answer::{json, kept, made};
use super::authorities::PAGE_LIMIT;
use super::call::Call;
use super::problem::Problem;
use crate::app::{
    Answered, ApplicationSearch, ApplicationStep, Asked, Beside, BesideVerdict, Compared,
    IMPRESSION_BYTES_MAX, MATERIAL_BYTES_MAX, MeasureFound, NewApplication, Service,
};

/// An application to be drafted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationOrder {
    /// The authority that is to decide.
    #[schemars(with = "String")]
    authority: AuthorityId,
    /// The unit that applies; none for a person's own name seal.
    #[schemars(with = "Option<String>")]
    #[serde(default)]
    unit: Option<UnitId>,
    /// What is asked for: an object whose `kind` is `make`, `renew`, `change`, `cancel`, `suspend`, `resume`,
    /// `reset_pin` or `replace_device`.
    #[schemars(with = "Value")]
    ask: Ask,
}

/// What becomes of an application.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, tag = "type", rename_all = "snake_case")]
pub(crate) enum ApplicationChange {
    /// The agent asks for something else.
    Amend {
        /// What is asked for.
        #[schemars(with = "Value")]
        ask: Ask,
    },
    /// The agent hands it in, and answers for what was handed in.
    Submit {
        /// The text of the declaration.
        #[serde(default)]
        declaration: String,
    },
    /// The principal consents.
    Consent {},
    /// The principal does not consent.
    RefuseConsent {
        /// Why.
        reason: String,
    },
    /// A reviewer takes it up.
    TakeUp {},
    /// The reviewer asks for more.
    Return {
        /// Which documents.
        #[serde(default)]
        #[schemars(with = "Vec<String>")]
        materials: Vec<MaterialKind>,
        /// Why.
        reasons: Vec<String>,
    },
    /// The reviewer approves.
    Approve {
        /// SM3 of the documents whose authenticity was checked: all of them.
        #[schemars(with = "Vec<String>")]
        checked: Vec<Digest32>,
    },
    /// The reviewer rejects.
    Reject {
        /// Why.
        reasons: Vec<String>,
    },
    /// The applicant no longer wants it.
    Withdraw {},
}

/// An application.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ApplicationView {
    id: String,
    authority: String,
    unit: Option<String>,
    /// The person who applies.
    agent: String,
    /// What is asked for.
    ask: Value,
    /// What was handed in: kind, digest, source.
    materials: Value,
    /// `draft`, `submitted`, `consented`, `under_review`, `returned`, `approved`, `completed`, `rejected` or
    /// `withdrawn`.
    status: String,
    /// The agent's declaration: SM3 of the text, by whom, when.
    declaration: Value,
    /// The principal's consent: by whom, when.
    consent: Value,
    reviewer: Option<String>,
    /// Documents that the reviewer asked for in addition.
    supplements: Value,
    /// Why it was rejected or sent back.
    reasons: Vec<String>,
    /// By when it must be decided.
    due: Option<String>,
    /// When the reasons reached the applicant.
    delivered_at: Option<String>,
    drafted_at: String,
}

/// A page of applications.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ApplicationPage {
    items: Vec<ApplicationView>,
    /// To be sent as `after` for the next page; none on the last one.
    next: Option<String>,
}

/// Which applications: by authority and status, by unit, by seal, or one's own.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationQuery {
    /// Those addressed to this authority, in one status.
    #[schemars(with = "Option<String>")]
    authority: Option<AuthorityId>,
    /// In this status; needed with `authority`, and only there.
    #[schemars(with = "Option<String>")]
    status: Option<ApplicationStatus>,
    /// Those of this unit.
    #[schemars(with = "Option<String>")]
    unit: Option<UnitId>,
    /// Those about this seal.
    #[schemars(with = "Option<String>")]
    seal: Option<SealId>,
    /// The cursor of the page before.
    #[schemars(with = "Option<String>")]
    after: Option<ApplicationId>,
    /// Items at most: 50 if not given, 500 at most.
    limit: Option<u32>,
}

/// What a document shows.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MaterialQuery {
    /// `unit_identity`, `agent_identity`, `holder_identity`, `agent_authorisation`, `application_form`,
    /// `sealed_form`, `engraving_proof`, `impression_sheet`, `held_certificate`, `change_proof` or
    /// `custodian_report`.
    #[schemars(with = "String")]
    kind: MaterialKind,
}

/// How impressions were compared.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ComparisonView {
    /// SM3 of the registered impression's image.
    registered: String,
    /// SM3 of the image that was handed in.
    submitted: String,
    /// 0 to 1000.
    score_per_mille: u16,
    /// `same`, `look` or `different`: what was measured, which decides nothing.
    measured: String,
    /// SM3 of the report in HTML, to be read as a material of the application.
    report: String,
    /// Places of the differences by the clock, the worst first: each in Chinese and in English.
    places: Vec<[String; 2]>,
    /// Everything that was measured, the worst first.
    measures: Vec<MeasureFound>,
    /// Beside the owner's other seals of the same kind (R28).
    beside: Vec<BesideView>,
}

/// How the impression asked for looks beside that of another seal, or of another application.
#[derive(Serialize, JsonSchema)]
pub(crate) struct BesideView {
    /// `seal` or `application`.
    kind: String,
    /// Its identifier.
    against: String,
    /// SM3 of its image.
    other: String,
    /// SM3 of the image asked for.
    submitted: String,
    /// 0 to 1000.
    score_per_mille: u16,
    /// `same`, `look` or `different`; `unreadable` where nothing could be compared.
    measured: String,
    /// SM3 of the report in HTML, to be read as a material of the application.
    report: Option<String>,
    /// What a person decided where the machine could not tell: `verdict`, `reason`, `by`, `at`.
    decided: Value,
}

/// What was found beside the owner's other seals.
#[derive(Serialize, JsonSchema)]
pub(crate) struct BesideList {
    items: Vec<BesideView>,
}

/// A person decides where the machine could not tell.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BesideDecision {
    /// The other seal or application.
    #[schemars(with = "String")]
    against: uuid::Uuid,
    /// `same` or `different`.
    #[schemars(with = "String")]
    verdict: Verdict,
    /// Why.
    reason: String,
}

/// Nothing more has to be said.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// What public security answered when it was asked for the registered impression (R33).
#[derive(Serialize, JsonSchema)]
pub(crate) struct RegisteredView {
    /// When.
    at: String,
    /// `fetched`, `none_registered` or `unreachable`.
    answer: String,
    /// SM3 of the image that was fetched, to be read as a material of the application.
    digest: Option<String>,
    /// The code under which it is filed, if that was said.
    code: Option<String>,
    /// Why it could not be fetched.
    reason: Option<String>,
}

pub(crate) async fn draft(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (order, once) = call.change::<ApplicationOrder>("application_draft").await?;
    let new = NewApplication {
        authority: order.authority,
        unit: order.unit,
        ask: order.ask,
    };
    let made_now: Application = kept(&service.draft_application(call.caller()?, new, once).await?)?;
    let place = format!("/api/applications/{}", made_now.id);
    made(StatusCode::CREATED, &place, &shown(&service, &made_now).await?)
}

pub(crate) async fn step(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let id = call.path("application")?;
    let operation = format!("application_step/{id}");
    let (order, once) = call.change::<ApplicationChange>(&operation).await?;
    let step = match order {
        ApplicationChange::Amend { ask } => ApplicationStep::Amend { ask },
        ApplicationChange::Submit { declaration } => ApplicationStep::Submit { declaration },
        ApplicationChange::Consent {} => ApplicationStep::Consent,
        ApplicationChange::RefuseConsent { reason } => ApplicationStep::RefuseConsent { reason },
        ApplicationChange::TakeUp {} => ApplicationStep::TakeUp,
        ApplicationChange::Return { materials, reasons } => ApplicationStep::Return { materials, reasons },
        ApplicationChange::Approve { checked } => ApplicationStep::Approve { checked },
        ApplicationChange::Reject { reasons } => ApplicationStep::Reject { reasons },
        ApplicationChange::Withdraw {} => ApplicationStep::Withdraw,
    };
    let after: Application = kept(&service.step_application(call.caller()?, id, step, once).await?)?;
    json(&shown(&service, &after).await?)
}

pub(crate) async fn show(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let found = service
        .application(call.caller()?, call.path("application")?)
        .await?;
    json(&shown(&service, &found).await?)
}

pub(crate) async fn list(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let query: ApplicationQuery = call.query()?;
    let search = match (query.authority, query.status, query.unit, query.seal) {
        (Some(authority), Some(status), None, None) => ApplicationSearch::ToAuthority(authority, status),
        (None, None, Some(unit), None) => ApplicationSearch::OfUnit(unit),
        (None, None, None, Some(seal)) => ApplicationSearch::AboutSeal(seal),
        (None, None, None, None) => ApplicationSearch::Own,
        _ => return Err(Problem::bad_query("authority & status | unit | seal")),
    };
    let page = Page {
        after: query.after,
        limit: query.limit.unwrap_or(PAGE_LIMIT).clamp(1, store::PAGE_MAX),
    };
    let found = service.applications(call.caller()?, search, page).await?;
    let full = found.len() as u64 == u64::from(page.limit);
    let mut items = Vec::new();
    for application in &found {
        items.push(shown(&service, application).await?);
    }
    json(&ApplicationPage {
        next: found.last().filter(|_| full).map(|last| last.id.to_string()),
        items,
    })
}

/// Receives a document of an application, and adds it.
pub(crate) async fn add_material(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let id: ApplicationId = call.path("application")?;
    let query: MaterialQuery = call.query()?;
    let caller = call.caller()?.clone();
    // Whoever may not hand anything in gets the refusal of the rules without sending anything.
    let digest = if service.may_hand_in(&caller, id).await? {
        receive(&service, &mut call, MATERIAL_BYTES_MAX).await?
    } else {
        Digest32([0; 32])
    };
    let operation = format!("material_add/{id}/{}", query.kind.name());
    let once = call.once(&operation, digest.to_string().as_bytes())?;
    let after: Application = kept(
        &service
            .add_material(&caller, id, (query.kind, digest), once)
            .await?,
    )?;
    super::answer::json_with(StatusCode::CREATED, &shown(&service, &after).await?)
}

pub(crate) async fn material(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let (id, digest) = (call.path("application")?, call.path("digest")?);
    let stream = service.material(call.caller()?, id, digest).await?;
    Ok(document(stream))
}

/// Receives the registered impression, and compares it with the one that was handed in.
pub(crate) async fn compare(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let id: ApplicationId = call.path("application")?;
    let caller = call.caller()?.clone();
    // Whoever may not compare is refused before anything is received.
    let application = service.readable_application(&caller, id).await?;
    service
        .may_compare(&caller, &application, call.once("impression_compare", b"")?)
        .await?;
    let digest = match service.fetched(&application).await? {
        // What was fetched from public security is what is compared with (R33).
        Some(_) if !call.has_no_body() => return Err(Problem::impression_was_fetched()),
        Some(fetched) => fetched,
        None => receive(&service, &mut call, IMPRESSION_BYTES_MAX).await?,
    };
    let once = call.once(&format!("impression_compare/{id}"), digest.to_string().as_bytes())?;
    let compared: Compared = kept(&service.compare_impression(&caller, id, digest, once).await?)?;
    let view = ComparisonView {
        registered: compared.registered.to_string(),
        submitted: compared.submitted.to_string(),
        places: compared.places,
        measures: compared.measures,
        score_per_mille: compared.score_per_mille,
        measured: compared.measured,
        report: compared.report.to_string(),
        beside: service
            .compare_beside(&caller, &application)
            .await?
            .iter()
            .map(beside_view)
            .collect(),
    };
    super::answer::json_with(StatusCode::CREATED, &view)
}

pub(crate) async fn show_beside(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let found = service.beside(call.caller()?, call.path("application")?).await?;
    json(&BesideList {
        items: found.iter().map(beside_view).collect(),
    })
}

pub(crate) async fn decide_beside(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let id: ApplicationId = call.path("application")?;
    let (order, once) = call
        .change::<BesideDecision>(&format!("likeness_decide/{id}"))
        .await?;
    let decision = BesideVerdict {
        against: order.against,
        verdict: order.verdict,
        reason: order.reason,
    };
    let found: Vec<Beside> = kept(&service.decide_beside(call.caller()?, id, decision, once).await?)?;
    json(&BesideList {
        items: found.iter().map(beside_view).collect(),
    })
}

fn beside_view(one: &Beside) -> BesideView {
    BesideView {
        kind: one.against.kind.name().to_owned(),
        against: one.against.id.to_string(),
        other: one.other.to_string(),
        submitted: one.submitted.to_string(),
        score_per_mille: one.score_per_mille,
        measured: one.measured.clone(),
        report: one.report.map(|report| report.to_string()),
        decided: as_json(&one.decided),
    }
}

pub(crate) async fn fetch_registered(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let id: ApplicationId = call.path("application")?;
    let (_, once) = call.change::<Nothing>(&format!("registered_fetch/{id}")).await?;
    let asked: Asked = kept(&service.fetch_registered(call.caller()?, id, once).await?)?;
    super::answer::json_with(StatusCode::CREATED, &registered_view(asked))
}

pub(crate) async fn show_registered(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let asked = service
        .registered(call.caller()?, call.path("application")?)
        .await?;
    json(&registered_view(asked))
}

fn registered_view(asked: Asked) -> RegisteredView {
    let (answer, digest, code, reason) = match asked.answer {
        Answered::Fetched { digest, code } => ("fetched", Some(digest.to_string()), code, None),
        Answered::NoneRegistered => ("none_registered", None, None, None),
        Answered::Unreachable { reason } => ("unreachable", None, None, Some(reason)),
    };
    RegisteredView {
        at: asked.at.to_string(),
        answer: answer.to_owned(),
        digest,
        code,
        reason,
    }
}

/// The body, kept under its digest; a place among the uploads is taken before the first byte is read.
async fn receive(service: &Service, call: &mut Call, bytes_max: u64) -> Result<Digest32, Problem> {
    let _place = service.verify_place().ok_or_else(Problem::busy)?;
    let announced = call.headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > bytes_max) {
        return Err(Problem::too_large(bytes_max));
    }
    let stream = call.take_body().into_data_stream().map_err(io::Error::other);
    let stored = service.receive_document(stream, bytes_max).await?;
    if stored.bytes == 0 {
        return Err(Problem::empty_body());
    }
    Ok(Digest32(stored.digest.0))
}

/// A stored document as it is: to be saved, never to be shown by the browser as a page of this service.
fn document(stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response {
    let mut response = Response::new(Body::from_stream(stream));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// An application with the name of the seal in clear.
async fn shown(service: &Service, application: &Application) -> Result<ApplicationView, Problem> {
    let mut view = view(application);
    if let Ask::Make { seal } = &application.ask {
        let name = service.shown_name(&seal.name, seal.owner).await?;
        view.ask["seal"]["name"] = name.into();
    }
    Ok(view)
}

fn view(application: &Application) -> ApplicationView {
    ApplicationView {
        id: application.id.to_string(),
        authority: application.authority.to_string(),
        unit: application.unit.map(|unit| unit.to_string()),
        agent: application.agent.to_string(),
        ask: as_json(&application.ask),
        materials: as_json(&application.materials),
        status: application.status.name().to_owned(),
        declaration: as_json(&application.declaration),
        consent: as_json(&application.consent),
        reviewer: application.reviewer.map(|reviewer| reviewer.to_string()),
        supplements: as_json(&application.supplements),
        reasons: application.reasons.clone(),
        due: application.due.map(|due| due.to_string()),
        delivered_at: application.delivered_at.map(|at| at.to_string()),
        drafted_at: application.drafted_at.to_string(),
    }
}

/// A value of the registry as its JSON.
pub(crate) fn as_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
