//! What is asked for while a rollout is under way, or after one that was not undone.

use ecs_operator::api::ServerGroup;
use ecs_operator::api::status::VersionState;
use ecs_sim::elbv2::control::{Balanced, BalancerSpec};
use ecs_sim::fixtures::AlarmState;
use serde_json::{Value, json};

use super::{
    MINUTE, balanced, balancer, idle, ready, running, status, through, told, until, weighted, weights_of_b, worlds,
};
use crate::support::driver::Operator;
use crate::support::world::{World, key};

const V0: &str = "shop-prod-v000";
const V1: &str = "shop-prod-v001";

fn canary(more: &Value) -> Value {
    let steps = json!([{"setWeight": 50}, {"pause": {}}]);
    let mut spec = json!({"strategy": {"canary": {"steps": steps}}, "gate": {"alarmNames": ["errors"]}});
    json_patch::merge(&mut spec, more);
    spec
}

fn alarm(world: &World, state: AlarmState) {
    world.aws.sim(|sim| sim.with_fleet(&key(), |fleet| fleet.set_alarm("errors", state)));
}

/// A canary that waits at half of the traffic.
async fn half(seed: u64, more: &Value) -> (World, Operator, Balanced) {
    let (world, mut operator) = worlds(seed).await;
    alarm(&world, AlarmState::Ok);
    let rule = balancer(&world);
    world.apply::<ServerGroup>(&weighted("nginx:1", &rule, &canary(more))).await;
    operator.rest().await;
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &canary(more))).await;
    until(&world, &mut operator, "False AwaitingApproval").await;
    (world, operator, rule)
}

#[tokio::test(start_paused = true)]
async fn disabling_the_group_ends_the_rollout_and_takes_every_task() {
    let (world, mut operator, rule) = half(591, &json!({})).await;
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"disabled": true}})).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: Disabled: no version has tasks.");
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (0, 0));
    assert!(status(&world).await.hold.is_none());
    assert_eq!(weights_of_b(&world, &rule), [0, 50, 0]);
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_pin_to_the_serving_version_ends_the_rollout_without_a_hold() {
    let (world, mut operator, rule) = half(592, &json!({})).await;
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"rollback": {"toVersion": V0}}})).await;
    through(&world, &mut operator, 10 * MINUTE, (V0, 2)).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("True Succeeded") && said.contains("shop-prod-v000 is current"), "{said}");
    assert_eq!(weights_of_b(&world, &rule), [0, 50, 0]);
    assert!(status(&world).await.hold.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_full_promotion_leaves_out_what_is_left() {
    let (world, mut operator, rule) = half(593, &json!({"capacity": {"desired": 4}})).await;
    world.annotate::<ServerGroup>("shop-prod", "promote", "shop-prod-v001/full").await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 4/4 tasks.");
    assert_eq!(weights_of_b(&world, &rule), [0, 50, 100]);
    assert_eq!(told(&world, "RequestIgnored"), Vec::<String>::new());
}

/// A canary at half of the traffic whose alarm fires, and that is not to be undone.
async fn left(seed: u64) -> (World, Operator, Balanced, Value) {
    let keep = json!({"rollback": {"onFailure": false}});
    let (world, mut operator, rule) = half(seed, &keep).await;
    alarm(&world, AlarmState::Alarm);
    until(&world, &mut operator, "False DeploymentFailed").await;
    alarm(&world, AlarmState::Ok);
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    assert_eq!(weights_of_b(&world, &rule), [0, 50]);
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (2, 1));
    (world, operator, rule, canary(&keep))
}

#[tokio::test(start_paused = true)]
async fn what_was_left_after_a_failure_gives_the_traffic_back_when_the_template_is_reverted() {
    let (world, mut operator, rule, spec) = left(594).await;
    world.apply::<ServerGroup>(&weighted("nginx:1", &rule, &spec)).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 2/2 tasks.");
    assert_eq!(weights_of_b(&world, &rule), [0, 50, 0]);
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn what_was_left_after_a_failure_can_be_aborted_and_makes_way_for_the_next_template() {
    let (world, mut operator, rule, spec) = left(595).await;
    world.annotate::<ServerGroup>("shop-prod", "abort", V1).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("False DeploymentRolledBack"), "{}", ready(&world).await);
    assert_eq!(weights_of_b(&world, &rule), [0, 50, 0]);
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (2, 0));
    world.apply::<ServerGroup>(&weighted("nginx:3", &rule, &spec)).await;
    until(&world, &mut operator, "False AwaitingApproval").await;
    assert_eq!(weights_of_b(&world, &rule), [0, 50, 0, 50]);
    assert_eq!(status(&world).await.versions[0].name, "shop-prod-v002");
}

#[tokio::test(start_paused = true)]
async fn strategy_none_leaves_both_versions_and_the_weights_as_they_are() {
    let none = json!({"strategy": {"none": {}}});
    let (world, mut operator, rule) = balanced(596, &none).await;
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &none)).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (2, 2));
    assert!(status(&world).await.versions.iter().all(|version| version.state == VersionState::Active));
    assert_eq!(weights_of_b(&world, &rule), [0]);
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn two_rules_move_together() {
    let (world, mut operator) = worlds(597).await;
    let first = balancer(&world);
    let other =
        BalancerSpec { path: Some("/api/*".to_owned()), ..BalancerSpec::new("web", &[("blue", 100), ("green", 0)]) };
    let second = world.balancer(&other);
    assert_ne!(first.rule, second.rule);
    let both = json!({"traffic": {"listenerRules": [first.rule, second.rule]}});
    world.apply::<ServerGroup>(&weighted("nginx:1", &first, &both)).await;
    operator.rest().await;
    world.apply::<ServerGroup>(&weighted("nginx:2", &first, &both)).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
    assert_eq!((weights_of_b(&world, &first), weights_of_b(&world, &second)), (vec![0, 100], vec![0, 100]));
    // One of them edited by hand: only that one is written.
    let (blue, green) = (second.groups[0].as_str(), second.groups[1].as_str());
    world.aws.sim(|sim| sim.set_weights(&key(), &second.rule, &[(blue, 10), (green, 90)], "somebody"));
    operator.sweep().await;
    operator.rest().await;
    assert_eq!((weights_of_b(&world, &first), weights_of_b(&world, &second)), (vec![0, 100], vec![0, 100, 90, 100]));
}
