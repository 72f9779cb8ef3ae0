//! An endpoint that does not answer is asked once in a while, by the most urgent; all other calls wait for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::lock;
use super::op::{Priority, Service};
use super::scope::Scope;

/// So many failures in a row, and the endpoint counts as out of order.
const OPENS_AFTER: u32 = 5;
/// Time between two probes.
pub(super) const PROBE_EVERY: Duration = Duration::from_secs(5);
/// A call waits this long for the endpoint, then its pass says so and comes back later.
const PATIENCE: Duration = Duration::from_secs(20);

/// All endpoints that were called.
#[derive(Debug, Default)]
pub(super) struct Breakers(Mutex<BTreeMap<(Scope, Service), Arc<Breaker>>>);

impl Breakers {
    pub(super) fn of(&self, scope: &Scope, service: Service) -> Arc<Breaker> {
        let mut all = lock(&self.0);
        if let Some(known) = all.get(&(scope.clone(), service)) {
            return Arc::clone(known);
        }
        Arc::clone(all.entry((scope.clone(), service)).or_default())
    }
}

/// One endpoint of an account and region.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

type Place = (Priority, u64);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open: Option<Open>,
    arrivals: u64,
    waiting: BTreeMap<Place, Arc<Notify>>,
}

#[derive(Debug)]
struct Open {
    probe_at: Instant,
    probing: bool,
}

enum Step {
    Through,
    Probe,
    At(Instant),
    Behind,
}

impl State {
    fn step(&mut self, place: Place, now: Instant) -> Step {
        let first = self.waiting.keys().next() == Some(&place);
        let Some(open) = self.open.as_mut() else { return Step::Through };
        if open.probing || !first {
            return Step::Behind;
        }
        if now < open.probe_at {
            return Step::At(open.probe_at);
        }
        open.probing = true;
        open.probe_at = now + PROBE_EVERY;
        Step::Probe
    }

    fn wake_first(&self) {
        if let Some(first) = self.waiting.values().next() {
            first.notify_one();
        }
    }
}

impl Breaker {
    /// Is the endpoint in order, as far as is known?
    pub(super) fn closed(&self) -> bool {
        lock(&self.0).open.is_none()
    }

    /// Lets a call through at once, or when the endpoint is in order again, or as the next probe; `Err` when that took
    /// too long.
    pub(super) async fn enter(self: &Arc<Self>, priority: Priority) -> Result<Option<Probe>, ()> {
        if self.closed() {
            return Ok(None);
        }
        let patience = Instant::now() + PATIENCE;
        let place = Waiting::line_up(self, priority);
        loop {
            let now = Instant::now();
            let step = lock(&self.0).step(place.at, now);
            let until = match step {
                Step::Through => return Ok(None),
                Step::Probe => return Ok(Some(Probe(Arc::clone(self)))),
                Step::At(at) => at.min(patience),
                Step::Behind => patience,
            };
            if now >= patience {
                return Err(());
            }
            tokio::select! {
                biased;
                () = place.woken.notified() => {}
                () = sleep_until(until) => {}
            }
        }
    }

    /// The endpoint answered, whatever it said. True: it had been out of order.
    pub(super) fn answered(&self) -> bool {
        let mut state = lock(&self.0);
        state.failures = 0;
        let recovered = state.open.take().is_some();
        if recovered {
            state.waiting.values().for_each(|waiting| waiting.notify_one());
        }
        recovered
    }

    /// The endpoint did not answer, or with a fault of its own. True: from now on it counts as out of order.
    pub(super) fn failed(&self) -> bool {
        let mut state = lock(&self.0);
        state.failures = state.failures.saturating_add(1);
        let opens = state.failures >= OPENS_AFTER && state.open.is_none();
        if opens {
            state.open = Some(Open { probe_at: Instant::now() + PROBE_EVERY, probing: false });
        }
        opens
    }
}

/// The one call that tries the endpoint.
#[derive(Debug)]
pub(super) struct Probe(Arc<Breaker>);

impl Drop for Probe {
    fn drop(&mut self) {
        let mut state = lock(&self.0.0);
        if let Some(open) = state.open.as_mut() {
            open.probing = false;
        }
        state.wake_first();
    }
}

struct Waiting<'a> {
    breaker: &'a Breaker,
    at: Place,
    woken: Arc<Notify>,
}

impl<'a> Waiting<'a> {
    fn line_up(breaker: &'a Breaker, priority: Priority) -> Self {
        let woken = Arc::new(Notify::new());
        let mut state = lock(&breaker.0);
        state.arrivals += 1;
        let at = (priority, state.arrivals);
        state.waiting.insert(at, Arc::clone(&woken));
        drop(state);
        Self { breaker, at, woken }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.breaker.0);
        state.waiting.remove(&self.at);
        state.wake_first();
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use tokio::time::timeout;

    use super::*;

    fn out_of_order() -> Arc<Breaker> {
        let breaker = Arc::new(Breaker::default());
        let opened: Vec<bool> = (0..6).map(|_| breaker.failed()).collect();
        assert_eq!(opened, [false, false, false, false, true, false]);
        breaker
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_between_failures_keeps_the_endpoint_in_order() {
        let breaker = Arc::new(Breaker::default());
        for _ in 0..20 {
            (0..4).for_each(|_| assert!(!breaker.failed()));
            assert!(!breaker.answered());
        }
        assert!(breaker.closed() && breaker.enter(Priority::Sweep).await.unwrap().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn one_probe_in_five_seconds_and_it_is_the_most_urgent() {
        let breaker = out_of_order();
        let (began, probes) = (Instant::now(), Mutex::new(Vec::new()));
        let calls = [Priority::Sweep, Priority::Edit, Priority::Cleanup, Priority::Sweep].map(|priority| {
            let (breaker, probes) = (&breaker, &probes);
            async move {
                if breaker.enter(priority).await.is_ok_and(|probe| probe.is_some()) {
                    lock(probes).push((priority, began.elapsed().as_secs()));
                    breaker.failed();
                }
            }
        });
        join_all(calls).await;
        let expected = [(Priority::Cleanup, 5), (Priority::Edit, 10), (Priority::Sweep, 15), (Priority::Sweep, 20)];
        assert_eq!(lock(&probes).as_slice(), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_else_goes_while_a_probe_is_under_way_and_all_go_after_its_answer() {
        let breaker = out_of_order();
        let probe = breaker.enter(Priority::Edit).await.unwrap();
        assert!(probe.is_some());
        let waits = timeout(Duration::from_secs(12), breaker.enter(Priority::Cleanup)).await;
        assert!(waits.is_err(), "a second probe went");
        let (answer, entered) = tokio::join!(
            async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                breaker.answered()
            },
            breaker.enter(Priority::Sweep)
        );
        assert!(answer && entered.unwrap().is_none() && breaker.closed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_given_up_lets_the_next_one_try_and_patience_ends() {
        let breaker = out_of_order();
        drop(breaker.enter(Priority::Edit).await);
        let began = Instant::now();
        let second = breaker.enter(Priority::Edit).await.unwrap();
        assert!(second.is_some() && began.elapsed() == PROBE_EVERY);
        let began = Instant::now();
        assert!(breaker.enter(Priority::Cleanup).await.is_err());
        assert_eq!(began.elapsed(), PATIENCE);
    }
}
