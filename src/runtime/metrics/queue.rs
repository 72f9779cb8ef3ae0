//! The line of objects before each controller: who waits since when, who was not visited for how long.
//!
//! The line itself is kube's and cannot be looked into. What can be known is when an object was told of, when it was to
//! be visited again, and when its reconcile began: everything here is computed from these three.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use super::reconcile::BOUNDS;
use super::{Real, seconds};
use crate::aws::lock;

/// Controller, namespace and name.
pub(super) type Object = Arc<(&'static str, String, String)>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct Labels {
    name: &'static str,
    controller: &'static str,
}

fn labels(controller: &'static str) -> Labels {
    Labels { name: controller, controller }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

/// What is known of one object.
#[derive(Debug, Default)]
struct Known {
    /// Since when, or from when on, it is to be visited.
    due: Option<Instant>,
    /// When its last reconcile began.
    visited: Option<Instant>,
}

#[derive(Debug, Default)]
struct Line {
    known: BTreeMap<Object, Known>,
    /// Reconciles under way, by number.
    running: BTreeMap<u64, (&'static str, Instant)>,
    /// The number of the next.
    next: u64,
    /// Controllers that were seen, which keep their series.
    controllers: BTreeSet<&'static str>,
}

/// The line before each controller.
#[derive(Clone, Debug)]
pub struct QueueMetrics {
    line: Arc<Mutex<Line>>,
    depth: Family<Labels, Gauge>,
    adds: Family<Labels, Counter>,
    waited: Family<Labels, Histogram>,
    worked: Family<Labels, Histogram>,
    retries: Family<Labels, Counter>,
    unfinished: Family<Labels, Real>,
    longest: Family<Labels, Real>,
    lag: Family<KindLabels, Real>,
    age: Family<KindLabels, Real>,
    interval: Family<KindLabels, Real>,
}

impl Default for QueueMetrics {
    fn default() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(BOUNDS);
        Self {
            line: Arc::default(),
            depth: Family::default(),
            adds: Family::default(),
            waited: Family::new_with_constructor(histogram),
            worked: Family::new_with_constructor(histogram),
            retries: Family::default(),
            unfinished: Family::default(),
            longest: Family::default(),
            lag: Family::default(),
            age: Family::default(),
            interval: Family::default(),
        }
    }
}

impl QueueMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "ecs_operator_sweep_lag_seconds",
            "How long the object that waits longest for its reconcile, or the sweep's look, has been due",
            self.lag.clone(),
        );
        registry.register(
            "ecs_operator_sweep_age_seconds",
            "Time since the object that was left alone longest was reconciled or looked at; one sweep takes that long",
            self.age.clone(),
        );
        registry.register(
            "ecs_operator_sweep_interval_seconds",
            "Time after which a settled object is visited again, as set",
            self.interval.clone(),
        );
        let registry = registry.sub_registry_with_prefix("workqueue");
        registry.register("depth", "Objects that are due and whose reconcile has not begun", self.depth.clone());
        registry.register(
            "adds",
            "Times that an object was put in line: told by a watch, woken by another object, or to be visited again",
            self.adds.clone(),
        );
        registry.register(
            "queue_duration_seconds",
            "Time from when an object was due to the start of its reconcile",
            self.waited.clone(),
        );
        registry.register("work_duration_seconds", "Time of a reconcile", self.worked.clone());
        registry.register("retries", "Reconciles repeated because they failed", self.retries.clone());
        registry.register(
            "unfinished_work_seconds",
            "Sum of the times of reconciles under way",
            self.unfinished.clone(),
        );
        registry.register(
            "longest_running_processor_seconds",
            "Time of the reconcile that is under way for the longest time",
            self.longest.clone(),
        );
    }

    pub(super) fn swept(&self, kind: &'static str, interval: Duration) {
        self.interval.get_or_create(&KindLabels { kind }).set(interval.as_secs_f64());
    }

    /// A watch or another object says that this one is to be looked at.
    pub fn added(&self, controller: &'static str, namespace: &str, name: &str) {
        self.adds.get_or_create(&labels(controller)).inc();
        let mut line = lock(&self.line);
        line.controllers.insert(controller);
        let object = Arc::new((controller, namespace.to_owned(), name.to_owned()));
        let known = line.known.entry(object).or_default();
        let now = Instant::now();
        known.due = Some(known.due.map_or(now, |due| due.min(now)));
    }

    /// The sweep looked at an object at rest; what it finds different is put in line anew.
    pub fn looked(&self, controller: &'static str, namespace: &str, name: &str, again: Duration) {
        let object: Object = Arc::new((controller, namespace.to_owned(), name.to_owned()));
        if let Some(known) = lock(&self.line).known.get_mut(&object) {
            let now = Instant::now();
            known.visited = Some(now);
            // The sweep comes once a period, at no fixed moment.
            known.due = Some(now + again * 2);
        }
    }

    /// An object is no more, though it was in line.
    pub fn gone(&self, controller: &'static str, namespace: &str, name: &str) {
        let object: Object = Arc::new((controller, namespace.to_owned(), name.to_owned()));
        lock(&self.line).known.remove(&object);
    }

    pub(super) fn started(&self, object: &Object) -> u64 {
        let now = Instant::now();
        let mut line = lock(&self.line);
        line.controllers.insert(object.0);
        let known = line.known.entry(object.clone()).or_default();
        known.visited = Some(now);
        let due = known.due.take();
        let number = line.next;
        line.next += 1;
        line.running.insert(number, (object.0, now));
        drop(line);
        if let Some(due) = due {
            let waited = now.saturating_duration_since(due).as_secs_f64();
            self.waited.get_or_create(&labels(object.0)).observe(waited);
        }
        number
    }

    pub(super) fn ended(&self, object: &Object, again: Option<Duration>, failed: bool) {
        let mut line = lock(&self.line);
        let Some(again) = again else {
            line.known.remove(object);
            return;
        };
        let at = Instant::now() + again;
        let known = line.known.entry(object.clone()).or_default();
        known.due = Some(known.due.map_or(at, |due| due.min(at)));
        drop(line);
        self.adds.get_or_create(&labels(object.0)).inc();
        let retries = self.retries.get_or_create(&labels(object.0));
        if failed {
            retries.inc();
        }
    }

    pub(super) fn left(&self, object: &Object, number: u64, took: Duration) {
        lock(&self.line).running.remove(&number);
        self.worked.get_or_create(&labels(object.0)).observe(took.as_secs_f64());
    }

    /// Brings what depends on the time up to date.
    pub(super) fn refresh(&self) {
        let now = Instant::now();
        let line = lock(&self.line);
        for &controller in &line.controllers {
            let ours = line.known.iter().filter(|(object, _)| object.0 == controller);
            let (mut depth, mut lag, mut age) = (0, Duration::ZERO, Duration::ZERO);
            for (_, known) in ours {
                if let Some(overdue) = known.due.and_then(|due| now.checked_duration_since(due)) {
                    depth += 1;
                    lag = lag.max(overdue);
                }
                if let Some(visited) = known.visited {
                    age = age.max(now.saturating_duration_since(visited));
                }
            }
            let running = line.running.values().filter(|(of, _)| *of == controller);
            let times: Vec<Duration> = running.map(|(_, began)| now.saturating_duration_since(*began)).collect();
            let of = labels(controller);
            self.depth.get_or_create(&of).set(depth);
            self.unfinished.get_or_create(&of).set(times.iter().sum::<Duration>().as_secs_f64());
            self.longest.get_or_create(&of).set(seconds(times.iter().max().copied()));
            let kind = KindLabels { kind: controller };
            self.lag.get_or_create(&kind).set(lag.as_secs_f64());
            self.age.get_or_create(&kind).set(age.as_secs_f64());
        }
    }
}
