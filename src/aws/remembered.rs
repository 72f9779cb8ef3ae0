//! Facts of an account that rarely change: remembered for a while, so that a thousand objects ask once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::batcher::Found;
use super::classify::Class;
use super::iam::RoleSeen;
use super::lock;
use super::scope::{AccountKey, Scope};
use super::settings::LongArns;

/// What is as it should be, and what this identity may not read.
const LONG: Duration = Duration::from_hours(1);
/// What somebody is about to put right.
const SHORT: Duration = Duration::from_mins(1);

/// How a fact is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// A remembered answer will do.
    Remembered,
    /// Somebody wants to know how it is now.
    Fresh,
}

/// An answer, and until when it is good.
type Kept<T> = (Found<T>, Instant);

/// Answers under a scope and a name, each until its time is over.
pub(super) struct Remembered<T> {
    kept: Mutex<BTreeMap<(Scope, String), Kept<T>>>,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self { kept: Mutex::default() }
    }
}

impl<T> fmt::Debug for Remembered<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").field("kept", &lock(&self.kept).len()).finish()
    }
}

impl<T: Clone> Remembered<T> {
    /// The answer, while it is good.
    pub(super) fn get(&self, scope: &Scope, name: &str, look: Look) -> Option<Found<T>> {
        if look == Look::Fresh {
            return None;
        }
        let kept = lock(&self.kept);
        let (found, until) = kept.get(&(scope.clone(), name.to_owned()))?;
        (Instant::now() < *until).then(|| found.clone())
    }

    /// Keeps an answer, longer if it is `good`. What passes by itself is not kept.
    pub(super) fn keep(&self, scope: &Scope, name: &str, found: &Found<T>, good: fn(&T) -> bool) {
        let time = match found {
            Ok(Some(fact)) if good(fact) => Some(LONG),
            Err(error) if error.class == Class::Permission => Some(LONG),
            Err(error) if matches!(error.class, Class::Throttled | Class::Credentials) => None,
            Ok(_) | Err(_) => Some(SHORT),
        };
        let now = Instant::now();
        let mut kept = lock(&self.kept);
        kept.retain(|_, (_, until)| now < *until);
        let key = (scope.clone(), name.to_owned());
        match time {
            Some(time) => kept.insert(key, (found.clone(), now + time)),
            None => kept.remove(&key),
        };
    }

    fn forget(&self, account: &AccountKey) {
        lock(&self.kept).retain(|(scope, _), _| scope.account != *account);
    }
}

/// All that is remembered.
#[derive(Debug, Default)]
pub(super) struct Memories {
    /// Roles by name, of a whole account.
    pub(super) roles: Remembered<RoleSeen>,
    /// Account settings, of an account and region.
    pub(super) settings: Remembered<LongArns>,
}

impl Memories {
    /// Forgets an account: its identity changed.
    pub(super) fn forget(&self, account: &AccountKey) {
        self.roles.forget(account);
        self.settings.forget(account);
    }
}
