//! What a change does when it is sent: change → effect on a service, or the call that corrects a cluster.

use super::shape::Kind;
use super::{Change, compare, normalize, render};
use serde_json::Value;

/// What a change of a service does to its tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Someone else sets this member: nothing is sent.
    Delegated,
    /// Applied at once; no task is replaced.
    InPlace,
    /// Applied to tasks that start later; running ones keep what they have until a roll.
    NewTasksOnly,
    /// Starts a new deployment.
    Rolls,
    /// Starts a new deployment and is refused without `forceNewDeployment`.
    RollsWithForce,
    /// No call changes it: the service has to be made anew.
    NeedsReplacement,
}

/// `deploymentController` of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Controller {
    /// ECS itself, also when absent.
    #[default]
    Ecs,
    /// AWS `CodeDeploy`.
    CodeDeploy,
    /// Task sets.
    External,
}

/// Who sets what in a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owners {
    /// The deployment controller as it is now.
    pub controller: Controller,
    /// Whether `desiredCount` is ours.
    pub owns_count: bool,
}

impl Default for Owners {
    fn default() -> Self {
        Self { controller: Controller::Ecs, owns_count: true }
    }
}

/// What `UpdateService` does with a change; the class is in each member's text at
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>.
///
/// - "triggers a new service deployment": `taskDefinition`, `networkConfiguration`,
///   `platformVersion`, `loadBalancers`, `serviceRegistries`, `serviceConnectConfiguration`,
///   `volumeConfigurations`, `vpcLatticeConfigurations`.
/// - "doesn't trigger": counts, deployment configuration, rebalancing, grace period, placement.
/// - "only tasks launched after the update": tag propagation and managed tags; ECS Exec likewise.
/// - `capacityProviderStrategy` is refused without a forced deployment ("you must force a new
///   deployment"); a launch type in place of a strategy is set by sending the empty strategy.
/// - Not in the request at all: `serviceName`, `cluster`, `schedulingStrategy`, `role`.
/// - `deploymentController` may go from `CODE_DEPLOY` to `ECS`.
/// - `gatewayConnectors` has no such text and counts as rolling; `monitoring` as in place.
///
/// Under the controllers `EXTERNAL` and `CODE_DEPLOY` only a few members may be sent; what the task set
/// or `CodeDeploy` sets is delegated, the rest needs a replacement, as does
/// a member that is not known.
pub fn service_effect(change: &Change, owners: Owners) -> Effect {
    let member = change.member();
    if member == "desiredCount" && !owners.owns_count {
        return Effect::Delegated;
    }
    if !updatable(member, owners.controller) {
        let elsewhere = SET_ELSEWHERE.contains(&member);
        return if elsewhere { Effect::Delegated } else { Effect::NeedsReplacement };
    }
    match member {
        "desiredCount"
        | "deploymentConfiguration"
        | "availabilityZoneRebalancing"
        | "healthCheckGracePeriodSeconds"
        | "placementConstraints"
        | "placementStrategy"
        | "monitoring"
        | "tags" => Effect::InPlace,
        "enableECSManagedTags" | "propagateTags" | "enableExecuteCommand" => Effect::NewTasksOnly,
        "taskDefinition"
        | "networkConfiguration"
        | "platformVersion"
        | "loadBalancers"
        | "serviceRegistries"
        | "serviceConnectConfiguration"
        | "volumeConfigurations"
        | "vpcLatticeConfigurations"
        | "gatewayConnectors" => Effect::Rolls,
        "capacityProviderStrategy" => Effect::RollsWithForce,
        // The service runs by a strategy now: the empty strategy brings its launch type back.
        "launchType" if change.from.is_none() => Effect::RollsWithForce,
        "deploymentController" if leaves_code_deploy(change) => Effect::InPlace,
        _ => Effect::NeedsReplacement,
    }
}

/// From `CodeDeploy` to ECS, which is the default. The values are rendered, alone or in their structure.
fn leaves_code_deploy(change: &Change) -> bool {
    let from = change.from.as_deref().unwrap_or_default();
    let to = change.to.as_deref().unwrap_or("ECS");
    from.contains("CODE_DEPLOY") && to.contains("ECS")
}

/// Whether `UpdateService` takes the member under this controller.
fn updatable(member: &str, controller: Controller) -> bool {
    match controller {
        Controller::Ecs => true,
        Controller::CodeDeploy => member == "deploymentConfiguration" || ANY_CONTROLLER.contains(&member),
        Controller::External => ANY_CONTROLLER.contains(&member),
    }
}

/// What a service takes under every controller.
const ANY_CONTROLLER: [&str; 8] = [
    "desiredCount",
    "placementConstraints",
    "placementStrategy",
    "healthCheckGracePeriodSeconds",
    "enableECSManagedTags",
    "propagateTags",
    "tags",
    // Judged by its own rule.
    "deploymentController",
];

/// What a task set, or a deployment of `CodeDeploy`, sets instead of the service.
const SET_ELSEWHERE: [&str; 7] = [
    "taskDefinition",
    "launchType",
    "capacityProviderStrategy",
    "networkConfiguration",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
];

/// The call that corrects a member of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClusterCall {
    /// `UpdateClusterSettings`.
    UpdateClusterSettings,
    /// `UpdateCluster`.
    UpdateCluster,
    /// `PutClusterCapacityProviders`, which replaces providers and default strategy together.
    PutClusterCapacityProviders,
    /// `TagResource` and `UntagResource`.
    Tags,
    /// None: the cluster has to be made anew.
    NeedsReplacement,
}

/// Which call corrects a change of a cluster:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateCluster.html>,
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutClusterCapacityProviders.html>.
pub fn cluster_call(change: &Change) -> ClusterCall {
    match change.member() {
        "settings" => ClusterCall::UpdateClusterSettings,
        "configuration" | "serviceConnectDefaults" => ClusterCall::UpdateCluster,
        "capacityProviders" | "defaultCapacityProviderStrategy" => ClusterCall::PutClusterCapacityProviders,
        "tags" => ClusterCall::Tags,
        _ => ClusterCall::NeedsReplacement,
    }
}

/// Changes of `protocol` or `appProtocol` of ports that Service Connect serves, from the revision that
/// runs to the one that is wanted: ECS asks to delete and redeploy the service for them.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html>
pub fn immutable_port_changes(service: &Value, running: &Value, wanted: &Value) -> Vec<Change> {
    let (running, wanted) =
        (normalize::task_definition::normalize(running), normalize::task_definition::normalize(wanted));
    let connect = normalize::service::normalize(service);
    let services = connect.pointer("/serviceConnectConfiguration/services");
    let names = services.and_then(Value::as_array).into_iter().flatten();
    let names = names.filter_map(|service| service.get("portName")?.as_str());
    let mut changes = Vec::new();
    for name in names {
        let (Some(old), Some((path, new))) = (port(&running, name), port(&wanted, name)) else {
            continue;
        };
        let kind = Kind::Struct(&normalize::container::PORT_MAPPING);
        for change in compare::member(&path, Some(new), Some(old.1), &kind) {
            if change.path.ends_with(".protocol") || change.path.ends_with(".appProtocol") {
                changes.push(change);
            }
        }
    }
    changes
}

/// The port mapping of that name, with its path.
fn port<'a>(definition: &'a Value, name: &str) -> Option<(String, &'a Value)> {
    let containers = definition.get("containerDefinitions")?.as_array()?;
    containers.iter().find_map(|container| {
        let mappings = container.get("portMappings")?.as_array()?;
        let mapping = mappings.iter().find(|mapping| mapping.get("name").and_then(Value::as_str) == Some(name))?;
        let owner = container.get("name").and_then(Value::as_str).unwrap_or_default();
        let path = format!("containerDefinitions[{}].portMappings[{}]", render::clean(owner), render::clean(name));
        Some((path, mapping))
    })
}
