//! The scale subresource: `autoscaling/v1` Scale over the paths a CRD names.

use serde_json::{Value, json};

use super::answer::Answer;
use super::failure::{Failure, Outcome};
use super::kinds::{Kind, ScalePaths};
use super::route::Ask;
use super::schema::Violation;
use super::store::{MemApi, meta};
use super::write::{Patched, patched};

fn pointer(path: &str) -> String {
    path.replace('.', "/")
}

fn number(object: &Value, path: &str) -> Option<i64> {
    object.pointer(&pointer(path)).and_then(Value::as_i64)
}

fn view(kind: &Kind, paths: &ScalePaths, object: &Value) -> Outcome<Value> {
    let replicas = number(object, &paths.spec).ok_or_else(|| {
        Failure::internal(format!(
            "Internal error occurred: the spec replicas field {:?} does not exist in {}",
            paths.spec,
            kind.qualified()
        ))
    })?;
    let mut status = json!({"replicas": number(object, &paths.status).unwrap_or(0)});
    if let Some(selector) = &paths.selector
        && let Some(text) = object.pointer(&pointer(selector)).filter(|v| v.is_string())
        && let Some(map) = status.as_object_mut()
    {
        map.insert("selector".into(), text.clone());
    }
    let mut metadata = json!({});
    if let Some(map) = metadata.as_object_mut() {
        for name in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
            let text = meta(object, name);
            if !text.is_empty() {
                map.insert(name.into(), text.into());
            }
        }
    }
    Ok(json!({
        "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata,
        "spec": {"replicas": replicas}, "status": status,
    }))
}

/// Sets a number at a path, making the objects on the way.
fn set_number(object: &mut Value, path: &str, number: i64) {
    let mut at = object;
    for name in path.split('.').filter(|n| !n.is_empty()) {
        let Some(map) = at.as_object_mut() else {
            return;
        };
        at = map.entry(name).or_insert_with(|| json!({}));
    }
    *at = number.into();
}

impl MemApi {
    pub(crate) fn scale(&mut self, ask: &Ask, verb: &str, name: &str) -> Outcome<Answer> {
        let old = self.object(&ask.key(name)).ok_or_else(|| Failure::not_found(&ask.kind, name))?;
        let paths = ask.kind.scale.as_ref().ok_or_else(Failure::no_route)?;
        let current = view(&ask.kind, paths, &old)?;
        let wanted = match verb {
            "GET" => return Ok(Answer::reply(200, current)),
            "PUT" => ask.json()?,
            "PATCH" => match patched(ask, &current)? {
                Patched::Object(object) => object,
                Patched::Apply(config) => {
                    let mut object = current.clone();
                    json_patch::merge(&mut object, &config);
                    object
                }
            },
            _ => return Err(Failure::not_allowed()),
        };
        let replicas = wanted.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(0);
        if replicas < 0 {
            let field = paths.spec.trim_start_matches('.');
            let broken = Violation::invalid(field, &replicas.into(), "should be a non-negative integer");
            return Err(Failure::invalid(&ask.kind.kind, &ask.kind.group, name, &[broken]));
        }
        let asked = meta(&wanted, "resourceVersion");
        if !asked.is_empty() && asked != meta(&old, "resourceVersion") {
            return Err(Failure::stale(&ask.kind, name));
        }
        let mut new = (*old).clone();
        set_number(&mut new, &paths.spec, replicas);
        let stored = self.finish_update(ask, &old, new, None)?;
        view(&ask.kind, paths, &stored).map(|body| Answer::reply(200, body))
    }
}
