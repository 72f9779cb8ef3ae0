//! How many passes of a kind run at once: a bound for the sweep, and a wider one for all that is more urgent, so that an
//! edit never stands behind parked work. The sweep's come in the order in which ECS describes them together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use crate::aws::asker::{Asker, Raise};
use crate::aws::{Priority, lock};

/// So many urgent passes may run for each pass of the sweep.
const URGENT: usize = 16;

/// The lanes of all kinds.
#[derive(Clone, Debug)]
pub struct Lanes {
    bound: usize,
    of: Arc<BTreeMap<String, u16>>,
    kinds: Arc<Mutex<BTreeMap<&'static str, Arc<Lane>>>>,
}

impl Lanes {
    /// `bound` passes of each kind for the sweep, and sixteen times as many that are urgent.
    #[must_use]
    pub fn new(bound: u16) -> Self {
        Self::with(bound, BTreeMap::new())
    }

    /// As [`Self::new`], with bounds of their own for some kinds.
    #[must_use]
    pub fn with(bound: u16, of: BTreeMap<String, u16>) -> Self {
        Self { bound: usize::from(bound.max(1)), of: Arc::new(of), kinds: Arc::default() }
    }

    /// Waits for a place. Those of one class come in the order of `order`.
    pub async fn enter(&self, kind: &'static str, priority: Priority, order: &str, asker: &Arc<Asker>) -> Place {
        let lane = {
            let mut kinds = lock(&self.kinds);
            let bound = self.of.get(kind).map_or(self.bound, |bound| usize::from(*bound).max(1));
            Arc::clone(kinds.entry(kind).or_insert_with(|| Lane::new(bound)))
        };
        let seat = Arc::new(Seat::take(&lane, priority, order));
        let raised: Arc<dyn Raise> = seat.clone();
        let standing = Arc::clone(asker).stand(Arc::downgrade(&raised));
        raised.raise(asker.urgency(priority));
        loop {
            if let Some(urgent) = lane.try_enter(seat.id) {
                drop(standing);
                return Place { lane, urgent };
            }
            seat.woken.notified().await;
        }
    }
}

type Key = (Priority, String, u64);

#[derive(Debug)]
struct Lane(Mutex<State>);

#[derive(Debug)]
struct State {
    free: Free,
    arrivals: u64,
    waiting: BTreeMap<Key, Arc<Notify>>,
    keys: BTreeMap<u64, Key>,
}

/// Free places.
#[derive(Debug)]
struct Free {
    sweep: usize,
    urgent: usize,
}

impl Free {
    fn left(&self, is_urgent: bool) -> usize {
        if is_urgent { self.urgent } else { self.sweep }
    }

    fn of(&mut self, is_urgent: bool) -> &mut usize {
        if is_urgent { &mut self.urgent } else { &mut self.sweep }
    }
}

fn urgent(priority: Priority) -> bool {
    priority < Priority::Sweep
}

impl State {
    /// The first who waits for a place of this sort.
    fn first(&self, is_urgent: bool) -> Option<&Key> {
        let from = if is_urgent { Priority::Cleanup } else { Priority::Sweep };
        let key = self.waiting.range((from, String::new(), 0)..).next()?.0;
        (urgent(key.0) == is_urgent).then_some(key)
    }

    fn wake(&self) {
        for is_urgent in [true, false] {
            if self.free.left(is_urgent) > 0
                && let Some(woken) = self.first(is_urgent).and_then(|key| self.waiting.get(key))
            {
                woken.notify_one();
            }
        }
    }
}

impl Lane {
    fn new(bound: usize) -> Arc<Self> {
        let free = Free { sweep: bound, urgent: bound.saturating_mul(URGENT) };
        Arc::new(Self(Mutex::new(State { free, arrivals: 0, waiting: BTreeMap::new(), keys: BTreeMap::new() })))
    }

    fn try_enter(&self, id: u64) -> Option<bool> {
        let mut state = lock(&self.0);
        let key = state.keys.get(&id)?.clone();
        let is_urgent = urgent(key.0);
        if state.free.left(is_urgent) == 0 || state.first(is_urgent) != Some(&key) {
            return None;
        }
        *state.free.of(is_urgent) -= 1;
        state.keys.remove(&id);
        state.waiting.remove(&key);
        state.wake();
        Some(is_urgent)
    }
}

/// A place among those that wait; given up when dropped.
struct Seat {
    lane: Arc<Lane>,
    id: u64,
    woken: Arc<Notify>,
}

impl Seat {
    fn take(lane: &Arc<Lane>, priority: Priority, order: &str) -> Self {
        let woken = Arc::new(Notify::new());
        let mut state = lock(&lane.0);
        state.arrivals += 1;
        let id = state.arrivals;
        let key = (priority, order.to_owned(), id);
        state.keys.insert(id, key.clone());
        state.waiting.insert(key, Arc::clone(&woken));
        drop(state);
        Self { lane: Arc::clone(lane), id, woken }
    }
}

impl Raise for Seat {
    fn raise(&self, priority: Priority) {
        let mut state = lock(&self.lane.0);
        let Some(key) = state.keys.get(&self.id).filter(|key| priority < key.0).cloned() else { return };
        let Some(woken) = state.waiting.remove(&key) else { return };
        let raised = (priority, key.1, key.2);
        state.keys.insert(self.id, raised.clone());
        state.waiting.insert(raised, woken);
        state.wake();
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = lock(&self.lane.0);
        if let Some(key) = state.keys.remove(&self.id) {
            state.waiting.remove(&key);
        }
        state.wake();
    }
}

/// A place at work; given up when dropped.
#[derive(Debug)]
pub struct Place {
    lane: Arc<Lane>,
    urgent: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = lock(&self.lane.0);
        *state.free.of(self.urgent) += 1;
        state.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt;
    use tokio::time::{sleep, timeout};

    use super::*;

    fn asker() -> Arc<Asker> {
        Asker::of("shop")
    }

    #[tokio::test(start_paused = true)]
    async fn urgent_passes_do_not_stand_behind_the_sweep_and_both_are_bounded() {
        let lanes = Lanes::new(2);
        let mut at_work = Vec::new();
        for priority in [Priority::Sweep, Priority::Edit] {
            while let Some(place) = lanes.enter("K", priority, "", &asker()).now_or_never() {
                at_work.push(place);
            }
        }
        assert_eq!(at_work.len(), 2 + 32);
        let waits = timeout(Duration::from_secs(1), lanes.enter("K", Priority::Cleanup, "", &asker())).await;
        assert!(waits.is_err());
        at_work.pop();
        assert!(lanes.enter("K", Priority::Cleanup, "", &asker()).now_or_never().is_some());
        assert!(lanes.enter("Other", Priority::Sweep, "", &asker()).now_or_never().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn the_sweep_goes_by_order_and_a_raised_pass_leaves_it() {
        let lanes = Lanes::new(1);
        let busy = lanes.enter("K", Priority::Sweep, "", &asker()).await;
        let (told, edited) = (Mutex::new(Vec::new()), asker());
        let pass = |order: &'static str, asker: Arc<Asker>| {
            let (lanes, told) = (&lanes, &told);
            async move {
                let _place = lanes.enter("K", Priority::Sweep, order, &asker).await;
                lock(told).push(order);
            }
        };
        let edit = async {
            sleep(Duration::from_secs(1)).await;
            edited.raise(Priority::Edit);
            sleep(Duration::from_secs(1)).await;
            assert_eq!(*lock(&told), ["b/2"]);
            drop(busy);
        };
        tokio::join!(
            pass("c/1", asker()),
            pass("b/2", edited.clone()),
            pass("a/9", asker()),
            pass("b/1", asker()),
            edit
        );
        assert_eq!(*lock(&told), ["b/2", "a/9", "b/1", "c/1"]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_passes_the_place_on() {
        let lanes = Lanes::new(1);
        let busy = lanes.enter("K", Priority::Sweep, "", &asker()).await;
        let gives_up = async {
            let waits = timeout(Duration::from_secs(2), lanes.enter("K", Priority::Sweep, "a", &asker())).await;
            assert!(waits.is_err());
        };
        let stays = async { timeout(Duration::from_secs(4), lanes.enter("K", Priority::Sweep, "b", &asker())).await };
        let free = async {
            sleep(Duration::from_secs(3)).await;
            drop(busy);
        };
        assert!(tokio::join!(gives_up, stays, free).1.is_ok());
    }
}
