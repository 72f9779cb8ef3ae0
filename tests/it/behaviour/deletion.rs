//! Deletion of a service that may have been made though no status tells of it.

use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use serde_json::json;

use super::{MINUTE, killed_after, ready, shop, with, writes};
use crate::support::manifests::{cluster, service, web};
use crate::support::wire::Fault;
use crate::support::world::World;

/// The operator dies as soon as ECS has taken the creation of the service, before anything is written down.
async fn where_the_operator_died(seed: u64, settings: &serde_json::Value) -> World {
    let world = World::ready(seed).await;
    world.apply::<EcsCluster>(&with(cluster("prod"), settings)).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    world.apply::<EcsService>(&service("web", "prod", "web")).await;
    killed_after(&world, "CreateService").await;
    let object = world.get::<EcsService>("web").await.unwrap();
    assert!(object.status.unwrap_or_default().cluster_arn.is_none(), "nothing was written down");
    assert_eq!(live(&world).await.as_deref(), Some("ACTIVE"));
    world
}

/// What ECS says of the service.
async fn live(world: &World) -> Option<String> {
    let answer = world.cli().describe_services().cluster("prod").services("web").send().await.unwrap();
    answer.services().first().and_then(|service| service.status.clone())
}

#[tokio::test(start_paused = true)]
async fn a_service_made_in_a_cluster_that_goes_with_it_is_deleted_too() {
    let world = where_the_operator_died(61, &json!({})).await;
    // The cluster is not Ready for its new generation, and being deleted it will not be.
    world.edit::<EcsCluster>("prod", json!({"spec": {"tags": {"team": "a"}}})).await;
    world.delete::<EcsCluster>("prod").await;
    world.delete::<EcsService>("web").await;
    world.operator().rest().await;
    assert!(world.get::<EcsService>("web").await.is_none());
    assert!(world.get::<EcsCluster>("prod").await.is_none(), "nothing hangs");
    let left = world.cli().describe_services().cluster("prod").services("web").send().await;
    let left = left.ok().and_then(|answer| answer.services()[0].status.clone());
    assert!(left.as_deref() != Some("ACTIVE"), "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn a_service_made_in_a_cluster_of_which_nothing_is_left_waits_for_a_word() {
    let world = where_the_operator_died(62, &json!({"deletionPolicy": "Retain"})).await;
    world.delete::<EcsCluster>("prod").await;
    let mut operator = world.operator();
    operator.rest().await;
    assert!(world.get::<EcsCluster>("prod").await.is_none());
    world.delete::<EcsService>("web").await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False DeletionBlocked") && said.contains("`deletionPolicy: Retain`"), "{said}");
    // With the cluster back it is found, and goes.
    world.apply::<EcsCluster>(&with(cluster("prod"), &json!({"adoptionPolicy": "IfTagged"}))).await;
    operator.rest().await;
    assert!(world.get::<EcsService>("web").await.is_none());
    assert_ne!(live(&world).await.as_deref(), Some("ACTIVE"));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_ecs_refused_goes_after_a_retained_cluster() {
    let world = World::ready(63).await;
    world.apply::<EcsCluster>(&with(cluster("prod"), &json!({"deletionPolicy": "Retain"}))).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    world.apply::<EcsService>(&service("web", "prod", "web")).await;
    world.aws.set_plan(Some(Box::new(|_, operation| match operation {
        "CreateService" => Fault::Refuse(400, "InvalidParameterException", "The subnet ID 'subnet-x' does not exist"),
        _ => Fault::Pass,
    })));
    let mut operator = world.operator();
    operator.rest().await;
    assert!(ready(&world).await.starts_with("False InvalidSpec"), "{}", ready(&world).await);
    writes(&world);
    world.delete::<EcsCluster>("prod").await;
    world.delete::<EcsService>("web").await;
    operator.rest().await;
    assert!(world.get::<EcsCluster>("prod").await.is_none());
    assert!(world.get::<EcsService>("web").await.is_none(), "{}", ready(&world).await);
    assert_eq!(writes(&world), Vec::<String>::new());
}

/// Whoever keeps the cluster may do so for long; the answer of ECS is not asked for every five seconds.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_kept_by_its_service_is_looked_at_less_often_and_goes_soon_after_it() {
    let (world, mut operator) = shop(412, &json!({})).await;
    world.delete::<EcsCluster>("prod").await;
    world.delete::<EcsTaskDefinition>("web").await;
    operator.settle(10 * MINUTE, 60 * MINUTE).await;
    let looks = world.aws.take_sent().iter().filter(|sent| sent.operation == "DescribeClusters").count();
    assert!((60..120).contains(&looks), "{looks}");
    world.delete::<EcsService>("web").await;
    operator.settle(2 * MINUTE, 4 * MINUTE).await;
    assert!(world.get::<EcsCluster>("prod").await.is_none() && world.get::<EcsTaskDefinition>("web").await.is_none());
}
