//! The CRDs beside those of the last release: what was accepted then is accepted now, and means the same.
//!
//! `ECS_OPERATOR_RELEASE=1 cargo test --test it conformance::baseline` writes the baseline anew; a release does that.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use serde_json::{Map, Value, json};

/// What is kept of a field, by its path.
type Surface = BTreeMap<String, Map<String, Value>>;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/crds-baseline.jsonl");
/// Members that bound what a field accepts from above, and from below.
const ABOVE: [&str; 4] = ["maxLength", "maximum", "maxItems", "maxProperties"];
const BELOW: [&str; 4] = ["minLength", "minimum", "minItems", "minProperties"];
/// Members that must not change.
const SAME: [&str; 6] =
    ["type", "format", "pattern", "default", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"];

fn collect(path: &str, node: &Value, required: bool, surface: &mut Surface) {
    let kept = ABOVE.iter().chain(&BELOW).chain(&SAME).chain(&["enum"]);
    let mut field: Map<String, Value> =
        kept.filter_map(|member| Some(((*member).to_owned(), node.get(*member)?.clone()))).collect();
    if required {
        field.insert("required".to_owned(), true.into());
    }
    surface.insert(path.to_owned(), field);
    for (name, child) in node["properties"].as_object().into_iter().flatten() {
        let needed = node["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
        collect(&format!("{path}.{name}"), child, needed, surface);
    }
    for (member, mark) in [("items", "[]"), ("additionalProperties", ".*")] {
        if node[member].is_object() {
            collect(&format!("{path}{mark}"), &node[member], false, surface);
        }
    }
}

fn present() -> Surface {
    let mut surface = Surface::new();
    for crd in ecs_operator::api::schema::crds().unwrap() {
        let crd = serde_json::to_value(crd).unwrap();
        let kind = crd["spec"]["names"]["kind"].as_str().unwrap();
        for version in crd["spec"]["versions"].as_array().unwrap() {
            let root = format!("{kind}/{}", version["name"].as_str().unwrap());
            for part in ["spec", "status"] {
                let node = &version["schema"]["openAPIV3Schema"]["properties"][part];
                collect(&format!("{root}.{part}"), node, part == "spec", &mut surface);
            }
        }
    }
    surface
}

/// What a manifest of then would meet now.
fn broken(then: &Surface, now: &Surface) -> Vec<String> {
    let mut broken = Vec::new();
    for (path, old) in then {
        let Some(new) = now.get(path) else {
            broken.push(format!("{path} is gone"));
            continue;
        };
        // A status is ours to write: only what it is must stay.
        let spec = !path.contains(".status");
        let changed = |member: &&&str| old.get(**member) != new.get(**member);
        broken.extend(SAME.iter().filter(changed).map(|member| format!("{path}: another {member}")));
        if new.contains_key("required") && !old.contains_key("required") && spec {
            broken.push(format!("{path} is required now"));
        }
        let number = |field: &Map<String, Value>, member: &str| field.get(member).and_then(Value::as_f64);
        let lower =
            |member: &&str| number(new, member) < number(old, member).or(Some(f64::MAX)) && new.contains_key(*member);
        let higher = |member: &&str| number(new, member) > number(old, member).or(Some(f64::MIN));
        broken.extend(ABOVE.iter().filter(|member| spec && lower(member)).map(|m| format!("{path}: {m} is lower")));
        broken.extend(BELOW.iter().filter(|member| spec && higher(member)).map(|m| format!("{path}: {m} is higher")));
        let words = |field: &Map<String, Value>| field.get("enum").and_then(Value::as_array).cloned();
        if let Some(new) = words(new).filter(|_| spec) {
            let lost = words(old).is_none_or(|old| old.iter().any(|word| !new.contains(word)));
            broken.extend(lost.then(|| format!("{path} takes fewer words")));
        }
    }
    let needed = now.iter().filter(|(path, field)| {
        let parent = path.rfind(['.', '[']).map_or("", |at| &path[..at]);
        field.contains_key("required") && !then.contains_key(*path) && then.contains_key(parent)
    });
    broken.extend(
        needed.filter(|(path, _)| !path.contains(".status")).map(|(path, _)| format!("{path} is new and required")),
    );
    broken
}

#[test]
fn what_the_last_release_accepted_is_accepted_now() {
    let now = present();
    if std::env::var_os("ECS_OPERATOR_RELEASE").is_some() {
        let mut text = String::new();
        for (path, field) in &now {
            let _ = writeln!(text, "{}", json!([path, field]));
        }
        fs::write(FILE, text).unwrap();
    }
    let text = fs::read_to_string(FILE).unwrap();
    let then: Surface =
        text.lines().map(|line| serde_json::from_str::<(String, Map<String, Value>)>(line).unwrap()).collect();
    assert!(then.len() > 1000, "{}", then.len());
    let broken = broken(&then, &now);
    assert!(broken.is_empty(), "a manifest of the last release would meet this:\n{}", broken.join("\n"));
}

#[test]
fn every_way_of_breaking_an_old_manifest_is_noticed_and_growth_is_not() {
    let surface = |fields: Value| -> Surface { serde_json::from_value(fields).unwrap() };
    let then = surface(json!({
        "A.spec": {"type": "object", "required": true},
        "A.spec.n": {"type": "integer", "minimum": 0, "maximum": 9, "default": 1},
        "A.spec.w": {"type": "string", "enum": ["a", "b"], "maxLength": 5},
        "A.status": {"type": "object"},
        "A.status.c": {"type": "integer", "maximum": 9},
    }));
    let with = |path: &str, member: &str, value: Value| {
        let mut now = then.clone();
        now.entry(path.to_owned()).or_default().insert(member.to_owned(), value);
        broken(&then, &now).len()
    };
    assert_eq!(broken(&then, &then), Vec::<String>::new());
    for (path, member, value, noticed) in [
        ("A.spec.n", "maximum", json!(8), 1),
        ("A.spec.n", "maximum", json!(10), 0),
        ("A.spec.n", "minimum", json!(1), 1),
        ("A.spec.n", "default", json!(2), 1),
        ("A.spec.n", "required", json!(true), 1),
        ("A.spec.n", "enum", json!([1]), 1),
        ("A.spec.w", "type", json!("integer"), 1),
        ("A.spec.w", "enum", json!(["a"]), 1),
        ("A.spec.w", "enum", json!(["a", "b", "c"]), 0),
        ("A.spec.w", "maxLength", json!(4), 1),
        ("A.spec.w", "minLength", json!(1), 1),
        ("A.spec.w", "pattern", json!("^a"), 1),
        ("A.spec.new", "type", json!("string"), 0),
        ("A.spec.new", "required", json!(true), 1),
        ("A.status.c", "maximum", json!(3), 0),
        ("A.status.c", "type", json!("string"), 1),
    ] {
        assert_eq!(with(path, member, value.clone()), noticed, "{path} {member} {value}");
    }
    let mut less = then.clone();
    less.remove("A.spec.n");
    assert_eq!(broken(&then, &less), ["A.spec.n is gone"]);
}
