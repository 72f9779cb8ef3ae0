//! Normal form of a service: what is wanted against what the answer and its PRIMARY deployment say.

use super::deployment::DEPLOYMENT_CONFIGURATION;
use super::networking::{GATEWAY_CONNECTOR, LATTICE, LOAD_BALANCER, NETWORK, REGISTRY, SERVICE_CONNECT};
use super::{each_item, text_of};
use crate::diff::normal::{Fill, document, is_blank};
use crate::diff::shape::{
    Default, Kind, STRINGS, Shape, Spell, apart, flag, keyed, lower, number, scalar, sequence, set, structure, text,
    upper,
};
use crate::diff::spell::spell;
use crate::diff::{Change, Scope, compare};
use serde_json::{Map, Value};

/// The normal form with ECS's defaults, which depend on the scheduling strategy.
/// `normalize(normalize(x)) == normalize(x)`.
pub fn normalize(value: &Value) -> Value {
    normal(value, Fill::Defaults)
}

/// What differs among the members that `desired` has. `cluster` and `taskDefinition` are compared as
/// they are: the caller writes both as ARNs. A count that is not ours is left out by the caller.
pub fn diff(desired: &Value, observed: &Value) -> Vec<Change> {
    let desired = normal(desired, Fill::Declared);
    compare::documents(&desired, &normalize(observed), &SERVICE, Scope::Declared)
}

fn normal(value: &Value, fill: Fill) -> Value {
    let mut object = value.as_object().cloned().unwrap_or_default();
    if fill == Fill::Defaults {
        percentages(&mut object);
    }
    each_item(&mut object, "loadBalancers", target_group_pair);
    each_item(&mut object, "vpcLatticeConfigurations", target_group_pair);
    service_connect(&mut object, fill);
    no_security_groups(&mut object);
    document(&Value::Object(object), &SERVICE, fill)
}

/// 100 % to 200 % for replicas, 0 % to 100 % for daemons:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html>
fn percentages(object: &mut Map<String, Value>) {
    let daemon = text_of(object, "schedulingStrategy").is_some_and(|s| s.eq_ignore_ascii_case("DAEMON"));
    let (maximum, minimum) = if daemon { (100, 0) } else { (200, 100) };
    let configuration = object.entry("deploymentConfiguration").or_insert(Value::Null);
    if is_blank(configuration) {
        *configuration = Value::Object(Map::new());
    }
    let Some(configuration) = configuration.as_object_mut() else {
        return;
    };
    for (name, percent) in [("maximumPercent", maximum), ("minimumHealthyPercent", minimum)] {
        let value = configuration.entry(name).or_insert(Value::Null);
        if value.is_null() {
            *value = Value::from(percent);
        }
    }
}

/// ECS swaps the two target groups when it shifts traffic, so that only the pair is wanted:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AdvancedConfiguration.html>
fn target_group_pair(balancer: &mut Map<String, Value>) {
    let text = |value: &Value| spell(value, Spell::Text).as_str().map(str::to_owned);
    let Some(primary) = balancer.get("targetGroupArn").and_then(text) else {
        return;
    };
    let advanced = balancer.get_mut("advancedConfiguration").and_then(Value::as_object_mut);
    let slot = advanced.and_then(|advanced| advanced.get_mut("alternateTargetGroupArn"));
    let Some(slot) = slot else { return };
    let Some(alternate) = text(slot).filter(|alternate| *alternate < primary) else {
        return;
    };
    *slot = Value::from(primary);
    balancer.insert("targetGroupArn".to_owned(), Value::from(alternate));
}

/// No group means the default group of the VPC, which may be what ECS shows:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html>
fn no_security_groups(object: &mut Map<String, Value>) {
    let network = object.get_mut("networkConfiguration");
    let vpc = network.and_then(|network| network.get_mut("awsvpcConfiguration"));
    if let Some(vpc) = vpc.and_then(Value::as_object_mut) {
        vpc.retain(|name, value| name != "securityGroups" || !is_blank(value));
    }
}

/// Turned off means that the rest does not count; a service is discovered by its port name unless
/// it has another: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html>
fn service_connect(object: &mut Map<String, Value>, fill: Fill) {
    let connect = object.get_mut("serviceConnectConfiguration").and_then(Value::as_object_mut);
    let Some(connect) = connect else { return };
    let enabled = connect.get("enabled").filter(|enabled| !enabled.is_null());
    let off = enabled.is_none_or(|enabled| spell(enabled, Spell::Flag) == Value::Bool(false));
    if off {
        connect.retain(|name, _| name == "enabled");
    }
    if fill == Fill::Defaults {
        each_item(connect, "services", |service| {
            let absent = service.get("discoveryName").is_none_or(Value::is_null);
            if let (true, Some(port)) = (absent, service.get("portName").cloned()) {
                service.insert("discoveryName".to_owned(), port);
            }
        });
    }
}

pub(in crate::diff) const SERVICE: Shape = Shape {
    members: &[
        text("cluster"),
        text("serviceName"),
        text("taskDefinition"),
        // Enabled by default only when created; a service that never had a value has it disabled.
        upper("availabilityZoneRebalancing").or(Default::Text("DISABLED")),
        keyed(
            "loadBalancers",
            &[&["targetGroupArn", "loadBalancerName"], &["containerName"], &["containerPort"]],
            &Kind::Struct(&LOAD_BALANCER),
        ),
        keyed("serviceRegistries", &[&["registryArn"]], &Kind::Struct(&REGISTRY)),
        number("desiredCount"),
        upper("launchType"),
        keyed("capacityProviderStrategy", &[&["capacityProvider"]], &Kind::Struct(&STRATEGY_ITEM)),
        scalar("platformVersion", Spell::Text).or(Default::Text("LATEST")),
        scalar("role", Spell::Role),
        structure("deploymentConfiguration", &DEPLOYMENT_CONFIGURATION),
        keyed("placementConstraints", &[&["type"], &["expression"]], &Kind::Struct(&CONSTRAINT)),
        sequence("placementStrategy", &Kind::Struct(&PLACEMENT_STRATEGY)),
        structure("networkConfiguration", &NETWORK),
        number("healthCheckGracePeriodSeconds").or(Default::Int(0)),
        upper("schedulingStrategy").or(Default::Text("REPLICA")),
        structure("deploymentController", &CONTROLLER),
        flag("enableECSManagedTags"),
        upper("propagateTags").or(Default::Text("NONE")),
        flag("enableExecuteCommand"),
        structure("serviceConnectConfiguration", &SERVICE_CONNECT),
        keyed("volumeConfigurations", &[&["name"]], &Kind::Struct(&VOLUME)),
        keyed("vpcLatticeConfigurations", &[&["targetGroupArn"], &["portName"]], &Kind::Struct(&LATTICE)),
        keyed("gatewayConnectors", &[&["portName"]], &Kind::Struct(&GATEWAY_CONNECTOR)),
        structure("monitoring", &MONITORING),
        apart("tags"),
        apart("clientToken"),
        apart("forceNewDeployment"),
    ],
};

/// An item without weight or base has 0 of each:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html>
pub(in crate::diff) const STRATEGY_ITEM: Shape = Shape {
    members: &[text("capacityProvider"), number("weight").or(Default::Int(0)), number("base").or(Default::Int(0))],
};

pub(in crate::diff) const CONSTRAINT: Shape = Shape { members: &[text("type"), text("expression")] };

pub(in crate::diff) const PLACEMENT_STRATEGY: Shape =
    Shape { members: &[lower("type"), scalar("field", Spell::PlacementField)] };

pub(in crate::diff) const CONTROLLER: Shape = Shape { members: &[upper("type").or(Default::Text("ECS"))] };

pub(in crate::diff) const VOLUME: Shape =
    Shape { members: &[text("name"), structure("managedEBSVolume", &EBS_VOLUME)] };

pub(in crate::diff) const EBS_VOLUME: Shape = Shape {
    members: &[
        scalar("encrypted", Spell::Flag),
        text("kmsKeyId"),
        lower("volumeType"),
        number("sizeInGiB"),
        text("snapshotId"),
        number("volumeInitializationRate"),
        number("iops"),
        number("throughput"),
        keyed("tagSpecifications", &[&["resourceType"]], &Kind::Struct(&TAG_SPECIFICATION)),
        scalar("roleArn", Spell::Role),
        lower("filesystemType").or(Default::Text("xfs")),
    ],
};

pub(in crate::diff) const TAG_SPECIFICATION: Shape = Shape {
    members: &[
        lower("resourceType"),
        keyed("tags", &[&["key"]], &Kind::Struct(&TAG)),
        upper("propagateTags").or(Default::Text("NONE")),
    ],
};

pub(in crate::diff) const TAG: Shape = Shape { members: &[text("key"), text("value")] };

pub(in crate::diff) const MONITORING: Shape =
    Shape { members: &[sequence("metricConfigurations", &Kind::Struct(&METRIC))] };

pub(in crate::diff) const METRIC: Shape =
    Shape { members: &[set("metricNames", &STRINGS), number("resolutionSeconds").or(Default::Int(60))] };
