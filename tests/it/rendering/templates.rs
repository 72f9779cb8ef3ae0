//! Defaults, the hash of a template, and specs that are refused.

use ecs_operator::api::policy::ScalingMode;
use ecs_operator::controllers::server_group::desired::{CanaryStep, ConfigMapText, Strategy, Tail};
use serde_json::{Value, json};

use super::{read, read_with, refused, spec};

fn with(base: &Value, pointer: &str, value: Value) -> Value {
    let mut spec = base.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    spec.pointer_mut(parent).unwrap()[name] = value;
    spec
}

#[test]
fn the_fixtures_are_not_refused() {
    for name in ["inputs-ec2.yaml", "inputs-fargate.yaml"] {
        assert_eq!(refused(&read(&spec(name))), "", "{name}");
    }
}

#[test]
fn what_is_not_said_has_a_default() {
    let desired = read(&json!({ "cluster": "c", "template": { "launchType": "EC2",
        "inputs": { "image": "nginx", "memory": 64 } } }));
    assert_eq!(refused(&desired), "");
    assert_eq!((desired.group.as_str(), desired.capacity.min, desired.capacity.max), ("shop", 1, 1));
    assert_eq!(desired.strategy, Strategy::RedBlack { tail: Tail::default() });
    assert_eq!(desired.scaling.mode, ScalingMode::Managed);
    assert!(desired.rollback.on_failure && desired.rollback.reuse_equal_version && !desired.disabled);
    let gate = &desired.gate;
    assert_eq!((gate.healthy_percent, gate.min_healthy_seconds, gate.progress_deadline_seconds), (100, 10, 900));
    assert_eq!([1, 6, 7, 100].map(|target| gate.max_failed_tasks(target)), [3, 3, 4, 50]);
    let breaker = desired.deployment.deployment_circuit_breaker.unwrap();
    assert_eq!((breaker.enable, breaker.rollback), (Some(true), Some(false)));
    assert_eq!(desired.deployment.maximum_percent, Some(200));
}

#[test]
fn the_need_of_a_gate_is_rounded_half_up_and_at_least_one() {
    let need = |percent: i32, count: i32| {
        let spec = with(&spec("inputs-ec2.yaml"), "/gate", json!({ "healthyPercent": percent }));
        read(&spec).gate.need(count)
    };
    assert_eq!([need(100, 3), need(50, 3), need(49, 1), need(0, 5), need(100, 0), need(10, 1)], [3, 2, 1, 0, 0, 1]);
}

#[test]
fn strategies_are_read_with_their_defaults() {
    let of = |strategy: Value| read(&with(&spec("inputs-ec2.yaml"), "/strategy", strategy)).strategy;
    let tail = Tail { max_remaining: 4, ..Tail::default() };
    assert_eq!(of(json!({ "none": {} })), Strategy::None);
    assert_eq!(of(json!({ "highlander": {} })), Strategy::Highlander { delay_before_destroy_seconds: 0 });
    let Strategy::Rolling { percents, tail: found, .. } = of(json!({ "rollingRedBlack": { "maxRemaining": 4 } }))
    else {
        panic!("another strategy")
    };
    assert_eq!((percents, found), (vec![25, 50, 100], tail));
    let steps = json!([{ "setCapacity": { "percent": 10 } }, { "pause": {} }, { "setWeight": 5 },
        { "setCapacity": { "count": 0 } }, { "pause": { "durationSeconds": 7 } }]);
    let Strategy::Canary { steps, .. } = of(json!({ "canary": { "steps": steps } })) else {
        panic!("another strategy")
    };
    assert_eq!(
        steps,
        [
            CanaryStep::Percent(10),
            CanaryStep::Pause(None),
            CanaryStep::Weight(5),
            CanaryStep::Count(0),
            CanaryStep::Pause(Some(7)),
        ]
    );
}

#[test]
fn scaling_is_external_once_something_is_declared() {
    let of = |scaling: Value| read(&with(&spec("inputs-ec2.yaml"), "/scaling", scaling)).scaling.mode;
    let action = json!([{ "scheduledActionName": "n", "schedule": "rate(1 day)", "scalableTargetAction": { "minCapacity": 1 } }]);
    assert_eq!(of(json!({ "scheduledActions": action })), ScalingMode::External);
    assert_eq!(of(json!({ "copyFromPrevious": true })), ScalingMode::External);
    assert_eq!(of(json!({})), ScalingMode::Managed);
    assert_eq!(of(json!({ "mode": "CreateOnly" })), ScalingMode::CreateOnly);
}

#[test]
fn templates_that_say_the_same_have_the_same_hash() {
    let base = spec("inputs-fargate.yaml");
    let hash = |spec: &Value| read(spec).template_hash;
    let first = hash(&base);
    assert!(first.len() == 10 && first.chars().all(|c| c.is_ascii_hexdigit()), "{first}");
    for (pointer, value) in [
        ("/template/networkMode", json!("awsvpc")),
        ("/template/platformVersion", json!("LATEST")),
        ("/template/redeployToken", json!("")),
        ("/template/placementConstraints", json!([])),
        ("/template/targetGroupMappings/0/protocol", json!("tcp")),
        ("/template/targetGroupMappings/0/containerName", json!("")),
        ("/template/inputs/cpu", json!(512)),
        ("/template/inputs/memory", json!("1024")),
        ("/template/inputs/containerName", json!("shop")),
        ("/template/inputs/environment", json!([])),
        // Not of the template at all.
        ("/tags", json!({ "a": "b" })),
        ("/capacity", json!({ "desired": 9 })),
        ("/strategy", json!({ "none": {} })),
        ("/gate", json!({ "healthyPercent": 1 })),
    ] {
        assert_eq!(hash(&with(&base, pointer, value)), first, "{pointer}");
    }
    for (pointer, value) in [
        ("/template/redeployToken", json!("again")),
        ("/template/inputs/image", json!("other")),
        ("/template/inputs/environment", json!([{ "name": "A", "value": "" }])),
        ("/template/subnetPurposes", json!(["external"])),
        ("/template/targetGroupMappings/0/alternateTargetGroup", json!("c")),
    ] {
        assert_ne!(hash(&with(&base, pointer, value)), first, "{pointer}");
    }
}

#[test]
fn the_order_of_sets_and_repeated_mappings_do_not_count() {
    let mut left = spec("artifact.yaml");
    left["template"]["artifact"]["inline"] = json!("{}");
    let mut right = left.clone();
    right["template"]["networkConfiguration"]["awsvpcConfiguration"]["subnets"] = json!(["subnet-0b", "subnet-0a"]);
    let again = right["template"]["targetGroupMappings"][0].clone();
    right["template"]["targetGroupMappings"].as_array_mut().unwrap().push(again);
    assert_eq!(read(&left).template_hash, read(&right).template_hash);
}

#[test]
fn a_config_map_is_waited_for_and_its_text_counts() {
    let mut spec = spec("artifact.yaml");
    spec["template"]["artifact"] = json!({ "configMapKeyRef": { "name": "defs", "key": "web" } });
    let missing = read_with(&spec, Some(&ConfigMapText::Missing("ConfigMap `defs` does not exist yet".into())));
    assert_eq!(missing.waits.as_deref(), Some("ConfigMap `defs` does not exist yet"));
    assert_eq!(refused(&missing), "", "a wait is no refusal");
    assert!(read(&spec).waits.is_some(), "nothing was read");
    let text = super::fixture("document-two-containers.json");
    let there = read_with(&spec, Some(&ConfigMapText::Text(text.clone())));
    assert_eq!((there.waits.as_deref(), refused(&there).as_str()), (None, ""));
    let changed = read_with(&spec, Some(&ConfigMapText::Text(text.replace("v1.30", "v1.31"))));
    assert_ne!(there.template_hash, changed.template_hash);
}

#[test]
fn a_refusal_names_the_field_of_the_groups_manifest() {
    let ec2 = spec("inputs-ec2.yaml");
    let fargate = spec("inputs-fargate.yaml");
    for (spec, part) in [
        (with(&ec2, "/capacity", json!({ "min": 5, "desired": 3, "max": 4 })), "`spec.capacity.desired` must lie"),
        (with(&ec2, "/moniker", json!({ "application": "a".repeat(200), "stack": "s".repeat(50) })), "248 characters"),
        (with(&ec2, "/template/inputs/image", json!("a b")), "`spec.template.inputs.image` must not be empty"),
        (with(&ec2, "/template/inputs/image", json!("a;b")), "`spec.template.inputs.image` has characters"),
        (with(&ec2, "/template/inputs/taskRoleArn", json!("arn:aws:s3:::x")), "`spec.template.inputs.taskRoleArn`"),
        (
            with(&ec2, "/template/inputs/logConfiguration", json!({ "logDriver": "awslogs" })),
            "spec.template.inputs.logConfiguration",
        ),
        (with(&ec2, "/template/targetGroupMappings/0/containerName", json!("other")), "must be absent or `shop`"),
        (
            with(&ec2, "/template/serviceRegistries", json!([{ "registryArn": "no" }])),
            "`spec.template.serviceRegistries[0]",
        ),
        (with(&fargate, "/template/inputs/memory", json!(700)), "`spec.template.inputs"),
        (with(&fargate, "/template/executionRoleArn", Value::Null), "`spec.template.executionRoleArn` is missing"),
        (with(&fargate, "/template/launchType", json!("FARGATE")), "`spec.template.launchType` must have exactly one"),
    ] {
        let found = refused(&read(&spec));
        assert!(found.contains(part), "{part}: {found}");
    }
}
