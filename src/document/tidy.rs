//! A spec as people would write it: without what ECS filled in, but with all that the schema requires.

use serde_json::{Map, Value};

use super::kind::Kind;
use super::shape::Shape;
use crate::diff;

/// The spec without defaults and empty members. Its normal form is that of the spec.
#[must_use]
pub fn tidy(kind: Kind, spec: &Value) -> Value {
    let mut tidied = match kind {
        Kind::TaskDefinition => diff::tidy::task_definition(spec),
        Kind::Service => diff::tidy::service(spec),
        Kind::Cluster => diff::tidy::cluster(spec),
    };
    restore(&mut tidied, spec, &kind.schema());
    tidied
}

/// Puts back members that are required and went because they say the default.
fn restore(tidied: &mut Value, from: &Value, schema: &Value) {
    match (tidied, from, Shape::of(schema)) {
        (Value::Object(tidied), Value::Object(from), Shape::Object(properties)) => {
            let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
            for name in required.filter_map(Value::as_str) {
                let value = from.get(name).filter(|value| !value.is_null());
                if let (false, Some(value)) = (tidied.contains_key(name), value) {
                    tidied.insert(name.to_owned(), value.clone());
                }
            }
            below(tidied, from, properties);
        }
        (Value::Array(tidied), Value::Array(from), Shape::List(items)) => {
            let from = from.iter().filter(|item| !item.is_null());
            tidied.iter_mut().zip(from).for_each(|(tidied, from)| restore(tidied, from, items));
        }
        _ => {}
    }
}

fn below(tidied: &mut Map<String, Value>, from: &Map<String, Value>, properties: &Map<String, Value>) {
    for (name, value) in tidied.iter_mut() {
        if let (Some(from), Some(schema)) = (from.get(name), properties.get(name)) {
            restore(value, from, schema);
        }
    }
}
