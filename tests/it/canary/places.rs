//! A mark in each place where something can be hidden, through the life of the object that holds it.

use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use ecs_sim::fixtures::ImageFate;
use serde_json::{Value, json};

use super::kept::{Source, document, manifest};
use super::{MARK, annotated, untold};
use crate::server_group::bad_input::{artifact, config_map};
use crate::server_group::worlds;
use crate::support::log::Log;
use crate::support::manifests::{cluster, service, web};
use crate::support::paused::run;
use crate::support::wire::{Fault, Plan};
use crate::support::world::World;

/// AWS refuses every change and quotes each hidden place.
fn quoting(of: &'static str, places: &[&str]) -> Plan {
    let quoted: Vec<String> = places.iter().map(|place| format!("'{MARK}-{place}'")).collect();
    let message: &'static str = Box::leak(format!("Invalid: {}.", quoted.join(", ")).into_boxed_str());
    Box::new(
        move |_, operation| {
            if operation == of { Fault::Refuse(400, "ClientException", message) } else { Fault::Pass }
        },
    )
}

const IN_CONTAINERS: &[&str] = &["environment", "command", "entrypoint", "label", "health"];

async fn life_of_a_group(seed: u64, source: Source) {
    let (log, _guard) = Log::listen();
    let (world, mut operator) = worlds(seed).await;
    let apply = async |image: &str| {
        if source == Source::ConfigMap {
            config_map(&world, &document(image)).await;
        }
        let mut group = annotated(manifest(source, image));
        group["spec"]["strategy"] = json!({"redBlack": {}});
        world.apply::<ServerGroup>(&group).await;
    };
    let check = |operator: &crate::support::driver::Operator, moment: &str| {
        untold(&world, operator, &log, &format!("{source:?}, {moment}"));
    };
    apply("nginx:1").await;
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"managementMode": "Plan"}})).await;
    Box::pin(operator.rest()).await;
    check(&operator, "planned");
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"managementMode": "Manage"}})).await;
    Box::pin(operator.rest()).await;
    check(&operator, "created");
    world.aws.sim(|sim| sim.set_image("nginx:missing", ImageFate::Missing));
    apply("nginx:missing").await;
    operator.sweep().await;
    Box::pin(operator.rest()).await;
    check(&operator, "failed");
    world.aws.set_plan(Some(quoting("RegisterTaskDefinition", IN_CONTAINERS)));
    apply("nginx:3").await;
    operator.sweep().await;
    Box::pin(operator.rest()).await;
    check(&operator, "refused by ECS");
    let said: String = super::told(&world, &operator, &log).into_iter().map(|(_, text)| text).collect();
    let quoted = ["(value of PASSWORD)", "(part of command)", "(part of entryPoint)", "(value of token)"];
    assert!(quoted.iter().all(|instead| said.contains(instead)), "{source:?}: the refusal was told of");
    let history = world.status::<ServerGroup>("shop-prod").await.history;
    assert!(history.iter().filter(|entry| entry.result == "Failed").count() >= 2, "{source:?}: {history:?}");
    world.aws.set_plan(None);
    world.delete::<ServerGroup>("shop-prod").await;
    Box::pin(operator.rest()).await;
    check(&operator, "deleted");
}

#[test]
fn a_group_tells_nothing_of_its_inputs_its_document_or_its_config_map() {
    run(Box::pin(life_of_a_group(731, Source::Inputs)));
    run(Box::pin(life_of_a_group(732, Source::Inline)));
    run(Box::pin(life_of_a_group(733, Source::ConfigMap)));
}

/// Texts that are no task definitions, each wrong near a mark.
fn broken() -> Vec<String> {
    let web = |members: &str| {
        format!(
            r#"{{"containerDefinitions": [{{"name": "web", "image": "nginx:1", {members}}}], "cpu": 256, "memory": 512}}"#
        )
    };
    let mut texts: Vec<String> = [
        r#""environment": "MARK""#,
        r#""environment": [{"name": "A", "value": ["MARK"]}]"#,
        r#""environment": [{"name": "A", "value": {"a": "MARK"}}]"#,
        r#""environment": ["MARK"]"#,
        r#""environment": {"A": "MARK"}"#,
        r#""environment": [{"name": "A", "value": "MARK", "value": "MARK"}]"#,
        r#""environment": [{"value": "MARK"}]"#,
        r#""command": "MARK""#,
        r#""command": ["serve", {"a": "MARK"}]"#,
        r#""entryPoint": {"a": "MARK"}"#,
        r#""cpu": "MARK""#,
        r#""memory": "MARK""#,
        r#""essential": "MARK""#,
        r#""secrets": [{"name": "A", "valueFrom": "MARK MARK"}]"#,
        r#""secrets": [{"name": "A", "valueFrom": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a:MARK"}]"#,
        r#""secrets": "MARK""#,
        r#""dockerLabels": "MARK""#,
        r#""dockerLabels": {"a": ["MARK"]}"#,
        r#""healthCheck": {"command": "MARK"}"#,
        r#""healthCheck": {"command": ["MARK"], "interval": "MARK"}"#,
        r#""logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": ["MARK"]}}"#,
        r#""logConfiguration": {"logDriver": "awslogs", "options": {"token": "MARK"}}"#,
        r#""logConfiguration": "MARK""#,
        r#""repositoryCredentials": {"credentialsParameter": ["MARK"]}"#,
        r#""repositoryCredentials": "MARK""#,
        r#""environmentFiles": [{"value": "MARK", "type": "s3"}]"#,
        r#""environment": [{"name": "A", "value": "MARK\q"}]"#,
        r#""environment": [{"name": "A", "value": "MARK}"#,
        r#""environment": [{"name": "A", "value": MARK}]"#,
        r#""environment": [{"name": "A", "value": 1e999MARK}]"#,
    ]
    .map(web)
    .to_vec();
    texts.extend(
        [
            "MARK",
            "{MARK}",
            "[\"MARK\"]",
            "{\"containerDefinitions\": \"MARK\"}",
            "{\"containerDefinitions\": [\"MARK\"]}",
            "{\"containerDefinitions\": [], \"tags\": \"MARK\"}",
            "{\"containerDefinitions\": [], \"tags\": [\"MARK\"]}",
            "{\"containerDefinitions\": [], \"tags\": [{\"value\": \"MARK\"}]}",
            "a: \"MARK",
            "a: 'MARK",
            "a: *MARK",
            "a: &x MARK\nb: *y\n",
            "a: !MARK x",
            "a: !!int MARK",
            "a: !!binary MARK%%",
            "a: MARK: b",
            "a: MARK\n\tb: c",
            "- MARK\na: MARK",
            "a: [MARK",
            "a: {MARK",
            "a: MARK\na: MARK",
            "? MARK\n? MARK\n",
            "a: \"MARK\\q\"",
            "containerDefinitions:\n- name: web\n  image: nginx:1\n  environment:\n  - name: A\n    value: MARK\n    value: MARK\n",
            "containerDefinitions:\n- name: web\n  image: nginx:1\n  environment:\n  - name: A\n   value: MARK\n",
            "containerDefinitions:\n- name: web\n  image: nginx:1\n  environment:\n    A: MARK\n",
            "a: {{ MARK }}",
            "%MARK 1\n---\na: b",
            "a: |MARK\n b",
            "a: b\n---\nMARK",
        ]
        .map(str::to_owned),
    );
    texts.iter().map(|text| text.replace("MARK", MARK)).collect()
}

#[test]
fn a_document_that_cannot_be_read_is_refused_without_its_values() {
    run(async {
        let (log, _guard) = Log::listen();
        let (world, mut operator) = worlds(734).await;
        let mut found = Vec::new();
        for text in broken() {
            world.apply::<ServerGroup>(&artifact(&json!({"inline": text}))).await;
            Box::pin(operator.sweep()).await;
            let said = super::leaks(&super::told(&world, &operator, &log));
            if !said.is_empty() {
                found.push(format!("{text}: {said:#?}"));
                world.api.take_log();
                log.clear();
            }
        }
        assert!(found.is_empty(), "{found:#?}");
        assert!(!world.api.log().is_empty());
    });
}

#[test]
fn a_service_tells_nothing_of_its_hooks_its_proxy_logs_and_of_what_is_refused() {
    run(async {
        let (log, _guard) = Log::listen();
        let world = World::ready(735).await;
        let mut operator = world.operator();
        world.apply::<EcsCluster>(&annotated(cluster("prod"))).await;
        world.apply::<EcsTaskDefinition>(&annotated(web("web", "nginx:1"))).await;
        let mut hidden = annotated(service("web", "prod", "web"));
        json_patch::merge(
            &mut hidden,
            &json!({"spec": {
                "serviceConnectConfiguration": {"enabled": true, "namespace": "shop", "logConfiguration": {
                    "logDriver": "splunk", "options": {"splunk-token": format!("{MARK}-logs"), "splunk-url": "https://splunk"},
                }},
            }}),
        );
        for operation in ["CreateService", "UpdateService"] {
            world.aws.set_plan(Some(quoting(operation, &["logs"])));
            hidden["spec"]["desiredCount"] = json!(if operation == "CreateService" { 1 } else { 2 });
            world.apply::<EcsService>(&hidden).await;
            Box::pin(operator.rest()).await;
            untold(&world, &operator, &log, operation);
            world.aws.set_plan(None);
            world.annotate::<EcsService>("web", "reconcile-requested-at", operation).await;
            Box::pin(operator.rest()).await;
            untold(&world, &operator, &log, operation);
        }
        let said = log.text();
        assert!(said.contains("(value of splunk-token)"), "the refusal was told of");
        world.delete::<EcsService>("web").await;
        Box::pin(operator.rest()).await;
        untold(&world, &operator, &log, "deleted");
    });
}

/// Stored objects whose members have another type than this version reads.
fn poisoned() -> Vec<(&'static str, &'static str, Value)> {
    let container = |members: Value| {
        let mut container = json!({"name": "web", "image": "nginx:1"});
        json_patch::merge(&mut container, &members);
        json!({"containerDefinitions": [container]})
    };
    let number = 47_110_815_u64;
    assert!(!MARK.contains(&number.to_string()));
    vec![
        ("ecstaskdefinitions", "env", container(json!({"environment": [{"name": "A", "value": [MARK]}]}))),
        ("ecstaskdefinitions", "command", container(json!({"command": MARK}))),
        ("ecstaskdefinitions", "options", container(json!({"logConfiguration": {"options": MARK}}))),
        ("ecstaskdefinitions", "mode", json!({"managementMode": MARK})),
        ("ecstaskdefinitions", "ticks", json!({"managementMode": format!("a`{MARK}`, expected {MARK}")})),
        ("ecstaskdefinitions", "quotes", json!({"revisionHistoryLimit": format!("a\"{MARK}\\\"{MARK}")})),
        ("ecsservices", "count", json!({"desiredCount": MARK})),
        ("ecsservices", "tags", json!({"tags": MARK})),
        ("ecsservices", "hooks", json!({"deploymentConfiguration": {"lifecycleHooks": MARK}})),
        ("ecsclusters", "settings", json!({"settings": MARK})),
        ("ecsclusters", "policy", json!({"deletionPolicy": MARK})),
        ("servergroups", "capacity", json!({"capacity": {"desired": MARK}})),
        ("servergroups", "inputs", json!({"template": {"inputs": {"image": "nginx:1", "environment": MARK}}})),
        ("servergroups", "strategy", json!({"strategy": MARK})),
        ("awsaccounts", "external", json!({"externalId": MARK})),
        ("awsaccounts", "mode", json!({"externalId": {"mode": MARK}})),
    ]
}

#[test]
fn an_object_that_cannot_be_read_tells_nothing_of_its_values_nor_do_its_neighbours() {
    run(async {
        let (log, _guard) = Log::listen();
        let world = World::ready(736).await;
        let mut operator = world.operator();
        world.apply::<EcsCluster>(&cluster("prod")).await;
        let now = world.clock.exact();
        for (plural, name, spec) in poisoned() {
            let namespace = (plural != "awsaccounts").then_some(crate::support::world::NAMESPACE);
            let mut object = json!({"metadata": {"name": name}, "spec": spec});
            if let Some(namespace) = namespace {
                object["metadata"]["namespace"] = json!(namespace);
            }
            let resource = format!("{plural}.ecs-operator.dev");
            world.api.with(|api| api.poison(&resource, annotated(object), now)).unwrap();
        }
        world.apply::<EcsService>(&service("web", "prod", "env")).await;
        world.apply::<EcsService>(&service("lost", "settings", "env")).await;
        Box::pin(operator.rest()).await;
        untold(&world, &operator, &log, "stored objects");
        let said: String = super::told(&world, &operator, &log).into_iter().map(|(_, text)| text).collect();
        assert!(said.matches("Undecodable").count() >= 10, "they were told of");
        for name in ["env", "command"] {
            world.delete::<EcsTaskDefinition>(name).await;
        }
        Box::pin(operator.rest()).await;
        untold(&world, &operator, &log, "deleted");
    });
}
