//! Server groups that `kubectl apply` refuses, with the field and what to write instead; and those that only the
//! operator can refuse.

use serde_json::{Value, json};

use super::super::stage::{Stage, condition};
use super::group;
use crate::support::manifests::cluster;

/// What is merged into a good group, and what the refusal has to say.
type Row = (&'static str, Value, &'static [&'static str]);

fn of_the_group() -> Vec<Row> {
    let long = "d".repeat(125);
    vec![
        (
            "count outside the bounds",
            json!({"capacity": {"desired": 9}}),
            &["spec.capacity.desired", "must lie between `min` and `max`"],
        ),
        ("negative count", json!({"capacity": {"min": -1}}), &["spec.capacity.min", "greater than or equal to 0"]),
        (
            "two clusters",
            json!({"cluster": "prod"}),
            &["spec.clusterRef", "must have exactly one of `clusterRef` and `cluster`"],
        ),
        (
            "blank in the application",
            json!({"moniker": {"application": "my shop"}}),
            &["spec.moniker.application", "must consist of letters, digits and `_`"],
        ),
        (
            "detail that reads as a version",
            json!({"moniker": {"application": "shop", "detail": "a-v001"}}),
            &["spec.moniker.detail", "must not end in `-v` and three digits"],
        ),
        (
            "long name",
            json!({"moniker": {"application": long, "detail": long}}),
            &["spec.moniker", "must make a name of 248 characters at most"],
        ),
        (
            "two strategies",
            json!({"strategy": {"none": {}, "highlander": {}}}),
            &["spec.strategy", "must have exactly one of `none`, `highlander`"],
        ),
        (
            "weight without traffic",
            json!({"strategy": {"canary": {"steps": [{"setWeight": 10}]}}}),
            &["spec.strategy.canary.steps", "must not have `setWeight` without `traffic`"],
        ),
        (
            "warm standby without traffic",
            json!({"strategy": {"redBlack": {"warmStandby": true}}}),
            &["spec.strategy.redBlack.warmStandby", "a running task receives traffic"],
        ),
        (
            "percents that descend",
            json!({"strategy": {"rollingRedBlack": {"percents": [50, 25, 100]}}}),
            &["spec.strategy.rollingRedBlack.percents", "must ascend and end with 100"],
        ),
        (
            "grace period without a target group",
            json!({"healthCheckGracePeriodSeconds": 30}),
            &["spec.healthCheckGracePeriodSeconds", "must be absent without `template.targetGroupMappings`"],
        ),
        (
            "policies that nobody would follow",
            json!({"scaling": {"mode": "Managed", "scheduledActions": [{
                "scheduledActionName": "night", "schedule": "cron(0 20 * * ? *)",
                "scalableTargetAction": {"minCapacity": 1},
            }]}}),
            &["spec.scaling.mode", "must be `External` when policies or actions are declared"],
        ),
    ]
}

fn of_the_template() -> Vec<Row> {
    let inputs = |inputs: Value| json!({"template": {"inputs": inputs}});
    vec![
        (
            "inputs and artifact",
            json!({"template": {"artifact": {"inline": "{}"}}}),
            &["spec.template", "must have exactly one of `inputs` and `artifact`"],
        ),
        ("blank image", inputs(json!({"image": "nginx 1"})), &["spec.template.inputs.image", "must not be empty"]),
        (
            "reserved variable",
            inputs(json!({"environment": [{"name": "SERVER_GROUP", "value": "x"}]})),
            &["spec.template.inputs.environment", "which the operator sets"],
        ),
        (
            "size that Fargate has not",
            inputs(json!({"memory": 300})),
            &["spec.template.inputs", "must be a pair of CPU and memory that Fargate offers"],
        ),
        (
            "limit below the reservation",
            inputs(json!({"memoryReservation": 1024})),
            &["spec.template.inputs.memory", "must be at least `memoryReservation`"],
        ),
        (
            "launch type and providers",
            json!({"template": {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}}),
            &["spec.template.launchType", "must have exactly one of `launchType` and `capacityProviderStrategy`"],
        ),
        (
            "no subnets",
            json!({"template": {"networkConfiguration": null}}),
            &["spec.template", "must have subnets, by id, name or purpose"],
        ),
        (
            "bridge on Fargate",
            json!({"template": {"networkMode": "bridge"}}),
            &["spec.template.networkMode", "must be `awsvpc` or absent for Fargate"],
        ),
        (
            "second target group without traffic",
            json!({"template": {"targetGroupMappings": [
                {"containerPort": 80, "targetGroup": "a", "alternateTargetGroup": "b"},
            ]}}),
            &["spec.template.targetGroupMappings", "must have `alternateTargetGroup` exactly when `traffic` is set"],
        ),
        (
            "misspelt field",
            inputs(json!({"reservedMemory": 512})),
            &["unknown field \"spec.template.inputs.reservedMemory\""],
        ),
    ]
}

#[tokio::test]
async fn bad_groups_are_refused_at_apply_with_field_and_remedy() {
    let stage = Stage::new("group-refused").await;
    let mut wrong = Vec::new();
    for (what, members, expected) in of_the_group().into_iter().chain(of_the_template()) {
        let ran = stage.apply(&[group("nginx:1", &members)]).await;
        if ran.ok || !expected.iter().all(|words| ran.err.contains(words)) {
            wrong.push(format!("{what}: {}", if ran.ok { ran.out } else { ran.err }));
        }
    }
    let mut named = group("nginx:1", &json!({}));
    named["metadata"]["name"] = "shop-v001".into();
    let ran = stage.apply(&[named]).await;
    if !ran.err.contains("spec.moniker") || !ran.err.contains("ends in `-v` and three digits") {
        wrong.push(format!("name of a version: {}{}", ran.out, ran.err));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_name_and_the_place_of_a_group_stay_as_they_were_created() {
    let stage = Stage::new("group-immutable").await;
    let named = |moniker: Value| group("nginx:1", &json!({"moniker": moniker}));
    stage.apply(&[named(json!({"application": "shop", "stack": "prod"}))]).await.unwrap();
    for (members, member) in [
        (json!({"moniker": {"application": "shop", "stack": "test"}}), "moniker"),
        (json!({"moniker": null}), "moniker"),
        (json!({"moniker": {"application": "shop", "stack": "prod"}, "clusterRef": {"name": "other"}}), "clusterRef"),
    ] {
        let ran = stage.apply(&[group("nginx:1", &members)]).await;
        assert!(!ran.ok, "{member}: {}", ran.out);
        let words = format!("`{member}` is immutable");
        assert!(ran.err.contains(&format!("spec.{member}")) && ran.err.contains(&words), "{}", ran.err);
    }
}

#[tokio::test]
async fn what_only_the_operator_can_know_is_said_in_the_status_and_what_serves_goes_on() {
    let stage = Stage::operated("group-preflight").await;
    stage.apply(&[cluster("prod"), group("nginx:1", &json!({}))]).await.unwrap();
    stage.ready(&["ecssg/shop-prod"]).await;
    let mapped = json!({"template": {"targetGroupMappings": [{"containerPort": 80, "targetGroup": "nowhere"}]}});
    stage.apply(&[group("nginx:1", &mapped)]).await.unwrap();
    let message = stage.until("ecssg/shop-prod", "False", "InvalidSpec").await;
    assert!(message.contains("no target group named `nowhere`"), "{message}");
    let group_now = stage.get("ecssg/shop-prod").await;
    assert_eq!(condition(&group_now, "Available")["status"], "True", "{group_now}");
    assert_eq!(group_now["status"]["lastSequence"], 0);
    let unparsed = json!({"template": {"inputs": null, "artifact": {"inline": "{\"containerDefinitons\": []}"}}});
    stage.apply(&[group("nginx:1", &unparsed)]).await.unwrap();
    let mut message = String::new();
    while !message.contains("containerDefinitons") {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        message = stage.until("ecssg/shop-prod", "False", "InvalidSpec").await;
    }
    // The former template again: nothing has happened.
    stage.apply(&[group("nginx:1", &json!({}))]).await.unwrap();
    stage.ready(&["ecssg/shop-prod"]).await;
    assert_eq!(stage.get("ecssg/shop-prod").await["status"]["currentVersion"], "shop-prod-v000");
}
