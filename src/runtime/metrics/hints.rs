//! Hints: what came through the queue of events.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// What a message was worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Hint {
    /// It was about an object.
    Woke,
    /// An event of ECS about no object.
    Unmatched,
    /// Not of ECS.
    Foreign,
    /// No event at all.
    Unreadable,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    result: Hint,
}

/// The messages of the queue.
#[derive(Clone, Debug, Default)]
pub struct HintMetrics {
    came: Family<Labels, Counter>,
}

impl HintMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "ecs_operator_hints",
            "Messages from the queue of events: Woke brought a visit forward, Unmatched is about no object, Foreign is not of ECS, Unreadable is no event",
            self.came.clone(),
        );
        // Known from the start, so that the first is an increase.
        for result in [Hint::Woke, Hint::Unmatched, Hint::Foreign, Hint::Unreadable] {
            drop(self.came.get_or_create(&Labels { result }));
        }
    }

    /// A message came.
    pub fn came(&self, result: Hint) {
        self.came.get_or_create(&Labels { result }).inc();
    }
}
