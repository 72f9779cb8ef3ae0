//! Strategy, gate, rollback and traffic with their defaults. Pure.

use crate::api::server_group::analysis::Analysis;
use crate::api::server_group::strategy as api;
use crate::api::server_group::strategy::TrafficOnDelete;

/// How a new version takes the place of the old one.
#[derive(Clone, Debug, PartialEq)]
pub enum Strategy {
    /// The new version joins the old ones.
    None,
    /// All other versions are destroyed.
    Highlander {
        /// Seconds between the new version's health and the end of the others.
        delay_before_destroy_seconds: i32,
    },
    /// Full size beside the old version, then over.
    RedBlack {
        /// What becomes of the old versions.
        tail: Tail,
    },
    /// Steps of capacity.
    Rolling {
        /// Percent of the new version at each step; the last is 100.
        percents: Vec<i32>,
        /// Seconds between two steps.
        delay_between_steps_seconds: i32,
        /// Does each step wait for a person?
        pause_between_steps: bool,
        /// Metrics that must be good at each step.
        analysis: Option<Analysis>,
        /// What becomes of the old versions.
        tail: Tail,
    },
    /// Steps of weight, capacity, pause and analysis.
    Canary {
        /// What happens, in order.
        steps: Vec<CanaryStep>,
        /// What becomes of the old versions.
        tail: Tail,
    },
}

/// One step of a canary.
#[derive(Clone, Debug, PartialEq)]
pub enum CanaryStep {
    /// Percent of the traffic for the new version.
    Weight(i32),
    /// Tasks of the new version, in percent of its full size.
    Percent(i32),
    /// Tasks of the new version.
    Count(i32),
    /// Seconds to wait; without them for a person.
    Pause(Option<i32>),
    /// Metrics that must be good.
    Analysis(Analysis),
}

/// What becomes of the old versions once the new one serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail {
    /// Versions kept, the current one counted.
    pub max_remaining: i32,
    /// Seconds both run at full size before the old one is disabled.
    pub delay_before_disable_seconds: i32,
    /// Do the tasks of the old version keep running without traffic?
    pub warm_standby: bool,
    /// Is a warm standby scaled down after a while?
    pub scale_down: bool,
    /// Seconds until then.
    pub delay_before_scale_down_seconds: i32,
}

impl Default for Tail {
    fn default() -> Self {
        Self {
            max_remaining: 2,
            delay_before_disable_seconds: 0,
            warm_standby: false,
            scale_down: false,
            delay_before_scale_down_seconds: 0,
        }
    }
}

/// The tail of a strategy: the members have the same names in each.
macro_rules! tail {
    ($from:expr) => {
        Tail {
            max_remaining: $from.max_remaining.unwrap_or(2),
            delay_before_disable_seconds: $from.delay_before_disable_seconds.unwrap_or(0),
            warm_standby: $from.warm_standby.unwrap_or(false),
            scale_down: $from.scale_down.unwrap_or(false),
            delay_before_scale_down_seconds: $from.delay_before_scale_down_seconds.unwrap_or(0),
        }
    };
}

impl Strategy {
    /// The strategy of a spec; `redBlack` when it names none.
    #[must_use]
    pub fn of(strategy: Option<&api::Strategy>) -> Self {
        let given = strategy.cloned().unwrap_or_default();
        if given.none.is_some() {
            Self::None
        } else if let Some(highlander) = given.highlander {
            let delay = highlander.delay_before_destroy_seconds.unwrap_or(0);
            Self::Highlander { delay_before_destroy_seconds: delay }
        } else if let Some(rolling) = given.rolling_red_black {
            Self::Rolling {
                tail: tail!(rolling),
                percents: rolling.percents.filter(|list| !list.is_empty()).unwrap_or_else(|| vec![25, 50, 100]),
                delay_between_steps_seconds: rolling.delay_between_steps_seconds.unwrap_or(0),
                pause_between_steps: rolling.pause_between_steps.unwrap_or(false),
                analysis: rolling.analysis,
            }
        } else if let Some(canary) = given.canary {
            let tail = tail!(canary);
            Self::Canary { steps: canary.steps.unwrap_or_default().iter().filter_map(CanaryStep::of).collect(), tail }
        } else {
            Self::RedBlack { tail: given.red_black.map_or_else(Tail::default, |red_black| tail!(red_black)) }
        }
    }

    /// The name in the spec.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Highlander { .. } => "highlander",
            Self::RedBlack { .. } => "redBlack",
            Self::Rolling { .. } => "rollingRedBlack",
            Self::Canary { .. } => "canary",
        }
    }

    /// What becomes of the old versions, where the strategy lets them live.
    #[must_use]
    pub fn tail(&self) -> Option<Tail> {
        match self {
            Self::None | Self::Highlander { .. } => None,
            Self::RedBlack { tail } | Self::Rolling { tail, .. } | Self::Canary { tail, .. } => Some(*tail),
        }
    }
}

impl CanaryStep {
    fn of(step: &api::CanaryStep) -> Option<Self> {
        if let Some(weight) = step.set_weight {
            return Some(Self::Weight(weight));
        }
        if let Some(capacity) = step.set_capacity {
            return capacity.count.map(Self::Count).or(capacity.percent.map(Self::Percent));
        }
        if let Some(pause) = step.pause {
            return Some(Self::Pause(pause.duration_seconds));
        }
        step.analysis.clone().map(Self::Analysis)
    }
}

/// When a version counts as healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Percent of the tasks that must be healthy.
    pub healthy_percent: i32,
    /// Seconds they must stay so.
    pub min_healthy_seconds: i32,
    /// Seconds until a rollout has failed whatever happens.
    pub deadline_seconds: i32,
    /// Seconds without progress until a rollout has failed.
    pub progress_deadline_seconds: i32,
    /// Alarms that fail a rollout when one is in ALARM.
    pub alarm_names: Vec<String>,
    /// Do health checks of containers count?
    pub container_health: bool,
    /// Do targets in target groups count?
    pub target_health: bool,
    failed_tasks: Option<i32>,
}

impl Gate {
    /// With the defaults filled in.
    #[must_use]
    pub fn of(gate: Option<&api::Gate>) -> Self {
        let gate = gate.cloned().unwrap_or_default();
        let require = gate.require.unwrap_or_default();
        Self {
            healthy_percent: gate.healthy_percent.unwrap_or(100),
            min_healthy_seconds: gate.min_healthy_seconds.unwrap_or(10),
            deadline_seconds: gate.deadline_seconds.unwrap_or(7200),
            progress_deadline_seconds: gate.progress_deadline_seconds.unwrap_or(900),
            alarm_names: gate.alarm_names.unwrap_or_default(),
            container_health: require.container_health.unwrap_or(true),
            target_health: require.target_health.unwrap_or(true),
            failed_tasks: gate.max_failed_tasks,
        }
    }

    /// Failed tasks that end a rollout to `target` tasks: the larger of 3 and half of them unless the spec says.
    #[must_use]
    pub fn max_failed_tasks(&self, target: i32) -> i32 {
        let half = target / 2 + target % 2;
        self.failed_tasks.unwrap_or_else(|| half.max(3))
    }

    /// Healthy tasks needed of `count`: the percentage rounded half up, at least one unless none is asked for.
    #[must_use]
    pub fn need(&self, count: i32) -> i32 {
        if count <= 0 || self.healthy_percent <= 0 {
            return 0;
        }
        let needed = (i64::from(count) * i64::from(self.healthy_percent) + 50) / 100;
        i32::try_from(needed).unwrap_or(count).max(1)
    }
}

/// Going back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollback {
    /// Does a failed rollout restore the old version?
    pub on_failure: bool,
    /// Is a version that failed destroyed?
    pub destroy_latest: bool,
    /// A retained version to serve instead of the template's.
    pub to_version: Option<String>,
    /// Does a template equal to a retained version's restore that version?
    pub reuse_equal_version: bool,
}

impl Rollback {
    pub(super) fn of(rollback: Option<&api::Rollback>) -> Self {
        let rollback = rollback.cloned().unwrap_or_default();
        Self {
            on_failure: rollback.on_failure.unwrap_or(true),
            destroy_latest: rollback.destroy_latest.unwrap_or(false),
            to_version: rollback.to_version.filter(|version| !version.is_empty()),
            reuse_equal_version: rollback.reuse_equal_version.unwrap_or(true),
        }
    }
}

/// Weighted traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// ARNs of listener rules, or of listeners.
    pub listener_rules: Vec<String>,
    /// Seconds to wait after a weight went to zero.
    pub settle_seconds: i32,
    /// Most seconds to wait for stickiness.
    pub max_settle_seconds: i32,
    /// What becomes of the weights when the object is deleted.
    pub on_delete: TrafficOnDelete,
}

impl Traffic {
    pub(super) fn of(traffic: &api::Traffic) -> Self {
        Self {
            listener_rules: traffic.listener_rules.clone().unwrap_or_default(),
            settle_seconds: traffic.settle_seconds.unwrap_or(15),
            max_settle_seconds: traffic.max_settle_seconds.unwrap_or(300),
            on_delete: traffic.on_delete.unwrap_or_default(),
        }
    }
}
