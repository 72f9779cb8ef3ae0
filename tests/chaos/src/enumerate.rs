//! Every story once for each call it makes and each thing that can go wrong with that call.

use std::collections::{BTreeMap, BTreeSet};

use crate::faults::{Damage, KINDS, Kind, Strike, is_read};
use crate::oracles::Broken;
use crate::plan::{Disturbance, Plan};
use crate::sites::smooth;
use crate::stage::{Outcome, play};
use crate::tally::{Tally, attempt, play_all};
use crate::wires::Mark;
use crate::workloads::{self, Workload};

/// A fault that stays does so for so many calls of its place.
const IN_A_ROW: usize = 5;

/// Faults of an event: nobody waits for what becomes of it.
const EVENTS: (Calls, &[&str]) =
    (Calls::Events, &["K1", "K4", "K5", "K6", "K7", "K7b", "K7c", "K8", "K8b", "K8c", "K8d"]);

/// Faults of one effect: they leave the worlds alike, and the operator cannot tell them apart once it has read them
/// (`aws::classify` is tested with each) or does not treat them differently.
const ALIKE: &[(Calls, &[&str])] = &[
    (Calls::Reads, &["A1", "A1b", "A2", "A2b", "A3", "A4", "A5", "A5b"]),
    (Calls::Writes, &["A1", "A1b", "A2", "A2b", "A3", "A4"]),
    (Calls::Writes, &["A3b", "A4b", "A5", "A5b"]),
    (Calls::All, &["A6", "A6b", "A7"]),
    EVENTS,
    (Calls::All, &["K4", "K5"]),
    (Calls::All, &["K6", "K7", "K7b", "K7c", "K8", "K8b"]),
    (Calls::All, &["K8c", "K8d"]),
    (Calls::All, &["crash lost", "crash after"]),
];

/// Faults after which a further call of a place was simply not carried out: with which reason is in turn.
const UNDONE: &[(Calls, &[&str])] = &[
    (Calls::Reads, &["A1", "A1b", "A2", "A2b", "A3", "A4", "A5", "A5b", "A6", "A7"]),
    EVENTS,
    (Calls::All, &["K1", "K4", "K5", "K6", "K7", "K7b", "K7c", "K8", "K8b"]),
];

/// Calls of which faults are alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Calls {
    Reads,
    Writes,
    Events,
    All,
}

impl Calls {
    fn has(self, site: &str) -> bool {
        match self {
            Self::Reads => is_read(site),
            Self::Writes => !is_read(site),
            Self::Events => site == "POST events",
            Self::All => true,
        }
    }
}

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Depth {
    /// Of each call one fault of each effect, in turn, and of a call that another one of the same place came before one
    /// of those that only undo it; the first call of a place meets every fault in one of the stories.
    Effects,
    /// Of each call every fault.
    Faults,
}

impl Depth {
    /// As the program is asked for it.
    fn option(self) -> &'static str {
        match self {
            Self::Effects => " --depth effects",
            Self::Faults => "",
        }
    }
}

/// Stories after which everything is deleted; that of the others would be told in the same words.
const ENDED: &[&str] = &["create", "scaling", "several", "group", "canary", "alarms", "copies on"];

/// A story told without a fault.
pub struct Told {
    /// The story.
    pub workload: &'static Workload,
    /// How it went.
    pub outcome: Outcome,
}

/// The schedule of a story in which nothing goes wrong.
fn straight(workload: &'static Workload) -> Plan {
    Plan { throughout: true, tear_down: ENDED.contains(&workload.name), ..smooth(workload) }
}

impl Told {
    /// Tells a story.
    pub fn tell(workload: &'static Workload) -> Self {
        Self { workload, outcome: play(&straight(workload)) }
    }

    /// A schedule for each call and each fault that can meet it, and for each place one in which the fault stays a while.
    ///
    /// A read that is answered as before, and with nothing written since, is the same read. A crash is told by what it
    /// leaves behind: before two calls between which nothing was written it leaves the same, and after a call what the
    /// next one would find. Nobody reads events, nor waits for what becomes of them: by effect the first of a story stands
    /// for all.
    fn schedules(&self, depth: Depth, places: &mut Places) -> Vec<Plan> {
        let mut plans = Vec::new();
        let mut crashed = BTreeSet::new();
        let mut begun = BTreeSet::new();
        for (mark, written) in once(&self.outcome.marks, depth) {
            let first = begun.insert(&mark.site);
            let never = places.begun.insert(mark.site.clone());
            for kind in KINDS.iter().filter(|kind| kind.happens(mark.wire, &mark.site)) {
                if !(depth == Depth::Faults || never || places.is_turn(kind, &mark.site, first)) {
                    continue;
                }
                let applied = usize::from(kind.damage.applies() && leaves(&mark.site));
                let again = match depth {
                    Depth::Effects => kind.is_crash() && !crashed.insert(written + applied) && !never,
                    Depth::Faults => kind.damage == Damage::CrashBefore && !crashed.insert(written),
                };
                if again {
                    continue;
                }
                plans.push(self.schedule(kind, mark, 1));
                if (never || first && depth == Depth::Faults) && !kind.is_crash() {
                    plans.push(self.schedule(kind, mark, IN_A_ROW));
                }
            }
            places.next(&mark.site);
        }
        plans
    }

    /// Plays a schedule of this story, which must end as the story does without a fault.
    pub fn play(&self, plan: &Plan) -> Result<Outcome, String> {
        let mut outcome = attempt(plan)?;
        let mut breaks = |oracle, why| outcome.broken.push(Broken { oracle, why });
        if outcome.struck != [true] {
            breaks("D0", "the fault never struck".to_owned());
        }
        if outcome.end != self.outcome.end {
            breaks("D1", format!("it ends in {:?}, and without the fault in {:?}", outcome.end, self.outcome.end));
        }
        Ok(outcome)
    }

    fn schedule(&self, kind: &Kind, mark: &Mark, times: usize) -> Plan {
        let strike = Strike { kind: *kind, site: mark.site.clone(), nth: mark.nth, times };
        Plan { disturbances: vec![(0, Disturbance::Strike(strike))], ..straight(self.workload) }
    }
}

/// The places so far, over all stories.
#[derive(Default)]
struct Places {
    begun: BTreeSet<String>,
    calls: BTreeMap<String, usize>,
}

impl Places {
    /// Is it this one's turn among those of its effect?
    fn is_turn(&self, kind: &Kind, site: &str, first: bool) -> bool {
        let undone = UNDONE.iter().filter(|_| !first);
        let alike = undone.chain(ALIKE).find(|(calls, alike)| calls.has(site) && alike.contains(&kind.id));
        alike.is_none_or(|(_, alike)| {
            let fitting = |one: &&Kind| alike.contains(&one.id) && one.happens(kind.wire, site);
            let turn = self.calls.get(site).unwrap_or(&0) % KINDS.iter().filter(fitting).count();
            KINDS.iter().filter(fitting).nth(turn) == Some(kind)
        })
    }

    fn next(&mut self, site: &str) {
        *self.calls.entry(site.to_owned()).or_default() += 1;
    }
}

/// Can a call of this place leave anything that is read again?
fn leaves(site: &str) -> bool {
    !is_read(site) && !Calls::Events.has(site)
}

/// The calls that differ, and by effect one event; each with how much was written before it.
fn once(marks: &[Mark], depth: Depth) -> Vec<(&Mark, usize)> {
    let mut written = 0;
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for mark in marks {
        let event = depth == Depth::Effects && Calls::Events.has(&mark.site);
        let told = if event {
            seen.insert((&mark.site, 0, 0))
        } else {
            !is_read(&mark.site) || seen.insert((&mark.site, written, mark.reply))
        };
        if told {
            all.push((mark, written));
        }
        written += usize::from(leaves(&mark.site));
    }
    all
}

/// A schedule, and where to find it again.
pub struct Numbered<'a> {
    /// Its story, told without a fault.
    pub told: &'a Told,
    /// How to play it again.
    pub again: String,
    /// What goes wrong.
    pub plan: Plan,
}

/// Tells all stories.
pub fn tell() -> Vec<Told> {
    workloads::all().iter().map(Told::tell).collect()
}

/// The schedules of all stories, or of those that are named.
pub fn all<'a>(told: &'a [Told], depth: Depth, names: &[String]) -> Vec<Numbered<'a>> {
    let mut places = Places::default();
    let mut all = Vec::new();
    for told in told {
        let plans = told.schedules(depth, &mut places).into_iter().enumerate();
        let name = told.workload.name;
        let again = |number| format!("--story '{name}' --enumerated {number}{}", depth.option());
        all.extend(plans.map(|(number, plan)| Numbered { told, again: again(number), plan }));
    }
    all.retain(|one| names.is_empty() || names.iter().any(|name| name == one.told.workload.name));
    all
}

/// Plays every so many-th of some schedules, on so many threads.
pub fn run(all: &[Numbered<'_>], every: usize, threads: usize, progress: impl Fn(&Tally) + Sync) -> Tally {
    let some: Vec<&Numbered<'_>> = all.iter().step_by(every.max(1)).collect();
    let one = |number: u64| {
        let Numbered { told, again, plan } = some[usize::try_from(number).unwrap_or(usize::MAX)];
        (plan.clone(), again.clone(), told.play(plan))
    };
    play_all(some.len() as u64, threads, one, progress, |_| false)
}
