//! Rules of `ServerGroup`: names and what holds of the whole group here, the rest by part of the spec.

mod scaling;
mod strategy;
mod template;

use std::sync::LazyLock;

use super::{Rule, alphabet, immutable, no_dots, strategy as provider_strategy, tag_keys};

/// All rules.
pub(super) static RULES: LazyLock<Vec<Rule>> =
    LazyLock::new(|| [GROUP, strategy::RULES, scaling::RULES, template::RULES].concat());

const GROUP: &[Rule] = &[
    // Names.
    no_dots!("moniker"),
    Rule::new(
        "",
        "has(self.spec.moniker) || (!self.metadata.name.matches('-v[0-9]{3}$') && self.metadata.name.size() <= 248)",
        "must be set when `metadata.name` ends in `-v` and three digits, or has more than 248 characters",
    )
    .at(".spec.moniker")
    .requires(),
    immutable!("moniker"),
    immutable!("clusterRef"),
    immutable!("cluster"),
    immutable!("accountRef"),
    immutable!("region"),
    Rule::new(
        "spec",
        "!has(self.moniker) || self.moniker.application.matches('^[a-zA-Z0-9_]+$') || ((!has(self.monikerTags) || self.monikerTags) && self.moniker.application.matches('^[a-zA-Z0-9_-]+$'))",
        "must consist of letters, digits and `_`, with `monikerTags` also `-`",
    )
    .at(".moniker.application"),
    Rule::new(
        "spec.moniker",
        "!has(self.stack) || self.stack.matches('^([a-zA-Z0-9_]+| *)$')",
        "must consist of letters, digits and `_`",
    )
    .at(".stack"),
    Rule::new(
        "spec.moniker",
        "!has(self.detail) || self.detail.matches('^([a-zA-Z0-9_-]+| *)$')",
        "must consist of letters, digits, `_` and `-`",
    )
    .at(".detail"),
    Rule::new(
        "spec.moniker",
        "!has(self.detail) || !self.detail.matches('(^|-)v[0-9]{3}$')",
        "must not end in `-v` and three digits, as versions do",
    )
    .at(".detail"),
    Rule::new(
        "spec.moniker",
        "!has(self.stack) || !self.stack.matches('^v[0-9]{3}$')",
        "must not be `v` and three digits, as versions end",
    )
    .at(".stack"),
    Rule::new(
        "spec.moniker",
        "self.application.size() + (has(self.stack) ? self.stack.size() + 1 : 0) + (has(self.detail) ? self.detail.size() + (has(self.stack) ? 1 : 2) : 0) <= 248",
        "must make a name of 248 characters at most",
    ),
    tag_keys!(),
    Rule::new(
        "spec",
        "!has(self.tags) || self.tags.size() <= 39 || (has(self.monikerTags) && !self.monikerTags)",
        "must have at most 39 entries, or 44 with `monikerTags: false`",
    )
    .at(".tags"),
    // The group.
    Rule::new(
        "spec",
        "has(self.clusterRef) != has(self.cluster)",
        "must have exactly one of `clusterRef` and `cluster`",
    )
    .at(".clusterRef"),
    Rule::new(
        "spec.capacity",
        "(!has(self.min) || self.min <= (has(self.desired) ? self.desired : 1)) && (!has(self.max) || (has(self.desired) ? self.desired : 1) <= self.max)",
        "must lie between `min` and `max`",
    )
    .at(".desired"),
    Rule::new(
        "spec.deploymentConfiguration",
        "(has(self.maximumPercent) ? self.maximumPercent : 200) > (has(self.minimumHealthyPercent) ? self.minimumHealthyPercent : 100)",
        "must be greater than `minimumHealthyPercent`, or no task can ever be replaced",
    )
    .at(".maximumPercent"),
    Rule::new(
        "spec",
        "!has(self.healthCheckGracePeriodSeconds) || (has(self.template.targetGroupMappings) && self.template.targetGroupMappings.size() > 0)",
        "must be absent without `template.targetGroupMappings`",
    )
    .at(".healthCheckGracePeriodSeconds")
    .forbids(),
    Rule::new(
        "spec",
        "!has(self.template.targetGroupMappings) || self.template.targetGroupMappings.all(m, has(m.alternateTargetGroup) == has(self.traffic))",
        "must have `alternateTargetGroup` exactly when `traffic` is set",
    )
    .at(".template.targetGroupMappings"),
    Rule::new(
        "spec",
        "!has(self.traffic) || (has(self.template.targetGroupMappings) && self.template.targetGroupMappings.size() > 0)",
        "must be absent without `template.targetGroupMappings`",
    )
    .at(".traffic")
    .forbids(),
    Rule::new("spec.traffic", "self.listenerRules.size() > 0", "must name a listener or a rule")
        .at(".listenerRules")
        .requires(),
];
