//! What a pass changed, as metrics count it: status before × status after → rollouts that ended, differences, tasks.

use std::time::Duration;

use jiff::Timestamp;

use crate::api::status::{EcsServiceStatus, HistoryEntry, ServerGroupStatus};
use crate::controllers::ecs_service::rollout::{Ending, ending};
use crate::controllers::events::{EventReason, Happening};
use crate::controllers::kind::Kind;
use crate::runtime::metrics::{ChangeMetrics, Drifted, RolledOut, Tasks};

/// A rollout that ended, and how long it took if that is known.
type Ended = (RolledOut, Option<Duration>);

/// Counts what a pass changed.
pub(super) fn count<K: Kind>(
    metrics: &ChangeMetrics,
    before: Option<&K::Status>,
    after: &K::Status,
    happenings: &[Happening],
    now: Timestamp,
) {
    if let Some((result, took)) = ended::<K>(before, after, now) {
        metrics.rolled_out(K::KIND, result, took);
    }
    for happening in happenings {
        metrics.happened(K::KIND, happening.reason.as_str());
        if happening.reason == EventReason::DriftDetected {
            metrics.drifted(K::KIND, Drifted::Reported);
        } else if happening.reason == EventReason::DriftCorrected {
            metrics.drifted(K::KIND, Drifted::Corrected);
        }
    }
}

/// The tasks of a service that ECS has.
pub(super) fn tasks<K: Kind>(status: &K::Status) -> Option<Tasks> {
    let service = K::service_status(status).filter(|service| service.status.is_some())?;
    Some(Tasks {
        desired: service.desired_count?,
        running: service.running_count.unwrap_or_default(),
        pending: service.pending_count.unwrap_or_default(),
    })
}

fn ended<K: Kind>(before: Option<&K::Status>, after: &K::Status, now: Timestamp) -> Option<Ended> {
    let before = before?;
    let service = K::service_status(before).zip(K::service_status(after));
    let group = K::group_status(before).zip(K::group_status(after));
    service
        .and_then(|(before, after)| of_service(before, after, now))
        .or_else(|| group.and_then(|(before, after)| of_group(before, after, now)))
}

/// A service's first rollout that is seen was somebody else's, unless it is seen while it goes on.
fn of_service(before: &EcsServiceStatus, after: &EcsServiceStatus, now: Timestamp) -> Option<Ended> {
    let (was, is) = (before.rollout.as_ref()?, after.rollout.as_ref()?);
    if was.id == is.id && ending(was) == ending(is) {
        return None;
    }
    let result = match ending(is) {
        Ending::Open => return None,
        Ending::Completed => RolledOut::Completed,
        Ending::Failed => RolledOut::Failed,
        Ending::RolledBack => RolledOut::RolledBack,
        Ending::Stopped => RolledOut::Stopped,
    };
    let end = is.finished_at.as_ref().map_or(now, |at| at.0);
    Some((result, is.started_at.as_ref().and_then(|began| between(began.0, end))))
}

fn of_group(before: &ServerGroupStatus, after: &ServerGroupStatus, now: Timestamp) -> Option<Ended> {
    let latest = |status: &ServerGroupStatus| status.history.iter().find(|entry| result(entry).is_some()).cloned();
    let entry = latest(after)?;
    if latest(before).as_ref() == Some(&entry) {
        return None;
    }
    let began = before.rollout.as_ref().filter(|rollout| rollout.to == entry.version);
    let began = began.and_then(|rollout| rollout.started_at.as_ref());
    let end = entry.at.as_ref().map_or(now, |at| at.0);
    Some((result(&entry)?, began.and_then(|began| between(began.0, end))))
}

fn result(entry: &HistoryEntry) -> Option<RolledOut> {
    match entry.result.as_str() {
        "Complete" => Some(RolledOut::Completed),
        "Failed" => Some(RolledOut::Failed),
        "Aborted" => Some(RolledOut::Stopped),
        "Superseded" => Some(RolledOut::Superseded),
        // A version that was destroyed is no rollout.
        _ => None,
    }
}

fn between(began: Timestamp, end: Timestamp) -> Option<Duration> {
    Duration::try_from(end.duration_since(began)).ok()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    use super::*;
    use crate::api::status::{GroupRollout, Rollout};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn service(id: &str, state: &str) -> EcsServiceStatus {
        let rollout = Rollout {
            id: id.to_owned(),
            state: state.to_owned(),
            started_at: Some(Time(at(100))),
            ..Rollout::default()
        };
        EcsServiceStatus { rollout: Some(rollout), ..EcsServiceStatus::default() }
    }

    #[test]
    fn a_rollout_of_a_service_counts_once_when_it_ends_and_not_when_it_is_only_found() {
        let of = |before: &EcsServiceStatus, after: &EcsServiceStatus| of_service(before, after, at(160));
        let minute = Some(Duration::from_mins(1));
        let (open, done) = (service("a", "IN_PROGRESS"), service("a", "COMPLETED"));
        assert_eq!(of(&open, &done), Some((RolledOut::Completed, minute)));
        assert_eq!(of(&open, &service("a", "ROLLED_BACK")), Some((RolledOut::RolledBack, minute)));
        assert_eq!(of(&done, &service("b", "FAILED")), Some((RolledOut::Failed, minute)));
        assert_eq!((of(&done, &done), of(&done, &service("b", "PENDING"))), (None, None));
        assert_eq!(of(&EcsServiceStatus::default(), &done), None);
    }

    #[test]
    fn a_rollout_of_a_group_counts_by_its_entry_in_the_history() {
        let entry = |version: &str, result: &str| HistoryEntry {
            version: version.to_owned(),
            result: result.to_owned(),
            at: Some(Time(at(400))),
            ..HistoryEntry::default()
        };
        let rollout = GroupRollout { to: "v1".to_owned(), started_at: Some(Time(at(100))), ..GroupRollout::default() };
        let open = ServerGroupStatus { rollout: Some(rollout), ..ServerGroupStatus::default() };
        let ended = |result: &str| ServerGroupStatus {
            history: vec![entry("v0", "Destroyed"), entry("v1", result)],
            ..ServerGroupStatus::default()
        };
        let took = Some(Duration::from_mins(5));
        assert_eq!(of_group(&open, &ended("Complete"), at(999)), Some((RolledOut::Completed, took)));
        assert_eq!(of_group(&open, &ended("Aborted"), at(999)), Some((RolledOut::Stopped, took)));
        assert_eq!(of_group(&ended("Failed"), &ended("Failed"), at(999)), None);
        assert_eq!(of_group(&open, &ended("Destroyed"), at(999)), None);
    }
}
