//! Names, dimensions and actions of copies.

use aws_sdk_applicationautoscaling::types::{
    Alarm, CustomizedMetricSpecification, MetricDimension, MetricStatistic, PolicyType, ScalableDimension,
    ServiceNamespace, TargetTrackingScalingPolicyConfiguration,
};
use aws_sdk_cloudwatch::types::{Metric, MetricStat};
use aws_smithy_types::DateTime;

use super::*;
use crate::aws::AlarmState;

fn end(service: &str, cluster: &str, region: &str, account: &str) -> End {
    End { service: service.into(), cluster: cluster.into(), region: region.into(), account: account.into() }
}

fn way() -> Way {
    Way {
        from: end("api-v001", "old", "eu-west-1", "111111111111"),
        to: end("api-v002", "new", "eu-west-1", "111111111111"),
        given: BTreeSet::new(),
        groups: Groups::default(),
    }
}

fn dimension(name: &str, value: &str) -> Dimension {
    Dimension::builder().name(name).value(value).build()
}

#[test]
fn the_name_of_the_source_is_replaced_only_where_it_stands_as_a_whole() {
    for (old, new) in [
        ("api-v001", "api-v002"),
        ("api-v001-cpu", "api-v002-cpu"),
        ("high/api-v001/cpu", "high/api-v002/cpu"),
        ("api-v001 and api-v001", "api-v002 and api-v002"),
        ("my-api-v001", "my-api-v001-api-v002"),
        ("api-v0011", "api-v0011-api-v002"),
        ("xapi-v001", "xapi-v001-api-v002"),
        ("api.v001", "api.v001-api-v002"),
        ("cpu", "cpu-api-v002"),
    ] {
        assert_eq!(way().renamed(old), new, "{old}");
    }
    let dotted = Way {
        from: end("a.c", "", "", ""),
        to: end("z", "", "", ""),
        given: BTreeSet::new(),
        groups: Groups::default(),
    };
    assert_eq!(dotted.renamed("abc"), "abc-z", "no regular expression");
}

#[test]
fn a_name_that_copying_made_longer_does_not_grow_with_every_version() {
    let way = Way { given: ["cpu-api-v001".to_owned()].into(), ..way() };
    assert_eq!(way.renamed("cpu-api-v001"), "cpu-api-v002");
    assert_eq!(way.renamed("memory-api-v001"), "memory-api-v001-api-v002");
}

#[test]
fn dimensions_are_rewritten_only_in_namespaces_of_ecs_and_only_when_equal() {
    let way = way();
    assert_eq!(way.dimension(Some("AWS/ECS"), "ServiceName", "api-v001"), "api-v002");
    assert_eq!(way.dimension(Some("ECS/ContainerInsights"), "ClusterName", "old"), "new");
    for (namespace, name, value) in [
        (Some("AWS/ECS"), "ServiceName", "my-api-v001"),
        (Some("AWS/ECS"), "ClusterName", "api-v001"),
        (Some("AWS/ECS"), "Other", "api-v001"),
        (Some("App"), "ServiceName", "api-v001"),
        (None, "ServiceName", "api-v001"),
    ] {
        assert_eq!(way.dimension(namespace, name, value), value);
    }
}

#[test]
fn actions_are_mapped_dropped_or_kept() {
    let policy = |name: &str| format!("arn:aws:autoscaling:eu-west-1:111111111111:scalingPolicy:1:policyName/{name}");
    let arns = BTreeMap::from([(policy("up"), Some("new".to_owned())), (policy("left"), None)]);
    let topic = "arn:aws:sns:eu-west-1:111111111111:ops";
    assert_eq!(way().action(&policy("up"), &arns).as_deref(), Some("new"));
    assert_eq!(way().action(&policy("left"), &arns), None, "it would move the source");
    assert_eq!(way().action(topic, &arns).as_deref(), Some(topic));
    let abroad = Way { to: end("api-v002", "new", "us-east-1", "111111111111"), ..way() };
    assert_eq!(abroad.action(topic, &arns), None);
    assert_eq!(abroad.action(&policy("up"), &arns).as_deref(), Some("new"));
    let other = "arn:aws:sns:eu-central-1:111111111111:not-eu-west-1";
    assert_eq!(abroad.action(other, &arns).as_deref(), Some(other), "segments, not substrings");
    let account = Way { to: end("api-v002", "new", "eu-west-1", "222222222222"), ..way() };
    assert_eq!(account.action(topic, &arns), None);
    assert!(account.action("arn:aws:sns:eu-west-1:333333333333:ops", &arns).is_some());
}

#[test]
fn every_member_of_an_alarm_is_copied() {
    let metric = Metric::builder().namespace("AWS/ECS").dimensions(dimension("ServiceName", "api-v001")).build();
    let query =
        MetricDataQuery::builder().id("m").metric_stat(MetricStat::builder().metric(metric).stat("p90").build());
    let alarm = MetricAlarm::builder()
        .alarm_name("api-v001-cpu")
        .alarm_description("text")
        .evaluation_periods(5)
        .datapoints_to_alarm(4)
        .threshold_metric_id("ad1")
        .treat_missing_data("breaching")
        .evaluate_low_sample_count_percentile("ignore")
        .ok_actions("arn:old")
        .metrics(query.build())
        .build();
    let arns = BTreeMap::from([("arn:old".to_owned(), Some("arn:new".to_owned()))]);
    let put = way().alarm(&alarm, "api-v002-cpu", &arns);
    assert_eq!(put.get_alarm_name().as_deref(), Some("api-v002-cpu"));
    assert_eq!((*put.get_datapoints_to_alarm(), *put.get_evaluation_periods()), (Some(4), Some(5)));
    assert_eq!(put.get_threshold_metric_id().as_deref(), Some("ad1"));
    assert_eq!(put.get_treat_missing_data().as_deref(), Some("breaching"));
    assert_eq!(put.get_evaluate_low_sample_count_percentile().as_deref(), Some("ignore"));
    assert_eq!(put.get_ok_actions().as_deref(), Some(["arn:new".to_owned()].as_slice()));
    let queries = put.get_metrics().clone().unwrap();
    let metric = queries[0].metric_stat().unwrap().metric().unwrap().clone();
    assert_eq!(metric.dimensions()[0].value(), Some("api-v002"));
}

fn policy(name: &str, alarms: &[&str]) -> ScalingPolicy {
    let metric = CustomizedMetricSpecification::builder()
        .namespace("AWS/ECS")
        .metric_name("CPUUtilization")
        .statistic(MetricStatistic::Average)
        .dimensions(MetricDimension::builder().name("ServiceName").value("api-v001").build().unwrap())
        .dimensions(MetricDimension::builder().name("ClusterName").value("older").build().unwrap());
    let tracking = TargetTrackingScalingPolicyConfiguration::builder()
        .target_value(50.0)
        .customized_metric_specification(metric.build());
    let named = |name: &&str| Alarm::builder().alarm_name(*name).alarm_arn("arn").build().unwrap();
    ScalingPolicy::builder()
        .policy_arn(format!("arn:{name}"))
        .policy_name(name)
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id("service/old/api-v001")
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .policy_type(PolicyType::TargetTrackingScaling)
        .target_tracking_scaling_policy_configuration(tracking.build().unwrap())
        .creation_time(DateTime::from_secs(0))
        .set_alarms(Some(alarms.iter().map(named).collect()))
        .build()
        .unwrap()
}

fn action(name: &str, schedule: &str) -> Scheduled {
    Scheduled::builder()
        .scheduled_action_name(name)
        .scheduled_action_arn("arn")
        .service_namespace(ServiceNamespace::Ecs)
        .schedule(schedule)
        .resource_id("service/old/api-v001")
        .creation_time(DateTime::from_secs(0))
        .build()
        .unwrap()
}

#[test]
fn policies_and_actions_are_copied_unless_the_spec_declares_them_or_their_time_has_passed() {
    let original = Original {
        policies: vec![policy("api-v001-cpu", &[]), policy("api-v001-own", &[])],
        actions: vec![action("night", "cron(0 20 * * ? *)"), action("once", "at(2020-01-01T00:00:00)")],
        alarms: [("api-v001-all".to_owned(), AlarmSeen::Composite(AlarmState::Ok))].into(),
        ..Original::default()
    };
    let declared = ["api-v002-own".to_owned()].into();
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    let copies = copies(&original, &way(), &declared, now);
    assert_eq!(copies.policies.keys().collect::<Vec<_>>(), ["api-v002-cpu"]);
    assert_eq!(copies.actions.keys().collect::<Vec<_>>(), ["night-api-v002"]);
    assert_eq!(copies.left.len(), 3, "{:?}", copies.left);
    let (arn, put) = &copies.policies["api-v002-cpu"];
    assert_eq!(arn, "arn:api-v001-cpu");
    assert_eq!(put.get_resource_id().as_deref(), Some("service/new/api-v002"));
    let tracking = put.get_target_tracking_scaling_policy_configuration().clone().unwrap();
    let values: Vec<String> = tracking
        .customized_metric_specification()
        .unwrap()
        .dimensions()
        .iter()
        .map(|dimension| dimension.value().to_owned())
        .collect();
    assert_eq!(values, ["api-v002", "older"]);
}

#[test]
fn alarms_of_target_tracking_are_left_to_aws() {
    let found = alarms_of(&[policy("a", &["TargetTracking-service/old/api-v001-AlarmHigh-1", "cpu"])]);
    assert_eq!(found, BTreeSet::from(["cpu".to_owned()]));
}

#[test]
fn tags_of_aws_and_of_owners_are_not_copied() {
    let original = BTreeMap::from([
        ("team".to_owned(), "a".to_owned()),
        ("aws:cloudformation:stack-name".to_owned(), "b".to_owned()),
        (tag::UID.to_owned(), "other".to_owned()),
    ]);
    let owner = BTreeMap::from([(tag::UID.to_owned(), "me".to_owned())]);
    let expected = BTreeMap::from([("team".to_owned(), "a".to_owned()), (tag::UID.to_owned(), "me".to_owned())]);
    assert_eq!(tags(Some(&original), owner), expected);
}
