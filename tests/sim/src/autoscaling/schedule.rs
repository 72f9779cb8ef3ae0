//! Scheduled actions: changes of a target's bounds at a time.

use serde_json::{Value, json};

use super::activity::{self, Activity};
use super::expression::Expression;
use super::target::pull;
use super::{asked_resource, invalid, is_ours, named, resource, target_mut};
use crate::ecs::{list, number, set, text};
use crate::refusal::Refusal;
use crate::world::{Cx, Region, timestamp};

/// Scheduled actions of one target, by AWS's quota.
const MOST_ACTIONS: usize = 200;

/// One scheduled action.
#[derive(Debug, Clone)]
pub struct Action {
    /// Its ARN.
    pub arn: String,
    /// The schedule as sent.
    pub schedule: String,
    /// The time zone as sent; only UTC and `Etc/GMT±n` shift anything.
    pub timezone: Option<String>,
    /// Not before this virtual time, milliseconds.
    pub start: Option<i64>,
    /// Not after this virtual time, milliseconds.
    pub end: Option<i64>,
    /// New lower bound.
    pub min: Option<i64>,
    /// New upper bound.
    pub max: Option<i64>,
    /// Virtual time in milliseconds.
    pub created_at: i64,
    /// When it fires next.
    pub next_at: Option<i64>,
}

impl Action {
    /// When the action fires for the first time after `now`.
    fn next_after(&self, now: i64, expression: &Expression) -> Option<i64> {
        let anchor = self.start.unwrap_or(self.created_at);
        let from = self.start.map_or(now, |start| now.max(start - 1));
        let next = expression.next_after(from, anchor, self.start.is_some())?;
        (next > now && self.end.is_none_or(|end| next <= end)).then_some(next)
    }

    fn view(&self, name: &str, id: &str) -> Value {
        let more = json!({
            "ScheduledActionName": name,
            "ScheduledActionARN": self.arn,
            "Schedule": self.schedule,
            "CreationTime": timestamp(self.created_at),
        });
        let mut view = named(id, more);
        for (member, at) in [("StartTime", self.start), ("EndTime", self.end)] {
            if let Some(at) = at {
                set(&mut view, member, timestamp(at));
            }
        }
        if let Some(zone) = &self.timezone {
            set(&mut view, "Timezone", zone.clone());
        }
        let mut bounds = json!({});
        for (member, bound) in [("MinCapacity", self.min), ("MaxCapacity", self.max)] {
            if let Some(bound) = bound {
                set(&mut bounds, member, bound);
            }
        }
        if self.min.is_some() || self.max.is_some() {
            set(&mut view, "ScalableTargetAction", bounds);
        }
        view
    }
}

/// `PutScheduledAction`: creates, or changes what is sent; start and end go when they are not sent.
pub(super) fn put(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let id = resource(input)?;
    let name = text(input, "ScheduledActionName").unwrap_or_default().to_owned();
    let target = target_mut(region, cx, &id, "scalable target")?;
    let present = target.actions.get(&name).cloned();
    if present.is_none() && target.actions.len() >= MOST_ACTIONS {
        let message = format!("Only {MOST_ACTIONS} scheduled actions are allowed for a scalable target.");
        return Err(Refusal::new("LimitExceededException", message));
    }
    let tail = format!("scheduledAction:{}:resource/ecs/{id}:scheduledActionName/{name}", cx.rng.uuid());
    let mut action = present.unwrap_or_else(|| Action {
        arn: cx.key.arn("autoscaling", &tail),
        schedule: String::new(),
        timezone: None,
        start: None,
        end: None,
        min: None,
        max: None,
        created_at: cx.now,
        next_at: None,
    });
    merge(&mut action, input);
    let expression = check(&action, cx.now)?;
    action.next_at = action.next_after(cx.now, &expression);
    target.actions.insert(name, action);
    Ok(json!({}))
}

fn merge(action: &mut Action, input: &Value) {
    if let Some(schedule) = text(input, "Schedule") {
        schedule.clone_into(&mut action.schedule);
    }
    if let Some(zone) = text(input, "Timezone") {
        action.timezone = Some(zone.to_owned());
    }
    if let Some(bounds) = input.get("ScalableTargetAction") {
        action.min = number(bounds, "MinCapacity");
        action.max = number(bounds, "MaxCapacity");
    }
    action.start = moment(input, "StartTime");
    action.end = moment(input, "EndTime");
}

#[allow(clippy::cast_possible_truncation)]
fn moment(input: &Value, member: &str) -> Option<i64> {
    input.get(member).and_then(Value::as_f64).map(|seconds| (seconds * 1000.0).round() as i64)
}

fn check(action: &Action, now: i64) -> Result<Expression, Refusal> {
    if action.schedule.is_empty() {
        return Err(invalid("Schedule is required for a new scheduled action."));
    }
    if action.min.is_none() && action.max.is_none() {
        return Err(invalid("ScalableTargetAction must have a minimum or a maximum capacity."));
    }
    if action.min.is_some_and(|min| min < 0) || action.max.is_some_and(|max| max < 0) {
        return Err(invalid("Minimum and maximum capacity must not be negative."));
    }
    if let (Some(min), Some(max)) = (action.min, action.max)
        && min > max
    {
        return Err(invalid("Maximum capacity cannot be less than minimum capacity."));
    }
    if let (Some(start), Some(end)) = (action.start, action.end)
        && start >= end
    {
        return Err(invalid("StartTime must be before EndTime."));
    }
    let expression = Expression::read(&action.schedule, action.timezone.as_deref()).map_err(invalid)?;
    if matches!(expression, Expression::At(at) if at <= now) {
        return Err(invalid("Scheduled action cannot be in the past."));
    }
    Ok(expression)
}

/// `DescribeScheduledActions`.
pub(super) fn describe(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let id = asked_resource(input)?;
    let names: Vec<&str> = list(input, "ScheduledActionNames").iter().filter_map(Value::as_str).collect();
    let targets = region.autoscaling.targets.iter().filter(|(other, _)| id.is_none_or(|id| id == other.as_str()));
    let actions = targets.flat_map(|(id, target)| target.actions.iter().map(move |(name, action)| (id, name, action)));
    let wanted = |name: &str| is_ours(input) && (names.is_empty() || names.contains(&name));
    let items = actions.filter(|(_, name, _)| wanted(name)).map(|(id, name, action)| action.view(name, id)).collect();
    super::page(cx, "DescribeScheduledActions", "ScheduledActions", input, items, 50)
}

/// `DeleteScheduledAction`.
pub(super) fn delete(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let id = resource(input)?;
    let target = target_mut(region, cx, &id, "scheduled action")?;
    let name = text(input, "ScheduledActionName").unwrap_or_default();
    target.actions.remove(name).ok_or_else(|| super::not_found("scheduled action", &id))?;
    Ok(json!({}))
}

/// Fires what is due: the bounds of the target change, and the count is pulled inside them.
pub(super) fn fire(region: &mut Region, cx: &mut Cx) {
    let mut due: Vec<(i64, String, String)> = Vec::new();
    for (id, target) in &region.autoscaling.targets {
        let late = target.actions.iter().filter_map(|(name, action)| Some((action.next_at?, name)));
        due.extend(late.filter(|(at, _)| *at <= cx.now).map(|(at, name)| (at, id.clone(), name.clone())));
    }
    due.sort();
    for (_, id, name) in due {
        fire_one(region, cx, &id, &name);
    }
}

fn fire_one(region: &mut Region, cx: &mut Cx, id: &str, name: &str) {
    let Some(target) = region.autoscaling.targets.get_mut(id) else { return };
    let Some(action) = target.actions.get_mut(name) else { return };
    let expression = Expression::read(&action.schedule, action.timezone.as_deref()).ok();
    action.next_at = expression.and_then(|expression| action.next_after(cx.now, &expression));
    if target.suspended.scheduled {
        return;
    }
    let (min, max) = (action.min.unwrap_or(target.min), action.max.unwrap_or(target.max));
    let cause = format!("scheduled action {name} was triggered");
    if min > max {
        let why = "Maximum capacity cannot be less than minimum capacity.";
        let failed = Activity::failed(cx, id, &cause, why);
        return activity::note(region, failed);
    }
    (target.min, target.max) = (min, max);
    pull(region, cx, id, &cause);
}
