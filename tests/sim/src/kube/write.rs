//! Create, replace and patch.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::admit::fit_to_url;
use super::answer::Answer;
use super::failure::{Failure, Outcome};
use super::kinds::{CRD_KIND, Kind};
use super::owners::Owners;
use super::route::{Ask, Door};
use super::schema::Violation;
use super::store::{MemApi, finalizers, meta, set_meta};

/// A patch document, interpreted.
pub(crate) enum Patched {
    /// The whole object after a JSON or merge patch.
    Object(Value),
    /// The configuration of a server-side apply.
    Apply(Value),
}

/// Applies the patch of a request to `current`, by its content type.
pub(crate) fn patched(ask: &Ask, current: &Value) -> Outcome<Patched> {
    let media = ask.content_type.split(';').next().unwrap_or_default().trim();
    let body: Value = serde_json::from_slice(ask.body)
        .map_err(|error| Failure::bad_request(format!("error decoding patch: {error}")))?;
    match media {
        "application/json-patch+json" => {
            let patch: json_patch::Patch = serde_json::from_value(body)
                .map_err(|error| Failure::bad_request(format!("error decoding patch: {error}")))?;
            let mut object = current.clone();
            json_patch::patch(&mut object, &patch).map_err(|error| {
                Failure::unprocessable(format!(
                    "the server rejected our request due to an error in our request: {error}"
                ))
            })?;
            Ok(Patched::Object(object))
        }
        "application/merge-patch+json" | "application/strategic-merge-patch+json" => {
            if media.contains("strategic") && ask.kind.custom {
                return Err(Failure::media_type(media));
            }
            let mut object = current.clone();
            json_patch::merge(&mut object, &body);
            Ok(Patched::Object(object))
        }
        "application/apply-patch+yaml" => Ok(Patched::Apply(body)),
        other => Err(Failure::media_type(other)),
    }
}

/// What the system alone writes.
const SYSTEM: [&str; 6] =
    ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink"];

/// The parts of an object that its generation counts.
fn counted(kind: &Kind, object: &Value) -> Map<String, Value> {
    let mut parts = object.as_object().cloned().unwrap_or_default();
    parts.remove("metadata");
    if kind.status {
        parts.remove("status");
    }
    parts
}

pub(super) fn set_part(object: &mut Value, name: &str, part: Option<Value>) {
    if let Some(map) = object.as_object_mut() {
        match part {
            Some(value) => map.insert(name.to_owned(), value),
            None => map.remove(name),
        };
    }
}

impl MemApi {
    pub(crate) fn create(&mut self, ask: &Ask) -> Outcome<Value> {
        if ask.kind.namespaced && ask.namespace.is_empty() {
            return Err(Failure::bad_request("an empty namespace may not be set during creation"));
        }
        let mut object = ask.json()?;
        fit_to_url(ask, &mut object, None)?;
        if !meta(&object, "resourceVersion").is_empty() {
            return Err(Failure::unknown("resourceVersion should not be set on objects to be created"));
        }
        if meta(&object, "name").is_empty() {
            let base = meta(&object, "generateName").to_owned();
            if base.is_empty() {
                let broken = Violation::required("metadata.name", "name or generateName is required");
                return Err(Failure::invalid(&ask.kind.kind, &ask.kind.group, "", &[broken]));
            }
            let short = base.get(..base.len().min(248)).unwrap_or(&base);
            let name = format!("{short}{:05x}", self.next_serial().wrapping_mul(0x9e_3779) & 0xf_ffff);
            set_meta(&mut object, "name", name.into());
        }
        self.insert(ask, object, None)
    }

    /// Stores a new object; `owners` are those an apply has found.
    pub(super) fn insert(&mut self, ask: &Ask, mut object: Value, owners: Option<Owners>) -> Outcome<Value> {
        let kind = Arc::clone(&ask.kind);
        let name = meta(&object, "name").to_owned();
        self.check_namespace(ask, &name)?;
        let key = ask.key(&name);
        if self.object(&key).is_some() {
            return Err(Failure::already_exists(&kind, &name));
        }
        for system in SYSTEM.iter().chain(&["managedFields", "resourceVersion"]) {
            set_meta(&mut object, system, Value::Null);
        }
        if kind.status {
            set_part(&mut object, "status", None);
        }
        if kind.kind == "Namespace" {
            set_part(&mut object, "spec", Some(json!({"finalizers": ["kubernetes"]})));
            set_part(&mut object, "status", Some(json!({"phase": "Active"})));
            let labels = object
                .get_mut("metadata")
                .and_then(Value::as_object_mut)
                .map(|m| m.entry("labels").or_insert_with(|| json!({})));
            if let Some(labels) = labels.and_then(Value::as_object_mut) {
                labels.insert("kubernetes.io/metadata.name".into(), name.into());
            }
        }
        Self::shape(ask, &mut object)?;
        let status_filled = kind.status && kind.custom && object.get("status").is_some();
        self.validate(ask, &object, None)?;
        set_meta(&mut object, "creationTimestamp", ask.stamp().into());
        if kind.custom || kind.kind == CRD_KIND {
            set_meta(&mut object, "generation", 1.into());
        }
        let blank = json!({"metadata": {}});
        let owners = owners.unwrap_or_else(|| {
            Owners::default().after_update(&blank, &object, &kind, &ask.writer(false), &ask.stamp())
        });
        owners.write(&mut object);
        let uid = self.next_uid();
        set_meta(&mut object, "uid", uid.into());
        if ask.dry_run() {
            return Ok(object);
        }
        self.install_if_crd(ask, &mut object);
        let made = (*self.commit(key.clone(), Some(object))).clone();
        if status_filled {
            self.unsettled.insert(key);
        }
        Ok(made)
    }

    fn check_namespace(&self, ask: &Ask, name: &str) -> Outcome<()> {
        if !ask.kind.namespaced {
            return Ok(());
        }
        let namespaces = self.kind("", "namespaces").ok_or_else(Failure::no_route)?;
        match self.get("namespaces", "", &ask.namespace) {
            None => Err(Failure::not_found(&namespaces, &ask.namespace)),
            Some(found) if !meta(&found, "deletionTimestamp").is_empty() => {
                Err(Failure::terminating(&ask.kind, name, &ask.namespace))
            }
            Some(_) => Ok(()),
        }
    }

    fn install_if_crd(&mut self, ask: &Ask, object: &mut Value) {
        if ask.kind.kind == CRD_KIND
            && let Ok(kind) = Kind::from_crd(object)
        {
            self.serve(kind, object, ask.now);
        }
    }

    pub(crate) fn replace(&mut self, ask: &Ask, name: &str) -> Outcome<Answer> {
        let mut new = ask.json()?;
        fit_to_url(ask, &mut new, Some(name))?;
        let Some(old) = self.object(&ask.key(name)) else {
            if ask.kind.create_on_update && ask.door == Door::Main {
                return self.insert(ask, new, None).map(|body| Answer::reply(201, body));
            }
            return Err(Failure::not_found(&ask.kind, name));
        };
        let uid = meta(&new, "uid");
        if !uid.is_empty() && uid != meta(&old, "uid") {
            let why =
                format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {}", meta(&old, "uid"));
            return Err(Failure::conflict(&ask.kind, name, &why));
        }
        if meta(&new, "resourceVersion").is_empty() && !ask.kind.unconditional {
            let broken = Violation::invalid("metadata.resourceVersion", &json!(0), "must be specified for an update");
            return Err(Failure::invalid(&ask.kind.plural, &ask.kind.group, name, &[broken]));
        }
        self.finish_update(ask, &old, new, None).map(|o| Answer::reply(200, (*o).clone()))
    }

    pub(crate) fn patch(&mut self, ask: &Ask, name: &str) -> Outcome<Answer> {
        let applying = ask.content_type.starts_with("application/apply-patch");
        let mut broken = Vec::new();
        if applying && ask.option("fieldManager").is_empty() {
            broken.push(Violation::required("fieldManager", "is required for apply patch"));
        }
        if !applying && !ask.option("force").is_empty() {
            broken.push(Violation::forbidden("force", "may not be specified for non-apply patch"));
        }
        if !broken.is_empty() {
            return Err(Failure::invalid("PatchOptions", "meta.k8s.io", "", &broken));
        }
        let old = self.object(&ask.key(name));
        if applying {
            let Patched::Apply(config) = patched(ask, &Value::Null)? else {
                return Err(Failure::no_route());
            };
            return self.apply(ask, name, old.as_ref(), config);
        }
        let old = old.ok_or_else(|| Failure::not_found(&ask.kind, name))?;
        let Patched::Object(mut new) = patched(ask, &old)? else {
            return Err(Failure::no_route());
        };
        fit_to_url(ask, &mut new, Some(name))?;
        immutable_uid(ask, name, &new, &old)?;
        self.finish_update(ask, &old, new, None).map(|o| Answer::reply(200, (*o).clone()))
    }

    /// The common end of every update: what this door may change, checks, generation, owners, removal.
    pub(crate) fn finish_update(
        &mut self,
        ask: &Ask,
        old: &Arc<Value>,
        new: Value,
        owners: Option<Owners>,
    ) -> Outcome<Arc<Value>> {
        let kind = Arc::clone(&ask.kind);
        let name = meta(old, "name").to_owned();
        let asked = meta(&new, "resourceVersion");
        if !asked.is_empty() && asked != "0" && asked != meta(old, "resourceVersion") {
            return Err(Failure::stale(&kind, &name));
        }
        let mut new = match ask.door {
            Door::Status => {
                let mut kept = (**old).clone();
                set_part(&mut kept, "status", new.get("status").cloned());
                kept
            }
            Door::Main | Door::Scale => new,
        };
        if kind.status && ask.door != Door::Status {
            set_part(&mut new, "status", old.get("status").cloned());
        }
        if kind.kind == "Namespace" {
            set_part(&mut new, "spec", old.get("spec").cloned());
        }
        for system in SYSTEM.iter().chain(&["managedFields", "resourceVersion"]) {
            let value = old.pointer(&format!("/metadata/{system}")).cloned().unwrap_or_default();
            set_meta(&mut new, system, value);
        }
        Self::shape(ask, &mut new)?;
        self.validate(ask, &new, Some(old))?;
        if (kind.custom || kind.kind == CRD_KIND) && counted(&kind, &new) != counted(&kind, old) {
            let generation = old.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or(0);
            set_meta(&mut new, "generation", (generation + 1).into());
        }
        let owners = owners
            .unwrap_or_else(|| Owners::read(old).after_update(old, &new, &kind, &ask.writer(false), &ask.stamp()));
        owners.write(&mut new);
        if new == **old && !self.unsettled.contains(&ask.key(&name)) {
            return Ok(Arc::clone(old));
        }
        if ask.dry_run() {
            return Ok(Arc::new(new));
        }
        let key = ask.key(&name);
        if !meta(&new, "deletionTimestamp").is_empty() && finalizers(&new).is_empty() && kind.kind != "Namespace" {
            return Ok(self.remove_last(key, new));
        }
        self.install_if_crd(ask, &mut new);
        Ok(self.commit(key, Some(new)))
    }
}

pub(super) fn immutable_uid(ask: &Ask, name: &str, new: &Value, old: &Value) -> Outcome<()> {
    let uid = meta(new, "uid");
    if ask.door != Door::Main || uid.is_empty() || uid == meta(old, "uid") {
        return Ok(());
    }
    let broken = Violation::invalid("metadata.uid", &uid.into(), "field is immutable");
    Err(Failure::invalid(&ask.kind.kind, &ask.kind.group, name, &[broken]))
}
