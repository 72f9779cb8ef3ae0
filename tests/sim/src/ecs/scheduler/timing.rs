//! How long things take: ranges in milliseconds, one realistic and one brisk profile.

use crate::rng::Rng;

/// A range of milliseconds, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub i64, pub i64);

impl Span {
    /// One duration out of the range.
    pub fn draw(self, rng: &mut Rng) -> i64 {
        rng.between(self.0, self.1)
    }
}

/// Durations of the simulated scheduler, in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// PENDING → `IN_PROGRESS` of a service deployment.
    pub begin: Span,
    /// PROVISIONING.
    pub provision: Span,
    /// PENDING.
    pub pend: Span,
    /// ACTIVATING.
    pub activate: Span,
    /// Added to ACTIVATING the first time a cluster pulls an image.
    pub cold_image: i64,
    /// DEACTIVATING without a target group.
    pub deactivate: Span,
    /// DEACTIVATING behind a target group; `None` = the group's deregistration delay.
    pub drain: Option<i64>,
    /// STOPPING: from SIGTERM to the last exit.
    pub stop: Span,
    /// DEPROVISIONING.
    pub deprovision: Span,
    /// Until the checks of a target decide; `None` = the group's interval × threshold.
    pub target: Option<i64>,
    /// Until a good container's check passes; `None` = the definition's interval.
    pub check_healthy: Option<i64>,
    /// Until a bad container's check fails; `None` = start period + interval × retries.
    pub check_unhealthy: Option<i64>,
    /// RUNNING time after which a task without any check counts as healthy.
    pub settle: i64,
    /// Length of one lifecycle stage of a traffic shifting deployment.
    pub stage: Span,
    /// One minute of `bakeTimeInMinutes` and its relatives.
    pub bake_minute: i64,
    /// Bake time of a rolling deployment with alarms.
    pub alarm_bake: i64,
    /// Interval at which a Lambda hook that answered `IN_PROGRESS` is asked again.
    pub hook_poll: i64,
    /// First launch back-off after tasks that never ran; doubles.
    pub backoff_first: i64,
    /// Ceiling of the launch back-off.
    pub backoff_ceiling: i64,
    /// Longest time between two ticks of a service that is not settled.
    pub tick: i64,
    /// A stopped task is forgotten after this.
    pub forget: i64,
    /// An INACTIVE service is purged after this.
    pub purge: i64,
}

impl Timing {
    /// Durations as one meets them on AWS.
    pub fn realistic() -> Self {
        Self {
            begin: Span(1_000, 3_000),
            provision: Span(5_000, 20_000),
            pend: Span(2_000, 10_000),
            activate: Span(5_000, 40_000),
            cold_image: 10_000,
            deactivate: Span(1_000, 3_000),
            drain: None,
            stop: Span(1_000, 30_000),
            deprovision: Span(2_000, 10_000),
            target: None,
            check_healthy: None,
            check_unhealthy: None,
            settle: 40_000,
            stage: Span(10_000, 60_000),
            bake_minute: 60_000,
            alarm_bake: 300_000,
            hook_poll: 30_000,
            backoff_first: 10_000,
            backoff_ceiling: 27 * 60_000,
            tick: 5_000,
            forget: 3_600_000,
            purge: 3_600_000,
        }
    }

    /// Everything within seconds, for demonstrations; a bake minute lasts one second.
    pub fn brisk() -> Self {
        Self {
            begin: Span(500, 1_000),
            provision: Span(300, 1_000),
            pend: Span(300, 1_000),
            activate: Span(400, 1_000),
            cold_image: 0,
            deactivate: Span(300, 1_000),
            drain: Some(1_000),
            stop: Span(300, 1_000),
            deprovision: Span(300, 1_000),
            target: Some(3_000),
            check_healthy: Some(1_000),
            check_unhealthy: Some(2_000),
            settle: 1_000,
            stage: Span(2_000, 2_000),
            bake_minute: 1_000,
            alarm_bake: 2_000,
            hook_poll: 1_000,
            backoff_first: 1_000,
            backoff_ceiling: 30_000,
            tick: 1_000,
            ..Self::realistic()
        }
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self::realistic()
    }
}
