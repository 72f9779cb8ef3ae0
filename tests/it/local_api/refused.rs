//! Manifests that `kubectl apply` refuses, with the field and what to write instead.

use serde_json::{Value, json};

use super::stage::Stage;
use crate::support::manifests::{cluster, service, web};

fn with(mut manifest: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    manifest.pointer_mut(parent).unwrap()[name] = value;
    manifest
}

fn without(mut manifest: Value, member: &str) -> Value {
    manifest["spec"].as_object_mut().unwrap().remove(member);
    manifest
}

fn a_service() -> Value {
    service("web", "prod", "web")
}

fn a_definition() -> Value {
    web("web", "nginx")
}

/// What is sent, and what the refusal has to say.
type Row = (&'static str, Value, &'static [&'static str]);

fn services() -> Vec<Row> {
    let strategy = json!([{"capacityProvider": "FARGATE", "weight": 1}]);
    let percent = json!({"maximumPercent": 100, "minimumHealthyPercent": 100});
    let daemon = with(a_service(), "/spec/schedulingStrategy", "DAEMON".into());
    vec![
        (
            "launch type and strategy",
            with(a_service(), "/spec/capacityProviderStrategy", strategy),
            &["spec.launchType", "must have one of `launchType` and `capacityProviderStrategy`, not both"],
        ),
        (
            "negative count",
            with(a_service(), "/spec/desiredCount", (-1).into()),
            &["spec.desiredCount", "should be greater than or equal to 0"],
        ),
        ("count as text", with(a_service(), "/spec/desiredCount", "two".into()), &["spec.desiredCount", "integer"]),
        (
            "two clusters",
            with(a_service(), "/spec/cluster", "prod".into()),
            &["spec.clusterRef", "must have exactly one of `clusterRef` and `cluster`"],
        ),
        ("no cluster", without(a_service(), "clusterRef"), &["spec.clusterRef", "must have exactly one of"]),
        (
            "two task definitions",
            with(a_service(), "/spec/taskDefinition", "web:1".into()),
            &["spec.taskDefinitionRef", "must have exactly one of `taskDefinitionRef` and `taskDefinition`"],
        ),
        (
            "dot in a name",
            with(a_service(), "/metadata/name", "web.shop".into()),
            &["spec.serviceName", "must be set when `metadata.name` contains a dot"],
        ),
        (
            "blank in a name",
            with(a_service(), "/spec/serviceName", "my web".into()),
            &["spec.serviceName", "letters, digits, `_` and `-`, unlike my web"],
        ),
        (
            "long name",
            with(a_service(), "/spec/serviceName", "w".repeat(256).into()),
            &["spec.serviceName", "may not be more than 255"],
        ),
        (
            "stuck deployment",
            with(a_service(), "/spec/deploymentConfiguration", percent),
            &["spec.deploymentConfiguration.maximumPercent", "must be greater than `minimumHealthyPercent`"],
        ),
        ("daemon on Fargate", daemon, &["spec.launchType", "must not be `FARGATE` with scheduling strategy `DAEMON`"]),
        (
            "namespace in a reference",
            with(a_service(), "/spec/clusterRef/namespace", "infra".into()),
            &["unknown field \"spec.clusterRef.namespace\""],
        ),
        ("misspelt field", with(a_service(), "/spec/desiredcount", 2.into()), &["unknown field \"spec.desiredcount\""]),
        (
            "unknown word",
            with(a_service(), "/spec/deletionPolicy", "Keep".into()),
            &["spec.deletionPolicy", "supported values: \"Delete\", \"Retain\""],
        ),
        (
            "scaling bounds",
            with(a_service(), "/spec/scaling", json!({"minCapacity": 5, "maxCapacity": 2})),
            &["spec.scaling.minCapacity", "must not exceed `maxCapacity`"],
        ),
    ]
}

fn definitions() -> Vec<Row> {
    let containers = |list: Value| with(a_definition(), "/spec/containerDefinitions", list);
    let twice = json!([{"name": "web", "image": "a"}, {"name": "web", "image": "b"}]);
    let many: Vec<Value> = (0..11).map(|n| json!({"name": format!("c{n}"), "image": "a"})).collect();
    let waits = json!([{"name": "web", "image": "a", "dependsOn": [{"containerName": "web", "condition": "START"}]}]);
    let port = with(a_definition(), "/spec/containerDefinitions/0/portMappings/0/containerPort", 70000.into());
    let host = with(a_definition(), "/spec/containerDefinitions/0/portMappings/0/hostPort", 8080.into());
    vec![
        (
            "Fargate size",
            with(a_definition(), "/spec/memory", "4096".into()),
            &["spec.memory", "must be a pair of `cpu` and `memory` that Fargate offers"],
        ),
        (
            "Fargate network",
            with(a_definition(), "/spec/networkMode", "bridge".into()),
            &["spec.networkMode", "must be `awsvpc` for Fargate"],
        ),
        ("container twice", containers(twice), &["spec.containerDefinitions[1]", "Duplicate value"]),
        ("no container", containers(json!([])), &["spec.containerDefinitions", "should have at least 1 items"]),
        ("eleven containers", containers(many.into()), &["spec.containerDefinitions", "must have at most 10 items"]),
        (
            "none essential",
            with(a_definition(), "/spec/containerDefinitions/0/essential", false.into()),
            &["spec.containerDefinitions", "must have a container that is `essential`"],
        ),
        (
            "waits for itself",
            containers(waits),
            &["spec.containerDefinitions", "must have `dependsOn` name other containers"],
        ),
        ("port", port, &["portMappings[0].containerPort", "should be less than or equal to 65535"]),
        ("host port", host, &["spec.containerDefinitions", "must have `hostPort` equal to `containerPort`"]),
        (
            "reserved tag",
            with(a_definition(), "/spec/tags", json!({"aws:x": "1"})),
            &["spec.tags", "must not have keys that start with `aws:`"],
        ),
    ]
}

#[tokio::test]
async fn bad_manifests_are_refused_at_apply_with_field_and_remedy() {
    let stage = Stage::new("refused").await;
    let unknown = with(
        cluster("prod"),
        "/spec/defaultCapacityProviderStrategy",
        json!([{"capacityProvider": "mine", "weight": 1}]),
    );
    let mut rows = services();
    rows.extend(definitions());
    rows.push((
        "provider of another",
        unknown,
        &["spec.defaultCapacityProviderStrategy", "must name only providers listed"],
    ));
    let mut wrong = Vec::new();
    for (number, manifest, words) in crate::bad_manifests::refused_at_apply() {
        let ran = stage.apply(&[manifest]).await;
        // What a schema refuses it tells in words of its own: the member is named in any case.
        if ran.ok || !ran.err.contains(words) {
            wrong.push(format!("{number}: {words}: {}", if ran.ok { ran.out } else { ran.err }));
        }
    }
    for (what, manifest, expected) in rows {
        let ran = stage.apply(&[manifest]).await;
        if ran.ok || !expected.iter().all(|words| ran.err.contains(words)) {
            wrong.push(format!("{what}: {}", if ran.ok { ran.out } else { ran.err }));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let left = stage.kubectl(&["get", "ecs", "-o", "name"]).await;
    assert_eq!(left.out, "");
}

#[tokio::test]
async fn immutable_members_can_be_neither_changed_nor_added_nor_removed() {
    let stage = Stage::new("immutable").await;
    let named = with(a_service(), "/spec/serviceName", "shop".into());
    let unnamed = with(a_service(), "/metadata/name", "plain".into());
    let family = with(a_definition(), "/spec/family", "shop".into());
    let cluster_named = with(cluster("prod"), "/spec/clusterName", "shop".into());
    stage.apply(&[named.clone(), unnamed.clone(), family.clone(), cluster_named.clone()]).await.unwrap();
    let edits: [(Value, &str); 8] = [
        (with(named.clone(), "/spec/serviceName", "other".into()), "serviceName"),
        (without(named.clone(), "serviceName"), "serviceName"),
        (with(unnamed.clone(), "/spec/serviceName", "added".into()), "serviceName"),
        (with(unnamed.clone(), "/spec/clusterRef/name", "other".into()), "clusterRef"),
        (with(without(unnamed.clone(), "networkConfiguration"), "/spec/launchType", "EC2".into()), "launchType"),
        (with(unnamed, "/spec/schedulingStrategy", "REPLICA".into()), "schedulingStrategy"),
        (with(family, "/spec/family", "other".into()), "family"),
        (with(cluster_named, "/spec/clusterName", "other".into()), "clusterName"),
    ];
    for (manifest, member) in edits {
        let ran = stage.apply(&[manifest]).await;
        assert!(!ran.ok, "{member}: {}", ran.out);
        let field = format!("spec.{member}");
        assert!(ran.err.contains(&field) && ran.err.contains(&format!("`{member}` is immutable")), "{}", ran.err);
    }
}
