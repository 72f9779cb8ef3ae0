//! What people hide in their objects is told nowhere: not in a status, an event, a log line, a metric or a panic.

mod kept;
mod places;
mod quoted;

use serde_json::{Value, json};

use crate::support::driver::Operator;
use crate::support::log::Log;
use crate::support::world::World;

/// What stands wherever something can be hidden.
const MARK: &str = "canary-4b77e2";

/// Every status and event that was ever written, the log so far and the page of metrics.
fn told(world: &World, operator: &Operator, log: &Log) -> Vec<(String, String)> {
    let calls = world.api.log().into_iter().filter(ecs_sim::kube::Call::is_write);
    let written = calls.filter(|call| call.path.ends_with("/status") || call.path.contains("/events.k8s.io/"));
    let mut told: Vec<(String, String)> = written.map(|call| (call.path, call.body.to_string())).collect();
    told.push(("log".to_owned(), log.text()));
    told.push(("metrics".to_owned(), operator.cx.metrics.text().unwrap()));
    told
}

/// Where the mark stands, with what is around it; each place once.
fn leaks(told: &[(String, String)]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (place, text) in told {
        for (at, _) in text.match_indices(MARK) {
            let mut from = at.saturating_sub(160);
            while !text.is_char_boundary(from) {
                from -= 1;
            }
            found.push(format!("{place}: …{}", &text[from..at + MARK.len()]));
        }
    }
    found.sort();
    found.dedup();
    found.truncate(12);
    found
}

/// Nothing of it was told.
fn untold(world: &World, operator: &Operator, log: &Log, moment: &str) {
    let found = leaks(&told(world, operator, log));
    assert!(found.is_empty(), "{moment}: {found:#?}");
}

/// The manifest with a mark in annotations that are not ours, as `kubectl apply` leaves one.
fn annotated(mut manifest: Value) -> Value {
    let annotations = json!({
        "kubectl.kubernetes.io/last-applied-configuration": format!("{{\"value\":\"{MARK}\"}}"),
        "example.com/token": MARK,
    });
    json_patch::merge(&mut manifest, &json!({"metadata": {"annotations": annotations}}));
    manifest
}
