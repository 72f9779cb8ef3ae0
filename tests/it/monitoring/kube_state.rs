//! The configuration of kube-state-metrics names fields that exist.

use std::collections::BTreeSet;

use ecs_operator::api::schema;
use serde_json::{Value, json};

use super::project;

fn configuration() -> Value {
    serde_saphyr::from_str(&std::fs::read_to_string(project("docs/extras/kube-state-metrics.yaml")).unwrap()).unwrap()
}

/// The schema at the end of a path below `node`; a list stands for each of its items.
fn at<'a>(node: &'a Value, path: &Value) -> Option<&'a Value> {
    path.as_array().unwrap().iter().try_fold(node, |node, part| {
        let node = node.get("items").unwrap_or(node);
        node["properties"].get(part.as_str().unwrap())
    })
}

/// The schema of a kind, with what every object's metadata has.
fn schema_of(kind: &str) -> Value {
    let mut schema = schema::schema(kind).unwrap().unwrap().clone();
    let (text, number) = (json!({"type": "string"}), json!({"type": "integer"}));
    schema["properties"]["metadata"] = json!({"properties": {"name": text, "namespace": text, "generation": number}});
    schema
}

#[test]
fn every_path_is_a_field_and_every_kind_is_there() {
    let configuration = configuration();
    assert_eq!(configuration["kind"], "CustomResourceStateMetrics");
    let mut kinds = BTreeSet::new();
    for resource in configuration["spec"]["resources"].as_array().unwrap() {
        let named = &resource["groupVersionKind"];
        assert_eq!((&named["group"], &named["version"]), (&json!("ecs-operator.dev"), &json!("v1alpha1")));
        let kind = named["kind"].as_str().unwrap();
        assert!(kinds.insert(kind.to_owned()), "{kind} twice");
        let schema = schema_of(kind);
        for (label, path) in resource["labelsFromPath"].as_object().unwrap() {
            assert!(at(&schema, path).is_some(), "{kind}: {label}: {path}");
        }
        for metric in resource["metrics"].as_array().unwrap() {
            check(kind, &schema, metric);
        }
    }
    let ours: BTreeSet<String> = schema::crds().unwrap().into_iter().map(|crd| crd.spec.names.kind).collect();
    assert_eq!(kinds, ours);
}

fn check(kind: &str, schema: &Value, metric: &Value) {
    let name = &metric["name"];
    assert_eq!(metric["each"]["type"], "Gauge", "{kind}: {name}");
    assert!(metric["help"].as_str().unwrap().ends_with('.'), "{kind}: {name}");
    let gauge = &metric["each"]["gauge"];
    let node = at(schema, &gauge["path"]).unwrap_or_else(|| panic!("{kind}: {name}: there is no {}", gauge["path"]));
    for (label, path) in gauge["labelsFromPath"].as_object().into_iter().flatten() {
        assert!(at(node, path).is_some(), "{kind}: {name}: {label}: there is no {path}");
    }
    let value = gauge.get("valueFrom").map_or(Some(node), |path| at(node, path));
    let value = value.unwrap_or_else(|| panic!("{kind}: {name}: there is no {}", gauge["valueFrom"]));
    // kube-state-metrics reads True, False, Unknown and times out of texts.
    assert!(["integer", "number", "string"].contains(&value["type"].as_str().unwrap()), "{kind}: {name}: {value}");
    assert!(value["type"] != "string" || gauge["path"] == json!(["status", "conditions"]), "{kind}: {name}");
}

#[test]
fn a_path_that_is_no_field_is_found() {
    let schema = schema_of("EcsService");
    assert!(at(&schema, &json!(["status", "conditions", "status"])).is_some());
    for wrong in [json!(["status", "conditions", "state"]), json!(["status", "running"]), json!(["spec", "count"])] {
        assert!(at(&schema, &wrong).is_none(), "{wrong}");
    }
}
