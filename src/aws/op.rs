//! The operations the operator may call, with the bucket each draws from.

use std::fmt;

use super::quota::Bucket;

/// Why a call is made; the limiter serves the smaller first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Deletion, rollback, moving traffic to safety.
    Cleanup,
    /// A change that a user asked for.
    Edit,
    /// A rollout under way.
    Rollout,
    /// Something was said to have changed.
    Hint,
    /// The periodic visit.
    Sweep,
    /// Removing old revisions: only from idle tokens.
    Prune,
}

impl Priority {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Cleanup, Self::Edit, Self::Sweep, Self::Prune];

    /// The name as a metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cleanup => "cleanup",
            Self::Edit => "edit",
            Self::Rollout => "rollout",
            Self::Hint => "hint",
            Self::Sweep => "sweep",
            Self::Prune => "prune",
        }
    }
}

/// The AWS service an operation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Amazon ECS.
    Ecs,
    /// Application Auto Scaling.
    ApplicationAutoScaling,
    /// Elastic Load Balancing, version 2.
    Balancing,
    /// CloudWatch.
    CloudWatch,
    /// Amazon EC2.
    Ec2,
    /// IAM.
    Iam,
    /// AWS STS.
    Sts,
    /// Amazon SQS.
    Sqs,
}

impl Service {
    /// The name as a metric label and as IAM's action prefix.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::ApplicationAutoScaling => "application-autoscaling",
            Self::Balancing => "elasticloadbalancing",
            Self::CloudWatch => "cloudwatch",
            Self::Ec2 => "ec2",
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::Sqs => "sqs",
        }
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Ecs => "Amazon ECS",
            Self::ApplicationAutoScaling => "Application Auto Scaling",
            Self::Balancing => "Elastic Load Balancing",
            Self::CloudWatch => "CloudWatch",
            Self::Ec2 => "Amazon EC2",
            Self::Iam => "IAM",
            Self::Sts => "AWS STS",
            Self::Sqs => "Amazon SQS",
        }
    }
}

macro_rules! operations {
    ($($variant:ident = $service:ident :: $name:ident, $bucket:ident, $mutating:literal;)+) => {
        /// An operation of AWS that the operator calls.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Op {
            $(#[doc = concat!("`", stringify!($name), "`")] $variant,)+
        }

        impl Op {
            /// Every operation, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// AWS's name of the operation.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($name),)+ }
            }

            /// The service it belongs to.
            pub const fn service(self) -> Service {
                match self { $(Self::$variant => Service::$service,)+ }
            }

            /// The throttle bucket it draws from.
            pub const fn bucket(self) -> Bucket {
                match self { $(Self::$variant => Bucket::$bucket,)+ }
            }

            /// Whether it changes anything in AWS.
            pub const fn mutating(self) -> bool {
                match self { $(Self::$variant => $mutating,)+ }
            }
        }
    };
}

operations! {
    CreateCluster = Ecs::CreateCluster, ClusterModify, true;
    UpdateCluster = Ecs::UpdateCluster, ClusterModify, true;
    UpdateClusterSettings = Ecs::UpdateClusterSettings, ClusterModify, true;
    PutClusterCapacityProviders = Ecs::PutClusterCapacityProviders, ClusterModify, true;
    DeleteCluster = Ecs::DeleteCluster, ClusterModify, true;
    DescribeClusters = Ecs::DescribeClusters, ClusterRead, false;
    RegisterTaskDefinition = Ecs::RegisterTaskDefinition, TaskDefinitionModify, true;
    DeregisterTaskDefinition = Ecs::DeregisterTaskDefinition, TaskDefinitionModify, true;
    DescribeTaskDefinition = Ecs::DescribeTaskDefinition, TaskDefinitionRead, false;
    ListTaskDefinitions = Ecs::ListTaskDefinitions, TaskDefinitionRead, false;
    TagResource = Ecs::TagResource, TagModify, true;
    UntagResource = Ecs::UntagResource, TagModify, true;
    ListAccountSettings = Ecs::ListAccountSettings, SettingRead, false;
    StopTask = Ecs::StopTask, ClusterResourceModify, true;
    DescribeTasks = Ecs::DescribeTasks, ClusterResourceRead, false;
    ListTasks = Ecs::ListTasks, ClusterResourceRead, false;
    DescribeContainerInstances = Ecs::DescribeContainerInstances, ClusterResourceRead, false;
    CreateService = Ecs::CreateService, ServiceModify, true;
    UpdateService = Ecs::UpdateService, ServiceModify, true;
    DeleteService = Ecs::DeleteService, ServiceModify, true;
    DescribeServices = Ecs::DescribeServices, ServiceRead, false;
    ListServices = Ecs::ListServices, ServiceRead, false;
    DescribeServiceDeployments = Ecs::DescribeServiceDeployments, ServiceDeploymentRead, false;
    DescribeServiceRevisions = Ecs::DescribeServiceRevisions, ServiceRevisionRead, false;
    StopServiceDeployment = Ecs::StopServiceDeployment, Unpublished, true;
    ContinueServiceDeployment = Ecs::ContinueServiceDeployment, Unpublished, true;
    RegisterScalableTarget = ApplicationAutoScaling::RegisterScalableTarget, ScalingModify, true;
    DeregisterScalableTarget = ApplicationAutoScaling::DeregisterScalableTarget, ScalingModify, true;
    PutScalingPolicy = ApplicationAutoScaling::PutScalingPolicy, ScalingModify, true;
    DeleteScalingPolicy = ApplicationAutoScaling::DeleteScalingPolicy, ScalingModify, true;
    PutScheduledAction = ApplicationAutoScaling::PutScheduledAction, ScalingModify, true;
    DeleteScheduledAction = ApplicationAutoScaling::DeleteScheduledAction, ScalingModify, true;
    TagScalableTarget = ApplicationAutoScaling::TagResource, ScalingModify, true;
    UntagScalableTarget = ApplicationAutoScaling::UntagResource, ScalingModify, true;
    DescribeScalableTargets = ApplicationAutoScaling::DescribeScalableTargets, ScalingRead, false;
    DescribeScalingPolicies = ApplicationAutoScaling::DescribeScalingPolicies, ScalingRead, false;
    DescribeScheduledActions = ApplicationAutoScaling::DescribeScheduledActions, ScalingRead, false;
    ListTagsForScalableTarget = ApplicationAutoScaling::ListTagsForResource, ScalingRead, false;
    DescribeTargetGroups = Balancing::DescribeTargetGroups, BalancingRead, false;
    DescribeTargetHealth = Balancing::DescribeTargetHealth, BalancingRead, false;
    DescribeListeners = Balancing::DescribeListeners, BalancingRead, false;
    DescribeRules = Balancing::DescribeRules, BalancingRead, false;
    ModifyListener = Balancing::ModifyListener, BalancingModify, true;
    ModifyRule = Balancing::ModifyRule, BalancingModify, true;
    DescribeAlarms = CloudWatch::DescribeAlarms, AlarmRead, false;
    PutMetricAlarm = CloudWatch::PutMetricAlarm, AlarmModify, true;
    DeleteAlarms = CloudWatch::DeleteAlarms, AlarmModify, true;
    TagAlarm = CloudWatch::TagResource, AlarmModify, true;
    ListTagsForAlarm = CloudWatch::ListTagsForResource, AlarmRead, false;
    GetMetricData = CloudWatch::GetMetricData, MetricRead, false;
    DescribeSubnets = Ec2::DescribeSubnets, NetworkRead, false;
    DescribeSecurityGroups = Ec2::DescribeSecurityGroups, NetworkRead, false;
    GetRole = Iam::GetRole, RoleRead, false;
    AssumeRole = Sts::AssumeRole, Identity, false;
    GetCallerIdentity = Sts::GetCallerIdentity, Identity, false;
    ReceiveMessage = Sqs::ReceiveMessage, QueueRead, false;
    DeleteMessageBatch = Sqs::DeleteMessageBatch, QueueModify, true;
}

/// Does an operation of this name change nothing?
pub(super) fn reads(name: &str) -> bool {
    ["Describe", "List", "Get", "Assume", "Receive"].iter().any(|verb| name.starts_with(verb))
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_mutates_exactly_when_its_name_is_not_a_reading_verb() {
        for op in Op::ALL {
            assert_eq!(op.mutating(), !reads(op.name()), "{op}");
        }
    }

    #[test]
    fn register_and_deregister_share_the_scarcest_bucket() {
        assert_eq!(Op::RegisterTaskDefinition.bucket(), Op::DeregisterTaskDefinition.bucket());
        let quota = Op::RegisterTaskDefinition.bucket().quota();
        assert_eq!((quota.burst, quota.refill), (20.0, 1.0));
    }

    #[test]
    fn no_read_waits_behind_a_write_in_a_published_bucket() {
        for read in Op::ALL.iter().filter(|op| !op.mutating()) {
            for write in Op::ALL.iter().filter(|op| op.mutating()) {
                let shared = matches!(read.bucket(), Bucket::Unpublished | Bucket::TaskProtection);
                assert!(shared || read.bucket() != write.bucket(), "{read} and {write}");
            }
        }
    }
}
