//! Alarms that a group declares: one of each for every version, while the version lives.

use aws_sdk_cloudwatch::types::{ComparisonOperator, MetricAlarm, Statistic, Tag};
use ecs_operator::api::ServerGroup;
use serde_json::{Value, json};

use super::{MINUTE, group, ready, status, worlds, writes};
use crate::support::world::World;

const OURS: &str = "ecs-operator.dev/uid";

/// Step scaling by an alarm, with changes of the alarm.
pub(crate) fn stepped(image: &str, alarm: &Value) -> Value {
    let mut busy = json!({
        "alarmName": "busy", "policies": ["up"], "namespace": "AWS/ECS", "metricName": "CPUUtilization",
        "dimensions": {"ClusterName": "${cluster}", "ServiceName": "${service}"}, "statistic": "Average",
        "period": 60, "evaluationPeriods": 3, "threshold": 70, "comparisonOperator": "GreaterThanThreshold",
        "alarmActions": ["arn:aws:sns:eu-west-1:123456789012:ops"],
    });
    json_patch::merge(&mut busy, alarm);
    let step = json!({
        "policyName": "up", "adjustmentType": "ChangeInCapacity",
        "stepAdjustments": [{"metricIntervalLowerBound": 0, "scalingAdjustment": 1}],
    });
    let more = json!({
        "capacity": {"min": 1, "desired": 2, "max": 10}, "scaling": {"stepScaling": [step], "alarms": [busy]},
    });
    group(image, &more)
}

/// All metric alarms, by name.
pub(crate) async fn alarms(world: &World) -> Vec<MetricAlarm> {
    let mut found = world.cloudwatch().describe_alarms().send().await.unwrap().metric_alarms.unwrap_or_default();
    found.sort_by(|a, b| a.alarm_name.cmp(&b.alarm_name));
    found
}

pub(super) fn names(alarms: &[MetricAlarm]) -> Vec<&str> {
    alarms.iter().map(|alarm| alarm.alarm_name().unwrap_or_default()).collect()
}

/// The UID of the group that an alarm is tagged with.
async fn owner(world: &World, alarm: &MetricAlarm) -> Option<String> {
    let tags = world.cloudwatch().list_tags_for_resource().resource_arn(alarm.alarm_arn().unwrap());
    let answer = tags.send().await.unwrap();
    let uid = answer.tags().iter().find(|tag| tag.key() == Some(OURS))?;
    uid.value().map(str::to_owned)
}

/// An alarm made by hand.
pub(super) async fn by_hand(world: &World, name: &str, threshold: f64) {
    let put = world.cloudwatch().put_metric_alarm().alarm_name(name).namespace("App").metric_name("m");
    let put = put.statistic(Statistic::Sum).period(60).evaluation_periods(1).threshold(threshold);
    put.comparison_operator(ComparisonOperator::GreaterThanThreshold).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
pub(crate) async fn each_version_has_the_declared_alarms_and_takes_them_along() {
    let (world, mut operator) = worlds(601).await;
    world.apply::<ServerGroup>(&stepped("nginx:1", &json!({}))).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    let found = alarms(&world).await;
    assert_eq!(names(&found), ["busy-shop-prod-v000"]);
    let dimensions: Vec<_> = found[0].dimensions().iter().filter_map(|dimension| dimension.value()).collect();
    assert_eq!(dimensions, ["prod", "shop-prod-v000"]);
    let actions = found[0].alarm_actions();
    assert_eq!(actions.len(), 2);
    let policy = actions.iter().find(|action| action.contains("scalingPolicy")).unwrap();
    assert!(policy.ends_with("resource/ecs/service/prod/shop-prod-v000:policyName/up"), "{policy}");
    assert!(owner(&world, &found[0]).await.is_some());
    world.apply::<ServerGroup>(&stepped("nginx:2", &json!({}))).await;
    operator.rest().await;
    assert_eq!(names(&alarms(&world).await), ["busy-shop-prod-v000", "busy-shop-prod-v001"]);
    world.apply::<ServerGroup>(&stepped("nginx:3", &json!({}))).await;
    operator.rest().await;
    assert_eq!(names(&alarms(&world).await), ["busy-shop-prod-v001", "busy-shop-prod-v002"], "v000 is destroyed");
    world.aws.take_sent();
    world.delete::<ServerGroup>("shop-prod").await;
    operator.rest().await;
    assert!(world.get::<ServerGroup>("shop-prod").await.is_none());
    assert_eq!(names(&alarms(&world).await), Vec::<&str>::new());
    let calls = writes(&world);
    let first = |name: &str| calls.iter().position(|call| call == name);
    assert!(first("DeleteAlarms") < first("DeregisterScalableTarget"), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_settled_group_writes_nothing_and_reads_alarms_only_where_it_has_some() {
    let (world, mut operator) = worlds(602).await;
    world.apply::<ServerGroup>(&stepped("nginx:1", &json!({}))).await;
    operator.rest().await;
    world.aws.take_sent();
    world.api.take_log();
    for _ in 0..20 {
        operator.sweep().await;
        world.wait(5 * MINUTE).await;
    }
    assert_eq!(writes(&world), Vec::<String>::new());
    let kube: Vec<_> = world.api.take_log().into_iter().filter(|call| call.method != "GET").collect();
    assert!(kube.is_empty(), "{kube:?}");
    world.apply::<ServerGroup>(&group("nginx:1", &json!({"capacity": {"min": 1, "max": 10}}))).await;
    operator.rest().await;
    assert_eq!(names(&alarms(&world).await), Vec::<&str>::new(), "removed from the spec");
    assert!(status(&world).await.alarms.is_empty());
    world.aws.take_sent();
    operator.sweep().await;
    let reads: Vec<String> = world.aws.take_sent().into_iter().map(|call| call.operation).collect();
    assert!(!reads.iter().any(|read| read.contains("Alarm") || read == "DescribeScalingPolicies"), "{reads:?}");
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_was_changed_or_deleted_is_put_again() {
    let (world, mut operator) = worlds(603).await;
    world.apply::<ServerGroup>(&stepped("nginx:1", &json!({}))).await;
    operator.rest().await;
    by_hand(&world, "busy-shop-prod-v000", 1.0).await;
    operator.sweep().await;
    assert_eq!(alarms(&world).await[0].threshold(), Some(70.0));
    world.cloudwatch().delete_alarms().alarm_names("busy-shop-prod-v000").send().await.unwrap();
    operator.sweep().await;
    assert_eq!(alarms(&world).await[0].threshold(), Some(70.0));
    world.apply::<ServerGroup>(&stepped("nginx:1", &json!({"threshold": 80}))).await;
    operator.rest().await;
    assert_eq!(alarms(&world).await[0].threshold(), Some(80.0));
    assert_eq!(status(&world).await.versions.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_of_somebody_else_is_never_overwritten_nor_deleted() {
    let (world, mut operator) = worlds(604).await;
    by_hand(&world, "busy-shop-prod-v000", 5.0).await;
    world.apply::<ServerGroup>(&stepped("nginx:1", &json!({}))).await;
    operator.rest().await;
    assert!(
        ready(&world).await.starts_with("False OwnedByAnother: CloudWatch alarm `busy-"),
        "{}",
        ready(&world).await
    );
    assert_eq!(alarms(&world).await[0].threshold(), Some(5.0));
    world.delete::<ServerGroup>("shop-prod").await;
    operator.rest().await;
    assert!(world.get::<ServerGroup>("shop-prod").await.is_none());
    assert_eq!(names(&alarms(&world).await), ["busy-shop-prod-v000"]);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_of_an_earlier_group_of_the_name_is_taken_over() {
    let (world, mut operator) = worlds(606).await;
    by_hand(&world, "busy-shop-prod-v000", 5.0).await;
    let arn = alarms(&world).await[0].alarm_arn().unwrap().to_owned();
    let tag = |key: &str, value: &str| Tag::builder().key(format!("ecs-operator.dev/{key}")).value(value).build();
    let earlier = [("installation", "default"), ("uid", "earlier"), ("kind", "ServerGroup"), ("namespace", "shop")];
    let earlier = earlier.into_iter().chain([("name", "shop-prod")]).map(|(key, value)| tag(key, value)).collect();
    world.cloudwatch().tag_resource().resource_arn(arn).set_tags(Some(earlier)).send().await.unwrap();
    world.apply::<ServerGroup>(&stepped("nginx:1", &json!({}))).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    let alarm = &alarms(&world).await[0];
    assert_eq!(alarm.threshold(), Some(70.0));
    let uid = world.get::<ServerGroup>("shop-prod").await.and_then(|group| group.metadata.uid);
    assert!(uid.is_some());
    assert_eq!(owner(&world, alarm).await, uid);
    world.delete::<ServerGroup>("shop-prod").await;
    operator.rest().await;
    assert!(alarms(&world).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn alarms_stay_with_the_versions_that_are_retained() {
    let (world, mut operator) = worlds(605).await;
    let mut manifest = stepped("nginx:1", &json!({}));
    manifest["spec"]["deletionPolicy"] = json!("Retain");
    world.apply::<ServerGroup>(&manifest).await;
    operator.rest().await;
    world.delete::<ServerGroup>("shop-prod").await;
    operator.rest().await;
    assert!(world.get::<ServerGroup>("shop-prod").await.is_none());
    assert_eq!(names(&alarms(&world).await), ["busy-shop-prod-v000"]);
}
