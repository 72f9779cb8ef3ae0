//! Objects: their conditions, tasks and deletions, and what happened to them. Series of an object leave with it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use super::Real;
use crate::aws::lock;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct ConditionLabels {
    kind: &'static str,
    namespace: String,
    name: String,
    r#type: String,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AgeLabels {
    kind: &'static str,
    namespace: String,
    name: String,
    r#type: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ObjectLabels {
    kind: &'static str,
    namespace: String,
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TaskLabels {
    namespace: String,
    name: String,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct CountLabels {
    kind: &'static str,
    r#type: String,
    status: &'static str,
}

/// An object as metrics know it: kind, namespace, name.
type Key = (&'static str, String, String);

/// A moment that lies before the process began, maybe.
#[derive(Clone, Copy, Debug)]
struct Since {
    seen: Instant,
    before: Duration,
}

impl Since {
    fn new(at: Timestamp, now: Timestamp) -> Self {
        let before = Duration::try_from(now.duration_since(at)).unwrap_or_default();
        Self { seen: Instant::now(), before }
    }

    fn age(self) -> f64 {
        (self.before + self.seen.elapsed()).as_secs_f64()
    }
}

#[derive(Debug, Default)]
struct Known {
    /// Status and time of each condition, by its type.
    conditions: BTreeMap<String, (&'static str, Since)>,
    deleting: Option<Since>,
    tasks: bool,
}

/// Tasks of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tasks {
    /// ECS is asked for so many.
    pub desired: i32,
    /// So many run.
    pub running: i32,
    /// So many are on their way.
    pub pending: i32,
}

impl Tasks {
    fn states(self) -> [(&'static str, i32); 3] {
        [("desired", self.desired), ("running", self.running), ("pending", self.pending)]
    }
}

/// What an object looks like after a reconcile.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// Its conditions.
    pub conditions: &'a [Condition],
    /// Since when it is being deleted.
    pub deleting: Option<Timestamp>,
    /// Its tasks, if it is a service that ECS has.
    pub tasks: Option<Tasks>,
    /// The time now.
    pub now: Timestamp,
}

/// The conditions of objects, their tasks and their deletions.
#[derive(Clone, Debug)]
pub struct ObjectMetrics {
    each: bool,
    known: Arc<Mutex<BTreeMap<Key, Known>>>,
    conditions: Family<ConditionLabels, Gauge>,
    ages: Family<AgeLabels, Real>,
    deletions: Family<ObjectLabels, Real>,
    tasks: Family<TaskLabels, Gauge>,
    objects: Family<CountLabels, Gauge>,
}

/// Statuses of a condition that are told of whether it has them or not.
const STATUSES: [&str; 2] = ["True", "False"];

impl ObjectMetrics {
    /// `each`: series for each object, and not only their numbers?
    pub(super) fn new(each: bool) -> Self {
        Self {
            each,
            known: Arc::default(),
            conditions: Family::default(),
            ages: Family::default(),
            deletions: Family::default(),
            tasks: Family::default(),
            objects: Family::default(),
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("ecs_operator_objects", "Objects by the status of a condition", self.objects.clone());
        registry.register(
            "ecs_operator_condition",
            "1 for the status a condition of the object has now, 0 for the other; Unknown is told of only while it holds",
            self.conditions.clone(),
        );
        registry.register(
            "ecs_operator_condition_age_seconds",
            "Time since a condition of the object changed its status",
            self.ages.clone(),
        );
        registry.register(
            "ecs_operator_deletion_age_seconds",
            "Time since the deletion of an object that is still there",
            self.deletions.clone(),
        );
        registry.register(
            "ecs_operator_tasks",
            "Tasks of an ECS service: as many as asked for (desired), running, pending",
            self.tasks.clone(),
        );
    }

    /// Replaces all that is told of an object.
    pub fn set(&self, kind: &'static str, namespace: &str, name: &str, look: Look<'_>) {
        let key = (kind, namespace.to_owned(), name.to_owned());
        let mut all = lock(&self.known);
        let old = all.remove(&key).unwrap_or_default();
        let mut known = Known {
            deleting: look.deleting.map(|at| Since::new(at, look.now)),
            tasks: look.tasks.is_some(),
            ..Known::default()
        };
        for condition in look.conditions {
            let since = Since::new(condition.last_transition_time.0, look.now);
            known.conditions.insert(condition.type_.clone(), (word(&condition.status), since));
        }
        if self.each {
            self.show(&key, &old, &known, look.tasks);
        }
        all.insert(key, known);
    }

    fn show(&self, key: &Key, old: &Known, known: &Known, tasks: Option<Tasks>) {
        for (kind, (now, _)) in &known.conditions {
            for status in STATUSES {
                self.conditions.get_or_create(&labels(key, kind, status)).set(i64::from(status == *now));
            }
            let unknown = labels(key, kind, "Unknown");
            if *now == "Unknown" {
                self.conditions.get_or_create(&unknown).set(1);
            } else if old.conditions.get(kind).is_some_and(|(was, _)| *was == "Unknown") {
                self.conditions.remove(&unknown);
            }
        }
        for gone in old.conditions.keys().filter(|kind| !known.conditions.contains_key(*kind)) {
            self.remove_condition(key, gone);
        }
        if known.deleting.is_none() {
            self.deletions.remove(&object(key));
        }
        for (state, count) in tasks.map(Tasks::states).into_iter().flatten() {
            self.tasks.get_or_create(&task(key, state)).set(i64::from(count));
        }
        if tasks.is_none() && old.tasks {
            self.remove_tasks(key);
        }
    }

    /// The object is gone, and with it its series.
    pub fn forget(&self, kind: &'static str, namespace: &str, name: &str) {
        let key = (kind, namespace.to_owned(), name.to_owned());
        let mut all = lock(&self.known);
        let Some(known) = all.remove(&key) else { return };
        known.conditions.keys().for_each(|kind| self.remove_condition(&key, kind));
        self.deletions.remove(&object(&key));
        self.remove_tasks(&key);
    }

    fn remove_condition(&self, key: &Key, kind: &str) {
        for status in ["True", "False", "Unknown"] {
            self.conditions.remove(&labels(key, kind, status));
        }
        self.ages.remove(&age(key, kind));
    }

    fn remove_tasks(&self, key: &Key) {
        for (state, _) in Tasks::default().states() {
            self.tasks.remove(&task(key, state));
        }
    }

    /// Brings ages and numbers up to date.
    pub(super) fn refresh(&self) {
        let all = lock(&self.known);
        let mut counts: BTreeMap<CountLabels, i64> = BTreeMap::new();
        for (key, known) in all.iter() {
            for (kind, (status, since)) in &known.conditions {
                let labels = CountLabels { kind: key.0, r#type: kind.clone(), status };
                *counts.entry(labels).or_default() += 1;
                if self.each {
                    self.ages.get_or_create(&age(key, kind)).set(since.age());
                }
            }
            if let Some(since) = known.deleting.filter(|_| self.each) {
                self.deletions.get_or_create(&object(key)).set(since.age());
            }
        }
        self.objects.clear();
        for (labels, count) in counts {
            self.objects.get_or_create(&labels).set(count);
        }
    }
}

/// A status of a condition, from its closed list.
fn word(status: &str) -> &'static str {
    match status {
        "True" => "True",
        "False" => "False",
        _ => "Unknown",
    }
}

fn labels((kind, namespace, name): &Key, r#type: &str, status: &'static str) -> ConditionLabels {
    ConditionLabels { kind, namespace: namespace.clone(), name: name.clone(), r#type: r#type.to_owned(), status }
}

fn age((kind, namespace, name): &Key, r#type: &str) -> AgeLabels {
    AgeLabels { kind, namespace: namespace.clone(), name: name.clone(), r#type: r#type.to_owned() }
}

fn object((kind, namespace, name): &Key) -> ObjectLabels {
    ObjectLabels { kind, namespace: namespace.clone(), name: name.clone() }
}

fn task((_, namespace, name): &Key, state: &'static str) -> TaskLabels {
    TaskLabels { namespace: namespace.clone(), name: name.clone(), state }
}
