//! What a test or a demonstration does to the scaling: metrics, breaches, timing.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Autoscaling;
use crate::world::{RegionKey, Sim};

/// A scripted metric of a service.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(tag = "kind", content = "number", rename_all = "camelCase")]
pub enum Metric {
    /// The value, whatever the count.
    Value(f64),
    /// The load of all tasks together: the value is this divided by the running tasks.
    Load(f64),
}

/// What a test can turn.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Time between two evaluations of the metrics, milliseconds.
    pub period_ms: i64,
    /// Evaluations above the target before a tracking policy scales out.
    pub points_high: u32,
    /// Evaluations below 90 % of the target before a tracking policy scales in.
    pub points_low: u32,
    /// Writes to one target closer together than this are refused as concurrent; 0 = never.
    pub concurrent_window_ms: i64,
    /// Policies are described with the defaults of the members that were not sent.
    pub fill_defaults: bool,
    /// Metrics by resource id and metric name; the name `*` is for every metric of the resource.
    pub metrics: BTreeMap<(String, String), Metric>,
    /// How far the alarms of step policies are beyond their thresholds, by resource id and policy name.
    pub breaches: BTreeMap<(String, String), f64>,
}

impl Default for Settings {
    /// As AWS: one-minute points, three of them to scale out and fifteen to scale in.
    fn default() -> Self {
        Self {
            period_ms: 60_000,
            points_high: 3,
            points_low: 15,
            concurrent_window_ms: 0,
            fill_defaults: true,
            metrics: BTreeMap::new(),
            breaches: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// The metric `name` of a resource.
    pub(super) fn metric(&self, resource: &str, name: &str) -> Option<Metric> {
        let of = |name: &str| self.metrics.get(&(resource.to_owned(), name.to_owned())).copied();
        of(name).or_else(|| of("*"))
    }
}

/// The resource id of a service.
pub fn resource_id(cluster: &str, service: &str) -> String {
    format!("service/{cluster}/{service}")
}

impl Autoscaling {
    /// Sets every metric of a service; `None` = no data.
    pub fn metric(&mut self, cluster: &str, service: &str, metric: Option<Metric>) {
        self.named_metric(cluster, service, "*", metric);
    }

    /// Sets one metric of a service by its predefined type or its name; `None` = no data.
    pub fn named_metric(&mut self, cluster: &str, service: &str, name: &str, metric: Option<Metric>) {
        let key = (resource_id(cluster, service), name.to_owned());
        match metric {
            Some(metric) => self.settings.metrics.insert(key, metric),
            None => self.settings.metrics.remove(&key),
        };
    }

    /// Says how far the metric is beyond the threshold of a step policy's alarm; `None` = not in alarm.
    pub fn breach(&mut self, cluster: &str, service: &str, policy: &str, beyond: Option<f64>) {
        let key = (resource_id(cluster, service), policy.to_owned());
        match beyond {
            Some(beyond) => self.settings.breaches.insert(key, beyond),
            None => self.settings.breaches.remove(&key),
        };
    }
}

impl Sim {
    /// Lends the scaling of one Region. What is planned does not change.
    pub fn with_scaling<R>(&mut self, key: &RegionKey, change: impl FnOnce(&mut Autoscaling) -> R) -> R {
        change(&mut self.region(key).autoscaling)
    }
}
