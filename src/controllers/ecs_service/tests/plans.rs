//! What is planned in which situation.

use aws_smithy_types::DateTime;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::json;

use super::super::Step;
use super::model::{Model, NOW, desired, spec};
use crate::api::condition::Reason;
use crate::api::names::tag;
use crate::api::policy::{AdoptionPolicy, DeletionPolicy, DriftPolicy, ManagementMode};
use crate::api::status::{Held, InFlight, Rollout};
use crate::aws::AwsError;
use crate::controllers::report::{Course, Requeue};

const NOTHING: Vec<String> = Vec::new();

#[test]
fn a_service_is_claimed_before_it_is_made_and_then_left_alone() {
    let mut model = Model::new();
    let steps = model.steps(&spec(&json!({})));
    assert_eq!(steps, ["add the finalizer", "CreateService web: taskDefinition web:1, desiredCount 2"]);
    model.pass(&spec(&json!({})));
    let plan = model.plan(&spec(&json!({})));
    assert_eq!((plan.steps.len(), plan.verdict.ready, plan.requeue), (0, true, Requeue::Sweep));
}

#[test]
fn what_cannot_be_read_is_never_made_nor_deleted() {
    let error = AwsError::new("DescribeServices", "ServerException", "down");
    let mut model = Model::new();
    for deleting in [false, true] {
        model.facts.deleting = deleting;
        let plan = model.plan_unread(&spec(&json!({})), error.clone());
        assert_eq!((plan.steps.len(), plan.verdict.course), (0, Course::Underway));
    }
}

#[test]
fn an_inactive_service_is_made_anew_with_another_token_and_a_draining_one_is_waited_for() {
    let spec = spec(&json!({}));
    let token = |model: &Model| {
        model.plan(&spec).steps.iter().find_map(|step| match step {
            Step::Create(request) => request.get_client_token().clone(),
            _ => None,
        })
    };
    let mut model = Model::settled(&spec);
    let first = token(&Model::new()).unwrap();
    assert_eq!(token(&Model::new()).unwrap(), first, "a repeat is the same request");
    let live = model.live.as_mut().unwrap();
    live.status = Some("INACTIVE".into());
    live.created_at = Some(DateTime::from_secs(5));
    let second = token(&model).unwrap();
    assert_ne!(second, first);
    model.status.rollout = Some(Rollout { id: "ecs-svc/99".into(), ..rollout("COMPLETED") });
    assert_eq!(token(&model).unwrap(), second, "a read from before the creation asks for the same");
    model.live.as_mut().unwrap().status = Some("DRAINING".into());
    let plan = model.plan(&spec);
    assert_eq!((plan.steps.len(), plan.verdict.reason), (0, Reason::Progressing));
    assert!(plan.verdict.message.contains("DRAINING"));
}

#[test]
fn adoption_is_asked_for_or_refused() {
    let spec = spec(&json!({}));
    let mut model = Model::settled(&spec);
    model.untagged();
    for (policy, reason) in
        [(AdoptionPolicy::Never, Reason::AdoptionRequired), (AdoptionPolicy::IfTagged, Reason::AdoptionRequired)]
    {
        model.facts.adoption = policy;
        let plan = model.plan(&spec);
        assert_eq!((plan.steps.len(), plan.verdict.reason, plan.verdict.course), (0, reason, Course::Stuck));
    }
    model.facts.adoption = AdoptionPolicy::Always;
    model.live.as_mut().unwrap().desired_count = 9;
    let steps = model.steps(&spec);
    assert!(steps.len() == 2 && steps[1].starts_with("TagResource"), "the first pass only tags: {steps:?}");
    model.pass(&spec);
    assert_eq!(model.calls(&spec).len(), 1, "the next one sets the count");
}

#[test]
fn an_earlier_life_of_the_object_is_taken_back_and_another_owner_never() {
    let spec = spec(&json!({}));
    let mut model = Model::settled(&spec);
    model.tag(tag::UID, "of an earlier life");
    assert!(model.calls(&spec)[0].starts_with("TagResource"));
    model.facts.adoption = AdoptionPolicy::Never;
    assert_eq!(model.plan(&spec).verdict.reason, Reason::AdoptionRequired);
    model.facts.adoption = AdoptionPolicy::Always;
    model.tag(tag::NAMESPACE, "elsewhere");
    assert_eq!(model.plan(&spec).verdict.reason, Reason::OwnedByAnother);
    model.facts.deleting = true;
    assert_eq!(model.steps(&spec), ["remove the finalizer (the service is not ours)"]);
}

#[test]
fn only_what_differs_is_sent_and_the_plan_says_what_it_does() {
    let mut model = Model::settled(&spec(&json!({})));
    let after = spec(&json!({"taskDefinition": "web:2", "enableExecuteCommand": true}));
    let calls = model.calls(&after);
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(calls[0].contains("taskDefinition") && calls[0].contains("rolls tasks"), "{calls:?}");
    assert!(calls[0].contains("enableExecuteCommand") && calls[0].contains("new tasks only"), "{calls:?}");
    let steps = model.pass(&after);
    let Step::Update(request, _) = &steps[0] else { panic!("{steps:?}") };
    assert_eq!((request.get_desired_count(), request.get_force_new_deployment()), (&None, &None));
    assert!(request.get_network_configuration().is_none());
    assert_eq!(model.calls(&after), NOTHING);
}

#[test]
fn a_strategy_instead_of_a_launch_type_travels_with_force() {
    let mut model = Model::settled(&spec(&json!({})));
    let mut after = spec(&json!({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}));
    after.as_object_mut().unwrap().remove("launchType");
    let steps = model.pass(&after);
    let [Step::Update(request, _)] = steps.as_slice() else { panic!("{steps:?}") };
    assert_eq!(*request.get_force_new_deployment(), Some(true));
    assert_eq!(model.calls(&after), NOTHING);
}

#[test]
fn what_no_call_can_change_is_told() {
    let model = Model::settled(&spec(&json!({})));
    let plan = model.plan(&spec(&json!({"role": "ecs"})));
    assert_eq!((plan.verdict.reason, plan.verdict.course), (Reason::ReplacementRequired, Course::Stuck));
    assert_eq!(plan.steps, []);
}

#[test]
fn drift_is_set_back_or_only_told_and_an_edit_is_always_made() {
    let spec = spec(&json!({}));
    let mut model = Model::settled(&spec);
    model.live.as_mut().unwrap().desired_count = 9;
    model.facts.drift = DriftPolicy::Warn;
    assert_eq!(model.calls(&spec), NOTHING);
    model.facts.edited = true;
    assert_eq!(model.calls(&spec).len(), 1);
    model.facts.edited = false;
    model.facts.drift = DriftPolicy::Correct;
    assert_eq!(model.calls(&spec).len(), 1);
}

#[test]
fn a_member_taken_out_of_the_spec_is_taken_back_once_and_others_tags_stay() {
    let mut model = Model::settled(&spec(&json!({"healthCheckGracePeriodSeconds": 30, "tags": {"team": "a"}})));
    model.tag("theirs", "x");
    let calls = model.calls(&spec(&json!({})));
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert!(calls[0].contains("UntagResource") && calls[0].ends_with("team"), "{calls:?}");
    assert!(calls[1].contains("healthCheckGracePeriodSeconds"), "{calls:?}");
    model.pass(&spec(&json!({})));
    assert_eq!(model.calls(&spec(&json!({}))), NOTHING);
}

#[test]
fn observe_mode_plans_nothing_and_lets_go() {
    let mut model = Model::settled(&spec(&json!({})));
    model.facts.mode = ManagementMode::Observe;
    model.facts.claimed = false;
    model.live.as_mut().unwrap().desired_count = 9;
    assert_eq!(model.steps(&spec(&json!({}))), NOTHING);
    model.untagged();
    assert_eq!(model.steps(&spec(&json!({}))), NOTHING);
    let gone = Model { live: None, ..model.clone() };
    assert_eq!(gone.plan(&spec(&json!({}))).verdict.reason, Reason::ResourceMissing);
    model.facts.deleting = true;
    assert_eq!(model.steps(&spec(&json!({}))), ["remove the finalizer (the service stays in ECS)"]);
}

#[test]
fn plan_mode_plans_what_manage_would_do() {
    let mut model = Model::settled(&spec(&json!({})));
    let after = spec(&json!({"desiredCount": 7}));
    let managed = model.plan(&after);
    model.facts.mode = ManagementMode::Plan;
    assert_eq!(model.plan(&after), managed);
    assert_eq!(Model { live: None, ..model }.calls(&after).len(), 1);
}

#[test]
fn a_missing_reference_is_waited_for() {
    let mut reference = spec(&json!({"clusterRef": {"name": "prod"}}));
    reference.as_object_mut().unwrap().remove("cluster");
    let plan = Model::new().plan(&reference);
    assert_eq!((plan.steps.len(), plan.verdict.reason), (0, Reason::DependencyNotReady));
    assert_eq!(plan.verdict.course, Course::Underway);
    let mut model = Model::settled(&spec(&json!({})));
    let mut reference = spec(&json!({"taskDefinitionRef": {"name": "web"}, "desiredCount": 3}));
    reference.as_object_mut().unwrap().remove("taskDefinition");
    let plan = model.plan(&reference);
    assert_eq!(plan.verdict.reason, Reason::DependencyNotReady);
    assert!(plan.verdict.message.contains("web:1 keeps running"), "{}", plan.verdict.message);
    model.pass(&reference);
    assert_eq!(model.live.as_ref().unwrap().desired_count, 3, "the rest of the edit does not wait");
}

#[test]
fn deletion_drains_then_deletes_then_looks_twice() {
    let spec = spec(&json!({}));
    let mut model = Model::settled(&spec);
    model.facts.deleting = true;
    let arn = "arn:aws:ecs:eu-west-1:1:service/prod/web";
    assert_eq!(model.steps(&spec), [format!("UpdateService {arn}: desiredCount: 0"), format!("DeleteService {arn}")]);
    model.refused = 2;
    assert_eq!(model.steps(&spec), [format!("DeleteService {arn} with force")]);
    model.live.as_mut().unwrap().status = Some("DRAINING".into());
    assert_eq!(model.steps(&spec), NOTHING);
    model.live = None;
    assert_eq!(model.steps(&spec), NOTHING, "reads are eventually consistent");
    model.gone_for_sure = true;
    assert_eq!(model.steps(&spec), ["remove the finalizer (the service is gone)"]);
    assert_eq!(model.plan(&spec).requeue, Requeue::Gone);
}

#[test]
fn a_retained_service_and_one_that_is_not_ours_are_left() {
    let spec = spec(&json!({}));
    let mut model = Model::settled(&spec);
    model.facts.deleting = true;
    model.facts.deletion = DeletionPolicy::Retain;
    assert_eq!(model.steps(&spec), ["remove the finalizer (the service stays in ECS)"]);
    model.facts.deletion = DeletionPolicy::Delete;
    model.untagged();
    assert_eq!(model.steps(&spec), ["remove the finalizer (the service is not ours)"]);
}

fn rollout(state: &str) -> Rollout {
    Rollout { id: "ecs-svc/1".into(), state: state.into(), ..Rollout::default() }
}

#[test]
fn held_content_is_not_sent_again_but_the_rest_is_and_a_retry_lifts_it() {
    let before = spec(&json!({}));
    let after = spec(&json!({"taskDefinition": "web:2", "desiredCount": 5}));
    let mut model = Model::settled(&before);
    let other = Model::settled(&after);
    let hash = super::super::compare(&desired(&after), other.live.as_ref().unwrap(), None, &model.facts.owned_fields)
        .rolling_hash;
    model.status.rollout = Some(Rollout { content_hash: Some(hash.clone()), ..rollout("ROLLED_BACK") });
    model.status.rollout.as_mut().unwrap().finished_at = Some(Time(Timestamp::UNIX_EPOCH));
    model.status.rollout.as_mut().unwrap().id = "ecs-svc/0".into();
    model.status.rollout.as_mut().unwrap().rolled_back_to = Some("ecs-svc/1".into());
    model.status.held = Some(Held {
        content_hash: hash,
        rollout: "ecs-svc/0".into(),
        reason: "DeploymentRolledBack".into(),
        message: "It failed.".into(),
    });
    let plan = model.plan(&after);
    assert_eq!((plan.verdict.reason, plan.verdict.course), (Reason::DeploymentRolledBack, Course::Stuck));
    let calls = model.calls(&after);
    assert!(calls.len() == 1 && calls[0].contains("desiredCount") && !calls[0].contains("web:2"), "{calls:?}");
    assert!(model.plan(&spec(&json!({"taskDefinition": "web:3"}))).steps.len() == 1, "other content is free to go");
    model.directive.retry = Some("another rollout".into());
    assert!(!model.calls(&after)[0].contains("web:2"));
    model.directive.retry = Some("ecs-svc/0".into());
    assert!(model.calls(&after)[0].contains("web:2"), "{:?}", model.calls(&after));
    model.facts.drift = DriftPolicy::Warn;
    assert!(model.calls(&after).iter().any(|call| call.contains("web:2")), "an ask is an edit");
}

/// A to B and back to A, and the deployment of A failed: ECS went back to an older deployment of A.
#[test]
fn what_was_rolled_back_to_the_same_content_is_tried_again_by_force() {
    let spec = spec(&json!({}));
    let mut model = Model::settled(&spec);
    let live = model.live.as_ref().unwrap();
    let hash = super::super::compare(&desired(&spec), live, None, &model.facts.owned_fields).rolling_hash;
    let runs = live.deployments()[0].id.clone();
    let fallen = Rollout { content_hash: Some(hash.clone()), rolled_back_to: runs, ..rollout("ROLLED_BACK") };
    let finished_at = Some(Time(Timestamp::UNIX_EPOCH));
    model.status.rollout = Some(Rollout { id: "ecs-svc/0".into(), finished_at, ..fallen });
    model.status.held = Some(Held {
        content_hash: hash,
        rollout: "ecs-svc/0".into(),
        reason: "DeploymentRolledBack".into(),
        message: "It failed.".into(),
    });
    assert_eq!(model.plan(&spec).verdict.reason, Reason::DeploymentRolledBack);
    assert_eq!(model.calls(&spec), NOTHING);
    model.directive.retry = Some("ecs-svc/0".into());
    let calls = model.calls(&spec);
    assert!(calls.len() == 1 && calls[0].contains("forceNewDeployment"), "{calls:?}");
}

#[test]
fn a_restart_is_written_down_first_and_not_repeated_when_its_effect_is_seen() {
    let spec = spec(&json!({}));
    let mut model = Model::settled(&spec);
    model.directive.restart = Some("t1".into());
    let steps = model.plan(&spec).steps;
    assert!(matches!(steps.as_slice(), [Step::Record(record), Step::Force(_)] if record.value == "t1"), "{steps:?}");
    let before = model.live.as_ref().unwrap().deployments()[0].id.clone();
    let record = |before| InFlight {
        request: "restartedAt".into(),
        value: "t1".into(),
        before,
        started_at: Time(Timestamp::UNIX_EPOCH),
    };
    model.status.in_flight = Some(record(before));
    assert_eq!(model.calls(&spec).len(), 1, "it died before the call");
    model.status.in_flight = Some(record(Some("ecs-svc/0".into())));
    assert_eq!(model.calls(&spec), NOTHING, "it died after the call");
    model.directive.restart = Some("t2".into());
    assert_eq!(model.calls(&spec).len(), 1, "another ask");
}

#[test]
fn a_rolling_change_is_the_restart() {
    let mut model = Model::settled(&spec(&json!({})));
    model.directive.restart = Some("t1".into());
    let calls = model.calls(&spec(&json!({"taskDefinition": "web:2"})));
    assert!(calls.len() == 1 && !calls[0].contains("forceNewDeployment"), "{calls:?}");
}

#[test]
fn gates_open_only_to_their_own_name() {
    use aws_sdk_ecs::types::{
        DeploymentLifecycleHookDetail, DeploymentLifecycleHookStatus, DeploymentRolloutState, ServiceDeployment,
        ServiceDeploymentStatus,
    };
    let spec = spec(&json!({}));
    let mut model = Model::settled(&spec);
    let live = model.live.as_mut().unwrap();
    live.current_service_deployment = Some("arn:sd/1".into());
    live.deployments.as_mut().unwrap()[0].rollout_state = Some(DeploymentRolloutState::InProgress);
    let hook = DeploymentLifecycleHookDetail::builder()
        .hook_id("gate-1")
        .status(DeploymentLifecycleHookStatus::AwaitingAction)
        .build();
    let waiting = ServiceDeployment::builder()
        .service_deployment_arn("arn:sd/1")
        .status(ServiceDeploymentStatus::InProgress)
        .lifecycle_hook_details(hook)
        .build();
    model.deployment = Some(waiting);
    assert_eq!(model.plan(&spec).verdict.reason, Reason::AwaitingApproval);
    assert_eq!(model.calls(&spec), NOTHING);
    model.directive.promote = Some("gate-0".into());
    assert_eq!(model.calls(&spec), NOTHING);
    model.directive.promote = Some("gate-1".into());
    assert_eq!(model.calls(&spec), ["ContinueServiceDeployment gate-1: CONTINUE"]);
    model.directive.abort = Some("ecs-svc/1".into());
    assert_eq!(model.calls(&spec), ["ContinueServiceDeployment gate-1: ROLLBACK"], "back wins");
    model.deployment.as_mut().unwrap().lifecycle_hook_details = None;
    model.directive.promote = None;
    assert_eq!(model.calls(&spec), ["StopServiceDeployment 1: ROLLBACK"]);
    model.directive.abort = Some("ecs-svc/9".into());
    assert_eq!(model.calls(&spec), NOTHING);
    model.directive.abort = Some("ecs-svc/1".into());
    model.facts.mode = ManagementMode::Observe;
    assert_eq!(model.calls(&spec), NOTHING);
}

#[test]
fn no_progress_is_told_after_the_deadline_unless_ecs_waits_on_purpose() {
    use aws_sdk_ecs::types::DeploymentRolloutState;
    let spec = spec(&json!({"progressDeadlineSeconds": 600}));
    let mut model = Model::settled(&spec);
    let primary = &mut model.live.as_mut().unwrap().deployments.as_mut().unwrap()[0];
    (primary.running_count, primary.rollout_state) = (0, Some(DeploymentRolloutState::InProgress));
    let since = |seconds: i64| Some(Time(Timestamp::from_second(NOW - seconds).unwrap()));
    let display = "IN_PROGRESS 0/2".to_owned();
    for (seconds, reason) in [(599, Reason::Progressing), (600, Reason::ProgressDeadlineExceeded)] {
        let open = Rollout { progressed_at: since(seconds), display: display.clone(), ..rollout("IN_PROGRESS") };
        model.status.rollout = Some(open);
        let plan = model.plan(&spec);
        assert_eq!(plan.verdict.reason, reason);
        assert!(matches!(plan.requeue, Requeue::After(_)), "it may still move");
    }
}

#[test]
fn a_task_too_many_that_starts_is_waited_for_unless_the_service_was_ready_before() {
    let spec = spec(&json!({}));
    let mut model = Model::settled(&spec);
    model.live.as_mut().unwrap().pending_count = 1;
    let verdict = model.plan(&spec).verdict;
    assert!(!verdict.ready && verdict.reason == Reason::Progressing, "{verdict:?}");
    model.facts.was_ready = true;
    assert!(model.plan(&spec).verdict.ready);
}
