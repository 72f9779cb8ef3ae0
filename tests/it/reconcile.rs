//! Behaviour over time: the real controllers on both simulated worlds, on a paused clock.

use ecs_operator::api::condition::{ConditionType, find};
use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use ecs_sim::ecs::scheduler::timing::{Span, Timing};
use serde_json::json;

use crate::support::manifests::{cluster, service, web};
use crate::support::world::{World, key};

fn ready(conditions: &[k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition]) -> String {
    find(conditions, ConditionType::Ready)
        .map_or_else(String::new, |c| format!("{} {}: {}", c.status, c.reason, c.message))
}

/// The three kinds, applied and settled.
async fn shop(world: &World) {
    world.apply::<EcsService>(&service("web", "prod", "web")).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    world.apply::<EcsCluster>(&cluster("prod")).await;
}

#[tokio::test(start_paused = true)]
async fn the_three_kinds_become_ready_in_any_order_and_then_nothing_is_written() {
    let world = World::ready(1).await;
    let mut operator = world.operator();
    shop(&world).await;
    operator.rest().await;
    for conditions in [
        world.status::<EcsCluster>("prod").await.conditions,
        world.status::<EcsTaskDefinition>("web").await.conditions,
        world.status::<EcsService>("web").await.conditions,
    ] {
        assert!(ready(&conditions).starts_with("True Succeeded"), "{}", ready(&conditions));
    }
    let calls: Vec<String> = world.aws.sent().iter().filter(|c| c.is_write()).map(|c| c.operation.clone()).collect();
    assert_eq!(calls.len(), 3, "{calls:?}");
    // The cluster counts its services and tasks anew at its next visit.
    operator.sweep().await;
    operator.rest().await;
    world.aws.take_sent();
    world.api.take_log();
    for _ in 0..20 {
        operator.sweep().await;
        world.wait(std::time::Duration::from_secs(300)).await;
    }
    let writes: Vec<_> = world.aws.sent().into_iter().filter(crate::support::wire::Sent::is_write).collect();
    assert!(writes.is_empty(), "{writes:?}");
    let writes: Vec<_> = world.api.log().into_iter().filter(ecs_sim::kube::Call::is_write).collect();
    assert!(writes.is_empty(), "{writes:?}");
}

#[tokio::test(start_paused = true)]
pub(crate) async fn an_image_change_registers_once_and_rolls() {
    let world = World::ready(2).await;
    let mut operator = world.operator();
    shop(&world).await;
    operator.rest().await;
    world.aws.take_sent();
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:2")).await;
    operator.rest().await;
    let status = world.status::<EcsService>("web").await;
    assert_eq!(status.task_definition.as_deref(), Some("web:2"));
    assert!(ready(&status.conditions).starts_with("True"), "{}", ready(&status.conditions));
    let calls: Vec<String> = world.aws.sent().iter().filter(|c| c.is_write()).map(|c| c.operation.clone()).collect();
    assert_eq!(calls, ["RegisterTaskDefinition", "UpdateService"]);
}

#[tokio::test(start_paused = true)]
async fn a_bad_image_is_rolled_back_by_ecs_reported_and_not_tried_again() {
    let world = World::ready(3).await;
    let mut operator = world.operator();
    shop(&world).await;
    operator.rest().await;
    world.aws.sim(|sim| sim.set_image("nginx:missing", ecs_sim::fixtures::ImageFate::Missing));
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:missing")).await;
    operator.rest().await;
    let status = world.status::<EcsService>("web").await;
    assert!(ready(&status.conditions).starts_with("False DeploymentRolledBack"), "{}", ready(&status.conditions));
    assert_eq!(status.task_definition.as_deref(), Some("web:1"));
    assert!(!status.stopped_tasks.is_empty());
    let said = ready(&status.conditions);
    assert_eq!(said.matches("CannotPullContainerError").count(), 1, "{said}");
    world.aws.take_sent();
    for _ in 0..5 {
        operator.sweep().await;
        world.wait(std::time::Duration::from_secs(300)).await;
    }
    let writes: Vec<_> = world.aws.sent().into_iter().filter(crate::support::wire::Sent::is_write).collect();
    assert!(writes.is_empty(), "{writes:?}");
    // The revert in Git uses the earlier revision again.
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    operator.rest().await;
    let status = world.status::<EcsService>("web").await;
    assert!(ready(&status.conditions).starts_with("True"), "{}", ready(&status.conditions));
    assert_eq!(world.status::<EcsTaskDefinition>("web").await.revision, Some(1));
    // What failed is remembered, and holds nothing else back.
    world.aws.take_sent();
    world.annotate::<EcsService>("web", "restarted-at", "after the revert").await;
    operator.rest().await;
    let forced = world.aws.sent().iter().filter(|c| c.body["forceNewDeployment"] == json!(true)).count();
    assert_eq!(forced, 1);
}

#[tokio::test(start_paused = true)]
async fn an_edit_behind_our_back_is_set_back() {
    let world = World::ready(4).await;
    let mut operator = world.operator();
    shop(&world).await;
    operator.rest().await;
    world.cli().update_service().cluster("prod").service("web").desired_count(7).send().await.unwrap();
    world.wait(std::time::Duration::from_secs(60)).await;
    operator.sweep().await;
    operator.rest().await;
    let status = world.status::<EcsService>("web").await;
    assert_eq!(status.desired_count, Some(2));
    assert!(ready(&status.conditions).starts_with("True"), "{}", ready(&status.conditions));
}

#[tokio::test(start_paused = true)]
pub(crate) async fn everything_is_deleted_in_any_order_and_nothing_is_left() {
    let world = World::ready(5).await;
    let mut operator = world.operator();
    shop(&world).await;
    operator.rest().await;
    world.delete::<EcsCluster>("prod").await;
    world.delete::<EcsTaskDefinition>("web").await;
    operator.settle(std::time::Duration::from_secs(20), std::time::Duration::from_secs(60)).await;
    let blocked = world.status::<EcsCluster>("prod").await;
    assert!(ready(&blocked.conditions).contains("DeletionBlocked"), "{}", ready(&blocked.conditions));
    world.delete::<EcsService>("web").await;
    operator.rest().await;
    assert!(world.get::<EcsService>("web").await.is_none());
    assert!(world.get::<EcsTaskDefinition>("web").await.is_none());
    assert!(world.get::<EcsCluster>("prod").await.is_none());
    let left = world.cli().list_task_definitions().send().await.unwrap();
    assert!(left.task_definition_arns().is_empty(), "{left:?}");
    let described = world.cli().describe_clusters().clusters("prod").send().await.unwrap();
    assert!(described.clusters().iter().all(|c| c.status() == Some("INACTIVE")), "{described:?}");
}

#[tokio::test(start_paused = true)]
async fn a_restart_annotation_starts_exactly_one_deployment() {
    let world = World::ready(6).await;
    let mut operator = world.operator();
    shop(&world).await;
    operator.rest().await;
    world.aws.take_sent();
    world.annotate::<EcsService>("web", "restarted-at", "now").await;
    operator.rest().await;
    operator.sweep().await;
    let forced = world.aws.sent().iter().filter(|c| c.body["forceNewDeployment"] == json!(true)).count();
    assert_eq!(forced, 1);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_takes_its_time_is_not_fought() {
    let world = World::ready(7).await;
    let mut operator = world.operator();
    shop(&world).await;
    operator.rest().await;
    // The old tasks go first, so the rollback has to start some, for longer than the time between two looks.
    let percents = json!({"minimumHealthyPercent": 0, "maximumPercent": 100});
    world.edit::<EcsService>("web", json!({"spec": {"deploymentConfiguration": percents}})).await;
    operator.rest().await;
    world.aws.take_sent();
    world.aws.sim(|sim| {
        sim.set_image("nginx:missing", ecs_sim::fixtures::ImageFate::Missing);
        sim.with_fleet(&key(), |fleet| {
            fleet.knobs.timing = Timing { provision: Span(45_000, 45_000), ..Timing::brisk() }
        });
    });
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:missing")).await;
    operator.rest().await;
    let status = world.status::<EcsService>("web").await;
    assert!(ready(&status.conditions).starts_with("False DeploymentRolledBack"), "{}", ready(&status.conditions));
    let updates = world.aws.sent().iter().filter(|c| c.operation == "UpdateService").count();
    assert_eq!(updates, 1);
}
