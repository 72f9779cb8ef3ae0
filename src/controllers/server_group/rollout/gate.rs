//! When a version is healthy enough to go on, and when it has failed. Pure.

use super::clock::{overdue, since};
use super::sight::{Asked, Child, Sight};
use crate::api::condition::Reason;
use crate::api::status::{GroupRollout, StepKind, StoppedTask};

/// Seconds that a version with traffic may be short of healthy tasks.
const WATCH: i64 = 60;

/// Why a rollout has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Reason of the condition.
    pub reason: Reason,
    /// What happened, for people.
    pub message: String,
}

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self { reason: Reason::DeploymentFailed, message: message.into() }
    }
}

/// Healthy tasks of a version, as read in this pass; none when they were not read.
#[must_use]
pub fn healthy(version: &str, sight: &Sight) -> i32 {
    sight.health.get(version).map_or(0, |instances| instances.healthy)
}

/// Are enough tasks of a version of `n` healthy at this moment?
#[must_use]
pub fn holds(version: &str, n: i32, asked: &Asked, sight: &Sight) -> bool {
    healthy(version, sight) >= asked.gate.need(n)
}

/// What the gate of `n` tasks still waits for; `None` when it passes but for the time.
#[must_use]
pub fn waits(version: &str, n: i32, asked: &Asked, sight: &Sight) -> Option<String> {
    let child = sight.child(version);
    if !child.service {
        return Some(format!("EcsService of {version} is not there yet"));
    }
    if child.asked != n || !child.settled || child.desired != n {
        return Some(format!("{version} is being set to {n} tasks{}", child.hindrance()));
    }
    let healthy = healthy(version, sight);
    let need = asked.gate.need(n);
    if healthy < need {
        let why = sight.unwell.first().map(|why| format!("; {why}")).unwrap_or_default();
        return Some(format!("{healthy} of {n} tasks of {version} healthy, {need} needed{why}"));
    }
    let whole = asked.gate.healthy_percent >= 100 && n > 0;
    if whole && child.deployment.as_deref() != Some("COMPLETED") {
        let state = child.deployment.as_deref().unwrap_or("not known");
        return Some(format!("the deployment of {version} is {state}"));
    }
    None
}

/// Why the rollout has failed, if it has. Looked at from the creation of the new version on.
#[must_use]
pub fn failure(rollout: &GroupRollout, asked: &Asked, sight: &Sight) -> Option<Failure> {
    let version = &rollout.to;
    let child = sight.child(version);
    let stop = child.stopped.first().map(last_stop).unwrap_or_default();
    if let Some(why) = &child.task_definition_stalled {
        return Some(Failure::new(format!("the task definition of {version} cannot be registered: {why}")));
    }
    if let Some(state) = child.deployment.as_deref().filter(|state| gave_up(state)) {
        let why = child.deployment_reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        return Some(Failure::new(format!("ECS gave up the deployment of {version} ({state}){why}{stop}")));
    }
    if let Some((reason, message)) = &child.stalled {
        return Some(Failure::new(format!("the service of {version} is stalled ({reason}): {message}")));
    }
    if let Some(reason) = permanent(&child.stopped) {
        return Some(Failure::new(format!("tasks of {version} cannot start: {reason}")));
    }
    let most = asked.gate.max_failed_tasks(rollout.target);
    let failed = failed_tasks(&child);
    if failed >= most {
        return Some(Failure::new(format!(
            "{failed} tasks of {version} failed (`gate.maxFailedTasks` is {most}){stop}"
        )));
    }
    if let Some(alarm) = sight.firing.first() {
        return Some(Failure::new(format!("alarm `{alarm}` is in ALARM")));
    }
    if watched(rollout) && since(rollout.unhealthy_since.as_ref(), sight.now) >= WATCH {
        let healthy = healthy(version, sight);
        return Some(Failure::new(format!("only {healthy} tasks of {version} have been healthy for {WATCH} s{stop}")));
    }
    overdue(rollout, &asked.gate, sight.now).map(|message| Failure {
        reason: Reason::ProgressDeadlineExceeded,
        message: format!("{message}: {}{stop}", rollout.message),
    })
}

/// Steps in which the new version serves at a size that it has reached before.
#[must_use]
pub fn watched(rollout: &GroupRollout) -> bool {
    matches!(
        rollout.step,
        StepKind::Shifting
            | StepKind::Waiting
            | StepKind::Paused
            | StepKind::Analysing
            | StepKind::ShrinkingOld
            | StepKind::DisablingOld
    )
}

fn gave_up(state: &str) -> bool {
    ["FAILED", "ROLLED_BACK", "ROLLBACK_FAILED", "ROLLING_BACK", "STOPPED"].contains(&state)
}

fn last_stop(task: &StoppedTask) -> String {
    format!("; task {} stopped: {}", task.id, task.reason)
}

/// Counted by us, for ECS begins anew whenever a task runs.
fn failed_tasks(child: &Child) -> i32 {
    let own = child.stopped.iter().filter(|task| is_failure(task)).count();
    child.failed_tasks.max(i32::try_from(own).unwrap_or(i32::MAX))
}

/// Stopped because it failed: not by a person, a scale-in or the end of a Spot instance.
fn is_failure(task: &StoppedTask) -> bool {
    match task.stop_code.as_deref() {
        Some("TaskFailedToStart" | "EssentialContainerExited") => true,
        Some("ServiceSchedulerInitiated") => {
            let reason = task.reason.to_lowercase();
            reason.contains("health check") || reason.contains("unhealthy")
        }
        _ => false,
    }
}

/// A reason that no further try changes, seen twice.
fn permanent(stopped: &[StoppedTask]) -> Option<String> {
    const SIGNS: &[&str] = &[
        "cannotpullcontainererror",
        "manifest unknown",
        "manifest for",
        "unable to pull secrets",
        "unable to assume the role",
        "exec format error",
        "platform does not match",
    ];
    let hopeless = |task: &&StoppedTask| {
        let reason = task.reason.to_lowercase();
        is_failure(task) && !reason.contains("timeout") && SIGNS.iter().any(|sign| reason.contains(sign))
    };
    let mut found = stopped.iter().filter(hopeless);
    let first = found.next()?;
    found.next().map(|_| first.reason.clone())
}
