//! Going back: tasks first, then traffic, then the new version goes. Pure.

use super::clock::{overdue, since, stamp};
use super::forward::{Course, ending, healthy_for};
use super::gate::{self, Failure};
use super::program::{self, Done};
use super::shift::shift;
use super::sight::{Asked, Sight};
use super::{Decision, begin_step, entry, entry_mut, remember};
use crate::api::status::{
    GroupRollout, HistoryEntry, Hold, RolloutResult, RolloutStep, StepKind, VersionFailure, VersionState,
};
use crate::controllers::events::EventReason;

/// Leads what is said of a way back that takes too long: the old version does not get healthy, or the new one cannot be
/// taken out of service.
pub const BLOCKED: &str = "RestoreBlocked: ";

/// Turns a rollout round: from here on it undoes what it did.
pub(super) fn turn(
    asked: &Asked,
    rollout: &mut GroupRollout,
    sight: &Sight,
    decision: &mut Decision,
    result: RolloutResult,
    failure: &Failure,
) {
    if result == RolloutResult::Superseded {
        decision.say(
            EventReason::RolloutStepped,
            format!("{} goes back in {}: {}", rollout.to, rollout.step, failure.message),
        );
    } else {
        decision
            .say(EventReason::RolloutFailed, format!("{} failed in {}: {}", rollout.to, rollout.step, failure.message));
    }
    let at = rollout.step;
    let keep = result == RolloutResult::Failed && !asked.on_failure;
    let changed = rollout.replaces.iter().any(|old| {
        entry(&decision.status, &old.version)
            .is_none_or(|version| version.state != VersionState::Active || version.capacity < old.desired)
    });
    let made = entry(&decision.status, &rollout.to).is_some();
    let shifted = rollout.weight > 0 || at == StepKind::Shifting;
    let done = Done {
        olds_changed: changed && !keep,
        weight_given: asked.weighted && shifted && !rollout.replaces.is_empty() && !keep,
        made: made && !keep,
    };
    let destroy = asked.destroy_latest && result == RolloutResult::Failed;
    if let Some(version) = entry_mut(&mut decision.status, &rollout.to)
        && result != RolloutResult::Superseded
    {
        version.failure = Some(VersionFailure {
            reason: failure.reason.to_string(),
            message: failure.message.clone(),
            at: Some(stamp(sight.now)),
        });
    }
    rollout.ending = Some(ending(result, failure, at));
    rollout.steps = program::back(done, destroy);
    rollout.step_index = 0;
    begin_step(rollout, sight);
}

/// One look at a step of the way back.
#[expect(clippy::wildcard_enum_match_arm, reason = "only these steps lead back; any other ends it")]
pub(super) fn step(
    asked: &Asked,
    step: &RolloutStep,
    rollout: &mut GroupRollout,
    sight: &Sight,
    decision: &mut Decision,
) -> Course {
    match step.step {
        StepKind::Restoring => restore(asked, rollout, sight, decision),
        StepKind::Shifting => shift(asked, 0, rollout, sight, decision),
        StepKind::DisablingCandidate => disable_candidate(asked, rollout, sight, decision),
        StepKind::DestroyingCandidate => {
            if let Some(version) = entry_mut(&mut decision.status, &rollout.to) {
                version.state = VersionState::Destroying;
                return Course::Waits(format!("{} is being destroyed", rollout.to));
            }
            Course::Done
        }
        _ => finish(rollout, sight, decision),
    }
}

/// A way back waits; once it is late it is blocked.
pub(super) fn waits(asked: &Asked, rollout: &GroupRollout, sight: &Sight, why: String) -> Course {
    let late = overdue(rollout, &asked.gate, sight.now).is_some();
    Course::Waits(if late { format!("{BLOCKED}{why}") } else { why })
}

/// The old versions get their tasks back, and become healthy.
fn restore(asked: &Asked, rollout: &mut GroupRollout, sight: &Sight, decision: &mut Decision) -> Course {
    let mut lacking = None;
    for old in &rollout.replaces {
        let Some(version) = entry_mut(&mut decision.status, &old.version) else { continue };
        if version.state == VersionState::Destroying || version.state == VersionState::Failed {
            continue;
        }
        version.state = VersionState::Active;
        version.warm = false;
        version.capacity = old.desired;
        lacking = lacking.or_else(|| gate::waits(&old.version, old.desired, asked, sight));
    }
    if let Some(why) = lacking {
        rollout.healthy_since = None;
        return waits(asked, rollout, sight, why);
    }
    if rollout.healthy_since.is_none() {
        rollout.healthy_since = Some(stamp(sight.now));
    }
    healthy_for(asked, rollout, sight)
}

fn disable_candidate(asked: &Asked, rollout: &GroupRollout, sight: &Sight, decision: &mut Decision) -> Course {
    let child = sight.child(&rollout.to);
    let Some(version) = entry_mut(&mut decision.status, &rollout.to) else { return Course::Done };
    if version.state == VersionState::Destroying {
        return Course::Done;
    }
    version.state = VersionState::Failed;
    version.warm = false;
    version.capacity = 0;
    if child.is_empty() && child.asked == 0 {
        Course::Done
    } else {
        let why = child.hindrance();
        let what = format!("{} is taken out of service, {} tasks left{why}", rollout.to, child.running);
        // Tasks that drain for long are no hindrance.
        if why.is_empty() { Course::Waits(what) } else { waits(asked, rollout, sight, what) }
    }
}

fn finish(rollout: &GroupRollout, sight: &Sight, decision: &mut Decision) -> Course {
    let Some(ending) = &rollout.ending else { return Course::Done };
    let now = stamp(sight.now);
    let status = &mut decision.status;
    if let Some(version) = entry_mut(status, &rollout.to) {
        version.state = if version.state == VersionState::Destroying { version.state } else { VersionState::Failed };
        version.role = String::new();
    }
    for old in &rollout.replaces {
        if let Some(version) = entry_mut(status, &old.version)
            && version.state == VersionState::Active
        {
            version.remembered = None;
            version.disabled_at = None;
        }
    }
    if ending.hold {
        let hash = rollout.template_hash.clone();
        let message = ending.message.clone();
        let reason = held_reason(rollout);
        status.hold = Some(Hold { hash, version: rollout.to.clone(), reason, message, at: Some(now.clone()) });
    }
    remember(
        status,
        HistoryEntry {
            version: rollout.to.clone(),
            result: ending.result.to_string(),
            images: rollout.images.clone(),
            message: ending.message.clone(),
            at: Some(now),
        },
    );
    let back = rollout.from.clone().map_or_else(
        || format!("{} is out of service; nothing served before", rollout.to),
        |from| format!("{from} serves again"),
    );
    let held = if ending.hold {
        format!("; its template is held: change it, or set `ecs-operator.dev/retry: {}`", rollout.to)
    } else {
        String::new()
    };
    let took = since(rollout.started_at.as_ref(), sight.now);
    decision.say(EventReason::RolledBack, format!("{back} after {took} s{held}"));
    Course::Done
}

/// What `Ready` says while the template is held.
fn held_reason(rollout: &GroupRollout) -> String {
    use crate::api::condition::Reason;
    let Some(ending) = &rollout.ending else { return String::new() };
    if ending.reason == Reason::ProgressDeadlineExceeded.as_str() || rollout.from.is_none() {
        return ending.reason.clone();
    }
    let restored = rollout.steps.iter().any(|step| step.step == StepKind::DisablingCandidate);
    if restored { Reason::DeploymentRolledBack.to_string() } else { ending.reason.clone() }
}
