//! CBOR bodies of the Smithy RPC v2 protocol, to JSON values and back.

use minicbor::data::{IanaTag, Tag, Type};
use minicbor::{Decoder, Encoder, decode, encode};
use serde_json::{Map, Value};

use crate::model::{Service, Table};

/// Deeper bodies are refused.
const DEPTH: u32 = 64;

/// A body as a JSON value: times become seconds, an empty body an empty structure.
pub fn read(body: &[u8]) -> Result<Value, decode::Error> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    item(&mut Decoder::new(body), 0)
}

fn item(decoder: &mut Decoder<'_>, depth: u32) -> Result<Value, decode::Error> {
    if depth > DEPTH {
        return Err(decode::Error::message("too deep"));
    }
    match decoder.datatype()? {
        Type::Bool => Ok(Value::from(decoder.bool()?)),
        Type::Null => decoder.null().map(|()| Value::Null),
        Type::Undefined => decoder.undefined().map(|()| Value::Null),
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => Ok(Value::from(decoder.u64()?)),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 => Ok(Value::from(decoder.i64()?)),
        Type::F16 | Type::F32 | Type::F64 => Ok(Value::from(decoder.f64()?)),
        Type::String | Type::StringIndef => text(decoder).map(Value::from),
        Type::Tag => {
            decoder.tag()?;
            item(decoder, depth + 1)
        }
        Type::Array | Type::ArrayIndef => list(decoder, depth),
        Type::Map | Type::MapIndef => structure(decoder, depth),
        other @ (Type::Int | Type::Bytes | Type::BytesIndef | Type::Simple | Type::Break | Type::Unknown(_)) => {
            Err(decode::Error::type_mismatch(other))
        }
    }
}

fn text(decoder: &mut Decoder<'_>) -> Result<String, decode::Error> {
    decoder.str_iter()?.collect()
}

/// Whether another item follows in a list or map of `left` items, or of unknown length.
fn more(decoder: &mut Decoder<'_>, left: &mut Option<u64>) -> Result<bool, decode::Error> {
    match left {
        Some(0) => Ok(false),
        Some(left) => {
            *left -= 1;
            Ok(true)
        }
        None if decoder.datatype()? == Type::Break => decoder.skip().map(|()| false),
        None => Ok(true),
    }
}

fn list(decoder: &mut Decoder<'_>, depth: u32) -> Result<Value, decode::Error> {
    let (mut left, mut items) = (decoder.array()?, Vec::new());
    while more(decoder, &mut left)? {
        items.push(item(decoder, depth + 1)?);
    }
    Ok(Value::Array(items))
}

fn structure(decoder: &mut Decoder<'_>, depth: u32) -> Result<Value, decode::Error> {
    let (mut left, mut members) = (decoder.map()?, Map::new());
    while more(decoder, &mut left)? {
        let name = text(decoder)?;
        members.insert(name, item(decoder, depth + 1)?);
    }
    Ok(Value::Object(members))
}

type Written = Result<(), encode::Error<std::convert::Infallible>>;

/// The answer of `operation`.
pub fn answer(service: Service, operation: &str, output: &Value) -> Vec<u8> {
    let table = service.table();
    let shape = table.operations.get(operation).map_or("", |operation| operation.output.as_str());
    written(table, shape, output)
}

/// An error: `shape` is the name of its shape.
pub fn error(service: Service, shape: &str, message: &str) -> Vec<u8> {
    written(service.table(), "", &serde_json::json!({ "__type": shape, "message": message }))
}

fn written(table: &Table, shape: &str, value: &Value) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    // Writing to memory cannot fail.
    let _infallible = write(table, &mut encoder, shape, value);
    encoder.into_writer()
}

fn write(table: &Table, encoder: &mut Encoder<Vec<u8>>, shape_name: &str, value: &Value) -> Written {
    let shape = table.shapes.get(shape_name);
    let kind = shape.map_or(shape_name, |shape| shape.kind.as_str());
    match value {
        Value::Null => encoder.null()?,
        Value::Bool(flag) => encoder.bool(*flag)?,
        Value::Number(number) => match (kind, number.as_i64()) {
            ("timestamp", _) => encoder.tag(Tag::from(IanaTag::Timestamp))?.f64(number.as_f64().unwrap_or(0.0))?,
            ("double" | "float", _) | (_, None) => encoder.f64(number.as_f64().unwrap_or(0.0))?,
            (_, Some(whole)) => encoder.i64(whole)?,
        },
        Value::String(text) => encoder.str(text)?,
        Value::Array(items) => {
            encoder.array(items.len() as u64)?;
            for item in items {
                write(table, encoder, shape.map_or("", |shape| shape.item.as_str()), item)?;
            }
            encoder
        }
        Value::Object(members) => {
            encoder.map(members.len() as u64)?;
            for (name, member) in members {
                encoder.str(name)?;
                let target = shape.map_or("", |shape| {
                    let item = if kind == "map" { Some(&shape.item) } else { shape.members.get(name) };
                    item.map_or("", String::as_str)
                });
                write(table, encoder, target, member)?;
            }
            encoder
        }
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_tag_times_and_keep_whole_doubles_floating() {
        let result = json!({ "Id": "a", "Timestamps": [1_800_000_000.0], "Values": [3.0] });
        let bytes = answer(Service::CloudWatch, "GetMetricData", &json!({ "MetricDataResults": [result] }));
        assert_eq!(read(&bytes).unwrap(), json!({ "MetricDataResults": [result] }));
        let tagged = [&[0xc1, 0xfb][..], &1_800_000_000.0_f64.to_be_bytes()].concat();
        assert!(bytes.windows(10).any(|part| part == tagged), "{bytes:x?}");
        let three = [&[0xfb][..], &3.0_f64.to_be_bytes()].concat();
        assert!(bytes.windows(9).any(|part| part == three), "{bytes:x?}");
    }

    #[test]
    fn structures_of_unknown_length_are_read() {
        // {_ "a": [_ 1, -2], "b": (_ "x", "y")}
        let bytes = [0xbf, 0x61, 0x61, 0x9f, 0x01, 0x21, 0xff, 0x61, 0x62, 0x7f, 0x61, 0x78, 0x61, 0x79, 0xff, 0xff];
        assert_eq!(read(&bytes).unwrap(), json!({ "a": [1, -2], "b": "xy" }));
        assert!(read(&bytes[..5]).is_err());
    }
}
