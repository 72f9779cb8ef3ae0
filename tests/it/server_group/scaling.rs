//! A group whose count Application Auto Scaling owns.

use std::time::Duration;

use aws_sdk_applicationautoscaling::types::{ScalableTarget, ServiceNamespace};
use ecs_operator::api::ServerGroup;
use ecs_sim::autoscaling::Metric;
use serde_json::{Value, json};

use super::{MINUTE, group, idle, ready, running, served, status, writes};
use crate::support::driver::Operator;
use crate::support::world::{World, key};

const V0: &str = "shop-prod-v000";
const V1: &str = "shop-prod-v001";

pub(super) fn scaled() -> Value {
    json!({
        "capacity": {"min": 2, "desired": 2, "max": 10},
        "scaling": {"mode": "External", "targetTracking": [{
            "policyName": "cpu", "targetValue": 60, "scaleOutCooldown": 60, "scaleInCooldown": 300,
            "predefinedMetricSpecification": {"predefinedMetricType": "ECSServiceAverageCPUUtilization"},
        }]},
    })
}

async fn target(world: &World, version: &str) -> Option<ScalableTarget> {
    let asked = world.scaling().describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
    let mut found =
        asked.resource_ids(format!("service/prod/{version}")).send().await.unwrap().scalable_targets.unwrap();
    found.pop()
}

/// Bounds, and whether scaling in, scaling out and scheduled actions are suspended.
pub(super) async fn held(world: &World, version: &str) -> (i32, i32, [bool; 3]) {
    let target = target(world, version).await.unwrap();
    let state = target.suspended_state().unwrap();
    let held = [
        state.dynamic_scaling_in_suspended(),
        state.dynamic_scaling_out_suspended(),
        state.scheduled_scaling_suspended(),
    ];
    (target.min_capacity(), target.max_capacity(), held.map(|one| one == Some(true)))
}

fn load(world: &World, version: &str, load: f64) {
    world.aws.sim(|sim| sim.with_scaling(&key(), |scaling| scaling.metric("prod", version, Some(Metric::Load(load)))));
}

async fn minutes(world: &World, operator: &mut Operator, minutes: u64) {
    for _ in 0..minutes {
        world.wait(MINUTE).await;
        operator.sweep().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_count_that_the_autoscaler_chose_is_not_fought_over() {
    let (world, mut operator) = served(571, &scaled()).await;
    assert_eq!(held(&world, V0).await, (2, 10, [false; 3]));
    load(&world, V0, 360.0);
    minutes(&world, &mut operator, 10).await;
    assert_eq!(running(&world, V0).await, 6);
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    assert_eq!(running(&world, V0).await, 6);
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 6/6 tasks.");
    // The spec's count is only where it begins.
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"capacity": {"desired": 3}}})).await;
    operator.rest().await;
    assert_eq!(running(&world, V0).await, 6);
    // Bounds are the spec's.
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"capacity": {"min": 3, "max": 20}}})).await;
    operator.rest().await;
    assert_eq!(held(&world, V0).await, (3, 20, [false; 3]));
    assert_eq!(running(&world, V0).await, 6);
}

#[tokio::test(start_paused = true)]
async fn a_candidate_is_as_large_as_the_old_version_is_and_the_autoscaler_waits_meanwhile() {
    let (world, mut operator) = served(572, &scaled()).await;
    load(&world, V0, 360.0);
    minutes(&world, &mut operator, 10).await;
    assert_eq!(running(&world, V0).await, 6);
    let mut slow = scaled();
    json_patch::merge(&mut slow, &json!({"strategy": {"redBlack": {"delayBeforeDisableSeconds": 300}}}));
    world.apply::<ServerGroup>(&group("nginx:2", &slow)).await;
    operator.settle(Duration::from_secs(20), 3 * MINUTE).await;
    let stands = status(&world).await;
    assert_eq!(stands.rollout.as_ref().map(|rollout| rollout.target), Some(6), "{}", ready(&world).await);
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (6, 6));
    assert!(held(&world, V1).await.2[0], "nothing takes tasks from the candidate");
    let old = held(&world, V0).await.2;
    assert!(old[0] && !old[1], "the old version may grow and not shrink: {old:?}");
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 6/6 tasks.");
    assert_eq!(held(&world, V1).await, (2, 10, [false; 3]));
    assert_eq!(running(&world, V0).await, 0);
    let (_, _, old) = held(&world, V0).await;
    assert_eq!(old, [true; 3], "a disabled version stays without tasks");
    load(&world, V0, 600.0);
    minutes(&world, &mut operator, 15).await;
    assert_eq!(running(&world, V0).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_disabled_group_comes_back_with_the_count_that_the_autoscaler_had_chosen() {
    let (world, mut operator) = served(573, &scaled()).await;
    load(&world, V0, 300.0);
    minutes(&world, &mut operator, 10).await;
    assert_eq!(running(&world, V0).await, 5);
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"disabled": true}})).await;
    operator.rest().await;
    assert_eq!(running(&world, V0).await, 0, "{}", ready(&world).await);
    assert_eq!(held(&world, V0).await.2, [true; 3]);
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"disabled": false}})).await;
    operator.rest().await;
    assert_eq!(running(&world, V0).await, 5, "{}", ready(&world).await);
    assert_eq!(held(&world, V0).await, (2, 10, [false; 3]));
}

#[tokio::test(start_paused = true)]
async fn a_group_that_scales_leaves_nothing_in_application_auto_scaling() {
    let (world, mut operator) = served(574, &scaled()).await;
    world.apply::<ServerGroup>(&group("nginx:2", &scaled())).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
    world.delete::<ServerGroup>("shop-prod").await;
    operator.rest().await;
    assert!(world.get::<ServerGroup>("shop-prod").await.is_none());
    assert!(target(&world, V0).await.is_none() && target(&world, V1).await.is_none());
    let policies = world.scaling().describe_scaling_policies().service_namespace(ServiceNamespace::Ecs).send().await;
    assert_eq!(policies.unwrap().scaling_policies().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_restored_version_is_as_large_as_the_one_it_replaces() {
    let (world, mut operator) = served(575, &scaled()).await;
    world.apply::<ServerGroup>(&group("nginx:2", &scaled())).await;
    operator.rest().await;
    load(&world, V1, 420.0);
    minutes(&world, &mut operator, 10).await;
    assert_eq!(running(&world, V1).await, 7);
    world.aws.take_sent();
    world.apply::<ServerGroup>(&group("nginx:1", &scaled())).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 7/7 tasks.");
    assert!(!writes(&world).contains(&"CreateService".to_owned()));
    assert_eq!(held(&world, V0).await, (2, 10, [false; 3]));
}

#[tokio::test(start_paused = true)]
async fn a_rolling_rollout_begins_at_the_count_that_the_autoscaler_chose() {
    let (world, mut operator) = served(576, &scaled()).await;
    load(&world, V0, 360.0);
    minutes(&world, &mut operator, 10).await;
    assert_eq!(running(&world, V0).await, 6);
    assert_eq!(status(&world).await.ready.as_deref(), Some("6/6"));
    let mut rolling = scaled();
    json_patch::merge(&mut rolling, &json!({"strategy": {"rollingRedBlack": {"percents": [50, 100]}}}));
    world.apply::<ServerGroup>(&group("nginx:2", &rolling)).await;
    let limit = tokio::time::Instant::now() + 30 * MINUTE;
    while !ready(&world).await.contains("v001 is current") && tokio::time::Instant::now() < limit {
        operator.settle(Duration::from_secs(2), Duration::from_secs(2)).await;
        world.wait(Duration::from_secs(1)).await;
        let both = running(&world, V0).await + running(&world, V1).await.max(0);
        assert!(both >= 6, "{both} tasks: {}", ready(&world).await);
    }
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 6/6 tasks.");
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_fails_leaves_the_old_version_what_the_autoscaler_gave_it_meanwhile() {
    let mut slow = scaled();
    json_patch::merge(&mut slow, &json!({"strategy": {"redBlack": {"delayBeforeDisableSeconds": 3000}}}));
    let (world, mut operator) = served(577, &slow).await;
    world.apply::<ServerGroup>(&group("nginx:2", &slow)).await;
    operator.settle(Duration::from_secs(20), 3 * MINUTE).await;
    load(&world, V0, 360.0);
    minutes(&world, &mut operator, 10).await;
    assert_eq!(running(&world, V0).await, 6, "{}", ready(&world).await);
    world.annotate::<ServerGroup>("shop-prod", "abort", V1).await;
    let limit = tokio::time::Instant::now() + 20 * MINUTE;
    while status(&world).await.hold.is_none() && tokio::time::Instant::now() < limit {
        operator.settle(Duration::from_secs(2), Duration::from_secs(2)).await;
        world.wait(Duration::from_secs(1)).await;
        assert!(running(&world, V0).await >= 6, "{}", ready(&world).await);
    }
    assert!(status(&world).await.hold.is_some(), "{}", ready(&world).await);
    operator.rest().await;
    assert_eq!((held(&world, V0).await.2, running(&world, V0).await), ([false; 3], 6));
}
