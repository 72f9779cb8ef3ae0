//! What the stored status asks of the children and of the listener rules. Pure, and the same however often it is asked.

use super::sight::{Asked, Rules, Sight};
use super::start::weight_of;
use super::{entry, gate, present, shift, slot_of};
use crate::api::ServerGroupStatus;
use crate::api::condition::Reason;
use crate::api::status::{GroupRollout, Replaced, RolloutStep, Slot, StepKind, Version, VersionState};
use crate::controllers::server_group::render::{Intent, Pin};

/// What is wanted of a version's objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// They exist; made if they do not.
    Made(Intent),
    /// They exist as long as nobody deletes them.
    Kept(Intent),
    /// The service goes, then the task definition.
    Gone,
}

/// What is wanted of every version, the newest first.
#[must_use]
pub fn children(asked: &Asked, status: &ServerGroupStatus, sight: &Sight) -> Vec<(Version, Wanted)> {
    status.versions.iter().map(|version| (version.clone(), wanted(asked, status, version, sight))).collect()
}

fn wanted(asked: &Asked, status: &ServerGroupStatus, version: &Version, sight: &Sight) -> Wanted {
    let needed = status.rollout.as_ref().is_some_and(|rollout| still_needed(asked, status, rollout, version, sight));
    if version.state == VersionState::Destroying && !needed {
        return Wanted::Gone;
    }
    // What was decided may be old: after a crash the tasks that were to take over may have died meanwhile.
    let least = if needed { sight.child(&version.name).asked } else { 0 };
    let intent = Intent { count: version.capacity.max(least), pin: pin(status, version) };
    let making = status.rollout.as_ref().is_some_and(|rollout| {
        rollout.to == version.name && rollout.ending.is_none() && rollout.step != StepKind::FreeingSlot
    });
    let taking = version.adopted && version.created_at.is_none();
    if taking || making && version.created_at.is_none() { Wanted::Made(intent) } else { Wanted::Kept(intent) }
}

/// Do the tasks of a version still carry what those that replace it cannot carry at this moment?
fn still_needed(
    asked: &Asked,
    status: &ServerGroupStatus,
    rollout: &GroupRollout,
    version: &Version,
    sight: &Sight,
) -> bool {
    let forward = rollout.ending.is_none();
    if forward && rollout.replaces.iter().any(|old| old.version == version.name) && !version.warm {
        let count = entry(status, &rollout.to).map_or(0, |to| to.capacity);
        return !gate::holds(&rollout.to, count, asked, sight);
    }
    if !forward && rollout.to == version.name && !rollout.replaces.is_empty() {
        let serves = |old: &Replaced| gate::healthy(&old.version, sight) > 0 || old.desired == 0;
        return gate::healthy(&version.name, sight) > 0 && !rollout.replaces.iter().any(serves);
    }
    false
}

/// How far autoscaling is held back.
fn pin(status: &ServerGroupStatus, version: &Version) -> Pin {
    if version.state != VersionState::Active {
        return Pin::Full;
    }
    let Some(rollout) = &status.rollout else {
        // Enabled again: the count that it had is brought about first.
        return if version.remembered.is_some() { Pin::Full } else { Pin::Free };
    };
    if rollout.to == version.name {
        return Pin::Full;
    }
    let replaced = rollout.replaces.iter().any(|old| old.version == version.name);
    if !replaced {
        return Pin::Free;
    }
    // On the way back a version that lost nothing keeps what it grew to meanwhile.
    let set = |step: &RolloutStep| matches!(step.step, StepKind::ShrinkingOld | StepKind::Restoring);
    if rollout.steps.iter().any(set) { Pin::Full } else { Pin::Outward }
}

/// Percent of the traffic that the second target group should receive; `None` when the rules are left alone.
#[must_use]
pub fn weight_of_b(asked: &Asked, status: &ServerGroupStatus, sight: &Sight) -> Option<i32> {
    if !asked.weighted {
        return None;
    }
    if let Some(rollout) = &status.rollout {
        // Only a step that shifts may write; in every other one the rules stay as they are.
        let shifting = present(rollout).is_some_and(|step| step.step == StepKind::Shifting);
        let slot = slot_of(status, rollout)?;
        let granted = shifting && rollout.shifted_at.is_none() && granted(rollout, present(rollout)?.weight);
        let step_weight = present(rollout).and_then(|step| step.weight).unwrap_or(0);
        let granted = granted && shift::lacks(step_weight, rollout, sight).is_none();
        return granted.then(|| weight_of(slot, weight_of(Slot::B, rollout.weight)));
    }
    if !steers(asked, status) {
        return None;
    }
    let current = entry(status, &strays(status, &sight.rules)?)?;
    let healthy = sight.health.get(&current.name).is_some_and(|instances| instances.healthy > 0);
    healthy.then_some(weight_of(current.slot?, 100))
}

/// The current version, if a rule does not give it all of the traffic; not while its slot is not known. In a group that steers its health is to be read
/// then, for weights are corrected only towards healthy targets.
#[must_use]
pub fn strays(status: &ServerGroupStatus, rules: &Rules) -> Option<String> {
    let current = entry(status, status.current_version.as_deref()?)?;
    let slot = current.slot?;
    let off = matches!(rules, Rules::Show(shares) if shares.iter().any(|rule| weight_of(slot, rule.b) != 100));
    off.then(|| current.name.clone())
}

/// Is all of the traffic to go to the current version? Not beside other active ones, and not after a failure that was
/// not to be undone: there the weights stay where they are.
#[must_use]
pub fn steers(asked: &Asked, status: &ServerGroupStatus) -> bool {
    let active = |version: &&Version| version.state == VersionState::Active;
    let current = status.current_version.as_deref().and_then(|name| entry(status, name));
    current.as_ref().is_some_and(active)
        && status.versions.iter().filter(active).count() == 1
        && status.rollout.is_none()
        && !stands(asked, status)
}

/// Is a version that failed to stay as it is? Until another template is asked for, or an `abort` names it.
#[must_use]
pub fn stands(asked: &Asked, status: &ServerGroupStatus) -> bool {
    status.hold.as_ref().is_some_and(|hold| {
        let undone = hold.reason == Reason::DeploymentRolledBack.as_str();
        let keeps = |version: &Version| version.state == VersionState::Failed && version.capacity > 0;
        !undone && hold.hash == asked.hash && entry(status, &hold.version).is_some_and(keeps)
    })
}

/// Has the step's precondition been seen to hold, so that its weight stands in the rollout?
fn granted(rollout: &GroupRollout, weight: Option<i32>) -> bool {
    weight == Some(rollout.weight)
}
