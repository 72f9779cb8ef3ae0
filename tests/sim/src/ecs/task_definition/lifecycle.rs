//! What becomes of revisions: listed, deregistered, deleted.

use serde_json::{Value, json};

use super::{Revision, Wake, find};
use crate::ecs::{failure, paging, service, set, text};
use crate::queue::EventKind;
use crate::refusal::Refusal;
use crate::world::{Cx, Region};

/// Longest time a deregistered revision is still accepted, milliseconds (`DeregisterTaskDefinition`).
const GRACE: i64 = 10 * 60 * 1000;
/// How often a deletion looks for references (a guess), milliseconds.
const LOOK: i64 = 60_000;

/// `ListTaskDefinitions`: `familyPrefix` is the whole family name; ACTIVE unless `status` says otherwise.
pub fn list(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let status = text(input, "status").unwrap_or("ACTIVE");
    let family = text(input, "familyPrefix");
    let families = region.families.iter().filter(|(name, _)| family.is_none_or(|wanted| wanted == *name));
    let revisions = families.flat_map(|(_, family)| family.revisions.values());
    let mut arns: Vec<Value> = revisions
        .filter(|revision| revision.status == status)
        .map(|revision| Value::from(revision.arn.clone()))
        .collect();
    if text(input, "sort") == Some("DESC") {
        arns.reverse();
    }
    Ok(paging::page(cx, "ListTaskDefinitions", input, arns, 100, 100)?.into_answer("taskDefinitionArns"))
}

/// `ListTaskDefinitionFamilies`: a true prefix; all families unless `status` says otherwise.
pub fn families(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let prefix = text(input, "familyPrefix").unwrap_or_default();
    let status = text(input, "status").unwrap_or("ALL");
    let mut names = Vec::new();
    for (name, family) in region.families.iter().filter(|(name, _)| name.starts_with(prefix)) {
        let active = family.revisions.values().any(|revision| revision.status == "ACTIVE");
        let shown = match status {
            "ACTIVE" => active,
            "INACTIVE" => !active && family.revisions.values().any(|revision| revision.status == "INACTIVE"),
            _ => !family.revisions.is_empty(),
        };
        if shown {
            names.push(Value::from(name.clone()));
        }
    }
    Ok(paging::page(cx, "ListTaskDefinitionFamilies", input, names, 100, 100)?.into_answer("families"))
}

/// `DeregisterTaskDefinition`: INACTIVE, still accepted for a drawn time of at most ten minutes.
pub fn deregister(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let reference = text(input, "taskDefinition").unwrap_or_default();
    if !names_revision(reference) {
        return Err(Refusal::client("Revision is missing."));
    }
    let place = place(region, cx, reference);
    let revision = place.and_then(|place| revision_mut(region, &place)).ok_or_else(|| {
        Refusal::client(
            "The specified task definition does not exist. Specify a valid account, family, revision and try again.",
        )
    })?;
    if revision.status == "DELETE_IN_PROGRESS" {
        return Err(Refusal::client("The specified task definition is already being deleted."));
    }
    if revision.status == "ACTIVE" {
        "INACTIVE".clone_into(&mut revision.status);
        revision.usable_until = Some(cx.now + cx.rng.between(0, GRACE));
        set(&mut revision.echo, "status", "INACTIVE");
        set(&mut revision.echo, "deregisteredAt", cx.timestamp());
    }
    Ok(json!({ "taskDefinition": revision.echo }))
}

/// `DeleteTaskDefinitions`: at most 10 INACTIVE revisions; each goes once nothing refers to it.
pub fn delete(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let asked = crate::ecs::asked(input, "taskDefinitions", 10)?;
    if asked.is_empty() {
        return Err(Refusal::invalid_parameter("taskDefinitions can not be empty."));
    }
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for reference in &asked {
        if !names_revision(reference) {
            return Err(Refusal::invalid_parameter("A task definition must be given with its revision."));
        }
        match delete_one(region, cx, reference) {
            Ok(echo) => deleted.push(echo),
            Err(failure) => failures.push(failure),
        }
    }
    cx.rng.shuffle(&mut failures);
    Ok(json!({ "taskDefinitions": deleted, "failures": failures }))
}

fn delete_one(region: &mut Region, cx: &mut Cx, reference: &str) -> Result<Value, Value> {
    let place = place(region, cx, reference).ok_or_else(|| failure(&full_arn(cx, reference), "MISSING"))?;
    let revision = revision_mut(region, &place).ok_or_else(|| failure(&full_arn(cx, reference), "MISSING"))?;
    if revision.status == "ACTIVE" {
        let reason =
            "The specified task definition is still in ACTIVE status. Please deregister the target and try again.";
        return Err(failure(&revision.arn, reason));
    }
    if revision.status == "INACTIVE" {
        "DELETE_IN_PROGRESS".clone_into(&mut revision.status);
        set(&mut revision.echo, "status", "DELETE_IN_PROGRESS");
        set(&mut revision.echo, "deleteRequestedAt", cx.timestamp());
        cx.after(LOOK, EventKind::TaskDefinition(Wake::Purge { family: place.0.clone(), revision: place.1 }));
    }
    Ok(revision.echo.clone())
}

/// Runs an event.
pub fn wake(region: &mut Region, cx: &mut Cx, wake: Wake) {
    let Wake::Purge { family, revision } = wake;
    let place = (family, revision);
    let Some(arn) = revision_mut(region, &place).map(|found| found.arn.clone()) else {
        return;
    };
    if service::uses_task_definition(region, &arn) {
        cx.after(LOOK, EventKind::TaskDefinition(Wake::Purge { family: place.0, revision: place.1 }));
    } else if let Some(family) = region.families.get_mut(&place.0) {
        // The family stays, for its numbers are never given out again.
        family.revisions.remove(&place.1);
    }
}

fn names_revision(reference: &str) -> bool {
    let name = reference.rsplit('/').next().unwrap_or(reference);
    name.split_once(':').is_some_and(|(_, number)| number.parse::<i64>().is_ok())
}

fn full_arn(cx: &Cx, reference: &str) -> String {
    if reference.starts_with("arn:") { reference.to_owned() } else { cx.arn(&format!("task-definition/{reference}")) }
}

fn place(region: &Region, cx: &Cx, reference: &str) -> Option<(String, i64)> {
    find(region, cx, reference).map(|revision| (revision.family.clone(), revision.revision))
}

fn revision_mut<'a>(region: &'a mut Region, place: &(String, i64)) -> Option<&'a mut Revision> {
    region.families.get_mut(&place.0)?.revisions.get_mut(&place.1)
}
