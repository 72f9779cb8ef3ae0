//! Amazon ECS: from an operation's name and input to its answer.

pub mod account_setting;
pub mod capacity_provider;
pub mod cluster;
pub mod container_instance;
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
pub fn dispatch(region: &mut Region, cx: &mut Cx, operation: &str, input: &Value) -> Result<Value, Refusal> {
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
        _ => dispatch_resources(region, cx, operation, input),
    }
}

/// Everything that is not a service, a task or a deployment.
fn dispatch_resources(region: &mut Region, cx: &mut Cx, operation: &str, input: &Value) -> Result<Value, Refusal> {
    match operation {
        "CreateCluster" => cluster::create(region, cx, input),
        "DescribeClusters" => cluster::describe(region, cx, input),
        "ListContainerInstances" => container_instance::list(region, cx, input),
        "DescribeContainerInstances" => container_instance::describe(region, cx, input),
        "ListClusters" => cluster::list(region, cx, input),
        "UpdateCluster" => cluster::update(region, cx, input),
        "UpdateClusterSettings" => cluster::update_settings(region, cx, input),
        "PutClusterCapacityProviders" => cluster::put_capacity_providers(region, cx, input),
        "DeleteCluster" => cluster::delete(region, cx, input),
        "RegisterTaskDefinition" => task_definition::register(region, cx, input),
        "DescribeTaskDefinition" => task_definition::describe(region, cx, input),
        "ListTaskDefinitions" => task_definition::list(region, cx, input),
        "ListTaskDefinitionFamilies" => task_definition::families(region, cx, input),
        "DeregisterTaskDefinition" => task_definition::deregister(region, cx, input),
        "DeleteTaskDefinitions" => task_definition::delete(region, cx, input),
        "CreateCapacityProvider" => capacity_provider::create(region, cx, input),
        "DescribeCapacityProviders" => capacity_provider::describe(region, cx, input),
        "UpdateCapacityProvider" => capacity_provider::update(region, cx, input),
        "DeleteCapacityProvider" => capacity_provider::delete(region, cx, input),
        "TagResource" => tags::tag(region, cx, input),
        "UntagResource" => tags::untag(region, cx, input),
        "ListTagsForResource" => tags::list(region, cx, input),
        "PutAccountSetting" => account_setting::put(region, cx, input, false),
        "PutAccountSettingDefault" => account_setting::put(region, cx, input, true),
        "DeleteAccountSetting" => account_setting::delete(region, cx, input),
        "ListAccountSettings" => account_setting::list(region, cx, input),
        _ => Err(Refusal::unknown_operation()),
    }
}

/// Refuses names outside letters, digits, `_` and `-`, at most 255.
pub fn check_name(name: &str, what: &str) -> Result<(), Refusal> {
    if is_name(name) {
        return Ok(());
    }
    let text = format!("{what} must be 1 to 255 letters, numbers, underscores or hyphens.");
    Err(Refusal::invalid_parameter(text))
}

/// Whether `name` is 1 to 255 letters, digits, `_` and `-`.
pub fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// The texts of a list member, in order, duplicates removed.
///
/// Errors: `InvalidParameterException` for more than `limit`.
pub fn asked(input: &Value, member: &str, limit: usize) -> Result<Vec<String>, Refusal> {
    let items = list(input, member);
    if items.len() > limit {
        return Err(Refusal::invalid_parameter(format!("{member} cannot have more than {limit} elements.")));
    }
    let mut seen = Vec::new();
    for item in items.iter().filter_map(Value::as_str) {
        if !seen.iter().any(|known| known == item) {
            seen.push(item.to_owned());
        }
    }
    Ok(seen)
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
    input.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Whether `include` names `word`.
pub fn includes(input: &Value, word: &str) -> bool {
    list(input, "include").iter().any(|item| item.as_str() == Some(word))
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
