//! The document to bring about: what is declared, plus what takes back members that left the spec. Pure.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::diff::Change;
use crate::diff::removed::{Removed, Reset};

/// A target and how far AWS is from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Declared members, and resets of members that were declared once.
    pub document: Value,
    /// What differs.
    pub changes: Vec<Change>,
}

impl Target {
    /// From the declared document, its differences, and the members that left it. What cannot be unset stays
    /// as it is in AWS: the spec no longer speaks of it.
    #[must_use]
    pub fn new(declared: &Value, mut changes: Vec<Change>, removed: Vec<Removed>) -> Self {
        let mut document = declared.clone();
        for member in removed {
            if let (Reset::Send(value), Some(members)) = (member.reset, document.as_object_mut()) {
                members.insert(member.member, value);
                changes.extend(member.changes);
            }
        }
        Self { document, changes }
    }

    /// The top-level members that differ.
    #[must_use]
    pub fn members(&self) -> BTreeSet<&str> {
        self.changes.iter().map(Change::member).collect()
    }
}
