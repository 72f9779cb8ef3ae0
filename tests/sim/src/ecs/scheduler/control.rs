//! What a test does to the world beside calling the API.

use super::{Fleet, Key};
use crate::ecs::service::{Wake, with_fleet};
use crate::fixtures::{AlarmState, ImageFate};
use crate::queue::EventKind;
use crate::world::{Cx, RegionKey, Sim};

impl Fleet {
    /// Something that tasks depend on changed: look at all of them again.
    pub(crate) fn look_again(&mut self) {
        let ids: Vec<String> = self.tasks.keys().cloned().collect();
        for id in ids {
            let Some(task) = self.tasks.get(&id) else {
                continue;
            };
            if task.stop_wanted {
                continue;
            }
            if task.status == crate::ecs::task::state::TaskStatus::Running {
                self.check_later(&id);
                self.exit_later(&id);
            } else if !task.frozen {
                self.let_go(&id);
            }
        }
        self.probe_all();
    }

    /// Stops the clock of a service's tasks, present and future: they keep their status.
    pub fn freeze(&mut self, cluster: &str, service: &str) {
        let key = Key::new(cluster, service);
        for task in self.tasks.values_mut().filter(|t| t.service.as_ref() == Some(&key)) {
            task.frozen = true;
        }
        self.knobs.frozen.insert(key);
    }

    /// Undoes `freeze`.
    pub fn thaw(&mut self, cluster: &str, service: &str) {
        let key = Key::new(cluster, service);
        self.knobs.frozen.remove(&key);
        let mine = self.tasks.values().filter(|t| t.service.as_ref() == Some(&key));
        let ids: Vec<String> = mine.map(|t| t.id.clone()).collect();
        for id in ids {
            self.let_go(&id);
        }
    }

    /// Stops the clock of one task.
    pub fn freeze_task(&mut self, id: &str) {
        if let Some(task) = self.tasks.get_mut(id) {
            task.frozen = true;
        }
    }

    /// Undoes `freeze_task`.
    pub fn thaw_task(&mut self, id: &str) {
        self.let_go(id);
    }

    /// Ends a task from outside: `SpotInterruption`, `TerminationNotice` and their like.
    pub fn interrupt(&mut self, id: &str, code: &'static str, reason: &str) {
        self.ask_to_stop(id, code, reason);
    }

    /// Room for tasks in a cluster; `None` = unlimited.
    pub fn set_capacity(&mut self, cluster: &str, slots: Option<i64>) {
        match slots {
            Some(slots) => self.fixtures.capacity.insert(cluster.to_owned(), slots),
            None => self.fixtures.capacity.remove(cluster),
        };
        self.touch_cluster(cluster);
    }

    /// Container instances of a cluster: the desired count of its DAEMON services.
    pub fn set_instances(&mut self, cluster: &str, instances: i64) {
        self.knobs.instances.insert(cluster.to_owned(), instances);
        for service in self.services.values_mut().filter(|s| s.key.cluster == cluster) {
            service.excess = super::json::count(service.tasks.len());
        }
        self.touch_cluster(cluster);
    }

    /// State of a `CloudWatch` alarm.
    pub fn set_alarm(&mut self, name: &str, state: AlarmState) {
        self.turn_alarm(name, state, "Set by the test");
    }

    /// Sets the state of an alarm; deployments that watch it look at once.
    pub(crate) fn turn_alarm(&mut self, name: &str, state: AlarmState, reason: &str) {
        self.fixtures.turn_alarm(name, state, reason, self.now);
        let keys: Vec<Key> = self.services.keys().cloned().collect();
        for key in keys {
            self.tick_at(&key, self.now);
        }
    }

    /// Makes the targets of a group fail their checks, or pass them again.
    pub fn fail_target_group(&mut self, arn: &str, failing: bool) {
        if failing {
            self.knobs.failing_groups.insert(arn.to_owned());
        } else {
            self.knobs.failing_groups.remove(arn);
        }
        self.probe_all();
    }

    fn touch_cluster(&mut self, cluster: &str) {
        let keys: Vec<Key> = self.services.keys().filter(|k| k.cluster == cluster).cloned().collect();
        for key in keys {
            self.tick_at(&key, self.now);
        }
    }
}

impl Sim {
    /// Lends the services, tasks and fixtures of one Region, and plans what follows from a change.
    pub fn with_fleet<R>(&mut self, key: &RegionKey, change: impl FnOnce(&mut Fleet) -> R) -> R {
        let region = self.accounts.entry(key.clone()).or_default();
        let mut cx = Cx {
            now: self.now,
            key,
            caller: "test",
            rng: &mut self.rng,
            queue: &mut self.queue,
            tokens: &mut self.tokens,
            knobs: &self.knobs,
        };
        with_fleet(region, &mut cx, |fleet, _, _| change(fleet))
    }

    /// Decides what becomes of containers of an image, in every Region, also of running ones.
    pub fn set_image(&mut self, image: &str, fate: ImageFate) {
        self.knobs.images.insert(image.to_owned(), fate);
        for key in self.accounts.keys().cloned().collect::<Vec<_>>() {
            self.with_fleet(&key, |_| ());
        }
    }

    /// Broken invariants of all Regions; a test asserts that there are none.
    pub fn violations(&self) -> Vec<String> {
        self.accounts.values().flat_map(|region| region.services.violations.clone()).collect()
    }

    /// Plans a look at the fleet of a Region, now.
    pub fn nudge(&mut self, key: &RegionKey) {
        let event = crate::queue::Event { at: self.now, key: key.clone(), kind: EventKind::Service(Wake::Due) };
        self.queue.push(event);
    }
}
