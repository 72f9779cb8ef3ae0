//! How often a failing watch is tried and told of.

use std::collections::BTreeMap;
use std::time::Duration;

use kube::runtime::utils::Backoff;
use kube::runtime::watcher::DefaultBackoff;
use tokio::time::Instant;

/// One line a minute about one watch.
const QUIET: Duration = Duration::from_mins(1);

/// When something was last said about each watch.
#[derive(Debug, Default)]
pub(super) struct Said(BTreeMap<usize, Instant>);

impl Said {
    /// A watch failed: is it time to say so?
    pub(super) fn again(&mut self, at: usize) -> bool {
        let now = Instant::now();
        let quiet = self.0.get(&at).is_some_and(|last| now.duration_since(*last) < QUIET);
        if !quiet {
            self.0.insert(at, now);
        }
        !quiet
    }
}

/// The pauses between tries of a watch, up to half a minute.
///
/// A watch announces each list that it is about to ask for. That is no success, and must not make the next pause short
/// again; what it tells after that does.
#[derive(Default)]
pub(super) struct Patience {
    pauses: DefaultBackoff,
    told: u32,
}

impl Iterator for Patience {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.told = 0;
        self.pauses.next()
    }
}

impl Backoff for Patience {
    fn reset(&mut self) {
        self.told = self.told.saturating_add(1);
        if self.told > 1 {
            self.pauses.reset();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_while_only_lists_are_announced_and_are_short_again_after_news() {
        let mut patience = Patience::default();
        for _ in 0..8 {
            patience.next();
            patience.reset();
        }
        assert!(patience.next() > Some(Duration::from_secs(10)));
        patience.reset();
        patience.reset();
        assert!(patience.next() < Some(Duration::from_secs(2)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_is_told_of_once_a_minute_each_for_itself() {
        let mut said = Said::default();
        assert!(said.again(0) && said.again(1) && !said.again(0));
        tokio::time::advance(Duration::from_secs(59)).await;
        assert!(!said.again(0));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(said.again(0) && !said.again(0));
    }
}
