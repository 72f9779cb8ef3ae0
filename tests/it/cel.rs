//! Every CEL rule accepts and refuses: evaluated by kube's evaluator, as at reconcile.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests fail by panicking"
)]

mod account;
mod cluster;
mod server_group;

mod service;
mod task_definition;

use std::collections::BTreeSet;

use ecs_operator::api::rules::{Rule, rules, violations};
use serde_json::{Value, json};

/// One rule with a spec it accepts and one it refuses, both as changes to a valid spec.
struct Case {
    rule: &'static str,
    good: Value,
    bad: Value,
}

fn case(rule: &'static str, good: Value, bad: Value) -> Case {
    Case { rule, good, bad }
}

/// Changes `target` as a JSON merge patch does.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let members = target.as_object_mut().unwrap();
    for (name, value) in patch {
        if value.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), value);
        }
    }
}

fn object(kind: &str, name: &str, spec: &Value, patch: &Value) -> Value {
    let mut spec = spec.clone();
    merge(&mut spec, patch);
    json!({
        "apiVersion": "ecs-operator.dev/v1alpha1", "kind": kind,
        "metadata": { "name": name, "namespace": "default" }, "spec": spec,
    })
}

fn messages(kind: &str, object: &Value, old: Option<&Value>) -> Vec<String> {
    violations(kind, object, old).into_iter().map(|v| v.message).collect()
}

/// The table covers all rules of the kind, and each case is decided by the rule it names.
fn judge(kind: &str, base: &Value, cases: &[Case]) {
    let plain: Vec<&Rule> = rules(kind).iter().filter(|r| !r.rule.contains("oldSelf") && !r.path.is_empty()).collect();
    let covered: BTreeSet<&str> = cases.iter().map(|c| c.rule).collect();
    for rule in &plain {
        assert!(covered.contains(rule.message), "{kind}: no case for `{}` at {}", rule.message, rule.path);
    }
    for Case { rule, good, bad } in cases {
        assert!(plain.iter().any(|r| r.message == *rule), "{kind}: no rule says `{rule}`");
        let accepted = messages(kind, &object(kind, "demo", base, good), None);
        assert_eq!(accepted, Vec::<String>::new(), "{kind}: {good} must be accepted");
        let refused = messages(kind, &object(kind, "demo", base, bad), None);
        assert!(
            refused.iter().any(|m| m.starts_with(rule)),
            "{kind}: {bad} must be refused by `{rule}`, got {refused:?}"
        );
    }
}

/// Values and presence of these members are fixed at creation.
fn judge_immutable(kind: &str, base: &Value, members: &[(&str, Value, Value)]) {
    let declared = rules(kind).iter().filter(|r| r.rule.contains("oldSelf")).count();
    assert_eq!(declared, members.len(), "{kind}: immutable members without a case");
    for (member, first, second) in members {
        let expected = format!("must stay as it was created: `{member}` is immutable");
        let without = object(kind, "demo", base, &json!({ *member: null }));
        let one = object(kind, "demo", base, &json!({ *member: first }));
        let two = object(kind, "demo", base, &json!({ *member: second }));
        for (old, new, refused) in
            [(&one, &one, false), (&one, &two, true), (&one, &without, true), (&without, &one, true)]
        {
            let found = messages(kind, new, Some(old));
            assert_eq!(found.contains(&expected), refused, "{kind} {member}: {old} to {new}: {found:?}");
        }
    }
}

/// A dot in `metadata.name` needs the member that names the resource in ECS.
fn judge_dots(kind: &str, base: &Value, member: &str) {
    let dotted = |patch: &Value| messages(kind, &object(kind, "a.b", base, patch), None);
    assert_eq!(dotted(&json!({ member: "a-b" })), Vec::<String>::new());
    assert_eq!(
        dotted(&json!({})),
        [format!("must be set when `metadata.name` contains a dot: `spec.{member}` names the resource in ECS")]
    );
}

#[test]
fn every_message_says_what_must_be() {
    for kind in ["AwsAccount", "EcsCluster", "EcsTaskDefinition", "EcsService", "ServerGroup"] {
        for rule in rules(kind) {
            assert!(rule.message.starts_with("must "), "{kind}: {}", rule.message);
            assert!(!rule.message.contains('\n') && rule.message.len() < 256, "{kind}: {}", rule.message);
        }
    }
}

#[test]
fn every_rule_can_be_evaluated_here() {
    for kind in ["AwsAccount", "EcsCluster", "EcsTaskDefinition", "EcsService", "ServerGroup"] {
        let schema = ecs_operator::api::schema::schema(kind).unwrap().unwrap();
        let compiled = kube::core::cel::compile_schema(schema);
        assert!(compiled.compilation_errors().is_empty(), "{kind}: {:?}", compiled.compilation_errors());
    }
}

#[test]
fn a_violation_names_the_field_as_written() {
    let broken = object(
        "EcsTaskDefinition",
        "demo",
        &json!({}),
        &json!({ "containerDefinitions": [{ "name": "app", "image": "x", "memory": 1, "memoryReservation": 2 }] }),
    );
    let found = violations("EcsTaskDefinition", &broken, None);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].path, "spec.containerDefinitions[0].memory");
}

#[test]
fn a_foreign_kind_has_no_rules() {
    assert!(violations("Deployment", &json!({ "spec": {} }), None).is_empty());
}
