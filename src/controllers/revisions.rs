//! Task definition revisions by ARN. Their content never changes, so none is described twice by one process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecs::types::TaskDefinition;
use jiff::Timestamp;

/// A revision as it was described.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Its content.
    pub definition: Arc<TaskDefinition>,
    /// Its tags; these may change, but ours are written once.
    pub tags: BTreeMap<String, String>,
    /// Hash of its normalised content.
    pub content_hash: String,
}

#[derive(Debug, Default)]
struct Memory {
    by_arn: BTreeMap<String, Revision>,
    checked: BTreeMap<String, Timestamp>,
}

/// Shared memory of revisions.
#[derive(Clone, Debug, Default)]
pub struct Revisions {
    memory: Arc<Mutex<Memory>>,
}

impl Revisions {
    /// A revision that was read before.
    #[must_use]
    pub fn get(&self, arn: &str) -> Option<Revision> {
        self.lock().by_arn.get(arn).cloned()
    }

    /// Keeps a revision.
    pub fn put(&self, arn: &str, revision: Revision) {
        self.lock().by_arn.insert(arn.to_owned(), revision);
    }

    /// Forgets a revision, because it was deregistered or its tags changed.
    pub fn forget(&self, arn: &str) {
        let mut memory = self.lock();
        memory.by_arn.remove(arn);
        memory.checked.remove(arn);
    }

    /// When the revision was last seen to be ACTIVE.
    #[must_use]
    pub fn seen_active(&self, arn: &str) -> Option<Timestamp> {
        self.lock().checked.get(arn).copied()
    }

    /// Notes that the revision is ACTIVE.
    pub fn note_active(&self, arn: &str, now: Timestamp) {
        self.lock().checked.insert(arn.to_owned(), now);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
