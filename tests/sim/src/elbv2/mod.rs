//! Elastic Load Balancing: load balancers, listeners, rules, target groups, and the health of targets.

mod action;
pub mod control;
mod create;
mod group;
mod health;
mod listener;
mod rule;
pub mod state;
mod tags;
#[cfg(test)]
mod tests;
pub(crate) mod traffic;

use serde_json::{Value, json};

use crate::ecs::service::with_fleet;
use crate::ecs::{self, paging};
use crate::refusal::Refusal;
use crate::world::{Cx, Region};

pub use control::{Balanced, BalancerSpec};
pub use state::{Balancer, Balancing, Kind, Listener, Rule};
pub use traffic::Unserved;

/// Calls `action` with an input that fits its shape.
pub fn dispatch(region: &mut Region, cx: &mut Cx, action: &str, input: &Value) -> Result<Value, Refusal> {
    with_fleet(region, cx, |fleet, _, cx| match action {
        "DescribeLoadBalancers" => listener::describe_balancers(fleet, cx, input),
        "DescribeListeners" => listener::describe(fleet, cx, input),
        "ModifyListener" => listener::modify(fleet, cx, input),
        "DescribeRules" => rule::describe(fleet, cx, input),
        "ModifyRule" => rule::modify(fleet, cx, input),
        "DeleteRule" => rule::delete(fleet, cx, input),
        "DescribeTargetGroups" => group::describe(fleet, cx, input),
        "DescribeTargetGroupAttributes" => group::attributes(fleet, input),
        "DeleteTargetGroup" => group::delete(fleet, input),
        "DescribeTargetHealth" => health::describe(fleet, input),
        "DescribeTags" => tags::describe(fleet, input),
        "CreateTargetGroup" => create::group(fleet, cx, input),
        "CreateLoadBalancer" => create::balancer(fleet, cx, input),
        "CreateListener" => create::listener(fleet, cx, input),
        "CreateRule" => create::rule(fleet, cx, input),
        _ => Err(Refusal::unknown_operation()),
    })
}

/// `ValidationError`.
fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationError", message)
}

/// `RuleNotFound` and its like; `what` in the plural.
fn not_found(code: &str, what: &str) -> Refusal {
    Refusal::new(code, format!("One or more {what} not found"))
}

fn no_group() -> Refusal {
    not_found("TargetGroupNotFound", "target groups")
}

fn no_balancer() -> Refusal {
    not_found("LoadBalancerNotFound", "load balancers")
}

fn no_listener() -> Refusal {
    not_found("ListenerNotFound", "listeners")
}

fn no_rule() -> Refusal {
    not_found("RuleNotFound", "rules")
}

/// One page of a listing, by `Marker` and `PageSize`.
///
/// Errors: `ValidationError` for a marker that is wrong or expired.
fn page(cx: &mut Cx, operation: &str, member: &str, input: &Value, items: Vec<Value>) -> Result<Value, Refusal> {
    let mut asked = input.clone();
    if let Value::Object(members) = &mut asked {
        for (name, other) in [("Marker", "nextToken"), ("PageSize", "maxResults")] {
            if let Some(value) = members.remove(name) {
                members.insert(other.to_owned(), value);
            }
        }
    }
    let page = paging::page(cx, operation, &asked, items, 400, 400).map_err(|refusal| invalid(refusal.message))?;
    let mut answer = json!({ member: page.items });
    if let Some(next) = page.next {
        ecs::set(&mut answer, "NextMarker", next);
    }
    Ok(answer)
}

/// Refuses more than one of the named members.
fn at_most_one(input: &Value, members: &[&str]) -> Result<(), Refusal> {
    let given: Vec<&str> = members.iter().copied().filter(|member| input.get(member).is_some()).collect();
    if given.len() > 1 {
        return Err(invalid(format!("{} cannot be specified together", given.join(" and "))));
    }
    Ok(())
}

/// The texts of a list member.
fn texts<'a>(input: &'a Value, member: &str) -> Vec<&'a str> {
    ecs::list(input, member).iter().filter_map(Value::as_str).collect()
}
