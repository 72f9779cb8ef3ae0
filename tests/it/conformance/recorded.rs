//! Objects of real runs as files, made comparable: no uid, time, version or generated id.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::rows::{Row, rows};
use crate::support::paused::run;

/// Where Argo CD's customizations are kept.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/gitops/argocd/ecs-operator.dev")
}

/// The rows of the truth table, told once.
pub fn told() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        // A thread of its own: the caller may be inside a runtime, and the futures of stories are large.
        let thread = std::thread::Builder::new().stack_size(64 << 20);
        thread.spawn(|| run(rows())).unwrap().join().unwrap()
    })
}

/// An object without what differs from run to run.
pub fn plain(mut object: Value) -> Value {
    let metadata = object["metadata"].as_object_mut().unwrap();
    metadata.remove("managedFields");
    metadata.insert("resourceVersion".to_owned(), "1".into());
    calm(&mut object);
    object
}

fn calm(value: &mut Value) {
    match value {
        Value::String(text) => *text = calm_text(text),
        Value::Array(list) => list.iter_mut().for_each(calm),
        Value::Object(map) => map.values_mut().for_each(calm),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Times become one time, long generated ids zeros.
fn calm_text(text: &str) -> String {
    if text.parse::<jiff::Timestamp>().is_ok() {
        return "2026-01-05T08:00:00Z".to_owned();
    }
    let mut calmed = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_alphanumeric() || c == '-' {
            word.push(c);
            continue;
        }
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let id = digits >= 5 && word.len() >= 16 && word.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        calmed.extend(word.drain(..).map(|c| if id && c != '-' { '0' } else { c }));
        calmed.extend((c != '\0').then_some(c));
    }
    calmed
}

/// Compares a generated file with what is checked in, or writes it when asked to.
pub fn check(path: &Path, text: &str) {
    if std::env::var_os("ECS_OPERATOR_RECORD").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        return;
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == text,
        "{} is out of date; run `ECS_OPERATOR_RECORD=1 cargo test --test it conformance`\n--- now\n{text}",
        path.display()
    );
}

/// A value as a YAML file.
pub fn yaml(value: &Value) -> String {
    serde_saphyr::to_string(value).unwrap()
}

/// A YAML file.
pub fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap()
}

/// What Argo CD shows beside the status: the message of the condition that decided.
fn message(row: &Row) -> String {
    let condition = |kind: &str| {
        let conditions = row.object["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.into_iter().find(|condition| condition["type"] == kind)
    };
    if row.object["metadata"]["deletionTimestamp"].is_string() {
        return "Pending deletion".to_owned();
    }
    if row.object["metadata"]["annotations"]["ecs-operator.dev/paused"] == "true" {
        return "Paused by annotation".to_owned();
    }
    if row.object["status"]["observedGeneration"] != row.object["metadata"]["generation"] {
        return "The operator has not seen this generation yet".to_owned();
    }
    let decided = ["Stalled", "Reconciling", "Ready"].iter().find_map(|kind| condition(kind)).unwrap();
    decided["message"].as_str().unwrap_or_default().to_owned()
}

/// Recorded objects and the test of Argo CD's own layout that names them.
#[test]
fn the_recorded_objects_are_what_the_operator_writes_now() {
    let folder = folder().join("_");
    let mut tests = Vec::new();
    let mut expected = BTreeMap::new();
    for row in told() {
        let path = format!("testdata/{}.yaml", row.name);
        tests.push(json!({
            "healthStatus": {"status": row.argo, "message": message(row)},
            "inputPath": path,
        }));
        assert!(expected.insert(path, yaml(&row.object)).is_none(), "{} twice", row.name);
    }
    expected.insert("health_test.yaml".to_owned(), yaml(&json!({ "tests": tests })));
    for (path, text) in &expected {
        check(&folder.join(path), text);
    }
    let present = fs::read_dir(folder.join("testdata")).unwrap();
    for file in present.map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
        assert!(expected.contains_key(&format!("testdata/{file}")), "{file} is of no story");
    }
}

#[test]
fn times_and_ids_are_calmed_and_words_and_accounts_are_not() {
    assert_eq!(calm_text("2026-03-01T10:00:00Z"), "2026-01-05T08:00:00Z");
    let text = "Task 0123456789abcdef0123456789abcdef of ecs-svc/1234567890123456789 in 123456789012: web:7.";
    let calm = "Task 00000000000000000000000000000000 of ecs-svc/0000000000000000000 in 123456789012: web:7.";
    assert_eq!(calm_text(text), calm);
}
