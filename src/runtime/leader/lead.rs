//! Who may act, as the rest of the process sees it: nobody yet, we until a moment, or never again.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::aws::Fence;

/// Where a process stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is no election: this process always acts.
    Alone,
    /// Another process leads, or none.
    Standby,
    /// This process leads until that moment of its own clock, unless it renews.
    Until(Instant),
    /// This process led and does so no more; another life may.
    Over,
}

/// The leadership of this process; each clone is the same.
#[derive(Clone, Debug)]
pub struct Lead(Arc<watch::Sender<Standing>>);

impl Lead {
    /// Of a process that is alone.
    pub fn alone() -> Self {
        Self(Arc::new(watch::Sender::new(Standing::Alone)))
    }

    /// Of a process that stands for election.
    pub fn standby() -> Self {
        Self(Arc::new(watch::Sender::new(Standing::Standby)))
    }

    /// Where it stands; a leadership whose time is over is over.
    pub fn standing(&self) -> Standing {
        match *self.0.borrow() {
            Standing::Until(end) if Instant::now() >= end => Standing::Over,
            standing @ (Standing::Alone | Standing::Standby | Standing::Until(_) | Standing::Over) => standing,
        }
    }

    /// May this process write now? Asked after the last wait before each write.
    pub fn holds(&self) -> bool {
        matches!(self.standing(), Standing::Alone | Standing::Until(_))
    }

    /// The question as the gate to AWS asks it.
    pub fn fence(&self) -> Fence {
        let lead = self.clone();
        Arc::new(move || lead.holds())
    }

    /// Leads until this moment. A leadership that is over stays over: whoever followed may lead already.
    pub fn extend(&self, until: Instant) -> bool {
        let now = Instant::now();
        let open = |standing: Standing| match standing {
            Standing::Standby => now < until,
            Standing::Until(end) => now < end && now < until,
            Standing::Alone | Standing::Over => false,
        };
        self.0.send_if_modified(|standing| {
            let goes_on = open(*standing);
            if goes_on {
                *standing = Standing::Until(until);
            }
            goes_on
        })
    }

    /// Gives up: from now on nothing is written.
    pub fn give_up(&self) {
        self.0.send_replace(Standing::Over);
    }

    /// Waits until this process may act.
    pub async fn gained(&self) {
        let mut seen = self.0.subscribe();
        let acts = |standing: &Standing| matches!(standing, Standing::Alone | Standing::Until(_));
        // The sender lives as long as we do.
        let _ = seen.wait_for(acts).await;
    }

    /// Waits until this process led and does so no more.
    pub async fn lost(&self) {
        let mut seen = self.0.subscribe();
        loop {
            let standing = *seen.borrow_and_update();
            let end = match standing {
                Standing::Over => return,
                Standing::Until(end) => Some(end),
                Standing::Alone | Standing::Standby => None,
            };
            tokio::select! {
                biased;
                changed = seen.changed() => if changed.is_err() { return },
                () = expiry(end) => return,
            }
        }
    }
}

async fn expiry(end: Option<Instant>) {
    match end {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn leadership_ends_by_itself_and_no_late_renewal_brings_it_back() {
        let lead = Lead::standby();
        let fence = lead.fence();
        assert!(!fence());
        assert!(lead.extend(Instant::now() + 10 * SECOND));
        lead.gained().await;
        tokio::time::advance(9 * SECOND).await;
        assert!(fence() && lead.extend(Instant::now() + 10 * SECOND));
        tokio::time::advance(Duration::from_millis(9_999)).await;
        assert!(fence());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!fence() && lead.standing() == Standing::Over);
        assert!(!lead.extend(Instant::now() + 10 * SECOND) && !fence());
    }

    #[tokio::test(start_paused = true)]
    async fn the_loss_is_told_at_the_deadline_that_holds_last() {
        let lead = Lead::standby();
        let began = Instant::now();
        lead.extend(began + 2 * SECOND);
        let waits = tokio::spawn({
            let lead = lead.clone();
            async move { lead.lost().await }
        });
        tokio::time::sleep(SECOND).await;
        lead.extend(began + 5 * SECOND);
        waits.await.unwrap();
        assert_eq!(began.elapsed(), 5 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_is_alone_acts_at_once_and_for_ever() {
        let lead = Lead::alone();
        lead.gained().await;
        let lost = tokio::time::timeout(Duration::from_hours(1), lead.lost()).await;
        assert!(lead.holds() && lost.is_err());
        lead.give_up();
        lead.lost().await;
        assert!(!lead.holds());
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_whose_time_is_over_before_its_answer_came_does_not_lead() {
        let lead = Lead::standby();
        let sent = Instant::now();
        tokio::time::advance(11 * SECOND).await;
        assert!(!lead.extend(sent + 10 * SECOND) && !lead.holds());
    }
}
