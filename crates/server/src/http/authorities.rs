//! Authorities: `POST` and `GET /api/authorities`, `GET /api/authorities/{authority}`,
//! `POST /api/authorities/{authority}/changes`.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use registry::{Authority, AuthorityId, Level, ProfileId, RegionCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Page;

use super::answer::{json, kept, made};
use super::call::Call;
use super::problem::Problem;
use crate::app::{AuthorityStep, NewAuthority, Service};

/// Items on a page when the caller does not say.
pub(crate) const PAGE_LIMIT: u32 = 50;

/// An authority to be entered below another one.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthorityOrder {
    /// The authority above.
    #[schemars(with = "String")]
    parent: AuthorityId,
    name: String,
    /// Six digits (GB/T 2260).
    #[schemars(with = "String")]
    region: RegionCode,
    /// `region`, `city`, `county` or `township`; below that of the authority above.
    #[schemars(with = "String")]
    level: Level,
    /// Its regulation profile: `cn`, `xian`, `wuhu` or `inner-mongolia`.
    #[schemars(with = "String")]
    profile: ProfileId,
}

/// What becomes of an authority.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, tag = "type", rename_all = "snake_case")]
pub(crate) enum AuthorityChange {
    /// Files the document by which its government designated it (R10); by an officer of an authority above.
    FileDesignation {
        /// Number of that document (文号).
        document: String,
    },
    /// Another name.
    Rename {
        /// Full name.
        name: String,
    },
    /// Another regulation profile.
    SetProfile {
        /// `cn`, `xian`, `wuhu` or `inner-mongolia`.
        #[schemars(with = "String")]
        profile: ProfileId,
    },
    /// Ends it; nothing may belong to it any more.
    Close {
        /// Why.
        reason: String,
    },
}

/// An authority.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AuthorityView {
    id: String,
    /// The authority above; none for the root.
    parent: Option<String>,
    name: String,
    /// Six digits (GB/T 2260).
    region: String,
    level: String,
    /// Its regulation profile.
    profile: String,
    /// `entered`, `designated` or `closed`.
    status: String,
    /// Since when it exists here.
    established_at: String,
}

/// A page of authorities.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AuthorityPage {
    items: Vec<AuthorityView>,
    /// To be sent as `after` for the next page; none on the last one.
    next: Option<String>,
}

/// Which authorities.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthorityQuery {
    /// Those directly below this one; the root without it.
    #[schemars(with = "Option<String>")]
    parent: Option<AuthorityId>,
    /// The cursor of the page before.
    #[schemars(with = "Option<String>")]
    after: Option<AuthorityId>,
    /// Items at most: 50 if not given, 500 at most.
    limit: Option<u32>,
}

pub(crate) async fn establish(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (order, once) = call.change::<AuthorityOrder>("authority_establish").await?;
    let new = NewAuthority {
        parent: order.parent,
        name: order.name,
        region: order.region,
        level: order.level,
        profile: order.profile,
    };
    let authority: Authority = kept(&service.establish_authority(call.caller()?, new, once).await?)?;
    made(
        StatusCode::CREATED,
        &format!("/api/authorities/{}", authority.id),
        &view(&authority),
    )
}

pub(crate) async fn change(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let id = call.path("authority")?;
    let path = format!("authority_change/{id}");
    let (order, once) = call.change::<AuthorityChange>(&path).await?;
    let step = match order {
        AuthorityChange::FileDesignation { document } => AuthorityStep::FileDesignation { document },
        AuthorityChange::Rename { name } => AuthorityStep::Rename { name },
        AuthorityChange::SetProfile { profile } => AuthorityStep::SetProfile { profile },
        AuthorityChange::Close { reason } => AuthorityStep::Close { reason },
    };
    let changed = service.change_authority(call.caller()?, id, step, once).await?;
    json(&view(&kept(&changed)?))
}

pub(crate) async fn show(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    json(&view(&service.authority(call.path("authority")?).await?))
}

pub(crate) async fn list(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let query: AuthorityQuery = call.query()?;
    let page = Page {
        after: query.after,
        limit: query.limit.unwrap_or(PAGE_LIMIT).clamp(1, store::PAGE_MAX),
    };
    let found = service.authorities(query.parent, page).await?;
    let full = found.len() as u64 == u64::from(page.limit);
    json(&AuthorityPage {
        next: found.last().filter(|_| full).map(|last| last.id.to_string()),
        items: found.iter().map(view).collect(),
    })
}

fn view(authority: &Authority) -> AuthorityView {
    AuthorityView {
        id: authority.id.to_string(),
        parent: authority.parent.map(|parent| parent.to_string()),
        name: authority.name.clone(),
        region: authority.region.as_str().to_owned(),
        level: stable_name(&authority.level),
        profile: authority.profile.to_string(),
        status: stable_name(&authority.status),
        established_at: authority.established_at.to_string(),
    }
}

/// The name under which JSON knows a variant.
pub(crate) fn stable_name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
