//! The shapes of each kind's document and the rules that one shape cannot say.

pub mod cluster;
pub(super) mod container;
pub(super) mod deployment;
pub(super) mod networking;
pub mod service;
pub mod task_definition;

use serde_json::{Map, Value};

/// Applies `edit` to every object of the list under `name`.
pub(super) fn each_item(object: &mut Map<String, Value>, name: &str, mut edit: impl FnMut(&mut Map<String, Value>)) {
    let items = object.get_mut(name).and_then(Value::as_array_mut);
    for item in items.into_iter().flatten() {
        if let Some(item) = item.as_object_mut() {
            edit(item);
        }
    }
}

/// The text of a member.
pub(super) fn text_of<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}
