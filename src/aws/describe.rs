//! Reads by name or ARN: gathered, matched by name and never by position, missing told from unreadable.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use aws_sdk_applicationautoscaling::types::ScalableTarget;
use aws_sdk_ecs::types::{
    Cluster, ClusterField, Failure, Service, ServiceDeployment, ServiceField, ServiceRevision, Task, TaskField,
};
use futures::future::join_all;

use super::balancing::{RuleSeen, TargetGroupSeen, TargetSeen};
use super::batcher::{Answers, Batcher, Found, unanswered};
use super::classify::Class;
use super::clients::Aws;
use super::cloudwatch::AlarmState;
use super::error::AwsError;
use super::iam::RoleSeen;
use super::metrics::AwsMetrics;
use super::op::{Op, Priority};
use super::scope::Scope;
use super::settings::LongArns;

/// One batcher for each kind of read; limits from the API reference of each operation.
#[derive(Debug)]
pub(super) struct Batches {
    services: Batcher<Service>,
    clusters: Batcher<Cluster>,
    tasks: Batcher<Task>,
    deployments: Batcher<ServiceDeployment>,
    revisions: Batcher<ServiceRevision>,
    pub(super) targets: Batcher<ScalableTarget>,
    pub(super) target_groups: Batcher<TargetGroupSeen>,
    pub(super) target_health: Batcher<Vec<TargetSeen>>,
    pub(super) rules: Batcher<RuleSeen>,
    pub(super) alarms: Batcher<(String, AlarmState)>,
    pub(super) roles: Batcher<RoleSeen>,
    pub(super) settings: Batcher<LongArns>,
}

impl Batches {
    pub(super) fn new(window: Duration, metrics: &AwsMetrics) -> Self {
        Self {
            services: Batcher::new(Op::DescribeServices, 10, window, metrics),
            clusters: Batcher::new(Op::DescribeClusters, 100, window, metrics),
            tasks: Batcher::new(Op::DescribeTasks, 100, window, metrics),
            deployments: Batcher::new(Op::DescribeServiceDeployments, 20, window, metrics),
            revisions: Batcher::new(Op::DescribeServiceRevisions, 20, window, metrics),
            targets: Batcher::new(Op::DescribeScalableTargets, 50, window, metrics),
            // Elastic Load Balancing documents 20 only for some; it is safe for all.
            target_groups: Batcher::new(Op::DescribeTargetGroups, 20, window, metrics),
            // One name a request, but more than one so that others may join.
            target_health: Batcher::new(Op::DescribeTargetHealth, 2, window, metrics),
            rules: Batcher::new(Op::DescribeRules, 20, window, metrics),
            alarms: Batcher::new(Op::DescribeAlarms, 100, window, metrics),
            // One thing a request, shared by all who ask within the window.
            roles: Batcher::new(Op::GetRole, 2, window, metrics),
            settings: Batcher::new(Op::ListAccountSettings, 2, window, metrics),
        }
    }
}

/// What one request brought: things with their ARN and name, and failures.
type Batch<T> = (Vec<T>, Vec<Failure>);

impl Aws {
    /// The service of that name or ARN in the cluster, with tags; `None` when ECS says it is missing.
    pub async fn describe_service(
        &self,
        scope: &Scope,
        cluster: &str,
        name: &str,
        priority: Priority,
    ) -> Found<Service> {
        let (aws, at, within) = (self.clone(), scope.clone(), cluster.to_owned());
        let fetch = move |names, priority| async move {
            let ask = |names: Vec<String>| {
                let (aws, at, within) = (&aws, &at, &within);
                async move {
                    let call = aws.ecs(at).describe_services();
                    let call = || call.cluster(within).set_services(Some(names)).include(ServiceField::Tags).send();
                    let found = aws.call(at, Op::DescribeServices, priority, call).await?;
                    Ok((found.services.unwrap_or_default(), found.failures.unwrap_or_default()))
                }
            };
            resolve(Op::DescribeServices, names, ask, |s| [s.service_arn(), s.service_name()]).await
        };
        self.batches().services.get(self, (scope.clone(), cluster.to_owned()), name, priority, fetch).await
    }

    /// The cluster of that name or ARN with all its optional parts; `None` when ECS says it is missing.
    pub async fn describe_cluster(&self, scope: &Scope, name: &str, priority: Priority) -> Found<Cluster> {
        let (aws, at) = (self.clone(), scope.clone());
        let fetch = move |names, priority| async move {
            let ask = |names: Vec<String>| {
                let (aws, at) = (&aws, &at);
                async move {
                    let parts = [
                        ClusterField::Attachments,
                        ClusterField::Configurations,
                        ClusterField::Settings,
                        ClusterField::Statistics,
                        ClusterField::Tags,
                    ];
                    let call = aws.ecs(at).describe_clusters();
                    let call = || call.set_clusters(Some(names)).set_include(Some(parts.to_vec())).send();
                    let found = aws.call(at, Op::DescribeClusters, priority, call).await?;
                    Ok((found.clusters.unwrap_or_default(), found.failures.unwrap_or_default()))
                }
            };
            resolve(Op::DescribeClusters, names, ask, |c| [c.cluster_arn(), c.cluster_name()]).await
        };
        self.batches().clusters.get(self, (scope.clone(), String::new()), name, priority, fetch).await
    }

    /// One task by ARN or id, with tags; `None` when ECS says it is missing.
    pub async fn describe_task(&self, scope: &Scope, cluster: &str, task: &str, priority: Priority) -> Found<Task> {
        let (aws, at, within) = (self.clone(), scope.clone(), cluster.to_owned());
        let fetch = move |names, priority| async move {
            let ask = |names: Vec<String>| {
                let (aws, at, within) = (&aws, &at, &within);
                async move {
                    let call = aws.ecs(at).describe_tasks();
                    let call = || call.cluster(within).set_tasks(Some(names)).include(TaskField::Tags).send();
                    let found = aws.call(at, Op::DescribeTasks, priority, call).await?;
                    Ok((found.tasks.unwrap_or_default(), found.failures.unwrap_or_default()))
                }
            };
            resolve(Op::DescribeTasks, names, ask, |t| [t.task_arn(), None]).await
        };
        self.batches().tasks.get(self, (scope.clone(), cluster.to_owned()), task, priority, fetch).await
    }

    /// Several tasks by ARN or id, each with its own answer.
    pub async fn describe_tasks(
        &self,
        scope: &Scope,
        cluster: &str,
        tasks: &[String],
        priority: Priority,
    ) -> Answers<Task> {
        let reads = tasks.iter().map(|task| async move {
            (task.clone(), Box::pin(self.describe_task(scope, cluster, task, priority)).await)
        });
        join_all(reads).await.into_iter().collect()
    }

    /// One service deployment by ARN; `None` when ECS says it is missing.
    pub async fn describe_service_deployment(
        &self,
        scope: &Scope,
        arn: &str,
        priority: Priority,
    ) -> Found<ServiceDeployment> {
        let (aws, at) = (self.clone(), scope.clone());
        let fetch = move |names, priority| async move {
            let ask = |names: Vec<String>| {
                let (aws, at) = (&aws, &at);
                async move {
                    let call = aws.ecs(at).describe_service_deployments();
                    let call = || call.set_service_deployment_arns(Some(names)).send();
                    let found = aws.call(at, Op::DescribeServiceDeployments, priority, call).await?;
                    Ok((found.service_deployments.unwrap_or_default(), found.failures.unwrap_or_default()))
                }
            };
            resolve(Op::DescribeServiceDeployments, names, ask, |d| [d.service_deployment_arn(), None]).await
        };
        self.batches().deployments.get(self, (scope.clone(), String::new()), arn, priority, fetch).await
    }

    /// One service revision by ARN, which never changes; `None` when ECS says it is missing.
    pub async fn describe_service_revision(
        &self,
        scope: &Scope,
        arn: &str,
        priority: Priority,
    ) -> Found<ServiceRevision> {
        let (aws, at) = (self.clone(), scope.clone());
        let fetch = move |names, priority| async move {
            let ask = |names: Vec<String>| {
                let (aws, at) = (&aws, &at);
                async move {
                    let call = aws.ecs(at).describe_service_revisions();
                    let call = || call.set_service_revision_arns(Some(names)).send();
                    let found = aws.call(at, Op::DescribeServiceRevisions, priority, call).await?;
                    Ok((found.service_revisions.unwrap_or_default(), found.failures.unwrap_or_default()))
                }
            };
            resolve(Op::DescribeServiceRevisions, names, ask, |r| [r.service_revision_arn(), None]).await
        };
        self.batches().revisions.get(self, (scope.clone(), String::new()), arn, priority, fetch).await
    }
}

/// Asks for all names at once; where one member may have spoilt the request, for each alone.
async fn resolve<T, A, Fut, N>(op: Op, names: Vec<String>, ask: A, called: N) -> Answers<T>
where
    T: Clone,
    A: Fn(Vec<String>) -> Fut,
    Fut: Future<Output = Result<Batch<T>, AwsError>>,
    N: Fn(&T) -> [Option<&str>; 2],
{
    match ask(names.clone()).await {
        Ok(batch) => matched(op, &names, &batch, &called),
        Err(error) if names.len() > 1 && may_be_one_member(error.class) => {
            let mut answers = BTreeMap::new();
            for name in names {
                let alone = vec![name];
                match ask(alone.clone()).await {
                    Ok(batch) => answers.extend(matched(op, &alone, &batch, &called)),
                    Err(error) => answers.extend(failed(alone, &error)),
                }
            }
            answers
        }
        Err(error) => failed(names, &error),
    }
}

/// Refusals that can be about the form or the absence of a single member.
fn may_be_one_member(class: Class) -> bool {
    matches!(class, Class::Permanent | Class::TargetMissing | Class::Permission)
}

fn failed<T>(names: Vec<String>, error: &AwsError) -> Answers<T> {
    let gone = error.class == Class::TargetMissing;
    names.into_iter().map(|name| (name, if gone { Ok(None) } else { Err(error.clone()) })).collect()
}

fn matched<T: Clone>(
    op: Op,
    names: &[String],
    (found, failures): &Batch<T>,
    called: &impl Fn(&T) -> [Option<&str>; 2],
) -> Answers<T> {
    let answer = |asked: &String| {
        let is = |candidate: Option<&str>| candidate.is_some_and(|c| same(asked, c));
        if let Some(thing) = found.iter().find(|thing| called(thing).into_iter().any(is)) {
            return Ok(Some(thing.clone()));
        }
        match failures.iter().find(|failure| is(failure.arn())) {
            Some(failure) if failure.reason() == Some("MISSING") => Ok(None),
            Some(failure) => Err(refused(op, failure)),
            None => Err(unanswered(op, asked)),
        }
    };
    names.iter().map(|name| (name.clone(), answer(name))).collect()
}

/// Equal, or the same last part: a name against an ARN, an old ARN against a new one.
/// Two full ARNs of the same form must be equal.
fn same(asked: &str, candidate: &str) -> bool {
    fn last(text: &str) -> &str {
        text.rsplit('/').next().unwrap_or(text)
    }
    let parts = |text: &str| text.split('/').count();
    let both_arns = asked.starts_with("arn:") && candidate.starts_with("arn:");
    asked == candidate || (last(asked) == last(candidate) && !(both_arns && parts(asked) == parts(candidate)))
}

fn refused(op: Op, failure: &Failure) -> AwsError {
    let reason = failure.reason().unwrap_or("Failure");
    let detail = failure.detail().unwrap_or_default();
    let mut error = AwsError::new(op.name(), reason, detail);
    if reason.to_ascii_uppercase().replace('_', "").contains("ACCESSDENIED") {
        error.class = Class::Permission;
    }
    error
}

#[cfg(test)]
#[path = "describe_tests.rs"]
mod tests;
