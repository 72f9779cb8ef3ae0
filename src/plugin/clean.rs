//! Objects as the manifests that make them, and as they may be shown to strangers. Pure.

use serde_json::{Map, Value, json};

use super::tree::Object;
use crate::api::names::{GROUP, VERSION, annotation};
use crate::document::parse;

/// Annotations that ask for something once, or that tools set for themselves.
const PASSING: &[&str] = &[
    annotation::RECONCILE_REQUESTED_AT,
    annotation::RESTARTED_AT,
    annotation::PROMOTE,
    annotation::ABORT,
    annotation::RETRY,
    annotation::TERMINATE_TASKS,
];
/// Whose annotations are theirs alone.
const TOOLS: &[&str] =
    &["kubectl.kubernetes.io/", "meta.helm.sh/", "argocd.argoproj.io/tracking-id", "config.kubernetes.io/"];
/// What stands for a value.
const HIDDEN: &str = "(hidden)";

/// The manifest that makes the object.
#[must_use]
pub fn manifest(object: &Object, with_namespace: bool) -> Value {
    let mut metadata = json!({ "name": object.name });
    if let Some(members) = metadata.as_object_mut() {
        if with_namespace && !object.namespace.is_empty() {
            members.insert("namespace".to_owned(), Value::from(object.namespace.clone()));
        }
        let stays = |key: &String| !PASSING.contains(&key.as_str()) && !TOOLS.iter().any(|tool| key.starts_with(tool));
        let annotations: Map<String, Value> = object
            .annotations
            .iter()
            .filter(|(key, _)| stays(key))
            .map(|(key, value)| (key.clone(), Value::from(value.clone())))
            .collect();
        let labels: Map<String, Value> =
            object.labels.iter().map(|(key, value)| (key.clone(), Value::from(value.clone()))).collect();
        for (name, map) in [("annotations", annotations), ("labels", labels)] {
            if !map.is_empty() {
                members.insert(name.to_owned(), Value::Object(map));
            }
        }
    }
    json!({
        "apiVersion": format!("{GROUP}/{VERSION}"), "kind": object.kind.name(), "metadata": metadata,
        "spec": object.spec,
    })
}

/// The object with its status, without values that people keep to themselves.
#[must_use]
pub fn shown(object: &Object) -> Value {
    let mut value = manifest(object, true);
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("uid".to_owned(), Value::from(object.uid.clone()));
        metadata.insert("generation".to_owned(), Value::from(object.generation));
        metadata.insert("resourceVersion".to_owned(), Value::from(object.version.clone()));
        metadata.insert("creationTimestamp".to_owned(), json!(object.created.map(|time| time.to_string())));
        // Others write what they like there.
        let annotations = metadata.get_mut("annotations").and_then(Value::as_object_mut).into_iter().flatten();
        for (_, value) in annotations.filter(|(key, _)| !key.starts_with(GROUP)) {
            *value = Value::from(HIDDEN);
        }
    }
    if let Some(members) = value.as_object_mut() {
        members.insert("status".to_owned(), object.status.clone());
    }
    hide(&mut value);
    value
}

/// Takes values out of variables, commands, labels, options, hooks and credentials.
pub fn hide(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "environment" | "headers" => only_names(member),
                    "command"
                    | "entryPoint"
                    | "hookDetails"
                    | "driverOpts"
                    | "dockerLabels"
                    | "credentialsParameter"
                    | "externalId"
                    | "valueFrom"
                    | "query" => cover(member),
                    "options" => options(member),
                    "inline" => inline(member),
                    _ => hide(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Of pairs of name and value, or of a map, the names.
fn only_names(value: &mut Value) {
    match value {
        Value::Array(items) => {
            for item in items.iter_mut().filter_map(Value::as_object_mut) {
                item.iter_mut().filter(|(name, _)| *name != "name").for_each(|(_, value)| cover(value));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => cover(value),
    }
}

/// Options of log drivers but those of `awslogs`, which are names.
fn options(value: &mut Value) {
    for (name, value) in value.as_object_mut().into_iter().flatten() {
        if !name.starts_with("awslogs-") {
            cover(value);
        }
    }
}

/// A document inside a text; one that cannot be read is covered as a whole.
fn inline(value: &mut Value) {
    let documents = value.as_str().and_then(|text| parse::documents(text).ok());
    *value = match documents.as_deref() {
        Some([document]) => {
            let mut document = document.clone();
            hide(&mut document);
            Value::from(document.to_string())
        }
        _ => Value::from(HIDDEN),
    };
}

/// Every text and number in it.
fn cover(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(cover),
        Value::Object(members) => members.values_mut().for_each(cover),
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) => *value = Value::from(HIDDEN),
    }
}

/// What [`hide`] takes out, wherever else it may stand: documents inside texts are opened.
#[must_use]
pub fn opened(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, member)| {
                    let inside = member.as_str().filter(|_| name == "inline");
                    let inside = inside.and_then(|text| parse::documents(text).ok()).map(Value::Array);
                    (name.clone(), inside.unwrap_or_else(|| opened(member)))
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(opened).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_and_values_go_also_out_of_a_document_in_a_text() {
        let container = json!({
            "name": "web", "image": "nginx", "environment": [{"name": "TOKEN", "value": "s3cret"}],
            "command": ["serve", "--key=s3cret"], "healthCheck": {"command": ["s3cret"], "interval": 5},
            "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": "s3cret", "awslogs-group": "/shop"}},
            "secrets": [{"name": "A", "valueFrom": "arn:s3cret"}], "dockerLabels": {"a": "s3cret"}
        });
        let inner = json!({"containerDefinitions": [container.clone()]}).to_string();
        let mut value = json!({
            "containerDefinitions": [container], "template": {"artifact": {"inline": inner}},
            "broken": {"inline": "{ s3cret"}, "tags": {"team": "shop"}
        });
        hide(&mut value);
        let text = value.to_string();
        assert!(!text.contains("s3cret"), "{text}");
        for kept in ["TOKEN", "nginx", "/shop", "\"interval\":5", "\"team\":\"shop\"", "splunk-token"] {
            assert!(text.contains(kept), "{kept} in {text}");
        }
        assert_eq!(text.matches("nginx").count(), 2);
    }
}
