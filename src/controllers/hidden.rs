//! Values that people hide in a spec, taken out of what AWS says: a refusal, or the end of a task, may quote them. Pure.

use serde::Serialize;
use serde_json::Value;

use crate::aws::AwsError;
use crate::aws::error::tidy;

/// Shorter values are words like `on` and `80`: nothing is secret about them, and every message has them.
const SHORTEST: usize = 4;
/// The same for parts of a command, labels and options, most of which are words that a message needs.
const SHORTEST_PART: usize = 8;
/// What the operator itself puts into the environment: names.
const OWN: &str = "SERVER_GROUP";

/// Values, and what to say in their place; the longest first, for a value may hold another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden(Vec<(String, String)>);

impl Hidden {
    /// Of a spec in AWS's words: variables, commands, labels, options of log drivers and details of hooks.
    #[must_use]
    pub fn of(spec: &Value) -> Self {
        let mut values = Vec::new();
        walk(spec, &mut values);
        Self::from_values(values)
    }

    /// The same of a spec that is not a document yet.
    #[must_use]
    pub fn of_spec(spec: &impl Serialize) -> Self {
        serde_json::to_value(spec).map(|spec| Self::of(&spec)).unwrap_or_default()
    }

    fn from_values(mut values: Vec<(String, String)>) -> Self {
        values.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        values.dedup();
        Self(values)
    }

    /// Those of both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        Self::from_values(self.0)
    }

    /// The text, with names in place of values. A value that was cut at the end of the text counts too.
    #[must_use]
    pub fn out_of(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (value, instead) in &self.0 {
            text = text.replace(value, instead);
            if let Some(start) = cut_short(&text, value) {
                text.truncate(start);
                text.push_str(instead);
            }
        }
        text
    }

    /// The error, with names in place of values.
    #[must_use]
    pub fn out_of_error(&self, error: AwsError) -> AwsError {
        AwsError { message: self.out_of(&error.message), ..error }
    }
}

fn walk(value: &Value, values: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "environment" => variables(member, values),
                    "command" | "entryPoint" => parts(member, &format!("part of {name}"), values),
                    "healthCheck" => {
                        parts(member.get("command").unwrap_or(&Value::Null), "part of healthCheck", values);
                    }
                    "dockerLabels" | "options" | "driverOpts" | "labels" => entries(member, values),
                    "hookDetails" => parts(member, "part of hookDetails", values),
                    _ => walk(member, values),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, values)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn variables(list: &Value, values: &mut Vec<(String, String)>) {
    for pair in list.as_array().into_iter().flatten() {
        let text = |member: &str| pair.get(member).and_then(Value::as_str).unwrap_or_default();
        if text("name") != OWN {
            add(text("value"), SHORTEST, &format!("value of {}", text("name")), values);
        }
    }
}

/// Names of groups and streams are what a message is about.
fn entries(map: &Value, values: &mut Vec<(String, String)>) {
    for (name, value) in map.as_object().into_iter().flatten() {
        if !name.starts_with("awslogs-") && !name.starts_with("spinnaker.") {
            add(value.as_str().unwrap_or_default(), SHORTEST_PART, &format!("value of {name}"), values);
        }
    }
}

/// Every text in a value; of `--token=abc` the part behind `=` too, which may be quoted alone.
fn parts(value: &Value, what: &str, values: &mut Vec<(String, String)>) {
    match value {
        Value::String(word) => {
            add(word, SHORTEST_PART, what, values);
            if let Some((_, part)) = word.split_once('=') {
                add(part, SHORTEST_PART, what, values);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| parts(item, what, values)),
        Value::Object(members) => members.values().for_each(|member| parts(member, what, values)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn add(value: &str, shortest: usize, what: &str, values: &mut Vec<(String, String)>) {
    if value.len() >= shortest {
        values.push((tidy(value, usize::MAX), format!("({what})")));
    }
}

/// Where the text ends in the beginning of a value, because it was cut.
fn cut_short(text: &str, value: &str) -> Option<usize> {
    let begins = value.get(..value.char_indices().nth(SHORTEST).map_or(value.len(), |(at, _)| at))?;
    text.rmatch_indices(begins).map(|(at, _)| at).find(|at| {
        let rest = text.get(*at..).unwrap_or_default();
        value.starts_with(rest.trim_end_matches('…'))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(message: &str) -> String {
        let spec = json!({"containerDefinitions": [{
            "environment": [
                {"name": "SHORT", "value": "no"}, {"name": "PART", "value": "hunter2"},
                {"name": "WHOLE", "value": "hunter2 and\nmore"}, {"name": "SERVER_GROUP", "value": "shop-prod-v001"},
            ],
            "command": ["serve", "--token=token-in-command"],
            "entryPoint": ["token-in-entry"],
            "healthCheck": {"command": ["token-in-check"]},
            "dockerLabels": {"team": "token-in-label"},
            "logConfiguration": {"options": {
                "splunk-token": "token-in-logs", "awslogs-group": "/ecs/web-of-the-shop",
            }},
        }]});
        let error = AwsError::new("RegisterTaskDefinition", "ClientException", message);
        Hidden::of(&spec).out_of_error(error).message
    }

    #[test]
    fn a_quoted_value_becomes_the_name_of_its_variable() {
        assert_eq!(told("bad: 'hunter2', no more"), "bad: '(value of PART)', no more");
        assert_eq!(told("bad: hunter2 and\nmore."), "bad: (value of WHOLE).");
        assert_eq!(told("Container.image repository is invalid."), "Container.image repository is invalid.");
    }

    #[test]
    fn tokens_in_commands_labels_and_options_are_taken_out_and_ordinary_words_stay() {
        assert_eq!(told("bad: --token=token-in-command"), "bad: (part of command)");
        assert_eq!(told("bad: token-in-command"), "bad: (part of command)");
        assert_eq!(told("bad: token-in-entry, token-in-check"), "bad: (part of entryPoint), (part of healthCheck)");
        assert_eq!(told("bad: token-in-label, token-in-logs"), "bad: (value of team), (value of splunk-token)");
        let plain = "`serve` of shop-prod-v001 cannot write to /ecs/web-of-the-shop.";
        assert_eq!(told(plain), plain);
    }

    #[test]
    fn a_value_that_was_cut_off_is_found_too() {
        assert!(!told("bad: hunte").contains("hunt"));
        let long = told(&format!("{}hunter2 and more", "x".repeat(1015)));
        assert!(!long.contains("hunt"), "{long}");
    }
}
