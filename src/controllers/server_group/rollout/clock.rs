//! The clocks of a rollout: what has passed since a step began, without pauses and times when nobody looked. Pure.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::api::condition::whole_seconds;
use crate::api::status::{GroupRollout, StepKind};
use crate::controllers::server_group::desired::Gate;
use crate::controllers::server_group::measure;

/// A longer time between two looks counts as nobody having looked.
const UNSEEN: i64 = 180;
/// How often the look itself is written down.
const SEEN: i64 = 60;

/// A time as it is stored.
#[must_use]
pub fn stamp(at: Timestamp) -> Time {
    Time(whole_seconds(at))
}

/// Seconds since a stamp; 0 without one.
#[must_use]
pub fn since(stamp: Option<&Time>, now: Timestamp) -> i64 {
    stamp.map_or(0, |stamp| now.duration_since(stamp.0).as_secs().max(0))
}

/// Writes down, once a minute, that somebody looked; a long time in which nobody did does not count.
pub fn look(rollout: &mut GroupRollout, now: Timestamp) {
    let Some(seen) = &rollout.seen_at else {
        rollout.seen_at = Some(stamp(now));
        return;
    };
    let gap = since(Some(seen), now);
    if gap > UNSEEN {
        rollout.paused_seconds += gap - SEEN;
        let missed = SignedDuration::from_secs(gap - SEEN);
        for clock in [&mut rollout.progressed_at, &mut rollout.unhealthy_since] {
            if let Some(time) = clock
                && let Ok(moved) = time.0.checked_add(missed)
            {
                *clock = Some(stamp(moved));
            }
        }
        // What was healthy before may not have stayed so.
        rollout.healthy_since = None;
    }
    if gap > SEEN {
        rollout.seen_at = Some(stamp(now));
    }
}

/// Steps in which time passes on purpose.
#[must_use]
pub fn is_wait(step: StepKind) -> bool {
    matches!(step, StepKind::Paused | StepKind::Waiting | StepKind::Analysing)
}

/// Steps whose length a person has chosen: no deadline counts them.
#[must_use]
pub fn is_pause(step: StepKind) -> bool {
    matches!(step, StepKind::Paused | StepKind::Waiting)
}

/// Have the weights moved, and clients are given time to follow?
fn settles(rollout: &GroupRollout) -> bool {
    rollout.step == StepKind::Shifting && rollout.shifted_at.is_some()
}

/// Seconds until the deadlines of the whole rollout and of its progress, where they count; they have passed at 0 and less.
fn left(rollout: &GroupRollout, gate: &Gate, now: Timestamp) -> (Option<i64>, Option<i64>) {
    if is_pause(rollout.step) {
        return (None, None);
    }
    let total = i64::from(gate.deadline_seconds) + rollout.paused_seconds - since(rollout.started_at.as_ref(), now);
    let still = i64::from(gate.progress_deadline_seconds) - since(rollout.progressed_at.as_ref(), now);
    (Some(total), Some(still).filter(|_| !is_wait(rollout.step) && !settles(rollout)))
}

/// Which deadline has passed.
#[must_use]
pub fn overdue(rollout: &GroupRollout, gate: &Gate, now: Timestamp) -> Option<String> {
    let (total, still) = left(rollout, gate, now);
    if total.is_some_and(|left| left <= 0) {
        return Some(format!("not done within {} s (`gate.deadlineSeconds`)", gate.deadline_seconds));
    }
    still
        .filter(|left| *left <= 0)
        .map(|_| format!("no progress for {} s (`gate.progressDeadlineSeconds`)", gate.progress_deadline_seconds))
}

/// Seconds until the next deadline. One that has passed calls for no look: a way back may last longer than it.
#[must_use]
pub fn next_deadline(rollout: &GroupRollout, gate: &Gate, now: Timestamp) -> Option<i64> {
    let (total, still) = left(rollout, gate, now);
    [total, still].into_iter().flatten().filter(|left| *left > 0).min()
}

/// Is it time for the next measurement of the step's metrics?
#[must_use]
pub fn measurement_due(rollout: &GroupRollout, now: Timestamp) -> bool {
    let Some(analysis) = super::present(rollout).and_then(|step| step.analysis.as_ref()) else { return false };
    let run = rollout.analysis.clone().unwrap_or_default();
    rollout.step_started_at.as_ref().is_some_and(|started| measure::due(&run, analysis, started.0, now))
}

/// Seconds until the next measurement of the step's metrics, begun ones counted.
fn measurement_in(rollout: &GroupRollout, now: Timestamp) -> Option<i64> {
    let analysis = super::present(rollout)?.analysis.as_ref()?;
    let run = rollout.analysis.clone().unwrap_or_default();
    let due = measure::next_at(&run, analysis, rollout.step_started_at.as_ref()?.0);
    let left = due.duration_since(now);
    Some(left.as_secs() + i64::from(left.subsec_nanos() > 0))
}

/// Seconds until the rollout is worth another look when nothing tells of a change.
#[must_use]
#[expect(clippy::wildcard_enum_match_arm, reason = "only these steps have a time of their own")]
pub fn next_look(rollout: &GroupRollout, limits: &Gate, settle: i64, now: Timestamp) -> i64 {
    const LOOK: i64 = 10;
    const WRITTEN: i64 = 2;
    let began = since(rollout.step_started_at.as_ref(), now);
    let own = match rollout.step {
        StepKind::Waiting => super::present(rollout).and_then(|step| step.seconds).map(|s| i64::from(s) - began),
        StepKind::Gating | StepKind::Restoring => {
            rollout.healthy_since.as_ref().map(|at| i64::from(limits.min_healthy_seconds) - since(Some(at), now))
        }
        // Right after the weights were written the rules are read again.
        StepKind::Shifting => Some(rollout.shifted_at.as_ref().map_or(WRITTEN, |at| settle - since(Some(at), now))),
        StepKind::Analysing => measurement_in(rollout, now),
        _ => None,
    };
    let deadline = next_deadline(rollout, limits, now).unwrap_or(LOOK);
    own.unwrap_or(LOOK).min(LOOK).min(deadline).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::server_group::analysis::Analysis;
    use crate::api::status::{AnalysisRun, RolloutStep};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn rollout(step: StepKind, analysis: Option<Analysis>) -> GroupRollout {
        GroupRollout {
            step,
            steps: vec![RolloutStep { step, analysis, ..RolloutStep::default() }],
            started_at: Some(stamp(at(100))),
            step_started_at: Some(stamp(at(100))),
            progressed_at: Some(stamp(at(100))),
            ..GroupRollout::default()
        }
    }

    fn gate() -> Gate {
        Gate::of(None)
    }

    #[test]
    fn rules_are_read_again_soon_after_a_write_and_then_once_clients_have_moved() {
        let mut rollout = rollout(StepKind::Shifting, None);
        assert_eq!(next_look(&rollout, &gate(), 5, at(100)), 2);
        rollout.shifted_at = Some(stamp(at(101)));
        assert_eq!(next_look(&rollout, &gate(), 5, at(102)), 4);
    }

    #[test]
    fn the_next_look_of_an_analysis_is_its_next_measurement() {
        let analysis = Analysis { interval_seconds: Some(13), initial_delay_seconds: Some(7), ..Analysis::default() };
        let mut rollout = rollout(StepKind::Analysing, Some(analysis));
        assert_eq!(next_look(&rollout, &gate(), 5, at(101)), 6);
        rollout.analysis = Some(AnalysisRun { measured_at: Some(stamp(at(107))), ..AnalysisRun::default() });
        assert_eq!(next_look(&rollout, &gate(), 5, at(107)), 10);
        assert_eq!(next_look(&rollout, &gate(), 5, at(117)), 3);
    }
}
