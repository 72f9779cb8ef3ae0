//! Cases of `ServerGroup`.

use serde_json::{Value, json};

use super::{Case, case, judge, judge_immutable, merge, messages, object};

fn base() -> Value {
    json!({
        "clusterRef": { "name": "c" },
        "template": { "launchType": "EC2", "inputs": { "image": "nginx", "memory": 128 } },
    })
}

fn template(patch: Value) -> Value {
    json!({ "template": patch })
}

fn inputs(patch: Value) -> Value {
    template(json!({ "inputs": patch }))
}

fn artifact(patch: Value) -> Value {
    template(json!({ "inputs": null, "artifact": patch }))
}

/// A template for Fargate, with changes.
fn fargate(patch: Value) -> Value {
    let mut fargate = json!({ "launchType": "FARGATE", "subnetNames": ["a"], "inputs": { "cpu": 256, "memory": 512 } });
    merge(&mut fargate, &patch);
    // The base has another, so its absence has to be said.
    let launch_type = fargate["launchType"].take();
    fargate["launchType"] = launch_type;
    template(fargate)
}

fn providers(items: Value) -> Value {
    template(json!({ "launchType": null, "capacityProviderStrategy": items }))
}

fn mapping(patch: Value) -> Value {
    let mut mapping = json!({ "targetGroup": "a", "containerPort": 80 });
    merge(&mut mapping, &patch);
    template(json!({ "targetGroupMappings": [mapping] }))
}

/// Weighted traffic, with changes.
fn weighted(patch: Value) -> Value {
    let mut spec = mapping(json!({ "alternateTargetGroup": "b" }));
    merge(&mut spec, &json!({ "traffic": { "listenerRules": ["arn"] } }));
    merge(&mut spec, &patch);
    spec
}

fn strategy(patch: Value) -> Value {
    json!({ "strategy": patch })
}

fn canary(steps: Value) -> Value {
    strategy(json!({ "canary": { "steps": steps } }))
}

fn analysis(metric: Value) -> Value {
    json!({ "intervalSeconds": 30, "metrics": [metric] })
}

fn scaling(patch: Value) -> Value {
    json!({ "scaling": patch })
}

fn tracking(name: &str) -> Value {
    json!({ "policyName": name, "targetValue": 50,
        "predefinedMetricSpecification": { "predefinedMetricType": "ECSServiceAverageCPUUtilization" } })
}

#[test]
fn every_rule_accepts_and_refuses() {
    let mut cases = group_cases();
    cases.extend(strategy_cases());
    cases.extend(scaling_cases());
    cases.extend(template_cases());
    cases.extend(fargate_cases());
    cases.extend(network_cases());
    judge("ServerGroup", &base(), &cases);
}

fn many_tags(count: usize) -> Value {
    let tags: serde_json::Map<String, Value> = (0..count).map(|n| (format!("k{n}"), json!("v"))).collect();
    Value::Object(tags)
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn group_cases() -> Vec<Case> {
    let moniker = |patch: Value| {
        let mut moniker = json!({ "application": "shop" });
        merge(&mut moniker, &patch);
        json!({ "moniker": moniker })
    };
    let characters = "must consist of letters, digits and `_`, with `monikerTags` also `-`";
    vec![
        case(characters, moniker(json!({ "application": "my-shop" })), moniker(json!({ "application": "my.shop" }))),
        case(characters, moniker(json!({})), {
            let mut spec = moniker(json!({ "application": "my-shop" }));
            spec["monikerTags"] = json!(false);
            spec
        }),
        case(
            "must consist of letters, digits and `_`",
            moniker(json!({ "stack": " " })),
            moniker(json!({ "stack": "a-b" })),
        ),
        case(
            "must consist of letters, digits, `_` and `-`",
            moniker(json!({ "detail": "a-b_c" })),
            moniker(json!({ "detail": "a.b" })),
        ),
        case(
            "must not end in `-v` and three digits, as versions do",
            moniker(json!({ "detail": "blue-v01" })),
            moniker(json!({ "detail": "blue-v001" })),
        ),
        case(
            "must not end in `-v` and three digits, as versions do",
            moniker(json!({ "detail": "v0001" })),
            moniker(json!({ "detail": "v001" })),
        ),
        case(
            "must not be `v` and three digits, as versions end",
            moniker(json!({ "stack": "v1" })),
            moniker(json!({ "stack": "v100" })),
        ),
        case(
            "must make a name of 248 characters at most",
            moniker(json!({ "stack": "s".repeat(44), "detail": "d".repeat(198) })),
            moniker(json!({ "stack": "s".repeat(45), "detail": "d".repeat(198) })),
        ),
        case(
            "must not have keys that start with `aws:` or `ecs-operator.dev/`",
            json!({ "tags": { "a": "b" } }),
            json!({ "tags": { "aws:a": "b" } }),
        ),
        case(
            "must have at most 39 entries, or 44 with `monikerTags: false`",
            json!({ "tags": many_tags(40), "monikerTags": false }),
            json!({ "tags": many_tags(40) }),
        ),
        case(
            "must have exactly one of `clusterRef` and `cluster`",
            json!({ "clusterRef": null, "cluster": "c" }),
            json!({ "cluster": "c" }),
        ),
        case("must have exactly one of `clusterRef` and `cluster`", json!({}), json!({ "clusterRef": null })),
        case(
            "must lie between `min` and `max`",
            json!({ "capacity": { "min": 1, "desired": 2, "max": 2 } }),
            json!({ "capacity": { "min": 3, "desired": 2, "max": 1 } }),
        ),
        case(
            "must lie between `min` and `max`",
            json!({ "capacity": { "desired": 5 } }),
            json!({ "capacity": { "desired": 3, "max": 2 } }),
        ),
        case(
            "must be greater than `minimumHealthyPercent`, or no task can ever be replaced",
            json!({ "deploymentConfiguration": { "minimumHealthyPercent": 50, "maximumPercent": 100 } }),
            json!({ "deploymentConfiguration": { "maximumPercent": 100 } }),
        ),
        case(
            "must be absent without `template.targetGroupMappings`",
            {
                let mut spec = mapping(json!({}));
                spec["healthCheckGracePeriodSeconds"] = json!(30);
                spec
            },
            json!({ "healthCheckGracePeriodSeconds": 30 }),
        ),
        case(
            "must be absent without `template.targetGroupMappings`",
            weighted(json!({})),
            json!({ "traffic": { "listenerRules": ["arn"] } }),
        ),
        case(
            "must have `alternateTargetGroup` exactly when `traffic` is set",
            weighted(json!({})),
            weighted(json!({ "traffic": null })),
        ),
        case(
            "must have `alternateTargetGroup` exactly when `traffic` is set",
            mapping(json!({})),
            weighted(mapping(json!({}))),
        ),
        case(
            "must name a listener or a rule",
            weighted(json!({})),
            weighted(json!({ "traffic": { "listenerRules": [] } })),
        ),
    ]
}

fn strategy_cases() -> Vec<Case> {
    let warm = "must be false without `traffic`: in shared target groups a running task receives traffic";
    let percents = |list: Value| strategy(json!({ "rollingRedBlack": { "percents": list } }));
    let alarms = analysis(json!({ "name": "a", "alarms": ["x"] }));
    let web = || json!({ "name": "a", "web": { "url": "http://x" } });
    let judged = {
        let mut metric = web();
        metric["success"] = json!("result < 1");
        analysis(metric)
    };
    let mut cases = vec![
        case(
            "must have exactly one of `none`, `highlander`, `redBlack`, `rollingRedBlack` and `canary`",
            strategy(json!({ "none": {} })),
            strategy(json!({ "none": {}, "highlander": {} })),
        ),
        case(
            "must have exactly one of `none`, `highlander`, `redBlack`, `rollingRedBlack` and `canary`",
            strategy(json!({ "highlander": { "delayBeforeDestroySeconds": 5 } })),
            strategy(json!({})),
        ),
        case("must ascend and end with 100", percents(json!([10, 100])), percents(json!([50, 10, 100]))),
        case("must ascend and end with 100", percents(json!([100])), percents(json!([10, 50]))),
        case("must ascend and end with 100", percents(json!([1, 2, 100])), percents(json!([10, 10, 100]))),
        case("must ascend and end with 100", json!({}), percents(json!([]))),
        case("must have a step", canary(json!([{ "pause": {} }])), canary(json!([]))),
        case(
            "must have exactly one of `setWeight`, `setCapacity`, `pause` and `analysis`",
            canary(json!([{ "setCapacity": { "count": 1 } }, { "analysis": alarms }])),
            canary(json!([{ "pause": {}, "setCapacity": { "count": 1 } }])),
        ),
        case(
            "must have exactly one of `percent` and `count`",
            canary(json!([{ "setCapacity": { "percent": 10 } }])),
            canary(json!([{ "setCapacity": {} }])),
        ),
        case(
            "must not have `setWeight` without `traffic`: in shared target groups the share follows the tasks",
            weighted(canary(json!([{ "setWeight": 10 }]))),
            canary(json!([{ "setWeight": 10 }])),
        ),
    ];
    for name in ["redBlack", "rollingRedBlack", "canary"] {
        let tail = |mut patch: Value| {
            if name == "canary" {
                patch["steps"] = json!([{ "pause": {} }]);
            }
            strategy(json!({ name: patch }))
        };
        cases.push(case(warm, weighted(tail(json!({ "warmStandby": true }))), tail(json!({ "warmStandby": true }))));
        cases.push(case(
            "must be false unless `warmStandby` is true",
            weighted(tail(json!({ "warmStandby": true, "scaleDown": true }))),
            weighted(tail(json!({ "scaleDown": true }))),
        ));
    }
    let within = [
        (|analysis: Value| strategy(json!({ "rollingRedBlack": { "analysis": analysis } }))) as fn(Value) -> Value,
        |analysis: Value| canary(json!([{ "analysis": analysis }])),
    ];
    for within in within {
        cases.push(case(
            "must have exactly one of `cloudWatch`, `alarms`, `prometheus` and `web`",
            within(judged.clone()),
            within(analysis(json!({ "name": "a", "success": "true" }))),
        ));
        cases.push(case(
            "must have `success` or `failure` unless it is read from `alarms`, which speak for themselves",
            within(alarms.clone()),
            within(analysis(web())),
        ));
        cases.push(case("must have a metric", within(alarms.clone()), within(json!({ "metrics": [] }))));
    }
    cases
}

fn scaling_cases() -> Vec<Case> {
    let alarm = |patch: Value| {
        let mut alarm = json!({
            "alarmName": "busy", "policies": ["up"], "namespace": "AWS/ECS", "metricName": "CPUUtilization",
            "statistic": "Average", "period": 60, "evaluationPeriods": 3, "threshold": 70,
            "comparisonOperator": "GreaterThanThreshold",
        });
        merge(&mut alarm, &patch);
        alarm
    };
    let stepped = |alarms: Value| scaling(json!({ "stepScaling": [{ "policyName": "up" }], "alarms": alarms }));
    vec![
        case(
            "must be `External` when policies or actions are declared",
            scaling(json!({ "targetTracking": [tracking("cpu")] })),
            scaling(json!({ "mode": "Managed", "targetTracking": [tracking("cpu")] })),
        ),
        case(
            "must be `External` when `copyFromPrevious` is true",
            scaling(json!({ "mode": "External", "copyFromPrevious": true })),
            scaling(json!({ "mode": "CreateOnly", "copyFromPrevious": true })),
        ),
        case(
            "must not have a `policyName` in two lists",
            scaling(json!({ "targetTracking": [tracking("a"), tracking("b")] })),
            scaling(json!({ "targetTracking": [tracking("up")], "stepScaling": [{ "policyName": "up" }],
                "alarms": [alarm(json!({}))] })),
        ),
        case(
            "must each be named in `policies` of an alarm, or nothing triggers them",
            stepped(json!([alarm(json!({}))])),
            scaling(json!({ "stepScaling": [{ "policyName": "up" }] })),
        ),
        case(
            "must name policies of `stepScaling` in `policies`",
            scaling(json!({ "alarms": [alarm(json!({ "policies": null, "alarmActions": ["arn"] }))] })),
            scaling(json!({ "alarms": [alarm(json!({}))] })),
        ),
        case(
            "must have exactly one of `statistic` and `extendedStatistic`",
            stepped(json!([alarm(json!({ "statistic": null, "extendedStatistic": "p99" }))])),
            stepped(json!([alarm(json!({ "extendedStatistic": "p99" }))])),
        ),
        case(
            "must be `GreaterThanOrEqualToThreshold`, `GreaterThanThreshold`, `LessThanThreshold` or `LessThanOrEqualToThreshold`",
            stepped(json!([alarm(json!({ "comparisonOperator": "LessThanThreshold" }))])),
            stepped(json!([alarm(json!({ "comparisonOperator": ">" }))])),
        ),
        case(
            "must be `Average`, `Maximum`, `Minimum`, `SampleCount` or `Sum`",
            stepped(json!([alarm(json!({ "statistic": "Sum" }))])),
            stepped(json!([alarm(json!({ "statistic": "p99" }))])),
        ),
        case(
            "must not exceed `evaluationPeriods`",
            stepped(json!([alarm(json!({ "datapointsToAlarm": 3 }))])),
            stepped(json!([alarm(json!({ "datapointsToAlarm": 4 }))])),
        ),
        case(
            "must have exactly one of `predefinedMetricSpecification` and `customizedMetricSpecification`",
            scaling(json!({ "targetTracking": [tracking("cpu")] })),
            scaling(json!({ "targetTracking": [{ "policyName": "cpu", "targetValue": 50 }] })),
        ),
        case(
            "must set `minCapacity` or `maxCapacity`",
            scaling(json!({ "scheduledActions": [{ "scheduledActionName": "n", "schedule": "rate(1 day)",
                "scalableTargetAction": { "minCapacity": 1 } }] })),
            scaling(json!({ "scheduledActions": [{ "scheduledActionName": "n", "schedule": "rate(1 day)" }] })),
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn template_cases() -> Vec<Case> {
    let blanks = "must not be empty or have blanks";
    let mapped = |image: &str| {
        artifact(json!({ "inline": "{}", "containerMappings": [{ "containerName": "a", "image": image }] }))
    };
    let ebs = |ebs: Value| template(json!({ "volumeConfigurations": [{ "name": "v", "managedEBSVolume": ebs }] }));
    vec![
        case(
            "must have exactly one of `inputs` and `artifact`",
            json!({}),
            template(json!({ "artifact": { "inline": "{}" } })),
        ),
        case("must have exactly one of `inputs` and `artifact`", json!({}), inputs(Value::Null)),
        case(
            "must have exactly one of `inline` and `configMapKeyRef`",
            artifact(json!({ "configMapKeyRef": { "name": "c", "key": "k" } })),
            artifact(json!({ "inline": "{}", "configMapKeyRef": { "name": "c", "key": "k" } })),
        ),
        case(blanks, mapped("nginx"), mapped("ng inx")),
        case(blanks, inputs(json!({ "image": "a.b/c:d@sha256:0" })), inputs(json!({ "image": "nginx latest" }))),
        case(blanks, json!({}), inputs(json!({ "image": "" }))),
        case(
            "must consist of letters, digits, `_` and `-`",
            inputs(json!({ "containerName": "web" })),
            inputs(json!({ "containerName": "w.b" })),
        ),
        case("must not have negative sizes", inputs(json!({ "cpu": 0 })), inputs(json!({ "cpu": -1 }))),
        case(
            "must have `memory` and `memoryReservation` above 0",
            inputs(json!({ "memory": "128" })),
            inputs(json!({ "memory": 0 })),
        ),
        case(
            "must have `memory` or `memoryReservation`",
            inputs(json!({ "memory": null, "memoryReservation": 64 })),
            inputs(json!({ "memory": null })),
        ),
        case(
            "must be at least `memoryReservation`",
            inputs(json!({ "memoryReservation": "128" })),
            inputs(json!({ "memoryReservation": 129 })),
        ),
        case(
            "must not contain `SERVER_GROUP`, `CLOUD_STACK` or `CLOUD_DETAIL`, which the operator sets",
            inputs(json!({ "environment": [{ "name": "STACK", "value": "" }] })),
            inputs(json!({ "environment": [{ "name": "CLOUD_STACK" }] })),
        ),
        case(
            "must contain every volume that `mountPoints` name",
            inputs(
                json!({ "volumes": [{ "name": "v" }], "mountPoints": [{ "sourceVolume": "v", "containerPath": "/v" }] }),
            ),
            inputs(json!({ "mountPoints": [{ "sourceVolume": "v", "containerPath": "/v" }] })),
        ),
        case(
            "must have exactly one of `launchType` and `capacityProviderStrategy`",
            template(json!({ "capacityProviderStrategy": [] })),
            template(json!({ "capacityProviderStrategy": [{ "capacityProvider": "asg" }] })),
        ),
        case(
            "must have exactly one of `launchType` and `capacityProviderStrategy`",
            providers(json!([{ "capacityProvider": "asg" }])),
            providers(json!([])),
        ),
        case(
            "must have a `base` in one item at most",
            providers(json!([{ "capacityProvider": "a", "base": 1, "weight": 1 }, { "capacityProvider": "b" }])),
            providers(
                json!([{ "capacityProvider": "a", "base": 1, "weight": 1 }, { "capacityProvider": "b", "base": 1 }]),
            ),
        ),
        case(
            "must have a `weight` above 0 in some item",
            providers(json!([{ "capacityProvider": "a", "weight": 1 }, { "capacityProvider": "b" }])),
            providers(json!([{ "capacityProvider": "a" }, { "capacityProvider": "b" }])),
        ),
        case(
            "must not mix `FARGATE` or `FARGATE_SPOT` with other capacity providers",
            json!({}),
            providers(json!([{ "capacityProvider": "FARGATE", "weight": 1 }, { "capacityProvider": "b" }])),
        ),
        case(
            "must be absent beside `placementStrategy`",
            template(json!({ "placementPreset": "BinPackCPU" })),
            template(json!({ "placementPreset": "BinPackCPU", "placementStrategy": [{ "type": "random" }] })),
        ),
        case(
            "must be `instanceId`, `host` or `attribute:…` for `spread`, `cpu` or `memory` for `binpack`, and absent for `random`",
            template(json!({ "placementStrategy": [{ "type": "random" }, { "type": "spread", "field": "attribute:x" },
                { "type": "binpack", "field": "cpu" }] })),
            template(json!({ "placementStrategy": [{ "type": "binpack", "field": "instanceId" }] })),
        ),
        case(
            "must have `expression` with `memberOf`, and none with `distinctInstance`",
            template(json!({ "placementConstraints": [{ "type": "distinctInstance" }] })),
            template(json!({ "placementConstraints": [{ "type": "memberOf" }] })),
        ),
        case(
            "must leave `containerName` out or have it equal `inputs.containerName`",
            {
                let mut spec = mapping(json!({ "containerName": "web" }));
                merge(&mut spec, &inputs(json!({ "containerName": "web" })));
                spec
            },
            {
                let mut spec = mapping(json!({ "containerName": "app" }));
                merge(&mut spec, &inputs(json!({ "containerName": "web" })));
                spec
            },
        ),
        case("must name a target group", mapping(json!({})), mapping(json!({ "targetGroup": "" }))),
        case(
            "must differ from `targetGroup`",
            weighted(json!({})),
            weighted(mapping(json!({ "alternateTargetGroup": "a" }))),
        ),
        case(
            "must be set",
            template(json!({ "serviceRegistries": [{ "registryArn": "arn" }] })),
            template(json!({ "serviceRegistries": [{ "containerPort": 80 }] })),
        ),
        case(
            "must have `sizeInGiB` or `snapshotId`",
            ebs(json!({ "sizeInGiB": 1, "roleArn": "r" })),
            ebs(json!({ "roleArn": "r" })),
        ),
    ]
}

fn fargate_cases() -> Vec<Case> {
    let pair = "must be a pair of CPU and memory that Fargate offers";
    let log = |driver: &str| fargate(json!({ "inputs": { "logConfiguration": { "logDriver": driver } } }));
    let spot = json!([{ "capacityProvider": "FARGATE_SPOT" }]);
    vec![
        case(
            "must be `awsvpc` or absent for Fargate",
            fargate(json!({ "networkMode": "awsvpc" })),
            fargate(json!({ "networkMode": "host", "subnetNames": null })),
        ),
        case(
            "must be `awsvpc` or absent for Fargate",
            fargate(json!({ "launchType": null, "capacityProviderStrategy": spot })),
            fargate(json!({ "launchType": null, "capacityProviderStrategy": spot, "networkMode": "bridge" })),
        ),
        case(
            "must not have `placementStrategy`, `placementPreset` or `placementConstraints` for Fargate",
            fargate(json!({ "placementStrategy": [] })),
            fargate(json!({ "placementPreset": "OneTaskPerHost" })),
        ),
        case(
            "must have `cpu` and a memory for Fargate",
            fargate(json!({})),
            fargate(json!({ "inputs": { "cpu": null } })),
        ),
        case(
            pair,
            fargate(json!({ "inputs": { "cpu": "1024", "memory": 2048 } })),
            fargate(json!({ "inputs": { "memory": 4096 } })),
        ),
        case(
            pair,
            fargate(json!({ "inputs": { "cpu": ".25 vCPU", "taskMemory": "1 GB" } })),
            fargate(json!({ "inputs": { "cpu": 64, "taskCpu": 300, "memory": 512 } })),
        ),
        case("must be `awslogs`, `splunk` or `awsfirelens` for Fargate", log("awslogs"), log("syslog")),
        case(
            "must be absent unless tasks run on Fargate",
            fargate(json!({ "platformVersion": "1.4.0" })),
            template(json!({ "platformVersion": "1.4.0" })),
        ),
    ]
}

fn network_cases() -> Vec<Case> {
    let vpc = |vpc: Value| json!({ "networkConfiguration": { "awsvpcConfiguration": vpc }, "networkMode": "awsvpc" });
    let subnets = "must have subnets, by id, name or purpose, in network mode `awsvpc`";
    let none = "must not have subnets or security groups unless the network mode is `awsvpc`";
    let portless = "must be absent in network mode `none`, or choose another `networkMode`";
    vec![
        case(
            subnets,
            template(vpc(json!({ "subnets": ["subnet-1"] }))),
            template(vpc(json!({ "securityGroups": ["sg-1"] }))),
        ),
        case(
            subnets,
            fargate(json!({ "subnetNames": null, "subnetPurposes": ["p"] })),
            fargate(json!({ "subnetNames": [] })),
        ),
        case(
            none,
            fargate(json!({ "securityGroupNames": ["web"] })),
            template(json!({ "securityGroupNames": ["web"] })),
        ),
        case(
            portless,
            {
                let mut spec = mapping(json!({}));
                spec["template"]["networkMode"] = json!("bridge");
                spec
            },
            {
                let mut spec = mapping(json!({}));
                spec["template"]["networkMode"] = json!("none");
                spec
            },
        ),
        case(
            portless,
            template(json!({ "networkMode": "none", "inputs": { "portMappings": [] } })),
            template(json!({ "networkMode": "none", "inputs": { "portMappings": [{ "containerPort": 80 }] } })),
        ),
        case(
            none,
            {
                let mut spec = artifact(json!({ "inline": "{}" }));
                merge(&mut spec, &template(json!({ "subnetPurposes": ["p"] })));
                spec
            },
            template(json!({ "networkMode": "bridge", "subnetPurposes": ["p"] })),
        ),
        case(
            "must be absent without `subnetNames` or `subnetPurposes`, which it narrows",
            fargate(json!({ "availabilityZones": ["z"] })),
            {
                let mut spec = template(vpc(json!({ "subnets": ["subnet-1"] })));
                spec["template"]["availabilityZones"] = json!(["z"]);
                spec
            },
        ),
    ]
}

#[test]
fn names_cluster_and_region_are_fixed() {
    judge_immutable(
        "ServerGroup",
        &base(),
        &[
            ("moniker", json!({ "application": "a" }), json!({ "application": "b" })),
            ("clusterRef", json!({ "name": "a" }), json!({ "name": "b" })),
            ("cluster", json!("a"), json!("b")),
            ("region", json!("eu-west-1"), json!("us-east-1")),
            ("accountRef", json!({ "name": "a" }), json!({ "name": "b" })),
        ],
    );
}

#[test]
fn names_that_are_no_groups_need_a_moniker() {
    let found = |name: &str, patch: Value| messages("ServerGroup", &object("ServerGroup", name, &base(), &patch), None);
    let moniker = || json!({ "moniker": { "application": "shop" } });
    let long = "a".repeat(249);
    for name in ["shop.prod", "shop-v001", long.as_str()] {
        let refused = found(name, json!({}));
        assert!(
            refused.len() == 1 && refused[0].starts_with("must be set when `metadata.name`"),
            "{name}: {refused:?}"
        );
        assert_eq!(found(name, moniker()), Vec::<String>::new());
    }
    assert_eq!(found("shop-prod-v1000", json!({})), Vec::<String>::new());
}
