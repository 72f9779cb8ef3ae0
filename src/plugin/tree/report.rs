//! The report of one object: a header of labelled rows, its tree, the last events. Pure.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::health::{paused, standing};
use super::object::Object;
use super::steps::{clock, duration, line};
use super::{Happening, Health, Node, Snapshot, Tone, within};
use crate::api::condition::ConditionType;
use crate::api::status::{EcsServiceStatus, ServerGroupStatus};
use crate::plugin::kind::Kind;

/// A labelled line of the header.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What it tells.
    pub label: &'static str,
    /// What there is to say.
    pub text: String,
    /// How it is meant.
    #[serde(skip)]
    pub tone: Tone,
}

/// All there is to say of one object.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Its kind.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How it is.
    pub health: Health,
    /// The reason of `Ready`.
    pub reason: String,
    /// What there is to say about it.
    pub message: String,
    /// The rest of the header.
    pub header: Vec<Row>,
    /// The tree.
    pub tree: Node,
    /// The last events, the oldest first.
    pub events: Vec<Happening>,
}

/// Events shown below a tree.
const EVENTS: usize = 5;

/// The report of an object at a time.
pub fn report(snapshot: &Snapshot, object: &Object, now: Timestamp) -> Report {
    let stands = standing(object);
    let mut rows = Rows::default();
    match object.kind {
        Kind::Group => group(&mut rows, object, &object.group(), now),
        Kind::Service => service(&mut rows, object, &object.service(), now),
        Kind::Cluster | Kind::Definition | Kind::Account => {}
    }
    every(&mut rows, object);
    let own: BTreeSet<String> =
        std::iter::once(object.address()).chain(snapshot.owned_by(object).into_iter().map(Object::address)).collect();
    let mine: Vec<&Happening> = snapshot.happenings.iter().filter(|event| own.contains(&event.about)).collect();
    let events = mine.iter().skip(mine.len().saturating_sub(EVENTS)).map(|event| (*event).clone()).collect();
    Report {
        kind: object.kind.name(),
        namespace: object.namespace.clone(),
        name: object.name.clone(),
        health: stands.health,
        reason: stands.reason,
        message: stands.message,
        header: rows.0,
        // The header says it already.
        tree: Node { notes: Vec::new(), ..within(snapshot, object) },
        events,
    }
}

#[derive(Default)]
struct Rows(Vec<Row>);

impl Rows {
    fn add(&mut self, label: &'static str, text: impl Into<String>, tone: Tone) {
        let text = text.into();
        if !text.is_empty() {
            self.0.push(Row { label, text, tone });
        }
    }
}

fn group(rows: &mut Rows, object: &Object, status: &ServerGroupStatus, now: Timestamp) {
    let images = |name: Option<&String>| {
        let version = status.versions.iter().find(|version| Some(&version.name) == name);
        version.map(|version| version.images.join(", ")).unwrap_or_default()
    };
    let serves = images(status.current_version.as_ref());
    if let Some(rollout) = &status.rollout {
        let from = rollout.from.as_deref().unwrap_or("nothing");
        let way = if rollout.ending.is_some() { "goes back" } else { rollout.strategy.as_str() };
        rows.add("Rollout", format!("{from} → {} ({way})", rollout.to), Tone::Plain);
        let number = format!("{} of {}", rollout.step_index + 1, rollout.steps.len());
        let time = clock(rollout, now).map(|time| format!(", {time}")).unwrap_or_default();
        let what = if rollout.promote_with.is_some() { "a person decides" } else { rollout.message.as_str() };
        rows.add("Step", format!("{number}: {what}{time}"), Tone::Moving);
        rows.add("Steps", line(rollout), Tone::Quiet);
        if let Some(ending) = &rollout.ending {
            rows.add("Because", format!("{}: {}", ending.reason, ending.message), Tone::Bad);
        }
        if let Some(analysis) = &rollout.analysis {
            let counts =
                format!("{} good, {} bad, {} neither", analysis.successful, analysis.failed, analysis.inconclusive);
            rows.add("Analysis", format!("{counts}: {}", analysis.message), Tone::Plain);
        }
        if let Some(gate) = &rollout.promote_with {
            rows.add(
                "Gate",
                format!("{gate} waits: `kubectl ecs promote {}`, or `abort`", object.address()),
                Tone::Bad,
            );
        }
        let images = rollout.images.join(", ");
        rows.add(
            "Image",
            if serves.is_empty() || serves == images { images } else { format!("{serves} → {images}") },
            Tone::Plain,
        );
    } else {
        rows.add("Current", status.current_version.clone().unwrap_or_default(), Tone::Plain);
        rows.add("Image", serves, Tone::Plain);
    }
    let capacity = |member: &str| object.number(&format!("/spec/capacity/{member}"));
    let bounds = match (capacity("min"), capacity("max")) {
        (Some(min), Some(max)) => format!(" (between {min} and {max})"),
        (Some(min), None) => format!(" (at least {min})"),
        (None, Some(max)) => format!(" (at most {max})"),
        (None, None) => String::new(),
    };
    if let (Some(running), Some(desired)) = (status.running_count, status.desired_count) {
        rows.add("Tasks", format!("{running} running, {desired} wanted{bounds}"), Tone::Plain);
    }
    rows.add("Traffic", status.traffic.clone().unwrap_or_default(), Tone::Plain);
    for rule in status.rules.iter().filter(|rule| !rule.in_sync) {
        let (seen, wanted) = (rule.observed.as_deref().unwrap_or("?"), rule.intended.as_deref().unwrap_or("?"));
        rows.add("Rule", format!("{} shows {seen}, should show {wanted}", rule.arn), Tone::Bad);
    }
    if let Some(pin) = &status.pinned {
        rows.add("Pinned", format!("{pin}, by spec.rollback.toVersion; edits of the template wait"), Tone::Moving);
    }
    // What failed matters as long as the spec still asks for it.
    if let Some(hold) = status.hold.as_ref().filter(|hold| Some(&hold.hash) == status.template_hash.as_ref()) {
        let text = format!(
            "the template of {} failed and is not tried again: change it, or `kubectl ecs retry {}`",
            hold.version,
            object.address()
        );
        rows.add("Held", text, Tone::Bad);
    }
}

fn service(rows: &mut Rows, object: &Object, status: &EcsServiceStatus, now: Timestamp) {
    if let Some(rollout) = status.rollout.as_ref().filter(|rollout| rollout.finished_at.is_none()) {
        let to = rollout.task_definition.as_deref().unwrap_or("?");
        let change = match rollout.previous_task_definition.as_deref().filter(|from| *from != to) {
            Some(from) => format!("{from} → {to}"),
            None => to.to_owned(),
        };
        let strategy = rollout.strategy.as_deref().unwrap_or("ROLLING").to_lowercase().replace('_', "/");
        rows.add("Rollout", format!("{change} ({strategy})"), Tone::Plain);
        let since = rollout.started_at.as_ref().map(|time| now.duration_since(time.0).as_secs());
        let time = since.map(|since| format!(", for {}", duration(since))).unwrap_or_default();
        let stage = rollout.stage.as_deref().filter(|stage| !rollout.display.contains(*stage));
        let stage = stage.map(|stage| format!(", {stage}")).unwrap_or_default();
        rows.add("Step", format!("{}{stage}{time}", rollout.display), Tone::Moving);
        if let Some(weights) = &rollout.weights {
            let part = |name: &str, weight: &Option<String>| {
                weight.as_ref().map(|weight| format!("{name} {} %", weight.trim_end_matches(['%', ' '])))
            };
            let parts = [part("production", &weights.production), part("test", &weights.test)];
            rows.add("Traffic", parts.into_iter().flatten().collect::<Vec<_>>().join(", "), Tone::Plain);
        }
        if rollout.promote_with.is_some() {
            let ends = rollout.gate_expires_at.as_ref().map(|time| time.0.duration_since(now).as_secs());
            let ends = ends.map(|left| format!(" (decides by itself in {})", duration(left))).unwrap_or_default();
            rows.add("Gate", format!("waits: `kubectl ecs promote {}`, or `abort`{ends}", object.address()), Tone::Bad);
        }
    } else {
        rows.add("Runs", status.task_definition.clone().unwrap_or_default(), Tone::Plain);
    }
    if let (Some(running), Some(desired)) = (status.running_count, status.desired_count) {
        let pending = status.pending_count.filter(|n| *n > 0).map(|n| format!(", {n} pending")).unwrap_or_default();
        rows.add("Tasks", format!("{running} running, {desired} wanted{pending}"), Tone::Plain);
    }
    if let Some(scaling) = &status.scaling {
        let bound = |value: Option<i32>| value.map_or_else(|| "?".to_owned(), |n| n.to_string());
        let text = format!(
            "between {} and {} by Application Auto Scaling",
            bound(scaling.min_capacity),
            bound(scaling.max_capacity)
        );
        rows.add("Scaling", text, Tone::Plain);
    }
    let holds = |held: &&crate::api::status::Held| {
        object.condition(ConditionType::Ready).is_some_and(|ready| ready.reason == held.reason)
    };
    if let Some(held) = status.held.as_ref().filter(holds) {
        let text = format!(
            "{} failed and is not tried again: change it, or `kubectl ecs retry {}`",
            held.rollout,
            object.address()
        );
        rows.add("Held", text, Tone::Bad);
    }
}

/// What every kind may have to say.
fn every(rows: &mut Rows, object: &Object) {
    if paused(object) {
        let text = format!("no change in AWS until `kubectl ecs resume {}`", object.address());
        rows.add("Paused", text, Tone::Bad);
    }
    match object.text("/status/effective/managementMode") {
        None | Some("Manage") => {}
        Some(mode) => rows.add("Mode", format!("{mode}: nothing is changed in AWS"), Tone::Moving),
    }
    let list = |pointer: &str| {
        let (_, member) = pointer.rsplit_once('/').unwrap_or_default();
        let parent = object.status.get(pointer.trim_start_matches("/status/").split('/').next().unwrap_or_default());
        let items = parent.and_then(|parent| parent.get(member)).and_then(serde_json::Value::as_array);
        items.into_iter().flatten().filter_map(serde_json::Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    for step in list("/status/plan/steps") {
        rows.add("Plan", step, Tone::Plain);
    }
    let drift = list("/status/drift/paths");
    rows.add("Drift", drift.join(", "), Tone::Moving);
    if let Some(owner) = &object.owner_name {
        rows.add("Made by", format!("servergroup/{owner}"), Tone::Quiet);
    }
    rows.add("ARN", object.text("/status/arn").unwrap_or_default(), Tone::Quiet);
}
