//! Cases of `EcsService`.

use serde_json::{Value, json};

use super::{Case, case, judge, judge_dots, judge_immutable};

fn base() -> Value {
    json!({ "clusterRef": { "name": "c" }, "taskDefinitionRef": { "name": "t" } })
}

fn strategy(items: Value) -> Value {
    json!({ "capacityProviderStrategy": items })
}

fn daemon(mut patch: Value) -> Value {
    patch["schedulingStrategy"] = json!("DAEMON");
    patch
}

fn external(mut patch: Value) -> Value {
    patch["deploymentController"] = json!({ "type": "EXTERNAL" });
    patch["taskDefinitionRef"] = Value::Null;
    patch
}

fn deployment(patch: Value) -> Value {
    json!({ "deploymentConfiguration": patch })
}

fn hook(patch: Value) -> Value {
    let mut hook = json!({ "hookTargetArn": "arn", "roleArn": "arn", "lifecycleStages": ["POST_SCALE_UP"] });
    super::merge(&mut hook, &patch);
    deployment(json!({ "lifecycleHooks": [hook] }))
}

fn scaling(patch: Value) -> Value {
    json!({ "scaling": patch })
}

#[test]
fn every_rule_accepts_and_refuses() {
    let mut cases = placement_cases();
    cases.extend(controller_cases());
    cases.extend(deployment_cases());
    cases.extend(scaling_cases());
    judge("EcsService", &base(), &cases);
}

fn placement_cases() -> Vec<Case> {
    vec![
        case(
            "must consist of letters, digits, `_` and `-`",
            json!({ "serviceName": "web" }),
            json!({ "serviceName": "web.v1" }),
        ),
        case(
            "must not have keys that start with `aws:` or `ecs-operator.dev/`",
            json!({ "tags": { "a": "b" } }),
            json!({ "tags": { "aws:a": "b" } }),
        ),
        case(
            "must have exactly one of `clusterRef` and `cluster`",
            json!({ "clusterRef": null, "cluster": "c" }),
            json!({ "cluster": "c" }),
        ),
        case("must have exactly one of `clusterRef` and `cluster`", json!({}), json!({ "clusterRef": null })),
        case(
            "must have exactly one of `taskDefinitionRef` and `taskDefinition`",
            json!({ "taskDefinitionRef": null, "taskDefinition": "web:1" }),
            json!({ "taskDefinition": "web:1" }),
        ),
        case(
            "must have exactly one of `taskDefinitionRef` and `taskDefinition`",
            external(json!({})),
            json!({ "taskDefinitionRef": null }),
        ),
        case(
            "must have one of `launchType` and `capacityProviderStrategy`, not both",
            json!({ "launchType": "EC2", "capacityProviderStrategy": [] }),
            json!({ "launchType": "EC2", "capacityProviderStrategy": [{ "capacityProvider": "asg" }] }),
        ),
        case(
            "must have a `base` in one item at most",
            strategy(json!([{ "capacityProvider": "a", "base": 1, "weight": 1 }, { "capacityProvider": "b" }])),
            strategy(
                json!([{ "capacityProvider": "a", "base": 1, "weight": 1 }, { "capacityProvider": "b", "base": 2 }]),
            ),
        ),
        case(
            "must have a `weight` above 0 in some item",
            strategy(json!([{ "capacityProvider": "a", "weight": 1 }, { "capacityProvider": "b" }])),
            strategy(json!([{ "capacityProvider": "a" }, { "capacityProvider": "b" }])),
        ),
        case(
            "must not mix `FARGATE` or `FARGATE_SPOT` with other capacity providers",
            strategy(json!([{ "capacityProvider": "FARGATE", "weight": 1 }, { "capacityProvider": "FARGATE_SPOT" }])),
            strategy(json!([{ "capacityProvider": "FARGATE", "weight": 1 }, { "capacityProvider": "b" }])),
        ),
        case(
            "must not have `placementConstraints` or `placementStrategy` with launch type `FARGATE`",
            json!({ "launchType": "EC2", "placementStrategy": [{ "type": "random" }] }),
            json!({ "launchType": "FARGATE", "placementStrategy": [{ "type": "random" }] }),
        ),
        case(
            "must have `expression` with `memberOf`, and none with `distinctInstance`",
            json!({ "placementConstraints": [{ "type": "distinctInstance" }, { "type": "memberOf", "expression": "x" }] }),
            json!({ "placementConstraints": [{ "type": "memberOf" }] }),
        ),
    ]
}

fn controller_cases() -> Vec<Case> {
    vec![
        case(
            "must not be `FARGATE` with scheduling strategy `DAEMON`",
            daemon(json!({ "launchType": "EC2" })),
            daemon(json!({ "launchType": "FARGATE" })),
        ),
        case(
            "must be empty with scheduling strategy `DAEMON`",
            daemon(json!({})),
            daemon(json!({ "placementStrategy": [{ "type": "random" }] })),
        ),
        case(
            "must be empty with scheduling strategy `DAEMON`",
            daemon(json!({ "volumeConfigurations": [] })),
            daemon(json!({ "volumeConfigurations": [{ "name": "v" }] })),
        ),
        case(
            "must not name `FARGATE` or `FARGATE_SPOT` with scheduling strategy `DAEMON`",
            daemon(strategy(json!([{ "capacityProvider": "asg" }]))),
            daemon(strategy(json!([{ "capacityProvider": "FARGATE" }]))),
        ),
        case(
            "must be `ECS` with scheduling strategy `DAEMON`",
            daemon(json!({ "deploymentController": { "type": "ECS" } })),
            daemon(json!({ "deploymentController": { "type": "CODE_DEPLOY" } })),
        ),
        case(
            "must not declare autoscaling with scheduling strategy `DAEMON`",
            daemon(scaling(json!({ "mode": "Managed" }))),
            daemon(scaling(json!({ "minCapacity": 1, "maxCapacity": 2 }))),
        ),
        case(
            "must leave task definition, launch type, platform version, network and Service Connect to the task sets under controller `EXTERNAL`",
            external(json!({})),
            external(json!({ "launchType": "EC2" })),
        ),
        case(
            "must leave load balancers, registries and capacity providers to the task sets under controller `EXTERNAL`",
            external(json!({ "loadBalancers": [] })),
            external(json!({ "serviceRegistries": [{ "registryArn": "arn" }] })),
        ),
        case(
            "must have exactly one of `targetGroupArn` and `loadBalancerName`",
            json!({ "loadBalancers": [{ "targetGroupArn": "arn", "containerName": "a", "containerPort": 80 }] }),
            json!({ "loadBalancers": [{ "containerName": "a", "containerPort": 80 }] }),
        ),
        case(
            "must have `containerName` and `containerPort`",
            json!({ "loadBalancers": [{ "targetGroupArn": "arn", "containerName": "a", "containerPort": 80 }] }),
            json!({ "loadBalancers": [{ "targetGroupArn": "arn", "containerName": "a" }] }),
        ),
        case(
            "must have `sizeInGiB` or `snapshotId`",
            json!({ "volumeConfigurations": [{ "name": "v", "managedEBSVolume": { "roleArn": "arn", "sizeInGiB": 10 } }] }),
            json!({ "volumeConfigurations": [{ "name": "v", "managedEBSVolume": { "roleArn": "arn" } }] }),
        ),
    ]
}

fn deployment_cases() -> Vec<Case> {
    let lb = |advanced: Value| {
        json!({
            "deploymentConfiguration": { "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1 },
            "loadBalancers": [{ "targetGroupArn": "arn", "containerName": "a", "containerPort": 80, "advancedConfiguration": advanced }],
        })
    };
    vec![
        case(
            "must be greater than `minimumHealthyPercent`, or no task can ever be replaced",
            deployment(json!({ "maximumPercent": 200, "minimumHealthyPercent": 100 })),
            deployment(json!({ "maximumPercent": 100, "minimumHealthyPercent": 100 })),
        ),
        case(
            "must be set for strategy `BLUE_GREEN`",
            deployment(json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0 })),
            deployment(json!({ "strategy": "BLUE_GREEN" })),
        ),
        case(
            "must be set for strategy `LINEAR` and for no other",
            deployment(json!({ "strategy": "LINEAR", "linearConfiguration": {} })),
            deployment(json!({ "linearConfiguration": {} })),
        ),
        case(
            "must be set for strategy `CANARY` and for no other",
            deployment(json!({ "strategy": "CANARY", "canaryConfiguration": {} })),
            deployment(json!({ "strategy": "CANARY" })),
        ),
        case(
            "must be absent unless the strategy is `ROLLING`",
            deployment(json!({ "strategy": "ROLLING", "earlySuccessCriteria": { "enable": true } })),
            deployment(
                json!({ "strategy": "CANARY", "canaryConfiguration": {}, "earlySuccessCriteria": { "enable": true } }),
            ),
        ),
        case(
            "must have `healthyPercent` of at least `minimumHealthyPercent`",
            deployment(
                json!({ "minimumHealthyPercent": 50, "earlySuccessCriteria": { "enable": true, "healthyPercent": 50 } }),
            ),
            deployment(
                json!({ "minimumHealthyPercent": 50, "earlySuccessCriteria": { "enable": true, "healthyPercent": 49 } }),
            ),
        ),
        case(
            "must be `ROLLING` or absent unless the controller is `ECS`",
            deployment(json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1 })),
            json!({ "deploymentController": { "type": "CODE_DEPLOY" }, "deploymentConfiguration": { "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1 } }),
        ),
        case(
            "must have `alternateTargetGroupArn`, `productionListenerRule` and `roleArn` in each `advancedConfiguration` unless the strategy is `ROLLING`",
            lb(json!({ "alternateTargetGroupArn": "a", "productionListenerRule": "b", "roleArn": "c" })),
            lb(json!({ "roleArn": "c" })),
        ),
        case("must have a stage", hook(json!({})), hook(json!({ "lifecycleStages": [] }))),
        case(
            "must have `hookTargetArn` and `roleArn` for `AWS_LAMBDA`, and no `hookTargetArn` for `PAUSE`",
            hook(json!({ "targetType": "PAUSE", "hookTargetArn": null })),
            hook(json!({ "hookTargetArn": null })),
        ),
        case(
            "must not pause at `TEST_TRAFFIC_SHIFT` or `PRODUCTION_TRAFFIC_SHIFT`",
            hook(json!({ "lifecycleStages": ["PRODUCTION_TRAFFIC_SHIFT"] })),
            hook(
                json!({ "targetType": "PAUSE", "hookTargetArn": null, "lifecycleStages": ["PRODUCTION_TRAFFIC_SHIFT"] }),
            ),
        ),
    ]
}

fn scaling_cases() -> Vec<Case> {
    let tracking = |patch: Value| {
        let mut policy = json!({ "policyName": "cpu", "targetValue": 50.0, "predefinedMetricSpecification": { "predefinedMetricType": "ECSServiceAverageCPUUtilization" } });
        super::merge(&mut policy, &patch);
        scaling(json!({ "minCapacity": 1, "maxCapacity": 2, "targetTracking": [policy] }))
    };
    vec![
        case(
            "must not exceed `maxCapacity`",
            scaling(json!({ "minCapacity": 2, "maxCapacity": 2 })),
            scaling(json!({ "minCapacity": 3, "maxCapacity": 2 })),
        ),
        case(
            "must have both `minCapacity` and `maxCapacity` when autoscaling is declared",
            scaling(json!({ "mode": "CreateOnly" })),
            scaling(json!({ "minCapacity": 1 })),
        ),
        case(
            "must be `External` when autoscaling is declared",
            scaling(json!({ "mode": "External", "minCapacity": 1, "maxCapacity": 2 })),
            scaling(json!({ "mode": "Managed", "minCapacity": 1, "maxCapacity": 2 })),
        ),
        case("must not have a `policyName` in two lists", tracking(json!({})), {
            let mut s = tracking(json!({}));
            s["scaling"]["stepScaling"] = json!([{ "policyName": "cpu" }]);
            s
        }),
        case(
            "must have exactly one of `predefinedMetricSpecification` and `customizedMetricSpecification`",
            tracking(json!({})),
            tracking(json!({ "customizedMetricSpecification": {} })),
        ),
        case(
            "must set `minCapacity` or `maxCapacity`",
            scaling(
                json!({ "minCapacity": 1, "maxCapacity": 2, "scheduledActions": [{ "scheduledActionName": "n", "schedule": "rate(1 hour)", "scalableTargetAction": { "minCapacity": 2 } }] }),
            ),
            scaling(
                json!({ "minCapacity": 1, "maxCapacity": 2, "scheduledActions": [{ "scheduledActionName": "n", "schedule": "rate(1 hour)" }] }),
            ),
        ),
    ]
}

#[test]
fn create_only_members_are_fixed_and_dots_need_a_name() {
    judge_dots("EcsService", &base(), "serviceName");
    judge_immutable(
        "EcsService",
        &base(),
        &[
            ("serviceName", json!("a"), json!("b")),
            ("clusterRef", json!({ "name": "a" }), json!({ "name": "b" })),
            ("cluster", json!("a"), json!("b")),
            ("region", json!("eu-west-1"), json!("us-east-1")),
            ("accountRef", json!({ "name": "a" }), json!({ "name": "b" })),
            ("launchType", json!("EC2"), json!("FARGATE")),
            ("role", json!("a"), json!("b")),
            ("schedulingStrategy", json!("DAEMON"), json!("REPLICA")),
            ("deploymentController", json!({ "type": "ECS" }), json!({ "type": "CODE_DEPLOY" })),
        ],
    );
}
