//! What an `EcsService` asks for, with its references resolved. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kube::{Resource as _, ResourceExt};
use serde_json::Value;

use crate::api::policy::{DeletionMode, ScalingMode};
use crate::api::{EcsService, EcsServiceSpec, EcsTaskDefinition};
use crate::controllers::context::{Found, Stores, find};
use crate::controllers::document::{document, members};
use crate::controllers::facts::Facts;
pub use crate::controllers::reference::Reference;
use crate::controllers::reference::{cluster, last_cluster, waiting};
use crate::controllers::refusal::{Refusal, problems};
use crate::diff::Change;
use crate::preflight;

/// Time without progress after which a deployment counts as stuck, when the spec does not say.
const DEADLINE: Duration = Duration::from_mins(30);

/// What the object asks for.
#[derive(Clone, Debug)]
pub struct Desired {
    /// Name of the ECS service.
    pub name: String,
    /// The spec.
    pub spec: EcsServiceSpec,
    /// Its AWS members.
    pub document: Value,
    /// Names of those members.
    pub members: BTreeSet<String>,
    /// The user's tags.
    pub tags: BTreeMap<String, String>,
    /// The cluster.
    pub cluster: Reference,
    /// The task definition.
    pub task_definition: Reference,
    /// Region of the referenced cluster.
    pub region: Option<String>,
    /// Who owns `desiredCount`.
    pub scaling: ScalingMode,
    /// How the service is deleted.
    pub deletion: DeletionMode,
    /// Time without progress after which a deployment counts as stuck.
    pub deadline: Duration,
    /// One task on each instance: the count is not ours to give.
    pub daemon: bool,
    /// Somebody else's autoscaling moves the count, or may do so.
    pub hands_off: bool,
    /// Protocols of Service Connect ports that the wanted task definition has otherwise than the running one.
    pub fixed_ports: Vec<Change>,
    refusal: Option<Refusal>,
}

impl Desired {
    /// Resolves an object against the other objects.
    pub fn resolve(object: &EcsService, stores: &Stores) -> Self {
        let namespace = object.namespace().unwrap_or_default();
        let spec = &object.spec;
        let exists = object.status.as_ref().is_some_and(|status| status.arn.is_some());
        let (cluster, region) = cluster(spec.cluster_ref.as_ref(), spec.cluster.as_deref(), stores, &namespace, exists);
        let going = spec.cluster_ref.as_ref().filter(|_| object.meta().deletion_timestamp.is_some());
        let last = going.and_then(|reference| last_cluster(reference, stores, &namespace));
        let (task_definition, referred) = task_definition(spec, stores, &namespace);
        let document = document(spec);
        let mut problems = problems(object);
        if problems.is_empty() {
            problems = preflight::service(spec).iter().map(ToString::to_string).collect();
        }
        if let (true, Some(referred)) = (problems.is_empty(), &referred) {
            let crossing = preflight::service_with_task_definition(spec, &referred.spec);
            problems = crossing.iter().map(ToString::to_string).collect();
        }
        Self {
            name: spec.service_name.clone().unwrap_or_else(|| object.name_any()),
            members: members(&document),
            document,
            tags: spec.tags.clone().unwrap_or_default(),
            cluster: last.map_or(cluster, Reference::Is),
            task_definition,
            region,
            scaling: scaling_mode(spec),
            deletion: spec.deletion_mode.unwrap_or_default(),
            deadline: spec
                .progress_deadline_seconds
                .and_then(|seconds| u64::try_from(seconds).ok())
                .map_or(DEADLINE, Duration::from_secs),
            daemon: spec.scheduling_strategy.as_deref() == Some("DAEMON"),
            hands_off: false,
            fixed_ports: Vec::new(),
            refusal: Refusal::of(&problems),
            spec: spec.clone(),
        }
    }

    /// Why no call is made for this spec. Deletion works from what exists, whatever the spec says.
    pub fn refusal(&self, facts: &Facts) -> Option<Refusal> {
        self.refusal.clone().filter(|_| !facts.deleting)
    }

    /// All that a refusal by AWS depends on: an edit, or a change of what is referred to, lifts it.
    pub fn inputs(&self, generation: i64) -> String {
        format!("{generation}/{:?}/{:?}", self.cluster, self.task_definition)
    }

    /// Is it not known yet which revision is to run?
    pub fn waits(&self) -> bool {
        matches!(self.task_definition, Reference::Waits(_))
    }

    /// Is the count ours to send?
    pub fn owns_count(&self) -> bool {
        let owner = self.scaling == ScalingMode::Managed || (self.scaling == ScalingMode::External && self.is_pinned());
        owner && !self.daemon && !self.hands_off
    }

    /// Is all of Application Auto Scaling suspended by the spec? Then nobody else moves the count, and the spec does.
    fn is_pinned(&self) -> bool {
        let suspended = self.spec.scaling.as_ref().and_then(|scaling| scaling.suspended_state.as_ref());
        suspended.is_some_and(|state| {
            state.dynamic_scaling_in_suspended == Some(true)
                && state.dynamic_scaling_out_suspended == Some(true)
                && state.scheduled_scaling_suspended == Some(true)
        })
    }

    /// The count to create the service with.
    pub fn initial_count(&self) -> Option<i32> {
        if self.daemon {
            return None;
        }
        let wanted = self.spec.desired_count.unwrap_or(1);
        let scaling = self.spec.scaling.as_ref().filter(|_| self.scaling == ScalingMode::External);
        let lowest = scaling.and_then(|scaling| scaling.min_capacity).unwrap_or(wanted);
        let highest = scaling.and_then(|scaling| scaling.max_capacity).unwrap_or(wanted);
        Some(wanted.max(lowest).min(highest.max(lowest)))
    }
}

/// Unset means `External` when the object declares autoscaling, else `Managed`.
fn scaling_mode(spec: &EcsServiceSpec) -> ScalingMode {
    let Some(scaling) = &spec.scaling else { return ScalingMode::Managed };
    let declares = scaling.min_capacity.is_some() || scaling.max_capacity.is_some();
    scaling.mode.unwrap_or(if declares { ScalingMode::External } else { ScalingMode::Managed })
}

/// Does `taskDefinitionRef` lead to another revision than the one last seen in ECS?
#[must_use]
pub fn moved_on(object: &EcsService, stores: &Stores) -> bool {
    let seen = object.status.as_ref().and_then(|status| status.task_definition_arn.as_deref());
    let (reference, _) = task_definition(&object.spec, stores, &object.namespace().unwrap_or_default());
    object.spec.task_definition_ref.is_some() && reference.value() != seen
}

/// The task definition, and the object it comes from. A reference is ready when it has a revision **for its
/// current generation**: an older one starts no rollout while a newer spec is pending.
fn task_definition(
    spec: &EcsServiceSpec,
    stores: &Stores,
    namespace: &str,
) -> (Reference, Option<std::sync::Arc<EcsTaskDefinition>>) {
    let Some(reference) = &spec.task_definition_ref else {
        return (spec.task_definition.clone().map_or(Reference::Unset, Reference::Is), None);
    };
    let name = &reference.name;
    let object = match find(&stores.task_definitions, namespace, name) {
        Found::Absent => {
            return (Reference::Waits(format!("EcsTaskDefinition `{name}` does not exist yet")), None);
        }
        Found::Undecodable(why) => {
            return (Reference::Waits(format!("EcsTaskDefinition `{name}` cannot be read: {why}")), None);
        }
        Found::Object(object) => object,
    };
    let status = object.status.clone().unwrap_or_default();
    if object.meta().deletion_timestamp.is_some() {
        return (Reference::Waits(format!("EcsTaskDefinition `{name}` is being deleted")), None);
    }
    match status.arn {
        Some(arn) if status.arn_generation == object.meta().generation => (Reference::Is(arn), Some(object)),
        _ => (Reference::Waits(waiting("EcsTaskDefinition", name, &status.conditions)), None),
    }
}
