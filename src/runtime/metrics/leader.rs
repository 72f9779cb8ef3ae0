//! The election, as controller-runtime names it.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

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
    pub(super) fn register(&self, registry: &mut Registry) {
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
