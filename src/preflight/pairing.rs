//! What a service says that its task definition contradicts.

use std::collections::BTreeSet;

use super::capacity::on_fargate;
use super::names::{container, filled, items};
use super::{Found, fargate, ports};
use crate::api::ecs_service::EcsServiceSpec as Service;
use crate::api::ecs_task_definition::EcsTaskDefinitionSpec as Definition;

pub(super) const RULES: &[fn(&Service, &Definition, &mut Found)] =
    &[network, on_fargate_at_all, outside, balancers, registries, named_ports, connect_network, volumes];

/// What is wrong with a port where tasks have no network, and what helps.
const PORTLESS: &str = "needs a port, and tasks have none in network mode none";
const ANOTHER_MODE: &str = "leave it out, or choose another `networkMode` in the task definition";

/// Network mode of the tasks; `bridge` when absent.
fn mode(definition: &Definition) -> &str {
    definition.network_mode.as_deref().unwrap_or("bridge")
}

fn network(service: &Service, definition: &Definition, found: &mut Found) {
    let vpc = service.network_configuration.as_ref().is_some_and(|network| network.awsvpc_configuration.is_some());
    match mode(definition) {
        "awsvpc" if !vpc => {
            let problem = "is missing, and the task definition has network mode awsvpc";
            found.add("networkConfiguration", problem, "name subnets in `awsvpcConfiguration`");
        }
        "awsvpc" => {}
        other if vpc => {
            let problem = format!("needs network mode awsvpc, and the task definition has {other}");
            found.add("networkConfiguration", problem, "leave it out, or set `networkMode: awsvpc` there");
        }
        _ => {}
    }
}

/// A definition that does not ask for Fargate is checked for it when a service does. What it asks
/// for itself is checked with it.
fn on_fargate_at_all(service: &Service, definition: &Definition, found: &mut Found) {
    let asks = items(definition.requires_compatibilities.as_ref()).any(|launch_type| launch_type == "FARGATE");
    if !on_fargate(service) || asks {
        return;
    }
    let mut reasons = Found::default();
    fargate::incompatible(definition, &mut reasons);
    if let Some(first) = reasons.sorted().first() {
        let member = if service.launch_type.is_some() { "launchType" } else { "capacityProviderStrategy" };
        let problem =
            format!("is Fargate, and the task definition cannot run there: `{}` {}", first.path, first.problem);
        found.add(member, problem, format!("{}, or use EC2", first.remedy));
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-anywhere.html>
fn outside(service: &Service, definition: &Definition, found: &mut Found) {
    if service.launch_type.as_deref() == Some("EXTERNAL") && mode(definition) == "awsvpc" {
        let problem = "is EXTERNAL, and the task definition has network mode awsvpc";
        found.add("launchType", problem, "use network mode bridge, host or none there");
    }
}

/// Whether the container maps the port.
fn opens(definition: &Definition, name: &str, port: i32) -> bool {
    let mappings = container(definition, name).and_then(|container| container.port_mappings.as_ref());
    items(mappings).any(|mapping| {
        let range = mapping.container_port_range.as_deref().and_then(ports::span);
        mapping.container_port == Some(port) || range.is_some_and(|(first, last)| (first..=last).contains(&port))
    })
}

/// "The container web did not have a container port 80 defined."
fn target(path: &str, name: Option<&str>, port: Option<i32>, definition: &Definition, found: &mut Found) {
    let Some(name) = name else {
        return;
    };
    if container(definition, name).is_none() {
        let known: Vec<&str> =
            items(definition.container_definitions.as_ref()).filter_map(|c| c.name.as_deref()).collect();
        let problem = format!("is `{name}`, which the task definition does not have");
        found.add(
            format!("{path}.containerName"),
            problem,
            format!("name one of its containers: {}", known.join(", ")),
        );
    } else if let Some(port) = port.filter(|port| !opens(definition, name, *port)) {
        let problem = format!("is {port}, which the container `{name}` does not map");
        found.add(format!("{path}.containerPort"), problem, format!("add {port} to its `portMappings`"));
    }
}

fn balancers(service: &Service, definition: &Definition, found: &mut Found) {
    for (index, balancer) in items(service.load_balancers.as_ref()).enumerate() {
        let path = format!("loadBalancers[{index}]");
        if mode(definition) == "none" {
            found.add(path, PORTLESS, ANOTHER_MODE);
            continue;
        }
        target(&path, balancer.container_name.as_deref(), balancer.container_port, definition, found);
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRegistry.html>
fn registries(service: &Service, definition: &Definition, found: &mut Found) {
    for (index, registry) in items(service.service_registries.as_ref()).enumerate() {
        let path = format!("serviceRegistries[{index}]");
        if mode(definition) == "none" && registry.container_port.is_some() {
            found.add(path, PORTLESS, ANOTHER_MODE);
            continue;
        }
        target(&path, registry.container_name.as_deref(), registry.container_port, definition, found);
        let named = registry.container_name.is_some() && registry.container_port.is_some();
        if matches!(mode(definition), "bridge" | "host") && !named {
            let problem = format!("must name container and port in network mode {}", mode(definition));
            found.add(path, problem, "set `containerName` and `containerPort`");
        }
    }
}

fn named_ports(service: &Service, definition: &Definition, found: &mut Found) {
    let containers = items(definition.container_definitions.as_ref());
    let names: BTreeSet<&str> = containers
        .flat_map(|container| items(container.port_mappings.as_ref()))
        .filter_map(|mapping| mapping.name.as_deref())
        .collect();
    let connect = service.service_connect_configuration.as_ref().and_then(|connect| connect.services.as_ref());
    let connect = items(connect).map(|item| ("serviceConnectConfiguration.services", item.port_name.as_deref()));
    let lattice = items(service.vpc_lattice_configurations.as_ref())
        .map(|item| ("vpcLatticeConfigurations", item.port_name.as_deref()));
    let gateways =
        items(service.gateway_connectors.as_ref()).map(|item| ("gatewayConnectors", item.port_name.as_deref()));
    for (path, name) in connect.chain(lattice).chain(gateways) {
        let Some(name) = name.filter(|name| !names.contains(name)) else {
            continue;
        };
        let problem = format!("is `{name}`, and no port of the task definition has this name");
        let remedy = format!("set `name: {name}` on one of its `portMappings`");
        found.add(format!("{path}[{name}].portName"), problem, remedy);
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts.html>
fn connect_network(service: &Service, definition: &Definition, found: &mut Found) {
    let enabled = service.service_connect_configuration.as_ref().is_some_and(|connect| connect.enabled == Some(true));
    let mode = mode(definition);
    if enabled && matches!(mode, "host" | "none") {
        let problem = format!("is not supported in network mode {mode}");
        found.add("serviceConnectConfiguration", problem, "use network mode awsvpc or bridge, or leave it out");
    }
}

/// What the definition leaves open the service says, and nothing else.
fn volumes(service: &Service, definition: &Definition, found: &mut Found) {
    let open: BTreeSet<&str> = items(definition.volumes.as_ref())
        .filter(|volume| volume.configured_at_launch == Some(true))
        .filter_map(|volume| volume.name.as_deref())
        .collect();
    let said: BTreeSet<&str> =
        items(service.volume_configurations.as_ref()).filter_map(|volume| volume.name.as_deref()).collect();
    for name in said.difference(&open) {
        let problem = "names no volume with `configuredAtLaunch` in the task definition";
        let remedy = "set `configuredAtLaunch: true` on that volume, or correct the name";
        found.add(format!("volumeConfigurations[{name}].name"), problem, remedy);
    }
    for name in open.difference(&said) {
        let problem = format!("lacks `{name}`, which the task definition leaves to the service");
        found.add("volumeConfigurations", problem, format!("add an item with `name: {name}`"));
    }
    if !filled(service.volume_configurations.as_ref()) {
        return;
    }
    if service.launch_type.as_deref() == Some("EXTERNAL") {
        found.add("volumeConfigurations", "is not supported for launch type EXTERNAL", "leave it out");
    }
}
