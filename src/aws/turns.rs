//! One throttle bucket and who waits for it: tokens, their rate, and whose turn it is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::asker::Raise;
use super::lock;
use super::op::Priority;
use super::quota::Quota;

/// A throttled answer multiplies the rate by this, at most once a second.
const CUT: f64 = 0.7;
/// Each second without throttling gives back this part of the nominal rate.
const RAISE: f64 = 0.02;
/// The rate never falls below this part of the nominal rate.
pub(super) const FLOOR: f64 = 0.05;
/// One grant in so many goes to the sweep, so that edits cannot starve it.
const SWEEP_TURN: u64 = 10;
const SECOND: Duration = Duration::from_secs(1);
const ROUNDING: f64 = 1e-9;

/// The bucket and its waiters.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) tokens: Mutex<Tokens>,
}

/// Order in the queue: class, round of its party, arrival.
type Place = (Priority, u64, u64);

#[derive(Debug)]
struct Waiter {
    party: String,
    woken: Arc<Notify>,
}

/// Rounds of one class: in each round every party gets one turn.
#[derive(Debug, Default)]
struct Rounds {
    now: u64,
    last: BTreeMap<String, u64>,
}

#[derive(Debug)]
pub(super) struct Tokens {
    nominal: f64,
    capacity: f64,
    pub(super) rate: f64,
    level: f64,
    refilled: Instant,
    raised: Instant,
    cut: Option<Instant>,
    pub(super) grants: u64,
    arrivals: u64,
    waiting: BTreeMap<Place, Waiter>,
    places: BTreeMap<u64, Place>,
    rounds: BTreeMap<Priority, Rounds>,
}

enum Turn {
    Go,
    At(Instant),
    Behind,
}

impl Queue {
    pub(super) fn new(quota: Quota, share: f64, now: Instant) -> Self {
        Self { tokens: Mutex::new(Tokens::new(quota, share, now)) }
    }
}

impl Tokens {
    fn new(quota: Quota, share: f64, now: Instant) -> Self {
        let nominal = (quota.refill * share).max(0.01);
        let capacity = (quota.burst * share).max(1.0);
        Self {
            nominal,
            capacity,
            rate: nominal,
            level: (capacity / 2.0).max(1.0),
            refilled: now,
            raised: now,
            cut: None,
            grants: 0,
            arrivals: 0,
            waiting: BTreeMap::new(),
            places: BTreeMap::new(),
            rounds: BTreeMap::new(),
        }
    }

    /// How many there are, as of the last refill.
    pub(super) fn level(&self) -> f64 {
        self.level
    }

    /// How many calls of each class wait.
    pub(super) fn waiting(&self) -> BTreeMap<Priority, usize> {
        let mut waiting: BTreeMap<Priority, usize> = Priority::ALL.map(|priority| (priority, 0)).into();
        for (priority, _, _) in self.waiting.keys() {
            *waiting.entry(*priority).or_default() += 1;
        }
        waiting
    }

    /// Adds what has run in until `now`, second by second while the rate recovers.
    pub(super) fn refill(&mut self, now: Instant) {
        while self.rate < self.nominal && self.raised + SECOND <= now {
            let step = self.raised + SECOND;
            self.run_in(step);
            self.rate = (self.rate + RAISE * self.nominal).min(self.nominal);
            self.raised = step;
        }
        self.run_in(now);
    }

    fn run_in(&mut self, until: Instant) {
        let seconds = until.saturating_duration_since(self.refilled).as_secs_f64();
        self.level = (self.level + self.rate * seconds).min(self.capacity);
        self.refilled = self.refilled.max(until);
    }

    /// AWS refused a call: slower from now on.
    pub(super) fn cut(&mut self, now: Instant) {
        self.refill(now);
        if self.cut.is_some_and(|last| now.saturating_duration_since(last) < SECOND) {
            return;
        }
        self.rate = (self.rate * CUT).max(self.nominal * FLOOR);
        self.level = 0.0;
        self.raised = now;
        self.cut = Some(now);
    }

    /// A token that was not used.
    pub(super) fn give_back(&mut self, now: Instant) {
        self.refill(now);
        self.level = (self.level + 1.0).min(self.capacity);
    }

    #[cfg(test)]
    pub(super) fn nobody_waits(&self) -> bool {
        self.waiting.is_empty() && self.places.is_empty()
    }

    fn arrive(&mut self, priority: Priority, party: String, woken: Arc<Notify>) -> u64 {
        self.arrivals += 1;
        let id = self.arrivals;
        self.line_up(id, priority, Waiter { party, woken });
        id
    }

    fn line_up(&mut self, id: u64, priority: Priority, waiter: Waiter) {
        let rounds = self.rounds.entry(priority).or_default();
        let next = rounds.last.get(&waiter.party).map_or(rounds.now, |last| (last + 1).max(rounds.now));
        rounds.last.insert(waiter.party.clone(), next);
        let place = (priority, next, id);
        self.places.insert(id, place);
        self.waiting.insert(place, waiter);
    }

    fn raise(&mut self, id: u64, priority: Priority) {
        let Some(place) = self.places.get(&id).copied().filter(|place| priority < place.0) else { return };
        let Some(waiter) = self.waiting.remove(&place) else { return };
        self.line_up(id, priority, waiter);
        self.wake_head();
    }

    /// Whose turn it is: the first place, or now and then the first sweep.
    fn head(&self) -> Option<Place> {
        let first = self.waiting.keys().next().copied();
        if self.grants % SWEEP_TURN != SWEEP_TURN - 1 {
            return first;
        }
        let sweeps = (Priority::Sweep, 0, 0)..(Priority::Prune, 0, 0);
        self.waiting.range(sweeps).next().map(|(place, _)| *place).or(first)
    }

    /// Pruning may only use what nobody else is likely to need.
    fn need(&self, priority: Priority) -> f64 {
        if priority == Priority::Prune { (self.capacity / 2.0).max(1.0) } else { 1.0 }
    }

    fn take(&mut self, id: u64, now: Instant) -> Turn {
        self.refill(now);
        let Some(place) = self.places.get(&id).copied().filter(|place| self.head() == Some(*place)) else {
            return Turn::Behind;
        };
        let missing = self.need(place.0) - self.level;
        if missing > ROUNDING {
            return Turn::At(now + Duration::from_secs_f64(missing / self.rate));
        }
        self.level = (self.level - 1.0).max(0.0);
        self.grants += 1;
        if let Some(rounds) = self.rounds.get_mut(&place.0) {
            rounds.now = place.1;
        }
        self.leave(id);
        Turn::Go
    }

    fn leave(&mut self, id: u64) {
        let Some(place) = self.places.remove(&id) else { return };
        self.waiting.remove(&place);
        let class = (place.0, 0, 0)..=(place.0, u64::MAX, u64::MAX);
        if self.waiting.range(class).next().is_none() {
            self.rounds.remove(&place.0);
        }
        self.wake_head();
    }

    fn wake_head(&self) {
        if let Some(next) = self.head().and_then(|head| self.waiting.get(&head)) {
            next.woken.notify_one();
        }
    }
}

/// A place in the queue; given up when dropped.
#[derive(Debug)]
struct Ticket {
    queue: Arc<Queue>,
    id: u64,
    woken: Arc<Notify>,
}

impl Ticket {
    fn draw(queue: &Arc<Queue>, priority: Priority, party: &str) -> Self {
        let woken = Arc::new(Notify::new());
        let id = lock(&queue.tokens).arrive(priority, party.to_owned(), Arc::clone(&woken));
        Self { queue: Arc::clone(queue), id, woken }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        lock(&self.queue.tokens).leave(self.id);
    }
}

/// How urgent one request is, which may change while it waits.
#[derive(Debug)]
pub(super) struct Urgency(Mutex<(Priority, Weak<Ticket>)>);

impl Urgency {
    pub(super) fn new(priority: Priority) -> Arc<Self> {
        Arc::new(Self(Mutex::new((priority, Weak::new()))))
    }

    pub(super) fn get(&self) -> Priority {
        lock(&self.0).0
    }

    /// Waits for a token of the bucket.
    pub(super) async fn wait(&self, queue: &Arc<Queue>, party: &str) {
        let ticket = {
            let mut state = lock(&self.0);
            let ticket = Arc::new(Ticket::draw(queue, state.0, party));
            state.1 = Arc::downgrade(&ticket);
            ticket
        };
        loop {
            let turn = lock(&queue.tokens).take(ticket.id, Instant::now());
            match turn {
                Turn::Go => return,
                Turn::At(at) => tokio::select! {
                    biased;
                    () = ticket.woken.notified() => {}
                    () = sleep_until(at) => {}
                },
                Turn::Behind => ticket.woken.notified().await,
            }
        }
    }
}

impl Raise for Urgency {
    fn raise(&self, priority: Priority) {
        let mut state = lock(&self.0);
        if state.0 <= priority {
            return;
        }
        state.0 = priority;
        let ticket = state.1.upgrade();
        drop(state);
        if let Some(ticket) = ticket {
            lock(&ticket.queue.tokens).raise(ticket.id, priority);
        }
    }
}
