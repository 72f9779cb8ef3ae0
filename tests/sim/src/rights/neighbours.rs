//! What the actions of the services beside ECS need, from their pages of the Service Authorization Reference.

use serde_json::Value;

use super::{Demand, tags};
use crate::ecs::{list, text};
use crate::world::{Cx, Region};

/// Application Auto Scaling.
pub(super) fn scaling(region: &Region, cx: &Cx, action: &str, input: &Value) -> Vec<Demand> {
    const SERVICE: &str = "application-autoscaling";
    let given = tags(input.get("Tags"));
    if let Some(arn) = text(input, "ResourceARN") {
        let demand = Demand::new(SERVICE, action, arn).requesting(&given);
        let keys = list(input, "TagKeys").iter().filter_map(Value::as_str);
        return vec![keys.fold(demand, |demand, key| demand.with("aws:TagKeys", key))];
    }
    if action.starts_with("Describe") {
        return vec![Demand::new(SERVICE, action, "*")];
    }
    let id = text(input, "ResourceId").unwrap_or_default();
    let target = region.autoscaling.targets.get(id);
    let arn = target.map_or_else(|| cx.key.arn(SERVICE, "scalable-target/new"), |target| target.arn.clone());
    let of = |action: &str| {
        let demand = Demand::new(SERVICE, action, arn.clone()).requesting(&given);
        [("service-namespace", "ServiceNamespace"), ("scalable-dimension", "ScalableDimension")].into_iter().fold(
            demand,
            |demand, (key, member)| match text(input, member) {
                Some(value) => demand.with(&format!("{SERVICE}:{key}"), value),
                None => demand,
            },
        )
    };
    let mut all = vec![of(action)];
    if !given.is_empty() {
        all.push(Demand::new(SERVICE, "TagResource", arn).requesting(&given));
    }
    all
}

/// Elastic Load Balancing.
pub(super) fn balancing(region: &Region, action: &str, input: &Value) -> Vec<Demand> {
    let balancing = &region.fixtures.balancing;
    let on = |arn: &str| {
        let rule = balancing.rules.get(arn).map(|rule| &rule.tags);
        let tags = rule.or_else(|| balancing.listeners.get(arn).map(|listener| &listener.tags));
        Demand::new("elasticloadbalancing", action, arn).bearing(tags.into_iter().flatten())
    };
    match action {
        "ModifyRule" => vec![on(text(input, "RuleArn").unwrap_or_default())],
        "ModifyListener" => vec![on(text(input, "ListenerArn").unwrap_or_default())],
        _ => vec![Demand::new("elasticloadbalancing", action, "*")],
    }
}

/// `CloudWatch`.
pub(super) fn alarms(cx: &Cx, action: &str, input: &Value) -> Vec<Demand> {
    const SERVICE: &str = "cloudwatch";
    let named = |name: &str| cx.key.arn(SERVICE, &format!("alarm:{name}"));
    let given = tags(input.get("Tags"));
    match action {
        "PutMetricAlarm" => {
            let arn = named(text(input, "AlarmName").unwrap_or_default());
            let mut all = vec![Demand::new(SERVICE, action, arn.clone()).requesting(&given)];
            if !given.is_empty() {
                all.push(Demand::new(SERVICE, "TagResource", arn).requesting(&given));
            }
            all
        }
        "DeleteAlarms" => {
            let alarms = list(input, "AlarmNames").iter().filter_map(Value::as_str);
            alarms.map(|name| Demand::new(SERVICE, action, named(name))).collect()
        }
        "TagResource" | "UntagResource" | "ListTagsForResource" => {
            let arn = text(input, "ResourceARN").unwrap_or_default();
            vec![Demand::new(SERVICE, action, arn).requesting(&given)]
        }
        // "DescribeAlarms": composite alarms are returned only to who may see all.
        "DescribeAlarms" if !list(input, "AlarmTypes").iter().any(|kind| kind == "CompositeAlarm") => {
            vec![Demand::new(SERVICE, action, named("*"))]
        }
        _ => vec![Demand::new(SERVICE, action, "*")],
    }
}

/// SQS; a batch needs the permission of the single action.
pub(super) fn queues(cx: &Cx, action: &str, input: &Value) -> Vec<Demand> {
    let name = text(input, "QueueUrl").and_then(|url| url.rsplit('/').next()).unwrap_or_default();
    vec![Demand::new("sqs", action.trim_end_matches("Batch"), cx.key.arn("sqs", name))]
}

/// STS; everybody may ask who they are.
pub(super) fn sessions(action: &str, input: &Value) -> Vec<Demand> {
    let role = text(input, "RoleArn").unwrap_or_default();
    let given = tags(input.get("Tags"));
    let mut all = Vec::new();
    if action == "AssumeRole" {
        let demand = Demand::new("sts", action, role).requesting(&given);
        all.push(match text(input, "ExternalId") {
            Some(id) => demand.with("sts:ExternalId", id),
            None => demand,
        });
        if !given.is_empty() {
            all.push(Demand::new("sts", "TagSession", role).requesting(&given));
        }
    }
    all
}
