//! What must hold after every look at a service.

use std::collections::BTreeSet;

use super::{Fleet, Key};
use crate::ecs::service::state::ServiceStatus;

impl Fleet {
    pub(crate) fn violated(&mut self, key: &Key, what: &str) {
        let at = self.now;
        self.violations.push(format!("{at} {}/{}: {what}", key.cluster, key.service));
    }

    pub(crate) fn check_invariants(&mut self, key: &Key) {
        let mut broken: Vec<String> = Vec::new();
        let Some(service) = self.services.get(key) else {
            return;
        };
        let mine: Vec<_> = service.tasks.iter().filter_map(|id| self.tasks.get(id)).collect();
        let live = super::json::count(mine.iter().filter(|t| t.is_live()).count());
        let (_, hi) = service.bounds();
        let shifting = service.strategy() != "ROLLING" || service.rollouts.last().is_some_and(|r| r.shift.is_some());
        if !shifting && live > hi.max(service.excess) {
            broken.push(format!("{live} live tasks, ceiling {hi}"));
        }
        let ids: BTreeSet<&str> = service.deployments.iter().map(|d| d.id.as_str()).collect();
        for task in mine.iter().filter(|t| t.is_live()) {
            if service.status != ServiceStatus::Inactive
                && !task.started_by.as_deref().is_some_and(|by| ids.contains(by))
            {
                broken.push(format!("task {} belongs to no deployment", task.id));
            }
        }
        if service.deployments.iter().filter(|d| d.primary).count() > 1 {
            broken.push("two PRIMARY deployments".to_owned());
        }
        if ids.len() != service.deployments.len() {
            broken.push("two deployments with one id".to_owned());
        }
        if service.status == ServiceStatus::Inactive && live > 0 {
            broken.push("INACTIVE with live tasks".to_owned());
        }
        if service.rollouts.iter().filter(|r| !r.status.is_done()).count() > 1 {
            broken.push("two service deployments at once".to_owned());
        }
        for what in broken {
            self.violated(key, &what);
        }
        if let Some(service) = self.services.get_mut(key) {
            service.excess = service.excess.min(live);
        }
    }
}
