//! Who owns the count, policies and alarms.

use super::Rule;

/// Holds of a scaling that declares nothing of Application Auto Scaling.
macro_rules! bare {
    () => {
        "(!has(self.targetTracking) || self.targetTracking.size() == 0) && (!has(self.stepScaling) || self.stepScaling.size() == 0) && (!has(self.predictiveScaling) || self.predictiveScaling.size() == 0) && (!has(self.scheduledActions) || self.scheduledActions.size() == 0)"
    };
}

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "spec.scaling",
        concat!("!has(self.mode) || self.mode == 'External' || (", bare!(), ")"),
        "must be `External` when policies or actions are declared",
    )
    .at(".mode"),
    Rule::new(
        "spec.scaling",
        "!has(self.copyFromPrevious) || !self.copyFromPrevious || !has(self.mode) || self.mode == 'External'",
        "must be `External` when `copyFromPrevious` is true",
    )
    .at(".mode"),
    Rule::new(
        "spec.scaling",
        "!has(self.targetTracking) || self.targetTracking.all(t, (!has(self.stepScaling) || !self.stepScaling.exists(s, s.policyName == t.policyName)) && (!has(self.predictiveScaling) || !self.predictiveScaling.exists(p, p.policyName == t.policyName)))",
        "must not have a `policyName` in two lists",
    )
    .at(".targetTracking")
    .duplicate(),
    Rule::new(
        "spec.scaling",
        "!has(self.stepScaling) || self.stepScaling.all(s, has(self.alarms) && self.alarms.exists(a, has(a.policies) && s.policyName in a.policies))",
        "must each be named in `policies` of an alarm, or nothing triggers them",
    )
    .at(".stepScaling"),
    Rule::new(
        "spec.scaling",
        "!has(self.alarms) || self.alarms.all(a, !has(a.policies) || a.policies.all(p, has(self.stepScaling) && self.stepScaling.exists(s, s.policyName == p)))",
        "must name policies of `stepScaling` in `policies`",
    )
    .at(".alarms"),
    Rule::new(
        "spec.scaling.alarms[]",
        "has(self.statistic) != has(self.extendedStatistic)",
        "must have exactly one of `statistic` and `extendedStatistic`",
    ),
    Rule::new(
        "spec.scaling.alarms[]",
        "!has(self.comparisonOperator) || self.comparisonOperator in ['GreaterThanOrEqualToThreshold', 'GreaterThanThreshold', 'LessThanThreshold', 'LessThanOrEqualToThreshold']",
        "must be `GreaterThanOrEqualToThreshold`, `GreaterThanThreshold`, `LessThanThreshold` or `LessThanOrEqualToThreshold`",
    )
    .at(".comparisonOperator"),
    Rule::new(
        "spec.scaling.alarms[]",
        "!has(self.statistic) || self.statistic in ['Average', 'Maximum', 'Minimum', 'SampleCount', 'Sum']",
        "must be `Average`, `Maximum`, `Minimum`, `SampleCount` or `Sum`",
    )
    .at(".statistic"),
    Rule::new(
        "spec.scaling.alarms[]",
        "!has(self.datapointsToAlarm) || !has(self.evaluationPeriods) || self.datapointsToAlarm <= self.evaluationPeriods",
        "must not exceed `evaluationPeriods`",
    )
    .at(".datapointsToAlarm"),
    Rule::new(
        "spec.scaling.targetTracking[]",
        "has(self.predefinedMetricSpecification) != has(self.customizedMetricSpecification)",
        "must have exactly one of `predefinedMetricSpecification` and `customizedMetricSpecification`",
    ),
    Rule::new(
        "spec.scaling.scheduledActions[]",
        "has(self.scalableTargetAction) && (has(self.scalableTargetAction.minCapacity) || has(self.scalableTargetAction.maxCapacity))",
        "must set `minCapacity` or `maxCapacity`",
    )
    .at(".scalableTargetAction")
    .requires(),
];
