//! Scalable targets: the bounds of a service's desired count.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::activity::{self, Activity};
use super::policy::Policy;
use super::schedule::Action;
use super::{invalid, named, resource};
use crate::ecs::scheduler::Key;
use crate::ecs::service::state::{Service, ServiceStatus};
use crate::ecs::tags::Tags;
use crate::ecs::{number, text};
use crate::refusal::Refusal;
use crate::world::{Cx, Region, timestamp};

/// Which kinds of scaling are suspended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Suspended {
    /// Policies do not scale in.
    pub inward: bool,
    /// Policies do not scale out.
    pub outward: bool,
    /// Scheduled actions do nothing.
    pub scheduled: bool,
}

/// A scalable target.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its ARN.
    pub arn: String,
    /// Least tasks.
    pub min: i64,
    /// Most tasks.
    pub max: i64,
    /// What is suspended.
    pub suspended: Suspended,
    /// Tags.
    pub tags: Tags,
    /// Policies by name.
    pub policies: BTreeMap<String, Policy>,
    /// Scheduled actions by name.
    pub actions: BTreeMap<String, Action>,
    /// Virtual time in milliseconds.
    pub created_at: i64,
    pub(super) written_at: i64,
    /// Until when the last scaling out cools down, and the count before it.
    pub(super) scaled_out: (i64, i64),
    /// Until when nothing is scaled in.
    pub(super) scaled_in: i64,
}

/// `RegisterScalableTarget`: creates or changes, then pulls the count inside the bounds.
pub(super) fn register(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let id = resource(input)?;
    let (min, max) = (number(input, "MinCapacity"), number(input, "MaxCapacity"));
    if min.is_some_and(|min| min < 0) || max.is_some_and(|max| max < 0) {
        return Err(invalid("Minimum and maximum capacity must not be negative."));
    }
    let given = super::tags::read(input)?;
    if region.autoscaling.targets.contains_key(&id) {
        if !given.is_empty() {
            return Err(invalid("Tags can only be given when a scalable target is created; use TagResource."));
        }
        change(region, cx, &id, input)?;
    } else {
        create(region, cx, &id, input, given)?;
    }
    pull(region, cx, &id, "a change of the minimum or maximum capacity");
    let arn = region.autoscaling.targets.get(&id).map(|target| target.arn.clone());
    Ok(json!({ "ScalableTargetARN": arn.unwrap_or_default() }))
}

fn create(region: &mut Region, cx: &mut Cx, id: &str, input: &Value, tags: Tags) -> Result<(), Refusal> {
    let (Some(min), Some(max)) = (number(input, "MinCapacity"), number(input, "MaxCapacity")) else {
        return Err(invalid("You must specify minimum and maximum capacity when registering a new scalable target."));
    };
    ordered(min, max)?;
    let service = service(region, id).filter(|service| service.status != ServiceStatus::Inactive);
    let service = service.ok_or_else(|| invalid(format!("ECS service doesn't exist: {id}")))?;
    if service.is_daemon() {
        return Err(invalid(format!("The scheduling strategy DAEMON cannot be scaled: {id}")));
    }
    let mut suspended = Suspended::default();
    suspend(&mut suspended, input);
    let target = Target {
        arn: cx.key.arn("application-autoscaling", &format!("scalable-target/{}", cx.rng.hex(34))),
        min,
        max,
        suspended,
        tags,
        policies: BTreeMap::new(),
        actions: BTreeMap::new(),
        created_at: cx.now,
        written_at: cx.now,
        scaled_out: (i64::MIN, 0),
        scaled_in: i64::MIN,
    };
    region.autoscaling.targets.insert(id.to_owned(), target);
    Ok(())
}

fn change(region: &mut Region, cx: &Cx, id: &str, input: &Value) -> Result<(), Refusal> {
    let target = super::target_mut(region, cx, id, "scalable target")?;
    let min = number(input, "MinCapacity").unwrap_or(target.min);
    let max = number(input, "MaxCapacity").unwrap_or(target.max);
    ordered(min, max)?;
    (target.min, target.max) = (min, max);
    suspend(&mut target.suspended, input);
    Ok(())
}

fn ordered(min: i64, max: i64) -> Result<(), Refusal> {
    if min > max {
        return Err(invalid("Maximum capacity cannot be less than minimum capacity."));
    }
    Ok(())
}

/// Members that are not sent keep their value.
fn suspend(suspended: &mut Suspended, input: &Value) {
    let asked = |member: &str| input.get("SuspendedState").and_then(|state| state.get(member)).and_then(Value::as_bool);
    suspended.inward = asked("DynamicScalingInSuspended").unwrap_or(suspended.inward);
    suspended.outward = asked("DynamicScalingOutSuspended").unwrap_or(suspended.outward);
    suspended.scheduled = asked("ScheduledScalingSuspended").unwrap_or(suspended.scheduled);
}

/// `DescribeScalableTargets`.
pub(super) fn describe(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let asked: Vec<&str> = crate::ecs::list(input, "ResourceIds").iter().filter_map(Value::as_str).collect();
    if text(input, "ScalableDimension").is_some() && asked.is_empty() {
        return Err(invalid("If you specify a scalable dimension, you must also specify a resource ID."));
    }
    let role = format!(
        "arn:{}:iam::{}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/{ROLE}",
        cx.key.partition(),
        cx.key.account
    );
    let wanted = |id: &String| super::is_ours(input) && (asked.is_empty() || asked.contains(&id.as_str()));
    let items = region.autoscaling.targets.iter().filter(|(id, _)| wanted(id)).map(|(id, target)| {
        let more = json!({
            "MinCapacity": target.min,
            "MaxCapacity": target.max,
            "RoleARN": role,
            "CreationTime": timestamp(target.created_at),
            "SuspendedState": {
                "DynamicScalingInSuspended": target.suspended.inward,
                "DynamicScalingOutSuspended": target.suspended.outward,
                "ScheduledScalingSuspended": target.suspended.scheduled,
            },
            "ScalableTargetARN": target.arn,
        });
        named(id, more)
    });
    let items = items.collect();
    super::page(cx, "DescribeScalableTargets", "ScalableTargets", input, items, 50)
}

/// `DeregisterScalableTarget`: policies, their alarms and scheduled actions go with it.
pub(super) fn deregister(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let id = resource(input)?;
    super::target_mut(region, cx, &id, "scalable target")?;
    if let Some(target) = region.autoscaling.targets.remove(&id) {
        for alarm in target.policies.values().flat_map(|policy| &policy.alarms) {
            region.fixtures.alarms.remove(alarm);
        }
    }
    Ok(json!({}))
}

/// The service-linked role.
const ROLE: &str = "AWSServiceRoleForApplicationAutoScaling_ECSService";

/// The service of a resource id.
pub(super) fn service<'a>(region: &'a Region, id: &str) -> Option<&'a Service> {
    let (cluster, service) = super::parts(id)?;
    region.services.services.get(&Key::new(cluster, service))
}

/// Pulls the count of an active service inside its target's bounds.
pub(super) fn pull(region: &mut Region, cx: &mut Cx, id: &str, cause: &str) {
    let Some(target) = region.autoscaling.targets.get(id) else { return };
    let (min, max) = (target.min, target.max);
    let active = service(region, id).filter(|service| service.status == ServiceStatus::Active);
    let Some(current) = active.map(|service| service.desired) else { return };
    let wanted = current.clamp(min, max);
    if wanted != current {
        set(region, cx, id, wanted, cause);
    }
}

/// Sets the count as the service-linked role does; true when ECS took it.
pub(super) fn set(region: &mut Region, cx: &mut Cx, id: &str, count: i64, cause: &str) -> bool {
    let Some((cluster, name)) = super::parts(id) else { return false };
    let caller = format!(
        "arn:{}:sts::{}:assumed-role/{ROLE}/AutoScaling-UpdateDesiredCapacity",
        cx.key.partition(),
        cx.key.account
    );
    let input = json!({ "cluster": cluster, "service": name, "desiredCount": count });
    let mut role = Cx {
        now: cx.now,
        key: cx.key,
        caller: &caller,
        rng: &mut *cx.rng,
        queue: &mut *cx.queue,
        tokens: &mut *cx.tokens,
        knobs: cx.knobs,
    };
    let outcome = crate::ecs::dispatch(region, &mut role, "UpdateService", &input);
    let done = outcome.is_ok();
    let failure = outcome.err().map(|refusal| refusal.to_string());
    activity::note(region, Activity::scaled(cx, id, count, cause, failure));
    done
}
