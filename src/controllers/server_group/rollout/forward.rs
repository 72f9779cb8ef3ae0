//! One look at the step under way: is it done, does it wait, has the rollout failed? Pure.

use super::clock::{self, since, stamp};
use super::gate::{self, Failure};
use super::program::{self, Terms, share};
use super::sight::{Asked, Rules, Sight};
use super::start::weight_of;
use super::{Decision, back, begin_step, entry, entry_mut, present, remember};
use crate::api::condition::Reason;
use crate::api::status::{
    Ending, GroupRollout, HistoryEntry, Remembered, RolloutResult, RolloutStep, StepKind, Version, VersionState,
};
use crate::controllers::events::EventReason;
use crate::controllers::server_group::measure::{self, Course as Measured};

/// Longest time that pruning may hold up the end of a rollout.
const PRUNING: i64 = 1800;

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Course {
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
    clock::look(&mut rollout, sight.now);
    if rollout.ending.is_none() {
        asks(asked, &mut rollout, sight, decision);
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

/// What annotations and a changed spec ask of an open rollout.
fn asks(asked: &Asked, rollout: &mut GroupRollout, sight: &Sight, decision: &mut Decision) {
    if let Some(value) = &asked.promote {
        promote(asked, value, rollout, sight, decision);
    }
    if let Some(value) = &asked.abort {
        if *value == rollout.to && can_turn(rollout) {
            let failure = Failure {
                reason: Reason::DeploymentRolledBack,
                message: format!("Aborted: {} was stopped by annotation", rollout.to),
            };
            back::turn(asked, rollout, sight, decision, RolloutResult::Aborted, &failure);
            return;
        }
        decision.say(
            EventReason::RequestIgnored,
            format!("`ecs-operator.dev/abort: {value}`: the rollout under way is that of {}", rollout.to),
        );
    }
    let other_template = rollout.template_hash != asked.hash;
    let pinned = asked.to_version.as_ref().map(|pin| *pin != rollout.to);
    let superseded = pinned.unwrap_or(other_template && rollout.strategy != "restore") || asked.disabled;
    if !superseded {
        return;
    }
    if can_turn(rollout) && !olds_are_out(rollout, decision) {
        let why = if asked.disabled { "the group is disabled" } else { "the spec asks for something else" };
        let failure = Failure { reason: Reason::Progressing, message: format!("Superseded: {why}") };
        back::turn(asked, rollout, sight, decision, RolloutResult::Superseded, &failure);
    } else {
        // Nothing to go back to: finish without waits, then begin anew.
        let at = usize::try_from(rollout.step_index).unwrap_or(0);
        let waits = |step: &RolloutStep| clock::is_wait(step.step);
        let mut position = 0;
        rollout.steps.retain(|step| {
            position += 1;
            position <= at + 1 || !waits(step)
        });
        if present(rollout).is_some_and(waits) {
            rollout.step_index += 1;
            begin_step(rollout, sight);
        }
    }
}

fn olds_are_out(rollout: &GroupRollout, decision: &Decision) -> bool {
    let out = |name: &str| entry(&decision.status, name).is_none_or(|old| old.state != VersionState::Active);
    !rollout.replaces.is_empty() && rollout.replaces.iter().all(|old| out(&old.version))
}

/// Can the rollout still go back?
fn can_turn(rollout: &GroupRollout) -> bool {
    !matches!(rollout.step, StepKind::DestroyingOld | StepKind::Pruning | StepKind::Finishing)
}

fn promote(asked: &Asked, value: &str, rollout: &mut GroupRollout, sight: &Sight, decision: &mut Decision) {
    let full = format!("{}/full", rollout.to);
    let at = usize::try_from(rollout.step_index).unwrap_or(0);
    if *value == full && can_turn(rollout) {
        let terms = Terms { target: rollout.target, weighted: asked.weighted, first: rollout.replaces.is_empty() };
        rollout.steps = program::hurry(&rollout.steps, at, terms);
        if clock::is_wait(rollout.step) {
            count_pause(rollout, sight);
            rollout.step_index += 1;
            begin_step(rollout, sight);
        }
    } else if rollout.promote_with.as_deref() == Some(value) {
        decision.say(EventReason::GateOpened, format!("{value} was promoted"));
        count_pause(rollout, sight);
        rollout.step_index += 1;
        begin_step(rollout, sight);
    } else {
        let hint = rollout.promote_with.clone().map_or_else(
            || format!("no step waits for a person; `{full}` skips what is left"),
            |gate| format!("the step that waits is `{gate}`"),
        );
        decision.say(EventReason::RequestIgnored, format!("`ecs-operator.dev/promote: {value}`: {hint}"));
    }
}

/// The time of a pause does not count towards the deadline.
fn count_pause(rollout: &mut GroupRollout, sight: &Sight) {
    if rollout.step == StepKind::Paused {
        rollout.paused_seconds += since(rollout.step_started_at.as_ref(), sight.now);
    }
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
    if can_turn(rollout) && rollout.step != StepKind::FreeingSlot {
        if entry(&decision.status, &rollout.to).is_none() {
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
        StepKind::Shifting => shift(asked, step.weight.unwrap_or(0), rollout, sight, decision),
        StepKind::Waiting => {
            let left = i64::from(step.seconds.unwrap_or(0)) - since(rollout.step_started_at.as_ref(), sight.now);
            if left > 0 { Course::waits("waiting as the strategy says") } else { Course::Done }
        }
        StepKind::Paused => {
            let gate = rollout.promote_with.clone().unwrap_or_default();
            Course::Waits(format!("waiting for `ecs-operator.dev/promote: {gate}`"))
        }
        StepKind::Analysing => analyse(step, rollout, sight),
        StepKind::ShrinkingOld => shrink(asked, step, rollout, sight, decision),
        StepKind::DisablingOld => disable_olds(asked, step, rollout, sight, decision),
        StepKind::ScalingDown => scale_down(rollout, sight, decision),
        StepKind::DestroyingOld => destroy_others(rollout, decision),
        StepKind::Pruning => prune(step, rollout, sight, decision),
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
        if !sight.child(&version.name).is_empty() {
            waits = Some(format!("{} leaves the target group", version.name));
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
        Course::Waits(format!("{} is being made", rollout.to))
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

/// Shifts traffic: only to tasks that are healthy now, and done only when every rule shows it and clients have moved.
pub(super) fn shift(
    asked: &Asked,
    weight: i32,
    rollout: &mut GroupRollout,
    sight: &Sight,
    decision: &Decision,
) -> Course {
    let Some(slot) = entry(&decision.status, &rollout.to).and_then(|version| version.slot) else {
        return Course::waits("the slot of the version is not known");
    };
    let shares = match &sight.rules {
        Rules::Show(shares) => shares,
        Rules::Unusable(why) => return Course::Waits(format!("RuleMismatch: {}", why.join("; "))),
        Rules::Unread => return Course::waits("the listener rules are not read yet"),
    };
    let there = shares.iter().all(|rule| weight_of(slot, rule.b) == weight);
    if !there {
        rollout.shifted_at = None;
        if let Some(why) = lacks(weight, rollout, sight) {
            // The write may have gone out already; what is not granted any more is not written again.
            return Course::Waits(why);
        }
        rollout.weight = weight;
        return Course::Waits(format!("{weight} % of the traffic go to {}", rollout.to));
    }
    rollout.weight = weight;
    let Some(shifted) = &rollout.shifted_at else {
        rollout.shifted_at = Some(stamp(sight.now));
        return settle(asked, weight, shares.iter().map(|rule| rule.stickiness_seconds).max(), 0);
    };
    let passed = since(Some(shifted), sight.now);
    settle(asked, weight, shares.iter().map(|rule| rule.stickiness_seconds).max(), passed)
}

fn settle(asked: &Asked, weight: i32, stickiness: Option<i64>, passed: i64) -> Course {
    if weight > 0 && weight < 100 {
        return Course::Done;
    }
    let sticky = stickiness.unwrap_or(0);
    let long = if sticky > 0 { sticky.min(asked.max_settle_seconds) } else { asked.settle_seconds };
    if passed >= long { Course::Done } else { Course::Waits(format!("clients move over for {long} s")) }
}

/// Why nobody may receive the traffic that a weight gives them.
fn lacks(weight: i32, rollout: &GroupRollout, sight: &Sight) -> Option<String> {
    if weight >= rollout.weight {
        let need = share(weight, rollout.target);
        let healthy = gate::healthy(&rollout.to, sight);
        return (healthy < need)
            .then(|| format!("{weight} % need {need} healthy tasks of {}, {healthy} are", rollout.to));
    }
    if rollout.replaces.is_empty() {
        return None;
    }
    let served = |old: &crate::api::status::Replaced| {
        gate::healthy(&old.version, sight) >= share(100 - weight, old.desired).max(1)
    };
    (!rollout.replaces.iter().any(served))
        .then(|| format!("{} % need more healthy tasks of the old version", 100 - weight))
}

fn analyse(step: &RolloutStep, rollout: &mut GroupRollout, sight: &Sight) -> Course {
    let Some(analysis) = &step.analysis else { return Course::Done };
    let mut run = rollout.analysis.clone().unwrap_or_default();
    if let Some(outcome) = &sight.measured {
        run = measure::fold(&run, outcome, sight.now);
    }
    let course = match measure::course(&run, analysis) {
        Measured::GoesOn => Course::Waits(format!("measured {} times: {}", run.measured, run.message)),
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

/// Old versions give up tasks only while the new one is healthy at its size.
fn shrink(asked: &Asked, step: &RolloutStep, rollout: &GroupRollout, sight: &Sight, decision: &mut Decision) -> Course {
    let count = entry(&decision.status, &rollout.to).map_or(0, |version| version.capacity);
    if !gate::holds(&rollout.to, count, asked, sight) {
        return Course::Waits(format!("{} is to be healthy before the old version shrinks", rollout.to));
    }
    let percent = step.percent.unwrap_or(100);
    let mut waits = None;
    for old in &rollout.replaces {
        let left = share(percent, old.desired);
        let Some(version) = entry_mut(&mut decision.status, &old.version) else { continue };
        version.capacity = left.min(version.capacity);
        let child = sight.child(&old.version);
        if child.asked != version.capacity || !child.settled || child.running > version.capacity {
            waits = Some(format!("{} shrinks to {} tasks", old.version, version.capacity));
        }
    }
    waits.map_or(Course::Done, Course::Waits)
}

/// Takes the old versions out of service: never while they receive traffic, never before the new one can carry it.
fn disable_olds(
    asked: &Asked,
    step: &RolloutStep,
    rollout: &GroupRollout,
    sight: &Sight,
    decision: &mut Decision,
) -> Course {
    let active = |version: &Version| version.state == VersionState::Active;
    let still = rollout.replaces.iter().any(|old| entry(&decision.status, &old.version).is_some_and(active));
    if still && let Some(why) = not_yet(asked, rollout, sight, decision) {
        return Course::Waits(why);
    }
    let mut waits = None;
    for old in &rollout.replaces {
        let child = sight.child(&old.version);
        let Some(version) = entry_mut(&mut decision.status, &old.version) else { continue };
        disable(version, old.desired, asked, sight);
        version.warm = step.warm;
        if !step.warm {
            version.capacity = 0;
            if !child.is_empty() || child.asked != 0 {
                waits = Some(format!("{} is being drained, {} tasks left", old.version, child.running));
            }
        }
    }
    waits.map_or(Course::Done, Course::Waits)
}

fn not_yet(asked: &Asked, rollout: &GroupRollout, sight: &Sight, decision: &Decision) -> Option<String> {
    let to = entry(&decision.status, &rollout.to)?;
    if !gate::holds(&rollout.to, to.capacity, asked, sight) {
        return Some(format!("{} is to be healthy before the old version goes", rollout.to));
    }
    if !asked.weighted {
        return None;
    }
    match &sight.rules {
        Rules::Show(shares) if shares.iter().all(|rule| weight_of(to.slot.unwrap_or_default(), rule.b) == 100) => None,
        Rules::Show(_) => Some("the old version still receives traffic by a listener rule".to_owned()),
        Rules::Unusable(why) => Some(format!("RuleMismatch: {}", why.join("; "))),
        Rules::Unread => Some("the listener rules are not read yet".to_owned()),
    }
}

/// Takes a version out of service; its size is remembered once.
pub(super) fn disable(version: &mut Version, desired: i32, asked: &Asked, sight: &Sight) {
    if version.state != VersionState::Active {
        return;
    }
    version.state = VersionState::Disabled;
    version.disabled_at = Some(stamp(sight.now));
    version.remembered = Some(Remembered { min: asked.min, desired, max: asked.max, at: Some(stamp(sight.now)) });
}

fn scale_down(rollout: &GroupRollout, sight: &Sight, decision: &mut Decision) -> Course {
    let mut waits = None;
    for old in &rollout.replaces {
        let Some(version) = entry_mut(&mut decision.status, &old.version) else { continue };
        version.capacity = 0;
        version.warm = false;
        if !sight.child(&old.version).is_empty() {
            waits = Some(format!("{} is being scaled down", old.version));
        }
    }
    waits.map_or(Course::Done, Course::Waits)
}

fn destroy_others(rollout: &GroupRollout, decision: &mut Decision) -> Course {
    let mut left = 0;
    for version in &mut decision.status.versions {
        if version.name != rollout.to {
            version.state = VersionState::Destroying;
            version.role = String::new();
            left += 1;
        }
    }
    if left == 0 { Course::Done } else { Course::Waits(format!("{left} other versions are being destroyed")) }
}

/// Destroys what is out of service, the oldest first, until no more than `maxRemaining` are left. Never an active one.
fn prune(step: &RolloutStep, rollout: &GroupRollout, sight: &Sight, decision: &mut Decision) -> Course {
    if since(rollout.step_started_at.as_ref(), sight.now) > PRUNING {
        return Course::Done;
    }
    let most = usize::try_from(step.max_remaining.unwrap_or(2)).unwrap_or(2);
    let leaving = |version: &Version| version.state == VersionState::Destroying;
    let mut kept = decision.status.versions.iter().filter(|version| !leaving(version)).count();
    let mut spare: Vec<(Option<_>, String)> = decision
        .status
        .versions
        .iter()
        .filter(|version| matches!(version.state, VersionState::Disabled | VersionState::Failed))
        .filter(|version| version.name != rollout.to)
        .map(|version| (version.created_at.clone(), version.name.clone()))
        .collect();
    spare.sort();
    for (_, name) in spare {
        if kept <= most {
            break;
        }
        if let Some(version) = entry_mut(&mut decision.status, &name) {
            version.state = VersionState::Destroying;
            kept -= 1;
        }
    }
    let left = decision.status.versions.iter().filter(|version| leaving(version)).count();
    if left == 0 { Course::Done } else { Course::Waits(format!("{left} old versions are being destroyed")) }
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
