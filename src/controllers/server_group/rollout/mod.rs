//! The state machine of a group: from the stored status and what was seen to the next status. Pure.
//!
//! A pass either moves the machine on, and then writes only the status, or carries out what the stored status asks.
//! So an intent is always written down before its effect, and a crash anywhere resumes at the recorded step.

pub mod asks;
pub mod back;
pub mod clock;
pub(super) mod forward;
pub mod gate;
mod grow;
pub mod intents;
mod olds;
pub mod program;
mod shift;
pub mod sight;
pub mod start;
mod steady;
#[cfg(test)]
mod tests;

use crate::api::ServerGroupStatus;
use crate::api::condition::Reason;
use crate::api::status::{
    GroupRollout, HistoryEntry, RolloutStep, Slot, StepKind, Version, VersionFailure, VersionState,
};
use crate::controllers::events::{EventReason, Happening};
use clock::stamp;
use sight::{Asked, Sight};

/// Entries kept of what ended.
const HISTORY: usize = 10;
/// What became of a version that was not destroyed by us.
const BY_HAND: &str = "its EcsService was deleted by hand";

/// What the machine decided.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The next status: equal to the stored one when there is nothing to move.
    pub status: ServerGroupStatus,
    /// What is worth an event.
    pub said: Vec<Happening>,
    /// Why nothing can begin, and the detail that leads the message.
    pub blocked: Option<(Reason, String)>,
}

impl Decision {
    fn say(&mut self, reason: EventReason, note: impl Into<String>) {
        self.said.push(Happening::new(reason, note));
    }
}

/// Decides. `paused`: nothing moves but what is being destroyed already.
#[must_use]
pub fn decide(asked: &Asked, status: &ServerGroupStatus, sight: &Sight, paused: bool) -> Decision {
    let mut decision = Decision { status: status.clone(), said: Vec::new(), blocked: None };
    notice_children(&mut decision, sight);
    if paused {
        return decision;
    }
    directives(asked, &mut decision);
    if decision.status.rollout.is_some() {
        forward::advance(asked, sight, &mut decision);
    } else {
        steady::settle(asked, sight, &mut decision);
    }
    decision
}

/// Takes down which children exist, and drops entries whose children are gone. Of a version whose service somebody
/// deleted the task definition goes too.
fn notice_children(decision: &mut Decision, sight: &Sight) {
    let mut gone = Vec::new();
    for version in &mut decision.status.versions {
        let child = sight.child(&version.name);
        if child.service && version.created_at.is_none() {
            version.created_at = Some(stamp(sight.now));
        }
        // Made before there was `traffic`, or taken in while nobody could tell.
        version.slot = version.slot.or(child.slot);
        let lost = version.created_at.is_some() && (!child.service || child.deleting);
        if lost && version.state != VersionState::Destroying {
            version.state = VersionState::Destroying;
            version.role = String::new();
            version.failure.get_or_insert(VersionFailure {
                reason: Reason::DeploymentFailed.to_string(),
                message: BY_HAND.to_owned(),
                at: Some(stamp(sight.now)),
            });
            if decision.status.current_version.as_ref() == Some(&version.name) {
                decision.status.current_version = None;
            }
        }
        if version.state == VersionState::Destroying && !child.service && !child.task_definition {
            gone.push(version.name.clone());
        }
    }
    for name in gone {
        forget(decision, &name, sight);
    }
}

fn forget(decision: &mut Decision, name: &str, sight: &Sight) {
    let Some(at) = decision.status.versions.iter().position(|version| version.name == name) else { return };
    let version = decision.status.versions.remove(at);
    let message = version.failure.map(|failure| failure.message).unwrap_or_default();
    remember(
        &mut decision.status,
        HistoryEntry {
            version: name.to_owned(),
            result: "Destroyed".to_owned(),
            images: version.images,
            message,
            at: Some(stamp(sight.now)),
        },
    );
    if decision.status.current_version.as_deref() == Some(name) {
        decision.status.current_version = None;
    }
    decision.say(EventReason::Deleted, format!("{name}: destroyed"));
}

/// Asks of annotations that concern no rollout under way.
fn directives(asked: &Asked, decision: &mut Decision) {
    if let Some(value) = &asked.retry {
        match &decision.status.hold {
            Some(hold) if hold.version == *value => decision.status.hold = None,
            Some(hold) => {
                let other = hold.version.clone();
                decision.say(
                    EventReason::RequestIgnored,
                    format!("`ecs-operator.dev/retry: {value}`: the version that is held is {other}"),
                );
            }
            None => {
                decision
                    .say(EventReason::RequestIgnored, format!("`ecs-operator.dev/retry: {value}`: nothing is held"));
            }
        }
    }
    // What was left standing after a failure can still be undone.
    let undoes = asked.abort.is_some()
        && intents::stands(asked, &decision.status)
        && decision.status.hold.as_ref().map(|hold| &hold.version) == asked.abort.as_ref();
    if undoes && let Some(hold) = &mut decision.status.hold {
        hold.reason = Reason::DeploymentRolledBack.to_string();
        return;
    }
    if decision.status.rollout.is_none() {
        for (name, value) in [("promote", &asked.promote), ("abort", &asked.abort)] {
            if let Some(value) = value {
                decision.say(
                    EventReason::RequestIgnored,
                    format!("`ecs-operator.dev/{name}: {value}`: no rollout is under way"),
                );
            }
        }
    }
}

/// The step under way.
#[must_use]
pub fn present(rollout: &GroupRollout) -> Option<&RolloutStep> {
    rollout.steps.get(usize::try_from(rollout.step_index).ok()?)
}

/// The entry of a version.
#[must_use]
pub fn entry<'a>(status: &'a ServerGroupStatus, name: &str) -> Option<&'a Version> {
    status.versions.iter().find(|version| version.name == name)
}

fn entry_mut<'a>(status: &'a mut ServerGroupStatus, name: &str) -> Option<&'a mut Version> {
    status.versions.iter_mut().find(|version| version.name == name)
}

/// The slot of the version that a rollout goes to; where its entry is gone, the one that the old version does not have.
#[must_use]
pub fn slot_of(status: &ServerGroupStatus, rollout: &GroupRollout) -> Option<Slot> {
    match entry(status, &rollout.to) {
        Some(version) => version.slot,
        None => entry(status, rollout.from.as_deref()?)?.slot.map(start::other),
    }
}

fn remember(status: &mut ServerGroupStatus, entry: HistoryEntry) {
    status.history.insert(0, entry);
    status.history.truncate(HISTORY);
}

/// Begins the step at the rollout's index.
fn begin_step(rollout: &mut GroupRollout, sight: &Sight) {
    let now = stamp(sight.now);
    rollout.step = present(rollout).map_or(StepKind::Ending, |step| step.step);
    rollout.step_started_at = Some(now.clone());
    rollout.progressed_at = Some(now);
    rollout.healthy_since = None;
    rollout.unhealthy_since = None;
    rollout.shifted_at = None;
    rollout.healthy = 0;
    rollout.analysis = None;
    rollout.promote_with = (rollout.step == StepKind::Paused).then(|| format!("{}.{}", rollout.to, rollout.step_index));
    rollout.message = rollout.promote_with.as_deref().map_or_else(|| "begins".to_owned(), waits_for);
    rollout.display = display(rollout);
}

/// What a step that waits for a person says.
fn waits_for(gate: &str) -> String {
    format!("waiting for `ecs-operator.dev/promote: {gate}`")
}

/// The ROLLOUT column.
fn display(rollout: &GroupRollout) -> String {
    let back = if rollout.ending.is_some() { "back " } else { "" };
    format!("{back}{} {}/{}", rollout.step, rollout.step_index + 1, rollout.steps.len())
}
