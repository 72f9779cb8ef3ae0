//! One look at the step under way: is it done, does it wait, has the rollout failed? Pure.

use super::asks::can_turn;
use super::clock::{self, since, stamp};
use super::gate::{self, Failure};
use super::sight::{Asked, Sight};
use super::{Decision, asks, back, begin_step, entry, entry_mut, grow, olds, present, remember, shift, waits_for};
use crate::api::ServerGroupStatus;
use crate::api::condition::Reason;
use crate::api::status::{
    Ending, GroupRollout, HistoryEntry, RolloutResult, RolloutStep, StepKind, Version, VersionState,
};
use crate::controllers::events::EventReason;
use crate::controllers::server_group::measure::{self, Course as Measured};

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// The next one begins.
    Done,
    /// For this, for people.
    Waits(String),
    /// The rollout has failed.
    Failed(Failure),
}

impl Course {
    pub(super) fn waits(why: impl Into<String>) -> Self {
        Self::Waits(why.into())
    }
}

/// Moves the rollout on as far as one look allows: by one step.
pub(super) fn advance(asked: &Asked, sight: &Sight, decision: &mut Decision) {
    let Some(mut rollout) = decision.status.rollout.take() else { return };
    // While nothing can be made the clocks stand: as if nobody had looked.
    if !cannot_be_made(asked, &decision.status, &rollout, sight) {
        clock::look(&mut rollout, sight.now);
    }
    if rollout.ending.is_none() {
        asks::asks(asked, &mut rollout, sight, decision);
        grow::grow(asked, &mut rollout, decision);
    }
    if rollout.ending.is_none() {
        watch(asked, &mut rollout, sight, decision);
    }
    let Some(step) = present(&rollout).cloned() else {
        decision.status.rollout = Some(rollout);
        return;
    };
    let course = if rollout.ending.is_some() {
        back::step(asked, &step, &mut rollout, sight, decision)
    } else {
        run(asked, &step, &mut rollout, sight, decision)
    };
    match course {
        Course::Done if is_end(step.step) => return,
        Course::Done => {
            told(&step, &rollout, decision);
            asks::count_pause(&mut rollout, sight);
            rollout.step_index += 1;
            begin_step(&mut rollout, sight);
            if let Some(gate) = &rollout.promote_with {
                let of = format!("step {} of {}", rollout.step_index + 1, rollout.steps.len());
                decision.say(
                    EventReason::RolloutStepped,
                    format!("{} waits at {of}: set `ecs-operator.dev/promote: {gate}`", rollout.to),
                );
            }
        }
        Course::Waits(message) => rollout.message = message,
        Course::Failed(failure) => back::turn(asked, &mut rollout, sight, decision, RolloutResult::Failed, &failure),
    }
    decision.status.rollout = Some(rollout);
}

fn is_end(step: StepKind) -> bool {
    matches!(step, StepKind::Finishing | StepKind::Ending)
}

/// Is a version to be made whose template is not there any more, because the spec is refused by now? Then the rollout
/// stays where it is; it can be aborted.
#[must_use]
pub(in super::super) fn cannot_be_made(
    asked: &Asked,
    status: &ServerGroupStatus,
    rollout: &GroupRollout,
    sight: &Sight,
) -> bool {
    let unmade = |version: &Version| version.created_at.is_none() && !sight.child(&version.name).service;
    asked.refused && rollout.ending.is_none() && entry(status, &rollout.to).is_some_and(unmade)
}

/// Follows the health of a version that serves.
fn watch(asked: &Asked, rollout: &mut GroupRollout, sight: &Sight, decision: &Decision) {
    let healthy = gate::healthy(&rollout.to, sight);
    if healthy > rollout.healthy {
        rollout.healthy = healthy;
        rollout.progressed_at = Some(stamp(sight.now));
    }
    let count = entry(&decision.status, &rollout.to).map_or(0, |version| version.capacity);
    if !gate::watched(rollout) || gate::holds(&rollout.to, count, asked, sight) {
        rollout.unhealthy_since = None;
    } else if rollout.unhealthy_since.is_none() {
        rollout.unhealthy_since = Some(stamp(sight.now));
    }
}

fn run(
    asked: &Asked,
    step: &RolloutStep,
    rollout: &mut GroupRollout,
    sight: &Sight,
    decision: &mut Decision,
) -> Course {
    if cannot_be_made(asked, &decision.status, rollout, sight) {
        return Course::waits(format!("{} is not made before the spec is accepted again", rollout.to));
    }
    if can_turn(rollout) && rollout.step != StepKind::FreeingSlot {
        if entry(&decision.status, &rollout.to).is_none_or(|version| version.state == VersionState::Destroying) {
            let message = format!("the EcsService of {} was deleted by hand", rollout.to);
            return Course::Failed(Failure { reason: Reason::DeploymentFailed, message });
        }
        if let Some(failure) = gate::failure(rollout, asked, sight) {
            return Course::Failed(failure);
        }
    }
    match step.step {
        StepKind::FreeingSlot => free_slot(rollout, sight, decision),
        StepKind::Creating => create(step, rollout, sight, decision),
        StepKind::Gating => gated(asked, step.count.unwrap_or(rollout.target), rollout, sight, decision),
        StepKind::Shifting => shift::shift(asked, step.weight.unwrap_or(0), rollout, sight, decision),
        StepKind::Waiting => {
            let left = i64::from(step.seconds.unwrap_or(0)) - since(rollout.step_started_at.as_ref(), sight.now);
            if left > 0 { Course::waits("waiting as the strategy says") } else { Course::Done }
        }
        StepKind::Paused => {
            let gate = rollout.promote_with.clone().unwrap_or_default();
            Course::Waits(waits_for(&gate))
        }
        StepKind::Analysing => analyse(step, rollout, sight),
        StepKind::ShrinkingOld => olds::shrink(asked, step, rollout, sight, decision),
        StepKind::DisablingOld => olds::disable_olds(asked, step, rollout, sight, decision),
        StepKind::ScalingDown => olds::scale_down(rollout, sight, decision),
        StepKind::DestroyingOld => olds::destroy_others(rollout, decision),
        StepKind::Pruning => olds::prune(step, rollout, sight, decision),
        StepKind::Finishing | StepKind::Ending => finish(rollout, sight, decision),
        StepKind::Preparing | StepKind::Restoring | StepKind::DisablingCandidate | StepKind::DestroyingCandidate => {
            Course::Done
        }
    }
}

/// Versions beside the candidate that stand in its slot give up their tasks.
fn free_slot(rollout: &GroupRollout, sight: &Sight, decision: &mut Decision) -> Course {
    let slot = entry(&decision.status, &rollout.to).and_then(|version| version.slot);
    let mut waits = None;
    for version in &mut decision.status.versions {
        let serves = rollout.replaces.iter().any(|old| old.version == version.name);
        if version.name == rollout.to || serves || version.slot != slot {
            continue;
        }
        version.capacity = 0;
        version.warm = false;
        let child = sight.child(&version.name);
        if !child.is_empty() {
            waits = Some(format!("{} leaves the target group{}", version.name, child.hindrance()));
        }
    }
    waits.map_or(Course::Done, Course::Waits)
}

fn create(step: &RolloutStep, rollout: &GroupRollout, sight: &Sight, decision: &mut Decision) -> Course {
    let count = step.count.unwrap_or(rollout.target);
    if let Some(version) = entry_mut(&mut decision.status, &rollout.to) {
        version.capacity = count;
        version.state = VersionState::Active;
        version.warm = false;
    }
    let child = sight.child(&rollout.to);
    if child.active && child.service_arn.is_some() {
        Course::Done
    } else {
        let why = sight.problems.first().filter(|_| !child.service).map(|why| format!("; {why}")).unwrap_or_default();
        Course::Waits(format!("{} is being made{why}", rollout.to))
    }
}

fn gated(asked: &Asked, count: i32, rollout: &mut GroupRollout, sight: &Sight, decision: &mut Decision) -> Course {
    let version = rollout.to.clone();
    if let Some(entry) = entry_mut(&mut decision.status, &version) {
        entry.capacity = count;
    }
    if let Some(why) = gate::waits(&version, count, asked, sight) {
        rollout.healthy_since = None;
        return Course::Waits(why);
    }
    if count == 0 {
        return Course::Done;
    }
    let Some(_) = &rollout.healthy_since else {
        rollout.healthy_since = Some(stamp(sight.now));
        return healthy_for(asked, rollout, sight);
    };
    healthy_for(asked, rollout, sight)
}

pub(super) fn healthy_for(asked: &Asked, rollout: &GroupRollout, sight: &Sight) -> Course {
    let long = i64::from(asked.gate.min_healthy_seconds);
    if since(rollout.healthy_since.as_ref(), sight.now) >= long {
        Course::Done
    } else {
        Course::Waits(format!("healthy; staying so for {long} s"))
    }
}

fn analyse(step: &RolloutStep, rollout: &mut GroupRollout, sight: &Sight) -> Course {
    let Some(analysis) = &step.analysis else { return Course::Done };
    let mut run = rollout.analysis.clone().unwrap_or_default();
    if let Some(outcome) = &sight.measured {
        run = measure::fold(&run, outcome, sight.now);
    }
    let course = match measure::course(&run, analysis) {
        Measured::GoesOn => {
            let last = if run.message.is_empty() { String::new() } else { format!("; {}", run.message) };
            Course::Waits(format!("{} of {} measurements good{last}", run.successful, analysis.count.unwrap_or(1)))
        }
        Measured::Passed => Course::Done,
        Measured::Failed(why) => Course::Failed(Failure {
            reason: Reason::DeploymentFailed,
            message: format!("the analysis of {} failed: {why}", rollout.to),
        }),
        Measured::Undecided(why) => {
            // A person decides, with the same key as a pause has.
            if rollout.promote_with.is_none() {
                rollout.promote_with = Some(format!("{}.{}", rollout.to, rollout.step_index));
            }
            let gate = rollout.promote_with.clone().unwrap_or_default();
            Course::Waits(format!("inconclusive: {why}; `ecs-operator.dev/promote: {gate}` goes on"))
        }
    };
    rollout.analysis = Some(run);
    course
}

/// The new version is current.
fn finish(rollout: &GroupRollout, sight: &Sight, decision: &mut Decision) -> Course {
    let status = &mut decision.status;
    for version in &mut status.versions {
        version.role = String::new();
        if rollout.replaces.iter().any(|old| old.version == version.name) {
            (if version.warm { "Standby" } else { "Previous" }).clone_into(&mut version.role);
        }
    }
    if let Some(version) = entry_mut(status, &rollout.to) {
        "Current".clone_into(&mut version.role);
        version.remembered = None;
        version.disabled_at = None;
        version.failure = None;
    }
    status.current_version = Some(rollout.to.clone());
    status.hold = None;
    let took = since(rollout.started_at.as_ref(), sight.now);
    let message = format!("{} is current after {took} s", rollout.to);
    remember(
        status,
        HistoryEntry {
            version: rollout.to.clone(),
            result: RolloutResult::Complete.to_string(),
            images: rollout.images.clone(),
            message: message.clone(),
            at: Some(stamp(sight.now)),
        },
    );
    decision.say(EventReason::RolloutCompleted, message);
    Course::Done
}

/// Events for steps that are worth one.
fn told(step: &RolloutStep, rollout: &GroupRollout, decision: &mut Decision) {
    let of = format!("step {} of {}", rollout.step_index + 1, rollout.steps.len());
    let note = match (step.step, &rollout.ending) {
        (StepKind::Gating, _) => format!("{}: {} tasks healthy ({of})", rollout.to, step.count.unwrap_or(0)),
        (StepKind::Shifting, _) => {
            format!("{} receives {} % of the traffic ({of})", rollout.to, step.weight.unwrap_or(0))
        }
        (StepKind::Analysing, None) => format!("{}: the metrics are good ({of})", rollout.to),
        (StepKind::ShrinkingOld, None) => format!("the old versions keep {} % ({of})", step.percent.unwrap_or(0)),
        (StepKind::DisablingOld, None) => format!("the old versions are out of service ({of})"),
        (StepKind::Restoring, _) => format!("the old versions are back ({of})"),
        _ => return,
    };
    decision.say(EventReason::RolloutStepped, note);
}

/// The record of a rollout's end, for going back.
pub(super) fn ending(result: RolloutResult, failure: &Failure, step: StepKind) -> Ending {
    Ending {
        result,
        reason: failure.reason.to_string(),
        message: failure.message.clone(),
        step,
        hold: result != RolloutResult::Superseded,
    }
}
