//! Application Auto Scaling: capacity, steps and predefined metrics.

use aws_sdk_applicationautoscaling::types as sdk;

use crate::api::mirror::mirror;

mirror! {
    debug;

    /// Which kinds of scaling are suspended.
    SuspendedState = sdk::SuspendedState {
        /// No scaling in by policies.
        dynamic_scaling_in_suspended: bool,
        /// No scaling out by policies.
        dynamic_scaling_out_suspended: bool,
        /// No scheduled scaling.
        scheduled_scaling_suspended: bool,
    }

    /// What a scheduled action sets.
    ScalableTargetAction = sdk::ScalableTargetAction {
        /// New lower bound.
        min_capacity: i32,
        /// New upper bound.
        max_capacity: i32,
    }

    /// A step of a step scaling policy.
    StepAdjustment = sdk::StepAdjustment {
        /// Lower end of the step, relative to the alarm's threshold.
        metric_interval_lower_bound: f64,
        /// Upper end of the step, relative to the alarm's threshold.
        metric_interval_upper_bound: f64,
        /// Change of the count in this step.
        scaling_adjustment (required): i32,
    }

    /// A metric that AWS defines.
    PredefinedMetricSpecification = sdk::PredefinedMetricSpecification {
        /// Name of the metric.
        predefined_metric_type (required): String,
        /// Load balancer and target group for `ALBRequestCountPerTarget`.
        resource_label: String,
    }

    /// A metric of your own.
    CustomizedMetricSpecification = sdk::CustomizedMetricSpecification {
        /// Name of the metric.
        metric_name: String,
        /// Namespace of the metric.
        namespace: String,
        /// Dimensions of the metric.
        dimensions: Vec<MetricDimension>,
        /// Statistic.
        statistic: String = sdk::MetricStatistic,
        /// Unit.
        unit: String,
        /// Metric math instead of one metric.
        metrics: Vec<TargetTrackingMetricDataQuery>,
    }

    /// A dimension.
    MetricDimension = sdk::MetricDimension {
        /// Name.
        name (required): String,
        /// Value.
        value (required): String,
    }

    /// A metric or an expression over others.
    TargetTrackingMetricDataQuery = sdk::TargetTrackingMetricDataQuery {
        /// Expression over other ids.
        expression: String,
        /// Id for use in expressions.
        id (required): String,
        /// Label.
        label: String,
        /// Metric to read.
        metric_stat: TargetTrackingMetricStat,
        /// Whether this is the result.
        return_data: bool,
    }

    /// A metric and its statistic.
    TargetTrackingMetricStat = sdk::TargetTrackingMetricStat {
        /// Metric.
        metric (required): TargetTrackingMetric,
        /// Statistic.
        stat (required): String,
        /// Unit.
        unit: String,
    }

    /// A CloudWatch metric.
    TargetTrackingMetric = sdk::TargetTrackingMetric {
        /// Dimensions.
        dimensions: Vec<TargetTrackingMetricDimension>,
        /// Name.
        metric_name: String,
        /// Namespace.
        namespace: String,
    }

    /// A dimension.
    TargetTrackingMetricDimension = sdk::TargetTrackingMetricDimension {
        /// Name.
        name (required): String,
        /// Value.
        value (required): String,
    }
}
