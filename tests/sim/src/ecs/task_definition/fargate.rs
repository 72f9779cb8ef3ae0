//! Fargate: sizes and everything a definition must not use there.

use serde_json::Value;

use crate::ecs::{flag, list, text};
use crate::refusal::Refusal;

/// Task cpu in units: `256`, `.25 vCPU`, `1 vcpu`.
pub(super) fn cpu_units(input: &Value) -> Option<i64> {
    size(text(input, "cpu")?, "vcpu")
}

/// Task memory in MiB: `512`, `0.5GB`, `2 gb`.
pub(super) fn memory_mib(input: &Value) -> Option<i64> {
    size(text(input, "memory")?, "gb")
}

fn size(written: &str, unit: &str) -> Option<i64> {
    let lower = written.trim().to_ascii_lowercase();
    match lower.strip_suffix(unit) {
        None => lower.parse().ok(),
        Some(number) => thousandths(number.trim()).map(|thousandths| thousandths * 1024 / 1000),
    }
}

/// A decimal number with up to three digits after the point, times 1000.
fn thousandths(number: &str) -> Option<i64> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if part.len() > 3 || (whole.is_empty() && part.is_empty()) {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part: i64 = format!("{part:0<3}").parse().ok()?;
    Some(whole * 1000 + part)
}

/// Whether Fargate has this size (task definition parameters, "Task size").
pub(super) fn is_size(cpu: i64, memory: i64) -> bool {
    let stepped = |low: i64, high: i64, step: i64| (low..=high).contains(&memory) && (memory - low) % step == 0;
    match cpu {
        256 => [512, 1024, 2048].contains(&memory),
        512 => stepped(1024, 4096, 1024),
        1024 => stepped(2048, 8192, 1024),
        2048 => stepped(4096, 16_384, 1024),
        4096 => stepped(8192, 30_720, 1024),
        8192 => stepped(16_384, 61_440, 4096),
        16_384 => stepped(32_768, 122_880, 8192),
        _ => false,
    }
}

/// Refuses what Fargate does not support. Error: `ClientException`.
pub(super) fn check(input: &Value) -> Result<(), Refusal> {
    let refuse = |message: &str| Err(Refusal::client(message));
    if text(input, "networkMode") != Some("awsvpc") {
        return refuse("Fargate only supports network mode 'awsvpc'.");
    }
    let (Some(cpu), Some(memory)) = (cpu_units(input), memory_mib(input)) else {
        return refuse("Fargate requires that 'cpu' and 'memory' be defined at the task level.");
    };
    if !is_size(cpu, memory) {
        return refuse("No Fargate configuration exists for given values.");
    }
    if text(input, "pidMode") == Some("host") {
        return refuse("Fargate does not support pidMode 'host'.");
    }
    if input.get("ipcMode").is_some() {
        return refuse("Fargate does not support ipcMode.");
    }
    if !list(input, "placementConstraints").is_empty() {
        return refuse("Fargate does not support task definition placement constraints.");
    }
    for volume in list(input, "volumes") {
        if volume.pointer("/host/sourcePath").is_some() {
            return refuse("Fargate does not support host volumes with a source path.");
        }
        if volume.get("dockerVolumeConfiguration").is_some() {
            return refuse("Fargate does not support docker volume configuration.");
        }
    }
    let has_role = text(input, "executionRoleArn").is_some_and(|arn| !arn.is_empty());
    list(input, "containerDefinitions").iter().try_for_each(|container| check_container(container, has_role))
}

fn check_container(container: &Value, has_role: bool) -> Result<(), Refusal> {
    let refuse = |message: String| Err(Refusal::client(message));
    if flag(container, "privileged") {
        return refuse("Fargate does not support privileged containers.".to_owned());
    }
    for member in ["devices", "tmpfs", "sharedMemorySize", "maxSwap", "swappiness"] {
        let used = container.pointer(&format!("/linuxParameters/{member}"));
        if used.is_some_and(|value| !value.as_array().is_some_and(Vec::is_empty)) {
            return refuse(format!("Fargate does not support linuxParameters {member}."));
        }
    }
    if let Some(driver) = container.pointer("/logConfiguration/logDriver").and_then(Value::as_str) {
        if !["awslogs", "splunk", "awsfirelens"].contains(&driver) {
            return refuse(format!("Fargate does not support log driver '{driver}'."));
        }
        if driver == "awslogs" && !has_role {
            let text = "Fargate requires task definition to have execution role ARN to support log driver awslogs.";
            return refuse(text.to_owned());
        }
    }
    if !list(container, "secrets").is_empty() && !has_role {
        let text = "Fargate requires task definition to have execution role ARN to support secrets.";
        return refuse(text.to_owned());
    }
    if crate::ecs::number(container, "stopTimeout").is_some_and(|seconds| seconds > 120) {
        return refuse("Fargate supports a stopTimeout of at most 120 seconds.".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sizes_are_read_in_every_spelling() {
        let units = |cpu: &str| cpu_units(&json!({ "cpu": cpu }));
        assert_eq!(
            [units("256"), units(".25 vCPU"), units("1vcpu"), units("0.5 VCPU")],
            [256, 256, 1024, 512].map(Some)
        );
        assert_eq!(memory_mib(&json!({ "memory": "2 gb" })), Some(2048));
        assert_eq!(memory_mib(&json!({ "memory": "0.5GB" })), Some(512));
        assert_eq!(units("one"), None);
    }

    #[test]
    fn only_listed_sizes_exist() {
        assert!(is_size(256, 2048) && is_size(8192, 20_480) && is_size(16_384, 122_880));
        assert!(!is_size(128, 256) && !is_size(256, 3072) && !is_size(8192, 18_432) && !is_size(512, 1536));
    }
}
