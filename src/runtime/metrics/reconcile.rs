//! Reconciles under controller-runtime's names, and the line in which objects wait for them.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use super::queue::{Object, QueueMetrics};

/// How a reconcile ended, in controller-runtime's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconciled {
    /// Nothing left to do; visited again by the sweep, if the object is still there.
    Success,
    /// To be repeated at a time of its own.
    RequeueAfter,
    /// It failed, and is repeated.
    Error,
    /// It failed, and nothing changes until somebody acts.
    Terminal,
    /// It panicked.
    Panic,
    /// It took too long.
    Timeout,
}

impl Reconciled {
    /// The word that metrics and lines have for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::RequeueAfter => "requeue_after",
            Self::Error | Self::Terminal | Self::Panic | Self::Timeout => "error",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    controller: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ControllerLabels {
    controller: &'static str,
}

type Count = Family<ControllerLabels, Counter>;

/// Reconciles by controller.
#[derive(Clone, Debug)]
pub struct ReconcileMetrics {
    total: Family<ResultLabels, Counter>,
    errors: Count,
    terminal: Count,
    panics: Count,
    timeouts: Count,
    seconds: Family<ControllerLabels, Histogram>,
    active: Family<ControllerLabels, Gauge>,
    most: Family<ControllerLabels, Gauge>,
    /// The objects that wait.
    pub queue: QueueMetrics,
}

/// Upper bounds of the times of reconciles, in seconds.
pub(super) const BOUNDS: [f64; 15] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_200.0];

impl Default for ReconcileMetrics {
    fn default() -> Self {
        Self {
            total: Family::default(),
            errors: Family::default(),
            terminal: Family::default(),
            panics: Family::default(),
            timeouts: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(BOUNDS)),
            active: Family::default(),
            most: Family::default(),
            queue: QueueMetrics::default(),
        }
    }
}

impl ReconcileMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        self.queue.register(registry);
        let registry = registry.sub_registry_with_prefix("controller_runtime");
        registry.register("reconcile", "Reconciles by result", self.total.clone());
        registry.register("reconcile_errors", "Reconciles that failed, whoever refused", self.errors.clone());
        registry.register(
            "terminal_reconcile_errors",
            "Reconciles that failed and will fail until somebody acts",
            self.terminal.clone(),
        );
        registry.register("reconcile_panics", "Reconciles that panicked", self.panics.clone());
        registry.register("reconcile_timeouts", "Reconciles that took too long", self.timeouts.clone());
        registry.register("reconcile_time_seconds", "Time of a reconcile", self.seconds.clone());
        registry.register("active_workers", "Reconciles under way", self.active.clone());
        registry.register("max_concurrent_reconciles", "Reconciles that may be under way at once", self.most.clone());
    }

    /// So many reconciles of a controller may be under way at once; a settled object is visited after so long.
    pub fn bounded(&self, controller: &'static str, most: u16, sweep: Duration) {
        self.queue.swept(controller, sweep);
        self.most.get_or_create(&ControllerLabels { controller }).set(i64::from(most));
    }

    /// Starts to count the reconcile of an object; it ends when the guard is told the result or dropped.
    pub fn start(&self, controller: &'static str, namespace: &str, name: &str) -> Running {
        let labels = ControllerLabels { controller };
        self.active.get_or_create(&labels).inc();
        for count in [&self.errors, &self.terminal, &self.panics, &self.timeouts] {
            // Known from the first reconcile on, so that the first failure is an increase.
            drop(count.get_or_create(&labels));
        }
        let object: Object = Arc::new((controller, namespace.to_owned(), name.to_owned()));
        let at = self.queue.started(&object);
        Running { metrics: self.clone(), object, at, started: Instant::now() }
    }
}

/// A reconcile under way.
#[derive(Debug)]
pub struct Running {
    metrics: ReconcileMetrics,
    object: Object,
    at: u64,
    started: Instant,
}

impl Running {
    /// It ended so; `again`: when the object is visited again, unless it is gone.
    pub fn ended(self, result: Reconciled, again: Option<Duration>) {
        let (metrics, controller) = (&self.metrics, self.object.0);
        metrics.total.get_or_create(&ResultLabels { controller, result: result.as_str() }).inc();
        let labels = ControllerLabels { controller };
        let failed = result.as_str() == "error";
        if failed {
            metrics.errors.get_or_create(&labels).inc();
        }
        let also = match result {
            Reconciled::Terminal => Some(&metrics.terminal),
            Reconciled::Panic => Some(&metrics.panics),
            Reconciled::Timeout => Some(&metrics.timeouts),
            Reconciled::Success | Reconciled::RequeueAfter | Reconciled::Error => None,
        };
        if let Some(also) = also {
            also.get_or_create(&labels).inc();
        }
        metrics.queue.ended(&self.object, again, failed);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let labels = ControllerLabels { controller: self.object.0 };
        let took = self.started.elapsed();
        self.metrics.seconds.get_or_create(&labels).observe(took.as_secs_f64());
        self.metrics.active.get_or_create(&labels).dec();
        self.metrics.queue.left(&self.object, self.at, took);
    }
}
