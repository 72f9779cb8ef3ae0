//! `template.artifact` → the document with the images that the group names. Pure.

use crate::api::EcsTaskDefinitionSpec;
use crate::api::server_group::template::Artifact;
use crate::controllers::server_group::desired::Desired;

/// The document with mapped images; or why a mapping does not fit.
pub(super) fn definition(
    artifact: &Artifact,
    document: &EcsTaskDefinitionSpec,
) -> Result<EcsTaskDefinitionSpec, Vec<String>> {
    let mut definition = document.clone();
    let mut problems = Vec::new();
    for mapping in artifact.container_mappings.iter().flatten() {
        let name = mapping.container_name.as_deref().unwrap_or_default();
        let containers = definition.container_definitions.iter_mut().flatten();
        let mut hit: Vec<_> = containers.filter(|container| container.name.as_deref() == Some(name)).collect();
        if let [container] = hit.as_mut_slice() {
            container.image.clone_from(&mapping.image);
        } else {
            let count = hit.len();
            problems.push(format!("artifact: container mapping `{name}` matches {count} containers, expected 1"));
        }
    }
    if problems.is_empty() { Ok(definition) } else { Err(problems) }
}

/// What the document and the group say differently.
pub(super) fn contradictions(document: &EcsTaskDefinitionSpec, desired: &Desired) -> Vec<String> {
    let mut problems = Vec::new();
    let ours = desired.network_mode();
    if let (Some(theirs), Some(ours)) = (&document.network_mode, &ours)
        && theirs != ours
    {
        problems.push(format!("artifact: network mode `{theirs}`, expected `{ours}`"));
    }
    let role = &desired.template.execution_role_arn;
    if let (Some(theirs), Some(ours)) = (&document.execution_role_arn, role)
        && !same_role(theirs, ours)
    {
        problems.push(format!("artifact: execution role `{theirs}`, expected `{ours}`"));
    }
    problems
}

/// A role by ARN or by name.
fn same_role(left: &str, right: &str) -> bool {
    let name = |role: &str| role.rsplit('/').next().map(str::to_owned);
    left == right || (left.starts_with("arn:") != right.starts_with("arn:") && name(left) == name(right))
}
