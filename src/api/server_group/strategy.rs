//! How a new version takes the place of the old one.

use super::analysis::Analysis;
use crate::api::mirror::shape;
use crate::api::policy::choice;

shape! {
    /// Exactly one member is set.
    Strategy {
        /// The new version joins the old ones; nothing is disabled.
        none: NoStrategy,
        /// All other versions are destroyed once the new one is healthy.
        highlander: Highlander,
        /// The new version comes up at full size beside the old one, then takes over.
        red_black: RedBlack,
        /// As redBlack, in steps.
        rolling_red_black: RollingRedBlack,
        /// Steps of weight, capacity, pause and analysis.
        canary: Canary,
    }
}

shape! {
    /// The new version joins the old ones.
    #[derive(Eq)]
    NoStrategy {
    }
}

shape! {
    /// There can be only one.
    #[derive(Eq)]
    Highlander {
        /// Seconds between the new version's health and the end of the others.
        delay_before_destroy_seconds: i32,
    }
}

shape! {
    /// Full size beside the old version, then over.
    #[derive(Eq)]
    RedBlack {
        /// Versions kept with the current one; 2 when absent.
        max_remaining: i32,
        /// Seconds before the old version is disabled.
        delay_before_disable_seconds: i32,
        /// Keeps the old tasks running without traffic. Needs `traffic`.
        warm_standby: bool,
        /// Scales a warm standby down later.
        scale_down: bool,
        /// Seconds until then.
        delay_before_scale_down_seconds: i32,
    }
}

shape! {
    /// Steps of capacity, old and new in opposite directions.
    RollingRedBlack {
        /// Percent of the new version at each step, ascending; the last is 100. 25, 50, 100 when absent.
        percents: Vec<i32>,
        /// Seconds between two steps.
        delay_between_steps_seconds: i32,
        /// Whether each step waits for a person (`promote`).
        pause_between_steps: bool,
        /// Metrics that must be good at each step.
        analysis: Analysis,
        /// Versions kept with the current one; 2 when absent.
        max_remaining: i32,
        /// Seconds before the old version is disabled.
        delay_before_disable_seconds: i32,
        /// Keeps the old tasks running without traffic. Needs `traffic`.
        warm_standby: bool,
        /// Scales a warm standby down later.
        scale_down: bool,
        /// Seconds until then.
        delay_before_scale_down_seconds: i32,
    }
}

shape! {
    /// A small share first, judged before the rest follows.
    Canary {
        /// What happens, in order.
        steps (required): Vec<CanaryStep>,
        /// Versions kept with the current one; 2 when absent.
        max_remaining: i32,
        /// Seconds before the old version is disabled.
        delay_before_disable_seconds: i32,
        /// Keeps the old tasks running without traffic. Needs `traffic`.
        warm_standby: bool,
        /// Scales a warm standby down later.
        scale_down: bool,
        /// Seconds until then.
        delay_before_scale_down_seconds: i32,
    }
}

shape! {
    /// Exactly one member is set.
    CanaryStep {
        /// Percent of the traffic for the new version. Needs `traffic`.
        set_weight: i32,
        /// Tasks of the new version.
        set_capacity: StepCapacity,
        /// Waits, for a time or for a person.
        pause: Pause,
        /// Metrics that must be good.
        analysis: Analysis,
    }
}

shape! {
    /// A number of tasks; exactly one member is set.
    #[derive(Copy, Eq)]
    StepCapacity {
        /// Percent of the full size.
        percent: i32,
        /// Number of tasks.
        count: i32,
    }
}

shape! {
    /// A wait.
    #[derive(Copy, Eq)]
    Pause {
        /// Seconds; without it the step waits for a person (`promote`).
        duration_seconds: i32,
    }
}

shape! {
    /// When a version counts as healthy.
    Gate {
        /// Percent of the tasks that must be healthy; 100 when absent.
        healthy_percent: i32,
        /// Seconds they must stay so; 10 when absent.
        min_healthy_seconds: i32,
        /// Seconds until a rollout has failed whatever happens; 7200 when absent.
        deadline_seconds: i32,
        /// Seconds without progress until a rollout has failed; 900 when absent.
        progress_deadline_seconds: i32,
        /// Tasks that may fail; the larger of 3 and half of the tasks when absent.
        max_failed_tasks: i32,
        /// CloudWatch alarms that fail a rollout when one is in ALARM.
        alarm_names: Vec<String>,
        /// Which checks count.
        require: GateRequire,
    }
}

shape! {
    /// Which checks count.
    #[derive(Copy, Eq)]
    GateRequire {
        /// Health checks of containers that have one; true when absent.
        container_health: bool,
        /// The task's own targets in the target groups; true when absent.
        target_health: bool,
    }
}

shape! {
    /// Going back.
    #[derive(Eq)]
    Rollback {
        /// Whether a failed rollout restores the old version; true when absent.
        on_failure: bool,
        /// Whether a version that failed is destroyed, not only disabled.
        destroy_latest: bool,
        /// A retained version to serve instead of the template's, for as long as this is set.
        to_version: String,
        /// Whether a template equal to a retained version's restores that version; true when absent.
        reuse_equal_version: bool,
    }
}

choice! {
    /// What becomes of the weights when the object is deleted.
    TrafficOnDelete {
        /// They stay.
        #[default]
        Keep,
        /// The first target groups receive everything again.
        Reset,
    }
}

shape! {
    /// Weighted traffic.
    #[derive(Eq)]
    Traffic {
        /// ARNs of listener rules, or of listeners for their default action.
        listener_rules (required): Vec<String>,
        /// Seconds to wait after a weight went to zero; 15 when absent.
        settle_seconds: i32,
        /// Most seconds to wait for the stickiness of a rule; 300 when absent.
        max_settle_seconds: i32,
        /// Weights after deletion: `Keep` (the default) or `Reset`.
        on_delete: TrafficOnDelete,
    }
}
