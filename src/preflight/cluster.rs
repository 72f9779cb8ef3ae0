//! A cluster: name, settings, capacity providers, ECS Exec, tags.

use serde_json::Value;

use super::names::{NAME, is_name, items, twice};
use super::{Found, Rule, foreign, tags};
use crate::api::ecs_cluster::EcsClusterSpec as Spec;

pub(super) const RULES: &[Rule<Spec>] = &[name, settings, providers, exec, all_arns, cluster_tags];

fn name(spec: &Spec, found: &mut Found) {
    if spec.cluster_name.as_deref().is_some_and(|name| !is_name(name)) {
        found.add("clusterName", "is not a name that ECS takes", NAME);
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ClusterSetting.html>
fn settings(spec: &Spec, found: &mut Found) {
    for setting in items(spec.settings.as_ref()) {
        let value = setting.value.as_deref().unwrap_or_default();
        let insights = setting.name.as_deref() == Some("containerInsights");
        if insights && !matches!(value, "enabled" | "enhanced" | "disabled") {
            let problem = "must be enabled, enhanced or disabled";
            found.add("settings[containerInsights].value", problem, "choose one of them");
        }
    }
    for name in twice(items(spec.settings.as_ref()).filter_map(|setting| setting.name.as_deref())) {
        found.add(format!("settings[{name}].name"), "occurs twice", "keep one of them");
    }
}

fn providers(spec: &Spec, found: &mut Found) {
    if spec.capacity_providers.as_ref().is_some_and(|providers| providers.len() > 20) {
        found.add("capacityProviders", "has more than 20 items", "keep at most 20");
    }
    for name in twice(items(spec.capacity_providers.as_ref()).map(String::as_str)) {
        found.add(format!("capacityProviders[{name}]"), "occurs twice", "keep one of them");
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommandConfiguration.html>
fn exec(spec: &Spec, found: &mut Found) {
    let exec = spec.configuration.as_ref().and_then(|config| config.execute_command_configuration.as_ref());
    let lacks = exec.is_some_and(|e| e.logging.as_deref() == Some("OVERRIDE") && e.log_configuration.is_none());
    if lacks {
        let path = "configuration.executeCommandConfiguration.logConfiguration";
        found.add(path, "is missing, and `logging` is OVERRIDE", "say where sessions are logged");
    }
}

fn all_arns(spec: &Spec, found: &mut Found) {
    let document = serde_json::to_value(spec).unwrap_or(Value::Null);
    foreign::malformed(&document, found);
}

fn cluster_tags(spec: &Spec, found: &mut Found) {
    tags::check(spec.tags.as_ref(), found);
}
