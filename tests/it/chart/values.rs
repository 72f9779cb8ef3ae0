//! Values, their comments, the schema, the table and the templates tell of the same things.

use std::collections::BTreeSet;
use std::path::Path;

use ecs_operator::packaging::{VALUES, files, rows};
use serde_json::Value;

use super::helm::project;

fn values() -> String {
    std::fs::read_to_string(project("charts").join(VALUES)).unwrap()
}

#[test]
fn generated_files_are_current() {
    let mut crds = BTreeSet::new();
    for (path, text) in files(&values()).unwrap() {
        let found = std::fs::read_to_string(project("charts").join(&path)).unwrap_or_default();
        assert!(found == text, "charts/{path} is out of date; run `cargo run --bin crdgen`");
        crds.insert(path);
    }
    for folder in ["ecs-operator/templates/crds", "kustomize/crd"] {
        for entry in std::fs::read_dir(project("charts").join(folder)).unwrap() {
            let path = format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap());
            assert!(crds.contains(&path), "charts/{path} is a file that nothing makes");
        }
    }
}

/// Paths of the schema's leaves, and whether every object of ours is closed.
fn leaves(path: &str, schema: &Value, found: &mut BTreeSet<String>) {
    let Some(properties) = schema["properties"].as_object().filter(|_| schema["type"] == "object") else {
        found.insert(path.to_owned());
        return;
    };
    assert_eq!(schema["additionalProperties"], false, "`{path}` takes unknown keys");
    for (name, child) in properties {
        let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        leaves(&below, child, found);
    }
}

#[test]
fn the_schema_has_the_values_and_no_others() {
    let text = std::fs::read_to_string(project("charts/ecs-operator/values.schema.json")).unwrap();
    let mut schema = BTreeSet::new();
    leaves("", &serde_json::from_str(&text).unwrap(), &mut schema);
    schema.remove("global");
    let values: BTreeSet<String> = rows(&values()).unwrap().into_iter().map(|row| row.path).collect();
    assert_eq!(values, schema);
}

fn templates(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            templates(&path, text);
        } else {
            text.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

/// Paths after `.Values.` in the templates.
fn used() -> BTreeSet<String> {
    let mut text = String::new();
    templates(&project("charts/ecs-operator/templates"), &mut text);
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '.');
    text.split(".Values.").skip(1).map(|rest| rest.split(word).next().unwrap().to_owned()).collect()
}

#[test]
fn every_value_is_used_by_a_template_and_templates_use_no_other() {
    let used = used();
    let rows = rows(&values()).unwrap();
    for row in &rows {
        let mut ancestors = row.path.match_indices('.').map(|(at, _)| &row.path[..at]);
        let whole = used.contains(&row.path) || ancestors.any(|ancestor| used.contains(ancestor));
        assert!(whole, "no template uses `{}`", row.path);
        assert!(row.comment.ends_with('.'), "{}: {}", row.path, row.comment);
    }
    for path in used {
        let known = rows.iter().any(|row| row.path == path || row.path.starts_with(&format!("{path}.")));
        assert!(known, "a template uses `{path}`, which is no value");
    }
}
