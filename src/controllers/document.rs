//! A spec as the document that ECS knows: our own members taken out. Pure.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

/// Members of our specs that are not AWS's, or that are compared apart (`tags`).
const OWN: &[&str] = &[
    "accountRef",
    "region",
    "managementMode",
    "deletionPolicy",
    "adoptionPolicy",
    "driftPolicy",
    "deletionMode",
    "revisionHistoryLimit",
    "progressDeadlineSeconds",
    "scaling",
    "clusterRef",
    "taskDefinitionRef",
    "tags",
];

/// The AWS members of a spec, with AWS's names.
pub fn document<S: Serialize>(spec: &S) -> Value {
    let Ok(Value::Object(members)) = serde_json::to_value(spec) else { return Value::Object(Map::new()) };
    Value::Object(members.into_iter().filter(|(name, _)| !OWN.contains(&name.as_str())).collect())
}

/// Names of a document's top-level members.
#[must_use]
pub fn members(document: &Value) -> BTreeSet<String> {
    document.as_object().map(|members| members.keys().cloned().collect()).unwrap_or_default()
}
