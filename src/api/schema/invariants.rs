//! What every finished schema must satisfy.

use serde_json::{Map, Value};

use super::{SchemaError, join};

/// Longest CRD, as JSON, that leaves room below the limit of client-side apply.
const MAX_BYTES: usize = 200 * 1024;

/// Fails on the first broken rule.
pub(super) fn check(kind: &str, root: &Value) -> Result<(), SchemaError> {
    let broken = |path: &str, problem: &str| SchemaError::Broken {
        kind: kind.to_owned(),
        path: path.to_owned(),
        problem: problem.to_owned(),
    };
    if root.to_string().len() > MAX_BYTES {
        return Err(broken("", "more than 200 KiB of schema"));
    }
    let status = root.pointer("/properties/status").unwrap_or(&Value::Null);
    if status.get("required").is_some() {
        return Err(broken("status", "a required field in status"));
    }
    if status.pointer("/properties/observedGeneration/minimum").is_some() {
        return Err(broken("status.observedGeneration", "a minimum"));
    }
    walk(root, "", &mut |path, node| problem(path, node).map_or(Ok(()), |problem| Err(broken(path, problem))))
}

fn walk(
    schema: &Value,
    path: &str,
    visit: &mut impl FnMut(&str, &Map<String, Value>) -> Result<(), SchemaError>,
) -> Result<(), SchemaError> {
    let Some(node) = schema.as_object() else { return Ok(()) };
    visit(path, node)?;
    for below in ["items", "additionalProperties"].iter().filter_map(|key| node.get(*key)) {
        walk(below, &format!("{path}[]"), visit)?;
    }
    for (name, property) in node.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if !is_described(property) {
            visit(&join(path, name), &Map::new())?;
        }
        walk(property, &join(path, name), visit)?;
    }
    Ok(())
}

fn is_described(property: &Value) -> bool {
    property.get("description").and_then(Value::as_str).is_some_and(|text| !text.is_empty())
}

fn problem(path: &str, node: &Map<String, Value>) -> Option<&'static str> {
    if node.is_empty() {
        return Some("no description");
    }
    for (key, problem) in [
        ("nullable", "`nullable`"),
        ("oneOf", "a schema union"),
        ("anyOf", "a schema union"),
        ("x-kubernetes-preserve-unknown-fields", "unknown fields preserved"),
    ] {
        if node.contains_key(key) {
            return Some(problem);
        }
    }
    let format = node.get("format").and_then(Value::as_str);
    if format.is_some_and(|format| !["int32", "int64", "double", "date-time"].contains(&format)) {
        return Some("an unknown format");
    }
    let scale_path = ["spec.desiredCount", "spec.capacity", "spec.capacity.desired"].contains(&path);
    if node.contains_key("default") && path != "status" && !scale_path {
        return Some("a default");
    }
    let sized = match node.get("type").and_then(Value::as_str) {
        Some("string") => node.contains_key("maxLength") || node.contains_key("enum"),
        Some("array") => node.contains_key("maxItems"),
        Some("object") => !node.contains_key("additionalProperties") || node.contains_key("maxProperties"),
        Some("integer" | "number") if path.starts_with("spec") => {
            node.contains_key("minimum") && node.contains_key("maximum")
        }
        _ => true,
    };
    if !sized {
        return Some("no size");
    }
    let keys = node.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
    let required = node.get("items").and_then(|items| items.get("required")).and_then(Value::as_array);
    let key_missing = keys.into_iter().flatten().any(|key| !required.is_some_and(|r| r.contains(key)));
    key_missing.then_some("a list key that is not required")
}
