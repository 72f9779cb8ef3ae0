//! Tags of ECS resources: limits, the reserved prefix, merging.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{cluster, service, task_definition};
use crate::refusal::Refusal;
use crate::world::{Cx, Region};

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
            return Err(Refusal::invalid_parameter("Tags can not contain duplicate keys."));
        }
    }
    limit(&tags)?;
    Ok(tags)
}

/// Refuses more than 50 tags; those of AWS do not count.
pub fn limit(tags: &Tags) -> Result<(), Refusal> {
    if tags.keys().filter(|key| !reserved(key)).count() > 50 {
        return Err(Refusal::invalid_parameter("The maximum number of tags per resource is 50."));
    }
    Ok(())
}

/// The tags as a list, ordered by key.
pub fn write(tags: &Tags) -> Value {
    tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

/// Whether a key belongs to AWS: prefix `aws:` in any case.
pub fn reserved(key: &str) -> bool {
    key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}

fn check(key: &str, value: &str) -> Result<(), Refusal> {
    let allowed = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c));
    if key.is_empty() || key.chars().count() > 128 || !allowed(key) {
        return Err(Refusal::invalid_parameter(format!("Invalid tag key: {key}")));
    }
    if value.chars().count() > 256 || !allowed(value) {
        return Err(Refusal::invalid_parameter(format!("Invalid tag value for key {key}")));
    }
    if reserved(key) {
        return Err(Refusal::invalid_parameter("Tag keys starting with 'aws:' are reserved for AWS use."));
    }
    Ok(())
}

/// `TagResource`: merges, never removes.
pub fn tag(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let given = read(input, false)?;
    let tags = of_resource(region, cx, input)?;
    let mut merged = tags.clone();
    merged.extend(given);
    limit(&merged)?;
    *tags = merged;
    Ok(json!({}))
}

/// `UntagResource`: absent keys are no error.
pub fn untag(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let keys: Vec<&str> = super::list(input, "tagKeys").iter().filter_map(Value::as_str).collect();
    if keys.iter().any(|key| reserved(key)) {
        return Err(Refusal::invalid_parameter("Tag keys starting with 'aws:' are reserved for AWS use."));
    }
    let tags = of_resource(region, cx, input)?;
    tags.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(json!({}))
}

/// `ListTagsForResource`; its model has no `ResourceNotFoundException`.
pub fn list(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let tags = of_resource(region, cx, input).map_err(|refusal| match refusal.code.as_str() {
        "ResourceNotFoundException" => Refusal::invalid_parameter(refusal.message),
        _ => refusal,
    })?;
    Ok(json!({ "tags": write(tags) }))
}

/// The tags of the resource named by `resourceArn`; INACTIVE clusters and revisions have none to give.
fn of_resource<'a>(region: &'a mut Region, cx: &Cx, input: &Value) -> Result<&'a mut Tags, Refusal> {
    let arn = super::text(input, "resourceArn").unwrap_or_default();
    let absent = || Refusal::resource_not_found("The specified resource could not be found.");
    let Some(resource) = arn.strip_prefix(cx.arn("").as_str()) else {
        return Err(Refusal::invalid_parameter("Invalid arn syntax."));
    };
    let (kind, name) = resource.split_once('/').ok_or_else(|| Refusal::invalid_parameter("Invalid arn syntax."))?;
    match kind {
        "cluster" => {
            let active = cluster::find(region, cx, Some(arn)).is_some_and(|found| found.status == "ACTIVE");
            let found = region.clusters.get_mut(name).filter(|_| active);
            found.map(|found| &mut found.tags).ok_or_else(Refusal::cluster_not_found)
        }
        "capacity-provider" => region.capacity_providers.get_mut(name).map(|found| &mut found.tags).ok_or_else(absent),
        "task-definition" => task_definition::tags_mut(region, name).ok_or_else(absent),
        "service" | "task" if !name.contains('/') => {
            Err(Refusal::invalid_parameter("Long arn format must be used for tagging operations."))
        }
        _ => service::tags_mut(region, arn).ok_or_else(absent),
    }
}
