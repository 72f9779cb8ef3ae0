//! A task's way from PROVISIONING to STOPPED, one event at a time.

use std::sync::Arc;

use super::place::Registration;
use super::state::{Definition, Health, Task, TaskStatus};
use crate::ecs::scheduler::due::Due;
use crate::ecs::scheduler::json::Object;
use crate::ecs::scheduler::{Fleet, Key};
use crate::ecs::tags::Tags;
use crate::fixtures::ImageFate;

/// What a new task is made of.
pub(crate) struct Launch {
    pub cluster: String,
    pub service: Option<Key>,
    pub started_by: Option<String>,
    pub group: String,
    pub definition: Arc<Definition>,
    pub targets: Vec<Registration>,
    pub subnets: Vec<String>,
    pub echo: Object,
    pub tags: Tags,
}

impl Fleet {
    /// Starts a task and answers its id.
    pub(crate) fn launch(&mut self, launch: Launch) -> String {
        let id = self.rng.hex(32);
        let place = self.next_sequence();
        let address = format!("10.{}.{}.{}", (place >> 16) & 255, (place >> 8) & 255, place & 255);
        let zone = ["a", "b", "c"].get(usize::try_from(self.rng.between(0, 2)).unwrap_or(0)).copied().unwrap_or("a");
        let Launch { cluster, service, definition, echo, subnets, .. } = &launch;
        let placement = self.place(cluster, service.as_ref(), definition, echo, subnets);
        let zone = self.zone_of(&placement).unwrap_or_else(|| zone.to_owned());
        let target_id = match &placement.instance {
            Some(instance) if definition.network_mode != "awsvpc" => instance.ec2_id.clone(),
            _ => address.clone(),
        };
        let frozen = launch.service.as_ref().is_some_and(|key| self.knobs.frozen.contains(key));
        let task = Task {
            id: id.clone(),
            cluster: launch.cluster,
            service: launch.service,
            started_by: launch.started_by,
            group: launch.group,
            definition: launch.definition,
            status: TaskStatus::Provisioning,
            stop_wanted: false,
            health: Health::Unknown,
            version: 1,
            groups: launch.targets.iter().map(|one| (one.group.clone(), placement.reached(one))).collect(),
            address,
            target_id,
            placement,
            zone,
            echo: launch.echo,
            tags: launch.tags,
            created_at: self.now,
            started_at: None,
            stopping_at: None,
            execution_stopped_at: None,
            stopped_at: None,
            stop: None,
            exit_code: None,
            frozen,
            held: false,
            epoch: 0,
            seen_healthy: false,
        };
        if let Some(service) = task.service.as_ref().and_then(|key| self.services.get_mut(key)) {
            service.tasks.insert(id.clone());
        }
        self.tasks.insert(id.clone(), task);
        let wait = self.knobs.timing.provision.draw(&mut self.rng);
        self.enter(&id, TaskStatus::Provisioning, Some(wait));
        id
    }

    /// Puts a task into a status and schedules when it leaves it.
    fn enter(&mut self, id: &str, status: TaskStatus, wait: Option<i64>) {
        let epoch = self.next_sequence();
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        if task.status != status {
            task.version += 1;
        }
        task.status = status;
        task.epoch = epoch;
        task.held = false;
        if let Some(wait) = wait {
            self.schedule(self.now + wait, Due::Step { task: id.to_owned(), epoch });
        }
        self.notice_task(id);
        self.touch_owner(id);
    }

    pub(super) fn notice_task(&mut self, id: &str) {
        if !self.knobs.record_notices {
            return;
        }
        if let Some(task) = self.tasks.get(id) {
            let (detail, arn) = (self.task_view(task, false), self.arn(&task.tail()));
            self.notice("ECS Task State Change", arn, detail);
        }
    }

    pub(crate) fn task_step(&mut self, id: &str, epoch: u64) {
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        if task.epoch != epoch {
            return;
        }
        if task.frozen {
            task.held = true;
            return;
        }
        match task.status {
            TaskStatus::Provisioning => {
                let wait = self.knobs.timing.pend.draw(&mut self.rng);
                self.enter(id, TaskStatus::Pending, Some(wait));
            }
            TaskStatus::Pending => self.activate(id),
            TaskStatus::Activating => self.try_to_run(id),
            TaskStatus::Running | TaskStatus::Stopped => {}
            TaskStatus::Deactivating => {
                self.deregister_targets(id);
                let wait = self.knobs.timing.stop.draw(&mut self.rng);
                self.enter(id, TaskStatus::Stopping, Some(wait));
            }
            TaskStatus::Stopping => self.deprovision(id),
            TaskStatus::Deprovisioning => self.finish(id),
        }
    }

    fn activate(&mut self, id: &str) {
        let Some(task) = self.tasks.get(id) else {
            return;
        };
        let plans = Arc::clone(&task.definition);
        if plans.containers.iter().any(|c| self.image(&c.image) == ImageFate::Hangs) {
            if let Some(task) = self.tasks.get_mut(id) {
                task.held = true;
            }
            return;
        }
        let mut wait = self.knobs.timing.activate.draw(&mut self.rng);
        let cluster = task_cluster(self, id);
        for container in &plans.containers {
            if self.pulled.insert((cluster.clone(), container.image.clone())) {
                wait += self.knobs.timing.cold_image;
            }
        }
        self.enter(id, TaskStatus::Activating, Some(wait));
    }

    fn try_to_run(&mut self, id: &str) {
        let Some(task) = self.tasks.get(id) else {
            return;
        };
        let missing = task.definition.containers.iter().find(|c| self.image(&c.image) == ImageFate::Missing);
        if let Some(container) = missing {
            let reason = format!(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {}: not found",
                container.image
            );
            self.fail_to_start(id, &reason);
            return;
        }
        let (cluster, group) = (task.cluster.clone(), task.group.clone());
        let fault = self
            .knobs
            .launch_faults
            .iter_mut()
            .find(|fault| fault.remaining > 0 && fault.cluster == cluster && fault.group == group);
        if let Some(fault) = fault {
            fault.remaining -= 1;
            let reason = fault.reason.clone();
            self.fail_to_start(id, &reason);
            return;
        }
        self.run(id);
    }

    fn fail_to_start(&mut self, id: &str, reason: &str) {
        self.ask_to_stop(id, "TaskFailedToStart", reason);
        let owner = self.tasks.get(id).and_then(|t| Some((t.service.clone()?, t.started_by.clone()?)));
        if let Some((key, deployment)) = owner {
            self.task_failed(&key, &deployment, true);
        }
    }

    fn run(&mut self, id: &str) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        task.started_at = Some(now);
        let owner = task.service.clone().zip(task.started_by.clone());
        self.enter(id, TaskStatus::Running, None);
        self.register_targets(id);
        self.check_later(id);
        self.exit_later(id);
        if let Some((key, deployment)) = owner {
            self.task_ran(&key, &deployment);
        }
    }

    pub(crate) fn container_exits(&mut self, id: &str) {
        let Some(task) = self.tasks.get(id) else {
            return;
        };
        if task.status != TaskStatus::Running {
            return;
        }
        let code = task.definition.containers.iter().find_map(|c| match self.image(&c.image) {
            ImageFate::Exits { code, .. } if c.essential => Some(i64::from(code)),
            ImageFate::Exits { .. }
            | ImageFate::Runs
            | ImageFate::Missing
            | ImageFate::Unhealthy
            | ImageFate::Hangs => None,
        });
        let Some(code) = code else { return };
        if let Some(task) = self.tasks.get_mut(id) {
            task.exit_code = Some(code);
        }
        self.ask_to_stop(id, "EssentialContainerExited", "Essential container in task exited");
    }

    /// Asks a task to stop; nothing happens if it was asked before.
    pub(crate) fn ask_to_stop(&mut self, id: &str, code: &'static str, reason: &str) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        if task.stop_wanted {
            return;
        }
        let was = task.status;
        task.stop_wanted = true;
        task.stop = Some((code, reason.to_owned()));
        task.stopping_at = Some(now);
        if was == TaskStatus::Running {
            let drain = self.drain_targets(id);
            let wait = drain.unwrap_or_else(|| self.knobs.timing.deactivate.draw(&mut self.rng));
            self.enter(id, TaskStatus::Deactivating, Some(wait));
        } else {
            let wait = self.knobs.timing.deprovision.draw(&mut self.rng);
            self.enter(id, TaskStatus::Deprovisioning, Some(wait));
        }
    }

    fn deprovision(&mut self, id: &str) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        task.execution_stopped_at = Some(now);
        task.exit_code = task.exit_code.or(Some(0));
        let wait = self.knobs.timing.deprovision.draw(&mut self.rng);
        self.enter(id, TaskStatus::Deprovisioning, Some(wait));
    }

    fn finish(&mut self, id: &str) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        task.stopped_at = Some(now);
        let owner = task.service.clone();
        self.enter(id, TaskStatus::Stopped, None);
        if let Some(service) = owner.and_then(|key| self.services.get_mut(&key)) {
            service.tasks.remove(id);
        }
        let forget = self.knobs.timing.forget;
        self.schedule(now + forget, Due::Forget(id.to_owned()));
    }

    /// Lets a frozen or hanging task go on.
    pub(crate) fn let_go(&mut self, id: &str) {
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        task.frozen = false;
        if !task.held {
            return;
        }
        task.held = false;
        let epoch = task.epoch;
        self.schedule(self.now, Due::Step { task: id.to_owned(), epoch });
    }
}

fn task_cluster(fleet: &Fleet, id: &str) -> String {
    fleet.tasks.get(id).map(|task| task.cluster.clone()).unwrap_or_default()
}
