//! Who owns the count of a group, and what its versions take over from others.

use std::collections::BTreeMap;

use crate::api::mirror::shape;
use crate::api::policy::ScalingMode;
use crate::api::reference::LocalRef;
use crate::api::shapes::policy::{PredictiveScalingPolicy, ScheduledAction, StepScalingPolicy, TargetTrackingPolicy};

shape! {
    /// Who owns the count of tasks, and Application Auto Scaling. Bounds are `capacity.min` and `capacity.max`.
    GroupScaling {
        /// Who owns the count: `Managed`, `CreateOnly` or `External`.
        ///
        /// `Managed` is this object, `CreateOnly` whoever changes it in AWS, `External` Application Auto Scaling. When
        /// absent: `External` if policies or actions are given here, else `Managed`.
        mode: ScalingMode,
        /// Policies that keep a metric at a value. `${cluster}`, `${service}` and `${targetGroup}` are replaced.
        target_tracking: Vec<TargetTrackingPolicy>,
        /// Policies that alarms trigger.
        step_scaling: Vec<StepScalingPolicy>,
        /// Policies that follow a forecast.
        predictive_scaling: Vec<PredictiveScalingPolicy>,
        /// Changes of the bounds at a time.
        scheduled_actions: Vec<ScheduledAction>,
        /// CloudWatch alarms that trigger step policies; made for each version.
        alarms: Vec<ScalingAlarm>,
        /// Whether what somebody added to the previous version is copied to the next.
        copy_from_previous: bool,
    }
}

shape! {
    /// A CloudWatch alarm that triggers step policies: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>
    ScalingAlarm {
        /// Name, unique in the group; the version is appended.
        alarm_name (required): String,
        /// Step policies of this group that the alarm triggers.
        policies: Vec<String>,
        /// Further actions, by ARN.
        alarm_actions: Vec<String>,
        /// What the alarm is for.
        alarm_description: String,
        /// Namespace of the metric.
        namespace (required): String,
        /// Name of the metric.
        metric_name (required): String,
        /// Dimensions; `${cluster}`, `${service}` and `${targetGroup}` are replaced.
        dimensions: BTreeMap<String, String>,
        /// `Average`, `Sum`, `Minimum`, `Maximum` or `SampleCount`.
        statistic: String,
        /// A percentile, for example `p99`, instead of `statistic`.
        extended_statistic: String,
        /// Seconds of one data point.
        period (required): i32,
        /// Unit of the metric.
        unit: String,
        /// Data points looked at.
        evaluation_periods (required): i32,
        /// Data points that must breach.
        datapoints_to_alarm: i32,
        /// Value that is breached.
        threshold (required): f64,
        /// How the value is compared.
        comparison_operator (required): String,
        /// What missing data means.
        treat_missing_data: String,
    }
}

shape! {
    /// A running service to start from. It is read, never changed.
    #[derive(Eq)]
    Source {
        /// The `AwsAccount` it is in; the group's when absent.
        account_ref: LocalRef,
        /// Region of the service; the group's when absent.
        region: String,
        /// Its cluster, by name or ARN; the group's when absent.
        cluster: String,
        /// Name of the service.
        service_name (required): String,
        /// Whether the first version starts with as many tasks; true when absent.
        use_source_capacity: bool,
        /// Whether a source that is not found stops the rollout.
        required: bool,
        /// Whether its scaling policies, actions and alarms are copied; true when absent.
        copy_scaling: bool,
    }
}
