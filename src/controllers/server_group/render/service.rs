//! A version as an `EcsService`. Pure.

use super::{Intent, Pin, Resolved, VersionOf, inputs, placement, scaling};
use crate::api::EcsServiceSpec;
use crate::api::reference::LocalRef;
use crate::api::shapes::network::{AwsVpcConfiguration, LoadBalancer, NetworkConfiguration, ServiceRegistry};
use crate::api::status::Slot;
use crate::controllers::server_group::desired::Desired;
use crate::controllers::server_group::name::child_name;

/// Longest deadline that a service takes, in seconds.
const LONGEST_DEADLINE: i32 = 86_400;

/// The service of a new version with `count` tasks. It is made pinned: it may not be scaled in before it is current.
pub fn service(desired: &Desired, version: &VersionOf, resolved: &Resolved, count: i32) -> EcsServiceSpec {
    let template = &desired.template;
    let balancers = load_balancers(desired, version, resolved);
    let spec = EcsServiceSpec {
        service_name: Some(version.name.clone()),
        cluster_ref: desired.spec.cluster_ref.clone(),
        cluster: desired.spec.cluster.clone(),
        account_ref: desired.account.clone().map(|name| LocalRef { name }),
        region: desired.spec.region.clone(),
        task_definition_ref: Some(LocalRef { name: child_name(&version.name) }),
        scheduling_strategy: Some("REPLICA".to_owned()),
        launch_type: template.launch_type.clone(),
        capacity_provider_strategy: template.capacity_provider_strategy.clone().filter(|list| !list.is_empty()),
        platform_version: template.platform_version.clone(),
        placement_strategy: placement::strategy(template),
        placement_constraints: template.placement_constraints.clone().filter(|list| !list.is_empty()),
        network_configuration: network(desired, resolved),
        load_balancers: Some(balancers).filter(|list| !list.is_empty()),
        service_registries: Some(registries(desired, version)).filter(|list| !list.is_empty()),
        service_connect_configuration: template.service_connect_configuration.clone(),
        volume_configurations: template.volume_configurations.clone().filter(|list| !list.is_empty()),
        availability_zone_rebalancing: template.availability_zone_rebalancing.clone(),
        enable_execute_command: template.enable_execute_command,
        // The group's own deadline of progress is to speak first.
        progress_deadline_seconds: Some(desired.gate.deadline_seconds.min(LONGEST_DEADLINE)),
        ..EcsServiceSpec::default()
    };
    in_place(&spec, desired, version, &Intent { count, pin: Pin::Outward })
}

/// The service of a version with what belongs to the whole group as it is now: tags, deployment, grace period,
/// policies, count and scaling. What its template said stays.
pub fn in_place(existing: &EcsServiceSpec, desired: &Desired, version: &VersionOf, intent: &Intent) -> EcsServiceSpec {
    let balanced = existing.load_balancers.as_ref().is_some_and(|list| !list.is_empty());
    EcsServiceSpec {
        tags: Some(desired.tags_of(version.sequence)).filter(|tags| !tags.is_empty()),
        propagate_tags: Some(desired.propagate_tags.clone()),
        deployment_configuration: Some(desired.deployment.clone()),
        health_check_grace_period_seconds: desired.grace.filter(|_| balanced),
        management_mode: desired.spec.management_mode,
        deletion_policy: desired.spec.deletion_policy,
        drift_policy: desired.spec.drift_policy,
        ..counted(existing, desired, version, intent)
    }
}

/// The service of a version with the count and the scaling that are wanted now; all else stays.
pub fn counted(existing: &EcsServiceSpec, desired: &Desired, version: &VersionOf, intent: &Intent) -> EcsServiceSpec {
    let first = existing.load_balancers.as_ref().and_then(|list| list.first());
    let target_group = first.and_then(|balancer| balancer.target_group_arn.as_deref());
    EcsServiceSpec {
        desired_count: Some(intent.count),
        scaling: Some(scaling::scaling(desired, version, target_group, *intent)),
        ..existing.clone()
    }
}

/// The container that a mapping or a registry means.
fn container(named: Option<&String>, desired: &Desired, version: &VersionOf) -> Option<String> {
    if let Some(given) = &desired.template.inputs {
        return Some(inputs::container_name(given, desired, version));
    }
    let containers = desired.document.as_ref().and_then(|document| document.container_definitions.as_deref());
    let only = match containers {
        Some([only]) => only.name.clone(),
        _ => None,
    };
    named.filter(|name| !name.is_empty()).cloned().or(only)
}

/// Target groups of the version's slot; equal mappings are one.
fn load_balancers(desired: &Desired, version: &VersionOf, resolved: &Resolved) -> Vec<LoadBalancer> {
    let mut balancers = Vec::new();
    for mapping in desired.template.target_group_mappings.iter().flatten() {
        let group = match version.slot {
            Some(Slot::B) => mapping.alternate_target_group.as_ref().or(mapping.target_group.as_ref()),
            Some(Slot::A) | None => mapping.target_group.as_ref(),
        };
        let balancer = LoadBalancer {
            target_group_arn: group.map(|name| resolved.target_groups.get(name).unwrap_or(name).clone()),
            container_name: container(mapping.container_name.as_ref(), desired, version),
            container_port: mapping.container_port,
            ..LoadBalancer::default()
        };
        if !balancers.contains(&balancer) {
            balancers.push(balancer);
        }
    }
    balancers
}

fn registries(desired: &Desired, version: &VersionOf) -> Vec<ServiceRegistry> {
    let given = desired.template.service_registries.iter().flatten();
    given
        .map(|registry| {
            // A registry without a container's port names no container either.
            let names = registry.container_port.is_some() || registry.container_name.is_some();
            let name = container(registry.container_name.as_ref(), desired, version).filter(|_| names);
            ServiceRegistry { container_name: name, ..registry.clone() }
        })
        .collect()
}

fn network(desired: &Desired, resolved: &Resolved) -> Option<NetworkConfiguration> {
    let given =
        desired.template.network_configuration.as_ref().and_then(|network| network.awsvpc_configuration.clone());
    if given.is_none() && resolved.subnets.is_none() && resolved.security_groups.is_none() {
        return None;
    }
    let given = given.unwrap_or_default();
    let filled = |list: Option<Vec<String>>| list.filter(|ids| !ids.is_empty());
    Some(NetworkConfiguration {
        awsvpc_configuration: Some(AwsVpcConfiguration {
            subnets: filled(resolved.subnets.clone().or(given.subnets)),
            security_groups: filled(resolved.security_groups.clone().or(given.security_groups)),
            assign_public_ip: given.assign_public_ip,
        }),
    })
}
