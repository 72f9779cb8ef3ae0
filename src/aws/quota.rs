//! AWS's throttle buckets, for ECS from "Request throttling for the Amazon ECS API".

/// Capacity and refill of one bucket, per account and region.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quota {
    /// Calls that may be made at once.
    pub burst: f64,
    /// Calls a second.
    pub refill: f64,
}

macro_rules! buckets {
    ($($(#[$doc:meta])* $variant:ident = $label:literal, $burst:literal, $refill:literal;)+) => {
        /// A throttle category: all its actions share one bucket per account and region.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Bucket { $($(#[$doc])* $variant,)+ }

        impl Bucket {
            /// Every bucket, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name as a metric label.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }

            /// AWS's published default quota.
            pub const fn quota(self) -> Quota {
                match self { $(Self::$variant => Quota { burst: $burst, refill: $refill },)+ }
            }
        }
    };
}

buckets! {
    /// Writes to clusters.
    ClusterModify = "cluster_modify", 20.0, 1.0;
    /// Reads of clusters.
    ClusterRead = "cluster_read", 50.0, 20.0;
    /// Registering and deregistering task definitions.
    TaskDefinitionModify = "task_definition_modify", 20.0, 1.0;
    /// Reads of task definitions.
    TaskDefinitionRead = "task_definition_read", 50.0, 20.0;
    /// Deleting task definitions.
    TaskDefinitionDelete = "task_definition_delete", 5.0, 1.0;
    /// Writes to capacity providers.
    CapacityProviderModify = "capacity_provider_modify", 10.0, 1.0;
    /// Reads of capacity providers.
    CapacityProviderRead = "capacity_provider_read", 50.0, 20.0;
    /// Tagging and untagging.
    TagModify = "tag_modify", 20.0, 10.0;
    /// Reads of tags.
    TagRead = "tag_read", 50.0, 20.0;
    /// Reads of account settings.
    SettingRead = "setting_read", 50.0, 20.0;
    /// Starting and stopping tasks.
    ClusterResourceModify = "cluster_resource_modify", 100.0, 40.0;
    /// Reads of tasks and container instances.
    ClusterResourceRead = "cluster_resource_read", 100.0, 20.0;
    /// Writes to services.
    ServiceModify = "service_modify", 50.0, 5.0;
    /// Reads of services.
    ServiceRead = "service_read", 100.0, 20.0;
    /// Reads of service deployments.
    ServiceDeploymentRead = "service_deployment_read", 50.0, 20.0;
    /// Reads of service revisions.
    ServiceRevisionRead = "service_revision_read", 50.0, 20.0;
    /// Task protection, reads and writes.
    TaskProtection = "task_protection", 200.0, 80.0;
    /// Services by namespace.
    ClusterServiceResourceRead = "cluster_service_resource_read", 10.0, 1.0;
    /// Actions AWS publishes no quota for: a cautious guess.
    Unpublished = "unpublished", 10.0, 1.0;
    /// Writes of Application Auto Scaling, which publishes no quota: a cautious guess.
    ScalingModify = "scaling_modify", 10.0, 2.0;
    /// Reads of Application Auto Scaling, which publishes no quota: a cautious guess.
    ScalingRead = "scaling_read", 20.0, 5.0;
    /// Writes of Elastic Load Balancing, from "Request throttling for the Elastic Load Balancing API".
    BalancingModify = "balancing_modify", 20.0, 3.0;
    /// Reads of Elastic Load Balancing, from the same page.
    BalancingRead = "balancing_read", 40.0, 10.0;
    /// `DescribeAlarms`, from "CloudWatch service quotas": 9 a second.
    AlarmRead = "alarm_read", 9.0, 9.0;
    /// Writes to alarms, from the same page: 3 a second.
    AlarmModify = "alarm_modify", 3.0, 3.0;
    /// `GetMetricData`, from the same page: 50 a second.
    MetricRead = "metric_read", 50.0, 50.0;
    /// Non-mutating actions, from "Request throttling for the Amazon EC2 API".
    NetworkRead = "network_read", 100.0, 20.0;
    /// Reads of IAM, which publishes no quota: a cautious guess.
    RoleRead = "role_read", 20.0, 5.0;
    /// Reads of a queue: SQS takes nearly any number.
    QueueRead = "queue_read", 50.0, 20.0;
    /// Deletions of messages, likewise.
    QueueModify = "queue_modify", 50.0, 20.0;
    /// AWS STS, which publishes 600 requests a second.
    Identity = "identity", 600.0, 600.0;
}
