//! `deletionPolicy: Retain` is the way out when AWS is out of reach: it takes no call.

use std::time::Duration;

use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use ecs_operator::aws::{Aws, AwsSettings};
use ecs_operator::controllers::context::Config;
use serde_json::{Value, json};

use super::{MINUTE, events, ready, shop};
use crate::support::driver::Operator;
use crate::support::wire::Fault;
use crate::support::world::{REGION, World};

const DENIED: Fault = Fault::Refuse(400, "AccessDeniedException", "User: x is not authorized to perform: ecs:*");

async fn delete(world: &World) {
    world.delete::<EcsService>("web").await;
    world.delete::<EcsTaskDefinition>("web").await;
    world.delete::<EcsCluster>("prod").await;
}

async fn edit(world: &World, patch: Value) {
    world.edit::<EcsService>("web", patch.clone()).await;
    world.edit::<EcsTaskDefinition>("web", patch.clone()).await;
    world.edit::<EcsCluster>("prod", patch).await;
}

/// Which of the three are there.
async fn there(world: &World) -> [bool; 3] {
    [
        world.get::<EcsService>("web").await.is_some(),
        world.get::<EcsTaskDefinition>("web").await.is_some(),
        world.get::<EcsCluster>("prod").await.is_some(),
    ]
}

/// The service runs as before, and each object said once what it left.
async fn all_stays(world: &World) {
    let found = world.cli().describe_services().cluster("prod").services("web").send().await.unwrap();
    let service = &found.services()[0];
    assert_eq!((service.status(), service.running_count), (Some("ACTIVE"), 2));
    let mut notes: Vec<String> =
        events(world).into_iter().filter(|(reason, _)| reason == "Retained").map(|(_, note)| note).collect();
    notes.sort();
    let told = [
        "Let go of ECS cluster `prod`: the cluster stays in ECS.",
        "Let go of ECS service `web`: the service stays in ECS.",
        "Let go of family `web`: its revisions stay ACTIVE.",
    ];
    assert_eq!(notes, told);
}

fn retain() -> Value {
    json!({"spec": {"deletionPolicy": "Retain"}})
}

#[tokio::test(start_paused = true)]
async fn what_aws_denies_is_let_go_of_without_a_call() {
    let (world, mut operator) = shop(401, &json!({})).await;
    world.aws.set_plan(Some(Box::new(|_, _| DENIED)));
    delete(&world).await;
    operator.settle(Duration::from_secs(20), 5 * MINUTE).await;
    assert_eq!(there(&world).await, [true; 3], "{}", ready(&world).await);
    edit(&world, retain()).await;
    world.aws.take_sent();
    operator.settle(Duration::from_secs(20), MINUTE).await;
    assert_eq!(there(&world).await, [false; 3], "{}", ready(&world).await);
    assert_eq!(world.aws.sent().len(), 0);
    all_stays(&world).await;
}

#[tokio::test(start_paused = true)]
async fn an_operator_without_credentials_lets_go() {
    let (world, operator) = shop(402, &json!({})).await;
    drop(operator);
    let mut nobody = world.aws.config_of(REGION, "default").into_builder();
    nobody.set_credentials_provider(None);
    let config = Config { region: REGION.to_owned(), ..Config::default() };
    let kube = kube::Client::new(world.api.clone(), "default");
    let aws = Aws::new(nobody.build(), AwsSettings::default());
    let mut operator = Operator::start_on(&world, config, aws, kube, world.clock.clone());
    delete(&world).await;
    operator.settle(Duration::from_secs(20), 5 * MINUTE).await;
    assert_eq!(there(&world).await, [true; 3], "{}", ready(&world).await);
    edit(&world, retain()).await;
    operator.settle(Duration::from_secs(20), MINUTE).await;
    assert_eq!(there(&world).await, [false; 3], "{}", ready(&world).await);
    all_stays(&world).await;
}

#[tokio::test(start_paused = true)]
async fn plan_mode_lets_go_of_nothing() {
    let (world, mut operator) = shop(403, &json!({})).await;
    edit(&world, json!({"metadata": {"annotations": {"ecs-operator.dev/mode": "Plan"}}})).await;
    edit(&world, retain()).await;
    delete(&world).await;
    operator.rest().await;
    assert_eq!(there(&world).await, [true; 3]);
    assert!(ready(&world).await.starts_with("False DeletionBlocked"), "{}", ready(&world).await);
    edit(&world, json!({"metadata": {"annotations": null}})).await;
    operator.rest().await;
    assert_eq!(there(&world).await, [false; 3], "{}", ready(&world).await);
    all_stays(&world).await;
}
