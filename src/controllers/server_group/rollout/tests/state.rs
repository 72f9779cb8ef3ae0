//! States of a group, written down as they are needed: no story led to them.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::super::decide;
use super::super::sight::{Asked, Child, RuleShare, Rules, Sight};
use super::model;
use crate::api::ServerGroupStatus;
use crate::api::status::{
    Ending, GroupRollout, Instances, Replaced, RolloutResult, RolloutStep, Slot, StepKind, Version, VersionState,
};

pub(super) const V0: &str = "shop-prod-v000";
pub(super) const V1: &str = "shop-prod-v001";
pub(super) const V2: &str = "shop-prod-v002";

pub(super) fn now() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

/// So many seconds before now, as a status has it.
#[expect(clippy::unnecessary_wraps, reason = "members of a status are optional")]
pub(super) fn ago(seconds: i64) -> Option<Time> {
    Some(Time(now() - SignedDuration::from_secs(seconds)))
}

/// Four tasks, red/black.
pub(super) fn asked(weighted: bool) -> Asked {
    model::asked(&model::red_black(), 4, weighted)
}

pub(super) fn version(name: &str, state: VersionState, capacity: i32) -> Version {
    Version { name: name.to_owned(), state, capacity, created_at: ago(5000), ..Version::default() }
}

/// The objects of a version that is as it was asked to be.
pub(super) fn child(tasks: i32) -> Child {
    Child {
        task_definition: true,
        service: true,
        settled: true,
        asked: tasks,
        active: true,
        service_arn: Some("arn".to_owned()),
        desired: tasks,
        running: tasks,
        ready: true,
        deployment: Some("COMPLETED".to_owned()),
        ..Child::default()
    }
}

pub(super) fn well(tasks: i32) -> Instances {
    Instances { total: tasks, healthy: tasks, ..Instances::default() }
}

pub(super) fn shares(b: &[i32]) -> Rules {
    let share = |b: &i32| RuleShare { arn: format!("rule-{b}"), b: *b, stickiness_seconds: 0 };
    Rules::Show(b.iter().map(share).collect())
}

/// Every version of the status with as many healthy tasks as it is asked for.
pub(super) fn sight(status: &ServerGroupStatus) -> Sight {
    let mut sight = Sight::at(now());
    for version in &status.versions {
        sight.children.insert(version.name.clone(), child(version.capacity));
        sight.health.insert(version.name.clone(), well(version.capacity));
    }
    sight
}

/// V0 serves with four tasks, by slot A.
pub(super) fn at_rest() -> ServerGroupStatus {
    let current =
        Version { slot: Some(Slot::A), template_hash: "h0".to_owned(), ..version(V0, VersionState::Active, 4) };
    ServerGroupStatus { current_version: Some(V0.to_owned()), versions: vec![current], ..ServerGroupStatus::default() }
}

pub(super) fn step(kind: StepKind) -> RolloutStep {
    RolloutStep { step: kind, ..RolloutStep::default() }
}

/// On the way from V0 to V1, in slot B and with four tasks, at the first of these steps.
pub(super) fn rolling(steps: Vec<RolloutStep>) -> ServerGroupStatus {
    let mut status = at_rest();
    let candidate =
        Version { slot: Some(Slot::B), template_hash: "h1".to_owned(), ..version(V1, VersionState::Active, 4) };
    status.versions.insert(0, candidate);
    status.rollout = Some(GroupRollout {
        from: Some(V0.to_owned()),
        to: V1.to_owned(),
        template_hash: "h1".to_owned(),
        replaces: vec![Replaced { version: V0.to_owned(), desired: 4 }],
        target: 4,
        step: steps[0].step,
        steps,
        healthy: 4,
        started_at: ago(100),
        step_started_at: ago(50),
        progressed_at: ago(50),
        seen_at: ago(10),
        ..GroupRollout::default()
    });
    status
}

pub(super) fn rollout(status: &mut ServerGroupStatus) -> &mut GroupRollout {
    status.rollout.as_mut().unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "members of a status are optional")]
pub(super) fn ending(result: RolloutResult) -> Option<Ending> {
    Some(Ending {
        result,
        reason: "DeploymentFailed".to_owned(),
        message: "tasks died".to_owned(),
        step: StepKind::Gating,
        hold: true,
    })
}

/// One look: the next status.
pub(super) fn next(asked: &Asked, status: &ServerGroupStatus, sight: &Sight) -> ServerGroupStatus {
    decide(asked, status, sight, false).status
}

/// One look: the events, in words.
pub(super) fn said(asked: &Asked, status: &ServerGroupStatus, sight: &Sight) -> Vec<String> {
    let said = decide(asked, status, sight, false).said;
    said.into_iter().map(|said| format!("{}: {}", said.reason.as_str(), said.note)).collect()
}

/// The rollout after one look.
pub(super) fn looked(asked: &Asked, status: &ServerGroupStatus, sight: &Sight) -> GroupRollout {
    next(asked, status, sight).rollout.unwrap()
}
