//! Bytes → text → values: JSON or YAML, strict about everything but marks at the beginning and the end.

use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

use super::Refused;
use crate::api::quoted::unquoted;

/// The text of a file: UTF-8 with or without byte order mark, or UTF-16 with one.
pub fn decode(bytes: &[u8]) -> Result<String, Refused> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let (pairs, _) = bytes.get(2..).unwrap_or_default().as_chunks::<2>();
        String::from_utf16(&pairs.iter().map(|pair| from(*pair)).collect::<Vec<_>>()).ok()
    };
    let text = match bytes {
        [0xFF, 0xFE, ..] => wide(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => wide(u16::from_be_bytes),
        _ => std::str::from_utf8(bytes).ok().map(str::to_owned),
    };
    text.ok_or_else(|| Refused::new("is not text in UTF-8", "save the file as UTF-8"))
}

/// The documents of a text. What begins with `{` or `[` is JSON, everything else YAML.
pub(crate) fn documents(text: &str) -> Result<Vec<Value>, Refused> {
    let text = text.trim_start_matches('\u{feff}');
    let text = text.trim_end_matches(['\0', '\u{1a}', '\n', '\r', ' ', '\t']);
    if text.trim().is_empty() {
        return Err(Refused::new("is empty", "write a task definition, a service or a cluster"));
    }
    if text.trim_start().starts_with(['{', '[']) { json(text) } else { yaml(text) }
}

fn json(text: &str) -> Result<Vec<Value>, Refused> {
    match serde_json::from_str::<Strict>(text) {
        Ok(Strict(value)) => Ok(vec![value]),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let what = unquoted(&error.to_string());
            let what = what.split(" at line ").next().unwrap_or_default();
            let here = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
            let reason = format!("is not JSON: {what} at line {line} column {column}");
            Err(Refused::new(reason, remedy(text, here)))
        }
    }
}

/// A template engine's marks, or a language that only looks like JSON.
fn remedy(text: &str, line: &str) -> &'static str {
    let marked = ["{{", "${", "<%", "$"].iter().any(|mark| line.contains(mark));
    if text.contains("std.extVar") || text.contains("local ") {
        "render the Jsonnet first"
    } else if marked {
        "fill in the placeholders first"
    } else {
        "correct the text, or render it if it is a template"
    }
}

fn yaml(text: &str) -> Result<Vec<Value>, Refused> {
    if text.trim_start().starts_with("local ") {
        return Err(Refused::new("is not JSON but Jsonnet, at line 1 column 1", "render the Jsonnet first"));
    }
    let options = serde_saphyr::options! { reject_unsupported_tags: true, with_snippet: false };
    let documents = serde_saphyr::from_multiple_with_options::<Strict>(text, options).map_err(|error| {
        let place = error
            .location()
            .map(|place| format!(" at line {} column {}", place.line(), place.column()))
            .unwrap_or_default();
        let function = intrinsic(text);
        if let Some((name, line)) = function {
            let reason = format!(
                "uses the CloudFormation function `{name}` at line {line}, which only CloudFormation can resolve"
            );
            return Refused::new(reason, "write the values themselves");
        }
        let what = unquoted(&error.to_string());
        let what = what.lines().next().unwrap_or_default().to_owned();
        Refused::new(format!("is not YAML{place}: {what}"), "correct the text, or render it if it is a template")
    })?;
    Ok(documents.into_iter().map(|Strict(value)| value).filter(|value| !value.is_null()).collect())
}

/// The first tag of `CloudFormation` and its line.
fn intrinsic(text: &str) -> Option<(&str, usize)> {
    const TAGS: &[&str] = &["!Ref", "!Sub", "!GetAtt", "!Join", "!If", "!Not", "!Equals", "!Select", "!ImportValue"];
    text.lines().enumerate().find_map(|(index, line)| {
        let tag = TAGS.iter().find(|tag| line.contains(**tag))?;
        Some((*tag, index + 1))
    })
}

/// A value in which no object has one key twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Builder).map(Strict)
    }
}

struct Builder;

impl<'de> Visitor<'de> for Builder {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let Strict(value) = entries.next_value()?;
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the member `{key}` occurs twice")));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
