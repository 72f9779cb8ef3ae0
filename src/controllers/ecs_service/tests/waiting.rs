//! What waits: for the revision that is to run, and for what an ask is about.

use serde_json::{Value, json};

use super::super::Step;
use super::model::{Model, spec};
use crate::api::condition::Reason;
use crate::api::status::{Held, Rollout};

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
