//! Rollouts followed through what ECS shows, look after look.

use aws_sdk_ecs::types::{
    Deployment, DeploymentConfiguration, DeploymentLifecycleHookDetail, DeploymentLifecycleHookStatus,
    DeploymentRolloutState, DeploymentStrategy, Rollback, Service, ServiceDeployment, ServiceDeploymentLifecycleStage,
    ServiceDeploymentStatus,
};
use jiff::Timestamp;
use proptest::prelude::*;

use super::super::follow;
use super::model::NOW;
use crate::api::status::Rollout;

use DeploymentRolloutState::{Completed, Failed, InProgress};

fn deployment(id: &str, status: &str, revision: u32, state: &DeploymentRolloutState) -> Deployment {
    Deployment::builder()
        .id(id)
        .status(status)
        .task_definition(format!("arn:aws:ecs:eu-west-1:1:task-definition/web:{revision}"))
        .rollout_state(state.clone())
        .desired_count(2)
        .build()
}

fn service(deployments: Vec<Deployment>) -> Service {
    Service::builder()
        .desired_count(2)
        .set_deployments(Some(deployments))
        .current_service_deployment("arn:sd/2")
        .build()
}

fn told(status: ServiceDeploymentStatus) -> ServiceDeployment {
    ServiceDeployment::builder().service_deployment_arn("arn:sd/2").status(status).build()
}

/// Follows look after look, ten seconds apart.
fn watch(looks: &[(Service, Option<ServiceDeployment>)]) -> Vec<Rollout> {
    let mut seen: Vec<Rollout> = Vec::new();
    for (number, (live, deployment)) in looks.iter().enumerate() {
        let now = Timestamp::from_second(NOW + 10 * i64::try_from(number).unwrap()).unwrap();
        seen.push(follow(seen.last(), live, deployment.as_ref(), Some("hash"), now).unwrap());
    }
    seen
}

fn states(rollouts: &[Rollout]) -> Vec<&str> {
    rollouts.iter().map(|rollout| rollout.state.as_str()).collect()
}

fn settled() -> Service {
    service(vec![deployment("d1", "PRIMARY", 1, &Completed)])
}

fn rolling() -> Service {
    service(vec![deployment("d2", "PRIMARY", 2, &InProgress), deployment("d1", "ACTIVE", 1, &Completed)])
}

/// ECS went back: a new deployment of the old revision is PRIMARY.
fn going_back(state: &DeploymentRolloutState) -> Service {
    let mut all = vec![deployment("d3", "PRIMARY", 1, state)];
    if *state == InProgress {
        all.push(deployment("d2", "ACTIVE", 2, &Failed));
    }
    service(all)
}

#[test]
fn a_rolling_deployment_is_followed_to_its_end() {
    let done = service(vec![deployment("d2", "PRIMARY", 2, &Completed)]);
    let seen = watch(&[
        (settled(), None),
        (rolling(), Some(told(ServiceDeploymentStatus::InProgress))),
        (done.clone(), Some(told(ServiceDeploymentStatus::Successful))),
        (done, None),
    ]);
    assert_eq!(states(&seen), ["COMPLETED", "IN_PROGRESS", "COMPLETED", "COMPLETED"]);
    assert_eq!(seen[1].previous_task_definition.as_deref(), Some("web:1"));
    assert_eq!((seen[1].id.as_str(), seen[1].task_definition.as_deref()), ("d2", Some("web:2")));
    assert!(seen[1].finished_at.is_none() && seen[2].finished_at.is_some());
    assert_eq!(seen[2].finished_at, seen[3].finished_at);
}

#[test]
fn a_breaker_that_rolls_back_is_no_completion_even_when_the_old_revision_is_stable() {
    for tells in [true, false] {
        let with = |status| tells.then(|| told(status));
        let seen = watch(&[
            (settled(), None),
            (rolling(), None),
            (going_back(&InProgress), with(ServiceDeploymentStatus::RollbackInProgress)),
            (going_back(&Completed), with(ServiceDeploymentStatus::RollbackSuccessful)),
            (going_back(&Completed), None),
        ]);
        assert_eq!(states(&seen)[2..], ["ROLLING_BACK", "ROLLED_BACK", "ROLLED_BACK"], "told: {tells}");
        assert_eq!((seen[4].id.as_str(), seen[4].task_definition.as_deref()), ("d2", Some("web:2")));
    }
}

#[test]
fn an_alarm_gives_its_reason() {
    let mut back = told(ServiceDeploymentStatus::RollbackSuccessful);
    back.rollback = Some(Rollback::builder().reason("alarm errors").build());
    let seen = watch(&[(settled(), None), (rolling(), None), (going_back(&Completed), Some(back))]);
    assert_eq!((seen[2].state.as_str(), seen[2].reason.as_deref()), ("ROLLED_BACK", Some("alarm errors")));
}

#[test]
fn a_rollback_that_fails_is_told_as_such() {
    let seen = watch(&[
        (settled(), None),
        (rolling(), None),
        (going_back(&InProgress), Some(told(ServiceDeploymentStatus::RollbackFailed))),
    ]);
    assert_eq!(seen[2].state, "ROLLBACK_FAILED");
    assert!(seen[2].finished_at.is_some());
}

#[test]
fn a_first_deployment_that_fails_has_nothing_to_go_back_to() {
    let first = |state| service(vec![deployment("d1", "PRIMARY", 1, state)]);
    let seen = watch(&[(first(&InProgress), None), (first(&Failed), Some(told(ServiceDeploymentStatus::Stopped)))]);
    assert_eq!(states(&seen), ["IN_PROGRESS", "FAILED"]);
}

#[test]
fn a_stop_by_hand_is_not_a_failure() {
    let seen = watch(&[(rolling(), None), (rolling(), Some(told(ServiceDeploymentStatus::Stopped)))]);
    assert_eq!(states(&seen), ["IN_PROGRESS", "STOPPED"]);
}

#[test]
fn a_newer_deployment_takes_the_place_of_the_one_under_way() {
    let newer = service(vec![deployment("d3", "PRIMARY", 3, &InProgress), deployment("d2", "ACTIVE", 2, &InProgress)]);
    let seen = watch(&[(settled(), None), (rolling(), None), (newer, None)]);
    assert_eq!((seen[2].id.as_str(), seen[2].state.as_str()), ("d3", "IN_PROGRESS"));
    assert_eq!(seen[2].rolled_back_to, None);
}

/// Revision 2 was overtaken before it ran, so ECS goes back past it.
#[test]
fn a_rollback_names_what_ecs_went_back_to_and_not_what_was_under_way_before() {
    let newer = service(vec![deployment("d3", "PRIMARY", 1, &InProgress), deployment("d2", "ACTIVE", 2, &InProgress)]);
    let back = service(vec![deployment("d1", "PRIMARY", 1, &Completed)]);
    let seen =
        watch(&[(rolling(), None), (newer, None), (back, Some(told(ServiceDeploymentStatus::RollbackSuccessful)))]);
    assert_eq!(seen[1].previous_task_definition.as_deref(), Some("web:2"));
    assert_eq!((seen[2].state.as_str(), seen[2].previous_task_definition.as_deref()), ("ROLLED_BACK", Some("web:1")));
}

#[test]
fn a_restart_is_a_rollout_of_the_same_revision() {
    let again = service(vec![deployment("d2", "PRIMARY", 1, &InProgress), deployment("d1", "ACTIVE", 1, &Completed)]);
    let done = service(vec![deployment("d2", "PRIMARY", 1, &Completed)]);
    let seen = watch(&[(settled(), None), (again, None), (done, None)]);
    assert_eq!(states(&seen), ["COMPLETED", "IN_PROGRESS", "COMPLETED"]);
    assert_eq!(seen[2].task_definition, seen[2].previous_task_definition);
}

#[test]
fn a_gate_is_shown_while_it_waits_and_gone_afterwards() {
    let hook = DeploymentLifecycleHookDetail::builder()
        .hook_id("gate")
        .status(DeploymentLifecycleHookStatus::AwaitingAction)
        .expires_at(aws_smithy_types::DateTime::from_secs(NOW + 600))
        .build();
    let mut live = rolling();
    live.deployment_configuration =
        Some(DeploymentConfiguration::builder().strategy(DeploymentStrategy::BlueGreen).build());
    let at = |stage, hooks| {
        let mut now = told(ServiceDeploymentStatus::InProgress);
        now.lifecycle_stage = Some(stage);
        now.lifecycle_hook_details = hooks;
        now
    };
    let done = service(vec![deployment("d2", "PRIMARY", 2, &Completed)]);
    let seen = watch(&[
        (live.clone(), Some(at(ServiceDeploymentLifecycleStage::ScaleUp, None))),
        (live.clone(), Some(at(ServiceDeploymentLifecycleStage::PostScaleUp, Some(vec![hook])))),
        (live, Some(at(ServiceDeploymentLifecycleStage::BakeTime, None))),
        (done, Some(told(ServiceDeploymentStatus::Successful))),
    ]);
    assert_eq!(seen.iter().map(|r| r.promote_with.as_deref()).collect::<Vec<_>>(), [None, Some("gate"), None, None]);
    assert_eq!(seen[0].display, "SCALE_UP");
    assert_eq!(seen[1].display, "AWAITING_APPROVAL POST_SCALE_UP");
    assert!(seen[1].gate_expires_at.is_some());
    assert_eq!((seen[3].stage.as_deref(), seen[3].state.as_str()), (None, "COMPLETED"));
}

fn any_look() -> impl Strategy<Value = (Service, Option<ServiceDeployment>)> {
    let state = || prop_oneof![Just(InProgress), Just(Completed), Just(Failed)];
    let status = prop_oneof![
        Just(None),
        Just(Some(ServiceDeploymentStatus::Pending)),
        Just(Some(ServiceDeploymentStatus::InProgress)),
        Just(Some(ServiceDeploymentStatus::Successful)),
        Just(Some(ServiceDeploymentStatus::Stopped)),
        Just(Some(ServiceDeploymentStatus::RollbackInProgress)),
        Just(Some(ServiceDeploymentStatus::RollbackSuccessful)),
        Just(Some(ServiceDeploymentStatus::RollbackFailed)),
    ];
    (1..4_u32, state(), 1..4_u32, state(), status).prop_map(|(new, now, old, before, status)| {
        let mut all = vec![deployment(&format!("d{new}"), "PRIMARY", new % 2 + 1, &now)];
        if old != new {
            all.push(deployment(&format!("d{old}"), "ACTIVE", old % 2 + 1, &before));
        }
        (service(all), status.map(told))
    })
}

proptest! {
    #[test]
    fn a_rollout_that_fell_never_reads_as_completed_and_its_end_stands_still(
        looks in prop::collection::vec(any_look(), 1..8)
    ) {
        let seen = watch(&looks);
        for pair in seen.windows(2) {
            let (before, after) = (&pair[0], &pair[1]);
            if before.id != after.id {
                continue;
            }
            if before.state == "ROLLED_BACK" || before.rolled_back_to.is_some() {
                prop_assert_ne!(&after.state, "COMPLETED");
            }
            if before.finished_at.is_some() && after.finished_at.is_some() {
                prop_assert_eq!(&before.finished_at, &after.finished_at);
            }
        }
        for ((_, deployment), rollout) in looks.iter().zip(&seen) {
            let back = deployment.as_ref().and_then(|d| d.status.clone());
            if back == Some(ServiceDeploymentStatus::RollbackSuccessful) {
                prop_assert_ne!(&rollout.state, "COMPLETED");
            }
            let ended = !["PENDING", "IN_PROGRESS", "ROLLING_BACK"].contains(&rollout.state.as_str());
            prop_assert_eq!(rollout.finished_at.is_some(), ended, "{:?}", rollout);
        }
    }
}

/// ECS names no service deployment before a deployment begins; what was read before the retry is another's.
#[test]
fn a_retry_that_has_not_begun_does_not_end_like_the_deployment_before_it() {
    let at = |seconds: i64| aws_smithy_types::DateTime::from_secs(NOW + seconds);
    let old = ServiceDeployment::builder()
        .service_deployment_arn("arn:sd/2")
        .status(ServiceDeploymentStatus::RollbackSuccessful)
        .created_at(at(-600))
        .build();
    let mut fresh = deployment("d4", "PRIMARY", 2, &InProgress);
    fresh.created_at = Some(at(0));
    let mut live = service(vec![fresh, deployment("d3", "ACTIVE", 1, &Completed)]);
    live.current_service_deployment = None;
    let seen = watch(&[(live, Some(old))]);
    assert_eq!(states(&seen), ["IN_PROGRESS"]);
    assert_eq!(seen[0].service_deployment_arn, None);
}
