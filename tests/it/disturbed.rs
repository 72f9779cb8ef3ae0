//! A whole process whose watches are disturbed: what they repeat, break off, forget, tell late or lose changes neither
//! where it ends nor what it does on the way there.

use std::fmt::Debug;
use std::time::Duration;

use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use ecs_sim::kube::{Chaos, Delivery, Fault, Stale};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::scale::process::{PERIOD, SECOND, is_ready};
use crate::support::manifests::{cluster, service, web};
use crate::support::paused::run;
use crate::support::replica::{Deed, Journal, Replica};
use crate::support::world::World;

const NAMES: [&str; 3] = ["one", "two", "three"];

/// What is wrong with the watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disturbance {
    /// Every event comes twice.
    Repeated,
    /// Every second event is lost.
    Lost,
    /// A watch is closed after each event.
    Closed,
    /// Where a watch could go on is forgotten: 410.
    Expired,
    /// A new watch or list is refused.
    Refused,
    /// A new watch is answered when the process is about to give it up.
    Silent,
    /// They tell of older states only.
    Late,
}

const ALL: [Disturbance; 7] = [
    Disturbance::Repeated,
    Disturbance::Lost,
    Disturbance::Closed,
    Disturbance::Expired,
    Disturbance::Refused,
    Disturbance::Silent,
    Disturbance::Late,
];

/// What a person does meanwhile.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Another count.
    Count(usize, i64),
    /// Another count and back.
    Back(usize),
    /// Another image.
    Image(u64),
    /// It goes, and is made anew.
    Anew(usize),
}

struct Stage {
    world: World,
    journal: Journal,
    replica: Replica,
    counts: [i64; 3],
    dice: fastrand::Rng,
}

impl Stage {
    async fn new(seed: u64) -> Self {
        let (world, journal) = (World::ready(seed).await, Journal::default());
        let replica = Replica::start(&world, &journal, "a");
        replica.leads(3 * SECOND).await;
        world.apply::<EcsCluster>(&cluster("prod")).await;
        world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
        for name in NAMES {
            world.apply::<EcsService>(&of(name, 2)).await;
        }
        let stage = Self { world, journal, replica, counts: [2; 3], dice: fastrand::Rng::with_seed(seed) };
        stage.ready(600 * SECOND, &"the beginning").await;
        stage
    }

    /// Disturbs the watches that stand and those that begin.
    fn disturb(&self, disturbance: Option<Disturbance>) {
        let rule = |delivery: fn(u64) -> Delivery| -> Option<ecs_sim::kube::DeliveryRule> {
            Some(Box::new(move |revision: u64, _: &Value| delivery(revision)))
        };
        let delivery = match disturbance {
            Some(Disturbance::Repeated) => rule(|_| Delivery::Twice),
            Some(Disturbance::Lost) => rule(|at| if at.is_multiple_of(2) { Delivery::Drop } else { Delivery::Once }),
            _ => None,
        };
        let lag = if disturbance == Some(Disturbance::Late) { 6 } else { 0 };
        let closes_after = (disturbance == Some(Disturbance::Closed)).then_some(1);
        self.world.api.with(|api| api.set_chaos(Chaos { lag, stale: Stale::CacheReads, delivery, closes_after }));
        if disturbance == Some(Disturbance::Expired) {
            self.world.api.with(ecs_sim::kube::MemApi::compact);
        }
        self.world.api.set_fault_hook(Some(Box::new(move |call| {
            let watch = call.query.contains("watch=true");
            let list = call.method == "GET" && call.path.ends_with('s') && !call.path.contains("leases");
            match disturbance {
                Some(Disturbance::Refused) if watch || list => Fault::Status(500, "InternalError"),
                Some(Disturbance::Silent) if watch => Fault::Delay(295_000),
                _ => Fault::Pass,
            }
        })));
    }

    async fn act(&mut self, act: Act) {
        match act {
            Act::Count(at, count) => {
                self.counts[at] = count;
                self.world.edit::<EcsService>(NAMES[at], json!({"spec": {"desiredCount": count}})).await;
            }
            Act::Back(at) => {
                for count in [self.counts[at] + 3, self.counts[at]] {
                    self.world.edit::<EcsService>(NAMES[at], json!({"spec": {"desiredCount": count}})).await;
                }
            }
            Act::Image(tag) => {
                self.world.apply::<EcsTaskDefinition>(&web("web", &format!("nginx:{tag}"))).await;
            }
            Act::Anew(at) => self.world.delete::<EcsService>(NAMES[at]).await,
        }
    }

    /// What a deletion is followed by, once its object is gone; false if that takes longer than `wait`.
    async fn make_anew(&self, act: Act, wait: Duration) -> bool {
        let Act::Anew(at) = act else { return true };
        let began = Instant::now();
        while self.world.get::<EcsService>(NAMES[at]).await.is_some() {
            if began.elapsed() >= wait {
                return false;
            }
            sleep(SECOND).await;
        }
        self.world.apply::<EcsService>(&of(NAMES[at], self.counts[at])).await;
        true
    }

    fn draw(&mut self) -> Act {
        let at = self.dice.usize(0..3);
        match self.dice.u8(0..6) {
            0 | 1 => Act::Count(at, self.dice.i64(1..5)),
            2 => Act::Back(at),
            3 | 4 => Act::Image(self.dice.u64(2..5)),
            _ => Act::Anew(at),
        }
    }

    async fn ready(&self, within: Duration, after: &dyn Debug) {
        let began = Instant::now();
        for (name, count) in NAMES.into_iter().zip(self.counts) {
            while !(is_ready(&self.world, name).await && self.wanted(name).await == count) {
                assert!(began.elapsed() < within, "{after:?}: {:?}", self.world.status::<EcsService>(name).await);
                sleep(SECOND).await;
            }
        }
    }

    /// What ECS was asked for.
    async fn wanted(&self, name: &str) -> i64 {
        let answer = self.world.cli().describe_services().cluster("prod").services(name).send().await.unwrap();
        answer.services().first().map_or(0, |service| i64::from(service.desired_count()))
    }

    /// Two sweeps later nothing is written during two more, to either side.
    async fn rests(&self, after: &dyn Debug) {
        sleep(2 * PERIOD).await;
        let since = Instant::now();
        sleep(2 * PERIOD).await;
        let written: Vec<Deed> = self.journal.of("a", |deed| deed.write && deed.at > since);
        assert!(written.is_empty(), "{after:?}: {written:?}");
    }
}

fn of(name: &str, count: i64) -> Value {
    let mut object = service(name, "prod", "web");
    object["spec"]["desiredCount"] = json!(count);
    object
}

/// How long a change may take to be told: what was lost is found when versions are compared, half an hour later at most.
fn patience(disturbance: Disturbance) -> Duration {
    if disturbance == Disturbance::Lost { Duration::from_mins(45) } else { Duration::from_mins(15) }
}

/// Every kind of disturbance, with acts of its own seed; each must be over when it ends.
fn story(seed: u64, disturbances: &[Disturbance]) {
    run(async {
        let mut stage = Stage::new(seed).await;
        for disturbance in disturbances {
            let act = stage.draw();
            let what = (seed, disturbance, act);
            stage.disturb(Some(*disturbance));
            let since = Instant::now();
            stage.act(act).await;
            sleep(90 * SECOND).await;
            let made = stage.make_anew(act, Duration::ZERO).await;
            sleep(30 * SECOND).await;
            stage.disturb(None);
            assert!(made || stage.make_anew(act, patience(*disturbance)).await, "{what:?}: it is still there");
            stage.ready(patience(*disturbance), &what).await;
            let sent = stage.journal.of("a", |deed| deed.at >= since && deed.write && deed.what.ends_with("Service"));
            assert!(sent.len() <= 4, "{what:?}: {sent:?}");
            if *disturbance == Disturbance::Lost {
                // Until versions are compared the status is written for nothing: that it stands there was lost, too.
                sleep(patience(*disturbance)).await;
            }
            stage.rests(&what).await;
        }
        stage.replica.stop().await.unwrap();
    });
}

#[test]
fn watches_that_are_disturbed_change_neither_the_end_nor_what_is_done() {
    for seed in 0..5 {
        let from = usize::try_from(seed).unwrap() % ALL.len();
        let turned: Vec<Disturbance> = ALL.iter().cycle().skip(from).take(ALL.len()).copied().collect();
        story(seed, &turned);
    }
}
