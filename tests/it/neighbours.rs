//! The simulated neighbours of ECS against the clients of the SDK: what they send is read, what they get is understood.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    ComparisonOperator, Dimension, Metric, MetricDataQuery, MetricStat, StateValue, Statistic,
};
use aws_sdk_elasticloadbalancingv2::error::ProvideErrorMetadata;
use aws_sdk_elasticloadbalancingv2::types::{Action, ActionTypeEnum, ForwardActionConfig, TargetGroupTuple};
use ecs_sim::cloudwatch::Series;
use ecs_sim::elbv2::BalancerSpec;

use crate::support::world::{World, key};

fn forward(groups: &[String], weights: [i32; 2]) -> Action {
    let tuples = groups
        .iter()
        .zip(weights)
        .map(|(arn, weight)| TargetGroupTuple::builder().target_group_arn(arn).weight(weight).build());
    let config = ForwardActionConfig::builder().set_target_groups(Some(tuples.collect())).build();
    Action::builder().r#type(ActionTypeEnum::Forward).forward_config(config).build()
}

#[tokio::test(start_paused = true)]
async fn load_balancing_is_understood_by_its_client() {
    let world = World::new(1);
    let spec =
        BalancerSpec { stickiness_seconds: Some(60), ..BalancerSpec::new("web", &[("web-a", 100), ("web-b", 0)]) };
    let made = world.aws.sim(|sim| sim.balancer(&key(), &spec)).unwrap();
    let client = aws_sdk_elasticloadbalancingv2::Client::new(&world.aws.config("eu-west-1"));
    let rules = client.describe_rules().listener_arn(&made.listener).send().await.unwrap();
    let [rule, default] = rules.rules() else { panic!("{rules:?}") };
    assert_eq!((rule.priority(), default.is_default()), (Some("1"), Some(true)));
    let config = rule.actions()[0].forward_config().unwrap();
    assert_eq!(config.target_groups()[0].weight(), Some(100));
    let stickiness = config.target_group_stickiness_config().unwrap();
    assert_eq!((stickiness.enabled(), stickiness.duration_seconds()), (Some(true), Some(60)));
    let modified = client.modify_rule().rule_arn(&made.rule).actions(forward(&made.groups, [40, 60])).send().await;
    let modified = modified.unwrap();
    assert_eq!(modified.rules()[0].actions()[0].forward_config().unwrap().target_groups()[1].weight(), Some(60));
    assert_eq!(world.aws.sim(|sim| sim.weights(&key(), &made.rule))[&made.groups[1]], 60);
    let refused = client.modify_rule().rule_arn("arn:none").send().await.unwrap_err();
    assert!(refused.as_service_error().unwrap().is_rule_not_found_exception(), "{refused:?}");
    let refused = client.modify_rule().rule_arn(&made.rule).actions(forward(&made.groups, [1000, 0])).send().await;
    assert_eq!(refused.unwrap_err().code(), Some("ValidationError"));
    let pages = client.describe_target_groups().page_size(1).into_paginator().items().send();
    assert_eq!(pages.collect::<Result<Vec<_>, _>>().await.unwrap().len(), 2);
    let one = client.describe_target_groups().names("web-b").send().await.unwrap();
    assert_eq!(one.target_groups()[0].load_balancer_arns(), std::slice::from_ref(&made.load_balancer));
    let health = client.describe_target_health().target_group_arn(&made.groups[0]).send().await.unwrap();
    assert!(health.target_health_descriptions().is_empty());
    let tags = client.describe_tags().resource_arns(&made.groups[0]).send().await.unwrap();
    assert_eq!(tags.tag_descriptions()[0].resource_arn(), Some(made.groups[0].as_str()));
    world.aws.sim(|sim| assert_eq!((&sim.unknown_actions, &sim.shape_faults), (&vec![], &vec![])));
}

#[tokio::test(start_paused = true)]
async fn cloudwatch_is_understood_by_its_client() {
    let world = World::new(1);
    let client = aws_sdk_cloudwatch::Client::new(&world.aws.config("eu-west-1"));
    let put = client.put_metric_alarm().alarm_name("gate").namespace("Shop").metric_name("Errors");
    let put = put.statistic(Statistic::Sum).period(60).evaluation_periods(1).threshold(5.0);
    put.comparison_operator(ComparisonOperator::GreaterThanThreshold).send().await.unwrap();
    let found = client.describe_alarms().alarm_names("gate").alarm_names("none").send().await.unwrap();
    let [alarm] = found.metric_alarms() else { panic!("{found:?}") };
    assert_eq!((alarm.state_value(), alarm.threshold()), (Some(&StateValue::InsufficientData), Some(5.0)));
    let start = world.aws.sim(|sim| {
        sim.set_series(&key(), "Shop", "Errors", &[("TargetGroup", "web")], Series::Points(vec![(0, 1.5), (60, 3.0)]));
        sim.now() / 1000
    });
    world.wait(std::time::Duration::from_secs(120)).await;
    let dimension = Dimension::builder().name("TargetGroup").value("web").build();
    let metric = Metric::builder().namespace("Shop").metric_name("Errors").dimensions(dimension).build();
    let query = |id: &str, stat: &str| {
        let measured = MetricStat::builder().metric(metric.clone()).period(60).stat(stat).build();
        MetricDataQuery::builder().id(id).metric_stat(measured).build()
    };
    let ask = |queries: Vec<MetricDataQuery>| {
        let ask = client.get_metric_data().set_metric_data_queries(Some(queries));
        ask.start_time(DateTime::from_secs(start - 60)).end_time(DateTime::from_secs(start + 120)).send()
    };
    let answer = ask(vec![query("sum", "Sum"), query("top", "p99")]).await.unwrap();
    assert_eq!(answer.metric_data_results()[0].values(), [3.0, 1.5]);
    assert_eq!(answer.metric_data_results()[0].timestamps()[0].secs().rem_euclid(60), 0);
    let refused = ask(vec![MetricDataQuery::builder().id("e").expression("a / b").build()]).await.unwrap_err();
    assert_eq!(refused.code(), Some("ValidationError"));
    assert!(refused.message().is_some_and(|text| text.contains("a / b")), "{refused:?}");
    let refused = client.delete_alarms().alarm_names("none").send().await.unwrap_err();
    assert!(refused.as_service_error().unwrap().is_resource_not_found(), "{refused:?}");
    client.delete_alarms().alarm_names("gate").send().await.unwrap();
    world.aws.sim(|sim| assert_eq!((&sim.unknown_actions, &sim.shape_faults), (&vec![], &vec![])));
}
