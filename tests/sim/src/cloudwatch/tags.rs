//! Tags of alarms.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Alarm, nothing};
use crate::ecs::{list, text};
use crate::refusal::Refusal;
use crate::world::{Cx, Region};

/// The tags of a request.
pub(super) fn read(input: &Value) -> BTreeMap<String, String> {
    let tags = list(input, "Tags").iter();
    let pair = |tag: &Value| Some((text(tag, "Key")?.to_owned(), text(tag, "Value").unwrap_or_default().to_owned()));
    tags.filter_map(pair).collect()
}

fn alarm<'a>(region: &'a mut Region, cx: &Cx, input: &Value) -> Result<&'a mut Alarm, Refusal> {
    let arn = text(input, "ResourceARN").unwrap_or_default();
    let name = arn.strip_prefix(&cx.key.arn("cloudwatch", "alarm:")).unwrap_or_default();
    let missing = || Refusal::new("ResourceNotFoundException", format!("{arn} does not exist"));
    region.fixtures.alarms.get_mut(name).ok_or_else(missing)
}

/// `ListTagsForResource`.
pub(super) fn list_tags(region: &mut Region, cx: &Cx, input: &Value) -> Result<Value, Refusal> {
    let tags = alarm(region, cx, input)?.tags.iter();
    Ok(json!({ "Tags": tags.map(|(key, value)| json!({ "Key": key, "Value": value })).collect::<Vec<_>>() }))
}

/// `TagResource`.
pub(super) fn tag(region: &mut Region, cx: &Cx, input: &Value) -> Result<Value, Refusal> {
    alarm(region, cx, input)?.tags.extend(read(input));
    Ok(nothing())
}

/// `UntagResource`.
pub(super) fn untag(region: &mut Region, cx: &Cx, input: &Value) -> Result<Value, Refusal> {
    let alarm = alarm(region, cx, input)?;
    for key in list(input, "TagKeys").iter().filter_map(Value::as_str) {
        alarm.tags.remove(key);
    }
    Ok(nothing())
}
