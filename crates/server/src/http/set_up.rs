//! `POST /api/set-up`: the root authority and its three administrators.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use registry::{IdentityNumber, Level, ProfileId, RegionCode, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::answer::json_with;
use super::call::Call;
use super::problem::Problem;
use crate::app::{NewAdministrator, NewRoot, Service};

/// Most characters of an account's name.
const ACCOUNT_CHARS_MAX: usize = 64;

/// What a set-up needs.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetUpOrder {
    authority: RootOrder,
    /// The system, the security and the audit administrator: three people.
    administrators: Vec<AdministratorOrder>,
}

/// The root authority.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RootOrder {
    name: String,
    /// Six digits (GB/T 2260).
    #[schemars(with = "String")]
    region: RegionCode,
    /// `nation`, `region`, `city`, `county` or `township`.
    #[schemars(with = "String")]
    level: Level,
    /// Its regulation profile: `cn`, `xian`, `wuhu` or `inner-mongolia`.
    #[schemars(with = "String")]
    profile: ProfileId,
    /// Number of the document by which its government designated it.
    designation: String,
}

/// One of the three.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AdministratorOrder {
    /// `system_administrator`, `security_administrator` or `audit_administrator`.
    #[schemars(with = "String")]
    role: Role,
    /// Name to sign in with: letters, digits, dots, hyphens and underscores.
    account: String,
    /// The first password: at least ten characters of three kinds.
    password: String,
    /// The person's name.
    name: String,
    /// The person's identity number (GB 11643).
    identity_number: String,
}

/// What was made.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SetUpView {
    /// The root authority's identifier.
    authority: String,
    administrators: Vec<AdministratorView>,
}

/// An administrator who can sign in now.
#[derive(Serialize, JsonSchema)]
struct AdministratorView {
    role: String,
    /// The person's identifier.
    person: String,
    /// For the authenticator, as a QR code; shown this once.
    totp: String,
}

pub(crate) async fn set_up(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let order: SetUpOrder = call.json().await?;
    let root = NewRoot {
        name: order.authority.name,
        region: order.authority.region,
        level: order.authority.level,
        profile: order.authority.profile,
        designation: order.authority.designation,
    };
    let administrators: Result<Vec<_>, _> = order.administrators.into_iter().map(administrator).collect();
    let made = service.set_up(root, administrators?).await?;
    let view = |made: &crate::app::MadeAdministrator| AdministratorView {
        role: made.role.name().to_owned(),
        person: made.person.to_string(),
        totp: made.totp_address.to_string(),
    };
    let view = SetUpView {
        authority: made.authority.to_string(),
        administrators: made.administrators.iter().map(view).collect(),
    };
    json_with(StatusCode::CREATED, &view)
}

fn administrator(order: AdministratorOrder) -> Result<NewAdministrator, Problem> {
    check_account_name(&order.account)?;
    let identity = order.identity_number.parse::<IdentityNumber>();
    let identity = identity.map_err(|_| Problem::bad_body("administrators.identity_number: GB 11643"))?;
    Ok(NewAdministrator {
        role: order.role,
        account: order.account,
        password: Zeroizing::new(order.password),
        name: Zeroizing::new(order.name),
        identity,
    })
}

/// Letters, digits, dots, hyphens and underscores.
pub(crate) fn check_account_name(name: &str) -> Result<(), Problem> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.is_empty() || name.len() > ACCOUNT_CHARS_MAX || !name.chars().all(fits) {
        return Err(Problem::bad_body(
            "account: letters, digits, dots, hyphens and underscores, at most 64",
        ));
    }
    Ok(())
}
