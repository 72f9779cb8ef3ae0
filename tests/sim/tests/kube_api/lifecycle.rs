//! Deletion: finalizers, preconditions, garbage, namespaces.

use http::Method;
use serde_json::{Value, json};

use super::{BASE, World, at, reason, widget};

#[test]
fn a_finalizer_holds_the_object_and_its_removal_lets_it_go() {
    let mut w = World::new();
    w.create("a", &json!({"color": "red"}));
    w.merge(&at("a"), &json!({"metadata": {"finalizers": ["test.example/f"]}}));
    let (status, marked) = w.delete(&at("a"), &Value::Null);
    assert_eq!((status, marked["kind"].as_str()), (200, Some("Widget")));
    assert_eq!(marked["metadata"]["generation"], 2);
    assert!(marked["metadata"]["deletionTimestamp"].is_string());
    let (_, again) = w.delete(&at("a"), &Value::Null);
    assert_eq!(again, marked);
    let more = json!({"metadata": {"finalizers": ["test.example/f", "test.example/g"]}});
    let (status, refusal) = w.merge(&at("a"), &more);
    assert_eq!((status, refusal["details"]["causes"][0]["reason"].as_str()), (422, Some("FieldValueForbidden")));
    assert_eq!(w.merge(&at("a"), &json!({"spec": {"size": 2}})).0, 200);
    assert_eq!(w.merge(&at("a"), &json!({"metadata": {"finalizers": null}})).0, 200);
    assert_eq!(w.get(&at("a")).0, 404);
}

#[test]
fn preconditions_guard_a_delete() {
    let mut w = World::new();
    let (_, made) = w.create("a", &json!({"color": "red"}));
    let (status, refusal) = w.delete(&at("a"), &json!({"preconditions": {"uid": "other"}}));
    assert_eq!((status, reason(&refusal)), (409, "Conflict"));
    assert_eq!(w.delete(&at("a"), &json!({"preconditions": {"resourceVersion": "1"}})).0, 409);
    let (status, done) = w.delete(&at("a"), &json!({"preconditions": {"uid": made["metadata"]["uid"]}}));
    assert_eq!((status, done["status"].as_str()), (200, Some("Success")));
    assert_eq!(w.delete(&at("a"), &Value::Null).0, 404);
}

fn owned(w: &mut World, name: &str, owner: &Value, block: bool) {
    let mut body = widget(name, &json!({"color": "red"}));
    body["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "test.example/v1", "kind": "Widget", "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"], "controller": true, "blockOwnerDeletion": block,
    }]);
    assert_eq!(w.ask(Method::POST, BASE, "application/json", &body).0, 201);
}

#[test]
fn garbage_goes_down_the_whole_tree() {
    let mut w = World::new();
    let (_, root) = w.create("root", &json!({"color": "red"}));
    owned(&mut w, "child", &root, false);
    let (_, child) = w.get(&at("child"));
    owned(&mut w, "leaf", &child, false);
    let now = w.now;
    assert_eq!(w.api.collect_garbage(now), 0);
    w.delete(&at("root"), &Value::Null);
    assert!(w.api.collect_garbage(now) > 0);
    assert_eq!(w.api.all("widgets.test.example"), Vec::<Value>::new());
}

#[test]
fn foreground_deletion_waits_for_the_children_and_orphaning_frees_them() {
    let mut w = World::new();
    let (_, root) = w.create("root", &json!({"color": "red"}));
    owned(&mut w, "child", &root, true);
    w.merge(&at("child"), &json!({"metadata": {"finalizers": ["test.example/f"]}}));
    w.delete(&at("root"), &json!({"propagationPolicy": "Foreground"}));
    let now = w.now;
    w.api.collect_garbage(now);
    assert_eq!((w.get(&at("root")).0, w.get(&at("child")).0), (200, 200));
    w.merge(&at("child"), &json!({"metadata": {"finalizers": null}}));
    w.api.collect_garbage(now);
    assert_eq!((w.get(&at("root")).0, w.get(&at("child")).0), (404, 404));

    let (_, root) = w.create("root", &json!({"color": "red"}));
    owned(&mut w, "child", &root, true);
    w.delete(&at("root"), &json!({"propagationPolicy": "Orphan"}));
    w.api.collect_garbage(now);
    assert_eq!(w.get(&at("root")).0, 404);
    assert_eq!(w.get(&at("child")).1["metadata"]["ownerReferences"], Value::Null);
}

#[test]
fn a_terminating_namespace_takes_nothing_new_and_ends_empty() {
    let mut w = World::new();
    let space = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}});
    assert_eq!(w.ask(Method::POST, "/api/v1/namespaces", "application/json", &space).0, 201);
    let base = "/apis/test.example/v1/namespaces/team/widgets";
    let mut body = widget("a", &json!({"color": "red"}));
    body["metadata"]["finalizers"] = json!(["test.example/f"]);
    assert_eq!(w.ask(Method::POST, base, "application/json", &body).0, 201);
    let (_, marked) = w.delete("/api/v1/namespaces/team", &Value::Null);
    assert_eq!(marked["status"]["phase"], "Terminating");
    let (status, refusal) = w.ask(Method::POST, base, "application/json", &widget("b", &json!({"color": "red"})));
    assert_eq!((status, reason(&refusal)), (403, "Forbidden"));
    assert_eq!(refusal["details"]["causes"][0]["reason"], "NamespaceTerminating");
    let now = w.now;
    w.api.terminate_namespaces(now);
    assert_eq!(w.get("/api/v1/namespaces/team").0, 200);
    w.merge(&format!("{base}/a"), &json!({"metadata": {"finalizers": null}}));
    w.api.terminate_namespaces(now);
    assert_eq!(w.get("/api/v1/namespaces/team").0, 404);
    assert_eq!(w.ask(Method::POST, base, "application/json", &widget("b", &json!({"color": "red"}))).0, 404);
}
