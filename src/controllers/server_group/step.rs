//! The effects of a group, each with all that it needs.

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_applicationautoscaling::operation::put_scaling_policy::builders::PutScalingPolicyInputBuilder;
use aws_sdk_applicationautoscaling::operation::put_scheduled_action::builders::PutScheduledActionInputBuilder;
use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmInputBuilder;
use aws_sdk_elasticloadbalancingv2::types::Action;

use crate::api::{EcsService, EcsServiceSpec, EcsTaskDefinition, EcsTaskDefinitionSpec};
use crate::aws::RuleSeen;

/// One effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Adds the finalizer, before anything is made.
    Claim,
    /// Makes the task definition of a version.
    MakeTaskDefinition(Box<EcsTaskDefinition>),
    /// Makes the service of a version.
    MakeService(Box<EcsService>),
    /// Brings the task definition of a version up to date: tags and policies.
    AlignTaskDefinition {
        /// Name and UID of the object.
        object: (String, String),
        /// Its new spec.
        spec: Box<EcsTaskDefinitionSpec>,
    },
    /// Brings the service of a version up to date: count, scaling, tags and policies.
    AlignService {
        /// Name and UID of the object.
        object: (String, String),
        /// Its new spec.
        spec: Box<EcsServiceSpec>,
        /// What changes, for people.
        what: String,
    },
    /// Sets the weights of a listener rule.
    Shift {
        /// The rule as it was read.
        rule: Box<RuleSeen>,
        /// Its new actions.
        actions: Vec<Action>,
        /// The new weights, for people.
        what: String,
    },
    /// Hands an ask on to the service of a version.
    Annotate {
        /// Name and UID of the object.
        object: (String, String),
        /// The annotation.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// Stops a task; ECS starts another in its place.
    StopTask {
        /// The cluster.
        cluster: String,
        /// ARN of the task.
        task: String,
        /// What ECS shows as the reason.
        reason: String,
    },
    /// Makes or replaces an alarm; one of an earlier object of our name is taken back first, by ARN and tags.
    PutAlarm {
        /// The request.
        put: Box<PutMetricAlarmInputBuilder>,
        /// ARN and new tags of an alarm that is taken back.
        take: Option<(String, BTreeMap<String, String>)>,
    },
    /// Deletes alarms of versions, by name.
    DeleteAlarms(Vec<String>),
    /// Makes a policy that is copied.
    PutPolicy(Box<PutScalingPolicyInputBuilder>),
    /// Makes a scheduled action that is copied.
    PutAction(Box<PutScheduledActionInputBuilder>),
    /// Removes a policy that was copied.
    DeletePolicy {
        /// The service.
        resource: String,
        /// The policy.
        name: String,
    },
    /// Removes a scheduled action that was copied.
    DeleteAction {
        /// The service.
        resource: String,
        /// The action.
        name: String,
    },
    /// Deletes the service object of a version; its own controller takes down what is in AWS.
    DeleteService {
        /// Name and UID of the object.
        object: (String, String),
    },
    /// Deletes the task definition object of a version.
    DeleteTaskDefinition {
        /// Name and UID of the object.
        object: (String, String),
    },
    /// Removes the finalizer; the text says what becomes of the versions.
    Release(String),
}

impl Step {
    /// Does it change something besides the object itself?
    #[must_use]
    pub fn is_call(&self) -> bool {
        !matches!(self, Self::Claim | Self::Release(_))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |metadata: &kube::api::ObjectMeta| metadata.name.clone().unwrap_or_default();
        match self {
            Self::Claim => f.write_str("add the finalizer"),
            Self::MakeTaskDefinition(object) => write!(f, "create EcsTaskDefinition {}", name(&object.metadata)),
            Self::MakeService(object) => write!(
                f,
                "create EcsService {}: desiredCount {}",
                name(&object.metadata),
                object.spec.desired_count.unwrap_or_default()
            ),
            Self::AlignTaskDefinition { object, .. } => write!(f, "update EcsTaskDefinition {}", object.0),
            Self::AlignService { object, what, .. } => write!(f, "update EcsService {}: {what}", object.0),
            Self::Shift { rule, what, .. } => {
                let call = if rule.is_listener { "ModifyListener" } else { "ModifyRule" };
                write!(f, "{call} {}: {what}", crate::controllers::arn::short(&rule.arn))
            }
            Self::Annotate { object, key, value } => write!(f, "annotate EcsService {}: {key}={value}", object.0),
            Self::StopTask { task, .. } => write!(f, "StopTask {}", crate::controllers::arn::short(task)),
            Self::PutAlarm { put, .. } => write!(f, "PutMetricAlarm {}", given(put.get_alarm_name().as_ref())),
            Self::DeleteAlarms(names) => write!(f, "DeleteAlarms {}", names.join(", ")),
            Self::PutPolicy(put) => write!(f, "PutScalingPolicy {}", given(put.get_policy_name().as_ref())),
            Self::PutAction(put) => write!(f, "PutScheduledAction {}", given(put.get_scheduled_action_name().as_ref())),
            Self::DeletePolicy { resource, name } => write!(f, "DeleteScalingPolicy {name} of {resource}"),
            Self::DeleteAction { resource, name } => write!(f, "DeleteScheduledAction {name} of {resource}"),
            Self::DeleteService { object } => write!(f, "delete EcsService {}", object.0),
            Self::DeleteTaskDefinition { object } => write!(f, "delete EcsTaskDefinition {}", object.0),
            Self::Release(what) => write!(f, "remove the finalizer ({what})"),
        }
    }
}

fn given(name: Option<&String>) -> &str {
    name.map(String::as_str).unwrap_or_default()
}
