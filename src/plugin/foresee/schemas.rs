//! The schemas of the kinds, made once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use crate::api::schema::crds;
use crate::plugin::kind::Kind;

/// The schema of a kind's objects.
#[must_use]
pub fn of(kind: Kind) -> Option<&'static Value> {
    static ALL: OnceLock<BTreeMap<String, Value>> = OnceLock::new();
    ALL.get_or_init(all).get(kind.name())
}

fn all() -> BTreeMap<String, Value> {
    let schema = |crd| {
        let crd = serde_json::to_value(crd).ok()?;
        let kind = crd.pointer("/spec/names/kind")?.as_str()?.to_owned();
        Some((kind, crd.pointer("/spec/versions/0/schema/openAPIV3Schema")?.clone()))
    };
    crds().unwrap_or_default().into_iter().filter_map(schema).collect()
}
