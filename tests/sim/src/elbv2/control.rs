//! What a test or a demonstration does to load balancers: declares them, and reads the weights of their rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::create;
use super::traffic::Unserved;
use crate::ecs::scheduler::Fleet;
use crate::ecs::scheduler::target::WeightChange;
use crate::ecs::service::with_fleet;
use crate::fixtures::TargetState;
use crate::refusal::Refusal;
use crate::world::{Cx, RegionKey, Sim};

/// A load balancer with a listener and a forward action to weighted target groups.
///
/// Load balancer, listener (by port) and target groups (by name) that exist are used again.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct BalancerSpec {
    /// Name of the load balancer.
    pub name: String,
    /// `application` or `network`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Protocol of listener and target groups; empty = HTTPS and HTTP, or TCP.
    pub protocol: String,
    /// Port of the listener.
    pub port: i64,
    /// `ip` or `instance`.
    pub target_type: String,
    /// VPC of the target groups.
    pub vpc_id: String,
    /// Path of the rule; `None` = no rule, the listener's default action forwards.
    pub path: Option<String>,
    /// Names and weights of the target groups, in order.
    pub groups: Vec<(String, i64)>,
    /// Stickiness between the groups, in seconds.
    pub stickiness_seconds: Option<i64>,
    /// Actions before the forward action, as the API writes them, with their `Order`.
    pub before: Vec<Value>,
    /// Seconds between two checks of a target.
    pub interval_seconds: i64,
    /// Passes until healthy.
    pub healthy_threshold: i64,
    /// Deregistration delay of the groups in seconds.
    pub deregistration_delay_seconds: i64,
}

impl Default for BalancerSpec {
    fn default() -> Self {
        Self {
            name: "web".to_owned(),
            kind: "application".to_owned(),
            protocol: String::new(),
            port: 443,
            target_type: "ip".to_owned(),
            vpc_id: "vpc-1".to_owned(),
            path: Some("/*".to_owned()),
            groups: Vec::new(),
            stickiness_seconds: None,
            before: Vec::new(),
            interval_seconds: 30,
            healthy_threshold: 5,
            deregistration_delay_seconds: 300,
        }
    }
}

impl BalancerSpec {
    /// An application load balancer whose HTTPS listener has a rule that forwards to `groups` (name, weight).
    pub fn new(name: &str, groups: &[(&str, i64)]) -> Self {
        let groups = groups.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect();
        Self { name: name.to_owned(), groups, ..Self::default() }
    }
}

/// The ARNs of what was declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Balanced {
    /// Load balancer.
    pub load_balancer: String,
    /// Listener.
    pub listener: String,
    /// The rule that forwards; the listener again where its default action does.
    pub rule: String,
    /// Target groups in the order of the specification.
    pub groups: Vec<String>,
}

fn declare(fleet: &mut Fleet, cx: &mut Cx, spec: &BalancerSpec) -> Result<Balanced, Refusal> {
    let network = spec.kind == "network";
    let (of_listener, of_groups) = match (spec.protocol.as_str(), network) {
        ("", true) => ("TCP", "TCP"),
        ("", false) => ("HTTPS", "HTTP"),
        (given, true) => (given, given),
        (given, false) => (given, "HTTP"),
    };
    let load_balancer = load_balancer(fleet, cx, spec)?;
    let mut groups = Vec::new();
    for (name, _) in &spec.groups {
        groups.push(target_group(fleet, cx, spec, name, of_groups)?);
    }
    let actions = actions(spec, &groups);
    // A rule of its own forwards, where there is a path and the load balancer has rules.
    let path = spec.path.as_deref().filter(|_| !network);
    let fixed = json!([{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } }]);
    let defaults = if path.is_some() { &fixed } else { &actions };
    let listener = listener(fleet, cx, (&load_balancer, spec.port, of_listener), defaults)?;
    let rule = match path {
        Some(path) => rule(fleet, cx, &listener, path, &actions)?,
        None => listener.clone(),
    };
    Ok(Balanced { load_balancer, listener, rule, groups })
}

fn load_balancer(fleet: &mut Fleet, cx: &mut Cx, spec: &BalancerSpec) -> Result<String, Refusal> {
    let known = fleet.fixtures.balancing.balancers.values().find(|balancer| balancer.name == spec.name);
    if let Some(known) = known {
        return Ok(known.arn.clone());
    }
    let answer = create::balancer(fleet, cx, &json!({ "Name": spec.name, "Type": spec.kind }))?;
    Ok(created(&answer, "/LoadBalancers/0/LoadBalancerArn"))
}

fn listener(
    fleet: &mut Fleet,
    cx: &mut Cx,
    (balancer, port, protocol): (&str, i64, &str),
    defaults: &Value,
) -> Result<String, Refusal> {
    let mut listeners = fleet.fixtures.balancing.listeners.values();
    if let Some(known) = listeners.find(|known| known.balancer == balancer && known.port == port) {
        return Ok(known.arn.clone());
    }
    let input = json!({ "LoadBalancerArn": balancer, "Protocol": protocol, "Port": port, "DefaultActions": defaults });
    Ok(created(&create::listener(fleet, cx, &input)?, "/Listeners/0/ListenerArn"))
}

fn rule(fleet: &mut Fleet, cx: &mut Cx, listener: &str, path: &str, actions: &Value) -> Result<String, Refusal> {
    let rules = fleet.fixtures.balancing.rules.values().filter(|rule| rule.listener == listener);
    let priority = rules.filter_map(|rule| rule.priority).max().unwrap_or(0) + 1;
    let condition = json!({ "Field": "path-pattern", "Values": [path] });
    let input = json!({ "ListenerArn": listener, "Priority": priority, "Conditions": [condition], "Actions": actions });
    Ok(created(&create::rule(fleet, cx, &input)?, "/Rules/0/RuleArn"))
}

fn created(answer: &Value, path: &str) -> String {
    answer.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn target_group(
    fleet: &mut Fleet,
    cx: &mut Cx,
    spec: &BalancerSpec,
    name: &str,
    protocol: &str,
) -> Result<String, Refusal> {
    if let Some(known) = fleet.fixtures.target_groups.values().find(|group| group.name == name) {
        return Ok(known.arn.clone());
    }
    let input = json!({
        "Name": name, "TargetType": spec.target_type, "VpcId": spec.vpc_id, "Protocol": protocol, "Port": 80,
        "HealthCheckIntervalSeconds": spec.interval_seconds, "HealthyThresholdCount": spec.healthy_threshold,
    });
    let arn = created(&create::group(fleet, cx, &input)?, "/TargetGroups/0/TargetGroupArn");
    if let Some(group) = fleet.fixtures.target_groups.get_mut(&arn) {
        group.deregistration_delay_seconds = spec.deregistration_delay_seconds;
    }
    Ok(arn)
}

fn actions(spec: &BalancerSpec, groups: &[String]) -> Value {
    let tuple = |(arn, (_, weight)): (&String, &(String, i64))| json!({ "TargetGroupArn": arn, "Weight": weight });
    let tuples: Vec<Value> = groups.iter().zip(&spec.groups).map(tuple).collect();
    let mut config = json!({ "TargetGroups": tuples });
    if let Some(seconds) = spec.stickiness_seconds {
        let stickiness = json!({ "Enabled": true, "DurationSeconds": seconds });
        crate::ecs::set(&mut config, "TargetGroupStickinessConfig", stickiness);
    }
    let mut forward = json!({ "Type": "forward", "ForwardConfig": config });
    let mut actions = spec.before.clone();
    if !actions.is_empty() {
        crate::ecs::set(&mut forward, "Order", 50_000);
    }
    actions.push(forward);
    Value::from(actions)
}

impl Fleet {
    /// Weights by target group of a declared rule, or of a listener's default action.
    pub fn weights(&self, rule: &str) -> BTreeMap<String, i64> {
        self.fixtures.balancing.rule(rule).map(|rule| super::action::weights(&rule.actions)).unwrap_or_default()
    }
}

impl Sim {
    /// Declares a load balancer with listener, rule and target groups.
    ///
    /// Errors: what the API would refuse, for example a weight above 999.
    pub fn balancer(&mut self, key: &RegionKey, spec: &BalancerSpec) -> Result<Balanced, Refusal> {
        self.with_cx(key, "test", None, |region, cx| with_fleet(region, cx, |fleet, _, cx| declare(fleet, cx, spec)))
    }

    /// The weights of a rule now, by target group. A listener's ARN stands for its default action.
    pub fn weights(&mut self, key: &RegionKey, rule: &str) -> BTreeMap<String, i64> {
        self.with_fleet(key, |fleet| fleet.weights(rule))
    }

    /// Every change of a rule's weights, oldest first.
    pub fn weight_log(&mut self, key: &RegionKey, rule: &str) -> Vec<WeightChange> {
        self.with_fleet(key, |fleet| {
            let label = fleet.fixtures.balancing.label(rule).to_owned();
            fleet.traffic.log.iter().filter(|change| change.rule == label).cloned().collect()
        })
    }

    /// Times during which a rule sent traffic to a group without a healthy target, oldest first.
    /// Changes that were undone within the same millisecond do not count.
    pub fn unserved(&mut self, key: &RegionKey) -> Vec<Unserved> {
        self.with_fleet(key, |fleet| fleet.traffic.unserved.clone())
    }

    /// Changes the weights of a rule as a person in the console does. False if there is no such rule.
    pub fn set_weights(&mut self, key: &RegionKey, rule: &str, weights: &[(&str, i64)], by: &str) -> bool {
        let weights = weights.iter().map(|(group, weight)| ((*group).to_owned(), *weight)).collect();
        self.with_fleet(key, |fleet| fleet.set_declared_weights(rule, &weights, by))
    }

    /// Targets of a group: id, port, state.
    pub fn targets(&mut self, key: &RegionKey, group: &str) -> Vec<(String, i64, TargetState)> {
        self.with_fleet(key, |fleet| {
            let targets = fleet.fixtures.target_groups.get(group).map(|group| group.targets.iter());
            targets.into_iter().flatten().map(|((id, port), target)| (id.clone(), *port, target.state)).collect()
        })
    }

    /// Tags a load balancer, listener, rule or target group; false if there is none with this ARN.
    pub fn tag_balancing(&mut self, key: &RegionKey, arn: &str, tags: &[(&str, &str)]) -> bool {
        let fixtures = &mut self.region(key).fixtures;
        let balancing = &mut fixtures.balancing;
        let of_group = fixtures.target_groups.get_mut(arn).map(|group| &mut group.tags);
        let of_rule = balancing.rules.get_mut(arn).map(|rule| &mut rule.tags);
        let of_listener = balancing.listeners.get_mut(arn).map(|listener| &mut listener.tags);
        let of_balancer = balancing.balancers.get_mut(arn).map(|balancer| &mut balancer.tags);
        let Some(known) = of_group.or(of_rule).or(of_listener).or(of_balancer) else {
            return false;
        };
        known.extend(tags.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        true
    }
}
