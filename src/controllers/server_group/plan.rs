//! From what the stored status asks to the effects that bring it about. Pure.

use kube::{Resource as _, ResourceExt};

use super::alarms;
use super::children::{Pair, adopted, aligned_definition, aligned_service, made};
use super::desired::Desired;
use super::name::child_name;
use super::observe::Observed;
use super::render::Intent;
use super::rollout::intents::{self, Wanted};
use super::rollout::sight::Asked;
use super::scale;
use super::step::Step;
use super::traffic;
use crate::api::policy::DriftPolicy;
use crate::api::status::{Slot, Version};
use crate::api::{EcsServiceSpec, ServerGroup, ServerGroupStatus};
use crate::controllers::ownership::Owner;

/// The effects of a pass, in order: what makes before what takes away.
#[must_use]
pub(super) fn plan(
    group: &ServerGroup,
    desired: &Desired,
    asked: &Asked,
    status: &ServerGroupStatus,
    observed: &Observed,
    owner: &Owner,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut ends = Vec::new();
    for (version, wanted) in intents::children(asked, status, &observed.sight) {
        let pair = observed.children.pair(&version.name);
        match wanted {
            Wanted::Gone => {
                ends.extend(scale::uncopied(&version, &pair));
                ends.extend(gone(&pair));
            }
            Wanted::Made(intent) if pair.service.is_none() => {
                steps.extend(makes(group, desired, asked, &version, &pair, observed, intent));
            }
            Wanted::Made(intent) | Wanted::Kept(intent) => steps.extend(aligned(desired, &version, &pair, intent)),
        }
    }
    // Of weights that somebody changed in a group at rest the policy may say only to tell.
    let told_only = status.rollout.is_none() && desired.spec.drift_policy == Some(DriftPolicy::Warn);
    if !told_only && let Some(b) = intents::weight_of_b(asked, status, &observed.sight) {
        steps.extend(shifts(b, observed));
    }
    // Alarms go before the services; while nobody can tell whose they are, these wait.
    let declared = alarms::declared(desired, status, &observed.children);
    if let Some(removals) = scale::removals(status, &declared, &observed.scale, owner) {
        steps.extend(removals);
        steps.extend(ends);
    }
    steps.extend(strays(status, observed));
    if steps.iter().any(Step::is_call) && !group.finalizers().iter().any(|f| f == crate::api::names::FINALIZER) {
        steps.insert(0, Step::Claim);
    }
    steps
}

fn makes(
    group: &ServerGroup,
    desired: &Desired,
    asked: &Asked,
    version: &Version,
    pair: &Pair,
    observed: &Observed,
    intent: Intent,
) -> Vec<Step> {
    // Of a spec that is refused by now only a part is known: nothing is made of it.
    let Some(desired) = desired.whole() else { return Vec::new() };
    if version.adopted {
        let found = observed.adopted.get(&version.name);
        let taken = found.map(|found| adopted(group, desired, version, &found.spec, intent));
        return taken.into_iter().map(|service| Step::MakeService(Box::new(service))).collect();
    }
    // What was taken down is made, or nothing; and only when all names are known.
    let known = observed.error.is_none() && observed.sight.problems.is_empty() && observed.sight.waits.is_none();
    if version.template_hash != asked.hash || !known {
        return Vec::new();
    }
    let Ok((definition, service)) = made(group, desired, version, &observed.resolved, intent) else {
        return Vec::new();
    };
    let mut steps = Vec::new();
    if pair.task_definition.is_none() {
        steps.push(Step::MakeTaskDefinition(Box::new(definition)));
    }
    steps.push(Step::MakeService(Box::new(service)));
    steps
}

fn aligned(desired: &Desired, version: &Version, pair: &Pair, intent: Intent) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(existing) = pair.task_definition.as_ref().filter(|object| object.meta().deletion_timestamp.is_none())
        && let Some(spec) = aligned_definition(existing, desired, version)
    {
        steps.push(Step::AlignTaskDefinition { object: named(existing), spec: Box::new(spec) });
    }
    if let Some(existing) = pair.service.as_ref().filter(|object| object.meta().deletion_timestamp.is_none())
        && let Some(spec) = aligned_service(existing, desired, version, intent)
    {
        let what = changes(&existing.spec, &spec);
        steps.push(Step::AlignService { object: named(existing), spec: Box::new(spec), what });
    }
    steps
}

fn changes(before: &EcsServiceSpec, after: &EcsServiceSpec) -> String {
    let mut said = Vec::new();
    if before.desired_count != after.desired_count {
        let count = |spec: &EcsServiceSpec| spec.desired_count.unwrap_or_default();
        said.push(format!("desiredCount: {} → {}", count(before), count(after)));
    }
    if before.scaling != after.scaling {
        said.push("scaling".to_owned());
    }
    let rest = EcsServiceSpec { desired_count: after.desired_count, scaling: after.scaling.clone(), ..before.clone() };
    if rest != *after {
        said.push("what belongs to the whole group".to_owned());
    }
    said.join(", ")
}

fn gone(pair: &Pair) -> Vec<Step> {
    if let Some(service) = &pair.service {
        let leaving = service.meta().deletion_timestamp.is_some();
        return if leaving { Vec::new() } else { vec![Step::DeleteService { object: named(service) }] };
    }
    pair.task_definition
        .iter()
        .filter(|definition| definition.meta().deletion_timestamp.is_none())
        .map(|definition| Step::DeleteTaskDefinition { object: named(definition) })
        .collect()
}

/// What is left of a version whose service somebody deleted by hand: its task definition.
fn strays(status: &ServerGroupStatus, observed: &Observed) -> Vec<Step> {
    let known: Vec<String> = status.versions.iter().map(|version| child_name(&version.name)).collect();
    let strays = observed.children.pairs().filter(|pair| {
        let name = pair.task_definition.as_ref().and_then(|definition| definition.meta().name.as_ref());
        pair.service.is_none() && name.is_some_and(|name| !known.contains(name))
    });
    strays.flat_map(gone).collect()
}

/// Name and UID.
pub(super) fn named<K: kube::Resource>(object: &K) -> (String, String) {
    (object.meta().name.clone().unwrap_or_default(), object.meta().uid.clone().unwrap_or_default())
}

/// The writes that give the second target group this percentage on every rule.
pub(super) fn shifts(b: i32, observed: &Observed) -> Vec<Step> {
    observed
        .rules
        .iter()
        .filter_map(|(rule, matched)| {
            let actions = traffic::with_weights(rule, &matched.pair, Slot::B, b)?;
            Some(Step::Shift { rule: Box::new(rule.clone()), actions, what: format!("weights {}/{b}", 100 - b) })
        })
        .collect()
}
