//! Leaf conversions between the types of our objects and the types of the SDK.

use std::collections::{BTreeMap, HashMap};

use aws_smithy_types::{DateTime, Document, Number};
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Incomplete;

/// A value of ours as the SDK wants it.
pub trait ToWire<W> {
    /// Converts, or says what cannot be converted.
    fn to_wire(&self) -> Result<W, Incomplete>;
}

/// A value of the SDK as we write it.
pub trait FromWire<W> {
    /// Converts; total, since AWS may say anything.
    fn from_wire(wire: &W) -> Self;
}

/// A member of an SDK struct, optional or plain.
pub trait Readable<F> {
    /// The member's value. A plain zero, `false` or empty value cannot be told from an absent
    /// one: it reads as unset unless the member is `required`.
    fn read(&self, required: bool) -> Option<F>;
}

impl<F: FromWire<W>, W> Readable<F> for Option<W> {
    fn read(&self, _required: bool) -> Option<F> {
        self.as_ref().map(F::from_wire)
    }
}

impl<F: FromWire<Self>, W> Readable<F> for Vec<W> {
    fn read(&self, required: bool) -> Option<F> {
        (required || !self.is_empty()).then(|| F::from_wire(self))
    }
}

macro_rules! plain {
    ($($wire:ty),*) => {$(
        impl<F: FromWire<$wire>> Readable<F> for $wire {
            fn read(&self, required: bool) -> Option<F> {
                (required || *self != <$wire>::default()).then(|| F::from_wire(self))
            }
        }
    )*};
}
plain!(String, i32, bool);

impl<F: FromWire<f64>> Readable<F> for f64 {
    fn read(&self, required: bool) -> Option<F> {
        (required || self.abs() > 0.0).then(|| F::from_wire(self))
    }
}

macro_rules! same {
    ($($leaf:ty),*) => {$(
        impl ToWire<$leaf> for $leaf {
            fn to_wire(&self) -> Result<$leaf, Incomplete> {
                Ok(self.clone())
            }
        }
        impl FromWire<$leaf> for $leaf {
            fn from_wire(wire: &$leaf) -> Self {
                wire.clone()
            }
        }
    )*};
}
same!(String, i32, f64, bool);

impl<F: ToWire<W>, W> ToWire<Vec<W>> for Vec<F> {
    fn to_wire(&self) -> Result<Vec<W>, Incomplete> {
        self.iter()
            .enumerate()
            .map(|(index, item)| item.to_wire().map_err(|e| e.under(&format!("[{index}]"))))
            .collect()
    }
}

impl<F: FromWire<W>, W> FromWire<Vec<W>> for Vec<F> {
    fn from_wire(wire: &Vec<W>) -> Self {
        wire.iter().map(F::from_wire).collect()
    }
}

impl ToWire<HashMap<String, String>> for BTreeMap<String, String> {
    fn to_wire(&self) -> Result<HashMap<String, String>, Incomplete> {
        Ok(self.iter().map(|(k, v)| (k.clone(), v.clone())).collect())
    }
}

impl FromWire<HashMap<String, String>> for BTreeMap<String, String> {
    fn from_wire(wire: &HashMap<String, String>) -> Self {
        wire.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
    }
}

impl ToWire<DateTime> for String {
    fn to_wire(&self) -> Result<DateTime, Incomplete> {
        let time: Timestamp = self.parse().map_err(|_| Incomplete::new("must be a time like 2030-01-31T12:00:00Z"))?;
        let (seconds, rest) = (time.as_second(), time.subsec_nanosecond());
        // The SDK counts fractions upwards from the second below, also before 1970.
        let (seconds, rest) = if rest < 0 { (seconds - 1, rest + 1_000_000_000) } else { (seconds, rest) };
        Ok(DateTime::from_secs_and_nanos(seconds, rest.unsigned_abs()))
    }
}

impl FromWire<DateTime> for String {
    fn from_wire(wire: &DateTime) -> Self {
        Timestamp::from_nanosecond(wire.as_nanos()).map_or_else(|_| wire.to_string(), |t| t.to_string())
    }
}

impl ToWire<Document> for String {
    fn to_wire(&self) -> Result<Document, Incomplete> {
        let value: Value = serde_json::from_str(self).map_err(|_| Incomplete::new("must be JSON text"))?;
        Ok(document(&value))
    }
}

impl FromWire<Document> for String {
    fn from_wire(wire: &Document) -> Self {
        json(wire).to_string()
    }
}

fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(flag) => Document::Bool(*flag),
        Value::Number(number) => Document::Number(match (number.as_u64(), number.as_i64()) {
            (Some(positive), _) => Number::PosInt(positive),
            (None, Some(negative)) => Number::NegInt(negative),
            (None, None) => Number::Float(number.as_f64().unwrap_or_default()),
        }),
        Value::String(text) => Document::String(text.clone()),
        Value::Array(items) => Document::Array(items.iter().map(document).collect()),
        Value::Object(members) => Document::Object(members.iter().map(|(k, v)| (k.clone(), document(v))).collect()),
    }
}

fn json(document: &Document) -> Value {
    match document {
        Document::Null => Value::Null,
        Document::Bool(flag) => Value::Bool(*flag),
        Document::Number(Number::PosInt(n)) => Value::from(*n),
        Document::Number(Number::NegInt(n)) => Value::from(*n),
        Document::Number(Number::Float(n)) => Value::from(*n),
        Document::String(text) => Value::String(text.clone()),
        Document::Array(items) => Value::Array(items.iter().map(json).collect()),
        Document::Object(members) => {
            let sorted: BTreeMap<_, _> = members.iter().map(|(k, v)| (k.clone(), json(v))).collect();
            Value::Object(sorted.into_iter().collect())
        }
    }
}

/// A number that people write with or without quotes: `512` or `"512"`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum IntOrText {
    /// Written as a number.
    Int(i64),
    /// Written as text.
    Text(String),
}

impl IntOrText {
    /// The value as text.
    pub fn text(&self) -> String {
        match self {
            Self::Int(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl PartialEq for IntOrText {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl JsonSchema for IntOrText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "IntOrText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "x-kubernetes-int-or-string": true })
    }
}

impl ToWire<String> for IntOrText {
    fn to_wire(&self) -> Result<String, Incomplete> {
        Ok(self.text())
    }
}

impl FromWire<String> for IntOrText {
    fn from_wire(wire: &String) -> Self {
        Self::Text(wire.clone())
    }
}

impl ToWire<i32> for IntOrText {
    fn to_wire(&self) -> Result<i32, Incomplete> {
        self.text().trim().parse().map_err(|_| Incomplete::new("must be a whole number"))
    }
}

impl FromWire<i32> for IntOrText {
    fn from_wire(wire: &i32) -> Self {
        Self::Int(i64::from(*wire))
    }
}
