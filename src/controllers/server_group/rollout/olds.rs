//! The old versions: shrinking, taking out of service, destroying. Never while they receive traffic, never before the
//! new one can carry it. Pure.

use super::clock::{since, stamp};
use super::forward::Course;
use super::program::share;
use super::shift::UNKNOWN;
use super::sight::{Asked, Rules, Sight};
use super::start::weight_of;
use super::{Decision, entry, entry_mut, gate};
use crate::api::status::{GroupRollout, Remembered, RolloutStep, Version, VersionState};

/// Longest time that pruning may hold up the end of a rollout.
const PRUNING: i64 = 1800;

/// Old versions give up tasks only while the new one is healthy at its size.
pub(super) fn shrink(
    asked: &Asked,
    step: &RolloutStep,
    rollout: &GroupRollout,
    sight: &Sight,
    decision: &mut Decision,
) -> Course {
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
            let why = child.hindrance();
            waits = Some(format!("{} shrinks to {} tasks{why}", old.version, version.capacity));
        }
    }
    waits.map_or(Course::Done, Course::Waits)
}

/// Takes the old versions out of service: never while they receive traffic, never before the new one can carry it.
pub(super) fn disable_olds(
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
                let why = child.hindrance();
                waits = Some(format!("{} is being drained, {} tasks left{why}", old.version, child.running));
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
    let Some(slot) = to.slot else { return Some(UNKNOWN.to_owned()) };
    match &sight.rules {
        Rules::Show(shares) if shares.iter().all(|rule| weight_of(slot, rule.b) == 100) => None,
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

/// A warm standby gives up its tasks.
pub(super) fn scale_down(rollout: &GroupRollout, sight: &Sight, decision: &mut Decision) -> Course {
    let mut waits = None;
    for old in &rollout.replaces {
        let Some(version) = entry_mut(&mut decision.status, &old.version) else { continue };
        version.capacity = 0;
        version.warm = false;
        let child = sight.child(&old.version);
        if !child.is_empty() {
            waits = Some(format!("{} is being scaled down{}", old.version, child.hindrance()));
        }
    }
    waits.map_or(Course::Done, Course::Waits)
}

/// Every other version goes.
pub(super) fn destroy_others(rollout: &GroupRollout, decision: &mut Decision) -> Course {
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

/// Destroys what is out of service until no more than `maxRemaining` are left: first what failed, for nobody goes back
/// to it, then the oldest. Never an active one.
pub(super) fn prune(step: &RolloutStep, rollout: &GroupRollout, sight: &Sight, decision: &mut Decision) -> Course {
    if since(rollout.step_started_at.as_ref(), sight.now) > PRUNING {
        return Course::Done;
    }
    let most = usize::try_from(step.max_remaining.unwrap_or(2)).unwrap_or(2);
    let leaving = |version: &Version| version.state == VersionState::Destroying;
    let mut kept = decision.status.versions.iter().filter(|version| !leaving(version)).count();
    let mut spare: Vec<(bool, Option<_>, String)> = decision
        .status
        .versions
        .iter()
        .filter(|version| matches!(version.state, VersionState::Disabled | VersionState::Failed))
        .filter(|version| version.name != rollout.to)
        .map(|version| (version.state != VersionState::Failed, version.created_at.clone(), version.name.clone()))
        .collect();
    spare.sort();
    for (_, _, name) in spare {
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
