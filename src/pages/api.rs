//! The page of the kinds: every field of every CRD, with type, limits and description.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::PagesError;
use super::table::{cell, code, table};
use crate::api::schema::crds;

/// Ends the path of a list's items.
const ITEMS: &str = "[]";

pub(super) fn page() -> Result<String, PagesError> {
    let mut text = "# The kinds\n\nGroup and version are `ecs-operator.dev/v1alpha1`. Names and shapes are AWS's own where AWS has the thing.\n\n".to_owned();
    for crd in crds()? {
        kind(&mut text, &serde_json::to_value(&crd)?);
    }
    Ok(text)
}

fn kind(page: &mut String, crd: &Value) {
    let names = crd.pointer("/spec/names").unwrap_or(&Value::Null);
    let word = |member: &str| names.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let schema = crd.pointer("/spec/versions/0/schema/openAPIV3Schema").unwrap_or(&Value::Null);
    let name = word("kind");
    let short = names.pointer("/shortNames/0").and_then(Value::as_str).unwrap_or_default();
    let _ = write!(page, "## {name}\n\n{}\n\n", description(schema));
    let _ = write!(page, "`kubectl get {}`, or `{short}`.", word("plural"));
    if crd.pointer("/spec/versions/0/subresources/scale").is_some() {
        page.push_str(" Has the `scale` subresource.");
    }
    page.push_str("\n\n");
    rules(page, schema);
    for part in ["spec", "status"] {
        if let Some(below) = schema.pointer(&format!("/properties/{part}")) {
            shape(page, &name, part, below);
        }
    }
}

/// The table of one object, then those of the objects below it.
fn shape(page: &mut String, kind: &str, path: &str, node: &Value) {
    let Some(properties) = node.get("properties").and_then(Value::as_object) else { return };
    let _ = write!(page, "### {kind}: {}\n\n", code(path));
    let required: BTreeSet<&str> =
        node.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let fixed = immutable(node);
    let rows = properties.iter().map(|(name, field)| {
        let mut notes = Vec::new();
        notes.extend(required.contains(name.as_str()).then(|| "**required**".to_owned()));
        notes.extend(fixed.contains(name.as_str()).then(|| "immutable".to_owned()));
        notes.extend(limits(field));
        vec![code(name), kind_of(kind, &format!("{path}.{name}"), field), notes.join("; "), cell(&description(field))]
    });
    page.push_str(&table(&["Field", "Type", "Limits", "Description"], rows));
    rules(page, node);
    for (name, field) in properties {
        let (inner, mark) = innermost(field);
        shape(page, kind, &format!("{path}.{name}{mark}"), inner);
    }
}

/// The schema of a list's items or a map's values, or the schema itself; and how its path ends.
fn innermost(field: &Value) -> (&Value, &'static str) {
    if let Some(items) = field.get("items") {
        return (items, ITEMS);
    }
    field.get("additionalProperties").map_or((field, ""), |values| (values, ".*"))
}

fn description(node: &Value) -> String {
    node.get("description").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The type of a field; that of an object is a link to its table.
fn kind_of(kind: &str, path: &str, field: &Value) -> String {
    let (inner, mark) = innermost(field);
    let plain = inner.get("type").and_then(Value::as_str).unwrap_or("integer or string");
    let word = if inner.get("properties").is_some() {
        let anchor: String = format!("{kind} {path}{mark}")
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-')
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        format!("[object](#{anchor})")
    } else {
        plain.to_owned()
    };
    match mark {
        "" => word,
        ITEMS => format!("list of {word}"),
        _ => format!("map of {word}"),
    }
}

/// Members whose value stays for the life of the object: a rule about the old object names them.
fn immutable(node: &Value) -> BTreeSet<&str> {
    let told = node.get("x-kubernetes-validations").and_then(Value::as_array).into_iter().flatten();
    told.filter(|rule| text(rule, "rule").contains("oldSelf"))
        .filter_map(|rule| rule.get("fieldPath").and_then(Value::as_str))
        .map(|path| path.trim_start_matches('.'))
        .collect()
}

fn text<'a>(node: &'a Value, member: &str) -> &'a str {
    node.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// The rules over more than one member, in the words of their refusals.
fn rules(page: &mut String, node: &Value) {
    let mut said: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for rule in node.get("x-kubernetes-validations").and_then(Value::as_array).into_iter().flatten() {
        if !text(rule, "rule").contains("oldSelf") {
            said.entry(text(rule, "fieldPath").trim_start_matches('.')).or_default().insert(text(rule, "message"));
        }
    }
    for (field, messages) in &said {
        for message in messages {
            let subject = if field.is_empty() { String::new() } else { format!("{} ", code(field)) };
            let _ = writeln!(page, "- {subject}{message}.");
        }
    }
    if !said.is_empty() {
        page.push('\n');
    }
}

/// Defaults, enumerated values and bounds of a field and of its items.
fn limits(field: &Value) -> Vec<String> {
    let Some(node) = field.as_object() else { return Vec::new() };
    let mut found = own_limits(node);
    if let Some(default) = node.get("default").filter(|default| !default.is_object()) {
        found.insert(0, format!("default {}", code(&default.to_string())));
    }
    match node.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("map") => {
            let key = node.get("x-kubernetes-list-map-keys").and_then(|keys| keys.get(0)).and_then(Value::as_str);
            found.extend(key.map(|key| format!("each {} once", code(key))));
        }
        Some("set") => found.push("each item once".to_owned()),
        _ => {}
    }
    let (inner, mark) = innermost(field);
    if let (false, Some(inner)) = (mark.is_empty(), inner.as_object()) {
        found.extend(own_limits(inner).into_iter().map(|limit| format!("each: {limit}")));
        found.extend(own_rules(inner).map(|rule| format!("each {rule}")));
    }
    if node.get("properties").is_none() {
        found.extend(own_rules(node).map(str::to_owned));
    }
    found.iter().map(|limit| cell(limit)).collect()
}

/// Rules on a value that has no table of its own.
fn own_rules(node: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let table = node.contains_key("properties");
    let rules = node.get("x-kubernetes-validations").and_then(Value::as_array).filter(|_| !table);
    rules.into_iter().flatten().map(|rule| text(rule, "message"))
}

fn own_limits(node: &Map<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(words) = node.get("enum").and_then(Value::as_array) {
        let words: Vec<String> = words.iter().filter_map(Value::as_str).map(code).collect();
        found.push(format!("one of {}", words.join(", ")));
    }
    for (least, most, noun) in [
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minProperties", "maxProperties", " entries"),
        ("minimum", "maximum", ""),
    ] {
        let bound = |name: &str| node.get(name).map(whole);
        found.extend(match (bound(least), bound(most)) {
            (Some(least), Some(most)) => Some(format!("{least} to {most}{noun}")),
            (None, Some(most)) => Some(format!("at most {most}{noun}")),
            (Some(least), None) => Some(format!("at least {least}{noun}")),
            (None, None) => None,
        });
    }
    found.extend(node.get("pattern").and_then(Value::as_str).map(|pattern| format!("matches {}", code(pattern))));
    found
}

/// A bound, without a fraction where it has none.
fn whole(number: &Value) -> String {
    let text = number.to_string();
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}
