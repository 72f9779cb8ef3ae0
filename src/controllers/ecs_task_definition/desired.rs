//! What an `EcsTaskDefinition` asks for, and who uses its revisions. Pure.

use std::collections::{BTreeMap, BTreeSet};

use kube::ResourceExt;
use serde_json::Value;

use crate::api::{EcsService, EcsTaskDefinition, EcsTaskDefinitionSpec, ServerGroup};
use crate::controllers::arn::family_revision;
use crate::controllers::context::{Stores, some};
use crate::controllers::document::{document, members};
use crate::controllers::facts::Facts;
use crate::controllers::kind::{Kind, claimed};
use crate::controllers::refusal::{Refusal, problems};
use crate::diff;
use crate::preflight;

/// Own revisions kept when the spec does not say.
const HISTORY: usize = 10;

/// What the object asks for.
#[derive(Clone, Debug)]
pub struct Desired {
    /// Family in ECS.
    pub family: String,
    /// The spec.
    pub spec: EcsTaskDefinitionSpec,
    /// Names of its AWS members.
    pub members: BTreeSet<String>,
    /// Hash of its normalised content.
    pub content_hash: String,
    /// The user's tags.
    pub tags: BTreeMap<String, String>,
    /// Does a server group own the object? Then its versions have revisions in the same family.
    pub shared: bool,
    /// Own revisions to keep besides the current one.
    pub history: usize,
    /// Services that refer to the object and are not being deleted.
    pub dependants: Vec<String>,
    /// Revisions that some service runs, rolls to or may go back to.
    pub in_use: BTreeSet<i32>,
    refusal: Option<Refusal>,
}

impl Desired {
    /// Resolves an object against the other objects; `default_role` is the account's for executions.
    pub fn resolve(object: &EcsTaskDefinition, stores: &Stores, default_role: Option<&str>) -> Self {
        let mut object = object.clone();
        if object.spec.execution_role_arn.is_none() {
            object.spec.execution_role_arn = default_role.map(str::to_owned);
        }
        let object = &object;
        let family = object.spec.family.clone().unwrap_or_else(|| object.name_any());
        let document = document(&object.spec);
        let refers = |service: &EcsService| {
            service.spec.task_definition_ref.as_ref().is_some_and(|other| other.name == object.name_any())
                && service.metadata.namespace == object.metadata.namespace
                && service.metadata.deletion_timestamp.is_none()
                // One that has nothing in ECS waits for us, and would for ever.
                && claimed(service)
        };
        let dependants = some(&stores.services, refers).iter().map(ResourceExt::name_any).collect();
        let users = some(&stores.services, |service| !revisions_of(service, &family).is_empty());
        let in_use = users.iter().flat_map(|service| revisions_of(service, &family)).collect();
        let mut problems = problems(object);
        if problems.is_empty() {
            problems = preflight::task_definition(&object.spec).iter().map(ToString::to_string).collect();
        }
        Self {
            content_hash: content_hash(&family, &document),
            members: members(&document),
            tags: object.spec.tags.clone().unwrap_or_default(),
            shared: object
                .owner_references()
                .iter()
                .any(|owner| owner.controller == Some(true) && owner.kind == <ServerGroup as Kind>::KIND),
            history: object
                .spec
                .revision_history_limit
                .and_then(|limit| usize::try_from(limit).ok())
                .unwrap_or(HISTORY),
            dependants,
            in_use,
            refusal: Refusal::of(&problems),
            spec: object.spec.clone(),
            family,
        }
    }

    /// Why no call is made for this spec. Deletion works from what exists, whatever the spec says.
    pub fn refusal(&self, facts: &Facts) -> Option<Refusal> {
        self.refusal.clone().filter(|_| !facts.deleting)
    }
}

/// Hash of a document's content under a family.
#[must_use]
pub(super) fn content_hash(family: &str, document: &Value) -> String {
    let mut named = document.clone();
    if let Some(members) = named.as_object_mut() {
        members.insert("family".to_owned(), Value::String(family.to_owned()));
    }
    diff::task_definition::content_hash(&named)
}

/// Revisions of the family that a service runs, rolls to or may go back to.
fn revisions_of(service: &EcsService, family: &str) -> Vec<i32> {
    let status = service.status.as_ref();
    let rollout = status.and_then(|status| status.rollout.as_ref());
    [
        service.spec.task_definition.as_ref(),
        status.and_then(|status| status.task_definition_arn.as_ref()),
        rollout.and_then(|rollout| rollout.task_definition.as_ref()),
        rollout.and_then(|rollout| rollout.previous_task_definition.as_ref()),
    ]
    .into_iter()
    .flatten()
    .filter_map(|name| family_revision(name).filter(|(of, _)| *of == family).map(|(_, revision)| revision))
    .collect()
}
