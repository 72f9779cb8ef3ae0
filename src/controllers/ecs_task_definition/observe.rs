//! Reads a family's ACTIVE revisions; each revision is described once in the life of the process.

use std::sync::Arc;

use aws_sdk_ecs::types::{TaskDefinition, TaskDefinitionField, TaskDefinitionStatus};
use jiff::SignedDuration;

use super::Desired;
use super::desired::content_hash;
use crate::api::names::tag;
use crate::api::status::Origin;
use crate::api::{EcsTaskDefinition, EcsTaskDefinitionSpec};
use crate::aws::{AwsError, Op};
use crate::controllers::arn::family_revision;
use crate::controllers::context::tag_map;
use crate::controllers::document::document;
use crate::controllers::ownership::Owner;
use crate::controllers::pass::Pass;
use crate::controllers::revisions::Revision;

/// Newest revisions looked at when an equal one is sought; deletion looks at all.
const LOOKED_AT: usize = 100;

/// An ACTIVE revision.
#[derive(Clone, Debug)]
pub struct Described {
    /// Its ARN.
    pub arn: String,
    /// Its number.
    pub revision: i32,
    /// Its content, tags and hash.
    pub content: Revision,
}

impl Described {
    /// Is it this owner's, and made for it? An adopted revision carries no content hash.
    pub(super) fn is_made_for(&self, owner: &Owner) -> bool {
        owner.owns(&self.content.tags) && self.content.tags.contains_key(tag::CONTENT_HASH)
    }
}

/// What ECS says of the family.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// ACTIVE revisions, newest first.
    pub active: Vec<Described>,
    /// Was the whole family read, or only the current revision remembered?
    pub listed: bool,
    /// Is this the second look in a row that found no revision that was made for us?
    pub gone_for_sure: bool,
}

impl Observed {
    /// What the tags of the revisions tell of where the first of ours came from.
    pub(super) fn origin(&self, owner: &Owner) -> Option<Origin> {
        self.active.iter().find_map(|revision| owner.origin(&revision.content.tags))
    }

    /// With a revision that was registered meanwhile.
    #[must_use]
    pub(super) fn with(mut self, registered: Option<Described>) -> Self {
        if let Some(registered) = registered {
            self.active.insert(0, registered);
        }
        self
    }
}

/// Reads as much as the pass needs: nothing for a settled object, one listing otherwise, and descriptions of
/// revisions not seen before.
pub(super) async fn observe(desired: &Desired, pass: &Pass<'_, EcsTaskDefinition>) -> Result<Observed, AwsError> {
    if let Some(known) = remembered(desired, pass) {
        return Ok(Observed { active: vec![known], listed: false, gone_for_sure: false });
    }
    let scope = pass.scope();
    let mut arns =
        pass.cx.aws.list_task_definitions(&scope, &desired.family, TaskDefinitionStatus::Active, pass.priority).await?;
    arns.sort_by_key(|arn| std::cmp::Reverse(family_revision(arn).map(|(_, revision)| revision)));
    if !pass.deleting() {
        arns.truncate(LOOKED_AT);
    }
    let mut active = Vec::new();
    for arn in arns {
        if let Some(described) = describe(&arn, &desired.family, pass).await? {
            pass.cx.revisions.note_active(&arn, pass.now);
            active.push(described);
        }
    }
    let left = active.iter().any(|revision| revision.is_made_for(&pass.owner));
    Ok(Observed { active, listed: true, gone_for_sure: pass.gone_twice(!left) })
}

/// The current revision from memory, if nothing asks for another look.
fn remembered(desired: &Desired, pass: &Pass<'_, EcsTaskDefinition>) -> Option<Described> {
    let status = pass.object.status.as_ref()?;
    let arn = status.arn.clone()?;
    if pass.deleting() || pass.directive.reconcile || status.content_hash.as_ref() != Some(&desired.content_hash) {
        return None;
    }
    // Some may be retired: the whole family has to be seen.
    let kept = desired.history.saturating_add(desired.in_use.len()).saturating_add(1);
    if status.active_revisions.and_then(|count| usize::try_from(count).ok()).is_some_and(|count| count > kept) {
        return None;
    }
    let seen = pass.cx.revisions.seen_active(&arn)?;
    let fresh = SignedDuration::try_from(pass.cx.config.revision_sweep).unwrap_or(SignedDuration::ZERO);
    if pass.now.duration_since(seen) >= fresh {
        return None;
    }
    let content = pass.cx.revisions.get(&arn)?;
    let (_, revision) = family_revision(&arn)?;
    Some(Described { arn, revision, content })
}

async fn describe(arn: &str, family: &str, pass: &Pass<'_, EcsTaskDefinition>) -> Result<Option<Described>, AwsError> {
    let Some((_, revision)) = family_revision(arn) else { return Ok(None) };
    if let Some(content) = pass.cx.revisions.get(arn) {
        return Ok(Some(Described { arn: arn.to_owned(), revision, content }));
    }
    let scope = pass.scope();
    let call = || {
        pass.cx
            .aws
            .ecs(&scope)
            .describe_task_definition()
            .task_definition(arn)
            .include(TaskDefinitionField::Tags)
            .send()
    };
    let answer = pass.cx.aws.call(&scope, Op::DescribeTaskDefinition, pass.priority, call).await?;
    let Some(definition) = answer.task_definition else { return Ok(None) };
    if definition.status != Some(TaskDefinitionStatus::Active) {
        return Ok(None);
    }
    let content = revision_of(definition, answer.tags.unwrap_or_default().as_slice(), family);
    pass.cx.revisions.put(arn, content.clone());
    Ok(Some(Described { arn: arn.to_owned(), revision, content }))
}

/// A revision as the memory keeps it.
pub(super) fn revision_of(definition: TaskDefinition, tags: &[aws_sdk_ecs::types::Tag], family: &str) -> Revision {
    let hash = content_hash(family, &document(&EcsTaskDefinitionSpec::observed(&definition)));
    Revision { definition: Arc::new(definition), tags: tag_map(tags), content_hash: hash }
}
