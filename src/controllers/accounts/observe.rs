//! Reads a revision that a spec names, to see which roles it has.

use aws_sdk_ecs::types::TaskDefinition;

use super::place::Place;
use crate::aws::{AwsError, Op};
use crate::controllers::arn::is_arn;
use crate::controllers::kind::Kind;
use crate::controllers::pass::Pass;

/// An existing revision: from memory, or described. What a family leads to may change, so it is not remembered.
pub(super) async fn described<K: Kind>(
    name: &str,
    place: &Place,
    pass: &Pass<'_, K>,
) -> Result<Option<TaskDefinition>, AwsError> {
    if is_arn(name)
        && let Some(known) = pass.cx.revisions.get(name)
    {
        return Ok(Some(known.definition.as_ref().clone()));
    }
    let scope = place.scope();
    let call = || pass.cx.aws.ecs(&scope).describe_task_definition().task_definition(name).send();
    let answer = pass.cx.aws.call(&scope, Op::DescribeTaskDefinition, pass.priority, call).await;
    match answer {
        Ok(answer) => Ok(answer.task_definition),
        Err(error) if error.class.is_gone() => Ok(None),
        Err(error) => Err(error),
    }
}
