//! The simulator's API, request by request, through the bytes of its wire.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod clusters;
mod corpus;
mod faults;
mod http;
mod laws;
mod listings;
mod neighbours;
mod task_definitions;

use std::collections::BTreeMap;

use ecs_sim::{HttpRequest, HttpResponse, Sim};
use serde_json::{Value, json};

/// When every test begins, milliseconds since the epoch.
pub(crate) const START: i64 = 1_800_000_000_000;

/// A request as an SDK sends it.
pub(crate) fn request(action: &str, input: &Value) -> HttpRequest {
    let scope =
        "AWS4-HMAC-SHA256 Credential=AKIATEST/20270115/eu-west-1/ecs/aws4_request, SignedHeaders=host, Signature=0";
    HttpRequest {
        method: "POST".to_owned(),
        uri: "/".to_owned(),
        headers: BTreeMap::from([
            ("authorization".to_owned(), scope.to_owned()),
            ("content-type".to_owned(), "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target".to_owned(), format!("AmazonEC2ContainerServiceV20141113.{action}")),
        ]),
        body: input.to_string().into_bytes(),
    }
}

pub(crate) fn world() -> Sim {
    Sim::new(1, START)
}

pub(crate) fn send(sim: &mut Sim, action: &str, input: &Value) -> HttpResponse {
    let now = sim.now();
    sim.answer(&request(action, input), now)
}

/// The answer of a call that must succeed and fit the model.
pub(crate) fn ok(sim: &mut Sim, action: &str, input: &Value) -> Value {
    let response = send(sim, action, input);
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(response.status, 200, "{action} {input}: {body}");
    assert_eq!(sim.shape_faults, Vec::<String>::new(), "{action}");
    body
}

/// `(code, message)` of a call that must be refused with HTTP 400 and a modelled error.
pub(crate) fn refused(sim: &mut Sim, action: &str, input: &Value) -> (String, String) {
    let response = send(sim, action, input);
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(response.status, 400, "{action} {input}: {body}");
    assert_eq!(sim.shape_faults, Vec::<String>::new(), "{action}");
    let code = body["__type"].as_str().unwrap().to_owned();
    assert_eq!(response.headers["x-amzn-errortype"], code);
    (code, body["message"].as_str().unwrap().to_owned())
}

/// A definition that EC2 accepts.
pub(crate) fn small(family: &str) -> Value {
    json!({ "family": family, "containerDefinitions": [{ "name": "app", "image": "nginx:1", "memory": 128 }] })
}

/// Whether everything in `part` is in `whole`; lists compare item by item.
pub(crate) fn assert_contains(whole: &Value, part: &Value, path: &str) {
    match part {
        Value::Object(members) => {
            for (name, member) in members {
                assert_contains(&whole[name], member, &format!("{path}.{name}"));
            }
        }
        Value::Array(items) => {
            assert_eq!(whole.as_array().map(Vec::len), Some(items.len()), "{path}: {whole}");
            for (index, item) in items.iter().enumerate() {
                assert_contains(&whole[index], item, &format!("{path}[{index}]"));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            assert_eq!(whole, part, "{path}");
        }
    }
}
