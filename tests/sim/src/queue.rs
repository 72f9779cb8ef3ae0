//! What will happen by itself: events ordered by virtual time, then by the order they were planned.

use std::collections::BTreeMap;

use crate::autoscaling;
use crate::ecs::{capacity_provider, cluster, service, task_definition};
use crate::world::RegionKey;

/// What an event does. Each subject has its own kind and its own `wake` function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// A cluster changes by itself.
    Cluster(cluster::Wake),
    /// A capacity provider changes by itself.
    CapacityProvider(capacity_provider::Wake),
    /// A task definition changes by itself.
    TaskDefinition(task_definition::Wake),
    /// Anything of services, deployments and tasks.
    Service(service::Wake),
    /// Application Auto Scaling looks at metrics and schedules.
    Autoscaling(autoscaling::Wake),
}

/// One planned event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Virtual time, milliseconds since the epoch.
    pub at: i64,
    /// Where it happens.
    pub key: RegionKey,
    /// What happens.
    pub kind: EventKind,
}

/// The events to come.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    events: BTreeMap<(i64, u64), Event>,
    planned: u64,
}

impl Queue {
    /// Plans an event.
    pub fn push(&mut self, event: Event) {
        self.planned += 1;
        self.events.insert((event.at, self.planned), event);
    }

    /// Time of the next event.
    pub fn next_at(&self) -> Option<i64> {
        self.events.keys().next().map(|key| key.0)
    }

    /// Takes the next event if it is due at `now`.
    pub fn pop_due(&mut self, now: i64) -> Option<Event> {
        let key = *self.events.keys().next()?;
        if key.0 > now {
            return None;
        }
        self.events.remove(&key)
    }

    /// How many events are planned.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether nothing is planned.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}
