//! List types: what two writers of one list may do to each other.

use serde_json::{Map, Value, json};

use super::limits::find;

/// Keys of lists whose items have names, by the end of the path.
const MAPS: &[(&str, &str)] = &[
    ("containerDefinitions", "name"),
    ("environment", "name"),
    ("secrets", "name"),
    ("secretOptions", "name"),
    ("volumes", "name"),
    ("ulimits", "name"),
    ("mountPoints", "containerPath"),
    ("dependsOn", "containerName"),
    ("systemControls", "namespace"),
    ("extraHosts", "hostname"),
    ("capacityProviderStrategy", "capacityProvider"),
    ("defaultCapacityProviderStrategy", "capacityProvider"),
    ("settings", "name"),
    ("volumeConfigurations", "name"),
    ("targetTracking", "policyName"),
    ("stepScaling", "policyName"),
    ("predictiveScaling", "policyName"),
    ("scheduledActions", "scheduledActionName"),
    ("containerMappings", "containerName"),
    ("analysis.metrics", "name"),
    ("scaling.alarms", "alarmName"),
    ("status.conditions", "type"),
];

/// Lists whose order means nothing and whose items occur once.
const SETS: &[(&str, ())] = &[
    ("subnets", ()),
    ("securityGroups", ()),
    ("requiresCompatibilities", ()),
    ("spec.capacityProviders", ()),
    ("alarms.alarmNames", ()),
    ("gate.alarmNames", ()),
    ("subnetNames", ()),
    ("subnetPurposes", ()),
    ("template.availabilityZones", ()),
    ("securityGroupNames", ()),
    ("traffic.listenerRules", ()),
    ("alarms.policies", ()),
    ("accessTypes", ()),
    ("allowedNamespaces.names", ()),
    ("defaultFor.names", ()),
    ("adoptionNamespaces.names", ()),
    ("spec.allowedTaskRoles", ()),
    ("spec.allowedExecutionRoles", ()),
    ("spec.allowedInfrastructureRoles", ()),
    ("spec.allowedTargetGroups", ()),
    ("spec.allowedListenerRules", ()),
    ("spec.allowedClusters", ()),
    ("spec.foreignAccounts", ()),
];

/// Marks a list as a map, a set or atomic.
pub(super) fn add(node: &mut Map<String, Value>, path: &str) {
    let kind = if let Some(key) = find(MAPS, path) {
        node.insert("x-kubernetes-list-map-keys".to_owned(), json!([key]));
        "map"
    } else if find(SETS, path).is_some() {
        "set"
    } else {
        "atomic"
    };
    node.insert("x-kubernetes-list-type".to_owned(), json!(kind));
}
