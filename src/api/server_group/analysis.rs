//! Metrics that a rollout waits for.

use std::collections::BTreeMap;

use crate::api::mirror::shape;
use crate::api::policy::choice;

choice! {
    /// What no data means.
    NoData {
        /// Neither good nor bad: a person decides after `inconclusiveLimit`.
        #[default]
        Inconclusive,
        /// Good: nothing happened.
        Success,
        /// Bad.
        Failure,
    }
}

shape! {
    /// Measures metrics a number of times.
    Analysis {
        /// Seconds between measurements; 60 when absent.
        interval_seconds: i32,
        /// Measurements; 1 when absent.
        count: i32,
        /// Seconds before the first.
        initial_delay_seconds: i32,
        /// Failed measurements forgiven.
        failure_limit: i32,
        /// Inconclusive measurements forgiven.
        inconclusive_limit: i32,
        /// Measurements missed in a row; 4 when absent.
        error_limit: i32,
        /// The metrics; the worst decides.
        metrics (required): Vec<Metric>,
    }
}

shape! {
    /// One metric; exactly one of `cloudWatch`, `alarms`, `prometheus` and `web` is set.
    Metric {
        /// Unique name.
        name (required): String,
        /// A CloudWatch metric.
        cloud_watch: CloudWatchMetric,
        /// Alarms; OK is a success, ALARM a failure.
        alarms: Vec<String>,
        /// A Prometheus query.
        prometheus: PrometheusQuery,
        /// A JSON document fetched by HTTP.
        web: WebQuery,
        /// CEL over `result` (a number or a list) that says it is good.
        success: String,
        /// CEL over `result` that says it is bad.
        failure: String,
        /// Result without data; `Inconclusive` when absent.
        no_data: NoData,
    }
}

shape! {
    /// A CloudWatch metric, read by `GetMetricData`. `${service}`, `${cluster}`, `${version}`, `${targetGroup}` and
    /// `${loadBalancer}` are replaced in dimension values.
    #[derive(Eq)]
    CloudWatchMetric {
        /// Namespace, such as `AWS/ECS`.
        namespace (required): String,
        /// Name of the metric.
        metric_name (required): String,
        /// Dimensions.
        dimensions: BTreeMap<String, String>,
        /// Statistic, such as `p99`.
        stat (required): String,
        /// Seconds a point; 60 when absent.
        period_seconds: i32,
        /// Latest data points used; 1 when absent.
        points: i32,
    }
}

shape! {
    /// An instant query. `${service}`, `${cluster}`, `${version}` and `${targetGroup}` are replaced in it.
    #[derive(Eq)]
    PrometheusQuery {
        /// URL, without `/api/v1/query`.
        address (required): String,
        /// The query.
        query (required): String,
        /// Seconds to wait; 10 when absent.
        timeout_seconds: i32,
    }
}

shape! {
    /// A GET request whose answer is JSON. `${service}`, `${cluster}`, `${version}` are replaced in the URL.
    #[derive(Eq)]
    WebQuery {
        /// The URL.
        url (required): String,
        /// JSON pointer to the number, such as `/data/rate`; all when absent.
        json_pointer: String,
        /// Seconds to wait; 10 when absent.
        timeout_seconds: i32,
    }
}
