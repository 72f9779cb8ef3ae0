//! The API server's own record of who asked for what.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

/// One verb on one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The API group.
    pub group: String,
    /// The resource, with the subresource.
    pub resource: String,
    /// The verb.
    pub verb: String,
}

/// What one account asked for.
#[derive(Debug, Default)]
pub struct Audit {
    /// And was given.
    pub used: BTreeSet<Right>,
    /// And was forbidden.
    pub refused: BTreeSet<Right>,
}

impl Audit {
    /// The record of an account; `hint` stands in each of its lines.
    pub fn of(log: &Path, user: &str, hint: &str) -> Self {
        let mut audit = Self::default();
        let text = std::fs::read_to_string(log).unwrap();
        for line in text.lines().filter(|line| line.contains(user) && line.contains(hint)) {
            // The last line may be half written.
            let Ok(entry) = serde_json::from_str::<Value>(line) else { continue };
            let asked = &entry["objectRef"];
            if entry["user"]["username"] != user || asked.is_null() {
                continue;
            }
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (mut resource, below) = (text(&asked["resource"]), text(&asked["subresource"]));
            if !below.is_empty() {
                resource = format!("{resource}/{below}");
            }
            let right = Right { group: text(&asked["apiGroup"]), resource, verb: text(&entry["verb"]) };
            if entry["responseStatus"]["code"] == 403 {
                audit.refused.insert(right);
            } else {
                audit.used.insert(right);
            }
        }
        audit
    }
}
