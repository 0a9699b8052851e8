//! Units: `POST` and `GET /api/units`, `GET /api/units/{unit}`, `POST /api/units/{unit}/changes`.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use registry::{AuthorityId, CreditCode, Level, RegionCode, Unit, UnitEnd, UnitId, UnitKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{json, kept, made};
use super::authorities::{PAGE_LIMIT, stable_name};
use super::call::Call;
use super::problem::Problem;
use crate::app::{NewUnit, Service, UnitSearch, UnitStep};

/// A unit to be registered.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitOrder {
    /// The authority that will make its seals.
    #[schemars(with = "String")]
    authority: AuthorityId,
    /// The unit above, if any.
    #[schemars(with = "Option<String>")]
    #[serde(default)]
    parent: Option<UnitId>,
    /// Unified social credit code (GB 32100).
    #[schemars(with = "String")]
    code: CreditCode,
    /// Legal name.
    name: String,
    /// `state_organ`, `peoples_organisation`, `social_organisation`, `institution`, `enterprise`, `sole_trader` or
    /// `other`.
    #[schemars(with = "String")]
    kind: UnitKind,
    /// Six digits (GB/T 2260).
    #[schemars(with = "String")]
    region: RegionCode,
    /// `nation`, `region`, `city`, `county` or `township`.
    #[schemars(with = "String")]
    level: Level,
}

/// What becomes of a unit.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, tag = "type", rename_all = "snake_case")]
pub(crate) enum UnitChange {
    /// Another legal name; its seals must be changed then.
    Rename {
        /// Legal name.
        name: String,
    },
    /// Another authority makes its seals from now on.
    Move {
        /// That authority.
        #[schemars(with = "String")]
        authority: AuthorityId,
    },
    /// It ended.
    End {
        /// `dissolved`, `merged`, `split`, `revoked` or `bankrupt`.
        #[schemars(with = "String")]
        reason: UnitEnd,
    },
}

/// A unit.
#[derive(Serialize, JsonSchema)]
pub(crate) struct UnitView {
    id: String,
    /// The authority that makes its seals.
    authority: String,
    /// The unit above.
    parent: Option<String>,
    /// Unified social credit code.
    code: String,
    name: String,
    kind: String,
    region: String,
    level: String,
    /// Why it ended; none while it exists.
    ended: Option<String>,
    registered_at: String,
}

/// A page of units.
#[derive(Serialize, JsonSchema)]
pub(crate) struct UnitPage {
    items: Vec<UnitView>,
    /// To be sent as `after` for the next page; none on the last one.
    next: Option<String>,
}

/// Which units: by exactly one of the first four.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitQuery {
    /// Those whose seals this authority makes.
    #[schemars(with = "Option<String>")]
    authority: Option<AuthorityId>,
    /// Those directly below this unit.
    #[schemars(with = "Option<String>")]
    parent: Option<UnitId>,
    /// The one with this credit code that has not ended.
    #[schemars(with = "Option<String>")]
    code: Option<CreditCode>,
    /// Those whose name begins so.
    name: Option<String>,
    /// The cursor of the page before.
    #[schemars(with = "Option<String>")]
    after: Option<UnitId>,
    /// Items at most: 50 if not given, 500 at most.
    limit: Option<u32>,
}

pub(crate) async fn register(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (order, once) = call.change::<UnitOrder>("unit_register").await?;
    let new = NewUnit {
        authority: order.authority,
        parent: order.parent,
        code: order.code,
        name: order.name,
        kind: order.kind,
        region: order.region,
        level: order.level,
    };
    let unit: Unit = kept(&service.register_unit(call.caller()?, new, once).await?)?;
    made(
        StatusCode::CREATED,
        &format!("/api/units/{}", unit.id),
        &view(&unit),
    )
}

pub(crate) async fn change(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let id = call.path("unit")?;
    let (order, once) = call.change::<UnitChange>(&format!("unit_change/{id}")).await?;
    let step = match order {
        UnitChange::Rename { name } => UnitStep::Rename { name },
        UnitChange::Move { authority } => UnitStep::Move { authority },
        UnitChange::End { reason } => UnitStep::End { reason },
    };
    let unit: Unit = kept(&service.change_unit(call.caller()?, id, step, once).await?)?;
    json(&view(&unit))
}

pub(crate) async fn show(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    json(&view(&service.unit(call.path("unit")?).await?))
}

pub(crate) async fn list(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let query: UnitQuery = call.query()?;
    let search = match (query.authority, query.parent, query.code, query.name) {
        (Some(authority), None, None, None) => UnitSearch::OfAuthority(authority),
        (None, Some(parent), None, None) => UnitSearch::Below(parent),
        (None, None, Some(code), None) => UnitSearch::Coded(code),
        (None, None, None, Some(name)) => UnitSearch::Named(name),
        _ => return Err(Problem::bad_query("authority | parent | code | name")),
    };
    let limit = query.limit.unwrap_or(PAGE_LIMIT).clamp(1, store::PAGE_MAX);
    let found = service.units(&search, query.after, limit).await?;
    let full = found.len() as u64 == u64::from(limit);
    json(&UnitPage {
        next: found.last().filter(|_| full).map(|last| last.id.to_string()),
        items: found.iter().map(view).collect(),
    })
}

fn view(unit: &Unit) -> UnitView {
    UnitView {
        id: unit.id.to_string(),
        authority: unit.authority.to_string(),
        parent: unit.parent.map(|parent| parent.to_string()),
        code: unit.code.as_str().to_owned(),
        name: unit.name.clone(),
        kind: stable_name(&unit.kind),
        region: unit.region.as_str().to_owned(),
        level: stable_name(&unit.level),
        ended: unit.ended.map(|reason| stable_name(&reason)),
        registered_at: unit.registered_at.to_string(),
    }
}
