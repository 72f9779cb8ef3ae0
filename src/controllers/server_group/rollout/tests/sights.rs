//! What is seen of children and rules, and what has to be read next.

use std::collections::BTreeSet;

use super::super::sight::{Child, RuleShare, Rules, Wants, wants};
use super::model::analysis;
use super::state::{V0, V1, ago, asked, at_rest, child, ending, now, rolling, rollout, step};
use crate::api::ServerGroupStatus;
use crate::api::status::{RolloutResult, RolloutStep, StepKind, VersionState};

#[test]
fn a_child_is_empty_when_no_task_runs_or_is_about_to() {
    let unmade = Child { service: true, ..Child::default() };
    for (child, empty) in [
        (Child::default(), true),
        (unmade.clone(), true),
        (Child { asked: 1, ..unmade.clone() }, false),
        (Child { active: true, ..unmade.clone() }, false),
        (Child { service_arn: Some("arn".to_owned()), ..unmade }, false),
        (child(0), true),
        (Child { settled: false, ..child(0) }, false),
        (Child { desired: 1, ..child(0) }, false),
        (Child { running: 1, ..child(0) }, false),
        (Child { pending: 1, ..child(0) }, false),
        (Child { service: false, ..child(2) }, true),
    ] {
        assert_eq!(child.is_empty(), empty, "{child:?}");
    }
}

#[test]
fn only_what_is_more_than_time_is_told_as_a_hindrance() {
    let waiting = |reason: &str| Child {
        waiting_reason: Some(reason.to_owned()),
        waiting_message: Some("denied".to_owned()),
        ..child(2)
    };
    assert_eq!(waiting("AccessDenied").hindrance(), ": denied");
    assert_eq!(waiting("Progressing").hindrance(), "");
    let stalled = Child { stalled: Some(("X".to_owned(), "stuck".to_owned())), ..waiting("AccessDenied") };
    assert_eq!(stalled.hindrance(), ": stuck");
    assert_eq!(child(2).hindrance(), "");
}

#[test]
fn clients_are_given_the_time_that_they_stick_within_the_bound() {
    let settle = |stickiness: &[i64]| {
        let share = |seconds: &i64| RuleShare { arn: String::new(), b: 0, stickiness_seconds: *seconds };
        Rules::Show(stickiness.iter().map(share).collect()).settle_seconds(&asked(true))
    };
    assert_eq!((settle(&[0]), settle(&[100, 20]), settle(&[500]), settle(&[])), (15, 100, 300, 15));
    assert_eq!(Rules::Unread.settle_seconds(&asked(true)), 15);
}

#[test]
fn at_rest_a_number_is_wanted_only_where_something_may_begin() {
    let status = at_rest();
    let begins = Wants { number: true, alarms: true, ..Wants::default() };
    assert_eq!(wants(&asked(false), &status, false, now()), begins);
    assert_eq!(wants(&asked(false), &status, true, now()), Wants::default());
    let mut refused = asked(false);
    refused.refused = true;
    assert_eq!(wants(&refused, &status, false, now()), Wants::default());
    let mut settled = asked(true);
    settled.hash = "h0".to_owned();
    assert_eq!(wants(&settled, &status, false, now()), Wants { rules: true, steers: true, ..Wants::default() });
    let nothing = ServerGroupStatus::default();
    assert!(!wants(&settled, &nothing, false, now()).steers);
}

#[test]
fn a_rollout_wants_the_health_of_those_that_its_step_concerns() {
    let health = |kind: StepKind, back: bool| {
        let mut status = rolling(vec![step(kind)]);
        rollout(&mut status).ending = ending(RolloutResult::Failed).filter(|_| back);
        wants(&asked(false), &status, false, now()).health
    };
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    assert_eq!(health(StepKind::Preparing, false), names(&[]));
    assert_eq!(health(StepKind::FreeingSlot, false), names(&[]));
    assert_eq!(health(StepKind::Gating, false), names(&[V1]));
    assert_eq!(health(StepKind::Shifting, false), names(&[V0, V1]));
    assert_eq!(health(StepKind::Restoring, true), names(&[V0, V1]));
    let mut leaving = rolling(vec![step(StepKind::Shifting)]);
    leaving.versions[1].state = VersionState::Destroying;
    assert_eq!(wants(&asked(false), &leaving, false, now()).health, names(&[V1]));
}

#[test]
fn metrics_are_read_when_they_are_due_and_not_on_the_way_back() {
    let wanted = |kind: StepKind, back: bool, since: i64| {
        let mut status = rolling(vec![RolloutStep { analysis: Some(analysis()), ..step(kind) }]);
        rollout(&mut status).ending = ending(RolloutResult::Failed).filter(|_| back);
        rollout(&mut status).step_started_at = ago(since);
        let wants = wants(&asked(false), &status, false, now());
        (wants.metrics, wants.alarms)
    };
    assert_eq!(wanted(StepKind::Analysing, false, 500), (true, true));
    assert_eq!(wanted(StepKind::Analysing, false, -30), (false, true));
    assert_eq!(wanted(StepKind::Analysing, true, 500), (false, false));
    assert_eq!(wanted(StepKind::Gating, false, 500), (false, true));
}
