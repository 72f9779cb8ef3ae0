//! Alarms: one store for ECS deployments, scaling policies and this API. Metrics do not move them; tests do.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{invalid, nothing};
use crate::ecs::scheduler::Fleet;
use crate::ecs::{list, set, text};
use crate::fixtures::{AlarmState, Fixtures};
use crate::refusal::Refusal;
use crate::world::{Cx, RegionKey, timestamp};

/// One alarm.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Alarm {
    /// Its state.
    pub state: AlarmState,
    /// A composite alarm; else a metric alarm.
    pub composite: bool,
    /// Members as `PutMetricAlarm` got them.
    pub definition: Map<String, Value>,
    /// Why it is in its state.
    pub reason: String,
    /// When the state was last set, virtual milliseconds.
    pub updated_at: i64,
    /// When the state last changed.
    pub changed_at: i64,
    /// When it was last put.
    pub configured_at: i64,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

impl AlarmState {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    fn read(word: &str) -> Self {
        match word {
            "OK" => Self::Ok,
            "ALARM" => Self::Alarm,
            _ => Self::InsufficientData,
        }
    }
}

impl Alarm {
    fn turn(&mut self, state: AlarmState, reason: &str, now: i64) {
        if self.state != state {
            self.changed_at = now;
        }
        self.state = state;
        self.updated_at = now;
        reason.clone_into(&mut self.reason);
    }

    /// The alarm as `DescribeAlarms` shows it.
    pub(super) fn view(&self, key: &RegionKey, name: &str) -> Value {
        let mut view = json!({
            "AlarmName": name,
            "AlarmArn": key.arn("cloudwatch", &format!("alarm:{name}")),
            "ActionsEnabled": true,
            "OKActions": [],
            "AlarmActions": [],
            "InsufficientDataActions": [],
            "AlarmConfigurationUpdatedTimestamp": timestamp(self.configured_at),
            "StateValue": self.state.as_str(),
            "StateReason": self.reason,
            "StateUpdatedTimestamp": timestamp(self.updated_at),
            "StateTransitionedTimestamp": timestamp(self.changed_at),
        });
        if self.composite {
            set(&mut view, "AlarmRule", "FALSE");
        } else {
            set(&mut view, "Dimensions", Value::Array(Vec::new()));
        }
        if let Value::Object(members) = &mut view {
            members.extend(self.definition.clone());
        }
        view
    }
}

impl Fixtures {
    /// The state of an alarm, if it exists.
    pub fn alarm_state(&self, name: &str) -> Option<AlarmState> {
        self.alarms.get(name).map(|alarm| alarm.state)
    }

    /// Sets the state of an alarm, which is made if there is none of this name.
    pub(crate) fn turn_alarm(&mut self, name: &str, state: AlarmState, reason: &str, now: i64) {
        self.alarms.entry(name.to_owned()).or_insert_with(|| Alarm::made(now)).turn(state, reason, now);
    }
}

impl Alarm {
    /// A new alarm: `INSUFFICIENT_DATA` until its first evaluation.
    pub(crate) fn made(now: i64) -> Self {
        let reason = "Unchecked: Initial alarm creation".to_owned();
        Self { reason, updated_at: now, changed_at: now, configured_at: now, ..Self::default() }
    }
}

/// `PutMetricAlarm`: a new alarm, or a new definition of a known one, whose state stays.
pub(super) fn put(fleet: &mut Fleet, cx: &Cx, input: &Value) -> Result<Value, Refusal> {
    let name = text(input, "AlarmName").unwrap_or_default();
    let metric = input.get("MetricName").is_some();
    let metrics = input.get("Metrics").is_some() || input.get("EvaluationCriteria").is_some();
    if metric == metrics {
        return Err(invalid("Exactly one of MetricName and Metrics must be specified"));
    }
    if metric && input.get("Namespace").is_none() {
        return Err(invalid("Namespace must be specified"));
    }
    if metric && (input.get("Statistic").is_some() == input.get("ExtendedStatistic").is_some()) {
        return Err(invalid("Exactly one of Statistic and ExtendedStatistic must be specified"));
    }
    if metric && input.get("Threshold").is_none() && input.get("ThresholdMetricId").is_none() {
        return Err(invalid("Threshold must be specified"));
    }
    let alarms = &mut fleet.fixtures.alarms;
    if alarms.get(name).is_some_and(|alarm| alarm.composite) {
        return Err(invalid(format!("{name} is a composite alarm")));
    }
    let new = !alarms.contains_key(name);
    let alarm = alarms.entry(name.to_owned()).or_insert_with(|| Alarm::made(cx.now));
    let mut definition = input.as_object().cloned().unwrap_or_default();
    definition.remove("Tags");
    alarm.definition = definition;
    alarm.configured_at = cx.now;
    // API reference: tags are ignored when an existing alarm is updated.
    if new {
        alarm.tags = super::tags::read(input);
    }
    Ok(nothing())
}

fn missing(name: &str) -> Refusal {
    Refusal::new("ResourceNotFound", format!("Alarm {name} does not exist"))
}

/// `DeleteAlarms`: all or, "if you specify an incorrect alarm name", none.
pub(super) fn delete(fleet: &mut Fleet, input: &Value) -> Result<Value, Refusal> {
    let names: Vec<&str> = list(input, "AlarmNames").iter().filter_map(Value::as_str).collect();
    let alarms = &mut fleet.fixtures.alarms;
    if let Some(name) = names.iter().find(|name| !alarms.contains_key(**name)) {
        return Err(missing(name));
    }
    for name in names {
        alarms.remove(name);
    }
    Ok(nothing())
}

/// `SetAlarmState`.
pub(super) fn set_state(fleet: &mut Fleet, input: &Value) -> Result<Value, Refusal> {
    let name = text(input, "AlarmName").unwrap_or_default();
    if !fleet.fixtures.alarms.contains_key(name) {
        return Err(missing(name));
    }
    let state = AlarmState::read(text(input, "StateValue").unwrap_or_default());
    fleet.turn_alarm(name, state, text(input, "StateReason").unwrap_or_default());
    Ok(nothing())
}
