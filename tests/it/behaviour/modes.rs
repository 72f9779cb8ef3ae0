//! Plan, Observe, Warn, and who owns the count.

use ecs_operator::api::condition::ConditionType;
use ecs_operator::api::policy::DeletionPolicy;
use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use serde_json::json;

use super::{MINUTE, fleet, idle, line, ready, shop, stands, told, with, writes};
use crate::support::manifests::{cluster, manifest, service, web};
use crate::support::world::World;

#[tokio::test(start_paused = true)]
async fn plan_mode_makes_no_call_and_manage_then_makes_exactly_the_calls_that_were_shown() {
    let (world, mut operator) = shop(31, &json!({})).await;
    world
        .edit::<EcsService>(
            "web",
            json!({"spec": {"managementMode": "Plan", "desiredCount": 4,
        "enableExecuteCommand": true, "tags": {"team": "a"}}}),
        )
        .await;
    operator.rest().await;
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    let status = world.status::<EcsService>("web").await;
    assert!(ready(&world).await.starts_with("False PlanPending"), "{}", ready(&world).await);
    assert!(stands(&world, ConditionType::Stalled).await);
    let steps = status.plan.unwrap().steps;
    assert_eq!(steps.len(), 2, "{steps:?}");
    assert!(
        steps.iter().any(|step| step.contains("desiredCount") && step.contains("enableExecuteCommand")),
        "{steps:?}"
    );
    assert_eq!(told(&world, "Planned"), 1);
    world.edit::<EcsService>("web", json!({"spec": {"managementMode": "Manage"}})).await;
    operator.rest().await;
    let shown: Vec<String> = steps.iter().map(|step| step.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(writes(&world), shown);
    let status = world.status::<EcsService>("web").await;
    assert_eq!((status.plan, status.desired_count), (None, Some(4)));
}

#[tokio::test(start_paused = true)]
async fn plan_mode_of_new_objects_shows_the_creation_and_leaves_no_finalizer() {
    let world = World::ready(32).await;
    let mut operator = world.operator();
    let plan = json!({"managementMode": "Plan"});
    world.apply::<EcsCluster>(&with(cluster("prod"), &plan)).await;
    world.apply::<EcsTaskDefinition>(&with(web("web", "nginx:1"), &plan)).await;
    operator.rest().await;
    assert_eq!(writes(&world), Vec::<String>::new());
    let steps = world.status::<EcsCluster>("prod").await.plan.unwrap().steps;
    assert_eq!(steps, ["CreateCluster prod"]);
    let steps = world.status::<EcsTaskDefinition>("web").await.plan.unwrap().steps;
    assert!(steps[0].starts_with("RegisterTaskDefinition web"), "{steps:?}");
    assert_eq!(
        world.get::<EcsCluster>("prod").await.unwrap().metadata.finalizers.unwrap_or_default(),
        Vec::<String>::new()
    );
    world.delete::<EcsCluster>("prod").await;
    operator.rest().await;
    assert!(world.get::<EcsCluster>("prod").await.is_none());
}

#[tokio::test(start_paused = true)]
async fn observe_mode_tells_of_health_writes_nothing_and_lets_go_without_a_trace() {
    let (world, mut operator) = shop(33, &json!({})).await;
    let observer = with(
        manifest("EcsService", "watch", json!({})),
        &json!({
            "serviceName": "web", "cluster": "prod", "managementMode": "Observe", "desiredCount": 5,
            "taskDefinition": "web:1",
        }),
    );
    world.apply::<EcsService>(&observer).await;
    operator.rest().await;
    let status = world.status::<EcsService>("watch").await;
    assert!(line(&status.conditions, ConditionType::Ready).starts_with("True Observed"), "{status:?}");
    assert!(line(&status.conditions, ConditionType::Synced).starts_with("False"), "{status:?}");
    assert!(line(&status.conditions, ConditionType::Drifted).starts_with("True"), "{status:?}");
    assert_eq!(status.drift.unwrap().paths, ["desiredCount"]);
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    world.delete::<EcsService>("watch").await;
    operator.rest().await;
    assert!(world.get::<EcsService>("watch").await.is_none());
    assert_eq!(writes(&world), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn observing_what_does_not_exist_is_stalled() {
    let world = World::ready(34).await;
    let mut operator = world.operator();
    world.apply::<EcsCluster>(&with(cluster("prod"), &json!({"managementMode": "Observe"}))).await;
    operator.rest().await;
    let status = world.status::<EcsCluster>("prod").await;
    assert!(line(&status.conditions, ConditionType::Stalled).starts_with("True ResourceMissing"), "{status:?}");
    assert_eq!(writes(&world), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn observe_mode_speaks_of_health_even_where_the_spec_cannot_be_brought_about() {
    let (world, mut operator) = shop(35, &json!({})).await;
    let observer = manifest(
        "EcsService",
        "watch",
        json!({
            "serviceName": "web", "cluster": "prod", "managementMode": "Observe", "desiredCount": 2,
            "taskDefinition": "web:1", "launchType": "EC2",
        }),
    );
    world.apply::<EcsService>(&observer).await;
    operator.rest().await;
    let status = world.status::<EcsService>("watch").await;
    assert!(line(&status.conditions, ConditionType::Ready).starts_with("True Observed"), "{status:?}");
    assert!(line(&status.conditions, ConditionType::Synced).starts_with("False"), "{status:?}");
}

#[tokio::test(start_paused = true)]
async fn warned_of_drift_stays_and_the_next_edit_sets_it_back() {
    let (world, mut operator) = shop(36, &json!({"driftPolicy": "Warn"})).await;
    world.cli().update_service().cluster("prod").service("web").desired_count(3).send().await.unwrap();
    world.wait(MINUTE).await;
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    assert!(ready(&world).await.starts_with("True Succeeded"), "{}", ready(&world).await);
    assert!(stands(&world, ConditionType::Drifted).await);
    assert!(!stands(&world, ConditionType::Synced).await);
    assert_eq!(told(&world, "DriftDetected"), 1);
    world.edit::<EcsService>("web", json!({"spec": {"enableExecuteCommand": true}})).await;
    operator.rest().await;
    let status = world.status::<EcsService>("web").await;
    assert_eq!((status.desired_count, status.drift), (Some(2), None));
    assert!(!stands(&world, ConditionType::Drifted).await);
}

#[tokio::test(start_paused = true)]
async fn create_only_sends_the_count_once_and_never_again() {
    let (world, mut operator) = shop(37, &json!({"scaling": {"mode": "CreateOnly"}})).await;
    assert_eq!(world.status::<EcsService>("web").await.desired_count, Some(2));
    world.cli().update_service().cluster("prod").service("web").desired_count(5).send().await.unwrap();
    world.wait(MINUTE).await;
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    world.edit::<EcsService>("web", json!({"spec": {"desiredCount": 3, "enableExecuteCommand": true}})).await;
    operator.rest().await;
    let updates: Vec<_> = world.aws.take_sent().into_iter().filter(|call| call.operation == "UpdateService").collect();
    assert_eq!(updates.len(), 1);
    assert!(updates[0].body.get("desiredCount").is_none(), "{updates:?}");
    let status = world.status::<EcsService>("web").await;
    assert_eq!(status.desired_count, Some(5));
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
}

#[tokio::test(start_paused = true)]
async fn a_count_of_zero_is_a_count() {
    let (world, mut operator) = shop(38, &json!({})).await;
    world.edit::<EcsService>("web", json!({"spec": {"desiredCount": 0}})).await;
    operator.rest().await;
    let status = world.status::<EcsService>("web").await;
    assert_eq!((status.desired_count, status.running_count), (Some(0), Some(0)));
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_daemon_runs_on_every_instance_and_its_count_is_never_sent() {
    let world = World::ready(39).await;
    let mut operator = world.operator();
    fleet(&world, |fleet| fleet.set_instances("prod", 3));
    world.apply::<EcsCluster>(&manifest("EcsCluster", "prod", json!({}))).await;
    let agent = json!({"containerDefinitions": [{"name": "a", "image": "agent:1", "memory": 64}]});
    world.apply::<EcsTaskDefinition>(&manifest("EcsTaskDefinition", "web", agent)).await;
    let spec = json!({
        "clusterRef": {"name": "prod"}, "taskDefinitionRef": {"name": "web"}, "schedulingStrategy": "DAEMON",
    });
    world.apply::<EcsService>(&manifest("EcsService", "web", spec)).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    assert_eq!(world.status::<EcsService>("web").await.running_count, Some(3));
    world.edit::<EcsService>("web", json!({"spec": {"desiredCount": 7, "enableExecuteCommand": true}})).await;
    operator.rest().await;
    let counts = world.aws.take_sent().iter().filter(|call| call.body.get("desiredCount").is_some()).count();
    assert_eq!(counts, 0);
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    world.delete::<EcsService>("web").await;
    operator.rest().await;
    assert!(world.get::<EcsService>("web").await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_retained_service_outlives_its_object() {
    let (world, mut operator) = shop(40, &json!({"deletionPolicy": "Retain"})).await;
    let effective = world.status::<EcsService>("web").await.effective.unwrap();
    assert_eq!(effective.deletion_policy, Some(DeletionPolicy::Retain));
    world.delete::<EcsService>("web").await;
    operator.rest().await;
    assert!(world.get::<EcsService>("web").await.is_none());
    assert_eq!(writes(&world), Vec::<String>::new());
    // The same name finds its service again, by tags, and takes it back.
    world.apply::<EcsService>(&service("web", "prod", "web")).await;
    operator.rest().await;
    assert_eq!(writes(&world), ["TagResource"]);
    assert_eq!(told(&world, "Reclaimed"), 1);
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
}
