//! Container checks of a task, and what the scheduler counts as healthy or failing.

use std::sync::Arc;

use super::state::{Health, Task, TaskStatus};
use crate::ecs::scheduler::Fleet;
use crate::ecs::scheduler::due::Due;
use crate::fixtures::{ImageFate, TargetState};

impl Fleet {
    /// Schedules the end of containers whose image ends by itself.
    pub(crate) fn exit_later(&mut self, id: &str) {
        let Some(task) = self.tasks.get(id) else {
            return;
        };
        let definition = Arc::clone(&task.definition);
        for container in &definition.containers {
            if let ImageFate::Exits { after_ms, .. } = self.image(&container.image) {
                self.schedule(self.now + after_ms, Due::Exit { task: id.to_owned() });
            }
        }
    }

    /// Schedules the moment at which the container checks of a running task decide.
    pub(crate) fn check_later(&mut self, id: &str) {
        let Some(task) = self.tasks.get(id) else {
            return;
        };
        let fails = self.fails_checks(task);
        let waits = task.definition.containers.iter().filter_map(|c| c.check);
        let wait = if fails {
            self.knobs.timing.check_unhealthy.or(waits.map(|(_, fail)| fail).max())
        } else {
            self.knobs.timing.check_healthy.or(waits.map(|(pass, _)| pass).max())
        };
        let (epoch, checked) = (task.epoch, task.definition.containers.iter().any(|c| c.check.is_some()));
        if let Some(wait) = wait.filter(|_| checked) {
            self.schedule(self.now + wait, Due::Check { task: id.to_owned(), epoch });
        }
    }

    pub(crate) fn check_decides(&mut self, id: &str, epoch: u64) {
        let Some(task) = self.tasks.get(id) else {
            return;
        };
        if task.epoch != epoch || task.status != TaskStatus::Running {
            return;
        }
        let health = if self.fails_checks(task) { Health::Unhealthy } else { Health::Healthy };
        if let Some(task) = self.tasks.get_mut(id)
            && task.health != health
        {
            task.health = health;
            task.version += 1;
            self.notice_task(id);
            self.touch_owner(id);
        }
    }

    /// Whether the containers of a task fail their health checks and its targets theirs.
    pub(crate) fn fails_checks(&self, task: &Task) -> bool {
        task.definition.containers.iter().any(|c| self.image(&c.image) == ImageFate::Unhealthy)
    }

    /// Whether the scheduler counts a task as healthy: targets and container checks pass, or,
    /// without either, it has been running long enough.
    pub(crate) fn is_healthy(&self, task: &Task) -> bool {
        if task.status != TaskStatus::Running {
            return false;
        }
        let checked = task.definition.containers.iter().any(|c| c.check.is_some());
        if checked && task.health != Health::Healthy {
            return false;
        }
        let passes = |(group, port): &(String, i64)| {
            self.target_state(group, &task.target_id, *port) == Some(TargetState::Healthy)
        };
        if !task.groups.iter().all(passes) {
            return false;
        }
        checked || !task.groups.is_empty() || self.now >= self.settles_at(task)
    }

    /// When a task without checks counts as healthy.
    pub(crate) fn settles_at(&self, task: &Task) -> i64 {
        task.started_at.unwrap_or(self.now).saturating_add(self.knobs.timing.settle)
    }

    /// Whether a task fails checks that the grace period (milliseconds) no longer covers.
    pub(crate) fn is_failing(&self, task: &Task, grace: i64) -> bool {
        let started = task.started_at.unwrap_or(self.now);
        if task.status != TaskStatus::Running || self.now < started + grace {
            return false;
        }
        let bad = |(group, port): &(String, i64)| {
            self.target_state(group, &task.target_id, *port) == Some(TargetState::Unhealthy)
        };
        task.health == Health::Unhealthy || task.groups.iter().any(bad)
    }
}
