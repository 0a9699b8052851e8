//! Business systems: `/api/clients`, and what is changed of one.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use pki::{Certificate, read_pem};
use registry::{AuthorityId, SystemId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Page;

use super::answer::{json, kept, made};
use super::call::Call;
use super::problem::Problem;
use super::uses::limit;
use crate::app::{ClientStep, KnownClient, NewClient, Service};
use crate::subnet::Subnet;

/// Longest name of a business system, in characters.
const NAME_CHARS_MAX: usize = 200;
/// Subnets of a business system at most.
const NETWORKS_MAX: usize = 64;

/// A business system to be entered.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientOrder {
    /// The authority that answers for it.
    #[schemars(with = "String")]
    authority: AuthorityId,
    name: String,
    /// Its SM2 certificate, PEM.
    certificate: String,
    /// Subnets from which it may call (R7), 64 at most; from everywhere when empty.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    networks: Vec<Subnet>,
}

/// What is changed of a business system.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ClientChange {
    /// Another name.
    Rename { name: String },
    /// Subnets from which it may call, 64 at most; from everywhere when empty.
    SetNetworks {
        #[schemars(with = "Vec<String>")]
        networks: Vec<Subnet>,
    },
    /// A new certificate, PEM; the present one serves until `old_until` beside it, 90 days at most.
    RenewCertificate {
        certificate: String,
        #[schemars(with = "String")]
        old_until: Timestamp,
    },
}

/// Nothing more to say.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlockOrder {}

/// Which business systems.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientQuery {
    /// The cursor of the page before.
    #[schemars(with = "Option<String>")]
    after: Option<SystemId>,
    /// Items at most: 50 if not given, 500 at most.
    limit: Option<u32>,
}

/// A business system.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ClientView {
    /// The `keyid` of its signatures, and what grants name.
    id: String,
    /// The authority that answers for it.
    authority: String,
    name: String,
    /// SM3 over the DER of its certificate.
    certificate: String,
    /// When the certificate ends.
    certificate_until: String,
    /// Until when the certificate before serves beside it.
    former_until: Option<String>,
    /// Subnets from which it may call; from everywhere when empty.
    networks: Vec<String>,
    registered_at: String,
    blocked_at: Option<String>,
}

/// A page of business systems.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ClientPage {
    items: Vec<ClientView>,
    /// To be sent as `after` for the next page; none on the last one.
    next: Option<String>,
}

pub(crate) async fn enter(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (order, once) = call.change::<ClientOrder>("client_enter").await?;
    let new = NewClient {
        authority: order.authority,
        name: name(order.name)?,
        certificate: certificate(&order.certificate)?,
        networks: networks(order.networks)?,
    };
    answer(&service.enter_client(call.caller()?, new, once).await?)
}

pub(crate) async fn change(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (change, once) = call.change::<ClientChange>("client_change").await?;
    let step = match change {
        ClientChange::Rename { name: new } => ClientStep::Rename { name: name(new)? },
        ClientChange::SetNetworks { networks: new } => ClientStep::SetNetworks {
            networks: networks(new)?,
        },
        ClientChange::RenewCertificate {
            certificate: new,
            old_until,
        } => ClientStep::RenewCertificate {
            certificate: Box::new(certificate(&new)?),
            old_until,
        },
    };
    let id = call.path("client")?;
    answer(&service.change_client(call.caller()?, id, step, once).await?)
}

pub(crate) async fn block(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (BlockOrder {}, once) = call.change("client_block").await?;
    let id = call.path("client")?;
    let step = ClientStep::Block;
    answer(&service.change_client(call.caller()?, id, step, once).await?)
}

pub(crate) async fn show(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let client = service.client(call.caller()?, call.path("client")?).await?;
    json(&view(client))
}

pub(crate) async fn list(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let query: ClientQuery = call.query()?;
    let page = Page {
        after: query.after,
        limit: limit(query.limit),
    };
    let found = service.clients(call.caller()?, page).await?;
    let full = found.len() as u64 == u64::from(page.limit);
    json(&ClientPage {
        next: found.last().filter(|_| full).map(|last| last.id.to_string()),
        items: found.into_iter().map(view).collect(),
    })
}

pub(crate) fn name(name: String) -> Result<String, Problem> {
    if name.trim().is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return Err(Problem::bad_body("name: 1 to 200 characters"));
    }
    Ok(name)
}

pub(crate) fn networks(networks: Vec<Subnet>) -> Result<Vec<Subnet>, Problem> {
    if networks.len() > NETWORKS_MAX {
        return Err(Problem::bad_body("networks: 64 at most"));
    }
    Ok(networks)
}

pub(crate) fn certificate(pem: &str) -> Result<Certificate, Problem> {
    let blocks = read_pem(pem.as_bytes()).ok();
    let der = blocks
        .and_then(|blocks| blocks.into_iter().next())
        .map(|block| block.der);
    let certificate = der.and_then(|der| Certificate::read(&der).ok());
    certificate.ok_or_else(|| Problem::bad_body("certificate: no certificate in PEM"))
}

fn answer(bytes: &[u8]) -> Result<Response, Problem> {
    let view = view(kept(bytes)?);
    made(StatusCode::CREATED, &format!("/api/clients/{}", view.id), &view)
}

fn view(client: KnownClient) -> ClientView {
    ClientView {
        id: client.id.to_string(),
        authority: client.authority.to_string(),
        name: client.name,
        certificate: client.certificate,
        certificate_until: client.not_after.to_string(),
        former_until: client.former_until.map(|until| until.to_string()),
        networks: client.networks,
        registered_at: client.registered_at.to_string(),
        blocked_at: client.blocked_at.map(|at| at.to_string()),
    }
}
