//! Each container by itself: name, image, memory, health check, limits, and how many there are.

use super::names::{NAME, containers, filled, is_image, is_name, items, twice, whole};
use super::{Found, Rule};
use crate::api::ecs_task_definition::EcsTaskDefinitionSpec as Spec;

pub(super) const RULES: &[Rule<Spec>] = &[
    count,
    essential,
    names,
    images,
    memory,
    cpu_numbers,
    memory_on_instances,
    sums,
    health_checks,
    ulimits,
    restart,
    names_in_awsvpc,
    command_of_health_check,
];

fn count(spec: &Spec, found: &mut Found) {
    let count = spec.container_definitions.as_ref().map_or(0, Vec::len);
    if !(1..=10).contains(&count) {
        let problem = format!("must have 1 to 10 containers and has {count}");
        found.add("containerDefinitions", problem, "add a container, or divide the task");
    }
}

fn essential(spec: &Spec, found: &mut Found) {
    let list = spec.container_definitions.as_ref();
    if filled(list) && items(list).all(|container| container.essential == Some(false)) {
        let remedy = "leave `essential` out of the container that the task lives by";
        found.add("containerDefinitions", "must have an essential container", remedy);
    }
}

fn names(spec: &Spec, found: &mut Found) {
    for (path, container) in containers(spec) {
        if !container.name.as_deref().is_some_and(is_name) {
            found.add(format!("{path}.name"), "is not a name that ECS takes", NAME);
        }
    }
    for name in twice(containers(spec).filter_map(|(_, container)| container.name.as_deref())) {
        let path = format!("containerDefinitions[{name}].name");
        found.add(path, "occurs twice", "give each container a name of its own");
    }
}

fn images(spec: &Spec, found: &mut Found) {
    for (path, container) in containers(spec) {
        let remedy = "write registry/repository:tag or registry/repository@digest";
        match container.image.as_deref() {
            None | Some("") => found.add(format!("{path}.image"), "is missing", remedy),
            Some(image) if !is_image(image) => {
                found.add(format!("{path}.image"), "has characters that ECS refuses in an image", remedy);
            }
            Some(_) => {}
        }
    }
}

fn memory(spec: &Spec, found: &mut Found) {
    for (path, container) in containers(spec) {
        let members = [("memory", &container.memory), ("memoryReservation", &container.memory_reservation)];
        for (member, value) in members {
            if value.is_some() && whole(value.as_ref()).is_none_or(|number| number < 1) {
                let remedy = "write a whole number, without a unit";
                found.add(format!("{path}.{member}"), "must be a positive number of MiB", remedy);
            }
        }
        let (limit, reserved) = (whole(container.memory.as_ref()), whole(container.memory_reservation.as_ref()));
        if let (Some(limit), Some(reserved)) = (limit, reserved)
            && limit < reserved
        {
            let problem = format!("is {limit} and must be at least `memoryReservation`, which is {reserved}");
            found.add(format!("{path}.memory"), problem, "raise `memory` or lower `memoryReservation`");
        }
    }
}

fn cpu_numbers(spec: &Spec, found: &mut Found) {
    for (path, container) in containers(spec) {
        if container.cpu.is_some() && whole(container.cpu.as_ref()).is_none_or(|number| number < 0) {
            let remedy = "write a whole number, without a unit; 1024 are one vCPU";
            found.add(format!("{path}.cpu"), "must be a number of CPU units", remedy);
        }
    }
}

/// Without task memory, and unless the definition is for Fargate or Managed Instances, each
/// container has to say what it needs.
fn memory_on_instances(spec: &Spec, found: &mut Found) {
    let elsewhere = items(spec.requires_compatibilities.as_ref())
        .any(|launch_type| matches!(launch_type.as_str(), "FARGATE" | "MANAGED_INSTANCES"));
    if spec.memory.is_some() || elsewhere {
        return;
    }
    for (path, container) in containers(spec) {
        if container.memory.is_none() && container.memory_reservation.is_none() {
            let remedy = "set `memory` or `memoryReservation`, or `memory` of the task";
            found.add(format!("{path}.memory"), "is missing, and the task has none either", remedy);
        }
    }
}

/// The containers share what the task has:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>
fn sums(spec: &Spec, found: &mut Found) {
    let total = super::fargate::units(spec);
    let memory: i64 = containers(spec)
        .filter_map(|(_, c)| whole(c.memory_reservation.as_ref().or(c.memory.as_ref())))
        .fold(0, i64::saturating_add);
    let cpu: i64 = containers(spec).filter_map(|(_, c)| whole(c.cpu.as_ref())).fold(0, i64::saturating_add);
    for (member, sum, total) in [("memory", memory, total.memory), ("cpu", cpu, total.cpu)] {
        if let Some(total) = total.filter(|total| *total < sum) {
            let problem = format!("is {total}, and the containers reserve {sum}");
            found.add(member, problem, format!("raise `{member}` of the task or lower that of its containers"));
        }
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html>
fn health_checks(spec: &Spec, found: &mut Found) {
    for (path, container) in containers(spec) {
        let Some(check) = &container.health_check else {
            continue;
        };
        let ranges = [
            ("interval", check.interval, 5..=300),
            ("timeout", check.timeout, 2..=60),
            ("retries", check.retries, 1..=10),
            ("startPeriod", check.start_period, 0..=300),
        ];
        for (member, value, range) in ranges {
            if value.is_some_and(|value| !range.contains(&value)) {
                let problem = format!("must be {} to {}", range.start(), range.end());
                found.add(format!("{path}.healthCheck.{member}"), problem, "choose a value in that range");
            }
        }
    }
}

fn command_of_health_check(spec: &Spec, found: &mut Found) {
    for (path, container) in containers(spec) {
        let command = container.health_check.as_ref().map(|check| check.command.as_ref());
        if command.is_some_and(|command| !filled(command)) {
            let remedy = "write `CMD` or `CMD-SHELL` and the command";
            found.add(format!("{path}.healthCheck.command"), "must not be empty", remedy);
        }
    }
}

fn ulimits(spec: &Spec, found: &mut Found) {
    for (path, container) in containers(spec) {
        for limit in items(container.ulimits.as_ref()) {
            let (Some(soft), Some(hard)) = (limit.soft_limit, limit.hard_limit) else {
                continue;
            };
            // -1 is no limit.
            if hard != -1 && (soft == -1 || soft > hard) {
                let name = limit.name.as_deref().unwrap_or_default();
                let problem = format!("is {soft} and must be at most `hardLimit`, which is {hard}");
                found.add(format!("{path}.ulimits[{name}].softLimit"), problem, "lower it or raise `hardLimit`");
            }
        }
        for name in twice(items(container.ulimits.as_ref()).filter_map(|limit| limit.name.as_deref())) {
            found.add(format!("{path}.ulimits[{name}].name"), "occurs twice", "keep one limit of each name");
        }
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerRestartPolicy.html>
fn restart(spec: &Spec, found: &mut Found) {
    for (path, container) in containers(spec) {
        let Some(policy) = &container.restart_policy else {
            continue;
        };
        if policy.restart_attempt_period.is_some_and(|seconds| !(60..=1800).contains(&seconds)) {
            let path = format!("{path}.restartPolicy.restartAttemptPeriod");
            found.add(path, "must be 60 to 1800 seconds", "choose a value in that range");
        }
        if policy.ignored_exit_codes.as_ref().is_some_and(|codes| codes.len() > 50) {
            let path = format!("{path}.restartPolicy.ignoredExitCodes");
            found.add(path, "has more than 50 codes", "keep at most 50");
        }
    }
}

/// Names that a container gives itself or others need a network that Docker manages.
fn names_in_awsvpc(spec: &Spec, found: &mut Found) {
    let mode = spec.network_mode.as_deref().unwrap_or("bridge");
    for (path, container) in containers(spec) {
        if mode != "bridge" && filled(container.links.as_ref()) {
            let remedy = "leave `links` out; in `awsvpc` and `host` containers reach each other on localhost";
            found.add(format!("{path}.links"), format!("needs network mode bridge, not {mode}"), remedy);
        }
        if mode != "awsvpc" {
            continue;
        }
        if container.hostname.is_some() {
            found.add(format!("{path}.hostname"), "is not supported in network mode awsvpc", "leave it out");
        }
        if filled(container.extra_hosts.as_ref()) {
            found.add(format!("{path}.extraHosts"), "is not supported in network mode awsvpc", "leave it out");
        }
    }
}
