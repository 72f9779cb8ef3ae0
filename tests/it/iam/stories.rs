//! Stories that need rights which no other story needs.

use std::time::Duration;

use aws_sdk_applicationautoscaling::types::{
    PolicyType, PredefinedMetricSpecification, ScalableDimension, ServiceNamespace,
    TargetTrackingScalingPolicyConfiguration,
};
use aws_sdk_cloudwatch::types::{ComparisonOperator, Statistic, Tag};
use ecs_operator::api::condition::{ConditionType, find};
use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use ecs_sim::elbv2::control::BalancerSpec;
use serde_json::{Value, json};

use crate::support::driver::Operator;
use crate::support::manifests::{cluster, manifest, service, web};
use crate::support::world::{World, key};

const MINUTE: Duration = Duration::from_secs(60);
const ROLE: &str = "arn:aws:iam::123456789012:role/shop/web";
const LAMBDA: &str = "arn:aws:lambda:eu-west-1:123456789012:function:check";

/// A service that scales, with tags, roles, a schedule and a hook.
pub(super) fn laden() -> Value {
    let mut service = service("web", "prod", "web");
    let more = json!({
        "tags": {"team": "a"},
        "deploymentConfiguration": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0, "lifecycleHooks": [{
            "targetType": "AWS_LAMBDA", "hookTargetArn": LAMBDA, "roleArn": "arn:aws:iam::123456789012:role/ecs/hook",
            "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
        }]},
        "scaling": {
            "minCapacity": 1, "maxCapacity": 10,
            "targetTracking": [{
                "policyName": "cpu", "targetValue": 60,
                "predefinedMetricSpecification": {"predefinedMetricType": "ECSServiceAverageCPUUtilization"},
            }],
            "scheduledActions": [{
                "scheduledActionName": "night", "schedule": "cron(0 20 * * ? *)",
                "scalableTargetAction": {"minCapacity": 1},
            }],
        },
    });
    json_patch::merge(&mut service["spec"], &more);
    service
}

/// Its task definition.
pub(super) fn with_roles(image: &str) -> Value {
    let mut definition = web("web", image);
    json_patch::merge(
        &mut definition["spec"],
        &json!({"taskRoleArn": ROLE, "executionRoleArn": ROLE, "tags": {"team": "a"}}),
    );
    definition
}

/// The condition `Ready` in one line.
pub(super) async fn ready(world: &World) -> String {
    let conditions = world.status::<EcsService>("web").await.conditions;
    let ready = find(&conditions, ConditionType::Ready);
    ready.map_or_else(String::new, |c| format!("{} {}: {}", c.status, c.reason, c.message))
}

/// The three kinds with all that needs a right of its own, until they have settled.
pub(super) async fn laden_shop(world: &World, operator: &mut Operator) {
    let mut prod = cluster("prod");
    prod["spec"]["tags"] = json!({"team": "a"});
    world.apply::<EcsCluster>(&prod).await;
    world.apply::<EcsTaskDefinition>(&with_roles("nginx:1")).await;
    world.apply::<EcsService>(&laden()).await;
    operator.rest().await;
    operator.sweep().await;
    operator.rest().await;
}

/// Edits of every kind, and at the end less of everything.
pub(super) async fn laden_edits(world: &World, operator: &mut Operator) {
    let edit = json!({"spec": {
        "settings": [{"name": "containerInsights", "value": "enabled"}],
        "configuration": {"executeCommandConfiguration": {"logging": "NONE"}},
    }});
    world.edit::<EcsCluster>("prod", edit).await;
    let edit = json!({"spec": {"tags": {"team": null, "owner": "b"}, "scaling": {
        "scheduledActions": null, "targetTracking": null,
    }}});
    world.edit::<EcsService>("web", edit).await;
    world.apply::<EcsTaskDefinition>(&with_roles("nginx:2")).await;
    operator.rest().await;
    operator.sweep().await;
    operator.rest().await;
    // Somebody else's policy keeps the scalable target, which loses our marks.
    let metric = PredefinedMetricSpecification::builder()
        .predefined_metric_type("ECSServiceAverageMemoryUtilization".into())
        .build()
        .unwrap();
    let track = TargetTrackingScalingPolicyConfiguration::builder().target_value(50.0);
    let put = world.scaling().put_scaling_policy().service_namespace(ServiceNamespace::Ecs);
    let put = put.scalable_dimension(ScalableDimension::EcsServiceDesiredCount).resource_id("service/prod/web");
    let put = put.policy_name("theirs").policy_type(PolicyType::TargetTrackingScaling);
    let track = track.predefined_metric_specification(metric).build().unwrap();
    put.target_tracking_scaling_policy_configuration(track).send().await.unwrap();
    world.edit::<EcsService>("web", json!({"spec": {"scaling": null}})).await;
    operator.rest().await;
    operator.sweep().await;
    operator.rest().await;
}

pub(super) async fn a_shop_that_uses_everything() {
    let world = World::ready(901).await;
    let mut operator = world.operator();
    laden_shop(&world, &mut operator).await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    laden_edits(&world, &mut operator).await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    for policy in ["Retain", "Delete"] {
        world.edit::<EcsService>("web", json!({"spec": {"deletionPolicy": policy}})).await;
    }
    world.delete::<EcsService>("web").await;
    world.delete::<EcsTaskDefinition>("web").await;
    world.delete::<EcsCluster>("prod").await;
    operator.rest().await;
    assert!(world.get::<EcsCluster>("prod").await.is_none());
}

/// The weights of a listener's default action, and targets that are instances.
pub(super) async fn a_group_on_instances_behind_a_listener() {
    let world = World::ready(902).await;
    let mut operator = world.operator();
    world.aws.sim(|sim| sim.with_fleet(&key(), |fleet| fleet.set_instances("prod", 3)));
    world.apply::<EcsCluster>(&manifest("EcsCluster", "prod", json!({}))).await;
    operator.rest().await;
    let spec = BalancerSpec {
        interval_seconds: 5,
        healthy_threshold: 2,
        deregistration_delay_seconds: 30,
        target_type: "instance".to_owned(),
        path: None,
        ..BalancerSpec::new("web", &[("blue", 100), ("green", 0)])
    };
    let balanced = world.balancer(&spec);
    for image in ["nginx:1", "nginx:2"] {
        let spec = json!({
            "clusterRef": {"name": "prod"},
            "capacity": {"desired": 2},
            "template": {
                "launchType": "EC2",
                "networkMode": "bridge",
                "inputs": {"image": image, "cpu": 64, "memory": 64, "portMappings": [{"containerPort": 80}]},
                "targetGroupMappings": [{"containerPort": 80, "targetGroup": "blue", "alternateTargetGroup": "green"}],
            },
            "gate": {"minHealthySeconds": 10},
            "traffic": {"listenerRules": [balanced.listener]},
        });
        world.apply::<ServerGroup>(&manifest("ServerGroup", "shop-prod", spec)).await;
        operator.settle(2 * MINUTE, 30 * MINUTE).await;
        let conditions = world.status::<ServerGroup>("shop-prod").await.conditions;
        let ready = find(&conditions, ConditionType::Ready).unwrap();
        assert_eq!(ready.status, "True", "{}", ready.message);
    }
}

/// An alarm that an earlier group of this name made is taken back.
pub(super) async fn an_alarm_of_an_earlier_group() {
    let world = World::ready(903).await;
    let mut operator = world.operator();
    world.apply::<EcsCluster>(&cluster("prod")).await;
    operator.rest().await;
    let put = world.cloudwatch().put_metric_alarm().alarm_name("busy-shop-prod-v000").namespace("App").metric_name("m");
    let put = put.statistic(Statistic::Sum).period(60).evaluation_periods(1).threshold(5.0);
    let tag = |key: &str, value: &str| Tag::builder().key(format!("ecs-operator.dev/{key}")).value(value).build();
    let put = put.comparison_operator(ComparisonOperator::GreaterThanThreshold).tags(tag("installation", "default"));
    let put = put.tags(tag("namespace", "shop")).tags(tag("kind", "ServerGroup")).tags(tag("name", "shop-prod"));
    put.tags(tag("uid", "earlier")).send().await.unwrap();
    world.apply::<ServerGroup>(&crate::server_group::alarms::stepped("nginx:1", &json!({}))).await;
    operator.rest().await;
    let found = crate::server_group::alarms::alarms(&world).await;
    assert_eq!(found[0].threshold(), Some(70.0));
    world.delete::<ServerGroup>("shop-prod").await;
    operator.rest().await;
}

/// What a service's description does not show is read from its revision.
pub(super) async fn a_service_with_metrics_of_its_own() {
    let world = World::ready(904).await;
    let mut operator = world.operator();
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    let mut service = service("web", "prod", "web");
    service["spec"]["monitoring"] =
        json!({"metricConfigurations": [{"metricNames": ["CPUUtilization"], "resolutionSeconds": 20}]});
    world.apply::<EcsService>(&service).await;
    operator.settle(MINUTE, 10 * MINUTE).await;
    operator.sweep().await;
}
