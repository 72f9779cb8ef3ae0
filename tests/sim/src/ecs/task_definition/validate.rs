//! What registration refuses at the level of the definition. Messages are guesses but for quoted phrases.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{containers, fargate};
use crate::ecs::{is_name, list, number, text};
use crate::refusal::Refusal;

const LARGEST: usize = 65_536;

/// Refuses a definition that cannot be registered. Error: `ClientException`; the first fault wins.
pub(super) fn definition(input: &Value) -> Result<(), Refusal> {
    let refuse = |message: &str| Err(Refusal::client(message));
    if !text(input, "family").is_some_and(is_name) {
        return refuse(
            "Family should not be null or empty and can contain only letters, numbers, underscores and hyphens (at most 255).",
        );
    }
    let length = input.to_string().len();
    if length > LARGEST {
        return Err(Refusal::client(format!("Actual length: '{length}'. Max allowed length is '{LARGEST}' bytes.")));
    }
    for member in ["taskRoleArn", "executionRoleArn"] {
        if text(input, member).is_some_and(|role| !role.is_empty() && !is_role(role)) {
            return refuse("Role is not valid");
        }
    }
    for (member, read) in [("cpu", fargate::cpu_units(input)), ("memory", fargate::memory_mib(input))] {
        if text(input, member).is_some_and(|written| !written.is_empty()) && read.is_none() {
            return Err(Refusal::client(format!("Invalid '{member}' setting for task.")));
        }
    }
    volumes(input)?;
    containers::check(input)?;
    let storage = input.get("ephemeralStorage").and_then(|storage| number(storage, "sizeInGiB"));
    if storage.is_some_and(|size| !(21..=200).contains(&size)) {
        return refuse("Ephemeral storage size must be between 21 and 200 GiB.");
    }
    if list(input, "placementConstraints").len() > 10 {
        return refuse("Task definitions can have at most 10 placement constraints.");
    }
    if let Some(proxy) = input.get("proxyConfiguration") {
        let name = text(proxy, "containerName").unwrap_or_default();
        if !list(input, "containerDefinitions").iter().any(|c| text(c, "name") == Some(name)) {
            return Err(Refusal::client(format!("Proxy configuration refers to unknown container '{name}'.")));
        }
    }
    if requires(input, "FARGATE") {
        fargate::check(input)?;
    }
    Ok(())
}

/// Whether `requiresCompatibilities` names `word`.
pub(super) fn requires(input: &Value, word: &str) -> bool {
    list(input, "requiresCompatibilities").iter().any(|item| item.as_str() == Some(word))
}

/// Whether the task has cpu and memory of its own.
pub(super) fn size_known(input: &Value) -> bool {
    fargate::cpu_units(input).is_some() && fargate::memory_mib(input).is_some()
}

/// A role's ARN, or a bare role name.
fn is_role(role: &str) -> bool {
    let is_path =
        |path: &str| !path.is_empty() && path.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_-/".contains(c));
    let Some(rest) = role.strip_prefix("arn:") else {
        return is_path(role);
    };
    let mut parts = rest.splitn(5, ':');
    let (partition, service, region) = (parts.next(), parts.next(), parts.next());
    let account = parts.next().unwrap_or_default();
    let resource = parts.next().unwrap_or_default();
    partition.is_some_and(|partition| partition.starts_with("aws"))
        && service == Some("iam")
        && region == Some("")
        && account.len() == 12
        && account.bytes().all(|digit| digit.is_ascii_digit())
        && resource.strip_prefix("role/").is_some_and(is_path)
}

fn volumes(input: &Value) -> Result<(), Refusal> {
    let mut names = BTreeSet::new();
    for volume in list(input, "volumes") {
        let name = text(volume, "name").unwrap_or_default();
        if !is_name(name) {
            return Err(Refusal::client(format!("Invalid volume name '{name}'.")));
        }
        if !names.insert(name) {
            return Err(Refusal::client(format!("Duplicate volume name '{name}'.")));
        }
    }
    let mounts = list(input, "containerDefinitions").iter().flat_map(|container| list(container, "mountPoints"));
    for mount in mounts {
        let name = text(mount, "sourceVolume").unwrap_or_default();
        if !names.contains(name) {
            return Err(Refusal::client(format!("Unknown volume '{name}'.")));
        }
    }
    Ok(())
}
