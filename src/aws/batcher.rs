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

use super::asker::{Asker, Raise};
use super::classify::code;
use super::clients::Aws;
use super::error::AwsError;
use super::gate::prepaid;
use super::lock;
use super::metrics::AwsMetrics;
use super::op::{Op, Priority};
use super::scope::Scope;
use super::turns::Urgency;

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
    urgency: Arc<Urgency>,
    party: String,
}

#[derive(Debug)]
struct Gathered {
    names: BTreeSet<String>,
    closed: bool,
}

impl<T> fmt::Debug for Batcher<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batcher").field("op", &self.op).field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Members {
    fn new(name: &str, priority: Priority) -> Arc<Self> {
        let gathered = Gathered { names: BTreeSet::from([name.to_owned()]), closed: false };
        let party = Asker::current().map_or_else(String::new, |asker| asker.party().to_owned());
        Arc::new(Self { gathered: Mutex::new(gathered), full: Notify::new(), urgency: Urgency::new(priority), party })
    }

    /// Adds a name if the batch still takes it.
    fn join(&self, name: &str, priority: Priority, limit: usize) -> bool {
        let mut gathered = lock(&self.gathered);
        if gathered.closed || (gathered.names.len() >= limit && !gathered.names.contains(name)) {
            return false;
        }
        gathered.names.insert(name.to_owned());
        if gathered.names.len() >= limit {
            self.full.notify_one();
        }
        drop(gathered);
        self.urgency.raise(priority);
        true
    }

    /// Nobody joins any more.
    fn close(&self) -> (Vec<String>, Priority) {
        let mut gathered = lock(&self.gathered);
        gathered.closed = true;
        (gathered.names.iter().cloned().collect(), self.urgency.get())
    }
}

impl<T: Clone + Send + Sync + 'static> Batcher<T> {
    /// At most `limit` names a request; `window` is how long the first waits for others.
    pub fn new(op: Op, limit: usize, window: Duration, metrics: &AwsMetrics) -> Self {
        Self { op, limit, window, metrics: metrics.clone(), open: Mutex::default() }
    }

    /// Reads one name. `fetch` reads several with the highest priority among them, and is
    /// only called if this caller is the first of its batch.
    pub async fn get<F, Fut>(&self, aws: &Aws, key: Key, name: &str, priority: Priority, fetch: F) -> Found<T>
    where
        F: FnOnce(Vec<String>, Priority) -> Fut + Send + 'static,
        Fut: Future<Output = Answers<T>> + Send + 'static,
    {
        let asker = Asker::current();
        let priority = asker.as_ref().map_or(priority, |asker| asker.urgency(priority));
        let (running, urgency) = self.join(aws, key, name, priority, fetch);
        let raised: Arc<dyn Raise> = urgency;
        let standing = asker.map(|asker| {
            let urgent = asker.urgency(priority);
            let standing = asker.stand(Arc::downgrade(&raised));
            raised.raise(urgent);
            standing
        });
        let answers = running.await;
        drop(standing);
        answers.get(name).cloned().unwrap_or_else(|| Err(unanswered(self.op, name)))
    }

    fn join<F, Fut>(
        &self,
        aws: &Aws,
        key: Key,
        name: &str,
        priority: Priority,
        fetch: F,
    ) -> (Shared<Running<T>>, Arc<Urgency>)
    where
        F: FnOnce(Vec<String>, Priority) -> Fut + Send + 'static,
        Fut: Future<Output = Answers<T>> + Send + 'static,
    {
        let mut open = lock(&self.open);
        let running = open.get(&key).and_then(|batch| batch.running.upgrade().map(|running| (&batch.members, running)));
        if let Some((members, running)) = running
            && members.join(name, priority, self.limit)
        {
            return (running, Arc::clone(&members.urgency));
        }
        let members = Members::new(name, priority);
        let (metrics, op) = (self.metrics.clone(), self.op);
        let fetch = move |names: Vec<String>, priority| {
            metrics.batched(op, names.len());
            fetch(names, priority)
        };
        let admission = Admitting { aws: aws.clone(), scope: key.0.clone(), op };
        let running = gather(Arc::clone(&members), self.window, self.limit, admission, fetch).shared();
        let urgency = Arc::clone(&members.urgency);
        // What nobody waits for any more is dropped here, so the map does not grow with old keys.
        open.retain(|_, batch| batch.running.upgrade().is_some());
        if let Some(weak) = running.downgrade() {
            open.insert(key, Open { members, running: weak });
        }
        (running, urgency)
    }
}

/// What a batch waits for before it is sent.
struct Admitting {
    aws: Aws,
    scope: Scope,
    op: Op,
}

/// Others may join until the request has its token.
fn gather<T, F, Fut>(
    members: Arc<Members>,
    window: Duration,
    limit: usize,
    admitting: Admitting,
    fetch: F,
) -> Running<T>
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
        let Admitting { aws, scope, op } = admitting;
        let admission = aws.admission(&scope, op, &members.urgency, &members.party).await;
        let (names, priority) = members.close();
        match admission {
            Ok(admission) => Arc::new(prepaid(admission, fetch(names, priority)).await),
            Err(error) => Arc::new(names.into_iter().map(|name| (name, Err(error.clone()))).collect()),
        }
    })
}

/// Neither found nor reported missing: not an answer to build on.
pub(super) fn unanswered(op: Op, name: &str) -> AwsError {
    AwsError::new(op.name(), code::UNANSWERED, &format!("the answer says nothing about {name}"))
}
