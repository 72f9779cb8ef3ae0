//! Clients that stay with their target group: how long both versions run after the weights have changed.

use std::time::Duration;

use ecs_operator::api::ServerGroup;
use ecs_sim::elbv2::control::{Balanced, BalancerSpec};
use serde_json::{Value, json};

use super::{MINUTE, ready, running, until, weighted, weights_of_b, worlds};
use crate::support::driver::Operator;
use crate::support::world::{World, key};

const V0: &str = "shop-prod-v000";
const V1: &str = "shop-prod-v001";

/// A load balancer whose rule keeps clients where they are for so many seconds.
fn sticky(world: &World, seconds: Option<i64>) -> Balanced {
    let spec = BalancerSpec {
        interval_seconds: 5,
        healthy_threshold: 2,
        deregistration_delay_seconds: 30,
        stickiness_seconds: seconds,
        ..BalancerSpec::new("web", &[("blue", 100), ("green", 0)])
    };
    world.balancer(&spec)
}

async fn wanted(world: &World, version: &str) -> i32 {
    let found = world.cli().describe_services().cluster("prod").services(version).send().await.unwrap();
    found.services().first().map_or(-1, |service| service.desired_count)
}

/// Goes on until a version is to have no tasks, and gives the seconds since the last change of weights.
async fn kept(world: &World, operator: &mut Operator, rule: &Balanced, version: &str) -> i64 {
    let limit = tokio::time::Instant::now() + 90 * MINUTE;
    while wanted(world, version).await != 0 {
        assert!(tokio::time::Instant::now() < limit, "{}", ready(world).await);
        operator.settle(Duration::from_secs(1), Duration::from_secs(1)).await;
        world.wait(Duration::from_secs(1)).await;
    }
    let log = world.aws.sim(|sim| sim.weight_log(&key(), &rule.rule));
    world.clock.now().as_second() - log.last().unwrap().at / 1000
}

/// A settled group behind a rule with stickiness.
async fn behind(seed: u64, seconds: Option<i64>, members: &Value) -> (World, Operator, Balanced) {
    let (world, mut operator) = worlds(seed).await;
    let rule = sticky(&world, seconds);
    world.apply::<ServerGroup>(&weighted("nginx:1", &rule, members)).await;
    operator.settle(Duration::from_secs(400), 60 * MINUTE).await;
    assert!(ready(&world).await.starts_with("True Succeeded: shop-prod-v000"), "{}", ready(&world).await);
    (world, operator, rule)
}

#[tokio::test(start_paused = true)]
async fn the_old_version_keeps_its_tasks_until_no_client_is_held_to_it() {
    let cases: [(u64, Option<i64>, Value, i64); 5] = [
        (611, None, json!({}), 15),
        (612, None, json!({"traffic": {"settleSeconds": 40}}), 40),
        (613, Some(120), json!({"traffic": {"settleSeconds": 40}}), 120),
        (614, Some(3600), json!({}), 300),
        (615, Some(3600), json!({"traffic": {"maxSettleSeconds": 60}}), 60),
    ];
    for (seed, stickiness, members, seconds) in cases {
        let (world, mut operator, rule) = behind(seed, stickiness, &members).await;
        world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &members)).await;
        let passed = kept(&world, &mut operator, &rule, V0).await;
        assert_eq!(weights_of_b(&world, &rule), [0, 100], "{members}");
        assert!((seconds..seconds + 15).contains(&passed), "{members}: {passed} s, not {seconds}");
        operator.rest().await;
        assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
    }
}

#[tokio::test(start_paused = true)]
async fn clients_that_are_held_longer_than_the_deadline_of_progress_are_no_failure() {
    let long = json!({"traffic": {"maxSettleSeconds": 1800}, "gate": {"progressDeadlineSeconds": 600}});
    let (world, mut operator, rule) = behind(616, Some(1500), &long).await;
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &long)).await;
    let passed = kept(&world, &mut operator, &rule, V0).await;
    assert_eq!(weights_of_b(&world, &rule), [0, 100], "{}", ready(&world).await);
    assert!((1500..1515).contains(&passed), "{passed} s");
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
}

#[tokio::test(start_paused = true)]
async fn a_share_of_the_traffic_waits_for_nobody_and_the_way_back_for_the_clients_of_the_new_version() {
    let steps = json!([{"setWeight": 20}, {"setWeight": 50}, {"pause": {}}]);
    let canary = json!({"strategy": {"canary": {"steps": steps}}, "capacity": {"desired": 4}});
    let (world, mut operator, rule) = behind(617, Some(180), &canary).await;
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &canary)).await;
    until(&world, &mut operator, "False AwaitingApproval").await;
    let log = world.aws.sim(|sim| sim.weight_log(&key(), &rule.rule));
    let between = (log[2].at - log[1].at) / 1000;
    assert!(between < 120, "{between} s between two shares: nobody loses a target group there");
    world.annotate::<ServerGroup>("shop-prod", "abort", V1).await;
    let passed = kept(&world, &mut operator, &rule, V1).await;
    assert_eq!(weights_of_b(&world, &rule), [0, 20, 50, 0]);
    assert!((180..195).contains(&passed), "{passed} s");
    assert_eq!(running(&world, V0).await, 4);
}
