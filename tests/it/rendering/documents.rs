//! Artifacts: what is read, and what is refused.

use ecs_operator::controllers::server_group::render::{images, task_definition};
use serde_json::{Value, json};

use super::{fixture, read, refused, resolved, version, with_document};

fn two() -> String {
    fixture("document-two-containers.json")
}

/// The document with a changed member.
fn changed(pointer: &str, value: Value) -> String {
    let mut document: Value = serde_json::from_str(&two()).unwrap();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    document["taskDefinition"].pointer_mut(parent).unwrap()[name] = value;
    document.to_string()
}

#[test]
fn an_exported_definition_can_be_pasted_in() {
    let desired = read(&with_document(&two()));
    assert_eq!(refused(&desired), "");
    assert!(desired.notes.iter().any(|note| note.contains("taskDefinitionArn") && note.contains("compatibilities")));
    assert_eq!(images(&desired), ["registry.example.com/web:7", "registry.example.com/envoy:v1.30"]);
    let inner: Value = serde_json::from_str(&two()).unwrap();
    let bare = read(&with_document(&inner["taskDefinition"].to_string()));
    assert_eq!(refused(&bare), "");
}

#[test]
fn texts_that_are_no_definition_are_refused() {
    let eleven: Vec<Value> = (0..11).map(|n| json!({ "name": format!("c{n}"), "image": "x", "memory": 64 })).collect();
    for (text, part) in [
        ("{".to_owned(), "artifact: is not JSON"),
        ("a: [".to_owned(), "artifact: is not YAML"),
        (String::new(), "artifact: is empty"),
        ("just words".to_owned(), "artifact: is text and not a task definition"),
        ("[]".to_owned(), "artifact: is a list and not a task definition"),
        ("family: a\n---\nfamily: b\n".to_owned(), "artifact: has 2 documents; write exactly one"),
        ("family: a\n".to_owned(), "artifact: `containerDefinitions` is missing"),
        (changed("/containerDefinitions", json!([])), "artifact: `containerDefinitions` must have 1 to 10 containers"),
        (changed("/containerDefinitions", json!(eleven)), "must have 1 to 10 containers and has 11"),
        (
            changed("/containerDefinitions/0/memroy", json!(1)),
            "artifact: `containerDefinitions[web].memroy` is not a member",
        ),
        (changed("/flavour", json!(1)), "artifact: `flavour` is not a member"),
        (changed("/region", json!("eu-west-1")), "artifact: `region` is not a member of a task definition"),
        (changed("/cpu", json!([])), "artifact: `cpu` is a list"),
        (changed("/networkMode", json!("bridge")), "artifact: network mode `bridge`, expected `awsvpc`"),
        (changed("/containerDefinitions/0/essential", json!("perhaps")), "must be true or false"),
        (
            changed("/containerDefinitions/1/name", json!("web")),
            "container mapping `web` matches 2 containers, expected 1",
        ),
        (changed("/containerDefinitions/0/name", json!("front")), "container mapping `web` matches 0 containers"),
        (
            changed("/containerDefinitions/0/portMappings", json!([])),
            "`spec.template.targetGroupMappings[0].containerPort`",
        ),
        (changed("/pidMode", json!("galaxy")), "artifact: `pidMode`"),
        (
            json!({ "taskDefinition": { "containerDefinitions": [] }, "failures": [] }).to_string(),
            "`failures` is not a member",
        ),
    ] {
        let found = refused(&read(&with_document(&text)));
        assert!(found.contains(part), "{text}\n{part}\n{found}");
    }
}

#[test]
fn a_mapping_needs_a_container_name_when_there_are_several() {
    let mut spec = with_document(&two());
    spec["template"]["targetGroupMappings"][0]["containerName"] = Value::Null;
    let found = refused(&read(&spec));
    assert!(
        found.contains("targetGroupMappings[0].containerName` must be set: the artifact has 2 containers"),
        "{found}"
    );
    spec["template"]["targetGroupMappings"][0]["containerName"] = json!("cache");
    let found = refused(&read(&spec));
    assert!(found.contains("`spec.template.targetGroupMappings[0].containerName` is `cache`"), "{found}");
}

#[test]
fn an_execution_role_is_said_once() {
    let mut spec = with_document(&two());
    spec["template"]["executionRoleArn"] = json!("exec");
    assert_eq!(refused(&read(&spec)), "", "the same role by name");
    spec["template"]["executionRoleArn"] = json!("other");
    let found = refused(&read(&spec));
    assert!(
        found.contains("artifact: execution role `arn:aws:iam::123456789012:role/exec`, expected `other`"),
        "{found}"
    );
}

#[test]
fn reserved_names_replace_those_of_the_document() {
    let desired = read(&with_document(&two()));
    let definition = task_definition(&desired, &version(&desired, 12, None), &resolved()).unwrap();
    for container in definition.container_definitions.unwrap() {
        let environment: Vec<_> =
            container.environment.unwrap().into_iter().map(|e| (e.name.unwrap(), e.value)).collect();
        let last: Vec<_> = environment.iter().rev().take(3).rev().cloned().collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            last,
            [
                ("SERVER_GROUP".to_owned(), some("shop-prod-v012")),
                ("CLOUD_STACK".to_owned(), some("prod")),
                ("CLOUD_DETAIL".to_owned(), None),
            ]
        );
        assert_eq!(environment.iter().filter(|(name, _)| name == "SERVER_GROUP").count(), 1);
        let labels = container.docker_labels.unwrap();
        assert_eq!(labels.get("spinnaker.servergroup").map(String::as_str), Some("shop-prod-v012"));
        assert!(!labels.contains_key("spinnaker.detail"), "the old label would lie");
    }
}
