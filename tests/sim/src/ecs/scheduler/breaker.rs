//! Failed tasks, the circuit breaker, alarms, and going back to the last completed revision.

use serde_json::Value;

use super::json::{number, text, texts, truth};
use super::knobs::BreakerReset;
use super::{Fleet, Key};
use crate::ecs::deployment::begin::REVISION_MEMBERS;
use crate::ecs::deployment::state::{Rollback, RolloutState, RolloutStatus};
use crate::ecs::service::state::Service;
use crate::fixtures::AlarmState;

/// Failures at which the breaker trips: half of the desired count, at least 3 and at most 200,
/// unless `thresholdConfiguration` says otherwise.
pub fn threshold(config: &Value, desired: i64) -> i64 {
    let custom = "/deploymentCircuitBreaker/thresholdConfiguration";
    let value = number(config, &format!("{custom}/value"));
    let share = |percent: i64| (desired.saturating_mul(percent) + 99).div_euclid(100);
    match text(config, &format!("{custom}/type")) {
        Some("COUNT") => value.unwrap_or(3).max(1),
        Some("UNBOUNDED_PERCENT") => share(value.unwrap_or(50)).max(1),
        _ => share(value.unwrap_or(50)).clamp(3, 200),
    }
}

impl Fleet {
    /// A task of a deployment failed: before it ran, or because of its checks.
    pub(crate) fn task_failed(&mut self, key: &Key, deployment: &str, before_running: bool) {
        let now = self.now;
        let (first, ceiling) = (self.knobs.timing.backoff_first, self.knobs.timing.backoff_ceiling);
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        let Some(entry) = service.deployments.iter_mut().find(|d| d.id == deployment) else {
            return;
        };
        entry.failed += 1;
        entry.updated_at = now;
        if before_running {
            let wait = first.saturating_mul(1_i64.checked_shl(entry.backoff).unwrap_or(i64::MAX)).min(ceiling);
            entry.backoff = (entry.backoff + 1).min(30);
            entry.launch_from = now + wait;
        }
        let watched = entry.primary && entry.state == RolloutState::InProgress;
        let failed = entry.failed;
        let desired = service.desired;
        let Some(rollout) = service.ongoing_mut() else {
            return;
        };
        let limit = threshold(&rollout.config, desired);
        rollout.failures = (failed, limit);
        let enabled = truth(&rollout.config, "/deploymentCircuitBreaker/enable") && rollout.shift.is_none();
        if watched && enabled && failed >= limit {
            rollout.tripped = true;
            let back = truth(&rollout.config, "/deploymentCircuitBreaker/rollback");
            self.give_up(key, "ECS deployment circuit breaker: tasks failed to start.", back);
        }
    }

    /// A task of a deployment reached RUNNING.
    pub(crate) fn task_ran(&mut self, key: &Key, deployment: &str) {
        let reset = self.knobs.breaker_reset;
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        let newer =
            service.ongoing().and_then(|r| r.config.pointer("/deploymentCircuitBreaker/resetOnHealthyTask")).is_some();
        let Some(entry) = service.deployments.iter_mut().find(|d| d.id == deployment) else {
            return;
        };
        entry.backoff = 0;
        entry.launch_from = 0;
        if !entry.ran && reset == BreakerReset::FirstRunning && !newer {
            entry.failed = 0;
        }
        entry.ran = true;
    }

    /// A task of a deployment became healthy.
    pub(crate) fn task_became_healthy(&mut self, key: &Key, deployment: &str) {
        let mode = self.knobs.breaker_reset;
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        let asked = service
            .ongoing()
            .and_then(|r| r.config.pointer("/deploymentCircuitBreaker/resetOnHealthyTask"))
            .and_then(Value::as_bool);
        if asked.unwrap_or(mode == BreakerReset::Healthy)
            && let Some(entry) = service.deployments.iter_mut().find(|d| d.id == deployment)
        {
            entry.failed = 0;
        }
    }

    /// Looks at the alarms of the ongoing service deployment; says whether one stopped it.
    pub(crate) fn watch_alarms(&mut self, key: &Key) -> bool {
        let Some(rollout) = self.services.get(key).and_then(Service::ongoing) else {
            return false;
        };
        let enabled = truth(&rollout.config, "/alarms/enable");
        if !enabled || rollout.status != RolloutStatus::InProgress {
            return false;
        }
        let mut ringing = texts(&rollout.config, "/alarms/alarmNames");
        ringing.retain(|name| {
            !rollout.ignored_alarms.contains(name) && self.fixtures.alarm_state(name) == Some(AlarmState::Alarm)
        });
        let back = truth(&rollout.config, "/alarms/rollback");
        if ringing.is_empty() {
            return false;
        }
        if let Some(rollout) = self.services.get_mut(key).and_then(Service::ongoing_mut) {
            rollout.triggered_alarms = ringing;
        }
        self.give_up(key, "ECS deployment failed: alarm detected.", back);
        true
    }

    /// The PRIMARY fails; goes back to the last completed revision if `back` and if there is one.
    pub(crate) fn give_up(&mut self, key: &Key, reason: &str, back: bool) {
        let now = self.now;
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        let going_back = service.ongoing().is_some_and(|r| r.status == RolloutStatus::RollbackInProgress);
        let primary = service.primary().map(|d| d.revision.clone());
        let goal = service.completed.clone().filter(|arn| back && !going_back && Some(arn) != primary.as_ref());
        let mut id = String::new();
        if let Some(entry) = service.primary_mut() {
            entry.state = RolloutState::Failed;
            reason.clone_into(&mut entry.reason);
            entry.updated_at = now;
            id.clone_from(&entry.id);
        }
        let asked = service.ongoing().is_some_and(|r| r.status == RolloutStatus::RollbackRequested);
        if let Some(rollout) = service.ongoing_mut() {
            rollout.reason = Some(reason.to_owned());
            rollout.updated_at = now;
            if goal.is_none() {
                rollout.status =
                    if going_back || asked { RolloutStatus::RollbackFailed } else { RolloutStatus::Stopped };
                rollout.finished_at = Some(now);
            }
        }
        self.say(key, &format!("(deployment {id}) deployment failed: {}", reason.to_lowercase()));
        self.notice_deployment(key, "ERROR", "SERVICE_DEPLOYMENT_FAILED", &id, reason);
        if let Some(goal) = goal {
            self.go_back(key, &goal, reason);
        }
        self.tick_at(key, now);
    }

    /// Makes `goal` the PRIMARY revision again, whole.
    fn go_back(&mut self, key: &Key, goal: &str, reason: &str) {
        let now = self.now;
        let number = self.rng.decimal(19);
        let fresh = self.new_deployment(goal, &number, "in progress");
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        let Some(old) = service.revision(goal).map(|r| r.config.clone()) else {
            return;
        };
        for member in REVISION_MEMBERS {
            service.config.remove(member);
        }
        service.config.extend(old);
        for entry in &mut service.deployments {
            entry.primary = false;
        }
        let at = service.deployments.iter().position(|d| d.revision == goal);
        let mut entry = at.map_or(fresh, |at| service.deployments.remove(at));
        entry.primary = true;
        entry.state = RolloutState::InProgress;
        entry.reason = format!("ECS deployment circuit breaker: rolling back to deploymentId {}.", entry.id);
        entry.failed = 0;
        entry.ran = false;
        entry.backoff = 0;
        entry.launch_from = 0;
        entry.bake_until = None;
        entry.updated_at = now;
        let id = entry.id.clone();
        service.deployments.insert(0, entry);
        if let Some(rollout) = service.ongoing_mut() {
            rollout.status = RolloutStatus::RollbackInProgress;
            rollout.rollback = Some(Rollback { reason: reason.to_owned(), started_at: now, revision: goal.to_owned() });
            if let Some(shift) = &mut rollout.shift {
                shift.undo();
            }
        }
        self.say(key, &format!("rolling back to deployment {id}."));
        self.shift_traffic(key);
    }
}
