//! What happened to objects: rollouts that ended, differences that were found.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// How a rollout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolledOut {
    /// What it brought serves.
    Completed,
    /// It failed.
    Failed,
    /// What served before serves again.
    RolledBack,
    /// Somebody stopped it.
    Stopped,
    /// Another took its place.
    Superseded,
}

impl RolledOut {
    /// How rollouts of each kind can end.
    const OF: [(&'static str, [Self; 4]); 2] = [
        ("EcsService", [Self::Completed, Self::Failed, Self::RolledBack, Self::Stopped]),
        ("ServerGroup", [Self::Completed, Self::Failed, Self::Stopped, Self::Superseded]),
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::RolledBack => "rolled_back",
            Self::Stopped => "stopped",
            Self::Superseded => "superseded",
        }
    }
}

/// What became of a difference between AWS and a spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drifted {
    /// It was found, and is left.
    Reported,
    /// It was set back.
    Corrected,
}

impl Drifted {
    fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Corrected => "corrected",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    kind: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabels {
    kind: &'static str,
    reason: &'static str,
}

/// What happened.
#[derive(Clone, Debug)]
pub struct ChangeMetrics {
    rollouts: Family<ResultLabels, Counter>,
    durations: Family<ResultLabels, Histogram>,
    drift: Family<ResultLabels, Counter>,
    events: Family<EventLabels, Counter>,
}

impl Default for ChangeMetrics {
    fn default() -> Self {
        let histogram: fn() -> Histogram = || {
            Histogram::new([30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0, 21_600.0, 86_400.0])
        };
        let rollouts = Family::<ResultLabels, Counter>::default();
        // Known from the start, so that the first failure is an increase.
        for (kind, results) in RolledOut::OF {
            for result in results {
                drop(rollouts.get_or_create(&ResultLabels { kind, result: result.as_str() }));
            }
        }
        Self {
            rollouts,
            durations: Family::new_with_constructor(histogram),
            drift: Family::default(),
            events: Family::default(),
        }
    }
}

impl ChangeMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("ecs_operator");
        registry.register(
            "rollouts",
            "Rollouts that ended: completed, failed, rolled_back, stopped, superseded",
            self.rollouts.clone(),
        );
        registry.register(
            "rollout_duration_seconds",
            "Time from the start of a rollout to its end, where the start is known",
            self.durations.clone(),
        );
        registry.register(
            "drift",
            "Differences between AWS and a spec: corrected, or only reported",
            self.drift.clone(),
        );
        registry.register(
            "events",
            "Things that happened to objects, by the reason of their event",
            self.events.clone(),
        );
    }

    /// A rollout ended, so long after it began.
    pub fn rolled_out(&self, kind: &'static str, result: RolledOut, took: Option<Duration>) {
        let labels = ResultLabels { kind, result: result.as_str() };
        self.rollouts.get_or_create(&labels).inc();
        if let Some(took) = took {
            self.durations.get_or_create(&labels).observe(took.as_secs_f64());
        }
    }

    /// AWS differed.
    pub fn drifted(&self, kind: &'static str, what: Drifted) {
        self.drift.get_or_create(&ResultLabels { kind, result: what.as_str() }).inc();
    }

    /// Something happened that is also told by an event; `reason` from its closed list.
    pub fn happened(&self, kind: &'static str, reason: &'static str) {
        self.events.get_or_create(&EventLabels { kind, reason }).inc();
    }
}
