//! One look at a step under way.

use super::super::shift::lacks;
use super::super::sight::Child;
use super::model::{World, analysis, asked as settings, canary, red_black, rolling as in_steps};
use super::state::{
    V0, V1, V2, ago, asked, child, ending, looked, next, rolling, rollout, said, shares, sight, step, version, well,
};
use crate::api::ServerGroupStatus;
use crate::api::server_group::strategy::CanaryStep;
use crate::api::status::{RolloutResult, RolloutStep, Slot, StepKind, VersionState};

/// At this step, with another one behind it.
fn at(first: RolloutStep) -> ServerGroupStatus {
    rolling(vec![first, step(StepKind::Paused)])
}

/// Is the step done?
fn done(weighted: bool, status: &ServerGroupStatus, change: impl FnOnce(&mut super::super::sight::Sight)) -> bool {
    let mut sight = sight(status);
    change(&mut sight);
    looked(&asked(weighted), status, &sight).step_index == 1
}

#[test]
fn progress_is_a_new_most_of_healthy_tasks() {
    let progressed = |before: i32| {
        let mut status = at(step(StepKind::Waiting));
        rollout(&mut status).steps[0].seconds = Some(1000);
        rollout(&mut status).healthy = before;
        let after = looked(&asked(false), &status, &sight(&status));
        (after.healthy, after.progressed_at == ago(0))
    };
    assert_eq!((progressed(3), progressed(4), progressed(5)), ((4, true), (4, false), (5, false)));
}

#[test]
fn a_version_that_serves_is_watched_from_the_moment_it_is_short() {
    let unhealthy = |kind: StepKind, healthy: i32, before: Option<i64>| {
        let mut status = at(RolloutStep { seconds: Some(1000), ..step(kind) });
        rollout(&mut status).unhealthy_since = before.and_then(ago);
        let mut sight = sight(&status);
        sight.health.insert(V1.to_owned(), well(healthy));
        looked(&asked(false), &status, &sight).unhealthy_since
    };
    assert_eq!(unhealthy(StepKind::Waiting, 3, None), ago(0));
    assert_eq!(unhealthy(StepKind::Waiting, 3, Some(20)), ago(20));
    assert_eq!(unhealthy(StepKind::Waiting, 4, Some(20)), None);
    assert_eq!(unhealthy(StepKind::Gating, 3, None), None);
}

#[test]
fn while_the_spec_is_refused_nothing_is_made_and_the_clocks_stand() {
    let look = |created: bool, there: bool, refused: bool| {
        let mut status = at(RolloutStep { count: Some(4), ..step(StepKind::Creating) });
        rollout(&mut status).seen_at = ago(500);
        status.versions[0].created_at = ago(10).filter(|_| created);
        let mut sight = sight(&status);
        sight.children.insert(V1.to_owned(), Child { service: there, ..Child::default() });
        let mut asked = asked(false);
        asked.refused = refused;
        let after = looked(&asked, &status, &sight);
        (after.message.contains("is not made before"), after.seen_at == ago(0))
    };
    assert_eq!(look(false, false, true), (true, false));
    assert_eq!(look(false, false, false), (false, true));
    assert_eq!(look(false, true, true), (false, true), "it is made already");
    assert_eq!(look(true, true, true), (false, true));
}

#[test]
fn a_rollout_that_waits_for_room_or_ends_does_not_fail() {
    let failed = |kind: StepKind| {
        let mut status = at(step(kind));
        rollout(&mut status).started_at = ago(1_000_000);
        let after = next(&asked(true), &status, &sight(&status));
        after.rollout.is_some_and(|rollout| rollout.ending.is_some())
    };
    assert!(failed(StepKind::Creating));
    assert!(!failed(StepKind::FreeingSlot) && !failed(StepKind::Finishing));
}

#[test]
fn a_wait_is_over_at_its_second() {
    let wait = |seconds: i32| at(RolloutStep { seconds: Some(seconds), ..step(StepKind::Waiting) });
    assert!(done(false, &wait(50), |_| ()) && !done(false, &wait(51), |_| ()));
}

#[test]
fn only_idle_versions_of_the_same_slot_make_room() {
    let mut status = at(step(StepKind::FreeingSlot));
    let idle = |name: &str, slot: Slot| super::super::Version {
        slot: Some(slot),
        warm: true,
        ..version(name, VersionState::Disabled, 2)
    };
    status.versions.extend([idle(V2, Slot::B), idle("shop-prod-v003", Slot::A)]);
    let after = next(&asked(true), &status, &sight(&status));
    let capacity: Vec<i32> = after.versions.iter().map(|version| version.capacity).collect();
    assert_eq!(capacity, [4, 4, 0, 2]);
    assert_eq!(after.rollout.unwrap().message, format!("{V2} leaves the target group"));
    status.versions[2].capacity = 0;
    assert!(done(true, &status, |_| ()));
    status.versions[1].slot = Some(Slot::B);
    assert_eq!(next(&asked(true), &status, &sight(&status)).versions[1].capacity, 4, "the old one serves");
}

#[test]
fn a_version_is_made_when_ecs_has_its_service() {
    let create = at(RolloutStep { count: Some(4), ..step(StepKind::Creating) });
    assert!(done(false, &create, |_| ()));
    for unmade in [Child { active: false, ..child(4) }, Child { service_arn: None, ..child(4) }] {
        assert!(!done(false, &create, |sight| drop(sight.children.insert(V1.to_owned(), unmade))));
    }
    let mut sight = sight(&create);
    sight.problems = vec!["no subnet".to_owned()];
    sight.children.insert(V1.to_owned(), Child { active: false, ..child(4) });
    assert_eq!(looked(&asked(false), &create, &sight).message, format!("{V1} is being made"));
    let mut unborn = create.clone();
    unborn.versions[0].created_at = None;
    sight.children.insert(V1.to_owned(), Child::default());
    assert_eq!(looked(&asked(false), &unborn, &sight).message, format!("{V1} is being made; no subnet"));
}

#[test]
fn a_gate_opens_after_its_time_and_at_once_for_no_tasks() {
    let mut asked = asked(false);
    asked.gate.min_healthy_seconds = 10;
    let opens = |healthy_since: i64, count: i32| {
        let mut status = at(RolloutStep { count: Some(count), ..step(StepKind::Gating) });
        status.versions[0].capacity = count;
        rollout(&mut status).healthy_since = ago(healthy_since);
        looked(&asked, &status, &sight(&status)).step_index == 1
    };
    assert!(opens(10, 4) && !opens(9, 4) && opens(0, 0));
}

/// Settled for so long at this weight; `None` when the shift goes on.
fn settled(weight: i32, seconds: Option<i64>) -> bool {
    let mut status = at(RolloutStep { weight: Some(weight), ..step(StepKind::Shifting) });
    rollout(&mut status).shifted_at = seconds.and_then(ago);
    done(true, &status, |sight| sight.rules = shares(&[weight]))
}

#[test]
fn clients_get_their_time_where_a_target_group_lost_all_traffic() {
    assert!(settled(50, None) && settled(1, None) && settled(99, None));
    assert!(!settled(100, None) && !settled(100, Some(14)) && settled(100, Some(15)));
    assert!(!settled(0, Some(14)) && settled(0, Some(15)));
}

#[test]
fn a_new_version_that_cannot_be_taken_out_of_service_blocks_the_way_back_once_it_is_late() {
    let message = |started: i64, hindered: bool| {
        let mut status = at(step(StepKind::DisablingCandidate));
        rollout(&mut status).ending = ending(RolloutResult::Failed);
        rollout(&mut status).started_at = ago(started);
        let mut sight = sight(&status);
        let stalled = hindered.then(|| ("InvalidSpec".to_owned(), "ECS refuses".to_owned()));
        sight.children.insert(V1.to_owned(), Child { stalled, ..sight.child(V1) });
        looked(&asked(true), &status, &sight).message
    };
    assert!(message(1_000_000, true).starts_with("RestoreBlocked: "), "{}", message(1_000_000, true));
    assert!(message(1_000_000, true).ends_with(": ECS refuses"));
    assert!(!message(10, true).contains("RestoreBlocked"));
    assert!(!message(1_000_000, false).contains("RestoreBlocked"), "tasks that drain for long are no hindrance");
}

#[test]
fn a_way_back_is_blocked_only_when_it_is_late() {
    let message = |back: bool, started: i64| {
        let mut status = at(RolloutStep { weight: Some(0), ..step(StepKind::Shifting) });
        rollout(&mut status).ending = ending(RolloutResult::Failed).filter(|_| back);
        rollout(&mut status).started_at = ago(started);
        let mut sight = sight(&status);
        sight.rules = shares(&[50]);
        sight.health.insert(V0.to_owned(), well(0));
        looked(&asked(true), &status, &sight).message
    };
    assert_eq!(message(true, 1_000_000), "RestoreBlocked: 100 % need more healthy tasks of the old version");
    assert_eq!(message(true, 10), "100 % need more healthy tasks of the old version");
    let mut part = rolling(vec![step(StepKind::Shifting)]);
    rollout(&mut part).ending = ending(RolloutResult::Failed);
    let mut sight = sight(&part);
    sight.health.insert(V0.to_owned(), well(2));
    assert_eq!(lacks(50, rollout(&mut part), &sight), None, "half of the tasks carry half of the traffic");
    assert!(lacks(49, rollout(&mut part), &sight).unwrap().starts_with("51 %"));
}

#[test]
fn an_old_version_has_shrunk_when_ecs_says_so() {
    let mut status = at(RolloutStep { percent: Some(50), ..step(StepKind::ShrinkingOld) });
    status.versions[1].capacity = 2;
    assert!(done(false, &status, |_| ()));
    for change in [
        (|child: &mut Child| child.asked = 4) as fn(&mut Child),
        |child| child.settled = false,
        |child| child.running = 3,
    ] {
        assert!(!done(false, &status, |sight| change(sight.children.get_mut(V0).unwrap())));
    }
    assert!(done(false, &status, |sight| sight.children.get_mut(V0).unwrap().running = 1));
}

#[test]
fn old_versions_are_out_when_they_are_empty_and_receive_nothing() {
    let mut status = at(step(StepKind::DisablingOld));
    assert!(!done(true, &status, |sight| sight.rules = shares(&[90])), "slot A still receives some");
    let mut lost = status.clone();
    lost.versions[0].slot = None;
    for b in [0, 100] {
        let mut seen = sight(&lost);
        seen.rules = shares(&[b]);
        let after = next(&asked(true), &lost, &seen);
        assert_eq!(after.versions[1].state, VersionState::Active, "nobody knows where the traffic should be");
    }
    let mut still = sight(&status);
    still.rules = shares(&[100, 90]);
    assert_eq!(next(&asked(true), &status, &still).versions[1].state, VersionState::Active);
    let mut free = sight(&status);
    free.rules = shares(&[100]);
    let after = next(&asked(true), &status, &free);
    assert_eq!((after.versions[1].state, after.versions[1].capacity), (VersionState::Disabled, 0));
    status.versions[1].state = VersionState::Disabled;
    status.versions[1].capacity = 0;
    assert!(done(true, &status, |_| ()));
    let asks = Child { asked: 1, settled: true, ..child(0) };
    assert!(!done(true, &status, |sight| drop(sight.children.insert(V0.to_owned(), asks))));
    let runs = Child { running: 1, ..child(0) };
    assert!(!done(true, &status, |sight| drop(sight.children.insert(V0.to_owned(), runs))));
}

#[test]
fn every_other_version_is_counted_until_it_is_gone() {
    let mut status = at(step(StepKind::DestroyingOld));
    let after = next(&asked(false), &status, &sight(&status));
    assert_eq!(
        after.versions.iter().map(|v| v.state).collect::<Vec<_>>(),
        [VersionState::Active, VersionState::Destroying]
    );
    assert_eq!(after.rollout.unwrap().message, "1 other versions are being destroyed");
    status.versions.truncate(1);
    assert!(done(false, &status, |_| ()));
}

#[test]
fn pruning_takes_what_failed_then_the_oldest_and_never_for_longer_than_half_an_hour() {
    let mut status = at(RolloutStep { max_remaining: Some(2), ..step(StepKind::Pruning) });
    status.versions[1].state = VersionState::Disabled;
    assert!(done(false, &status, |_| ()), "two remain");
    status.versions.push(version(V2, VersionState::Failed, 0));
    let after = next(&asked(false), &status, &sight(&status));
    assert_eq!(after.versions[2].state, VersionState::Destroying);
    assert_eq!(after.versions[1].state, VersionState::Disabled);
    assert_eq!(after.rollout.as_ref().unwrap().message, "1 old versions are being destroyed");
    for (seconds, over) in [(1800, false), (1801, true)] {
        let mut late = after.clone();
        rollout(&mut late).step_started_at = ago(seconds);
        assert_eq!(done(false, &late, |_| ()), over);
    }
    status.versions[0].state = VersionState::Failed;
    status.versions[2].state = VersionState::Active;
    let after = next(&asked(false), &status, &sight(&status));
    assert_eq!(after.versions[0].state, VersionState::Failed, "the version of the rollout itself stays");
}

#[test]
fn the_end_gives_every_version_its_role() {
    let mut status = at(step(StepKind::Finishing));
    status
        .versions
        .push(super::super::Version { role: "Previous".to_owned(), ..version(V2, VersionState::Disabled, 0) });
    let roles = |status: &ServerGroupStatus| {
        let after = next(&asked(false), status, &sight(status));
        assert!(after.rollout.is_none() && after.current_version.as_deref() == Some(V1));
        after.versions.into_iter().map(|version| version.role).collect::<Vec<_>>()
    };
    assert_eq!(roles(&status), ["Current", "Previous", ""]);
    status.versions[1].warm = true;
    assert_eq!(roles(&status), ["Current", "Standby", ""]);
}

#[test]
fn steps_worth_an_event_are_told() {
    let told = |world: &World, note: &str| {
        assert!(world.said.iter().any(|said| said.contains(note)), "{note}: {:#?}", world.said);
    };
    let run = |strategy, weighted| {
        let mut world = World::new(settings(&strategy, 4, weighted));
        world.deploy_first();
        world.template("h2");
        world.run(|_| ());
        world
    };
    let red_black = run(red_black(), true);
    for note in [
        "Rolling out shop-prod-v001",
        "shop-prod-v001: 4 tasks healthy",
        "shop-prod-v001 receives 100 % of the traffic",
        "the old versions are out of service",
        "shop-prod-v001 is current",
    ] {
        told(&red_black, note);
    }
    told(&run(in_steps(vec![25, 100]), false), "the old versions keep 75 %");
    let analysed = vec![CanaryStep { analysis: Some(analysis()), ..CanaryStep::default() }];
    told(&run(canary(analysed), true), "shop-prod-v001: the metrics are good");
    let mut back = rolling(vec![step(StepKind::Restoring), step(StepKind::Ending)]);
    rollout(&mut back).ending = ending(RolloutResult::Failed);
    rollout(&mut back).healthy_since = ago(4000);
    let said = said(&asked(false), &back, &sight(&back));
    assert!(said.iter().any(|said| said.contains("the old versions are back (step 1 of 2)")), "{said:?}");
}
