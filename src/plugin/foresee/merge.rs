//! A manifest as the API server would store it: asked by a dry run, or put together here. Nothing is stored.

use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use serde_json::{Map, Value, json};

use super::manifests::Manifest;
use crate::api::names::FIELD_MANAGER as OPERATOR;
use crate::api::schema::schema;
use crate::plugin::cluster::objects;

/// The annotation in which `kubectl apply` keeps what it applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What the API server made of a manifest.
#[derive(Clone, Debug)]
pub enum Stored {
    /// It would be stored so.
    Object(Value),
    /// It is refused.
    Refused(String),
    /// It was put together here, because the server was not to be asked.
    Guessed(Value, String),
}

/// Asks the server by a dry run: a dry run stores nothing.
pub async fn dry_run(kube: &Client, manifest: &Manifest, live: Option<&Value>) -> Stored {
    let namespace = manifest.object.pointer("/metadata/namespace").and_then(Value::as_str);
    let api: Api<DynamicObject> = objects(kube, manifest.kind, namespace);
    let asked = if let Some(live) = live.filter(|live| applied(live).is_some()) {
        let Ok(object) = serde_json::from_value::<DynamicObject>(merged(live, &manifest.object)) else {
            return local(manifest, Some(live), "it could not be read");
        };
        let params = PostParams { dry_run: true, ..PostParams::default() };
        api.replace(manifest.name(), &params, &object).await
    } else {
        let manager = live.and_then(manager).unwrap_or_else(|| "kubectl".to_owned());
        let params = PatchParams { dry_run: true, ..PatchParams::apply(&manager).force() };
        api.patch(manifest.name(), &params, &Patch::Apply(&manifest.object)).await
    };
    match asked {
        Ok(mut object) => {
            object.managed_fields_mut().clear();
            let mut value = serde_json::to_value(&object).unwrap_or_default();
            if live.is_some() {
                carry(&mut value, live);
            }
            Stored::Object(value)
        }
        Err(kube::Error::Api(refused)) if matches!(refused.code, 400 | 422) => Stored::Refused(refused.message),
        Err(kube::Error::Api(refused)) => local(manifest, live, &refused.message),
        Err(error) => local(manifest, live, &error.to_string()),
    }
}

/// A status is no part of an apply; an answer that lost it gets it back.
fn carry(value: &mut Value, live: Option<&Value>) {
    let status = live.and_then(|live| live.get("status")).cloned();
    if let (Some(members), Some(status)) = (value.as_object_mut(), status) {
        members.entry("status").or_insert(status);
    }
}

/// Put together here.
fn local(manifest: &Manifest, live: Option<&Value>, why: &str) -> Stored {
    let object = live.map_or_else(|| fresh(manifest), |live| merged(live, &manifest.object));
    Stored::Guessed(object, format!("{}: no dry run ({why}); put together here", manifest.address()))
}

/// A manifest as a new object, with the defaults of the schema.
#[must_use]
pub fn fresh(manifest: &Manifest) -> Value {
    let mut object = manifest.object.clone();
    let name = format!("{}/{}", manifest.kind.name(), object.get("metadata").unwrap_or(&Value::Null));
    let uid = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.as_bytes());
    json_patch::merge(&mut object, &json!({"metadata": {"uid": uid.to_string(), "generation": 1}, "status": null}));
    if let Some(schema) = schema(manifest.kind.name()).ok().flatten() {
        defaults(&mut object, schema);
    }
    object
}

/// Fills defaults of a schema in, as the API server does.
fn defaults(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(members) => {
            if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
                for (name, schema) in properties {
                    if let Some(default) = schema.get("default").filter(|_| !members.contains_key(name)) {
                        members.insert(name.clone(), default.clone());
                    }
                    if let Some(member) = members.get_mut(name) {
                        defaults(member, schema);
                    }
                }
            } else if let Some(schema) = schema.get("additionalProperties") {
                members.values_mut().for_each(|member| defaults(member, schema));
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for item in items {
                    defaults(item, schema);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What `kubectl apply` applied last.
fn applied(live: &Value) -> Option<Value> {
    let text = live.pointer("/metadata/annotations")?.get(LAST_APPLIED)?.as_str()?;
    serde_json::from_str(text).ok()
}

/// The manifest merged into what exists, as `kubectl apply` does: what it applied before and is not in the manifest any
/// more goes, what others set stays.
#[must_use]
pub fn merged(live: &Value, manifest: &Value) -> Value {
    let mut object = live.clone();
    if let Some(before) = applied(live) {
        let gone = removed(&before, manifest);
        json_patch::merge(&mut object, &gone);
    }
    json_patch::merge(&mut object, manifest);
    if object.get("spec") != live.get("spec") {
        let generation = live.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or_default();
        json_patch::merge(&mut object, &json!({"metadata": {"generation": generation + 1}}));
    }
    object
}

/// A merge patch that removes members of `before` that are not in `after`.
fn removed(before: &Value, after: &Value) -> Value {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { return json!({}) };
    let mut patch = Map::new();
    for (name, value) in before {
        match after.get(name) {
            None => {
                patch.insert(name.clone(), Value::Null);
            }
            Some(kept) if value.is_object() && kept.is_object() => {
                patch.insert(name.clone(), removed(value, kept));
            }
            Some(_) => {}
        }
    }
    Value::Object(patch)
}

/// Who applies the spec: what is not in its manifest any more goes.
fn manager(live: &Value) -> Option<String> {
    let entries = live.pointer("/metadata/managedFields")?.as_array()?;
    entries.iter().find_map(|entry| {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        let sets = entry.pointer("/fieldsV1/f:spec").is_some();
        let applies = text("operation") == "Apply" && text("manager") != OPERATOR && sets;
        applies.then(|| text("manager").to_owned())
    })
}
