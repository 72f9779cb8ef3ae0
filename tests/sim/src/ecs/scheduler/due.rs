//! What happens at a later virtual time, and the loop that makes it happen.

use super::target::Place;
use super::{Fleet, Key};

/// One event that is due at a virtual time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// A task leaves its current status.
    Step { task: String, epoch: u64 },
    /// A container check decides.
    Check { task: String, epoch: u64 },
    /// A scripted container ends.
    Exit { task: String },
    /// A target's checks decide.
    Probe { place: Place, epoch: u64 },
    /// The scheduler looks at a service.
    Tick(Key),
    /// A stopped task is forgotten.
    Forget(String),
    /// An INACTIVE service is purged.
    Purge(Key, u64),
}

impl Fleet {
    pub(crate) fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    pub(crate) fn schedule(&mut self, at: i64, due: Due) {
        let sequence = self.next_sequence();
        self.due.insert((at.max(self.now), sequence), due);
    }

    /// Virtual time of the next event, if there is one.
    pub fn next_due(&self) -> Option<i64> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    /// Makes everything happen that is due at or before `until`, then sets the time to it.
    pub fn advance_to(&mut self, until: i64) {
        while self.next_due().is_some_and(|at| at <= until) {
            let Some(((at, _), due)) = self.due.pop_first() else {
                break;
            };
            self.now = self.now.max(at);
            self.happen(due);
        }
        self.now = self.now.max(until);
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Step { task, epoch } => self.task_step(&task, epoch),
            Due::Check { task, epoch } => self.check_decides(&task, epoch),
            Due::Exit { task } => self.container_exits(&task),
            Due::Probe { place, epoch } => self.target_decides(&place, epoch),
            Due::Tick(key) => self.tick_is_due(&key),
            Due::Forget(task) => {
                self.tasks.remove(&task);
            }
            Due::Purge(key, incarnation) => self.purge(&key, incarnation),
        }
    }

    fn purge(&mut self, key: &Key, incarnation: u64) {
        if self.services.get(key).is_some_and(|s| s.incarnation == incarnation) {
            self.services.remove(key);
            self.tokens.retain(|_, used| used.incarnation != incarnation);
        }
    }

    /// Asks for a tick at `at` unless an earlier one is already scheduled.
    pub(crate) fn tick_at(&mut self, key: &Key, at: i64) {
        let at = at.max(self.now);
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        if service.tick_at.is_some_and(|planned| planned <= at) {
            return;
        }
        service.tick_at = Some(at);
        self.schedule(at, Due::Tick(key.clone()));
    }

    /// The service of a task is looked at, now.
    pub(crate) fn touch_owner(&mut self, task: &str) {
        if let Some(key) = self.tasks.get(task).and_then(|t| t.service.clone()) {
            self.tick_at(&key, self.now);
        }
    }

    fn tick_is_due(&mut self, key: &Key) {
        let now = self.now;
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        if service.tick_at != Some(now) {
            return;
        }
        service.tick_at = None;
        self.tick(key);
        self.check_invariants(key);
    }
}
