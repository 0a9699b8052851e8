//! The published JSON Schema is the one of the types, and reports have its shape.

use std::path::Path;

use sealing::{REPORT_SCHEMA, report_schema};
use serde_json::Value;

use crate::scene::{Scene, document, point};

#[test]
fn the_published_schema_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema/report-1.schema.json");
    #[expect(
        clippy::disallowed_methods,
        reason = "the developer asks for the file to be written anew"
    )]
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, report_schema()).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap();
    assert!(
        published == report_schema(),
        "run the test with UPDATE_EXPECT=1 and look at the difference"
    );
}

#[test]
fn a_report_has_what_the_schema_demands() {
    let scene = Scene::new();
    let sealed = scene.seal_at(&document(1), &[point(1)]).unwrap();
    let schema: Value = serde_json::from_str(&report_schema()).unwrap();
    for bytes in [&sealed[..], &document(1), b"no package"] {
        let report = serde_json::to_value(scene.verify(bytes)).unwrap();
        assert_eq!(report["schema"], REPORT_SCHEMA);
        assert_eq!(fault(&report, &schema, &schema), None);
    }
}

/// What `value` has against `schema`: as much of JSON Schema as the schema of reports uses.
fn fault(value: &Value, schema: &Value, root: &Value) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return fault(value, root.pointer(reference.trim_start_matches('#'))?, root);
    }
    if let Some(any) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
        let all = any.iter().all(|schema| fault(value, schema, root).is_some());
        return all.then(|| format!("{value} is none of {schema}"));
    }
    let constant = schema.get("const").is_some_and(|constant| constant != value);
    let listed = schema["enum"]
        .as_array()
        .is_some_and(|values| !values.contains(value));
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let typed = types.is_empty()
        || types.contains(&kind(value))
        || (kind(value) == "integer" && types.contains(&"number"));
    if constant || listed || !typed {
        return Some(format!("{value} is not {schema}"));
    }
    let object = value.as_object();
    for name in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if object.is_some_and(|object| !object.contains_key(name)) {
            return Some(format!("{name} is missing"));
        }
    }
    let members = schema["properties"].as_object().into_iter().flatten();
    let in_members = members
        .filter_map(|(name, schema)| fault(object?.get(name)?, schema, root))
        .next();
    let items = schema.get("items").filter(|_| value.is_array());
    let in_items = items.and_then(|schema| {
        value
            .as_array()?
            .iter()
            .find_map(|item| fault(item, schema, root))
    });
    in_members.or(in_items)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
