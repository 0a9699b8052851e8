//! The OpenAPI 3.1 document, made from the tables of endpoints and access and from the types themselves.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::access::{Access, access};
use super::answer::of_type;
use super::endpoints::{Content, Endpoint, SchemaOf, endpoints};
use super::problem::{PROBLEM_JSON, Problem, ProblemBody};
use super::records::{Record, record};

/// Problems that every endpoint may answer with.
const PROBLEMS_OF_ALL: [u16; 2] = [500, 503];

/// The OpenAPI 3.1 document of the service, pretty-printed.
pub fn openapi() -> String {
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
}

/// `GET /api/openapi.json`.
pub(crate) async fn answer() -> Result<Response, Problem> {
    Ok(of_type("application/json", openapi().into_bytes()))
}

fn document() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for endpoint in endpoints() {
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method.as_str().to_lowercase()] = operation(endpoint, &mut generator);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Yinxin 印信",
            "summary": "The registry of electronic seals and its services.",
            "description": "Errors are application/problem+json (RFC 9457), in Chinese or English by Accept-Language. \
                            Every answer carries its request id in X-Request-Id.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": { "session": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn operation(endpoint: &Endpoint, generator: &mut SchemaGenerator) -> Value {
    let mut answers = Map::new();
    for (status, answer) in endpoint.answers {
        let mut description = json!({ "description": reason(*status) });
        if let Some(content) = content(answer, generator) {
            description["content"] = content;
        }
        answers.insert(status.to_string(), description);
    }
    for status in endpoint.problems.iter().chain(&PROBLEMS_OF_ALL) {
        let schema = generator.subschema_for::<ProblemBody>();
        let content = json!({ PROBLEM_JSON: { "schema": schema } });
        let problem = json!({ "description": reason(*status), "content": content });
        answers.insert(status.to_string(), problem);
    }
    let mut operation = json!({
        "operationId": endpoint.operation,
        "summary": endpoint.summary,
        "responses": answers,
    });
    let parameters: Vec<_> = path_parameters(endpoint.path)
        .chain(
            endpoint
                .query
                .into_iter()
                .flat_map(|query| query_parameters(query, generator)),
        )
        .collect();
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(content) = content(&endpoint.request, generator) {
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    if access(endpoint.operation) == Some(Access::SignedIn) {
        operation["security"] = json!([{ "session": [] }]);
    }
    operation["x-yinxin-access"] = access_name(endpoint.operation).into();
    operation["x-yinxin-record"] = record_name(endpoint.operation).into();
    operation
}

fn access_name(operation: &str) -> &'static str {
    match access(operation) {
        Some(Access::Anyone) => "anyone",
        Some(Access::SignedIn) => "signed-in",
        Some(Access::System) => "system",
        Some(Access::Operations) => "operations",
        None => "nobody",
    }
}

fn record_name(operation: &str) -> &'static str {
    match record(operation) {
        Some(Record::Act) => "act",
        Some(Record::Nothing) | None => "nothing",
    }
}

fn reason(status: u16) -> &'static str {
    StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("-")
}

fn content(content: &Content, generator: &mut SchemaGenerator) -> Option<Value> {
    let text = json!({ "schema": { "type": "string" } });
    Some(match content {
        Content::Nothing => return None,
        Content::Json(schema) => json!({ "application/json": { "schema": schema(generator) } }),
        Content::JsonOrText(schema) => {
            json!({ "application/json": { "schema": schema(generator) }, "text/plain": text })
        }
        Content::Text(media_type) => json!({ *media_type: text }),
        Content::Bytes(media_types) => {
            let of = |media_type: &&str| ((*media_type).to_owned(), json!({}));
            Value::Object(media_types.iter().map(of).collect())
        }
    })
}

/// The names in braces.
fn path_parameters(path: &str) -> impl Iterator<Item = Value> {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
}

/// The fields of a type, each as a parameter.
fn query_parameters(query: SchemaOf, generator: &mut SchemaGenerator) -> Vec<Value> {
    let reference = query(generator);
    let name = reference.as_value()["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next());
    // A query type is no component of its own: its fields are what stands in the document.
    let Some(definition) = name.and_then(|name| generator.definitions_mut().remove(name)) else {
        return Vec::new();
    };
    let required = |name: &str| {
        definition["required"]
            .as_array()
            .is_some_and(|list| list.contains(&name.into()))
    };
    let properties = definition["properties"].as_object().into_iter().flatten();
    let parameter = |(name, schema): (&String, &Value)| {
        let mut schema = schema.clone();
        let description = schema
            .as_object_mut()
            .and_then(|fields| fields.remove("description"));
        json!({
            "name": name,
            "in": "query",
            "required": required(name),
            "description": description,
            "schema": schema,
        })
    };
    properties.map(parameter).collect()
}
