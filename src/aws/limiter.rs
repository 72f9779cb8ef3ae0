//! Token buckets per (account, region, throttle category), served by priority, adapting to throttling.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::lock;
use super::op::{Op, Priority};
use super::quota::{Bucket, Quota};
use super::scope::Scope;

/// A throttled answer multiplies the rate by this, at most once a second.
const CUT: f64 = 0.7;
/// Each second without throttling gives back this part of the nominal rate.
const RAISE: f64 = 0.02;
/// The rate never falls below this part of the nominal rate.
const FLOOR: f64 = 0.05;
/// One grant in so many goes to the sweep, so that edits cannot starve it.
const SWEEP_TURN: u64 = 10;
const SECOND: Duration = Duration::from_secs(1);
const ROUNDING: f64 = 1e-9;

/// How much of AWS's quotas the operator may use.
#[derive(Clone, Debug, PartialEq)]
pub struct LimiterSettings {
    /// Part of each bucket's burst and refill that is ours, over 0 and up to 1.
    pub share: f64,
    /// Quotas that AWS has raised for the account.
    pub quotas: BTreeMap<Bucket, Quota>,
}

impl Default for LimiterSettings {
    fn default() -> Self {
        Self { share: 0.5, quotas: BTreeMap::new() }
    }
}

/// All buckets of this process.
#[derive(Debug)]
pub struct Limiter {
    settings: LimiterSettings,
    queues: Mutex<BTreeMap<(Scope, Bucket), Arc<Queue>>>,
    /// Shares of accounts that have one of their own, by account id and by who says so.
    shares: Mutex<BTreeMap<String, BTreeMap<String, f64>>>,
}

impl Limiter {
    /// A limiter whose buckets start half full.
    pub fn new(settings: LimiterSettings) -> Self {
        Self { settings, queues: Mutex::default(), shares: Mutex::default() }
    }

    /// Waits for a token of the operation's bucket; returns how long it waited.
    ///
    /// Waiters are served by priority, equals in order of arrival. Dropping the future gives up the place.
    pub async fn acquire(&self, scope: &Scope, op: Op, priority: Priority) -> Duration {
        let started = Instant::now();
        let ticket = Ticket::draw(self.queue(scope, op.bucket()), priority);
        loop {
            let now = Instant::now();
            match ticket.turn(now) {
                Turn::Go => return now.duration_since(started),
                Turn::At(at) => tokio::select! {
                    biased;
                    () = ticket.woken.notified() => {}
                    () = sleep_until(at) => {}
                },
                Turn::Behind => ticket.woken.notified().await,
            }
        }
    }

    /// Tells that AWS throttled a call: the bucket is emptied and its rate cut.
    pub fn throttled(&self, scope: &Scope, op: Op) {
        lock(&self.queue(scope, op.bucket()).tokens).cut(Instant::now());
    }

    /// The rate a bucket refills at now, in calls a second.
    pub fn rate(&self, scope: &Scope, bucket: Bucket) -> f64 {
        let queue = self.queue(scope, bucket);
        let mut tokens = lock(&queue.tokens);
        tokens.refill(Instant::now());
        tokens.rate
    }

    /// Sets the share of an account's quotas that is ours, as `name` says it; without one, that of the settings. Where
    /// several speak of one account, the smallest holds.
    pub fn set_share(&self, account: &str, name: &str, share: Option<f64>) {
        let before = self.share(account);
        {
            let mut shares = lock(&self.shares);
            match share {
                Some(share) => shares.entry(account.to_owned()).or_default().insert(name.to_owned(), share),
                None => shares.get_mut(account).and_then(|of| of.remove(name)),
            };
        }
        if self.share(account).total_cmp(&before).is_ne() {
            lock(&self.queues).retain(|(scope, _), _| scope.account.name() != account);
        }
    }

    /// All buckets as they are now.
    pub(crate) fn levels(&self) -> Vec<Level> {
        let now = Instant::now();
        let queues: Vec<_> = lock(&self.queues).iter().map(|(of, queue)| (of.clone(), Arc::clone(queue))).collect();
        let level = |((scope, bucket), queue): ((Scope, Bucket), Arc<Queue>)| {
            let mut tokens = lock(&queue.tokens);
            tokens.refill(now);
            let mut waiting: BTreeMap<Priority, usize> = Priority::ALL.map(|priority| (priority, 0)).into();
            for (priority, _) in tokens.waiting.keys() {
                *waiting.entry(*priority).or_default() += 1;
            }
            Level { scope, bucket, tokens: tokens.level, rate: tokens.rate, waiting }
        };
        queues.into_iter().map(level).collect()
    }

    fn share(&self, account: &str) -> f64 {
        let shares = lock(&self.shares);
        let smallest = shares.get(account).and_then(|of| of.values().copied().min_by(f64::total_cmp));
        smallest.unwrap_or(self.settings.share)
    }

    fn queue(&self, scope: &Scope, bucket: Bucket) -> Arc<Queue> {
        let mut queues = lock(&self.queues);
        if let Some(queue) = queues.get(&(scope.clone(), bucket)) {
            return Arc::clone(queue);
        }
        let quota = self.settings.quotas.get(&bucket).copied().unwrap_or(bucket.quota());
        let share = self.share(scope.account.name());
        let queue = Arc::new(Queue { tokens: Mutex::new(Tokens::new(quota, share, Instant::now())) });
        queues.insert((scope.clone(), bucket), Arc::clone(&queue));
        queue
    }
}

/// A bucket at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    /// The account as it is counted, and the region.
    pub(crate) scope: Scope,
    /// Which bucket.
    pub(crate) bucket: Bucket,
    /// Tokens in it.
    pub(crate) tokens: f64,
    /// Tokens that come in a second.
    pub(crate) rate: f64,
    /// Calls that wait.
    pub(crate) waiting: BTreeMap<Priority, usize>,
}

#[derive(Debug)]
struct Queue {
    tokens: Mutex<Tokens>,
}

type Place = (Priority, u64);

#[derive(Debug)]
struct Tokens {
    nominal: f64,
    capacity: f64,
    rate: f64,
    level: f64,
    refilled: Instant,
    raised: Instant,
    cut: Option<Instant>,
    grants: u64,
    arrivals: u64,
    waiting: BTreeMap<Place, Arc<Notify>>,
}

enum Turn {
    Go,
    At(Instant),
    Behind,
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
        }
    }

    /// Adds what has run in until `now`, second by second while the rate recovers.
    fn refill(&mut self, now: Instant) {
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

    fn cut(&mut self, now: Instant) {
        self.refill(now);
        if self.cut.is_some_and(|last| now.saturating_duration_since(last) < SECOND) {
            return;
        }
        self.rate = (self.rate * CUT).max(self.nominal * FLOOR);
        self.level = 0.0;
        self.raised = now;
        self.cut = Some(now);
    }

    /// Whose turn it is: the first place, or now and then the first sweep.
    fn head(&self) -> Option<Place> {
        let first = self.waiting.keys().next().copied();
        if self.grants % SWEEP_TURN != SWEEP_TURN - 1 {
            return first;
        }
        let sweeps = (Priority::Sweep, 0)..(Priority::Prune, 0);
        self.waiting.range(sweeps).next().map(|(place, _)| *place).or(first)
    }

    /// Pruning may only use what nobody else is likely to need.
    fn need(&self, priority: Priority) -> f64 {
        if priority == Priority::Prune { (self.capacity / 2.0).max(1.0) } else { 1.0 }
    }

    fn take(&mut self, place: Place, now: Instant) -> Turn {
        self.refill(now);
        if self.head() != Some(place) {
            return Turn::Behind;
        }
        let missing = self.need(place.0) - self.level;
        if missing > ROUNDING {
            return Turn::At(now + Duration::from_secs_f64(missing / self.rate));
        }
        self.level = (self.level - 1.0).max(0.0);
        self.grants += 1;
        self.leave(place);
        Turn::Go
    }

    fn leave(&mut self, place: Place) {
        if self.waiting.remove(&place).is_none() {
            return;
        }
        if let Some(next) = self.head().and_then(|head| self.waiting.get(&head)) {
            next.notify_one();
        }
    }
}

/// A place in the queue; given up when dropped.
struct Ticket {
    queue: Arc<Queue>,
    place: Place,
    woken: Arc<Notify>,
}

impl Ticket {
    fn draw(queue: Arc<Queue>, priority: Priority) -> Self {
        let woken = Arc::new(Notify::new());
        let mut tokens = lock(&queue.tokens);
        tokens.arrivals += 1;
        let place = (priority, tokens.arrivals);
        tokens.waiting.insert(place, Arc::clone(&woken));
        drop(tokens);
        Self { queue, place, woken }
    }

    fn turn(&self, now: Instant) -> Turn {
        lock(&self.queue.tokens).take(self.place, now)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        lock(&self.queue.tokens).leave(self.place);
    }
}

#[cfg(test)]
#[path = "limiter_tests.rs"]
mod tests;
