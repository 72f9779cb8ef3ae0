//! What a JSON schema of ours asks of a value.

use serde_json::{Map, Value};

/// What a value must be.
pub(super) enum Shape<'a> {
    Object(&'a Map<String, Value>),
    Map(&'a Value),
    List(&'a Value),
    Text,
    Whole,
    Decimal,
    Flag,
    NumberOrText,
    Any,
}

/// Which numbers fit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Whole,
    Any,
}

impl<'a> Shape<'a> {
    pub(super) fn of(schema: &'a Value) -> Self {
        if schema.get("x-kubernetes-int-or-string").is_some() {
            return Self::NumberOrText;
        }
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            return Self::Object(properties);
        }
        let items = schema.get("items");
        match (schema.get("type").and_then(Value::as_str), items, schema.get("additionalProperties")) {
            (Some("object"), _, Some(values)) => Self::Map(values),
            (Some("array"), Some(items), _) => Self::List(items),
            (Some("string"), _, _) => Self::Text,
            (Some("integer"), _, _) => Self::Whole,
            (Some("number"), _, _) => Self::Decimal,
            (Some("boolean"), _, _) => Self::Flag,
            _ => Self::Any,
        }
    }
}
