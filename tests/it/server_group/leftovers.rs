//! What versions are left with: alarms that may only be told of, modes that hold for them too, autoscaling after the
//! group is gone, and refusals of AWS that end a rollout.

use std::time::Duration;

use aws_sdk_applicationautoscaling::types::{
    MetricType, PolicyType, PredefinedMetricSpecification, ScalableDimension, ServiceNamespace,
    TargetTrackingScalingPolicyConfiguration,
};
use ecs_operator::api::ServerGroup;
use ecs_operator::api::condition::ConditionType;
use serde_json::{Value, json};

use super::alarms::{alarms, by_hand, stepped};
use super::copies::{cloned, legacy};
use super::scaling::{held, scaled};
use super::{
    MINUTE, balanced, children, group, idle, ready, running, served, status, told, until, weighted, worlds, writes,
};
use crate::behaviour::line;
use crate::support::wire::Fault;
use crate::support::world::World;

const V0: &str = "shop-prod-v000";
const V1: &str = "shop-prod-v001";
const V2: &str = "shop-prod-v002";
const ALARM: &str = "busy-shop-prod-v000";

fn with(mut manifest: Value, spec: &Value) -> Value {
    json_patch::merge(&mut manifest["spec"], spec);
    manifest
}

async fn drifted(world: &World) -> String {
    line(&status(world).await.conditions, ConditionType::Drifted)
}

/// Deletes the group as `kubectl` does; Kubernetes then takes its objects down or lets go of them.
async fn delete(world: &World, operator: &mut crate::support::driver::Operator, orphan: bool) {
    use kube::api::{Api, DeleteParams};
    let api: Api<ServerGroup> = Api::namespaced(world.person.clone(), crate::support::world::NAMESPACE);
    let params = if orphan { DeleteParams::orphan() } else { DeleteParams::background() };
    api.delete("shop-prod", &params).await.unwrap();
    for _ in 0..20 {
        operator.settle(Duration::from_secs(20), Duration::from_secs(60)).await;
        world.api.settle();
        world.wait(Duration::from_secs(10)).await;
    }
    assert!(world.get::<ServerGroup>("shop-prod").await.is_none());
}

/// Three versions: one that is out of service, one that serves and one that is to.
async fn three(seed: u64) -> (World, crate::support::driver::Operator) {
    let slow = |image: &str| {
        let slow = json!({"strategy": {"redBlack": {"delayBeforeDisableSeconds": 3000}}});
        with(group(image, &scaled()), &slow)
    };
    let (world, mut operator) = served(seed, &scaled()).await;
    world.apply::<ServerGroup>(&group("nginx:2", &scaled())).await;
    operator.rest().await;
    world.apply::<ServerGroup>(&slow("nginx:3")).await;
    operator.settle(Duration::from_secs(20), 5 * MINUTE).await;
    let counts = (running(&world, V0).await, running(&world, V1).await, running(&world, V2).await);
    assert_eq!(counts, (0, 2, 2), "{}", ready(&world).await);
    for (version, suspended) in [(V0, [true; 3]), (V1, [true, false, true]), (V2, [true; 3])] {
        assert_eq!(held(&world, version).await.2, suspended, "{version}");
    }
    (world, operator)
}

async fn lives_on(world: &World) {
    for (version, tasks) in [(V0, 0), (V1, 2), (V2, 2)] {
        assert_eq!(held(world, version).await.2, [false; 3], "{version}");
        assert_eq!(running(world, version).await, tasks, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn versions_that_are_retained_keep_no_suspension_of_ours() {
    let (world, mut operator) = three(721).await;
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"deletionPolicy": "Retain"}})).await;
    delete(&world, &mut operator, false).await;
    assert_eq!(children(&world).await, Vec::<String>::new());
    lives_on(&world).await;
}

#[tokio::test(start_paused = true)]
async fn versions_whose_group_is_deleted_without_them_scale_again() {
    let (world, mut operator) = three(722).await;
    delete(&world, &mut operator, true).await;
    operator.rest().await;
    assert_eq!(children(&world).await.len(), 6);
    lives_on(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_version_that_aws_does_not_let_go_of_is_retained_all_the_same() {
    let (world, mut operator) = three(723).await;
    world.aws.set_plan(Some(Box::new(|_, operation| match operation {
        "RegisterScalableTarget" => Fault::Refuse(400, "AccessDeniedException", "User: x is not authorized"),
        _ => Fault::Pass,
    })));
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"deletionPolicy": "Retain"}})).await;
    delete(&world, &mut operator, false).await;
    assert_eq!((running(&world, V1).await, running(&world, V2).await), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn versions_are_let_go_when_all_of_aws_is_out_of_reach() {
    let (world, mut operator) = three(726).await;
    let denied = Fault::Refuse(400, "AccessDeniedException", "User: x is not authorized");
    world.aws.set_plan(Some(Box::new(move |_, _| denied)));
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"deletionPolicy": "Retain"}})).await;
    delete(&world, &mut operator, false).await;
    assert_eq!(children(&world).await, Vec::<String>::new());
    assert_eq!((running(&world, V1).await, running(&world, V2).await), (2, 2));
    let note = format!(
        "Let go of server group `shop-prod`: the versions stay in ECS; the autoscaling of {V0}, {V1}, {V2} is still suspended."
    );
    assert_eq!(told(&world, "Retained"), [note]);
}

/// `app/…/targetgroup/…` of a target group behind a load balancer.
fn label(ready: &ecs_sim::elbv2::control::Balanced, group: usize) -> String {
    let balancer = ready.load_balancer.split(":loadbalancer/").nth(1).unwrap();
    format!("{balancer}/{}", ready.groups[group].rsplit(':').next().unwrap())
}

async fn labels(world: &World, version: &str) -> Vec<String> {
    let found = world.scaling().describe_scaling_policies().service_namespace(ServiceNamespace::Ecs);
    let found = found.resource_id(format!("service/prod/{version}")).send().await.unwrap();
    let label = |policy: &aws_sdk_applicationautoscaling::types::ScalingPolicy| {
        let metric = policy.target_tracking_scaling_policy_configuration()?.predefined_metric_specification()?;
        metric.resource_label().map(str::to_owned)
    };
    found.scaling_policies().iter().filter_map(label).collect()
}

#[tokio::test(start_paused = true)]
async fn a_copied_policy_counts_the_requests_of_the_versions_own_target_group() {
    let copying = json!({
        "capacity": {"min": 1, "desired": 2, "max": 10}, "scaling": {"mode": "External", "copyFromPrevious": true},
    });
    let (world, mut operator, rule) = balanced(724, &copying).await;
    let metric = PredefinedMetricSpecification::builder()
        .predefined_metric_type(MetricType::AlbRequestCountPerTarget)
        .resource_label(label(&rule, 0));
    let configuration = TargetTrackingScalingPolicyConfiguration::builder()
        .target_value(100.0)
        .predefined_metric_specification(metric.build().unwrap());
    let put = world.scaling().put_scaling_policy().service_namespace(ServiceNamespace::Ecs);
    let put = put.scalable_dimension(ScalableDimension::EcsServiceDesiredCount).policy_name("requests");
    let put = put.resource_id(format!("service/prod/{V0}")).policy_type(PolicyType::TargetTrackingScaling);
    put.target_tracking_scaling_policy_configuration(configuration.build().unwrap()).send().await.unwrap();
    for (image, version, group) in [("nginx:2", V1, 1), ("nginx:3", V2, 0)] {
        world.apply::<ServerGroup>(&weighted(image, &rule, &copying)).await;
        operator.rest().await;
        assert!(ready(&world).await.contains(&format!("{version} is current")), "{}", ready(&world).await);
        assert_eq!(labels(&world, version).await, [label(&rule, group)], "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_alarm_of_a_group_that_only_warns_is_told_of_and_left() {
    let warns = json!({"driftPolicy": "Warn"});
    let of = |alarm: &Value| with(stepped("nginx:1", alarm), &warns);
    let (world, mut operator) = worlds(725).await;
    world.apply::<ServerGroup>(&of(&json!({}))).await;
    operator.rest().await;
    assert_eq!(alarms(&world).await[0].threshold(), Some(70.0), "made all the same");
    assert_eq!(drifted(&world).await, "");
    by_hand(&world, ALARM, 1.0).await;
    assert_eq!(Box::pin(idle(&world, &mut operator)).await, Vec::<String>::new());
    assert_eq!(alarms(&world).await[0].threshold(), Some(1.0));
    let said = drifted(&world).await;
    assert!(said.starts_with("True DriftDetected: ") && said.contains(ALARM), "{said}");
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    world.cloudwatch().delete_alarms().alarm_names(ALARM).send().await.unwrap();
    assert_eq!(Box::pin(idle(&world, &mut operator)).await, Vec::<String>::new());
    let said = drifted(&world).await;
    assert!(said.contains(ALARM) && said.contains("does not exist"), "{said}");
    // An edit is no drift.
    world.apply::<ServerGroup>(&of(&json!({"threshold": 80}))).await;
    operator.rest().await;
    assert_eq!(alarms(&world).await[0].threshold(), Some(80.0));
    operator.sweep().await;
    assert_eq!(drifted(&world).await, "");
}

#[tokio::test(start_paused = true)]
async fn a_copied_alarm_of_a_group_that_only_warns_is_told_of_and_left() {
    let (world, mut operator) = worlds(726).await;
    legacy(&world).await;
    world.wait(MINUTE).await;
    world.apply::<ServerGroup>(&cloned("nginx:1", &json!({"driftPolicy": "Warn"}))).await;
    operator.rest().await;
    assert_eq!(Box::pin(idle(&world, &mut operator)).await, Vec::<String>::new());
    assert_eq!(drifted(&world).await, "");
    by_hand(&world, "shop-prod-v000-busy", 1.0).await;
    assert_eq!(Box::pin(idle(&world, &mut operator)).await, Vec::<String>::new());
    let said = drifted(&world).await;
    assert!(said.starts_with("True DriftDetected: ") && said.contains("shop-prod-v000-busy"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn versions_follow_the_mode_of_their_group() {
    let paused = |value: Value| json!({"metadata": {"annotations": {"ecs-operator.dev/paused": value}}});
    let mode = |mode: &str| json!({"spec": {"managementMode": mode}});
    for (seed, on, off) in [
        (727, mode("Plan"), mode("Manage")),
        (728, mode("Observe"), mode("Manage")),
        (729, paused(json!("true")), paused(Value::Null)),
    ] {
        let (world, mut operator) = served(seed, &json!({})).await;
        world.edit::<ServerGroup>("shop-prod", on.clone()).await;
        operator.rest().await;
        world.cli().update_service().cluster("prod").service(V0).desired_count(4).send().await.unwrap();
        assert_eq!(Box::pin(idle(&world, &mut operator)).await, Vec::<String>::new(), "{on}");
        assert_eq!(running(&world, V0).await, 4, "{on}");
        world.aws.take_sent();
        world.edit::<ServerGroup>("shop-prod", off).await;
        operator.rest().await;
        assert!(writes(&world).contains(&"UpdateService".to_owned()), "{on}");
        assert_eq!(running(&world, V0).await, 2, "{on}");
    }
}

#[tokio::test(start_paused = true)]
async fn plan_mode_shows_what_becomes_of_alarms() {
    let (world, mut operator) = worlds(730).await;
    world.apply::<ServerGroup>(&stepped("nginx:1", &json!({}))).await;
    operator.rest().await;
    let plan = with(stepped("nginx:2", &json!({"threshold": 80})), &json!({"managementMode": "Plan"}));
    world.apply::<ServerGroup>(&plan).await;
    operator.rest().await;
    assert_eq!(Box::pin(idle(&world, &mut operator)).await, Vec::<String>::new());
    let steps = status(&world).await.plan.unwrap().steps;
    let at = |line: &str| steps.iter().position(|step| step.starts_with(line));
    assert!(at("PutMetricAlarm busy-shop-prod-v000").is_some(), "{steps:?}");
    assert!(at("create EcsService shop-prod-v001") < at("PutMetricAlarm busy-shop-prod-v001"), "{steps:?}");
    assert!(at("PutMetricAlarm busy-shop-prod-v001").is_some(), "{steps:?}");
    // Nobody wants the alarm any more.
    let none = json!({"scaling": {"stepScaling": null, "alarms": null, "mode": "External"}});
    let plan = with(with(stepped("nginx:1", &json!({})), &none), &json!({"managementMode": "Plan"}));
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"scaling": null}})).await;
    world.apply::<ServerGroup>(&plan).await;
    operator.rest().await;
    let steps = status(&world).await.plan.unwrap().steps;
    assert!(steps.iter().any(|step| step == "DeleteAlarms busy-shop-prod-v000"), "{steps:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_to_take_the_old_version_down_is_told_in_the_words_of_aws() {
    let slow = json!({
        "strategy": {"redBlack": {"delayBeforeDisableSeconds": 60}}, "gate": {"progressDeadlineSeconds": 300},
    });
    let (world, mut operator) = served(731, &slow).await;
    world.apply::<ServerGroup>(&group("nginx:2", &slow)).await;
    until(&world, &mut operator, "False Progressing: shop-prod-v001: waiting as the strategy says").await;
    world.aws.set_plan(Some(Box::new(|_, operation| match operation {
        "UpdateService" => {
            Fault::Refuse(400, "AccessDeniedException", "User: x is not authorized to perform: ecs:UpdateService")
        }
        _ => Fault::Pass,
    })));
    for _ in 0..30 {
        operator.settle(MINUTE, MINUTE).await;
        world.wait(Duration::from_secs(10)).await;
    }
    let failed = super::told(&world, "RolloutFailed");
    assert!(failed.len() == 1 && failed[0].contains("not authorized to perform: ecs:UpdateService"), "{failed:?}");
    world.aws.set_plan(None);
}
