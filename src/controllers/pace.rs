//! How often a status is written while nothing but its counts moves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::aws::lock;

/// While only counts move, one write in this time.
const EVERY: Duration = Duration::from_secs(2);

/// When the status of each object was last written, by UID; only of the last seconds.
#[derive(Clone, Debug, Default)]
pub struct Pace(Arc<Mutex<BTreeMap<String, Instant>>>);

impl Pace {
    /// How long a write that tells only of counts has to wait.
    pub fn wait(&self, uid: &str) -> Option<Duration> {
        let last = *lock(&self.0).get(uid)?;
        EVERY.checked_sub(last.elapsed()).filter(|left| !left.is_zero())
    }

    /// The status is written now.
    pub fn wrote(&self, uid: &str) {
        let mut written = lock(&self.0);
        written.retain(|_, at| at.elapsed() < EVERY);
        written.insert(uid.to_owned(), Instant::now());
    }
}

/// Do two statuses differ in nothing but numbers and the messages that tell them?
pub fn only_counts<S: Serialize>(one: &S, other: &S) -> bool {
    let masked = |status: &S| serde_json::to_value(status).map(masked).ok();
    masked(one).is_some_and(|one| Some(one) == masked(other))
}

/// A value without its numbers, but for generations, and without messages.
pub fn masked(value: Value) -> Value {
    match value {
        Value::Number(_) => Value::Null,
        Value::Array(items) => items.into_iter().map(masked).collect(),
        Value::Object(members) => {
            let mask = |(name, value): (String, Value)| {
                let kept = match name.as_str() {
                    "message" => Value::Null,
                    // The generation is no count.
                    "observedGeneration" => value,
                    _ => masked(value),
                };
                (name, kept)
            };
            Value::Object(members.into_iter().map(mask).collect())
        }
        other @ (Value::Null | Value::Bool(_) | Value::String(_)) => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_and_messages_are_told_from_all_else() {
        let status = |running: i32, generation: i32, reason: &str, message: &str| {
            let ready = json!({"type": "Ready", "reason": reason, "message": message});
            json!({"runningCount": running, "observedGeneration": generation, "conditions": [ready]})
        };
        let one = status(1, 1, "Progressing", "1 of 3 tasks");
        assert!(only_counts(&one, &status(2, 1, "Progressing", "2 of 3 tasks")));
        assert!(!only_counts(&one, &status(1, 2, "Progressing", "1 of 3 tasks")));
        assert!(!only_counts(&one, &status(1, 1, "Succeeded", "1 of 3 tasks")));
        assert!(!only_counts(&one, &json!({"runningCount": 1})));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_write_two_seconds_pass_for_that_object_only() {
        let pace = Pace::default();
        assert_eq!(pace.wait("a"), None);
        pace.wrote("a");
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!((pace.wait("a"), pace.wait("b")), (Some(Duration::from_millis(1_500)), None));
        tokio::time::advance(Duration::from_millis(1_500)).await;
        assert_eq!(pace.wait("a"), None);
        pace.wrote("b");
        assert_eq!(lock(&pace.0).len(), 1, "the past is forgotten");
    }
}
