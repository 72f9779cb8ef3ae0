//! From a request to the normal form that is stored and echoed, server defaults applied.

use serde_json::{Value, json};

use crate::ecs::cluster::Cluster;
use crate::ecs::scheduler::json::{Object, text};
use crate::ecs::task::state::Definition;

/// Request members that are not stored as they came.
const NOT_STORED: [&str; 10] = [
    "cluster",
    "service",
    "serviceName",
    "taskDefinition",
    "desiredCount",
    "clientToken",
    "role",
    "tags",
    "forceNewDeployment",
    "deploymentController",
];

/// What `CreateService` stores.
pub(crate) fn of_create(input: &Value, cluster: &Cluster, definition: Option<&Definition>, account: &str) -> Object {
    let mut config = Object::new();
    let daemon = text(input, "/schedulingStrategy") == Some("DAEMON");
    for member in ["loadBalancers", "serviceRegistries", "placementConstraints", "placementStrategy"] {
        config.insert(member.to_owned(), json!([]));
    }
    config.insert("schedulingStrategy".to_owned(), json!("REPLICA"));
    config.insert("propagateTags".to_owned(), json!("NONE"));
    config.insert("enableECSManagedTags".to_owned(), json!(false));
    config.insert("enableExecuteCommand".to_owned(), json!(false));
    config.insert("healthCheckGracePeriodSeconds".to_owned(), json!(0));
    config.insert("availabilityZoneRebalancing".to_owned(), json!(if daemon { "DISABLED" } else { "ENABLED" }));
    let (most, least) = if daemon { (100, 0) } else { (200, 100) };
    let base = json!({
        "deploymentCircuitBreaker": { "enable": false, "rollback": false },
        "maximumPercent": most,
        "minimumHealthyPercent": least,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    });
    config.insert("deploymentConfiguration".to_owned(), base);
    merge(&mut config, input);
    let controller = text(input, "/deploymentController/type").unwrap_or("ECS");
    config.insert("deploymentController".to_owned(), json!({ "type": controller }));
    if let Some(definition) = definition {
        config.insert("taskDefinition".to_owned(), json!(definition.arn));
        place(&mut config, cluster);
    }
    if let Some(role) = text(input, "/role") {
        let arn =
            if role.starts_with("arn:") { role.to_owned() } else { format!("arn:aws:iam::{account}:role/{role}") };
        config.insert("roleArn".to_owned(), json!(arn));
    }
    config
}

/// Takes over the members of a request that are present, each in normal form.
pub(crate) fn merge(config: &mut Object, input: &Value) {
    let Some(members) = input.as_object() else {
        return;
    };
    for (name, value) in members {
        if value.is_null() || NOT_STORED.contains(&name.as_str()) {
            continue;
        }
        let stored = match name.as_str() {
            "deploymentConfiguration" => deployment_configuration(config.get(name), value),
            "networkConfiguration" => network(value),
            "capacityProviderStrategy" => strategy(value),
            _ => value.clone(),
        };
        config.insert(name.clone(), stored);
    }
}

/// Fills in launch type or capacity provider strategy, and the platform.
pub(crate) fn place(config: &mut Object, cluster: &Cluster) {
    let has_strategy = config.get("capacityProviderStrategy").and_then(Value::as_array).is_some_and(|s| !s.is_empty());
    if has_strategy {
        config.remove("launchType");
    } else {
        config.remove("capacityProviderStrategy");
        if !config.contains_key("launchType") {
            if cluster.default_strategy.is_empty() {
                config.insert("launchType".to_owned(), json!("EC2"));
            } else {
                config.insert("capacityProviderStrategy".to_owned(), strategy(&json!(cluster.default_strategy)));
            }
        }
    }
    if is_fargate(config) {
        config.entry("platformVersion").or_insert_with(|| json!("LATEST"));
        config.insert("platformFamily".to_owned(), json!("Linux"));
    } else {
        config.remove("platformFamily");
    }
}

/// Whether tasks run on Fargate.
pub(crate) fn is_fargate(config: &Object) -> bool {
    let providers = config.get("capacityProviderStrategy").and_then(Value::as_array);
    let by_provider = providers.is_some_and(|items| {
        items.iter().any(|item| text(item, "/capacityProvider").is_some_and(crate::ecs::capacity_provider::is_fargate))
    });
    by_provider || config.get("launchType").and_then(Value::as_str) == Some("FARGATE")
}

fn strategy(value: &Value) -> Value {
    let fill = |item: &Value| {
        let mut item = item.clone();
        if let Some(members) = item.as_object_mut() {
            members.entry("weight").or_insert_with(|| json!(0));
            members.entry("base").or_insert_with(|| json!(0));
        }
        item
    };
    value.as_array().map_or_else(|| json!([]), |items| items.iter().map(fill).collect())
}

fn network(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(vpc) = value.pointer_mut("/awsvpcConfiguration").and_then(Value::as_object_mut) {
        vpc.entry("securityGroups").or_insert_with(|| json!([]));
        vpc.entry("assignPublicIp").or_insert_with(|| json!("DISABLED"));
    }
    value
}

fn deployment_configuration(old: Option<&Value>, new: &Value) -> Value {
    let mut merged = old.and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, value) in new.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        merged.insert(name.clone(), value.clone());
    }
    if let Some(hooks) = merged.get_mut("lifecycleHooks").and_then(Value::as_array_mut) {
        for hook in hooks.iter_mut().filter_map(Value::as_object_mut) {
            hook.entry("targetType").or_insert_with(|| json!("AWS_LAMBDA"));
            if hook.get("targetType") == Some(&json!("PAUSE")) {
                let timeout = hook.entry("timeoutConfiguration").or_insert_with(|| json!({}));
                if let Some(timeout) = timeout.as_object_mut() {
                    timeout.entry("timeoutInMinutes").or_insert_with(|| json!(1440));
                    timeout.entry("action").or_insert_with(|| json!("ROLLBACK"));
                }
            }
        }
    }
    let word = merged.get("strategy").and_then(Value::as_str).map(str::to_owned);
    match word.as_deref() {
        Some("LINEAR") => {
            let linear = merged.entry("linearConfiguration").or_insert_with(|| json!({}));
            if let Some(linear) = linear.as_object_mut() {
                linear.entry("stepPercent").or_insert_with(|| json!(10.0));
                linear.entry("stepBakeTimeInMinutes").or_insert_with(|| json!(6));
            }
        }
        Some("CANARY") => {
            let canary = merged.entry("canaryConfiguration").or_insert_with(|| json!({}));
            if let Some(canary) = canary.as_object_mut() {
                canary.entry("canaryPercent").or_insert_with(|| json!(5.0));
                canary.entry("canaryBakeTimeInMinutes").or_insert_with(|| json!(10));
            }
        }
        _ => {}
    }
    Value::Object(merged)
}
