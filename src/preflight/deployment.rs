//! Deployment configuration: percentages, steps, hooks.

use super::names::{filled, items};
use super::{Found, Rule};
use crate::api::ecs_service::EcsServiceSpec as Spec;
use crate::api::shapes::deployment::DeploymentConfiguration;

pub(super) const RULES: &[Rule<Spec>] = &[percentages, steps, hooks, alarms];

const PATH: &str = "deploymentConfiguration";

fn config(spec: &Spec) -> Option<&DeploymentConfiguration> {
    spec.deployment_configuration.as_ref()
}

/// Both at 100 leave no room to move: ECS answers that this will block deployments.
fn percentages(spec: &Spec, found: &mut Found) {
    let Some(config) = config(spec) else {
        return;
    };
    let daemon = spec.scheduling_strategy.as_deref() == Some("DAEMON");
    let (low, high) = (config.minimum_healthy_percent, config.maximum_percent);
    for (member, value) in [("minimumHealthyPercent", low), ("maximumPercent", high)] {
        if value.is_some_and(|value| value < 0) {
            found.add(format!("{PATH}.{member}"), "must not be negative", "write 0 or more");
        }
    }
    let low = low.unwrap_or(if daemon { 0 } else { 100 });
    let high = high.unwrap_or(if daemon { 100 } else { 200 });
    if low > high {
        let problem = format!("is {low}, above `maximumPercent`, which is {high}");
        found.add(format!("{PATH}.minimumHealthyPercent"), problem, "lower it or raise `maximumPercent`");
    } else if low == 100 && high == 100 {
        let problem = "and `maximumPercent` are both 100, which blocks deployments";
        found.add(format!("{PATH}.minimumHealthyPercent"), problem, "lower it or raise `maximumPercent`");
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LinearConfiguration.html>
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CanaryConfiguration.html>
fn steps(spec: &Spec, found: &mut Found) {
    let Some(config) = config(spec) else {
        return;
    };
    let linear = config.linear_configuration.as_ref();
    let canary = config.canary_configuration.as_ref();
    let percents = [
        ("linearConfiguration.stepPercent", linear.and_then(|linear| linear.step_percent), 3.0),
        ("canaryConfiguration.canaryPercent", canary.and_then(|canary| canary.canary_percent), 0.1),
    ];
    for (member, value, least) in percents {
        if value.is_some_and(|value| !(least..=100.0).contains(&value)) {
            let problem = format!("must be {least} to 100");
            found.add(format!("{PATH}.{member}"), problem, "choose a value in that range");
        }
    }
    let minutes = [
        ("bakeTimeInMinutes", config.bake_time_in_minutes),
        ("linearConfiguration.stepBakeTimeInMinutes", linear.and_then(|linear| linear.step_bake_time_in_minutes)),
        ("canaryConfiguration.canaryBakeTimeInMinutes", canary.and_then(|canary| canary.canary_bake_time_in_minutes)),
    ];
    for (member, value) in minutes {
        if value.is_some_and(|value| !(0..=1440).contains(&value)) {
            found.add(format!("{PATH}.{member}"), "must be 0 to 1440 minutes", "choose a value in that range");
        }
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentLifecycleHook.html>
fn hooks(spec: &Spec, found: &mut Found) {
    for (index, hook) in config(spec).into_iter().flat_map(|c| items(c.lifecycle_hooks.as_ref())).enumerate() {
        let path = format!("{PATH}.lifecycleHooks[{index}]");
        if !filled(hook.lifecycle_stages.as_ref()) {
            found.add(format!("{path}.lifecycleStages"), "must not be empty", "name the stages at which the hook acts");
        }
        let lambda = hook.target_type.as_deref().unwrap_or("AWS_LAMBDA") == "AWS_LAMBDA";
        for (member, value) in [("hookTargetArn", &hook.hook_target_arn), ("roleArn", &hook.role_arn)] {
            if lambda && value.is_none() {
                found.add(format!("{path}.{member}"), "is missing", "a Lambda hook needs it");
            }
        }
        let minutes = hook.timeout_configuration.as_ref().and_then(|timeout| timeout.timeout_in_minutes);
        if minutes.is_some_and(|minutes| !(1..=20_160).contains(&minutes)) {
            let path = format!("{path}.timeoutConfiguration.timeoutInMinutes");
            found.add(path, "must be 1 to 20160 minutes", "choose a value in that range");
        }
    }
}

fn alarms(spec: &Spec, found: &mut Found) {
    let alarms = config(spec).and_then(|config| config.alarms.as_ref());
    if alarms.is_some_and(|alarms| alarms.enable == Some(true) && !filled(alarms.alarm_names.as_ref())) {
        found.add(format!("{PATH}.alarms.alarmNames"), "must not be empty", "name the alarms, or set `enable: false`");
    }
}
