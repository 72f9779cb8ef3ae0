//! Members that leave the spec in a bad moment: the next look takes them back all the same.

use std::time::Duration;

use ecs_operator::api::{EcsCluster, EcsService};
use serde_json::json;

use super::{ready, shop, writes};
use crate::support::wire::Fault;
use crate::support::world::World;

/// What can be wrong with the first look after an edit.
const BAD: [Fault; 2] = [
    Fault::Refuse(500, "ServerException", "Service Unavailable."),
    Fault::Answer(r#"{"services": [], "clusters": [], "failures": [{"arn": "web", "reason": "MISSING"}]}"#),
];

/// All looks by this operation go wrong for some seconds, in which the operator works.
async fn blinded(world: &World, operator: &mut crate::support::driver::Operator, operation: &'static str, how: Fault) {
    world.aws.set_plan(Some(Box::new(move |_, called| if called == operation { how } else { Fault::Pass })));
    operator.settle(Duration::ZERO, Duration::from_secs(3)).await;
    world.aws.set_plan(None);
}

#[tokio::test(start_paused = true)]
async fn a_member_taken_out_of_a_service_is_taken_back_though_the_first_look_fails() {
    for how in BAD {
        let (world, mut operator) = shop(64, &json!({"enableExecuteCommand": true, "tags": {"team": "a"}})).await;
        world.edit::<EcsService>("web", json!({"spec": {"enableExecuteCommand": null, "tags": null}})).await;
        blinded(&world, &mut operator, "DescribeServices", how).await;
        assert_eq!(writes(&world), Vec::<String>::new());
        let owned = world.status::<EcsService>("web").await.owned_fields;
        assert!(owned.contains(&"enableExecuteCommand".to_owned()) && owned.contains(&"tags[team]".to_owned()));
        operator.rest().await;
        let sent = writes(&world);
        assert!(sent.contains(&"UpdateService".to_owned()) && sent.contains(&"UntagResource".to_owned()), "{sent:?}");
        assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
        let answer = world.cli().describe_services().cluster("prod").services("web").send().await.unwrap();
        assert!(!answer.services()[0].enable_execute_command);
        let owned = world.status::<EcsService>("web").await.owned_fields;
        assert!(!owned.contains(&"enableExecuteCommand".to_owned()) && !owned.contains(&"tags[team]".to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_taken_out_of_a_cluster_is_taken_back_though_the_first_look_fails() {
    for how in BAD {
        let (world, mut operator) = shop(65, &json!({})).await;
        let set = json!({"executeCommandConfiguration": {"logging": "NONE"}});
        world.edit::<EcsCluster>("prod", json!({"spec": {"configuration": set, "tags": {"team": "a"}}})).await;
        operator.rest().await;
        assert_eq!(writes(&world), ["UpdateCluster", "TagResource"]);
        world.edit::<EcsCluster>("prod", json!({"spec": {"configuration": null, "tags": null}})).await;
        blinded(&world, &mut operator, "DescribeClusters", how).await;
        assert_eq!(writes(&world), Vec::<String>::new());
        operator.rest().await;
        assert_eq!(writes(&world), ["UpdateCluster", "UntagResource"]);
        let owned = world.status::<EcsCluster>("prod").await.owned_fields;
        assert!(!owned.contains(&"configuration".to_owned()) && !owned.contains(&"tags[team]".to_owned()), "{owned:?}");
    }
}

/// ECS rolls back to where the member was.
#[tokio::test(start_paused = true)]
async fn a_member_that_a_rollback_brings_back_is_not_forgotten() {
    let (world, mut operator) = shop(66, &json!({"enableExecuteCommand": true})).await;
    let fails = json!({"enableExecuteCommand": null, "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a"]}}});
    world.aws.sim(|sim| sim.set_image("nginx:1", ecs_sim::fixtures::ImageFate::Missing));
    world.edit::<EcsService>("web", json!({"spec": fails})).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False Deployment"), "{said}");
    let owned = world.status::<EcsService>("web").await.owned_fields;
    assert!(owned.contains(&"enableExecuteCommand".to_owned()), "{owned:?}");
}
