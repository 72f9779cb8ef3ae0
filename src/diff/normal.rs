//! The normal form of a document, built by walking its shape.

use super::shape::{Default, Key, Kind, List, Member, Order, Shape};
use super::spell::spell;
use serde_json::{Map as Object, Value};

/// What becomes of members that are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    /// They stay away: only what was written is in the result, empty lists and maps included.
    Declared,
    /// They get ECS's default; lists, maps and structures without content disappear.
    Defaults,
}

/// The normal form of a whole document.
pub(super) fn document(value: &Value, shape: &Shape, fill: Fill) -> Value {
    Value::Object(fields(value.as_object(), shape, fill))
}

/// What ECS assumes of a structure that is absent.
pub(super) fn assumed(shape: &Shape) -> Value {
    Value::Object(fields(None, shape, Fill::Defaults))
}

fn fields(object: Option<&Object<String, Value>>, shape: &Shape, fill: Fill) -> Object<String, Value> {
    let mut result = Object::new();
    for (name, value) in object.into_iter().flatten() {
        let kept = match shape.member(name) {
            Some(member) => normal(value, &member.kind, fill),
            None => unknown(value),
        };
        if let Some(kept) = kept {
            result.insert(name.clone(), kept);
        }
    }
    if fill == Fill::Defaults {
        for member in shape.members {
            if let Some(value) = default_of(member) {
                result.entry(member.name).or_insert(value);
            }
        }
    }
    result
}

/// The default of a member as a value.
pub(super) fn default_of(member: &Member) -> Option<Value> {
    match member.default {
        Default::None => None,
        Default::Text(text) => Some(Value::from(text)),
        Default::Int(number) => Some(Value::from(number)),
        Default::Flag(flag) => Some(Value::from(flag)),
    }
}

fn normal(value: &Value, kind: &Kind, fill: Fill) -> Option<Value> {
    if value.is_null() {
        return None;
    }
    match kind {
        Kind::Apart => None,
        Kind::Scalar(how) | Kind::Secret(how) => Some(spell(value, *how)),
        Kind::Document => unknown(value),
        Kind::Struct(shape) => match value.as_object() {
            Some(object) => present(Value::Object(fields(Some(object), shape, fill)), shape, fill),
            None => unknown(value),
        },
        Kind::Map(_) => match value.as_object() {
            Some(object) => non_empty(labels(object), fill),
            None => unknown(value),
        },
        Kind::List(list) => match value.as_array() {
            Some(items) => non_empty(Value::Array(listed(items, list, fill)), fill),
            None => unknown(value),
        },
    }
}

/// A structure that says nothing but the defaults is absent.
fn present(value: Value, shape: &Shape, fill: Fill) -> Option<Value> {
    let empty = value.as_object().is_some_and(Object::is_empty);
    let silent = fill == Fill::Defaults && value == assumed(shape);
    (!empty && !silent).then_some(value)
}

fn non_empty(value: Value, fill: Fill) -> Option<Value> {
    let empty = value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Object::is_empty);
    (fill == Fill::Declared || !empty).then_some(value)
}

/// A map of text to text without its nulls.
fn labels(object: &Object<String, Value>) -> Value {
    let kept = object.iter().filter(|(_, value)| !value.is_null());
    let spelled = kept.map(|(key, value)| (key.clone(), spell(value, super::shape::Spell::Text)));
    Value::Object(spelled.collect())
}

fn listed(items: &[Value], list: &List, fill: Fill) -> Vec<Value> {
    let mut result: Vec<Value> = items
        .iter()
        .filter(|item| !item.is_null())
        .filter_map(|item| match (list.of, item.as_object()) {
            // An item counts even when it says only defaults.
            (Kind::Struct(shape), Some(object)) => Some(Value::Object(fields(Some(object), shape, fill))),
            (kind, _) => normal(item, kind, fill),
        })
        .collect();
    match list.order {
        Order::Sequence => {}
        Order::Set => result.sort_by_cached_key(canonical),
        Order::Keyed(keys) => {
            result.sort_by_cached_key(|item| (identity(item, keys, list.of), canonical(item)));
        }
    }
    result
}

/// A member that no shape knows, or of another form than the shape says: kept but for nulls and
/// empties.
fn unknown(value: &Value) -> Option<Value> {
    if let Some(object) = value.as_object() {
        let kept = object.iter().filter_map(|(name, value)| Some((name.clone(), unknown(value)?)));
        return non_empty(Value::Object(kept.collect()), Fill::Defaults);
    }
    if let Some(items) = value.as_array() {
        let kept = items.iter().filter_map(unknown);
        return non_empty(Value::Array(kept.collect()), Fill::Defaults);
    }
    (!value.is_null()).then(|| value.clone())
}

/// Whether nothing is said: null, an empty list, an empty object, or only such things.
pub(super) fn is_blank(value: &Value) -> bool {
    unknown(value).is_none()
}

/// What tells an item of a keyed list from the others; absent members count by their default.
pub(super) fn identity(item: &Value, keys: &[Key], of: &Kind) -> Vec<String> {
    let part = |key: &Key| {
        let given = key.iter().find_map(|name| item.get(name));
        let assumed = || {
            let Kind::Struct(shape) = of else { return None };
            key.iter().find_map(|name| default_of(shape.member(name)?))
        };
        given.cloned().or_else(assumed).map_or_else(String::new, |value| plain(&value))
    };
    keys.iter().map(part).collect()
}

/// A scalar as text, a list of scalars joined by `+`.
fn plain(value: &Value) -> String {
    if let Some(text) = value.as_str() {
        return text.to_owned();
    }
    match value.as_array() {
        Some(items) => items.iter().map(plain).collect::<Vec<_>>().join("+"),
        None => canonical(value),
    }
}

/// JSON without spaces and with sorted names, whatever order the map keeps.
pub(super) fn canonical(value: &Value) -> String {
    if let Some(object) = value.as_object() {
        let mut names: Vec<(&String, &Value)> = object.iter().collect();
        names.sort_by_key(|(name, _)| *name);
        let members =
            names.into_iter().map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value)));
        return format!("{{{}}}", members.collect::<Vec<_>>().join(","));
    }
    match value.as_array() {
        Some(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        None => value.to_string(),
    }
}
