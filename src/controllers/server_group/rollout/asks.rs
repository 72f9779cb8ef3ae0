//! What annotations and a changed spec ask of an open rollout. Pure.

use super::clock::{self, since};
use super::gate::Failure;
use super::program::{self, Terms};
use super::sight::{Asked, Sight};
use super::{Decision, back, begin_step, entry, present};
use crate::api::condition::Reason;
use crate::api::status::{GroupRollout, RolloutResult, RolloutStep, StepKind, VersionState};
use crate::controllers::events::EventReason;

/// What annotations and a changed spec ask of an open rollout.
pub(super) fn asks(asked: &Asked, rollout: &mut GroupRollout, sight: &Sight, decision: &mut Decision) {
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
    if !supersedes(asked, rollout) {
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

/// Does the spec ask for something else than the rollout brings about?
#[must_use]
pub fn supersedes(asked: &Asked, rollout: &GroupRollout) -> bool {
    let other_template = rollout.template_hash != asked.hash;
    let pinned = asked.to_version.as_ref().map(|pin| *pin != rollout.to);
    pinned.unwrap_or(other_template && rollout.strategy != "restore") || asked.disabled
}

fn olds_are_out(rollout: &GroupRollout, decision: &Decision) -> bool {
    let out = |name: &str| entry(&decision.status, name).is_none_or(|old| old.state != VersionState::Active);
    !rollout.replaces.is_empty() && rollout.replaces.iter().all(|old| out(&old.version))
}

/// Can the rollout still go back?
pub(super) fn can_turn(rollout: &GroupRollout) -> bool {
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
pub(super) fn count_pause(rollout: &mut GroupRollout, sight: &Sight) {
    if clock::is_pause(rollout.step) {
        rollout.paused_seconds += since(rollout.step_started_at.as_ref(), sight.now);
    }
}
