//! Tasks of a service and the instances they run on.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::Task;

use super::classify::Class;
use super::clients::Aws;
use super::error::AwsError;
use super::op::{Op, Priority};
use super::pages::TaskFilter;
use super::scope::Scope;

/// `DescribeContainerInstances` takes so many.
const INSTANCES: usize = 100;

impl Aws {
    /// Names of the cluster's services that begin with `prefix`, sorted. Leaves out those that drain or are inactive.
    pub async fn service_names(
        &self,
        scope: &Scope,
        cluster: &str,
        prefix: &str,
        priority: Priority,
    ) -> Result<Vec<String>, AwsError> {
        let arns = self.list_services(scope, cluster, priority).await?;
        let name = |arn: &String| arn.rsplit('/').next().unwrap_or(arn).to_owned();
        let mut names: Vec<String> = arns.iter().map(name).filter(|name| name.starts_with(prefix)).collect();
        names.sort();
        Ok(names)
    }

    /// The tasks of a service that are meant to run, sorted by ARN. A service that does not exist has none.
    pub async fn tasks_of_service(
        &self,
        scope: &Scope,
        cluster: &str,
        service: &str,
        priority: Priority,
    ) -> Result<Vec<Task>, AwsError> {
        let filter = TaskFilter { service: Some(service.to_owned()), ..TaskFilter::default() };
        let arns = match self.list_tasks(scope, cluster, &filter, priority).await {
            Err(error) if error.class == Class::TargetMissing => Vec::new(),
            found => found?,
        };
        let answers = self.describe_tasks(scope, cluster, &arns, priority).await;
        // A task that stopped between the two calls is no task of the service any more.
        answers.into_values().filter_map(Result::transpose).collect()
    }

    /// EC2 instance ids by the ARN of the container instance. Instances that are gone are left out.
    pub async fn container_instances(
        &self,
        scope: &Scope,
        cluster: &str,
        arns: &[String],
        priority: Priority,
    ) -> Result<BTreeMap<String, String>, AwsError> {
        let mut found = BTreeMap::new();
        for some in arns.chunks(INSTANCES) {
            let call = self.ecs(scope).describe_container_instances().cluster(cluster);
            let call = || call.set_container_instances(Some(some.to_vec())).send();
            let answer = self.call(scope, Op::DescribeContainerInstances, priority, call).await?;
            if let Some(other) = answer.failures().iter().find(|failure| failure.reason() != Some("MISSING")) {
                let reason = other.reason().unwrap_or("Failure");
                let name = Op::DescribeContainerInstances.name();
                return Err(AwsError::new(name, reason, other.detail().unwrap_or_default()));
            }
            let pair = |instance: aws_sdk_ecs::types::ContainerInstance| {
                Some((instance.container_instance_arn?, instance.ec2_instance_id?))
            };
            found.extend(answer.container_instances.unwrap_or_default().into_iter().filter_map(pair));
        }
        Ok(found)
    }
}

#[cfg(test)]
#[path = "tasks_tests.rs"]
mod tests;
