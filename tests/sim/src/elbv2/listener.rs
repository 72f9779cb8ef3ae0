//! `DescribeLoadBalancers`, `DescribeListeners`, `ModifyListener`.

use serde_json::{Value, json};

use super::state::{Balancer, Balancing, Listener};
use super::{action, at_most_one, invalid, no_balancer, no_listener, page, rule, texts};
use crate::ecs::scheduler::Fleet;
use crate::ecs::{list, number, set, text};
use crate::refusal::Refusal;
use crate::world::{Cx, timestamp};

pub(super) fn view_balancer(balancer: &Balancer) -> Value {
    json!({
        "LoadBalancerArn": balancer.arn,
        "LoadBalancerName": balancer.name,
        "DNSName": format!("{}-{}.elb.amazonaws.com", balancer.name, balancer.arn.len()),
        "CreatedTime": timestamp(balancer.created_at),
        "Scheme": balancer.scheme,
        "VpcId": balancer.vpc_id,
        "State": { "Code": "active" },
        "Type": balancer.kind.as_str(),
        "IpAddressType": "ipv4",
    })
}

pub(super) fn view(balancing: &Balancing, listener: &Listener) -> Value {
    let actions = balancing.rules.get(&listener.default_rule).map(|rule| action::shown(&rule.actions));
    let mut view = json!({
        "ListenerArn": listener.arn,
        "LoadBalancerArn": listener.balancer,
        "Port": listener.port,
        "Protocol": listener.protocol,
        "DefaultActions": actions.unwrap_or_default(),
    });
    if matches!(listener.protocol.as_str(), "HTTPS" | "TLS") {
        set(&mut view, "SslPolicy", "ELBSecurityPolicy-TLS13-1-2-2021-06");
    }
    view
}

/// `DescribeLoadBalancers`.
pub(super) fn describe_balancers(fleet: &Fleet, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    at_most_one(input, &["LoadBalancerArns", "Names"])?;
    let all = &fleet.fixtures.balancing.balancers;
    let (arns, names) = (texts(input, "LoadBalancerArns"), texts(input, "Names"));
    if !arns.iter().all(|arn| all.contains_key(*arn)) || !names.iter().all(|name| all.values().any(|b| b.name == *name))
    {
        return Err(no_balancer());
    }
    let asked = |balancer: &&Balancer| {
        (arns.is_empty() || arns.contains(&balancer.arn.as_str()))
            && (names.is_empty() || names.contains(&balancer.name.as_str()))
    };
    let found = all.values().filter(asked).map(view_balancer).collect();
    page(cx, "DescribeLoadBalancers", "LoadBalancers", input, found)
}

/// `DescribeListeners`.
pub(super) fn describe(fleet: &Fleet, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    at_most_one(input, &["LoadBalancerArn", "ListenerArns"])?;
    let balancing = &fleet.fixtures.balancing;
    let found: Vec<&Listener> = match (text(input, "LoadBalancerArn"), texts(input, "ListenerArns").as_slice()) {
        (None, []) => return Err(invalid("A load balancer or listeners must be specified")),
        (None, asked) => {
            let listeners = asked.iter().map(|arn| balancing.listeners.get(*arn).ok_or_else(no_listener));
            listeners.collect::<Result<_, _>>()?
        }
        (Some(balancer), _) => {
            if !balancing.balancers.contains_key(balancer) {
                return Err(no_balancer());
            }
            balancing.listeners.values().filter(|listener| listener.balancer == balancer).collect()
        }
    };
    let found = found.into_iter().map(|listener| view(balancing, listener)).collect();
    page(cx, "DescribeListeners", "Listeners", input, found)
}

/// `ModifyListener`: members that are not sent stay as they are.
pub(super) fn modify(fleet: &mut Fleet, cx: &Cx, input: &Value) -> Result<Value, Refusal> {
    let arn = text(input, "ListenerArn").unwrap_or_default();
    let balancing = &fleet.fixtures.balancing;
    let listener = balancing.listeners.get(arn).ok_or_else(no_listener)?;
    let protocol = text(input, "Protocol").unwrap_or(&listener.protocol).to_owned();
    if !balancing.balancer_of(arn).is_some_and(|balancer| balancer.kind.speaks(&protocol)) {
        let message = format!("The load balancer does not support the protocol {protocol}");
        return Err(Refusal::new("UnsupportedProtocol", message));
    }
    let default_rule = listener.default_rule.clone();
    let port = number(input, "Port").unwrap_or(listener.port);
    let actions = match (input.get("DefaultActions"), balancing.rules.get(&default_rule)) {
        (Some(_), Some(before)) => Some(rule::accept(fleet, before, list(input, "DefaultActions"))?),
        _ => None,
    };
    if let Some(listener) = fleet.fixtures.balancing.listeners.get_mut(arn) {
        (listener.protocol, listener.port) = (protocol, port);
    }
    if let Some(actions) = actions {
        fleet.set_actions(&default_rule, actions, cx.caller);
    }
    let balancing = &fleet.fixtures.balancing;
    let listener = balancing.listeners.get(arn).ok_or_else(no_listener)?;
    Ok(json!({ "Listeners": [view(balancing, listener)] }))
}
