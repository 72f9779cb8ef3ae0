//! One look at a service: begin, roll or shift, drop what is over, complete, plan the next look.

use serde_json::{Value, json};

use super::due::Due;
use super::json::{count, truth};
use super::{Fleet, Key};
use crate::bus::Notice;
use crate::ecs::deployment::state::{RolloutState, RolloutStatus};
use crate::ecs::service::state::{Event, Service, ServiceStatus};
use crate::ecs::task::state::TaskStatus;

/// What a tick sees of one task.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub id: String,
    pub deployment: String,
    pub live: bool,
    pub healthy: bool,
    pub failing: bool,
    pub created_at: i64,
}

impl Fleet {
    /// Tasks of a service that are not STOPPED.
    pub(crate) fn roster(&self, key: &Key) -> Vec<Member> {
        let Some(service) = self.services.get(key) else {
            return Vec::new();
        };
        let grace = service.grace();
        let member = |id: &String| {
            let task = self.tasks.get(id)?;
            Some(Member {
                id: id.clone(),
                deployment: task.started_by.clone().unwrap_or_default(),
                live: task.is_live(),
                healthy: self.is_healthy(task),
                failing: self.is_failing(task, grace),
                created_at: task.created_at,
            })
        };
        service.tasks.iter().filter_map(member).collect()
    }

    /// Writes a service event; the oldest of more than 100 goes.
    pub(crate) fn say(&mut self, key: &Key, message: &str) {
        let id = self.rng.uuid();
        let at = self.now;
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        let message = format!("(service {}) {message}", key.service);
        service.events.push_front(Event { id, at, message });
        service.events.truncate(100);
    }

    /// Notes what `EventBridge` will carry.
    pub(crate) fn notice(&mut self, kind: &'static str, about: String, detail: Value) {
        if self.knobs.record_notices {
            self.notices.push(Notice { at: self.now, kind, resources: vec![about], detail });
        }
    }

    /// "Amazon ECS service action events".
    pub(crate) fn notice_action(&mut self, key: &Key, level: &str, name: &str) {
        if let Some(service) = self.services.get(key) {
            let detail = json!({ "eventType": level, "eventName": name, "clusterArn": service.cluster_arn });
            self.notice("ECS Service Action", service.arn.clone(), detail);
        }
    }

    /// "Amazon ECS service deployment state change events".
    pub(crate) fn notice_deployment(&mut self, key: &Key, level: &str, name: &str, id: &str, reason: &str) {
        if let Some(service) = self.services.get(key) {
            let detail = json!({ "eventType": level, "eventName": name, "deploymentId": id, "reason": reason });
            self.notice("ECS Deployment State Change", service.arn.clone(), detail);
        }
    }

    pub(crate) fn tick(&mut self, key: &Key) {
        let Some(service) = self.services.get(key) else {
            return;
        };
        match service.status {
            ServiceStatus::Inactive => return,
            ServiceStatus::Draining => return self.drain_service(key),
            ServiceStatus::Active => {}
        }
        if service.controller() == "EXTERNAL" {
            return;
        }
        self.count_instances(key);
        self.notice_health(key);
        if let Some(at) = self.begin_rollout(key) {
            self.tick_at(key, at);
            return;
        }
        self.answer_requests(key);
        self.watch_alarms(key);
        let shifting = self.services.get(key).and_then(Service::ongoing).is_some_and(|r| r.shift.is_some());
        if shifting {
            self.shift_tick(key);
        } else {
            self.roll(key);
        }
        self.drop_old(key);
        if !shifting {
            self.complete_when_ready(key);
        }
        self.steady(key);
        self.plan_next(key);
    }

    fn count_instances(&mut self, key: &Key) {
        let instances = self.knobs.instances.get(&key.cluster).copied().unwrap_or(2);
        if let Some(service) = self.services.get_mut(key)
            && service.is_daemon()
        {
            service.desired = instances;
        }
    }

    /// Tells the breaker about tasks that became healthy since the last look.
    fn notice_health(&mut self, key: &Key) {
        let fresh: Vec<Member> = self
            .roster(key)
            .into_iter()
            .filter(|m| m.healthy && self.tasks.get(&m.id).is_some_and(|t| !t.seen_healthy))
            .collect();
        for member in fresh {
            if let Some(task) = self.tasks.get_mut(&member.id) {
                task.seen_healthy = true;
            }
            self.task_became_healthy(key, &member.deployment);
        }
    }

    /// Begins a pending service deployment; answers when, if that is later.
    fn begin_rollout(&mut self, key: &Key) -> Option<i64> {
        let now = self.now;
        let rollout = self.services.get_mut(key)?.ongoing_mut()?;
        if rollout.status != RolloutStatus::Pending {
            return None;
        }
        if now < rollout.begin_at {
            return Some(rollout.begin_at);
        }
        rollout.status = RolloutStatus::InProgress;
        rollout.started_at = Some(now);
        rollout.updated_at = now;
        None
    }

    /// Acts on `StopServiceDeployment`.
    fn answer_requests(&mut self, key: &Key) {
        match self.services.get(key).and_then(Service::ongoing).map(|r| r.status) {
            Some(RolloutStatus::RollbackRequested) => {
                self.give_up(key, "Service deployment rolled back because of a StopServiceDeployment request.", true);
            }
            Some(RolloutStatus::StopRequested) => {
                self.give_up(key, "Service deployment stopped by request.", false);
            }
            _ => {}
        }
    }

    fn drain_service(&mut self, key: &Key) {
        let ids: Vec<String> = self.services.get(key).map(|s| s.tasks.iter().cloned().collect()).unwrap_or_default();
        let mut busy = false;
        for id in ids {
            let name = &key.service;
            self.ask_to_stop(
                &id,
                "ServiceSchedulerInitiated",
                &format!("Scaling activity initiated by service {name} deletion"),
            );
            busy |= self.tasks.get(&id).is_some_and(|t| t.status <= TaskStatus::Deactivating);
        }
        if busy {
            return;
        }
        let purge = self.knobs.timing.purge;
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        service.status = ServiceStatus::Inactive;
        service.deployments.clear();
        let incarnation = service.incarnation;
        self.tokens.retain(|_, used| used.incarnation != incarnation);
        self.schedule(self.now + purge, Due::Purge(key.clone(), incarnation));
    }

    /// Old deployments without any task disappear.
    pub(crate) fn drop_old(&mut self, key: &Key) {
        let roster = self.roster(key);
        if let Some(service) = self.services.get_mut(key) {
            service.deployments.retain(|d| d.primary || roster.iter().any(|m| m.deployment == d.id));
        }
    }

    /// Live, running and healthy tasks of the PRIMARY all equal the desired count.
    pub(crate) fn primary_is_whole(&self, key: &Key) -> bool {
        let Some(service) = self.services.get(key) else {
            return false;
        };
        let Some(primary) = service.primary() else {
            return false;
        };
        let roster = self.roster(key);
        let mine = || roster.iter().filter(|m| m.deployment == primary.id && m.live);
        count(mine().count()) == service.desired && mine().all(|m| m.healthy)
    }

    fn complete_when_ready(&mut self, key: &Key) {
        let now = self.now;
        let alone = self.services.get(key).is_some_and(|s| s.deployments.len() == 1);
        let whole = alone && self.primary_is_whole(key);
        let bake = self.knobs.timing.alarm_bake;
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        let going_back = service.ongoing().is_some_and(|r| r.rollback.is_some());
        let watched = service.ongoing().is_some_and(|r| truth(&r.config, "/alarms/enable")) && !going_back;
        let Some(primary) = service.primary_mut().filter(|d| d.state == RolloutState::InProgress) else {
            return;
        };
        if !whole {
            primary.bake_until = None;
            return;
        }
        if watched && *primary.bake_until.get_or_insert(now + bake) > now {
            return;
        }
        self.complete(key);
    }

    /// The PRIMARY is done, and with it the service deployment.
    pub(crate) fn complete(&mut self, key: &Key) {
        let now = self.now;
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        let Some(primary) = service.primary_mut() else {
            return;
        };
        primary.state = RolloutState::Completed;
        primary.reason = format!("ECS deployment {} completed.", primary.id);
        primary.updated_at = now;
        let (id, revision) = (primary.id.clone(), primary.revision.clone());
        service.completed = Some(revision);
        if let Some(rollout) = service.ongoing_mut() {
            let back = rollout.rollback.is_some();
            rollout.status = if back { RolloutStatus::RollbackSuccessful } else { RolloutStatus::Successful };
            rollout.finished_at = Some(now);
            rollout.updated_at = now;
        }
        service.was_steady = false;
        self.say(key, &format!("(deployment {id}) deployment completed."));
        self.notice_deployment(key, "INFO", "SERVICE_DEPLOYMENT_COMPLETED", &id, "ECS deployment completed.");
    }

    fn steady(&mut self, key: &Key) {
        let whole = self.primary_is_whole(key);
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        let steady = whole && service.deployments.len() == 1 && service.ongoing().is_none();
        let news = steady && !service.was_steady;
        service.was_steady = steady;
        if news {
            self.say(key, "has reached a steady state.");
            self.notice_action(key, "INFO", "SERVICE_STEADY_STATE");
        }
    }

    fn plan_next(&mut self, key: &Key) {
        let whole = self.primary_is_whole(key);
        let Some(service) = self.services.get(key) else {
            return;
        };
        let Some(primary) = service.primary() else {
            return;
        };
        let settled = service.ongoing().is_none()
            && (primary.state == RolloutState::Failed || (whole && service.deployments.len() == 1));
        if settled {
            return;
        }
        let mut times = vec![self.now + self.knobs.timing.tick, primary.launch_from];
        times.extend(primary.bake_until);
        times.extend(service.ongoing().and_then(|r| r.shift.as_ref()).and_then(crate::ecs::strategy::Shift::wake));
        let running =
            service.tasks.iter().filter_map(|id| self.tasks.get(id)).filter(|t| t.status == TaskStatus::Running);
        for task in running {
            times.push(self.settles_at(task));
            times.push(task.started_at.unwrap_or(0) + service.grace());
        }
        if let Some(at) = times.into_iter().filter(|at| *at > self.now).min() {
            self.tick_at(key, at);
        }
    }
}
