//! Single looks at a deployment.

use aws_sdk_ecs::types::{
    Deployment, DeploymentConfiguration, DeploymentLifecycleHookDetail, DeploymentLifecycleHookStatus,
    DeploymentLifecycleHookTargetType, DeploymentRolloutState, DeploymentStrategy, Service, ServiceDeployment,
    ServiceDeploymentLifecycleStage, ServiceDeploymentStatus, ServiceRevisionSummary,
};
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::super::follow;
use super::model::NOW;
use crate::api::status::Rollout;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn primary(id: &str, revision: u32, state: Option<DeploymentRolloutState>) -> Deployment {
    Deployment::builder()
        .id(id)
        .status("PRIMARY")
        .task_definition(format!("arn:aws:ecs:eu-west-1:1:task-definition/web:{revision}"))
        .set_rollout_state(state)
        .desired_count(2)
        .running_count(1)
        .build()
}

fn service(deployments: Vec<Deployment>) -> Service {
    Service::builder().desired_count(2).set_deployments(Some(deployments)).build()
}

fn told(status: Option<ServiceDeploymentStatus>) -> ServiceDeployment {
    ServiceDeployment::builder().service_deployment_arn("arn:sd/1").set_status(status).build()
}

/// The rollout before: deployment d1, from web:1 to web:2.
fn before() -> Rollout {
    Rollout {
        id: "d1".into(),
        state: "IN_PROGRESS".into(),
        display: "IN_PROGRESS 1/2".into(),
        task_definition: Some("web:2".into()),
        previous_task_definition: Some("web:1".into()),
        service_deployment_arn: Some("arn:sd/1".into()),
        started_at: Some(Time(at(NOW - 100))),
        progressed_at: Some(Time(at(NOW - 50))),
        ..Rollout::default()
    }
}

fn look(live: &Service, told: Option<&ServiceDeployment>) -> Rollout {
    follow(Some(&before()), live, told, None, at(NOW)).unwrap()
}

fn in_progress() -> Service {
    service(vec![primary("d1", 2, Some(DeploymentRolloutState::InProgress))])
}

#[test]
fn what_ecs_says_of_the_service_deployment_is_the_state() {
    use ServiceDeploymentStatus::{Pending, RollbackFailed, RollbackInProgress, RollbackRequested, RollbackSuccessful};
    for (status, state) in [
        (RollbackRequested, "ROLLING_BACK"),
        (RollbackInProgress, "ROLLING_BACK"),
        (RollbackSuccessful, "ROLLED_BACK"),
        (RollbackFailed, "ROLLBACK_FAILED"),
        (Pending, "PENDING"),
        (ServiceDeploymentStatus::InProgress, "IN_PROGRESS"),
    ] {
        assert_eq!(look(&in_progress(), Some(&told(Some(status)))).state, state);
    }
}

#[test]
fn without_a_rollout_state_one_deployment_with_all_of_its_tasks_is_complete() {
    let live = |running: i32, others: usize| {
        let mut first = primary("d1", 2, None);
        first.running_count = running;
        let mut all = vec![first];
        all.resize(1 + others, Deployment::builder().id("d0").status("ACTIVE").build());
        service(all)
    };
    for (running, others, state) in
        [(2, 0, "COMPLETED"), (3, 0, "COMPLETED"), (1, 0, "IN_PROGRESS"), (2, 1, "IN_PROGRESS")]
    {
        assert_eq!(look(&live(running, others), None).state, state, "{running} {others}");
    }
}

#[test]
fn only_the_followed_deployment_that_failed_back_to_its_previous_revision_was_rolled_back() {
    let failed =
        |id: &str| Deployment::builder().id(id).status("ACTIVE").rollout_state(DeploymentRolloutState::Failed).build();
    let active =
        Deployment::builder().id("d1").status("ACTIVE").rollout_state(DeploymentRolloutState::InProgress).build();
    let other = |revision: u32, beside: Deployment| {
        let live = service(vec![primary("d2", revision, Some(DeploymentRolloutState::InProgress)), beside]);
        look(&live, None).id
    };
    assert_eq!(other(1, failed("d1")), "d1", "it goes back");
    assert_eq!(other(3, failed("d1")), "d2", "somebody rolls out something else");
    assert_eq!(other(1, failed("d0")), "d2", "another one failed");
    assert_eq!(other(1, active), "d2", "somebody reverts");
}

#[test]
fn a_service_deployment_from_before_the_rollout_is_another_s() {
    let adopted = |created: i64| {
        let mut told = told(Some(ServiceDeploymentStatus::InProgress));
        told.created_at = Some(DateTime::from_secs(created));
        let unnamed = Rollout { service_deployment_arn: None, ..before() };
        follow(Some(&unnamed), &in_progress(), Some(&told), None, at(NOW)).unwrap().service_deployment_arn
    };
    assert_eq!(adopted(NOW - 101), None);
    assert_eq!(adopted(NOW - 100).as_deref(), Some("arn:sd/1"));
}

#[test]
fn failed_tasks_are_the_most_that_were_seen() {
    let seen = |failed: i32| {
        let mut live = in_progress();
        live.deployments.as_mut().unwrap()[0].failed_tasks = failed;
        look(&live, None).failed_tasks
    };
    assert_eq!((seen(0), seen(1)), (None, Some(1)));
}

#[test]
fn only_a_gate_that_is_no_function_waits_for_a_person() {
    let gate = |status: DeploymentLifecycleHookStatus, target: Option<DeploymentLifecycleHookTargetType>| {
        let hook = DeploymentLifecycleHookDetail::builder().hook_id("g").status(status).set_target_type(target).build();
        let mut told = told(Some(ServiceDeploymentStatus::InProgress));
        told.lifecycle_hook_details = Some(vec![hook]);
        look(&in_progress(), Some(&told)).promote_with
    };
    assert_eq!(gate(DeploymentLifecycleHookStatus::AwaitingAction, None).as_deref(), Some("g"));
    let function = Some(DeploymentLifecycleHookTargetType::AwsLambda);
    assert_eq!(gate(DeploymentLifecycleHookStatus::AwaitingAction, function), None);
    assert_eq!(gate(DeploymentLifecycleHookStatus::InProgress, None), None);
}

#[test]
fn stage_and_weight_are_shown_where_a_strategy_has_them() {
    let display = |strategy: DeploymentStrategy, production: Option<f64>, test: Option<f64>| {
        let mut live = in_progress();
        live.deployment_configuration = Some(DeploymentConfiguration::builder().strategy(strategy).build());
        let target = ServiceRevisionSummary::builder()
            .set_requested_production_traffic_weight(production)
            .set_requested_test_traffic_weight(test)
            .build();
        let mut told = told(Some(ServiceDeploymentStatus::InProgress));
        told.lifecycle_stage = Some(ServiceDeploymentLifecycleStage::BakeTime);
        told.target_service_revision = Some(target);
        let seen = look(&live, Some(&told));
        let weights = seen.weights.map(|weights| (weights.production, weights.test));
        (seen.display, weights)
    };
    let some = |weight: &str| Some(weight.to_owned());
    assert_eq!(
        display(DeploymentStrategy::Canary, Some(12.5), None),
        ("BAKE_TIME 12.5%".to_owned(), Some((some("12.5%"), None)))
    );
    assert_eq!(
        display(DeploymentStrategy::BlueGreen, None, Some(100.0)),
        ("BAKE_TIME".to_owned(), Some((None, some("100%"))))
    );
    assert_eq!(display(DeploymentStrategy::Rolling, None, None), ("IN_PROGRESS 1/2".to_owned(), None));
}

#[test]
fn stages_go_when_the_rollout_ends() {
    let stale = Rollout { stage: Some("BAKE_TIME".into()), ..before() };
    let shown = |state: DeploymentRolloutState| {
        follow(Some(&stale), &service(vec![primary("d1", 2, Some(state))]), None, None, at(NOW)).unwrap().stage
    };
    assert_eq!(shown(DeploymentRolloutState::InProgress).as_deref(), Some("BAKE_TIME"));
    assert_eq!(shown(DeploymentRolloutState::Failed), None);
}

#[test]
fn progress_is_a_change_of_state_or_of_tasks() {
    let progressed = |live: &Service| look(live, None).progressed_at.unwrap().0 == at(NOW);
    assert!(!progressed(&in_progress()));
    let mut more = in_progress();
    more.deployments.as_mut().unwrap()[0].running_count = 2;
    assert!(progressed(&more), "another task runs");
    let same = Rollout { state: "PENDING".into(), ..before() };
    let next = follow(Some(&same), &in_progress(), None, None, at(NOW)).unwrap();
    assert_eq!(next.progressed_at.unwrap().0, at(NOW), "it has begun");
}
