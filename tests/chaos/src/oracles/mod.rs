//! What must hold of every schedule, judged by what the wires saw.

mod ownership;
mod pace;
mod repeats;
mod truth;

use std::fmt;

use crate::faults::Damage;
use crate::plan::{Disturbance, Plan};
use crate::seen::Seen;
pub use ownership::ON_THE_WAY;

/// A statement that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which statement.
    pub oracle: &'static str,
    /// What shows it.
    pub why: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.oracle, self.why)
    }
}

/// After so many looks at nothing the operator may believe that there is nothing.
const DENIALS: usize = 6;

/// What of the schedule an oracle must know.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing of its own that may have happened")]
pub struct Setting {
    /// Nobody but the operator touched AWS, and ECS did as it should.
    pub ours_only: bool,
    /// The operator may have seen old states of Kubernetes or AWS, or a wrong time.
    pub misled: bool,
    /// ECS said of a service that is there that it is not, for longer than reads of it lag.
    pub denied: bool,
    /// Kubernetes was restored.
    pub restored: bool,
    /// Something is kept when its object goes.
    pub retains: bool,
    /// Something that somebody else made is taken over.
    pub adopts: bool,
    /// Tasks that must stay healthy throughout; 0: none.
    pub healthy: i64,
    /// Somebody deregistered revisions.
    pub deregistered: bool,
}

impl Setting {
    /// What an oracle must know of a schedule.
    pub fn of(plan: &Plan) -> Self {
        let any = |fits: fn(&Disturbance) -> bool| plan.disturbances.iter().any(|(_, what)| fits(what));
        let denials = plan.disturbances.iter().map(|(_, what)| match what {
            Disturbance::Strike(strike)
                if strike.kind.damage == Damage::Missing && strike.site == "DescribeServices" =>
            {
                strike.times
            }
            _ => 0,
        });
        let grows = ["red and black", "highlander", "canary", "group twice", "group and back", "abort", "rolling"];
        Self {
            ours_only: plan.disturbances.iter().all(|(_, what)| what.is_ours()),
            misled: any(|what| {
                matches!(
                    what,
                    Disturbance::Stale(_)
                        | Disturbance::Past(_)
                        | Disturbance::Lag(_)
                        | Disturbance::SecondLeader(_)
                        | Disturbance::Skew(..)
                        | Disturbance::Restore
                )
            }),
            denied: denials.sum::<usize>() >= DENIALS,
            restored: plan.restores(),
            retains: plan.workload.kept.is_some(),
            adopts: plan.workload.name == "adopt",
            healthy: if grows.contains(&plan.workload.name) { 2 } else { 0 },
            deregistered: any(|what| matches!(what, Disturbance::Outside(_) | Disturbance::Restore)),
        }
    }
}

/// A statement about a trace.
pub type Oracle = fn(&[Seen], Setting) -> Vec<String>;

/// All statements.
pub const ALL: &[(&str, Oracle)] = &[
    ("S1", truth::one_group_serves),
    ("S2", truth::enough_are_healthy),
    ("S3", repeats::one_creation),
    ("S3", repeats::one_revision),
    ("S4", ownership::only_ours),
    ("S5", ownership::nothing_is_left),
    ("S6", ownership::looked_before),
    ("S6", ownership::fenced),
    ("S7", pace::within_quota),
    ("S7", pace::one_attempt),
    ("S7", pace::full_batches),
    ("S8", truth::no_secrets),
    ("S9", repeats::numbers_rise),
    ("S10", truth::ready_is_true),
    ("L2", pace::nothing_at_rest),
    ("L3", pace::no_hot_loop),
];

/// What is broken in a trace.
pub fn judge(trace: &[Seen], plan: &Plan) -> Vec<Broken> {
    judge_in(trace, Setting::of(plan))
}

/// What is broken in a trace of such a schedule.
pub fn judge_in(trace: &[Seen], setting: Setting) -> Vec<Broken> {
    let all = ALL.iter().flat_map(|(oracle, check)| {
        // The first few say it all.
        check(trace, setting).into_iter().take(3).map(|why| Broken { oracle, why })
    });
    all.collect()
}
