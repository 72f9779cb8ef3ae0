//! Judges a service that exists: is it live, still rolling, held, or in trouble? Pure.

use std::time::Duration;

use aws_sdk_ecs::types::{Service, Task};
use jiff::{SignedDuration, Timestamp};

use super::Desired;
use super::content::Comparison;
use super::observe::Observed;
use super::rollout::{Ending, ending, primary};
use super::scaling;
use crate::api::condition::Reason;
use crate::api::policy::ManagementMode;
use crate::api::status::{Held, Rollout};
use crate::controllers::facts::Facts;
use crate::controllers::report::Verdict;

/// Stages in which ECS waits on purpose.
const WAITING_STAGES: &[&str] = &["BAKE_TIME", "PRODUCTION_TRAFFIC_SHIFT", "TEST_TRAFFIC_SHIFT"];

/// Are enough tasks healthy for ECS's own minimum?
#[must_use]
pub(super) fn available(live: &Service) -> (bool, String) {
    let minimum = live
        .deployment_configuration
        .as_ref()
        .and_then(|configuration| configuration.minimum_healthy_percent)
        .unwrap_or(100);
    // A minimum of 0 % still asks for one task: a service without any serves nobody.
    let floor = i64::from(live.desired_count) * i64::from(minimum.clamp(0, 100));
    let floor = (floor + 99) / 100;
    let floor = floor.max(i64::from(live.desired_count.min(1)));
    let enough = i64::from(live.running_count) >= floor;
    (enough, format!("{} of {} tasks running.", live.running_count, live.desired_count))
}

/// The verdict on a service, as its rollout and counts stand. `waits` says what a reference waits for.
/// `short` = since when it has had too few tasks without a rollout.
#[must_use]
#[expect(clippy::too_many_arguments, reason = "all that a verdict looks at")]
pub(super) fn judge(
    desired: &Desired,
    live: &Service,
    rollout: Option<&Rollout>,
    held: Option<&Held>,
    comparison: &Comparison,
    observed: &Observed,
    short: Option<Timestamp>,
    facts: &Facts,
) -> Verdict {
    if let Some(held) = held.filter(|held| held.content_hash == comparison.rolling_hash) {
        return held_back(held);
    }
    let looks_only = facts.mode == ManagementMode::Observe;
    if let Some(change) = comparison.stuck.first().filter(|_| !looks_only) {
        let message = format!(
            "{change}: ECS cannot change this on an existing service; make a new EcsService, or put the old value back"
        );
        return Verdict::stuck(Reason::ReplacementRequired, message);
    }
    if let super::Reference::Waits(what) = &desired.task_definition {
        let name = live.task_definition.as_deref().map_or("nothing", crate::controllers::arn::short);
        let message = format!("{what}; meanwhile {name} keeps running.");
        return Verdict::underway(Reason::DependencyNotReady, message);
    }
    match rollout {
        Some(rollout) if ending(rollout) == Ending::Open => rolling(desired, rollout, facts),
        _ => {
            let steady = steady(desired, live, rollout, observed, short, facts);
            let refused = scaling::refusal(desired, &observed.scaling, live, facts);
            refused.filter(|_| steady.ready).unwrap_or(steady)
        }
    }
}

fn held_back(held: &Held) -> Verdict {
    let reason = if held.reason == Reason::DeploymentRolledBack.as_str() {
        Reason::DeploymentRolledBack
    } else {
        Reason::DeploymentFailed
    };
    Verdict::stuck(
        reason,
        format!(
            "{} Not tried again until the spec changes, or the annotation `ecs-operator.dev/retry: {}` is set.",
            held.message, held.rollout
        ),
    )
}

fn rolling(desired: &Desired, rollout: &Rollout, facts: &Facts) -> Verdict {
    if let Some(gate) = &rollout.promote_with {
        let message = format!(
            "Deployment {} waits at {}: set the annotation `ecs-operator.dev/promote: {gate}` to go on, or `ecs-operator.dev/abort: {}` to go back.",
            rollout.id,
            rollout.stage.as_deref().unwrap_or("a gate"),
            rollout.id
        );
        return Verdict::underway(Reason::AwaitingApproval, message);
    }
    let brings = rollout.task_definition.as_deref().unwrap_or("?");
    let since = rollout.progressed_at.as_ref().map_or(facts.now, |at| at.0);
    let idle = facts.now.duration_since(since);
    let patient = rollout.stage.as_deref().is_some_and(|stage| WAITING_STAGES.contains(&stage));
    let mut message = format!("Rolling out {brings}: {}.", rollout.display);
    if let Some(failed) = rollout.failed_tasks {
        message = format!("{message} Tasks that failed: {failed}.");
    }
    if let Some(reason) = &rollout.reason {
        message = format!("{message} ECS: {reason}");
    }
    if !patient && idle >= signed(desired.deadline) {
        return Verdict::stuck(
            Reason::ProgressDeadlineExceeded,
            format!("No progress for {} s (`progressDeadlineSeconds`). {message}", idle.as_secs()),
        );
    }
    Verdict::underway(Reason::Progressing, message)
}

/// Nothing rolls: do the tasks run? A COMPLETED deployment alone says nothing about that.
fn steady(
    desired: &Desired,
    live: &Service,
    rollout: Option<&Rollout>,
    observed: &Observed,
    short: Option<Timestamp>,
    facts: &Facts,
) -> Verdict {
    let runs = live.task_definition.as_deref().map_or("tasks", crate::controllers::arn::short);
    let counts = format!("{} of {} tasks run {runs}.", running(live), live.desired_count);
    if running(live) >= tasks_wanted(live) {
        // After a count was taken back ECS may stop one that runs and keep one that starts. Once it was Ready,
        // a task too many is ECS's own business: it rebalances zones and replaces the sick.
        if live.pending_count > 0 && !facts.was_ready && desired.owns_count() {
            return Verdict::underway(Reason::Progressing, format!("{counts} {} still starts.", live.pending_count));
        }
        return Verdict::settled(counts);
    }
    let failed = rollout.map(ending);
    if failed == Some(Ending::Failed) {
        let why = rollout.and_then(|r| r.reason.clone()).unwrap_or_else(|| "The deployment failed.".to_owned());
        let again = "The annotation `ecs-operator.dev/restarted-at` with a new text, or an edit, rolls it out anew.";
        return Verdict::stuck(Reason::DeploymentFailed, format!("{why} {counts} {again}"));
    }
    // A count that its delegate moves is not a fault while enough tasks run.
    if !desired.owns_count() && !desired.daemon && available(live).0 {
        return Verdict::settled(counts);
    }
    let since = short.unwrap_or(facts.now);
    let deadline = desired.deadline.as_secs();
    let over = facts.now.duration_since(since) >= signed(desired.deadline);
    let newest = live.events().first().and_then(|event| event.message.clone()).unwrap_or_default();
    if newest.contains("unable to place a task") || newest.contains("unable to consistently start tasks") {
        let message = format!("{counts} ECS: {newest}");
        return if over {
            exceeded(deadline, &message)
        } else {
            Verdict::underway(Reason::InsufficientCapacity, message)
        };
    }
    let began = rollout.and_then(|r| r.progressed_at.as_ref()).map_or(since, |at| at.0.max(since));
    let fresh = facts.now.duration_since(began) < SignedDuration::from_secs(60);
    let stops = |task: &Task| !task.stopped_reason().unwrap_or_default().starts_with("Scaling activity");
    let dying = observed.stopped.iter().flatten().any(stops);
    if over && (dying || live.pending_count == 0) {
        let message = format!("{counts} So for more than {deadline} s (`progressDeadlineSeconds`).");
        return Verdict::stuck(Reason::TasksUnhealthy, message);
    }
    let reason = if live.pending_count > 0 || fresh { Reason::Progressing } else { Reason::TasksUnhealthy };
    Verdict::underway(reason, counts)
}

/// Without a rollout, too: no room, and none came in time.
fn exceeded(deadline: u64, message: &str) -> Verdict {
    let told = format!("No room for more than {deadline} s (`progressDeadlineSeconds`). {message}");
    Verdict::stuck(Reason::ProgressDeadlineExceeded, told)
}

/// Since when a service has had too few tasks though nothing rolls: from the first look, and anew with each edit.
#[must_use]
pub(super) fn short_since(
    before: Option<Timestamp>,
    live: &Service,
    rollout: Option<&Rollout>,
    facts: &Facts,
) -> Option<Timestamp> {
    let rolls = rollout.is_some_and(|rollout| ending(rollout) == Ending::Open);
    let few = running(live) < tasks_wanted(live) && !rolls;
    few.then(|| before.filter(|_| !facts.edited).unwrap_or(facts.now))
}

/// Tasks of what the service names: after a rollback that failed, others may run what was to go.
#[must_use]
pub(super) fn running(live: &Service) -> i32 {
    primary(live).map_or(live.running_count, |primary| primary.running_count)
}

fn tasks_wanted(live: &Service) -> i32 {
    primary(live).map_or(live.desired_count, |primary| primary.desired_count.max(live.desired_count))
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
