//! Many schedules, and what they did: counts by story, by what went wrong, by place, and the failures.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::plan::{Disturbance, Plan};
use crate::seen::Seen;
use crate::sites;
use crate::stage::{Outcome, play};

/// A schedule that broke something.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The schedule, as people read it.
    pub plan: String,
    /// The arguments that play it again.
    pub again: String,
    /// What was broken.
    pub broken: Vec<String>,
    /// The first oracle that was broken.
    pub oracle: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.plan)?;
        for broken in &self.broken {
            writeln!(f, "  BROKEN {broken}")?;
        }
        writeln!(f, "  again: cargo quick -p ecs-chaos -- {}", self.again)
    }
}

/// Counts.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Schedules.
    pub schedules: usize,
    /// Calls and other things that were seen.
    pub seen: usize,
    /// Passes.
    pub passes: usize,
    /// Schedules by story.
    pub stories: BTreeMap<String, usize>,
    /// What went wrong: drawn and struck.
    pub disturbances: BTreeMap<String, (usize, usize)>,
    /// Faults that struck, by place and kind.
    pub places: BTreeMap<String, usize>,
    /// Failures by the first oracle that was broken.
    pub oracles: BTreeMap<String, usize>,
    /// Failures; all are counted, the first are kept.
    pub failures: Vec<Failure>,
}

/// Failures kept.
const KEPT: usize = 40;

impl Tally {
    fn add(&mut self, plan: &Plan, again: String, outcome: &Result<Outcome, String>) {
        self.schedules += 1;
        *self.stories.entry(plan.workload.name.to_owned()).or_default() += 1;
        if let Ok(outcome) = outcome {
            self.seen += outcome.calls;
            self.passes += outcome.passes;
            for ((_, what), struck) in plan.disturbances.iter().zip(&outcome.struck) {
                let count = self.disturbances.entry(what.word()).or_default();
                count.0 += 1;
                count.1 += usize::from(*struck);
                if let (Disturbance::Strike(strike), true) = (what, struck) {
                    *self.places.entry(format!("{:?} {}", strike.kind.wire, strike.site)).or_default() += 1;
                }
            }
        }
        let broken: Vec<String> = match outcome {
            Ok(outcome) => outcome.broken.iter().map(ToString::to_string).collect(),
            Err(panic) => vec![format!("panic: {panic}")],
        };
        if let Some(first) = broken.first() {
            let oracle = first.split(':').next().unwrap_or_default().to_owned();
            *self.oracles.entry(oracle.clone()).or_default() += 1;
            if self.failures.len() < KEPT {
                self.failures.push(Failure { plan: plan.to_string(), again, broken, oracle });
            }
        }
    }

    /// How many schedules broke something.
    pub fn failed(&self) -> usize {
        self.oracles.values().sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} schedules, {} passes, {} calls, {} failures",
            self.schedules,
            self.passes,
            self.seen,
            self.failed()
        )?;
        writeln!(f, "\nstories")?;
        for (story, count) in &self.stories {
            writeln!(f, "  {count:>8}  {story}")?;
        }
        writeln!(f, "\nwhat went wrong: struck of drawn")?;
        for (what, (drawn, struck)) in &self.disturbances {
            writeln!(f, "  {struck:>8} of {drawn:>8}  {what}")?;
        }
        writeln!(f, "\nfaults of single calls that struck, by place")?;
        for (place, count) in &self.places {
            writeln!(f, "  {count:>8}  {place}")?;
        }
        if !self.oracles.is_empty() {
            writeln!(f, "\nbroken first")?;
            for (oracle, count) in &self.oracles {
                writeln!(f, "  {count:>8}  {oracle}")?;
            }
        }
        Ok(())
    }
}

/// Plays a schedule; a panic is a failure like any other.
pub fn attempt(plan: &Plan) -> Result<Outcome, String> {
    catch_unwind(AssertUnwindSafe(|| play(plan))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    })
}

/// Plays the schedules of `count` seeds from `first` on, on so many threads; `stop` ends it early.
pub fn run(
    first: u64,
    count: u64,
    threads: usize,
    progress: impl Fn(&Tally) + Sync,
    stop: impl Fn(&Tally) -> bool + Sync,
) -> Tally {
    let one = |number: u64| {
        let plan = sites::plan(first + number);
        let outcome = attempt(&plan);
        (plan, format!("--replay {}", first + number), outcome)
    };
    play_all(count, threads, one, progress, stop)
}

/// Plays so many schedules, each with the arguments that play it again, on so many threads; `stop` ends it early.
pub fn play_all(
    count: u64,
    threads: usize,
    one: impl Fn(u64) -> (Plan, String, Result<Outcome, String>) + Sync,
    progress: impl Fn(&Tally) + Sync,
    stop: impl Fn(&Tally) -> bool + Sync,
) -> Tally {
    let (next, tally) = (AtomicU64::new(0), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= count {
                        return;
                    }
                    let (plan, again, outcome) = one(number);
                    let mut tally = tally.lock().unwrap();
                    tally.add(&plan, again, &outcome);
                    progress(&tally);
                    if stop(&tally) {
                        return;
                    }
                }
            });
        }
    });
    tally.into_inner().unwrap()
}

/// A trace, line by line.
pub fn lines(trace: &[Seen], whole: bool) -> String {
    let line = |seen: &Seen| if whole { format!("{seen:#}\n") } else { format!("{seen}\n") };
    trace.iter().map(line).collect()
}
