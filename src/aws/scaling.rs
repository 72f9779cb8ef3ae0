//! Reads of Application Auto Scaling: scalable targets gathered, policies and actions page by page.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{
    ScalableDimension, ScalableTarget, ScalingPolicy, ScheduledAction, ServiceNamespace,
};

use super::batcher::{Answers, Found};
use super::classify::Class;
use super::clients::Aws;
use super::error::AwsError;
use super::op::{Op, Priority};
use super::pages::pages;
use super::scope::Scope;

impl Aws {
    /// The scalable target of one ECS service (`service/<cluster>/<service>`) by its count; `None` when it has none.
    pub async fn describe_scalable_target(
        &self,
        scope: &Scope,
        resource: &str,
        priority: Priority,
    ) -> Found<ScalableTarget> {
        let (aws, at) = (self.clone(), scope.clone());
        let fetch = move |ids: Vec<String>, priority| async move {
            match aws.scalable_targets(&at, &ids, priority).await {
                Err(error) if ids.len() > 1 && matches!(error.class, Class::Permanent | Class::Permission) => {
                    // One id may have spoilt the request: each for itself.
                    let mut answers = BTreeMap::new();
                    for id in ids {
                        let alone = vec![id];
                        let found = aws.scalable_targets(&at, &alone, priority).await;
                        answers.extend(answered(alone, &found));
                    }
                    answers
                }
                found => answered(ids, &found),
            }
        };
        self.batches().targets.get(self, (scope.clone(), String::new()), resource, priority, fetch).await
    }

    async fn scalable_targets(
        &self,
        scope: &Scope,
        ids: &[String],
        priority: Priority,
    ) -> Result<Vec<ScalableTarget>, AwsError> {
        pages(Op::DescribeScalableTargets, |token| {
            let call = self.autoscaling(scope).describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
            let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
            let call = || call.set_resource_ids(Some(ids.to_vec())).set_next_token(token).send();
            async move {
                let page = self.call(scope, Op::DescribeScalableTargets, priority, call).await?;
                Ok((page.scalable_targets.unwrap_or_default(), page.next_token))
            }
        })
        .await
    }

    /// All scaling policies of one ECS service.
    pub async fn list_scaling_policies(
        &self,
        scope: &Scope,
        resource: &str,
        priority: Priority,
    ) -> Result<Vec<ScalingPolicy>, AwsError> {
        pages(Op::DescribeScalingPolicies, |token| {
            let call = self.autoscaling(scope).describe_scaling_policies().service_namespace(ServiceNamespace::Ecs);
            let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
            let call = || call.resource_id(resource).set_next_token(token).send();
            async move {
                let page = self.call(scope, Op::DescribeScalingPolicies, priority, call).await?;
                Ok((page.scaling_policies.unwrap_or_default(), page.next_token))
            }
        })
        .await
    }

    /// All scheduled actions of one ECS service.
    pub async fn list_scheduled_actions(
        &self,
        scope: &Scope,
        resource: &str,
        priority: Priority,
    ) -> Result<Vec<ScheduledAction>, AwsError> {
        pages(Op::DescribeScheduledActions, |token| {
            let call = self.autoscaling(scope).describe_scheduled_actions().service_namespace(ServiceNamespace::Ecs);
            let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
            let call = || call.resource_id(resource).set_next_token(token).send();
            async move {
                let page = self.call(scope, Op::DescribeScheduledActions, priority, call).await?;
                Ok((page.scheduled_actions.unwrap_or_default(), page.next_token))
            }
        })
        .await
    }

    /// Tags of a scalable target, by its ARN.
    pub async fn list_scalable_target_tags(
        &self,
        scope: &Scope,
        arn: &str,
        priority: Priority,
    ) -> Result<BTreeMap<String, String>, AwsError> {
        let call = || self.autoscaling(scope).list_tags_for_resource().resource_arn(arn).send();
        let answer = self.call(scope, Op::ListTagsForScalableTarget, priority, call).await?;
        Ok(answer.tags.unwrap_or_default().into_iter().collect())
    }
}

/// Each id's own answer; an id that a whole listing does not name has no target.
fn answered(ids: Vec<String>, found: &Result<Vec<ScalableTarget>, AwsError>) -> Answers<ScalableTarget> {
    let answer = |id: &String| match found {
        Ok(targets) => Ok(targets.iter().find(|target| target.resource_id == *id).cloned()),
        Err(error) => Err(error.clone()),
    };
    ids.into_iter().map(|id| (id.clone(), answer(&id))).collect()
}

#[cfg(test)]
#[path = "scaling_tests.rs"]
mod tests;
