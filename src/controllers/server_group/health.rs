//! Which tasks of a version are well: tasks joined with their own targets. Pure.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use aws_sdk_ecs::types::{Attachment, Container, HealthStatus, NetworkBinding, Task};
use jiff::{SignedDuration, Timestamp};

use crate::api::EcsTaskDefinitionSpec;
use crate::api::status::Instances;
use crate::aws::TargetSeen;
use crate::controllers::hidden::Hidden;

/// So many tasks that are not healthy are explained.
const EXAMPLES: usize = 5;

/// A container port and the target group it is registered in.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mapping {
    /// Container; the only one when absent.
    pub container_name: Option<String>,
    /// Its port.
    pub container_port: i32,
    /// ARN of the target group.
    pub target_group: String,
    /// `ip` or `instance`.
    pub target_type: String,
}

/// Which checks count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Require {
    /// Health checks of containers that have one.
    pub container_health: bool,
    /// The task's own targets.
    pub target_health: bool,
}

impl Default for Require {
    fn default() -> Self {
        Self { container_health: true, target_health: true }
    }
}

/// What the tasks of a version are judged by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// ARN of the task definition; a task of another one counts, but never as healthy. Any when absent.
    pub task_definition: Option<String>,
    /// Containers with a health check. ECS says `UNKNOWN` of all others for ever.
    pub checked_containers: BTreeSet<String>,
    /// Is the network mode `host`? Then a container's port is the instance's.
    pub host_network: bool,
    /// Where the tasks are registered.
    pub mappings: Vec<Mapping>,
    /// Which checks count.
    pub require: Require,
}

/// How the tasks of a version are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The numbers; the five kinds add up to the total.
    pub instances: Instances,
    /// Up to five sentences: which task is not healthy, and why.
    pub examples: Vec<String>,
}

impl Health {
    /// Without what the definition hides: why a task stops may quote it.
    #[must_use]
    pub(super) fn without(mut self, definition: Option<&EcsTaskDefinitionSpec>) -> Self {
        let hidden = Hidden::of_spec(&definition);
        self.examples.iter_mut().for_each(|example| *example = hidden.out_of(example));
        self
    }
}

/// What a task is; the last that applies decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Healthy,
    Draining,
    Starting,
    Unknown,
    Unhealthy,
}

type Verdict = (Kind, String);

/// What surrounds the tasks.
struct Around<'a> {
    targets: &'a BTreeMap<String, Vec<TargetSeen>>,
    instance_ids: &'a BTreeMap<String, String>,
}

/// Counts the tasks of a version.
///
/// `targets` are by ARN of the target group, `instance_ids` by ARN of the container instance; `in_grace` says whether
/// a task's health check grace period still runs.
pub fn instances(
    tasks: &[Task],
    expected: &Expected,
    targets: &BTreeMap<String, Vec<TargetSeen>>,
    instance_ids: &BTreeMap<String, String>,
    in_grace: impl Fn(&Task) -> bool,
) -> Health {
    let around = Around { targets, instance_ids };
    let mut instances = Instances::default();
    let mut reasons: Vec<(Reverse<Kind>, String)> = Vec::new();
    for task in tasks {
        let (kind, why) = judge(task, expected, &around, in_grace(task));
        instances.total += 1;
        *match kind {
            Kind::Healthy => &mut instances.healthy,
            Kind::Starting => &mut instances.starting,
            Kind::Unhealthy => &mut instances.unhealthy,
            Kind::Draining => &mut instances.draining,
            Kind::Unknown => &mut instances.unknown,
        } += 1;
        if kind != Kind::Healthy {
            let id = task.task_arn().and_then(|arn| arn.rsplit('/').next()).unwrap_or("without ARN");
            reasons.push((Reverse(kind), format!("task {id} {why}")));
        }
    }
    reasons.sort();
    Health { instances, examples: reasons.into_iter().take(EXAMPLES).map(|(_, why)| why).collect() }
}

/// Does the grace period of so many seconds still run? It begins when the task starts.
pub fn in_grace(task: &Task, seconds: i32, now: Timestamp) -> bool {
    task.started_at().is_none_or(|started| {
        let ends = Timestamp::from_second(started.secs())
            .ok()
            .and_then(|started| started.checked_add(SignedDuration::from_secs(seconds.into())).ok());
        ends.is_some_and(|ends| now < ends)
    })
}

fn judge(task: &Task, expected: &Expected, around: &Around<'_>, in_grace: bool) -> Verdict {
    if let Some(early) = before_checks(task) {
        return early;
    }
    let mut worst = (Kind::Healthy, String::new());
    let mut add = |verdict: Verdict| {
        if verdict.0 > worst.0 {
            worst = verdict;
        }
    };
    if let Some(other) = other_definition(task, expected) {
        add((Kind::Unknown, format!("runs {other}")));
    }
    if expected.require.container_health {
        task.containers().iter().map(|container| by_container(container, expected)).for_each(&mut add);
    }
    if expected.require.target_health {
        for mapping in &expected.mappings {
            add(by_target(task, mapping, expected, around, in_grace));
        }
    }
    worst
}

/// A task that does not run, or is not to.
fn before_checks(task: &Task) -> Option<Verdict> {
    let (desired, last) = (task.desired_status().unwrap_or_default(), task.last_status().unwrap_or_default());
    let gone = matches!(last, "DEACTIVATING" | "STOPPING" | "DEPROVISIONING" | "STOPPED" | "DELETED");
    if gone || desired == "STOPPED" {
        let why = task.stopped_reason().map(|reason| format!(": {reason}")).unwrap_or_default();
        return Some((Kind::Draining, format!("is stopping{why}")));
    }
    match last {
        "RUNNING" => None,
        "PROVISIONING" | "PENDING" | "ACTIVATING" => Some((Kind::Starting, format!("is {last}"))),
        other => Some((Kind::Unknown, format!("has the unknown status `{other}`"))),
    }
}

fn other_definition<'a>(task: &'a Task, expected: &Expected) -> Option<&'a str> {
    let wanted = expected.task_definition.as_deref()?;
    let arn = task.task_definition_arn().unwrap_or_default();
    (arn != wanted).then(|| arn.rsplit('/').next().unwrap_or(arn))
}

fn by_container(container: &Container, expected: &Expected) -> Verdict {
    let name = container.name().unwrap_or_default();
    match container.health_status() {
        Some(HealthStatus::Healthy) => (Kind::Healthy, String::new()),
        Some(HealthStatus::Unhealthy) => (Kind::Unhealthy, format!("fails the health check of container `{name}`")),
        _ if expected.checked_containers.contains(name) => {
            (Kind::Starting, format!("has not passed the health check of container `{name}` yet"))
        }
        _ => (Kind::Healthy, String::new()),
    }
}

fn by_target(task: &Task, mapping: &Mapping, expected: &Expected, around: &Around<'_>, in_grace: bool) -> Verdict {
    let group = short(&mapping.target_group);
    let own = match own_addresses(task, mapping, expected, around) {
        Ok(own) => own,
        Err(why) => return (Kind::Unknown, format!("cannot be found in target group {group}: {why}")),
    };
    let Some(targets) = around.targets.get(&mapping.target_group) else {
        return (Kind::Unknown, format!("cannot be found in target group {group}: its targets are not known"));
    };
    let is_own = |target: &&TargetSeen| {
        own.iter().any(|(id, port)| same_host(id, &target.id) && target.port.is_none_or(|seen| seen == *port))
    };
    targets
        .iter()
        .filter(is_own)
        .map(|target| by_state(target, group, in_grace))
        .max()
        .unwrap_or_else(|| (Kind::Starting, format!("is not registered in target group {group} yet")))
}

fn by_state(target: &TargetSeen, group: &str, in_grace: bool) -> Verdict {
    let reason = target.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let why = format!("is `{}`{reason} in target group {group}", target.state);
    match target.state.as_str() {
        "healthy" => (Kind::Healthy, String::new()),
        "unhealthy" | "unhealthy.draining" | "unavailable" if !in_grace => (Kind::Unhealthy, why),
        "initial" | "unhealthy" | "unhealthy.draining" | "unavailable" => (Kind::Starting, why),
        "draining" => (Kind::Draining, why),
        _ => (Kind::Unknown, why),
    }
}

/// Addresses under which this task, and no other, is registered for a mapping.
fn own_addresses(
    task: &Task,
    mapping: &Mapping,
    expected: &Expected,
    around: &Around<'_>,
) -> Result<Vec<(String, i32)>, &'static str> {
    if mapping.target_type == "ip" {
        let addresses = interface_addresses(task);
        let own: Vec<_> = addresses.into_iter().map(|address| (address, mapping.container_port)).collect();
        return if own.is_empty() { Err("it has no network interface") } else { Ok(own) };
    }
    if mapping.target_type != "instance" {
        return Err("its targets are not tasks");
    }
    let instance = task.container_instance_arn().and_then(|arn| around.instance_ids.get(arn));
    let instance = instance.ok_or("its instance is not known")?;
    let named = |container: &&Container| mapping.container_name.as_deref().is_none_or(|n| container.name() == Some(n));
    let bindings = task.containers().iter().filter(named).flat_map(Container::network_bindings);
    let bound = bindings.filter(|binding| binding.container_port() == Some(mapping.container_port));
    let mut ports: BTreeSet<i32> = bound.filter_map(NetworkBinding::host_port).collect();
    if ports.is_empty() && expected.host_network {
        ports.insert(mapping.container_port);
    }
    if ports.is_empty() {
        Err("its port is not bound")
    } else {
        Ok(ports.into_iter().map(|p| (instance.clone(), p)).collect())
    }
}

/// Private addresses of the task's network interface.
fn interface_addresses(task: &Task) -> Vec<String> {
    let interfaces = task.attachments().iter().filter(|a| a.r#type() == Some("ElasticNetworkInterface"));
    let details = interfaces.flat_map(Attachment::details);
    let addresses = details.filter(|d| matches!(d.name(), Some("privateIPv4Address" | "privateIPv6Address")));
    addresses.filter_map(|detail| detail.value().map(str::to_owned)).collect()
}

fn same_host(own: &str, seen: &str) -> bool {
    own == seen || matches!((own.parse::<IpAddr>(), seen.parse::<IpAddr>()), (Ok(own), Ok(seen)) if own == seen)
}

/// The name in the ARN of a target group.
fn short(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
