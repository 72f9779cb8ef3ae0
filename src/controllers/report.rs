//! What the rooms hand to each other: plan, outcome, report.

use std::fmt;
use std::time::Duration;

use crate::api::condition::{Claim, ConditionType, Reason};
use crate::controllers::events::Happening;
use crate::controllers::failure::StepError;

/// Where a pass leaves the object, before the calls are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// Nothing left to do and nothing changing.
    Settled,
    /// Work goes on, or will be tried again by itself.
    Underway,
    /// Nothing will change until somebody acts.
    Stuck,
}

/// One sentence on the object: the `Ready` condition and what goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Does the object do what its spec asks?
    pub ready: bool,
    /// Where the pass leaves it.
    pub course: Course,
    /// Reason of `Ready`.
    pub reason: Reason,
    /// Message of `Ready`.
    pub message: String,
}

impl Verdict {
    /// As the spec asks.
    pub fn settled(message: impl Into<String>) -> Self {
        Self { ready: true, course: Course::Settled, reason: Reason::Succeeded, message: message.into() }
    }

    /// Work goes on.
    pub fn underway(reason: Reason, message: impl Into<String>) -> Self {
        Self { ready: false, course: Course::Underway, reason, message: message.into() }
    }

    /// Somebody has to act.
    pub fn stuck(reason: Reason, message: impl Into<String>) -> Self {
        Self { ready: false, course: Course::Stuck, reason, message: message.into() }
    }

    /// The conditions that say this. `synced`: does AWS equal the spec?
    #[must_use]
    pub fn claims(&self, synced: bool) -> Vec<Claim> {
        let mut claims = vec![
            Claim::new(ConditionType::Ready, self.ready, self.reason, self.message.clone()),
            Claim::new(ConditionType::Synced, synced, self.reason, if synced { "" } else { self.message.as_str() }),
        ];
        match self.course {
            Course::Settled => {}
            Course::Underway => {
                claims.push(Claim::new(ConditionType::Reconciling, true, self.reason, self.message.clone()));
            }
            Course::Stuck => {
                claims.push(Claim::new(ConditionType::Stalled, true, self.reason, self.message.clone()));
            }
        }
        claims
    }
}

/// When to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requeue {
    /// At the next sweep.
    Sweep,
    /// After a time (jittered by the driver).
    After(Duration),
    /// Never: the object is gone.
    Gone,
}

/// What a pass decided: printable, comparable, replayable.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan<S> {
    /// The effects, in order.
    pub steps: Vec<S>,
    /// What to say if all of them succeed.
    pub verdict: Verdict,
    /// When to come back if all of them succeed.
    pub requeue: Requeue,
}

impl<S> Plan<S> {
    /// Nothing to do.
    pub fn rest(verdict: Verdict, requeue: Requeue) -> Self {
        Self { steps: Vec::new(), verdict, requeue }
    }
}

impl<S: fmt::Display> fmt::Display for Plan<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        write!(f, "{}: {}", self.verdict.reason, self.verdict.message)
    }
}

/// What became of a plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many steps were done.
    pub done: usize,
    /// The step that failed and why; the rest were not reached.
    pub failed: Option<StepError>,
    /// The steps were not run at all (Plan mode, paused, held).
    pub withheld: bool,
}

/// What a pass has to say; the driver writes it.
#[derive(Debug)]
pub struct Report<S> {
    /// The whole status, its conditions aside.
    pub status: S,
    /// The conditions.
    pub claims: Vec<Claim>,
    /// Events to publish.
    pub happenings: Vec<Happening>,
    /// When to come back.
    pub requeue: Requeue,
    /// Do not move `observedGeneration` (paused with an edit not applied).
    pub keep_generation: bool,
    /// Where a refused or failed call leaves the object; `None` when nothing failed.
    pub failed: Option<Course>,
}
