//! The watches: which of them stand.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    kind: String,
    namespace: String,
}

/// The watches of Kubernetes objects.
#[derive(Clone, Debug, Default)]
pub struct WatchMetrics {
    up: Family<Labels, Gauge>,
    errors: Family<Labels, Counter>,
    missed: Family<Labels, Counter>,
}

impl WatchMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "ecs_operator_watch_up",
            "1 while a watch tells of changes, 0 while it is refused or fails; the namespace is empty for a watch of all",
            self.up.clone(),
        );
        registry.register("ecs_operator_watch_errors", "Failures of a watch", self.errors.clone());
        registry.register(
            "ecs_operator_watch_missed",
            "Changes that a watch did not tell of, found when versions were compared",
            self.missed.clone(),
        );
    }

    /// The watch of a kind in a namespace, or in all, told something.
    pub fn told(&self, kind: &str, namespace: Option<&str>) {
        let labels = labels(kind, namespace);
        self.up.get_or_create(&labels).set(1);
        // Known from the start, so that the first failure is an increase.
        drop(self.errors.get_or_create(&labels));
        drop(self.missed.get_or_create(&labels));
    }

    /// It should have told of so many changes.
    pub fn missed(&self, kind: &str, namespace: Option<&str>, changes: usize) {
        if changes > 0 {
            self.missed.get_or_create(&labels(kind, namespace)).inc_by(changes as u64);
        }
    }

    /// It failed.
    pub fn failed(&self, kind: &str, namespace: Option<&str>) {
        let labels = labels(kind, namespace);
        self.up.get_or_create(&labels).set(0);
        self.errors.get_or_create(&labels).inc();
    }
}

fn labels(kind: &str, namespace: Option<&str>) -> Labels {
    Labels { kind: kind.to_owned(), namespace: namespace.unwrap_or_default().to_owned() }
}
