//! What the status remembers of scaling, and the events it gives rise to. Pure.

use std::collections::BTreeSet;

use super::step::Step;
use super::{Holding, ScalingObserved, declared, plan};
use crate::api::shapes::policy::Scaling;
use crate::api::shapes::scaling::SuspendedState;
use crate::api::status::ScalingStatus;
use crate::controllers::ecs_service::Desired;
use crate::controllers::events::{EventReason, Happening};
use crate::controllers::facts::Facts;
use crate::controllers::seen::Seen;

/// `status.scaling` after a pass that did these steps.
#[must_use]
pub(in super::super) fn record(
    desired: &Desired,
    observed: &ScalingObserved,
    did: &[&Step],
    facts: &Facts,
) -> Option<ScalingStatus> {
    let target = match &observed.target {
        // Nobody looked, or nobody knows.
        None | Some(Seen::Unreadable(_)) => return observed.record.clone().filter(|_| !deregistered(did)),
        Some(seen) => seen.present(),
    };
    let registered = did.iter().any(|step| matches!(step, Step::Register(_)));
    let taken = did.iter().any(|step| matches!(step, Step::Tag(tagging) if tagging.remove.is_empty()));
    let ours = registered || taken || observed.holding(facts) == Holding::Ours;
    let bounds = target.map(|target| (target.min_capacity, target.max_capacity));
    if !ours {
        let (min, max) = bounds.filter(|_| observed.contested(desired, facts))?;
        let foreign = ScalingStatus { min_capacity: Some(min), max_capacity: Some(max), ..ScalingStatus::default() };
        return Some(ScalingStatus { contested: true, ..foreign });
    }
    let left = declared(desired).is_none() && let_go(did);
    if deregistered(did) || left {
        return None;
    }
    let mut status = observed.record.clone().filter(|_| observed.owned()).unwrap_or_default();
    status.contested = false;
    status.min_capacity = bounds.map(|(min, _)| min);
    status.max_capacity = bounds.map(|(_, max)| max);
    if let Some(scaling) = declared(desired) {
        declare(&mut status, scaling, observed);
    }
    for step in did {
        note(&mut status, declared(desired), step);
    }
    Some(status)
}

fn deregistered(did: &[&Step]) -> bool {
    did.iter().any(|step| matches!(step, Step::Deregister { .. }))
}

/// Were our marks taken off a target that stays?
fn let_go(did: &[&Step]) -> bool {
    did.iter().any(|step| matches!(step, Step::Tag(tagging) if !tagging.remove.is_empty()))
}

/// What stands in AWS as declared is ours from now on; what is gone there is not.
fn declare(status: &mut ScalingStatus, scaling: &Scaling, observed: &ScalingObserved) {
    if (status.min_capacity, status.max_capacity) == (scaling.min_capacity, scaling.max_capacity) {
        status.registered_min_capacity = scaling.min_capacity;
        status.registered_max_capacity = scaling.max_capacity;
    }
    let live = observed.present().and_then(|target| target.suspended_state.clone());
    let live = live.as_ref().map(SuspendedState::from_sdk).unwrap_or_default();
    let said = scaling.suspended_state.clone().unwrap_or_default();
    for ((name, said), (_, there)) in plan::flags(&said).into_iter().zip(plan::flags(&live)) {
        match (said, there.unwrap_or(false)) {
            (Some(true), true) => add(&mut status.suspended, name),
            (_, false) => status.suspended.retain(|known| known != name),
            (Some(false) | None, true) => {}
        }
    }
    let Some(detail) = &observed.detail else { return };
    let there: BTreeSet<&str> = detail.policies.iter().map(|policy| policy.policy_name.as_str()).collect();
    status.policies.retain(|name| there.contains(name.as_str()));
    for name in super::declared::Policy::all(scaling).keys().filter(|name| there.contains(name.as_str())) {
        add(&mut status.policies, name);
    }
    let there: BTreeSet<&str> = detail.actions.iter().map(|action| action.scheduled_action_name.as_str()).collect();
    status.actions.retain(|name| there.contains(name.as_str()));
    for action in scaling.scheduled_actions.iter().flatten() {
        if let Some(name) = action.scheduled_action_name.as_deref().filter(|name| there.contains(name)) {
            add(&mut status.actions, name);
        }
    }
}

/// A call that was made.
fn note(status: &mut ScalingStatus, scaling: Option<&Scaling>, step: &Step) {
    match step {
        Step::Register(request) => {
            if let (Some(min), Some(max)) = (request.get_min_capacity(), request.get_max_capacity()) {
                (status.min_capacity, status.max_capacity) = (Some(*min), Some(*max));
                // Not so when bounds that a scheduled action set were registered again.
                if scaling.is_some_and(|said| said.min_capacity == Some(*min) && said.max_capacity == Some(*max)) {
                    (status.registered_min_capacity, status.registered_max_capacity) = (Some(*min), Some(*max));
                }
            }
            if let Some(state) = request.get_suspended_state() {
                for (name, flag) in plan::flags(&SuspendedState::from_sdk(state)) {
                    status.suspended.retain(|known| known != name);
                    if flag == Some(true) {
                        add(&mut status.suspended, name);
                    }
                }
            }
        }
        Step::PutPolicy(request, _) => {
            request.get_policy_name().iter().for_each(|name| add(&mut status.policies, name));
        }
        Step::DeletePolicy { name, .. } => status.policies.retain(|known| known != name),
        Step::PutAction(request, _) => {
            request.get_scheduled_action_name().iter().for_each(|name| add(&mut status.actions, name));
        }
        Step::DeleteAction { name, .. } => status.actions.retain(|known| known != name),
        Step::Tag(_) | Step::Deregister { .. } => {}
    }
}

/// Adds to a sorted list.
fn add(names: &mut Vec<String>, name: &str) {
    if let Err(place) = names.binary_search_by(|known| known.as_str().cmp(name)) {
        names.insert(place, name.to_owned());
    }
}

/// Events about whose the count is; each is told once.
#[must_use]
pub(in super::super) fn happenings(
    desired: &Desired,
    observed: &ScalingObserved,
    after: Option<&ScalingStatus>,
) -> Vec<Happening> {
    let mut all = Vec::new();
    let was = observed.record.as_ref().is_some_and(|record| record.contested);
    if let Some(status) = after.filter(|after| after.contested && !was) {
        let range = |bound: Option<i32>| bound.map_or("?".to_owned(), |bound| bound.to_string());
        let note = format!(
            "Scalable target `{}` ({} to {} tasks) is not ours and moves the count: `desiredCount` is not sent. Remove it in AWS, or set `scaling.mode: External`.",
            observed.resource,
            range(status.min_capacity),
            range(status.max_capacity)
        );
        all.push(Happening::new(EventReason::ScalingContested, note));
    }
    if let Some((from, to)) = observed.recounted {
        let note = format!(
            "`desiredCount` was edited from {from} to {to}, which has no effect under scaling mode `{}`.",
            desired.scaling
        );
        all.push(Happening::new(EventReason::ScaleIgnored, note));
    }
    all
}
