//! Amazon ECS: from an operation's name and input to its answer.

pub mod capacity_provider;
pub mod cluster;
pub mod deployment;
pub mod paging;
pub mod scheduler;
pub mod service;
pub mod strategy;
pub mod tags;
pub mod task;
pub mod task_definition;

use serde_json::{Map, Value};

use crate::refusal::Refusal;
use crate::world::{Cx, Region};

/// Calls `operation` with an input that fits its shape.
pub fn dispatch(
    region: &mut Region,
    cx: &mut Cx,
    operation: &str,
    input: &Value,
) -> Result<Value, Refusal> {
    match operation {
        "CreateService" => service::create(region, cx, input),
        "DescribeServices" => service::describe(region, cx, input),
        "ListServices" => service::list(region, cx, input),
        "UpdateService" => service::update(region, cx, input),
        "DeleteService" => service::delete(region, cx, input),
        "ListTasks" => task::list(region, cx, input),
        "DescribeTasks" => task::describe(region, cx, input),
        "RunTask" => task::run(region, cx, input),
        "StopTask" => task::stop(region, cx, input),
        "ListServiceDeployments" => deployment::list(region, cx, input),
        "DescribeServiceDeployments" => deployment::describe(region, cx, input),
        "DescribeServiceRevisions" => deployment::describe_revisions(region, cx, input),
        "StopServiceDeployment" => deployment::stop(region, cx, input),
        "ContinueServiceDeployment" => deployment::continue_(region, cx, input),
        _ => Err(Refusal::unknown_operation()),
    }
}

/// A text member.
pub fn text<'a>(input: &'a Value, member: &str) -> Option<&'a str> {
    input.get(member).and_then(Value::as_str)
}

/// A whole number.
pub fn number(input: &Value, member: &str) -> Option<i64> {
    input.get(member).and_then(Value::as_i64)
}

/// A boolean; absent = false.
pub fn flag(input: &Value, member: &str) -> bool {
    input.get(member).and_then(Value::as_bool).unwrap_or(false)
}

/// A list; absent = empty.
pub fn list<'a>(input: &'a Value, member: &str) -> &'a [Value] {
    input
        .get(member)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Whether `include` names `word`.
pub fn includes(input: &Value, word: &str) -> bool {
    list(input, "include")
        .iter()
        .any(|item| item.as_str() == Some(word))
}

/// One element of `failures`.
pub fn failure(arn: &str, reason: &str) -> Value {
    serde_json::json!({ "arn": arn, "reason": reason })
}

/// Sets `member` of an object; nothing happens to other values.
pub fn set(target: &mut Value, member: &str, value: impl Into<Value>) {
    if let Value::Object(members) = target {
        members.insert(member.to_owned(), value.into());
    }
}

/// Copies the named members that are present.
pub fn copy(source: &Value, target: &mut Map<String, Value>, members: &[&str]) {
    for member in members {
        if let Some(value) = source.get(*member) {
            target.insert((*member).to_owned(), value.clone());
        }
    }
}
