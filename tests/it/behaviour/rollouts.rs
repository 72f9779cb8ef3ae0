//! Rollouts that wait, fail, are stopped or get stuck.

use std::time::Duration;

use ecs_operator::api::condition::ConditionType;
use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use ecs_sim::fixtures::{AlarmState, ImageFate};
use serde_json::json;

use super::{MINUTE, fleet, idle, ready, shop, stands, told, with, writes};
use crate::support::driver::Operator;
use crate::support::manifests::{cluster, pausing, service, web};
use crate::support::wire::Fault;
use crate::support::world::World;

/// A blue/green deployment of a new image that waits at its gate.
pub async fn at_the_gate(seed: u64) -> (World, Operator, String, String) {
    let world = World::ready(seed).await;
    let mut operator = world.operator();
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    world.apply::<EcsService>(&service("web", "prod", "web")).await;
    operator.rest().await;
    world.edit::<EcsService>("web", json!({"spec": {"deploymentConfiguration": pausing()}})).await;
    operator.rest().await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:2")).await;
    operator.settle(Duration::from_secs(20), 10 * MINUTE).await;
    let said = ready(&world).await;
    assert!(said.starts_with("False AwaitingApproval"), "{said}");
    let rollout = world.status::<EcsService>("web").await.rollout.unwrap();
    let gate = rollout.promote_with.unwrap();
    assert!(said.contains(&gate) && said.contains(&rollout.id), "{said}");
    assert!(rollout.gate_expires_at.is_some());
    world.aws.take_sent();
    (world, operator, rollout.id, gate)
}

#[tokio::test(start_paused = true)]
pub(crate) async fn a_gate_opens_when_the_annotation_names_it_and_not_before() {
    let (world, mut operator, id, gate) = at_the_gate(71).await;
    world.annotate::<EcsService>("web", "promote", "another gate").await;
    operator.settle(Duration::from_secs(20), 2 * MINUTE).await;
    assert_eq!(writes(&world), Vec::<String>::new());
    assert_eq!(told(&world, "RequestIgnored"), 1);
    assert!(stands(&world, ConditionType::Reconciling).await && stands(&world, ConditionType::Available).await);
    world.annotate::<EcsService>("web", "promote", &gate).await;
    operator.rest().await;
    assert_eq!(writes(&world), ["ContinueServiceDeployment"]);
    let status = world.status::<EcsService>("web").await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    assert_eq!(status.task_definition.as_deref(), Some("web:2"));
    let rollout = status.rollout.unwrap();
    assert_eq!((rollout.id, rollout.state.as_str(), rollout.promote_with), (id, "COMPLETED", None));
    assert_eq!((told(&world, "GateOpened"), told(&world, "RequestIgnored")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_abort_at_the_gate_goes_back_and_holds_the_content() {
    let (world, mut operator, id, _) = at_the_gate(72).await;
    world.annotate::<EcsService>("web", "abort", &id).await;
    operator.rest().await;
    assert_eq!(writes(&world), ["ContinueServiceDeployment"]);
    let status = world.status::<EcsService>("web").await;
    assert!(ready(&world).await.starts_with("False DeploymentRolledBack"), "{}", ready(&world).await);
    assert_eq!(status.task_definition.as_deref(), Some("web:1"));
    assert!(stands(&world, ConditionType::Available).await);
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
pub(crate) async fn an_abort_of_a_rolling_deployment_stops_it_with_a_rollback() {
    let (world, mut operator) = shop(73, &json!({})).await;
    world.aws.sim(|sim| sim.set_image("nginx:hangs", ImageFate::Hangs));
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:hangs")).await;
    operator.settle(Duration::from_secs(20), MINUTE).await;
    let rollout = world.status::<EcsService>("web").await.rollout.unwrap();
    assert_eq!(rollout.task_definition.as_deref(), Some("web:2"));
    world.aws.take_sent();
    world.annotate::<EcsService>("web", "abort", "ecs-svc/0").await;
    operator.settle(Duration::from_secs(20), MINUTE).await;
    assert_eq!(writes(&world), Vec::<String>::new());
    world.annotate::<EcsService>("web", "abort", &rollout.id).await;
    operator.rest().await;
    assert_eq!(writes(&world), ["StopServiceDeployment"]);
    assert_eq!(world.status::<EcsService>("web").await.task_definition.as_deref(), Some("web:1"));
    assert!(ready(&world).await.starts_with("False DeploymentRolledBack"), "{}", ready(&world).await);
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_alarm_rolls_back_and_the_content_is_held() {
    let configuration = json!({"deploymentConfiguration": {
        "alarms": {"alarmNames": ["errors"], "enable": true, "rollback": true},
    }});
    let (world, mut operator) = shop(74, &configuration).await;
    world.aws.sim(|sim| sim.set_image("nginx:slow", ImageFate::Hangs));
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:slow")).await;
    operator.settle(Duration::from_secs(20), MINUTE).await;
    fleet(&world, |fleet| fleet.set_alarm("errors", AlarmState::Alarm));
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False DeploymentRolledBack"), "{said}");
    assert!(said.contains("alarm"), "{said}");
    assert_eq!(world.status::<EcsService>("web").await.task_definition.as_deref(), Some("web:1"));
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    assert_eq!((told(&world, "RolledBack"), told(&world, "RolloutCompleted")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_gets_stuck_is_told_of_after_the_deadline_and_moves_on_when_it_can() {
    let (world, mut operator) = shop(75, &json!({"progressDeadlineSeconds": 180})).await;
    world.aws.sim(|sim| sim.set_image("nginx:hangs", ImageFate::Hangs));
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:hangs")).await;
    operator.settle(2 * MINUTE, 2 * MINUTE).await;
    assert!(ready(&world).await.starts_with("False Progressing:"), "{}", ready(&world).await);
    operator.settle(2 * MINUTE, 4 * MINUTE).await;
    let said = ready(&world).await;
    assert!(said.starts_with("False ProgressDeadlineExceeded") && said.contains("progressDeadlineSeconds"), "{said}");
    assert!(stands(&world, ConditionType::Stalled).await && stands(&world, ConditionType::Available).await);
    // The fix in Git is rolled out over it.
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:3")).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    assert_eq!(world.status::<EcsService>("web").await.task_definition.as_deref(), Some("web:3"));
}

#[tokio::test(start_paused = true)]
async fn a_newer_image_supersedes_the_rollout_under_way() {
    let (world, mut operator) = shop(76, &json!({})).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:2")).await;
    operator.settle(Duration::from_secs(3), Duration::from_secs(6)).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:3")).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    let status = world.status::<EcsService>("web").await;
    assert_eq!((status.task_definition.as_deref(), status.held), (Some("web:3"), None));
    assert_eq!((told(&world, "RolledBack"), told(&world, "RolloutFailed")), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_first_deployment_that_fails_is_stalled_with_the_reason_of_its_tasks() {
    let world = World::ready(77).await;
    let mut operator = world.operator();
    world.aws.sim(|sim| sim.set_image("nginx:missing", ImageFate::Missing));
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:missing")).await;
    world.apply::<EcsService>(&service("web", "prod", "web")).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False DeploymentFailed") && said.contains("CannotPullContainerError"), "{said}");
    assert!(stands(&world, ConditionType::Stalled).await && !stands(&world, ConditionType::Available).await);
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
}

#[tokio::test(start_paused = true)]
async fn another_protocol_of_a_service_connect_port_needs_another_service() {
    let speaks = |protocol: &str, image: &str| {
        let mut definition = web("web", image);
        definition["spec"]["containerDefinitions"][0]["portMappings"] =
            json!([{"containerPort": 80, "name": "api", "appProtocol": protocol}]);
        definition
    };
    let world = World::ready(75).await;
    let mut operator = world.operator();
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsTaskDefinition>(&speaks("http", "nginx:1")).await;
    let connect = json!({"enabled": true, "namespace": "shop", "services": [{"portName": "api"}]});
    let connected = with(service("web", "prod", "web"), &json!({"serviceConnectConfiguration": connect}));
    world.apply::<EcsService>(&connected).await;
    operator.rest().await;
    world.apply::<EcsTaskDefinition>(&speaks("http", "nginx:2")).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    writes(&world);

    world.apply::<EcsTaskDefinition>(&speaks("http2", "nginx:2")).await;
    operator.rest().await;
    let said = ready(&world).await;
    let change = "containerDefinitions[web].portMappings[api].appProtocol: http → http2";
    assert!(said.starts_with("False ReplacementRequired") && said.contains(change), "{said}");
    assert_eq!(writes(&world), ["RegisterTaskDefinition"]);
    // What else is asked for is done all the same.
    world.edit::<EcsService>("web", json!({"spec": {"desiredCount": 3}})).await;
    operator.rest().await;
    assert_eq!(writes(&world), ["UpdateService"]);
    let status = world.status::<EcsService>("web").await;
    assert_eq!((status.task_definition.as_deref(), status.desired_count), (Some("web:2"), Some(3)));
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());

    world.apply::<EcsTaskDefinition>(&speaks("http", "nginx:2")).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
}

/// Rolled out with the old revision the rest of the edit could fail again and again: nobody asked for that content.
#[tokio::test(start_paused = true)]
async fn an_edit_beside_a_task_definition_that_is_refused_rolls_once_both_can() {
    let (world, mut operator) = shop(79, &json!({})).await;
    world.aws.set_plan(Some(Box::new(|_, operation| match operation {
        "RegisterTaskDefinition" => Fault::Refuse(400, "InvalidParameterException", "No Fargate configuration exists"),
        _ => Fault::Pass,
    })));
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:2")).await;
    let subnets = json!({"awsvpcConfiguration": {"subnets": ["subnet-0a"]}});
    world.edit::<EcsService>("web", json!({"spec": {"networkConfiguration": subnets, "desiredCount": 3}})).await;
    world.annotate::<EcsService>("web", "restarted-at", "now").await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("False DependencyNotReady"), "{}", ready(&world).await);
    let updates = |world: &World| {
        let sent = world.aws.take_sent();
        let updates = sent.into_iter().filter(|call| call.operation == "UpdateService");
        updates.map(|call| call.body["networkConfiguration"].is_object()).collect::<Vec<_>>()
    };
    assert_eq!(updates(&world), [false], "the count does not wait");
    let status = world.status::<EcsService>("web").await;
    assert_eq!((status.desired_count, status.last_handled.unwrap().restarted_at), (Some(3), None));
    world.aws.set_plan(None);
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:3")).await;
    operator.rest().await;
    assert_eq!(updates(&world), [true], "a deployment that starts anyway is the restart");
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    let handled = world.status::<EcsService>("web").await.last_handled.unwrap();
    assert_eq!(handled.restarted_at.as_deref(), Some("now"));
}
