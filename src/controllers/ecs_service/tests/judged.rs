//! The verdict on a service in which nothing rolls, and what an ask does to it.

use aws_sdk_ecs::types::{DeploymentConfiguration, DeploymentRolloutState, Service, ServiceEvent, Task};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};

use super::super::Step;
use super::super::verdict::{available, short_since};
use super::model::{Model, NOW, desired, spec};
use crate::api::condition::Reason;
use crate::api::policy::{DeletionPolicy, DriftPolicy};
use crate::api::status::{Held, Rollout};
use crate::controllers::report::{Course, Requeue};

fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW - seconds).unwrap()
}

/// A service that has had one of two tasks for so long, and nothing rolls.
fn short(seconds: i64, more: &Value) -> (Model, Value) {
    let spec = spec(&laid(json!({"progressDeadlineSeconds": 300}), more));
    let mut model = Model::settled(&spec);
    run_one(&mut model);
    model.status.short_since = Some(Time(ago(seconds)));
    model.status.rollout = Some(Rollout {
        id: "ecs-svc/1".into(),
        state: "COMPLETED".into(),
        display: "COMPLETED".into(),
        progressed_at: Some(Time(ago(5000))),
        finished_at: Some(Time(ago(5000))),
        ..Rollout::default()
    });
    (model, spec)
}

/// Lets one task run, of the deployment that is PRIMARY.
fn run_one(model: &mut Model) {
    let live = model.live.as_mut().unwrap();
    live.running_count = 1;
    live.deployments.as_mut().unwrap()[0].running_count = 1;
}

fn laid(mut base: Value, more: &Value) -> Value {
    json_patch::merge(&mut base, more);
    base
}

fn said(model: &Model, spec: &Value) -> (Course, Reason) {
    let verdict = model.plan(spec).verdict;
    (verdict.course, verdict.reason)
}

/// With a task that stopped for this reason.
fn said_stopped(model: &Model, spec: &Value, reason: &str) -> (Course, Reason) {
    let observed = super::super::observe::Observed {
        stopped: Some(vec![Task::builder().stopped_reason(reason).build()]),
        ..model.observed()
    };
    let verdict = model.plan_for(&desired(spec), &observed).verdict;
    (verdict.course, verdict.reason)
}

#[test]
fn too_few_tasks_progress_for_a_minute_are_unhealthy_then_and_stuck_at_the_deadline() {
    for (seconds, course, reason) in [
        (59, Course::Underway, Reason::Progressing),
        (60, Course::Underway, Reason::TasksUnhealthy),
        (299, Course::Underway, Reason::TasksUnhealthy),
        (300, Course::Stuck, Reason::TasksUnhealthy),
    ] {
        let (model, spec) = short(seconds, &json!({}));
        assert_eq!(said(&model, &spec), (course, reason), "{seconds}");
    }
    let (mut model, spec) = short(500, &json!({}));
    model.live.as_mut().unwrap().pending_count = 1;
    assert_eq!(said(&model, &spec), (Course::Underway, Reason::Progressing), "one is on its way");
    assert_eq!(said_stopped(&model, &spec, "exit 1"), (Course::Stuck, Reason::TasksUnhealthy), "and dies each time");
    let scaled = said_stopped(&model, &spec, "Scaling activity initiated by deployment");
    assert_eq!(scaled, (Course::Underway, Reason::Progressing));
    let (mut fresh, spec) = short(100, &json!({}));
    fresh.status.rollout.as_mut().unwrap().progressed_at = Some(Time(ago(30)));
    assert_eq!(said(&fresh, &spec), (Course::Underway, Reason::Progressing), "a deployment has just ended");
}

#[test]
fn no_room_is_insufficient_capacity_until_the_deadline() {
    for words in ["unable to place a task because no instance", "unable to consistently start tasks successfully"] {
        let said = |seconds: i64| {
            let (mut model, spec) = short(seconds, &json!({}));
            model.live.as_mut().unwrap().events = Some(vec![ServiceEvent::builder().message(words).build()]);
            said(&model, &spec)
        };
        assert_eq!(said(299), (Course::Underway, Reason::InsufficientCapacity));
        assert_eq!(said(300), (Course::Stuck, Reason::ProgressDeadlineExceeded));
    }
}

#[test]
fn a_count_that_somebody_else_moves_is_enough_while_enough_tasks_run() {
    let external = json!({"scaling": {"mode": "External"}, "deploymentConfiguration": {"minimumHealthyPercent": 50}});
    assert_eq!(said(&short(10, &external).0, &short(10, &external).1).0, Course::Settled);
    let whole = json!({"scaling": {"mode": "External"}, "deploymentConfiguration": {"minimumHealthyPercent": 100}});
    assert_eq!(said(&short(10, &whole).0, &short(10, &whole).1).0, Course::Underway);
    let own = json!({"deploymentConfiguration": {"minimumHealthyPercent": 50}});
    assert_eq!(said(&short(10, &own).0, &short(10, &own).1).0, Course::Underway, "the spec asks for two");
    let (model, spec) = short(10, &external);
    let mut daemon = desired(&spec);
    daemon.daemon = true;
    assert_eq!(model.plan_for(&daemon, &model.observed()).verdict.course, Course::Underway);
}

#[test]
fn a_deployment_that_failed_is_said_with_its_reason() {
    let (mut model, spec) = short(10, &json!({}));
    model.facts.drift = DriftPolicy::Warn;
    model.status.rollout = None;
    let live = model.live.as_mut().unwrap();
    live.task_definition = Some("arn:aws:ecs:eu-west-1:1:task-definition/web:9".into());
    let primary = &mut live.deployments.as_mut().unwrap()[0];
    primary.task_definition.clone_from(&live.task_definition);
    primary.rollout_state = Some(DeploymentRolloutState::Failed);
    let plan = model.plan(&spec);
    assert_eq!((plan.verdict.course, plan.verdict.reason), (Course::Stuck, Reason::DeploymentFailed));
    assert!(plan.verdict.message.starts_with("The deployment failed. 1 of 2 tasks"), "{}", plan.verdict.message);
    assert_eq!(plan.requeue, Requeue::Sweep, "nothing moves any more");
}

#[test]
fn tasks_of_an_older_deployment_do_not_run_what_the_service_names() {
    let (mut model, spec) = short(10, &json!({}));
    model.status.rollout.as_mut().unwrap().state = "ROLLBACK_FAILED".into();
    let live = model.live.as_mut().unwrap();
    live.running_count = 2;
    let mut older = live.deployments()[0].clone();
    (older.status, older.running_count) = (Some("ACTIVE".into()), 1);
    live.deployments.as_mut().unwrap().push(older);
    let verdict = model.plan(&spec).verdict;
    assert_eq!((verdict.course, verdict.reason), (Course::Stuck, Reason::DeploymentFailed));
    assert!(verdict.message.contains("1 of 2 tasks run web:1."), "{}", verdict.message);
    assert!(verdict.message.contains("ecs-operator.dev/restarted-at"), "what to do: {}", verdict.message);
}

fn counts(desired: i32, running: i32, minimum: Option<i32>) -> Service {
    let configuration = minimum.map(|least| DeploymentConfiguration::builder().minimum_healthy_percent(least).build());
    Service::builder().desired_count(desired).running_count(running).set_deployment_configuration(configuration).build()
}

#[test]
fn enough_is_ecss_own_minimum_rounded_up_and_at_least_one() {
    for (desired, running, minimum, enough) in [
        (3, 2, Some(50), true),
        (3, 1, Some(50), false),
        (4, 2, Some(50), true),
        (10, 5, Some(50), true),
        (10, 4, Some(50), false),
        (2, 1, None, false),
        (2, 2, None, true),
        (2, 0, Some(0), false),
        (2, 1, Some(0), true),
        (0, 0, Some(0), true),
        (2, 2, Some(200), true),
    ] {
        let live = counts(desired, running, minimum);
        assert_eq!(available(&live), (enough, format!("{running} of {desired} tasks running.")), "{minimum:?}");
    }
}

#[test]
fn a_service_is_short_from_the_first_look_and_anew_with_each_edit() {
    let facts = Model::new().facts;
    let edited = crate::controllers::facts::Facts { edited: true, ..facts.clone() };
    let (before, live) = (Some(ago(50)), counts(2, 1, None));
    assert_eq!(short_since(None, &live, None, &facts), Some(facts.now));
    assert_eq!(short_since(before, &live, None, &facts), before);
    assert_eq!(short_since(before, &live, None, &edited), Some(facts.now));
    assert_eq!(short_since(before, &counts(2, 2, None), None, &facts), None);
    let open = Rollout { state: "IN_PROGRESS".into(), ..Rollout::default() };
    assert_eq!(short_since(before, &live, Some(&open), &facts), None);
    let ended = Rollout { state: "COMPLETED".into(), ..Rollout::default() };
    assert_eq!(short_since(before, &live, Some(&ended), &facts), before);
    let mut grows = counts(2, 2, None);
    let primary = aws_sdk_ecs::types::Deployment::builder().status("PRIMARY").desired_count(3).build();
    grows.deployments = Some(vec![primary]);
    assert_eq!(short_since(before, &grows, None, &facts), before, "its deployment asks for three");
}

/// The content of the spec failed, and stands in ECS.
fn failed_in_place(reason: &str) -> (Model, Value) {
    let spec = spec(&json!({}));
    let mut model = Model::settled(&spec);
    let live = model.live.as_ref().unwrap();
    let hash = super::super::compare(&desired(&spec), live, None, &model.facts.owned_fields).rolling_hash;
    let (rollout, message) = ("ecs-svc/1".to_owned(), "It failed.".to_owned());
    model.status.held = Some(Held { content_hash: hash, rollout, reason: reason.to_owned(), message });
    model.status.rollout = Some(Rollout { id: "ecs-svc/1".into(), state: "FAILED".into(), ..Rollout::default() });
    (model, spec)
}

#[test]
fn what_failed_in_place_is_tried_again_by_force_under_the_name_of_the_ask() {
    let (mut model, spec) = failed_in_place("DeploymentFailed");
    assert!(model.calls(&spec).is_empty());
    model.directive.retry = Some("ecs-svc/1".into());
    let steps = model.plan(&spec).steps;
    let [Step::Record(record), Step::Force(_)] = steps.as_slice() else { panic!("{steps:?}") };
    assert_eq!((record.request.as_str(), record.value.as_str()), ("retry", "ecs-svc/1"));
}

#[test]
fn a_restart_of_held_content_waits_for_a_retry() {
    let (mut model, spec) = failed_in_place("DeploymentFailed");
    let ready = json!({"type": "Ready", "status": "False", "reason": "DeploymentFailed", "message": "",
        "lastTransitionTime": "2026-01-05T08:00:00Z"});
    model.status.conditions = vec![serde_json::from_value(ready).unwrap()];
    model.directive.restart = Some("t1".into());
    assert!(model.calls(&spec).is_empty(), "{:?}", model.calls(&spec));
    let ignored = |model: &Model| {
        let asks = super::super::requests::judge(&model.directive, &model.status, None, &model.observed());
        asks.ignored.len()
    };
    assert_eq!(ignored(&model), 1);
    model.status.conditions[0].reason = "Succeeded".to_owned();
    model.status.held.as_mut().unwrap().content_hash = "other".into();
    model.status.rollout.as_mut().unwrap().state = "COMPLETED".into();
    assert_eq!(ignored(&model), 0);
    assert_eq!(model.calls(&spec).len(), 1, "a revert holds nothing back");
}

#[test]
fn a_new_revision_of_a_referenced_task_definition_is_an_edit() {
    let before = spec(&json!({}));
    let mut model = Model::settled(&before);
    model.facts.drift = DriftPolicy::Warn;
    let calls = |referenced: bool, more: &Value| {
        let mut desired = desired(&spec(more));
        if referenced {
            desired.spec.task_definition_ref = serde_json::from_value(json!({"name": "web"})).unwrap();
        }
        let steps = model.plan_for(&desired, &model.observed()).steps;
        steps.iter().filter(|step| step.is_call()).count()
    };
    assert_eq!(calls(true, &json!({"taskDefinition": "web:2"})), 1);
    assert_eq!(calls(false, &json!({"taskDefinition": "web:2"})), 0);
    assert_eq!(calls(true, &json!({"platformVersion": "1.3.0"})), 0, "other content is drift");
}

#[test]
fn a_service_that_is_missing_is_looked_for_once_more_and_then_made_anew() {
    let spec = spec(&json!({}));
    let mut model = Model::new();
    assert_eq!(model.calls(&spec).len(), 1);
    model.status.arn = Some("arn".into());
    let plan = model.plan(&spec);
    assert!(plan.steps.is_empty() && plan.verdict.message.contains("looking once more"), "{}", plan.verdict.message);
    model.gone_for_sure = true;
    assert_eq!(model.calls(&spec).len(), 1);
}

#[test]
fn what_cannot_be_drained_is_deleted_with_force() {
    let spec = spec(&json!({}));
    let calls = |change: fn(&mut Model)| {
        let mut model = Model::settled(&spec);
        model.facts.deleting = true;
        model.facts.deletion = DeletionPolicy::Delete;
        change(&mut model);
        model.plan(&spec).steps
    };
    let forced = |steps: &[Step]| matches!(steps, [Step::Delete { force: true, .. }]);
    assert!(matches!(calls(|_| ()).as_slice(), [Step::Drain { .. }, Step::Delete { force: false, .. }]));
    assert!(forced(&calls(|model| model.refused = 2)) && !forced(&calls(|model| model.refused = 1)));
    assert!(forced(&calls(|model| {
        model.live.as_mut().unwrap().scheduling_strategy = Some("DAEMON".into());
    })));
    assert!(forced(&calls(|model| {
        let external = aws_sdk_ecs::types::DeploymentController::builder().r#type("EXTERNAL".into()).build().unwrap();
        model.live.as_mut().unwrap().deployment_controller = Some(external);
    })));
    let empty = calls(|model| model.live.as_mut().unwrap().desired_count = 0);
    assert!(matches!(empty.as_slice(), [Step::Delete { force: false, .. }]), "there is nothing to drain");
}

#[test]
fn content_that_waits_for_a_reference_is_not_what_the_deployment_brings() {
    let spec = spec(&json!({}));
    let model = Model::settled(&spec);
    let hash = |change: fn(&mut super::super::Desired)| {
        let mut desired = desired(&spec);
        change(&mut desired);
        let observed = model.observed();
        let live = model.live.as_ref().unwrap();
        let comparison = super::super::compare(&desired, live, None, &model.facts.owned_fields);
        let at = super::super::Situation {
            facts: &model.facts,
            directive: &model.directive,
            status: &model.status,
            refused: 0,
            follow: std::time::Duration::from_secs(10),
        };
        super::super::plan::rollout(&desired, &observed, live, &comparison, &at).unwrap().content_hash
    };
    assert!(hash(|_| ()).is_some());
    assert_eq!(hash(|desired| desired.task_definition = super::super::Reference::Waits("web".into())), None);
}

#[test]
fn a_retry_lifts_what_was_held_before() {
    use super::super::plan::held;
    let (model, _) = failed_in_place("DeploymentRolledBack");
    assert!(held(&model.status, None, false).is_some());
    assert_eq!(held(&model.status, None, true), None);
    let ended = |state: &str| Rollout {
        id: "ecs-svc/2".into(),
        state: state.into(),
        content_hash: Some("h".into()),
        task_definition: Some("web:2".into()),
        previous_task_definition: Some("web:1".into()),
        ..Rollout::default()
    };
    let back = held(&model.status, Some(&ended("ROLLED_BACK")), false).unwrap();
    assert!(back.message.contains("of web:2 failed and ECS went back to web:1"), "{}", back.message);
    assert_eq!(back.reason, "DeploymentRolledBack");
    let failed = held(&model.status, Some(&ended("FAILED")), false).unwrap();
    assert_eq!(failed.message, "Deployment ecs-svc/2 of web:2 failed. ECS: ECS gave no reason.");
    assert_eq!(held(&model.status, Some(&ended("COMPLETED")), false), None);
}
