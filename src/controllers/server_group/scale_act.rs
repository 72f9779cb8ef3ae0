//! Makes one call to CloudWatch or Application Auto Scaling for a version.

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};

use super::step::Step;
use crate::api::ServerGroup;
use crate::aws::{AwsError, Class, Op};
use crate::controllers::failure::StepError;
use crate::controllers::pass::Pass;

/// Makes one call. What is to go and is not there is gone.
pub(super) async fn one(step: &Step, pass: &Pass<'_, ServerGroup>) -> Result<(), StepError> {
    let (aws, scope, priority) = (&pass.cx.aws, pass.scope(), pass.priority);
    let (namespace, dimension) = (ServiceNamespace::Ecs, ScalableDimension::EcsServiceDesiredCount);
    let client = aws.autoscaling(&scope);
    match step {
        Step::PutAlarm { put, take } => {
            if let Some((arn, tags)) = take {
                aws.tag_alarm(&scope, arn, tags, priority).await?;
            }
            aws.put_metric_alarm(&scope, put.as_ref().clone(), priority).await?;
        }
        Step::DeleteAlarms(names) => match aws.delete_alarms(&scope, names, priority).await {
            // One of them is gone and so none was deleted: those that are left are read anew.
            Err(error) if error.class == Class::TargetMissing => return Err(StepError::Outdated),
            answer => answer?,
        },
        Step::PutPolicy(put) => {
            let call = || put.as_ref().clone().send_with(&client);
            aws.call(&scope, Op::PutScalingPolicy, priority, call).await?;
        }
        Step::PutAction(put) => {
            let call = || put.as_ref().clone().send_with(&client);
            aws.call(&scope, Op::PutScheduledAction, priority, call).await?;
        }
        Step::DeletePolicy { resource, name } => {
            let call = client.delete_scaling_policy().service_namespace(namespace).scalable_dimension(dimension);
            let call = || call.resource_id(resource).policy_name(name).send();
            gone(aws.call(&scope, Op::DeleteScalingPolicy, priority, call).await)?;
        }
        Step::DeleteAction { resource, name } => {
            let call = client.delete_scheduled_action().service_namespace(namespace).scalable_dimension(dimension);
            let call = || call.resource_id(resource).scheduled_action_name(name).send();
            gone(aws.call(&scope, Op::DeleteScheduledAction, priority, call).await)?;
        }
        Step::Claim
        | Step::MakeTaskDefinition(_)
        | Step::MakeService(_)
        | Step::AlignTaskDefinition { .. }
        | Step::AlignService { .. }
        | Step::Shift { .. }
        | Step::Annotate { .. }
        | Step::StopTask { .. }
        | Step::DeleteService { .. }
        | Step::DeleteTaskDefinition { .. }
        | Step::Release(_) => {}
    }
    Ok(())
}

fn gone<T>(answer: Result<T, AwsError>) -> Result<(), AwsError> {
    match answer {
        Err(error) if error.class != Class::TargetMissing => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}
