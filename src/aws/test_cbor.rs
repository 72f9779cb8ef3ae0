//! For tests: CBOR from and to JSON; a time is `{"$time": seconds}`.

use aws_smithy_cbor::data::Type;
use aws_smithy_cbor::{Decoder, Encoder};
use aws_smithy_types::DateTime;
use serde_json::{Map, Value, json};

pub(super) fn encoded(value: &Value) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    write(&mut encoder, value);
    encoder.into_writer()
}

fn write(to: &mut Encoder, value: &Value) {
    match value {
        Value::Null => {
            to.null();
        }
        Value::Bool(value) => {
            to.boolean(*value);
        }
        Value::Number(number) => match number.as_i64() {
            Some(whole) => {
                to.long(whole);
            }
            None => {
                to.double(number.as_f64().unwrap());
            }
        },
        Value::String(text) => {
            to.str(text);
        }
        Value::Array(items) => {
            to.array(items.len());
            for item in items {
                write(to, item);
            }
        }
        Value::Object(members) => {
            if let Some(seconds) = members.get("$time").and_then(Value::as_i64) {
                to.timestamp(&DateTime::from_secs(seconds));
                return;
            }
            to.map(members.len());
            for (name, member) in members {
                to.str(name);
                write(to, member);
            }
        }
    }
}

pub(super) fn decoded(bytes: &[u8]) -> Value {
    read(&mut Decoder::new(bytes))
}

fn read(from: &mut Decoder<'_>) -> Value {
    match from.datatype().unwrap() {
        Type::Bool => from.boolean().unwrap().into(),
        Type::String | Type::StringIndef => from.string().unwrap().into(),
        Type::F16 | Type::F32 | Type::F64 => from.double().unwrap().into(),
        Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => {
            from.long().unwrap().into()
        }
        Type::Tag => json!({ "$time": from.timestamp().unwrap().secs() }),
        Type::Array | Type::ArrayIndef => {
            let length = from.list().unwrap();
            let mut items = Vec::new();
            while more(from, length, items.len()) {
                items.push(read(from));
            }
            items.into()
        }
        Type::Map | Type::MapIndef => {
            let length = from.map().unwrap();
            let mut members = Map::new();
            while more(from, length, members.len()) {
                let name = from.string().unwrap();
                members.insert(name, read(from));
            }
            members.into()
        }
        Type::Null
        | Type::Undefined
        | Type::Simple
        | Type::Bytes
        | Type::BytesIndef
        | Type::Break
        | Type::Unknown(_) => {
            from.skip().unwrap();
            Value::Null
        }
    }
}

/// Is there another item? Takes the end mark where the length was not said.
fn more(from: &mut Decoder<'_>, length: Option<u64>, read: usize) -> bool {
    if let Some(length) = length {
        return (read as u64) < length;
    }
    let ended = from.datatype().unwrap() == Type::Break;
    if ended {
        from.skip().unwrap();
    }
    !ended
}
