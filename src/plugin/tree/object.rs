//! An object as the API server has it, read leniently: what this version does not know is left out, never refused.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::DynamicObject;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::condition::{ConditionType, find};
use crate::api::status::{EcsServiceStatus, ServerGroupStatus};
use crate::plugin::kind::Kind;

/// An object of one of the operator's kinds.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace; empty for kinds without.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
    /// UID of the object that made it.
    pub owner: Option<String>,
    /// Name of the object that made it.
    pub owner_name: Option<String>,
    /// Its resource version.
    pub version: String,
    /// Counts edits of the spec.
    pub generation: i64,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Is it being deleted?
    pub deleting: bool,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Its managed fields.
    pub managed: Vec<Value>,
    /// Its spec.
    pub spec: Value,
    /// Its status.
    pub status: Value,
}

impl Object {
    /// Reads an object; `None` where it is none of ours.
    pub fn read(object: &DynamicObject) -> Option<Self> {
        let kind = Kind::named(&object.types.as_ref()?.kind)?;
        Some(Self::of(kind, object))
    }

    /// Reads an object that is known to be of a kind.
    pub fn of(kind: Kind, object: &DynamicObject) -> Self {
        let meta = &object.metadata;
        let owner = meta.owner_references.iter().flatten().find(|owner| owner.controller == Some(true));
        let managed = meta.managed_fields.iter().flatten().filter_map(|entry| serde_json::to_value(entry).ok());
        let member = |name: &str| object.data.get(name).cloned().unwrap_or(Value::Null);
        Self {
            kind,
            namespace: meta.namespace.clone().unwrap_or_default(),
            name: meta.name.clone().unwrap_or_default(),
            uid: meta.uid.clone().unwrap_or_default(),
            owner: owner.map(|owner| owner.uid.clone()),
            owner_name: owner.map(|owner| owner.name.clone()),
            version: meta.resource_version.clone().unwrap_or_default(),
            generation: meta.generation.unwrap_or_default(),
            created: meta.creation_timestamp.as_ref().map(|time| time.0),
            deleting: meta.deletion_timestamp.is_some(),
            labels: meta.labels.clone().unwrap_or_default(),
            annotations: meta.annotations.clone().unwrap_or_default(),
            managed: managed.collect(),
            spec: member("spec"),
            status: member("status"),
        }
    }

    /// The status as a type; what cannot be read is as if it were absent.
    pub fn status_as<S: DeserializeOwned + Default>(&self) -> S {
        S::deserialize(&self.status).unwrap_or_default()
    }

    /// As a server group.
    pub fn group(&self) -> ServerGroupStatus {
        self.status_as()
    }

    /// As a service.
    pub fn service(&self) -> EcsServiceStatus {
        self.status_as()
    }

    /// Its conditions.
    pub fn conditions(&self) -> Vec<Condition> {
        let all = self.status.get("conditions").and_then(Value::as_array);
        all.into_iter().flatten().filter_map(|one| serde_json::from_value(one.clone()).ok()).collect()
    }

    /// A condition.
    pub fn condition(&self, kind: ConditionType) -> Option<Condition> {
        find(&self.conditions(), kind).cloned()
    }

    /// Is this condition True?
    pub fn is(&self, kind: ConditionType) -> bool {
        self.condition(kind).is_some_and(|condition| condition.status == "True")
    }

    /// A text in the spec or status, by JSON pointer (`/status/arn`).
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.value(pointer)?.as_str()
    }

    /// A number in the spec or status, by JSON pointer.
    pub fn number(&self, pointer: &str) -> Option<i64> {
        self.value(pointer)?.as_i64()
    }

    fn value(&self, pointer: &str) -> Option<&Value> {
        let (root, rest) = if let Some(rest) = pointer.strip_prefix("/spec") {
            (&self.spec, rest)
        } else {
            (&self.status, pointer.strip_prefix("/status")?)
        };
        root.pointer(rest)
    }

    /// `kind/name`, as the plugin and kubectl take it.
    pub fn address(&self) -> String {
        format!("{}/{}", self.kind.singular(), self.name)
    }

    /// Where in AWS it is: account id and Region, as far as they are known.
    pub fn place(&self) -> (Option<&str>, Option<&str>) {
        let region = self.text("/status/account/region").or_else(|| self.text("/spec/region"));
        (self.text("/status/account/id").or_else(|| self.text("/status/accountId")), region)
    }
}
