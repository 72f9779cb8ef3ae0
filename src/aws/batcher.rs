//! Single reads gathered into full ones: names in, one answer for each name out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::classify::code;
use super::error::AwsError;
use super::lock;
use super::metrics::AwsMetrics;
use super::op::{Op, Priority};
use super::scope::Scope;

/// What was found under one name: something, nothing, or why it could not be read.
pub type Found<T> = Result<Option<T>, AwsError>;
/// The answers of one request, by the name that was asked for.
pub type Answers<T> = BTreeMap<String, Found<T>>;

/// Batches of one kind of read are kept apart by scope and, where AWS asks for it, by cluster.
pub type Key = (Scope, String);

type Running<T> = BoxFuture<'static, Arc<Answers<T>>>;

/// Gathers the names asked for within a short window into one request.
///
/// The callers drive the request themselves: it goes on as long as one of them waits, and
/// ends with the last. A caller joins only while the request has not been sent, so nobody
/// gets an answer older than the question.
pub struct Batcher<T> {
    op: Op,
    limit: usize,
    window: Duration,
    metrics: AwsMetrics,
    open: Mutex<BTreeMap<Key, Open<T>>>,
}

struct Open<T> {
    members: Arc<Members>,
    running: WeakShared<Running<T>>,
}

#[derive(Debug)]
struct Members {
    gathered: Mutex<Gathered>,
    full: Notify,
}

#[derive(Debug)]
struct Gathered {
    names: BTreeSet<String>,
    priority: Priority,
    closed: bool,
}

impl<T> fmt::Debug for Batcher<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batcher").field("op", &self.op).field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Members {
    fn new(name: &str, priority: Priority) -> Arc<Self> {
        let gathered = Gathered { names: BTreeSet::from([name.to_owned()]), priority, closed: false };
        Arc::new(Self { gathered: Mutex::new(gathered), full: Notify::new() })
    }

    /// Adds a name if the batch still takes it.
    fn join(&self, name: &str, priority: Priority, limit: usize) -> bool {
        let mut gathered = lock(&self.gathered);
        if gathered.closed || (gathered.names.len() >= limit && !gathered.names.contains(name)) {
            return false;
        }
        gathered.names.insert(name.to_owned());
        gathered.priority = gathered.priority.min(priority);
        if gathered.names.len() >= limit {
            self.full.notify_one();
        }
        true
    }

    /// Nobody joins any more.
    fn close(&self) -> (Vec<String>, Priority) {
        let mut gathered = lock(&self.gathered);
        gathered.closed = true;
        (gathered.names.iter().cloned().collect(), gathered.priority)
    }
}

impl<T: Clone + Send + Sync + 'static> Batcher<T> {
    /// At most `limit` names a request; `window` is how long the first waits for others.
    pub fn new(op: Op, limit: usize, window: Duration, metrics: &AwsMetrics) -> Self {
        Self { op, limit, window, metrics: metrics.clone(), open: Mutex::default() }
    }

    /// Reads one name. `fetch` reads several with the highest priority among them, and is
    /// only called if this caller is the first of its batch.
    pub async fn get<F, Fut>(&self, key: Key, name: &str, priority: Priority, fetch: F) -> Found<T>
    where
        F: FnOnce(Vec<String>, Priority) -> Fut + Send + 'static,
        Fut: Future<Output = Answers<T>> + Send + 'static,
    {
        let answers = self.join(key, name, priority, fetch).await;
        answers.get(name).cloned().unwrap_or_else(|| Err(unanswered(self.op, name)))
    }

    fn join<F, Fut>(&self, key: Key, name: &str, priority: Priority, fetch: F) -> Shared<Running<T>>
    where
        F: FnOnce(Vec<String>, Priority) -> Fut + Send + 'static,
        Fut: Future<Output = Answers<T>> + Send + 'static,
    {
        let mut open = lock(&self.open);
        let running = open.get(&key).and_then(|batch| batch.running.upgrade().map(|running| (&batch.members, running)));
        if let Some((members, running)) = running
            && members.join(name, priority, self.limit)
        {
            return running;
        }
        let members = Members::new(name, priority);
        let (metrics, op) = (self.metrics.clone(), self.op);
        let fetch = move |names: Vec<String>, priority| {
            metrics.batched(op, names.len());
            fetch(names, priority)
        };
        let running = gather(Arc::clone(&members), self.window, self.limit, fetch).shared();
        // What nobody waits for any more is dropped here, so the map does not grow with old keys.
        open.retain(|_, batch| batch.running.upgrade().is_some());
        if let Some(weak) = running.downgrade() {
            open.insert(key, Open { members, running: weak });
        }
        running
    }
}

fn gather<T, F, Fut>(members: Arc<Members>, window: Duration, limit: usize, fetch: F) -> Running<T>
where
    T: Send + Sync + 'static,
    F: FnOnce(Vec<String>, Priority) -> Fut + Send + 'static,
    Fut: Future<Output = Answers<T>> + Send + 'static,
{
    Box::pin(async move {
        if limit > 1 {
            tokio::select! {
                biased;
                () = members.full.notified() => {}
                () = sleep(window) => {}
            }
        }
        let (names, priority) = members.close();
        Arc::new(fetch(names, priority).await)
    })
}

/// Neither found nor reported missing: not an answer to build on.
pub(super) fn unanswered(op: Op, name: &str) -> AwsError {
    AwsError::new(op.name(), code::UNANSWERED, &format!("the answer says nothing about {name}"))
}
