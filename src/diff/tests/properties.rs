//! What holds for every document.

use super::documents::{described, task_definition, turned};
use crate::diff::task_definition::{content_hash, diff, normalize};
use crate::diff::{Scope, cluster, service, tidy};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Any JSON, to see that nothing panics and that odd documents settle as well.
fn json_value() -> impl Strategy<Value = Value> {
    let names = prop_oneof![
        Just("containerDefinitions"),
        Just("environment"),
        Just("name"),
        Just("value"),
        Just("portMappings"),
        Just("containerPort"),
        Just("hostPort"),
        Just("networkMode"),
        Just("cpu"),
        Just("healthCheck"),
        Just("loadBalancers"),
        Just("targetGroupArn"),
        Just("deploymentConfiguration"),
        Just("serviceConnectConfiguration"),
        Just("enabled"),
        Just("settings"),
        Just("unheardOf"),
        Just("volumes"),
        Just("tags"),
        Just("logConfiguration"),
        Just("options"),
        Just("advancedConfiguration"),
        Just("alternateTargetGroupArn"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,6}".prop_map(Value::from),
        "[0-9.]{0,4} ?(vCPU|GB)?".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            proptest::collection::vec((names.clone(), inner), 0..6).prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
            }),
        ]
    })
}

/// JSON pointers of all scalars outside tags.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(name, _)| *name != "tags") {
                leaves(value, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                leaves(value, &format!("{at}/{index}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.push(at.to_owned());
        }
    }
}

/// Another value in place of a leaf.
fn other(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => json!(!flag),
        Value::Number(number) => json!(number.as_i64().unwrap_or_default() + 40_000),
        Value::String(text) if text == "udp" => json!("tcp"),
        Value::String(text) if text == "tcp" => json!("udp"),
        Value::String(text) => json!(format!("{text}x")),
        Value::Null | Value::Array(_) | Value::Object(_) => json!("x"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn normal_form_is_stable(document in prop_oneof![task_definition(), json_value()]) {
        for normalize in [normalize, service::normalize, cluster::normalize] {
            let once = normalize(&document);
            prop_assert_eq!(normalize(&once), once);
        }
    }

    #[test]
    fn a_document_does_not_differ_from_itself(document in prop_oneof![task_definition(), json_value()]) {
        prop_assert_eq!(diff(&document, &document, Scope::Whole), []);
        prop_assert_eq!(diff(&document, &document, Scope::Declared), []);
        prop_assert_eq!(service::diff(&document, &document), []);
        prop_assert_eq!(cluster::diff(&document, &document), []);
    }

    #[test]
    fn order_without_meaning_makes_no_change(document in task_definition()) {
        let turned = turned(&document);
        prop_assert_eq!(diff(&document, &turned, Scope::Whole), []);
        prop_assert_eq!(diff(&document, &turned, Scope::Declared), []);
        prop_assert_eq!(content_hash(&document), content_hash(&turned));
    }

    #[test]
    fn what_ecs_describes_does_not_differ_from_what_was_written(document in task_definition()) {
        let described = described(&document);
        prop_assert_eq!(diff(&document, &described, Scope::Declared), []);
        prop_assert_eq!(diff(&document, &described, Scope::Whole), []);
        prop_assert_eq!(content_hash(&document), content_hash(&described));
    }

    #[test]
    fn a_document_without_what_ecs_fills_in_is_the_same_content(document in task_definition()) {
        for document in [described(&document), document] {
            let tidied = tidy::task_definition(&document);
            prop_assert_eq!(normalize(&tidied), normalize(&document));
            prop_assert_eq!(tidy::task_definition(&tidied), tidied);
        }
    }

    #[test]
    fn an_edited_leaf_is_reported_by_name(document in task_definition(), pick in any::<prop::sample::Index>()) {
        let mut found = Vec::new();
        leaves(&document, "", &mut found);
        let pointer = &found[pick.index(found.len())];
        let mut edited = document.clone();
        let slot = edited.pointer_mut(pointer).unwrap();
        *slot = other(slot);
        let changes = diff(&edited, &described(&document), Scope::Declared);
        let names: Vec<String> = pointer.split('/').filter(|part| part.parse::<usize>().is_err() && !part.is_empty())
            .map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
        let leaf = names.last().unwrap();
        let parent = names.iter().rev().nth(1).unwrap_or(leaf);
        let identity = ["name", "containerPath", "containerPort", "protocol", "networkMode"].contains(&leaf.as_str());
        let appears = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains(leaf.as_str()));
        let named = changes.iter().any(|change| change.path.contains(leaf) || appears(&change.to) || (identity && change.path.contains(parent)));
        prop_assert!(named, "{} in {:?}", pointer, changes);
        prop_assert_ne!(content_hash(&edited), content_hash(&document));
    }

    #[test]
    fn equal_hash_means_no_change_and_the_reverse(left in task_definition(), right in task_definition()) {
        let equal = content_hash(&left) == content_hash(&right);
        prop_assert_eq!(equal, diff(&left, &right, Scope::Whole).is_empty());
        prop_assert_eq!(content_hash(&left).len(), 64);
    }

    #[test]
    fn environment_values_never_reach_a_change(left in task_definition(), right in task_definition()) {
        let marked = |document: &Value| {
            let mut document = document.clone();
            for container in document["containerDefinitions"].as_array_mut().into_iter().flatten() {
                for variable in container.get_mut("environment").and_then(Value::as_array_mut).into_iter().flatten() {
                    variable["value"] = json!(format!("#s3cr3t#{}", variable["value"]));
                }
                if let Some(options) = container.pointer_mut("/logConfiguration/options/awslogs-group") {
                    *options = json!("#s3cr3t#");
                }
            }
            document
        };
        for change in diff(&marked(&left), &marked(&right), Scope::Whole) {
            prop_assert!(!format!("{change:?}{change}").contains("s3cr3t"), "{change:?}");
            prop_assert!(change.to_string().chars().count() <= 200);
        }
    }
}
