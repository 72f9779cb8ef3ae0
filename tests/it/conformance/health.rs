//! Every row of the truth table through kstatus, `health.lua` and Flux's expressions.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use super::recorded::{folder, read, told};
use super::tool::ask;

/// Situations of the table that objects of this release can be in. 19 needs `EcsTask`.
const ROWS: [u8; 20] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21];

/// The expressions of the page on Flux.
fn expressions() -> (String, String) {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/gitops/flux.md")).unwrap();
    let line = |key: &str| {
        let found = page.lines().find_map(|line| line.trim().strip_prefix(key));
        found.unwrap_or_else(|| panic!("docs/gitops/flux.md has no {key}")).trim().to_owned()
    };
    (line("current:"), line("failed:"))
}

/// The question about an object.
pub fn judged(object: &Value) -> Value {
    let (current, failed) = expressions();
    let script = fs::read_to_string(folder().join("_/health.lua")).unwrap();
    json!({"ask": "health", "object": object, "script": script, "current": current, "failed": failed})
}

#[test]
fn kstatus_argo_and_flux_agree_with_every_row_of_the_truth_table() {
    let rows = told();
    let answers = ask(&rows.iter().map(|row| judged(&row.object)).collect::<Vec<_>>());
    let mut wrong = Vec::new();
    for (row, answer) in rows.iter().zip(&answers) {
        let found = (&answer["kstatus"], &answer["flux"], &answer["argo"]["status"]);
        if found != (&json!(row.kstatus), &json!(row.kstatus), &json!(row.argo)) {
            wrong.push(format!("{}: {found:?}, not {} and {}", row.name, row.kstatus, row.argo));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let covered: BTreeSet<u8> = rows.iter().map(|row| row.number).collect();
    assert_eq!(covered, BTreeSet::from(ROWS));
}

#[test]
fn the_reason_of_ready_is_that_of_the_row() {
    for row in told() {
        let conditions = row.object["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let ready = conditions.iter().find(|condition| condition["type"] == "Ready");
        let said = ready.map(|ready| {
            format!("{} {}", ready["status"].as_str().unwrap_or_default(), ready["reason"].as_str().unwrap_or_default())
        });
        assert_eq!(said.as_deref().unwrap_or(""), row.ready, "{}", row.name);
    }
}

#[test]
fn the_tests_in_argos_own_layout_hold() {
    let tests = read(&folder().join("_/health_test.yaml"));
    let tests = tests["tests"].as_array().unwrap();
    assert!(tests.len() > ROWS.len());
    let objects: Vec<Value> =
        tests.iter().map(|test| judged(&read(&folder().join("_").join(test["inputPath"].as_str().unwrap())))).collect();
    for (test, answer) in tests.iter().zip(ask(&objects)) {
        assert_eq!(answer["argo"], test["healthStatus"], "{}", test["inputPath"]);
    }
}
