//! Compares a service with its spec: which members differ, and what ECS does when they are sent. Pure.

use std::collections::BTreeSet;

use aws_sdk_ecs::types::{Service, ServiceRevision};
use serde_json::{Value, json};

use super::Desired;
use crate::api::EcsServiceSpec;
use crate::controllers::arn::{family_revision, is_arn, short};
use crate::controllers::document::document;
use crate::controllers::hash::hash;
use crate::controllers::target::Target;
use crate::diff::effect::{Controller, Effect, Owners, service_effect};
use crate::diff::{self, Change};

/// Members that are compared apart or only matter at creation.
const APART: &[&str] = &["serviceName", "cluster", "desiredCount"];
/// Members that only a service revision shows.
const IN_REVISION: &[&str] = &["gatewayConnectors", "monitoring"];

const TASK_DEFINITION: &str = "taskDefinition";

/// How far a service is from its spec.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What to bring about.
    pub target: Target,
    /// Differences that are sent.
    pub sent: Vec<(Change, Effect)>,
    /// Differences that no call can remove.
    pub stuck: Vec<Change>,
    /// Hash of everything whose change starts a deployment.
    pub rolling_hash: String,
}

impl Comparison {
    /// Differences whose sending starts a deployment.
    pub fn rolling(&self) -> impl Iterator<Item = &Change> {
        self.sent.iter().filter(|(_, effect)| rolls(*effect)).map(|(change, _)| change)
    }

    /// Without what starts a deployment.
    #[must_use]
    pub fn without_rolling(&self) -> Self {
        let sent = self.sent.iter().filter(|(_, effect)| !rolls(*effect)).cloned().collect();
        Self { sent, ..self.clone() }
    }

    /// Is a forced deployment needed?
    #[must_use]
    pub fn needs_force(&self) -> bool {
        self.sent.iter().any(|(_, effect)| *effect == Effect::RollsWithForce)
    }

    /// The top-level members to send.
    #[must_use]
    pub fn members(&self) -> BTreeSet<&str> {
        let mut members: BTreeSet<&str> = self.sent.iter().map(|(change, _)| change.member()).collect();
        // A launch type is brought back by sending the empty strategy.
        if members.remove("launchType") {
            members.insert("capacityProviderStrategy");
        }
        members
    }
}

/// Does sending it start a deployment?
#[must_use]
pub(super) fn rolls(effect: Effect) -> bool {
    matches!(effect, Effect::Rolls | Effect::RollsWithForce)
}

/// Compares. `revision` is the PRIMARY deployment's service revision, if it was read.
#[must_use]
pub fn compare(
    desired: &Desired,
    live: &Service,
    revision: Option<&ServiceRevision>,
    owned: &BTreeSet<String>,
) -> Comparison {
    let mut observed = document(&EcsServiceSpec::observed(live));
    let mut declared = desired.document.clone();
    remove(&mut declared, APART);
    remove(&mut observed, APART);
    show_revision(&mut declared, &mut observed, revision);
    let rolling_hash = rolling_hash(&declared, desired.task_definition.value());
    align_task_definition(&mut declared, &mut observed, desired.task_definition.value());
    let removed = diff::removed::service_removed(owned, &declared, &observed);
    let mut changes = diff::service::diff(&declared, &observed);
    changes.extend(count_change(desired, live));
    let target = Target::new(&declared, changes, removed);
    let owners = Owners { controller: controller(live), owns_count: desired.owns_count() };
    let mut sent = Vec::new();
    let mut stuck = Vec::new();
    for change in &target.changes {
        match service_effect(change, owners) {
            Effect::Delegated => {}
            Effect::NeedsReplacement => stuck.push(change.clone()),
            effect @ (Effect::InPlace | Effect::NewTasksOnly | Effect::Rolls | Effect::RollsWithForce) => {
                sent.push((change.clone(), effect));
            }
        }
    }
    if !desired.fixed_ports.is_empty() && sent.iter().any(|(change, _)| change.member() == TASK_DEFINITION) {
        // ECS takes such a revision only for a new service, so it is not sent.
        sent.retain(|(change, _)| change.member() != TASK_DEFINITION);
        stuck.extend(desired.fixed_ports.iter().cloned());
    }
    Comparison { target, sent, stuck, rolling_hash }
}

fn remove(document: &mut Value, names: &[&str]) {
    if let Some(members) = document.as_object_mut() {
        members.retain(|name, _| !names.contains(&name.as_str()));
    }
}

/// Members that only a revision shows are compared when it was read, and not at all otherwise.
fn show_revision(declared: &mut Value, observed: &mut Value, revision: Option<&ServiceRevision>) {
    let Some(revision) = revision else { return remove(declared, IN_REVISION) };
    let shown = document(&EcsServiceSpec::observed_revision(revision));
    if let (Some(observed), Some(shown)) = (observed.as_object_mut(), shown.as_object()) {
        for name in IN_REVISION {
            if let Some(value) = shown.get(*name) {
                observed.insert((*name).to_owned(), value.clone());
            }
        }
    }
}

/// The ARN of the running task definition, written as the wanted one is.
pub(super) fn as_named<'a>(live: &'a str, wanted: &str) -> &'a str {
    if is_arn(wanted) {
        live
    } else if family_revision(wanted).is_some() {
        short(live)
    } else {
        // A bare family: which revision is ECS's choice at the time it is sent.
        short(live).split(':').next().unwrap_or_default()
    }
}

/// A task definition may be named by ARN, `family:revision` or family; ECS always answers with the ARN.
fn align_task_definition(declared: &mut Value, observed: &mut Value, wanted: Option<&str>) {
    let (Some(declared), Some(observed)) = (declared.as_object_mut(), observed.as_object_mut()) else { return };
    let Some(wanted) = wanted else {
        declared.remove("taskDefinition");
        return;
    };
    declared.insert("taskDefinition".to_owned(), json!(wanted));
    let Some(live) = observed.get("taskDefinition").and_then(Value::as_str).map(str::to_owned) else { return };
    let named = as_named(&live, wanted);
    observed.insert("taskDefinition".to_owned(), json!(named));
}

fn count_change(desired: &Desired, live: &Service) -> Option<Change> {
    let wanted = desired.spec.desired_count.filter(|_| desired.owns_count())?;
    (wanted != live.desired_count).then(|| Change {
        path: "desiredCount".to_owned(),
        from: Some(live.desired_count.to_string()),
        to: Some(wanted.to_string()),
    })
}

fn controller(live: &Service) -> Controller {
    match live.deployment_controller.as_ref().map(|controller| controller.r#type.as_str()) {
        Some("CODE_DEPLOY") => Controller::CodeDeploy,
        Some("EXTERNAL") => Controller::External,
        _ => Controller::Ecs,
    }
}

/// Hash of all declared members whose change starts a deployment: what a failed deployment is remembered by.
fn rolling_hash(declared: &Value, task_definition: Option<&str>) -> String {
    let mut content = crate::diff::service::normalize(declared);
    if let Some(members) = content.as_object_mut() {
        members.retain(|name, _| {
            let change = Change { path: name.clone(), from: None, to: None };
            rolls(service_effect(&change, Owners::default()))
        });
        members.insert("taskDefinition".to_owned(), json!(task_definition));
    }
    hash(&content.to_string(), 16)
}
