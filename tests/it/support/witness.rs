//! What holds at every write of every story: the rules of conditions, and the closed lists of reasons and events.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use ecs_operator::api::condition::{ConditionType, MESSAGE_BYTES, Reason};
use ecs_operator::controllers::events::EventReason;
use ecs_sim::kube::{Apiserver, MemApi};
use serde_json::Value;

/// A whole status may have so many bytes.
const STATUS_BYTES: usize = 16 * 1024;

/// Looks at every write; what it found breaks the test when the world ends.
pub struct Witness {
    found: Arc<Mutex<Vec<String>>>,
    api: Apiserver,
}

impl Witness {
    /// What will be seen; goes into [`Witness::of`].
    pub fn watch(memory: &mut MemApi) -> Arc<Mutex<Vec<String>>> {
        let found = Arc::new(Mutex::new(Vec::new()));
        let seen = found.clone();
        memory.add_validator(Box::new(move |object, _| {
            if object["apiVersion"].as_str().is_some_and(|version| version.starts_with("ecs-operator.dev/")) {
                seen.lock().unwrap().extend(broken(object));
            }
            Vec::new()
        }));
        found
    }

    /// Tells of what was found when it ends.
    pub fn of(found: Arc<Mutex<Vec<String>>>, api: Apiserver) -> Self {
        Self { found, api }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let mut found = self.found.lock().unwrap().clone();
        let events = self.api.with(|api| api.all("events.events.k8s.io"));
        found.extend(events.iter().filter_map(wrong_event));
        found.dedup();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

/// The rules that an object's status breaks.
pub fn broken(object: &Value) -> Vec<String> {
    let status = &object["status"];
    let conditions = status["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    let mut broken = Vec::new();
    if conditions.is_empty() {
        return broken;
    }
    let is = |kind: &str, wanted: &str| conditions.iter().any(|c| c["type"] == kind && c["status"] == wanted);
    let stands = |kind: &str| conditions.iter().any(|c| c["type"] == kind);
    for always in ["Ready", "Synced"] {
        if !stands(always) {
            broken.push(format!("`{always}` is missing"));
        }
    }
    for while_true in ["Reconciling", "Stalled", "Paused", "Drifted"] {
        if stands(while_true) && !is(while_true, "True") {
            broken.push(format!("`{while_true}` stands and is not True"));
        }
    }
    if stands("Reconciling") && stands("Stalled") {
        broken.push("`Reconciling` and `Stalled` stand together".to_owned());
    }
    if (stands("Reconciling") || stands("Stalled")) && is("Ready", "True") {
        broken.push("`Ready` is True beside `Reconciling` or `Stalled`".to_owned());
    }
    if !stands("Reconciling") && !is("Ready", "True") && !stands("Stalled") {
        broken.push("`Ready` is not True and nothing says what will become of it".to_owned());
    }
    let generation = &status["observedGeneration"];
    if generation.as_i64() > object["metadata"]["generation"].as_i64() {
        broken.push("a generation was observed that is not there".to_owned());
    }
    for condition in conditions {
        broken.extend(wrong_condition(condition, generation));
    }
    if status.to_string().len() > STATUS_BYTES {
        broken.push(format!("the status has {} bytes", status.to_string().len()));
    }
    let (kind, name) = (&object["kind"], &object["metadata"]["name"]);
    let mut said = String::new();
    let _ = write!(said, "{kind} {name}: ");
    broken.into_iter().map(|rule| format!("{said}{rule}: {}", status["conditions"])).collect()
}

fn wrong_condition(condition: &Value, generation: &Value) -> Vec<String> {
    let text = |member: &str| condition[member].as_str().unwrap_or_default();
    let mut wrong = Vec::new();
    if &condition["observedGeneration"] != generation {
        wrong.push(format!("`{}` is of another generation", text("type")));
    }
    if !ConditionType::ALL.iter().any(|known| known.as_str() == text("type")) && !text("type").contains('/') {
        wrong.push(format!("`{}` is no type of ours", text("type")));
    }
    if !Reason::ALL.iter().any(|known| known.as_str() == text("reason")) && !text("type").contains('/') {
        wrong.push(format!("`{}` is no reason of ours", text("reason")));
    }
    if text("message").len() > MESSAGE_BYTES || text("message").chars().any(char::is_control) {
        wrong.push(format!("the message of `{}` is too long or has control characters", text("type")));
    }
    // Whole seconds.
    if text("lastTransitionTime").len() != "2026-01-05T08:00:00Z".len() {
        wrong.push(format!("the time of `{}` is {}", text("type"), text("lastTransitionTime")));
    }
    wrong
}

fn wrong_event(event: &Value) -> Option<String> {
    let reason = event["reason"].as_str().unwrap_or_default();
    let ours = event["reportingController"] == "ecs-operator.dev";
    let note = event["note"].as_str().unwrap_or_default();
    let known = EventReason::ALL.iter().any(|known| known.as_str() == reason);
    (ours && (!known || note.len() > MESSAGE_BYTES)).then(|| format!("event {reason} of {} bytes", note.len()))
}

#[test]
fn the_witness_sees_what_is_wrong() {
    let condition = |kind: &str, status: &str| {
        serde_json::json!({
            "type": kind, "status": status, "reason": "Progressing", "message": "", "observedGeneration": 2,
            "lastTransitionTime": "2026-01-05T08:00:00Z",
        })
    };
    let object = |conditions: Vec<Value>| {
        serde_json::json!({
            "metadata": {"generation": 2}, "status": {"observedGeneration": 2, "conditions": conditions},
        })
    };
    let good = [condition("Ready", "False"), condition("Synced", "False"), condition("Reconciling", "True")];
    assert_eq!(broken(&object(good.to_vec())), Vec::<String>::new());
    let mut late = good.clone();
    late[1]["observedGeneration"] = 1.into();
    let mut odd = good.clone();
    odd[0]["reason"] = "Odd".into();
    let mut both = good.to_vec();
    both.push(condition("Stalled", "True"));
    let mut merry = good.clone();
    merry[0]["status"] = "True".into();
    for wrong in [late.to_vec(), odd.to_vec(), both, merry.to_vec(), good[..2].to_vec(), good[1..].to_vec()] {
        assert_ne!(broken(&object(wrong.clone())), Vec::<String>::new(), "{wrong:?}");
    }
}
