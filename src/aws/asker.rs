//! For whom calls are made: the object whose pass runs, how urgent it has become meanwhile, how long it stood in queues.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::time::Instant;

use super::lock;
use super::op::Priority;

tokio::task_local! {
    static ASKER: Arc<Asker>;
}

/// What can be moved forward in its queue.
pub trait Raise: Send + Sync {
    /// From now on at least so urgent.
    fn raise(&self, priority: Priority);
}

/// One pass, as the queues see it.
pub struct Asker {
    party: String,
    state: Mutex<State>,
}

struct State {
    urgency: Priority,
    waits: Vec<Weak<dyn Raise>>,
    /// In how many queues it stands, and since when it stands in any.
    queues: usize,
    since: Instant,
    stood: Duration,
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asker").field("party", &self.party).finish_non_exhaustive()
    }
}

impl Asker {
    /// One of a party, for instance a namespace: parties take turns in a queue.
    pub fn of(party: impl Into<String>) -> Arc<Self> {
        let state = State {
            urgency: Priority::Prune,
            waits: Vec::new(),
            queues: 0,
            since: Instant::now(),
            stood: Duration::ZERO,
        };
        Arc::new(Self { party: party.into(), state: Mutex::new(state) })
    }

    /// Runs a pass whose calls are made for this asker.
    pub fn run<F: Future>(self: Arc<Self>, pass: F) -> impl Future<Output = F::Output> {
        ASKER.scope(self, pass)
    }

    /// The asker of the calls that are made here.
    pub(super) fn current() -> Option<Arc<Self>> {
        ASKER.try_with(Arc::clone).ok()
    }

    pub(super) fn party(&self) -> &str {
        &self.party
    }

    /// It has become this urgent: its waiting calls move forward, and its later calls count as such.
    pub fn raise(&self, priority: Priority) {
        let mut state = lock(&self.state);
        if state.urgency <= priority {
            return;
        }
        state.urgency = priority;
        let waits: Vec<_> = state.waits.iter().filter_map(Weak::upgrade).collect();
        drop(state);
        for wait in waits {
            wait.raise(priority);
        }
    }

    /// How long it has stood in queues, all in all.
    pub fn stood(&self) -> Duration {
        let state = lock(&self.state);
        if state.queues == 0 { state.stood } else { state.stood + state.since.elapsed() }
    }

    /// How urgent a call of it is.
    pub fn urgency(&self, priority: Priority) -> Priority {
        lock(&self.state).urgency.min(priority)
    }

    /// It stands in a queue until the guard is dropped; `wait` is told when it becomes more urgent.
    pub fn stand(self: Arc<Self>, wait: Weak<dyn Raise>) -> Standing {
        let mut state = lock(&self.state);
        state.waits.retain(|wait| wait.strong_count() > 0);
        state.waits.push(wait);
        if state.queues == 0 {
            state.since = Instant::now();
        }
        state.queues += 1;
        drop(state);
        Standing(self)
    }
}

/// A time in a queue.
#[derive(Debug)]
pub struct Standing(Arc<Asker>);

impl Drop for Standing {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.queues = state.queues.saturating_sub(1);
        if state.queues == 0 {
            state.stood = state.stood + state.since.elapsed();
        }
    }
}
