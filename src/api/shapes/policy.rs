//! Application Auto Scaling: the policies and scheduled actions of a service.

use aws_sdk_applicationautoscaling::operation::put_scaling_policy::builders::PutScalingPolicyInputBuilder;
use aws_sdk_applicationautoscaling::operation::put_scheduled_action::builders::PutScheduledActionInputBuilder;
use aws_sdk_applicationautoscaling::operation::register_scalable_target::builders::RegisterScalableTargetInputBuilder;
use aws_sdk_applicationautoscaling::types as sdk;

use super::predictive::PredictiveScalingMetricSpecification;
use super::scaling::{
    CustomizedMetricSpecification, PredefinedMetricSpecification, ScalableTargetAction, StepAdjustment, SuspendedState,
};
use crate::api::mirror::{Coverage, Finish, Incomplete, Readable, coverage_of, fill, observe, shape};
use crate::api::policy::ScalingMode;

shape! {
    /// A step scaling policy, triggered by CloudWatch alarms of your own.
    StepScalingPolicy {
        /// Unique name.
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
        /// Unique name.
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
        /// Unique name.
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
        /// Unique name.
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

shape! {
    /// Who owns the count of a service, and Application Auto Scaling.
    Scaling {
        /// Who owns `desiredCount`: `Managed`, `CreateOnly` or `External`.
        ///
        /// `Managed` is this object (Git, `kubectl scale`, HPA), `CreateOnly` whoever changes it in
        /// AWS after creation, `External` Application Auto Scaling. When absent: `External` if
        /// capacities, policies or actions are given here, else `Managed`.
        mode: ScalingMode,
        /// Lower bound of the count.
        min_capacity: i32,
        /// Upper bound of the count.
        max_capacity: i32,
        /// Kinds of scaling that are suspended.
        suspended_state: SuspendedState,
        /// Policies that keep a metric at a value.
        target_tracking: Vec<TargetTrackingPolicy>,
        /// Policies that your own CloudWatch alarms trigger.
        step_scaling: Vec<StepScalingPolicy>,
        /// Policies that follow a forecast.
        predictive_scaling: Vec<PredictiveScalingPolicy>,
        /// Changes of the bounds at a time.
        scheduled_actions: Vec<ScheduledAction>,
    }
}

impl Scaling {
    /// Whether anything of Application Auto Scaling is declared.
    pub fn declares_autoscaling(&self) -> bool {
        let Self { mode: _, min_capacity, max_capacity, suspended_state, .. } = self;
        min_capacity.is_some()
            || max_capacity.is_some()
            || suspended_state.is_some()
            || self.target_tracking.is_some()
            || self.step_scaling.is_some()
            || self.predictive_scaling.is_some()
            || self.scheduled_actions.is_some()
    }

    /// The request that registers `resource` (`service/<cluster>/<service>`) with these bounds; the
    /// caller adds role and tags. Every such call pulls the count inside the bounds.
    pub fn to_register(&self, resource: &str) -> Result<RegisterScalableTargetInputBuilder, Incomplete> {
        let builder = RegisterScalableTargetInputBuilder::default()
            .service_namespace(sdk::ServiceNamespace::Ecs)
            .resource_id(resource)
            .scalable_dimension(sdk::ScalableDimension::EcsServiceDesiredCount);
        Ok(fill!(builder, self; min_capacity, max_capacity, suspended_state))
    }

    /// What Application Auto Scaling holds for one service; lists are sorted by name, and absent
    /// when empty.
    pub fn observed(
        target: &sdk::ScalableTarget,
        policies: &[sdk::ScalingPolicy],
        actions: &[sdk::ScheduledAction],
    ) -> Self {
        let mut target_tracking: Vec<_> = policies.iter().filter_map(TargetTrackingPolicy::observed).collect();
        target_tracking.sort_by(|a, b| a.policy_name.cmp(&b.policy_name));
        let mut step_scaling: Vec<_> = policies.iter().filter_map(StepScalingPolicy::observed).collect();
        step_scaling.sort_by(|a, b| a.policy_name.cmp(&b.policy_name));
        let mut predictive: Vec<_> = policies.iter().filter_map(PredictiveScalingPolicy::observed).collect();
        predictive.sort_by(|a, b| a.policy_name.cmp(&b.policy_name));
        let mut scheduled: Vec<_> = actions.iter().map(ScheduledAction::observed).collect();
        scheduled.sort_by(|a, b| a.scheduled_action_name.cmp(&b.scheduled_action_name));
        Self {
            mode: None,
            min_capacity: Some(target.min_capacity),
            max_capacity: Some(target.max_capacity),
            suspended_state: target.suspended_state.as_ref().map(SuspendedState::from_sdk),
            target_tracking: Some(target_tracking).filter(|list| !list.is_empty()),
            step_scaling: Some(step_scaling).filter(|list| !list.is_empty()),
            predictive_scaling: Some(predictive).filter(|list| !list.is_empty()),
            scheduled_actions: Some(scheduled).filter(|list| !list.is_empty()),
        }
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
        Some(Self { policy_name: Some(policy.policy_name.clone()), target_value: Some(wire.target_value), ..observed })
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
            mode, scheduling_buffer_time, max_capacity_breach_behavior,
            max_capacity_buffer,
        );
        Some(Self {
            policy_name: Some(policy.policy_name.clone()),
            metric_specifications: Readable::read(&wire.metric_specifications, true),
            ..observed
        })
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
            scheduled_action_name (required), schedule (required), timezone, start_time, end_time, scalable_target_action,
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
