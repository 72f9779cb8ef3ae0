//! `DescribeTargetGroups`, `DescribeTargetGroupAttributes`, `DeleteTargetGroup`.

use serde_json::{Value, json};

use super::{at_most_one, no_balancer, no_group, page, texts};
use crate::ecs::scheduler::Fleet;
use crate::ecs::text;
use crate::fixtures::{Fixtures, TargetGroup};
use crate::refusal::Refusal;
use crate::world::Cx;

pub(super) fn view(fixtures: &Fixtures, group: &TargetGroup) -> Value {
    let mut view = json!({
        "TargetGroupArn": group.arn,
        "TargetGroupName": group.name,
        "TargetType": group.target_type,
        "LoadBalancerArns": fixtures.balancing.balancers_using(&group.arn),
        "HealthCheckEnabled": true,
        "HealthCheckIntervalSeconds": group.interval_seconds,
        "HealthyThresholdCount": group.healthy_threshold,
        "UnhealthyThresholdCount": group.unhealthy_threshold,
    });
    if group.target_type == "lambda" {
        return view;
    }
    let web = matches!(group.protocol.as_str(), "HTTP" | "HTTPS");
    let mut more = json!({
        "Protocol": group.protocol,
        "Port": group.port,
        "VpcId": group.vpc_id,
        "IpAddressType": "ipv4",
        "HealthCheckProtocol": if web { group.protocol.as_str() } else { "TCP" },
        "HealthCheckPort": "traffic-port",
        "HealthCheckTimeoutSeconds": if web { 5 } else { 10 },
    });
    if web {
        let of_web = json!({ "ProtocolVersion": "HTTP1", "HealthCheckPath": "/", "Matcher": { "HttpCode": "200" } });
        merge(&mut more, of_web);
    }
    merge(&mut view, more);
    view
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

/// `DescribeTargetGroups`: all, or by one of load balancer, ARNs and names.
pub(super) fn describe(fleet: &Fleet, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    at_most_one(input, &["LoadBalancerArn", "TargetGroupArns", "Names"])?;
    let fixtures = &fleet.fixtures;
    let all = &fixtures.target_groups;
    let (arns, names) = (texts(input, "TargetGroupArns"), texts(input, "Names"));
    if !arns.iter().all(|arn| all.contains_key(*arn)) || !names.iter().all(|name| all.values().any(|g| g.name == *name))
    {
        return Err(no_group());
    }
    let balancer = text(input, "LoadBalancerArn");
    if balancer.is_some_and(|arn| !fixtures.balancing.balancers.contains_key(arn)) {
        return Err(no_balancer());
    }
    let asked = |group: &&TargetGroup| {
        (arns.is_empty() || arns.contains(&group.arn.as_str()))
            && (names.is_empty() || names.contains(&group.name.as_str()))
            && balancer.is_none_or(|arn| fixtures.balancing.balancers_using(&group.arn).contains(&arn))
    };
    let found = all.values().filter(asked).map(|group| view(fixtures, group)).collect();
    page(cx, "DescribeTargetGroups", "TargetGroups", input, found)
}

/// `DescribeTargetGroupAttributes`: the deregistration delay and what is always there.
pub(super) fn attributes(fleet: &Fleet, input: &Value) -> Result<Value, Refusal> {
    let arn = text(input, "TargetGroupArn").unwrap_or_default();
    let group = fleet.fixtures.target_groups.get(arn).ok_or_else(no_group)?;
    let attribute = |key: &str, value: String| json!({ "Key": key, "Value": value });
    Ok(json!({ "Attributes": [
        attribute("deregistration_delay.timeout_seconds", group.deregistration_delay_seconds.to_string()),
        attribute("stickiness.enabled", "false".to_owned()),
    ] }))
}

/// `DeleteTargetGroup`; refused while a rule forwards to it. An unknown group is no error.
pub(super) fn delete(fleet: &mut Fleet, input: &Value) -> Result<Value, Refusal> {
    let arn = text(input, "TargetGroupArn").unwrap_or_default();
    if fleet.fixtures.balancing.is_forwarded_to(arn) {
        let message = format!("Target group '{arn}' is currently in use by a listener or a rule");
        return Err(Refusal::new("ResourceInUse", message));
    }
    fleet.fixtures.target_groups.remove(arn);
    Ok(json!({}))
}
