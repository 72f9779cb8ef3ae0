//! Starting a deployment: a new service revision, a new PRIMARY, a new service deployment.

use std::sync::Arc;

use serde_json::Value;

use super::state::{Deployment, Revision, Rollout, RolloutState, RolloutStatus};
use crate::ecs::scheduler::json::{Object, list, number, text, texts, truth};
use crate::ecs::scheduler::{Fleet, Key};
use crate::ecs::service::state::Service;
use crate::ecs::strategy::Shift;
use crate::ecs::task::place::Registration;
use crate::ecs::task::state::Definition;
use crate::fixtures::AlarmState;

/// Members of a service that a service revision holds.
pub(crate) const REVISION_MEMBERS: [&str; 11] = [
    "taskDefinition",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "platformFamily",
    "loadBalancers",
    "serviceRegistries",
    "networkConfiguration",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];

impl Fleet {
    /// Starts a deployment of what the service's config says now.
    pub(crate) fn begin_deployment(&mut self, key: &Key, definition: Arc<Definition>) {
        let Some(service) = self.services.get(key) else {
            return;
        };
        let name = format!("{}/{}", key.cluster, key.service);
        let number = self.rng.decimal(19);
        let revision_arn = self.arn_prefix.clone() + &format!("service-revision/{name}/{number}");
        let rollout_arn = self.arn_prefix.clone() + &format!("service-deployment/{name}/{}", self.rng.hex(21));
        let config = revision_config(&service.config);
        let serving = serving_groups(service);
        let revision = Revision {
            arn: revision_arn.clone(),
            created_at: self.now,
            groups: choose_groups(&config, service.strategy(), &serving),
            config,
            definition,
        };
        let deployment = self.new_deployment(&revision_arn, &number, "in progress");
        let rollout = self.new_rollout(key, rollout_arn, revision_arn);
        for group in &revision.groups {
            self.ensure_target_group(group, &revision.definition.network_mode);
        }
        let now = self.now;
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        for old in &mut service.deployments {
            old.primary = false;
            old.updated_at = now;
        }
        for old in service.rollouts.iter_mut().filter(|r| !r.status.is_done()) {
            old.status = RolloutStatus::Stopped;
            old.reason = Some("Service deployment was superseded by a new deployment.".to_owned());
            old.finished_at = Some(now);
            old.updated_at = now;
        }
        service.revisions.push(revision);
        service.deployments.insert(0, deployment);
        let begin_at = rollout.as_ref().map_or(now, |r| r.begin_at);
        service.rollouts.extend(rollout);
        service.was_steady = false;
        self.start_shift(key);
        self.tick_at(key, begin_at);
    }

    /// A deployment bears the number of the revision it brings; one that goes back to a revision has its own.
    pub(crate) fn new_deployment(&self, revision: &str, number: &str, word: &str) -> Deployment {
        let id = format!("ecs-svc/{number}");
        Deployment {
            reason: format!("ECS deployment {id} {word}."),
            id,
            revision: revision.to_owned(),
            primary: true,
            state: RolloutState::InProgress,
            failed: 0,
            created_at: self.now,
            updated_at: self.now,
            ran: false,
            backoff: 0,
            launch_from: 0,
            bake_until: None,
        }
    }

    fn new_rollout(&mut self, key: &Key, arn: String, target: String) -> Option<Rollout> {
        let wait = self.knobs.timing.begin.draw(&mut self.rng);
        let service = self.services.get(key)?;
        let config = service.config.get("deploymentConfiguration").cloned().unwrap_or(Value::Null);
        let sources = service.deployments.iter().map(|d| d.revision.clone()).collect::<Vec<_>>();
        let shift = (service.strategy() != "ROLLING").then(|| Shift::new(sources.len() > 1));
        let ignored_alarms = if truth(&config, "/alarms/enable") {
            let mut names = texts(&config, "/alarms/alarmNames");
            names.retain(|name| self.fixtures.alarm_state(name) == Some(AlarmState::Alarm));
            names
        } else {
            Vec::new()
        };
        Some(Rollout {
            arn,
            target,
            sources,
            status: RolloutStatus::Pending,
            reason: None,
            config,
            created_at: self.now,
            started_at: None,
            finished_at: None,
            stopped_at: None,
            updated_at: self.now,
            rollback: None,
            tripped: false,
            failures: (0, 0),
            ignored_alarms,
            triggered_alarms: Vec::new(),
            shift,
            begin_at: self.now + wait,
        })
    }
}

/// The members of a service that belong to a revision.
pub(crate) fn revision_config(config: &Object) -> Object {
    config
        .iter()
        .filter(|(name, _)| REVISION_MEMBERS.contains(&name.as_str()))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect()
}

/// The target groups that serve now, by load balancer entry: those of the last completed revision.
fn serving_groups(service: &Service) -> Vec<String> {
    service.completed.as_deref().and_then(|arn| service.revision(arn)).map(|r| r.groups.clone()).unwrap_or_default()
}

/// Chooses the group of each load balancer entry: under traffic shifting the one of the pair that
/// does not serve now.
fn choose_groups(config: &Object, strategy: &str, serving: &[String]) -> Vec<String> {
    let entries = config.get("loadBalancers").map_or(&[][..], |value| list(value, ""));
    let choose = |entry: &Value| {
        let first = text(entry, "/targetGroupArn")?;
        let second = text(entry, "/advancedConfiguration/alternateTargetGroupArn").filter(|_| strategy != "ROLLING");
        let taken = serving.iter().any(|group| group == first);
        Some(if taken { second.unwrap_or(first) } else { first }.to_owned())
    };
    entries.iter().filter_map(choose).collect()
}

/// The target groups, containers and ports in which tasks of a revision register.
pub(crate) fn registrations(revision: &Revision) -> Vec<Registration> {
    let entries = revision.config.get("loadBalancers").map_or(&[][..], |value| list(value, ""));
    let entries = entries.iter().filter(|entry| text(entry, "/targetGroupArn").is_some());
    let registration = |(entry, group): (&Value, &String)| Registration {
        group: group.clone(),
        container: text(entry, "/containerName").unwrap_or_default().to_owned(),
        port: number(entry, "/containerPort").unwrap_or(0),
    };
    entries.zip(&revision.groups).map(registration).collect()
}
