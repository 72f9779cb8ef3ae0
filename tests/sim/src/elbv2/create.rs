//! `CreateTargetGroup`, `CreateLoadBalancer`, `CreateListener`, `CreateRule`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::state::{Balancer, Kind, Listener, Rule};
use super::{group as groups, invalid, listener as listeners, no_balancer, no_listener, no_rule, rule as rules, tags};
use crate::ecs::scheduler::Fleet;
use crate::ecs::{list, number, text};
use crate::fixtures::TargetGroup;
use crate::refusal::Refusal;
use crate::world::Cx;

fn arn(cx: &mut Cx, resource: &str) -> String {
    let id = cx.rng.hex(16);
    cx.key.arn("elasticloadbalancing", &format!("{resource}/{id}"))
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let fits = (1..=32).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-');
    if fits {
        return Ok(());
    }
    Err(invalid(format!("The name '{name}' must be 1 to 32 letters, digits and hyphens, no hyphen at its ends")))
}

/// `CreateTargetGroup`: an equal one is answered again.
pub(super) fn group(fleet: &mut Fleet, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let name = text(input, "Name").unwrap_or_default();
    check_name(name)?;
    let mut group = TargetGroup::new(arn(cx, &format!("targetgroup/{name}")), "instance");
    let owned = |member: &str, default: &str| text(input, member).unwrap_or(default).to_owned();
    group.target_type = owned("TargetType", "instance");
    group.protocol = owned("Protocol", "HTTP");
    group.vpc_id = owned("VpcId", "vpc-1");
    group.port = number(input, "Port").unwrap_or(80);
    let count = |member: &str, default: i64| number(input, member).unwrap_or(default);
    group.interval_seconds = count("HealthCheckIntervalSeconds", group.interval_seconds);
    group.healthy_threshold = count("HealthyThresholdCount", group.healthy_threshold);
    group.unhealthy_threshold = count("UnhealthyThresholdCount", group.unhealthy_threshold);
    group.tags = tags::read(input);
    group.in_use = false;
    if let Some(known) = fleet.fixtures.target_groups.values().find(|known| known.name == name) {
        let equal = TargetGroup {
            arn: known.arn.clone(),
            targets: known.targets.clone(),
            in_use: known.in_use,
            deregistration_delay_seconds: known.deregistration_delay_seconds,
            ..group
        };
        if equal != *known {
            let message = format!("A target group with the same name '{name}' exists, but with different settings");
            return Err(Refusal::new("DuplicateTargetGroupName", message));
        }
        return Ok(json!({ "TargetGroups": [groups::view(&fleet.fixtures, known)] }));
    }
    let view = groups::view(&fleet.fixtures, &group);
    fleet.fixtures.target_groups.insert(group.arn.clone(), group);
    Ok(json!({ "TargetGroups": [view] }))
}

/// `CreateLoadBalancer`: an equal one is answered again.
pub(super) fn balancer(fleet: &mut Fleet, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let name = text(input, "Name").unwrap_or_default();
    check_name(name)?;
    let kind = match text(input, "Type") {
        None | Some("application") => Kind::Application,
        Some("network") => Kind::Network,
        Some(other) => return Err(invalid(format!("Load balancers of type {other} are not simulated"))),
    };
    let scheme = text(input, "Scheme").unwrap_or("internet-facing").to_owned();
    if let Some(known) = fleet.fixtures.balancing.balancers.values().find(|known| known.name == name) {
        if known.kind != kind || known.scheme != scheme {
            let message = format!("A load balancer with the same name '{name}' exists, but with different settings");
            return Err(Refusal::new("DuplicateLoadBalancerName", message));
        }
        return Ok(json!({ "LoadBalancers": [listeners::view_balancer(known)] }));
    }
    let subnet = list(input, "Subnets").first().and_then(Value::as_str).unwrap_or_default();
    let vpc = fleet.fixtures.subnets.get(subnet).map_or("vpc-1", |subnet| subnet.vpc_id.as_str());
    let balancer = Balancer {
        arn: arn(cx, &format!("loadbalancer/{}/{name}", kind.in_arns())),
        name: name.to_owned(),
        kind,
        scheme,
        vpc_id: vpc.to_owned(),
        created_at: cx.now,
        tags: tags::read(input),
    };
    let view = listeners::view_balancer(&balancer);
    fleet.fixtures.balancing.balancers.insert(balancer.arn.clone(), balancer);
    fleet.uses_changed();
    Ok(json!({ "LoadBalancers": [view] }))
}

/// The resource of a child: `listener` beside `…:loadbalancer/app/name/id`.
fn beneath(parent: &str, from: &str, to: &str) -> String {
    let resource = parent.split_once(from).map_or("", |(_, rest)| rest);
    format!("{to}{resource}")
}

/// `CreateListener`.
pub(super) fn listener(fleet: &mut Fleet, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let balancing = &fleet.fixtures.balancing;
    let balancer =
        text(input, "LoadBalancerArn").and_then(|arn| balancing.balancers.get(arn)).ok_or_else(no_balancer)?;
    let owner = balancer.arn.clone();
    let protocol = text(input, "Protocol").unwrap_or_default().to_owned();
    let port = number(input, "Port").unwrap_or_default();
    if !balancer.kind.speaks(&protocol) {
        return Err(Refusal::new("UnsupportedProtocol", format!("The protocol '{protocol}' is not supported")));
    }
    if balancing.listeners.values().any(|known| known.balancer == owner && known.port == port) {
        return Err(Refusal::new("DuplicateListener", format!("A listener already exists on port {port}")));
    }
    let arn_ = arn(cx, &beneath(&owner, ":loadbalancer", "listener"));
    let default_rule = arn(cx, &beneath(&arn_, ":listener", "listener-rule"));
    let listener = Listener {
        arn: arn_.clone(),
        balancer: owner,
        protocol,
        port,
        default_rule: default_rule.clone(),
        tags: tags::read(input),
    };
    let rule = Rule {
        arn: default_rule.clone(),
        listener: arn_.clone(),
        priority: None,
        conditions: Vec::new(),
        actions: Vec::new(),
        tags: BTreeMap::new(),
    };
    fleet.fixtures.balancing.listeners.insert(arn_.clone(), listener);
    let actions = match rules::accept(fleet, &rule, list(input, "DefaultActions")) {
        Ok(actions) => actions,
        Err(refusal) => {
            fleet.fixtures.balancing.listeners.remove(&arn_);
            return Err(refusal);
        }
    };
    fleet.fixtures.balancing.rules.insert(default_rule.clone(), rule);
    fleet.set_actions(&default_rule, actions, cx.caller);
    let balancing = &fleet.fixtures.balancing;
    let listener = balancing.listeners.get(&arn_).ok_or_else(no_listener)?;
    Ok(json!({ "Listeners": [listeners::view(balancing, listener)] }))
}

/// `CreateRule`.
pub(super) fn rule(fleet: &mut Fleet, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let balancing = &fleet.fixtures.balancing;
    let listener = text(input, "ListenerArn").unwrap_or_default();
    if !balancing.listeners.contains_key(listener) {
        return Err(no_listener());
    }
    let priority = number(input, "Priority");
    if balancing.rules.values().any(|known| known.listener == listener && known.priority == priority) {
        return Err(Refusal::new("PriorityInUse", "The specified priority is in use"));
    }
    let rule = Rule {
        arn: arn(cx, &beneath(listener, ":listener", "listener-rule")),
        listener: listener.to_owned(),
        priority,
        conditions: list(input, "Conditions").to_vec(),
        actions: Vec::new(),
        tags: tags::read(input),
    };
    let actions = rules::accept(fleet, &rule, list(input, "Actions"))?;
    let arn = rule.arn.clone();
    fleet.fixtures.balancing.rules.insert(arn.clone(), rule);
    fleet.set_actions(&arn, actions, cx.caller);
    let rule = fleet.fixtures.balancing.rules.get(&arn).ok_or_else(no_rule)?;
    Ok(json!({ "Rules": [rules::view(rule)] }))
}
