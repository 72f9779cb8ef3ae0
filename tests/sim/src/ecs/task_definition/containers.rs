//! What registration refuses in containers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{defaults, fargate};
use crate::ecs::{is_name, list, number, text};
use crate::refusal::Refusal;

/// Refuses containers that cannot be registered. Error: `ClientException`.
pub(super) fn check(input: &Value) -> Result<(), Refusal> {
    let containers = list(input, "containerDefinitions");
    if containers.is_empty() {
        return refuse("Container definitions can not be empty.");
    }
    if containers.len() > 10 {
        return refuse("A task definition can have at most 10 containers.");
    }
    let mut names = BTreeSet::new();
    for container in containers {
        let name = text(container, "name").unwrap_or_default();
        if !is_name(name) {
            return refuse(format!("Container.name '{name}' contains invalid characters or is empty."));
        }
        if !names.insert(name) {
            return refuse(format!("Container names must be unique in a task definition: '{name}' occurs twice."));
        }
    }
    if !containers.iter().any(is_essential) {
        return refuse("At least one container must be essential.");
    }
    let mode = defaults::network_mode(input);
    let mut port_names = BTreeSet::new();
    for container in containers {
        image(container)?;
        memory(input, container)?;
        ports(container, mode, &mut port_names)?;
        health_check(container)?;
        names_known(container, &names, mode)?;
        limits(container)?;
    }
    dependencies(containers)
}

fn refuse(message: impl Into<String>) -> Result<(), Refusal> {
    Err(Refusal::client(message))
}

fn is_essential(container: &Value) -> bool {
    container.get("essential").and_then(Value::as_bool).unwrap_or(true)
}

fn image(container: &Value) -> Result<(), Refusal> {
    let image = text(container, "image").unwrap_or_default();
    if image.is_empty() {
        return refuse("Container.image should not be null or empty.");
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-:/.#@".contains(c);
    if image.len() > 255 || !image.chars().all(allowed) {
        return refuse("Container.image contains invalid characters.");
    }
    Ok(())
}

fn memory(input: &Value, container: &Value) -> Result<(), Refusal> {
    let name = text(container, "name").unwrap_or_default();
    let (hard, soft) = (number(container, "memory"), number(container, "memoryReservation"));
    if hard.is_none() && soft.is_none() && fargate::memory_mib(input).is_none() {
        return refuse(format!(
            "Invalid setting for container '{name}'. At least one of 'memory' or 'memoryReservation' must be specified."
        ));
    }
    if hard.is_some_and(|hard| hard < 4) {
        return refuse(format!("Invalid setting for container '{name}'. 'memory' must be at least 4 MiB."));
    }
    if let (Some(hard), Some(soft)) = (hard, soft)
        && hard < soft
    {
        return refuse(format!(
            "Invalid setting for container '{name}'. 'memory' must not be less than 'memoryReservation'."
        ));
    }
    Ok(())
}

fn ports<'a>(container: &'a Value, mode: &str, names: &mut BTreeSet<&'a str>) -> Result<(), Refusal> {
    let mut protocols: BTreeMap<i64, &str> = BTreeMap::new();
    for mapping in list(container, "portMappings") {
        let (port, host) = (number(mapping, "containerPort"), number(mapping, "hostPort"));
        if port.is_some_and(|port| !(1..=65_535).contains(&port)) || host.is_some_and(|p| !(0..=65_535).contains(&p)) {
            return refuse("Port must be between 0 and 65535.");
        }
        if matches!(mode, "awsvpc" | "host") && host.is_some_and(|host| host != 0 && Some(host) != port) {
            return refuse(format!(
                "When networkMode={mode}, the host ports and container ports in port mappings must match."
            ));
        }
        let protocol = text(mapping, "protocol").unwrap_or("tcp");
        if let Some(port) = port
            && protocols.insert(port, protocol).is_some_and(|other| other != protocol)
        {
            return refuse(format!("Container port {port} is mapped under two protocols."));
        }
        if let Some(name) = text(mapping, "name")
            && !names.insert(name)
        {
            return refuse(format!("Port mapping name '{name}' must be unique in a task definition."));
        }
    }
    Ok(())
}

fn health_check(container: &Value) -> Result<(), Refusal> {
    let Some(check) = container.get("healthCheck") else {
        return Ok(());
    };
    if list(check, "command").is_empty() {
        return refuse("Health check command can not be empty.");
    }
    for (member, low, high) in [("interval", 5, 300), ("timeout", 2, 60), ("retries", 1, 10), ("startPeriod", 0, 300)] {
        if number(check, member).is_some_and(|value| !(low..=high).contains(&value)) {
            return refuse(format!("Health check {member} must be between {low} and {high}."));
        }
    }
    Ok(())
}

fn names_known(container: &Value, names: &BTreeSet<&str>, mode: &str) -> Result<(), Refusal> {
    let links = list(container, "links");
    if !links.is_empty() && mode != "bridge" && !mode.is_empty() {
        return refuse(format!("Links are not supported when networkMode={mode}."));
    }
    for link in links.iter().filter_map(Value::as_str) {
        let target = link.split(':').next().unwrap_or(link);
        if !names.contains(target) {
            return refuse(format!("Link refers to unknown container '{target}'."));
        }
    }
    for from in list(container, "volumesFrom") {
        let source = text(from, "sourceContainer").unwrap_or_default();
        if !names.contains(source) {
            return refuse(format!("volumesFrom refers to unknown container '{source}'."));
        }
    }
    Ok(())
}

fn limits(container: &Value) -> Result<(), Refusal> {
    if list(container, "environmentFiles").len() > 10 {
        return refuse("A container can have at most 10 environment files.");
    }
    let Some(policy) = container.get("restartPolicy") else {
        return Ok(());
    };
    if number(policy, "restartAttemptPeriod").is_some_and(|seconds| !(60..=1800).contains(&seconds)) {
        return refuse("restartAttemptPeriod must be between 60 and 1800 seconds.");
    }
    if list(policy, "ignoredExitCodes").len() > 50 {
        return refuse("A restart policy can ignore at most 50 exit codes.");
    }
    Ok(())
}

fn dependencies(containers: &[Value]) -> Result<(), Refusal> {
    let by_name: BTreeMap<&str, &Value> = containers.iter().filter_map(|c| Some((text(c, "name")?, c))).collect();
    for container in containers {
        for dependency in list(container, "dependsOn") {
            let target = text(dependency, "containerName").unwrap_or_default();
            let condition = text(dependency, "condition").unwrap_or_default();
            let Some(other) = by_name.get(target) else {
                return refuse(format!("dependsOn refers to unknown container '{target}'."));
            };
            if matches!(condition, "SUCCESS" | "COMPLETE") && is_essential(other) {
                return refuse(format!("Condition {condition} is not allowed on the essential container '{target}'."));
            }
            if condition == "HEALTHY" && other.get("healthCheck").is_none() {
                return refuse(format!("Condition HEALTHY needs a health check on container '{target}'."));
            }
        }
    }
    // Removing what depends on nothing left, round by round, leaves exactly the cycles.
    let mut left: BTreeSet<&str> = by_name.keys().copied().collect();
    loop {
        let free = |name: &&str| {
            let needs = by_name.get(*name).map_or(&[][..], |container| list(container, "dependsOn"));
            !needs.iter().any(|need| text(need, "containerName").is_some_and(|target| left.contains(target)))
        };
        let done: Vec<&str> = left.iter().copied().filter(free).collect();
        if done.is_empty() {
            break;
        }
        left.retain(|name| !done.contains(name));
    }
    if left.is_empty() { Ok(()) } else { refuse("Container dependencies must not be cyclic.") }
}
