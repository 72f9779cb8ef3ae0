//! A count that somebody else sets while a rollout is under way, as a `HorizontalPodAutoscaler` does by `/scale`.

use std::time::Duration;

use ecs_operator::api::ServerGroup;
use ecs_sim::elbv2::control::Balanced;
use kube::api::{Api, Patch, PatchParams};
use serde_json::json;

use super::{MINUTE, balanced, group, idle, ready, running, served, status, told, until, weights_of_b};
use crate::support::driver::Operator;
use crate::support::world::{NAMESPACE, World, key};

const V0: &str = "shop-prod-v000";
const V1: &str = "shop-prod-v001";

async fn scale(world: &World, replicas: i32) {
    let api: Api<ServerGroup> = Api::namespaced(world.person.clone(), NAMESPACE);
    let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
    api.patch_scale("shop-prod", &PatchParams::default(), &patch).await.unwrap();
}

/// Goes on for a while; the versions together never have fewer tasks.
async fn never_fewer(world: &World, operator: &mut Operator, time: Duration, tasks: i32) {
    let until = tokio::time::Instant::now() + time;
    while tokio::time::Instant::now() < until {
        operator.settle(Duration::from_secs(2), Duration::from_secs(4)).await;
        world.wait(Duration::from_secs(1)).await;
        let both = running(world, V0).await.max(0) + running(world, V1).await.max(0);
        assert!(both >= tasks, "{both}: {}", ready(world).await);
        let settled = status(world).await.rollout.is_none();
        if settled && ready(world).await.starts_with("True") {
            return;
        }
    }
}

/// A canary that waits at a quarter of the traffic, with four tasks beside.
async fn waiting(seed: u64) -> (World, Operator, Balanced) {
    let steps = json!([{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}]);
    let canary = json!({"strategy": {"canary": {"steps": steps}}, "capacity": {"min": 1, "desired": 4, "max": 20}});
    let (world, mut operator, rule) = balanced(seed, &canary).await;
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"template": {"inputs": {"image": "nginx:2"}}}})).await;
    until(&world, &mut operator, "False AwaitingApproval").await;
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (4, 1));
    (world, operator, rule)
}

#[tokio::test(start_paused = true)]
async fn an_autoscaler_that_scales_out_during_a_canary_is_followed_at_once_and_to_the_end() {
    let (world, mut operator, rule) = waiting(641).await;
    scale(&world, 10).await;
    operator.settle(Duration::from_secs(20), 3 * MINUTE).await;
    assert!(ready(&world).await.starts_with("False AwaitingApproval"), "{}", ready(&world).await);
    assert_eq!(running(&world, V0).await, 10, "the version that serves does not wait for a person");
    assert_eq!(told(&world, "Scaled"), ["shop-prod-v000: 4 → 10 tasks"]);
    let gate = status(&world).await.rollout.unwrap().promote_with.unwrap();
    world.annotate::<ServerGroup>("shop-prod", "promote", &gate).await;
    never_fewer(&world, &mut operator, 30 * MINUTE, 10).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 10/10 tasks.");
    assert_eq!(weights_of_b(&world, &rule), [0, 25, 50, 100]);
    let unserved = world.aws.sim(|sim| sim.unserved(&key()));
    let first = world.aws.sim(|sim| sim.weight_log(&key(), &rule.rule))[1].at;
    assert!(unserved.iter().all(|gap| gap.from < first), "{unserved:?}");
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_autoscaler_that_scales_in_during_a_canary_waits_for_its_end() {
    let (world, mut operator, _) = waiting(642).await;
    scale(&world, 2).await;
    operator.settle(Duration::from_secs(20), 3 * MINUTE).await;
    assert_eq!(
        (running(&world, V0).await, running(&world, V1).await),
        (4, 1),
        "nothing is taken from what is compared"
    );
    let gate = status(&world).await.rollout.unwrap().promote_with.unwrap();
    world.annotate::<ServerGroup>("shop-prod", "promote", &gate).await;
    never_fewer(&world, &mut operator, 30 * MINUTE, 2).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_fails_gives_back_what_the_autoscaler_asked_for_meanwhile() {
    let (world, mut operator, rule) = waiting(643).await;
    scale(&world, 8).await;
    operator.settle(Duration::from_secs(20), 3 * MINUTE).await;
    world.annotate::<ServerGroup>("shop-prod", "abort", V1).await;
    never_fewer(&world, &mut operator, 5 * MINUTE, 8).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("False DeploymentRolledBack"), "{}", ready(&world).await);
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (8, 0));
    assert_eq!(weights_of_b(&world, &rule), [0, 25, 0]);
}

#[tokio::test(start_paused = true)]
async fn counts_that_change_again_and_again_during_a_rolling_rollout_take_no_task_from_anybody() {
    let rolling = json!({
        "strategy": {"rollingRedBlack": {"percents": [25, 50, 100], "delayBetweenStepsSeconds": 60}},
        "capacity": {"min": 1, "desired": 4, "max": 20},
    });
    let (world, mut operator) = served(644, &rolling).await;
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"template": {"inputs": {"image": "nginx:2"}}}})).await;
    for count in [6, 5, 9, 7, 8] {
        scale(&world, count).await;
        never_fewer(&world, &mut operator, Duration::from_secs(40), 4).await;
    }
    never_fewer(&world, &mut operator, 30 * MINUTE, 4).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 8/8 tasks.");
    assert_eq!(running(&world, V0).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_template_without_a_count_leaves_the_autoscalers_count_alone() {
    let (world, mut operator) = served(645, &json!({"capacity": {"min": 1, "desired": 2, "max": 20}})).await;
    scale(&world, 5).await;
    operator.rest().await;
    // What Git no longer names is still the autoscaler's.
    let mut uncounted = group("nginx:2", &json!({}));
    uncounted["spec"]["capacity"] = json!({"min": 1, "max": 20});
    world.apply::<ServerGroup>(&uncounted).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 5/5 tasks.");
}
