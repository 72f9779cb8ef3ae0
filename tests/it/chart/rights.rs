//! The operator under the `ServiceAccount` of the chart: nothing it does is refused, nothing it may do is unused, and
//! without any one right something is refused.

mod audit;
mod operator;
mod outside;
mod story;

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::{Value, json};

use super::helm::{rendered, the};
use super::plane::{Charted, HOME, charted};
use crate::local_api::stage::Stage;
use audit::{Audit, Right};
use operator::Operator;
use story::Story;

/// Rights outside namespaces, which the operators of one namespace do not have.
const OUTSIDE: [&str; 3] = ["awsaccounts", "awsaccounts/status", "namespaces"];

/// Every right of the rules, one by one.
fn rights(rules: &Value) -> BTreeSet<Right> {
    let mut rights = BTreeSet::new();
    let words = |rule: &Value, list: &str| -> Vec<String> { serde_json::from_value(rule[list].clone()).unwrap() };
    for rule in rules.as_array().unwrap() {
        for group in words(rule, "apiGroups") {
            for resource in words(rule, "resources") {
                for verb in words(rule, "verbs") {
                    rights.insert(Right { verb, group: group.clone(), resource: resource.clone() });
                }
            }
        }
    }
    rights
}

fn without(rights: &BTreeSet<Right>, names: &[&str]) -> BTreeSet<Right> {
    rights.iter().filter(|right| !names.contains(&right.resource.as_str())).cloned().collect()
}

fn rules(rights: &BTreeSet<Right>) -> Vec<PolicyRule> {
    let rule = |right: &Right| PolicyRule {
        api_groups: Some(vec![right.group.clone()]),
        resources: Some(vec![right.resource.clone()]),
        verbs: vec![right.verb.clone()],
        ..PolicyRule::default()
    };
    rights.iter().map(rule).collect()
}

#[tokio::test]
async fn the_rights_of_the_chart_are_enough_and_each_is_needed() {
    let charted = charted().await;
    let values = "installationId=prod-eu,rbac.ownerReferencesPermissionEnforcement=true";
    let all = rendered(HOME, &["--set", values]);
    let granted = rights(&the(&all, "ClusterRole", &format!("ecs-operator.{HOME}"))["rules"]);
    let lease = &the(&all, "Role", "ecs-operator-lease")["rules"];
    let mut with_lease = rights(lease);
    with_lease.extend(granted.iter().cloned());
    all_of_it(charted, &with_lease).await;
    outside::each_of_the_lease(charted, lease).await;
    // Before all service accounts have these rights.
    outside::each_in_turn(charted, &granted).await;
    everybody_has(
        charted,
        &granted.iter().filter(|right| OUTSIDE.contains(&right.resource.as_str())).cloned().collect(),
    )
    .await;
    each_in_turn(charted, &without(&granted, &OUTSIDE)).await;
}

/// The process, with the environment of the chart's Pod, under its account: all kinds, from birth to death.
async fn all_of_it(charted: &'static Charted, granted: &BTreeSet<Right>) {
    let operator = Operator::start(charted, HOME, "ecs-operator").await;
    charted.plane.kubectl(&["create", "namespace", "conducted"], None).await.unwrap();
    let story = Story { stage: Stage::within(&charted.plane, "conducted") };
    story.tell().await;
    story.tell_of_an_account().await;
    let log = operator.stop().await;
    assert!(!log.contains("\"level\":\"ERROR\""), "{log}");
    let audit = Audit::of(&charted.audit, &format!("system:serviceaccount:{HOME}:ecs-operator"), "");
    assert_eq!(audit.refused, BTreeSet::new(), "{log}");
    // Owner references are checked by asking, which leaves no line of its own; the second half proves that right.
    let asked = ["servergroups/finalizers"];
    assert_eq!(without(granted, &asked), audit.used);
}

/// One operator for each right, which has all the others, in a namespace of its own.
async fn each_in_turn(charted: &'static Charted, granted: &BTreeSet<Right>) {
    let tellings = granted.iter().enumerate().map(|(at, right)| async move {
        let mut kept = granted.clone();
        kept.remove(right);
        let namespace = format!("lacks-{at}");
        let token = account(charted, &namespace, &kept).await;
        let mut stage = Stage::within(&charted.plane, &namespace);
        stage.operate_by(charted.plane.client_as(Some(&token)).await);
        let story = Story { stage };
        story.begin().await;
        let user = format!("system:serviceaccount:{namespace}:operator");
        // Without the right to block the owner's deletion, it is the creation of the first child that is refused.
        let missed = if right.resource == "servergroups/finalizers" {
            Right { resource: "ecstaskdefinitions".to_owned(), verb: "create".to_owned(), ..right.clone() }
        } else {
            right.clone()
        };
        let mut begun = false;
        for round in 0..150 {
            let audit = Audit::of(&charted.audit, &user, &namespace);
            if audit.refused.contains(&missed) {
                return None;
            }
            // Some rights are needed only at the end.
            if !begun && (round > 100 || story.is_ready().await) {
                begun = true;
                story.end().await;
            }
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
        Some(right.clone())
    });
    let unneeded: Vec<Right> = futures::future::join_all(tellings).await.into_iter().flatten().collect();
    assert!(unneeded.is_empty(), "nothing is refused without {unneeded:?}");
}

/// From now on all service accounts have these rights everywhere.
async fn everybody_has(charted: &Charted, rights: &BTreeSet<Right>) {
    let metadata = json!({"name": "outside"});
    let objects = [
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": metadata,
            "rules": rules(rights),
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": metadata,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "outside"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:serviceaccounts"}],
        }),
    ];
    let text = objects.map(|object| object.to_string()).join("\n---\n");
    charted.plane.kubectl(&["create", "-f", "-"], Some(text)).await.unwrap();
}

/// A service account with these rights in a new namespace; its token.
async fn account(charted: &Charted, namespace: &str, rights: &BTreeSet<Right>) -> String {
    let metadata = json!({"name": "operator", "namespace": namespace});
    let objects = [
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata,
            "rules": rules(rights),
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "operator"},
            "subjects": [{"kind": "ServiceAccount", "name": "operator", "namespace": namespace}],
        }),
    ];
    let text = objects.map(|object| object.to_string()).join("\n---\n");
    charted.plane.kubectl(&["create", "-f", "-"], Some(text)).await.unwrap();
    operator::token(charted, namespace, "operator").await
}
