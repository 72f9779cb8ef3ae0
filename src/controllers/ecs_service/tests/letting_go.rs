//! Deletion of a service of which the status does not say where it is.

use serde_json::{Value, json};

use super::super::{Desired, Reference};
use super::model::{Model, spec};
use crate::api::EcsService;
use crate::api::condition::Reason;
use crate::api::policy::DeletionPolicy;
use crate::controllers::context::Stores;
use crate::controllers::report::{Course, Requeue};

const ARN: &str = "arn:aws:ecs:eu-west-1:1:cluster/production";

/// The spec with a reference instead of a name.
fn referring() -> Value {
    let mut spec = spec(&json!({"clusterRef": {"name": "prod"}}));
    spec.as_object_mut().unwrap().remove("cluster");
    spec
}

/// What an object leads to whose cluster's object is this.
fn leads(deleting: bool, cluster: Option<&Value>) -> Reference {
    let mut object = json!({
        "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsService",
        "metadata": {"name": "web", "namespace": "shop", "uid": "u", "generation": 1}, "spec": referring(),
    });
    if deleting {
        object["metadata"]["deletionTimestamp"] = json!("2026-01-05T08:00:00Z");
    }
    let object: EcsService = serde_json::from_value(object).unwrap();
    Desired::resolve(&object, &Stores::holding(&cluster.cloned().into_iter().collect::<Vec<_>>())).cluster
}

/// A cluster's object that is being deleted and was edited before that.
fn cluster(spec: &Value, status: &Value) -> Value {
    json!({
        "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsCluster",
        "metadata": {"name": "prod", "namespace": "shop", "generation": 2, "deletionTimestamp": "2026-01-05T08:00:00Z"},
        "spec": spec, "status": status,
    })
}

#[test]
fn what_is_deleted_is_looked_for_in_its_cluster_whatever_became_of_that() {
    let named = json!({"clusterName": "production"});
    let known = cluster(&named, &json!({"arn": ARN, "clusterName": "production", "observedGeneration": 1}));
    assert_eq!(leads(true, Some(&known)), Reference::Is(ARN.into()));
    assert!(matches!(leads(false, Some(&known)), Reference::Waits(_)), "to make something there it has to be Ready");
    let unknown = cluster(&named, &json!({}));
    assert_eq!(leads(true, Some(&unknown)), Reference::Is("production".into()));
    assert_eq!(leads(true, Some(&cluster(&json!({}), &json!({})))), Reference::Is("prod".into()));
    assert!(matches!(leads(true, None), Reference::Waits(_)));
}

#[test]
fn a_service_that_may_be_nobody_knows_where_is_not_let_go_of_unless_that_is_asked_for() {
    let mut model = Model::new();
    (model.facts.deleting, model.placed, model.gone_for_sure) = (true, false, true);
    let plan = model.plan(&referring());
    assert_eq!((plan.steps.len(), plan.verdict.reason), (0, Reason::DeletionBlocked));
    assert_eq!(plan.verdict.course, Course::Underway);
    assert!(matches!(plan.requeue, Requeue::After(_)));
    let message = plan.verdict.message;
    assert!(message.contains("EcsCluster `prod`") && message.contains("`deletionPolicy: Retain`"), "{message}");
    model.facts.deletion = DeletionPolicy::Retain;
    assert_eq!(model.steps(&referring()), ["remove the finalizer (the service stays in ECS)"]);
}
