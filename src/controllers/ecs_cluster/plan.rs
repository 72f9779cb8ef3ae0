//! Decides what to do about a cluster: desired × observed × facts → plan. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use aws_sdk_ecs::operation::create_cluster::builders::CreateClusterInputBuilder;
use aws_sdk_ecs::operation::put_cluster_capacity_providers::builders::PutClusterCapacityProvidersInputBuilder;
use aws_sdk_ecs::operation::update_cluster::builders::UpdateClusterInputBuilder;
use aws_sdk_ecs::operation::update_cluster_settings::builders::UpdateClusterSettingsInputBuilder;
use aws_sdk_ecs::types::Cluster;

use super::Desired;
use super::observe::Observed;
use crate::api::EcsClusterSpec;
use crate::api::condition::Reason;
use crate::api::policy::{DeletionPolicy, ManagementMode};
use crate::controllers::conclude::count;
use crate::controllers::context::{tag_list, tag_map};
use crate::controllers::document::document;
use crate::controllers::facts::Facts;
use crate::controllers::ownership::Ownership;
use crate::controllers::report::{Plan, Requeue, Verdict};
use crate::controllers::seen::Seen;
use crate::controllers::tagging::Tagging;
use crate::controllers::target::Target;
use crate::diff::effect::{ClusterCall, cluster_call};
use crate::diff::{self, Change};

/// ECS needs a moment before it tells of a change.
const SOON: Duration = Duration::from_secs(2);

/// What becomes of a cluster that is let go of.
pub(super) const STAYS: &str = "the cluster stays in ECS";

/// One effect, with its exact request.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Adds the finalizer, before anything is made.
    Claim,
    /// Makes the cluster.
    Create(Box<CreateClusterInputBuilder>),
    /// Sets or removes tags.
    Tag(Tagging),
    /// Changes settings.
    UpdateSettings(Box<UpdateClusterSettingsInputBuilder>, Vec<Change>),
    /// Changes configuration and Service Connect defaults.
    Update(Box<UpdateClusterInputBuilder>, Vec<Change>),
    /// Replaces capacity providers and default strategy.
    PutCapacityProviders(Box<PutClusterCapacityProvidersInputBuilder>, Vec<Change>),
    /// Deletes the cluster with this ARN.
    Delete(String),
    /// Removes the finalizer; the text says what becomes of the cluster.
    Release(String),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |changes: &[Change]| changes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Self::Claim => f.write_str("add the finalizer"),
            Self::Create(request) => write!(f, "CreateCluster {}", request.get_cluster_name().as_deref().unwrap_or("")),
            Self::Tag(tagging) => tagging.fmt(f),
            Self::UpdateSettings(_, changes) => write!(f, "UpdateClusterSettings {}", list(changes)),
            Self::Update(_, changes) => write!(f, "UpdateCluster {}", list(changes)),
            Self::PutCapacityProviders(_, changes) => write!(f, "PutClusterCapacityProviders {}", list(changes)),
            Self::Delete(arn) => write!(f, "DeleteCluster {arn}"),
            Self::Release(what) => write!(f, "remove the finalizer ({what})"),
        }
    }
}

impl Step {
    /// Does it change something in AWS?
    #[must_use]
    pub fn is_call(&self) -> bool {
        !matches!(self, Self::Claim | Self::Release(_))
    }
}

/// The plan of one pass.
#[must_use]
pub fn plan(desired: &Desired, observed: &Observed, facts: &Facts) -> Plan<Step> {
    if facts.deleting {
        return removal(desired, observed, facts);
    }
    let live = match &observed.cluster {
        Seen::Unreadable(error) => {
            return Plan::rest(
                Verdict::underway(Reason::ProgressingWithRetry, error.to_string()),
                Requeue::After(SOON),
            );
        }
        Seen::Absent if observed.known && !observed.gone_for_sure => {
            let message = format!("Cluster `{}` is not in ECS any more; looking once more.", desired.name);
            return Plan::rest(Verdict::underway(Reason::Progressing, message), Requeue::After(SOON));
        }
        Seen::Absent => return creation(desired, facts),
        Seen::Present(cluster) => cluster,
    };
    match live.status.as_deref() {
        Some("INACTIVE") => creation(desired, facts),
        Some("ACTIVE") => upkeep(desired, live, facts),
        Some("FAILED") => Plan::rest(
            Verdict::stuck(
                Reason::DeploymentFailed,
                format!(
                    "ECS could not provision cluster `{}` (status FAILED); delete it in ECS, and it is made anew",
                    desired.name
                ),
            ),
            Requeue::Sweep,
        ),
        other => Plan::rest(
            Verdict::underway(
                Reason::Progressing,
                format!("Cluster `{}` is {}.", desired.name, other.unwrap_or("in an unknown state")),
            ),
            Requeue::After(Duration::from_secs(5)),
        ),
    }
}

fn creation(desired: &Desired, facts: &Facts) -> Plan<Step> {
    if facts.mode == ManagementMode::Observe {
        let message = format!("ECS has no cluster `{}`; `managementMode: Observe` does not make one", desired.name);
        return Plan::rest(Verdict::stuck(Reason::ResourceMissing, message), Requeue::Sweep);
    }
    let mut tags = desired.tags.clone();
    tags.extend(facts.owner.tags());
    let request = match desired.spec.to_create(&desired.name) {
        Ok(request) => request.set_tags(Some(tag_list(&tags))),
        Err(incomplete) => {
            return Plan::rest(Verdict::stuck(Reason::InvalidSpec, incomplete.to_string()), Requeue::Sweep);
        }
    };
    Plan {
        steps: vec![Step::Claim, Step::Create(Box::new(request))],
        verdict: Verdict::underway(Reason::Progressing, format!("Cluster `{}` is being created.", desired.name)),
        requeue: Requeue::After(SOON),
    }
}

/// What an existing, ACTIVE cluster needs.
fn upkeep(desired: &Desired, live: &Cluster, facts: &Facts) -> Plan<Step> {
    let tags = tag_map(live.tags());
    let arn = live.cluster_arn.clone().unwrap_or_default();
    let what = format!("ECS cluster `{}`", desired.name);
    if facts.mode != ManagementMode::Observe {
        match facts.owner.judge(&tags, facts.adoption, &what) {
            Ownership::Ours => {}
            Ownership::Refused(reason, message) => {
                return Plan::rest(Verdict::stuck(reason, message), Requeue::Sweep);
            }
            taken @ (Ownership::Reclaim | Ownership::Adopt) => {
                let tagging = Tagging::taking_over(&arn, &what, &facts.owner, &taken);
                return Plan {
                    steps: vec![Step::Claim, Step::Tag(tagging)],
                    verdict: Verdict::underway(Reason::Progressing, format!("{what} is being taken over.")),
                    requeue: Requeue::After(SOON),
                };
            }
        }
    }
    let target = target(desired, live, &facts.owned_fields);
    let mut steps = Vec::new();
    if facts.mode != ManagementMode::Observe && !facts.claimed {
        steps.push(Step::Claim);
    }
    if facts.mode != ManagementMode::Observe && facts.corrects() {
        if let Some(wait) = corrections(desired, live, &target, &mut steps) {
            return wait;
        }
        steps.extend(Tagging::of(&arn, &what, &desired.tags, &tags, &facts.owner, &facts.owned_fields).map(Step::Tag));
    }
    let calls = steps.iter().filter(|step| step.is_call()).count();
    if calls > 0 {
        let message = format!("{} to bring cluster `{}` in line.", count(calls, "call"), desired.name);
        return Plan { steps, verdict: Verdict::underway(Reason::Progressing, message), requeue: Requeue::After(SOON) };
    }
    if live.attachments_status.as_deref() == Some("UPDATE_FAILED") {
        let message = format!("ECS could not attach the capacity providers of cluster `{}`", desired.name);
        return Plan { steps, verdict: Verdict::stuck(Reason::DeploymentFailed, message), requeue: Requeue::Sweep };
    }
    if live.attachments_status.as_deref() == Some("UPDATE_IN_PROGRESS") {
        let message = format!("ECS is attaching the capacity providers of cluster `{}`.", desired.name);
        let verdict = Verdict::underway(Reason::Progressing, message);
        return Plan { steps, verdict, requeue: Requeue::After(Duration::from_secs(5)) };
    }
    let message = format!(
        "{}, {} running.",
        count(usize::try_from(live.active_services_count).unwrap_or(0), "service"),
        count(usize::try_from(live.running_tasks_count).unwrap_or(0), "task")
    );
    Plan { steps, verdict: Verdict::settled(message), requeue: Requeue::Sweep }
}

/// How far the cluster is from what is declared, members that left the spec included.
pub(super) fn target(desired: &Desired, live: &Cluster, owned: &BTreeSet<String>) -> Target {
    let mut declared = desired.document.clone();
    let mut observed = document(&EcsClusterSpec::observed(live));
    for side in [&mut declared, &mut observed] {
        if let Some(members) = side.as_object_mut() {
            members.remove("clusterName");
        }
    }
    let removed = diff::removed::cluster_removed(owned, &declared, &observed);
    Target::new(&declared, diff::cluster::diff(&declared, &observed), removed)
}

/// Adds the calls that set the differences back; or says what has to be waited for.
fn corrections(desired: &Desired, live: &Cluster, target: &Target, steps: &mut Vec<Step>) -> Option<Plan<Step>> {
    let stuck = |message: String| Some(Plan::rest(Verdict::stuck(Reason::InvalidSpec, message), Requeue::Sweep));
    let spec: EcsClusterSpec = match serde_json::from_value(target.document.clone()) {
        Ok(spec) => spec,
        Err(error) => return stuck(error.to_string()),
    };
    let by_call = |call: ClusterCall| -> Vec<Change> {
        target.changes.iter().filter(|change| cluster_call(change) == call).cloned().collect()
    };
    let (settings, other, capacity) = (
        by_call(ClusterCall::UpdateClusterSettings),
        by_call(ClusterCall::UpdateCluster),
        by_call(ClusterCall::PutClusterCapacityProviders),
    );
    if !settings.is_empty() {
        match spec.to_update_settings(&desired.name) {
            Ok(request) => steps.push(Step::UpdateSettings(Box::new(request), settings)),
            Err(error) => return stuck(error.to_string()),
        }
    }
    if !other.is_empty() {
        let members: BTreeSet<&str> = other.iter().map(Change::member).collect();
        match spec.to_update(&members, &desired.name) {
            Ok(request) => steps.push(Step::Update(Box::new(request), other)),
            Err(error) => return stuck(error.to_string()),
        }
    }
    if !capacity.is_empty() {
        if live.attachments_status.as_deref() == Some("UPDATE_IN_PROGRESS") {
            let message = format!("Cluster `{}` is still attaching capacity providers.", desired.name);
            return Some(Plan {
                steps: std::mem::take(steps),
                // The edit is still to be made, and this reason tells the next pass so.
                verdict: Verdict::underway(Reason::ProgressingWithRetry, message),
                requeue: Requeue::After(Duration::from_secs(5)),
            });
        }
        // The call replaces both lists: what the spec does not speak of goes back as it is.
        let shown = EcsClusterSpec::observed(live);
        let whole = EcsClusterSpec {
            capacity_providers: spec.capacity_providers.clone().or(shown.capacity_providers),
            default_capacity_provider_strategy: spec
                .default_capacity_provider_strategy
                .clone()
                .or(shown.default_capacity_provider_strategy),
            ..spec.clone()
        };
        match whole.to_put_capacity_providers(&desired.name) {
            Ok(request) => steps.push(Step::PutCapacityProviders(Box::new(request), capacity)),
            Err(error) => return stuck(error.to_string()),
        }
    }
    None
}

/// What deletion needs.
fn removal(desired: &Desired, observed: &Observed, facts: &Facts) -> Plan<Step> {
    let release = |what: &str| Plan {
        steps: vec![Step::Release(what.to_owned())],
        verdict: Verdict::underway(Reason::Deleting, what),
        requeue: Requeue::Gone,
    };
    let wait = |reason, message: String, after| Plan::rest(Verdict::underway(reason, message), Requeue::After(after));
    if facts.deletion == DeletionPolicy::Retain || facts.mode == ManagementMode::Observe {
        return release(STAYS);
    }
    let live = match &observed.cluster {
        Seen::Unreadable(error) => return wait(Reason::Deleting, error.to_string(), SOON),
        Seen::Absent => None,
        Seen::Present(cluster) => Some(cluster).filter(|cluster| cluster.status.as_deref() != Some("INACTIVE")),
    };
    let Some(live) = live else {
        return if observed.gone_for_sure {
            release("the cluster is gone")
        } else {
            wait(Reason::Deleting, "The cluster is gone; looking once more.".to_owned(), SOON)
        };
    };
    let tags: BTreeMap<String, String> = tag_map(live.tags());
    if !facts.owner.owns(&tags) {
        return release("the cluster is not ours");
    }
    if live.status.as_deref() == Some("DEPROVISIONING") {
        return wait(Reason::Deleting, "The cluster is DEPROVISIONING.".to_owned(), Duration::from_secs(5));
    }
    if let Some(message) = blocked(desired, live) {
        return wait(Reason::DeletionBlocked, message, facts.blocked);
    }
    Plan {
        steps: vec![Step::Delete(live.cluster_arn.clone().unwrap_or_default())],
        verdict: Verdict::underway(Reason::Deleting, format!("Cluster `{}` is being deleted.", desired.name)),
        requeue: Requeue::After(SOON),
    }
}

/// What still runs in the cluster.
fn blocked(desired: &Desired, live: &Cluster) -> Option<String> {
    let mut still = Vec::new();
    if !desired.dependants.is_empty() {
        still.push(format!("EcsService {}", desired.dependants.join(", ")));
    }
    for (number, noun) in [
        (live.active_services_count, "active service"),
        (live.running_tasks_count.saturating_add(live.pending_tasks_count), "task"),
        (live.registered_container_instances_count, "container instance"),
    ] {
        if number > 0 {
            still.push(format!("{} in ECS", count(usize::try_from(number).unwrap_or(0), noun)));
        }
    }
    (!still.is_empty()).then(|| format!("Cluster `{}` is still needed by {}.", desired.name, still.join(" and ")))
}
