//! The objects of the versions: found in the stores, told to the state machine, made and brought up to date. Pure.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::ObjectMeta;
use kube::{Resource, ResourceExt};

use super::desired::{Desired, Whole};
use super::name::child_name;
use super::render::{
    Intent, Resolved, VersionOf, counted, in_place, service, task_definition, task_definition_in_place,
};
use super::rollout::sight::Child;
use crate::api::condition::{ConditionType, find, is_true};
use crate::api::names::label;
use crate::api::policy::ManagementMode;
use crate::api::status::Version;
use crate::api::{EcsService, EcsServiceSpec, EcsTaskDefinition, ServerGroup};
use crate::controllers::context::{Stores, names, some};

/// The objects of one version.
#[derive(Clone, Debug, Default)]
pub(super) struct Pair {
    /// Its task definition.
    pub(super) task_definition: Option<EcsTaskDefinition>,
    /// Its service.
    pub(super) service: Option<EcsService>,
}

/// The objects that a group owns, by version.
#[derive(Clone, Debug, Default)]
pub(super) struct Children {
    /// By the name that the objects of a version have.
    pairs: BTreeMap<String, Pair>,
    /// Names of all objects of these kinds in the namespace, whoever owns them.
    pub(super) taken: Vec<String>,
}

impl Children {
    /// The objects in the stores that the group of this UID owns.
    pub(super) fn of(uid: &str, namespace: &str, stores: &Stores) -> Self {
        Self::among(namespace, stores, |object| owned(object, uid))
    }

    /// Those, and the ones from which Kubernetes took the group's name already.
    pub(super) fn let_go(uid: &str, namespace: &str, stores: &Stores) -> Self {
        let labelled = |object: &ObjectMeta| {
            object.labels.as_ref().and_then(|labels| labels.get(label::SERVER_GROUP_UID)).is_some_and(|is| is == uid)
        };
        let free = |object: &ObjectMeta| object.owner_references.iter().flatten().all(|o| o.controller != Some(true));
        Self::among(namespace, stores, |object| owned(object, uid) || (labelled(object) && free(object)))
    }

    /// Objects of the namespace that are ours. Owner references do not reach into another one.
    fn among(namespace: &str, stores: &Stores, ours: impl Fn(&ObjectMeta) -> bool) -> Self {
        let fits = |object: &ObjectMeta| object.namespace.as_deref() == Some(namespace) && ours(object);
        let mut taken = names(&stores.services, namespace);
        taken.extend(names(&stores.task_definitions, namespace));
        let mut pairs: BTreeMap<String, Pair> = BTreeMap::new();
        for service in some(&stores.services, |object| fits(&object.metadata)) {
            let pair: &mut Pair = pairs.entry(service.name_any()).or_default();
            pair.service = Some(service);
        }
        for definition in some(&stores.task_definitions, |object| fits(&object.metadata)) {
            let pair = pairs.entry(definition.name_any()).or_default();
            pair.task_definition = Some(definition);
        }
        Self { pairs, taken }
    }

    /// The objects of a version.
    pub(super) fn pair(&self, version: &str) -> Pair {
        self.pairs.get(&child_name(version)).cloned().unwrap_or_default()
    }

    /// All of them.
    pub(super) fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.values()
    }

    /// What the state machine sees of them.
    pub(super) fn seen(&self, versions: &[Version]) -> BTreeMap<String, Child> {
        versions.iter().map(|version| (version.name.clone(), seen(&self.pair(&version.name)))).collect()
    }
}

/// Does the group own the object?
fn owned(object: &ObjectMeta, uid: &str) -> bool {
    object.owner_references.iter().flatten().any(|owner| owner.uid == uid && owner.controller == Some(true))
}

pub(super) fn seen(pair: &Pair) -> Child {
    let mut child = Child::default();
    if let Some(definition) = &pair.task_definition {
        let status = definition.status.clone().unwrap_or_default();
        let current = status.observed_generation == definition.meta().generation;
        let stalled = find(&status.conditions, ConditionType::Stalled).filter(|stalled| stalled.status == "True");
        child.task_definition = true;
        child.task_definition_arn = status.arn;
        child.task_definition_stalled = stalled.filter(|_| current).map(|stalled| stalled.message.clone());
    }
    let Some(service) = &pair.service else { return child };
    let status = service.status.clone().unwrap_or_default();
    let current = status.observed_generation == service.meta().generation;
    let stalled = find(&status.conditions, ConditionType::Stalled).filter(|stalled| stalled.status == "True");
    let unready = find(&status.conditions, ConditionType::Ready).filter(|ready| ready.status != "True");
    Child {
        service: true,
        deleting: service.meta().deletion_timestamp.is_some(),
        settled: current && is_true(&status.conditions, ConditionType::Synced),
        asked: service.spec.desired_count.unwrap_or(1),
        active: status.status.as_deref() == Some("ACTIVE"),
        service_arn: status.arn,
        desired: status.desired_count.unwrap_or(0),
        running: status.running_count.unwrap_or(0),
        pending: status.pending_count.unwrap_or(0),
        ready: current && is_true(&status.conditions, ConditionType::Ready),
        waiting_reason: unready.map(|ready| ready.reason.clone()),
        waiting_message: unready.map(|ready| ready.message.clone()),
        stalled: stalled.filter(|_| current).map(|stalled| (stalled.reason.clone(), stalled.message.clone())),
        deployment: status.rollout.as_ref().map(|rollout| rollout.state.clone()),
        deployment_reason: status.rollout.as_ref().and_then(|rollout| rollout.reason.clone()),
        failed_tasks: status.rollout.as_ref().and_then(|rollout| rollout.failed_tasks).unwrap_or(0),
        stopped: status.stopped_tasks,
        ..child
    }
}

/// How the renderer names a version.
pub(super) fn version_of(version: &Version) -> VersionOf {
    VersionOf { name: version.name.clone(), sequence: version.sequence, slot: version.slot }
}

/// The task definition and the service of a version that is new.
pub(super) fn made(
    group: &ServerGroup,
    desired: Whole<'_>,
    version: &Version,
    resolved: &Resolved,
    intent: Intent,
) -> Result<(EcsTaskDefinition, EcsService), Vec<String>> {
    let of = version_of(version);
    let definition = task_definition(&desired, &of, resolved)?;
    let spec = in_place(&service(&desired, &of, resolved, intent.count), &desired, &of, &intent);
    let metadata = metadata(group, version);
    Ok((
        EcsTaskDefinition { metadata: metadata.clone(), spec: definition, status: None },
        EcsService { metadata, spec, status: None },
    ))
}

/// The service object of a version that runs already.
pub(super) fn adopted(
    group: &ServerGroup,
    desired: Whole<'_>,
    version: &Version,
    spec: &EcsServiceSpec,
    intent: Intent,
) -> EcsService {
    let spec = in_place(spec, &desired, &version_of(version), &intent);
    EcsService { metadata: metadata(group, version), spec, status: None }
}

fn metadata(group: &ServerGroup, version: &Version) -> ObjectMeta {
    let uid = group.uid().unwrap_or_default();
    // A label's value has 63 characters at most; names of versions may be longer.
    let name: String = version.name.chars().take(63).collect();
    let labels = [
        (label::SERVER_GROUP_UID, uid.as_str()),
        (label::VERSION, name.trim_end_matches(['-', '_'])),
        (label::TEMPLATE_HASH, version.template_hash.as_str()),
    ];
    ObjectMeta {
        name: Some(child_name(&version.name)),
        namespace: group.namespace(),
        labels: Some(labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()),
        owner_references: Some(vec![OwnerReference {
            block_owner_deletion: Some(true),
            ..group.controller_owner_ref(&()).unwrap_or_default()
        }]),
        ..ObjectMeta::default()
    }
}

/// A group that may not write does not tell its versions so either.
fn mode(existing: Option<ManagementMode>, desired: &Desired) -> Option<ManagementMode> {
    let asked = desired.spec.management_mode;
    if asked.unwrap_or_default() == ManagementMode::Manage { asked } else { existing }
}

/// The spec that the service of a version should have, if it has another. While only a part of what was asked for is
/// known, its count and scaling; the rest stays as it is.
pub(super) fn aligned_service(
    existing: &EcsService,
    desired: &Desired,
    version: &Version,
    intent: Intent,
) -> Option<EcsServiceSpec> {
    let of = version_of(version);
    let wanted = if desired.whole().is_some() {
        let management_mode = mode(existing.spec.management_mode, desired);
        EcsServiceSpec { management_mode, ..in_place(&existing.spec, desired, &of, &intent) }
    } else {
        counted(&existing.spec, desired, &of, &intent)
    };
    (wanted != existing.spec).then_some(wanted)
}

/// The spec that the task definition of a version should have, if it has another; none while only a part of what was
/// asked for is known.
pub(super) fn aligned_definition(
    existing: &EcsTaskDefinition,
    desired: &Desired,
    version: &Version,
) -> Option<crate::api::EcsTaskDefinitionSpec> {
    let whole = desired.whole()?;
    let mut wanted = task_definition_in_place(&existing.spec, &whole, &version_of(version));
    wanted.management_mode = mode(existing.spec.management_mode, desired);
    (wanted != existing.spec).then_some(wanted)
}
