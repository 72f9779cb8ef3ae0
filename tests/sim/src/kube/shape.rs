//! The shape a schema gives to a value: undeclared members pruned, defaults filled in.

use serde_json::Value;

use super::schema::{flag, join, member};

/// Whether members that no property names are kept.
fn open(schema: &Value) -> bool {
    flag(schema, "x-kubernetes-preserve-unknown-fields")
        || schema.get("additionalProperties").and_then(Value::as_bool) == Some(true)
}

/// Removes undeclared members and null values that may not be null; notes the former in `unknown`.
pub(crate) fn prune(value: &mut Value, schema: &Value, path: &str, unknown: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            let names: Vec<String> = map.keys().cloned().collect();
            for name in names {
                let at = join(path, &name);
                match member(schema, &name) {
                    Some((inner, _)) => {
                        if map.get(&name).is_some_and(Value::is_null) && !flag(inner, "nullable") {
                            map.remove(&name);
                        } else if let Some(child) = map.get_mut(&name) {
                            prune(child, inner, &at, unknown);
                        }
                    }
                    None if open(schema) => {}
                    None => {
                        map.remove(&name);
                        unknown.push(at);
                    }
                }
            }
        }
        Value::Array(items) => {
            let Some(inner) = schema.get("items") else {
                return;
            };
            for (index, item) in items.iter_mut().enumerate() {
                prune(item, inner, &format!("{path}[{index}]"), unknown);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Fills absent members that have a default, outermost first.
pub(crate) fn fill(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(map) => {
            if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
                for (name, inner) in properties {
                    if let (false, Some(default)) = (map.contains_key(name), inner.get("default")) {
                        map.insert(name.clone(), default.clone());
                    }
                }
            }
            for (name, child) in map.iter_mut() {
                if let Some((inner, _)) = member(schema, name) {
                    fill(child, inner);
                }
            }
        }
        Value::Array(items) => {
            if let Some(inner) = schema.get("items") {
                for item in items {
                    fill(item, inner);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
