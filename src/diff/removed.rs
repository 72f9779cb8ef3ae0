//! Members that left the spec: what we once set and is absent now → the value that takes it back.

use super::normal::{Fill, document};
use super::shape::{Kind, Shape};
use super::{Change, compare, normalize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How a member is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reset {
    /// Send this value: the empty form, or the documented default where there is none.
    Send(Value),
    /// Nothing to send: the value stays, nobody compares it any longer.
    Keep,
    /// The API has no way back.
    CannotUnset(&'static str),
}

/// A member that has to be taken back, because ECS still has something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// What differs from the state without the member.
    pub changes: Vec<Change>,
    /// The top-level member.
    pub member: String,
    /// How.
    pub reset: Reset,
}

/// How a top-level member of a service is taken back:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>.
///
/// Lists are removed by the empty list, Service Connect by turning it off. `desiredCount`,
/// rebalancing and create-only members stay as they are.
pub fn service_reset(member: &str, observed: &Value) -> Reset {
    match member {
        "loadBalancers"
        | "serviceRegistries"
        | "placementConstraints"
        | "placementStrategy"
        | "capacityProviderStrategy"
        | "volumeConfigurations"
        | "vpcLatticeConfigurations"
        | "gatewayConnectors" => Reset::Send(json!([])),
        "serviceConnectConfiguration" => Reset::Send(json!({ "enabled": false })),
        "platformVersion" => Reset::Send(json!("LATEST")),
        "healthCheckGracePeriodSeconds" => Reset::Send(json!(0)),
        "enableECSManagedTags" | "enableExecuteCommand" => Reset::Send(json!(false)),
        "propagateTags" => Reset::Send(json!("NONE")),
        "deploymentConfiguration" => Reset::Send(default_deployment(observed)),
        "monitoring" => Reset::Send(json!({ "metricConfigurations": [
            { "metricNames": ["CPUUtilization", "MemoryUtilization"], "resolutionSeconds": 60 }
        ] })),
        "deploymentController" => controller_reset(observed),
        "networkConfiguration" => Reset::CannotUnset("tasks in awsvpc mode always have a network configuration"),
        "schedulingStrategy" => Reset::CannotUnset("the scheduling strategy is set when the service is created"),
        "role" => Reset::CannotUnset("the role is set when the service is created"),
        _ => Reset::Keep,
    }
}

/// How a top-level member of a cluster is taken back. Service Connect defaults are removed by the
/// empty name (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ClusterServiceConnectDefaultsRequest.html>);
/// logging of ECS Exec has a default; a setting once made cannot go back to the account's.
pub fn cluster_reset(member: &str, _observed: &Value) -> Reset {
    match member {
        "capacityProviders" | "defaultCapacityProviderStrategy" => Reset::Send(json!([])),
        "serviceConnectDefaults" => Reset::Send(json!({ "namespace": "" })),
        "configuration" => Reset::Send(json!({ "executeCommandConfiguration": { "logging": "DEFAULT" } })),
        "settings" => Reset::CannotUnset("a cluster setting cannot go back to the account's setting"),
        _ => Reset::Keep,
    }
}

/// Members of a service that we set earlier (`owned`, top-level names) and that `desired` no longer
/// has, as far as ECS still shows them.
pub fn service_removed(owned: &BTreeSet<String>, desired: &Value, observed: &Value) -> Vec<Removed> {
    let observed = normalize::service::normalize(observed);
    removed(owned, desired, &observed, &normalize::service::SERVICE, service_reset)
}

/// The same for a cluster.
pub fn cluster_removed(owned: &BTreeSet<String>, desired: &Value, observed: &Value) -> Vec<Removed> {
    let observed = normalize::cluster::normalize(observed);
    removed(owned, desired, &observed, &normalize::cluster::CLUSTER, cluster_reset)
}

fn removed(
    owned: &BTreeSet<String>,
    desired: &Value,
    observed: &Value,
    shape: &Shape,
    reset: impl Fn(&str, &Value) -> Reset,
) -> Vec<Removed> {
    let gone = |member: &&String| desired.get(member.as_str()).is_none_or(Value::is_null);
    // Not shown by ECS means nothing to take back.
    let shown = |member: &&String| observed.get(member.as_str()).is_some();
    let mut result = Vec::new();
    for member in owned.iter().filter(gone).filter(shown) {
        let Some(kind) = shape.member(member).map(|member| member.kind) else {
            continue;
        };
        let reset = reset(member, observed);
        let target = match &reset {
            Reset::Send(value) => value.clone(),
            Reset::CannotUnset(_) => Value::Null,
            Reset::Keep => continue,
        };
        let changes = differences(member, &target, observed, kind, shape);
        if !changes.is_empty() {
            let member = member.clone();
            result.push(Removed { changes, member, reset });
        }
    }
    result
}

/// What of the member is still there, told as `from → (absent)`.
fn differences(member: &str, target: &Value, observed: &Value, kind: Kind, shape: &Shape) -> Vec<Change> {
    if matches!(kind, Kind::Apart) {
        return Vec::new();
    }
    let wanted = document(&json!({ member: target }), shape, Fill::Defaults);
    compare::member(member, wanted.get(member), observed.get(member), &kind)
}

/// The documented defaults, which depend on the scheduling strategy:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html>
fn default_deployment(observed: &Value) -> Value {
    let strategy = observed.get("schedulingStrategy").and_then(Value::as_str);
    let (maximum, minimum) = if strategy == Some("DAEMON") { (100, 0) } else { (200, 100) };
    let mut breaker = json!({ "enable": false, "rollback": false });
    let mut configuration = json!({
        "alarms": { "alarmNames": [], "enable": false, "rollback": false },
        "bakeTimeInMinutes": 0,
        "lifecycleHooks": [],
        "maximumPercent": maximum,
        "minimumHealthyPercent": minimum,
        "strategy": "ROLLING",
    });
    // Newer members are only named where they are in use.
    let old = observed.get("deploymentConfiguration");
    let old_breaker = old.and_then(|old| old.get("deploymentCircuitBreaker"));
    let uses = |of: Option<&Value>, name: &str| of.is_some_and(|of| of.get(name).is_some());
    if uses(old_breaker, "thresholdConfiguration") {
        put(&mut breaker, "thresholdConfiguration", json!({ "type": "BOUNDED_PERCENT", "value": 50 }));
    }
    if old_breaker.and_then(|old| old.get("resetOnHealthyTask")) == Some(&Value::Bool(false)) {
        put(&mut breaker, "resetOnHealthyTask", Value::Bool(true));
    }
    if uses(old, "earlySuccessCriteria") {
        put(&mut configuration, "earlySuccessCriteria", json!({ "enable": false }));
    }
    put(&mut configuration, "deploymentCircuitBreaker", breaker);
    configuration
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

/// `CodeDeploy` can be left for ECS; task sets cannot.
fn controller_reset(observed: &Value) -> Reset {
    let now = observed.pointer("/deploymentController/type").and_then(Value::as_str);
    if now == Some("EXTERNAL") {
        Reset::CannotUnset("a service with the EXTERNAL controller keeps it")
    } else {
        Reset::Send(json!({ "type": "ECS" }))
    }
}
