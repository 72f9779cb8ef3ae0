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
        "networkConfiguration" => {
            Reset::CannotUnset("tasks in awsvpc mode always have a network configuration")
        }
        "schedulingStrategy" => {
            Reset::CannotUnset("the scheduling strategy is set when the service is created")
        }
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
        "configuration" => {
            Reset::Send(json!({ "executeCommandConfiguration": { "logging": "DEFAULT" } }))
        }
        "settings" => {
            Reset::CannotUnset("a cluster setting cannot go back to the account's setting")
        }
        _ => Reset::Keep,
    }
}

/// Members of a service that we set earlier (`owned`, top-level names) and that `desired` no longer
/// has, as far as ECS still shows them.
pub fn service_removed(
    owned: &BTreeSet<String>,
    desired: &Value,
    observed: &Value,
) -> Vec<Removed> {
    let observed = normalize::service::normalize(observed);
    removed(
        owned,
        desired,
        &observed,
        &normalize::service::SERVICE,
        service_reset,
    )
}

/// The same for a cluster.
pub fn cluster_removed(
    owned: &BTreeSet<String>,
    desired: &Value,
    observed: &Value,
) -> Vec<Removed> {
    let observed = normalize::cluster::normalize(observed);
    removed(
        owned,
        desired,
        &observed,
        &normalize::cluster::CLUSTER,
        cluster_reset,
    )
}

fn removed(
    owned: &BTreeSet<String>,
    desired: &Value,
    observed: &Value,
    shape: &Shape,
    reset: impl Fn(&str, &Value) -> Reset,
) -> Vec<Removed> {
    let gone = |member: &&String| desired.get(member.as_str()).is_none_or(Value::is_null);
    let mut result = Vec::new();
    for member in owned.iter().filter(gone) {
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
            result.push(Removed {
                changes,
                member,
                reset,
            });
        }
    }
    result
}

/// What of the member is still there, told as `from → (absent)`.
fn differences(
    member: &str,
    target: &Value,
    observed: &Value,
    kind: Kind,
    shape: &Shape,
) -> Vec<Change> {
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
    let (maximum, minimum) = if strategy == Some("DAEMON") {
        (100, 0)
    } else {
        (200, 100)
    };
    json!({
        "alarms": { "alarmNames": [], "enable": false, "rollback": false },
        "bakeTimeInMinutes": 0,
        "deploymentCircuitBreaker": { "enable": false, "rollback": false },
        "lifecycleHooks": [],
        "maximumPercent": maximum,
        "minimumHealthyPercent": minimum,
        "strategy": "ROLLING",
    })
}

/// CodeDeploy can be left for ECS; task sets cannot.
fn controller_reset(observed: &Value) -> Reset {
    let now = observed
        .pointer("/deploymentController/type")
        .and_then(Value::as_str);
    if now == Some("EXTERNAL") {
        Reset::CannotUnset("a service with the EXTERNAL controller keeps it")
    } else {
        Reset::Send(json!({ "type": "ECS" }))
    }
}
