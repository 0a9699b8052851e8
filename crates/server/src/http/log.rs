//! The log of acts, as far as it is everybody's: checkpoints, the key that verifies them, proofs of growth.

use std::sync::Arc;

use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{json, text};
use super::call::Call;
use super::problem::Problem;
use crate::app::Service;

/// `GET /api/log/checkpoint`.
pub(crate) async fn checkpoint(service: Arc<Service>) -> Result<Response, Problem> {
    Ok(text(service.checkpoint().await?.note))
}

/// `GET /api/log/key`.
pub(crate) async fn key(service: Arc<Service>) -> Result<Response, Problem> {
    Ok(text(format!("{}\n", service.log_key()?)))
}

/// Query parameters of a proof of growth.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsistencyQuery {
    /// Entries of the earlier log.
    from: u64,
    /// Entries of the later log.
    size: u64,
}

/// A proof that a log continues an earlier one (RFC 9162 2.1.4).
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ConsistencyProof {
    /// Entries of the earlier log.
    from: u64,
    /// Entries of the later log.
    size: u64,
    /// The hashes in hexadecimal, in the order of the RFC.
    hashes: Vec<String>,
}

/// `GET /api/log/consistency`.
pub(crate) async fn consistency(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let query: ConsistencyQuery = call.query()?;
    let proof = service.consistency(query.from, query.size).await?;
    json(&ConsistencyProof {
        from: proof.from,
        size: proof.size,
        hashes: proof.hashes.iter().map(ToString::to_string).collect(),
    })
}

/// Query parameters of a proof of inclusion.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InclusionQuery {
    /// Place of the entry, from 0.
    index: u64,
    /// Entries of the log, as in a checkpoint.
    size: u64,
}

/// A proof that an entry stands in the log (RFC 9162 2.1.3).
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct InclusionProof {
    /// Place of the entry, from 0.
    index: u64,
    /// Entries of the log.
    size: u64,
    /// The hashes in hexadecimal, from the leaf to the root.
    hashes: Vec<String>,
}

/// `GET /api/log/inclusion`.
pub(crate) async fn inclusion(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let query: InclusionQuery = call.query()?;
    let hashes = service.inclusion(query.index, query.size).await?;
    json(&InclusionProof {
        index: query.index,
        size: query.size,
        hashes: hashes.iter().map(ToString::to_string).collect(),
    })
}
