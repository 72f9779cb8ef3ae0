//! The rolling part of a tick: start, stop old tasks, replace failing ones.

use std::sync::Arc;

use serde_json::Value;

use super::json::{Object, count, number, text};
use super::tick::Member;
use super::{Fleet, Key};
use crate::ecs::deployment::begin::registrations;
use crate::ecs::deployment::state::RolloutState;
use crate::ecs::service::state::Service;
use crate::ecs::tags::Tags;
use crate::ecs::task::life::Launch;
use crate::ecs::task::place::subnets;
use crate::ecs::task::state::{Definition, TaskStatus};

impl Fleet {
    pub(crate) fn roll(&mut self, key: &Key) {
        let before = self.healthy(key);
        self.start_missing(key);
        self.stop_old(key);
        self.stop_surplus(key);
        self.stop_one_failing(key);
        let lo = self.services.get(key).map_or(0, |s| s.bounds().0);
        if before >= lo && self.healthy(key) < lo {
            self.violated(key, "the scheduler went below the minimum of healthy tasks");
        }
    }

    /// How many tasks of a service are healthy.
    pub(crate) fn healthy(&self, key: &Key) -> i64 {
        count(self.roster(key).iter().filter(|m| m.healthy).count())
    }

    /// Desired count, ceiling, id and state of the PRIMARY.
    fn aim(&self, key: &Key) -> Option<(i64, i64, String, bool)> {
        let service = self.services.get(key)?;
        let primary = service.primary()?;
        Some((service.desired, service.bounds().1, primary.id.clone(), primary.state == RolloutState::Failed))
    }

    fn start_missing(&mut self, key: &Key) {
        let Some((desired, hi, primary, failed)) = self.aim(key) else {
            return;
        };
        if failed {
            return;
        }
        let roster = self.roster(key);
        let live = count(roster.iter().filter(|m| m.live).count());
        let good = count(roster.iter().filter(|m| m.live && !m.failing && m.deployment == primary).count());
        self.start(key, &primary, (desired - good).min(hi - live));
    }

    /// Starts up to `wanted` tasks of a deployment, as far as back-off and capacity allow.
    pub(crate) fn start(&mut self, key: &Key, deployment: &str, wanted: i64) {
        let Some(service) = self.services.get(key) else {
            return;
        };
        let Some(entry) = service.deployments.iter().find(|d| d.id == deployment) else {
            return;
        };
        if wanted <= 0 || self.now < entry.launch_from {
            return;
        }
        let room = self.room(&key.cluster);
        if room < wanted {
            self.short_of_capacity(key);
        }
        let mut started = 0;
        for _ in 0..wanted.min(room) {
            let Some(launch) = self.task_of(key, deployment) else {
                break;
            };
            self.launch(launch);
            started += 1;
        }
        if started > 0 {
            self.say(key, &format!("has started {started} tasks."));
        }
    }

    /// How many more tasks a cluster has room for.
    pub(crate) fn room(&self, cluster: &str) -> i64 {
        let Some(slots) = self.fixtures.capacity.get(cluster) else {
            return i64::MAX;
        };
        let used = self.tasks.values().filter(|t| t.cluster == cluster && t.status != TaskStatus::Stopped).count();
        (slots - count(used)).max(0)
    }

    fn short_of_capacity(&mut self, key: &Key) {
        let now = self.now;
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        if service.short_at.is_none_or(|at| now - at >= 60_000) {
            service.short_at = Some(now);
            self.say(key, "was unable to place a task because no container instance met all of its requirements.");
        }
    }

    fn stop_old(&mut self, key: &Key) {
        let Some((desired, hi, primary, failed)) = self.aim(key) else {
            return;
        };
        if failed {
            return;
        }
        let lo = self.services.get(key).map_or(0, |s| s.bounds().0);
        let roster = self.roster(key);
        let mut healthy = count(roster.iter().filter(|m| m.healthy).count());
        let mut live = count(roster.iter().filter(|m| m.live).count());
        let mut missing =
            desired - count(roster.iter().filter(|m| m.live && !m.failing && m.deployment == primary).count());
        let mut old: Vec<&Member> = roster.iter().filter(|m| m.live && m.deployment != primary).collect();
        old.sort_by_key(|m| (m.healthy, !m.failing, m.created_at));
        for victim in old {
            let in_the_way = missing > 0 && live >= hi;
            let allowed = if victim.healthy { healthy > lo } else { healthy >= lo || in_the_way };
            if !allowed {
                continue;
            }
            healthy -= i64::from(victim.healthy);
            live -= 1;
            missing -= i64::from(in_the_way);
            self.stop_member(key, victim, false);
        }
    }

    fn stop_surplus(&mut self, key: &Key) {
        let Some((desired, _, primary, _)) = self.aim(key) else {
            return;
        };
        let lo = self.services.get(key).map_or(0, |s| s.bounds().0);
        let roster = self.roster(key);
        let mut healthy = count(roster.iter().filter(|m| m.healthy).count());
        let mut mine: Vec<&Member> = roster.iter().filter(|m| m.live && m.deployment == primary).collect();
        let mut surplus = count(mine.len()) - desired;
        mine.sort_by_key(|m| (!m.failing, m.healthy, -m.created_at));
        for victim in mine {
            if surplus <= 0 {
                return;
            }
            if victim.healthy && healthy <= lo {
                continue;
            }
            healthy -= i64::from(victim.healthy);
            surplus -= 1;
            self.stop_member(key, victim, true);
        }
    }

    /// At the ceiling there is no room for a replacement: one failing task goes first.
    fn stop_one_failing(&mut self, key: &Key) {
        let Some((desired, hi, primary, failed)) = self.aim(key) else {
            return;
        };
        let roster = self.roster(key);
        let live = count(roster.iter().filter(|m| m.live).count());
        let good = count(roster.iter().filter(|m| m.live && !m.failing && m.deployment == primary).count());
        if failed || good >= desired || live < hi {
            return;
        }
        if let Some(victim) = roster.iter().find(|m| m.live && m.failing && m.deployment == primary) {
            self.stop_member(key, victim, true);
        }
    }

    /// Stops a task for the scheduler; a failing one counts against its deployment if `counted`.
    pub(crate) fn stop_member(&mut self, key: &Key, victim: &Member, counted: bool) {
        let reason = if victim.failing {
            let tail = self.tasks.get(&victim.id).and_then(|t| t.groups.first().cloned());
            tail.map_or("Task failed container health checks".to_owned(), |(group, _)| {
                format!("Task failed ELB health checks in (target-group {group})")
            })
        } else {
            format!("Scaling activity initiated by (deployment {})", victim.deployment)
        };
        self.ask_to_stop(&victim.id, "ServiceSchedulerInitiated", &reason);
        if victim.failing && counted {
            self.task_failed(key, &victim.deployment, false);
        }
    }

    /// What a new task of a deployment is made of.
    fn task_of(&mut self, key: &Key, deployment: &str) -> Option<Launch> {
        let service = self.services.get(key)?;
        let entry = service.deployments.iter().find(|d| d.id == deployment)?;
        let revision = service.revision(&entry.revision)?;
        let mine = |id: &&String| {
            self.tasks.get(*id).is_some_and(|t| t.is_live() && t.started_by.as_deref() == Some(deployment))
        };
        let nth = count(service.tasks.iter().filter(mine).count());
        let mut echo = placement(&revision.config, nth);
        echo.insert("enableExecuteCommand".to_owned(), Value::from(service.word_is_true("enableExecuteCommand")));
        Some(Launch {
            cluster: key.cluster.clone(),
            service: Some(key.clone()),
            started_by: Some(deployment.to_owned()),
            group: format!("service:{}", key.service),
            definition: Arc::clone(&revision.definition),
            targets: registrations(revision),
            subnets: subnets(revision.config.get("networkConfiguration")),
            tags: task_tags(service, &revision.definition),
            echo,
        })
    }
}

fn task_tags(service: &Service, definition: &Definition) -> Tags {
    let mut tags = match service.word("propagateTags") {
        "SERVICE" => service.tags.clone(),
        "TASK_DEFINITION" => definition.tags.clone(),
        _ => Tags::new(),
    };
    if service.word_is_true("enableECSManagedTags") {
        tags.insert("aws:ecs:clusterName".to_owned(), service.key.cluster.clone());
        tags.insert("aws:ecs:serviceName".to_owned(), service.key.service.clone());
    }
    tags
}

/// Launch type and capacity provider of the `nth` task under a launch type or strategy.
pub(crate) fn placement(config: &Object, nth: i64) -> Object {
    let mut echo = Object::new();
    let strategy = config.get("capacityProviderStrategy").and_then(Value::as_array).filter(|items| !items.is_empty());
    let launch_type = if let Some(items) = strategy {
        let provider = pick_provider(items, nth);
        let fargate = matches!(provider.as_str(), "FARGATE" | "FARGATE_SPOT");
        echo.insert("capacityProviderName".to_owned(), Value::from(provider));
        if fargate { "FARGATE" } else { "EC2" }.to_owned()
    } else {
        config.get("launchType").and_then(Value::as_str).unwrap_or("EC2").to_owned()
    };
    if launch_type == "FARGATE" {
        echo.insert("platformVersion".to_owned(), Value::from("1.4.0"));
        echo.insert("platformFamily".to_owned(), Value::from("Linux"));
    }
    echo.insert("launchType".to_owned(), Value::from(launch_type));
    echo
}

fn pick_provider(items: &[Value], nth: i64) -> String {
    let name = |item: &Value| text(item, "/capacityProvider").unwrap_or_default().to_owned();
    let mut rest = nth;
    for item in items {
        let base = number(item, "/base").unwrap_or(0);
        if rest < base {
            return name(item);
        }
        rest -= base;
    }
    let weight = |item: &Value| number(item, "/weight").unwrap_or(0).max(0);
    let total: i64 = items.iter().map(weight).sum();
    let mut slot = if total > 0 { rest.rem_euclid(total) } else { 0 };
    for item in items {
        if slot < weight(item) {
            return name(item);
        }
        slot -= weight(item);
    }
    items.first().map(name).unwrap_or_default()
}
