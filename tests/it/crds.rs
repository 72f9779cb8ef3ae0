//! The CRDs: what the checked-in files hold and what the API server relies on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests fail by panicking"
)]

use std::collections::BTreeSet;
use std::path::Path;

use ecs_operator::api::schema::{crds, files};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::Value;

#[test]
fn checked_in_files_are_current() {
    for (folder, files) in [("crds", files().unwrap()), ("docs/reference", ecs_operator::pages::files().unwrap())] {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut expected = BTreeSet::new();
        for (name, text) in files {
            let found = std::fs::read_to_string(directory.join(&name)).unwrap_or_default();
            assert!(found == text, "{folder}/{name} is out of date; run `cargo run --bin crdgen`");
            expected.insert(name);
        }
        let entries = std::fs::read_dir(directory).unwrap();
        let present: BTreeSet<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(present, expected, "{folder}/ holds a file that nothing makes");
    }
}

#[test]
fn files_read_back_as_the_same_crds() {
    for ((name, text), crd) in files().unwrap().iter().zip(crds().unwrap()) {
        let read: CustomResourceDefinition = serde_saphyr::from_str(text).unwrap();
        assert_eq!(read, crd, "{name}");
    }
}

#[test]
fn crds_stay_below_the_limit_of_client_side_apply() {
    for crd in crds().unwrap() {
        let length = serde_json::to_string(&crd).unwrap().len();
        assert!(length < 200 * 1024, "{}: {length}", crd.spec.names.kind);
    }
}

/// Visits all values with their JSON pointers.
fn visit(value: &Value, path: &str, each: &mut impl FnMut(&str, &Value)) {
    each(path, value);
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| visit(v, &format!("{path}/{k}"), each)),
        Value::Array(list) => {
            for (index, item) in list.iter().enumerate() {
                visit(item, &format!("{path}/{index}"), each);
            }
        }
        _ => {}
    }
}

#[test]
fn nothing_is_nullable_empty_or_unknown() {
    for crd in crds().unwrap() {
        visit(&serde_json::to_value(&crd).unwrap(), &crd.spec.names.kind, &mut |path, value| {
            assert!(!value.is_null(), "{path}");
            assert!(value.as_array().is_none_or(|list| !list.is_empty()), "{path}");
            let marker = path.ends_with("/subresources/status") || path.ends_with("/default");
            assert!(marker || value.as_object().is_none_or(|map| !map.is_empty()), "{path}");
            for key in ["nullable", "oneOf", "anyOf", "allOf", "x-kubernetes-preserve-unknown-fields"] {
                assert!(value.get(key).is_none(), "{path}/{key}");
            }
            let format = value.get("format").and_then(Value::as_str);
            assert!(format.is_none_or(|f| ["int32", "int64", "double", "date-time"].contains(&f)), "{path}");
        });
    }
}

#[test]
fn every_size_is_bounded_and_every_field_described() {
    for crd in crds().unwrap() {
        visit(&serde_json::to_value(&crd).unwrap(), &crd.spec.names.kind, &mut |path, value| {
            let has = |key| value.get(key).is_some();
            let kind = if has("description") || path.ends_with("/items") || path.ends_with("/additionalProperties") {
                value.get("type").and_then(Value::as_str)
            } else {
                None
            };
            match kind {
                Some("string") if !path.contains("/additionalPrinterColumns") => {
                    assert!(has("maxLength") || has("enum"), "{path}");
                }
                Some("array") => assert!(has("maxItems") && has("x-kubernetes-list-type"), "{path}"),
                Some("object") if has("additionalProperties") => assert!(has("maxProperties"), "{path}"),
                Some("integer" | "number") if path.contains("/properties/spec/") => {
                    assert!(has("minimum") && has("maximum"), "{path}");
                }
                _ => {}
            }
            // Unless it is the field of that name.
            if path.ends_with("/properties") && !path.ends_with("/properties/properties") {
                for (name, property) in value.as_object().unwrap() {
                    assert!(
                        property.get("description").is_some()
                            || ["metadata", "apiVersion", "kind"].contains(&name.as_str()),
                        "{path}/{name}"
                    );
                    let first = property["description"].as_str().unwrap_or_default().lines().next().unwrap_or_default();
                    assert!(path.contains("/conditions/") || first.ends_with('.'), "{path}/{name}: {first}");
                }
            }
        });
    }
}

#[test]
fn names_of_kinds_are_ours_alone() {
    let mut names = BTreeSet::new();
    for crd in crds().unwrap() {
        let spec = crd.spec;
        let scope = if spec.names.kind == "AwsAccount" { "Cluster" } else { "Namespaced" };
        assert_eq!((spec.group.as_str(), spec.scope.as_str()), ("ecs-operator.dev", scope));
        assert_eq!(spec.names.categories, Some(vec!["ecs".to_owned()]));
        assert_eq!(spec.versions.len(), 1);
        assert!(names.insert(spec.names.plural));
        for short in spec.names.short_names.unwrap() {
            assert!(short.starts_with("ecs") && names.insert(short));
        }
    }
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        [
            "awsaccounts",
            "ecsacct",
            "ecsc",
            "ecsclusters",
            "ecss",
            "ecsservices",
            "ecssg",
            "ecstaskdefinitions",
            "ecstd",
            "servergroups"
        ]
    );
}

#[test]
fn a_new_object_reads_as_not_seen_yet_and_can_be_scaled() {
    for crd in crds().unwrap() {
        let kind = crd.spec.names.kind.clone();
        let value = serde_json::to_value(crd).unwrap();
        let version = &value["spec"]["versions"][0];
        let root = &version["schema"]["openAPIV3Schema"]["properties"];
        assert_eq!(root["status"]["default"], serde_json::json!({ "observedGeneration": -1 }), "{kind}");
        assert!(root["status"].get("required").is_none(), "{kind}");
        assert!(root["status"]["properties"]["observedGeneration"].get("minimum").is_none(), "{kind}");
        let scale = version["subresources"].get("scale");
        assert_eq!(scale.is_some(), ["EcsService", "ServerGroup"].contains(&kind.as_str()));
        if let Some(scale) = scale {
            // The count has a default at every step of the path, or there is nothing to scale.
            let path = scale["specReplicasPath"].as_str().unwrap();
            let (mut node, mut value) = (root, serde_json::json!({}));
            for name in path.split('.').skip(1) {
                node = &node[name];
                value = if name == "spec" { value } else { node["default"].clone() };
                assert!(name == "spec" || !value.is_null(), "{kind}: {path}");
                node = &node["properties"];
            }
            assert_eq!(value, 1, "{kind}");
        }
    }
}

#[test]
fn a_task_definition_has_at_least_one_container() {
    let schema = ecs_operator::api::schema::schema("EcsTaskDefinition").unwrap().unwrap();
    let spec = &schema["properties"]["spec"];
    let list = &spec["properties"]["containerDefinitions"];
    assert_eq!((&list["minItems"], &list["maxItems"]), (&1.into(), &10.into()));
    assert!(spec["required"].as_array().unwrap().contains(&"containerDefinitions".into()));
}

#[test]
fn columns_and_selectable_fields_name_existing_fields() {
    for crd in crds().unwrap() {
        let value = serde_json::to_value(&crd).unwrap();
        let version = &value["spec"]["versions"][0];
        let schema = &version["schema"]["openAPIV3Schema"];
        let paths = |list: &str| version[list].as_array().cloned().unwrap_or_default();
        for entry in paths("additionalPrinterColumns").iter().chain(&paths("selectableFields")) {
            let path = entry["jsonPath"].as_str().unwrap();
            if path.starts_with(".metadata") || path.contains('[') {
                continue;
            }
            let pointer: String = path.split('.').skip(1).flat_map(|name| ["/properties/", name]).collect();
            let field = schema.pointer(&pointer);
            assert!(field.is_some(), "{}: {path}", crd.spec.names.kind);
            if entry.get("type").is_some_and(|kind| kind == "integer") {
                assert_eq!(field.unwrap()["type"], "integer", "{path}");
            }
        }
    }
}
