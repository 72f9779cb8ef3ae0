//! Log drivers and the options that ECS insists on.

use super::names::containers;
use super::{Found, Rule};
use crate::api::ecs_task_definition::EcsTaskDefinitionSpec as Spec;
use crate::api::shapes::container::LogConfiguration;

pub(super) const RULES: &[Rule<Spec>] = &[drivers];

fn drivers(spec: &Spec, found: &mut Found) {
    for (path, container) in containers(spec) {
        if let Some(log) = &container.log_configuration {
            check(&format!("{path}.logConfiguration"), log, found);
        }
    }
}

/// "Log driver awslogs requires options: awslogs-region, awslogs-group".
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html>
pub(super) fn check(path: &str, log: &LogConfiguration, found: &mut Found) {
    let Some(driver) = log.log_driver.as_deref().filter(|driver| !driver.is_empty()) else {
        found.add(format!("{path}.logDriver"), "is missing", "name a log driver, such as awslogs");
        return;
    };
    if driver != "awslogs" {
        return;
    }
    for option in ["awslogs-group", "awslogs-region"] {
        let value = log.options.as_ref().and_then(|options| options.get(option));
        if value.is_none_or(String::is_empty) {
            let problem = format!("must have `{option}` for the driver awslogs");
            found.add(format!("{path}.options"), problem, format!("set `{option}`"));
        }
    }
}
