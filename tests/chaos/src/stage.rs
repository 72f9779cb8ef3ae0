//! A schedule on the stage: its slots one after another, then everything is made well and must come to rest.

use std::sync::Arc;
use std::time::Duration;

use ecs_sim::kube::{Apiserver, MemApi};
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::disturb;
use crate::facts;
use crate::faults::{Armed, Strike};
use crate::oracles::{self, Broken};
use crate::plan::{Disturbance, Plan};
use crate::process::Process;
use crate::seen::{Seen, What};
use crate::support::mishap::run;
use crate::support::world::{World, key};
use crate::wires::Tap;
use crate::workloads::{self, Git};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// No schedule needs so many passes.
const PASSES: usize = 3000;

/// How a schedule went.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was broken.
    pub broken: Vec<Broken>,
    /// Hash of the trace.
    pub hash: u64,
    /// Passes run.
    pub passes: usize,
    /// Calls seen.
    pub calls: usize,
    /// How often the faults of single calls struck, by disturbance.
    pub struck: Vec<bool>,
    /// The places where calls were made.
    pub sites: Vec<String>,
    /// All that was seen.
    pub trace: Vec<Seen>,
    /// What the worlds look like at the end, but for names and times.
    pub end: Vec<String>,
}

/// A schedule while it is played.
pub struct Stage<'a> {
    /// The schedule.
    pub plan: &'a Plan,
    /// The wires.
    pub tap: Tap,
    /// The leader.
    pub process: Process,
    /// A second process.
    pub second: Option<Process>,
    /// What Git says.
    pub git: Git,
    /// Earlier states of Kubernetes.
    pub past: Vec<MemApi>,
    /// Passes so far.
    pub passes: usize,
    /// Processes so far.
    pub started: usize,
    /// How much the clock of the process is off, in seconds.
    pub skew: i64,
    broken: Vec<Broken>,
}

/// Plays a schedule on a clock of its own.
pub fn play(plan: &Plan) -> Outcome {
    // Made outside the schedule's own time.
    plan.workload.base.beginning();
    fastrand::seed(plan.seed);
    run(Box::pin(perform(plan)))
}

async fn perform(plan: &Plan) -> Outcome {
    let beginning = plan.workload.base.beginning();
    let world = Arc::new(World::from(&beginning.worlds));
    world.api.take_log();
    // The trace is what is judged; a second record of every answer would cost as much as the answers.
    world.aws.sim(|sim| sim.knobs.no_transcript = true);
    let strikes: Vec<&Strike> = plan
        .disturbances
        .iter()
        .filter_map(|(_, disturbance)| if let Disturbance::Strike(strike) = disturbance { Some(strike) } else { None })
        .collect();
    let armed = strikes.into_iter().map(Armed::of).collect();
    let tap = Tap::new(world, armed, plan.seed);
    let process = Process::start(&tap, 0, 0);
    let mut stage = Stage {
        plan,
        tap,
        process,
        second: None,
        git: beginning.git.clone(),
        past: Vec::new(),
        passes: 0,
        started: 1,
        skew: 0,
        broken: Vec::new(),
    };
    let bystanders = disturb::bystanders(&stage.tap.world);
    for slot in 0..plan.slots {
        Box::pin(stage.slot(slot)).await;
    }
    Box::pin(stage.recover()).await;
    let struck = stage.struck();
    Box::pin(stage.end()).await;
    if disturb::bystanders(&stage.tap.world) != bystanders {
        stage.breaks("S4", "what is nobody's business was changed".to_owned());
    }
    let end = stage.state();
    let trace = stage.tap.trace.all();
    let mut broken = stage.broken;
    broken.extend(oracles::judge(&trace, plan));
    Outcome {
        broken,
        hash: stage.tap.trace.hash(),
        passes: stage.passes,
        calls: trace.len(),
        struck,
        sites: stage.tap.sites().into_iter().collect(),
        trace,
        end,
    }
}

impl Stage<'_> {
    /// Something is wrong.
    pub fn breaks(&mut self, oracle: &'static str, why: String) {
        self.broken.push(Broken { oracle, why });
    }

    fn struck(&self) -> Vec<bool> {
        let armed = self.tap.faults.lock().unwrap();
        let mut single = armed.iter();
        let strikes = self.plan.disturbances.iter().map(|(_, disturbance)| match disturbance {
            Disturbance::Strike(_) => single.next().is_some_and(|armed| armed.struck > 0),
            _ => true,
        });
        strikes.collect()
    }

    /// A new process in place of the one that is there.
    pub fn restart(&mut self) {
        self.process = Process::start(&self.tap, self.started, self.skew);
        self.started += 1;
        self.tap.word("the process was started anew");
    }

    /// One pass of the leader; a process that dies is started again.
    pub async fn pass(&mut self, key: &crate::support::driver::Key) {
        self.passes += 1;
        if !self.process.pass(key, self.passes).await {
            self.restart();
        }
        self.sample();
    }

    /// Notes where the traffic goes.
    fn sample(&mut self) {
        let Some(balanced) = &self.plan.workload.base.beginning().balanced else { return };
        let groups = self.tap.world.aws.sim(|sim| {
            let weights = sim.weights(&key(), &balanced.rule);
            weights
                .into_iter()
                .map(|(group, weight)| {
                    let targets = sim.targets(&key(), &group);
                    let healthy = targets.iter().filter(|t| t.2 == ecs_sim::fixtures::TargetState::Healthy).count();
                    (weight, i64::try_from(healthy).unwrap_or(0))
                })
                .collect()
        });
        self.tap.trace.note(self.tap.now(), None, What::Traffic { groups });
    }

    async fn slot(&mut self, slot: usize) {
        let mut dice = Dice::at(self.plan.seed, 1000 + slot as u64);
        if slot.is_multiple_of(3) {
            self.past.push(self.tap.world.api.with(|api| api.fork()));
        }
        for (at, act) in self.plan.acts.iter().zip(&self.plan.workload.acts) {
            if *at == slot {
                self.tap.word(act.to_string());
                workloads::commit(&mut self.git, act);
                workloads::act(&self.tap.world, act).await;
            }
        }
        let plan = self.plan;
        for (from, disturbance) in &plan.disturbances {
            Box::pin(disturb::go(self, disturbance, slot, *from)).await;
        }
        match dice.below(100) {
            0..65 => Box::pin(self.run_some(&mut dice)).await,
            65..80 => self.tap.world.wait(Duration::from_millis(100 + dice.bits() % 4900)).await,
            80..90 => self.tap.world.wait(Duration::from_secs(5 + dice.bits() % 55)).await,
            _ => {
                let all = self.process.all();
                if !all.is_empty() {
                    let key = dice.one(&all).clone();
                    self.pass(&key).await;
                }
            }
        }
        self.sample();
    }

    /// Some passes that are due, in any order; if none is, time passes until one is.
    async fn run_some(&mut self, dice: &mut Dice) {
        for _ in 0..=dice.below(4) {
            let mut due = self.process.due();
            if due.is_empty() {
                let Some((key, after)) = self.process.first() else { return };
                self.tap.world.wait(after.min(30 * SECOND)).await;
                if after > 30 * SECOND {
                    return;
                }
                due.push(key);
            }
            let key = dice.one(&due).clone();
            if self.second.is_some() {
                Box::pin(disturb::both(self, &key, dice)).await;
            } else {
                self.pass(&key).await;
            }
        }
    }

    /// Runs what is due until nothing is within `quiet` and `enough` holds, for `limit` at most.
    async fn settle(&mut self, quiet: Duration, limit: Duration, enough: impl Fn(&Self) -> bool) -> bool {
        let began = tokio::time::Instant::now();
        loop {
            let next = self.process.first();
            let idle = next.as_ref().is_none_or(|(_, after)| *after > quiet);
            if idle && enough(self) {
                return true;
            }
            if began.elapsed() > limit || self.passes > PASSES {
                return false;
            }
            // What was applied to an object that was being deleted went with it.
            if self
                .git
                .keys()
                .any(|(kind, name)| self.tap.world.api.with(|api| facts::stored(api, kind, name)).is_none())
            {
                self.commit().await;
                self.tap.world.wait(SECOND).await;
                continue;
            }
            match next {
                Some((key, after)) => {
                    self.tap.world.wait(after).await;
                    self.process.operator.look();
                    self.pass(&key).await;
                }
                None => return enough(self),
            }
        }
    }

    /// Everything is made well, and Git is applied once more.
    async fn recover(&mut self) {
        disturb::heal(self).await;
        self.tap.faults.lock().unwrap().iter_mut().for_each(|armed| armed.until = 0);
        self.tap.trace.note(self.tap.now(), None, What::Healed);
        // What was not asked before the slots were over is asked now.
        let wanted = self.git.clone();
        for kind in ["ServerGroup", "EcsService", "EcsTaskDefinition", "EcsCluster"] {
            for object in self.tap.world.api.with(|api| api.all(&facts::plural(kind))) {
                let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
                let owned = object["metadata"]["ownerReferences"].is_array();
                if !owned && !wanted.contains_key(&(kind.to_owned(), name.clone())) {
                    workloads::delete(&self.tap.world, kind, &name).await;
                }
            }
        }
        self.commit().await;
    }

    /// What Git says is applied, as Argo CD does.
    async fn commit(&mut self) {
        for manifest in self.git.values() {
            workloads::apply(&self.tap.world, manifest).await;
        }
    }

    /// Asks for a retry of what is held because it failed while ECS was in trouble.
    async fn retry(&mut self) -> bool {
        let mut asked = false;
        for (kind, member, of) in [("EcsService", "held", "rollout"), ("ServerGroup", "hold", "version")] {
            for object in self.tap.world.api.with(|api| api.all(&facts::plural(kind))) {
                let Some(value) = object["status"][member][of].as_str() else { continue };
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                self.tap.word(format!("retry {value}"));
                workloads::annotate(&self.tap.world, kind, name, "retry", value).await;
                asked = true;
            }
        }
        asked
    }

    /// What objects ask for and AWS does not have.
    fn missing(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for kind in ["EcsCluster", "EcsTaskDefinition", "EcsService", "ServerGroup"] {
            for object in self.tap.world.api.with(|api| api.shared(&facts::plural(kind))) {
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                if object["metadata"]["deletionTimestamp"].is_string() {
                    wrong.push(format!("{kind} {name} is still being deleted"));
                    continue;
                }
                // What belongs to a version that is not current is the group's business.
                if object["metadata"]["ownerReferences"].is_array() {
                    continue;
                }
                if !self.git.contains_key(&(kind.to_owned(), name.to_owned())) {
                    continue;
                }
                let world = &self.tap.world;
                let restored = self.plan.disturbances.iter().any(|(_, what)| *what == Disturbance::Restore);
                // Versions that a restored store does not know of are left to people.
                let known = |wrong: &String| !(restored && wrong.contains("wants 2 tasks, not 0"));
                let differs = |wrong: Vec<String>| wrong.into_iter().filter(known).collect::<Vec<_>>();
                wrong.extend(differs(
                    world.aws.sim(|sim| facts::differs(sim.region(&key()), &world.api, kind, &object)),
                ));
                let ready = object["status"]["conditions"].as_array().into_iter().flatten();
                let ready = ready.filter(|c| c["type"] == "Ready").map(|c| format!("{} {}", c["status"], c["reason"]));
                let ready = ready.collect::<String>();
                if !ready.contains("True") {
                    wrong.push(format!("{kind} {name} is {ready}"));
                }
            }
        }
        for (kind, name) in self.git.keys() {
            if self.tap.world.api.with(|api| facts::stored(api, kind, name)).is_none() {
                wrong.push(format!("there is no {kind} {name}"));
            }
        }
        wrong
    }

    /// How long it may take to come to rest after the last fault.
    fn patience(&self) -> Duration {
        let strikes = self.plan.disturbances.iter();
        let held = strikes
            .clone()
            .any(|(_, what)| matches!(what, Disturbance::Strike(strike) if strike.kind.damage.holds_back()));
        // Whether a settled revision is still ACTIVE is looked at once an hour.
        let taken = Disturbance::Outside(crate::plan::Outside::Deregister);
        let held = held || self.plan.disturbances.iter().any(|(_, what)| *what == taken);
        let skewed = self.plan.disturbances.iter().any(|(_, what)| matches!(what, Disturbance::Skew(..)));
        let group = self.plan.workload.base.beginning().balanced.is_some();
        let long = if held || skewed { 80 } else { 0 } + if group { 40 } else { 25 };
        MINUTE * long
    }

    async fn end(&mut self) {
        let patience = self.patience();
        let mut there = false;
        for _ in 0..3 {
            there = Box::pin(self.settle(MINUTE, patience, |stage| stage.missing().is_empty())).await;
            if there || !self.retry().await {
                break;
            }
            self.commit().await;
        }
        if !there {
            let missing = self.missing().join("; ");
            self.breaks("L1", format!("it does not come to rest: {missing} (after {} passes)", self.passes));
            return;
        }
        Box::pin(self.rest()).await;
        self.orphans();
        // What a restored store does not know of is left in ECS, as is what was retained.
        let restored = self.plan.disturbances.iter().any(|(_, what)| *what == Disturbance::Restore);
        if self.plan.tear_down && !restored && self.plan.workload.name != "retain" {
            Box::pin(self.tear_down()).await;
        }
    }

    /// One sweep to count what moved, then three in which nothing is written.
    async fn rest(&mut self) {
        for number in 0..4 {
            self.tap.trace.note(self.tap.now(), None, What::Sweep(number));
            for key in self.process.all() {
                self.process.operator.look();
                self.pass(&key).await;
            }
            if number == 0 {
                // What the sweep found concerns others, too.
                Box::pin(self.settle(SECOND, MINUTE, |_| true)).await;
            }
            self.tap.world.wait(MINUTE).await;
        }
        self.tap.trace.note(self.tap.now(), None, What::Word("at rest".to_owned()));
    }

    /// What AWS holds for owners that are gone.
    fn orphans(&mut self) {
        let restored = self.plan.disturbances.iter().any(|(_, what)| *what == Disturbance::Restore);
        if restored || self.plan.workload.name == "retain" {
            return;
        }
        let mut live = Vec::new();
        for kind in ["EcsCluster", "EcsTaskDefinition", "EcsService", "ServerGroup"] {
            let all = self.tap.world.api.with(|api| api.all(&facts::plural(kind)));
            live.extend(all.iter().map(|object| object["metadata"]["uid"].as_str().unwrap_or_default().to_owned()));
        }
        let owners = self.tap.world.aws.sim(|sim| facts::owners(sim.region(&key()), "default"));
        let lost: Vec<String> = owners.into_iter().filter(|owner| !live.contains(owner)).collect();
        if !lost.is_empty() {
            let held: Vec<String> = lost
                .iter()
                .flat_map(|uid| self.tap.world.aws.sim(|sim| facts::held(sim.region(&key()), uid)))
                .collect();
            self.breaks("S5", format!("nobody owns any more: {}", held.join(", ")));
        }
    }

    async fn tear_down(&mut self) {
        self.tap.word("everything is deleted");
        let wanted: Vec<(String, String)> = self.git.keys().cloned().collect();
        for (kind, name) in &wanted {
            workloads::delete(&self.tap.world, kind, name).await;
        }
        self.git.clear();
        let patience = self.patience();
        let gone = Box::pin(self.settle(MINUTE, patience, |stage| stage.left().is_empty())).await;
        if !gone {
            let left = self.left().join("; ");
            self.breaks("L3", format!("it cannot be deleted: {left}"));
            return;
        }
        self.orphans();
    }

    fn left(&self) -> Vec<String> {
        let kinds = ["EcsCluster", "EcsTaskDefinition", "EcsService", "ServerGroup"];
        let all = kinds.iter().flat_map(|kind| self.tap.world.api.with(|api| api.all(&facts::plural(kind))));
        let say = |object: Value| {
            format!("{} {}: {}", object["kind"], object["metadata"]["name"], object["status"]["conditions"])
        };
        all.map(say).collect()
    }

    /// The worlds in words that two ways to the same end must share.
    fn state(&self) -> Vec<String> {
        let world = &self.tap.world;
        let mut lines: Vec<String> = self.git.values().map(|manifest| manifest["spec"].to_string()).collect();
        world.aws.sim(|sim| {
            let region = sim.region(&key());
            for service in region.services.services.values().filter(|s| s.status.as_str() != "INACTIVE") {
                let runs = service.primary().and_then(|primary| service.revision(&primary.revision));
                let image = runs.and_then(|r| r.definition.containers.first()).map(|c| c.image.clone());
                let (cluster, desired) = (&service.key.cluster, service.desired);
                if desired > 0 {
                    let config = json!(service.config);
                    let mut config = config;
                    config["taskDefinition"] = Value::Null;
                    lines.push(format!("{cluster} {image:?} {desired} {}", config["desiredCount"]));
                }
            }
        });
        lines.sort();
        lines
    }
}

/// A server of its own that goes on from a state.
pub fn server(world: &World, api: &MemApi) -> Apiserver {
    let clock = world.clock.clone();
    Apiserver::new(api.fork(), move || clock.exact())
}
