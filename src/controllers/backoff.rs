//! Per-object memory of failures: exponential delays with jitter, and holds of permanent refusals. Pure.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::controllers::failure::Consequence;

/// First delay after a failure.
const BASE: Duration = Duration::from_secs(1);
/// Longest delay after passing failures.
const CEILING: Duration = Duration::from_mins(5);
/// Permanent refusals are probed this often.
pub const PROBE: Duration = Duration::from_hours(1);
/// What was missing at so many looks in a row, over so long, is gone: a read of ECS may lag behind a write by seconds.
/// Looks count too: a process that was held up has seen no more than its looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    /// From the first look that found nothing.
    pub long: SignedDuration,
    /// With the first and the last.
    pub looks: u32,
}

/// Of what ECS says that it was deleted, and of what it lists.
pub const GONE: Absence = Absence { long: SignedDuration::from_secs(5), looks: 2 };
/// Of a service or cluster of which ECS says nothing: it shows one that was deleted as `INACTIVE` for a while, so that
/// none at all is strange.
pub const VANISHED: Absence = Absence { long: SignedDuration::from_secs(20), looks: 6 };
/// A refusal under a catch-all code counts as final after this many spaced tries,
/// because the table of passing messages can never be complete.
pub const FINAL_AFTER: u32 = 3;

/// Failures of one object since its last success or edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failures {
    /// How many in a row.
    pub count: u32,
    /// When the first of them was seen.
    pub since: Timestamp,
    /// What the pass worked on: generation, references, requests.
    pub inputs: String,
    /// What the last of them meant; it may hold back calls while the inputs stay the same.
    pub held: Option<Consequence>,
}

/// Failures of all objects, by UID.
#[derive(Debug, Default)]
pub struct Failed {
    by_uid: BTreeMap<String, Failures>,
    /// First look that found nothing, and how many did.
    gone: BTreeMap<String, (Timestamp, u32)>,
}

impl Failed {
    /// The object's failures, if it worked on the same inputs.
    #[must_use]
    pub fn of(&self, uid: &str, inputs: &str) -> Option<&Failures> {
        self.by_uid.get(uid).filter(|f| f.inputs == inputs)
    }

    /// Counts one more failure; other inputs start anew.
    pub fn add(&mut self, uid: &str, inputs: &str, now: Timestamp) -> &mut Failures {
        let entry = self.by_uid.entry(uid.to_owned()).or_insert_with(|| Failures {
            count: 0,
            since: now,
            inputs: inputs.to_owned(),
            held: None,
        });
        if entry.inputs != inputs {
            *entry = Failures { count: 0, since: now, inputs: inputs.to_owned(), held: None };
        }
        entry.count = entry.count.saturating_add(1);
        entry
    }

    /// Forgets the failures of an object: it succeeded.
    pub fn clear(&mut self, uid: &str) {
        self.by_uid.remove(uid);
    }

    /// Forgets an object that is gone.
    pub fn forget(&mut self, uid: &str) {
        self.by_uid.remove(uid);
        self.gone.remove(uid);
    }

    /// Was the object's resource missing at every look for so long, this one included? `None` = it is there.
    pub fn gone(&mut self, uid: &str, absence: Option<Absence>, now: Timestamp) -> bool {
        let Some(absence) = absence else {
            self.gone.remove(uid);
            return false;
        };
        let (since, looks) = self.gone.entry(uid.to_owned()).or_insert((now, 0));
        *looks = looks.saturating_add(1);
        *looks >= absence.looks && now.duration_since(*since) >= absence.long
    }
}

/// How soon to look again at what others have kept from going for so many seconds: after a tenth of that, but for 5 s and
/// a minute. Those of ours wake it when they go.
#[must_use]
pub fn blocked(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds / 10).unwrap_or_default().clamp(5, 60))
}

/// The delay after the n-th failure in a row (n ≥ 1): doubling from 1 s to 5 min, spread by ±20 % per object.
#[must_use]
pub fn delay(count: u32, uid: &str) -> Duration {
    let doubled = BASE.saturating_mul(1_u32.checked_shl(count.saturating_sub(1).min(16)).unwrap_or(u32::MAX));
    jitter(doubled.min(CEILING), uid, u64::from(count))
}

/// Spreads a duration by ±20 %, the same for the same object and salt.
#[must_use]
pub fn jitter(duration: Duration, uid: &str, salt: u64) -> Duration {
    let mut hasher = DefaultHasher::new();
    (uid, salt).hash(&mut hasher);
    let permille = 800 + u32::try_from(hasher.finish() % 401).unwrap_or(200);
    duration.saturating_mul(permille) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_five_minutes_and_stay_within_a_fifth() {
        for (count, seconds) in [(1, 1.0), (2, 2.0), (5, 16.0), (20, 300.0), (u32::MAX, 300.0)] {
            let d = delay(count, "u").as_secs_f64();
            assert!(d >= seconds * 0.8 - 0.01 && d <= seconds * 1.2 + 0.01, "{count}: {d}");
        }
        assert_ne!(delay(9, "a"), delay(9, "b"));
    }

    #[test]
    fn what_others_keep_from_going_is_looked_at_after_a_tenth_of_its_wait() {
        for (waited, wait) in [(-1, 5), (0, 5), (59, 5), (60, 6), (300, 30), (600, 60), (i64::MAX, 60)] {
            assert_eq!(blocked(waited), Duration::from_secs(wait), "{waited}");
        }
    }

    #[test]
    fn what_is_missing_twice_at_once_is_not_gone_yet() {
        let mut failed = Failed::default();
        let after = |seconds: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let mut gone = |long, seconds| failed.gone("u", long, after(seconds));
        assert!(!gone(Some(GONE), 0) && !gone(Some(GONE), 4));
        assert!(gone(Some(GONE), 5));
        assert!(!gone(None, 6) && !gone(Some(GONE), 12));
        for look in 0..5 {
            assert!(!gone(Some(VANISHED), 13 + look), "too soon");
        }
        assert!(!gone(Some(VANISHED), 31) && gone(Some(VANISHED), 32));
    }

    #[test]
    fn few_looks_over_a_long_time_are_not_enough_either() {
        let mut failed = Failed::default();
        let mut vanished =
            |seconds: i64| failed.gone("u", Some(VANISHED), Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds));
        assert!(!(0..5).any(|look| vanished(look * 100)));
        assert!(vanished(500));
    }

    #[test]
    fn an_edit_starts_the_count_anew() {
        let mut failed = Failed::default();
        let at = Timestamp::UNIX_EPOCH;
        failed.add("u", "1", at);
        assert_eq!(failed.add("u", "1", at).count, 2);
        assert!(failed.of("u", "2").is_none());
        assert_eq!(failed.add("u", "2", at).count, 1);
    }

    #[test]
    fn a_success_forgets_the_failures_and_the_end_of_the_object_everything() {
        let (mut failed, at) = (Failed::default(), Timestamp::UNIX_EPOCH);
        failed.add("u", "1", at);
        assert_eq!(failed.of("u", "1").map(|failures| failures.count), Some(1));
        failed.clear("u");
        assert_eq!(failed.of("u", "1"), None);
        failed.add("u", "1", at);
        failed.gone("u", Some(GONE), at);
        failed.forget("u");
        assert_eq!(failed.of("u", "1"), None);
        assert!(!failed.gone("u", Some(GONE), at + GONE.long), "it is looked for anew");
    }
}
