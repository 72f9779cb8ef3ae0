//! Objects, tasks and events → a report: a header and a tree. Pure; the time is an argument.

mod group;
pub mod happening;
pub mod health;
pub mod keeper;
pub mod object;
mod report;
mod roots;
mod service;
pub mod steps;
pub mod task;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

pub use happening::Happening;
pub use health::{Health, Standing};
pub use object::Object;
pub use report::{Report, Row, report};
pub use roots::{forest, within};
pub use task::{ServiceSeen, TaskSeen};

/// How a piece of text is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// On its way.
    Moving,
    /// Wants a person's attention, or failed.
    Bad,
    /// Less important.
    Quiet,
    /// More important.
    Strong,
}

/// All that a report is made of.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Objects of the operator's kinds.
    pub objects: Vec<Object>,
    /// What ECS says of services, by namespace and name of the object; where it was asked.
    pub ecs: BTreeMap<(String, String), ServiceSeen>,
    /// What happened, the oldest first.
    pub happenings: Vec<Happening>,
}

impl Snapshot {
    /// The object of this kind and name.
    pub fn object(&self, kind: super::kind::Kind, namespace: &str, name: &str) -> Option<&Object> {
        self.objects.iter().find(|object| object.kind == kind && object.namespace == namespace && object.name == name)
    }

    /// Objects that this one made, by kind and name.
    pub fn owned_by(&self, owner: &Object) -> Vec<&Object> {
        self.objects.iter().filter(|object| object.owner.as_deref() == Some(owner.uid.as_str())).collect()
    }
}

/// A line of the tree, and what hangs from it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// How it is.
    pub health: Health,
    /// What it is called: `web-v002`, `task 1a2b3c4d`.
    pub name: String,
    /// What it is, `servergroup`, `version`, `service`, `definition`, `deployment`, `task`.
    pub what: &'static str,
    /// One word of its state: a reason, ECS's status.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// Tasks, `running/wanted`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tasks: String,
    /// Percent of the traffic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// What else there is to say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Why it is not as it should be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Is it the first to be folded where there is no room?
    #[serde(skip)]
    pub settled: bool,
    /// What hangs from it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Node>,
}

/// The last part of a name or ARN.
pub(crate) fn short(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// `1 task`, `2 tasks`.
pub(crate) fn count<N: std::fmt::Display + PartialEq + From<u8> + Copy>(number: N, thing: &str) -> String {
    if number == N::from(1) { format!("1 {thing}") } else { format!("{number} {thing}s") }
}
