//! What deletion of a service needs. Works from the status alone. Pure.

use std::time::Duration;

use aws_sdk_ecs::types::Service;

use super::observe::Observed;
use super::step::Step;
use super::{Desired, Reference};
use crate::api::condition::Reason;
use crate::api::policy::{DeletionMode, DeletionPolicy, ManagementMode};
use crate::controllers::conclude::count;
use crate::controllers::context::tag_map;
use crate::controllers::facts::Facts;
use crate::controllers::report::{Plan, Requeue, Verdict};
use crate::controllers::seen::Seen;

/// How often to look while tasks drain.
const DRAINING: Duration = Duration::from_secs(10);
const SOON: Duration = Duration::from_secs(2);
/// How often to look whether it is known where the service is; the cluster's object also wakes.
const LOST: Duration = Duration::from_secs(30);
/// What becomes of a service that is let go of.
pub(super) const STAYS: &str = "the service stays in ECS";

/// The plan of a pass over an object that is being deleted. `refused` counts deletions that ECS refused.
pub(super) fn plan(desired: &Desired, observed: &Observed, facts: &Facts, refused: u32) -> Plan<Step> {
    let release = |what: &str| Plan {
        steps: vec![Step::Release(what.to_owned())],
        verdict: Verdict::underway(Reason::Deleting, what),
        requeue: Requeue::Gone,
    };
    let wait = |message: String, after| Plan::rest(Verdict::underway(Reason::Deleting, message), Requeue::After(after));
    if facts.deletion == DeletionPolicy::Retain || facts.mode == ManagementMode::Observe {
        return release(STAYS);
    }
    if !observed.placed {
        return lost(desired);
    }
    let live = match &observed.service {
        Seen::Unreadable(error) => return wait(error.to_string(), SOON),
        Seen::Absent => None,
        Seen::Present(live) => Some(live).filter(|live| live.status.as_deref() != Some("INACTIVE")),
    };
    let Some(live) = live else {
        let teardown = observed.scaling.teardown(facts);
        if !teardown.is_empty() {
            return Plan {
                steps: teardown.into_iter().map(Step::Scaling).collect(),
                verdict: Verdict::underway(Reason::Deleting, "Application Auto Scaling is being taken down."),
                requeue: Requeue::After(SOON),
            };
        }
        return if observed.gone_for_sure {
            release("the service is gone")
        } else {
            wait("The service is gone; looking once more.".to_owned(), SOON)
        };
    };
    if !facts.owner.owns(&tag_map(live.tags())) {
        return release("the service is not ours");
    }
    if live.status.as_deref() == Some("DRAINING") {
        let left = usize::try_from(live.running_count).unwrap_or(0);
        return wait(format!("The service is DRAINING; {} left.", count(left, "task")), DRAINING);
    }
    Plan {
        steps: deletion(desired, observed, live, facts, refused),
        verdict: Verdict::underway(Reason::Deleting, format!("Service `{}` is being deleted.", desired.name)),
        requeue: Requeue::After(DRAINING),
    }
}

/// Nobody can look where the service may be. It may have been made all the same: the finalizer came before the call, and
/// the answer may be lost.
fn lost(desired: &Desired) -> Plan<Step> {
    let why = match &desired.cluster {
        Reference::Waits(what) => what.as_str(),
        Reference::Is(_) | Reference::Unset => "the spec names no cluster",
    };
    let message = format!(
        "{why}, so it is not known where service `{}` may be. Put the cluster back; or set `deletionPolicy: Retain`, and the object goes and what it made stays",
        desired.name
    );
    Plan::rest(Verdict::underway(Reason::DeletionBlocked, message), Requeue::After(LOST))
}

fn deletion(desired: &Desired, observed: &Observed, live: &Service, facts: &Facts, refused: u32) -> Vec<Step> {
    let cluster = live.cluster_arn.clone().unwrap_or_default();
    let service = live.service_arn.clone().unwrap_or_default();
    let daemon = live.scheduling_strategy.as_ref().is_some_and(|strategy| strategy.as_str() == "DAEMON");
    let foreign = live.deployment_controller.as_ref().is_some_and(|controller| controller.r#type.as_str() != "ECS");
    // ECS refuses a plain deletion while deployments run; tasks that were to be drained are then stopped.
    let force = daemon || foreign || desired.deletion == DeletionMode::Force || refused >= 2;
    let mut steps: Vec<Step> = observed.scaling.teardown(facts).into_iter().map(Step::Scaling).collect();
    if !force && live.desired_count > 0 {
        steps.push(Step::Drain { cluster: cluster.clone(), service: service.clone() });
    }
    steps.push(Step::Delete { cluster, service, force });
    steps
}
