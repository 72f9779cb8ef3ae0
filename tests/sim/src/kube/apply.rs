//! Server-side apply: the request's side. What it makes of an object is in `owners`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::admit::fit_to_url;
use super::answer::Answer;
use super::failure::{Failure, Outcome};
use super::owners::apply;
use super::route::{Ask, Door};
use super::schema::check;
use super::shape::prune;
use super::store::{MemApi, meta, set_meta};
use super::write::{immutable_uid, set_part};

impl MemApi {
    pub(super) fn apply(
        &mut self,
        ask: &Ask,
        name: &str,
        old: Option<&Arc<Value>>,
        mut config: Value,
    ) -> Outcome<Answer> {
        fit_to_url(ask, &mut config, Some(name))?;
        if config.pointer("/metadata/managedFields").is_some_and(|m| !m.is_null()) {
            return Err(Failure::bad_request("metadata.managedFields must be nil"));
        }
        typed(ask, &config)?;
        prune(&mut config, &ask.kind.schema, "", &mut Vec::new());
        let asked = meta(&config, "resourceVersion").to_owned();
        let uid = meta(&config, "uid").to_owned();
        if ask.door == Door::Main && ask.kind.status {
            set_part(&mut config, "status", None);
        } else if ask.door == Door::Status {
            config = json!({
                "apiVersion": config.get("apiVersion"), "kind": config.get("kind"), "metadata": {},
                "status": config.get("status"),
            });
            prune(&mut config, &ask.kind.schema, "", &mut Vec::new());
        }
        set_meta(&mut config, "resourceVersion", Value::Null);
        set_meta(&mut config, "uid", Value::Null);
        set_meta(&mut config, "creationTimestamp", Value::Null);
        let (me, force, stamp) = (ask.writer(true), ask.flag("force"), ask.stamp());
        let Some(old) = old else {
            if ask.door != Door::Main {
                return Err(Failure::not_found(&ask.kind, name));
            }
            if !uid.is_empty() {
                let why =
                    format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
                return Err(Failure::conflict(&ask.kind, name, &why));
            }
            let made = apply(&json!({"metadata": {}}), &config, &ask.kind, &me, force, &stamp)?;
            return self.insert(ask, made.object, Some(made.owners)).map(|body| Answer::reply(201, body));
        };
        if !asked.is_empty() && asked != meta(old, "resourceVersion") {
            return Err(Failure::stale(&ask.kind, name));
        }
        let mut made = apply(old, &config, &ask.kind, &me, force, &stamp)?;
        if !uid.is_empty() {
            set_meta(&mut made.object, "uid", uid.into());
            immutable_uid(ask, name, &made.object, old)?;
        }
        self.finish_update(ask, old, made.object, Some(made.owners)).map(|o| Answer::reply(200, (*o).clone()))
    }
}

/// An applied configuration must fit the schema's types: the server answers a plain 500 when it does not.
fn typed(ask: &Ask, config: &Value) -> Outcome<()> {
    let mut rest = config.clone();
    let mut unknown = Vec::new();
    prune(&mut rest, &ask.kind.schema, "", &mut unknown);
    let title = format!(
        "failed to create typed patch object ({}/{}; {}, Kind={})",
        meta(config, "namespace"),
        meta(config, "name"),
        ask.kind.api_version(),
        ask.kind.kind
    );
    if let Some(path) = unknown.first() {
        return Err(Failure::unknown(format!("{title}: .{path}: field not declared in schema")));
    }
    let broken = check(&rest, &ask.kind.schema)
        .into_iter()
        .find(|v| matches!(v.reason, "FieldValueTypeInvalid" | "FieldValueDuplicate"));
    match broken {
        Some(v) => Err(Failure::unknown(format!("{title}: .{}: {}", v.field, v.message))),
        None => Ok(()),
    }
}
