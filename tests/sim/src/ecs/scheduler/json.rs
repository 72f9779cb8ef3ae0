//! Reading members out of JSON without ever failing.

use serde_json::{Map, Value};

/// A JSON object.
pub(crate) type Object = Map<String, Value>;

/// The text at `path` (JSON pointer), unless it is absent or no text.
pub(crate) fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.pointer(path).and_then(Value::as_str)
}

/// The whole number at `path`.
pub(crate) fn number(value: &Value, path: &str) -> Option<i64> {
    value.pointer(path).and_then(Value::as_i64)
}

/// The decimal number at `path`.
pub(crate) fn decimal(value: &Value, path: &str) -> Option<f64> {
    value.pointer(path).and_then(Value::as_f64)
}

/// The truth value at `path`; absent is false.
pub(crate) fn truth(value: &Value, path: &str) -> bool {
    value.pointer(path).and_then(Value::as_bool).unwrap_or(false)
}

/// The list at `path`; absent is empty.
pub(crate) fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    value.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The texts in the list at `path`.
pub(crate) fn texts(value: &Value, path: &str) -> Vec<String> {
    list(value, path).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether a value says nothing: null, or an empty list or object.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// A virtual time as AWS sends it: seconds since 1970 with a fraction.
pub(crate) fn epoch(at: i64) -> Value {
    let whole = at.div_euclid(1000);
    let rest = at.rem_euclid(1000);
    if rest == 0 {
        return Value::from(whole);
    }
    format!("{whole}.{rest:03}").parse::<f64>().map_or(Value::from(whole), Value::from)
}

/// The length of a collection as a signed number.
pub(crate) fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
