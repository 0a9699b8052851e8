//! People: `POST` and `GET /api/people`, `GET /api/people/{person}`, what becomes of them, and their accounts.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use registry::{AuthorityId, Digest32, IdentityNumber, Person, PersonId, Role, Scope, SystemId, UnitId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Page;
use zeroize::Zeroizing;

use super::answer::{json, kept, made, no_content};
use super::authorities::PAGE_LIMIT;
use super::call::Call;
use super::problem::Problem;
use super::set_up::check_account_name;
use crate::app::{KnownSession, PersonName, PersonStep, Reset, Service};

/// A person to be registered.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonOrder {
    /// The authority that enters them.
    #[schemars(with = "String")]
    authority: AuthorityId,
    /// Kept encrypted.
    name: String,
    /// GB 11643; kept encrypted.
    identity_number: String,
}

/// What becomes of a person.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, tag = "type", rename_all = "snake_case")]
pub(crate) enum PersonChange {
    /// Appointed to a role.
    Appoint {
        /// `agent`, `principal`, `approver` or `custodian` in a unit; `reviewer`, `maker`, `system_administrator`,
        /// `security_administrator`, `audit_administrator` or `supervisor` in an authority; `platform_owner` for a
        /// system.
        #[schemars(with = "String")]
        role: Role,
        /// `{ "kind": "unit" | "authority" | "system", "id": … }`.
        scope: ScopeOrder,
        /// From now on when not given.
        #[schemars(with = "Option<String>")]
        #[serde(default)]
        from: Option<Timestamp>,
        /// First instant no longer.
        #[schemars(with = "Option<String>")]
        #[serde(default)]
        until: Option<Timestamp>,
    },
    /// No longer in a role.
    Dismiss {
        /// Which role.
        #[schemars(with = "String")]
        role: Role,
        /// Where.
        scope: ScopeOrder,
    },
    /// Another name or identity number.
    Correct {
        /// Kept encrypted.
        name: String,
        /// GB 11643; kept encrypted.
        identity_number: String,
    },
    /// May not act any more.
    Block {
        /// Why.
        reason: String,
    },
    /// May act again.
    Unblock {},
}

/// Where a role holds.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScopeOrder {
    kind: ScopeKind,
    id: String,
}

/// Kinds of places where a role holds.
#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ScopeKind {
    Unit,
    Authority,
    System,
}

/// A person, without name and number.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PersonView {
    id: String,
    /// Every appointment, past ones included.
    appointments: Vec<AppointmentView>,
    /// Since when they may not act.
    blocked: Option<String>,
    registered_at: String,
}

/// An appointment.
#[derive(Serialize, JsonSchema)]
struct AppointmentView {
    role: String,
    /// Where: a kind (`unit`, `authority`, `system`) and an identifier.
    scope: serde_json::Value,
    from: String,
    until: Option<String>,
}

/// A page of people.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PersonPage {
    items: Vec<PersonView>,
    /// To be sent as `after` for the next page; none on the last one.
    next: Option<String>,
}

/// Which people: everybody ever appointed in one place.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonQuery {
    /// In this unit.
    #[schemars(with = "Option<String>")]
    unit: Option<UnitId>,
    /// In this authority.
    #[schemars(with = "Option<String>")]
    authority: Option<AuthorityId>,
    /// In this role only.
    #[schemars(with = "Option<String>")]
    role: Option<Role>,
    /// The cursor of the page before.
    #[schemars(with = "Option<String>")]
    after: Option<PersonId>,
    /// Items at most: 50 if not given, 500 at most.
    limit: Option<u32>,
}

/// An account to be opened.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountOrder {
    /// Name to sign in with: letters, digits, dots, hyphens and underscores.
    account: String,
    /// The first password, which must be changed with the first sign-in.
    password: String,
}

/// An account that was opened.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AccountView {
    /// The account's identifier.
    account: String,
    /// The person's identifier.
    person: String,
    /// The name to sign in with.
    name: String,
    /// For the authenticator, as a QR code; shown this once, not to a repeated request.
    totp: Option<String>,
}

/// What is reset of an account.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetOrder {
    /// A first password again, which must be changed with the next sign-in.
    password: String,
    /// A new authenticator; the old one serves no more.
    #[serde(default)]
    authenticator: bool,
    /// No certificate signs in any more.
    #[serde(default)]
    certificate: bool,
}

/// Sessions that are to end.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionsEnding {
    /// One session; all of them if not given.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    session: Option<Digest32>,
}

/// The sessions of an account that hold.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SessionList {
    /// The newest first.
    items: Vec<KnownSessionView>,
}

/// A session.
#[derive(Serialize, JsonSchema)]
pub(crate) struct KnownSessionView {
    /// Names it; opens nothing.
    id: String,
    begun_at: String,
    used_at: String,
    ends_at: String,
    /// `password` with `totp` or `certificate`.
    factors: Vec<String>,
}

/// How many sessions were ended.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SessionsEnded {
    ended: u64,
}

/// Nothing is needed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Empty {}

pub(crate) async fn register(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (order, once) = call.change::<PersonOrder>("person_register").await?;
    let name = person_name(order.name, &order.identity_number)?;
    let answer = service
        .register_person(call.caller()?, order.authority, name, once)
        .await?;
    let person: Person = kept(&answer)?;
    made(
        StatusCode::CREATED,
        &format!("/api/people/{}", person.id),
        &view(&person),
    )
}

pub(crate) async fn change(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let id = call.path("person")?;
    let (order, once) = call
        .change::<PersonChange>(&format!("person_change/{id}"))
        .await?;
    let step = match order {
        PersonChange::Appoint {
            role,
            scope,
            from,
            until,
        } => PersonStep::Appoint {
            role,
            scope: scope_of(&scope)?,
            from,
            until,
        },
        PersonChange::Dismiss { role, scope } => PersonStep::Dismiss {
            role,
            scope: scope_of(&scope)?,
        },
        PersonChange::Correct {
            name,
            identity_number,
        } => PersonStep::Correct(person_name(name, &identity_number)?),
        PersonChange::Block { reason } => PersonStep::Block { reason },
        PersonChange::Unblock {} => PersonStep::Unblock,
    };
    let person: Person = kept(&service.change_person(call.caller()?, id, step, once).await?)?;
    json(&view(&person))
}

pub(crate) async fn show(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    json(&view(&service.person(call.path("person")?).await?))
}

pub(crate) async fn list(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let query: PersonQuery = call.query()?;
    let scope = match (query.unit, query.authority) {
        (Some(unit), None) => Scope::Unit(unit),
        (None, Some(authority)) => Scope::Authority(authority),
        _ => return Err(Problem::bad_query("unit | authority")),
    };
    let page = Page {
        after: query.after,
        limit: query.limit.unwrap_or(PAGE_LIMIT).clamp(1, store::PAGE_MAX),
    };
    let found = service.people(scope, query.role, page).await?;
    let full = found.len() as u64 == u64::from(page.limit);
    json(&PersonPage {
        next: found.last().filter(|_| full).map(|last| last.id.to_string()),
        items: found.iter().map(view).collect(),
    })
}

pub(crate) async fn open_account(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let id: PersonId = call.path("person")?;
    let (order, once) = call.change::<AccountOrder>(&format!("account_open/{id}")).await?;
    check_account_name(&order.account)?;
    let password = Zeroizing::new(order.password);
    let wanted = (id, order.account);
    let (opened, totp) = service
        .open_account(call.caller()?, wanted, password, once)
        .await?;
    let view = AccountView {
        account: opened.account.to_string(),
        person: opened.person.to_string(),
        name: opened.name,
        totp: totp.map(|address| address.to_string()),
    };
    super::answer::json_with(StatusCode::CREATED, &view)
}

pub(crate) async fn close_account(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let id: PersonId = call.path("person")?;
    let (Empty {}, once) = call.change(&format!("account_close/{id}")).await?;
    service.close_account(call.caller()?, id, once).await?;
    Ok(no_content())
}

pub(crate) async fn reset_account(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let id: PersonId = call.path("person")?;
    let (order, once) = call.change::<ResetOrder>(&format!("account_reset/{id}")).await?;
    let reset = Reset {
        authenticator: order.authenticator,
        certificate: order.certificate,
    };
    let password = Zeroizing::new(order.password);
    let (account, totp) = service
        .reset_account(call.caller()?, (id, reset), password, once)
        .await?;
    let view = AccountView {
        account: account.account.to_string(),
        person: account.person.to_string(),
        name: account.name,
        totp: totp.map(|address| address.to_string()),
    };
    super::answer::json_with(StatusCode::CREATED, &view)
}

pub(crate) async fn sessions(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let found = service.sessions(call.caller()?, call.path("person")?).await?;
    let view = |session: KnownSession| KnownSessionView {
        id: session.id.to_string(),
        begun_at: session.begun_at.to_string(),
        used_at: session.used_at.to_string(),
        ends_at: session.ends_at.to_string(),
        factors: session.factors,
    };
    json(&SessionList {
        items: found.into_iter().map(view).collect(),
    })
}

pub(crate) async fn end_sessions(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let id: PersonId = call.path("person")?;
    let (order, once) = call
        .change::<SessionsEnding>(&format!("sessions_end/{id}"))
        .await?;
    let session = order.session.map(|session| gm::Digest(session.0));
    let answer = service.end_sessions(call.caller()?, (id, session), once).await?;
    super::answer::json_with(
        StatusCode::CREATED,
        &SessionsEnded {
            ended: kept(&answer)?,
        },
    )
}

fn person_name(name: String, identity_number: &str) -> Result<PersonName, Problem> {
    let identity = identity_number.parse::<IdentityNumber>();
    let identity = identity.map_err(|_| Problem::bad_body("identity_number: GB 11643"))?;
    if name.trim().is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(Problem::bad_body("name: 1 to 200 bytes"));
    }
    Ok(PersonName {
        name: Zeroizing::new(name),
        identity,
    })
}

/// Longest name of a person, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 200;

fn scope_of(order: &ScopeOrder) -> Result<Scope, Problem> {
    let id: Result<uuid::Uuid, _> = order.id.parse();
    let id = id.map_err(|_| Problem::bad_body("scope.id: an identifier"))?;
    Ok(match order.kind {
        ScopeKind::Unit => Scope::Unit(UnitId(id)),
        ScopeKind::Authority => Scope::Authority(AuthorityId(id)),
        ScopeKind::System => Scope::System(SystemId(id)),
    })
}

fn view(person: &Person) -> PersonView {
    let appointment = |held: &registry::Appointment| AppointmentView {
        role: held.role.name().to_owned(),
        scope: serde_json::to_value(held.scope).unwrap_or_default(),
        from: held.from.to_string(),
        until: held.until.map(|until| until.to_string()),
    };
    PersonView {
        id: person.id.to_string(),
        appointments: person.appointments.iter().map(appointment).collect(),
        blocked: person.blocked.map(|since| since.to_string()),
        registered_at: person.registered_at.to_string(),
    }
}
