//! What a stored status asks of children and rules.

use super::super::intents::{Wanted, children, stands, steers, strays, weight_of_b};
use super::super::sight::Sight;
use super::state::{V0, V1, ago, asked, at_rest, ending, rolling, rollout, shares, sight, step, well};
use crate::api::ServerGroupStatus;
use crate::api::status::{Hold, Remembered, RolloutResult, RolloutStep, Slot, StepKind, VersionState};
use crate::controllers::server_group::render::{Intent, Pin};

fn wanted(status: &ServerGroupStatus, sight: &Sight, name: &str) -> Wanted {
    let all = children(&asked(true), status, sight);
    all.into_iter().find(|(version, _)| version.name == name).unwrap().1
}

fn count(wanted: &Wanted) -> i32 {
    match wanted {
        Wanted::Made(intent) | Wanted::Kept(intent) => intent.count,
        Wanted::Gone => -1,
    }
}

/// The old version was told to give up its tasks, and has not yet.
fn shrunk(healthy: i32, change: impl FnOnce(&mut ServerGroupStatus)) -> i32 {
    let mut status = rolling(vec![step(StepKind::DisablingOld)]);
    let mut sight = sight(&status);
    sight.health.insert(V1.to_owned(), well(healthy));
    status.versions[1].capacity = 0;
    change(&mut status);
    count(&wanted(&status, &sight, V0))
}

#[test]
fn an_old_version_keeps_its_tasks_while_the_new_one_cannot_carry_them() {
    assert_eq!(shrunk(4, |_| ()), 0);
    assert_eq!(shrunk(3, |_| ()), 4);
    assert_eq!(shrunk(3, |status| status.versions[1].warm = true), 0, "a standby is kept by its own count");
    assert_eq!(shrunk(3, |status| rollout(status).replaces.clear()), 0, "it is not what is replaced");
    assert_eq!(shrunk(3, |status| status.versions[1].state = VersionState::Destroying), 4, "nor is it destroyed");
    assert_eq!(shrunk(4, |status| status.versions[1].state = VersionState::Destroying), -1);
}

/// On the way back the new version was told to give up its tasks, and has not yet.
fn given_up(new: i32, old: i32, change: impl FnOnce(&mut ServerGroupStatus)) -> i32 {
    let mut status = rolling(vec![step(StepKind::DisablingCandidate)]);
    rollout(&mut status).ending = ending(RolloutResult::Failed);
    let mut sight = sight(&status);
    sight.health.insert(V1.to_owned(), well(new));
    sight.health.insert(V0.to_owned(), well(old));
    status.versions[0].capacity = 0;
    change(&mut status);
    count(&wanted(&status, &sight, V1))
}

#[test]
fn on_the_way_back_the_new_version_stays_while_it_alone_serves() {
    assert_eq!(given_up(1, 0, |_| ()), 4);
    assert_eq!(given_up(1, 1, |_| ()), 0);
    assert_eq!(given_up(0, 0, |_| ()), 0, "nobody is served by it either");
    assert_eq!(given_up(1, 0, |status| rollout(status).replaces.clear()), 0);
    assert_eq!(given_up(1, 0, |status| rollout(status).replaces[0].desired = 0), 0, "the old one had no tasks");
    let mut status = rolling(vec![step(StepKind::DisablingCandidate)]);
    rollout(&mut status).ending = ending(RolloutResult::Failed);
    let mut sight = sight(&status);
    sight.health.remove(V0);
    status.versions[1].capacity = 1;
    assert_eq!(count(&wanted(&status, &sight, V0)), 1, "the old one is not held at what it is asked for");
}

#[test]
fn only_the_version_of_the_rollout_or_one_taken_in_is_made() {
    let made = |change: fn(&mut ServerGroupStatus), name: &str| {
        let mut status = rolling(vec![step(StepKind::Creating)]);
        let sight = sight(&status);
        status.versions[0].created_at = None;
        change(&mut status);
        matches!(wanted(&status, &sight, name), Wanted::Made(_))
    };
    assert!(made(|_| (), V1));
    assert!(!made(|status| status.versions[0].created_at = ago(5), V1), "it exists, and is not made twice");
    assert!(!made(|status| rollout(status).ending = ending(RolloutResult::Failed), V1));
    assert!(!made(|status| rollout(status).step = StepKind::FreeingSlot, V1));
    assert!(!made(|status| status.versions[1].created_at = None, V0));
    assert!(made(|status| (status.versions[1].created_at, status.versions[1].adopted) = (None, true), V0));
    assert!(!made(|status| status.versions[1].adopted = true, V0));
}

#[test]
fn autoscaling_is_held_back_as_far_as_the_rollout_needs() {
    let pin = |status: &ServerGroupStatus, name: &str| match wanted(status, &sight(status), name) {
        Wanted::Made(Intent { pin, .. }) | Wanted::Kept(Intent { pin, .. }) => pin,
        Wanted::Gone => panic!("it is there"),
    };
    let mut rest = at_rest();
    assert_eq!(pin(&rest, V0), Pin::Free);
    rest.versions[0].remembered = Some(Remembered::default());
    assert_eq!(pin(&rest, V0), Pin::Full);
    rest.versions[0].remembered = None;
    rest.versions[0].state = VersionState::Disabled;
    assert_eq!(pin(&rest, V0), Pin::Full);
    let mut moving = rolling(vec![step(StepKind::Gating)]);
    assert_eq!((pin(&moving, V1), pin(&moving, V0)), (Pin::Full, Pin::Outward));
    for kind in [StepKind::ShrinkingOld, StepKind::Restoring] {
        let shrinking = rolling(vec![step(StepKind::Gating), step(kind)]);
        assert_eq!(pin(&shrinking, V0), Pin::Full);
    }
    rollout(&mut moving).replaces.clear();
    assert_eq!(pin(&moving, V0), Pin::Free);
}

/// Percent for slot B in the middle of a shift to 25 %.
fn shifted(weighted: bool, change: impl FnOnce(&mut ServerGroupStatus)) -> Option<i32> {
    let mut status = rolling(vec![RolloutStep { weight: Some(25), ..step(StepKind::Shifting) }]);
    rollout(&mut status).weight = 25;
    let sight = sight(&status);
    change(&mut status);
    weight_of_b(&asked(weighted), &status, &sight)
}

#[test]
fn a_weight_is_written_only_by_the_step_that_was_granted_it() {
    assert_eq!(shifted(true, |_| ()), Some(25));
    assert_eq!(shifted(false, |_| ()), None);
    assert_eq!(shifted(true, |status| status.versions[0].slot = Some(Slot::A)), Some(75));
    assert_eq!(shifted(true, |status| status.versions[0].slot = None), None, "nobody knows where it is");
    assert_eq!(shifted(true, |status| rollout(status).weight = 0), None, "not granted yet");
    assert_eq!(shifted(true, |status| rollout(status).shifted_at = ago(5)), None, "written already");
    assert_eq!(shifted(true, |status| rollout(status).steps[0].step = StepKind::Gating), None);
    let mut ill = rolling(vec![RolloutStep { weight: Some(25), ..step(StepKind::Shifting) }]);
    rollout(&mut ill).weight = 25;
    let mut sight = sight(&ill);
    sight.health.insert(V1.to_owned(), well(0));
    assert_eq!(weight_of_b(&asked(true), &ill, &sight), None, "nobody there is healthy any more");
}

#[test]
fn at_rest_a_weight_that_strays_goes_back_to_healthy_tasks() {
    let mut status = at_rest();
    let mut sight = sight(&status);
    sight.rules = shares(&[0, 30]);
    assert_eq!(weight_of_b(&asked(true), &status, &sight), Some(0));
    status.versions[0].slot = Some(Slot::B);
    assert_eq!(weight_of_b(&asked(true), &status, &sight), Some(100));
    sight.health.insert(V0.to_owned(), well(0));
    assert_eq!(weight_of_b(&asked(true), &status, &sight), None);
    sight.health.insert(V0.to_owned(), well(1));
    sight.rules = shares(&[100]);
    assert_eq!(weight_of_b(&asked(true), &status, &sight), None, "all is as it should be");
    status.versions[0].slot = None;
    for b in [0, 30, 100] {
        sight.rules = shares(&[b]);
        assert_eq!(weight_of_b(&asked(true), &status, &sight), None, "nobody knows where it is");
        assert_eq!(strays(&status, &sight.rules), None);
    }
}

/// V1 failed, and was left as it is.
fn left_standing() -> ServerGroupStatus {
    let mut status = rolling(vec![step(StepKind::Gating)]);
    status.rollout = None;
    status.versions[0].state = VersionState::Failed;
    let hash = asked(true).hash;
    let (version, reason) = (V1.to_owned(), "DeploymentFailed".to_owned());
    status.hold = Some(Hold { hash, version, reason, ..Hold::default() });
    status
}

#[test]
fn a_failure_that_was_not_undone_stands_until_something_else_is_asked() {
    assert!(stands(&asked(true), &left_standing()));
    assert!(!steers(&asked(true), &left_standing()), "the weights stay where they are");
    for change in [
        (|status: &mut ServerGroupStatus| status.hold = None) as fn(&mut ServerGroupStatus),
        |status| status.hold.as_mut().unwrap().reason = "DeploymentRolledBack".to_owned(),
        |status| status.hold.as_mut().unwrap().hash = "other".to_owned(),
        |status| status.hold.as_mut().unwrap().version = "shop-prod-v009".to_owned(),
        |status| status.versions[0].capacity = 0,
        |status| status.versions[0].state = VersionState::Disabled,
    ] {
        let mut status = left_standing();
        change(&mut status);
        assert!(!stands(&asked(true), &status), "{status:?}");
        assert!(steers(&asked(true), &status));
    }
}

#[test]
fn traffic_is_steered_only_to_the_one_active_version_of_a_group_at_rest() {
    assert!(steers(&asked(true), &at_rest()));
    assert!(!steers(&asked(true), &rolling(vec![step(StepKind::Gating)])));
    let mut alone = rolling(vec![step(StepKind::Gating)]);
    alone.versions[0].state = VersionState::Disabled;
    assert!(!steers(&asked(true), &alone), "a rollout has its own steps");
    let mut two = rolling(vec![step(StepKind::Gating)]);
    two.rollout = None;
    assert!(!steers(&asked(true), &two));
    let mut off = at_rest();
    off.versions[0].state = VersionState::Disabled;
    assert!(!steers(&asked(true), &off));
}
