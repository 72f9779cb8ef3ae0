//! Task definitions: families and their revisions.

mod containers;
mod defaults;
mod fargate;
mod lifecycle;
mod validate;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use lifecycle::{delete, deregister, families, list, wake};

use super::tags::{self, Tags};
use crate::refusal::Refusal;
use crate::world::{Cx, Region};

/// What a task definition does by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// Looks whether a revision in `DELETE_IN_PROGRESS` can go.
    Purge {
        /// The family.
        family: String,
        /// The revision.
        revision: i64,
    },
}

/// One revision.
#[derive(Debug, Clone)]
pub struct Revision {
    /// Its ARN.
    pub arn: String,
    /// The family.
    pub family: String,
    /// Its number.
    pub revision: i64,
    /// ACTIVE, INACTIVE or `DELETE_IN_PROGRESS`.
    pub status: String,
    /// The definition as described: defaults filled in, all members but tags.
    pub echo: Value,
    /// Tags.
    pub tags: Tags,
    /// Until when an INACTIVE revision is accepted by create, update and run (milliseconds).
    pub usable_until: Option<i64>,
}

/// A family.
#[derive(Debug, Clone, Default)]
pub struct Family {
    /// The last number given out; never falls.
    pub last_revision: i64,
    /// Revisions by number.
    pub revisions: BTreeMap<i64, Revision>,
    /// When the last revision was registered, milliseconds.
    pub registered_at: i64,
}

/// The revision that `reference` names: `family`, `family:revision` or ARN. A bare family is its
/// newest ACTIVE revision. Any status is found when the revision is named.
pub fn find<'a>(region: &'a Region, cx: &Cx, reference: &str) -> Option<&'a Revision> {
    let name = if reference.starts_with("arn:") {
        reference.strip_prefix(cx.arn("task-definition/").as_str())?
    } else {
        reference
    };
    match name.split_once(':') {
        Some((family, number)) => region.families.get(family)?.revisions.get(&number.parse().ok()?),
        None => region.families.get(name)?.revisions.values().rev().find(|revision| revision.status == "ACTIVE"),
    }
}

/// The tags of the revision `family:revision`, unless it is being deleted.
pub fn tags_mut<'a>(region: &'a mut Region, name: &str) -> Option<&'a mut Tags> {
    let (family, number) = name.split_once(':')?;
    let revision = region.families.get_mut(family)?.revisions.get_mut(&number.parse().ok()?)?;
    (revision.status != "DELETE_IN_PROGRESS").then_some(&mut revision.tags)
}

/// The revision to start tasks from: as [`find`], but it must be usable now.
pub fn resolve<'a>(region: &'a Region, cx: &Cx, reference: &str) -> Result<&'a Revision, Refusal> {
    let revision = find(region, cx, reference).ok_or_else(|| Refusal::client("TaskDefinition not found."))?;
    let usable = match revision.status.as_str() {
        "ACTIVE" => true,
        "INACTIVE" => revision.usable_until.is_some_and(|until| cx.now < until),
        _ => false,
    };
    if usable { Ok(revision) } else { Err(Refusal::client("TaskDefinition is inactive")) }
}

/// `RegisterTaskDefinition`: validates, fills in defaults, gives the next number of the family.
pub fn register(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let tags = tags::read(input, true)?;
    validate::definition(input)?;
    let family = super::text(input, "family").unwrap_or_default().to_owned();
    let entry = region.families.entry(family.clone()).or_default();
    if entry.last_revision > 0 && cx.now - entry.registered_at < cx.knobs.register_window_ms {
        let text = "Too many concurrent attempts to create a new revision of the specified family.";
        return Err(Refusal::client(text));
    }
    let number = entry.last_revision + 1;
    let arn = cx.arn(&format!("task-definition/{family}:{number}"));
    let mut echo = defaults::fill(input);
    super::set(&mut echo, "taskDefinitionArn", arn.clone());
    super::set(&mut echo, "revision", number);
    super::set(&mut echo, "status", "ACTIVE");
    super::set(&mut echo, "registeredAt", cx.timestamp());
    super::set(&mut echo, "registeredBy", cx.caller);
    let revision =
        Revision { arn, family, revision: number, status: "ACTIVE".to_owned(), echo, tags, usable_until: None };
    let mut answer = json!({ "taskDefinition": revision.echo });
    if !revision.tags.is_empty() {
        super::set(&mut answer, "tags", tags::write(&revision.tags));
    }
    entry.last_revision = number;
    entry.registered_at = cx.now;
    entry.revisions.insert(number, revision);
    Ok(answer)
}

/// `DescribeTaskDefinition`: any status when the revision is named, the newest ACTIVE one otherwise.
/// Without `include` the tags are an empty list.
pub fn describe(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let reference = super::text(input, "taskDefinition").unwrap_or_default();
    let revision = find(region, cx, reference).ok_or_else(|| Refusal::client("Unable to describe task definition."))?;
    let tags = if super::includes(input, "TAGS") { tags::write(&revision.tags) } else { json!([]) };
    Ok(json!({ "taskDefinition": revision.echo, "tags": tags }))
}
