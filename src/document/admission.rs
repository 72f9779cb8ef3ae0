//! What the API server would refuse: required members, closed lists, bounds and the rules of the schema.

use serde_json::Value;

use super::kind::Kind;
use super::shape::Shape;
use crate::api::{rules, schema};
use crate::preflight::Problem;

/// Problems of a manifest against the CRD of its kind.
pub fn check(kind: Kind, manifest: &Value) -> Vec<Problem> {
    match schema::schema(kind.as_str()) {
        Ok(schema) => against(kind.as_str(), schema.unwrap_or(&Value::Null), manifest),
        Err(error) => vec![Problem::new("spec", format!("cannot be checked: {error}"), "report this")],
    }
}

/// Problems of a manifest against the schema of its kind, and the schema's rules.
pub fn against(kind: &str, schema: &Value, manifest: &Value) -> Vec<Problem> {
    let mut found = Vec::new();
    let spec = schema.get("properties").and_then(|members| members.get("spec"));
    if let (Some(schema), Some(spec)) = (spec, manifest.get("spec")) {
        walk(spec, schema, "", &mut found);
    }
    let violations = rules::violations(kind, manifest, None::<&Value>);
    found.extend(violations.into_iter().map(|violation| {
        let path = violation.path.trim_start_matches("spec").trim_start_matches('.');
        let path = if path.is_empty() { "spec" } else { path };
        Problem::new(path, violation.message, "change it so that the rule holds")
    }));
    found
}

fn walk(value: &Value, schema: &Value, path: &str, found: &mut Vec<Problem>) {
    closed(value, schema, path, found);
    bounds(value, schema, path, found);
    match (Shape::of(schema), value) {
        (Shape::Object(properties), Value::Object(members)) => {
            let required = schema.get("required").and_then(Value::as_array);
            for name in required.into_iter().flatten().filter_map(Value::as_str) {
                if !members.contains_key(name) {
                    found.push(Problem::new(below(path, name), "is missing", format!("set `{name}`")));
                }
            }
            for (name, member) in members {
                if let Some(schema) = properties.get(name) {
                    walk(member, schema, &below(path, name), found);
                }
            }
        }
        (Shape::Map(schema), Value::Object(entries)) => {
            for (key, entry) in entries {
                walk(entry, schema, &format!("{path}[{key}]"), found);
            }
        }
        (Shape::List(schema), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                let label = item.get("name").and_then(Value::as_str).map_or_else(|| index.to_string(), str::to_owned);
                walk(item, schema, &format!("{path}[{label}]"), found);
            }
        }
        _ => {}
    }
}

fn closed(value: &Value, schema: &Value, path: &str, found: &mut Vec<Problem>) {
    let Some(choices) = schema.get("enum").and_then(Value::as_array) else {
        return;
    };
    if !choices.contains(value) {
        let words: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
        found.push(Problem::new(path, "is not a value that ECS knows", format!("use one of {}", words.join(", "))));
    }
}

/// Lengths and ranges.
fn bounds(value: &Value, schema: &Value, path: &str, found: &mut Vec<Problem>) {
    let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
    let count = |length: usize| u32::try_from(length).map_or(f64::MAX, f64::from);
    let (size, least, most, unit) = match value {
        Value::String(text) => (count(text.chars().count()), "minLength", "maxLength", "characters"),
        Value::Array(items) => (count(items.len()), "minItems", "maxItems", "items"),
        Value::Object(members) => (count(members.len()), "minProperties", "maxProperties", "entries"),
        Value::Number(number) => (number.as_f64().unwrap_or_default(), "minimum", "maximum", ""),
        Value::Null | Value::Bool(_) => return,
    };
    let words = |bound: &str, limit: f64| format!("must be at {bound} {limit} {unit}").trim_end().to_owned();
    if let Some(limit) = limit(least).filter(|limit| size < *limit) {
        found.push(Problem::new(path, words("least", limit), "choose a value in that range"));
    }
    if let Some(limit) = limit(most).filter(|limit| size > *limit) {
        found.push(Problem::new(path, words("most", limit), "choose a value in that range"));
    }
}

fn below(path: &str, member: &str) -> String {
    if path.is_empty() { member.to_owned() } else { format!("{path}.{member}") }
}
