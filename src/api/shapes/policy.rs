//! Application Auto Scaling: the policies and scheduled actions of a service.

use aws_sdk_applicationautoscaling::operation::put_scaling_policy::builders::PutScalingPolicyInputBuilder;
use aws_sdk_applicationautoscaling::operation::put_scheduled_action::builders::PutScheduledActionInputBuilder;
use aws_sdk_applicationautoscaling::types as sdk;

use super::predictive::PredictiveScalingMetricSpecification;
use super::scaling::{
    CustomizedMetricSpecification, PredefinedMetricSpecification, ScalableTargetAction,
    StepAdjustment,
};
use crate::api::mirror::{Coverage, Finish, Incomplete, coverage_of, fill, observe, shape};

shape! {
    /// A step scaling policy, triggered by CloudWatch alarms of your own.
    StepScalingPolicy {
        /// Name, unique in the service.
        policy_name (required): String,
        /// How an adjustment is understood.
        adjustment_type: String = sdk::AdjustmentType,
        /// Steps.
        step_adjustments: Vec<StepAdjustment>,
        /// Smallest change under `PercentChangeInCapacity`.
        min_adjustment_magnitude: i32,
        /// Seconds until the next scaling.
        cooldown: i32,
        /// How data points are combined.
        metric_aggregation_type: String = sdk::MetricAggregationType,
    }
}

shape! {
    /// A policy that keeps a metric at a value.
    TargetTrackingPolicy {
        /// Name, unique in the service.
        policy_name (required): String,
        /// Value to keep the metric at.
        target_value (required): f64,
        /// A metric that AWS defines.
        predefined_metric_specification: PredefinedMetricSpecification,
        /// A metric of your own.
        customized_metric_specification: CustomizedMetricSpecification,
        /// Seconds until the next scaling out.
        scale_out_cooldown: i32,
        /// Seconds until the next scaling in.
        scale_in_cooldown: i32,
        /// Whether this policy never removes tasks.
        disable_scale_in: bool,
    }
}

shape! {
    /// A policy that follows a forecast.
    PredictiveScalingPolicy {
        /// Name, unique in the service.
        policy_name (required): String,
        /// Metrics and target.
        metric_specifications (required): Vec<PredictiveScalingMetricSpecification>,
        /// Whether to scale or only to forecast.
        mode: String = sdk::PredictiveScalingMode,
        /// Seconds by which capacity is added early.
        scheduling_buffer_time: i32,
        /// What happens when the forecast exceeds the upper bound.
        max_capacity_breach_behavior: String = sdk::PredictiveScalingMaxCapacityBreachBehavior,
        /// Percent above the forecast that the upper bound may rise.
        max_capacity_buffer: i32,
    }
}

shape! {
    /// A change of the bounds at a time.
    ScheduledAction {
        /// Name, unique in the service.
        scheduled_action_name (required): String,
        /// When: `at(…)`, `rate(…)` or `cron(…)`.
        schedule (required): String,
        /// Time zone of the schedule; UTC when absent.
        timezone: String,
        /// Not before this time (RFC 3339).
        start_time: String,
        /// Not after this time (RFC 3339).
        end_time: String,
        /// New bounds.
        scalable_target_action: ScalableTargetAction,
    }
}

/// The dimension that all ECS services scale by.
fn put_policy(resource: &str, name: Option<&str>, kind: sdk::PolicyType) -> PutScalingPolicyInputBuilder {
    PutScalingPolicyInputBuilder::default()
        .service_namespace(sdk::ServiceNamespace::Ecs)
        .resource_id(resource)
        .scalable_dimension(sdk::ScalableDimension::EcsServiceDesiredCount)
        .set_policy_name(name.map(str::to_owned))
        .policy_type(kind)
}

impl StepScalingPolicy {
    /// The request that creates or replaces the policy of `resource` (`service/<cluster>/<service>`).
    pub fn to_put(&self, resource: &str) -> Result<PutScalingPolicyInputBuilder, Incomplete> {
        let configuration = fill!(
            sdk::StepScalingPolicyConfiguration::builder(), self;
            adjustment_type, step_adjustments, min_adjustment_magnitude, cooldown,
            metric_aggregation_type,
        );
        Ok(put_policy(resource, self.policy_name.as_deref(), sdk::PolicyType::StepScaling)
            .step_scaling_policy_configuration(configuration.build()))
    }

    /// What the policy says, if it is one of this kind.
    pub fn observed(policy: &sdk::ScalingPolicy) -> Option<Self> {
        let wire = policy.step_scaling_policy_configuration.as_ref()?;
        let observed = observe!(
            wire;
            adjustment_type, step_adjustments, min_adjustment_magnitude, cooldown,
            metric_aggregation_type,
        );
        Some(Self { policy_name: Some(policy.policy_name.clone()), ..observed })
    }
}

impl TargetTrackingPolicy {
    /// The request that creates or replaces the policy of `resource` (`service/<cluster>/<service>`).
    pub fn to_put(&self, resource: &str) -> Result<PutScalingPolicyInputBuilder, Incomplete> {
        let configuration = fill!(
            sdk::TargetTrackingScalingPolicyConfiguration::builder(), self;
            target_value, predefined_metric_specification, customized_metric_specification,
            scale_out_cooldown, scale_in_cooldown, disable_scale_in,
        );
        let configuration = configuration.build().finish()?;
        Ok(put_policy(resource, self.policy_name.as_deref(), sdk::PolicyType::TargetTrackingScaling)
            .target_tracking_scaling_policy_configuration(configuration))
    }

    /// What the policy says, if it is one of this kind.
    pub fn observed(policy: &sdk::ScalingPolicy) -> Option<Self> {
        let wire = policy.target_tracking_scaling_policy_configuration.as_ref()?;
        let observed = observe!(
            wire;
            predefined_metric_specification, customized_metric_specification,
            scale_out_cooldown, scale_in_cooldown, disable_scale_in,
        );
        Some(Self {
            policy_name: Some(policy.policy_name.clone()),
            target_value: Some(wire.target_value),
            ..observed
        })
    }
}

impl PredictiveScalingPolicy {
    /// The request that creates or replaces the policy of `resource` (`service/<cluster>/<service>`).
    pub fn to_put(&self, resource: &str) -> Result<PutScalingPolicyInputBuilder, Incomplete> {
        let configuration = fill!(
            sdk::PredictiveScalingPolicyConfiguration::builder(), self;
            metric_specifications, mode, scheduling_buffer_time, max_capacity_breach_behavior,
            max_capacity_buffer,
        );
        let configuration = configuration.build().finish()?;
        Ok(put_policy(resource, self.policy_name.as_deref(), sdk::PolicyType::PredictiveScaling)
            .predictive_scaling_policy_configuration(configuration))
    }

    /// What the policy says, if it is one of this kind.
    pub fn observed(policy: &sdk::ScalingPolicy) -> Option<Self> {
        let wire = policy.predictive_scaling_policy_configuration.as_ref()?;
        let observed = observe!(
            wire;
            metric_specifications, mode, scheduling_buffer_time, max_capacity_breach_behavior,
            max_capacity_buffer,
        );
        Some(Self { policy_name: Some(policy.policy_name.clone()), ..observed })
    }
}

impl ScheduledAction {
    /// The request that creates or replaces the action of `resource` (`service/<cluster>/<service>`).
    pub fn to_put(&self, resource: &str) -> Result<PutScheduledActionInputBuilder, Incomplete> {
        let builder = PutScheduledActionInputBuilder::default()
            .service_namespace(sdk::ServiceNamespace::Ecs)
            .resource_id(resource)
            .scalable_dimension(sdk::ScalableDimension::EcsServiceDesiredCount);
        Ok(fill!(
            builder, self;
            scheduled_action_name, schedule, timezone, start_time, end_time, scalable_target_action,
        ))
    }

    /// What the action says.
    pub fn observed(wire: &sdk::ScheduledAction) -> Self {
        observe!(
            wire;
            scheduled_action_name, schedule, timezone, start_time, end_time, scalable_target_action,
        )
    }
}

/// The members of the policies beside those of the SDK's configurations.
pub(super) fn coverage() -> Vec<Coverage> {
    vec![
        coverage_of!(debug StepScalingPolicy = sdk::StepScalingPolicyConfiguration),
        coverage_of!(debug TargetTrackingPolicy = sdk::TargetTrackingScalingPolicyConfiguration),
        coverage_of!(debug PredictiveScalingPolicy = sdk::PredictiveScalingPolicyConfiguration),
        coverage_of!(debug ScheduledAction = aws_sdk_applicationautoscaling::operation::put_scheduled_action::PutScheduledActionInput),
    ]
}
