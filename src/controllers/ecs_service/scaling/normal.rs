//! Normal forms of policies and scheduled actions: what the service fills in by itself is left out. Pure.
//!
//! Defaults are those of the reference of `TargetTrackingScalingPolicyConfiguration`,
//! `StepScalingPolicyConfiguration`, `PredictiveScalingPolicyConfiguration` and `PutScheduledAction`;
//! cooldowns of ECS services are 300 seconds.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The normal form of a policy of any kind, without its name.
pub(super) fn policy(policy: &impl Serialize) -> Value {
    let defaults = [
        ("scaleInCooldown", json!(300)),
        ("scaleOutCooldown", json!(300)),
        ("cooldown", json!(300)),
        ("disableScaleIn", json!(false)),
        ("metricAggregationType", json!("Average")),
        ("minAdjustmentMagnitude", json!(0)),
        ("mode", json!("ForecastOnly")),
        ("maxCapacityBreachBehavior", json!("HonorMaxCapacity")),
        ("schedulingBufferTime", json!(300)),
    ];
    normal(policy, "policyName", &defaults)
}

/// The normal form of a scheduled action, without its name.
pub(super) fn action(action: &impl Serialize) -> Value {
    let mut value = normal(action, "scheduledActionName", &[("timezone", json!("UTC"))]);
    for name in ["startTime", "endTime"] {
        if let Some(member) = value.get_mut(name) {
            let time = member.as_str().and_then(|text| text.parse::<Timestamp>().ok());
            if let Some(time) = time {
                *member = json!(time.as_second());
            }
        }
    }
    value
}

fn normal(shape: &impl Serialize, name: &str, defaults: &[(&str, Value)]) -> Value {
    let mut value = serde_json::to_value(shape).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        members.remove(name);
        members.retain(|member, value| !defaults.iter().any(|(known, default)| member == known && value == default));
    }
    tidy(value)
}

/// Without empty members and `returnData: true`, the default; lists in one order, for all of them are sets.
fn tidy(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members
                .into_iter()
                .filter(|(name, value)| !(name == "returnData" && *value == Value::Bool(true)))
                .map(|(name, value)| (name, tidy(value)))
                .filter(|(_, value)| !is_empty(value));
            Value::Object(kept.collect::<Map<_, _>>())
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(tidy).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::String(text) => Value::String(text.trim().to_owned()),
        leaf @ (Value::Null | Value::Bool(_) | Value::Number(_)) => leaf,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Is it a one-time action whose time has passed? Such a one is not made again once it is gone.
pub(super) fn has_passed(schedule: &str, timezone: Option<&str>, now: Timestamp) -> bool {
    let inside = schedule.trim().strip_prefix("at(").and_then(|rest| rest.strip_suffix(')'));
    let Some(time) = inside.and_then(|text| format!("{}Z", text.trim()).parse::<Timestamp>().ok()) else {
        return false;
    };
    // Local time anywhere is at most 14 hours from UTC.
    let slack = if timezone.is_none_or(|zone| zone == "UTC") { 0 } else { 14 * 3600 };
    now.as_second() > time.as_second().saturating_add(slack)
}
