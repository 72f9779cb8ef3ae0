//! Every story once for each call it makes and each thing that can go wrong with that call.

use std::collections::BTreeSet;

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

/// Faults that the operator cannot tell apart once it has read them (`aws::classify` is tested with each): the first call
/// of a place meets all of them, each further one meets one of them, in turn.
const ALIKE: &[&[&str]] = &[&["A1", "A1b"], &["A2", "A2b", "A3"], &["A5", "A5b"], &["K7", "K7b", "K7c", "K8"]];

/// Stories after which everything is deleted; that of the others would be told in the same words.
const ENDED: &[&str] = &["create", "scaling", "several", "group", "canary"];

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
    /// leaves behind: before two calls between which nothing was written it leaves the same.
    pub fn schedules(&self) -> Vec<Plan> {
        let mut plans = Vec::new();
        let mut crashed = BTreeSet::new();
        let mut begun = BTreeSet::new();
        for (turn, (mark, written)) in once(&self.outcome.marks).into_iter().enumerate() {
            for kind in KINDS.iter().filter(|kind| kind.happens(mark.wire, &mark.site)) {
                let first = begun.insert((mark.site.clone(), kind.id));
                let again = kind.damage == Damage::CrashBefore && !crashed.insert(written);
                if again || !(first || is_turn(kind, turn)) {
                    continue;
                }
                plans.push(self.schedule(kind, mark, 1));
                if first && !kind.is_crash() {
                    plans.push(self.schedule(kind, mark, IN_A_ROW));
                }
            }
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

/// Is it this one's turn among those that are alike?
fn is_turn(kind: &Kind, turn: usize) -> bool {
    let alike = ALIKE.iter().find(|alike| alike.contains(&kind.id));
    alike.is_none_or(|alike| alike[turn % alike.len()] == kind.id)
}

/// The calls that differ, each with how much was written before it.
fn once(marks: &[Mark]) -> Vec<(&Mark, usize)> {
    let mut written = 0;
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for mark in marks {
        let read = is_read(&mark.site);
        if !read || seen.insert((&mark.site, written, mark.reply)) {
            all.push((mark, written));
        }
        written += usize::from(!read);
    }
    all
}

/// Tells all stories, or those that are named.
pub fn tell(names: &[String]) -> Vec<Told> {
    let asked = |workload: &&Workload| names.is_empty() || names.iter().any(|name| name == workload.name);
    workloads::all().iter().filter(asked).map(Told::tell).collect()
}

/// Plays every schedule of the stories, or every so many-th of them, on so many threads.
pub fn run(told: &[Told], every: usize, threads: usize, progress: impl Fn(&Tally) + Sync) -> Tally {
    let numbered = told.iter().flat_map(|told| told.schedules().into_iter().enumerate().map(move |plan| (told, plan)));
    let all: Vec<_> = numbered.step_by(every.max(1)).collect();
    let one = |number: u64| {
        let (told, (at, plan)) = &all[usize::try_from(number).unwrap_or(usize::MAX)];
        (plan.clone(), format!("--story '{}' --enumerated {at}", plan.workload.name), told.play(plan))
    };
    play_all(all.len() as u64, threads, one, progress, |_| false)
}
