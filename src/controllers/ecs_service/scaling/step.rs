//! The effects on Application Auto Scaling, each with its exact request.

use std::fmt;

use aws_sdk_applicationautoscaling::operation::put_scaling_policy::builders::PutScalingPolicyInputBuilder;
use aws_sdk_applicationautoscaling::operation::put_scheduled_action::builders::PutScheduledActionInputBuilder;
use aws_sdk_applicationautoscaling::operation::register_scalable_target::builders::RegisterScalableTargetInputBuilder;
use serde_json::Value;

use crate::controllers::events::{EventReason, Happening};
use crate::controllers::tagging::Tagging;

/// One effect, with its exact request.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Makes the scalable target, or changes its bounds; pulls the count inside them.
    Register(Box<RegisterScalableTargetInputBuilder>),
    /// Sets or removes tags of the scalable target.
    Tag(Tagging),
    /// Makes or replaces a policy; beside the request its content, for printing.
    PutPolicy(Box<PutScalingPolicyInputBuilder>, Value),
    /// Removes a policy.
    DeletePolicy {
        /// The service.
        resource: String,
        /// The policy.
        name: String,
    },
    /// Makes or replaces a scheduled action; beside the request its content, for printing.
    PutAction(Box<PutScheduledActionInputBuilder>, Value),
    /// Removes a scheduled action.
    DeleteAction {
        /// The service.
        resource: String,
        /// The action.
        name: String,
    },
    /// Removes the scalable target, and with it all policies and scheduled actions.
    Deregister {
        /// The service.
        resource: String,
    },
}

impl Step {
    /// The event once it is done.
    pub(in super::super) fn happening(&self) -> Option<Happening> {
        match self {
            Self::Tag(tagging) => tagging.happening(),
            Self::Register(_)
            | Self::PutPolicy(..)
            | Self::DeletePolicy { .. }
            | Self::PutAction(..)
            | Self::DeleteAction { .. }
            | Self::Deregister { .. } => Some(Happening::new(EventReason::Updated, self.to_string())),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register(request) => registers(request, f),
            Self::Tag(tagging) => tagging.fmt(f),
            Self::PutPolicy(request, content) => {
                write!(f, "PutScalingPolicy {}: ", request.get_policy_name().as_deref().unwrap_or(""))?;
                let kind = request.get_policy_type().as_ref().map_or("", |kind| kind.as_str());
                write!(f, "{kind} {}", members(content))
            }
            Self::PutAction(request, content) => {
                write!(
                    f,
                    "PutScheduledAction {}: {}",
                    request.get_scheduled_action_name().as_deref().unwrap_or(""),
                    members(content)
                )
            }
            Self::DeletePolicy { name, .. } => write!(f, "DeleteScalingPolicy {name}"),
            Self::DeleteAction { name, .. } => write!(f, "DeleteScheduledAction {name}"),
            Self::Deregister { resource } => write!(f, "DeregisterScalableTarget {resource}"),
        }
    }
}

fn registers(request: &RegisterScalableTargetInputBuilder, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut parts = Vec::new();
    parts.extend(request.get_min_capacity().map(|min| format!("minCapacity {min}")));
    parts.extend(request.get_max_capacity().map(|max| format!("maxCapacity {max}")));
    if let Some(state) = request.get_suspended_state() {
        let flags = [
            ("dynamicScalingInSuspended", state.dynamic_scaling_in_suspended),
            ("dynamicScalingOutSuspended", state.dynamic_scaling_out_suspended),
            ("scheduledScalingSuspended", state.scheduled_scaling_suspended),
        ];
        parts.extend(flags.iter().filter_map(|(name, flag)| Some(format!("{name} {}", (*flag)?))));
    }
    let resource = request.get_resource_id().as_deref().unwrap_or("");
    write!(f, "RegisterScalableTarget {resource}: {}", parts.join(", "))
}

/// `name value` of each member, values in short JSON.
fn members(content: &Value) -> String {
    let Some(members) = content.as_object() else { return content.to_string() };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let shown = members.iter().map(|(name, value)| format!("{name} {}", text(value)));
    shown.collect::<Vec<_>>().join(", ")
}
