//! Scaling policies: target tracking, steps, forecasts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{asked_resource, invalid, is_ours, named, resource, target_mut};
use crate::cloudwatch::Alarm;
use crate::ecs::{list, number, set, text};
use crate::refusal::Refusal;
use crate::world::{Cx, Region, timestamp};

/// Policies of one target, by AWS's quota.
const MOST_POLICIES: usize = 50;
/// Steps of one policy, by AWS's quota.
const MOST_STEPS: usize = 20;
/// The predefined metrics of ECS services.
const METRICS: [&str; 5] = [
    "ALBRequestCountPerTarget",
    "ECSServiceAverageCPUUtilization",
    "ECSServiceAverageCPUUtilizationHighResolution",
    "ECSServiceAverageMemoryUtilization",
    "ECSServiceAverageMemoryUtilizationHighResolution",
];

/// The type of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Keeps a metric at a value.
    TargetTracking,
    /// Follows an alarm.
    Step,
    /// Follows a forecast; forecasts are not simulated.
    Predictive,
}

impl Kind {
    fn read(word: &str) -> Option<Self> {
        match word {
            "TargetTrackingScaling" => Some(Self::TargetTracking),
            "StepScaling" => Some(Self::Step),
            "PredictiveScaling" => Some(Self::Predictive),
            _ => None,
        }
    }

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TargetTracking => "TargetTrackingScaling",
            Self::Step => "StepScaling",
            Self::Predictive => "PredictiveScaling",
        }
    }

    /// The member that configures it.
    pub fn member(self) -> &'static str {
        match self {
            Self::TargetTracking => "TargetTrackingScalingPolicyConfiguration",
            Self::Step => "StepScalingPolicyConfiguration",
            Self::Predictive => "PredictiveScalingPolicyConfiguration",
        }
    }
}

/// One policy.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its ARN.
    pub arn: String,
    /// Its type.
    pub kind: Kind,
    /// Its configuration as sent.
    pub config: Value,
    /// Names of the alarms that target tracking made for it.
    pub alarms: Vec<String>,
    /// Virtual time in milliseconds.
    pub created_at: i64,
    /// Evaluations in a row above and below the target.
    pub(super) points: (u32, u32),
}

impl Policy {
    /// Whether the policy does anything by itself.
    pub(super) fn acts(&self) -> bool {
        self.kind != Kind::Predictive
    }

    /// The name under which its metric is scripted.
    pub(super) fn metric(&self) -> &str {
        let predefined = self.config.pointer("/PredefinedMetricSpecification/PredefinedMetricType");
        let customized = self.config.pointer("/CustomizedMetricSpecification/MetricName");
        predefined.or(customized).and_then(Value::as_str).unwrap_or("*")
    }

    fn view(&self, name: &str, id: &str, cx: &Cx, fill: bool, known: &BTreeMap<String, Alarm>) -> Value {
        let mut config = self.config.clone();
        if fill {
            fill_in(self.kind, &mut config);
        }
        let more = json!({
            "PolicyARN": self.arn,
            "PolicyName": name,
            "PolicyType": self.kind.as_str(),
            "CreationTime": timestamp(self.created_at),
            "Alarms": self.triggers(cx, known),
            (self.kind.member()): config,
        });
        named(id, more)
    }

    /// Its own alarms, and for a step policy those that name it as an action.
    fn triggers(&self, cx: &Cx, known: &BTreeMap<String, Alarm>) -> Value {
        let names = |alarm: &Alarm| {
            let lists = ["AlarmActions", "OKActions", "InsufficientDataActions"];
            let actions = lists.iter().filter_map(|list| alarm.definition.get(*list)?.as_array()).flatten();
            actions.filter_map(Value::as_str).any(|action| action == self.arn)
        };
        let naming = known.iter().filter(|(_, alarm)| names(alarm)).map(|(name, _)| name.clone());
        let alarms = self.alarms.iter().cloned().chain(naming).collect();
        Self { alarms, ..self.clone() }.alarms(cx)
    }

    fn alarms(&self, cx: &Cx) -> Value {
        let alarm = |name: &String| json!({ "AlarmName": name, "AlarmARN": cx.key.arn("cloudwatch", &format!("alarm:{name}")) });
        self.alarms.iter().map(alarm).collect()
    }
}

/// The defaults that the model names.
fn fill_in(kind: Kind, config: &mut Value) {
    let defaults = match kind {
        Kind::TargetTracking => json!({ "DisableScaleIn": false }),
        Kind::Step => json!({ "Cooldown": 300, "MetricAggregationType": "Average" }),
        Kind::Predictive => json!({
            "Mode": "ForecastOnly",
            "SchedulingBufferTime": 300,
            "MaxCapacityBreachBehavior": "HonorMaxCapacity",
        }),
    };
    for (member, value) in defaults.as_object().into_iter().flatten() {
        if config.get(member).is_none() {
            set(config, member, value.clone());
        }
    }
}

/// `PutScalingPolicy`: creates, or replaces the configuration.
pub(super) fn put(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let id = resource(input)?;
    let name = text(input, "PolicyName").unwrap_or_default().to_owned();
    let target = target_mut(region, cx, &id, "scalable target")?;
    let present = target.policies.get(&name);
    let asked = text(input, "PolicyType").and_then(Kind::read);
    let kind = match (asked, present.map(|policy| policy.kind)) {
        (Some(asked), Some(present)) if asked != present => {
            return Err(invalid("You cannot change the type of a scaling policy."));
        }
        (asked, present) => asked.or(present).ok_or_else(|| invalid("PolicyType is required for a new policy."))?,
    };
    let config = config(kind, input)?;
    check(kind, &config)?;
    if kind == Kind::TargetTracking {
        let same = |policy: &Policy| policy.kind == kind && specification(&policy.config) == specification(&config);
        if target.policies.iter().any(|(other, policy)| *other != name && same(policy)) {
            return Err(invalid("Only one TargetTrackingScaling policy for a given metric specification is allowed."));
        }
    }
    if present.is_none() && target.policies.len() >= MOST_POLICIES {
        return Err(limit(&format!("Only {MOST_POLICIES} scaling policies are allowed for a scalable target.")));
    }
    let policy = target.policies.entry(name.clone()).or_insert_with(|| made(cx, &id, &name, kind));
    policy.config = config;
    policy.points = (0, 0);
    let answer = json!({ "PolicyARN": policy.arn, "Alarms": policy.alarms(cx) });
    let alarms = policy.alarms.clone();
    for alarm in alarms {
        region.fixtures.alarms.entry(alarm).or_insert_with(|| Alarm::made(cx.now));
    }
    Ok(answer)
}

fn made(cx: &mut Cx, id: &str, name: &str, kind: Kind) -> Policy {
    let tail = format!("scalingPolicy:{}:resource/ecs/{id}:policyName/{name}", cx.rng.uuid());
    let alarms = match kind {
        Kind::TargetTracking => {
            ["AlarmHigh", "AlarmLow"].map(|side| format!("TargetTracking-{id}-{side}-{}", cx.rng.uuid())).to_vec()
        }
        Kind::Step | Kind::Predictive => Vec::new(),
    };
    Policy {
        arn: cx.key.arn("autoscaling", &tail),
        kind,
        config: Value::Null,
        alarms,
        created_at: cx.now,
        points: (0, 0),
    }
}

/// The configuration of the policy's type, and of no other.
fn config(kind: Kind, input: &Value) -> Result<Value, Refusal> {
    let others = [Kind::TargetTracking, Kind::Step, Kind::Predictive].into_iter().filter(|other| *other != kind);
    for other in others {
        if input.get(other.member()).is_some() {
            return Err(invalid(format!("{} cannot be specified for a {} policy.", other.member(), kind.as_str())));
        }
    }
    let config = input.get(kind.member()).cloned();
    config.ok_or_else(|| invalid(format!("{} is required for a {} policy.", kind.member(), kind.as_str())))
}

fn specification(config: &Value) -> (Option<&Value>, Option<&Value>) {
    (config.get("PredefinedMetricSpecification"), config.get("CustomizedMetricSpecification"))
}

fn check(kind: Kind, config: &Value) -> Result<(), Refusal> {
    let negative = ["ScaleInCooldown", "ScaleOutCooldown", "Cooldown"]
        .into_iter()
        .find(|member| number(config, member).is_some_and(|seconds| seconds < 0));
    if let Some(member) = negative {
        return Err(invalid(format!("{member} must not be negative.")));
    }
    match kind {
        Kind::TargetTracking => check_tracking(config),
        Kind::Step => check_steps(config),
        Kind::Predictive => check_forecast(config),
    }
}

fn check_tracking(config: &Value) -> Result<(), Refusal> {
    let predefined = match specification(config) {
        (Some(predefined), None) => predefined,
        (None, Some(customized)) => {
            let one = text(customized, "MetricName").is_some() && text(customized, "Namespace").is_some();
            let several = !list(customized, "Metrics").is_empty();
            if one == several {
                return Err(invalid("A customized metric needs either a name and a namespace, or metric queries."));
            }
            return Ok(());
        }
        _ => return Err(invalid("Exactly one of a predefined and a customized metric must be specified.")),
    };
    let metric = text(predefined, "PredefinedMetricType").unwrap_or_default();
    if !METRICS.contains(&metric) {
        return Err(invalid(format!("The metric {metric} is not available for ECS services.")));
    }
    let label = text(predefined, "ResourceLabel");
    match (metric == "ALBRequestCountPerTarget", label) {
        (true, None) => Err(invalid("ResourceLabel is required for ALBRequestCountPerTarget.")),
        (true, Some(label)) if !(label.starts_with("app/") && label.contains("/targetgroup/")) => {
            Err(invalid(format!("Invalid resource label: {label}")))
        }
        (false, Some(_)) => Err(invalid(format!("ResourceLabel cannot be specified for {metric}."))),
        _ => Ok(()),
    }
}

fn check_steps(config: &Value) -> Result<(), Refusal> {
    let steps = list(config, "StepAdjustments");
    let Some(kind) = text(config, "AdjustmentType").filter(|_| !steps.is_empty()) else {
        return Err(invalid("AdjustmentType and at least one step adjustment are required."));
    };
    if steps.len() > MOST_STEPS {
        return Err(limit(&format!("Only {MOST_STEPS} step adjustments are allowed.")));
    }
    if number(config, "MinAdjustmentMagnitude").is_some() && kind != "PercentChangeInCapacity" {
        return Err(invalid("MinAdjustmentMagnitude is only valid with PercentChangeInCapacity."));
    }
    let mut ranges: Vec<(f64, f64)> = steps.iter().map(range).collect();
    ranges.sort_by(|a, b| a.0.total_cmp(&b.0));
    if ranges.iter().any(|(low, high)| low >= high) {
        return Err(invalid("The upper bound of a step must be greater than its lower bound."));
    }
    let pairs = || ranges.iter().zip(ranges.iter().skip(1));
    if pairs().any(|(one, next)| one.1.total_cmp(&next.0).is_ne()) {
        return Err(invalid("Step adjustment intervals can't overlap or have a gap between them."));
    }
    let falls = |step: &Value| kind == "ExactCapacity" && number(step, "ScalingAdjustment").is_some_and(|by| by < 0);
    if steps.iter().any(falls) {
        return Err(invalid("An exact capacity must not be negative."));
    }
    Ok(())
}

/// The interval of a step; absent bounds are infinite.
pub(super) fn range(step: &Value) -> (f64, f64) {
    let bound = |member: &str| step.get(member).and_then(Value::as_f64);
    (
        bound("MetricIntervalLowerBound").unwrap_or(f64::NEG_INFINITY),
        bound("MetricIntervalUpperBound").unwrap_or(f64::INFINITY),
    )
}

fn check_forecast(config: &Value) -> Result<(), Refusal> {
    if list(config, "MetricSpecifications").len() != 1 {
        return Err(invalid("Exactly one metric specification is supported."));
    }
    let raises = text(config, "MaxCapacityBreachBehavior") == Some("IncreaseMaxCapacity");
    if raises != number(config, "MaxCapacityBuffer").is_some() {
        return Err(invalid("MaxCapacityBuffer is required with IncreaseMaxCapacity, and only then allowed."));
    }
    Ok(())
}

fn limit(message: &str) -> Refusal {
    Refusal::new("LimitExceededException", message)
}

/// `DescribeScalingPolicies`, ten at a time.
pub(super) fn describe(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let id = asked_resource(input)?;
    let names: Vec<&str> = list(input, "PolicyNames").iter().filter_map(Value::as_str).collect();
    let fill = region.autoscaling.settings.fill_defaults;
    let targets = region.autoscaling.targets.iter().filter(|(other, _)| id.is_none_or(|id| id == other.as_str()));
    let policies =
        targets.flat_map(|(id, target)| target.policies.iter().map(move |(name, policy)| (id, name, policy)));
    let wanted = |name: &str| is_ours(input) && (names.is_empty() || names.contains(&name));
    let known = &region.fixtures.alarms;
    let shown = |(id, name, policy): (&String, &String, &Policy)| policy.view(name, id, cx, fill, known);
    let views = policies.filter(|(_, name, _)| wanted(name)).map(shown);
    let items = views.collect();
    super::page(cx, "DescribeScalingPolicies", "ScalingPolicies", input, items, 10)
}

/// `DeleteScalingPolicy`: the alarms of target tracking go with it.
pub(super) fn delete(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let id = resource(input)?;
    let target = target_mut(region, cx, &id, "scaling policy")?;
    let name = text(input, "PolicyName").unwrap_or_default();
    let policy = target.policies.remove(name).ok_or_else(|| super::not_found("scaling policy", &id))?;
    for alarm in &policy.alarms {
        region.fixtures.alarms.remove(alarm);
    }
    Ok(json!({}))
}
