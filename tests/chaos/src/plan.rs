//! A schedule: which story, what is asked when, and what goes wrong. All of it follows from the seed.

use std::fmt;

use crate::dice::Dice;
use crate::faults::Strike;
use crate::workloads::{self, Workload};

/// At most so many things go wrong in a schedule.
pub const MOST: usize = 4;

/// An edit in AWS by somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// Every service of ours to five tasks.
    Scale,
    /// One task of each service is stopped.
    StopTasks,
    /// A service is deleted.
    Delete,
    /// All revisions of a family are deregistered.
    Deregister,
    /// The weights of the rule are turned.
    Weights,
    /// Somebody registers a revision in our family.
    Register,
}

/// ECS in trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No room for further tasks.
    Capacity,
    /// No image can be pulled.
    Images,
    /// Targets fail their checks.
    Targets,
}

/// What goes wrong beside single calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// Something with a call, or some.
    Strike(Strike),
    /// The process dies between two passes.
    Crash,
    /// The watches stand still for so many slots; all events between are lost.
    Stale(usize),
    /// After a restart the watches tell of an earlier state for so many slots.
    Past(usize),
    /// A second process acts at the same time, and the first learns late that it may not any more.
    SecondLeader(usize),
    /// The process's clock is off by so many seconds for so many slots.
    Skew(i64, usize),
    /// AWS does not answer for so many seconds.
    AwsAway(i64),
    /// Kubernetes does not answer for so many seconds.
    KubeAway(i64),
    /// Reads of AWS lag behind for so many slots.
    Lag(usize),
    /// A stored object that no version can read stands beside the others for so many slots.
    Poison(usize),
    /// The store of Kubernetes is restored as it was at the beginning.
    Restore,
    /// Somebody else edits.
    Outside(Outside),
    /// ECS is in trouble for so many slots.
    Ecs(Trouble, usize),
    /// Every object is visited, due or not: events come twice.
    Repeat,
}

impl Disturbance {
    /// A word for counts.
    pub fn word(&self) -> String {
        match self {
            Self::Strike(strike) => strike.kind.id.to_owned(),
            Self::Outside(what) => format!("outside {what:?}"),
            Self::Ecs(what, _) => format!("ecs {what:?}"),
            other => {
                let text = format!("{other:?}");
                text.split('(').next().unwrap_or_default().to_owned()
            }
        }
    }

    /// Does it leave ECS and the people alone, so that only the operator can have harmed anybody?
    pub fn is_ours(&self) -> bool {
        !matches!(self, Self::Outside(_) | Self::Ecs(..) | Self::Restore)
    }
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Strike(strike) => write!(f, "{strike}"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// A schedule.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// The story.
    pub workload: &'static Workload,
    /// How many choices are made before everything is well again.
    pub slots: usize,
    /// In which slot each act is done.
    pub acts: Vec<usize>,
    /// What goes wrong, each from a slot on.
    pub disturbances: Vec<(usize, Disturbance)>,
    /// Is everything deleted at the end?
    pub tear_down: bool,
    /// Do faults of calls wait beyond the slots, for what is called until everything is at rest, and for the deletion?
    pub throughout: bool,
}

impl Plan {
    /// Is the store of Kubernetes restored in it?
    pub fn restores(&self) -> bool {
        self.disturbances.iter().any(|(_, what)| *what == Disturbance::Restore)
    }

    /// The schedule of a seed; `sites` are the places where a story makes calls.
    pub fn of(seed: u64, sites: impl Fn(&Workload) -> Vec<String>) -> Self {
        let mut dice = Dice::at(seed, 1);
        let (first, later) = workloads::all().split_at(workloads::all().len() - workloads::LATER);
        let mut other = Dice::at(seed, 2);
        let drawn = dice.one(first);
        let workload = if other.chance(10) { other.one(later) } else { drawn };
        let slots = 8 + dice.below(24);
        let mut acts: Vec<usize> = workload.acts.iter().map(|_| dice.below(slots / 2)).collect();
        acts.sort_unstable();
        let places = sites(workload);
        let mut disturbances = Vec::new();
        for number in 0..dice.below(MOST + 1) {
            let mut own = Dice::at(seed, 100 + number as u64);
            if let Some(drawn) = draw(&mut own, &places) {
                disturbances.push((own.below(slots), drawn));
            }
        }
        Self { seed, workload, slots, acts, disturbances, tear_down: dice.chance(25), throughout: false }
    }

    /// The same schedule in which only these disturbances are kept.
    #[must_use]
    pub fn keeping(&self, kept: &[usize]) -> Self {
        let mut plan = self.clone();
        plan.disturbances = kept.iter().filter_map(|at| self.disturbances.get(*at).cloned()).collect();
        plan
    }
}

fn draw(dice: &mut Dice, sites: &[String]) -> Option<Disturbance> {
    let long = 2 + dice.below(8);
    Some(match dice.below(100) {
        0..55 => Disturbance::Strike(Strike::draw(dice, sites)?),
        55..60 => Disturbance::Crash,
        60..65 => Disturbance::Stale(long),
        65..69 => Disturbance::Past(long),
        69..74 => Disturbance::SecondLeader(long),
        74..77 => Disturbance::Skew(*dice.one(&[-3600, -120, 120, 3600]), long),
        77..79 => Disturbance::AwsAway(600),
        79..81 => Disturbance::KubeAway(*dice.one(&[5, 60])),
        81..84 => Disturbance::Lag(long),
        84..87 => Disturbance::Poison(long),
        87..89 => Disturbance::Restore,
        89..94 => {
            use Outside::{Delete, Deregister, Register, Scale, StopTasks, Weights};
            Disturbance::Outside(*dice.one(&[Scale, StopTasks, Delete, Deregister, Weights, Register]))
        }
        94..97 => Disturbance::Ecs(*dice.one(&[Trouble::Capacity, Trouble::Images, Trouble::Targets]), long),
        _ => Disturbance::Repeat,
    })
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, story `{}`, {} slots", self.seed, self.workload.name, self.slots)?;
        for (slot, act) in self.acts.iter().zip(&self.workload.acts) {
            writeln!(f, "  slot {slot}: {act}")?;
        }
        for (number, (slot, disturbance)) in self.disturbances.iter().enumerate() {
            writeln!(f, "  slot {slot}: [{number}] {disturbance}")?;
        }
        if self.tear_down { writeln!(f, "  at the end: everything is deleted") } else { Ok(()) }
    }
}
