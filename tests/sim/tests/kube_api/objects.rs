//! Create, update, patch, schema, scale, discovery.

use http::Method;
use serde_json::json;

use super::{BASE, World, at, reason, version, widget};

#[test]
fn a_new_object_gets_identity_generation_and_defaults_but_not_its_status() {
    let mut w = World::new();
    let mut body = widget("a", &json!({"color": "red", "extra": 1, "note": null}));
    body["status"] = json!({"size": 7});
    let (status, made) = w.ask(Method::POST, BASE, "application/json", &body);
    assert_eq!(status, 201);
    assert_eq!(made["spec"], json!({"color": "red", "size": 1}));
    assert_eq!(made["status"], json!({"observedGeneration": -1}));
    assert_eq!(made["metadata"]["generation"], 1);
    assert_eq!(made["metadata"]["creationTimestamp"], "1970-01-01T00:00:01Z");
    assert_eq!(made["metadata"]["namespace"], "default");
    assert!(!made["metadata"]["uid"].as_str().unwrap().is_empty());
    assert_eq!(made["metadata"]["managedFields"][0]["manager"], "tester");
    assert_eq!(w.get(&at("a")).1, made);
    let (status, refusal) = w.create("a", &json!({"color": "red"}));
    assert_eq!((status, reason(&refusal)), (409, "AlreadyExists"));
}

#[test]
fn strict_validation_names_the_unknown_field() {
    let mut w = World::new();
    let body = widget("a", &json!({"color": "red", "parts": [{"name": "x", "wieght": 1}]}));
    let (status, refusal) = w.ask(Method::POST, &format!("{BASE}?fieldValidation=Strict"), "application/json", &body);
    assert_eq!((status, reason(&refusal)), (400, "BadRequest"));
    assert!(refusal["message"].as_str().unwrap().contains("unknown field \"spec.parts[0].wieght\""));
}

#[test]
fn schema_violations_are_causes_of_one_invalid() {
    let mut w = World::new();
    let cases = [
        (json!({"color": "pink"}), "spec.color", "FieldValueNotSupported"),
        (json!({}), "spec.color", "FieldValueRequired"),
        (json!({"color": "red", "size": 11}), "spec.size", "FieldValueInvalid"),
        (json!({"color": "red", "size": "3"}), "spec.size", "FieldValueTypeInvalid"),
        (json!({"color": "red", "note": "aaaaaaaaa"}), "spec.note", "FieldValueTooLong"),
        (json!({"color": "red", "note": "A"}), "spec.note", "FieldValueInvalid"),
        (json!({"color": "red", "parts": [{"name": "x"}, {"name": "x"}]}), "spec.parts[1]", "FieldValueDuplicate"),
        (
            json!({"color": "red", "parts": [{"name": "1"}, {"name": "2"}, {"name": "3"}, {"name": "4"}]}),
            "spec.parts",
            "FieldValueTooMany",
        ),
    ];
    for (spec, field, why) in cases {
        let (status, refusal) = w.create("a", &spec);
        assert_eq!((status, reason(&refusal)), (422, "Invalid"), "{spec}");
        let cause = &refusal["details"]["causes"][0];
        assert_eq!((cause["field"].as_str(), cause["reason"].as_str()), (Some(field), Some(why)), "{refusal}");
    }
    let (status, refusal) = w.create("Not_A_Name", &json!({"color": "red"}));
    assert_eq!((status, refusal["details"]["causes"][0]["field"].as_str()), (422, Some("metadata.name")));
}

#[test]
fn validators_see_the_old_object() {
    let mut w = World::new();
    w.api.add_validator(Box::new(|new, old| {
        let moved = old.is_some_and(|old| old["spec"]["color"] != new["spec"]["color"]);
        if moved { vec!["color is immutable".into()] } else { Vec::new() }
    }));
    assert_eq!(w.create("a", &json!({"color": "red"})).0, 201);
    assert_eq!(w.merge(&at("a"), &json!({"spec": {"size": 2}})).0, 200);
    let (status, refusal) = w.merge(&at("a"), &json!({"spec": {"color": "blue"}}));
    assert_eq!(status, 422);
    assert!(refusal["message"].as_str().unwrap().contains("color is immutable"));
}

#[test]
fn what_was_stored_invalid_still_takes_edits_elsewhere() {
    let mut w = World::new();
    let now = w.now;
    let mut old = widget("a", &json!({"color": "violet", "size": 1}));
    old["metadata"]["namespace"] = json!("default");
    w.api.poison("widgets.test.example", old, now).unwrap();
    assert_eq!(w.merge(&at("a"), &json!({"spec": {"size": 2}})).0, 200);
    assert_eq!(w.merge(&format!("{}/status", at("a")), &json!({"status": {"size": 2}})).0, 200);
    assert_eq!(w.merge(&at("a"), &json!({"spec": {"color": "pink"}})).0, 422);
}

#[test]
fn stale_versions_conflict_and_absent_ones_are_refused() {
    let mut w = World::new();
    let (_, made) = w.create("a", &json!({"color": "red"}));
    let mut edit = made.clone();
    edit["spec"]["color"] = json!("blue");
    let (status, stored) = w.ask(Method::PUT, &at("a"), "application/json", &edit);
    assert_eq!((status, &stored["metadata"]["generation"]), (200, &json!(2)));
    let (status, refusal) = w.ask(Method::PUT, &at("a"), "application/json", &edit);
    assert_eq!((status, reason(&refusal)), (409, "Conflict"));
    edit["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    assert_eq!(w.ask(Method::PUT, &at("a"), "application/json", &edit).0, 422);
    let old = json!({"metadata": {"resourceVersion": version(&made)}, "spec": {"size": 3}});
    assert_eq!(w.merge(&at("a"), &old).0, 409);
    assert_eq!(w.merge(&at("b"), &json!({})).0, 404);
}

#[test]
fn status_and_spec_have_separate_doors() {
    let mut w = World::new();
    w.create("a", &json!({"color": "red"}));
    let door = format!("{}/status", at("a"));
    let both = json!({"metadata": {"labels": {"x": "y"}}, "spec": {"size": 9}, "status": {"size": 4}});
    let (_, after) = w.merge(&door, &both);
    assert_eq!((&after["spec"]["size"], &after["status"]["size"]), (&json!(1), &json!(4)));
    assert_eq!((&after["metadata"]["generation"], &after["metadata"]["labels"]), (&json!(1), &json!(null)));
    let (_, after) = w.merge(&at("a"), &json!({"status": {"size": 5}}));
    assert_eq!(after["status"]["size"], 4);
}

#[test]
fn an_update_that_changes_nothing_moves_nothing_and_metadata_moves_no_generation() {
    let mut w = World::new();
    w.create("a", &json!({"color": "red"}));
    let (_, made) = w.merge(&at("a"), &json!({"spec": {"size": 1}}));
    let (_, same) = w.merge(&at("a"), &json!({"spec": {"color": "red"}}));
    assert_eq!(same, made);
    let (_, labelled) = w.merge(&at("a"), &json!({"metadata": {"annotations": {"k": "v"}}}));
    assert_eq!(labelled["metadata"]["generation"], 1);
    assert_ne!(version(&labelled), version(&made));
}

#[test]
fn a_failed_json_patch_test_is_unprocessable() {
    let mut w = World::new();
    let (_, made) = w.create("a", &json!({"color": "red"}));
    let media = "application/json-patch+json";
    let add = json!({"op": "add", "path": "/metadata/finalizers", "value": ["test.example/f"]});
    let wrong = json!([{"op": "test", "path": "/metadata/uid", "value": "other"}, add]);
    let (status, refusal) = w.ask(Method::PATCH, &at("a"), media, &wrong);
    assert_eq!((status, reason(&refusal)), (422, "Invalid"));
    let right = json!([{"op": "test", "path": "/metadata/uid", "value": made["metadata"]["uid"]}, add]);
    let (status, after) = w.ask(Method::PATCH, &at("a"), media, &right);
    assert_eq!((status, &after["metadata"]["finalizers"]), (200, &json!(["test.example/f"])));
    assert_eq!(w.ask(Method::PATCH, &at("a"), "text/plain", &json!({})).0, 415);
}

#[test]
fn generated_names_differ() {
    let mut w = World::new();
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "c-"}});
    let path = "/api/v1/namespaces/default/configmaps";
    let one = w.ask(Method::POST, path, "application/json", &body).1;
    let two = w.ask(Method::POST, path, "application/json", &body).1;
    assert!(one["metadata"]["name"].as_str().unwrap().starts_with("c-"));
    assert_ne!(one["metadata"]["name"], two["metadata"]["name"]);
}

#[test]
fn scale_reads_and_writes_the_replica_path() {
    let mut w = World::new();
    w.create("a", &json!({"color": "red"}));
    w.merge(&format!("{}/status", at("a")), &json!({"status": {"size": 1, "selector": "x=y"}}));
    let door = format!("{}/scale", at("a"));
    let (_, mut scale) = w.get(&door);
    assert_eq!((scale["kind"].as_str(), scale["apiVersion"].as_str()), (Some("Scale"), Some("autoscaling/v1")));
    assert_eq!(
        (&scale["spec"], &scale["status"]),
        (&json!({"replicas": 1}), &json!({"replicas": 1, "selector": "x=y"}))
    );
    scale["spec"]["replicas"] = json!(5);
    assert_eq!(w.ask(Method::PUT, &door, "application/json", &scale).0, 200);
    assert_eq!(w.ask(Method::PUT, &door, "application/json", &scale).0, 409);
    let (_, object) = w.get(&at("a"));
    assert_eq!((&object["spec"]["size"], &object["metadata"]["generation"]), (&json!(5), &json!(2)));
    assert_eq!(w.merge(&door, &json!({"spec": {"replicas": 99}})).0, 422);
    assert_eq!(w.merge(&door, &json!({"spec": {"replicas": 2}})).1["spec"]["replicas"], 2);
}

#[test]
fn leases_are_created_by_put_and_guarded_by_version() {
    let mut w = World::new();
    let path = "/apis/coordination.k8s.io/v1/namespaces/default/leases/l";
    let body = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l"}, "spec": {"holderIdentity": "a"}});
    let (status, made) = w.ask(Method::PUT, path, "application/json", &body);
    assert_eq!(status, 201);
    assert_eq!(w.ask(Method::PUT, path, "application/json", &made).0, 200);
    w.merge(path, &json!({"spec": {"holderIdentity": "b"}}));
    assert_eq!(w.ask(Method::PUT, path, "application/json", &made).0, 409);
}

#[test]
fn long_event_notes_are_refused_by_bytes() {
    let mut w = World::new();
    let event = |note: String| {
        json!({
            "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"generateName": "e"}, "note": note,
            "eventTime": "2026-01-01T00:00:00.000000Z", "reportingController": "c", "reportingInstance": "i",
            "action": "A", "reason": "R", "type": "Normal", "regarding": {"namespace": "default", "name": "a"},
        })
    };
    let path = "/apis/events.k8s.io/v1/namespaces/default/events";
    assert_eq!(w.ask(Method::POST, path, "application/json", &event("é".repeat(512))).0, 201);
    assert_eq!(w.ask(Method::POST, path, "application/json", &event("é".repeat(513))).0, 422);
}

#[test]
fn discovery_lists_the_installed_kind_and_its_doors() {
    let mut w = World::new();
    let (_, list) = w.get("/apis/test.example/v1");
    let names: Vec<&str> = list["resources"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["widgets", "widgets/status", "widgets/scale"]);
    let (_, groups) = w.get("/apis");
    assert!(groups["groups"].as_array().unwrap().iter().any(|g| g["name"] == "test.example"));
    assert_eq!(w.get("/apis/nowhere.example/v1").0, 404);
    assert_eq!(w.get("/version").1["minor"], "34");
    assert_eq!(w.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.test.example").0, 200);
}
