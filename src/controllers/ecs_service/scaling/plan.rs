//! Decides what brings Application Auto Scaling in line with the spec. Pure.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_applicationautoscaling::types::ScalableTarget;
use aws_sdk_ecs::types::Service;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::declared::Policy;
use super::step::Step;
use super::{Holding, ScalingObserved, declared, normal};
use crate::api::Incomplete;
use crate::api::condition::Reason;
use crate::api::names::tag;
use crate::api::shapes::policy::{Scaling, ScheduledAction};
use crate::api::shapes::scaling::SuspendedState;
use crate::api::status::ScalingStatus;
use crate::controllers::ecs_service::Desired;
use crate::controllers::facts::Facts;
use crate::controllers::ownership::Ownership;
use crate::controllers::report::Verdict;
use crate::controllers::scalings::ScalingDetail;
use crate::controllers::tagging::Tagging;

/// One difference, with the call that removes it.
#[derive(Clone, Debug)]
pub(super) struct Difference {
    pub(super) step: Step,
    paths: Vec<String>,
    /// Did it appear in AWS, rather than by an edit or for want of a first call?
    drift: bool,
}

impl Difference {
    fn new(step: Step, path: impl Into<String>, drift: bool) -> Self {
        Self { step, paths: vec![path.into()], drift }
    }
}

/// The calls that bring it in line. Drift is left to `driftPolicy`.
#[must_use]
pub(in super::super) fn plan(
    desired: &Desired,
    observed: &ScalingObserved,
    live: &Service,
    facts: &Facts,
) -> Vec<Step> {
    let all = differences(desired, observed, live, facts).unwrap_or_default();
    all.into_iter().filter(|difference| facts.corrects() || !difference.drift).map(|d| d.step).collect()
}

/// Paths of what changed in AWS behind our back.
#[must_use]
pub(in super::super) fn drift(
    desired: &Desired,
    observed: &ScalingObserved,
    live: &Service,
    facts: &Facts,
) -> Vec<String> {
    let all = differences(desired, observed, live, facts).unwrap_or_default();
    all.into_iter().filter(|difference| difference.drift && !facts.edited).flat_map(|d| d.paths).collect()
}

/// Why the declared autoscaling cannot be brought about.
#[must_use]
pub(in super::super) fn refusal(
    desired: &Desired,
    observed: &ScalingObserved,
    live: &Service,
    facts: &Facts,
) -> Option<Verdict> {
    declared(desired)?;
    if let Holding::Foreign(reason, message) = observed.holding(facts) {
        return Some(Verdict::stuck(reason, message));
    }
    let incomplete = differences(desired, observed, live, facts).err()?;
    Some(Verdict::stuck(Reason::InvalidSpec, incomplete.under("scaling").to_string()))
}

pub(super) fn differences(
    desired: &Desired,
    observed: &ScalingObserved,
    live: &Service,
    facts: &Facts,
) -> Result<Vec<Difference>, Incomplete> {
    let scaling = declared(desired);
    match (scaling, observed.holding(facts)) {
        (Some(scaling), Holding::Absent) => {
            let nothing = ScalingDetail::default();
            let first = registration(scaling, observed, facts)?;
            let mut rest = contents(scaling, observed, &nothing, facts.now)?;
            // Nothing can be put on a target that is left missing.
            for difference in &mut rest {
                difference.drift |= first.drift;
            }
            rest.insert(0, first);
            Ok(rest)
        }
        (Some(scaling), holding @ (Holding::Ours | Holding::Take(_))) => {
            let mut all = tags(observed, &holding, facts);
            if let Some(target) = observed.present() {
                all.extend(bounds(scaling, observed, target, live)?);
            }
            if let Some(detail) = &observed.detail {
                all.extend(contents(scaling, observed, detail, facts.now)?);
            }
            Ok(all)
        }
        (None, Holding::Ours) => Ok(removal(observed, facts)),
        (Some(_), Holding::Unknown | Holding::Foreign(..))
        | (None, Holding::Unknown | Holding::Absent | Holding::Take(_) | Holding::Foreign(..)) => Ok(Vec::new()),
    }
}

/// The first registration, which alone carries tags.
fn registration(scaling: &Scaling, observed: &ScalingObserved, facts: &Facts) -> Result<Difference, Incomplete> {
    let request = scaling.to_register(&observed.resource)?;
    let request = request.set_tags(Some(facts.owner.tags().into_iter().collect()));
    // One that was ours and is gone is drift.
    Ok(Difference::new(Step::Register(Box::new(request)), "scaling.minCapacity", observed.owned()))
}

fn tags(observed: &ScalingObserved, holding: &Holding, facts: &Facts) -> Vec<Difference> {
    let arn = observed.present().and_then(|target| target.scalable_target_arn.as_deref());
    let (Some(arn), Some(present)) = (arn, observed.tags()) else { return Vec::new() };
    let what = format!("scalable target `{}`", observed.resource);
    let tagging = match holding {
        Holding::Take(how @ (Ownership::Adopt | Ownership::Reclaim)) => {
            Some(Tagging::taking_over(arn, &what, &facts.owner, how))
        }
        Holding::Unknown | Holding::Absent | Holding::Ours | Holding::Take(_) | Holding::Foreign(..) => {
            Tagging::of(arn, &what, &BTreeMap::new(), present, &facts.owner, &BTreeSet::new())
        }
    };
    // Setting our own marks is neither drift nor an edit.
    tagging.map(|tagging| Difference::new(Step::Tag(tagging), "scaling", false)).into_iter().collect()
}

/// Bounds, suspensions, and a count outside the bounds: one call, with only what differs.
fn bounds(
    scaling: &Scaling,
    observed: &ScalingObserved,
    target: &ScalableTarget,
    live: &Service,
) -> Result<Option<Difference>, Incomplete> {
    let mut request = Scaling::default();
    let mut paths = Vec::new();
    let mut drift = true;
    if let Some(is_drift) = bounds_differ(scaling, observed, target) {
        (request.min_capacity, request.max_capacity) = (scaling.min_capacity, scaling.max_capacity);
        drift &= is_drift;
        paths.extend((scaling.min_capacity != Some(target.min_capacity)).then(|| "scaling.minCapacity".to_owned()));
        paths.extend((scaling.max_capacity != Some(target.max_capacity)).then(|| "scaling.maxCapacity".to_owned()));
    }
    let live_state = target.suspended_state.as_ref().map(SuspendedState::from_sdk).unwrap_or_default();
    let suspension = Suspension::of(scaling, observed, &live_state);
    if !suspension.paths.is_empty() {
        request.suspended_state = Some(suspension.wanted);
        drift &= suspension.drift;
        paths.extend(suspension.paths);
    }
    let outside = !(target.min_capacity..=target.max_capacity).contains(&live.desired_count);
    if paths.is_empty() && outside && observed.may_pull {
        (request.min_capacity, request.max_capacity) = (Some(target.min_capacity), Some(target.max_capacity));
        paths.push("desiredCount".to_owned());
    }
    if paths.is_empty() {
        return Ok(None);
    }
    let step = Step::Register(Box::new(request.to_register(&observed.resource)?));
    Ok(Some(Difference { step, paths, drift }))
}

/// Do the bounds need to be registered, and is that drift? What a scheduled action sets is no difference.
fn bounds_differ(scaling: &Scaling, observed: &ScalingObserved, target: &ScalableTarget) -> Option<bool> {
    let wanted = (scaling.min_capacity, scaling.max_capacity);
    if wanted == (Some(target.min_capacity), Some(target.max_capacity)) {
        return None;
    }
    let record = observed.record.as_ref().filter(|_| observed.owned());
    let registered = record.map(|record| (record.registered_min_capacity, record.registered_max_capacity));
    if registered != Some(wanted) {
        return Some(false);
    }
    let there = observed.detail.iter().flat_map(|detail| detail.actions.iter().map(ScheduledAction::observed));
    let actions: Vec<ScheduledAction> = scaling.scheduled_actions.iter().flatten().cloned().chain(there).collect();
    let sets: Vec<_> = actions.iter().filter_map(|action| action.scalable_target_action.as_ref()).collect();
    let min_explained = wanted.0 == Some(target.min_capacity)
        || sets.iter().any(|bounds| bounds.min_capacity == Some(target.min_capacity));
    let max_explained = wanted.1 == Some(target.max_capacity)
        || sets.iter().any(|bounds| bounds.max_capacity == Some(target.max_capacity));
    (!(min_explained && max_explained)).then_some(true)
}

/// Names of the suspensions with their values.
pub(super) fn flags(state: &SuspendedState) -> [(&'static str, Option<bool>); 3] {
    [
        ("dynamicScalingInSuspended", state.dynamic_scaling_in_suspended),
        ("dynamicScalingOutSuspended", state.dynamic_scaling_out_suspended),
        ("scheduledScalingSuspended", state.scheduled_scaling_suspended),
    ]
}

struct Suspension {
    wanted: SuspendedState,
    paths: Vec<String>,
    drift: bool,
}

impl Suspension {
    /// What is declared is compared; what is not declared any more goes back to normal if it was set by us.
    fn of(scaling: &Scaling, observed: &ScalingObserved, live: &SuspendedState) -> Self {
        let declared = scaling.suspended_state.clone().unwrap_or_default();
        let record = observed.record.as_ref().filter(|_| observed.owned());
        let is_recorded = |name: &str| record.is_some_and(|record| record.suspended.iter().any(|known| known == name));
        let mut merged = serde_json::Map::new();
        let mut found = Self { wanted: SuspendedState::default(), paths: Vec::new(), drift: true };
        for ((name, said), (_, there)) in flags(&declared).into_iter().zip(flags(live)) {
            let there = there.unwrap_or(false);
            let wanted = said.or_else(|| is_recorded(name).then_some(false));
            merged.insert(name.to_owned(), json!(wanted.unwrap_or(there)));
            if wanted.is_some_and(|wanted| wanted != there) {
                found.paths.push(format!("scaling.suspendedState.{name}"));
                found.drift &= said.is_some_and(|said| said == is_recorded(name));
            }
        }
        found.wanted = serde_json::from_value(Value::Object(merged)).unwrap_or(declared);
        found
    }
}

/// Policies and scheduled actions. Only declared and recorded names are looked at: all others are somebody else's.
fn contents(
    scaling: &Scaling,
    observed: &ScalingObserved,
    detail: &ScalingDetail,
    now: Timestamp,
) -> Result<Vec<Difference>, Incomplete> {
    let record = observed.record.clone().filter(|_| observed.owned()).unwrap_or_default();
    let mut all = policies(scaling, &observed.resource, detail, &record)?;
    all.extend(actions(scaling, &observed.resource, detail, &record, now)?);
    Ok(all)
}

fn policies(
    scaling: &Scaling,
    resource: &str,
    detail: &ScalingDetail,
    record: &ScalingStatus,
) -> Result<Vec<Difference>, Incomplete> {
    let wanted = Policy::all(scaling);
    let find = |name: &str| detail.policies.iter().find(|policy| policy.policy_name == name);
    let mut gone = Vec::new();
    let mut put = Vec::new();
    for name in record.policies.iter().filter(|name| !wanted.contains_key(*name)) {
        gone.extend(find(name).map(|_| delete_policy(resource, name)));
    }
    for (name, policy) in &wanted {
        let there = find(name);
        let observed = there.and_then(Policy::observed);
        let same_kind = observed.as_ref().is_some_and(|observed| observed.list() == policy.list());
        if same_kind && observed.is_some_and(|observed| observed.normal() == policy.normal()) {
            continue;
        }
        // The kind of a policy cannot be changed.
        gone.extend((there.is_some() && !same_kind).then(|| delete_policy(resource, name)));
        let step = Step::PutPolicy(Box::new(policy.to_put(resource)?), policy.normal());
        let path = format!("scaling.{}[{name}]", policy.list());
        put.push(Difference::new(step, path, record.policies.contains(name)));
    }
    gone.extend(put);
    Ok(gone)
}

fn actions(
    scaling: &Scaling,
    resource: &str,
    detail: &ScalingDetail,
    record: &ScalingStatus,
    now: Timestamp,
) -> Result<Vec<Difference>, Incomplete> {
    let wanted: BTreeMap<&str, &ScheduledAction> = scaling
        .scheduled_actions
        .iter()
        .flatten()
        .filter_map(|action| Some((action.scheduled_action_name.as_deref()?, action)))
        .collect();
    let find = |name: &str| detail.actions.iter().find(|action| action.scheduled_action_name == name);
    let mut all = Vec::new();
    for name in record.actions.iter().filter(|name| !wanted.contains_key(name.as_str())) {
        all.extend(find(name).map(|_| delete_action(resource, name)));
    }
    for (name, action) in wanted {
        let there = find(name).map(|there| normal::action(&ScheduledAction::observed(there)));
        let content = normal::action(action);
        let schedule = action.schedule.as_deref().unwrap_or_default();
        if there.as_ref() == Some(&content) || normal::has_passed(schedule, action.timezone.as_deref(), now) {
            continue;
        }
        let step = Step::PutAction(Box::new(action.to_put(resource)?), content);
        let is_recorded = record.actions.iter().any(|known| known == name);
        all.push(Difference::new(step, format!("scaling.scheduledActions[{name}]"), is_recorded));
    }
    Ok(all)
}

/// Takes down what is ours after it left the spec. A target that holds somebody else's policies is let go of.
fn removal(observed: &ScalingObserved, facts: &Facts) -> Vec<Difference> {
    let Some(detail) = &observed.detail else { return Vec::new() };
    let resource = observed.resource.as_str();
    let record = observed.record.clone().filter(|_| observed.owned()).unwrap_or_default();
    let (policies, foreign_policies): (Vec<_>, Vec<_>) =
        detail.policies.iter().map(|policy| &policy.policy_name).partition(|name| record.policies.contains(name));
    let (actions, foreign_actions): (Vec<_>, Vec<_>) = detail
        .actions
        .iter()
        .map(|action| &action.scheduled_action_name)
        .partition(|name| record.actions.contains(name));
    if foreign_policies.is_empty() && foreign_actions.is_empty() {
        let step = Step::Deregister { resource: resource.to_owned() };
        return vec![Difference::new(step, "scaling", false)];
    }
    let mut all: Vec<Difference> = policies.into_iter().map(|name| delete_policy(resource, name)).collect();
    all.extend(actions.into_iter().map(|name| delete_action(resource, name)));
    let mut marks: Vec<String> = facts.owner.tags().into_keys().collect();
    marks.push(tag::ORIGIN.to_owned());
    let arn = observed.present().and_then(|target| target.scalable_target_arn.clone());
    if let Some(arn) = arn {
        let tagging = Tagging {
            arn,
            what: format!("scalable target `{resource}`"),
            set: BTreeMap::new(),
            remove: marks,
            why: crate::controllers::tagging::Why::Upkeep,
        };
        all.push(Difference::new(Step::Tag(tagging), "scaling", false));
    }
    all
}

fn delete_policy(resource: &str, name: &str) -> Difference {
    let step = Step::DeletePolicy { resource: resource.to_owned(), name: name.to_owned() };
    Difference::new(step, "scaling", false)
}

fn delete_action(resource: &str, name: &str) -> Difference {
    let step = Step::DeleteAction { resource: resource.to_owned(), name: name.to_owned() };
    Difference::new(step, "scaling", false)
}
