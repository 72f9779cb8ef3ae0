//! Runs the steps of a service's plan in order; stops at the first failure.

use aws_sdk_ecs::types::{DeploymentLifecycleHookAction, Service, StopServiceDeploymentStopType};

use super::hiding;
use super::observe::Observed;
use super::scaling;
use super::step::Step;
use crate::api::EcsService;
use crate::aws::Op;
use crate::controllers::effects;
use crate::controllers::failure::StepError;
use crate::controllers::pass::Pass;
use crate::controllers::report::{Outcome, Plan};

/// Runs all steps; also gives the service as the last answer showed it.
pub(super) async fn run(
    plan: &Plan<Step>,
    observed: &Observed,
    pass: &Pass<'_, EcsService>,
) -> (Outcome, Option<Service>) {
    let mut outcome = Outcome::default();
    let mut now = None;
    for step in &plan.steps {
        match one(step, pass).await {
            Ok(service) => now = service.map(|service| with_tags(service, observed)).or(now),
            Err(StepError::Aws(error)) => {
                outcome.failed = Some(hiding::of_spec(pass).out_of_error(error).into());
                break;
            }
            Err(error) => {
                outcome.failed = Some(error);
                break;
            }
        }
        outcome.done += 1;
    }
    (outcome, now)
}

/// Answers of updates carry no tags; those that were described still hold.
fn with_tags(mut service: Service, observed: &Observed) -> Service {
    if service.tags.is_none() {
        service.tags = observed.service.present().and_then(|before| before.tags.clone());
    }
    service
}

async fn one(step: &Step, pass: &Pass<'_, EcsService>) -> Result<Option<Service>, StepError> {
    let aws = &pass.cx.aws;
    let scope = pass.scope();
    let client = aws.ecs(&scope);
    let priority = pass.priority;
    match step {
        Step::Claim => pass.claim().await?,
        Step::Record(record) => {
            let mut status = pass.object.status.clone().unwrap_or_default();
            status.in_flight = Some(record.clone());
            pass.write_status(&status).await?;
        }
        Step::Create(request) => {
            let call = || request.as_ref().clone().send_with(&client);
            let answer = aws.call(&scope, Op::CreateService, priority, call).await;
            pass.may_be_there();
            return Ok(answer?.service);
        }
        Step::Tag(tagging) => effects::tag(tagging, pass).await?,
        Step::Update(request, _) | Step::Force(request) => {
            let call = || request.as_ref().clone().send_with(&client);
            return Ok(aws.call(&scope, Op::UpdateService, priority, call).await?.service);
        }
        Step::Continue { deployment, hook, roll_back } => {
            let action = if *roll_back {
                DeploymentLifecycleHookAction::Rollback
            } else {
                DeploymentLifecycleHookAction::Continue
            };
            let call = || {
                client
                    .continue_service_deployment()
                    .service_deployment_arn(deployment)
                    .hook_id(hook)
                    .action(action)
                    .send()
            };
            aws.call(&scope, Op::ContinueServiceDeployment, priority, call).await?;
        }
        Step::Stop(deployment) => {
            let call = || {
                client
                    .stop_service_deployment()
                    .service_deployment_arn(deployment)
                    .stop_type(StopServiceDeploymentStopType::Rollback)
                    .send()
            };
            aws.call(&scope, Op::StopServiceDeployment, priority, call).await?;
        }
        Step::Scaling(step) => scaling::run(step, pass).await?,
        Step::Drain { cluster, service } => {
            pass.still_ours().await?;
            let call = || client.update_service().cluster(cluster).service(service).desired_count(0).send();
            return Ok(aws.call(&scope, Op::UpdateService, priority, call).await?.service);
        }
        Step::Delete { cluster, service, force } => {
            pass.still_ours().await?;
            let force = force.then_some(true);
            let call = || client.delete_service().cluster(cluster).service(service).set_force(force).send();
            return Ok(aws.call(&scope, Op::DeleteService, priority, call).await?.service);
        }
        Step::Release(_) => pass.release().await?,
    }
    Ok(None)
}
