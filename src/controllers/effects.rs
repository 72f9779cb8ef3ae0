//! Effects that several kinds share.

use crate::aws::Op;
use crate::controllers::context::tag_list;
use crate::controllers::failure::StepError;
use crate::controllers::kind::Kind;
use crate::controllers::pass::Pass;
use crate::controllers::tagging::Tagging;

/// Sets and removes tags of an ECS resource.
pub async fn tag<K: Kind>(tagging: &Tagging, pass: &Pass<'_, K>) -> Result<(), StepError> {
    let aws = &pass.cx.aws;
    let scope = pass.scope();
    let client = aws.ecs(&scope);
    if !tagging.set.is_empty() {
        let call = || client.tag_resource().resource_arn(&tagging.arn).set_tags(Some(tag_list(&tagging.set))).send();
        aws.call(&scope, Op::TagResource, pass.priority, call).await?;
    }
    if !tagging.remove.is_empty() {
        let call =
            || client.untag_resource().resource_arn(&tagging.arn).set_tag_keys(Some(tagging.remove.clone())).send();
        aws.call(&scope, Op::UntagResource, pass.priority, call).await?;
    }
    Ok(())
}
