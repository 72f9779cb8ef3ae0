//! Members that a schema does not know, and values of another type. Pure.

use serde_json::{Map, Value};

use crate::preflight::Problem;

/// As alike as this, and another name is proposed.
const ALIKE: f64 = 0.8;

/// Misfits of an object, by path.
#[must_use]
pub(super) fn misfits(object: &Value, schema: &Value) -> Vec<Problem> {
    let mut found = Vec::new();
    let known = schema.get("properties").and_then(Value::as_object);
    let mut known = known.cloned().unwrap_or_default();
    for name in ["apiVersion", "kind", "metadata"] {
        known.insert(name.to_owned(), Value::Null);
    }
    for name in object.as_object().into_iter().flat_map(Map::keys).filter(|name| !known.contains_key(*name)) {
        found.push(unknown(name, name, &known));
    }
    match (object.get("spec"), known.get("spec")) {
        (Some(spec), Some(schema)) => walk(spec, schema, "spec", &mut found),
        (None, Some(_)) => found.push(Problem::new("spec", "is missing", "write the members under `spec`")),
        _ => {}
    }
    found
}

fn walk(value: &Value, schema: &Value, path: &str, found: &mut Vec<Problem>) {
    // A null is as if the member were absent.
    if value.is_null() || !fits(value, schema, path, found) {
        return;
    }
    match value {
        Value::Object(members) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let entries = schema.get("additionalProperties").filter(|entries| entries.is_object());
            let open = schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true));
            for (name, member) in members {
                match (properties.and_then(|properties| properties.get(name)), entries) {
                    (Some(schema), _) => walk(member, schema, &format!("{path}.{name}"), found),
                    (None, Some(schema)) => walk(member, schema, &format!("{path}[{name}]"), found),
                    (None, None) if open || properties.is_none() => {}
                    (None, None) => {
                        found.push(unknown(name, &format!("{path}.{name}"), properties.unwrap_or(&Map::new())));
                    }
                }
            }
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else { return };
            for (at, item) in items.iter().enumerate() {
                let name = item.get("name").and_then(Value::as_str).map_or_else(|| at.to_string(), str::to_owned);
                walk(item, schema, &format!("{path}[{name}]"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Is it of the type that the schema wants?
fn fits(value: &Value, schema: &Value, path: &str, found: &mut Vec<Problem>) -> bool {
    let wanted = schema.get("type").and_then(Value::as_str);
    let either = schema.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true));
    let (fits, word, remedy) = match wanted {
        _ if either => (value.is_number() || value.is_string(), "a number or text", "write a number"),
        Some("object") => (value.is_object(), "an object", "write members below it"),
        Some("array") => (value.is_array(), "a list", "write items, each behind `-`"),
        Some("string") => (value.is_string(), "text", "put it into quotes"),
        Some("integer") => (value.is_i64() || value.is_u64(), "a whole number", "write the number without quotes"),
        Some("number") => (value.is_number(), "a number", "write the number without quotes"),
        Some("boolean") => (value.is_boolean(), "true or false", "write true or false without quotes"),
        _ => (true, "", ""),
    };
    if !fits {
        found.push(Problem::new(path, format!("is {} and must be {word}", said(value)), remedy));
    }
    fits
}

fn said(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn unknown(name: &str, path: &str, known: &Map<String, Value>) -> Problem {
    let lower = name.to_ascii_lowercase();
    let likeness = |other: &String| strsim::jaro_winkler(&lower, &other.to_ascii_lowercase());
    let near = known.keys().map(|other| (likeness(other), other)).max_by(|a, b| a.0.total_cmp(&b.0));
    let remedy = match near.filter(|(likeness, _)| *likeness > ALIKE) {
        Some((_, other)) => format!("did you mean `{other}`?"),
        None => "remove it".to_owned(),
    };
    Problem::new(path, "is not a member that is known here", remedy)
}
