//! Copying the scaling of one service to another: names, dimensions and actions rewritten, all else as it is. Pure.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_applicationautoscaling::operation::put_scaling_policy::builders::PutScalingPolicyInputBuilder;
use aws_sdk_applicationautoscaling::operation::put_scheduled_action::builders::PutScheduledActionInputBuilder;
use aws_sdk_applicationautoscaling::types::{ScalingPolicy, ScheduledAction as Scheduled};
use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmInputBuilder;
use aws_sdk_cloudwatch::types::{Dimension, MetricAlarm, MetricDataQuery};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::alarms::as_put;
use super::labels::Groups;
use crate::api::names::tag;
use crate::api::shapes::policy::{PredictiveScalingPolicy, ScheduledAction, StepScalingPolicy, TargetTrackingPolicy};
use crate::aws::AlarmSeen;

/// Namespaces in which `ClusterName` and `ServiceName` name an ECS service.
const NAMESPACES: &[&str] = &["AWS/ECS", "ECS/ContainerInsights"];
/// Names have so many characters at most: those of alarms, which are the shorter ones.
const LONGEST: usize = 255;

/// A service on one side of a copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct End {
    /// Its name.
    pub(super) service: String,
    /// Short name of its cluster.
    pub(super) cluster: String,
    /// Its Region.
    pub(super) region: String,
    /// Id of its account; empty when it is not known.
    pub(super) account: String,
}

impl End {
    /// The service as Application Auto Scaling names it.
    #[must_use]
    pub(super) fn resource(&self) -> String {
        format!("service/{}/{}", self.cluster, self.service)
    }
}

/// From where to where.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    /// The source.
    pub(super) from: End,
    /// The version.
    pub(super) to: End,
    /// Names at the source that were given when it was copied to itself.
    pub(super) given: BTreeSet<String>,
    /// Target groups on both sides, where a policy counts requests.
    pub(super) groups: Groups,
}

/// What the source has and is to be copied.
#[derive(Clone, Debug, Default)]
pub(super) struct Original {
    /// Its policies.
    pub(super) policies: Vec<ScalingPolicy>,
    /// ARNs and names of those that the spec gives the version too.
    pub(super) others: BTreeMap<String, String>,
    /// Its scheduled actions.
    pub(super) actions: Vec<Scheduled>,
    /// The alarms that the policies name, by name.
    pub(super) alarms: BTreeMap<String, AlarmSeen>,
}

/// What the version is to have, by new name.
#[derive(Clone, Debug, Default)]
pub(super) struct Copies {
    /// Policies, with the ARN of the original.
    pub(super) policies: BTreeMap<String, (String, PutScalingPolicyInputBuilder)>,
    /// Policies that are not copied: ARN, and the name of the version's own that stands in its place.
    pub(super) policies_left: BTreeMap<String, Option<String>>,
    /// Scheduled actions.
    pub(super) actions: BTreeMap<String, PutScheduledActionInputBuilder>,
    /// Alarms as they are at the source.
    pub(super) alarms: BTreeMap<String, MetricAlarm>,
    /// What is not copied, and why.
    pub(super) left: BTreeSet<String>,
}

/// The names of alarms that policies name; those of target tracking are made by AWS.
#[must_use]
pub(super) fn alarms_of(policies: &[ScalingPolicy]) -> BTreeSet<String> {
    let named = policies.iter().flat_map(ScalingPolicy::alarms).map(|alarm| alarm.alarm_name.clone());
    named.filter(|name| !name.starts_with("TargetTracking-")).collect()
}

/// What there is to copy. `declared` are the names of policies and actions that the spec gives the version.
#[must_use]
pub(super) fn copies(original: &Original, way: &Way, declared: &BTreeSet<String>, now: Timestamp) -> Copies {
    let others = original.others.iter().map(|(arn, name)| (arn.clone(), Some(name.clone()))).collect();
    let mut copies = Copies { policies_left: others, ..Copies::default() };
    for policy in &original.policies {
        let (old, new) = (&policy.policy_name, way.renamed(&policy.policy_name));
        let put = match put_policy(policy, way, &new) {
            _ if declared.contains(&new) => Err(format!("`{new}` is declared in the spec")),
            _ if new.len() > LONGEST => Err(format!("`{new}` is too long a name")),
            put => put,
        };
        match put {
            Ok(put) => {
                copies.policies.insert(new, (policy.policy_arn.clone(), put));
            }
            Err(why) => {
                let own = Some(new.clone()).filter(|new| declared.contains(new));
                copies.policies_left.insert(policy.policy_arn.clone(), own);
                copies.left.insert(format!("policy `{old}`, {why}"));
            }
        }
    }
    for action in &original.actions {
        let (old, new) = (&action.scheduled_action_name, way.renamed(&action.scheduled_action_name));
        let seen = ScheduledAction { scheduled_action_name: Some(new.clone()), ..ScheduledAction::observed(action) };
        let put = match seen.to_put(&way.to.resource()) {
            _ if declared.contains(&new) => Err(format!("`{new}` is declared in the spec")),
            _ if new.len() > LONGEST => Err(format!("`{new}` is too long a name")),
            _ if has_passed(&seen, now) => Err("its time has passed".to_owned()),
            Ok(put) => Ok(put),
            Err(why) => Err(why.to_string()),
        };
        match put {
            Ok(put) => {
                copies.actions.insert(new, put);
            }
            Err(why) => {
                copies.left.insert(format!("scheduled action `{old}`, {why}"));
            }
        }
    }
    for (old, alarm) in &original.alarms {
        let new = way.renamed(old);
        match alarm {
            AlarmSeen::Composite(_) => {
                copies.left.insert(format!("alarm `{old}`, it is a composite alarm"));
            }
            AlarmSeen::Metric(_) if new.len() > LONGEST => {
                copies.left.insert(format!("alarm `{old}`, `{new}` is too long a name"));
            }
            AlarmSeen::Metric(alarm) => {
                copies.alarms.insert(new, alarm.as_ref().clone());
            }
        }
    }
    copies
}

/// Is it an action that nothing would come of? Application Auto Scaling refuses an end in the past.
fn has_passed(action: &ScheduledAction, now: Timestamp) -> bool {
    let over = action.end_time.as_deref().and_then(|end| end.parse::<Timestamp>().ok()).is_some_and(|end| end <= now);
    let once = action.schedule.as_deref().and_then(|text| text.trim().strip_prefix("at(")?.strip_suffix(')'));
    let once = once.and_then(|text| format!("{}Z", text.trim()).parse::<Timestamp>().ok());
    // Local time anywhere is at most 14 hours from UTC.
    over || once.is_some_and(|time| time.as_second() + 14 * 3600 < now.as_second())
}

/// Does a policy count the requests of a target group?
#[must_use]
pub(super) fn counts_requests(policy: &ScalingPolicy) -> bool {
    let tracking = TargetTrackingPolicy::observed(policy).and_then(|seen| serde_json::to_value(seen).ok());
    let predictive = || PredictiveScalingPolicy::observed(policy).and_then(|seen| serde_json::to_value(seen).ok());
    tracking.or_else(predictive).is_some_and(|policy| policy.to_string().contains("\"resourceLabel\""))
}

/// The policy at the version, or why there can be none.
fn put_policy(policy: &ScalingPolicy, way: &Way, name: &str) -> Result<PutScalingPolicyInputBuilder, String> {
    let (resource, name) = (way.to.resource(), Some(name.to_owned()));
    let put = if let Some(seen) = TargetTrackingPolicy::observed(policy) {
        TargetTrackingPolicy { policy_name: name, ..way.rewritten(&seen)? }.to_put(&resource)
    } else if let Some(seen) = StepScalingPolicy::observed(policy) {
        StepScalingPolicy { policy_name: name, ..seen }.to_put(&resource)
    } else {
        let seen = PredictiveScalingPolicy::observed(policy).ok_or("its kind is not known")?;
        PredictiveScalingPolicy { policy_name: name, ..way.rewritten(&seen)? }.to_put(&resource)
    };
    put.map_err(|why| why.to_string())
}

impl Way {
    /// The name at the version of what has this name at the source.
    ///
    /// The source's name is replaced where it stands as a whole; where it does not, the version's is appended. A name
    /// with the source's behind a `-` may be that of another service, unless it was made so by copying.
    #[must_use]
    pub(super) fn renamed(&self, name: &str) -> String {
        let (from, to) = (self.from.service.as_str(), self.to.service.as_str());
        let is_name = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        let (mut out, mut rest, mut found) = (String::new(), 0, false);
        for (at, _) in name.match_indices(from).filter(|_| !from.is_empty()) {
            let (before, after) = (name.get(..at).unwrap_or_default(), name.get(at + from.len()..).unwrap_or_default());
            let free = !before.ends_with(is_name) && !after.starts_with(char::is_alphanumeric);
            if free && at >= rest {
                out.push_str(name.get(rest..at).unwrap_or_default());
                out.push_str(to);
                (rest, found) = (at + from.len(), true);
            }
        }
        if found {
            out.push_str(name.get(rest..).unwrap_or_default());
            return out;
        }
        let appended = name.strip_suffix(from).and_then(|name| name.strip_suffix('-'));
        let stem = appended.filter(|_| self.given.contains(name)).unwrap_or(name);
        format!("{stem}-{to}")
    }

    /// The value of a dimension at the version.
    fn dimension(&self, namespace: Option<&str>, name: &str, value: &str) -> String {
        let ours = namespace.is_some_and(|namespace| NAMESPACES.contains(&namespace));
        match name {
            "ClusterName" if ours && value == self.from.cluster => self.to.cluster.clone(),
            "ServiceName" if ours && value == self.from.service => self.to.service.clone(),
            _ => value.to_owned(),
        }
    }

    /// A policy with the dimensions and the target group of its metrics rewritten.
    fn rewritten<T: Serialize + DeserializeOwned + Clone>(&self, policy: &T) -> Result<T, String> {
        let Ok(value) = serde_json::to_value(policy) else { return Ok(policy.clone()) };
        Ok(serde_json::from_value(self.in_json(value)?).unwrap_or_else(|_| policy.clone()))
    }

    fn in_json(&self, value: Value) -> Result<Value, String> {
        Ok(match value {
            Value::Array(items) => {
                Value::Array(items.into_iter().map(|item| self.in_json(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(mut members) => {
                let namespace = members.get("namespace").and_then(Value::as_str).map(str::to_owned);
                for dimension in members.get_mut("dimensions").and_then(Value::as_array_mut).into_iter().flatten() {
                    let text = |member: &str| dimension.get(member).and_then(Value::as_str).map(str::to_owned);
                    let (Some(name), Some(old)) = (text("name"), text("value")) else { continue };
                    let new = self.dimension(namespace.as_deref(), &name, &old);
                    if let Some(place) = dimension.get_mut("value") {
                        *place = Value::String(new);
                    }
                }
                if let Some(Value::String(label)) = members.get_mut("resourceLabel") {
                    *label = self.groups.label(label)?;
                }
                let members = members.into_iter().map(|(name, member)| Ok((name, self.in_json(member)?)));
                Value::Object(members.collect::<Result<_, String>>()?)
            }
            leaf @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => leaf,
        })
    }

    fn in_alarm(&self, namespace: Option<&str>, dimensions: Option<Vec<Dimension>>) -> Option<Vec<Dimension>> {
        let rewritten = |mut dimension: Dimension| {
            if let (Some(name), Some(value)) = (&dimension.name, &dimension.value) {
                dimension.value = Some(self.dimension(namespace, name, value));
            }
            dimension
        };
        dimensions.map(|list| list.into_iter().map(rewritten).collect())
    }

    fn in_query(&self, mut query: MetricDataQuery) -> MetricDataQuery {
        if let Some(metric) = query.metric_stat.as_mut().and_then(|stat| stat.metric.as_mut()) {
            metric.dimensions = self.in_alarm(metric.namespace.as_deref(), metric.dimensions.take());
        }
        query
    }

    /// An action of an alarm at the version; `None` when it is dropped. `arns` gives the new ARN of a policy that was
    /// copied, or `None` for one of the source's that was not.
    fn action(&self, action: &str, arns: &BTreeMap<String, Option<String>>) -> Option<String> {
        if let Some(new) = arns.get(action) {
            return new.clone();
        }
        let names = |id: &str, other: &str| id != other && !id.is_empty() && action.split(':').any(|part| part == id);
        let (from, to) = (&self.from, &self.to);
        let elsewhere = names(&from.region, &to.region) || names(&from.account, &to.account);
        (!elsewhere).then(|| action.to_owned())
    }

    /// The alarm at the version, without tags.
    #[must_use]
    pub(super) fn alarm(
        &self,
        alarm: &MetricAlarm,
        name: &str,
        arns: &BTreeMap<String, Option<String>>,
    ) -> PutMetricAlarmInputBuilder {
        let actions = |list: &Option<Vec<String>>| {
            list.as_ref().map(|list| list.iter().filter_map(|action| self.action(action, arns)).collect())
        };
        let metrics = alarm.metrics.clone();
        as_put(alarm)
            .alarm_name(name)
            .set_dimensions(self.in_alarm(alarm.namespace.as_deref(), alarm.dimensions.clone()))
            .set_metrics(metrics.map(|list| list.into_iter().map(|query| self.in_query(query)).collect()))
            .set_ok_actions(actions(&alarm.ok_actions))
            .set_alarm_actions(actions(&alarm.alarm_actions))
            .set_insufficient_data_actions(actions(&alarm.insufficient_data_actions))
    }
}

/// The tags of a copy: those of the original that AWS and operators did not set, and the owner's.
#[must_use]
pub(super) fn tags(
    original: Option<&BTreeMap<String, String>>,
    owner: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let kept = original.into_iter().flatten();
    let kept = kept.filter(|(key, _)| !key.starts_with("aws:") && !key.starts_with(tag::PREFIX));
    kept.map(|(key, value)| (key.clone(), value.clone())).chain(owner).collect()
}

#[cfg(test)]
#[path = "copying_tests.rs"]
mod tests;
