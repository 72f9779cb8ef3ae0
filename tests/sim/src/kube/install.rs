//! What is put into a server behind the API's back: CRDs, first namespaces, objects of another age.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kinds::{CRD_KIND, Kind};
use super::route::stamp;
use super::shape::{fill, prune};
use super::store::{Key, MemApi, meta};

impl MemApi {
    pub(super) fn seed_namespace(&mut self, name: &str, now: Timestamp) {
        let uid = self.next_uid();
        let key = Key { resource: "namespaces".into(), namespace: String::new(), name: name.into() };
        let object = json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {
                "name": name, "uid": uid, "creationTimestamp": stamp(now),
                "labels": {"kubernetes.io/metadata.name": name},
            },
            "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
        });
        self.commit(key, Some(object));
    }

    /// Serves the storage version of a CRD, or replaces the one served; the CRD becomes readable as an object.
    /// Stored objects take the new schema's defaults and pruning, and are not validated again.
    ///
    /// # Errors
    /// A sentence that names the member the CRD lacks.
    pub fn install_crd(&mut self, crd: &Value, now: Timestamp) -> Result<(), String> {
        let kind = Kind::from_crd(crd)?;
        let name = kind.qualified();
        let key = Key {
            resource: "customresourcedefinitions.apiextensions.k8s.io".into(),
            namespace: String::new(),
            name: name.clone(),
        };
        let mut object = crd.clone();
        let old = self.object(&key);
        let uid = old.as_deref().map_or_else(|| self.next_uid(), |o| meta(o, "uid").to_owned());
        let created = old.as_deref().map_or_else(|| stamp(now), |o| meta(o, "creationTimestamp").to_owned());
        if let Some(map) = object.as_object_mut() {
            map.insert("apiVersion".into(), "apiextensions.k8s.io/v1".into());
            map.insert("kind".into(), CRD_KIND.into());
            let metadata = map.entry("metadata").or_insert_with(|| json!({}));
            if let Some(metadata) = metadata.as_object_mut() {
                metadata.insert("name".into(), name.into());
                metadata.insert("uid".into(), uid.into());
                metadata.insert("creationTimestamp".into(), created.into());
                metadata.insert("generation".into(), 1.into());
            }
        }
        self.serve(kind, &mut object, now);
        self.commit(key, Some(object));
        Ok(())
    }

    /// Starts serving `kind` and writes the CRD's status.
    pub(crate) fn serve(&mut self, kind: Kind, crd: &mut Value, now: Timestamp) {
        let condition = |name: &str, reason: &str| json!({"type": name, "status": "True", "reason": reason, "message": "", "lastTransitionTime": stamp(now)});
        let names = crd.pointer("/spec/names").cloned().unwrap_or_default();
        if let Some(map) = crd.as_object_mut() {
            map.insert("status".into(), json!({
                "acceptedNames": names, "storedVersions": [kind.version],
                "conditions": [condition("NamesAccepted", "NoConflicts"), condition("Established", "InitialNamesAccepted")],
            }));
        }
        let resource = kind.qualified();
        for (key, object) in &mut self.objects {
            if key.resource == resource {
                let mut fresh = (**object).clone();
                prune(&mut fresh, &kind.schema, "", &mut Vec::new());
                fill(&mut fresh, &kind.schema);
                *object = Arc::new(fresh);
            }
        }
        self.kinds.insert((kind.group.clone(), kind.plural.clone()), Arc::new(kind));
    }

    /// Stops serving the kind of a deleted CRD and forgets its objects.
    pub(crate) fn unserve(&mut self, resource: &str) {
        self.kinds.retain(|_, kind| !kind.custom || kind.qualified() != resource);
        let gone: Vec<Key> = self.objects.keys().filter(|k| k.resource == resource).cloned().collect();
        for key in gone {
            self.commit(key, None);
        }
    }

    /// Stores an object as if an older schema had let it in: no defaults, no validation, no rules.
    /// Its resource must be served; identity members that are absent are filled in.
    ///
    /// # Errors
    /// When the resource is not served or the object has no name.
    pub fn poison(&mut self, resource: &str, mut object: Value, now: Timestamp) -> Result<(), String> {
        let kind = self.kinds.values().find(|k| k.qualified() == resource).ok_or("resource is not served")?;
        let (api_version, title) = (kind.api_version(), kind.kind.clone());
        let uid = self.next_uid();
        let root = object.as_object_mut().ok_or("not an object")?;
        root.insert("apiVersion".into(), api_version.into());
        root.insert("kind".into(), title.into());
        let metadata = root.get_mut("metadata").and_then(Value::as_object_mut).ok_or("object without metadata")?;
        metadata.entry("uid").or_insert(uid.into());
        metadata.entry("creationTimestamp").or_insert(stamp(now).into());
        metadata.entry("generation").or_insert(1.into());
        let key = Key {
            resource: resource.into(),
            namespace: meta(&object, "namespace").into(),
            name: meta(&object, "name").into(),
        };
        if key.name.is_empty() {
            return Err("object without name".into());
        }
        self.commit(key, Some(object));
        Ok(())
    }
}
