//! `DescribeRules`, `ModifyRule`, `DeleteRule`.

use serde_json::{Value, json};

use super::action::{self, Place};
use super::state::Rule;
use super::{at_most_one, invalid, no_listener, no_rule, page, texts};
use crate::ecs::scheduler::Fleet;
use crate::ecs::{list, text};
use crate::refusal::Refusal;
use crate::world::Cx;

pub(super) fn view(rule: &Rule) -> Value {
    json!({
        "RuleArn": rule.arn,
        "Priority": rule.priority.map_or_else(|| "default".to_owned(), |priority| priority.to_string()),
        "Conditions": rule.conditions,
        "Actions": action::shown(&rule.actions),
        "IsDefault": rule.priority.is_none(),
    })
}

/// `DescribeRules`: by priority, the default rule last.
pub(super) fn describe(fleet: &Fleet, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    at_most_one(input, &["ListenerArn", "RuleArns"])?;
    let balancing = &fleet.fixtures.balancing;
    let mut found: Vec<&Rule> = match (text(input, "ListenerArn"), texts(input, "RuleArns").as_slice()) {
        (None, []) => return Err(invalid("A listener or rules must be specified")),
        (None, asked) => {
            let rules = asked.iter().map(|arn| balancing.rules.get(*arn).ok_or_else(no_rule));
            rules.collect::<Result<_, _>>()?
        }
        (Some(listener), _) => {
            if !balancing.listeners.contains_key(listener) {
                return Err(no_listener());
            }
            balancing.rules.values().filter(|rule| rule.listener == listener).collect()
        }
    };
    found.sort_by_key(|rule| (rule.listener.as_str(), rule.priority.unwrap_or(i64::MAX)));
    let rules = found.into_iter().map(view).collect();
    page(cx, "DescribeRules", "Rules", input, rules)
}

/// `ModifyRule`: members that are not sent stay as they are.
pub(super) fn modify(fleet: &mut Fleet, cx: &Cx, input: &Value) -> Result<Value, Refusal> {
    let arn = text(input, "RuleArn").unwrap_or_default();
    let rule = fleet.fixtures.balancing.rules.get(arn).ok_or_else(no_rule)?;
    if rule.priority.is_none() {
        return Err(Refusal::new("OperationNotPermitted", format!("Default rule '{arn}' cannot be modified")));
    }
    let actions = match input.get("Actions") {
        Some(_) => Some(accept(fleet, rule, list(input, "Actions"))?),
        None => None,
    };
    if input.get("Conditions").is_some() {
        let conditions = list(input, "Conditions").to_vec();
        if let Some(rule) = fleet.fixtures.balancing.rules.get_mut(arn) {
            rule.conditions = conditions;
        }
    }
    if let Some(actions) = actions {
        fleet.set_actions(arn, actions, cx.caller);
    }
    let rule = fleet.fixtures.balancing.rules.get(arn).ok_or_else(no_rule)?;
    Ok(json!({ "Rules": [view(rule)] }))
}

/// New actions of a rule as they are stored.
pub(super) fn accept(fleet: &Fleet, rule: &Rule, asked: &[Value]) -> Result<Vec<Value>, Refusal> {
    let balancing = &fleet.fixtures.balancing;
    let listener = balancing.listeners.get(&rule.listener).ok_or_else(no_listener)?;
    let balancer = balancing.balancers.get(&listener.balancer).ok_or_else(no_listener)?;
    let place = Place {
        fixtures: &fleet.fixtures,
        kind: balancer.kind,
        balancer: &balancer.arn,
        protocol: &listener.protocol,
        before: &rule.actions,
    };
    action::accept(&place, asked)
}

/// `DeleteRule`; the default rule goes only with its listener.
pub(super) fn delete(fleet: &mut Fleet, cx: &Cx, input: &Value) -> Result<Value, Refusal> {
    let arn = text(input, "RuleArn").unwrap_or_default();
    let rule = fleet.fixtures.balancing.rules.get(arn).ok_or_else(no_rule)?;
    if rule.priority.is_none() {
        return Err(Refusal::new("OperationNotPermitted", format!("Default rule '{arn}' cannot be deleted")));
    }
    fleet.set_actions(arn, Vec::new(), cx.caller);
    fleet.fixtures.balancing.rules.remove(arn);
    Ok(json!({}))
}
