//! Rules that a schema cannot tell, checked before any call to AWS. Pure.

use crate::api::{EcsServiceSpec, EcsTaskDefinitionSpec};

/// Problems of a task definition.
#[must_use]
pub fn task_definition(_spec: &EcsTaskDefinitionSpec) -> Vec<String> {
    Vec::new()
}

/// Problems of a service.
#[must_use]
pub fn service(_spec: &EcsServiceSpec) -> Vec<String> {
    Vec::new()
}

/// Problems between a service and its task definition.
#[must_use]
pub fn service_with_task_definition(_spec: &EcsServiceSpec, _definition: &EcsTaskDefinitionSpec) -> Vec<String> {
    Vec::new()
}
