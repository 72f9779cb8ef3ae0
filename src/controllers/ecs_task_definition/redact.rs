//! Takes values of environment variables out of what ECS says: a refusal may quote the request. Pure.

use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionInputBuilder;

use crate::aws::AwsError;
use crate::aws::error::tidy;

/// Shorter values are words like `on` and `80`: nothing is secret about them, and every message has them.
const SHORTEST: usize = 4;

/// The error, with the name of a variable in place of its value.
#[must_use]
pub(super) fn without_values(mut error: AwsError, request: &RegisterTaskDefinitionInputBuilder) -> AwsError {
    let containers = request.get_container_definitions().as_deref().unwrap_or_default();
    let mut values: Vec<(String, &str)> = containers
        .iter()
        .flat_map(aws_sdk_ecs::types::ContainerDefinition::environment)
        .filter_map(|pair| Some((tidy(pair.value()?, usize::MAX), pair.name().unwrap_or_default())))
        .filter(|(value, _)| value.len() >= SHORTEST)
        .collect();
    // A value may hold another.
    values.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
    for (value, name) in &values {
        let instead = format!("(value of {name})");
        error.message = error.message.replace(value, &instead);
        if let Some(start) = cut_short(&error.message, value) {
            error.message.truncate(start);
            error.message.push_str(&instead);
        }
    }
    error
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
    use aws_sdk_ecs::types::{ContainerDefinition, KeyValuePair};

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
    fn a_value_that_was_cut_off_is_found_too() {
        assert!(!told("bad: hunte").contains("hunt"));
        let long = told(&format!("{}hunter2 and more", "x".repeat(1015)));
        assert!(!long.contains("hunt"), "{long}");
    }
}
