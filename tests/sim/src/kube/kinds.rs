//! The kinds that are served: built-in ones and those of installed CRDs.

use std::sync::Arc;

use serde_json::{Value, json};

use super::schema::text;

/// Where the scale subresource finds its numbers; JSON paths such as `.spec.desiredCount`.
#[derive(Debug, Clone)]
pub(crate) struct ScalePaths {
    pub(crate) spec: String,
    pub(crate) status: String,
    pub(crate) selector: Option<String>,
}

/// One served resource.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts that the API machinery has as booleans")]
#[expect(clippy::struct_field_names, reason = "the API machinery's own words")]
pub(crate) struct Kind {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) namespaced: bool,
    pub(crate) status: bool,
    pub(crate) scale: Option<ScalePaths>,
    pub(crate) selectable: Vec<String>,
    pub(crate) schema: Value,
    pub(crate) custom: bool,
    /// PUT on a name that is not there creates it.
    pub(crate) create_on_update: bool,
    /// PUT without resourceVersion overwrites.
    pub(crate) unconditional: bool,
}

pub(crate) const CRD_KIND: &str = "CustomResourceDefinition";

impl Kind {
    /// `plural.group`, or the bare plural in the core group.
    pub(crate) fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// `group/version`, or the bare version in the core group.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The `details` member of a `Status` about one object.
    pub(crate) fn details(&self, name: &str) -> Value {
        let mut details = json!({"name": name, "kind": self.plural});
        if let (false, Some(map)) = (self.group.is_empty(), details.as_object_mut()) {
            map.insert("group".into(), self.group.clone().into());
        }
        details
    }

    /// Reads the storage version of a CRD; the error says what is missing.
    pub(crate) fn from_crd(crd: &Value) -> Result<Self, String> {
        let spec = crd.get("spec").ok_or("CRD without spec")?;
        let names = spec.get("names").ok_or("CRD without spec.names")?;
        let version = spec
            .get("versions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .find(|v| v.get("storage") == Some(&Value::Bool(true)))
            .ok_or("CRD without a storage version")?;
        let mut schema = version.pointer("/schema/openAPIV3Schema").cloned().ok_or("CRD version without schema")?;
        root_properties(&mut schema);
        let strings = |at: Option<&Value>| -> Vec<String> {
            at.and_then(Value::as_array).into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
        };
        let scale = version.pointer("/subresources/scale").map(|s| ScalePaths {
            spec: text(s, "specReplicasPath").to_owned(),
            status: text(s, "statusReplicasPath").to_owned(),
            selector: s.get("labelSelectorPath").and_then(Value::as_str).map(str::to_owned),
        });
        let selectable = version
            .get("selectableFields")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|f| text(f, "jsonPath").to_owned())
            .collect();
        let kind = text(names, "kind");
        let plural = text(names, "plural");
        if kind.is_empty() || plural.is_empty() || text(spec, "group").is_empty() {
            return Err("CRD without group, kind or plural".into());
        }
        let or = |given: &str, fallback: String| {
            if given.is_empty() { fallback } else { given.to_owned() }
        };
        Ok(Self {
            group: text(spec, "group").to_owned(),
            version: text(version, "name").to_owned(),
            kind: kind.to_owned(),
            list_kind: or(text(names, "listKind"), format!("{kind}List")),
            plural: plural.to_owned(),
            singular: or(text(names, "singular"), kind.to_lowercase()),
            short_names: strings(names.get("shortNames")),
            categories: strings(names.get("categories")),
            namespaced: text(spec, "scope") == "Namespaced",
            status: version.pointer("/subresources/status").is_some(),
            scale,
            selectable,
            schema,
            custom: true,
            create_on_update: false,
            unconditional: false,
        })
    }

    fn built_in(group: &str, version: &str, kind: &str, plural: &str, schema: Value) -> Self {
        let mut schema = schema;
        root_properties(&mut schema);
        Self {
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
            list_kind: format!("{kind}List"),
            plural: plural.into(),
            singular: kind.to_lowercase(),
            short_names: Vec::new(),
            categories: Vec::new(),
            namespaced: true,
            status: false,
            scale: None,
            selectable: Vec::new(),
            schema,
            custom: false,
            create_on_update: false,
            unconditional: true,
        }
    }

    /// The entry of this resource, and of its subresources, in a discovery document.
    pub(crate) fn discovery(&self) -> Vec<Value> {
        let mut main = json!({
            "name": self.plural, "singularName": self.singular, "namespaced": self.namespaced, "kind": self.kind,
            "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        });
        if let Some(map) = main.as_object_mut() {
            if !self.short_names.is_empty() {
                map.insert("shortNames".into(), self.short_names.clone().into());
            }
            if !self.categories.is_empty() {
                map.insert("categories".into(), self.categories.clone().into());
            }
        }
        let mut all = vec![main];
        if self.status {
            all.push(json!({
                "name": format!("{}/status", self.plural), "singularName": "", "namespaced": self.namespaced,
                "kind": self.kind, "verbs": ["get", "patch", "update"],
            }));
        }
        if self.scale.is_some() {
            all.push(json!({
                "name": format!("{}/scale", self.plural), "singularName": "", "namespaced": self.namespaced,
                "group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": ["get", "patch", "update"],
            }));
        }
        all
    }
}

/// Puts the type members and the object metadata into a root schema.
fn root_properties(schema: &mut Value) {
    if let Some(map) = schema.as_object_mut() {
        let properties = map.entry("properties").or_insert_with(|| json!({}));
        if let Some(properties) = properties.as_object_mut() {
            properties.insert("apiVersion".into(), json!({"type": "string"}));
            properties.insert("kind".into(), json!({"type": "string"}));
            properties.insert("metadata".into(), metadata_schema());
        }
    }
}

fn metadata_schema() -> Value {
    let string = json!({"type": "string"});
    let strings = json!({"type": "object", "additionalProperties": {"type": "string"}});
    json!({"type": "object", "properties": {
        "name": string, "generateName": string, "namespace": string, "uid": string, "selfLink": string,
        "resourceVersion": string, "creationTimestamp": string, "deletionTimestamp": string,
        "generation": {"type": "integer"}, "deletionGracePeriodSeconds": {"type": "integer"},
        "labels": strings, "annotations": strings,
        "finalizers": {"type": "array", "items": string, "x-kubernetes-list-type": "set"},
        "ownerReferences": {
            "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["uid"],
            "items": {
                "type": "object", "x-kubernetes-map-type": "atomic",
                "required": ["apiVersion", "kind", "name", "uid"],
                "properties": {
                    "apiVersion": string, "kind": string, "name": string, "uid": string,
                    "controller": {"type": "boolean"}, "blockOwnerDeletion": {"type": "boolean"},
                },
            },
        },
        "managedFields": {"type": "array", "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
    }})
}

/// The kinds every server has.
pub(crate) fn built_ins() -> Vec<Arc<Kind>> {
    let string = json!({"type": "string"});
    let number = json!({"type": "integer"});
    let loose =
        json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-map-type": "atomic"});
    let mut namespace = Kind::built_in(
        "",
        "v1",
        "Namespace",
        "namespaces",
        json!({"type": "object", "properties": {
            "spec": {"type": "object", "properties": {"finalizers": {"type": "array", "items": string}}},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        }}),
    );
    namespace.namespaced = false;
    namespace.status = true;
    namespace.short_names = vec!["ns".into()];
    let config_map = Kind::built_in(
        "",
        "v1",
        "ConfigMap",
        "configmaps",
        json!({"type": "object", "properties": {
            "data": {"type": "object", "additionalProperties": string},
            "binaryData": {"type": "object", "additionalProperties": string},
            "immutable": {"type": "boolean"},
        }}),
    );
    let mut lease = Kind::built_in(
        "coordination.k8s.io",
        "v1",
        "Lease",
        "leases",
        json!({"type": "object", "properties": {
            "spec": {"type": "object", "properties": {
                "holderIdentity": string, "leaseDurationSeconds": {"type": "integer", "minimum": 0, "exclusiveMinimum": true},
                "acquireTime": string, "renewTime": string, "leaseTransitions": {"type": "integer", "minimum": 0},
                "strategy": string, "preferredHolder": string,
            }},
        }}),
    );
    lease.create_on_update = true;
    lease.unconditional = false;
    let mut event = Kind::built_in(
        "events.k8s.io",
        "v1",
        "Event",
        "events",
        json!({
            "type": "object", "required": ["eventTime", "reportingController", "reportingInstance", "action", "reason"],
            "properties": {
                "eventTime": string, "reportingController": string,
                "reportingInstance": {"type": "string", "maxLength": 128},
                "action": {"type": "string", "maxLength": 128},
                "reason": {"type": "string", "maxLength": 128},
                "regarding": loose, "related": loose, "note": string,
                "type": {"type": "string", "enum": ["Normal", "Warning"]},
                "series": {"type": "object", "properties": {"count": number, "lastObservedTime": string}},
                "deprecatedSource": loose, "deprecatedFirstTimestamp": string, "deprecatedLastTimestamp": string,
                "deprecatedCount": number,
            },
        }),
    );
    event.create_on_update = true;
    let mut crd = Kind::built_in(
        "apiextensions.k8s.io",
        "v1",
        CRD_KIND,
        "customresourcedefinitions",
        json!({"type": "object", "properties": {
            "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        }}),
    );
    crd.namespaced = false;
    crd.status = true;
    crd.unconditional = false;
    [namespace, config_map, lease, event, crd].into_iter().map(Arc::new).collect()
}
