//! A brake on mass deletion: once a large part of the services goes within minutes, the rest goes one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::aws::lock;

/// Deletions count for so long.
const WINDOW: Duration = Duration::from_mins(10);
/// While the brake holds, one deletion in this time.
pub const ONE_EACH: Duration = Duration::from_mins(1);
/// So many deletions are nothing out of the ordinary, however few services there are.
const ORDINARY: usize = 10;

/// The deletions of the last minutes, by the UID of the object.
#[derive(Clone, Debug, Default)]
pub struct Brake(Arc<Mutex<BTreeMap<String, Instant>>>);

impl Brake {
    /// May the service of this object be deleted now? `share` is the part of all services that may go unhindered within
    /// ten minutes; `present` are the objects of all services. `Err` says when to ask again.
    pub fn admit(&self, uid: &str, present: &BTreeSet<String>, share: f64) -> Result<(), Duration> {
        let now = Instant::now();
        let mut deleted = lock(&self.0);
        deleted.retain(|_, at| now.duration_since(*at) < WINDOW);
        if deleted.contains_key(uid) {
            return Ok(());
        }
        let gone = deleted.keys().filter(|gone| !present.contains(*gone)).count();
        #[expect(clippy::cast_precision_loss, reason = "counts of objects")]
        let part = (present.len() + gone) as f64 * share;
        #[expect(clippy::cast_precision_loss, reason = "counts of objects")]
        let many = deleted.len() >= ORDINARY && deleted.len() as f64 >= part;
        let last = deleted.values().max();
        if let Some(last) = last.filter(|last| many && now.duration_since(**last) < ONE_EACH) {
            return Err(ONE_EACH.saturating_sub(now.duration_since(*last)));
        }
        deleted.insert(uid.to_owned(), now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn uids(count: usize) -> BTreeSet<String> {
        (0..count).map(|n| format!("{n:03}")).collect()
    }

    fn deleted(brake: &Brake, all: &BTreeSet<String>, share: f64) -> usize {
        all.iter().filter(|uid| brake.admit(uid, all, share).is_ok()).count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_fifth_goes_at_once_and_then_one_a_minute() {
        let (brake, mut all) = (Brake::default(), uids(100));
        assert_eq!(deleted(&brake, &all, 0.2), 20);
        assert!(brake.admit("000", &all, 0.2).is_ok(), "a repeat is no other deletion");
        // What is deleted leaves; that does not tighten the brake, nor loosen it.
        all = all.into_iter().skip(20).collect();
        assert_eq!(brake.admit("020", &all, 0.2), Err(ONE_EACH));
        advance(Duration::from_secs(45)).await;
        assert_eq!(brake.admit("020", &all, 0.2), Err(Duration::from_secs(15)));
        advance(Duration::from_secs(15)).await;
        assert_eq!(deleted(&brake, &all, 0.2), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn few_deletions_are_ordinary_time_frees_them_and_the_whole_share_lifts_the_brake() {
        let (brake, all) = (Brake::default(), uids(12));
        assert_eq!(deleted(&brake, &all, 0.2), 10);
        advance(WINDOW).await;
        assert_eq!(deleted(&brake, &all, 0.2), 10);
        assert_eq!(deleted(&Brake::default(), &uids(500), 1.0), 500);
    }
}
