//! Arbitrary values that fit a schema.

use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;
use serde_json::{Map, Value, json};

/// Values for `schema`; `name` is the member it belongs to. Numbers without sign of absence in
/// the SDK are never zero and never false.
pub(super) fn value(name: &str, schema: &Value) -> BoxedStrategy<Value> {
    if schema.get("x-kubernetes-int-or-string").is_some() {
        return prop_oneof![(1..9999i64).prop_map(|n| json!(n)), (1..9999i64).prop_map(|n| json!(n.to_string()))]
            .boxed();
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        return proptest::sample::select(choices.clone()).boxed();
    }
    match schema["type"].as_str().unwrap() {
        "string" => text(name),
        "boolean" if ["cloudWatchEncryptionEnabled", "s3EncryptionEnabled"].contains(&name) => {
            Just(json!(true)).boxed()
        }
        "boolean" => any::<bool>().prop_map(|flag| json!(flag)).boxed(),
        "integer" => {
            #[expect(clippy::cast_possible_truncation, reason = "bounds of integers are whole")]
            let bound = |key: &str| schema[key].as_f64().unwrap() as i64;
            let (least, most) = (bound("minimum"), bound("maximum"));
            let plain = ["weight", "base"].contains(&name);
            (least..=most.min(least.saturating_add(100_000)))
                .prop_map(move |n| json!(if plain && n == 0 { 1 } else { n }))
                .boxed()
        }
        "number" => (1..400i32).prop_map(|n| json!(f64::from(n) / 4.0)).boxed(),
        "array" => proptest::collection::vec(value(name, &schema["items"]), 0..3).prop_map(Value::Array).boxed(),
        "object" => object(name, schema),
        other => panic!("{name}: {other}"),
    }
}

fn text(name: &str) -> BoxedStrategy<Value> {
    match name {
        "startTime" | "endTime" => (-4_000_000_000i64..4_000_000_000, 0..1000i64)
            .prop_map(|(second, milli)| {
                let time = jiff::Timestamp::from_millisecond(second * 1000 + milli).unwrap();
                json!(time.to_string())
            })
            .boxed(),
        "hookDetails" => proptest::sample::select(vec![
            json!("{\"a\":[1,-2,1.5,null,true],\"b\":{\"c\":\"d\"}}"),
            json!("7"),
            json!("\"text\""),
        ])
        .boxed(),
        _ => "[a-zA-Z0-9:/ _-]{0,12}".prop_map(Value::String).boxed(),
    }
}

fn object(name: &str, schema: &Value) -> BoxedStrategy<Value> {
    if let Some(values) = schema.get("additionalProperties") {
        return proptest::collection::btree_map("[a-z]{1,4}", value("*", values), 0..3)
            .prop_map(|map| json!(map))
            .boxed();
    }
    let union = ["sharingStrategy", "containerConfigurations"].contains(&name);
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let members: Vec<BoxedStrategy<Option<(String, Value)>>> = schema["properties"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(member, schema)| {
            let pair = value(member, schema).prop_map({
                let member = member.clone();
                move |value| (member.clone(), value)
            });
            if union || required.contains(&member.as_str()) {
                pair.prop_map(Some).boxed()
            } else {
                proptest::option::weighted(0.4, pair).boxed()
            }
        })
        .collect();
    members.prop_map(|pairs| Value::Object(pairs.into_iter().flatten().collect::<Map<_, _>>())).boxed()
}
