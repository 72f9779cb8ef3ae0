//! Annotations, a changed spec, ways back, and a group without a rollout.

use super::super::grow::grow;
use super::super::sight::{Asked, Child, Rules, Sight};
use super::super::{Decision, decide, present};
use super::state::{
    V0, V1, V2, asked, at_rest, child, ending, looked, next, rolling, rollout, said, shares, sight, step, version, well,
};
use crate::api::ServerGroupStatus;
use crate::api::status::{Hold, Remembered, Replaced, RolloutResult, RolloutStep, StepKind, Version, VersionState};

fn kinds(steps: &[RolloutStep]) -> Vec<StepKind> {
    steps.iter().map(|step| step.step).collect()
}

#[test]
fn an_abort_turns_its_own_rollout_while_it_can_be_turned() {
    let aborted = |value: &str, kind: StepKind| {
        let status = rolling(vec![step(kind), step(StepKind::Paused)]);
        let asked = Asked { abort: Some(value.to_owned()), ..asked(false) };
        let decision = decide(&asked, &status, &sight(&status), false);
        let ignored = decision.said.iter().any(|said| said.note.contains("ecs-operator.dev/abort"));
        let turned = decision.status.rollout.is_some_and(|rollout| rollout.ending.is_some());
        (turned, ignored)
    };
    assert_eq!(aborted(V1, StepKind::Gating), (true, false));
    assert_eq!(aborted(V0, StepKind::Gating), (false, true));
    assert_eq!(aborted(V1, StepKind::Pruning), (false, true));
}

/// Asked for something else when the old version is in this state.
fn superseded(old: VersionState, at: usize) -> ServerGroupStatus {
    let kinds = [StepKind::Waiting, StepKind::Paused, StepKind::Pruning, StepKind::Waiting, StepKind::Finishing];
    let mut status = rolling(kinds.map(step).to_vec());
    status.versions[1].state = old;
    rollout(&mut status).step_index = i32::try_from(at).unwrap();
    rollout(&mut status).step = kinds[at];
    rollout(&mut status).steps[0].seconds = Some(1000);
    let asked = Asked { hash: "h9".to_owned(), ..asked(false) };
    next(&asked, &status, &sight(&status))
}

#[test]
fn what_is_superseded_goes_back_or_with_nothing_to_go_back_to_ends_without_waits() {
    let back = superseded(VersionState::Active, 0).rollout.unwrap();
    assert_eq!(back.ending.unwrap().result, RolloutResult::Superseded);
    let on = superseded(VersionState::Disabled, 0).rollout.unwrap();
    assert!(on.ending.is_none());
    assert_eq!(kinds(&on.steps), [StepKind::Waiting, StepKind::Pruning, StepKind::Finishing]);
    assert_eq!((on.step_index >= 1, present(&on).is_some()), (true, true));
    let last = superseded(VersionState::Disabled, 2).rollout.unwrap();
    assert_eq!(kinds(&last.steps), [StepKind::Waiting, StepKind::Paused, StepKind::Pruning, StepKind::Finishing]);
}

/// How a rollout that failed, or was superseded, goes back.
fn turned(asked: &Asked, superseded: bool, change: impl FnOnce(&mut ServerGroupStatus)) -> ServerGroupStatus {
    let mut status = rolling(vec![step(StepKind::Gating), step(StepKind::Paused)]);
    change(&mut status);
    let mut asked = asked.clone();
    let mut sight = sight(&status);
    if superseded {
        asked.hash = "h9".to_owned();
    } else {
        sight.children.get_mut(V1).unwrap().deployment = Some("FAILED".to_owned());
    }
    next(&asked, &status, &sight)
}

fn way(asked: &Asked, superseded: bool, change: impl FnOnce(&mut ServerGroupStatus)) -> Vec<StepKind> {
    kinds(&turned(asked, superseded, change).rollout.unwrap().steps)
}

#[test]
fn the_way_back_undoes_what_was_done_and_no_more() {
    use StepKind::{DestroyingCandidate, DisablingCandidate, Ending, Restoring, Shifting};
    let plain = asked(true);
    assert_eq!(way(&plain, false, |_| ()), [DisablingCandidate, Ending]);
    assert_eq!(way(&plain, false, |status| status.versions[1].capacity = 3), [Restoring, DisablingCandidate, Ending]);
    let out = |status: &mut ServerGroupStatus| status.versions[1].state = VersionState::Disabled;
    assert_eq!(way(&plain, false, out), [Restoring, DisablingCandidate, Ending]);
    assert_eq!(way(&plain, false, |status| rollout(status).weight = 25), [Shifting, DisablingCandidate, Ending]);
    let shifts = |status: &mut ServerGroupStatus| rollout(status).step = StepKind::Shifting;
    assert_eq!(way(&plain, false, shifts), [Shifting, DisablingCandidate, Ending]);
    assert_eq!(way(&asked(false), false, |status| rollout(status).weight = 25), [DisablingCandidate, Ending]);
    let first = |status: &mut ServerGroupStatus| {
        rollout(status).weight = 25;
        rollout(status).replaces.clear();
    };
    assert_eq!(way(&plain, false, first), [DisablingCandidate, Ending]);
    let stays = Asked { on_failure: false, ..plain.clone() };
    let all = |status: &mut ServerGroupStatus| {
        rollout(status).weight = 25;
        status.versions[1].capacity = 3;
    };
    assert_eq!(way(&stays, false, all), [Ending], "a failure that is not to be undone");
    assert_eq!(way(&stays, true, all), [Restoring, Shifting, DisablingCandidate, Ending]);
    let destroys = Asked { destroy_latest: true, ..plain };
    assert_eq!(way(&destroys, false, |_| ()), [DisablingCandidate, DestroyingCandidate, Ending]);
    assert_eq!(way(&destroys, true, |_| ()), [DisablingCandidate, Ending]);
}

#[test]
fn only_a_failure_is_written_down_with_the_version_and_holds_its_template() {
    let failed = turned(&asked(true), false, |_| ());
    assert!(failed.versions[0].failure.is_some() && failed.rollout.unwrap().ending.unwrap().hold);
    let superseded = turned(&asked(true), true, |_| ());
    assert!(superseded.versions[0].failure.is_none() && !superseded.rollout.unwrap().ending.unwrap().hold);
    let said = |superseded: bool| {
        let status = rolling(vec![step(StepKind::Gating), step(StepKind::Paused)]);
        let mut sight = sight(&status);
        let hash = if superseded { "h9" } else { "h1" };
        sight.children.get_mut(V1).unwrap().deployment = Some("FAILED".to_owned()).filter(|_| !superseded);
        said(&Asked { hash: hash.to_owned(), ..asked(false) }, &status, &sight)
    };
    assert!(said(false)[0].starts_with("RolloutFailed"), "{:?}", said(false));
    assert!(said(true)[0].starts_with("RolloutStepped"), "{:?}", said(true));
}

fn back(kind: StepKind) -> ServerGroupStatus {
    let mut status = rolling(vec![step(kind), step(StepKind::Ending)]);
    rollout(&mut status).ending = ending(RolloutResult::Failed);
    status
}

#[test]
fn what_is_lost_for_good_is_not_restored() {
    for (state, restored) in [
        (VersionState::Disabled, VersionState::Active),
        (VersionState::Failed, VersionState::Failed),
        (VersionState::Destroying, VersionState::Destroying),
    ] {
        let mut status = back(StepKind::Restoring);
        status.versions[1].state = state;
        assert_eq!(next(&asked(false), &status, &sight(&status)).versions[1].state, restored);
    }
}

#[test]
fn the_new_version_is_out_when_it_is_empty_and_asked_for_nothing() {
    let out = |change: fn(&mut Child)| {
        let mut status = back(StepKind::DisablingCandidate);
        status.versions[0].capacity = 0;
        let mut sight = sight(&status);
        change(sight.children.get_mut(V1).unwrap());
        looked(&asked(false), &status, &sight).step_index == 1
    };
    assert!(out(|_| ()));
    assert!(!out(|child| child.asked = 1) && !out(|child| child.running = 1));
}

#[test]
fn an_old_version_that_serves_again_forgets_that_it_was_out() {
    let end = |state: VersionState| {
        let mut status = back(StepKind::Ending);
        status.versions[1].remembered = Some(Remembered::default());
        status.versions[1].state = state;
        next(&asked(false), &status, &sight(&status)).versions.remove(1)
    };
    assert_eq!(end(VersionState::Active).remembered, None);
    assert!(end(VersionState::Disabled).remembered.is_some());
}

/// The target, and the tasks of the old version, after the spec asks for `wanted`.
fn grown(
    asked: &Asked,
    kinds: &[StepKind],
    change: impl FnOnce(&mut ServerGroupStatus),
) -> (i32, i32, Vec<Option<i32>>, usize) {
    let steps = kinds.iter().map(|kind| RolloutStep { count: Some(2), ..step(*kind) }).collect();
    let mut status = rolling(steps);
    change(&mut status);
    let mut rollout = status.rollout.take().unwrap();
    let mut decision = Decision { status, said: Vec::new(), blocked: None };
    grow(asked, &mut rollout, &mut decision);
    let counts = rollout.steps.iter().map(|step| step.count).collect();
    (rollout.target, decision.status.versions[1].capacity, counts, decision.said.len())
}

#[test]
fn a_larger_count_reaches_both_versions_where_a_gate_comes_first() {
    let larger = Asked { desired: 6, max: 6, ..asked(false) };
    let gate = [StepKind::Creating, StepKind::Gating, StepKind::Shifting];
    assert_eq!(grown(&larger, &gate, |_| ()), (6, 6, vec![Some(3); 3], 1));
    assert_eq!(grown(&larger, &[StepKind::Shifting, StepKind::Gating], |_| ()).0, 4, "a weight is not given to fewer");
    assert_eq!(grown(&larger, &[StepKind::Pruning], |_| ()), (4, 4, vec![Some(2)], 0));
    let unchanged = (4, 4, vec![Some(2); 3], 0);
    assert_eq!(grown(&asked(false), &gate, |_| ()), unchanged, "four are four");
    assert_eq!(grown(&Asked { managed: false, ..larger.clone() }, &gate, |_| ()), unchanged);
    assert_eq!(grown(&Asked { disabled: true, ..larger.clone() }, &gate, |_| ()), unchanged);
    assert_eq!(grown(&larger, &gate, |status| rollout(status).ending = ending(RolloutResult::Failed)), unchanged);
    let given_up = grown(&larger, &gate, |status| status.versions[1].capacity = 1);
    assert_eq!((given_up.0, given_up.1), (6, 1), "what was given up does not come back");
    let nothing = |status: &mut ServerGroupStatus| {
        let rollout = rollout(status);
        rollout.target = 0;
        rollout.steps.iter_mut().for_each(|step| step.count = Some(0));
        rollout.replaces = vec![Replaced { version: V0.to_owned(), desired: 0 }];
    };
    assert_eq!(grown(&larger, &gate, nothing).2, vec![Some(1); 3]);
}

#[test]
fn a_retry_frees_only_what_is_held_and_asks_without_a_rollout_are_answered() {
    let with = |change: fn(&mut Asked), held: bool| {
        let mut status = at_rest();
        status.hold = held.then(|| Hold { hash: "h0".to_owned(), version: V1.to_owned(), ..Hold::default() });
        let mut asked = Asked { hash: "h0".to_owned(), ..asked(false) };
        change(&mut asked);
        let decision = decide(&asked, &status, &sight(&status), false);
        let notes: Vec<String> = decision.said.into_iter().map(|said| said.note).collect();
        (decision.status.hold.is_some(), notes.join("; "))
    };
    assert_eq!(with(|asked| asked.retry = Some(V1.to_owned()), true), (false, String::new()));
    let (held, note) = with(|asked| asked.retry = Some(V2.to_owned()), true);
    assert!(held && note.contains(&format!("the version that is held is {V1}")), "{note}");
    assert!(with(|asked| asked.retry = Some(V1.to_owned()), false).1.ends_with("nothing is held"));
    let promoted = with(|asked| asked.promote = Some("x".to_owned()), false).1;
    let aborted = with(|asked| asked.abort = Some("x".to_owned()), false).1;
    assert!(promoted.ends_with("promote: x`: no rollout is under way"), "{promoted}");
    assert!(aborted.ends_with("abort: x`: no rollout is under way"), "{aborted}");
}

/// V1 failed and stands.
fn standing() -> ServerGroupStatus {
    let mut status = rolling(vec![step(StepKind::Gating)]);
    status.rollout = None;
    status.versions[0].state = VersionState::Failed;
    let (version, reason) = (V1.to_owned(), "DeploymentFailed".to_owned());
    status.hold = Some(Hold { hash: "h1".to_owned(), version, reason, ..Hold::default() });
    status
}

#[test]
fn an_abort_undoes_the_failure_that_it_names_and_that_stands() {
    let undone = |abort: Option<&str>, status: &ServerGroupStatus| {
        let asked = Asked { abort: abort.map(str::to_owned), ..asked(false) };
        let decision = decide(&asked, status, &sight(status), false);
        decision.status.hold.unwrap().reason == "DeploymentRolledBack"
    };
    assert!(undone(Some(V1), &standing()));
    assert!(!undone(Some(V0), &standing()) && !undone(None, &standing()));
    let mut gone = standing();
    gone.versions[0].capacity = 0;
    assert!(!undone(Some(V1), &gone));
}

#[test]
fn a_failed_version_gives_up_its_tasks_when_nobody_wants_it_and_no_rule_sends_it_traffic() {
    let left = |weighted: bool, rules: Rules, change: fn(&mut ServerGroupStatus)| {
        let mut status = standing();
        status.hold = None;
        change(&mut status);
        let asked = Asked { hash: "h0".to_owned(), ..asked(weighted) };
        let mut sight = sight(&status);
        sight.rules = rules;
        let decision = decide(&asked, &status, &sight, false);
        (decision.status.versions[0].capacity, decision.said.len())
    };
    assert_eq!(left(false, Rules::Unread, |_| ()), (0, 1));
    assert_eq!(left(true, shares(&[0]), |_| ()), (0, 1));
    assert_eq!(left(true, shares(&[0, 10]), |_| ()), (4, 0));
    assert_eq!(left(true, Rules::Unread, |_| ()), (4, 0));
    assert_eq!(left(true, shares(&[0]), |status| status.versions[0].slot = None), (4, 0));
    assert_eq!(left(false, Rules::Unread, |status| status.versions[0].capacity = 0), (0, 0));
    assert_eq!(left(false, Rules::Unread, |status| status.versions[0].state = VersionState::Active), (4, 0));
    assert_eq!(
        decide(&asked(false), &standing(), &sight(&standing()), false).status.versions[0].capacity,
        4,
        "it stands"
    );
}

#[test]
fn a_remembered_count_is_forgotten_once_it_is_there() {
    let forgot = |change: fn(&mut ServerGroupStatus, &mut Child)| {
        let mut status = at_rest();
        status.versions[0].remembered = Some(Remembered { desired: 4, ..Remembered::default() });
        let mut child = child(4);
        change(&mut status, &mut child);
        let mut sight = Sight::at(super::state::now());
        sight.children.insert(V0.to_owned(), child);
        let asked = Asked { managed: false, hash: "h0".to_owned(), ..asked(false) };
        next(&asked, &status, &sight).versions[0].remembered.is_none()
    };
    assert!(forgot(|_, _| ()));
    assert!(!forgot(|_, child| child.settled = false));
    assert!(!forgot(|_, child| child.asked = 3));
    assert!(!forgot(|_, child| child.desired = 3));
    assert!(!forgot(|status, _| status.versions[0].state = VersionState::Failed));
}

#[test]
fn a_disabled_group_remembers_what_ran_and_an_enabled_one_brings_it_back() {
    let off = |managed: bool, settled: bool, tasks: i32| {
        let status = at_rest();
        let mut sight = sight(&status);
        sight.children.insert(V0.to_owned(), Child { settled, ..child(tasks) });
        let asked = Asked { disabled: true, managed, ..asked(false) };
        let mut after = next(&asked, &status, &sight);
        let version = after.versions.remove(0);
        assert_eq!((version.state, version.capacity), (VersionState::Disabled, 0));
        version.remembered.unwrap().desired
    };
    assert_eq!((off(true, true, 7), off(false, true, 7), off(false, true, 2)), (4, 7, 2));
    assert_eq!((off(true, false, 7), off(false, false, 7), off(false, false, 2)), (4, 7, 4));
    let mut status = at_rest();
    status.versions[0] = Version {
        remembered: Some(Remembered { desired: 7, ..Remembered::default() }),
        template_hash: "h0".to_owned(),
        ..version(V0, VersionState::Disabled, 0)
    };
    let on = |managed: bool| {
        let asked = Asked { managed, max: 9, hash: "h0".to_owned(), ..asked(false) };
        next(&asked, &status, &sight(&status)).versions.remove(0).capacity
    };
    assert_eq!((on(true), on(false)), (4, 7));
}

#[test]
fn the_spec_sets_the_count_of_the_current_version_only_where_it_owns_it() {
    let resized = |managed: bool, change: fn(&mut ServerGroupStatus)| {
        let mut status = at_rest();
        change(&mut status);
        let asked = Asked { managed, desired: 6, max: 9, hash: "h0".to_owned(), ..asked(false) };
        let decision = decide(&asked, &status, &sight(&status), false);
        (decision.status.versions[0].capacity, decision.said.len())
    };
    assert_eq!(resized(true, |_| ()), (6, 1));
    assert_eq!(resized(false, |_| ()), (4, 0));
    assert_eq!(resized(true, |status| status.versions[0].state = VersionState::Destroying), (4, 0));
    assert_eq!(resized(true, |status| status.versions[0].capacity = 6), (6, 0));
}

#[test]
fn a_version_whose_service_somebody_deleted_goes_and_is_current_no_more() {
    let mut status = at_rest();
    status.versions.push(version(V2, VersionState::Disabled, 0));
    let mut sight = sight(&status);
    sight.children.insert(V2.to_owned(), Child { service: false, ..child(0) });
    let lost = next(&Asked { hash: "h0".to_owned(), ..asked(false) }, &status, &sight);
    assert_eq!((lost.versions[1].state, lost.current_version.as_deref()), (VersionState::Destroying, Some(V0)));
    sight.children.insert(V2.to_owned(), Child::default());
    let decision = decide(&Asked { hash: "h0".to_owned(), ..asked(false) }, &lost, &sight, false);
    assert_eq!((decision.status.versions.len(), decision.status.current_version.as_deref()), (1, Some(V0)));
    assert_eq!(decision.said[0].note, format!("{V2}: destroyed"));
    sight.children.insert(V0.to_owned(), Child { deleting: true, ..child(4) });
    sight.health.insert(V0.to_owned(), well(4));
    assert_eq!(next(&Asked { hash: "h0".to_owned(), ..asked(false) }, &status, &sight).current_version, None);
}
