//! The policies of a spec and of Application Auto Scaling, by name, whatever their kind. Pure.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::operation::put_scaling_policy::builders::PutScalingPolicyInputBuilder;
use aws_sdk_applicationautoscaling::types::ScalingPolicy;
use serde_json::Value;

use super::normal;
use crate::api::Incomplete;
use crate::api::shapes::policy::{PredictiveScalingPolicy, Scaling, StepScalingPolicy, TargetTrackingPolicy};

/// A policy of one of the three kinds.
#[derive(Clone, Debug)]
pub(super) enum Policy {
    Tracking(TargetTrackingPolicy),
    Step(StepScalingPolicy),
    Predictive(PredictiveScalingPolicy),
}

impl Policy {
    /// All policies of a spec, by name.
    pub(super) fn all(scaling: &Scaling) -> BTreeMap<String, Self> {
        let tracking = scaling.target_tracking.iter().flatten().cloned().map(Self::Tracking);
        let step = scaling.step_scaling.iter().flatten().cloned().map(Self::Step);
        let predictive = scaling.predictive_scaling.iter().flatten().cloned().map(Self::Predictive);
        let all = tracking.chain(step).chain(predictive);
        all.filter_map(|policy| Some((policy.name()?.to_owned(), policy))).collect()
    }

    /// What Application Auto Scaling has, if it is of a kind that is known.
    pub(super) fn observed(policy: &ScalingPolicy) -> Option<Self> {
        TargetTrackingPolicy::observed(policy)
            .map(Self::Tracking)
            .or_else(|| StepScalingPolicy::observed(policy).map(Self::Step))
            .or_else(|| PredictiveScalingPolicy::observed(policy).map(Self::Predictive))
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Tracking(policy) => policy.policy_name.as_deref(),
            Self::Step(policy) => policy.policy_name.as_deref(),
            Self::Predictive(policy) => policy.policy_name.as_deref(),
        }
    }

    /// The list of the spec that it stands in.
    pub(super) fn list(&self) -> &'static str {
        match self {
            Self::Tracking(_) => "targetTracking",
            Self::Step(_) => "stepScaling",
            Self::Predictive(_) => "predictiveScaling",
        }
    }

    pub(super) fn normal(&self) -> Value {
        match self {
            Self::Tracking(policy) => normal::policy(policy),
            Self::Step(policy) => normal::policy(policy),
            Self::Predictive(policy) => normal::policy(policy),
        }
    }

    pub(super) fn to_put(&self, resource: &str) -> Result<PutScalingPolicyInputBuilder, Incomplete> {
        match self {
            Self::Tracking(policy) => policy.to_put(resource),
            Self::Step(policy) => policy.to_put(resource),
            Self::Predictive(policy) => policy.to_put(resource),
        }
    }
}
