//! Which checks a gate requires.

use std::time::Duration;

use ecs_operator::api::ServerGroup;
use serde_json::{Value, json};

use super::{MINUTE, balanced, group, ready, running, served, status, through, weighted, weights_of_b};
use crate::support::world::key;

const V0: &str = "shop-prod-v000";
const V1: &str = "shop-prod-v001";

/// Targets of the new version fail their checks, and ECS does not mind: does the version serve?
async fn with_ill_targets(seed: u64, require: &Value) -> (String, Vec<i64>) {
    // ECS says that a deployment is complete only once its targets are healthy; below 100 % nobody waits for that.
    let gate = json!({"healthyPercent": 90, "progressDeadlineSeconds": 240, "require": require});
    let members = json!({"gate": gate, "healthCheckGracePeriodSeconds": 7200});
    let (world, mut operator, rule) = balanced(seed, &members).await;
    world.aws.sim(|sim| {
        sim.with_fleet(&key(), |fleet| fleet.fail_target_group(&rule.groups[1], true));
    });
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &members)).await;
    through(&world, &mut operator, 20 * MINUTE, (V0, 0)).await;
    operator.rest().await;
    (ready(&world).await, weights_of_b(&world, &rule))
}

#[tokio::test(start_paused = true)]
async fn targets_are_required_unless_the_gate_says_otherwise() {
    for (seed, require) in
        [(631, json!({})), (632, json!({"targetHealth": true})), (633, json!({"containerHealth": false}))]
    {
        let (said, weights) = with_ill_targets(seed, &require).await;
        assert!(said.starts_with("False ") && said.contains("shop-prod-v000 serves"), "{require}: {said}");
        assert_eq!(weights, [0], "{require}: the new version never received traffic");
    }
    for (seed, require) in
        [(634, json!({"targetHealth": false})), (635, json!({"targetHealth": false, "containerHealth": false}))]
    {
        let (said, weights) = with_ill_targets(seed, &require).await;
        // The group is satisfied; ECS itself is not, and that is said.
        assert!(said.starts_with("False Progressing: shop-prod-v001: ") && said.contains("IN_PROGRESS"), "{said}");
        assert_eq!(weights, [0, 100], "{require}");
    }
}

/// Seconds until a version is current whose containers pass their first check after four minutes.
async fn with_slow_checks(seed: u64, require: &Value) -> i64 {
    let members = json!({
        "gate": {"healthyPercent": 90, "require": require},
        "template": {"inputs": {"healthCheck": {"command": ["CMD-SHELL", "true"], "interval": 60}}},
    });
    let (world, mut operator) = served(seed, &json!({})).await;
    world.aws.sim(|sim| sim.with_fleet(&key(), |fleet| fleet.knobs.timing.check_healthy = Some(240_000)));
    world.apply::<ServerGroup>(&group("nginx:2", &members)).await;
    let asked = world.clock.now();
    let limit = tokio::time::Instant::now() + 20 * MINUTE;
    while status(&world).await.current_version.as_deref() != Some(V1) {
        assert!(tokio::time::Instant::now() < limit, "{}", ready(&world).await);
        assert!(running(&world, V0).await == 2 || running(&world, V1).await == 2);
        operator.settle(Duration::from_secs(2), Duration::from_secs(2)).await;
        world.wait(Duration::from_secs(1)).await;
    }
    world.clock.now().duration_since(asked).as_secs()
}

#[tokio::test(start_paused = true)]
async fn checks_of_containers_are_required_unless_the_gate_says_otherwise() {
    for (seed, require) in
        [(636, json!({})), (637, json!({"containerHealth": true})), (638, json!({"targetHealth": false}))]
    {
        let took = with_slow_checks(seed, &require).await;
        assert!(took >= 240, "{require}: {took} s");
    }
    for (seed, require) in
        [(639, json!({"containerHealth": false})), (640, json!({"containerHealth": false, "targetHealth": false}))]
    {
        let took = with_slow_checks(seed, &require).await;
        assert!(took < 200, "{require}: {took} s");
    }
}
