//! Which number the next version gets, beside services that are not ours.

use std::time::Duration;

use ecs_operator::api::{EcsCluster, EcsService, ServerGroup};
use ecs_sim::fixtures::ImageFate;
use serde_json::json;

use super::{MINUTE, children, group, ready, running, served, status, worlds};
use crate::behaviour::line;
use crate::support::manifests::{cluster, service};
use crate::support::world::World;
use ecs_operator::api::condition::ConditionType;

/// A service as Spinnaker or a person makes it.
async fn foreign(world: &World, names: &[&str]) {
    let vpc = aws_sdk_ecs::types::AwsVpcConfiguration::builder().subnets("subnet-0a").build().unwrap();
    let network = aws_sdk_ecs::types::NetworkConfiguration::builder().awsvpc_configuration(vpc).build();
    let container = aws_sdk_ecs::types::ContainerDefinition::builder().name("x").image("nginx:0").build();
    let definition = world.cli().register_task_definition().family("foreign").container_definitions(container);
    let fargate = aws_sdk_ecs::types::Compatibility::Fargate;
    let awsvpc = aws_sdk_ecs::types::NetworkMode::Awsvpc;
    let definition = definition.requires_compatibilities(fargate).network_mode(awsvpc).cpu("256").memory("512");
    definition.send().await.unwrap();
    for name in names {
        let service = world.cli().create_service().cluster("prod").service_name(*name).task_definition("foreign");
        let service = service.desired_count(1).launch_type(aws_sdk_ecs::types::LaunchType::Fargate);
        service.network_configuration(network.clone()).send().await.unwrap();
    }
    world.wait(MINUTE).await;
}

#[tokio::test(start_paused = true)]
async fn services_of_another_tool_are_counted_and_left_alone() {
    let (world, mut operator) = worlds(561).await;
    foreign(&world, &["shop-prod-v003", "shop-prod-v004", "shop-prod-blue-v009", "shop-prod-v1000"]).await;
    world.apply::<ServerGroup>(&group("nginx:1", &json!({}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v005 is current, 2/2 tasks.");
    assert_eq!(children(&world).await, ["shop-prod-v005", "td/shop-prod-v005"]);
    for name in ["shop-prod-v003", "shop-prod-v004", "shop-prod-blue-v009"] {
        let found = world
            .cli()
            .describe_services()
            .cluster("prod")
            .services(name)
            .include(aws_sdk_ecs::types::ServiceField::Tags);
        let found = found.send().await.unwrap().services.unwrap().remove(0);
        assert_eq!((found.desired_count, found.tags().len()), (1, 0), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_number_that_somebody_took_meanwhile_is_skipped_while_it_is_active_or_draining() {
    let (world, mut operator) = served(562, &json!({})).await;
    foreign(&world, &["shop-prod-v001", "shop-prod-v002"]).await;
    world.aws.sim(|sim| sim.set_image("foreign", ImageFate::Runs));
    world.cli().update_service().cluster("prod").service("shop-prod-v001").desired_count(0).send().await.unwrap();
    world.cli().delete_service().cluster("prod").service("shop-prod-v001").force(true).send().await.unwrap();
    let found = world.cli().describe_services().cluster("prod").services("shop-prod-v001").send().await.unwrap();
    assert_eq!(found.services()[0].status(), Some("DRAINING"));
    world.apply::<ServerGroup>(&group("nginx:2", &json!({}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v003 is current, 2/2 tasks.");
    assert_eq!(running(&world, "shop-prod-v002").await, 1, "somebody else's");
}

#[tokio::test(start_paused = true)]
async fn the_younger_of_two_groups_of_one_name_touches_nothing() {
    let (world, mut operator) = served(563, &json!({})).await;
    world.wait(MINUTE).await;
    let mut younger = group("nginx:9", &json!({"moniker": {"application": "shop", "stack": "prod"}}));
    younger["metadata"]["name"] = json!("another");
    world.apply::<ServerGroup>(&younger).await;
    world.aws.take_sent();
    operator.rest().await;
    let status = world.status::<ServerGroup>("another").await;
    let said = line(&status.conditions, ConditionType::Ready);
    assert!(said.starts_with("False OwnedByAnother: DuplicateMoniker: ServerGroup `shop/shop-prod`"), "{said}");
    assert_eq!(super::writes(&world), Vec::<String>::new());
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 2/2 tasks.");
    assert_eq!(children(&world).await, ["shop-prod-v000", "td/shop-prod-v000"]);
    // It can be deleted without harm to the older one.
    world.delete::<ServerGroup>("another").await;
    operator.rest().await;
    assert!(world.get::<ServerGroup>("another").await.is_none());
    assert_eq!(running(&world, "shop-prod-v000").await, 2);
    // In another cluster the same name is another group.
    world.apply::<EcsCluster>(&cluster("test")).await;
    operator.rest().await;
    younger["spec"]["clusterRef"]["name"] = json!("test");
    world.apply::<ServerGroup>(&younger).await;
    operator.rest().await;
    let status = world.status::<ServerGroup>("another").await;
    let said = line(&status.conditions, ConditionType::Ready);
    assert!(!said.contains("OwnedByAnother"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn groups_whose_clusters_are_not_there_yet_are_not_taken_for_one() {
    let world = World::ready(566).await;
    let mut operator = world.operator();
    world.apply::<ServerGroup>(&group("nginx:1", &json!({}))).await;
    world.wait(MINUTE).await;
    let named = json!({"moniker": {"application": "shop", "stack": "prod"}, "clusterRef": {"name": "test"}});
    let mut younger = group("nginx:9", &named);
    younger["metadata"]["name"] = json!("another");
    world.apply::<ServerGroup>(&younger).await;
    operator.rest().await;
    let said = async || line(&world.status::<ServerGroup>("another").await.conditions, ConditionType::Ready);
    let waits = said().await;
    assert!(waits.starts_with("False DependencyNotReady: EcsCluster `test`"), "{waits}");
    // The other may turn out to be in the same one.
    world.apply::<EcsCluster>(&cluster("test")).await;
    operator.settle(Duration::from_secs(10), 5 * MINUTE).await;
    let waits = said().await;
    assert!(waits.starts_with("False DependencyNotReady: ServerGroup `shop/shop-prod` is older"), "{waits}");
    world.apply::<EcsCluster>(&cluster("prod")).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True Succeeded"), "{}", ready(&world).await);
    let stands = said().await;
    assert!(stands.starts_with("True Succeeded"), "{stands}");
}

#[tokio::test(start_paused = true)]
async fn a_number_is_not_used_again_after_its_version_failed_and_went() {
    let destroy = json!({"rollback": {"destroyLatest": true}});
    let (world, mut operator) = served(564, &destroy).await;
    world.aws.sim(|sim| sim.set_image("nginx:2", ImageFate::Missing));
    world.apply::<ServerGroup>(&group("nginx:2", &destroy)).await;
    operator.rest().await;
    assert_eq!(children(&world).await, ["shop-prod-v000", "td/shop-prod-v000"]);
    world.apply::<ServerGroup>(&group("nginx:3", &destroy)).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v002 is current, 2/2 tasks.");
    assert_eq!(status(&world).await.last_sequence, Some(2));
}

#[tokio::test(start_paused = true)]
async fn an_object_that_somebody_made_of_a_version_s_name_is_left_alone_and_told_of() {
    let (world, mut operator) = served(565, &json!({})).await;
    world.apply::<ServerGroup>(&group("nginx:2", &json!({}))).await;
    while status(&world).await.last_sequence != Some(1) {
        assert!(operator.next().await.is_some());
    }
    let mut theirs = service("shop-prod-v001", "prod", "nowhere");
    theirs["spec"]["desiredCount"] = json!(7);
    assert!(world.get::<EcsService>("shop-prod-v001").await.is_none());
    world.apply::<EcsService>(&theirs).await;
    operator.settle(MINUTE, 20 * MINUTE).await;
    assert_eq!(
        ready(&world).await,
        "False OwnedByAnother: EcsService `shop/shop-prod-v001` is there already and does not belong to this object; delete it or give it another name"
    );
    let found = world.get::<EcsService>("shop-prod-v001").await.unwrap();
    assert_eq!((found.spec.desired_count, found.metadata.owner_references), (Some(7), None), "theirs is as it was");
    world.delete::<EcsService>("shop-prod-v001").await;
    operator.settle(5 * MINUTE, 60 * MINUTE).await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
}
