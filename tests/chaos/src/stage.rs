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
use crate::support::log::Log;
use crate::support::paused::run;
use crate::support::world::{World, key};
use crate::wires::{Mark, Tap};
use crate::workloads::{self, Git};

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
    /// What the worlds look like at rest, but for names and times.
    pub end: Vec<String>,
    /// The calls that a fault may meet, if they were asked for.
    pub marks: Vec<Mark>,
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
    /// What the worlds looked like at rest.
    pub rested: Vec<String>,
    broken: Vec<Broken>,
}

/// How a line of the trace begins that tells of a manifest that Kubernetes refuses.
pub const REFUSED: &str = "refused";

/// Plays a schedule on a clock of its own.
pub fn play(plan: &Plan) -> Outcome {
    // Made outside the schedule's own time.
    plan.workload.base.beginning();
    fastrand::seed(plan.seed);
    // Whoever asks to see the log gets it instead of us.
    let listening = std::env::var_os("RUST_LOG").is_none().then(Log::listen);
    run(Box::pin(perform(plan, listening.as_ref().map(|(log, _)| log))))
}

async fn perform(plan: &Plan, log: Option<&Log>) -> Outcome {
    let beginning = plan.workload.base.beginning();
    let world = Arc::new(beginning.worlds.go_on());
    world.api.take_log();
    // The trace is what is judged; a second record of every answer would cost as much as the answers.
    world.aws.sim(|sim| sim.knobs.no_transcript = true);
    let strikes: Vec<&Strike> = plan
        .disturbances
        .iter()
        .filter_map(|(_, disturbance)| if let Disturbance::Strike(strike) = disturbance { Some(strike) } else { None })
        .collect();
    let armed = strikes.into_iter().map(Armed::of).collect();
    let mut tap = Tap::new(world, armed, plan.seed);
    tap.marking = plan.throughout && plan.disturbances.is_empty();
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
        rested: Vec::new(),
        broken: Vec::new(),
    };
    let bystanders = disturb::bystanders(&stage.tap.world);
    for slot in 0..plan.slots {
        Box::pin(stage.slot(slot)).await;
    }
    Box::pin(stage.recover()).await;
    Box::pin(stage.end()).await;
    let struck = stage.struck();
    if disturb::bystanders(&stage.tap.world) != bystanders {
        stage.breaks("S4", "what is nobody's business was changed".to_owned());
    }
    let end = std::mem::take(&mut stage.rested);
    for line in log.map(Log::text).unwrap_or_default().lines().filter(|line| line.contains(workloads::TAINT)) {
        stage.tap.word(format!("logged: {line}"));
    }
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
        marks: stage.tap.marks(),
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
                Box::pin(self.gone(act)).await;
                self.tap.word(act.to_string());
                workloads::commit(&mut self.git, act);
                if let Err(refused) = workloads::act(&self.tap.world, act).await {
                    self.tap.word(format!("{REFUSED}: {refused}"));
                }
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
                self.tap.world.wait(after.min(Duration::from_secs(30))).await;
                if after > Duration::from_secs(30) {
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

    /// The worlds in words that two ways to the same end must share.
    pub fn state(&self) -> Vec<String> {
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
                    let scaling = facts::scaling(region, cluster, &service.key.service);
                    lines.extend((!scaling.is_empty()).then(|| format!("{cluster} {image:?} {scaling}")));
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
