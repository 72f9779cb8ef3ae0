//! Delete, finalizers, and the two controllers that finish deletions: garbage collector and namespaces.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::failure::{Failure, Outcome};
use super::kinds::{CRD_KIND, Kind};
use super::route::{Ask, stamp};
use super::store::{Key, MemApi, finalizers, meta, set_meta};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

fn gone(kind: &Kind, name: &str, uid: &str) -> Value {
    let mut details = kind.details(name);
    if let Some(map) = details.as_object_mut() {
        map.insert("uid".into(), uid.into());
    }
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}

struct Reference {
    uid: String,
    blocks: bool,
}

fn references(object: &Value) -> Vec<Reference> {
    let list = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .map(|o| Reference {
            uid: o.get("uid").and_then(Value::as_str).unwrap_or_default().to_owned(),
            blocks: o.get("blockOwnerDeletion") == Some(&Value::Bool(true)),
        })
        .collect()
}

fn has_dependants(everything: &BTreeMap<Key, Arc<Value>>, uid: &str) -> bool {
    everything.values().any(|o| references(o).iter().any(|r| r.uid == uid))
}

impl MemApi {
    pub(crate) fn delete(&mut self, ask: &Ask, name: &str) -> Outcome<Value> {
        let key = ask.key(name);
        let old = self.object(&key).ok_or_else(|| Failure::not_found(&ask.kind, name))?;
        let options = delete_options(ask)?;
        for (member, label) in [("uid", "UID"), ("resourceVersion", "ResourceVersion")] {
            let wanted = options.pointer(&format!("/preconditions/{member}")).and_then(Value::as_str);
            if let Some(wanted) = wanted.filter(|w| *w != meta(&old, member)) {
                let why = format!(
                    "Precondition failed: {label} in precondition: {wanted}, {label} in object meta: {}",
                    meta(&old, member)
                );
                return Err(Failure::precondition(&ask.kind, name, &why));
            }
        }
        let dry = ask.dry_run() || options.get("dryRun").is_some_and(|d| d == &json!(["All"]));
        if dry {
            return Ok((*old).clone());
        }
        let policy = match ask.option("propagationPolicy") {
            "" => options.get("propagationPolicy").and_then(Value::as_str).unwrap_or_default(),
            given => given,
        };
        Ok(match self.begin_removal(&key, &ask.kind, policy, ask.now) {
            Some(left) => (*left).clone(),
            None => gone(&ask.kind, name, meta(&old, "uid")),
        })
    }

    pub(crate) fn delete_collection(&mut self, ask: &Ask) -> Outcome<Value> {
        let selector = Self::selector(ask)?;
        let options = delete_options(ask)?;
        let policy = options.get("propagationPolicy").and_then(Value::as_str).unwrap_or_default();
        let view = self.view(&ask.kind.qualified(), &ask.namespace, self.revision()).unwrap_or_default();
        let mut items = Vec::new();
        for (key, object) in view.into_iter().filter(|(_, o)| selector.matches(o)) {
            if !ask.dry_run() {
                self.begin_removal(&key, &ask.kind, policy, ask.now);
            }
            items.push((*object).clone());
        }
        Ok(json!({
            "apiVersion": ask.kind.api_version(), "kind": ask.kind.list_kind,
            "metadata": {"resourceVersion": self.revision().to_string()}, "items": items,
        }))
    }

    /// Marks an object deleted, or removes it when nothing holds it; what is left of it, if anything.
    fn begin_removal(&mut self, key: &Key, kind: &Kind, policy: &str, now: Timestamp) -> Option<Arc<Value>> {
        let old = self.object(key)?;
        let mut new = (*old).clone();
        let mut held = finalizers(&old);
        let wanted = match policy {
            "Foreground" => Some(FOREGROUND),
            "Orphan" => Some(ORPHAN),
            _ => None,
        };
        let marked = !meta(&old, "deletionTimestamp").is_empty();
        if let (Some(finalizer), false) = (wanted, marked) {
            held.retain(|f| f != FOREGROUND && f != ORPHAN);
            held.push(finalizer.to_owned());
            set_meta(&mut new, "finalizers", held.clone().into());
        }
        let namespace = kind.kind == "Namespace";
        if held.is_empty() && !namespace {
            self.remove_last(key.clone(), new);
            return None;
        }
        if marked {
            return Some(old);
        }
        set_meta(&mut new, "deletionTimestamp", stamp(now).into());
        if namespace {
            if let Some(map) = new.as_object_mut() {
                map.insert("status".into(), json!({"phase": "Terminating"}));
            }
        } else {
            set_meta(&mut new, "deletionGracePeriodSeconds", 0.into());
        }
        if let Some(generation) = old.pointer("/metadata/generation").and_then(Value::as_i64) {
            set_meta(&mut new, "generation", (generation + 1).into());
        }
        Some(self.commit(key.clone(), Some(new)))
    }

    /// Removes an object for good; `last` is its final state.
    pub(crate) fn remove_last(&mut self, key: Key, last: Value) -> Arc<Value> {
        let crd = last.get("kind").and_then(Value::as_str) == Some(CRD_KIND) && key.namespace.is_empty();
        let resource = key.name.clone();
        let final_state = self.commit_removal(key, last);
        if crd {
            self.unserve(&resource);
        }
        final_state
    }

    /// One run of the garbage collector to its fixed point: dependants of vanished owners are deleted in the
    /// background; `foregroundDeletion` and `orphan` finalizers are worked off. Returns the number of objects touched.
    pub fn collect_garbage(&mut self, now: Timestamp) -> usize {
        let mut touched = 0;
        loop {
            let round = self.collect_once(now);
            if round == 0 {
                return touched;
            }
            touched += round;
        }
    }

    fn collect_once(&mut self, now: Timestamp) -> usize {
        let everything: BTreeMap<Key, Arc<Value>> = self.objects().map(|(k, o)| (k.clone(), Arc::clone(o))).collect();
        let mut alive = BTreeSet::new();
        let mut foreground = BTreeSet::new();
        let mut orphaning = BTreeSet::new();
        for object in everything.values() {
            let uid = meta(object, "uid").to_owned();
            let deleting = !meta(object, "deletionTimestamp").is_empty();
            let held = finalizers(object);
            if deleting && held.iter().any(|f| f == FOREGROUND) {
                foreground.insert(uid.clone());
            }
            if deleting && held.iter().any(|f| f == ORPHAN) {
                orphaning.insert(uid.clone());
            }
            alive.insert(uid);
        }
        let mut touched = 0;
        let mut blocked = BTreeSet::new();
        for (key, object) in &everything {
            let owners = references(object);
            if owners.is_empty() {
                continue;
            }
            blocked.extend(owners.iter().filter(|o| o.blocks).map(|o| o.uid.clone()));
            if owners.iter().any(|o| orphaning.contains(&o.uid)) {
                self.drop_references(key, &orphaning);
                touched += 1;
                continue;
            }
            let kept = owners.iter().any(|o| alive.contains(&o.uid) && !foreground.contains(&o.uid));
            if !kept && meta(object, "deletionTimestamp").is_empty() {
                let waits = owners.iter().any(|o| foreground.contains(&o.uid));
                let policy = if waits && has_dependants(&everything, meta(object, "uid")) { "Foreground" } else { "" };
                touched += usize::from(self.remove_as_system(key, policy, now));
            }
        }
        for (key, object) in &everything {
            let uid = meta(object, "uid");
            let done = if foreground.contains(uid) && !blocked.contains(uid) {
                FOREGROUND
            } else if orphaning.contains(uid) && touched == 0 {
                ORPHAN
            } else {
                continue;
            };
            self.drop_finalizer(key, done);
            touched += 1;
        }
        touched
    }

    fn remove_as_system(&mut self, key: &Key, policy: &str, now: Timestamp) -> bool {
        let Some(kind) = self.kinds().find(|k| k.qualified() == key.resource).cloned() else {
            return false;
        };
        let before = self.revision();
        self.begin_removal(key, &kind, policy, now);
        self.revision() != before
    }

    fn drop_references(&mut self, key: &Key, owners: &BTreeSet<String>) {
        let Some(old) = self.object(key) else { return };
        let mut new = (*old).clone();
        if let Some(list) = new.pointer_mut("/metadata/ownerReferences").and_then(Value::as_array_mut) {
            list.retain(|o| !o.get("uid").and_then(Value::as_str).is_some_and(|uid| owners.contains(uid)));
            if list.is_empty() {
                set_meta(&mut new, "ownerReferences", Value::Null);
            }
        }
        self.commit(key.clone(), Some(new));
    }

    fn drop_finalizer(&mut self, key: &Key, finalizer: &str) {
        let Some(old) = self.object(key) else { return };
        let mut new = (*old).clone();
        let rest: Vec<String> = finalizers(&old).into_iter().filter(|f| f != finalizer).collect();
        if rest.is_empty() {
            set_meta(&mut new, "finalizers", Value::Null);
            self.remove_last(key.clone(), new);
        } else {
            set_meta(&mut new, "finalizers", rest.into());
            self.commit(key.clone(), Some(new));
        }
    }

    /// One run of the namespace controller: deletes what is in terminating namespaces, and the namespaces that are
    /// empty. Returns the number of objects touched; objects held by finalizers need further runs.
    pub fn terminate_namespaces(&mut self, now: Timestamp) -> usize {
        let doomed: Vec<Key> = self
            .objects()
            .filter(|(k, o)| k.resource == "namespaces" && !meta(o, "deletionTimestamp").is_empty())
            .map(|(k, _)| k.clone())
            .collect();
        let mut touched = 0;
        for namespace in doomed {
            let inside: Vec<Key> =
                self.objects().filter(|(k, _)| k.namespace == namespace.name).map(|(k, _)| k.clone()).collect();
            for key in inside {
                touched += usize::from(self.remove_as_system(&key, "", now));
            }
            if !self.objects().any(|(k, _)| k.namespace == namespace.name)
                && let Some(last) = self.object(&namespace)
            {
                self.remove_last(namespace, (*last).clone());
                touched += 1;
            }
        }
        touched
    }
}

fn delete_options(ask: &Ask) -> Outcome<Value> {
    if ask.body.is_empty() { Ok(json!({})) } else { ask.json() }
}
