//! Server-side apply.

use serde_json::{Value, json};

use super::{World, at, reason, version, widget};

fn managers(object: &Value) -> Vec<(String, String)> {
    let list = object["metadata"]["managedFields"].as_array().unwrap();
    list.iter()
        .map(|e| (e["manager"].as_str().unwrap().to_owned(), e["operation"].as_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn apply_creates_and_identical_applies_move_nothing_once_the_status_default_is_stored() {
    let mut w = World::new();
    let body = widget("a", &json!({"color": "red", "tags": {"x": "1"}}));
    let (status, made) = w.apply(&at("a"), "one", &body);
    assert_eq!(status, 201);
    assert_eq!(
        made["metadata"]["managedFields"][0]["fieldsV1"],
        json!({"f:spec": {"f:color": {}, "f:tags": {"f:x": {}}}})
    );
    let (status, stored) = w.apply(&at("a"), "one", &body);
    assert_eq!(status, 200);
    assert_ne!(version(&stored), version(&made), "the default of status was shown, but is stored only now");
    let (status, same) = w.apply(&at("a"), "one", &body);
    assert_eq!((status, same), (200, stored));
}

#[test]
fn what_a_manager_leaves_out_of_its_next_apply_is_removed_unless_another_owns_it() {
    let mut w = World::new();
    let all = json!({"color": "red", "note": "abc", "tags": {"x": "1", "y": "2"}, "parts": [{"name": "p", "weight": 1}, {"name": "q"}]});
    w.apply(&at("a"), "one", &widget("a", &all));
    w.apply(
        &at("a"),
        "two",
        &widget("a", &json!({"color": "red", "tags": {"y": "2"}, "parts": [{"name": "p", "label": "l"}]})),
    );
    let (status, after) = w.apply(&at("a"), "one", &widget("a", &json!({"color": "red"})));
    assert_eq!(status, 200);
    let wanted = json!({"color": "red", "size": 1, "tags": {"y": "2"}, "parts": [{"name": "p", "label": "l"}]});
    assert_eq!(after["spec"], wanted);
    let (_, after) = w.apply(&at("a"), "two", &widget("a", &json!({"color": "red"})));
    assert_eq!(after["spec"], json!({"color": "red", "size": 1}));
}

#[test]
fn another_managers_value_conflicts_until_forced() {
    let mut w = World::new();
    w.apply(&at("a"), "one", &widget("a", &json!({"color": "red", "size": 2})));
    let (status, refusal) = w.apply(&at("a"), "two", &widget("a", &json!({"color": "blue"})));
    assert_eq!((status, reason(&refusal)), (409, "Conflict"));
    let cause = &refusal["details"]["causes"][0];
    assert_eq!(
        (cause["field"].as_str(), cause["reason"].as_str()),
        (Some(".spec.color"), Some("FieldManagerConflict"))
    );
    let (status, after) = w.apply_by_force(&at("a"), "two", &widget("a", &json!({"color": "blue"})));
    assert_eq!((status, &after["spec"]["color"]), (200, &json!("blue")));
    let (_, after) = w.apply(&at("a"), "one", &widget("a", &json!({"size": 2, "color": "blue"})));
    assert_eq!(managers(&after), [("two".into(), "Apply".into()), ("one".into(), "Apply".into())]);
    assert_eq!(after["metadata"]["generation"], 2);
}

#[test]
fn two_managers_own_items_of_one_list() {
    let mut w = World::new();
    let part =
        |name: &str, weight: i64| widget("a", &json!({"color": "red", "parts": [{"name": name, "weight": weight}]}));
    w.apply(&at("a"), "one", &part("p", 1));
    w.apply(&at("a"), "two", &part("q", 2));
    let (_, after) = w.apply(&at("a"), "one", &part("p", 7));
    assert_eq!(after["spec"]["parts"], json!([{"name": "p", "weight": 7}, {"name": "q", "weight": 2}]));
}

#[test]
fn an_update_takes_fields_from_an_apply() {
    let mut w = World::new();
    w.apply(&at("a"), "one", &widget("a", &json!({"color": "red", "size": 2})));
    w.merge(&at("a"), &json!({"spec": {"size": 5}}));
    let (status, refusal) = w.apply(&at("a"), "one", &widget("a", &json!({"color": "red", "size": 2})));
    assert_eq!(status, 409);
    assert!(
        refusal["message"].as_str().unwrap().contains("conflict with \"tester using test.example/v1\": .spec.size"),
        "{refusal}"
    );
    let (_, after) = w.apply(&at("a"), "one", &widget("a", &json!({"color": "red"})));
    assert_eq!(after["spec"]["size"], 5);
}

#[test]
fn a_default_stands_in_for_a_field_that_was_withdrawn() {
    let mut w = World::new();
    w.apply(&at("a"), "one", &widget("a", &json!({"color": "red", "size": 4})));
    let (_, after) = w.apply(&at("a"), "one", &widget("a", &json!({"color": "red"})));
    assert_eq!(after["spec"]["size"], 1);
}

#[test]
fn status_is_applied_to_existing_objects_only_and_never_by_uid() {
    let mut w = World::new();
    let door = format!("{}/status", at("a"));
    let report = |uid: &str| {
        json!({
            "apiVersion": "test.example/v1", "kind": "Widget", "metadata": {"name": "a", "uid": uid},
            "spec": {"color": "green"}, "status": {"size": 3, "conditions": [{"type": "Ready", "status": "True"}]},
        })
    };
    assert_eq!(w.apply(&door, "one", &report("gone")).0, 404);
    w.create("a", &json!({"color": "red"}));
    let (status, after) = w.apply(&door, "one", &report("foreign"));
    assert_eq!((status, &after["spec"]["color"], &after["status"]["size"]), (200, &json!("red"), &json!(3)));
    assert_eq!(after["metadata"]["generation"], 1);
    let mut old = report("");
    old["metadata"] = json!({"name": "a", "resourceVersion": "1"});
    assert_eq!(w.apply_by_force(&door, "one", &old).0, 409);
    old["metadata"] = json!({"name": "a", "resourceVersion": version(&after)});
    assert_eq!(version(&w.apply_by_force(&door, "one", &old).1), version(&after));
    w.apply(
        &door,
        "two",
        &json!({
            "apiVersion": "test.example/v1", "kind": "Widget", "metadata": {"name": "a"},
            "status": {"conditions": [{"type": "Other", "status": "False"}]},
        }),
    );
    let (_, after) = w.apply(&door, "one", &json!({
        "apiVersion": "test.example/v1", "kind": "Widget", "metadata": {"name": "a"}, "status": {"observedGeneration": 1},
    }));
    assert_eq!(after["status"], json!({"observedGeneration": 1, "conditions": [{"type": "Other", "status": "False"}]}));
}

#[test]
fn a_uid_in_the_body_guards_the_main_door() {
    let mut w = World::new();
    let mut body = widget("a", &json!({"color": "red"}));
    body["metadata"]["uid"] = json!("11111111-0000-4000-8000-000000000000");
    let (status, refusal) = w.apply(&at("a"), "one", &body);
    assert_eq!((status, reason(&refusal)), (409, "Conflict"));
    w.create("a", &json!({"color": "red"}));
    assert_eq!(w.apply(&at("a"), "one", &body).0, 422);
}

#[test]
fn apply_refuses_what_the_schema_does_not_know() {
    let mut w = World::new();
    let (status, refusal) = w.apply(&at("a"), "one", &widget("a", &json!({"color": "red", "hue": 1})));
    assert_eq!(status, 500);
    assert!(refusal["message"].as_str().unwrap().contains(".spec.hue: field not declared in schema"));
    assert_eq!(w.apply(&at("a"), "", &widget("a", &json!({"color": "red"}))).0, 422);
}
