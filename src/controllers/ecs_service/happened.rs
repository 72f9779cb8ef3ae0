//! The events of a pass over a service: what was done, and what the rollout came to. Pure.

use super::Desired;
use super::content::rolls;
use super::plan::Situation;
use super::requests::Requests;
use super::rollout::{Ending, ending};
use super::step::Step;
use crate::api::policy::DeletionPolicy;
use crate::api::status::{EcsServiceStatus, Rollout};
use crate::controllers::events::{EventReason, Happening};

/// All events of a pass.
#[must_use]
pub(super) fn happenings(
    desired: &Desired,
    at: &Situation<'_>,
    did: &[Step],
    after: &EcsServiceStatus,
    asked: &Requests,
) -> Vec<Happening> {
    let mut all: Vec<Happening> = did.iter().filter_map(|step| done(step, desired, at)).collect();
    all.extend(rollout(at.status.rollout.as_ref(), after.rollout.as_ref()));
    for task in &after.stopped_tasks {
        if !at.status.stopped_tasks.iter().any(|known| known.id == task.id) {
            let runs = task.task_definition.as_deref().unwrap_or("?");
            let note = format!("Task {} of {runs} stopped: {}", task.id, task.reason);
            all.push(Happening::new(EventReason::TaskStopped, note));
        }
    }
    all.extend(asked.ignored.iter().map(|note| Happening::new(EventReason::RequestIgnored, note.clone())));
    all
}

fn done(step: &Step, desired: &Desired, at: &Situation<'_>) -> Option<Happening> {
    let name = &desired.name;
    match step {
        Step::Claim | Step::Record(_) | Step::Drain { .. } => None,
        Step::Create(_) => Some(Happening::new(EventReason::Created, format!("Created ECS service `{name}`."))),
        Step::Tag(tagging) => tagging.happening(),
        Step::Update(_, changes) => {
            let list = changes.iter().map(|(change, _)| change.to_string()).collect::<Vec<_>>().join(", ");
            let by_reference = changes.iter().all(|(change, _)| change.member() == "taskDefinition")
                && desired.spec.task_definition_ref.is_some();
            let only_count =
                changes.iter().all(|(change, effect)| change.member() == "desiredCount" && !rolls(*effect));
            Some(if !at.facts.edited && !by_reference {
                Happening::new(EventReason::DriftCorrected, format!("Set ECS service `{name}` back: {list}"))
            } else if only_count {
                Happening::new(EventReason::Scaled, format!("Scaled ECS service `{name}`: {list}"))
            } else {
                Happening::new(EventReason::Updated, format!("Updated ECS service `{name}`: {list}"))
            })
        }
        Step::Force(_) => Some(Happening::new(
            EventReason::Restarted,
            format!("Started a forced deployment of ECS service `{name}`."),
        )),
        Step::Continue { hook, roll_back: false, .. } => {
            Some(Happening::new(EventReason::GateOpened, format!("Opened gate {hook}.")))
        }
        Step::Continue { hook, .. } => {
            Some(Happening::new(EventReason::GateOpened, format!("Answered gate {hook} with a rollback.")))
        }
        Step::Stop(_) => Some(Happening::new(EventReason::Updated, "Asked ECS to stop the deployment and roll back.")),
        Step::Scaling(step) => step.happening(),
        Step::Delete { .. } => Some(Happening::new(EventReason::Deleted, format!("Deleted ECS service `{name}`."))),
        Step::Release(what) => (at.facts.deletion == DeletionPolicy::Retain)
            .then(|| Happening::new(EventReason::Retained, format!("Let go of ECS service `{name}`: {what}."))),
    }
}

/// What became of the rollout since the last pass.
fn rollout(before: Option<&Rollout>, after: Option<&Rollout>) -> Vec<Happening> {
    let Some(after) = after else { return Vec::new() };
    let same = before.filter(|before| before.id == after.id);
    let brings = after.task_definition.as_deref().unwrap_or("?");
    let mut all = Vec::new();
    if same.is_none() {
        let from = after.previous_task_definition.as_deref().map(|from| format!(" (was {from})")).unwrap_or_default();
        let note = format!("Deployment {} brings {brings}{from}.", after.id);
        all.push(Happening::new(EventReason::RolloutStarted, note));
    }
    let stage = |rollout: &Rollout| (rollout.stage.clone(), rollout.weights.clone(), rollout.promote_with.clone());
    if same.is_some_and(|same| stage(same) != stage(after)) && ending(after) == Ending::Open && after.stage.is_some() {
        all.push(Happening::new(EventReason::RolloutStepped, format!("Deployment {}: {}.", after.id, after.display)));
    }
    let was = same.map_or(Ending::Open, ending);
    let now = ending(after);
    if was != now {
        let why = after.reason.as_deref().unwrap_or("ECS gave no reason.");
        let (reason, note) = match now {
            Ending::Open => return all,
            Ending::Completed => (EventReason::RolloutCompleted, format!("{brings} is live.")),
            Ending::Failed => (EventReason::RolloutFailed, format!("Deployment of {brings} failed. ECS: {why}")),
            Ending::RolledBack => {
                let to = after.previous_task_definition.as_deref().unwrap_or("the earlier revision");
                (EventReason::RolledBack, format!("Deployment of {brings} failed; {to} runs again. ECS: {why}"))
            }
            Ending::Stopped => (EventReason::RolloutFailed, format!("Deployment of {brings} was stopped. ECS: {why}")),
        };
        all.push(Happening::new(reason, note));
    }
    all
}
