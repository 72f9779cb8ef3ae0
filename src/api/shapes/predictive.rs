//! Application Auto Scaling: metrics of predictive policies.

use aws_sdk_applicationautoscaling::types as sdk;

use crate::api::mirror::mirror;

mirror! {
    debug;

    /// Metrics and target of a predictive policy.
    PredictiveScalingMetricSpecification = sdk::PredictiveScalingMetricSpecification {
        /// Value to keep the metric at.
        target_value (required): f64,
        /// Load and scaling metric that AWS defines as a pair.
        predefined_metric_pair_specification: PredictiveScalingPredefinedMetricPairSpecification,
        /// Scaling metric that AWS defines.
        predefined_scaling_metric_specification: PredictiveScalingPredefinedScalingMetricSpecification,
        /// Load metric that AWS defines.
        predefined_load_metric_specification: PredictiveScalingPredefinedLoadMetricSpecification,
        /// Scaling metric of your own.
        customized_scaling_metric_specification: PredictiveScalingCustomizedMetricSpecification,
        /// Load metric of your own.
        customized_load_metric_specification: PredictiveScalingCustomizedMetricSpecification,
        /// Capacity metric of your own.
        customized_capacity_metric_specification: PredictiveScalingCustomizedMetricSpecification,
    }

    /// A pair of metrics that AWS defines.
    PredictiveScalingPredefinedMetricPairSpecification =
        sdk::PredictiveScalingPredefinedMetricPairSpecification {
        /// Name of the pair.
        predefined_metric_type (required): String,
        /// Load balancer and target group.
        resource_label: String,
    }

    /// A scaling metric that AWS defines.
    PredictiveScalingPredefinedScalingMetricSpecification =
        sdk::PredictiveScalingPredefinedScalingMetricSpecification {
        /// Name of the metric.
        predefined_metric_type (required): String,
        /// Load balancer and target group.
        resource_label: String,
    }

    /// A load metric that AWS defines.
    PredictiveScalingPredefinedLoadMetricSpecification =
        sdk::PredictiveScalingPredefinedLoadMetricSpecification {
        /// Name of the metric.
        predefined_metric_type (required): String,
        /// Load balancer and target group.
        resource_label: String,
    }

    /// A metric of your own.
    PredictiveScalingCustomizedMetricSpecification =
        sdk::PredictiveScalingCustomizedMetricSpecification {
        /// Metrics and expressions.
        metric_data_queries (required): Vec<PredictiveScalingMetricDataQuery>,
    }

    /// A metric or an expression over others.
    PredictiveScalingMetricDataQuery = sdk::PredictiveScalingMetricDataQuery {
        /// Id for use in expressions.
        id (required): String,
        /// Expression over other ids.
        expression: String,
        /// Metric to read.
        metric_stat: PredictiveScalingMetricStat,
        /// Label.
        label: String,
        /// Whether this is the result.
        return_data: bool,
    }

    /// A metric and its statistic.
    PredictiveScalingMetricStat = sdk::PredictiveScalingMetricStat {
        /// Metric.
        metric (required): PredictiveScalingMetric,
        /// Statistic.
        stat (required): String,
        /// Unit.
        unit: String,
    }

    /// A CloudWatch metric.
    PredictiveScalingMetric = sdk::PredictiveScalingMetric {
        /// Dimensions.
        dimensions: Vec<PredictiveScalingMetricDimension>,
        /// Name.
        metric_name: String,
        /// Namespace.
        namespace: String,
    }

    /// A dimension.
    PredictiveScalingMetricDimension = sdk::PredictiveScalingMetricDimension {
        /// Name.
        name (required): String,
        /// Value.
        value (required): String,
    }
}
