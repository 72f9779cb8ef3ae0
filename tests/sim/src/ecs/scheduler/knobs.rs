//! What a test can turn beside the fixtures: timing, launch faults, hooks, frozen services.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::timing::Timing;

/// When the count of failed tasks of a deployment returns to zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BreakerReset {
    /// Once, at the first task that reaches RUNNING.
    #[default]
    FirstRunning,
    /// Each time a task becomes healthy.
    Healthy,
    /// Never.
    Never,
}

/// How tasks fail before they run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchFault {
    /// Cluster name.
    pub cluster: String,
    /// Group of the task: `service:<name>` or `family:<family>`.
    pub group: String,
    /// `stoppedReason` of the task.
    pub reason: String,
    /// How many launches still fail.
    pub remaining: u32,
}

/// What a Lambda hook answers when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookAnswer {
    /// The stage may go on.
    Succeeded,
    /// Roll back.
    Failed,
    /// Ask again, after this many milliseconds or the default interval.
    InProgress(Option<i64>),
}

/// Everything a test can turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Knobs {
    /// Durations.
    pub timing: Timing,
    /// Launches that fail.
    pub launch_faults: Vec<LaunchFault>,
    /// Container instances of a cluster, for DAEMON services; no entry = 2.
    pub instances: BTreeMap<String, i64>,
    /// Services whose tasks stand still.
    pub frozen: BTreeSet<super::Key>,
    /// Target groups whose targets fail their checks.
    pub failing_groups: BTreeSet<String>,
    /// Answers of Lambda hooks by ARN; an exhausted or absent script succeeds.
    pub hooks: BTreeMap<String, VecDeque<HookAnswer>>,
    /// When failed tasks are forgotten.
    pub breaker_reset: BreakerReset,
    /// Keep what `EventBridge` would carry in `Fleet::notices`.
    pub record_notices: bool,
}
