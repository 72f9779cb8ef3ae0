//! Tags of load balancers, listeners, rules and target groups.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{invalid, no_balancer, no_group, no_listener, no_rule, texts};
use crate::ecs::scheduler::Fleet;
use crate::ecs::{list, text};
use crate::refusal::Refusal;

/// The tags of a request.
pub(super) fn read(input: &Value) -> BTreeMap<String, String> {
    let tags = list(input, "Tags").iter();
    let pair = |tag: &Value| Some((text(tag, "Key")?.to_owned(), text(tag, "Value").unwrap_or_default().to_owned()));
    tags.filter_map(pair).collect()
}

/// `DescribeTags`: at most 20 resources.
pub(super) fn describe(fleet: &Fleet, input: &Value) -> Result<Value, Refusal> {
    let asked = texts(input, "ResourceArns");
    if asked.is_empty() || asked.len() > 20 {
        return Err(invalid("Between 1 and 20 resources must be specified"));
    }
    let found: Result<Vec<Value>, Refusal> = asked.into_iter().map(|arn| one(fleet, arn)).collect();
    Ok(json!({ "TagDescriptions": found? }))
}

fn one(fleet: &Fleet, arn: &str) -> Result<Value, Refusal> {
    let balancing = &fleet.fixtures.balancing;
    let tags = if arn.contains(":targetgroup/") {
        fleet.fixtures.target_groups.get(arn).map(|group| &group.tags).ok_or_else(no_group)?
    } else if arn.contains(":listener-rule/") {
        balancing.rules.get(arn).map(|rule| &rule.tags).ok_or_else(no_rule)?
    } else if arn.contains(":listener/") {
        balancing.listeners.get(arn).map(|listener| &listener.tags).ok_or_else(no_listener)?
    } else if arn.contains(":loadbalancer/") {
        balancing.balancers.get(arn).map(|balancer| &balancer.tags).ok_or_else(no_balancer)?
    } else {
        return Err(invalid(format!("'{arn}' is not a valid ARN of a load balancing resource")));
    };
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    Ok(json!({ "ResourceArn": arn, "Tags": tags }))
}
