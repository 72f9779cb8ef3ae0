//! Where an analysis stands after each measurement, and when the next is due. Pure.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::verdict::Outcome;
use crate::api::server_group::analysis::Analysis;
use crate::api::status::AnalysisRun;

/// Where an analysis stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Course {
    /// More measurements are to come.
    GoesOn,
    /// `count` good measurements were made.
    Passed,
    /// Too many bad ones, or too many in a row could not be made.
    Failed(String),
    /// Too many inconclusive ones: a person decides.
    Undecided(String),
}

/// The run with one more measurement.
#[must_use]
pub fn fold(run: &AnalysisRun, outcome: &Outcome, now: Timestamp) -> AnalysisRun {
    let mut next = AnalysisRun { measured_at: Some(Time(now)), message: outcome.message().to_owned(), ..run.clone() };
    let number = match outcome {
        Outcome::Good(_) => &mut next.successful,
        Outcome::Bad(_) => &mut next.failed,
        Outcome::Inconclusive(_) => &mut next.inconclusive,
        Outcome::Error(_) => {
            next.errors = next.errors.saturating_add(1);
            return next;
        }
    };
    *number = number.saturating_add(1);
    next.measured = next.measured.saturating_add(1);
    next.errors = 0;
    next
}

/// What the measurements so far mean. Bad and inconclusive ones that are forgiven are made up for.
pub fn course(run: &AnalysisRun, analysis: &Analysis) -> Course {
    let beyond = |number: i32, limit: Option<i32>, default: i32| number > limit.unwrap_or(default).max(0);
    let last = &run.message;
    if beyond(run.failed, analysis.failure_limit, 0) {
        return Course::Failed(match run.failed {
            1 => format!("a bad measurement: {last}"),
            many => format!("{many} bad measurements, the last: {last}"),
        });
    }
    if beyond(run.errors, analysis.error_limit, 4) {
        return Course::Failed(match run.errors {
            1 => format!("a measurement could not be made: {last}"),
            many => format!("{many} measurements in a row could not be made, the last: {last}"),
        });
    }
    if beyond(run.inconclusive, analysis.inconclusive_limit, 0) {
        return Course::Undecided(match run.inconclusive {
            1 => format!("an inconclusive measurement: {last}"),
            many => format!("{many} inconclusive measurements, the last: {last}"),
        });
    }
    if run.successful >= analysis.count.unwrap_or(1).max(1) { Course::Passed } else { Course::GoesOn }
}

/// When the next measurement is due.
pub fn next_at(run: &AnalysisRun, analysis: &Analysis, step_started: Timestamp) -> Timestamp {
    let (from, seconds) = match &run.measured_at {
        Some(last) => (last.0, analysis.interval_seconds.unwrap_or(60).max(1)),
        None => (step_started, analysis.initial_delay_seconds.unwrap_or(0).max(0)),
    };
    from.checked_add(SignedDuration::from_secs(seconds.into())).unwrap_or(Timestamp::MAX)
}

/// Is the next measurement due?
pub fn due(run: &AnalysisRun, analysis: &Analysis, step_started: Timestamp, now: Timestamp) -> bool {
    now >= next_at(run, analysis, step_started)
}

#[cfg(test)]
#[path = "course_tests.rs"]
mod tests;
