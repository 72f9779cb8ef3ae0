//! Runs the steps of a cluster's plan in order; stops at the first failure.

use super::Step;
use crate::api::EcsCluster;
use crate::aws::Op;
use crate::controllers::effects;
use crate::controllers::failure::StepError;
use crate::controllers::pass::Pass;
use crate::controllers::report::{Outcome, Plan};

/// Runs all steps.
pub(super) async fn run(plan: &Plan<Step>, pass: &Pass<'_, EcsCluster>) -> Outcome {
    let mut outcome = Outcome::default();
    for step in &plan.steps {
        if let Err(error) = one(step, pass).await {
            outcome.failed = Some(error);
            break;
        }
        outcome.done += 1;
    }
    outcome
}

async fn one(step: &Step, pass: &Pass<'_, EcsCluster>) -> Result<(), StepError> {
    let aws = &pass.cx.aws;
    let scope = pass.scope();
    let client = aws.ecs(&scope);
    match step {
        Step::Claim => pass.claim().await,
        Step::Create(request) => {
            let call = || request.as_ref().clone().send_with(&client);
            let answer = aws.call(&scope, Op::CreateCluster, pass.priority, call).await;
            pass.may_be_there();
            answer?;
            Ok(())
        }
        Step::Tag(tagging) => effects::tag(tagging, pass).await,
        Step::UpdateSettings(request, _) => {
            let call = || request.as_ref().clone().send_with(&client);
            aws.call(&scope, Op::UpdateClusterSettings, pass.priority, call).await?;
            Ok(())
        }
        Step::Update(request, _) => {
            let call = || request.as_ref().clone().send_with(&client);
            aws.call(&scope, Op::UpdateCluster, pass.priority, call).await?;
            Ok(())
        }
        Step::PutCapacityProviders(request, _) => {
            let call = || request.as_ref().clone().send_with(&client);
            aws.call(&scope, Op::PutClusterCapacityProviders, pass.priority, call).await?;
            Ok(())
        }
        Step::Delete(arn) => {
            pass.still_ours().await?;
            let call = || client.delete_cluster().cluster(arn).send();
            aws.call(&scope, Op::DeleteCluster, pass.priority, call).await?;
            Ok(())
        }
        Step::Release(_) => pass.release().await,
    }
}
