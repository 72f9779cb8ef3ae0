//! Metric alarms of CloudWatch: read whole, made, tagged and deleted.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmInputBuilder;
use aws_sdk_cloudwatch::types::{AlarmType, MetricAlarm, Tag};

use super::clients::Aws;
use super::cloudwatch::AlarmState;
use super::error::AwsError;
use super::op::{Op, Priority};
use super::pages::pages;
use super::scope::Scope;

/// `DescribeAlarms` and `DeleteAlarms` take so many names.
const NAMES: usize = 100;

/// An alarm of a name.
#[derive(Clone, Debug, PartialEq)]
pub enum AlarmSeen {
    /// A metric alarm with all its members.
    Metric(Box<MetricAlarm>),
    /// A composite alarm, which cannot be put as a metric alarm.
    Composite(AlarmState),
}

impl AlarmSeen {
    /// Its state; a state that is not said is that of an alarm without data.
    pub fn state(&self) -> AlarmState {
        match self {
            Self::Metric(alarm) => AlarmState::of(alarm.state_value.as_ref()),
            Self::Composite(state) => *state,
        }
    }
}

impl Aws {
    /// The alarms of these names that exist, read by hundreds.
    pub async fn whole_alarms(
        &self,
        scope: &Scope,
        names: &[String],
        priority: Priority,
    ) -> Result<BTreeMap<String, AlarmSeen>, AwsError> {
        let mut found = BTreeMap::new();
        for some in names.chunks(NAMES) {
            found.extend(self.describe_alarms(scope, some.to_vec(), priority).await?);
        }
        Ok(found)
    }

    /// The alarms of up to a hundred names that exist.
    pub(super) async fn describe_alarms(
        &self,
        scope: &Scope,
        names: Vec<String>,
        priority: Priority,
    ) -> Result<Vec<(String, AlarmSeen)>, AwsError> {
        pages(Op::DescribeAlarms, |token| {
            let call = self.cloudwatch(scope).describe_alarms().set_alarm_names(Some(names.clone()));
            // Composite alarms come only when they are asked for.
            let call = call.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
            let call = || call.max_records(100).set_next_token(token).send();
            async move {
                let page = self.call(scope, Op::DescribeAlarms, priority, call).await?;
                let metric = page.metric_alarms.unwrap_or_default().into_iter();
                let metric = metric.map(|alarm| (alarm.alarm_name.clone(), AlarmSeen::Metric(Box::new(alarm))));
                let composite = page.composite_alarms.unwrap_or_default().into_iter();
                let composite = composite
                    .map(|alarm| (alarm.alarm_name, AlarmSeen::Composite(AlarmState::of(alarm.state_value.as_ref()))));
                let all = metric.chain(composite).filter_map(|(name, alarm)| Some((name?, alarm)));
                Ok((all.collect(), page.next_token))
            }
        })
        .await
    }

    /// Tags of an alarm, by its ARN.
    pub async fn alarm_tags(
        &self,
        scope: &Scope,
        arn: &str,
        priority: Priority,
    ) -> Result<BTreeMap<String, String>, AwsError> {
        let call = || self.cloudwatch(scope).list_tags_for_resource().resource_arn(arn).send();
        let answer = self.call(scope, Op::ListTagsForAlarm, priority, call).await?;
        let pair = |tag: Tag| Some((tag.key?, tag.value.unwrap_or_default()));
        Ok(answer.tags.unwrap_or_default().into_iter().filter_map(pair).collect())
    }

    /// Makes an alarm with its tags, or replaces all members of one that exists but not its tags.
    pub async fn put_metric_alarm(
        &self,
        scope: &Scope,
        alarm: PutMetricAlarmInputBuilder,
        priority: Priority,
    ) -> Result<(), AwsError> {
        let client = self.cloudwatch(scope);
        self.call(scope, Op::PutMetricAlarm, priority, || alarm.send_with(&client)).await?;
        Ok(())
    }

    /// Sets tags of an alarm, by its ARN.
    pub async fn tag_alarm(
        &self,
        scope: &Scope,
        arn: &str,
        tags: &BTreeMap<String, String>,
        priority: Priority,
    ) -> Result<(), AwsError> {
        let call = || self.cloudwatch(scope).tag_resource().resource_arn(arn).set_tags(Some(sdk_tags(tags))).send();
        self.call(scope, Op::TagAlarm, priority, call).await?;
        Ok(())
    }

    /// Deletes alarms. CloudWatch deletes none of a hundred when one of them does not exist, and says so
    /// (`TargetMissing`).
    pub async fn delete_alarms(&self, scope: &Scope, names: &[String], priority: Priority) -> Result<(), AwsError> {
        for some in names.chunks(NAMES) {
            let call = || self.cloudwatch(scope).delete_alarms().set_alarm_names(Some(some.to_vec())).send();
            self.call(scope, Op::DeleteAlarms, priority, call).await?;
        }
        Ok(())
    }
}

/// Tags as CloudWatch takes them.
#[must_use]
pub fn sdk_tags(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}
