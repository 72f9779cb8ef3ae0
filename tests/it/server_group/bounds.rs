//! Sizes, shares and words: the API server takes the first and the last that work, and refuses what lies beyond.

use ecs_operator::api::ServerGroup;
use serde_json::{Value, json};

use super::{group, worlds};

/// What differs from a good group: taken, and refused.
type Row = (&'static str, Vec<Value>, Vec<Value>);

/// A member deep inside.
fn at(path: &str, value: &Value) -> Value {
    path.rsplit('.').fold(value.clone(), |inner, name| json!({ name: inner }))
}

fn row(path: &'static str, good: &[Value], bad: &[Value]) -> Row {
    let all = |values: &[Value]| values.iter().map(|value| at(path, value)).collect();
    (path, all(good), all(bad))
}

fn numbers(path: &'static str, least: i64, most: i64) -> Row {
    row(path, &[json!(least), json!(most)], &[json!(least - 1), json!(most + 1)])
}

fn mappings(mapping: &Value, count: usize) -> Value {
    json!({"template": {"targetGroupMappings": vec![mapping; count]}})
}

fn of_the_group() -> Vec<Row> {
    vec![
        ("capacity.min", vec![json!({"capacity": {"min": 0}})], vec![json!({"capacity": {"min": -1}})]),
        (
            "capacity.desired",
            vec![at("capacity.desired", &json!(0)), at("capacity.desired", &json!(5000))],
            vec![at("capacity.desired", &json!(-1)), at("capacity.desired", &json!(5001))],
        ),
        ("capacity.max", vec![json!({"capacity": {"max": 5000}})], vec![json!({"capacity": {"max": 5001}})]),
        row("deletionPolicy", &[json!("Delete"), json!("Retain")], &[json!("Orphan")]),
        row("managementMode", &[json!("Manage"), json!("Plan"), json!("Observe")], &[json!("Off")]),
        row("adoptionPolicy", &[json!("Never"), json!("IfTagged"), json!("Always")], &[json!("Sometimes")]),
        row("driftPolicy", &[json!("Correct"), json!("Warn")], &[json!("Ignore")]),
        row("propagateTags", &[json!("NONE"), json!("SERVICE"), json!("TASK_DEFINITION")], &[json!("TASK")]),
        numbers("deploymentConfiguration.minimumHealthyPercent", 0, 100),
        row("clusterRef.name", &[json!("prod")], &[json!("")]),
    ]
}

fn of_the_rollout() -> Vec<Row> {
    let canary = |step: Value| json!({"strategy": {"canary": {"steps": [step]}}});
    let metric = |members: Value| {
        let mut analysis = json!({"metrics": [{"name": "a", "alarms": ["x"]}]});
        json_patch::merge(&mut analysis, &members);
        json!({"strategy": {"rollingRedBlack": {"analysis": analysis}}})
    };
    let steps = |count: usize| json!({"strategy": {"canary": {"steps": vec![json!({"pause": {}}); count]}}});
    vec![
        numbers("gate.healthyPercent", 0, 100),
        numbers("gate.minHealthySeconds", 0, 3600),
        numbers("gate.deadlineSeconds", 60, 604_800),
        numbers("gate.progressDeadlineSeconds", 60, 86_400),
        numbers("gate.maxFailedTasks", 1, 5000),
        row("gate.require", &[json!({}), json!({"containerHealth": false, "targetHealth": true})], &[json!([])]),
        row("gate.require.targetHealth", &[json!(true), json!(false)], &[json!("no")]),
        numbers("strategy.redBlack.maxRemaining", 2, 10),
        numbers("strategy.redBlack.delayBeforeDisableSeconds", 0, 86_400),
        numbers("strategy.rollingRedBlack.maxRemaining", 2, 10),
        numbers("strategy.rollingRedBlack.delayBetweenStepsSeconds", 0, 86_400),
        numbers("strategy.highlander.delayBeforeDestroySeconds", 0, 86_400),
        row("strategy.rollingRedBlack.percents", &[json!([1, 100])], &[json!([0, 100]), json!([50, 101])]),
        ("canary.steps", vec![steps(30)], vec![steps(31)]),
        (
            "setCapacity.count",
            vec![canary(json!({"setCapacity": {"count": 0}})), canary(json!({"setCapacity": {"count": 5000}}))],
            vec![canary(json!({"setCapacity": {"count": -1}})), canary(json!({"setCapacity": {"count": 5001}}))],
        ),
        (
            "setCapacity.percent",
            vec![canary(json!({"setCapacity": {"percent": 0}})), canary(json!({"setCapacity": {"percent": 100}}))],
            vec![canary(json!({"setCapacity": {"percent": -1}})), canary(json!({"setCapacity": {"percent": 101}}))],
        ),
        (
            "pause.durationSeconds",
            vec![canary(json!({"pause": {"durationSeconds": 1}}))],
            vec![canary(json!({"pause": {"durationSeconds": 0}}))],
        ),
        (
            "analysis",
            vec![metric(json!({"intervalSeconds": 10, "count": 1, "failureLimit": 0}))],
            vec![
                metric(json!({"intervalSeconds": 9})),
                metric(json!({"count": 0})),
                metric(json!({"failureLimit": -1})),
                metric(json!({"errorLimit": -1})),
                metric(json!({"inconclusiveLimit": -1})),
            ],
        ),
        row("rollback.onFailure", &[json!(true), json!(false)], &[json!("Always")]),
        row("rollback.reuseEqualVersion", &[json!(true), json!(false)], &[json!(1)]),
    ]
}

/// What concerns traffic: weights are set only where listener rules are listed.
fn of_the_traffic() -> Vec<Row> {
    let weighted = |members: Value| {
        let mut spec = mappings(&json!({"containerPort": 80, "targetGroup": "a", "alternateTargetGroup": "b"}), 1);
        spec["traffic"] = json!({"listenerRules": ["arn"]});
        json_patch::merge(&mut spec, &members);
        spec
    };
    let traffic = |members: Value| weighted(json!({"traffic": members}));
    let rules = |count: usize| {
        let arns: Vec<String> = (0..count).map(|nth| format!("rule-{nth}")).collect();
        traffic(json!({"listenerRules": arns}))
    };
    let weight = |weight: i64| weighted(json!({"strategy": {"canary": {"steps": [{"setWeight": weight}]}}}));
    vec![
        ("setWeight", vec![weight(0), weight(100)], vec![weight(-1), weight(101)]),
        (
            "traffic.settleSeconds",
            vec![traffic(json!({"settleSeconds": 0})), traffic(json!({"settleSeconds": 3600}))],
            vec![traffic(json!({"settleSeconds": -1})), traffic(json!({"settleSeconds": 3601}))],
        ),
        (
            "traffic.maxSettleSeconds",
            vec![traffic(json!({"maxSettleSeconds": 0})), traffic(json!({"maxSettleSeconds": 86_400}))],
            vec![traffic(json!({"maxSettleSeconds": -1})), traffic(json!({"maxSettleSeconds": 86_401}))],
        ),
        (
            "traffic.onDelete",
            vec![traffic(json!({"onDelete": "Keep"})), traffic(json!({"onDelete": "Reset"}))],
            vec![traffic(json!({"onDelete": "Delete"}))],
        ),
        ("traffic.listenerRules", vec![rules(10)], vec![rules(11)]),
    ]
}

fn of_the_template() -> Vec<Row> {
    let port = |port: i64| mappings(&json!({"containerPort": port, "targetGroup": "a"}), 1);
    let registry =
        |port: i64| json!({"template": {"serviceRegistries": [{"registryArn": "a", "containerPort": port}]}});
    let web = json!({"containerPort": 80, "targetGroup": "a"});
    let providers = |count: usize, weight: i64, base: i64| {
        let item = |nth: usize| json!({"capacityProvider": format!("p{nth}"), "weight": 1});
        let mut items: Vec<Value> = (0..count).map(item).collect();
        items[0] = json!({"capacityProvider": "p0", "weight": weight, "base": base});
        json!({"template": {"launchType": null, "capacityProviderStrategy": items}})
    };
    let artifact = |length: usize| json!({"template": {"inputs": null, "artifact": {"inline": "x".repeat(length)}}});
    vec![
        ("containerPort", vec![port(1), port(65_535)], vec![port(0), port(65_536)]),
        ("registry port", vec![registry(65_535)], vec![registry(-1), registry(65_536)]),
        ("targetGroupMappings", vec![mappings(&web, 5)], vec![mappings(&web, 6)]),
        (
            "protocol",
            vec![mappings(&json!({"containerPort": 80, "targetGroup": "a", "protocol": "udp"}), 1)],
            vec![mappings(&json!({"containerPort": 80, "targetGroup": "a", "protocol": "http"}), 1)],
        ),
        (
            "capacityProviderStrategy",
            vec![providers(20, 1000, 100_000)],
            vec![providers(21, 1, 0), providers(1, 1001, 0), providers(1, -1, 0), providers(1, 1, -1)],
        ),
        row("template.networkMode", &[json!("awsvpc")], &[json!("aws-vpc"), json!("default")]),
        row("template.launchType", &[json!("FARGATE")], &[json!("Fargate")]),
        row("template.placementPreset", &[], &[json!("Random")]),
        row("template.availabilityZoneRebalancing", &[json!("ENABLED"), json!("DISABLED")], &[json!("On")]),
        row("template.inputs.containerNaming", &[json!("Stable"), json!("Version")], &[json!("Always")]),
        ("artifact.inline", vec![artifact(65_536)], vec![artifact(65_537)]),
    ]
}

#[tokio::test(start_paused = true)]
async fn the_last_value_that_works_is_taken_and_the_next_one_refused() {
    let (world, _) = worlds(651).await;
    let mut wrong = Vec::new();
    let rows = [of_the_group(), of_the_rollout(), of_the_traffic(), of_the_template()].concat();
    for (what, good, bad) in rows {
        for (members, taken) in good.iter().map(|members| (members, true)).chain(bad.iter().map(|m| (m, false))) {
            let mut manifest = group("nginx:1", &json!({}));
            manifest["spec"].as_object_mut().unwrap().remove("capacity");
            json_patch::merge(&mut manifest["spec"], members);
            let applied = world.try_apply::<ServerGroup>(&manifest).await;
            if applied.is_ok() != taken {
                let said = applied.err().map_or_else(|| "taken".to_owned(), |error| error.to_string());
                wrong.push(format!("{what}: {members}: {said}"));
            }
            world.delete::<ServerGroup>("shop-prod").await;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
