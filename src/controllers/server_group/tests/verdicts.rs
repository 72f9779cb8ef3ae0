//! The one sentence on a group, and when it is looked at again.

use std::time::Duration;

use serde_json::{Value, json};

use super::stage::{Stage, V0, V1, at_rest, laid, service, status, version};
use crate::api::condition::Reason;
use crate::api::status::Slot;
use crate::controllers::report::{Course, Requeue, Verdict};
use crate::controllers::server_group::rollout::sight::{Child, RuleShare, Rules};
use crate::controllers::server_group::verdict::judge;

const AGAIN: Requeue = Requeue::After(Duration::from_secs(15));

/// A service that is as it was asked to be.
fn ready(more: Value) -> Value {
    let condition = |kind: &str| json!({"type": kind, "status": "True", "reason": "Succeeded", "message": "", "lastTransitionTime": "2026-01-05T08:00:00Z"});
    let status = json!({
        "observedGeneration": 1, "arn": "arn", "status": "ACTIVE", "desiredCount": 2, "runningCount": 2,
        "conditions": [condition("Ready"), condition("Synced")],
    });
    laid(service(V0, json!({ "status": status })), more)
}

fn calm() -> Stage {
    Stage::new(json!({}), at_rest(), &[ready(json!({}))])
}

fn judged(stage: &Stage) -> (Verdict, Requeue) {
    judge(&stage.asked, &stage.status, &stage.observed, None, false)
}

fn said(stage: &Stage) -> (Course, Reason, String) {
    let verdict = judged(stage).0;
    (verdict.course, verdict.reason, verdict.message)
}

fn child(stage: &mut Stage) -> &mut Child {
    stage.observed.sight.children.get_mut(V0).unwrap()
}

#[test]
fn a_group_at_rest_says_what_serves_and_waits_for_the_sweep() {
    let mut stage = calm();
    let verdict = Verdict::settled(format!("{V0} is current, 2/2 tasks."));
    assert_eq!(judged(&stage), (verdict, Requeue::Sweep));
    stage.status.pinned = Some(V0.to_owned());
    assert!(said(&stage).2.starts_with("Pinned: "));
    stage
        .status
        .versions
        .push(status(json!({"versions": [version(V1, json!({"state": "Destroying"}))]})).versions.remove(0));
    assert_eq!(judged(&stage).1, Requeue::After(Duration::from_secs(5)), "something is still leaving");
    let empty = Stage::new(json!({}), status(json!({})), &[]);
    assert_eq!(said(&empty).2, "The first version is about to be made.");
    assert_eq!(judged(&empty).1, Requeue::After(Duration::from_secs(5)));
}

#[test]
fn what_the_current_version_lacks_is_said_in_its_own_words() {
    let mut stage = calm();
    child(&mut stage).asked = 3;
    assert_eq!(said(&stage).2, format!("{V0} is being set to 2 tasks."));
    let mut stage = calm();
    child(&mut stage).settled = false;
    assert_eq!(said(&stage), (Course::Underway, Reason::Progressing, format!("{V0} is being set to 2 tasks.")));
    assert_eq!(judged(&stage).1, AGAIN);
    let mut stage = calm();
    child(&mut stage).ready = false;
    assert_eq!(said(&stage).1, Reason::Progressing);
    child(&mut stage).waiting_reason = Some("InsufficientCapacity".to_owned());
    child(&mut stage).waiting_message = Some("no room".to_owned());
    assert_eq!(said(&stage), (Course::Underway, Reason::InsufficientCapacity, format!("{V0}: no room")));
    child(&mut stage).stalled = Some(("AccessDenied".to_owned(), "denied".to_owned()));
    assert_eq!(said(&stage), (Course::Stuck, Reason::AccessDenied, format!("{V0}: denied")));
    child(&mut stage).stalled = Some(("NeverHeardOf".to_owned(), "odd".to_owned()));
    assert_eq!(said(&stage).1, Reason::DeploymentFailed);
}

#[test]
fn drift_that_is_tolerated_does_not_keep_a_group_from_being_ready() {
    let judged = |change: fn(&mut Child)| {
        let mut stage = calm();
        child(&mut stage).settled = false;
        change(child(&mut stage));
        judge(&stage.asked, &stage.status, &stage.observed, None, true)
    };
    let (verdict, requeue) = judged(|_| ());
    assert!(verdict.ready && verdict.message.contains("2/2 tasks; ECS differs"), "{}", verdict.message);
    assert_eq!(requeue, Requeue::Sweep);
    assert!(!judged(|child| child.ready = false).0.ready, "more than drift");
    assert!(!judged(|child| child.asked = 3).0.ready, "it is not asked for yet");
}

#[test]
fn what_keeps_a_rollout_from_beginning_is_stuck_or_passes() {
    let stage = calm();
    let blocked =
        |reason: Reason| judge(&stage.asked, &stage.status, &stage.observed, Some(&(reason, "why".to_owned())), false);
    for reason in [
        Reason::InvalidSpec,
        Reason::OwnedByAnother,
        Reason::QuotaExceeded,
        Reason::AccountNotAllowed,
        Reason::AccountChanged,
        Reason::RoleNotAllowed,
    ] {
        assert_eq!(blocked(reason), (Verdict::stuck(reason, "why"), Requeue::Sweep));
    }
    let waits = Verdict::underway(Reason::DependencyNotReady, "why");
    assert_eq!(blocked(Reason::DependencyNotReady), (waits, AGAIN));
}

#[test]
fn a_hold_is_said_with_what_serves_until_the_template_changes() {
    let mut stage = calm();
    let hold =
        json!({"hash": stage.asked.hash, "version": V1, "reason": "DeploymentRolledBack", "message": "it failed"});
    stage.status.hold = Some(serde_json::from_value(hold).unwrap());
    let (course, reason, message) = said(&stage);
    assert_eq!((course, reason), (Course::Stuck, Reason::DeploymentRolledBack));
    assert!(
        message.starts_with(&format!("it failed; {V0} serves.")) && message.contains(&format!("retry: {V1}")),
        "{message}"
    );
    stage.status.current_version = None;
    assert!(said(&stage).2.contains("nothing serves"));
    stage.status.current_version = Some(V0.to_owned());
    stage.asked.hash = "another".to_owned();
    assert_eq!(said(&stage).0, Course::Settled);
}

#[test]
fn a_disabled_group_waits_until_no_version_has_tasks() {
    let mut stage = calm();
    stage.asked.disabled = true;
    assert_eq!(said(&stage), (Course::Underway, Reason::Progressing, format!("Disabled: {V0} still has 2 tasks.")));
    assert_eq!(judged(&stage).1, AGAIN);
    (child(&mut stage).running, child(&mut stage).desired) = (0, 0);
    assert_eq!(judged(&stage), (Verdict::settled("Disabled: no version has tasks."), Requeue::Sweep));
}

#[test]
fn a_rule_that_strays_is_drift_unless_it_is_tolerated() {
    let mut stage = calm();
    stage.asked.weighted = true;
    stage.status.versions[0].slot = Some(Slot::A);
    let share = |b: i32| RuleShare { arn: "rule".to_owned(), b, stickiness_seconds: 0 };
    stage.observed.sight.rules = Rules::Show(vec![share(0), share(30)]);
    let message = format!("rule `rule` gives {V0} only 70 % of the traffic");
    assert_eq!(said(&stage), (Course::Underway, Reason::DriftDetected, message));
    assert_eq!(judged(&stage).1, AGAIN);
    assert!(judge(&stage.asked, &stage.status, &stage.observed, None, true).0.ready);
    stage.observed.sight.rules = Rules::Show(vec![share(0)]);
    assert!(judged(&stage).0.ready);
    stage.observed.sight.rules = Rules::Unread;
    assert!(judged(&stage).0.ready);
    stage.observed.sight.rules = Rules::Unusable(vec!["a".to_owned(), "b".to_owned()]);
    assert_eq!(said(&stage), (Course::Stuck, Reason::InvalidSpec, "RuleMismatch: a; b".to_owned()));
    stage.asked.weighted = false;
    assert!(judged(&stage).0.ready);
}

#[test]
fn a_version_that_the_weights_cannot_reach_is_told_of() {
    let mut stage = calm();
    stage.asked.weighted = true;
    stage.observed.sight.rules = Rules::Show(vec![RuleShare { arn: "rule".to_owned(), b: 0, stickiness_seconds: 0 }]);
    let (course, reason, message) = said(&stage);
    assert_eq!((course, reason), (Course::Stuck, Reason::InvalidSpec));
    assert!(message.starts_with(&format!("`traffic`: `{V0}` is neither behind")), "{message}");
    stage.observed.sight.rules = Rules::Unread;
    assert!(judged(&stage).0.ready, "that is not known yet");
}

/// Under way to V1, at a step.
fn rolling(step: &str, more: Value) -> Stage {
    let rollout = laid(
        json!({
            "from": V0, "to": V1, "step": step, "steps": [{"step": step}], "message": "it waits", "display": "Step 1/1",
            "replaces": [{"version": V0, "desired": 2}],
        }),
        more,
    );
    let status =
        json!({"currentVersion": V0, "versions": [version(V1, json!({})), version(V0, json!({}))], "rollout": rollout});
    Stage::new(json!({}), self::status(status), &[ready(json!({}))])
}

#[test]
fn a_rollout_says_where_it_is_and_whom_it_waits_for() {
    let stage = rolling("Creating", json!({}));
    assert_eq!(said(&stage), (Course::Underway, Reason::Progressing, format!("{V1}: it waits (Step 1/1)")));
    assert!(matches!(judged(&stage).1, Requeue::After(_)));
    let paused = rolling("Paused", json!({"promoteWith": format!("{V1}.0")}));
    assert_eq!(said(&paused).1, Reason::AwaitingApproval);
    let mut unmade = rolling("Creating", json!({}));
    unmade.asked.refused = true;
    unmade.status.versions[0].created_at = None;
    assert_eq!(judged(&unmade).1, Requeue::Sweep, "nothing comes of it before the spec is accepted");
}

#[test]
fn a_gate_that_finds_no_room_says_so() {
    let with = |step: &str, running: i32, reason: &str| {
        let mut stage = rolling(step, json!({}));
        let child = Child { desired: 2, running, waiting_reason: Some(reason.to_owned()), ..Child::default() };
        stage.observed.sight.children.insert(V1.to_owned(), child);
        said(&stage).1
    };
    assert_eq!(with("Gating", 1, "InsufficientCapacity"), Reason::InsufficientCapacity);
    assert_eq!(with("Gating", 2, "InsufficientCapacity"), Reason::Progressing);
    assert_eq!(with("Gating", 1, "Progressing"), Reason::Progressing);
    assert_eq!(with("Creating", 1, "InsufficientCapacity"), Reason::Progressing);
}

#[test]
fn going_back_says_why_and_is_stuck_only_when_it_cannot() {
    let back = |result: &str, message: &str| {
        let ending = json!({"result": result, "reason": "DeploymentFailed", "message": "tasks died", "step": "Gating"});
        said(&rolling("Restoring", json!({"ending": ending, "message": message})))
    };
    let text = format!("Going back to {V0}: tasks died; it waits (Step 1/1)");
    assert_eq!(back("Failed", "it waits"), (Course::Underway, Reason::Progressing, text));
    assert!(back("Superseded", "it waits").2.contains(": superseded; "));
    let text = format!("RestoreBlocked: Going back to {V0}: tasks died; no tasks (Step 1/1)");
    assert_eq!(back("Failed", "RestoreBlocked: no tasks"), (Course::Stuck, Reason::DeploymentFailed, text));
}
