//! What happened: events of Kubernetes and of ECS in one list, in order. Pure.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Happening {
    /// When it was last seen.
    pub at: Option<Timestamp>,
    /// Does somebody have to look?
    pub warning: bool,
    /// `kind/name` of what it is about.
    pub about: String,
    /// One word.
    pub reason: String,
    /// What happened.
    pub note: String,
    /// How often.
    pub times: i32,
    /// `kubernetes` or `ecs`.
    pub source: &'static str,
}

/// Both lists in the order of time. ECS's own events that the operator has told too are there once.
pub fn merged(kubernetes: Vec<Happening>, ecs: Vec<Happening>) -> Vec<Happening> {
    let told: BTreeSet<String> = kubernetes.iter().map(|event| event.note.clone()).collect();
    let mut all = kubernetes;
    all.extend(ecs.into_iter().filter(|event| !told.iter().any(|note| note.contains(&event.note))));
    all.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.about.cmp(&b.about)).then_with(|| a.note.cmp(&b.note)));
    all
}
