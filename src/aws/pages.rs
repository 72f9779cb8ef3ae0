//! Listings: page after page while the token is new, complete or an error.

use std::collections::BTreeSet;
use std::future::Future;

use aws_sdk_ecs::types::{DesiredStatus, TaskDefinitionStatus};

use super::classify::{Class, code};
use super::clients::Aws;
use super::error::AwsError;
use super::op::{Op, Priority};
use super::scope::Scope;

/// More pages than this are taken for a listing that does not end.
const MAX_PAGES: usize = 10_000;

/// Collects all pages. `page` gets the token of the page before, `None` for the first.
///
/// A token that was used before is never followed: the listing fails, for half a listing
/// must not be taken for the whole. A token that AWS no longer accepts restarts it once.
pub async fn pages<T, P, Fut>(op: Op, mut page: P) -> Result<Vec<T>, AwsError>
where
    P: FnMut(Option<String>) -> Fut,
    Fut: Future<Output = Result<(Vec<T>, Option<String>), AwsError>>,
{
    match once(op, &mut page).await {
        Err(error) if error.class == Class::StalePage => once(op, &mut page).await,
        answer => answer,
    }
}

async fn once<T, P, Fut>(op: Op, page: &mut P) -> Result<Vec<T>, AwsError>
where
    P: FnMut(Option<String>) -> Fut,
    Fut: Future<Output = Result<(Vec<T>, Option<String>), AwsError>>,
{
    let mut all = Vec::new();
    let mut used = BTreeSet::new();
    let mut token = None;
    loop {
        let (items, next) = page(token).await?;
        all.extend(items);
        let Some(next) = next.filter(|next| !next.is_empty()) else {
            return Ok(all);
        };
        if used.len() >= MAX_PAGES || !used.insert(next.clone()) {
            return Err(AwsError::new(op.name(), code::REPEATED_PAGE, "the listing does not come to an end"));
        }
        token = Some(next);
    }
}

/// Which tasks to list; unset members do not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Tasks of this service.
    pub service: Option<String>,
    /// Tasks of this family.
    pub family: Option<String>,
    /// Tasks with this mark, for a service's tasks the deployment id. ECS wants it alone: the other members are left out.
    pub started_by: Option<String>,
    /// `STOPPED` instead of the default `RUNNING`.
    pub stopped: bool,
}

impl Aws {
    /// ARNs of the revisions of exactly this family in this status, newest first.
    pub async fn list_task_definitions(
        &self,
        scope: &Scope,
        family: &str,
        status: TaskDefinitionStatus,
        priority: Priority,
    ) -> Result<Vec<String>, AwsError> {
        pages(Op::ListTaskDefinitions, |token| {
            let call = self.ecs(scope).list_task_definitions().family_prefix(family).status(status.clone());
            let call = || call.sort(aws_sdk_ecs::types::SortOrder::Desc).max_results(100).set_next_token(token).send();
            async move {
                let page = self.call(scope, Op::ListTaskDefinitions, priority, call).await?;
                Ok((page.task_definition_arns.unwrap_or_default(), page.next_token))
            }
        })
        .await
    }

    /// ARNs of the cluster's services. Leaves out those that drain or are inactive.
    pub async fn list_services(
        &self,
        scope: &Scope,
        cluster: &str,
        priority: Priority,
    ) -> Result<Vec<String>, AwsError> {
        pages(Op::ListServices, |token| {
            let call =
                || self.ecs(scope).list_services().cluster(cluster).max_results(100).set_next_token(token).send();
            async move {
                let page = self.call(scope, Op::ListServices, priority, call).await?;
                Ok((page.service_arns.unwrap_or_default(), page.next_token))
            }
        })
        .await
    }

    /// ARNs of the cluster's tasks that fit the filter.
    pub async fn list_tasks(
        &self,
        scope: &Scope,
        cluster: &str,
        filter: &TaskFilter,
        priority: Priority,
    ) -> Result<Vec<String>, AwsError> {
        let status = if filter.stopped { DesiredStatus::Stopped } else { DesiredStatus::Running };
        pages(Op::ListTasks, |token| {
            let call = self.ecs(scope).list_tasks().cluster(cluster).max_results(100).set_next_token(token);
            let call = match &filter.started_by {
                Some(started_by) => call.started_by(started_by),
                None => call
                    .set_service_name(filter.service.clone())
                    .set_family(filter.family.clone())
                    .desired_status(status.clone()),
            };
            let call = || call.send();
            async move {
                let page = self.call(scope, Op::ListTasks, priority, call).await?;
                Ok((page.task_arns.unwrap_or_default(), page.next_token))
            }
        })
        .await
    }
}

#[cfg(test)]
#[path = "pages_tests.rs"]
mod tests;
