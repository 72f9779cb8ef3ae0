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
pub(crate) async fn a_task_is_stopped_once_and_replaced_and_a_foreign_one_is_not_touched() {
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

/// A service as Spinnaker makes it, outside of Kubernetes.
pub(super) async fn made_by_spinnaker(world: &crate::support::world::World, name: &str, tasks: i32) {
    use aws_sdk_ecs::types::{AwsVpcConfiguration, ContainerDefinition, LaunchType, NetworkConfiguration};
    let container = ContainerDefinition::builder().name("app").image("nginx:0").cpu(256).memory(512).build();
    let register = world.cli().register_task_definition().family("shop-prod").container_definitions(container);
    let register =
        register.network_mode("awsvpc".into()).requires_compatibilities("FARGATE".into()).cpu("256").memory("512");
    register.send().await.unwrap();
    let vpc = AwsVpcConfiguration::builder().subnets("subnet-0a").build().unwrap();
    let network = NetworkConfiguration::builder().awsvpc_configuration(vpc).build();
    let create = world.cli().create_service().cluster("prod").service_name(name).task_definition("shop-prod");
    create.launch_type(LaunchType::Fargate).network_configuration(network).desired_count(tasks).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
pub(crate) async fn services_of_spinnaker_become_versions_only_when_that_is_asked() {
    let (world, mut operator) = worlds(543).await;
    made_by_spinnaker(&world, "shop-prod-v004", 3).await;
    world.wait(MINUTE).await;
    world.apply::<ServerGroup>(&group("nginx:1", &json!({"adoptionPolicy": "Always"}))).await;
    operator.rest().await;
    let status = status(&world).await;
    let names: Vec<&str> = status.versions.iter().map(|version| version.name.as_str()).collect();
    assert_eq!(names, ["shop-prod-v005", "shop-prod-v004"]);
    assert!(status.versions[1].adopted);
    assert_eq!(super::running(&world, "shop-prod-v004").await, 0, "taken over, then replaced");
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    world.delete::<ServerGroup>("shop-prod").await;
    operator.rest().await;
    assert_eq!(super::running(&world, "shop-prod-v004").await, 0);
    let left = world.cli().describe_services().cluster("prod").services("shop-prod-v004").send().await.unwrap();
    assert_eq!(left.services()[0].status(), Some("ACTIVE"), "what was taken in is retained");
}
