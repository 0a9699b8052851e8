//! Seals: making, collecting, every step of their life, and what anybody may know of one.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use registry::seal::{OldDevice, Reason, Verdict};
use registry::{ApplicationId, AuthorityId, PersonId, SealEvent, SealId, SealRecord, SealStatus, UnitId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Page, RecordedEvent};
use zeroize::Zeroizing;

use super::answer::{json, kept, made, of_type};
use super::applications::as_json;
use super::authorities::{PAGE_LIMIT, stable_name};
use super::call::Call;
use super::problem::Problem;
use crate::app::{MakingOrder, SealPart, SealSearch, SealStep, Service, is_committed};

/// What the maker says of what is to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MakingRequest {
    /// The person who is to collect and keep a new seal.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    custodian: Option<PersonId>,
    /// What the maker concluded from the comparison of impressions: `same` or `different`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    verdict: Option<Verdict>,
    /// Why the seal's name and the unit's mean the same, where they differ.
    #[serde(default)]
    name_reason: Option<String>,
    /// Width of the impression, in millimetres.
    width_mm: u32,
    /// Height of the impression, in millimetres.
    height_mm: u32,
    /// What became of a device that is replaced: `returned`, `lost` or `none`.
    #[serde(default = "no_device")]
    #[schemars(with = "String")]
    old_device: OldDevice,
}

fn no_device() -> OldDevice {
    OldDevice::None
}

/// What the custodian sets when collecting.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Collection {
    /// The protection password: 8 to 64 characters, not all the same, not counting up or down.
    pin: String,
    /// What became of the device of the seal that this one replaces: `returned`, `lost` or `none`.
    #[serde(default = "no_device")]
    #[schemars(with = "String")]
    old_device: OldDevice,
}

/// Another protection password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PinChange {
    /// The present one; left out for the key of a renewed seal or a replaced device, which nobody collected yet.
    #[serde(default)]
    old_pin: String,
    /// The new one.
    new_pin: String,
}

/// What becomes of a seal.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, tag = "type", rename_all = "snake_case")]
pub(crate) enum SealChange {
    /// Out of force for a while; at once on a report of loss, otherwise after an approved application.
    Suspend {
        /// Why, such as `key_leaked` or `device_lost`.
        #[schemars(with = "String")]
        reason: Reason,
        /// The approved application, if there is one.
        #[serde(default)]
        #[schemars(with = "Option<String>")]
        application: Option<ApplicationId>,
    },
    /// In force again.
    Resume {
        /// The approved application.
        #[schemars(with = "String")]
        application: ApplicationId,
    },
    /// To be cancelled when its successor is in force.
    ScheduleCancellation {
        /// The approved application to change it.
        #[schemars(with = "String")]
        application: ApplicationId,
    },
    /// Cancelled for ever.
    Cancel {
        /// The approved application to cancel or change it.
        #[schemars(with = "String")]
        application: ApplicationId,
    },
    /// Cancelled by decision of the authority.
    CancelExOfficio {
        /// Why.
        #[schemars(with = "String")]
        reason: Reason,
        /// Number of the decision.
        decision: String,
    },
    /// Custody is offered to somebody.
    HandOver {
        /// To whom.
        #[schemars(with = "String")]
        to: PersonId,
    },
    /// Custody that was offered is taken.
    AcceptCustody {},
}

/// A seal.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SealView {
    id: String,
    /// The authority that made it.
    authority: String,
    kind: String,
    /// Whose: a unit, a position in a unit, or a person.
    owner: Value,
    /// None where it is a person's, and their data were erased.
    name: Option<String>,
    /// The registered impression: digest, code, source.
    impression: Value,
    /// The application by which it was made.
    application: String,
    /// The seal that it succeeds.
    replaces: Option<String>,
    /// What was made, oldest first: number, seal code, digests, device, period.
    editions: Value,
    /// `made`, `filed`, `active`, `suspended`, `expired` or `cancelled`.
    status: String,
    custodian: Option<String>,
    /// Who is to collect it, or to take custody.
    offered_to: Option<String>,
    /// The filings that were accepted.
    filings: Value,
    /// When the protection password was set, and whether it must be changed.
    pin: Value,
    made_at: String,
    /// Why it is suspended, or how it ended.
    standing: Value,
}

/// A seal with everything that happened to it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SealHistory {
    seal: SealView,
    /// Oldest first: number, who recorded it and when, what happened.
    history: Vec<Value>,
}

/// A page of seals.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SealPage {
    items: Vec<SealView>,
    /// To be sent as `after` for the next page; none on the last one.
    next: Option<String>,
}

/// Which seals: by authority, by unit, or one's own.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealQuery {
    /// Those that this authority made.
    #[schemars(with = "Option<String>")]
    authority: Option<AuthorityId>,
    /// In this status; only with `authority`.
    #[schemars(with = "Option<String>")]
    status: Option<SealStatus>,
    /// Those of this unit and its positions.
    #[schemars(with = "Option<String>")]
    unit: Option<UnitId>,
    /// The position and personal seals that one holds, instead of those that one keeps.
    #[serde(default)]
    held: bool,
    /// The cursor of the page before.
    #[schemars(with = "Option<String>")]
    after: Option<SealId>,
    /// Items at most: 50 if not given, 500 at most.
    limit: Option<u32>,
}

/// Which seal, and when.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatusQuery {
    /// The code in the seal's data.
    code: String,
    /// As of then; now when not given.
    #[schemars(with = "Option<String>")]
    at: Option<Timestamp>,
}

/// What anybody may know of a seal.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SealStatusView {
    /// The code asked for.
    code: String,
    /// As of when.
    at: String,
    /// The seals that carried the code then: usually one, none if there was none.
    seals: Vec<PublicSeal>,
}

/// A seal as anybody sees it.
#[derive(Serialize, JsonSchema)]
struct PublicSeal {
    /// None for a person's own seal.
    name: Option<String>,
    kind: String,
    status: String,
    /// Since when it is suspended or ended.
    since: Option<String>,
    /// First instant of the period.
    not_before: Option<String>,
    /// First instant no longer.
    not_after: Option<String>,
    /// SM3 of the certificate in use.
    certificate: Option<String>,
    /// Whether it could be used to seal then.
    usable: bool,
}

/// The filings of a seal.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FilingList {
    /// Oldest first: with whom, of what, since when, by when, how often tried, with the receipt.
    items: Vec<Value>,
}

/// Which interval.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatisticsQuery {
    /// Filings whose clock began from then on; the beginning of time when not given.
    #[schemars(with = "Option<String>")]
    from: Option<Timestamp>,
    /// And before then; without end when not given.
    #[schemars(with = "Option<String>")]
    until: Option<Timestamp>,
}

/// An authority's figures.
#[derive(Serialize, JsonSchema)]
pub(crate) struct StatisticsView {
    /// How many seals it made, by their status now.
    seals: Value,
    /// Filings with a deadline.
    filings: FilingFiguresView,
}

/// How filings went.
#[derive(Serialize, JsonSchema)]
struct FilingFiguresView {
    /// Accepted within the deadline.
    in_time: u64,
    /// Accepted after it.
    late: u64,
    /// Not accepted yet.
    open: u64,
}

pub(crate) async fn make(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let id: ApplicationId = call.path("application")?;
    let (order, once) = call.change::<MakingRequest>(&format!("seal_make/{id}")).await?;
    let wanted = MakingOrder {
        custodian: order.custodian,
        verdict: order.verdict,
        name_reason: order.name_reason,
        width_mm: order.width_mm,
        height_mm: order.height_mm,
        old_device: order.old_device,
    };
    let seal: SealRecord = kept(&service.make(call.caller()?, id, wanted, once).await?)?;
    made(
        StatusCode::CREATED,
        &format!("/api/seals/{}", seal.id),
        &shown(&service, &seal).await?,
    )
}

pub(crate) async fn collect(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let id: SealId = call.path("seal")?;
    let (order, once) = call.change::<Collection>(&format!("seal_collect/{id}")).await?;
    let pin = (order.old_device, Zeroizing::new(order.pin));
    let seal: SealRecord = kept(&service.collect_seal(call.caller()?, id, pin, once).await?)?;
    json(&shown(&service, &seal).await?)
}

pub(crate) async fn change_pin(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let id: SealId = call.path("seal")?;
    let (order, once) = call.change::<PinChange>(&format!("seal_pin/{id}")).await?;
    let pins = (Zeroizing::new(order.old_pin), Zeroizing::new(order.new_pin));
    let seal: SealRecord = kept(&service.change_pin(call.caller()?, id, pins, once).await?)?;
    json(&shown(&service, &seal).await?)
}

pub(crate) async fn step(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let id: SealId = call.path("seal")?;
    let (order, once) = call.change::<SealChange>(&format!("seal_step/{id}")).await?;
    let step = match order {
        SealChange::Suspend { reason, application } => SealStep::Suspend { reason, application },
        SealChange::Resume { application } => SealStep::Resume { application },
        SealChange::ScheduleCancellation { application } => SealStep::ScheduleCancellation { application },
        SealChange::Cancel { application } => SealStep::Cancel { application },
        SealChange::CancelExOfficio { reason, decision } => SealStep::CancelExOfficio { reason, decision },
        SealChange::HandOver { to } => SealStep::HandOver { to },
        SealChange::AcceptCustody {} => SealStep::AcceptCustody,
    };
    let seal: SealRecord = kept(&service.step_seal(call.caller()?, id, step, once).await?)?;
    json(&shown(&service, &seal).await?)
}

pub(crate) async fn show(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let (seal, events) = service.seal(call.caller()?, call.path("seal")?).await?;
    let happened = |event: &RecordedEvent<SealEvent>| {
        serde_json::json!({
            "sequence": event.sequence, "by": event.recorded.by, "at": event.recorded.at, "event": event.event,
        })
    };
    json(&SealHistory {
        seal: shown(&service, &seal).await?,
        history: events.iter().map(happened).collect(),
    })
}

pub(crate) async fn list(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let query: SealQuery = call.query()?;
    let search = match (query.authority, query.status, query.unit, query.held) {
        (Some(authority), status, None, false) => SealSearch::OfAuthority(authority, status),
        (None, None, Some(unit), false) => SealSearch::OfUnit(unit),
        (None, None, None, false) => SealSearch::Kept,
        (None, None, None, true) => SealSearch::Held,
        _ => return Err(Problem::bad_query("authority [& status] | unit | held")),
    };
    let page = Page {
        after: query.after,
        limit: query.limit.unwrap_or(PAGE_LIMIT).clamp(1, store::PAGE_MAX),
    };
    let found = service.seals(call.caller()?, search, page).await?;
    let full = found.len() as u64 == u64::from(page.limit);
    let mut items = Vec::new();
    for seal in &found {
        items.push(shown(&service, seal).await?);
    }
    json(&SealPage {
        next: found.last().filter(|_| full).map(|last| last.id.to_string()),
        items,
    })
}

pub(crate) async fn status(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let query: StatusQuery = call.query()?;
    let at = query.at.unwrap_or(call.now).min(call.now);
    let found = service.seal_status(&query.code, at).await?;
    let public = |seal: &SealRecord| {
        let edition = seal.edition();
        PublicSeal {
            name: (!is_committed(&seal.name)).then(|| seal.name.clone()),
            kind: seal.kind.name().to_owned(),
            status: seal.status.name().to_owned(),
            since: seal.standing.as_ref().map(|standing| standing.at.to_string()),
            not_before: edition.map(|edition| edition.not_before.to_string()),
            not_after: edition.map(|edition| edition.not_after.to_string()),
            certificate: edition.map(|edition| edition.certificate.to_string()),
            usable: seal.usable(at),
        }
    };
    json(&SealStatusView {
        code: query.code,
        at: at.to_string(),
        seals: found.iter().map(public).collect(),
    })
}

/// Which edition of a seal.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditionQuery {
    /// Its number, from 1; the newest if not given.
    edition: Option<u32>,
}

pub(crate) async fn data(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let query: EditionQuery = call.query()?;
    let wanted = (query.edition, SealPart::Data);
    let bytes = service
        .seal_part(call.caller()?, call.path("seal")?, wanted)
        .await?;
    Ok(of_type("application/octet-stream", bytes))
}

pub(crate) async fn certificate(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let query: EditionQuery = call.query()?;
    let wanted = (query.edition, SealPart::Certificate);
    let bytes = service
        .seal_part(call.caller()?, call.path("seal")?, wanted)
        .await?;
    Ok(of_type("application/pkix-cert", bytes))
}

pub(crate) async fn crl(service: Arc<Service>, _: Call) -> Result<Response, Problem> {
    Ok(of_type(
        "application/pkix-crl",
        service.crl().await?.der().to_vec(),
    ))
}

pub(crate) async fn filings(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let found = service
        .filings_of_seal(call.caller()?, call.path("seal")?)
        .await?;
    json(&FilingList {
        items: found.iter().map(as_json).collect(),
    })
}

pub(crate) async fn statistics(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let query: StatisticsQuery = call.query()?;
    let interval = (
        query.from.unwrap_or(Timestamp::UNIX_EPOCH),
        query.until.unwrap_or(Timestamp::MAX),
    );
    let authority = call.path("authority")?;
    let (seals, figures) = service.statistics(call.caller()?, authority, interval).await?;
    let counts = seals
        .into_iter()
        .map(|(status, count)| (status, Value::from(count)));
    json(&StatisticsView {
        seals: Value::Object(counts.collect()),
        filings: FilingFiguresView {
            in_time: figures.in_time,
            late: figures.late,
            open: figures.open,
        },
    })
}

/// A seal with its name in clear.
async fn shown(service: &Service, seal: &SealRecord) -> Result<SealView, Problem> {
    let name = service.shown_name(&seal.name, seal.owner).await?;
    Ok(view(seal, name))
}

fn view(seal: &SealRecord, name: Option<String>) -> SealView {
    SealView {
        id: seal.id.to_string(),
        authority: seal.authority.to_string(),
        kind: stable_name(&seal.kind),
        owner: as_json(&seal.owner),
        name,
        impression: as_json(&seal.impression),
        application: seal.application.to_string(),
        replaces: seal.replaces.map(|replaced| replaced.to_string()),
        editions: as_json(&seal.editions),
        status: seal.status.name().to_owned(),
        custodian: seal.custodian.map(|custodian| custodian.to_string()),
        offered_to: seal.offered_to.map(|receiver| receiver.to_string()),
        filings: as_json(&seal.filings),
        pin: as_json(&seal.pin),
        made_at: seal.made_at.to_string(),
        standing: as_json(&seal.standing),
    }
}
