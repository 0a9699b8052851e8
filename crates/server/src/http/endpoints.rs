//! The table of endpoints. The router, the OpenAPI document and the coverage tests are made from it, so that
//! what is not here does not exist.

use std::pin::Pin;
use std::sync::Arc;

use axum::http::Method;
use axum::response::Response;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use sealing::Report;

use super::call::Call;
use super::problem::Problem;
use super::{authorities, log, openapi, operations, sessions, set_up, verify};
use crate::app::Service;

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

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// All endpoints.
pub(crate) static ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        operation: "verify",
        method: Method::POST,
        path: "/api/verify",
        summary: "Verify a sealed OFD document, a seal or a seal signature; no account is needed.",
        query: Some(schema::<verify::VerifyQuery>),
        request: Content::Bytes(&["application/ofd", "application/octet-stream"]),
        answers: &[(200, Content::JsonOrText(schema::<Report>))],
        problems: &[400, 413],
        handler: |service, call| Box::pin(verify::verify(service, call)),
    },
    Endpoint {
        operation: "log_checkpoint",
        method: Method::GET,
        path: "/api/log/checkpoint",
        summary: "The newest signed checkpoint of the log of acts, as C2SP tlog-checkpoint.",
        query: None,
        request: Content::Nothing,
        answers: &[(200, Content::Text("text/plain"))],
        problems: &[404],
        handler: |service, _| Box::pin(log::checkpoint(service)),
    },
    Endpoint {
        operation: "log_key",
        method: Method::GET,
        path: "/api/log/key",
        summary: "The public key that verifies checkpoints.",
        query: None,
        request: Content::Nothing,
        answers: &[(200, Content::Text("text/plain"))],
        problems: &[],
        handler: |service, _| Box::pin(log::key(service)),
    },
    Endpoint {
        operation: "log_consistency",
        method: Method::GET,
        path: "/api/log/consistency",
        summary: "Proves that the log only grew from one size to another.",
        query: Some(schema::<log::ConsistencyQuery>),
        request: Content::Nothing,
        answers: &[(200, Content::Json(schema::<log::ConsistencyProof>))],
        problems: &[400, 422],
        handler: |service, call| Box::pin(log::consistency(service, call)),
    },
    Endpoint {
        operation: "set_up",
        method: Method::POST,
        path: "/api/set-up",
        summary: "Enters the root authority and its three administrators; once, from the networks of http.operations.",
        query: None,
        request: Content::Json(schema::<set_up::SetUpOrder>),
        answers: &[(201, Content::Json(schema::<set_up::SetUpView>))],
        problems: &[400, 403, 409, 413, 422],
        handler: |service, call| Box::pin(set_up::set_up(service, call)),
    },
    Endpoint {
        operation: "session_begin",
        method: Method::POST,
        path: "/api/sessions",
        summary: "Signs in with password and one-time code.",
        query: None,
        request: Content::Json(schema::<sessions::SignIn>),
        answers: &[(201, Content::Json(schema::<sessions::SessionBegun>))],
        problems: &[400, 401, 403, 413, 422],
        handler: |service, call| Box::pin(sessions::begin(service, call)),
    },
    Endpoint {
        operation: "session_show",
        method: Method::GET,
        path: "/api/session",
        summary: "Who is signed in, with the roles in force.",
        query: None,
        request: Content::Nothing,
        answers: &[(200, Content::Json(schema::<sessions::SessionView>))],
        problems: &[401],
        handler: |_, call| Box::pin(sessions::show(call)),
    },
    Endpoint {
        operation: "session_end",
        method: Method::DELETE,
        path: "/api/session",
        summary: "Signs out.",
        query: None,
        request: Content::Nothing,
        answers: &[(204, Content::Nothing)],
        problems: &[401],
        handler: |service, call| Box::pin(sessions::end(service, call)),
    },
    Endpoint {
        operation: "authority_establish",
        method: Method::POST,
        path: "/api/authorities",
        summary: "Enters an authority below another one; by a system administrator of one above.",
        query: None,
        request: Content::Json(schema::<authorities::AuthorityOrder>),
        answers: &[(201, Content::Json(schema::<authorities::AuthorityView>))],
        problems: &[400, 401, 403, 404, 409, 413, 422],
        handler: |service, call| Box::pin(authorities::establish(service, call)),
    },
    Endpoint {
        operation: "authority_list",
        method: Method::GET,
        path: "/api/authorities",
        summary: "The authorities directly below one, or the root.",
        query: Some(schema::<authorities::AuthorityQuery>),
        request: Content::Nothing,
        answers: &[(200, Content::Json(schema::<authorities::AuthorityPage>))],
        problems: &[400, 401],
        handler: |service, call| Box::pin(authorities::list(service, call)),
    },
    Endpoint {
        operation: "authority_show",
        method: Method::GET,
        path: "/api/authorities/{authority}",
        summary: "One authority.",
        query: None,
        request: Content::Nothing,
        answers: &[(200, Content::Json(schema::<authorities::AuthorityView>))],
        problems: &[401, 404],
        handler: |service, call| Box::pin(authorities::show(service, call)),
    },
    Endpoint {
        operation: "openapi",
        method: Method::GET,
        path: "/api/openapi.json",
        summary: "This description.",
        query: None,
        request: Content::Nothing,
        answers: &[(200, Content::Json(schema::<serde_json::Value>))],
        problems: &[],
        handler: |_, _| Box::pin(openapi::answer()),
    },
    Endpoint {
        operation: "healthz",
        method: Method::GET,
        path: "/healthz",
        summary: "Says that the process runs.",
        query: None,
        request: Content::Nothing,
        answers: &[(200, Content::Text("text/plain"))],
        problems: &[],
        handler: |_, _| Box::pin(operations::healthz()),
    },
    Endpoint {
        operation: "readyz",
        method: Method::GET,
        path: "/readyz",
        summary: "Says whether requests are wanted: not while stopping, nor while the data folder fails.",
        query: None,
        request: Content::Nothing,
        answers: &[(200, Content::Text("text/plain"))],
        problems: &[],
        handler: |service, _| Box::pin(operations::readyz(service)),
    },
    Endpoint {
        operation: "metrics",
        method: Method::GET,
        path: "/metrics",
        summary: "Figures for Prometheus (OpenMetrics text), from the networks of http.operations only.",
        query: None,
        request: Content::Nothing,
        answers: &[(200, Content::Text("application/openmetrics-text"))],
        problems: &[403],
        handler: |service, _| Box::pin(operations::metrics(service)),
    },
];
