//! What was last read of each service's policies and scheduled actions, so that a settled one is not read each sweep.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_applicationautoscaling::types::{ScalingPolicy, ScheduledAction};
use jiff::Timestamp;

/// What Application Auto Scaling holds for a service beside its scalable target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScalingDetail {
    /// All policies, ours or not.
    pub policies: Vec<ScalingPolicy>,
    /// All scheduled actions, ours or not.
    pub actions: Vec<ScheduledAction>,
    /// Tags of the scalable target; `None` when they were not read.
    pub tags: Option<BTreeMap<String, String>>,
    /// When they were read.
    pub read_at: Timestamp,
}

#[derive(Debug, Default)]
struct Memory {
    details: BTreeMap<String, ScalingDetail>,
    registered: BTreeMap<String, Timestamp>,
    counts: BTreeMap<String, i32>,
}

/// Shared memory of scaling, by the UID of the object; of this process only.
#[derive(Clone, Debug, Default)]
pub struct Scalings {
    memory: Arc<Mutex<Memory>>,
}

impl Scalings {
    /// What was read last.
    #[must_use]
    pub fn detail(&self, uid: &str) -> Option<ScalingDetail> {
        self.lock().details.get(uid).cloned()
    }

    /// Keeps what was read.
    pub fn keep(&self, uid: &str, detail: ScalingDetail) {
        self.lock().details.insert(uid.to_owned(), detail);
    }

    /// Forgets what was read, because it is being changed.
    pub fn outdated(&self, uid: &str) {
        self.lock().details.remove(uid);
    }

    /// When this process last registered the target.
    #[must_use]
    pub fn registered_at(&self, uid: &str) -> Option<Timestamp> {
        self.lock().registered.get(uid).copied()
    }

    /// Notes that the target is being registered.
    pub fn note_registered(&self, uid: &str, now: Timestamp) {
        self.lock().registered.insert(uid.to_owned(), now);
    }

    /// Keeps the count that the spec asks for, and gives the one of the pass before.
    pub fn declare_count(&self, uid: &str, count: i32) -> Option<i32> {
        self.lock().counts.insert(uid.to_owned(), count)
    }

    /// Forgets an object.
    pub fn forget(&self, uid: &str) {
        let mut memory = self.lock();
        memory.details.remove(uid);
        memory.registered.remove(uid);
        memory.counts.remove(uid);
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
