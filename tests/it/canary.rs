//! What people hide in their objects is told nowhere: not in a status, an event, a log line, a metric or a panic.

mod kept;
mod places;
mod quoted;

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::driver::Operator;
use crate::support::world::World;

/// What stands wherever something can be hidden.
const MARK: &str = "canary-4b77e2";

/// Everything that is logged in this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Listens to this thread as an operator at the level `trace` does.
fn listen() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let filter = tracing_subscriber::EnvFilter::new("info,ecs_operator=trace");
    let listening = tracing_subscriber::fmt().with_env_filter(filter).with_writer(log.clone()).finish();
    let guard = tracing::subscriber::set_default(listening);
    (log, guard)
}

/// Every status and event that was ever written, the log so far and the page of metrics.
fn told(world: &World, operator: &Operator, log: &Log) -> Vec<(String, String)> {
    let calls = world.api.log().into_iter().filter(ecs_sim::kube::Call::is_write);
    let written = calls.filter(|call| call.path.ends_with("/status") || call.path.contains("/events.k8s.io/"));
    let mut told: Vec<(String, String)> = written.map(|call| (call.path, call.body.to_string())).collect();
    told.push(("log".to_owned(), String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned()));
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
