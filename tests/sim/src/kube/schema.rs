//! Structural schemas: the violations of a value.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Map, Value};

/// One broken rule. `node` is the JSON pointer of the value whose rule it is.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    pub(crate) node: String,
    pub(crate) field: String,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
}

impl Violation {
    pub(crate) fn new(field: &str, reason: &'static str, message: impl Into<String>) -> Self {
        Self { node: String::new(), field: field.to_owned(), reason, message: message.into() }
    }

    /// A forbidden change or value.
    pub(crate) fn forbidden(field: &str, message: &str) -> Self {
        Self::new(field, "FieldValueForbidden", format!("Forbidden: {message}"))
    }

    pub(crate) fn invalid(field: &str, value: &Value, message: &str) -> Self {
        Self::new(field, "FieldValueInvalid", format!("Invalid value: {value}: {message}"))
    }

    pub(crate) fn required(field: &str, message: &str) -> Self {
        Self::new(
            field,
            "FieldValueRequired",
            format!("Required value{}{message}", if message.is_empty() { "" } else { ": " }),
        )
    }
}

pub(super) fn flag(schema: &Value, name: &str) -> bool {
    schema.get(name).and_then(Value::as_bool).unwrap_or(false)
}

pub(crate) fn text<'a>(schema: &'a Value, name: &str) -> &'a str {
    schema.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The schema of a member of an object, and whether it is declared by name.
pub(crate) fn member<'a>(schema: &'a Value, name: &str) -> Option<(&'a Value, bool)> {
    if let Some(found) = schema.get("properties").and_then(|p| p.get(name)) {
        return Some((found, true));
    }
    schema.get("additionalProperties").filter(|s| s.is_object()).map(|s| (s, false))
}

pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_i64() || n.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn type_fits(value: &Value, schema: &Value) -> bool {
    if value.is_null() && flag(schema, "nullable") {
        return true;
    }
    let actual = type_of(value);
    if flag(schema, "x-kubernetes-int-or-string") {
        return matches!(actual, "integer" | "string");
    }
    match text(schema, "type") {
        "" => true,
        "number" => matches!(actual, "number" | "integer"),
        "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0),
        wanted => wanted == actual,
    }
}

/// Where a value stands: its JSON pointer and its field path.
#[derive(Clone)]
struct Spot {
    pointer: String,
    field: String,
}

impl Spot {
    fn member(&self, name: &str) -> Self {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        Self { pointer: format!("{}/{escaped}", self.pointer), field: join(&self.field, name) }
    }

    fn item(&self, index: usize) -> Self {
        Self { pointer: format!("{}/{index}", self.pointer), field: format!("{}[{index}]", self.field) }
    }

    fn broken(&self, reason: &'static str, message: String) -> Violation {
        Violation { node: self.pointer.clone(), field: self.field.clone(), reason, message }
    }
}

/// All violations of `value` against `schema`.
pub(crate) fn check(value: &Value, schema: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    visit(value, schema, &Spot { pointer: String::new(), field: String::new() }, &mut found);
    found
}

fn visit(value: &Value, schema: &Value, spot: &Spot, found: &mut Vec<Violation>) {
    if !type_fits(value, schema) {
        let wanted = text(schema, "type");
        let field = &spot.field;
        let actual = type_of(value);
        found.push(spot.broken(
            "FieldValueTypeInvalid",
            format!("Invalid value: {actual:?}: {field} in body must be of type {wanted}: {actual:?}"),
        ));
        return;
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
        && !allowed.contains(value)
    {
        let list: Vec<String> = allowed.iter().map(Value::to_string).collect();
        found.push(spot.broken(
            "FieldValueNotSupported",
            format!("Unsupported value: {value}: supported values: {}", list.join(", ")),
        ));
    }
    match value {
        Value::Object(map) => visit_object(map, schema, spot, found),
        Value::Array(items) => visit_array(items, schema, spot, found),
        Value::String(s) => visit_string(s, schema, spot, found),
        Value::Number(n) => visit_number(n, schema, spot, found),
        Value::Null | Value::Bool(_) => {}
    }
}

fn limit(schema: &Value, name: &str) -> Option<usize> {
    schema.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok())
}

fn visit_object(map: &Map<String, Value>, schema: &Value, spot: &Spot, found: &mut Vec<Violation>) {
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        if !map.contains_key(name) {
            let mut broken = spot.broken("FieldValueRequired", "Required value".into());
            broken.field = join(&spot.field, name);
            found.push(broken);
        }
    }
    if let Some(max) = limit(schema, "maxProperties").filter(|max| map.len() > *max) {
        found.push(spot.broken("FieldValueTooMany", format!("Too many: {}: must have at most {max} items", map.len())));
    }
    if let Some(min) = limit(schema, "minProperties").filter(|min| map.len() < *min) {
        found.push(spot.broken(
            "FieldValueInvalid",
            format!("Invalid value: {}: {} in body should have at least {min} properties", map.len(), spot.field),
        ));
    }
    for (name, child) in map {
        if let Some((inner, _)) = member(schema, name) {
            visit(child, inner, &spot.member(name), found);
        }
    }
}

fn visit_array(items: &[Value], schema: &Value, spot: &Spot, found: &mut Vec<Violation>) {
    if let Some(max) = limit(schema, "maxItems").filter(|max| items.len() > *max) {
        found.push(
            spot.broken("FieldValueTooMany", format!("Too many: {}: must have at most {max} items", items.len())),
        );
    }
    if let Some(min) = limit(schema, "minItems").filter(|min| items.len() < *min) {
        found.push(spot.broken(
            "FieldValueInvalid",
            format!("Invalid value: {}: {} in body should have at least {min} items", items.len(), spot.field),
        ));
    }
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let here = spot.item(index);
        if let Some(identity) = item_identity(item, schema)
            && !seen.insert(identity.clone())
        {
            found.push(here.broken("FieldValueDuplicate", format!("Duplicate value: {identity}")));
        }
        if let Some(inner) = schema.get("items") {
            visit(item, inner, &here, found);
        }
    }
}

/// What makes an item of a `map` or `set` list unique; `None` in an atomic list.
pub(crate) fn item_identity(item: &Value, schema: &Value) -> Option<String> {
    match text(schema, "x-kubernetes-list-type") {
        "set" => Some(item.to_string()),
        "map" => {
            let mut keys: Vec<&str> = schema
                .get("x-kubernetes-list-map-keys")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            keys.sort_unstable();
            let inner = schema.get("items").unwrap_or(&Value::Null);
            let pairs: Vec<String> = keys
                .iter()
                .filter_map(|key| {
                    let default = member(inner, key).and_then(|(s, _)| s.get("default"));
                    let value = item.get(key).or(default)?;
                    Some(format!("{}:{value}", Value::from(*key)))
                })
                .collect();
            Some(format!("{{{}}}", pairs.join(",")))
        }
        _ => None,
    }
}

fn visit_string(value: &str, schema: &Value, spot: &Spot, found: &mut Vec<Violation>) {
    let length = value.chars().count();
    if let Some(max) = limit(schema, "maxLength").filter(|max| length > *max) {
        found.push(spot.broken("FieldValueTooLong", format!("Too long: may not be more than {max} bytes")));
    }
    let quoted = Value::from(value);
    if let Some(min) = limit(schema, "minLength").filter(|min| length < *min) {
        found.push(spot.broken(
            "FieldValueInvalid",
            format!("Invalid value: {quoted}: {} in body should be at least {min} chars long", spot.field),
        ));
    }
    let pattern = text(schema, "pattern");
    if !pattern.is_empty() && Regex::new(pattern).is_ok_and(|regex| !regex.is_match(value)) {
        found.push(spot.broken(
            "FieldValueInvalid",
            format!("Invalid value: {quoted}: {} in body should match '{pattern}'", spot.field),
        ));
    }
    if text(schema, "format") == "date-time" && value.parse::<jiff::Timestamp>().is_err() {
        found.push(spot.broken(
            "FieldValueInvalid",
            format!("Invalid value: {quoted}: {} in body must be of type date-time: {quoted}", spot.field),
        ));
    }
}

fn visit_number(value: &serde_json::Number, schema: &Value, spot: &Spot, found: &mut Vec<Violation>) {
    let Some(number) = value.as_f64() else { return };
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let mut breach = |words: &str, edge: f64| {
        found.push(spot.broken(
            "FieldValueInvalid",
            format!("Invalid value: {value}: {} in body should be {words} {edge}", spot.field),
        ));
    };
    if let Some(min) = bound("minimum") {
        if flag(schema, "exclusiveMinimum") && number <= min {
            breach("greater than", min);
        } else if number < min {
            breach("greater than or equal to", min);
        }
    }
    if let Some(max) = bound("maximum") {
        if flag(schema, "exclusiveMaximum") && number >= max {
            breach("less than", max);
        } else if number > max {
            breach("less than or equal to", max);
        }
    }
}

/// Drops violations of values that the update does not touch (ratcheting).
pub(crate) fn ratchet(found: Vec<Violation>, new: &Value, old: &Value) -> Vec<Violation> {
    found
        .into_iter()
        .filter(|v| match (new.pointer(&v.node), old.pointer(&v.node)) {
            (Some(a), Some(b)) => a != b,
            _ => true,
        })
        .collect()
}
