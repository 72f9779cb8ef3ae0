//! Revisions of a task definition: which are made, used again, kept and retired.

use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use serde_json::{Value, json};

use super::{ready, shop, with, writes};
use crate::support::manifests::{cluster, manifest, service, web};
use crate::support::world::World;

async fn active(world: &World) -> Vec<String> {
    let list = world.cli().list_task_definitions().send().await.unwrap();
    list.task_definition_arns().iter().map(|arn| arn.rsplit('/').next().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_revert_uses_the_earlier_revision_again() {
    let (world, mut operator) = shop(51, &json!({})).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:2")).await;
    operator.rest().await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    operator.rest().await;
    assert_eq!(writes(&world), ["RegisterTaskDefinition", "UpdateService", "UpdateService"]);
    assert_eq!(world.status::<EcsService>("web").await.task_definition.as_deref(), Some("web:1"));
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
}

#[tokio::test(start_paused = true)]
async fn old_revisions_are_retired_but_never_one_that_runs() {
    let world = World::ready(52).await;
    let mut operator = world.operator();
    world.apply::<EcsCluster>(&cluster("prod")).await;
    let limited = |image: &str| with(web("web", image), &json!({"revisionHistoryLimit": 1}));
    world.apply::<EcsTaskDefinition>(&limited("nginx:1")).await;
    operator.rest().await;
    // Pinned to the first revision, whatever comes.
    let mut pinned = service("web", "prod", "web");
    pinned["spec"].as_object_mut().unwrap().remove("taskDefinitionRef");
    pinned["spec"]["taskDefinition"] = json!("web:1");
    world.apply::<EcsService>(&pinned).await;
    operator.rest().await;
    for image in ["nginx:2", "nginx:3", "nginx:4", "nginx:5"] {
        world.apply::<EcsTaskDefinition>(&limited(image)).await;
        operator.rest().await;
    }
    assert_eq!(active(&world).await, ["web:1", "web:4", "web:5"]);
    assert_eq!(world.status::<EcsTaskDefinition>("web").await.active_revisions, Some(3));
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
}

#[tokio::test(start_paused = true)]
async fn the_same_manifest_in_any_order_and_spelling_is_one_revision() {
    let world = World::ready(53).await;
    let mut operator = world.operator();
    let environment = |order: [usize; 3]| -> Value {
        let all = [("A", "1"), ("B", "2"), ("C", "3")];
        order.iter().map(|at| json!({"name": all[*at].0, "value": all[*at].1})).collect()
    };
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for round in 0..10 {
        let spelled = round % 2 == 0;
        let (cpu, memory) = if spelled { (json!("256"), json!("512")) } else { (json!(".25 vCPU"), json!("0.5 GB")) };
        let spec = json!({
            "containerDefinitions": [{
                "name": "web", "image": "nginx:1", "environment": environment(orders[round % 6]),
                "portMappings": [if spelled { json!({"containerPort": 80}) } else { json!({"containerPort": 80, "protocol": "tcp"}) }],
            }],
            "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": cpu, "memory": memory,
        });
        world.apply::<EcsTaskDefinition>(&manifest("EcsTaskDefinition", "web", spec)).await;
        operator.rest().await;
    }
    assert_eq!(writes(&world), ["RegisterTaskDefinition"]);
    assert_eq!(active(&world).await, ["web:1"]);
}

#[tokio::test(start_paused = true)]
async fn a_revision_deregistered_behind_our_back_is_healed() {
    let (world, mut operator) = shop(54, &json!({})).await;
    world.cli().deregister_task_definition().task_definition("web:1").send().await.unwrap();
    world.annotate::<EcsTaskDefinition>("web", "reconcile-requested-at", "now").await;
    operator.rest().await;
    assert_eq!(writes(&world), ["RegisterTaskDefinition", "UpdateService"]);
    assert_eq!(world.status::<EcsTaskDefinition>("web").await.revision, Some(2));
    assert_eq!(world.status::<EcsService>("web").await.task_definition.as_deref(), Some("web:2"));
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
}
