//! Clusters, services, task definitions and accounts as nodes of the tree. Pure.

use super::health::standing;
use super::object::Object;
use super::task::{TaskSeen, stopped};
use super::{Health, Node, Snapshot, count, short};
use crate::api::status::{EcsServiceStatus, Rollout};
use crate::plugin::kind::Kind;

/// Stopped tasks shown at a deployment; the newest.
const STOPPED: usize = 3;

/// The line of an object, without what hangs from it.
pub(super) fn plain(object: &Object) -> Node {
    let stands = standing(object);
    let told = matches!(stands.health, Health::Failed | Health::Waiting)
        || (stands.health == Health::Moving && stands.reason != "Progressing");
    Node {
        health: stands.health,
        name: object.name.clone(),
        what: match object.kind {
            Kind::Account => "account",
            Kind::Cluster => "cluster",
            Kind::Group => "servergroup",
            Kind::Service => "service",
            Kind::Definition => "definition",
        },
        state: if stands.reason.is_empty() { stands.health.word().to_owned() } else { stands.reason },
        since: object.created,
        notes: if told && !stands.message.is_empty() { vec![stands.message] } else { Vec::new() },
        settled: stands.health == Health::Healthy,
        ..Node::default()
    }
}

/// A cluster, an account or a task definition.
pub(super) fn simple(object: &Object) -> Node {
    let mut node = plain(object);
    match object.kind {
        Kind::Cluster => {
            node.tasks = object.number("/status/runningTasksCount").map(|n| n.to_string()).unwrap_or_default();
            let services = object.number("/status/activeServicesCount").map(|n| count(n, "service"));
            let instances = object.number("/status/registeredContainerInstancesCount").filter(|n| *n > 0);
            let parts = [services, instances.map(|n| count(n, "instance"))];
            node.detail = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        }
        Kind::Definition => {
            let revision = object.number("/status/revision").map(|n| n.to_string()).unwrap_or_default();
            let family = object.text("/status/family").unwrap_or_default();
            let size = [
                object.text("/status/cpu").map(|cpu| format!("{cpu} CPU")),
                object.text("/status/memory").map(|memory| format!("{memory} MiB")),
            ];
            let size: Vec<String> = size.into_iter().flatten().collect();
            node.detail = if revision.is_empty() {
                String::new()
            } else {
                format!("{family}:{revision}  {}", size.join(" ")).trim().to_owned()
            };
        }
        Kind::Account => object.text("/status/accountId").unwrap_or_default().clone_into(&mut node.detail),
        Kind::Group | Kind::Service => {}
    }
    node
}

/// A service: its task definition, its deployments and their tasks.
pub(super) fn service(snapshot: &Snapshot, object: &Object) -> Node {
    let status = object.service();
    let mut node = plain(object);
    node.tasks = tasks(&status);
    status.task_definition.as_deref().map(short).unwrap_or_default().clone_into(&mut node.detail);
    let definition = object.text("/spec/taskDefinitionRef/name");
    let definition = definition.and_then(|name| snapshot.object(Kind::Definition, &object.namespace, name));
    // A definition in order is told by the service's own line.
    node.children.extend(definition.map(simple).filter(|definition| definition.health != Health::Healthy));
    node.children.extend(deployments(snapshot, object, &status));
    node
}

/// `running/wanted`, and what is not there yet.
pub(super) fn tasks(status: &EcsServiceStatus) -> String {
    match (status.running_count, status.desired_count) {
        (Some(running), Some(desired)) => format!("{running}/{desired}"),
        (Some(running), None) => running.to_string(),
        (None, _) => String::new(),
    }
}

/// The deployments of a service with their tasks.
pub(super) fn deployments(snapshot: &Snapshot, object: &Object, status: &EcsServiceStatus) -> Vec<Node> {
    let seen = snapshot.ecs.get(&(object.namespace.clone(), object.name.clone()));
    let mut nodes = Vec::new();
    if let Some(rollout) = status.rollout.as_ref() {
        nodes.push(deployment(rollout));
    }
    let well = standing(object).health == Health::Healthy;
    let Some(seen) = seen else {
        let failed = status.stopped_tasks.iter().map(|task| (task.task_definition.as_deref(), stopped(task)));
        // Once all is well again, or another deployment began, what failed before is history.
        let begun = status.rollout.as_ref().and_then(|rollout| rollout.started_at.as_ref()).map(|time| time.0);
        let old = |task: &Node| task.since.is_some_and(|since| begun.is_some_and(|begun| since < begun));
        let failed = failed.filter(|(_, task)| task.health == Health::Failed && !well && !old(task)).take(STOPPED);
        for (definition, task) in failed {
            hang(&mut nodes, definition.map_or("", short), vec![task]);
        }
        return nodes;
    };
    let mut definitions: Vec<&str> = seen.tasks.iter().map(|task| task.task_definition.as_str()).collect();
    definitions.sort_by_key(|definition| std::cmp::Reverse(revision(definition)));
    definitions.dedup();
    for definition in definitions {
        let own: Vec<&TaskSeen> = seen.tasks.iter().filter(|task| task.task_definition == definition).collect();
        hang(&mut nodes, definition, shown(&own, well));
    }
    if let Some(trouble) = &seen.trouble
        && let Some(first) = nodes.first_mut()
    {
        first.notes.push(format!("tasks are not known: {trouble}"));
    }
    nodes
}

/// Hangs tasks from the deployment of their revision.
fn hang(nodes: &mut Vec<Node>, definition: &str, tasks: Vec<Node>) {
    if tasks.is_empty() {
        return;
    }
    if let Some(node) = nodes.iter_mut().find(|node| node.name == definition) {
        node.children.extend(tasks);
        return;
    }
    nodes.push(Node { name: definition.to_owned(), what: "revision", children: tasks, ..Node::default() });
}

fn revision(definition: &str) -> i64 {
    definition.rsplit(':').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// All tasks that run, and the newest of those that failed, unless all is well again.
fn shown(tasks: &[&TaskSeen], well: bool) -> Vec<Node> {
    let mut alive: Vec<&TaskSeen> = tasks.iter().copied().filter(|task| task.last_status != "STOPPED").collect();
    alive.sort_by(|a, b| a.created_at.cmp(&b.created_at).then_with(|| a.id.cmp(&b.id)));
    let mut gone: Vec<&TaskSeen> =
        tasks.iter().copied().filter(|task| task.last_status == "STOPPED" && task.failed()).collect();
    gone.sort_by(|a, b| b.stopped_at.cmp(&a.stopped_at).then_with(|| a.id.cmp(&b.id)));
    let gone = gone.into_iter().take(if well { 0 } else { STOPPED });
    alive.into_iter().chain(gone).map(TaskSeen::node).collect()
}

/// How a deployment of ECS is.
pub(super) fn stage(state: &str) -> Health {
    match state {
        "COMPLETED" => Health::Healthy,
        "FAILED" | "ROLLED_BACK" | "ROLLBACK_FAILED" | "STOPPED" => Health::Failed,
        _ => Health::Moving,
    }
}

fn deployment(rollout: &Rollout) -> Node {
    let health = if rollout.promote_with.is_some() { Health::Waiting } else { stage(&rollout.state) };
    let failed = rollout.failed_tasks.filter(|n| *n > 0).map(|n| format!("{n} failed"));
    let stage = rollout.stage.as_deref().filter(|_| rollout.finished_at.is_none()).map(str::to_owned);
    let display = (rollout.display != rollout.state && rollout.finished_at.is_none()).then(|| rollout.display.clone());
    let strategy = rollout.strategy.as_deref().filter(|strategy| *strategy != "ROLLING").map(str::to_lowercase);
    let detail: Vec<String> = [strategy, stage.or(display), failed].into_iter().flatten().collect();
    Node {
        health,
        name: rollout.task_definition.clone().unwrap_or_else(|| short(&rollout.id).to_owned()),
        what: "deployment",
        state: rollout.state.clone(),
        weight: rollout.weights.as_ref().and_then(|weights| percent(weights.production.as_deref()?)),
        since: rollout.finished_at.as_ref().or(rollout.started_at.as_ref()).map(|time| time.0),
        detail: detail.join(", "),
        notes: rollout.reason.clone().filter(|_| health == Health::Failed).into_iter().collect(),
        settled: health == Health::Healthy,
        ..Node::default()
    }
}

/// ECS writes weights as `20` or `20.0`.
fn percent(text: &str) -> Option<i32> {
    text.trim_end_matches(['%', ' ']).split('.').next()?.parse().ok()
}
