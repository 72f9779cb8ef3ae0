//! The alarms that a group declares, for each version: what they are to be, and how CloudWatch's differ. Pure.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_applicationautoscaling::types::ScalingPolicy;
use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmInputBuilder;
use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, MetricAlarm, StandardUnit, Statistic};
use kube::Resource as _;

use super::children::{Children, version_of};
use super::desired::Desired;
use super::render::Tokens;
use crate::api::ServerGroupStatus;
use crate::api::server_group::scaling::ScalingAlarm;
use crate::api::status::VersionState;
use crate::controllers::hash::hash;

/// How `copiedScaling` names an alarm.
pub(super) const ALARM: &str = "alarm/";

/// A declared alarm of one version.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Declared {
    /// The version.
    pub(super) version: String,
    /// All members but the step policies among its actions.
    pub(super) put: PutMetricAlarmInputBuilder,
    /// Step policies that it triggers, by name.
    pub(super) policies: Vec<String>,
    /// Does ECS have the service?
    pub(super) ready: bool,
}

/// The alarms that versions whose service exists are to have, by name.
#[must_use]
pub(super) fn declared(
    desired: &Desired,
    status: &ServerGroupStatus,
    children: &Children,
) -> BTreeMap<String, Declared> {
    let mut all = BTreeMap::new();
    for version in status.versions.iter().filter(|version| version.state != VersionState::Destroying) {
        if desired.scaling.alarms.is_empty() {
            break;
        }
        let Some(service) = children.pair(&version.name).service else { continue };
        if service.meta().deletion_timestamp.is_some() {
            continue;
        }
        let balancers = service.spec.load_balancers.as_ref();
        let group = balancers.and_then(|list| list.first()).and_then(|balancer| balancer.target_group_arn.as_deref());
        let tokens = Tokens::of(desired, &version_of(version), group);
        let ready = service.status.as_ref().is_some_and(|status| status.status.as_deref() == Some("ACTIVE"));
        for alarm in &desired.scaling.alarms {
            let name = format!("{}-{}", alarm.alarm_name.as_deref().unwrap_or_default(), version.name);
            let declared = Declared {
                version: version.name.clone(),
                put: rendered(alarm, &name, &tokens),
                policies: alarm.policies.clone().unwrap_or_default(),
                ready,
            };
            all.insert(name, declared);
        }
    }
    all
}

fn rendered(alarm: &ScalingAlarm, name: &str, tokens: &Tokens) -> PutMetricAlarmInputBuilder {
    let dimensions = alarm.dimensions.iter().flatten();
    let dimensions = dimensions.map(|(name, value)| Dimension::builder().name(name).value(tokens.text(value)).build());
    PutMetricAlarmInputBuilder::default()
        .alarm_name(name)
        .actions_enabled(true)
        .set_alarm_actions(alarm.alarm_actions.clone())
        .set_alarm_description(alarm.alarm_description.clone())
        .set_namespace(alarm.namespace.clone())
        .set_metric_name(alarm.metric_name.clone())
        .set_dimensions(Some(dimensions.collect()))
        .set_statistic(alarm.statistic.as_deref().map(Statistic::from))
        .set_extended_statistic(alarm.extended_statistic.clone())
        .set_period(alarm.period)
        .set_unit(alarm.unit.as_deref().map(StandardUnit::from))
        .set_evaluation_periods(alarm.evaluation_periods)
        .set_datapoints_to_alarm(alarm.datapoints_to_alarm)
        .set_threshold(alarm.threshold)
        .set_comparison_operator(alarm.comparison_operator.as_deref().map(ComparisonOperator::from))
        .set_treat_missing_data(alarm.treat_missing_data.clone())
}

/// The request with the version's own policies among its actions; `None` while one of them is not there.
#[must_use]
pub(super) fn complete(declared: &Declared, own: &[ScalingPolicy]) -> Option<PutMetricAlarmInputBuilder> {
    let mut put = declared.put.clone();
    for name in &declared.policies {
        let policy = own.iter().find(|policy| policy.policy_name == *name)?;
        put = put.alarm_actions(&policy.policy_arn);
    }
    Some(put)
}

/// The request that makes the alarm as it is, without tags.
#[must_use]
pub(super) fn as_put(alarm: &MetricAlarm) -> PutMetricAlarmInputBuilder {
    let alarm = alarm.clone();
    PutMetricAlarmInputBuilder::default()
        .set_alarm_name(alarm.alarm_name)
        .set_alarm_description(alarm.alarm_description)
        .set_actions_enabled(alarm.actions_enabled)
        .set_ok_actions(alarm.ok_actions)
        .set_alarm_actions(alarm.alarm_actions)
        .set_insufficient_data_actions(alarm.insufficient_data_actions)
        .set_metric_name(alarm.metric_name)
        .set_namespace(alarm.namespace)
        .set_statistic(alarm.statistic)
        .set_extended_statistic(alarm.extended_statistic)
        .set_dimensions(alarm.dimensions)
        .set_period(alarm.period)
        .set_unit(alarm.unit)
        .set_evaluation_periods(alarm.evaluation_periods)
        .set_datapoints_to_alarm(alarm.datapoints_to_alarm)
        .set_threshold(alarm.threshold)
        .set_comparison_operator(alarm.comparison_operator)
        .set_treat_missing_data(alarm.treat_missing_data)
        .set_evaluate_low_sample_count_percentile(alarm.evaluate_low_sample_count_percentile)
        .set_metrics(alarm.metrics)
        .set_threshold_metric_id(alarm.threshold_metric_id)
        .set_evaluation_window(alarm.evaluation_window)
        .set_warm_up_configuration(alarm.warm_up_configuration)
        .set_evaluation_criteria(alarm.evaluation_criteria)
        .set_evaluation_interval(alarm.evaluation_interval)
        .set_action_configuration(alarm.action_configuration)
}

/// Do both requests make the same alarm? Tags are not looked at: those of an alarm that exists do not change.
#[must_use]
pub(super) fn same(one: &PutMetricAlarmInputBuilder, other: &PutMetricAlarmInputBuilder) -> bool {
    normal(one) == normal(other)
}

/// Lists in order and without what CloudWatch fills in by itself.
fn normal(put: &PutMetricAlarmInputBuilder) -> PutMetricAlarmInputBuilder {
    let actions = |list: &Option<Vec<String>>| {
        let sorted: BTreeSet<String> = list.iter().flatten().cloned().collect();
        Some(sorted.into_iter().collect::<Vec<_>>()).filter(|list| !list.is_empty())
    };
    let mut dimensions = put.get_dimensions().clone().unwrap_or_default();
    dimensions.sort_by(|a, b| a.name.cmp(&b.name));
    let periods = *put.get_evaluation_periods();
    put.clone()
        .set_ok_actions(actions(put.get_ok_actions()))
        .set_alarm_actions(actions(put.get_alarm_actions()))
        .set_insufficient_data_actions(actions(put.get_insufficient_data_actions()))
        .set_dimensions(Some(dimensions).filter(|list| !list.is_empty()))
        .set_metrics(put.get_metrics().clone().filter(|list| !list.is_empty()))
        .actions_enabled(put.get_actions_enabled().unwrap_or(true))
        .set_alarm_description(put.get_alarm_description().clone().filter(|text| !text.is_empty()))
        .set_treat_missing_data(put.get_treat_missing_data().clone().filter(|word| word != "missing"))
        .set_datapoints_to_alarm(put.get_datapoints_to_alarm().filter(|points| Some(*points) != periods))
        .set_tags(None)
}

/// A short text that is equal for requests that make the same alarm.
#[must_use]
pub(super) fn fingerprint(put: &PutMetricAlarmInputBuilder) -> String {
    let text = format!("{:?}", normal(put));
    // Without the members that are absent, so that one that AWS adds changes nothing.
    let present: Vec<&str> = text.split(", ").filter(|part| !part.ends_with(": None")).collect();
    hash(&present.join(", "), 8)
}

/// Recorded alarms that no version has any more.
#[must_use]
pub(super) fn unwanted(status: &ServerGroupStatus, declared: &BTreeMap<String, Declared>) -> Vec<String> {
    let living = status.versions.iter().filter(|version| version.state != VersionState::Destroying);
    let copied: BTreeSet<&str> = living
        .flat_map(|version| version.copied_scaling.iter().filter_map(|entry| entry.strip_prefix(ALARM)))
        .collect();
    let wanted = |name: &&String| declared.contains_key(*name) || copied.contains(name.as_str());
    status.alarms.iter().filter(|name| !wanted(name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm() -> ScalingAlarm {
        ScalingAlarm {
            alarm_name: Some("busy".into()),
            namespace: Some("AWS/ECS".into()),
            metric_name: Some("CPUUtilization".into()),
            dimensions: Some([("A".into(), "1".into()), ("B".into(), "2".into())].into()),
            statistic: Some("Average".into()),
            period: Some(60),
            evaluation_periods: Some(3),
            threshold: Some(70.0),
            comparison_operator: Some("GreaterThanThreshold".into()),
            ..ScalingAlarm::default()
        }
    }

    fn put() -> PutMetricAlarmInputBuilder {
        rendered(&alarm(), "busy-v1", &Tokens::default())
    }

    #[test]
    fn an_alarm_as_cloudwatch_shows_it_equals_the_one_that_was_put() {
        let seen = MetricAlarm::builder()
            .alarm_name("busy-v1")
            .actions_enabled(true)
            .set_ok_actions(Some(Vec::new()))
            .set_alarm_actions(Some(vec!["b".into(), "a".into()]))
            .namespace("AWS/ECS")
            .metric_name("CPUUtilization")
            .dimensions(Dimension::builder().name("B").value("2").build())
            .dimensions(Dimension::builder().name("A").value("1").build())
            .statistic(Statistic::Average)
            .period(60)
            .evaluation_periods(3)
            .datapoints_to_alarm(3)
            .treat_missing_data("missing")
            .threshold(70.0)
            .comparison_operator(ComparisonOperator::GreaterThanThreshold);
        let wanted = put().alarm_actions("a").alarm_actions("b");
        assert!(same(&as_put(&seen.clone().build()), &wanted));
        for other in [
            seen.clone().threshold(71.0),
            seen.clone().actions_enabled(false),
            seen.clone().datapoints_to_alarm(2),
            seen.clone().ok_actions("c"),
            seen.clone().unit(StandardUnit::Percent),
        ] {
            assert!(!same(&as_put(&other.build()), &wanted));
        }
    }

    #[test]
    fn an_alarm_waits_for_all_its_policies() {
        let declared = Declared { version: "v1".into(), put: put(), policies: vec!["up".into()], ready: true };
        assert_eq!(complete(&declared, &[]), None);
    }
}
