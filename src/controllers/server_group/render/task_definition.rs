//! A version as an `EcsTaskDefinition`. Pure.

use std::collections::BTreeMap;

use super::{Resolved, VersionOf, artifact, inputs};
use crate::api::EcsTaskDefinitionSpec;
use crate::api::reference::LocalRef;
use crate::api::shapes::container::{ContainerDefinition, KeyValuePair};
use crate::controllers::server_group::desired::Desired;
use crate::controllers::server_group::name::{
    ENV_DETAIL, ENV_SERVER_GROUP, ENV_STACK, LABEL_DETAIL, LABEL_SERVER_GROUP, LABEL_STACK, RESERVED_ENV,
};

/// The task definition of a version; or every reason why there is none.
pub fn task_definition(
    desired: &Desired,
    version: &VersionOf,
    resolved: &Resolved,
) -> Result<EcsTaskDefinitionSpec, Vec<String>> {
    let template = &desired.template;
    let mut definition = match (&template.inputs, &template.artifact, &desired.document) {
        (Some(given), _, _) => inputs::definition(given, desired, version),
        (None, Some(given), Some(document)) => {
            let problems = artifact::contradictions(document, desired);
            if !problems.is_empty() {
                return Err(problems);
            }
            artifact::definition(given, document)?
        }
        (None, Some(_), None) => return Err(vec!["artifact: the document is not there".to_owned()]),
        (None, None, _) => return Err(vec!["`spec.template` must have `inputs` or `artifact`".to_owned()]),
    };
    for container in definition.container_definitions.iter_mut().flatten() {
        reserve(container, desired, version);
    }
    // ECS starts on Fargate only what was registered for it; documents often leave that to the launch type.
    if desired.on_fargate() && definition.requires_compatibilities.as_ref().is_none_or(Vec::is_empty) {
        definition.requires_compatibilities = Some(vec!["FARGATE".to_owned()]);
    }
    let of_document = definition.tags.take().unwrap_or_default();
    Ok(EcsTaskDefinitionSpec {
        family: Some(desired.group.clone()),
        network_mode: desired.network_mode().or(definition.network_mode),
        execution_role_arn: execution_role(desired, resolved, definition.execution_role_arn),
        task_role_arn: resolved.task_role_arn.clone().or(definition.task_role_arn),
        tags: tags(desired, version, of_document),
        deletion_policy: desired.spec.deletion_policy,
        management_mode: desired.spec.management_mode,
        drift_policy: desired.spec.drift_policy,
        account_ref: desired.account.clone().map(|name| LocalRef { name }),
        region: desired.region.clone(),
        ..definition
    })
}

/// The template's role, else the document's, else on Fargate the default.
fn execution_role(desired: &Desired, resolved: &Resolved, of_document: Option<String>) -> Option<String> {
    if let Some(named) = &desired.template.execution_role_arn {
        return Some(resolved.execution_role_arn.clone().unwrap_or_else(|| named.clone()));
    }
    match of_document {
        Some(name) if !name.starts_with("arn:") => Some(resolved.execution_role_arn.clone().unwrap_or(name)),
        Some(arn) => Some(arn),
        None => resolved.execution_role_arn.clone().filter(|_| desired.on_fargate()),
    }
}

/// Environment and labels by which a task knows its version.
fn reserve(container: &mut ContainerDefinition, desired: &Desired, version: &VersionOf) {
    let moniker = &desired.moniker;
    let reserved = [
        (ENV_SERVER_GROUP, LABEL_SERVER_GROUP, Some(version.name.clone())),
        (ENV_STACK, LABEL_STACK, moniker.stack.clone()),
        (ENV_DETAIL, LABEL_DETAIL, moniker.detail.clone()),
    ];
    let environment = container.environment.get_or_insert_default();
    environment.retain(|entry| !entry.name.as_deref().is_some_and(|name| RESERVED_ENV.contains(&name)));
    let labels = container.docker_labels.get_or_insert_default();
    for (variable, label, value) in reserved {
        environment.push(KeyValuePair { name: Some(variable.to_owned()), value: value.clone() });
        labels.remove(label);
        if let Some(value) = value {
            labels.insert(label.to_owned(), value);
        }
    }
}

fn tags(
    desired: &Desired,
    version: &VersionOf,
    of_document: BTreeMap<String, String>,
) -> Option<BTreeMap<String, String>> {
    let mut tags = of_document;
    tags.extend(desired.tags_of(version.sequence));
    Some(tags).filter(|tags| !tags.is_empty())
}

/// The task definition of a version that exists, with the tags of the group as they are now. Of the tags that its own
/// document brought along those stay that the present document has too.
pub fn task_definition_in_place(
    existing: &EcsTaskDefinitionSpec,
    desired: &Desired,
    version: &VersionOf,
) -> EcsTaskDefinitionSpec {
    let present = desired.document.as_ref().and_then(|document| document.tags.as_ref());
    // A document that cannot be read now says nothing against any of them.
    let unread = desired.template.artifact.is_some() && desired.document.is_none();
    let stays = |key: &String| unread || present.is_some_and(|tags| tags.contains_key(key));
    let brought = existing.tags.clone().unwrap_or_default();
    let kept = brought.into_iter().filter(|(key, _)| stays(key)).collect();
    EcsTaskDefinitionSpec {
        tags: tags(desired, version, kept),
        deletion_policy: desired.spec.deletion_policy,
        management_mode: desired.spec.management_mode,
        drift_policy: desired.spec.drift_policy,
        ..existing.clone()
    }
}

/// The images that the template names, in the order of the containers.
pub fn images(desired: &Desired) -> Vec<String> {
    let template = &desired.template;
    if let Some(inputs) = &template.inputs {
        return inputs.image.clone().into_iter().collect();
    }
    let mappings = template.artifact.iter().flat_map(|artifact| artifact.container_mappings.iter().flatten());
    let mapped: BTreeMap<_, _> = mappings.map(|mapping| (mapping.container_name.clone(), &mapping.image)).collect();
    let containers = desired.document.iter().flat_map(|document| document.container_definitions.iter().flatten());
    containers
        .filter_map(|container| mapped.get(&container.name).copied().unwrap_or(&container.image).clone())
        .collect()
}
