//! Port mappings: ranges, protocols, and ports that two containers want.

use super::names::{containers, items, twice};
use super::{Found, Rule};
use crate::api::ecs_task_definition::EcsTaskDefinitionSpec as Spec;
use crate::api::shapes::container::PortMapping;

pub(super) const RULES: &[Rule<Spec>] = &[each, no_network, host_ports, one_protocol, shared_network, port_names];

/// The mappings, each with its path.
fn mappings(spec: &Spec) -> impl Iterator<Item = (String, &PortMapping)> {
    containers(spec).flat_map(|(path, container)| {
        items(container.port_mappings.as_ref()).enumerate().map(move |(index, mapping)| {
            let label = mapping.container_port.map_or_else(|| index.to_string(), |port| port.to_string());
            (format!("{path}.portMappings[{label}]"), mapping)
        })
    })
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html>
fn each(spec: &Spec, found: &mut Found) {
    for (path, mapping) in mappings(spec) {
        for (member, port) in [("containerPort", mapping.container_port), ("hostPort", mapping.host_port)] {
            if port.is_some_and(|port| !(0..=65535).contains(&port)) {
                found.add(format!("{path}.{member}"), "must be at most 65535", "choose a port in that range");
            }
        }
        if mapping.protocol.as_deref().is_some_and(|protocol| !matches!(protocol, "tcp" | "udp")) {
            let remedy = "use tcp or udp; the protocol spoken on the port goes to `appProtocol`";
            found.add(format!("{path}.protocol"), "must be tcp or udp", remedy);
        }
        if let Some(range) = mapping.container_port_range.as_deref() {
            let path = format!("{path}.containerPortRange");
            if mapping.container_port.is_some() || mapping.host_port.is_some() {
                found.add(path, "cannot stand beside `containerPort` or `hostPort`", "keep one of them");
            } else if span(range).is_none() {
                found.add(path, "must be first port, `-` and last port", "write a range such as 8000-8010");
            }
        }
    }
}

/// First and last port of a range.
pub(super) fn span(range: &str) -> Option<(i32, i32)> {
    let (first, last) = range.split_once('-')?;
    let (first, last): (i32, i32) = (first.parse().ok()?, last.parse().ok()?);
    (first >= 1 && first <= last && last <= 65535).then_some((first, last))
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html#ECS-RegisterTaskDefinition-request-networkMode>
fn no_network(spec: &Spec, found: &mut Found) {
    if spec.network_mode.as_deref() != Some("none") {
        return;
    }
    for (path, container) in containers(spec) {
        if items(container.port_mappings.as_ref()).next().is_some() {
            let remedy = "leave it out, or choose another `networkMode`";
            found.add(format!("{path}.portMappings"), "must be absent in network mode none", remedy);
        }
    }
}

fn host_ports(spec: &Spec, found: &mut Found) {
    let mode = spec.network_mode.as_deref().unwrap_or("bridge");
    if !matches!(mode, "awsvpc" | "host") {
        return;
    }
    for (path, mapping) in mappings(spec) {
        if let (Some(host), Some(port)) = (mapping.host_port, mapping.container_port)
            && host != port
            && host != 0
        {
            let problem = format!("is {host} and must equal `containerPort` in network mode {mode}");
            found.add(format!("{path}.hostPort"), problem, "leave `hostPort` out");
        }
    }
}

fn one_protocol(spec: &Spec, found: &mut Found) {
    for (path, container) in containers(spec) {
        let ports = items(container.port_mappings.as_ref())
            .filter_map(|mapping| Some((mapping.container_port?, protocol(mapping))));
        let distinct: std::collections::BTreeSet<_> = ports.collect();
        for port in twice(distinct.into_iter().map(|(port, _)| port)) {
            let path = format!("{path}.portMappings[{port}].protocol");
            found.add(path, "is tcp and udp for one container port", "open the port with one protocol");
        }
    }
}

/// Containers that share one network cannot open one port twice; under `bridge` this holds for
/// fixed host ports.
fn shared_network(spec: &Spec, found: &mut Found) {
    let shared = matches!(spec.network_mode.as_deref(), Some("awsvpc" | "host"));
    let port = |mapping: &PortMapping| {
        let port = if shared { mapping.container_port } else { mapping.host_port };
        port.filter(|port| *port != 0)
    };
    let taken = mappings(spec).filter_map(|(_, mapping)| Some((port(mapping)?, protocol(mapping))));
    for (port, protocol) in twice(taken) {
        let member = if shared { "containerPort" } else { "hostPort" };
        let problem = format!("{member} {port}/{protocol} is taken twice in the task");
        found.add("containerDefinitions[].portMappings", problem, "give each container a port of its own");
    }
}

fn port_names(spec: &Spec, found: &mut Found) {
    for name in twice(mappings(spec).filter_map(|(_, mapping)| mapping.name.as_deref())) {
        let problem = format!("has the port name `{name}` twice in the task");
        found.add("containerDefinitions[].portMappings", problem, "give each port a name of its own");
    }
}

fn protocol(mapping: &PortMapping) -> &str {
    mapping.protocol.as_deref().unwrap_or("tcp")
}
