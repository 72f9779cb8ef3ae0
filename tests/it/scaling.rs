//! Application Auto Scaling beside the operator: who owns the count, and what is torn down with what.

use std::time::Duration;

use aws_sdk_applicationautoscaling::types::{
    PolicyType, PredefinedMetricSpecification, ScalableDimension, ScalableTarget, ServiceNamespace,
    TargetTrackingScalingPolicyConfiguration,
};
use ecs_operator::api::condition::{ConditionType, find};
use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use ecs_sim::autoscaling::Metric;
use serde_json::{Value, json};

use crate::support::driver::Operator;
use crate::support::manifests::{cluster, service, web};
use crate::support::wire::Sent;
use crate::support::world::{World, key};

const RESOURCE: &str = "service/prod/web";

/// A service with bounds 1 to 10 and policies on CPU and memory.
fn scaled() -> Value {
    let mut service = service("web", "prod", "web");
    service["spec"]["scaling"] = json!({
        "minCapacity": 1,
        "maxCapacity": 10,
        "targetTracking": [tracking("cpu", "ECSServiceAverageCPUUtilization"), tracking("memory", "ECSServiceAverageMemoryUtilization")],
    });
    service
}

fn tracking(name: &str, metric: &str) -> Value {
    json!({
        "policyName": name, "targetValue": 60, "scaleOutCooldown": 60, "scaleInCooldown": 300,
        "predefinedMetricSpecification": {"predefinedMetricType": metric},
    })
}

/// The three kinds, settled, and what was called on the way.
async fn shop(world: &World, operator: &mut Operator, service: &Value) -> Vec<Sent> {
    world.apply::<EcsService>(service).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    world.apply::<EcsCluster>(&cluster("prod")).await;
    operator.rest().await;
    operator.sweep().await;
    operator.rest().await;
    assert_ready(world).await;
    world.aws.take_sent()
}

async fn assert_ready(world: &World) {
    let conditions = world.status::<EcsService>("web").await.conditions;
    let ready = find(&conditions, ConditionType::Ready);
    let said = ready.map_or_else(String::new, |c| format!("{} {}: {}", c.status, c.reason, c.message));
    assert!(said.starts_with("True"), "{said}");
}

fn writes(sent: &[Sent]) -> Vec<String> {
    sent.iter().filter(|call| call.is_write()).map(|call| call.operation.clone()).collect()
}

async fn target(world: &World) -> Option<ScalableTarget> {
    let asked = world.scaling().describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
    let mut found = asked.resource_ids(RESOURCE).send().await.unwrap().scalable_targets.unwrap_or_default();
    found.pop()
}

async fn policies(world: &World) -> Vec<String> {
    let asked = world.scaling().describe_scaling_policies().service_namespace(ServiceNamespace::Ecs);
    let found = asked.resource_id(RESOURCE).send().await.unwrap();
    found.scaling_policies().iter().map(|policy| policy.policy_name().to_owned()).collect()
}

async fn desired(world: &World) -> i32 {
    let found = world.cli().describe_services().cluster("prod").services("web").send().await.unwrap();
    found.services()[0].desired_count()
}

/// Nothing that the simulated AWS could hold against anybody.
fn assert_clean(world: &World) {
    world.aws.sim(|sim| {
        assert_eq!(sim.unknown_actions, Vec::<String>::new());
        assert_eq!(sim.shape_faults, Vec::<String>::new());
        assert_eq!(sim.violations(), Vec::<String>::new());
    });
}

fn load(world: &World, load: f64) {
    world.aws.sim(|sim| sim.with_scaling(&key(), |scaling| scaling.metric("prod", "web", Some(Metric::Load(load)))));
}

async fn minutes(world: &World, operator: &mut Operator, minutes: u64) {
    for _ in 0..minutes {
        world.wait(Duration::from_secs(60)).await;
        operator.sweep().await;
    }
}

#[tokio::test(start_paused = true)]
async fn declared_scaling_makes_a_target_and_its_policies_once() {
    let world = World::ready(11).await;
    let mut operator = world.operator();
    let sent = shop(&world, &mut operator, &scaled()).await;
    let target = target(&world).await.unwrap();
    assert_eq!((target.min_capacity(), target.max_capacity()), (1, 10));
    assert_eq!(policies(&world).await, ["cpu", "memory"]);
    let scaling: Vec<String> = writes(&sent).into_iter().filter(|operation| operation.contains("Scal")).collect();
    assert_eq!(scaling, ["RegisterScalableTarget", "PutScalingPolicy", "PutScalingPolicy"]);
    world.api.take_log();
    for _ in 0..20 {
        operator.sweep().await;
        world.wait(Duration::from_secs(300)).await;
    }
    assert_eq!(writes(&world.aws.take_sent()), Vec::<String>::new());
    let logged: Vec<_> = world.api.log().into_iter().filter(ecs_sim::kube::Call::is_write).collect();
    assert!(logged.is_empty(), "{logged:?}");
    assert_clean(&world);
}

#[tokio::test(start_paused = true)]
async fn what_the_autoscaler_decided_survives_an_unrelated_edit() {
    let world = World::ready(12).await;
    let mut operator = world.operator();
    shop(&world, &mut operator, &scaled()).await;
    load(&world, 360.0);
    minutes(&world, &mut operator, 10).await;
    assert_eq!(desired(&world).await, 6);
    world.aws.take_sent();
    world.edit::<EcsService>("web", json!({"spec": {"enableExecuteCommand": true}})).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:2")).await;
    operator.rest().await;
    let sent = world.aws.take_sent();
    let updates: Vec<&Sent> = sent.iter().filter(|call| call.operation == "UpdateService").collect();
    assert!(!updates.is_empty());
    assert!(updates.iter().all(|call| call.body.get("desiredCount").is_none()), "{updates:?}");
    assert_eq!(desired(&world).await, 6);
    assert_eq!(world.status::<EcsService>("web").await.desired_count, Some(6));
    assert_ready(&world).await;
    assert_clean(&world);
}

#[tokio::test(start_paused = true)]
async fn changed_bounds_are_registered_and_the_count_follows() {
    let world = World::ready(13).await;
    let mut operator = world.operator();
    shop(&world, &mut operator, &scaled()).await;
    world.edit::<EcsService>("web", json!({"spec": {"scaling": {"minCapacity": 4, "maxCapacity": 12}}})).await;
    operator.rest().await;
    let target = target(&world).await.unwrap();
    assert_eq!((target.min_capacity(), target.max_capacity()), (4, 12));
    assert_eq!(desired(&world).await, 4);
    assert_eq!(writes(&world.aws.take_sent()), ["RegisterScalableTarget"]);
    assert_ready(&world).await;
    assert_clean(&world);
}

#[tokio::test(start_paused = true)]
pub(crate) async fn a_policy_that_leaves_the_spec_is_deleted_and_a_foreign_one_stays() {
    let world = World::ready(14).await;
    let mut operator = world.operator();
    shop(&world, &mut operator, &scaled()).await;
    let metric = PredefinedMetricSpecification::builder()
        .predefined_metric_type("ALBRequestCountPerTarget".into())
        .resource_label("app/shop/1/targetgroup/web/2")
        .build()
        .unwrap();
    let config = TargetTrackingScalingPolicyConfiguration::builder().target_value(100.0);
    let put = world.scaling().put_scaling_policy().policy_name("of-a-person").resource_id(RESOURCE);
    put.service_namespace(ServiceNamespace::Ecs)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .policy_type(PolicyType::TargetTrackingScaling)
        .target_tracking_scaling_policy_configuration(config.predefined_metric_specification(metric).build().unwrap())
        .send()
        .await
        .unwrap();
    minutes(&world, &mut operator, 10).await;
    assert_eq!(writes(&world.aws.take_sent()), Vec::<String>::new());
    let left = json!([tracking("cpu", "ECSServiceAverageCPUUtilization")]);
    world.edit::<EcsService>("web", json!({"spec": {"scaling": {"targetTracking": left}}})).await;
    operator.rest().await;
    operator.sweep().await;
    operator.rest().await;
    assert_eq!(policies(&world).await, ["cpu", "of-a-person"]);
    assert_eq!(writes(&world.aws.take_sent()), ["DeleteScalingPolicy"]);
    assert_clean(&world);
}

#[tokio::test(start_paused = true)]
async fn a_policy_may_change_its_name() {
    let world = World::ready(15).await;
    let mut operator = world.operator();
    shop(&world, &mut operator, &scaled()).await;
    let renamed = json!([tracking("processor", "ECSServiceAverageCPUUtilization")]);
    world.edit::<EcsService>("web", json!({"spec": {"scaling": {"targetTracking": renamed}}})).await;
    operator.rest().await;
    assert_eq!(policies(&world).await, ["processor"]);
    assert_ready(&world).await;
    assert_clean(&world);
}

#[tokio::test(start_paused = true)]
pub(crate) async fn scaling_that_leaves_the_spec_is_torn_down() {
    let world = World::ready(16).await;
    let mut operator = world.operator();
    shop(&world, &mut operator, &scaled()).await;
    world.edit::<EcsService>("web", json!({"spec": {"scaling": null}})).await;
    operator.rest().await;
    operator.sweep().await;
    operator.rest().await;
    assert!(target(&world).await.is_none());
    assert_eq!(policies(&world).await, Vec::<String>::new());
    assert_eq!(desired(&world).await, 2);
    assert_ready(&world).await;
    world.aws.take_sent();
    minutes(&world, &mut operator, 20).await;
    assert_eq!(writes(&world.aws.take_sent()), Vec::<String>::new());
    assert_clean(&world);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_service_leaves_no_target_behind() {
    let world = World::ready(17).await;
    let mut operator = world.operator();
    shop(&world, &mut operator, &scaled()).await;
    world.delete::<EcsService>("web").await;
    operator.rest().await;
    assert!(world.get::<EcsService>("web").await.is_none());
    assert!(target(&world).await.is_none());
    assert_clean(&world);
}

#[tokio::test(start_paused = true)]
async fn a_retained_service_keeps_its_target() {
    let world = World::ready(18).await;
    let mut operator = world.operator();
    let mut retained = scaled();
    retained["spec"]["deletionPolicy"] = json!("Retain");
    shop(&world, &mut operator, &retained).await;
    world.delete::<EcsService>("web").await;
    operator.rest().await;
    assert!(world.get::<EcsService>("web").await.is_none());
    assert!(target(&world).await.is_some());
    assert_eq!(policies(&world).await, ["cpu", "memory"]);
    assert_eq!(desired(&world).await, 2);
    assert_clean(&world);
}

#[tokio::test(start_paused = true)]
async fn a_count_outside_the_bounds_is_pulled_back_by_registering() {
    let world = World::ready(19).await;
    let mut operator = world.operator();
    shop(&world, &mut operator, &scaled()).await;
    // Registering again is spaced: not sooner than the time between two visits.
    world.wait(Duration::from_secs(900)).await;
    world.cli().update_service().cluster("prod").service("web").desired_count(20).send().await.unwrap();
    world.wait(Duration::from_secs(30)).await;
    operator.sweep().await;
    operator.rest().await;
    assert_eq!(desired(&world).await, 10);
    assert_eq!(writes(&world.aws.take_sent()), ["RegisterScalableTarget"]);
    assert_ready(&world).await;
    assert_clean(&world);
}

#[tokio::test(start_paused = true)]
async fn a_declared_schedule_may_move_the_bounds() {
    let world = World::ready(20).await;
    let mut operator = world.operator();
    let mut scheduled = scaled();
    scheduled["spec"]["scaling"]["scheduledActions"] = json!([{
        "scheduledActionName": "morning", "schedule": "cron(0 9 * * ? *)",
        "scalableTargetAction": {"minCapacity": 5, "maxCapacity": 10},
    }]);
    shop(&world, &mut operator, &scheduled).await;
    minutes(&world, &mut operator, 90).await;
    assert_eq!(target(&world).await.unwrap().min_capacity(), 5);
    assert_eq!(desired(&world).await, 5);
    assert_eq!(writes(&world.aws.take_sent()), Vec::<String>::new());
    assert_clean(&world);
}

#[tokio::test(start_paused = true)]
async fn refused_as_concurrent_it_is_tried_again() {
    let world = World::ready(21).await;
    let mut operator = world.operator();
    world.aws.sim(|sim| sim.with_scaling(&key(), |scaling| scaling.settings.concurrent_window_ms = 500));
    shop(&world, &mut operator, &scaled()).await;
    assert_eq!(policies(&world).await, ["cpu", "memory"]);
    assert_clean(&world);
}

#[tokio::test(start_paused = true)]
async fn a_count_that_a_foreign_target_moves_is_left_alone_and_reported() {
    let world = World::ready(22).await;
    let mut operator = world.operator();
    shop(&world, &mut operator, &service("web", "prod", "web")).await;
    let register = world.scaling().register_scalable_target().resource_id(RESOURCE).min_capacity(4).max_capacity(8);
    register
        .service_namespace(ServiceNamespace::Ecs)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .send()
        .await
        .unwrap();
    minutes(&world, &mut operator, 30).await;
    assert_eq!(desired(&world).await, 4);
    assert_eq!(writes(&world.aws.take_sent()), Vec::<String>::new());
    world.delete::<EcsService>("web").await;
    operator.rest().await;
    assert!(target(&world).await.is_some());
    assert_clean(&world);
}
