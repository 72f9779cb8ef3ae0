//! The in-memory API server, asked directly.

#![recursion_limit = "256"]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "a test binary: its helpers fail by panicking"
)]

mod apply;
mod lifecycle;
mod lists;
mod objects;

use ecs_sim::kube::{Answer, MemApi, Reply, Watch};
use http::{HeaderMap, Method, header};
use serde_json::{Value, json};

/// A server with the Widget CRD; one second passes with every request.
struct World {
    api: MemApi,
    now: jiff::Timestamp,
}

pub(crate) fn widget_crd() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.test.example"},
        "spec": {
            "group": "test.example", "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget", "shortNames": ["wd"], "categories": ["all-widgets"]},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "selectableFields": [{"jsonPath": ".spec.color"}],
                "subresources": {"status": {}, "scale": {
                    "specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size", "labelSelectorPath": ".status.selector",
                }},
                "schema": {"openAPIV3Schema": {
                    "type": "object", "required": ["spec"],
                    "properties": {
                        "spec": {"type": "object", "required": ["color"], "properties": {
                            "size": {"type": "integer", "minimum": 0, "maximum": 10, "default": 1},
                            "color": {"type": "string", "enum": ["red", "green", "blue"]},
                            "note": {"type": "string", "maxLength": 8, "pattern": "^[a-z]*$"},
                            "tags": {"type": "object", "additionalProperties": {"type": "string"}},
                            "parts": {
                                "type": "array", "maxItems": 3, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                                "items": {"type": "object", "required": ["name"], "properties": {
                                    "name": {"type": "string"}, "weight": {"type": "integer"}, "label": {"type": "string"},
                                }},
                            },
                            "order": {"type": "array", "items": {"type": "string"}},
                        }},
                        "status": {"type": "object", "default": {"observedGeneration": -1}, "properties": {
                            "observedGeneration": {"type": "integer"}, "size": {"type": "integer"}, "selector": {"type": "string"},
                            "conditions": {
                                "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
                                "items": {"type": "object", "required": ["type"], "properties": {
                                    "type": {"type": "string"}, "status": {"type": "string"},
                                }},
                            },
                        }},
                    },
                }},
            }],
        },
    })
}

const BASE: &str = "/apis/test.example/v1/namespaces/default/widgets";

impl World {
    fn new() -> Self {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let mut api = MemApi::new(now);
        api.install_crd(&widget_crd(), now).expect("a sound CRD");
        Self { api, now }
    }

    fn answer(&mut self, method: Method, target: &str, media: &str, body: &Value) -> Answer {
        self.now += jiff::SignedDuration::from_secs(1);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, media.parse().unwrap());
        headers.insert(header::USER_AGENT, "tester/1".parse().unwrap());
        let bytes = if body.is_null() { Vec::new() } else { serde_json::to_vec(body).unwrap() };
        self.api.answer(&method, target, &headers, &bytes, self.now)
    }

    fn ask(&mut self, method: Method, target: &str, media: &str, body: &Value) -> (u16, Value) {
        match self.answer(method, target, media, body) {
            Answer::Reply(Reply { status, body }) => (status, body),
            Answer::Watch(_) => panic!("a watch where a reply was expected"),
        }
    }

    fn get(&mut self, target: &str) -> (u16, Value) {
        self.ask(Method::GET, target, "", &Value::Null)
    }

    fn watch(&mut self, target: &str) -> Watch {
        match self.answer(Method::GET, target, "", &Value::Null) {
            Answer::Watch(watch) => *watch,
            Answer::Reply(reply) => panic!("refused: {reply:?}"),
        }
    }

    fn create(&mut self, name: &str, spec: &Value) -> (u16, Value) {
        let body = widget(name, spec);
        self.ask(Method::POST, BASE, "application/json", &body)
    }

    fn merge(&mut self, target: &str, body: &Value) -> (u16, Value) {
        self.ask(Method::PATCH, target, "application/merge-patch+json", body)
    }

    fn delete(&mut self, target: &str, options: &Value) -> (u16, Value) {
        self.ask(Method::DELETE, target, "application/json", options)
    }

    fn apply(&mut self, target: &str, who: &str, body: &Value) -> (u16, Value) {
        self.ask(Method::PATCH, &format!("{target}?fieldManager={who}"), "application/apply-patch+yaml", body)
    }

    fn apply_by_force(&mut self, target: &str, who: &str, body: &Value) -> (u16, Value) {
        self.apply(target, &format!("{who}&force=true"), body)
    }
}

fn widget(name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "test.example/v1", "kind": "Widget", "metadata": {"name": name}, "spec": spec})
}

fn at(name: &str) -> String {
    format!("{BASE}/{name}")
}

fn version(object: &Value) -> String {
    object["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned()
}

fn reason(body: &Value) -> &str {
    body["reason"].as_str().unwrap_or_default()
}
