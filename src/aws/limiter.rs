//! Token buckets per (account, region, throttle category), served by priority, adapting to throttling.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::asker::{Asker, Raise, Standing};
use super::lock;
use super::op::{Op, Priority};
use super::quota::{Bucket, Quota};
use super::scope::Scope;
use super::turns::{Queue, Urgency};

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
    /// Waiters are served by priority; those of one class by turns of their parties, each in order of arrival.
    /// Dropping the future gives up the place.
    pub async fn acquire(&self, scope: &Scope, op: Op, priority: Priority) -> Duration {
        let asked = Asked::of(priority);
        self.wait(scope, op, &asked.urgency, &asked.party).await
    }

    /// As [`Self::acquire`], for a request that may become more urgent meanwhile.
    pub(super) async fn wait(&self, scope: &Scope, op: Op, urgency: &Urgency, party: &str) -> Duration {
        let started = Instant::now();
        urgency.wait(&self.queue(scope, op.bucket()), party).await;
        started.elapsed()
    }

    /// Gives a token back that was not used.
    pub(super) fn give_back(&self, scope: &Scope, op: Op) {
        lock(&self.queue(scope, op.bucket()).tokens).give_back(Instant::now());
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
            let (level, waiting) = (tokens.level(), tokens.waiting());
            Level { scope, bucket, tokens: level, rate: tokens.rate, waiting }
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
        let queue = Arc::new(Queue::new(quota, share, Instant::now()));
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

/// One call of the asker at work, as it stands in queues.
pub(super) struct Asked {
    pub(super) urgency: Arc<Urgency>,
    pub(super) party: String,
    _standing: Option<Standing>,
}

impl Asked {
    pub(super) fn of(priority: Priority) -> Self {
        let Some(asker) = Asker::current() else {
            return Self { urgency: Urgency::new(priority), party: String::new(), _standing: None };
        };
        let (urgency, party) = (Urgency::new(priority), asker.party().to_owned());
        let raised: Arc<dyn Raise> = urgency.clone();
        let standing = Arc::clone(&asker).stand(Arc::downgrade(&raised));
        urgency.raise(asker.urgency(priority));
        Self { urgency, party, _standing: Some(standing) }
    }
}

#[cfg(test)]
#[path = "limiter_tests.rs"]
mod tests;
