//! Takes values that people hide in a definition out of what ECS says: a refusal may quote the request. Pure.

use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionInputBuilder;
use aws_sdk_ecs::types::ContainerDefinition;

use crate::aws::AwsError;
use crate::aws::error::tidy;

/// Shorter values are words like `on` and `80`: nothing is secret about them, and every message has them.
const SHORTEST: usize = 4;
/// The same for parts of a command, labels and options, most of which are words that a refusal needs.
const SHORTEST_PART: usize = 8;

/// The error, with the name of a variable in place of its value. The same for what tokens hide in beside variables:
/// commands, labels and options of log drivers.
#[must_use]
pub(super) fn without_values(mut error: AwsError, request: &RegisterTaskDefinitionInputBuilder) -> AwsError {
    let containers = request.get_container_definitions().as_deref().unwrap_or_default();
    let mut values: Vec<(String, String)> = containers.iter().flat_map(hidden).collect();
    // A value may hold another.
    values.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
    for (value, instead) in &values {
        error.message = error.message.replace(value, instead);
        if let Some(start) = cut_short(&error.message, value) {
            error.message.truncate(start);
            error.message.push_str(instead);
        }
    }
    error
}

/// What a container's definition may hide, and what to say in its place.
fn hidden(container: &ContainerDefinition) -> Vec<(String, String)> {
    let mut values: Vec<(&str, String)> = Vec::new();
    for pair in container.environment() {
        values.push((pair.value().unwrap_or_default(), format!("(value of {})", pair.name().unwrap_or_default())));
    }
    values.retain(|(value, _)| value.len() >= SHORTEST);
    let mut parts: Vec<(&str, String)> = Vec::new();
    let check = container.health_check().map_or(&[][..], |check| check.command());
    for (list, member) in
        [(container.command(), "command"), (container.entry_point(), "entryPoint"), (check, "healthCheck")]
    {
        for word in list {
            parts.push((word, format!("(part of {member})")));
            // `--token=abc`: the value may be quoted alone.
            let value = word.split_once('=').map(|(_, value)| value);
            parts.extend(value.map(|value| (value, format!("(part of {member})"))));
        }
    }
    let options = container.log_configuration().and_then(|logs| logs.options());
    // Names of groups and streams are what a refusal is about.
    let options = options.into_iter().flatten().filter(|(name, _)| !name.starts_with("awslogs-"));
    for (name, value) in container.docker_labels().into_iter().flatten().chain(options) {
        parts.push((value, format!("(value of {name})")));
    }
    parts.retain(|(value, _)| value.len() >= SHORTEST_PART);
    values.append(&mut parts);
    values.into_iter().map(|(value, instead)| (tidy(value, usize::MAX), instead)).collect()
}

/// Where the message ends in the beginning of a value, because it was cut.
fn cut_short(message: &str, value: &str) -> Option<usize> {
    let begins = value.get(..value.char_indices().nth(SHORTEST).map_or(value.len(), |(at, _)| at))?;
    message.rmatch_indices(begins).map(|(at, _)| at).find(|at| {
        let rest = message.get(*at..).unwrap_or_default();
        value.starts_with(rest.trim_end_matches('…'))
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{HealthCheck, KeyValuePair, LogConfiguration, LogDriver};

    use super::*;

    fn told(message: &str) -> String {
        let pair = |name: &str, value: &str| KeyValuePair::builder().name(name).value(value).build();
        let container = ContainerDefinition::builder()
            .environment(pair("SHORT", "no"))
            .environment(pair("PART", "hunter2"))
            .environment(pair("WHOLE", "hunter2 and\nmore"));
        let request = RegisterTaskDefinitionInputBuilder::default().container_definitions(container.build());
        without_values(AwsError::new("RegisterTaskDefinition", "ClientException", message), &request).message
    }

    #[test]
    fn a_quoted_value_becomes_the_name_of_its_variable() {
        assert_eq!(told("bad: 'hunter2', no more"), "bad: '(value of PART)', no more");
        assert_eq!(told("bad: hunter2 and\nmore."), "bad: (value of WHOLE).");
        assert_eq!(told("Container.image repository is invalid."), "Container.image repository is invalid.");
    }

    #[test]
    fn tokens_in_commands_labels_and_options_are_taken_out_and_ordinary_words_stay() {
        let logs = LogConfiguration::builder()
            .log_driver(LogDriver::Splunk)
            .options("splunk-token", "token-in-logs")
            .options("awslogs-group", "/ecs/web-of-the-shop");
        let container = ContainerDefinition::builder()
            .command("serve")
            .command("--token=token-in-command")
            .entry_point("token-in-entry")
            .health_check(HealthCheck::builder().command("token-in-check").build().unwrap())
            .docker_labels("team", "token-in-label")
            .log_configuration(logs.build().unwrap());
        let request = RegisterTaskDefinitionInputBuilder::default().container_definitions(container.build());
        let told = |message: &str| {
            without_values(AwsError::new("RegisterTaskDefinition", "ClientException", message), &request).message
        };
        assert_eq!(told("bad: --token=token-in-command"), "bad: (part of command)");
        assert_eq!(told("bad: token-in-command"), "bad: (part of command)");
        assert_eq!(told("bad: token-in-entry, token-in-check"), "bad: (part of entryPoint), (part of healthCheck)");
        assert_eq!(told("bad: token-in-label, token-in-logs"), "bad: (value of team), (value of splunk-token)");
        let plain = "`serve` cannot write to /ecs/web-of-the-shop.";
        assert_eq!(told(plain), plain);
    }

    #[test]
    fn a_value_that_was_cut_off_is_found_too() {
        assert!(!told("bad: hunte").contains("hunt"));
        let long = told(&format!("{}hunter2 and more", "x".repeat(1015)));
        assert!(!long.contains("hunt"), "{long}");
    }
}
