//! What a service's spec and its task definition hide, for texts that may quote it. Pure.

use aws_sdk_ecs::types::Task;
use kube::ResourceExt;

use crate::api::{EcsService, EcsTaskDefinitionSpec};
use crate::controllers::context::{Found, find};
use crate::controllers::hidden::Hidden;
use crate::controllers::pass::Pass;

/// What the spec hides.
#[must_use]
pub(super) fn of_spec(pass: &Pass<'_, EcsService>) -> Hidden {
    Hidden::of_spec(&pass.object.spec)
}

/// What the definitions of tasks hide: those revisions that are known, and the definition that the spec refers to.
#[must_use]
pub(super) fn of_tasks(pass: &Pass<'_, EcsService>, tasks: &[Task]) -> Hidden {
    let mut hidden = Hidden::default();
    if tasks.is_empty() {
        return hidden;
    }
    let namespace = pass.object.namespace().unwrap_or_default();
    let reference = pass.object.spec.task_definition_ref.as_ref();
    let found = reference.map(|reference| find(&pass.cx.stores.task_definitions, &namespace, &reference.name));
    if let Some(Found::Object(definition)) = found {
        hidden = hidden.and(Hidden::of_spec(&definition.spec));
    }
    let arns: std::collections::BTreeSet<&str> = tasks.iter().filter_map(Task::task_definition_arn).collect();
    for revision in arns.into_iter().filter_map(|arn| pass.cx.revisions.get(arn)) {
        hidden = hidden.and(Hidden::of_spec(&EcsTaskDefinitionSpec::observed(&revision.definition)));
    }
    hidden
}
