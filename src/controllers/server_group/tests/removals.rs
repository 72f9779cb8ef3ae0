//! Deletion of a group: what goes, in which order, and what stays.

use std::time::Duration;

use serde_json::{Value, json};

use super::stage::{V0, V1, at_rest, children, definition, leaving, printed, service};
use crate::api::condition::Reason;
use crate::api::policy::DeletionPolicy;
use crate::controllers::report::{Plan, Requeue};
use crate::controllers::server_group::removal::{alarms_first, keep, orphan, plan};
use crate::controllers::server_group::step::Step;

fn removal(objects: &[Value]) -> Plan<Step> {
    plan(&at_rest(), &children(objects), Vec::new(), Duration::from_secs(12))
}

fn external(more: Value) -> Value {
    super::stage::laid(json!({"spec": {"scaling": {"mode": "External", "minCapacity": 1, "maxCapacity": 4}}}), more)
}

fn suspended() -> Value {
    external(json!({"spec": {"scaling": {"suspendedState": {"dynamicScalingInSuspended": true}}}}))
}

#[test]
fn the_current_version_goes_when_the_others_are_gone() {
    let both = removal(&[service(V0, json!({})), service(V1, json!({}))]);
    assert_eq!(printed(&both.steps), [format!("delete EcsService {V1}")]);
    assert_eq!(both.verdict.message, "2 versions left to delete.");
    assert_eq!(both.requeue, Requeue::After(Duration::from_secs(5)));
    let waits = removal(&[service(V0, json!({})), service(V1, leaving())]);
    assert!(waits.steps.is_empty(), "the current one waits for what is leaving");
    assert_eq!(waits.requeue, Requeue::After(Duration::from_secs(12)), "what leaves wakes its group");
    let last = removal(&[service(V0, json!({}))]);
    assert_eq!(printed(&last.steps), [format!("delete EcsService {V0}")]);
}

#[test]
fn task_definitions_go_after_the_services_then_the_traffic_goes_back_then_the_finalizer() {
    let definitions = removal(&[definition(V0, json!({})), definition(V1, leaving())]);
    assert_eq!(printed(&definitions.steps), [format!("delete EcsTaskDefinition {V0}")]);
    assert_eq!(definitions.verdict.message, "2 task definitions left to delete.");
    let beside = removal(&[service(V0, leaving()), definition(V0, json!({}))]);
    assert!(beside.steps.is_empty(), "a service needs its task definition to the end");
    let resets =
        plan(&at_rest(), &children(&[]), vec![Step::DeleteAlarms(vec!["a".to_owned()])], Duration::from_secs(12));
    assert_eq!(
        (printed(&resets.steps), resets.requeue),
        (vec!["DeleteAlarms a".to_owned()], Requeue::After(Duration::from_secs(5)))
    );
    let done = removal(&[]);
    assert!(matches!(done.steps.as_slice(), [Step::Release(_)]));
    assert_eq!((done.verdict.reason, done.requeue), (Reason::Deleting, Requeue::Gone));
}

#[test]
fn what_keeps_a_service_from_going_is_said_and_looked_at_less_often() {
    let with = |reason: &str| {
        let ready = json!({"type": "Ready", "status": "False", "reason": reason, "message": "tasks remain",
            "lastTransitionTime": "2026-01-05T08:00:00Z"});
        removal(&[service(V0, super::stage::laid(leaving(), json!({"status": {"conditions": [ready]}})))])
    };
    for reason in ["DeletionBlocked", "AccessDenied"] {
        let plan = with(reason);
        assert_eq!(
            (plan.verdict.reason, plan.verdict.message),
            (Reason::DeletionBlocked, format!("{V0}: tasks remain"))
        );
        assert_eq!(plan.requeue, Requeue::After(Duration::from_secs(30)));
    }
    assert_eq!(with("Deleting").verdict.reason, Reason::Deleting);
}

#[test]
fn alarms_are_waited_for_while_some_are_left_or_nobody_can_tell() {
    assert_eq!(alarms_first(Some(Vec::new())), None);
    let some = alarms_first(Some(vec![Step::DeleteAlarms(vec!["a".to_owned()])])).unwrap();
    assert_eq!((some.steps.len(), some.verdict.message.as_str()), (1, "The alarms go first."));
    let unknown = alarms_first(None).unwrap();
    assert_eq!((unknown.steps.len(), unknown.verdict.message.as_str()), (0, "The alarms cannot be read."));
    assert_eq!(unknown.verdict.reason, Reason::Deleting);
}

#[test]
fn orphans_are_let_go_with_their_autoscaling_resumed_where_we_may() {
    let objects = [service(V0, suspended()), service(V1, external(json!({})))];
    let lifts = orphan(&children(&objects), true);
    assert_eq!(printed(&lifts.steps[..1]), [format!("update EcsService {V0}: autoscaling is resumed")]);
    assert_eq!((lifts.steps.len(), lifts.requeue), (2, Requeue::Gone));
    let Step::AlignService { spec, object, .. } = &lifts.steps[0] else { panic!("{}", lifts.steps[0]) };
    let state = spec.scaling.as_ref().unwrap().suspended_state.as_ref().unwrap();
    assert_eq!(state.dynamic_scaling_in_suspended, Some(false));
    assert_eq!(object.1, format!("EcsService-{V0}"));
    assert_eq!(spec.scaling.as_ref().unwrap().max_capacity, Some(4), "the bounds stay");
    assert_eq!(orphan(&children(&objects), false).steps.len(), 1);
    let free = json!({"dynamicScalingInSuspended": false, "dynamicScalingOutSuspended": false, "scheduledScalingSuspended": false});
    let resumed = service(V0, external(json!({"spec": {"scaling": {"suspendedState": free}}})));
    assert_eq!(orphan(&children(&[resumed]), true).steps.len(), 1, "what is resumed is left alone");
    let managed = service(V0, super::stage::laid(suspended(), json!({"spec": {"scaling": {"mode": "Managed"}}})));
    assert_eq!(orphan(&children(&[managed]), true).steps.len(), 1);
}

#[test]
fn versions_that_stay_are_told_so_once_and_their_autoscaling_is_waited_for() {
    let objects = [service(V0, json!({})), definition(V0, json!({}))];
    let told = keep(&children(&objects), true, true);
    assert_eq!(
        printed(&told.steps),
        [format!("update EcsTaskDefinition {V0}"), format!("update EcsService {V0}: deletionPolicy: Retain")]
    );
    let Step::AlignService { spec, .. } = &told.steps[1] else { panic!("{}", told.steps[1]) };
    assert_eq!((spec.deletion_policy, spec.desired_count), (Some(DeletionPolicy::Retain), Some(2)));
    let retain = json!({"spec": {"deletionPolicy": "Retain"}});
    let done = keep(&children(&[service(V0, retain.clone()), definition(V0, retain.clone())]), true, true);
    assert!(matches!(done.steps.as_slice(), [Step::Release(_)]));
    assert_eq!(done.requeue, Requeue::Gone);

    let [Step::Release(what)] = done.steps.as_slice() else { panic!("{done}") };
    assert_eq!(what, "the versions stay in ECS");
    let suspended_still = super::stage::laid(retain.clone(), json!({"status": {"scaling": {"suspended": ["x"]}}}));
    let done = keep(&children(&[service(V0, suspended_still)]), true, true);
    let [Step::Release(what)] = done.steps.as_slice() else { panic!("{done}") };
    assert_eq!(what, &format!("the versions stay in ECS; the autoscaling of {V0} is still suspended"));

    let held = super::stage::laid(suspended(), retain.clone());
    let lifted = keep(&children(&[service(V0, held.clone())]), true, true);
    let Step::AlignService { spec, .. } = &lifted.steps[0] else { panic!("{}", lifted.steps[0]) };
    let state = spec.scaling.as_ref().unwrap().suspended_state.as_ref().unwrap();
    assert_eq!(state.dynamic_scaling_in_suspended, Some(false));
    assert_eq!(keep(&children(&[service(V0, held)]), false, false).requeue, Requeue::Gone, "not ours to lift");
}

#[test]
fn only_autoscaling_that_may_still_be_resumed_is_waited_for() {
    let retained = |more: Value| super::stage::laid(external(json!({"spec": {"deletionPolicy": "Retain"}})), more);
    let condition = |kind: &str, status: &str| json!({"type": kind, "status": status, "reason": "X", "message": "", "lastTransitionTime": "2026-01-05T08:00:00Z"});
    let waits = |more: Value, patient: bool| {
        let plan = keep(&children(&[service(V0, retained(more))]), true, patient);
        plan.requeue != Requeue::Gone
    };
    assert!(waits(json!({}), true));
    assert!(!waits(json!({}), false), "patience has an end");
    assert!(!waits(leaving(), true));
    let seen = |conditions: Vec<Value>| json!({"status": {"observedGeneration": 1, "conditions": conditions}});
    assert!(!waits(seen(vec![condition("Synced", "True")]), true));
    assert!(!waits(seen(vec![condition("Synced", "False"), condition("Stalled", "True")]), true), "AWS refuses it");
    assert!(!waits(json!({"spec": {"scaling": {"mode": "Managed"}}}), true));
}
