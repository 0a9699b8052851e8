//! Sessions: `POST /api/sessions` signs in, `GET` and `DELETE /api/session` look at it and end it.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::answer::{json, json_with, no_content};
use super::call::Call;
use super::problem::Problem;
use crate::app::{Credentials, Service};

/// What somebody signs in with.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// The account's name.
    account: String,
    /// Its password.
    password: String,
    /// The six digits of the authenticator.
    code: String,
    /// To be the password from now on; needed when the old one is too old.
    #[serde(default)]
    new_password: Option<String>,
}

/// A session that was begun.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SessionBegun {
    /// To be sent as `Authorization: Bearer`; shown this once.
    token: String,
    /// When it ends in any case.
    ends_at: String,
}

/// Who the session belongs to.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SessionView {
    /// The account's identifier.
    account: String,
    /// The person's identifier.
    person: Option<String>,
    /// The network that the request came from: `government_extranet`, `office` or `internet`.
    network: String,
    /// The roles in force.
    roles: Vec<RoleView>,
}

/// A role that somebody holds.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RoleView {
    /// Its stable name.
    role: String,
    /// Where: a kind (`unit`, `authority`, `system`) and an identifier.
    scope: serde_json::Value,
}

pub(crate) async fn begin(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let wanted: SignIn = call.json().await?;
    let credentials = Credentials {
        account: wanted.account,
        password: Zeroizing::new(wanted.password),
        code: wanted.code,
        new_password: wanted.new_password.map(Zeroizing::new),
    };
    let begun = service.sign_in(credentials).await?;
    let view = SessionBegun {
        token: begun.token.to_string(),
        ends_at: begun.ends_at.to_string(),
    };
    json_with(StatusCode::CREATED, &view)
}

pub(crate) async fn show(call: Call) -> Result<Response, Problem> {
    let caller = call.caller()?;
    let in_force = caller
        .acting
        .appointments
        .iter()
        .filter(|held| held.holds(call.now));
    let role = |held: &registry::Appointment| RoleView {
        role: held.role.name().to_owned(),
        scope: serde_json::to_value(held.scope).unwrap_or_default(),
    };
    json(&SessionView {
        account: caller.account.to_string(),
        person: caller.acting.person().map(|person| person.to_string()),
        network: caller.acting.network.name().to_owned(),
        roles: in_force.map(role).collect(),
    })
}

pub(crate) async fn end(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let token = call.bearer().ok_or_else(Problem::no_session)?;
    service.sign_out(token, call.caller()?).await?;
    Ok(no_content())
}
