//! What a task definition says beside its containers: family, roles, modes, proxy, tags.

use serde_json::Value;

use super::names::{NAME, container, is_name, items, twice};
use super::{Found, Rule, arn, foreign, tags};
use crate::api::ecs_task_definition::EcsTaskDefinitionSpec as Spec;

pub(super) const RULES: &[Rule<Spec>] =
    &[family, roles, modes, proxy, accelerators, ephemeral_storage, all_arns, task_tags, definition_placement];

fn family(spec: &Spec, found: &mut Found) {
    if spec.family.as_deref().is_some_and(|family| !is_name(family)) {
        found.add("family", "is not a name that ECS takes", NAME);
    }
}

/// A malformed role ends in "Role is not valid".
fn roles(spec: &Spec, found: &mut Found) {
    let roles = [("taskRoleArn", &spec.task_role_arn), ("executionRoleArn", &spec.execution_role_arn)];
    for (member, role) in roles {
        if let Some(Err(problem)) = role.as_deref().map(arn::role) {
            found.add(member, problem, "write arn:aws:iam::<account>:role/<name>, with an account of twelve digits");
        }
    }
}

/// Also empty text is refused: "is not a valid value for pidMode".
fn modes(spec: &Spec, found: &mut Found) {
    let modes: [(&str, &Option<String>, &[&str]); 3] = [
        ("pidMode", &spec.pid_mode, &["host", "task"]),
        ("ipcMode", &spec.ipc_mode, &["host", "task", "none"]),
        ("networkMode", &spec.network_mode, &["bridge", "host", "awsvpc", "none"]),
    ];
    for (member, mode, known) in modes {
        if mode.as_deref().is_some_and(|mode| !known.contains(&mode)) {
            let remedy = format!("use one of {}, or leave it out", known.join(", "));
            found.add(member, "is not a mode that ECS knows", remedy);
        }
    }
}

fn proxy(spec: &Spec, found: &mut Found) {
    let name = spec.proxy_configuration.as_ref().and_then(|proxy| proxy.container_name.as_deref());
    if let Some(name) = name.filter(|name| container(spec, name).is_none()) {
        let problem = format!("names the container `{name}`, which the definition does not have");
        found.add("proxyConfiguration.containerName", problem, "add the proxy container or correct the name");
    }
}

fn accelerators(spec: &Spec, found: &mut Found) {
    for name in twice(items(spec.inference_accelerators.as_ref()).filter_map(|item| item.device_name.as_deref())) {
        let path = format!("inferenceAccelerators[{name}].deviceName");
        found.add(path, "occurs twice", "give each accelerator a name of its own");
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EphemeralStorage.html>
fn ephemeral_storage(spec: &Spec, found: &mut Found) {
    let size = spec.ephemeral_storage.as_ref().and_then(|storage| storage.size_in_gib);
    if size.is_some_and(|size| !(21..=200).contains(&size)) {
        found.add("ephemeralStorage.sizeInGiB", "must be 21 to 200", "choose a size in that range");
    }
}

fn all_arns(spec: &Spec, found: &mut Found) {
    let document = serde_json::to_value(spec).unwrap_or(Value::Null);
    foreign::malformed(&document, found);
}

fn task_tags(spec: &Spec, found: &mut Found) {
    tags::check(spec.tags.as_ref(), found);
}

fn definition_placement(spec: &Spec, found: &mut Found) {
    if spec.placement_constraints.as_ref().is_some_and(|constraints| constraints.len() > 10) {
        found.add("placementConstraints", "has more than 10 items", "keep at most 10");
    }
}
