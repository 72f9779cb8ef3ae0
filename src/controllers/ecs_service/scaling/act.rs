//! Makes one call to Application Auto Scaling.

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};

use super::step::Step;
use crate::api::EcsService;
use crate::aws::{AwsError, Class, Op};
use crate::controllers::failure::StepError;
use crate::controllers::pass::Pass;
use crate::controllers::tagging::Tagging;

/// Makes one call. What is to go and is not there is gone.
pub(in super::super) async fn run(step: &Step, pass: &Pass<'_, EcsService>) -> Result<(), StepError> {
    let aws = &pass.cx.aws;
    let scope = pass.scope();
    let client = aws.autoscaling(&scope);
    let priority = pass.priority;
    let (namespace, dimension) = (ServiceNamespace::Ecs, ScalableDimension::EcsServiceDesiredCount);
    // Whatever comes of the call, what was read before it does not count any more.
    pass.cx.scalings.outdated(pass.uid());
    match step {
        Step::Register(request) => {
            pass.cx.scalings.note_registered(pass.uid(), pass.now);
            let call = || request.as_ref().clone().send_with(&client);
            aws.call(&scope, Op::RegisterScalableTarget, priority, call).await?;
        }
        Step::Tag(tagging) => tag(tagging, pass).await?,
        Step::PutPolicy(request, _) => {
            let call = || request.as_ref().clone().send_with(&client);
            aws.call(&scope, Op::PutScalingPolicy, priority, call).await?;
        }
        Step::PutAction(request, _) => {
            let call = || request.as_ref().clone().send_with(&client);
            aws.call(&scope, Op::PutScheduledAction, priority, call).await?;
        }
        Step::DeletePolicy { resource, name } => {
            pass.still_ours().await?;
            let call = client.delete_scaling_policy().service_namespace(namespace).scalable_dimension(dimension);
            let call = || call.resource_id(resource).policy_name(name).send();
            gone(aws.call(&scope, Op::DeleteScalingPolicy, priority, call).await)?;
        }
        Step::DeleteAction { resource, name } => {
            pass.still_ours().await?;
            let call = client.delete_scheduled_action().service_namespace(namespace).scalable_dimension(dimension);
            let call = || call.resource_id(resource).scheduled_action_name(name).send();
            gone(aws.call(&scope, Op::DeleteScheduledAction, priority, call).await)?;
        }
        Step::Deregister { resource } => {
            pass.still_ours().await?;
            let call = client.deregister_scalable_target().service_namespace(namespace).scalable_dimension(dimension);
            let call = || call.resource_id(resource).send();
            gone(aws.call(&scope, Op::DeregisterScalableTarget, priority, call).await)?;
        }
    }
    Ok(())
}

fn gone<T>(answer: Result<T, AwsError>) -> Result<(), AwsError> {
    match answer {
        Err(error) if error.class != Class::TargetMissing => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

async fn tag(tagging: &Tagging, pass: &Pass<'_, EcsService>) -> Result<(), StepError> {
    let aws = &pass.cx.aws;
    let scope = pass.scope();
    let client = aws.autoscaling(&scope);
    if !tagging.set.is_empty() {
        let tags = tagging.set.clone().into_iter().collect();
        let call = || client.tag_resource().resource_arn(&tagging.arn).set_tags(Some(tags)).send();
        aws.call(&scope, Op::TagScalableTarget, pass.priority, call).await?;
    }
    if !tagging.remove.is_empty() {
        let keys = Some(tagging.remove.clone());
        let call = || client.untag_resource().resource_arn(&tagging.arn).set_tag_keys(keys).send();
        aws.call(&scope, Op::UntagScalableTarget, pass.priority, call).await?;
    }
    Ok(())
}
