//! The table of endpoints. The router, the OpenAPI document and the coverage tests are made from it, so that
//! what is not here does not exist.

use std::pin::Pin;
use std::sync::Arc;

use axum::http::Method;
use axum::response::Response;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::call::Call;
use super::problem::Problem;
use crate::app::Service;

mod life;
mod service;
mod usage;

/// An answer to come.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;
/// The schema of a type.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// A method of a path.
pub(crate) struct Endpoint {
    /// Its name in the OpenAPI document, in logs, figures and the other tables.
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// One sentence on what it is for.
    pub(crate) summary: &'static str,
    /// Query parameters, as the fields of a type.
    pub(crate) query: Option<SchemaOf>,
    pub(crate) request: Content,
    pub(crate) answers: &'static [(u16, Content)],
    /// The codes of HTTP that its problems have, beyond those that every endpoint may give.
    pub(crate) problems: &'static [u16],
    pub(crate) handler: fn(Arc<Service>, Call) -> Answer,
}

/// What a body is.
pub(crate) enum Content {
    Nothing,
    Json(SchemaOf),
    Bytes(&'static [&'static str]),
    /// JSON, or the same as text.
    JsonOrText(SchemaOf),
    Text(&'static str),
}

/// All endpoints, one after the other.
pub(crate) fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    ENDPOINTS.iter().copied().flatten()
}

/// The tables, a file for each part of the service.
static ENDPOINTS: &[&[Endpoint]] = &[service::ENDPOINTS, life::ENDPOINTS, usage::ENDPOINTS];

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
