//! Application Auto Scaling of ECS services: scalable targets, policies, schedules, and what they do to the count.

mod activity;
pub mod control;
mod evaluate;
mod expression;
pub mod policy;
pub mod schedule;
mod tags;
pub mod target;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use crate::ecs::{self, paging, text};
use crate::queue::EventKind;
use crate::refusal::Refusal;
use crate::world::{Cx, Region};

pub use activity::Activity;
pub use control::{Metric, Settings};

/// The only dimension of an ECS service.
pub const DIMENSION: &str = "ecs:service:DesiredCount";
/// The only namespace that is simulated.
pub const NAMESPACE: &str = "ecs";

/// Scalable targets of one account and Region.
#[derive(Debug, Clone, Default)]
pub struct Autoscaling {
    /// Targets by resource id (`service/<cluster>/<service>`).
    pub targets: BTreeMap<String, target::Target>,
    /// What was done, newest first, at most 200.
    pub activities: VecDeque<Activity>,
    /// What a test can turn.
    pub settings: Settings,
    evaluate_at: Option<i64>,
    planned: Option<i64>,
}

/// What Application Auto Scaling does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// A schedule or the evaluation of metrics is due.
    Due,
}

/// Calls `action` with an input that fits its shape.
pub fn dispatch(region: &mut Region, cx: &mut Cx, action: &str, input: &Value) -> Result<Value, Refusal> {
    let answer = match action {
        "RegisterScalableTarget" => target::register(region, cx, input),
        "DescribeScalableTargets" => target::describe(region, cx, input),
        "DeregisterScalableTarget" => target::deregister(region, cx, input),
        "PutScalingPolicy" => policy::put(region, cx, input),
        "DescribeScalingPolicies" => policy::describe(region, cx, input),
        "DeleteScalingPolicy" => policy::delete(region, cx, input),
        "PutScheduledAction" => schedule::put(region, cx, input),
        "DescribeScheduledActions" => schedule::describe(region, cx, input),
        "DeleteScheduledAction" => schedule::delete(region, cx, input),
        "DescribeScalingActivities" => activity::describe(region, cx, input),
        "TagResource" => tags::tag(region, input),
        "UntagResource" => tags::untag(region, input),
        "ListTagsForResource" => tags::list(region, input),
        "GetPredictiveScalingForecast" => Err(invalid("A forecast needs at least 24 hours of data.")),
        _ => Err(Refusal::unknown_operation()),
    };
    plan(region, cx);
    answer
}

/// Runs an event.
pub fn wake(region: &mut Region, cx: &mut Cx, wake: Wake) {
    match wake {
        Wake::Due => {
            schedule::fire(region, cx);
            if region.autoscaling.evaluate_at.is_some_and(|at| at <= cx.now) {
                region.autoscaling.evaluate_at = None;
                evaluate::all(region, cx);
            }
        }
    }
    plan(region, cx);
}

/// Plans the next event. Metrics are looked at every minute while there is a policy that acts on one.
fn plan(region: &mut Region, cx: &mut Cx) {
    let scaling = &mut region.autoscaling;
    let acts = scaling.targets.values().any(|target| target.policies.values().any(policy::Policy::acts));
    if !acts {
        scaling.evaluate_at = None;
    } else if scaling.evaluate_at.is_none() {
        scaling.evaluate_at = Some(cx.now + scaling.settings.period_ms.max(1));
    }
    let schedules = scaling.targets.values().flat_map(|target| target.actions.values());
    let next = schedules.filter_map(|action| action.next_at).chain(scaling.evaluate_at).min();
    scaling.planned = scaling.planned.filter(|at| *at > cx.now);
    if let Some(at) = next
        && scaling.planned.is_none_or(|planned| planned > at)
    {
        scaling.planned = Some(at);
        cx.after(at - cx.now, EventKind::Autoscaling(Wake::Due));
    }
}

/// `ValidationException`.
fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", message)
}

/// `ObjectNotFoundException` for `what` of a resource.
fn not_found(what: &str, resource: &str) -> Refusal {
    let message = format!(
        "No {what} found for service namespace: {NAMESPACE}, resource ID: {resource}, scalable dimension: {DIMENSION}"
    );
    Refusal::new("ObjectNotFoundException", message)
}

/// The resource id of a request about one target.
///
/// Errors: `ValidationException` for anything but the count of an ECS service.
fn resource(input: &Value) -> Result<String, Refusal> {
    let id = text(input, "ResourceId").unwrap_or_default();
    let simulated = text(input, "ServiceNamespace") == Some(NAMESPACE)
        && text(input, "ScalableDimension") == Some(DIMENSION)
        && parts(id).is_some();
    if simulated {
        return Ok(id.to_owned());
    }
    Err(invalid("Unsupported service namespace, resource type or scalable dimension"))
}

/// Cluster and service of a resource id.
fn parts(id: &str) -> Option<(&str, &str)> {
    let (cluster, service) = id.strip_prefix("service/")?.split_once('/')?;
    (ecs::is_name(cluster) && ecs::is_name(service)).then_some((cluster, service))
}

/// The target of a request, for a change.
///
/// Errors: `ObjectNotFoundException`; `ConcurrentUpdateException` where the settings ask for it.
fn target_mut<'a>(region: &'a mut Region, cx: &Cx, id: &str, what: &str) -> Result<&'a mut target::Target, Refusal> {
    let window = region.autoscaling.settings.concurrent_window_ms;
    let target = region.autoscaling.targets.get_mut(id).ok_or_else(|| not_found(what, id))?;
    if cx.now - target.written_at < window {
        let message = "You already have a pending update to an Application Auto Scaling resource.";
        return Err(Refusal::new("ConcurrentUpdateException", message));
    }
    target.written_at = cx.now;
    Ok(target)
}

/// The filter of a listing: the resource, if one is asked for.
///
/// Errors: `ValidationException` for a dimension without a resource.
fn asked_resource(input: &Value) -> Result<Option<&str>, Refusal> {
    let id = text(input, "ResourceId");
    if text(input, "ScalableDimension").is_some() && id.is_none() {
        return Err(invalid("If you specify a scalable dimension, you must also specify a resource ID."));
    }
    Ok(id)
}

/// Whether a listing asks for anything this simulator may have.
fn is_ours(input: &Value) -> bool {
    text(input, "ServiceNamespace") == Some(NAMESPACE)
        && text(input, "ScalableDimension").is_none_or(|dimension| dimension == DIMENSION)
}

/// One page of a listing.
///
/// Errors: `InvalidNextTokenException`; `ValidationException` for a size outside `1..=most`.
fn page(
    cx: &mut Cx,
    operation: &str,
    member: &str,
    input: &Value,
    items: Vec<Value>,
    most: usize,
) -> Result<Value, Refusal> {
    let mut asked = input.clone();
    if let Value::Object(members) = &mut asked {
        for (name, other) in [("NextToken", "nextToken"), ("MaxResults", "maxResults")] {
            if let Some(value) = members.remove(name) {
                members.insert(other.to_owned(), value);
            }
        }
    }
    let page = paging::page(cx, operation, &asked, items, most, most).map_err(|refusal| {
        if refusal.message.contains("token") {
            Refusal::new("InvalidNextTokenException", refusal.message)
        } else {
            invalid(refusal.message)
        }
    })?;
    let mut answer = json!({ member: page.items });
    if let Some(next) = page.next {
        ecs::set(&mut answer, "NextToken", next);
    }
    Ok(answer)
}

/// The members that name a target, in an answer about it.
fn named(id: &str, more: Value) -> Value {
    let mut answer = json!({ "ServiceNamespace": NAMESPACE, "ResourceId": id, "ScalableDimension": DIMENSION });
    if let (Value::Object(members), Value::Object(more)) = (&mut answer, more) {
        members.extend(more);
    }
    answer
}
