//! Tags of scalable targets, a map here and no list.

use serde_json::{Value, json};

use crate::ecs::tags::{Tags, reserved};
use crate::ecs::{list as items, text};
use crate::refusal::Refusal;
use crate::world::Region;

/// Reads the member `Tags` of a request.
///
/// Errors: `ValidationException` for a reserved key and for more than 50 tags.
pub(super) fn read(input: &Value) -> Result<Tags, Refusal> {
    let given = input.get("Tags").and_then(Value::as_object).into_iter().flatten();
    let tags: Tags = given.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect();
    if tags.keys().any(|key| reserved(key)) {
        return Err(super::invalid("Tag keys starting with 'aws:' are reserved for AWS use."));
    }
    if tags.len() > 50 {
        return Err(super::invalid("The maximum number of tags per resource is 50."));
    }
    Ok(tags)
}

/// `TagResource`: merges, never removes.
pub(super) fn tag(region: &mut Region, input: &Value) -> Result<Value, Refusal> {
    let given = read(input)?;
    let tags = of_resource(region, input)?;
    let mut merged = tags.clone();
    merged.extend(given);
    if merged.len() > 50 {
        return Err(Refusal::new("TooManyTagsException", "The maximum number of tags per resource is 50."));
    }
    *tags = merged;
    Ok(json!({}))
}

/// `UntagResource`: absent keys are no error.
pub(super) fn untag(region: &mut Region, input: &Value) -> Result<Value, Refusal> {
    let keys: Vec<&str> = items(input, "TagKeys").iter().filter_map(Value::as_str).collect();
    let tags = of_resource(region, input)?;
    tags.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(json!({}))
}

/// `ListTagsForResource`.
pub(super) fn list(region: &mut Region, input: &Value) -> Result<Value, Refusal> {
    let tags = of_resource(region, input)?;
    Ok(json!({ "Tags": tags }))
}

fn of_resource<'a>(region: &'a mut Region, input: &Value) -> Result<&'a mut Tags, Refusal> {
    let arn = text(input, "ResourceARN").unwrap_or_default();
    let found = region.autoscaling.targets.values_mut().find(|target| target.arn == arn);
    found.map(|target| &mut target.tags).ok_or_else(|| {
        Refusal::new("ResourceNotFoundException", format!("The specified resource doesn't exist: {arn}"))
    })
}
