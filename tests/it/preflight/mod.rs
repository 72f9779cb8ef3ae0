//! Each pre-flight rule takes what ECS takes and refuses what ECS refuses, naming member and remedy.

#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

mod capacity;
mod definition;
mod fargate;
mod service;
mod together;

use ecs_operator::preflight::{self, Problem};
use serde_json::{Value, json};

/// One rule: a change that passes, a change that is refused, where, and words of problem and remedy.
pub(super) struct Row(
    pub(super) &'static str,
    pub(super) Value,
    pub(super) Value,
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) &'static str,
);

/// The document with values put at JSON pointers; parents are made, null removes.
pub(super) fn with(mut document: Value, changes: &Value) -> Value {
    for (pointer, value) in changes.as_object().expect("changes are an object") {
        let mut here = &mut document;
        let names: Vec<&str> = pointer.split('/').skip(1).collect();
        for name in names {
            here = match here {
                Value::Array(items) => &mut items[name.parse::<usize>().expect("an index")],
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                    &mut here[name]
                }
            };
        }
        *here = value.clone();
    }
    document
}

pub(super) fn check(rows: Vec<Row>, base: impl Fn() -> Value, judge: impl Fn(Value) -> Vec<Problem>) {
    assert_eq!(judge(base()), vec![], "the base passes");
    for Row(name, accept, reject, path, problem, remedy) in rows {
        assert_eq!(judge(with(base(), &accept)), vec![], "{name}: accepted");
        let found = judge(with(base(), &reject));
        let hit = found.iter().find(|p| p.path == path && p.problem.contains(problem));
        let hit = hit.unwrap_or_else(|| panic!("{name}: no `{path}` … {problem} in {found:#?}"));
        assert!(hit.remedy.contains(remedy), "{name}: {}", hit.remedy);
        assert!(hit.to_string().starts_with(&format!("`{path}` ")), "{name}: {hit}");
    }
}

pub(super) fn instances() -> Value {
    json!({ "family": "web", "containerDefinitions": [
        { "name": "web", "image": "nginx:1", "memory": 256 },
        { "name": "side", "image": "envoy:1", "memory": 64, "essential": false },
        { "name": "init", "image": "busybox", "memory": 32, "essential": false },
    ] })
}

pub(super) fn fargate() -> Value {
    json!({ "family": "web", "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256",
        "memory": "512", "containerDefinitions": [{ "name": "web", "image": "nginx:1" }] })
}

pub(super) fn replica() -> Value {
    json!({ "serviceName": "web", "cluster": "main", "taskDefinition": "web:1", "desiredCount": 2 })
}

pub(super) fn definition(document: Value) -> Vec<Problem> {
    preflight::task_definition(&serde_json::from_value(document).expect("a task definition"))
}

pub(super) fn service(document: Value) -> Vec<Problem> {
    preflight::service(&serde_json::from_value(document).expect("a service"))
}

pub(super) const ROLE: &str = "arn:aws:iam::123456789012:role/path/web";
pub(super) const GROUP: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef";
