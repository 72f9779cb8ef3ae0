//! What deletion of a group needs: versions without traffic first, the serving one last, then their task definitions.
//! Works from the children alone. Pure.

use std::time::Duration;

use kube::{Resource as _, ResourceExt};

use super::children::{Children, Pair, seen};
use super::plan::named;
use super::step::Step;
use crate::api::ServerGroupStatus;
use crate::api::condition::{ConditionType, Reason, find};
use crate::api::policy::{DeletionPolicy, ScalingMode};
use crate::api::shapes::policy::Scaling;
use crate::api::shapes::scaling::SuspendedState;
use crate::api::{EcsService, EcsServiceSpec, EcsTaskDefinitionSpec};
use crate::controllers::conclude::count;
use crate::controllers::report::{Plan, Requeue, Verdict};

const LOOK: Duration = Duration::from_secs(5);
/// Seconds after which versions are let go of even if their autoscaling could not be resumed.
pub(super) const PATIENCE: i64 = 300;

/// The plan of a pass over a group that is being deleted. `resets` are the writes that give the traffic back; `wait` is how
/// soon to look again while the versions go.
pub(super) fn plan(status: &ServerGroupStatus, children: &Children, resets: Vec<Step>, wait: Duration) -> Plan<Step> {
    let services: Vec<&EcsService> = children.pairs().filter_map(|pair| pair.service.as_ref()).collect();
    if !services.is_empty() {
        return waiting(services_first(status, &services), wait);
    }
    let definitions: Vec<_> = children.pairs().filter_map(|pair| pair.task_definition.as_ref()).collect();
    if !definitions.is_empty() {
        let steps = definitions
            .iter()
            .filter(|definition| definition.meta().deletion_timestamp.is_none())
            .map(|definition| Step::DeleteTaskDefinition { object: named(*definition) })
            .collect();
        let message = format!("{} left to delete.", count(definitions.len(), "task definition"));
        return waiting(deleting(steps, message), wait);
    }
    if !resets.is_empty() {
        return deleting(resets, "The traffic goes back to the first target groups.".to_owned());
    }
    Plan {
        steps: vec![Step::Release("all versions are gone".to_owned())],
        verdict: Verdict::underway(Reason::Deleting, "All versions are gone."),
        requeue: Requeue::Gone,
    }
}

/// The plan while alarms are left; `None` when there are none. `removals` is `None` when that cannot be told.
pub(super) fn alarms_first(removals: Option<Vec<Step>>) -> Option<Plan<Step>> {
    let said = if removals.is_some() { "The alarms go first." } else { "The alarms cannot be read." };
    let steps = removals.unwrap_or_default();
    (!steps.is_empty() || said.ends_with("read.")).then(|| deleting(steps, said.to_owned()))
}

/// With nothing to do until the objects of the versions are gone, which wake their group.
fn waiting(plan: Plan<Step>, wait: Duration) -> Plan<Step> {
    let Requeue::After(after) = plan.requeue else { return plan };
    let after = if plan.steps.is_empty() { after.max(wait) } else { after };
    Plan { requeue: Requeue::After(after), ..plan }
}

fn deleting(steps: Vec<Step>, message: String) -> Plan<Step> {
    Plan { steps, verdict: Verdict::underway(Reason::Deleting, message), requeue: Requeue::After(LOOK) }
}

/// Versions out of service go first; the current one, which may receive traffic, when the others are gone.
fn services_first(status: &ServerGroupStatus, services: &[&EcsService]) -> Plan<Step> {
    let current = status.current_version.as_deref();
    let is_current = |service: &&&EcsService| service.spec.service_name.as_deref() == current;
    let others = services.iter().filter(|service| !is_current(service));
    let wave: Vec<&&EcsService> = if others.clone().count() > 0 { others.collect() } else { services.iter().collect() };
    let steps = wave
        .iter()
        .filter(|service| service.meta().deletion_timestamp.is_none())
        .map(|service| Step::DeleteService { object: named(**service) })
        .collect();
    let blocked = services.iter().find_map(|service| {
        let conditions = &service.status.as_ref()?.conditions;
        let ready = find(conditions, ConditionType::Ready)?;
        let names = [Reason::DeletionBlocked.as_str(), Reason::AccessDenied.as_str()];
        names.contains(&ready.reason.as_str()).then(|| {
            let name = service.spec.service_name.clone().unwrap_or_default();
            format!("{name}: {}", ready.message)
        })
    });
    if let Some(why) = blocked {
        return Plan {
            steps,
            verdict: Verdict::underway(Reason::DeletionBlocked, why),
            requeue: Requeue::After(Duration::from_secs(30)),
        };
    }
    deleting(steps, format!("{} left to delete.", count(services.len(), "version")))
}

/// `kubectl delete --cascade=orphan`: Kubernetes takes the group's name off the objects, which live on by themselves.
pub(super) fn orphan(children: &Children, lifts: bool) -> Plan<Step> {
    let services = children.pairs().filter_map(|pair| pair.service.as_ref()).filter(|_| lifts);
    let mut steps: Vec<Step> = services
        .filter_map(|service| {
            let spec = lifted(&service.spec)?;
            let what = "autoscaling is resumed".to_owned();
            Some(Step::AlignService { object: named(service), spec: Box::new(spec), what })
        })
        .collect();
    steps.push(Step::Release("the objects of the versions stay".to_owned()));
    Plan {
        steps,
        verdict: Verdict::underway(Reason::Deleting, "The objects of the versions stay."),
        requeue: Requeue::Gone,
    }
}

/// The versions stay in ECS: their objects learn it before they are collected with the group. `lifts`: suspensions of
/// ours are lifted first; `patient`: that is waited for.
pub(super) fn keep(children: &Children, lifts: bool, patient: bool) -> Plan<Step> {
    let steps: Vec<Step> = children.pairs().flat_map(|pair| retained(pair, lifts)).collect();
    if !steps.is_empty() {
        return deleting(steps, "The versions are told to stay in ECS.".to_owned());
    }
    if patient && children.pairs().any(is_being_lifted) {
        return deleting(steps, "The autoscaling of the versions is being resumed.".to_owned());
    }
    Plan {
        steps: vec![Step::Release(stays(children))],
        verdict: Verdict::underway(Reason::Deleting, "The versions stay in ECS."),
        requeue: Requeue::Gone,
    }
}

/// What becomes of the versions, and what of it could not be put right.
fn stays(children: &Children) -> String {
    let held = |service: &&EcsService| {
        let scaling = service.status.as_ref().and_then(|status| status.scaling.as_ref());
        scaling.is_some_and(|scaling| !scaling.suspended.is_empty())
    };
    let services = children.pairs().filter_map(|pair| pair.service.as_ref());
    let names: Vec<String> = services.filter(held).map(ResourceExt::name_any).collect();
    if names.is_empty() {
        return "the versions stay in ECS".to_owned();
    }
    format!("the versions stay in ECS; the autoscaling of {} is still suspended", names.join(", "))
}

/// The spec without suspensions, if it has some. Bounds stay: a version without tasks is not to be woken by them.
fn lifted(spec: &EcsServiceSpec) -> Option<EcsServiceSpec> {
    let scaling = spec.scaling.as_ref().filter(|scaling| scaling.mode == Some(ScalingMode::External))?;
    let free = SuspendedState {
        dynamic_scaling_in_suspended: Some(false),
        dynamic_scaling_out_suspended: Some(false),
        scheduled_scaling_suspended: Some(false),
    };
    if scaling.suspended_state.as_ref().is_none_or(|state| *state == free) {
        return None;
    }
    Some(EcsServiceSpec { scaling: Some(Scaling { suspended_state: Some(free), ..scaling.clone() }), ..spec.clone() })
}

/// Is it not yet seen that Application Auto Scaling has what the spec says? What AWS refuses is not waited for.
fn is_being_lifted(pair: &Pair) -> bool {
    let Some(service) = pair.service.as_ref().filter(|service| service.meta().deletion_timestamp.is_none()) else {
        return false;
    };
    let external = service.spec.scaling.as_ref().is_some_and(|scaling| scaling.mode == Some(ScalingMode::External));
    let child = seen(pair);
    external && !child.settled && child.stalled.is_none()
}

fn retained(pair: &Pair, lifts: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(definition) = &pair.task_definition
        && definition.spec.deletion_policy != Some(DeletionPolicy::Retain)
    {
        let spec = EcsTaskDefinitionSpec { deletion_policy: Some(DeletionPolicy::Retain), ..definition.spec.clone() };
        steps.push(Step::AlignTaskDefinition { object: named(definition), spec: Box::new(spec) });
    }
    let Some(service) = &pair.service else { return steps };
    let lifted = lifted(&service.spec).filter(|_| lifts);
    if lifted.is_some() || service.spec.deletion_policy != Some(DeletionPolicy::Retain) {
        let spec = lifted.unwrap_or_else(|| service.spec.clone());
        let spec = EcsServiceSpec { deletion_policy: Some(DeletionPolicy::Retain), ..spec };
        let what = "deletionPolicy: Retain".to_owned();
        steps.push(Step::AlignService { object: named(service), spec: Box::new(spec), what });
    }
    steps
}
