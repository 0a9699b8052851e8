//! Business systems: `POST /api/clients`, `POST /api/clients/{client}/block`.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use pki::{Certificate, read_pem};
use registry::AuthorityId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::made;
use super::call::Call;
use super::problem::Problem;
use crate::app::{KnownClient, NewClient, Service};

/// Longest name of a business system, in characters.
const NAME_CHARS_MAX: usize = 200;

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
}

/// Nothing more to say.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlockOrder {}

/// A business system.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ClientView {
    /// The `keyid` of its signatures, and what grants name.
    id: String,
    name: String,
    /// SM3 over the DER of its certificate.
    certificate: String,
    registered_at: String,
    blocked_at: Option<String>,
}

pub(crate) async fn enter(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (order, once) = call.change::<ClientOrder>("client_enter").await?;
    if order.name.trim().is_empty() || order.name.chars().count() > NAME_CHARS_MAX {
        return Err(Problem::bad_body("name: 1 to 200 characters"));
    }
    let blocks = read_pem(order.certificate.as_bytes()).ok();
    let der = blocks
        .and_then(|blocks| blocks.into_iter().next())
        .map(|block| block.der);
    let certificate = der.and_then(|der| Certificate::read(&der).ok());
    let new = NewClient {
        authority: order.authority,
        name: order.name,
        certificate: certificate.ok_or_else(|| Problem::bad_body("certificate: no certificate in PEM"))?,
    };
    answer(&service.enter_client(call.caller()?, new, once).await?)
}

pub(crate) async fn block(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let (BlockOrder {}, once) = call.change("client_block").await?;
    let id = call.path("client")?;
    answer(&service.block_client(call.caller()?, id, once).await?)
}

fn answer(kept: &[u8]) -> Result<Response, Problem> {
    let client: KnownClient =
        serde_json::from_slice(kept).map_err(|error| Problem::internal(error.to_string()))?;
    let view = ClientView {
        id: client.id.to_string(),
        name: client.name,
        certificate: client.certificate,
        registered_at: client.registered_at.to_string(),
        blocked_at: client.blocked_at.map(|at| at.to_string()),
    };
    made(StatusCode::CREATED, &format!("/api/clients/{}", view.id), &view)
}
