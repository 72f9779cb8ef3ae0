//! The process's metrics: reconciles under controller-runtime's names, objects, watches, requests, build.

mod changes;
mod hints;
mod leader;
mod objects;
mod queue;
mod reconcile;
mod requests;
mod usage;
mod watches;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::aws::metrics::AwsMetrics;
pub use changes::{ChangeMetrics, Drifted, RolledOut};
pub use hints::{Hint, HintMetrics};
pub use leader::{LeaderMetrics, LeaseAnswer};
pub use objects::{Look, ObjectMetrics, Tasks};
pub use queue::QueueMetrics;
pub use reconcile::{ReconcileMetrics, Reconciled, Running};
pub use requests::{CountLayer, Counted, RequestMetrics};
pub use watches::WatchMetrics;

/// A gauge of a real number.
type Real = Gauge<f64, AtomicU64>;

fn seconds(time: Option<Duration>) -> f64 {
    time.unwrap_or_default().as_secs_f64()
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    version: &'static str,
}

/// Everything the process counts, with the registry it is read from.
#[derive(Clone)]
pub struct Metrics {
    /// Reconciles by controller.
    pub reconcile: ReconcileMetrics,
    /// Conditions, tasks and deletions of objects.
    pub objects: ObjectMetrics,
    /// What happened to objects.
    pub changes: ChangeMetrics,
    /// The queue of events.
    pub hints: HintMetrics,
    /// The election.
    pub leader: LeaderMetrics,
    /// The watches.
    pub watches: WatchMetrics,
    /// Requests to Kubernetes.
    pub requests: RequestMetrics,
    usage: usage::UsageMetrics,
    aws: Option<AwsMetrics>,
    registry: Arc<Registry>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// `others` registers what other parts count, such as `|r| aws.metrics().register(r)`.
    pub fn new(others: impl FnOnce(&mut Registry)) -> Self {
        Self::made(true, None, others)
    }

    /// With what is counted of AWS. `each`: series for each object, and not only numbers of objects?
    pub fn with_aws(aws: &AwsMetrics, each: bool) -> Self {
        Self::made(each, Some(aws.clone()), |registry| aws.register(registry))
    }

    fn made(each: bool, aws: Option<AwsMetrics>, others: impl FnOnce(&mut Registry)) -> Self {
        let mut registry = Registry::default();
        let build = Family::<BuildLabels, Gauge>::default();
        build.get_or_create(&BuildLabels { version: env!("CARGO_PKG_VERSION") }).set(1);
        registry.register("ecs_operator_build_info", "The running version", build);
        let reconcile = ReconcileMetrics::default();
        let objects = ObjectMetrics::new(each);
        let changes = ChangeMetrics::default();
        let hints = HintMetrics::default();
        let leader = LeaderMetrics::default();
        let watches = WatchMetrics::default();
        let requests = RequestMetrics::default();
        let usage = usage::UsageMetrics::default();
        reconcile.register(&mut registry);
        objects.register(&mut registry);
        changes.register(&mut registry);
        hints.register(&mut registry);
        leader.register(&mut registry);
        watches.register(&mut registry);
        requests.register(&mut registry);
        usage.register(&mut registry);
        others(&mut registry);
        let registry = Arc::new(registry);
        Self { reconcile, objects, changes, hints, leader, watches, requests, usage, aws, registry }
    }

    /// One series of each, so that all are exposed.
    pub(crate) fn exemplify(&self) {
        let (kind, namespace, name) = ("EcsService", "shop", "web");
        self.reconcile.bounded(kind, 1, Duration::from_mins(5));
        self.reconcile.queue.added(kind, namespace, name);
        let zero = Some(Duration::ZERO);
        self.reconcile.start(kind, namespace, name).ended(Reconciled::RequeueAfter, zero);
        let now = jiff::Timestamp::UNIX_EPOCH;
        let ready = Condition {
            type_: "Ready".to_owned(),
            status: "True".to_owned(),
            last_transition_time: Time(now),
            message: String::new(),
            observed_generation: None,
            reason: "Succeeded".to_owned(),
        };
        let look = Look { conditions: &[ready], deleting: Some(now), tasks: Some(Tasks::default()), now };
        self.objects.set(kind, namespace, name, look);
        self.changes.rolled_out(kind, RolledOut::Completed, zero);
        self.changes.drifted(kind, Drifted::Corrected);
        self.changes.happened(kind, "Created");
        self.leader.leads("ecs-operator", true);
        self.leader.answered(LeaseAnswer::Written);
        self.watches.told(kind, None);
        self.watches.failed(kind, None);
        self.requests.exemplify();
        self.usage.exemplify();
    }

    /// All metrics in the `OpenMetrics` text format.
    pub fn text(&self) -> Result<String, fmt::Error> {
        self.reconcile.queue.refresh();
        self.usage.refresh();
        if let Some(aws) = &self.aws {
            aws.refresh();
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
#[path = "metrics/tests.rs"]
mod tests;
