//! Task definitions: families and their revisions.

use std::collections::BTreeMap;

use serde_json::Value;

use super::tags::Tags;
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
        Some((family, number)) => region
            .families
            .get(family)?
            .revisions
            .get(&number.parse().ok()?),
        None => region
            .families
            .get(name)?
            .revisions
            .values()
            .rev()
            .find(|revision| revision.status == "ACTIVE"),
    }
}

/// The revision to start tasks from: as [`find`], but it must be usable now.
pub fn resolve<'a>(region: &'a Region, cx: &Cx, reference: &str) -> Result<&'a Revision, Refusal> {
    let revision =
        find(region, cx, reference).ok_or_else(|| Refusal::client("TaskDefinition not found."))?;
    let usable = match revision.status.as_str() {
        "ACTIVE" => true,
        "INACTIVE" => revision.usable_until.is_some_and(|until| cx.now < until),
        _ => false,
    };
    if usable {
        Ok(revision)
    } else {
        Err(Refusal::client("TaskDefinition is inactive"))
    }
}

/// Runs an event.
pub fn wake(_region: &mut Region, _cx: &mut Cx, _wake: Wake) {}
