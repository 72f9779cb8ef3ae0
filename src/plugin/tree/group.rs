//! A server group as a node: its versions, their services and tasks. Pure.

use super::health::standing;
use super::object::Object;
use super::service::{deployments, plain, simple};
use super::{Health, Node, Snapshot, short};
use crate::api::status::{ServerGroupStatus, Version, VersionState};
use crate::plugin::kind::Kind;

/// The group.
pub(super) fn group(snapshot: &Snapshot, object: &Object) -> Node {
    let status = object.group();
    let mut node = plain(object);
    node.tasks = status.ready.clone().unwrap_or_default();
    node.detail = status.rollout.as_ref().map(|rollout| rollout.display.clone()).unwrap_or_default();
    if status.rollout.as_ref().is_some_and(|rollout| rollout.ending.is_some()) {
        node.health = Health::Moving;
    }
    node.children = status.versions.iter().map(|version| self::version(snapshot, object, &status, version)).collect();
    node
}

fn version(snapshot: &Snapshot, group: &Object, status: &ServerGroupStatus, version: &Version) -> Node {
    let service = snapshot.object(Kind::Service, &group.namespace, &version.name);
    let definition = snapshot.object(Kind::Definition, &group.namespace, &version.name);
    let health = self::health(status, version, service);
    let images: Vec<&str> = version.images.iter().map(|image| short(image)).collect();
    let is_new = status.rollout.as_ref().is_some_and(|rollout| rollout.to == version.name);
    let failed = !is_new && version.state == VersionState::Failed;
    let mut children = Vec::new();
    if let Some(object) = service {
        // The version's line tells what its service's would, unless that is in trouble of its own.
        let own = standing(object);
        let below = deployments(snapshot, object, &object.service());
        if own.health == Health::Failed || own.health == Health::Waiting {
            children.push(Node { children: below, ..plain(object) });
        } else if version.capacity > 0 || version.running > 0 || below.iter().any(has_failed) {
            children.extend(below);
        }
    }
    children.extend(definition.map(simple).filter(|node| !matches!(node.health, Health::Healthy | Health::Idle)));
    Node {
        health,
        name: version.name.clone(),
        what: "version",
        state: state(version),
        tasks: count(version),
        weight: version.weight,
        since: version.created_at.as_ref().map(|time| time.0),
        detail: images.join(", "),
        notes: version.failure.iter().map(|failure| failure.message.clone()).filter(|text| !text.is_empty()).collect(),
        // What is being rolled out is looked at most; what failed earlier is history.
        settled: !is_new && matches!(health, Health::Healthy | Health::Idle) || failed,
        children,
    }
}

fn has_failed(node: &Node) -> bool {
    node.health == Health::Failed || node.children.iter().any(has_failed)
}

/// Healthy of wanted where the operator counts health, else running of wanted.
fn count(version: &Version) -> String {
    let well = version.instances.filter(|seen| seen.total > 0).map_or(version.running, |seen| seen.healthy);
    format!("{well}/{}", version.capacity)
}

fn state(version: &Version) -> String {
    let role = version.role.as_str();
    match version.state {
        VersionState::Active if role.is_empty() => "Active".to_owned(),
        VersionState::Active => role.to_owned(),
        VersionState::Disabled if version.warm => "Disabled (warm)".to_owned(),
        VersionState::Disabled => "Disabled".to_owned(),
        VersionState::Failed => "Failed".to_owned(),
        VersionState::Destroying => "Destroying".to_owned(),
    }
}

fn health(status: &ServerGroupStatus, version: &Version, service: Option<&Object>) -> Health {
    let moving = status.rollout.as_ref().is_some_and(|rollout| rollout.to == version.name);
    match version.state {
        VersionState::Failed => Health::Failed,
        VersionState::Destroying => Health::Moving,
        VersionState::Disabled => Health::Idle,
        VersionState::Active => {
            let seen = version.instances.unwrap_or_default();
            let short = version.running < version.capacity || seen.healthy < seen.total;
            let failed = service.is_some_and(|service| standing(service).health == Health::Failed);
            match (failed, short, moving) {
                (true, ..) => Health::Failed,
                (_, true, _) => Health::Moving,
                (_, false, true) if version.capacity == 0 => Health::Moving,
                (_, false, _) => Health::Healthy,
            }
        }
    }
}
