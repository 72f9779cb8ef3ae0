//! What Fargate cannot run: sizes outside the table, and options of a host that is not yours.

use serde_json::{Value, json};

use super::names::{containers, filled, items};
use super::{Found, Rule};
use crate::api::ecs_task_definition::EcsTaskDefinitionSpec as Spec;
use crate::api::mirror::IntOrText;
use crate::api::shapes::container::ContainerDefinition;
use crate::diff;

pub(super) const RULES: &[Rule<Spec>] = &[where_asked_for];

fn where_asked_for(spec: &Spec, found: &mut Found) {
    if items(spec.requires_compatibilities.as_ref()).any(|launch_type| launch_type == "FARGATE") {
        incompatible(spec, found);
    }
}

/// Everything that keeps the definition from running on Fargate.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html>
pub(super) fn incompatible(spec: &Spec, found: &mut Found) {
    size(spec, found);
    task_level(spec, found);
    execution_role(spec, found);
    for (path, container) in containers(spec) {
        host_options(&path, container, found);
        kernel_options(&path, container, found);
    }
}

/// CPU units and MiB of a task, whatever the unit they were written in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Units {
    pub(super) cpu: Option<i64>,
    pub(super) memory: Option<i64>,
}

/// The size of the task: `"1 vCPU"` is 1024 and `"2 GB"` 2048.
pub(super) fn units(spec: &Spec) -> Units {
    let text = |value: &Option<IntOrText>| value.as_ref().map(IntOrText::text);
    let written = json!({ "cpu": text(&spec.cpu), "memory": text(&spec.memory) });
    let normal = diff::task_definition::normalize(&written);
    let number = |member: &str| normal.get(member).and_then(Value::as_str).and_then(|text| text.parse().ok());
    Units { cpu: number("cpu"), memory: number("memory") }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#task_size>
fn fits(cpu: i64, memory: i64) -> bool {
    let (first, last, step) = match cpu {
        256 => return matches!(memory, 512 | 1024 | 2048),
        512 => (1024, 4096, 1024),
        1024 => (2048, 8192, 1024),
        2048 => (4096, 16_384, 1024),
        4096 => (8192, 30_720, 1024),
        8192 => (16_384, 61_440, 4096),
        16_384 => (32_768, 122_880, 8192),
        _ => return false,
    };
    (first..=last).contains(&memory) && (memory - first) % step == 0
}

fn memory_for(cpu: i64) -> &'static str {
    match cpu {
        256 => "512, 1024 or 2048 of memory",
        512 => "1024 to 4096 of memory in steps of 1024",
        1024 => "2048 to 8192 of memory in steps of 1024",
        2048 => "4096 to 16384 of memory in steps of 1024",
        4096 => "8192 to 30720 of memory in steps of 1024",
        8192 => "16384 to 61440 of memory in steps of 4096",
        16_384 => "32768 to 122880 of memory in steps of 8192",
        _ => "256, 512, 1024, 2048, 4096, 8192 or 16384 of CPU",
    }
}

fn size(spec: &Spec, found: &mut Found) {
    for (member, value) in [("cpu", &spec.cpu), ("memory", &spec.memory)] {
        if value.is_none() {
            found.add(member, "is missing, and Fargate needs it", format!("set `{member}` of the task"));
        }
    }
    let (Some(cpu), Some(memory)) = (&spec.cpu, &spec.memory) else {
        return;
    };
    match units(spec) {
        Units { cpu: Some(cpu), memory: Some(memory) } if fits(cpu, memory) => {}
        Units { cpu: Some(units), memory: Some(_) } => {
            let (cpu, memory) = (cpu.text(), memory.text());
            let problem = format!("is {cpu} with memory {memory}: No Fargate configuration exists for given values");
            found.add("cpu", problem, format!("use {}", memory_for(units)));
        }
        Units { cpu: None, .. } => {
            found.add("cpu", "is neither a number nor a size such as `1 vCPU`", "write 256, or `0.25 vCPU`");
        }
        Units { memory: None, .. } => {
            found.add("memory", "is neither a number nor a size such as `2 GB`", "write 512, or `0.5 GB`");
        }
    }
}

fn task_level(spec: &Spec, found: &mut Found) {
    if spec.network_mode.as_deref() != Some("awsvpc") {
        found.add("networkMode", "must be awsvpc on Fargate", "set it to awsvpc");
    }
    if spec.pid_mode.as_deref() == Some("host") {
        found.add("pidMode", "cannot be host on Fargate", "use task, or leave it out");
    }
    if spec.ipc_mode.is_some() {
        found.add("ipcMode", "is not supported on Fargate", "leave it out");
    }
    if filled(spec.placement_constraints.as_ref()) {
        found.add("placementConstraints", "is not supported on Fargate", "leave it out");
    }
    for volume in items(spec.volumes.as_ref()) {
        let path = format!("volumes[{}]", volume.name.as_deref().unwrap_or_default());
        if volume.host.as_ref().is_some_and(|host| host.source_path.is_some()) {
            found.add(format!("{path}.host.sourcePath"), "is not supported on Fargate", "leave `host` out");
        }
        if volume.docker_volume_configuration.is_some() {
            let path = format!("{path}.dockerVolumeConfiguration");
            found.add(path, "is not supported on Fargate", "use an EFS or EBS volume, or leave it out");
        }
    }
}

/// Fargate itself writes logs, reads secrets and pulls images, and needs a role for it.
fn execution_role(spec: &Spec, found: &mut Found) {
    if spec.execution_role_arn.as_deref().is_some_and(|role| !role.is_empty()) {
        return;
    }
    let reason = containers(spec).find_map(|(path, container)| Some((path, needs_role(container)?)));
    if let Some((path, reason)) = reason {
        let problem = format!("is missing, and `{path}` {reason} on Fargate");
        found.add("executionRoleArn", problem, "name a role that ECS may use for it");
    }
}

fn needs_role(container: &ContainerDefinition) -> Option<&'static str> {
    let log = container.log_configuration.as_ref();
    if log.is_some_and(|log| log.log_driver.as_deref() == Some("awslogs")) {
        return Some("writes to awslogs");
    }
    if filled(container.secrets.as_ref()) || log.is_some_and(|log| filled(log.secret_options.as_ref())) {
        return Some("reads secrets");
    }
    if container.repository_credentials.is_some() {
        return Some("pulls from a private registry");
    }
    let ecr = container.image.as_deref().is_some_and(|image| image.contains(".dkr.ecr."));
    ecr.then_some("pulls from Amazon ECR")
}

fn host_options(path: &str, container: &ContainerDefinition, found: &mut Found) {
    if container.privileged == Some(true) {
        found.add(format!("{path}.privileged"), "is not supported on Fargate", "leave it out");
    }
    for (member, seconds) in [("startTimeout", container.start_timeout), ("stopTimeout", container.stop_timeout)] {
        if seconds.is_some_and(|seconds| seconds > 120) {
            found.add(format!("{path}.{member}"), "must be at most 120 seconds on Fargate", "lower it");
        }
    }
    let driver = container.log_configuration.as_ref().and_then(|log| log.log_driver.as_deref());
    if driver.is_some_and(|driver| !matches!(driver, "awslogs" | "splunk" | "awsfirelens")) {
        let path = format!("{path}.logConfiguration.logDriver");
        found.add(path, "is a driver that Fargate does not have", "use awslogs, splunk or awsfirelens");
    }
    let gpu = items(container.resource_requirements.as_ref()).any(|device| device.r#type.as_deref() == Some("GPU"));
    if gpu {
        found.add(format!("{path}.resourceRequirements"), "asks for a GPU, which Fargate does not have", "use EC2");
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LinuxParameters.html>
fn kernel_options(path: &str, container: &ContainerDefinition, found: &mut Found) {
    let Some(linux) = &container.linux_parameters else {
        return;
    };
    let set = [
        ("devices", filled(linux.devices.as_ref())),
        ("tmpfs", filled(linux.tmpfs.as_ref())),
        ("sharedMemorySize", linux.shared_memory_size.is_some()),
        ("maxSwap", linux.max_swap.is_some()),
        ("swappiness", linux.swappiness.is_some()),
    ];
    for (member, _) in set.into_iter().filter(|(_, set)| *set) {
        found.add(format!("{path}.linuxParameters.{member}"), "is not supported on Fargate", "leave it out");
    }
}
