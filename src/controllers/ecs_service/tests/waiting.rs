//! What waits: for the revision that is to run, and for what an ask is about.

use aws_sdk_ecs::types::DeploymentRolloutState;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};

use super::super::{Step, requests, status};
use super::model::{Model, spec};
use crate::api::condition::Reason;
use crate::api::status::{Held, Rollout};
use crate::controllers::conclude::Ask;

/// A spec that refers to a task definition which is not there.
fn referring(more: &Value) -> Value {
    let mut spec = spec(more);
    spec["taskDefinitionRef"] = json!({"name": "web"});
    spec.as_object_mut().unwrap().remove("taskDefinition");
    spec
}

#[test]
fn until_its_revision_is_known_an_edit_starts_no_deployment() {
    let mut model = Model::settled(&spec(&json!({})));
    let subnets = json!({"awsvpcConfiguration": {"subnets": ["subnet-0b"]}});
    let edited = referring(&json!({"desiredCount": 3, "networkConfiguration": subnets, "enableExecuteCommand": true}));
    let calls = model.calls(&edited);
    assert!(calls.len() == 1 && calls[0].contains("desiredCount"), "{calls:?}");
    assert!(calls[0].contains("enableExecuteCommand") && !calls[0].contains("networkConfiguration"), "{calls:?}");
    let steps = model.pass(&edited);
    let [Step::Update(request, _)] = steps.as_slice() else { panic!("{steps:?}") };
    assert!(request.get_network_configuration().is_none() && request.get_force_new_deployment().is_none());
    let plan = model.plan(&edited);
    assert_eq!((plan.steps.len(), plan.verdict.reason), (0, Reason::DependencyNotReady));
    let strategy = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
    let mut forced = referring(&json!({"desiredCount": 3, "capacityProviderStrategy": strategy}));
    forced.as_object_mut().unwrap().remove("launchType");
    assert!(model.calls(&forced).iter().all(|call| !call.contains("capacityProviderStrategy")));
}

#[test]
fn until_its_revision_is_known_nothing_is_started_by_force() {
    let mut model = Model::settled(&spec(&json!({})));
    model.directive.restart = Some("t1".into());
    assert!(model.plan(&referring(&json!({}))).steps.is_empty());
    assert_eq!(model.plan(&spec(&json!({}))).steps.len(), 2, "written down and sent once it is");
    model.directive.restart = None;
    model.status.rollout = Some(Rollout { id: "ecs-svc/1".into(), state: "FAILED".into(), ..Rollout::default() });
    model.status.held = Some(Held {
        content_hash: "failed".into(),
        rollout: "ecs-svc/1".into(),
        reason: "DeploymentFailed".into(),
        message: "It failed.".into(),
    });
    model.directive.retry = Some("ecs-svc/1".into());
    assert!(model.plan(&referring(&json!({}))).steps.is_empty());
    assert_eq!(model.plan(&spec(&json!({}))).steps.len(), 2);
}

/// The asks that stay open after a pass, and how many it tells to be about nothing.
fn asked(model: &Model) -> (Vec<Ask>, usize) {
    let plan = model.plan(&spec(&json!({})));
    let seen = requests::judge(&model.directive, &model.status, model.status.rollout.as_ref(), &model.observed());
    (status::open(&plan, &seen, false), seen.ignored.len())
}

#[test]
fn an_abort_stays_open_until_it_can_be_sent_or_is_told_to_be_about_nothing() {
    let mut model = Model::settled(&spec(&json!({})));
    model.live.as_mut().unwrap().deployments.as_mut().unwrap()[0].rollout_state =
        Some(DeploymentRolloutState::InProgress);
    let rollout = Rollout { id: "ecs-svc/1".into(), state: "IN_PROGRESS".into(), ..Rollout::default() };
    model.status.rollout = Some(rollout.clone());
    model.directive.abort = Some("ecs-svc/1".into());
    assert!(model.plan(&spec(&json!({}))).steps.is_empty(), "ECS has not named its service deployment yet");
    assert_eq!(asked(&model), (vec![Ask::Abort], 0));
    model.status.rollout = Some(Rollout { service_deployment_arn: Some("arn:sd/1".into()), ..rollout.clone() });
    assert_eq!(model.calls(&spec(&json!({}))), ["StopServiceDeployment 1: ROLLBACK"]);
    assert_eq!(asked(&model), (Vec::new(), 0));
    model.status.rollout = Some(Rollout { finished_at: Some(Time(Timestamp::UNIX_EPOCH)), ..rollout });
    assert_eq!(asked(&model), (Vec::new(), 1), "it is over");
}

#[test]
fn the_answer_to_a_gate_stays_open_while_nobody_can_see_the_service() {
    let mut model = Model::settled(&spec(&json!({})));
    let rollout = Rollout { id: "ecs-svc/1".into(), promote_with: Some("gate-1".into()), ..Rollout::default() };
    (model.status.rollout, model.status.arn) = (Some(rollout.clone()), Some("arn".into()));
    model.directive.promote = Some("gate-1".into());
    model.live = None;
    assert_eq!(asked(&model), (vec![Ask::Promote], 0));
    model.status.rollout = Some(Rollout { promote_with: None, ..rollout });
    assert_eq!(asked(&model), (Vec::new(), 1), "it closed");
}
