//! Going back where that is not easy: an old version that cannot be had again, and templates that were there before.

use std::time::Duration;

use ecs_operator::api::ServerGroup;
use ecs_operator::api::condition::ConditionType;
use ecs_operator::api::status::VersionState;
use ecs_sim::fixtures::{AlarmState, ImageFate};
use serde_json::{Value, json};

use super::{
    MINUTE, balanced, balancer, children, group, ready, running, served, status, through, told, until, weighted,
    weights_of_b, worlds, writes,
};
use crate::behaviour::line;
use crate::support::driver::Operator;
use crate::support::world::{World, key};

const V0: &str = "shop-prod-v000";
const V1: &str = "shop-prod-v001";
const V2: &str = "shop-prod-v002";

fn fate(world: &World, image: &str, fate: ImageFate) {
    world.aws.sim(|sim| sim.set_image(image, fate));
}

fn alarm(world: &World, state: AlarmState) {
    world.aws.sim(|sim| sim.with_fleet(&key(), |fleet| fleet.set_alarm("errors", state)));
}

/// Runs for a time, second by second; so many tasks of a version always run.
async fn keeps(world: &World, operator: &mut Operator, time: Duration, (version, tasks): (&str, i32)) {
    let until = tokio::time::Instant::now() + time;
    while tokio::time::Instant::now() < until {
        operator.settle(Duration::from_secs(2), Duration::from_secs(10)).await;
        world.wait(Duration::from_secs(1)).await;
        let there = running(world, version).await;
        assert!(there >= tasks, "{version} has {there} tasks: {}", ready(world).await);
    }
}

/// `RestoreBlocked`, for people and for machines.
async fn blocked(world: &World) {
    let said = ready(world).await;
    assert!(said.starts_with("False DeploymentFailed: RestoreBlocked: "), "{said}");
    assert_eq!(said.matches("RestoreBlocked").count(), 1, "{said}");
    assert!(said.contains("alarm `errors` is in ALARM"), "why it goes back: {said}");
    let stands = status(world).await;
    let stalled = line(&stands.conditions, ConditionType::Stalled);
    assert!(stalled.starts_with("True DeploymentFailed"), "{stalled}");
    assert!(stands.rollout.is_some() && stands.hold.is_none(), "it is still being tried");
}

#[tokio::test(start_paused = true)]
async fn a_shrunk_version_that_does_not_come_back_keeps_the_new_one_in_service_and_is_tried_until_it_does() {
    let rolling = json!({
        "strategy": {"rollingRedBlack": {"percents": [50, 100], "pauseBetweenSteps": true}},
        "capacity": {"desired": 4},
        "gate": {"alarmNames": ["errors"], "progressDeadlineSeconds": 300},
    });
    let (world, mut operator) = worlds(601).await;
    alarm(&world, AlarmState::Ok);
    world.apply::<ServerGroup>(&group("nginx:1", &rolling)).await;
    operator.rest().await;
    world.apply::<ServerGroup>(&group("nginx:2", &rolling)).await;
    until(&world, &mut operator, "False AwaitingApproval").await;
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (2, 2));
    // The old image is gone from its registry when it is needed most.
    fate(&world, "nginx:1", ImageFate::Missing);
    alarm(&world, AlarmState::Alarm);
    keeps(&world, &mut operator, 10 * MINUTE, (V1, 2)).await;
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (2, 2), "both halves serve");
    blocked(&world).await;
    let available = line(&status(&world).await.conditions, ConditionType::Available);
    assert!(available.starts_with("True"), "{available}");
    fate(&world, "nginx:1", ImageFate::Runs);
    through(&world, &mut operator, 30 * MINUTE, (V0, 2)).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False DeploymentRolledBack") && said.contains("shop-prod-v000 serves"), "{said}");
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (4, 0));
    assert_eq!(told(&world, "RolledBack").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn traffic_stays_with_a_healthy_new_version_while_the_old_one_is_ill() {
    let canary = json!({
        "strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}},
        "gate": {"alarmNames": ["errors"], "progressDeadlineSeconds": 300},
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": false}},
    });
    let (world, mut operator) = worlds(602).await;
    alarm(&world, AlarmState::Ok);
    let rule = balancer(&world);
    world.apply::<ServerGroup>(&weighted("nginx:1", &rule, &canary)).await;
    operator.rest().await;
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &canary)).await;
    until(&world, &mut operator, "False AwaitingApproval").await;
    world.aws.sim(|sim| sim.with_fleet(&key(), |fleet| fleet.fail_target_group(&rule.groups[0], true)));
    world.wait(MINUTE).await;
    alarm(&world, AlarmState::Alarm);
    keeps(&world, &mut operator, 10 * MINUTE, (V1, 1)).await;
    assert_eq!(weights_of_b(&world, &rule), [0, 50], "nothing is sent to targets that fail");
    blocked(&world).await;
    world.aws.sim(|sim| sim.with_fleet(&key(), |fleet| fleet.fail_target_group(&rule.groups[0], false)));
    operator.settle(2 * MINUTE, 30 * MINUTE).await;
    let said = ready(&world).await;
    assert!(said.starts_with("False DeploymentRolledBack") && said.contains("shop-prod-v000 serves"), "{said}");
    assert_eq!(weights_of_b(&world, &rule), [0, 50, 0]);
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_roll_back_to_a_version_that_cannot_start_fails_and_the_current_one_goes_on() {
    let (world, mut operator) = served(603, &json!({})).await;
    world.apply::<ServerGroup>(&group("nginx:2", &json!({}))).await;
    operator.rest().await;
    fate(&world, "nginx:1", ImageFate::Missing);
    let pin = json!({"rollback": {"toVersion": V0}});
    world.apply::<ServerGroup>(&group("nginx:2", &pin)).await;
    through(&world, &mut operator, 30 * MINUTE, (V1, 2)).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False InvalidSpec: VersionNotFound: ") && said.contains("v000` has failed"), "{said}");
    assert!(said.contains("CannotPullContainerError") && said.contains("retained are shop-prod-v001"), "{said}");
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (0, 2));
    assert_eq!(status(&world).await.current_version.as_deref(), Some(V1));
    // Not tried again and again.
    operator.settle(20 * MINUTE, 60 * MINUTE).await;
    assert_eq!(told(&world, "RolloutFailed").len(), 1, "{:?}", told(&world, "RolloutFailed"));
    assert_eq!(running(&world, V1).await, 2);
    // Without the pin the group is as it was.
    world.apply::<ServerGroup>(&group("nginx:2", &json!({}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
}

/// The template of v000 again, after v001.
async fn reverted(seed: u64, reuse: bool) -> (World, Vec<String>) {
    let members = json!({"rollback": {"reuseEqualVersion": reuse}, "strategy": {"redBlack": {"maxRemaining": 5}}});
    let (world, mut operator) = served(seed, &members).await;
    world.apply::<ServerGroup>(&group("nginx:2", &members)).await;
    operator.rest().await;
    world.aws.take_sent();
    world.apply::<ServerGroup>(&group("nginx:1", &members)).await;
    through(&world, &mut operator, 30 * MINUTE, (V1, 0)).await;
    operator.rest().await;
    let made = writes(&world).into_iter().filter(|call| ["CreateService", "RegisterTaskDefinition"].contains(&&**call));
    let made = made.collect();
    (world, made)
}

#[tokio::test(start_paused = true)]
async fn a_template_that_was_there_before_is_a_retained_version_again_if_equals_are_reused() {
    let (world, made) = reverted(604, true).await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 2/2 tasks.");
    assert_eq!(made, Vec::<String>::new());
    assert_eq!(status(&world).await.last_sequence, Some(1));
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_template_that_was_there_before_is_a_new_version_if_equals_are_not_reused() {
    let (world, made) = reverted(605, false).await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v002 is current, 2/2 tasks.");
    assert_eq!(made, ["RegisterTaskDefinition", "CreateService"]);
    let versions = status(&world).await.versions;
    let shown: Vec<_> = versions.iter().map(|version| (version.name.as_str(), version.state)).collect();
    assert_eq!(
        shown,
        [(V2, VersionState::Active), (V1, VersionState::Disabled), (V0, VersionState::Disabled)],
        "the equal one stays as it was"
    );
    assert_eq!(versions[0].template_hash, versions[2].template_hash);
    assert_eq!(children(&world).await.len(), 6);
}

fn kept() -> Value {
    json!({"strategy": {"redBlack": {"maxRemaining": 5}}})
}

#[tokio::test(start_paused = true)]
async fn an_equal_version_behind_the_same_target_group_is_made_anew_and_cannot_be_pinned() {
    let (world, mut operator, rule) = balanced(606, &kept()).await;
    for image in ["nginx:2", "nginx:3"] {
        world.apply::<ServerGroup>(&weighted(image, &rule, &kept())).await;
        operator.rest().await;
    }
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v002 is current, 2/2 tasks.");
    // v000 and v002 stand in the first target group.
    let mut pinned = kept();
    json_patch::merge(&mut pinned, &json!({"rollback": {"toVersion": V0}}));
    world.aws.take_sent();
    world.apply::<ServerGroup>(&weighted("nginx:3", &rule, &pinned)).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False InvalidSpec: ") && said.contains("shares the target group"), "{said}");
    assert!(said.contains("revert the template instead"), "{said}");
    assert_eq!((writes(&world), running(&world, V2).await), (Vec::new(), 2));
    world.apply::<ServerGroup>(&weighted("nginx:1", &rule, &kept())).await;
    through(&world, &mut operator, 30 * MINUTE, (V2, 0)).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v003 is current, 2/2 tasks.");
    assert_eq!(weights_of_b(&world, &rule), [0, 100, 0, 100]);
    assert_eq!(status(&world).await.versions.last().unwrap().name, V0, "retained all the same");
}
