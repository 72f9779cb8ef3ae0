//! What the API server would refuse: required members and closed lists of values.

use serde_json::Value;

use super::kind::Kind;
use super::shape::Shape;
use crate::preflight::Problem;

/// Problems of a spec against the schema of its kind, in the order of the schema.
pub(super) fn check(kind: Kind, spec: &Value) -> Vec<Problem> {
    let mut found = Vec::new();
    walk(spec, &kind.schema(), "", &mut found);
    found
}

fn walk(value: &Value, schema: &Value, path: &str, found: &mut Vec<Problem>) {
    closed(value, schema, path, found);
    match (Shape::of(schema), value) {
        (Shape::Object(properties), Value::Object(members)) => {
            for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
            {
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

fn below(path: &str, member: &str) -> String {
    if path.is_empty() { member.to_owned() } else { format!("{path}.{member}") }
}
