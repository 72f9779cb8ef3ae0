//! Moving traffic: what a shift of weights waits for, and when it is done. Pure.

use super::back::waits;
use super::clock::{since, stamp};
use super::forward::Course;
use super::program::share;
use super::sight::{Asked, Rules, Sight};
use super::start::weight_of;
use super::{Decision, gate, slot_of};
use crate::api::status::{GroupRollout, Replaced};

/// What is said of a version whose target group nobody knows: no weight is moved for it.
pub(super) const UNKNOWN: &str = "the slot of the version is not known";

/// Shifts traffic: only to tasks that are healthy now, and done only when every rule shows it and clients have moved.
pub(super) fn shift(
    asked: &Asked,
    weight: i32,
    rollout: &mut GroupRollout,
    sight: &Sight,
    decision: &Decision,
) -> Course {
    let Some(slot) = slot_of(&decision.status, rollout) else {
        return Course::waits(UNKNOWN);
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
            return if rollout.ending.is_some() { waits(asked, rollout, sight, why) } else { Course::Waits(why) };
        }
        rollout.weight = weight;
        return Course::Waits(format!("{weight} % of the traffic go to {}", rollout.to));
    }
    rollout.weight = weight;
    let Some(shifted) = &rollout.shifted_at else {
        rollout.shifted_at = Some(stamp(sight.now));
        return settle(weight, sight.rules.settle_seconds(asked), 0);
    };
    let passed = since(Some(shifted), sight.now);
    settle(weight, sight.rules.settle_seconds(asked), passed)
}

fn settle(weight: i32, long: i64, passed: i64) -> Course {
    if weight > 0 && weight < 100 {
        return Course::Done;
    }
    if passed >= long { Course::Done } else { Course::Waits(format!("clients move over for {long} s")) }
}

/// Why nobody may receive the traffic that a weight gives them. Asked when the weight is granted, and again when it is
/// written: a crash may lie between.
pub(super) fn lacks(weight: i32, rollout: &GroupRollout, sight: &Sight) -> Option<String> {
    if rollout.ending.is_none() {
        let need = share(weight, rollout.target);
        let healthy = gate::healthy(&rollout.to, sight);
        return (healthy < need)
            .then(|| format!("{weight} % need {need} healthy tasks of {}, {healthy} are", rollout.to));
    }
    if rollout.replaces.is_empty() {
        return None;
    }
    let served = |old: &Replaced| gate::healthy(&old.version, sight) >= share(100 - weight, old.desired).max(1);
    (!rollout.replaces.iter().any(served))
        .then(|| format!("{} % need more healthy tasks of the old version", 100 - weight))
}
