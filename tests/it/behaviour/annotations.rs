//! What people ask for by annotation.

use std::time::Duration;

use ecs_operator::api::condition::ConditionType;
use ecs_operator::api::{EcsService, EcsTaskDefinition};
use ecs_sim::fixtures::ImageFate;
use serde_json::json;

use super::{MINUTE, idle, ready, shop, stands, told, versions, writes};
use crate::support::manifests::web;
use crate::support::wire::Fault;

#[tokio::test(start_paused = true)]
async fn paused_means_no_call_and_resumed_makes_up_for_it() {
    let (world, mut operator) = shop(61, &json!({})).await;
    world.annotate::<EcsService>("web", "paused", "true").await;
    world.edit::<EcsService>("web", json!({"spec": {"desiredCount": 3}})).await;
    operator.rest().await;
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    assert!(stands(&world, ConditionType::Paused).await);
    let object = world.get::<EcsService>("web").await.unwrap();
    assert_ne!(object.status.unwrap().observed_generation, object.metadata.generation, "the edit is not applied");
    assert_eq!(told(&world, "Paused"), 1);
    world.edit::<EcsService>("web", json!({"metadata": {"annotations": {"ecs-operator.dev/paused": null}}})).await;
    operator.rest().await;
    assert_eq!(writes(&world), ["UpdateService"]);
    assert_eq!(world.status::<EcsService>("web").await.desired_count, Some(3));
    assert!(!stands(&world, ConditionType::Paused).await);
    assert_eq!(told(&world, "Resumed"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_paused_object_can_be_deleted() {
    let (world, mut operator) = shop(62, &json!({})).await;
    world.annotate::<EcsService>("web", "paused", "true").await;
    operator.rest().await;
    world.delete::<EcsService>("web").await;
    operator.rest().await;
    assert!(world.get::<EcsService>("web").await.is_none());
    let left = world.cli().describe_services().cluster("prod").services("web").send().await.unwrap();
    assert_eq!(left.services()[0].status(), Some("INACTIVE"));
}

#[tokio::test(start_paused = true)]
async fn a_retry_lifts_the_hold_of_failed_content_once() {
    let (world, mut operator) = shop(63, &json!({})).await;
    world.aws.sim(|sim| sim.set_image("nginx:late", ImageFate::Missing));
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:late")).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("False DeploymentRolledBack"), "{}", ready(&world).await);
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    world.aws.sim(|sim| sim.set_image("nginx:late", ImageFate::Runs));
    world.annotate::<EcsService>("web", "retry", "nonsense").await;
    operator.rest().await;
    assert_eq!((writes(&world), told(&world, "RequestIgnored")), (Vec::new(), 1));
    let held = world.status::<EcsService>("web").await.held.unwrap();
    world.annotate::<EcsService>("web", "retry", &held.rollout).await;
    operator.rest().await;
    assert_eq!(writes(&world), ["UpdateService"]);
    let status = world.status::<EcsService>("web").await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    assert_eq!((status.task_definition.as_deref(), status.held), (Some("web:2"), None));
}

#[tokio::test(start_paused = true)]
async fn a_retry_is_answered_under_drift_policy_warn_too() {
    let spec = json!({"driftPolicy": "Warn"});
    let (world, mut operator) = shop(64, &spec).await;
    let broken = json!({"awsvpcConfiguration": {"subnets": ["subnet-0c"]}});
    world.aws.sim(|sim| sim.set_image("nginx:1", ImageFate::Missing));
    world.edit::<EcsService>("web", json!({"spec": {"networkConfiguration": broken}})).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("False DeploymentRolledBack"), "{}", ready(&world).await);
    world.aws.sim(|sim| sim.set_image("nginx:1", ImageFate::Runs));
    operator.rest().await;
    world.aws.take_sent();
    let held = world.status::<EcsService>("web").await.held.unwrap();
    world.annotate::<EcsService>("web", "retry", &held.rollout).await;
    operator.rest().await;
    assert_eq!(writes(&world), ["UpdateService"]);
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
}

#[tokio::test(start_paused = true)]
async fn asks_that_stand_while_nothing_may_be_written_change_nothing_and_are_told_once() {
    for (key, value) in [("paused", "true"), ("mode", "Plan"), ("mode", "Observe")] {
        let (world, mut operator) = shop(65, &json!({})).await;
        world.aws.sim(|sim| sim.set_image("nginx:late", ImageFate::Missing));
        world.apply::<EcsTaskDefinition>(&web("web", "nginx:late")).await;
        operator.rest().await;
        let held = world.status::<EcsService>("web").await.held.unwrap();
        world.annotate::<EcsService>("web", key, value).await;
        world.annotate::<EcsService>("web", "retry", &held.rollout).await;
        world.annotate::<EcsService>("web", "promote", "nothing").await;
        operator.settle(Duration::from_secs(30), 10 * MINUTE).await;
        assert_eq!(versions::<EcsService>(&world, &mut operator, "web", 6).await, 1, "{key} {value}");
        assert!(world.status::<EcsService>("web").await.held.is_some(), "{key} {value}");
        assert!(told(&world, "RequestIgnored") <= 1, "{key} {value}: {}", told(&world, "RequestIgnored"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_whose_answer_is_lost_is_not_made_twice() {
    let (world, mut operator) = shop(66, &json!({})).await;
    let mut lost = false;
    world.aws.set_plan(Some(Box::new(move |_, operation| {
        if operation == "UpdateService" && !std::mem::replace(&mut lost, true) { Fault::Lost } else { Fault::Pass }
    })));
    world.annotate::<EcsService>("web", "restarted-at", "now").await;
    operator.rest().await;
    let forced = world.aws.sent().iter().filter(|call| call.body["forceNewDeployment"] == json!(true)).count();
    assert_eq!(forced, 1);
    let status = world.status::<EcsService>("web").await;
    assert_eq!(status.last_handled.unwrap().restarted_at.as_deref(), Some("now"));
    assert_eq!(status.in_flight, None);
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
}

#[tokio::test(start_paused = true)]
async fn a_request_to_reconcile_is_one_pass_and_does_not_lift_every_later_hold() {
    let (world, mut operator) = shop(67, &json!({})).await;
    world.aws.set_plan(Some(Box::new(|_, operation| match operation {
        "UpdateService" => Fault::Refuse(400, "InvalidParameterException", "The subnet ID 'subnet-x' does not exist"),
        _ => Fault::Pass,
    })));
    world.edit::<EcsService>("web", json!({"spec": {"enableExecuteCommand": true}})).await;
    operator.settle(2 * MINUTE, 30 * MINUTE).await;
    assert!(ready(&world).await.starts_with("False InvalidSpec"), "{}", ready(&world).await);
    world.aws.take_sent();
    world.annotate::<EcsService>("web", "reconcile-requested-at", "now").await;
    operator.settle(2 * MINUTE, 10 * MINUTE).await;
    assert_eq!(writes(&world), ["UpdateService"]);
    for _ in 0..5 {
        operator.sweep().await;
        world.wait(MINUTE).await;
    }
    assert_eq!(writes(&world), Vec::<String>::new());
}
