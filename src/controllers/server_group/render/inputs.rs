//! `template.inputs` → a task definition with one container. Pure.

use std::collections::BTreeMap;

use super::{VersionOf, cpu_units, mebibytes};
use crate::api::EcsTaskDefinitionSpec;
use crate::api::mirror::IntOrText;
use crate::api::server_group::template::{ContainerNaming, Inputs};
use crate::api::shapes::container::{ContainerDefinition, PortMapping};
use crate::controllers::server_group::desired::Desired;

/// Name of the one container.
pub(super) fn container_name(inputs: &Inputs, desired: &Desired, version: &VersionOf) -> String {
    if inputs.container_naming == Some(ContainerNaming::Version) {
        return format!("v{:03}", version.sequence);
    }
    let given = inputs.container_name.clone().filter(|name| !name.is_empty());
    given.unwrap_or_else(|| desired.moniker.application.clone())
}

/// The task definition, without what artifacts have too: family, network mode, execution role, tags, reserved names.
pub(super) fn definition(inputs: &Inputs, desired: &Desired, version: &VersionOf) -> EcsTaskDefinitionSpec {
    let (cpu, memory) = task_size(inputs, desired.on_fargate());
    let launch_type = desired.template.launch_type.clone();
    let compatible = if desired.on_fargate() { Some("FARGATE".to_owned()) } else { launch_type };
    EcsTaskDefinitionSpec {
        container_definitions: Some(vec![container(inputs, desired, version)]),
        cpu,
        memory,
        requires_compatibilities: compatible.map(|name| vec![name]),
        task_role_arn: inputs.task_role_arn.clone(),
        volumes: inputs.volumes.clone().filter(|list| !list.is_empty()),
        ephemeral_storage: inputs.ephemeral_storage.clone(),
        runtime_platform: inputs.runtime_platform.clone(),
        ..EcsTaskDefinitionSpec::default()
    }
}

fn container(inputs: &Inputs, desired: &Desired, version: &VersionOf) -> ContainerDefinition {
    let image = inputs.image.clone();
    ContainerDefinition {
        name: Some(container_name(inputs, desired, version)),
        image,
        essential: Some(true),
        repository_credentials: inputs.repository_credentials.clone(),
        cpu: inputs.cpu.as_ref().map(|cpu| number(cpu, cpu_units)),
        memory: inputs.memory.as_ref().map(|memory| number(memory, mebibytes)),
        memory_reservation: inputs.memory_reservation.as_ref().map(|memory| number(memory, mebibytes)),
        port_mappings: Some(ports(inputs, desired)).filter(|list| !list.is_empty()),
        environment: inputs.environment.clone(),
        environment_files: inputs.environment_files.clone(),
        secrets: inputs.secrets.clone(),
        docker_labels: inputs.docker_labels.clone(),
        log_configuration: inputs.log_configuration.clone(),
        health_check: inputs.health_check.clone(),
        command: inputs.command.clone(),
        entry_point: inputs.entry_point.clone(),
        ulimits: inputs.ulimits.clone(),
        mount_points: inputs.mount_points.clone(),
        user: inputs.user.clone(),
        stop_timeout: inputs.stop_timeout,
        ..ContainerDefinition::default()
    }
}

/// A container's size is a number; what is not one is left for the pre-flight to refuse.
fn number(value: &IntOrText, read: fn(&IntOrText) -> Option<i64>) -> IntOrText {
    read(value).map_or_else(|| value.clone(), IntOrText::Int)
}

/// Size of the task: as given, and on Fargate that of the container.
fn task_size(inputs: &Inputs, fargate: bool) -> (Option<IntOrText>, Option<IntOrText>) {
    let container_memory = inputs.memory.as_ref().or(inputs.memory_reservation.as_ref());
    let cpu = inputs.task_cpu.as_ref().or(inputs.cpu.as_ref().filter(|_| fargate));
    let memory = inputs.task_memory.as_ref().or(container_memory.filter(|_| fargate));
    let text = |value: &IntOrText, read: fn(&IntOrText) -> Option<i64>| {
        IntOrText::Text(read(value).map_or_else(|| value.text(), |number| number.to_string()))
    };
    (cpu.map(|cpu| text(cpu, cpu_units)), memory.map(|memory| text(memory, mebibytes)))
}

/// Ports of mappings and registries, and those given; sorted by number and protocol, ranges last.
fn ports(inputs: &Inputs, desired: &Desired) -> Vec<PortMapping> {
    let template = &desired.template;
    let protocol = |given: Option<&String>| given.map_or_else(|| "tcp".to_owned(), Clone::clone);
    let mut single: BTreeMap<(i32, String), PortMapping> = BTreeMap::new();
    let mut ranges = Vec::new();
    for given in inputs.port_mappings.iter().flatten() {
        match given.container_port {
            Some(port) => {
                single.entry((port, protocol(given.protocol.as_ref()))).or_insert_with(|| given.clone());
            }
            None => ranges.push(given.clone()),
        }
    }
    let mappings = template.target_group_mappings.iter().flatten();
    let mapped = mappings.filter_map(|mapping| Some((mapping.container_port?, protocol(mapping.protocol.as_ref()))));
    let registries = template.service_registries.iter().flatten();
    for key in mapped {
        single.entry(key).or_default();
    }
    // A registry names no protocol: a port that is open already is meant.
    for port in registries.filter_map(|registry| registry.container_port) {
        if !single.keys().any(|(open, _)| *open == port) {
            single.insert((port, "tcp".to_owned()), PortMapping::default());
        }
    }
    let same_port = desired.network_mode().is_some_and(|mode| matches!(mode.as_str(), "awsvpc" | "host"));
    let single = single.into_iter().map(|((port, protocol), given)| PortMapping {
        container_port: Some(port),
        host_port: given.host_port.or(Some(if same_port { port } else { 0 })),
        protocol: Some(protocol),
        ..given
    });
    single.chain(ranges).collect()
}
