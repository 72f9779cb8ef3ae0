//! Follows a deployment by its id until it ends, through rollbacks: memory × service × deployment → rollout. Pure.

use aws_sdk_ecs::types::{
    Deployment, DeploymentLifecycleHookStatus, DeploymentLifecycleHookTargetType, DeploymentRolloutState, Service,
    ServiceDeployment, ServiceDeploymentStatus,
};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::api::condition::{bounded_to, whole_seconds};
use crate::api::status::{LoadBalancerWeights, Rollout};
use crate::controllers::arn::short;

/// How a rollout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Not yet.
    Open,
    /// As wanted.
    Completed,
    /// Failed; nothing was rolled back.
    Failed,
    /// Failed; ECS runs the earlier revision.
    RolledBack,
    /// Stopped by somebody.
    Stopped,
}

/// The ending that a rollout's state stands for.
#[must_use]
pub(in crate::controllers) fn ending(rollout: &Rollout) -> Ending {
    match rollout.state.as_str() {
        "COMPLETED" => Ending::Completed,
        "FAILED" | "ROLLBACK_FAILED" => Ending::Failed,
        "ROLLED_BACK" => Ending::RolledBack,
        "STOPPED" => Ending::Stopped,
        _ => Ending::Open,
    }
}

/// The service's PRIMARY deployment.
#[must_use]
pub(super) fn primary(live: &Service) -> Option<&Deployment> {
    live.deployments().iter().find(|deployment| deployment.status.as_deref() == Some("PRIMARY"))
}

/// The rollout as it stands now. `content` is the hash of what the spec asks for and `brings` whether the PRIMARY
/// deployment has it.
#[must_use]
pub fn follow(
    before: Option<&Rollout>,
    live: &Service,
    deployment: Option<&ServiceDeployment>,
    content: Option<&str>,
    now: Timestamp,
) -> Option<Rollout> {
    let Some(primary) = primary(live) else { return before.cloned() };
    let id = primary.id.clone().unwrap_or_default();
    let Some(before) = before else { return Some(begin(primary, live, deployment, None, content, now)) };
    if before.id == id {
        return Some(advance(before, primary, live, deployment, content, now));
    }
    if before.rolled_back_to.as_deref() == Some(id.as_str()) {
        return Some(retreat(before, primary, deployment, now));
    }
    if before.finished_at.is_none() && was_rolled_back(before, primary, live, deployment) {
        // Not always what ran before: a deployment that was overtaken is nothing to go back to.
        let to = primary.task_definition.as_deref().map(|arn| short(arn).to_owned());
        let previous_task_definition = to.or_else(|| before.previous_task_definition.clone());
        let fallen = Rollout { rolled_back_to: Some(id), previous_task_definition, ..before.clone() };
        return Some(retreat(&fallen, primary, deployment, now));
    }
    Some(begin(primary, live, deployment, before.task_definition.as_deref(), content, now))
}

/// Did ECS put an earlier revision in the place of the followed deployment?
fn was_rolled_back(
    before: &Rollout,
    primary: &Deployment,
    live: &Service,
    deployment: Option<&ServiceDeployment>,
) -> bool {
    let told = own(before, deployment).and_then(|deployment| deployment.status.as_ref()).is_some_and(|status| {
        matches!(
            status,
            ServiceDeploymentStatus::RollbackRequested
                | ServiceDeploymentStatus::RollbackInProgress
                | ServiceDeploymentStatus::RollbackSuccessful
                | ServiceDeploymentStatus::RollbackFailed
        )
    });
    let failed = live.deployments().iter().any(|deployment| {
        deployment.id.as_deref() == Some(before.id.as_str())
            && deployment.rollout_state == Some(DeploymentRolloutState::Failed)
    });
    let brings = primary.task_definition.as_deref().map(short);
    told || (failed && brings.is_some() && brings == before.previous_task_definition.as_deref())
}

/// The service deployment, if it is the followed rollout's.
fn own<'a>(rollout: &Rollout, deployment: Option<&'a ServiceDeployment>) -> Option<&'a ServiceDeployment> {
    // Before ECS begins it names no service deployment: one that is older than the rollout is another's.
    let younger = |d: &ServiceDeployment| match (&rollout.started_at, d.created_at.as_ref().and_then(time)) {
        (Some(started), Some(created)) => created >= *started,
        _ => true,
    };
    deployment.filter(|d| match &rollout.service_deployment_arn {
        Some(arn) => d.service_deployment_arn.as_ref() == Some(arn),
        None => younger(d),
    })
}

fn begin(
    primary: &Deployment,
    live: &Service,
    deployment: Option<&ServiceDeployment>,
    previous: Option<&str>,
    content: Option<&str>,
    now: Timestamp,
) -> Rollout {
    let running_before = live
        .deployments()
        .iter()
        .find(|other| other.status.as_deref() == Some("ACTIVE"))
        .and_then(|other| other.task_definition.as_deref())
        .map(short);
    let fresh = Rollout {
        id: primary.id.clone().unwrap_or_default(),
        task_definition: primary.task_definition.as_deref().map(|arn| short(arn).to_owned()),
        previous_task_definition: running_before.or(previous).map(str::to_owned),
        started_at: primary.created_at.as_ref().and_then(time).or(Some(Time(now))),
        progressed_at: Some(Time(now)),
        service_deployment_arn: live.current_service_deployment.clone(),
        ..Rollout::default()
    };
    advance(&fresh, primary, live, deployment, content, now)
}

/// The followed deployment is PRIMARY.
fn advance(
    before: &Rollout,
    primary: &Deployment,
    live: &Service,
    deployment: Option<&ServiceDeployment>,
    content: Option<&str>,
    now: Timestamp,
) -> Rollout {
    let told = own(before, deployment);
    let mut next = before.clone();
    next.service_deployment_arn =
        before.service_deployment_arn.clone().or_else(|| told.and_then(|d| d.service_deployment_arn.clone()));
    next.content_hash = before.content_hash.clone().or_else(|| content.map(str::to_owned));
    next.strategy = live
        .deployment_configuration
        .as_ref()
        .and_then(|configuration| configuration.strategy.as_ref())
        .map(|strategy| strategy.as_str().to_owned());
    next.failed_tasks = Some(before.failed_tasks.unwrap_or(0).max(primary.failed_tasks)).filter(|n| *n > 0);
    state(primary, live, told).clone_into(&mut next.state);
    let fell = before.rolled_back_to.is_some() || matches!(ending(before), Ending::RolledBack | Ending::Failed);
    if fell && ending(&next) == Ending::Completed {
        // What runs steadily now is the earlier revision, or an older look at the service.
        return before.clone();
    }
    next.reason = told
        .and_then(|d| d.status_reason.clone())
        .or_else(|| primary.rollout_state_reason.clone())
        .map(|reason| bounded_to(&reason, 400))
        .filter(|_| next.state != "COMPLETED");
    stages(&mut next, told);
    next.display = display(&next, primary, live);
    finish(&mut next, before, told, now);
    next
}

/// The followed deployment was rolled back; `primary` is what took its place.
fn retreat(before: &Rollout, primary: &Deployment, deployment: Option<&ServiceDeployment>, now: Timestamp) -> Rollout {
    if before.finished_at.is_some() {
        return before.clone();
    }
    let told = own(before, deployment);
    let mut next = before.clone();
    let status = told.and_then(|d| d.status.as_ref());
    let state = match (status, primary.rollout_state.as_ref()) {
        (Some(ServiceDeploymentStatus::RollbackFailed), _) | (None, Some(DeploymentRolloutState::Failed)) => {
            "ROLLBACK_FAILED"
        }
        (Some(ServiceDeploymentStatus::RollbackSuccessful), _) | (_, Some(DeploymentRolloutState::Completed)) => {
            "ROLLED_BACK"
        }
        _ => "ROLLING_BACK",
    };
    state.clone_into(&mut next.state);
    let why = told.and_then(|d| {
        d.rollback.as_ref().and_then(|rollback| rollback.reason.clone()).or_else(|| d.status_reason.clone())
    });
    next.reason = why.map(|reason| bounded_to(&reason, 400)).or_else(|| before.reason.clone());
    next.stage = None;
    next.weights = None;
    next.promote_with = None;
    next.gate_expires_at = None;
    next.display.clone_from(&next.state);
    finish(&mut next, before, told, now);
    next
}

fn state(primary: &Deployment, live: &Service, told: Option<&ServiceDeployment>) -> &'static str {
    match told.and_then(|d| d.status.as_ref()) {
        Some(ServiceDeploymentStatus::RollbackRequested | ServiceDeploymentStatus::RollbackInProgress) => {
            return "ROLLING_BACK";
        }
        Some(ServiceDeploymentStatus::RollbackSuccessful) => return "ROLLED_BACK",
        Some(ServiceDeploymentStatus::RollbackFailed) => return "ROLLBACK_FAILED",
        Some(ServiceDeploymentStatus::Stopped) => {
            let failed = primary.rollout_state == Some(DeploymentRolloutState::Failed);
            return if failed { "FAILED" } else { "STOPPED" };
        }
        Some(ServiceDeploymentStatus::Pending) => return "PENDING",
        _ => {}
    }
    match &primary.rollout_state {
        Some(DeploymentRolloutState::Completed) => "COMPLETED",
        Some(DeploymentRolloutState::Failed) => "FAILED",
        // Other controllers and classic load balancers have no rollout state.
        None if live.deployments().len() == 1 && primary.running_count >= primary.desired_count => "COMPLETED",
        Some(_) | None => "IN_PROGRESS",
    }
}

/// Stage, weights and the gate that waits, of ECS's native strategies.
fn stages(next: &mut Rollout, told: Option<&ServiceDeployment>) {
    next.promote_with = None;
    next.gate_expires_at = None;
    let Some(told) = told else {
        if ending(next) != Ending::Open {
            next.stage = None;
            next.weights = None;
        }
        return;
    };
    next.stage = told.lifecycle_stage.as_ref().map(|stage| stage.as_str().to_owned());
    let target = told.target_service_revision.as_ref();
    next.weights = target
        .filter(|t| t.requested_production_traffic_weight.is_some() || t.requested_test_traffic_weight.is_some())
        .map(|t| LoadBalancerWeights {
            production: t.requested_production_traffic_weight.map(percent),
            test: t.requested_test_traffic_weight.map(percent),
        });
    let gate = told.lifecycle_hook_details().iter().find(|hook| {
        hook.status == Some(DeploymentLifecycleHookStatus::AwaitingAction)
            && hook.target_type.as_ref() != Some(&DeploymentLifecycleHookTargetType::AwsLambda)
    });
    if let Some(gate) = gate {
        next.promote_with.clone_from(&gate.hook_id);
        next.gate_expires_at = gate.expires_at.as_ref().and_then(time);
    }
    if ending(next) == Ending::Completed {
        next.stage = None;
        next.weights = None;
    }
}

fn percent(weight: f64) -> String {
    format!("{weight}%")
}

fn display(rollout: &Rollout, primary: &Deployment, live: &Service) -> String {
    let tasks = format!("{}/{}", primary.running_count, primary.desired_count.max(live.desired_count));
    match ending(rollout) {
        Ending::Open if rollout.promote_with.is_some() => {
            format!("AWAITING_APPROVAL {}", rollout.stage.as_deref().unwrap_or_default())
        }
        Ending::Open => match (&rollout.stage, rollout.weights.as_ref().and_then(|w| w.production.as_deref())) {
            (Some(stage), Some(weight)) => format!("{stage} {weight}"),
            (Some(stage), None) if rollout.strategy.as_deref().is_some_and(|s| s != "ROLLING") => stage.clone(),
            _ => format!("{} {tasks}", rollout.state),
        },
        Ending::Failed => format!("{} {tasks}", rollout.state),
        Ending::Completed | Ending::RolledBack | Ending::Stopped => rollout.state.clone(),
    }
}

/// Times of progress and end.
fn finish(next: &mut Rollout, before: &Rollout, told: Option<&ServiceDeployment>, now: Timestamp) {
    if next.display != before.display || next.state != before.state {
        next.progressed_at = Some(Time(now));
    }
    if ending(next) == Ending::Open {
        next.finished_at = None;
    } else if next.finished_at.is_none() {
        next.finished_at =
            told.and_then(|d| d.finished_at.as_ref().or(d.stopped_at.as_ref())).and_then(time).or(Some(Time(now)));
    }
}

/// AWS's time as Kubernetes keeps it.
#[must_use]
pub(super) fn time(at: &aws_smithy_types::DateTime) -> Option<Time> {
    Timestamp::from_second(at.secs()).ok().map(|at| Time(whole_seconds(at)))
}
