//! Services: defaults by scheduling strategy, lists, traffic shifting, Service Connect.

use super::printed;
use crate::diff::service::{diff, normalize};
use serde_json::{Value, json};

const TG: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup";

/// A service as ECS describes it right after a creation with little more than a name.
fn described() -> Value {
    json!({
        "cluster": "arn:aws:ecs:eu-west-1:111122223333:cluster/main",
        "serviceName": "web",
        "taskDefinition": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:3",
        "desiredCount": 2,
        "launchType": "FARGATE",
        "platformVersion": "LATEST",
        "loadBalancers": [],
        "serviceRegistries": [],
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": { "enable": false, "rollback": false },
            "maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "ROLLING", "bakeTimeInMinutes": 0,
        },
        "placementConstraints": [],
        "placementStrategy": [],
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-b", "subnet-a"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED" } },
        "healthCheckGracePeriodSeconds": 0,
        "schedulingStrategy": "REPLICA",
        "enableECSManagedTags": false,
        "propagateTags": "NONE",
        "enableExecuteCommand": false,
        "availabilityZoneRebalancing": "ENABLED",
    })
}

fn with(member: &str, value: Value) -> Value {
    let mut service = described();
    service[member] = value;
    service
}

#[test]
fn what_ecs_fills_in_is_no_drift() {
    let desired = json!({
        "cluster": "arn:aws:ecs:eu-west-1:111122223333:cluster/main",
        "serviceName": "web",
        "taskDefinition": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:3",
        "launchType": "FARGATE",
        "deploymentConfiguration": { "alarms": { "alarmNames": [], "enable": false, "rollback": false } },
        "deploymentController": { "type": "ECS" },
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-a", "subnet-b"] } },
        "serviceConnectConfiguration": { "enabled": false, "namespace": "apps" },
        "tags": [{ "key": "a", "value": "b" }],
    });
    assert_eq!(diff(&desired, &described()), []);
}

#[test]
fn declared_defaults_equal_what_ecs_leaves_out() {
    let declared = json!({
        "platformVersion": "LATEST", "propagateTags": "NONE", "enableECSManagedTags": false, "enableExecuteCommand": false,
        "healthCheckGracePeriodSeconds": 0, "schedulingStrategy": "REPLICA", "deploymentController": { "type": "ECS" },
        "availabilityZoneRebalancing": "DISABLED", "loadBalancers": [], "placementStrategy": [],
        "deploymentConfiguration": { "maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "ROLLING", "bakeTimeInMinutes": 0,
            "deploymentCircuitBreaker": { "enable": false, "rollback": false, "resetOnHealthyTask": true,
                "thresholdConfiguration": { "type": "BOUNDED_PERCENT", "value": 50 } } },
        "networkConfiguration": { "awsvpcConfiguration": { "assignPublicIp": "DISABLED" } },
    });
    assert_eq!(diff(&declared, &json!({})), []);
}

#[test]
fn members_that_are_not_declared_are_not_compared() {
    for (member, value) in [
        ("propagateTags", json!("SERVICE")),
        ("enableExecuteCommand", json!(true)),
        ("desiredCount", json!(9)),
        ("availabilityZoneRebalancing", json!("DISABLED")),
    ] {
        let desired = json!({ "serviceName": "web" });
        assert_eq!(diff(&desired, &with(member, value.clone())), [], "{member}");
        let declared = json!({ member: described()[member].clone() });
        assert_eq!(diff(&declared, &with(member, value)).len(), 1, "{member}");
    }
}

#[test]
fn percentages_default_by_scheduling_strategy() {
    assert_eq!(normalize(&json!({ "schedulingStrategy": "DAEMON" }))["deploymentConfiguration"]["maximumPercent"], 100);
    assert_eq!(
        normalize(&json!({ "schedulingStrategy": "DAEMON" }))["deploymentConfiguration"]["minimumHealthyPercent"],
        0
    );
    assert_eq!(normalize(&json!({}))["deploymentConfiguration"]["maximumPercent"], 200);
    let desired = json!({ "deploymentConfiguration": { "maximumPercent": 150 } });
    assert_eq!(printed(&diff(&desired, &described())), ["deploymentConfiguration.maximumPercent: 200 → 150"]);
}

#[test]
fn placement_fields_are_compared_by_meaning_and_their_order_counts() {
    let strategy = |fields: [&str; 2]| json!({ "placementStrategy": [{ "type": "spread", "field": fields[0] }, { "type": "binpack", "field": fields[1] }] });
    assert_eq!(diff(&strategy(["host", "memory"]), &strategy(["instanceId", "MEMORY"])), []);
    let changes = diff(
        &strategy(["attribute:ecs.availability-zone", "cpu"]),
        &strategy(["attribute:ecs.availability-zone", "memory"]),
    );
    assert_eq!(printed(&changes), ["placementStrategy[1].field: memory → cpu"]);
    let reversed =
        json!({ "placementStrategy": [{ "type": "binpack", "field": "cpu" }, { "type": "spread", "field": "host" }] });
    assert!(!diff(&reversed, &strategy(["host", "cpu"])).is_empty());
}

#[test]
fn weights_and_bases_default_to_zero() {
    let strategy = |items: Value| json!({ "capacityProviderStrategy": items });
    let desired = strategy(
        json!([{ "capacityProvider": "FARGATE_SPOT" }, { "capacityProvider": "FARGATE", "weight": 1, "base": 1 }]),
    );
    let observed = strategy(
        json!([{ "capacityProvider": "FARGATE", "weight": 1, "base": 1 }, { "capacityProvider": "FARGATE_SPOT", "weight": 0, "base": 0 }]),
    );
    assert_eq!(diff(&desired, &observed), []);
}

fn balancer(primary: &str, alternate: &str) -> Value {
    json!({ "loadBalancers": [{
        "targetGroupArn": format!("{TG}/{primary}/1"), "containerName": "web", "containerPort": 80,
        "advancedConfiguration": { "alternateTargetGroupArn": format!("{TG}/{alternate}/1"), "productionListenerRule": "arn:rule", "roleArn": "shifter" },
    }] })
}

#[test]
fn swapped_target_groups_are_no_drift() {
    assert_eq!(diff(&balancer("blue", "green"), &balancer("green", "blue")), []);
    assert_eq!(diff(&balancer("green", "blue"), &balancer("green", "blue")), []);
    let changes = diff(&balancer("blue", "red"), &balancer("green", "blue"));
    assert_eq!(changes.len(), 1);
    assert!(changes[0].path.contains("alternateTargetGroupArn"), "{changes:?}");
}

#[test]
fn a_load_balancer_only_in_ecs_is_a_change_of_a_declared_list() {
    let plain = |names: &[&str]| {
        let items: Vec<Value> = names.iter().map(|name| json!({ "targetGroupArn": format!("{TG}/{name}/1"), "containerName": "web", "containerPort": 80 })).collect();
        json!({ "loadBalancers": items })
    };
    assert_eq!(diff(&plain(&["a", "b"]), &plain(&["b", "a"])), []);
    let changes = diff(&plain(&["a"]), &plain(&["b", "a"]));
    assert_eq!(changes[0].path, "loadBalancers[targetgroup/b/1/web/80]");
    assert_eq!(changes[0].to, None);
    assert_eq!(diff(&plain(&[]), &plain(&["a"])).len(), 1);
}

#[test]
fn hooks_are_compared_with_their_defaults_in_any_order() {
    let hooks = |hooks: Value| json!({ "deploymentConfiguration": { "lifecycleHooks": hooks } });
    let desired = hooks(json!([
        { "hookTargetArn": "arn:fn", "roleArn": "r", "lifecycleStages": ["POST_SCALE_UP", "PRE_SCALE_UP"] },
        { "targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"] },
    ]));
    let observed = hooks(json!([
        { "targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"], "timeoutConfiguration": { "timeoutInMinutes": 1440, "action": "ROLLBACK" } },
        { "targetType": "AWS_LAMBDA", "hookTargetArn": "arn:fn", "roleArn": "r", "lifecycleStages": ["PRE_SCALE_UP", "POST_SCALE_UP"] },
    ]));
    assert_eq!(diff(&desired, &observed), []);
    let other = hooks(
        json!([{ "targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"], "timeoutConfiguration": { "action": "CONTINUE" } }]),
    );
    let changes = diff(&other, &observed);
    assert_eq!(changes.len(), 2, "{changes:?}");
}

#[test]
fn service_connect_is_on_or_off() {
    let on = json!({ "enabled": true, "namespace": "apps", "services": [{ "portName": "api", "clientAliases": [{ "port": 80 }] }] });
    let mut observed = with("serviceConnectConfiguration", on.clone());
    observed["serviceConnectConfiguration"]["services"][0]["discoveryName"] = json!("api");
    observed["serviceConnectConfiguration"]["namespace"] =
        json!("arn:aws:servicediscovery:eu-west-1:111122223333:namespace/ns-1");
    assert_eq!(diff(&json!({ "serviceConnectConfiguration": on }), &observed), []);
    let off = json!({ "serviceConnectConfiguration": { "enabled": false } });
    assert_eq!(printed(&diff(&off, &observed)), ["serviceConnectConfiguration.enabled: true → false"]);
    let changes = diff(&json!({ "serviceConnectConfiguration": on }), &described());
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].path, "serviceConnectConfiguration");
}

#[test]
fn ebs_volumes_and_percentages_as_decimals_are_compared() {
    let volume = |size: i32| json!({ "volumeConfigurations": [{ "name": "data", "managedEBSVolume": { "roleArn": "r", "sizeInGiB": size } }] });
    assert_eq!(
        printed(&diff(&volume(20), &volume(10))),
        ["volumeConfigurations[data].managedEBSVolume.sizeInGiB: 10 → 20"]
    );
    let linear = |step: Value| json!({ "deploymentConfiguration": { "strategy": "LINEAR", "linearConfiguration": { "stepPercent": step } } });
    assert_eq!(diff(&linear(json!(12)), &linear(json!(12.0))), []);
    assert_eq!(diff(&linear(json!(12.5)), &linear(json!(12.0))).len(), 1);
}

#[test]
fn no_security_group_means_the_default_one() {
    let desired = json!({ "networkConfiguration": { "awsvpcConfiguration": { "securityGroups": [] } } });
    assert_eq!(diff(&desired, &described()), []);
}
