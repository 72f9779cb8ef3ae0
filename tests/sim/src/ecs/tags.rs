//! Tags of ECS resources: limits, the reserved prefix, merging.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::refusal::Refusal;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// Reads the member `tags` of a request. `empty_refused`: an empty list is an error
/// (`RegisterTaskDefinition`: "Tags can not be empty.").
pub fn read(input: &Value, empty_refused: bool) -> Result<Tags, Refusal> {
    let Some(list) = input.get("tags").and_then(Value::as_array) else {
        return Ok(Tags::new());
    };
    if list.is_empty() && empty_refused {
        return Err(Refusal::client("Tags can not be empty."));
    }
    let mut tags = Tags::new();
    for tag in list {
        let key = super::text(tag, "key").unwrap_or_default();
        let value = super::text(tag, "value").unwrap_or_default();
        check(key, value)?;
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(Refusal::invalid_parameter(
                "Tags can not contain duplicate keys.",
            ));
        }
    }
    limit(&tags)?;
    Ok(tags)
}

/// Refuses more than 50 tags; those of AWS do not count.
pub fn limit(tags: &Tags) -> Result<(), Refusal> {
    if tags.keys().filter(|key| !reserved(key)).count() > 50 {
        return Err(Refusal::invalid_parameter(
            "The maximum number of tags per resource is 50.",
        ));
    }
    Ok(())
}

/// The tags as a list, ordered by key.
pub fn write(tags: &Tags) -> Value {
    tags.iter()
        .map(|(key, value)| json!({ "key": key, "value": value }))
        .collect()
}

/// Whether a key belongs to AWS: prefix `aws:` in any case.
pub fn reserved(key: &str) -> bool {
    key.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}

fn check(key: &str, value: &str) -> Result<(), Refusal> {
    let allowed = |text: &str| {
        text.chars()
            .all(|c| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c))
    };
    if key.is_empty() || key.chars().count() > 128 || !allowed(key) {
        return Err(Refusal::invalid_parameter(format!(
            "Invalid tag key: {key}"
        )));
    }
    if value.chars().count() > 256 || !allowed(value) {
        return Err(Refusal::invalid_parameter(format!(
            "Invalid tag value for key {key}"
        )));
    }
    if reserved(key) {
        return Err(Refusal::invalid_parameter(
            "Tag keys starting with 'aws:' are reserved for AWS use.",
        ));
    }
    Ok(())
}
