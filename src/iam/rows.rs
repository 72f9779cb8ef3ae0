//! One row for every operation of AWS that the operator calls: the statements that allow it.

use super::grant::Grant;
use crate::aws::Op;

/// The action that IAM checks for an operation. A batch needs the permission of the single action.
#[must_use]
pub fn permission(op: Op) -> String {
    format!("{}:{}", op.service().as_str(), op.name().trim_end_matches("Batch"))
}

/// The statements whose action an operation is. A call that carries tags or a role needs others beside them.
pub const fn grants(op: Op) -> &'static [Grant] {
    match op {
        Op::DescribeClusters
        | Op::DescribeServices
        | Op::DescribeServiceDeployments
        | Op::DescribeServiceRevisions
        | Op::DescribeTasks
        | Op::DescribeContainerInstances => &[Grant::Read],
        Op::DescribeTaskDefinition | Op::ListTaskDefinitions | Op::ListAccountSettings => &[Grant::ReadAny],
        Op::ListServices | Op::ListTasks => &[Grant::ListInClusters],
        Op::RegisterTaskDefinition => &[Grant::RegisterTaskDefinitions],
        Op::DeregisterTaskDefinition => &[Grant::DeregisterTaskDefinitions],
        Op::CreateService => &[Grant::CreateServices],
        Op::UpdateService | Op::DeleteService | Op::StopServiceDeployment | Op::ContinueServiceDeployment => {
            &[Grant::ChangeServices]
        }
        Op::CreateCluster => &[Grant::CreateClusters],
        Op::UpdateCluster | Op::UpdateClusterSettings | Op::PutClusterCapacityProviders | Op::DeleteCluster => {
            &[Grant::ChangeClusters]
        }
        Op::StopTask => &[Grant::StopTasks],
        Op::TagResource => &[Grant::TagNew, Grant::TagOurs, Grant::Adopt],
        Op::UntagResource => &[Grant::TagOurs],
        Op::DescribeTargetGroups | Op::DescribeTargetHealth | Op::DescribeListeners | Op::DescribeRules => {
            &[Grant::ReadBalancing]
        }
        Op::ModifyListener | Op::ModifyRule => &[Grant::ShiftTraffic],
        Op::DescribeScalableTargets | Op::DescribeScalingPolicies | Op::DescribeScheduledActions => {
            &[Grant::ReadScaling]
        }
        Op::ListTagsForScalableTarget => &[Grant::ReadScalingTags],
        Op::RegisterScalableTarget
        | Op::DeregisterScalableTarget
        | Op::PutScalingPolicy
        | Op::DeleteScalingPolicy
        | Op::PutScheduledAction
        | Op::DeleteScheduledAction => &[Grant::ChangeScaling],
        Op::TagScalableTarget | Op::UntagScalableTarget => &[Grant::TagScaling],
        Op::DescribeAlarms | Op::GetMetricData => &[Grant::ReadAlarms],
        Op::ListTagsForAlarm => &[Grant::ReadAlarmTags],
        Op::PutMetricAlarm | Op::DeleteAlarms => &[Grant::ChangeAlarms],
        Op::TagAlarm => &[Grant::TagAlarms],
        Op::DescribeSubnets | Op::DescribeSecurityGroups => &[Grant::ReadNetwork],
        Op::GetRole => &[Grant::ReadRoles],
        Op::AssumeRole => &[Grant::AssumeRoles],
        Op::ReceiveMessage | Op::DeleteMessageBatch => &[Grant::ReadQueue],
        // Everybody may ask who they are.
        Op::GetCallerIdentity => &[],
    }
}
