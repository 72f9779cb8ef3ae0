//! Clocks and gates at their limits.

use jiff::SignedDuration;

use super::super::clock::{look, next_deadline, next_look, overdue};
use super::super::gate::{failure, waits};
use super::super::sight::{Child, Sight};
use super::model::analysis;
use super::state::{V1, ago, asked, child, now, rolling, rollout, sight, step, well};
use crate::api::status::{GroupRollout, RolloutStep, StepKind, StoppedTask};
use crate::controllers::server_group::desired::Gate;
use crate::controllers::server_group::measure::next_at;

fn at(kind: StepKind) -> GroupRollout {
    rolling(vec![step(kind)]).rollout.unwrap()
}

#[test]
fn a_look_is_written_down_once_a_minute_and_long_absences_do_not_count() {
    let looked = |seconds: Option<i64>| {
        let mut rollout = GroupRollout {
            seen_at: seconds.and_then(ago),
            unhealthy_since: ago(40),
            healthy_since: ago(30),
            ..at(StepKind::Gating)
        };
        look(&mut rollout, now());
        rollout
    };
    assert_eq!(looked(None).seen_at, ago(0));
    assert_eq!(looked(Some(60)).seen_at, ago(60));
    assert_eq!(looked(Some(61)).seen_at, ago(0));
    let seen = looked(Some(180));
    assert_eq!((seen.paused_seconds, seen.progressed_at, seen.healthy_since), (0, ago(50), ago(30)));
    let missed = looked(Some(181));
    assert_eq!((missed.paused_seconds, missed.healthy_since, missed.seen_at), (121, None, ago(0)));
    assert_eq!((missed.progressed_at, missed.unhealthy_since), (ago(50 - 121), ago(40 - 121)));
}

#[test]
fn each_deadline_passes_at_its_second_and_only_where_it_counts() {
    let mut gate = Gate::of(None);
    (gate.deadline_seconds, gate.progress_deadline_seconds) = (1000, 100);
    let clocks = |kind: StepKind, total: i64, still: i64| {
        let rollout =
            GroupRollout { started_at: ago(total + 7), paused_seconds: 7, progressed_at: ago(still), ..at(kind) };
        (overdue(&rollout, &gate, now()), next_deadline(&rollout, &gate, now()))
    };
    let (late, next) = clocks(StepKind::Gating, 1000, 0);
    assert!(late.unwrap().contains("deadlineSeconds"));
    assert_eq!(next, Some(100), "one that has passed is nothing to look at every second for");
    assert_eq!(clocks(StepKind::DisablingCandidate, 1000, 100).1, None);
    assert_eq!(clocks(StepKind::Gating, 999, 99), (None, Some(1)));
    assert!(clocks(StepKind::Gating, 500, 100).0.unwrap().contains("progressDeadlineSeconds"));
    assert_eq!(clocks(StepKind::Gating, 500, 40), (None, Some(60)));
    assert_eq!(clocks(StepKind::Gating, 950, 40), (None, Some(50)));
    assert_eq!(clocks(StepKind::Analysing, 500, 100), (None, Some(500)), "a wait on purpose is no standstill");
    assert_eq!(clocks(StepKind::Paused, 5000, 5000), (None, None));
    assert_eq!(clocks(StepKind::Waiting, 5000, 5000), (None, None));
    assert!(clocks(StepKind::Shifting, 500, 100).0.is_some());
    let settling = GroupRollout { shifted_at: ago(5), progressed_at: ago(100), ..at(StepKind::Shifting) };
    assert_eq!(overdue(&settling, &gate, now()), None, "clients are given their time");
    assert_eq!(next_deadline(&settling, &gate, now()), Some(900));
    let gating = GroupRollout { shifted_at: ago(5), progressed_at: ago(100), ..at(StepKind::Gating) };
    assert!(overdue(&gating, &gate, now()).is_some());
}

#[test]
fn the_next_look_is_when_the_step_can_be_done() {
    let mut gate = Gate::of(None);
    gate.min_healthy_seconds = 10;
    let look = |rollout: &GroupRollout| next_look(rollout, &gate, 8, now());
    let mut waiting = rolling(vec![RolloutStep { seconds: Some(56), ..step(StepKind::Waiting) }]);
    assert_eq!(look(rollout(&mut waiting)), 6, "50 s of 56 have passed");
    for kind in [StepKind::Gating, StepKind::Restoring] {
        assert_eq!(look(&GroupRollout { healthy_since: ago(4), ..at(kind) }), 6);
    }
    assert_eq!(look(&GroupRollout { shifted_at: ago(3), ..at(StepKind::Shifting) }), 5);
    assert_eq!(look(&at(StepKind::Shifting)), 2);
    assert_eq!(look(&at(StepKind::Creating)), 10);
    let mut measured = rolling(vec![RolloutStep { analysis: Some(analysis()), ..step(StepKind::Analysing) }]);
    let due = next_at(&crate::api::status::AnalysisRun::default(), &analysis(), ago(50).unwrap().0);
    let before = due - SignedDuration::from_millis(5500);
    assert_eq!(next_look(rollout(&mut measured), &gate, 8, before), 6, "begun seconds count");
}

/// What the gate of four tasks waits for, as the child and the percentage are.
fn gated(change: impl FnOnce(&mut Child), healthy: i32, percent: i32, n: i32) -> Option<String> {
    let mut asked = asked(false);
    asked.gate.healthy_percent = percent;
    let mut sight = Sight::at(now());
    let mut child = child(n);
    change(&mut child);
    sight.children.insert(V1.to_owned(), child);
    sight.health.insert(V1.to_owned(), well(healthy));
    waits(V1, n, &asked, &sight)
}

#[test]
fn a_gate_waits_for_the_service_its_count_its_tasks_and_the_deployment() {
    assert_eq!(gated(|_| (), 4, 100, 4), None);
    assert!(gated(|child| child.service = false, 4, 100, 4).unwrap().contains("is not there yet"));
    for change in [
        (|child: &mut Child| child.asked = 3) as fn(&mut Child),
        |child| child.settled = false,
        |child| child.desired = 3,
    ] {
        assert!(gated(change, 4, 100, 4).unwrap().contains("is being set to 4 tasks"));
    }
    assert!(gated(|_| (), 3, 100, 4).unwrap().starts_with("3 of 4 tasks"));
    assert_eq!(gated(|_| (), 2, 50, 4), None);
    let rolls = |child: &mut Child| child.deployment = Some("IN_PROGRESS".to_owned());
    assert!(gated(rolls, 4, 100, 4).unwrap().ends_with("is IN_PROGRESS"));
    assert!(gated(|child| child.deployment = None, 4, 100, 4).unwrap().ends_with("is not known"));
    assert_eq!(gated(rolls, 4, 99, 4), None, "part of the tasks does not wait for all of them");
    assert_eq!(gated(rolls, 0, 100, 0), None, "nor does a gate of none");
}

fn stopped(code: &str, reason: &str, times: usize) -> Vec<StoppedTask> {
    let task = StoppedTask {
        id: "t".to_owned(),
        stop_code: Some(code.to_owned()),
        reason: reason.to_owned(),
        ..StoppedTask::default()
    };
    vec![task; times]
}

fn failed(change: impl FnOnce(&mut Child)) -> Option<String> {
    let status = rolling(vec![step(StepKind::Gating)]);
    let mut sight = sight(&status);
    change(sight.children.get_mut(V1).unwrap());
    failure(status.rollout.as_ref().unwrap(), &asked(false), &sight).map(|failure| failure.message)
}

#[test]
fn a_deployment_that_ecs_gave_up_has_failed() {
    for state in ["FAILED", "ROLLED_BACK", "ROLLBACK_FAILED", "ROLLING_BACK", "STOPPED"] {
        let why = failed(|child| child.deployment = Some(state.to_owned())).unwrap();
        assert!(why.contains("ECS gave up") && why.contains(state), "{why}");
    }
    assert_eq!(failed(|child| child.deployment = Some("IN_PROGRESS".to_owned())), None);
}

#[test]
fn as_many_failed_tasks_as_the_gate_allows_are_too_many() {
    assert_eq!(failed(|child| child.failed_tasks = 2), None);
    assert!(failed(|child| child.failed_tasks = 3).unwrap().starts_with("3 tasks"));
    for (code, reason, counts) in [
        ("EssentialContainerExited", "exit 1", true),
        ("TaskFailedToStart", "no", true),
        ("ServiceSchedulerInitiated", "Task failed container health checks", true),
        ("ServiceSchedulerInitiated", "target is Unhealthy", true),
        ("ServiceSchedulerInitiated", "Scaling activity initiated by deployment", false),
        ("UserInitiated", "unhealthy, says a person", false),
        ("SpotInterruption", "gone", false),
    ] {
        assert_eq!(failed(|child| child.stopped = stopped(code, reason, 3)).is_some(), counts, "{code}: {reason}");
    }
    assert_eq!(failed(|child| child.stopped = stopped("TaskFailedToStart", "no", 2)), None);
}

#[test]
fn a_reason_that_no_try_changes_ends_the_rollout_when_it_is_seen_twice() {
    let pull = "CannotPullContainerError: manifest unknown";
    let why = failed(|child| child.stopped = stopped("TaskFailedToStart", pull, 2)).unwrap();
    assert!(why.contains("cannot start: CannotPull"), "{why}");
    assert_eq!(failed(|child| child.stopped = stopped("TaskFailedToStart", pull, 1)), None);
    let slow = format!("{pull}: i/o timeout");
    assert_eq!(failed(|child| child.stopped = stopped("TaskFailedToStart", &slow, 2)), None);
    assert_eq!(failed(|child| child.stopped = stopped("UserInitiated", pull, 2)), None);
}

#[test]
fn a_version_with_traffic_may_be_short_of_tasks_for_a_minute() {
    let short = |kind: StepKind, seconds: i64| {
        let mut status = rolling(vec![step(kind)]);
        rollout(&mut status).unhealthy_since = ago(seconds);
        failure(status.rollout.as_ref().unwrap(), &asked(false), &sight(&status)).is_some()
    };
    for kind in [
        StepKind::Shifting,
        StepKind::Waiting,
        StepKind::Paused,
        StepKind::Analysing,
        StepKind::ShrinkingOld,
        StepKind::DisablingOld,
    ] {
        assert!(short(kind, 60) && !short(kind, 59), "{kind}");
    }
    assert!(!short(StepKind::Gating, 60) && !short(StepKind::Pruning, 60));
}

#[test]
fn programs_are_the_steps_of_their_strategies_and_may_be_hurried() {
    use super::super::program::{Terms, forward, hurry};
    use super::model::rolling as in_steps;
    use crate::controllers::server_group::desired::Strategy;
    use StepKind::{Creating, DisablingOld, Finishing, Gating, Pruning, ShrinkingOld};
    let terms = Terms { target: 4, weighted: false, first: false };
    let steps = forward(&Strategy::of(Some(&in_steps(vec![25, 50, 100]))), terms);
    let kinds = |steps: &[RolloutStep]| steps.iter().map(|step| (step.step, step.count)).collect::<Vec<_>>();
    let tail = [(DisablingOld, None), (Pruning, None), (Finishing, None)];
    let mut expected = vec![
        (Creating, Some(1)),
        (Gating, Some(1)),
        (ShrinkingOld, None),
        (Gating, Some(2)),
        (ShrinkingOld, None),
        (Gating, Some(4)),
    ];
    expected.extend(tail);
    assert_eq!(kinds(&steps), expected);
    let mut hurried = vec![(Creating, Some(1)), (Gating, Some(1)), (Gating, Some(4))];
    hurried.extend(tail);
    assert_eq!(kinds(&hurry(&steps, 1, terms)), hurried, "what is between here and full size is left out");
}
