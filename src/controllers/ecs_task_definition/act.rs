//! Runs the steps of a task definition's plan in order; stops at the first failure.

use super::Step;
use super::observe::{Described, revision_of};
use crate::api::EcsTaskDefinition;
use crate::aws::{Op, Priority};
use crate::controllers::arn::family_revision;
use crate::controllers::effects;
use crate::controllers::failure::StepError;
use crate::controllers::hidden::Hidden;
use crate::controllers::pass::Pass;
use crate::controllers::report::{Outcome, Plan};

/// Runs all steps; also gives the revision that was registered.
pub(super) async fn run(plan: &Plan<Step>, pass: &Pass<'_, EcsTaskDefinition>) -> (Outcome, Option<Described>) {
    let mut outcome = Outcome::default();
    let mut registered = None;
    for step in &plan.steps {
        match one(step, pass).await {
            Ok(revision) => registered = registered.or(revision),
            Err(error) => {
                outcome.failed = Some(error);
                break;
            }
        }
        outcome.done += 1;
    }
    (outcome, registered)
}

async fn one(step: &Step, pass: &Pass<'_, EcsTaskDefinition>) -> Result<Option<Described>, StepError> {
    let aws = &pass.cx.aws;
    let scope = pass.scope();
    let client = aws.ecs(&scope);
    match step {
        Step::Claim => pass.claim().await?,
        Step::Register(request) => {
            let family = request.get_family().clone().unwrap_or_default();
            let call = || request.as_ref().clone().send_with(&client);
            let answer = aws.call(&scope, Op::RegisterTaskDefinition, pass.priority, call).await;
            pass.may_be_there();
            let answer = answer.map_err(|error| Hidden::of_spec(&pass.object.spec).out_of_error(error))?;
            let tags = request.get_tags().clone().unwrap_or_default();
            return Ok(answer.task_definition.and_then(|definition| {
                let arn = definition.task_definition_arn.clone()?;
                let (_, revision) = family_revision(&arn)?;
                let content = revision_of(definition, &tags, &family);
                pass.cx.revisions.put(&arn, content.clone());
                pass.cx.revisions.note_active(&arn, pass.now);
                Some(Described { arn, revision, content })
            }));
        }
        Step::Tag(tagging) => {
            effects::tag(tagging, pass).await?;
            pass.cx.revisions.forget(&tagging.arn);
        }
        Step::Deregister(arn) => {
            pass.still_ours().await?;
            let priority = if pass.deleting() { Priority::Cleanup } else { Priority::Prune };
            let call = || client.deregister_task_definition().task_definition(arn).send();
            aws.call(&scope, Op::DeregisterTaskDefinition, priority, call).await?;
            pass.cx.revisions.forget(arn);
        }
        Step::Release(_) => pass.release().await?,
    }
    Ok(None)
}
