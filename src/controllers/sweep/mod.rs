//! The aligned sweep: settled objects that AWS describes together are looked at together, a full batch at a time and
//! evenly over the period. No pass runs for a look; only what differs is woken.

mod look;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

pub use look::{Look, digest_of_cluster, digest_of_service, digest_of_target};

use crate::aws::lock;
use crate::controllers::context::Context;

/// In each so manyeth round the objects themselves are woken, whatever a look would show.
pub const VISIT_EVERY: u64 = 12;

/// Kind, namespace and name of an object.
pub type Name = (&'static str, String, String);

/// What is described together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shelf {
    /// What stands on it.
    pub kind: &'static str,
    /// Account and region.
    pub scope: crate::aws::Scope,
    /// The cluster, where requests are of one cluster.
    pub cluster: String,
}

#[derive(Debug, Default)]
struct Members {
    looks: BTreeMap<Name, Look>,
    changed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    shelves: BTreeMap<Shelf, Members>,
    places: BTreeMap<Name, Shelf>,
    /// Shelves that nobody looks after yet.
    new: Vec<Shelf>,
}

/// All objects at rest.
#[derive(Clone, Debug, Default)]
pub struct Sweeps {
    state: Arc<Mutex<State>>,
    added: Arc<Notify>,
}

impl Sweeps {
    /// The object came to rest: from now on the sweep looks after it.
    pub fn rest(&self, name: Name, look: Look) {
        let board = look.shelf(name.0);
        let mut state = lock(&self.state);
        if state.places.get(&name).is_some_and(|place| *place != board) {
            state.leave(&name);
        }
        state.places.insert(name.clone(), board.clone());
        if !state.shelves.contains_key(&board) {
            state.new.push(board.clone());
            self.added.notify_one();
        }
        let members = state.shelves.entry(board).or_default();
        if members.looks.insert(name, look).is_none() {
            members.changed.notify_one();
        }
    }

    /// The object is at work, or gone.
    pub fn leave(&self, name: &Name) {
        lock(&self.state).leave(name);
    }

    /// How many objects are at rest.
    #[must_use]
    pub fn resting(&self) -> usize {
        lock(&self.state).places.len()
    }

    fn take_new(&self) -> Vec<Shelf> {
        std::mem::take(&mut lock(&self.state).new)
    }

    /// How many stand on a shelf, and what tells of more; `None`, and the shelf goes, when it is empty.
    fn count(&self, board: &Shelf) -> Option<(usize, Arc<Notify>)> {
        let mut state = lock(&self.state);
        let members = state.shelves.get(board)?;
        if members.looks.is_empty() {
            state.shelves.remove(board);
            return None;
        }
        Some((members.looks.len(), Arc::clone(&members.changed)))
    }

    /// The next of a shelf in the order of names, and whether they are the first of a round.
    fn next(&self, board: &Shelf, after: Option<&Name>, limit: usize) -> (Vec<(Name, Look)>, bool) {
        let state = lock(&self.state);
        let Some(members) = state.shelves.get(board) else { return (Vec::new(), true) };
        let pair = |(name, look): (&Name, &Look)| (name.clone(), look.clone());
        let rest: Vec<_> = match after {
            Some(after) => {
                let from = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
                members.looks.range::<Name, _>(from).take(limit).map(pair).collect()
            }
            None => Vec::new(),
        };
        if rest.is_empty() {
            return (members.looks.iter().take(limit).map(pair).collect(), true);
        }
        (rest, false)
    }

    /// Does the object still rest as it did when it was looked at?
    fn still(&self, name: &Name, look: &Look) -> bool {
        let state = lock(&self.state);
        let place = state.places.get(name).and_then(|board| state.shelves.get(board));
        place.and_then(|members| members.looks.get(name)) == Some(look)
    }
}

impl State {
    fn leave(&mut self, name: &Name) {
        if let Some(board) = self.places.remove(name)
            && let Some(members) = self.shelves.get_mut(&board)
        {
            members.looks.remove(name);
        }
    }
}

/// Looks after all that rest; ends never.
pub async fn run(cx: &Context) {
    let mut shelves = FuturesUnordered::new();
    loop {
        shelves.extend(cx.sweeps.take_new().into_iter().map(|board| keep(board, cx)));
        tokio::select! {
            biased;
            () = cx.sweeps.added.notified() => {}
            Some(()) = shelves.next() => {}
        }
    }
}

/// One shelf, until it is empty. A batch at a time, as far apart as the period allows for all of them.
///
/// Whoever comes to a new shelf was just looked at, and after a start others of the account were not yet: the first round
/// leaves the reads of half a period to them and takes the other half.
async fn keep(board: Shelf, cx: &Context) {
    let (limit, period) = (look::limit(board.kind), cx.config.sweep_of(board.kind));
    let mut last = Instant::now() + period / 2;
    let mut pause = phase(&board);
    let (mut cursor, mut round, mut taken) = (None, 0_u64, 0_usize);
    while let Some((count, changed)) = cx.sweeps.count(&board) {
        let apart = apart(period, taken, count.div_ceil(limit));
        let due = last + apart.mul_f64(pause);
        let rung = tokio::select! {
            biased;
            () = sleep_until(due) => true,
            () = changed.notified() => false,
        };
        if !rung {
            continue;
        }
        let (some, first) = cx.sweeps.next(&board, cursor.as_ref(), limit);
        round += u64::from(first);
        taken = taken.saturating_add(1);
        cursor = some.last().map(|(name, _)| name.clone());
        // What a slow answer takes is made up for, but not by a burst.
        last = due.max(Instant::now().checked_sub(apart).unwrap_or(due));
        pause = 1.0;
        let visit = round % VISIT_EVERY == 0 || board.kind == look::VISITED;
        let looked: Vec<Name> = some.iter().map(|(name, _)| name.clone()).collect();
        let differing = look::differing(&board, some, visit, cx).await;
        for (kind, namespace, name) in &looked {
            cx.metrics.reconcile.queue.looked(kind, namespace, name, period);
        }
        for (name, before) in differing {
            if cx.sweeps.still(&name, &before) {
                cx.wakes.look_again(&name);
            }
        }
    }
}

/// How far apart batches are, of so many a round, after so many that were taken in all.
fn apart(period: Duration, taken: usize, round: usize) -> Duration {
    let all = if taken < round { period / 2 } else { period };
    all / u32::try_from(round).unwrap_or(u32::MAX).max(1)
}

/// Shelves of one batch do not all come at the same moment.
fn phase(board: &Shelf) -> f64 {
    let mut hasher = DefaultHasher::new();
    board.hash(&mut hasher);
    0.5 + f64::from(u16::try_from(hasher.finish() % 500).unwrap_or(0)) / 1000.0
}

#[cfg(test)]
mod tests;
