//! The process's metrics: reconciles under controller-runtime's names, conditions, build.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use crate::aws::lock;

/// How a reconcile ended, in controller-runtime's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconciled {
    /// Nothing left to do; visited again by the sweep.
    Success,
    /// It failed.
    Error,
    /// To be repeated at once.
    Requeue,
    /// To be repeated at a time of its own.
    RequeueAfter,
}

impl Reconciled {
    fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::Requeue => "requeue",
            Self::RequeueAfter => "requeue_after",
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

/// Reconciles by controller.
#[derive(Clone, Debug)]
pub struct ReconcileMetrics {
    total: Family<ResultLabels, Counter>,
    errors: Family<ControllerLabels, Counter>,
    seconds: Family<ControllerLabels, Histogram>,
    active: Family<ControllerLabels, Gauge>,
}

const BOUNDS: [f64; 15] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_200.0];

impl Default for ReconcileMetrics {
    fn default() -> Self {
        Self {
            total: Family::default(),
            errors: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(BOUNDS)),
            active: Family::default(),
        }
    }
}

impl ReconcileMetrics {
    fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("controller_runtime");
        registry.register("reconcile", "Reconciles by result", self.total.clone());
        registry.register("reconcile_errors", "Reconciles that failed", self.errors.clone());
        registry.register("reconcile_time_seconds", "Time of a reconcile", self.seconds.clone());
        registry.register("active_workers", "Reconciles under way", self.active.clone());
    }

    /// Starts to count a reconcile; it ends when the guard is told the result or dropped.
    pub fn start(&self, controller: &'static str) -> Running {
        self.active.get_or_create(&ControllerLabels { controller }).inc();
        Running { metrics: self.clone(), controller, started: Instant::now() }
    }
}

/// A reconcile under way.
#[derive(Debug)]
pub struct Running {
    metrics: ReconcileMetrics,
    controller: &'static str,
    started: Instant,
}

impl Running {
    /// It ended so.
    pub fn ended(self, result: Reconciled) {
        let controller = self.controller;
        self.metrics.total.get_or_create(&ResultLabels { controller, result: result.as_str() }).inc();
        if result == Reconciled::Error {
            self.metrics.errors.get_or_create(&ControllerLabels { controller }).inc();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let labels = ControllerLabels { controller: self.controller };
        self.metrics.seconds.get_or_create(&labels).observe(self.started.elapsed().as_secs_f64());
        self.metrics.active.get_or_create(&labels).dec();
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct ConditionLabels {
    kind: &'static str,
    namespace: String,
    name: String,
    r#type: String,
    status: &'static str,
}

/// An object as the condition metric knows it: kind, namespace, name.
type ObjectKey = (&'static str, String, String);

/// One series for each object, condition type and status; gone with the object.
#[derive(Clone, Debug, Default)]
pub struct ConditionMetrics {
    conditions: Family<ConditionLabels, Gauge>,
    known: Arc<Mutex<BTreeMap<ObjectKey, BTreeSet<String>>>>,
}

const STATUSES: [&str; 3] = ["True", "False", "Unknown"];

impl ConditionMetrics {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "ecs_operator_condition",
            "1 for the status a condition has now, 0 for the others",
            self.conditions.clone(),
        );
    }

    /// Replaces an object's conditions, given as (type, status).
    pub fn set<'a>(
        &self,
        kind: &'static str,
        namespace: &str,
        name: &str,
        conditions: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        let key = (kind, namespace.to_owned(), name.to_owned());
        let mut known = lock(&self.known);
        let mut old = known.remove(&key).unwrap_or_default();
        let mut now = BTreeSet::new();
        for (r#type, current) in conditions {
            for status in STATUSES {
                let labels = labels(&key, r#type, status);
                self.conditions.get_or_create(&labels).set(i64::from(status == current));
            }
            old.remove(r#type);
            now.insert(r#type.to_owned());
        }
        self.remove(&key, &old);
        known.insert(key, now);
    }

    /// The object is gone, and with it its series.
    pub fn forget(&self, kind: &'static str, namespace: &str, name: &str) {
        let key = (kind, namespace.to_owned(), name.to_owned());
        let mut known = lock(&self.known);
        if let Some(types) = known.remove(&key) {
            self.remove(&key, &types);
        }
    }

    fn remove(&self, key: &ObjectKey, types: &BTreeSet<String>) {
        for r#type in types {
            for status in STATUSES {
                self.conditions.remove(&labels(key, r#type, status));
            }
        }
    }
}

fn labels((kind, namespace, name): &ObjectKey, r#type: &str, status: &'static str) -> ConditionLabels {
    ConditionLabels { kind, namespace: namespace.clone(), name: name.clone(), r#type: r#type.to_owned(), status }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LeaseLabels {
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AnswerLabels {
    result: &'static str,
}

/// What came of asking for the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseAnswer {
    /// Taken or renewed.
    Written,
    /// Somebody else holds it.
    Held,
    /// Somebody else was faster.
    Conflict,
    /// No answer, or a refusal.
    Failed,
}

/// The election; without one nothing of it is told.
#[derive(Clone, Debug, Default)]
pub struct LeaderMetrics {
    status: Family<LeaseLabels, Gauge>,
    answers: Family<AnswerLabels, Counter>,
}

impl LeaderMetrics {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "leader_election_master_status",
            "1 while this replica holds the lease of that name, 0 while it stands by",
            self.status.clone(),
        );
        registry.register(
            "ecs_operator_lease_requests",
            "Looks at the lease by what came of them",
            self.answers.clone(),
        );
    }

    /// Does this replica hold the lease of that name?
    pub fn leads(&self, name: &str, leads: bool) {
        self.status.get_or_create(&LeaseLabels { name: name.to_owned() }).set(i64::from(leads));
    }

    /// Counts a look at the lease.
    pub fn answered(&self, answer: LeaseAnswer) {
        let result = match answer {
            LeaseAnswer::Written => "written",
            LeaseAnswer::Held => "held",
            LeaseAnswer::Conflict => "conflict",
            LeaseAnswer::Failed => "failed",
        };
        self.answers.get_or_create(&AnswerLabels { result }).inc();
    }
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
    /// Conditions of objects.
    pub conditions: ConditionMetrics,
    /// The election.
    pub leader: LeaderMetrics,
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
        let mut registry = Registry::default();
        let reconcile = ReconcileMetrics::default();
        let conditions = ConditionMetrics::default();
        let leader = LeaderMetrics::default();
        let build = Family::<BuildLabels, Gauge>::default();
        build.get_or_create(&BuildLabels { version: env!("CARGO_PKG_VERSION") }).set(1);
        reconcile.register(&mut registry);
        conditions.register(&mut registry);
        leader.register(&mut registry);
        registry.register("ecs_operator_build_info", "The running version", build);
        others(&mut registry);
        Self { reconcile, conditions, leader, registry: Arc::new(registry) }
    }

    /// All metrics in the `OpenMetrics` text format.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn reconciles_are_counted_under_the_names_dashboards_know() {
        let metrics = Metrics::new(|_| ());
        let first = metrics.reconcile.start("ecsservice");
        let second = metrics.reconcile.start("ecsservice");
        tokio::time::advance(std::time::Duration::from_secs(2)).await;
        first.ended(Reconciled::Error);
        let text = metrics.text().unwrap();
        for line in [
            r#"controller_runtime_reconcile_total{controller="ecsservice",result="error"} 1"#,
            r#"controller_runtime_reconcile_errors_total{controller="ecsservice"} 1"#,
            r#"controller_runtime_active_workers{controller="ecsservice"} 1"#,
            r#"controller_runtime_reconcile_time_seconds_sum{controller="ecsservice"} 2"#,
            concat!(r#"ecs_operator_build_info{version=""#, env!("CARGO_PKG_VERSION"), r#""} 1"#),
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        drop(second);
        assert!(metrics.text().unwrap().contains(r#"active_workers{controller="ecsservice"} 0"#));
    }

    #[test]
    fn condition_series_follow_the_object_and_leave_with_it() {
        let metrics = Metrics::new(|_| ());
        let set = |conditions: &[(&str, &str)]| {
            metrics.conditions.set("EcsService", "team", "web", conditions.iter().copied());
            metrics.text().unwrap()
        };
        let ready = r#"ecs_operator_condition{kind="EcsService",namespace="team",name="web",type="Ready",status="#;
        let text = set(&[("Ready", "False"), ("Reconciling", "True")]);
        assert!(text.contains(&format!(r#"{ready}"False"}} 1"#)) && text.contains(&format!(r#"{ready}"True"}} 0"#)));
        let text = set(&[("Ready", "True")]);
        assert!(text.contains(&format!(r#"{ready}"True"}} 1"#)) && text.contains(&format!(r#"{ready}"False"}} 0"#)));
        assert!(!text.contains("Reconciling"), "{text}");
        metrics.conditions.set("EcsService", "team", "other", [("Ready", "True")]);
        metrics.conditions.forget("EcsService", "team", "web");
        let text = metrics.text().unwrap();
        assert!(!text.contains(r#"name="web""#) && text.contains(r#"name="other""#), "{text}");
    }
}
