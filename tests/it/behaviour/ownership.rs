//! Whose a service is.

use ecs_operator::api::condition::ConditionType;
use ecs_operator::api::policy::DeletionPolicy;
use ecs_operator::api::status::Origin;
use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use serde_json::json;

use super::{idle, killed_after, line, ready, shop, told, with, writes};
use crate::support::driver::Operator;
use crate::support::manifests::{cluster, service, web};
use crate::support::world::World;

/// A world in which a person made the cluster's service `web` with the AWS CLI.
async fn with_a_service_made_by_hand(seed: u64) -> World {
    use aws_sdk_ecs::types::{AwsVpcConfiguration, LaunchType, NetworkConfiguration};
    let world = World::ready(seed).await;
    let mut operator = world.operator();
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    operator.rest().await;
    let vpc = AwsVpcConfiguration::builder().subnets("subnet-0a").subnets("subnet-0b").build().unwrap();
    world
        .cli()
        .create_service()
        .cluster("prod")
        .service_name("web")
        .task_definition("web:1")
        .desired_count(3)
        .launch_type(LaunchType::Fargate)
        .network_configuration(NetworkConfiguration::builder().awsvpc_configuration(vpc).build())
        .send()
        .await
        .unwrap();
    world.wait(super::MINUTE).await;
    world.aws.take_sent();
    world
}

#[tokio::test(start_paused = true)]
async fn a_service_made_by_hand_is_left_alone_unless_adoption_is_asked_for() {
    for policy in ["Never", "IfTagged"] {
        let world = with_a_service_made_by_hand(41).await;
        let mut operator = world.operator();
        let spec = json!({"adoptionPolicy": policy});
        world.apply::<EcsService>(&with(service("web", "prod", "web"), &spec)).await;
        operator.rest().await;
        assert!(ready(&world).await.starts_with("False AdoptionRequired"), "{}", ready(&world).await);
        assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
        assert_eq!(told(&world, "OwnershipConflict"), 1);
        // Not ours: deletion of the object leaves it, and nothing hangs.
        world.delete::<EcsService>("web").await;
        operator.rest().await;
        assert!(world.get::<EcsService>("web").await.is_none());
        assert_eq!(writes(&world), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
pub(crate) async fn an_adopted_service_is_tagged_first_then_brought_in_line_and_retained_at_the_end() {
    let world = with_a_service_made_by_hand(42).await;
    let mut operator = world.operator();
    world.apply::<EcsService>(&with(service("web", "prod", "web"), &json!({"adoptionPolicy": "Always"}))).await;
    operator.rest().await;
    assert_eq!(writes(&world), ["TagResource", "UpdateService"]);
    let status = world.status::<EcsService>("web").await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    assert_eq!((status.origin, status.desired_count), (Some(Origin::Adopted), Some(2)));
    assert_eq!(status.effective.unwrap().deletion_policy, Some(DeletionPolicy::Retain));
    assert_eq!(told(&world, "Adopted"), 1);
    world.delete::<EcsService>("web").await;
    operator.rest().await;
    assert!(world.get::<EcsService>("web").await.is_none());
    assert_eq!(writes(&world), Vec::<String>::new());
    let left = world.cli().describe_services().cluster("prod").services("web").send().await.unwrap();
    assert_eq!(left.services()[0].status(), Some("ACTIVE"));
}

/// Deletes the object and looks that nothing was done to the service.
async fn let_go(world: &World, operator: &mut Operator) {
    writes(world);
    world.delete::<EcsService>("web").await;
    operator.rest().await;
    assert!(world.get::<EcsService>("web").await.is_none());
    assert_eq!(writes(world), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_adopted_service_stays_adopted_when_its_object_is_made_anew() {
    let world = with_a_service_made_by_hand(46).await;
    let mut operator = world.operator();
    let manifest = with(service("web", "prod", "web"), &json!({"adoptionPolicy": "Always"}));
    for taken in ["Adopted", "Reclaimed"] {
        world.apply::<EcsService>(&manifest).await;
        operator.rest().await;
        assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
        assert_eq!(told(&world, taken), 1);
        let status = world.status::<EcsService>("web").await;
        assert_eq!(status.origin, Some(Origin::Adopted));
        assert_eq!(status.effective.unwrap().deletion_policy, Some(DeletionPolicy::Retain));
        let_go(&world, &mut operator).await;
    }
}

/// The tags took effect, and nothing was written down.
#[tokio::test(start_paused = true)]
async fn a_service_that_was_just_adopted_is_retained_though_no_status_says_so() {
    for deleted_at_once in [true, false] {
        let world = with_a_service_made_by_hand(47).await;
        world.apply::<EcsService>(&with(service("web", "prod", "web"), &json!({"adoptionPolicy": "Always"}))).await;
        killed_after(&world, "TagResource").await;
        assert_eq!(world.status::<EcsService>("web").await.origin, None);
        let mut operator = world.operator();
        if !deleted_at_once {
            operator.rest().await;
            assert_eq!(world.status::<EcsService>("web").await.origin, Some(Origin::Adopted));
        }
        let_go(&world, &mut operator).await;
    }
}

/// A cluster and a task definition that were there before their objects.
#[tokio::test(start_paused = true)]
async fn clusters_and_task_definitions_stay_adopted_when_their_objects_are_made_anew() {
    let world = World::ready(48).await;
    world.cli().create_cluster().cluster_name("prod").capacity_providers("FARGATE").send().await.unwrap();
    by_hand(&world).await;
    let always = json!({"adoptionPolicy": "Always"});
    for _ in 0..2 {
        let mut operator = world.operator();
        world.apply::<EcsCluster>(&with(cluster("prod"), &always)).await;
        world.apply::<EcsTaskDefinition>(&with(web("web", "nginx:1"), &always)).await;
        operator.rest().await;
        assert_eq!(world.status::<EcsCluster>("prod").await.origin, Some(Origin::Adopted));
        assert_eq!(world.status::<EcsTaskDefinition>("web").await.origin, Some(Origin::Adopted));
        writes(&world);
        world.delete::<EcsCluster>("prod").await;
        world.delete::<EcsTaskDefinition>("web").await;
        operator.rest().await;
        assert!(world.get::<EcsCluster>("prod").await.is_none());
        assert!(world.get::<EcsTaskDefinition>("web").await.is_none());
        assert_eq!(writes(&world), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_definition_whose_revision_was_adopted_goes_and_leaves_it() {
    let world = World::ready(49).await;
    by_hand(&world).await;
    let mut operator = world.operator();
    let policies = json!({"adoptionPolicy": "Always", "deletionPolicy": "Delete"});
    for image in ["nginx:1", "nginx:2"] {
        world.apply::<EcsTaskDefinition>(&with(web("web", image), &policies)).await;
        operator.rest().await;
    }
    writes(&world);
    world.delete::<EcsTaskDefinition>("web").await;
    operator.rest().await;
    assert!(world.get::<EcsTaskDefinition>("web").await.is_none(), "nothing hangs");
    assert_eq!(writes(&world), ["DeregisterTaskDefinition"], "of the one that was registered");
    let left = world.cli().list_task_definitions().send().await.unwrap();
    assert!(left.task_definition_arns().len() == 1 && left.task_definition_arns()[0].ends_with("web:1"), "{left:?}");
}

/// What the object `web` asks for, registered by a person with the AWS CLI.
async fn by_hand(world: &World) {
    use aws_sdk_ecs::types::{Compatibility, ContainerDefinition, NetworkMode, PortMapping};
    let container = ContainerDefinition::builder().name("web").image("nginx:1").memory(100).cpu(99);
    let container = container.port_mappings(PortMapping::builder().container_port(80).build()).build();
    let call = world.cli().register_task_definition().family("web").container_definitions(container);
    let call = call.requires_compatibilities(Compatibility::Fargate).network_mode(NetworkMode::Awsvpc);
    call.memory("512").cpu("256").send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn of_two_objects_that_name_one_service_the_first_keeps_it() {
    let (world, mut operator) = shop(43, &json!({})).await;
    let second = with(
        service("other", "prod", "web"),
        &json!({"serviceName": "web", "desiredCount": 9,
        "adoptionPolicy": "Always"}),
    );
    world.apply::<EcsService>(&second).await;
    operator.rest().await;
    let status = world.status::<EcsService>("other").await;
    let said = line(&status.conditions, ConditionType::Ready);
    assert!(said.starts_with("False OwnedByAnother") && said.contains("shop/web"), "{said}");
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    world.delete::<EcsService>("other").await;
    operator.rest().await;
    assert!(world.get::<EcsService>("other").await.is_none());
    assert_eq!(world.status::<EcsService>("web").await.desired_count, Some(2));
    assert_eq!(writes(&world), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_service_whose_tags_were_taken_by_another_is_not_deleted_with_the_object() {
    let (world, mut operator) = shop(44, &json!({})).await;
    let arn = world.status::<EcsService>("web").await.arn.unwrap();
    let uid = aws_sdk_ecs::types::Tag::builder().key("ecs-operator.dev/installation").value("elsewhere").build();
    world.cli().tag_resource().resource_arn(&arn).tags(uid).send().await.unwrap();
    operator.sweep().await;
    assert!(ready(&world).await.starts_with("False OwnedByAnother"), "{}", ready(&world).await);
    world.delete::<EcsService>("web").await;
    operator.rest().await;
    assert!(world.get::<EcsService>("web").await.is_none());
    assert_eq!(writes(&world), Vec::<String>::new());
}

/// Somebody took the finalizer away, so that the service stayed when its object went.
#[tokio::test(start_paused = true)]
async fn a_service_of_an_earlier_object_of_the_name_is_taken_back_by_tagging_and_only_if_that_is_asked_for() {
    for policy in ["Never", "IfTagged"] {
        let (world, mut operator) = shop(45, &json!({})).await;
        drop(operator);
        world.edit::<EcsService>("web", json!({"metadata": {"finalizers": null}})).await;
        world.delete::<EcsService>("web").await;
        operator = world.operator();
        let spec = json!({"adoptionPolicy": policy, "desiredCount": 4});
        let object = world.apply::<EcsService>(&with(service("web", "prod", "web"), &spec)).await;
        operator.rest().await;
        let sent = writes(&world);
        if policy == "IfTagged" {
            assert_eq!(sent, ["TagResource", "UpdateService"]);
            assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
            let arn = world.status::<EcsService>("web").await.arn;
            let tags = world.cli().list_tags_for_resource().set_resource_arn(arn).send().await.unwrap().tags.unwrap();
            let uid = tags.iter().find(|tag| tag.key() == Some("ecs-operator.dev/uid")).and_then(|tag| tag.value());
            assert_eq!(uid, object.metadata.uid.as_deref());
        } else {
            assert_eq!(sent, Vec::<String>::new());
            let said = ready(&world).await;
            assert!(said.starts_with("False AdoptionRequired") && said.contains("was made by an earlier"), "{said}");
            world.delete::<EcsService>("web").await;
            operator.rest().await;
            assert_eq!(writes(&world), Vec::<String>::new(), "what was not taken back is not deleted");
        }
    }
}
