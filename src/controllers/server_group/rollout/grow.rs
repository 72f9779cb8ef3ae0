//! A larger count while a rollout is under way: the version that serves grows at once, the new one from the next gate
//! on. A smaller one waits for the end. Pure.

use super::asks::can_turn;
use super::sight::Asked;
use super::{Decision, entry_mut};
use crate::api::status::{GroupRollout, RolloutStep, StepKind, VersionState};
use crate::controllers::events::EventReason;

/// Lets the versions of a rollout grow to the count that the spec asks for by now.
pub(super) fn grow(asked: &Asked, rollout: &mut GroupRollout, decision: &mut Decision) {
    let wanted = asked.desired.max(asked.min).min(asked.max.max(asked.min));
    let Some(from) = rollout.from.clone() else { return };
    if !asked.managed || asked.disabled || rollout.ending.is_some() || !can_turn(rollout) {
        return;
    }
    if let Some(old) = rollout.replaces.iter_mut().find(|old| old.version == from)
        && let Some(version) = entry_mut(&mut decision.status, &from)
        && version.state == VersionState::Active
        && wanted > old.desired
    {
        // One that has given up tasks already gets none back: the new version has their share.
        let whole = version.capacity >= old.desired;
        old.desired = wanted;
        if whole {
            let note = format!("{from}: {} → {wanted} tasks", version.capacity);
            version.capacity = wanted;
            decision.say(EventReason::Scaled, note);
        }
    }
    if wanted > rollout.target && gate_comes_first(rollout) {
        let at = usize::try_from(rollout.step_index).unwrap_or(0);
        for step in rollout.steps.iter_mut().skip(at) {
            step.count = step.count.map(|count| scaled(count, rollout.target, wanted));
        }
        rollout.target = wanted;
    }
}

/// Is there a gate before the next shift of traffic? A weight is never given to fewer tasks than it needs.
fn gate_comes_first(rollout: &GroupRollout) -> bool {
    let decides = |step: &&RolloutStep| matches!(step.step, StepKind::Gating | StepKind::Shifting);
    let at = usize::try_from(rollout.step_index).unwrap_or(0);
    rollout.steps.iter().skip(at).find(decides).is_some_and(|step| step.step == StepKind::Gating)
}

/// The same part of a larger whole, rounded up.
fn scaled(count: i32, from: i32, to: i32) -> i32 {
    if from <= 0 {
        return to.min(1).max(count);
    }
    let product = i64::from(count) * i64::from(to);
    i32::try_from((product + i64::from(from) - 1) / i64::from(from)).unwrap_or(to)
}
