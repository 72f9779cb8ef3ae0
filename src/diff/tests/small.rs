//! Cluster, effects, removed members and tags.

use super::printed;
use crate::diff::effect::{
    ClusterCall, Controller, Effect, Owners, cluster_call, immutable_port_changes, service_effect,
};
use crate::diff::removed::{Reset, cluster_removed, service_removed};
use crate::diff::tags::tag_changes;
use crate::diff::{Change, cluster};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

fn change(path: &str, from: Option<&str>, to: Option<&str>) -> Change {
    let (from, to) = (from.map(str::to_owned), to.map(str::to_owned));
    Change { path: path.to_owned(), from, to }
}

#[test]
fn cluster_lists_have_no_order_and_settings_only_in_ecs_are_left_alone() {
    let desired = json!({
        "settings": [{ "name": "containerInsights", "value": "enabled" }],
        "capacityProviders": ["FARGATE_SPOT", "FARGATE"],
        "defaultCapacityProviderStrategy": [{ "capacityProvider": "FARGATE", "weight": 1 }],
        "configuration": { "executeCommandConfiguration": { "logging": "DEFAULT" } },
        "serviceConnectDefaults": { "namespace": "apps" },
    });
    let observed = json!({
        "clusterName": "main",
        "settings": [{ "name": "other", "value": "x" }, { "name": "containerInsights", "value": "enabled" }],
        "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "defaultCapacityProviderStrategy": [{ "capacityProvider": "FARGATE", "weight": 1, "base": 0 }],
        "serviceConnectDefaults": { "namespace": "arn:aws:servicediscovery:eu-west-1:111122223333:namespace/ns-1" },
    });
    assert_eq!(cluster::diff(&desired, &observed), []);
}

#[test]
fn each_member_of_a_cluster_has_its_call() {
    let desired = json!({
        "settings": [{ "name": "containerInsights", "value": "enhanced" }],
        "capacityProviders": ["FARGATE"],
        "defaultCapacityProviderStrategy": [],
        "configuration": { "managedStorageConfiguration": { "kmsKeyId": "k" } },
        "serviceConnectDefaults": { "namespace": "arn:aws:servicediscovery:eu-west-1:111122223333:namespace/ns-2" },
    });
    let observed = json!({
        "settings": [{ "name": "containerInsights", "value": "disabled" }],
        "capacityProviders": ["FARGATE", "big"],
        "defaultCapacityProviderStrategy": [{ "capacityProvider": "big" }],
        "serviceConnectDefaults": { "namespace": "arn:aws:servicediscovery:eu-west-1:111122223333:namespace/ns-1" },
    });
    let changes = cluster::diff(&desired, &observed);
    let calls: Vec<(String, ClusterCall)> = changes.iter().map(|c| (c.member().to_owned(), cluster_call(c))).collect();
    assert_eq!(
        calls,
        [
            ("capacityProviders".to_owned(), ClusterCall::PutClusterCapacityProviders),
            ("configuration".to_owned(), ClusterCall::UpdateCluster),
            ("defaultCapacityProviderStrategy".to_owned(), ClusterCall::PutClusterCapacityProviders),
            ("serviceConnectDefaults".to_owned(), ClusterCall::UpdateCluster),
            ("settings".to_owned(), ClusterCall::UpdateClusterSettings),
        ]
    );
    assert_eq!(printed(&changes)[4], "settings[containerInsights].value: disabled → enhanced");
}

#[test]
fn effects_follow_the_member_texts_of_update_service() {
    let own = Owners::default();
    for (path, effect) in [
        ("taskDefinition", Effect::Rolls),
        ("networkConfiguration.awsvpcConfiguration.subnets", Effect::Rolls),
        ("loadBalancers[targetgroup/a/web/80]", Effect::Rolls),
        ("capacityProviderStrategy[FARGATE].weight", Effect::RollsWithForce),
        ("desiredCount", Effect::InPlace),
        ("deploymentConfiguration.maximumPercent", Effect::InPlace),
        ("placementStrategy", Effect::InPlace),
        ("propagateTags", Effect::NewTasksOnly),
        ("enableExecuteCommand", Effect::NewTasksOnly),
        ("schedulingStrategy", Effect::NeedsReplacement),
        ("serviceName", Effect::NeedsReplacement),
        ("launchType", Effect::NeedsReplacement),
    ] {
        assert_eq!(service_effect(&change(path, Some("a"), Some("b")), own), effect, "{path}");
    }
    let back = change("launchType", None, Some("FARGATE"));
    assert_eq!(service_effect(&back, own), Effect::RollsWithForce);
    let leave = change("deploymentController.type", Some("CODE_DEPLOY"), Some("ECS"));
    let code_deploy = Owners { controller: Controller::CodeDeploy, owns_count: true };
    assert_eq!(service_effect(&leave, code_deploy), Effect::InPlace);
    let other = change("deploymentController.type", Some("CODE_DEPLOY"), Some("EXTERNAL"));
    assert_eq!(service_effect(&other, code_deploy), Effect::NeedsReplacement);
    let enter = change("deploymentController.type", Some("ECS"), Some("EXTERNAL"));
    assert_eq!(service_effect(&enter, own), Effect::NeedsReplacement);
}

#[test]
fn other_controllers_and_autoscaling_keep_their_members() {
    let external = Owners { controller: Controller::External, owns_count: false };
    let code_deploy = Owners { controller: Controller::CodeDeploy, owns_count: true };
    let effect = |path, owners| service_effect(&change(path, Some("a"), Some("b")), owners);
    assert_eq!(effect("taskDefinition", external), Effect::Delegated);
    assert_eq!(effect("desiredCount", external), Effect::Delegated);
    assert_eq!(effect("placementStrategy", external), Effect::InPlace);
    assert_eq!(effect("deploymentConfiguration", external), Effect::NeedsReplacement);
    assert_eq!(effect("deploymentConfiguration", code_deploy), Effect::InPlace);
    assert_eq!(effect("loadBalancers[x]", code_deploy), Effect::Delegated);
}

#[test]
fn protocol_of_a_service_connect_port_is_immutable() {
    let definition = |protocol: &str, app: &str, image: &str| {
        json!({ "networkMode": "awsvpc", "containerDefinitions": [{
        "name": "web", "image": image, "portMappings": [
            { "name": "api", "containerPort": 80, "protocol": protocol, "appProtocol": app },
            { "name": "metrics", "containerPort": 90, "protocol": protocol },
        ] }] })
    };
    let service = json!({ "serviceConnectConfiguration": { "enabled": true, "services": [{ "portName": "api" }] } });
    let running = definition("tcp", "http", "a");
    let changes = immutable_port_changes(&service, &running, &definition("udp", "http2", "b"));
    assert_eq!(
        printed(&changes),
        [
            "containerDefinitions[web].portMappings[api].appProtocol: http → http2",
            "containerDefinitions[web].portMappings[api].protocol: tcp → udp",
        ]
    );
    assert_eq!(immutable_port_changes(&service, &running, &definition("tcp", "http", "b")), []);
    assert_eq!(immutable_port_changes(&json!({}), &running, &definition("udp", "grpc", "b")), []);
}

#[test]
fn a_member_that_left_the_spec_is_taken_back_once() {
    let observed = json!({
        "loadBalancers": [{ "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/1", "containerName": "web", "containerPort": 80 }],
        "placementStrategy": [{ "type": "random" }],
        "platformVersion": "1.4.0",
        "healthCheckGracePeriodSeconds": 0,
        "availabilityZoneRebalancing": "ENABLED",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-1"] } },
        "deploymentConfiguration": { "maximumPercent": 150, "minimumHealthyPercent": 100 },
        "propagateTags": "SERVICE",
    });
    let owned = names(&[
        "loadBalancers",
        "placementStrategy",
        "platformVersion",
        "healthCheckGracePeriodSeconds",
        "availabilityZoneRebalancing",
        "networkConfiguration",
        "deploymentConfiguration",
        "serviceRegistries",
        "monitoring",
        "propagateTags",
    ]);
    let removed = service_removed(&owned, &json!({ "propagateTags": "TASK_DEFINITION" }), &observed);
    let resets: BTreeMap<&str, &Reset> = removed.iter().map(|r| (r.member.as_str(), &r.reset)).collect();
    assert_eq!(
        resets.keys().copied().collect::<Vec<_>>(),
        ["deploymentConfiguration", "loadBalancers", "networkConfiguration", "placementStrategy", "platformVersion"]
    );
    assert_eq!(resets["loadBalancers"], &Reset::Send(json!([])));
    assert_eq!(resets["placementStrategy"], &Reset::Send(json!([])));
    assert_eq!(resets["platformVersion"], &Reset::Send(json!("LATEST")));
    assert!(matches!(resets["networkConfiguration"], Reset::CannotUnset(_)));
    assert!(matches!(resets["deploymentConfiguration"], Reset::Send(value) if value["maximumPercent"] == 200));
    assert_eq!(printed(&removed[0].changes), ["deploymentConfiguration.maximumPercent: 150 → 200"]);
    assert!(removed[1].changes.iter().all(|change| change.to.is_none()));
    assert_eq!(service_removed(&owned, &json!({}), &json!({})), []);
}

#[test]
fn a_cluster_forgets_its_service_connect_namespace_by_the_empty_name() {
    let observed = json!({ "serviceConnectDefaults": { "namespace": "arn:aws:x" }, "capacityProviders": [] });
    let removed = cluster_removed(&names(&["serviceConnectDefaults", "capacityProviders"]), &Value::Null, &observed);
    assert_eq!(removed.len(), 1);
    assert_eq!(removed[0].reset, Reset::Send(json!({ "namespace": "" })));
}

#[test]
fn tags_of_aws_and_of_others_stay() {
    let desired =
        BTreeMap::from([("team", "a"), ("env", "prod"), ("AWS:mine", "x")].map(|(k, v)| (k.to_owned(), v.to_owned())));
    let observed = [
        ("team", "b"),
        ("aws:cloudformation:stack", "s"),
        ("foreign", "f"),
        ("old", "o"),
        ("Aws:x", "y"),
        ("env", "prod"),
    ];
    let changes = tag_changes(&desired, observed, &names(&["old", "gone", "Aws:x", "team"]));
    assert_eq!(changes.set, BTreeMap::from([("team".to_owned(), "a".to_owned())]));
    assert_eq!(changes.remove, names(&["old"]));
    assert!(tag_changes(&BTreeMap::new(), observed, &BTreeSet::new()).is_empty());
}
