//! Restarting the current version and stopping single tasks, by annotation.

use ecs_operator::api::{EcsService, ServerGroup};
use serde_json::json;

use super::{MINUTE, group, ready, status, worlds, writes};

#[tokio::test(start_paused = true)]
async fn a_restart_forces_one_deployment_of_the_current_version_and_makes_no_other() {
    let (world, mut operator) = worlds(541).await;
    world.apply::<ServerGroup>(&group("nginx:1", &json!({}))).await;
    operator.rest().await;
    world.aws.take_sent();
    world.annotate::<ServerGroup>("shop-prod", "restarted-at", "monday").await;
    operator.rest().await;
    assert_eq!(writes(&world), ["UpdateService"]);
    world.annotate::<ServerGroup>("shop-prod", "restarted-at", "monday").await;
    operator.settle(MINUTE, 10 * MINUTE).await;
    assert_eq!(writes(&world), Vec::<String>::new(), "once for each value");
    assert_eq!(status(&world).await.versions.len(), 1);
    assert!(ready(&world).await.starts_with("True"));
}

#[tokio::test(start_paused = true)]
async fn a_task_is_stopped_once_and_replaced_and_a_foreign_one_is_not_touched() {
    let (world, mut operator) = worlds(542).await;
    world.apply::<ServerGroup>(&group("nginx:1", &json!({}))).await;
    operator.rest().await;
    let tasks = world.cli().list_tasks().cluster("prod").service_name("shop-prod-v000").send().await.unwrap();
    let id = tasks.task_arns()[0].rsplit('/').next().unwrap().to_owned();
    world.aws.take_sent();
    world.annotate::<ServerGroup>("shop-prod", "terminate-tasks", &format!("{id}@once")).await;
    operator.rest().await;
    assert_eq!(writes(&world), ["StopTask"]);
    let stopped = world.cli().describe_tasks().cluster("prod").tasks(&id).send().await.unwrap();
    let reason = stopped.tasks()[0].stopped_reason().unwrap_or_default();
    assert!(reason.contains("ServerGroup shop-prod"), "{reason}");
    let service = world.get::<EcsService>("shop-prod-v000").await.unwrap();
    assert_eq!(service.status.unwrap().running_count, Some(2), "ECS replaced it");
    let stranger = "0123456789abcdef0123456789abcdef";
    world.annotate::<ServerGroup>("shop-prod", "terminate-tasks", &format!("{stranger}@twice")).await;
    operator.rest().await;
    assert_eq!(writes(&world), Vec::<String>::new());
    let events = world.api.with(|api| api.all("events.events.k8s.io"));
    let ignored = events.iter().any(|event| {
        event["reason"] == "RequestIgnored" && event["note"].as_str().is_some_and(|note| note.contains(stranger))
    });
    assert!(ignored);
}
