//! Objects: their conditions, tasks and deletions. Series are written when they are read and kept nowhere, so that an
//! object costs what is known of it and its series leave with it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use crate::aws::lock;

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

#[derive(Debug)]
struct Known {
    /// Type, status and time of each condition.
    conditions: Box<[(Box<str>, &'static str, Since)]>,
    deleting: Option<Since>,
    tasks: Option<Tasks>,
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
}

/// Statuses of a condition that are told of whether it has them or not.
const STATUSES: [&str; 2] = ["True", "False"];

impl ObjectMetrics {
    /// `each`: series for each object, and not only their numbers?
    pub(super) fn new(each: bool) -> Self {
        Self { each, known: Arc::default() }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register_collector(Box::new(self.clone()));
    }

    /// Replaces all that is told of an object.
    pub fn set(&self, kind: &'static str, namespace: &str, name: &str, look: Look<'_>) {
        let told = |condition: &Condition| {
            let since = Since::new(condition.last_transition_time.0, look.now);
            (condition.type_.as_str().into(), word(&condition.status), since)
        };
        let known = Known {
            conditions: look.conditions.iter().map(told).collect(),
            deleting: look.deleting.map(|at| Since::new(at, look.now)),
            tasks: look.tasks,
        };
        lock(&self.known).insert((kind, namespace.to_owned(), name.to_owned()), known);
    }

    /// The object is gone, and with it its series.
    pub fn forget(&self, kind: &'static str, namespace: &str, name: &str) {
        lock(&self.known).remove(&(kind, namespace.to_owned(), name.to_owned()));
    }
}

impl Collector for ObjectMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let all = lock(&self.known);
        numbers(&all, gauge(&mut encoder, "ecs_operator_objects", "Objects by the status of a condition.")?)?;
        if !self.each {
            return Ok(());
        }
        conditions(
            &all,
            gauge(
                &mut encoder,
                "ecs_operator_condition",
                "1 for the status a condition of the object has now, 0 for the other; Unknown is told of only while it holds.",
            )?,
        )?;
        let help = "Time since a condition of the object changed its status.";
        ages(&all, gauge(&mut encoder, "ecs_operator_condition_age_seconds", help)?)?;
        let help = "Time since the deletion of an object that is still there.";
        deletions(&all, gauge(&mut encoder, "ecs_operator_deletion_age_seconds", help)?)?;
        let help = "Tasks of an ECS service: as many as asked for (desired), running, pending.";
        tasks(&all, gauge(&mut encoder, "ecs_operator_tasks", help)?)
    }
}

fn gauge<'a>(
    encoder: &'a mut DescriptorEncoder<'_>,
    name: &'a str,
    help: &'a str,
) -> Result<MetricEncoder<'a>, fmt::Error> {
    encoder.encode_descriptor(name, help, None, MetricType::Gauge)
}

fn series<const N: usize>(
    metric: &mut MetricEncoder<'_>,
    labels: [(&str, &str); N],
    value: &impl EncodeGaugeValue,
) -> fmt::Result {
    metric.encode_family(&labels)?.encode_gauge(value)
}

fn numbers(all: &BTreeMap<Key, Known>, mut metric: MetricEncoder<'_>) -> fmt::Result {
    let mut counts: BTreeMap<[&str; 3], i64> = BTreeMap::new();
    for ((kind, ..), known) in all {
        for (r#type, status, _) in &known.conditions {
            *counts.entry([kind, r#type, status]).or_default() += 1;
        }
    }
    for ([kind, r#type, status], count) in counts {
        series(&mut metric, [("kind", kind), ("type", r#type), ("status", status)], &count)?;
    }
    Ok(())
}

fn conditions(all: &BTreeMap<Key, Known>, mut metric: MetricEncoder<'_>) -> fmt::Result {
    for ((kind, namespace, name), known) in all {
        for (r#type, now, _) in &known.conditions {
            let of = |status| {
                [("kind", *kind), ("namespace", namespace), ("name", name), ("type", r#type), ("status", status)]
            };
            for status in STATUSES {
                series(&mut metric, of(status), &i64::from(status == *now))?;
            }
            if !STATUSES.contains(now) {
                series(&mut metric, of(now), &1_i64)?;
            }
        }
    }
    Ok(())
}

fn ages(all: &BTreeMap<Key, Known>, mut metric: MetricEncoder<'_>) -> fmt::Result {
    for ((kind, namespace, name), known) in all {
        for (r#type, _, since) in &known.conditions {
            let labels = [("kind", *kind), ("namespace", namespace), ("name", name), ("type", r#type)];
            series(&mut metric, labels, &since.age())?;
        }
    }
    Ok(())
}

fn deletions(all: &BTreeMap<Key, Known>, mut metric: MetricEncoder<'_>) -> fmt::Result {
    for ((kind, namespace, name), known) in all {
        if let Some(since) = known.deleting {
            series(&mut metric, [("kind", kind), ("namespace", namespace), ("name", name)], &since.age())?;
        }
    }
    Ok(())
}

fn tasks(all: &BTreeMap<Key, Known>, mut metric: MetricEncoder<'_>) -> fmt::Result {
    for ((_, namespace, name), known) in all {
        for (state, count) in known.tasks.map(Tasks::states).into_iter().flatten() {
            series(&mut metric, [("namespace", namespace), ("name", name), ("state", state)], &i64::from(count))?;
        }
    }
    Ok(())
}

/// A status of a condition, from its closed list.
fn word(status: &str) -> &'static str {
    match status {
        "True" => "True",
        "False" => "False",
        _ => "Unknown",
    }
}
