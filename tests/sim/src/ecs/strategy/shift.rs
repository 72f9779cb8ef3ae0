//! The state of a traffic shifting deployment: stage, weights and hooks.

use serde_json::Value;

use crate::ecs::scheduler::json::{decimal, number, text};

/// `lifecycleStage` of a service deployment, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Brings a service with several active revisions back to one.
    Reconcile,
    /// Before green starts.
    PreScaleUp,
    /// Green starts all its tasks.
    ScaleUp,
    /// Green runs.
    PostScaleUp,
    /// Test traffic goes to green.
    TestShift,
    /// Test traffic is at green.
    PostTestShift,
    /// Production traffic goes to green, in steps.
    ProductionShift,
    /// Production traffic is at green.
    PostProductionShift,
    /// Both run, alarms are watched.
    Bake,
    /// Blue ends.
    CleanUp,
}

impl Stage {
    /// The word of the ECS API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reconcile => "RECONCILE_SERVICE",
            Self::PreScaleUp => "PRE_SCALE_UP",
            Self::ScaleUp => "SCALE_UP",
            Self::PostScaleUp => "POST_SCALE_UP",
            Self::TestShift => "TEST_TRAFFIC_SHIFT",
            Self::PostTestShift => "POST_TEST_TRAFFIC_SHIFT",
            Self::ProductionShift => "PRODUCTION_TRAFFIC_SHIFT",
            Self::PostProductionShift => "POST_PRODUCTION_TRAFFIC_SHIFT",
            Self::Bake => "BAKE_TIME",
            Self::CleanUp => "CLEAN_UP",
        }
    }

    /// The stage after this one; `None` after the last.
    pub(crate) fn next(self) -> Option<Self> {
        Some(match self {
            Self::Reconcile => Self::PreScaleUp,
            Self::PreScaleUp => Self::ScaleUp,
            Self::ScaleUp => Self::PostScaleUp,
            Self::PostScaleUp => Self::TestShift,
            Self::TestShift => Self::PostTestShift,
            Self::PostTestShift => Self::ProductionShift,
            Self::ProductionShift => Self::PostProductionShift,
            Self::PostProductionShift => Self::Bake,
            Self::Bake => Self::CleanUp,
            Self::CleanUp => return None,
        })
    }
}

/// `status` of a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookStatus {
    /// A PAUSE hook waits for `ContinueServiceDeployment`.
    AwaitingAction,
    /// A Lambda hook runs.
    InProgress,
    /// Passed.
    Succeeded,
    /// Refused.
    Failed,
    /// Nobody answered in time.
    TimedOut,
}

impl HookStatus {
    /// The word of the ECS API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingAction => "AWAITING_ACTION",
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
        }
    }
}

/// One run of a lifecycle hook.
#[derive(Clone, Debug)]
pub struct HookRun {
    /// `hookId`.
    pub id: String,
    /// Lambda ARN; `None` = PAUSE.
    pub lambda: Option<String>,
    /// `status`.
    pub status: HookStatus,
    /// When a PAUSE ends by itself, virtual milliseconds.
    pub expires_at: Option<i64>,
    /// A PAUSE that ends by itself rolls back; otherwise the deployment goes on.
    pub rolls_back: bool,
    pub(crate) ask_at: i64,
}

impl HookRun {
    fn is_open(&self) -> bool {
        matches!(self.status, HookStatus::AwaitingAction | HookStatus::InProgress)
    }
}

/// A traffic shifting deployment under way.
#[derive(Clone, Debug)]
pub struct Shift {
    /// Where it is.
    pub stage: Stage,
    /// Production traffic at green, in tenths of a percent.
    pub production: i64,
    /// Test traffic at green, in tenths of a percent.
    pub test: i64,
    /// Hooks of the present stage.
    pub hooks: Vec<HookRun>,
    /// It goes back to blue.
    pub undone: bool,
    pub(crate) entered: bool,
    pub(crate) until: i64,
    pub(crate) steps: u32,
}

impl Shift {
    pub(crate) fn new(reconcile: bool) -> Self {
        Self {
            stage: if reconcile { Stage::Reconcile } else { Stage::PreScaleUp },
            production: 0,
            test: 0,
            hooks: Vec::new(),
            undone: false,
            entered: false,
            until: 0,
            steps: 0,
        }
    }

    pub(crate) fn undo(&mut self) {
        self.undone = true;
        self.production = 0;
        self.test = 0;
    }

    /// When something about it may change by itself.
    pub(crate) fn wake(&self) -> Option<i64> {
        let hooks = self.hooks.iter().filter(|h| h.is_open()).map(|h| h.expires_at.unwrap_or(h.ask_at));
        hooks.chain(self.entered.then_some(self.until)).filter(|at| *at > 0).min()
    }

    pub(crate) fn waits_for_hook(&self) -> bool {
        self.hooks.iter().any(HookRun::is_open)
    }

    pub(crate) fn refused(&self) -> bool {
        self.hooks.iter().any(|hook| match hook.status {
            HookStatus::Failed => true,
            HookStatus::TimedOut => hook.rolls_back,
            HookStatus::AwaitingAction | HookStatus::InProgress | HookStatus::Succeeded => false,
        })
    }

    /// The production share after the next step, in tenths of a percent, and the minutes to wait then.
    pub(crate) fn next_step(&self, config: &Value, has_blue: bool) -> (i64, i64) {
        let share = |path: &str, default: f64| tenths(decimal(config, path).unwrap_or(default));
        let (weight, minutes) = match text(config, "/strategy") {
            Some("LINEAR") if has_blue => (
                self.production + share("/linearConfiguration/stepPercent", 10.0),
                number(config, "/linearConfiguration/stepBakeTimeInMinutes").unwrap_or(6),
            ),
            Some("CANARY") if has_blue && self.steps == 0 => (
                share("/canaryConfiguration/canaryPercent", 5.0),
                number(config, "/canaryConfiguration/canaryBakeTimeInMinutes").unwrap_or(10),
            ),
            _ => (1000, 0),
        };
        if weight >= 1000 { (1000, 0) } else { (weight, minutes) }
    }
}

/// Percent in tenths.
#[expect(clippy::cast_possible_truncation, reason = "clamped to 0..=1000 before the conversion")]
fn tenths(percent: f64) -> i64 {
    (percent * 10.0).round().clamp(1.0, 1000.0) as i64
}
