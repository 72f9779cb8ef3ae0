//! Crash anywhere: what can go wrong with one call, and a telling of a story in which it does.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ecs_sim::kube::{Call, Fault as KubeFault};
use jiff::Timestamp;
use tokio::sync::Notify;

use super::driver::Operator;
use super::wire::{Fault, is_write};
use super::world::World;

/// What happens to the n-th call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The process dies before the call is sent.
    CrashBefore,
    /// The process dies after the call took effect, before its answer is seen.
    CrashAfter,
    /// The connection breaks before the call arrives.
    Reset,
    /// The call takes effect and the connection breaks.
    Lost,
    /// ECS asks to slow down.
    Throttled,
    /// ECS breaks.
    ServerError,
}

/// Where it happens: nowhere, or to the n-th call to AWS or write to Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A telling without a fault.
    Nowhere,
    /// The n-th call to AWS.
    Aws(usize, Mishap),
    /// The n-th write to Kubernetes.
    Kube(usize, Mishap),
}

/// A telling of the story.
pub struct Telling {
    /// The worlds.
    pub world: World,
    operator: Option<Operator>,
    died: Arc<Notify>,
    fired: Arc<Mutex<bool>>,
    trace: Arc<Mutex<Trace>>,
}

impl Telling {
    /// A telling in these worlds, in which nobody has called yet.
    pub fn new(world: World, place: Place) -> Self {
        let died = Arc::new(Notify::new());
        let fired = Arc::new(Mutex::new(false));
        let trace = Arc::new(Mutex::new(Trace::default()));
        if place == Place::Nowhere {
            record(&world, &trace);
        }
        if let Place::Aws(at, mishap) = place {
            let (died, fired) = (died.clone(), fired.clone());
            world.aws.set_plan(Some(Box::new(move |number, _| {
                if number != at || std::mem::replace(&mut *fired.lock().unwrap(), true) {
                    return Fault::Pass;
                }
                match mishap {
                    Mishap::CrashBefore => {
                        died.notify_one();
                        Fault::Hang
                    }
                    Mishap::CrashAfter => {
                        died.notify_one();
                        Fault::LostHang
                    }
                    Mishap::Reset => Fault::Before,
                    Mishap::Lost => Fault::Lost,
                    Mishap::Throttled => Fault::Refuse(400, "ThrottlingException", "Rate exceeded"),
                    Mishap::ServerError => Fault::Refuse(500, "ServerException", "Service Unavailable."),
                }
            })));
        }
        if let Place::Kube(at, mishap) = place {
            let (died, fired, mut number) = (died.clone(), fired.clone(), 0);
            world.api.set_fault_hook(Some(Box::new(move |call| {
                if !ours(call) {
                    return KubeFault::Pass;
                }
                number += 1;
                if number - 1 != at || std::mem::replace(&mut *fired.lock().unwrap(), true) {
                    return KubeFault::Pass;
                }
                match mishap {
                    Mishap::CrashBefore => {
                        died.notify_one();
                        KubeFault::Hang
                    }
                    Mishap::CrashAfter => {
                        died.notify_one();
                        KubeFault::ApplyThenHang
                    }
                    Mishap::Reset => KubeFault::Before,
                    Mishap::Lost => KubeFault::ApplyThenReset,
                    Mishap::Throttled => KubeFault::Status(409, "Conflict"),
                    Mishap::ServerError => KubeFault::Status(500, "InternalError"),
                }
            })));
        }
        let operator = Some(world.operator());
        Self { world, operator, died, fired, trace }
    }

    /// Was the place of the mishap reached?
    pub fn fired(&self) -> bool {
        *self.fired.lock().unwrap()
    }

    /// Runs the operator until nothing is due; a process that dies is started again with empty memory.
    pub async fn rest(&mut self) {
        loop {
            let mut operator = self.operator.take().unwrap_or_else(|| self.world.operator());
            let quiet = Duration::from_secs(120);
            tokio::select! {
                biased;
                () = self.died.notified() => {}
                _ = Box::pin(operator.settle(quiet, Duration::from_secs(3600))) => {
                    self.operator = Some(operator);
                    return;
                }
            }
        }
    }

    /// Runs every object's pass so many times, with a minute between.
    pub async fn sweep(&mut self, times: usize) {
        let mut operator = self.operator.take().unwrap_or_else(|| self.world.operator());
        for _ in 0..times {
            operator.sweep().await;
            self.world.wait(Duration::from_secs(60)).await;
        }
        self.operator = Some(operator);
    }

    /// The calls of the operator so far, where nothing went wrong.
    pub fn trace(&self) -> Trace {
        self.trace.lock().unwrap().clone()
    }
}

/// A call of the operator's.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// Can it change what a crash after it leaves behind?
    write: bool,
    /// What both worlds were like before it: the time, and how often they had been written to.
    worlds: (Timestamp, usize, usize),
}

/// What the operator called, in order.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    aws: Vec<Mark>,
    kube: Vec<Mark>,
}

fn record(world: &World, trace: &Arc<Mutex<Trace>>) {
    let (clock, of_aws) = (world.clock.clone(), trace.clone());
    world.aws.set_plan(Some(Box::new(move |_, operation| {
        let mut trace = of_aws.lock().unwrap();
        let mark = Mark { write: is_write(operation), worlds: trace.worlds(clock.exact()) };
        trace.aws.push(mark);
        Fault::Pass
    })));
    let (clock, of_kube) = (world.clock.clone(), trace.clone());
    world.api.set_fault_hook(Some(Box::new(move |call| {
        if ours(call) {
            let mut trace = of_kube.lock().unwrap();
            let mark = Mark { write: !call.path.contains("/events"), worlds: trace.worlds(clock.exact()) };
            trace.kube.push(mark);
        }
        KubeFault::Pass
    })));
}

impl Trace {
    fn worlds(&self, now: Timestamp) -> (Timestamp, usize, usize) {
        (now, self.aws.iter().filter(|mark| mark.write).count(), self.kube.len())
    }

    /// Everything that can go wrong with a call to AWS.
    pub fn aws(&self) -> impl Iterator<Item = Place> {
        places(&self.aws, Place::Aws)
    }

    /// Everything that can go wrong with a write to Kubernetes.
    pub fn kube(&self) -> impl Iterator<Item = Place> {
        places(&self.kube, Place::Kube)
    }

    /// Every crash and lost answer of a call to AWS, and some of the errors. Crashes that leave the same worlds behind
    /// are one.
    pub fn crashes_in_aws(&self) -> Vec<Place> {
        crashes(&self.aws, Place::Aws, &mut BTreeSet::new())
    }

    /// As [`Self::crashes_in_aws`], for writes to Kubernetes, without those that are among the former.
    pub fn crashes_in_kube(&self) -> Vec<Place> {
        crashes(&self.kube, Place::Kube, &mut self.aws.iter().map(|mark| mark.worlds).collect())
    }
}

fn crashes(
    calls: &[Mark],
    place: fn(usize, Mishap) -> Place,
    seen: &mut BTreeSet<(Timestamp, usize, usize)>,
) -> Vec<Place> {
    let mut places = Vec::new();
    for (at, mark) in calls.iter().enumerate() {
        if seen.insert(mark.worlds) {
            places.push(place(at, Mishap::CrashBefore));
        }
        if mark.write {
            let error = [Mishap::Reset, Mishap::Throttled, Mishap::ServerError][at % 3];
            places.extend([Mishap::CrashAfter, Mishap::Lost, error].map(|mishap| place(at, mishap)));
        } else if at % 6 == 0 {
            places.push(place(at, [Mishap::Reset, Mishap::Throttled][at / 6 % 2]));
        }
    }
    places
}

fn places(calls: &[Mark], place: fn(usize, Mishap) -> Place) -> impl Iterator<Item = Place> {
    calls
        .iter()
        .enumerate()
        .flat_map(move |(at, mark)| mishaps(mark.write).iter().map(move |mishap| place(at, *mishap)))
}

/// What can go wrong with a call. A read that is lost is a read that never was.
fn mishaps(write: bool) -> &'static [Mishap] {
    if write {
        &[Mishap::CrashBefore, Mishap::CrashAfter, Mishap::Reset, Mishap::Lost, Mishap::Throttled, Mishap::ServerError]
    } else {
        &[Mishap::CrashBefore, Mishap::Reset, Mishap::Throttled]
    }
}

/// Is it a write of the operator's? People's own calls are not disturbed.
fn ours(call: &Call) -> bool {
    call.is_write()
        && (call.query.contains("ecs-operator")
            || call.path.contains("/events")
            || call.content_type.contains("json-patch")
            || (call.method == "DELETE" && call.body["preconditions"].is_object()))
}

/// Runs a telling on a clock of its own.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(Box::pin(future))
}
