//! The chart's admission policies on a real API server: each takes what it shall take and refuses the rest.

use std::time::Duration;

use serde_json::{Value, json};

use super::helm::CHART;
use super::plane::{Charted, HOME, charted, restricted};
use crate::support::manifests::{cluster, manifest, service};

const NAMESPACE: &str = "guarded";

fn definition(container: &Value, members: &Value) -> Value {
    let mut first = json!({"name": "web", "image": "good.example/web:1", "memory": 100});
    json_patch::merge(&mut first, container);
    let mut spec = json!({"containerDefinitions": [first]});
    json_patch::merge(&mut spec, members);
    manifest("EcsTaskDefinition", "web", spec)
}

fn group(capacity: &Value) -> Value {
    let template = json!({"launchType": "EC2", "inputs": {"image": "good.example/web:1", "memory": 100, "cpu": 10}});
    manifest(
        "ServerGroup",
        "shop-prod",
        json!({"clusterRef": {"name": "c"}, "capacity": capacity, "template": template}),
    )
}

fn counted(count: i64) -> Value {
    let mut service = service("web", "c", "t");
    service["spec"]["desiredCount"] = count.into();
    service
}

/// What the API server says of the manifest: nothing when it takes it.
async fn judged(charted: &Charted, manifest: &Value) -> String {
    let mut manifest = manifest.clone();
    manifest["metadata"]["namespace"] = NAMESPACE.into();
    let ran = charted.plane.kubectl(&["create", "--dry-run=server", "-f", "-"], Some(manifest.to_string())).await;
    if ran.ok { String::new() } else { ran.err }
}

/// Waits until the policies hold, which the API server takes up a moment after they were made.
async fn hold(charted: &Charted) {
    let refused = [
        definition(&json!({"privileged": true}), &json!({})),
        definition(&json!({"image": "bad.example/web:1"}), &json!({})),
        definition(&json!({"environment": [{"name": "TOKEN", "value": "x"}]}), &json!({})),
        definition(
            &json!({}),
            &json!({"taskRoleArn": "arn:aws:iam::1:role/other", "accountRef": {"name": "policies"}}),
        ),
        counted(11),
    ];
    for manifest in &refused {
        let mut tries = 0;
        while judged(charted, manifest).await.is_empty() {
            tries += 1;
            assert!(tries < 50, "{manifest} is taken");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

async fn install(charted: &Charted) {
    let account = json!({
        "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "AwsAccount", "metadata": {"name": "policies"},
        "spec": {
            "allowedNamespaces": {"names": [NAMESPACE]},
            "allowedTaskRoles": ["arn:aws:iam::111122223333:role/shop/*", "arn:aws:iam::111122223333:role/exact"],
        },
    });
    charted.plane.kubectl(&["create", "-f", "-"], Some(account.to_string())).await.unwrap();
    charted.plane.kubectl(&["create", "namespace", NAMESPACE], None).await.unwrap();
    restricted(&charted.plane, "guard").await;
    let on = ["roles", "deletionProtection", "imageRegistries", "privileged", "secretNames", "countCeiling"];
    let on: Vec<String> = on.iter().map(|policy| format!("admissionPolicies.{policy}.enabled=true")).collect();
    let values = format!(
        "installationId=guard,crds.enabled=false,scope.namespaces={{{NAMESPACE}}},{},\
         admissionPolicies.imageRegistries.allowed={{good.example/,also.example/}},\
         admissionPolicies.countCeiling.maximum=10",
        on.join(",")
    );
    charted.helm(&["install", "guard", CHART, "-n", "guard", "--set", &values]).await.unwrap();
}

#[tokio::test]
async fn each_policy_takes_what_it_shall_take_and_refuses_the_rest() {
    let charted = charted().await;
    install(charted).await;
    hold(charted).await;
    let named = |role: &str, account: &str| json!({"taskRoleArn": role, "accountRef": {"name": account}});
    let (none, own) = (json!({}), "arn:aws:iam::111122223333:role/shop/web");
    let cases = [
        (definition(&none, &none), ""),
        (definition(&none, &named(own, "policies")), ""),
        (definition(&none, &named("arn:aws:iam::111122223333:role/exact", "policies")), ""),
        (
            definition(&none, &named("arn:aws:iam::111122223333:role/exactly", "policies")),
            "does not allow `taskRoleArn`",
        ),
        (definition(&none, &named(own, "nobody")), ""),
        (
            definition(&none, &named("arn:aws:iam::111122223333:role/admin", "policies")),
            "account `policies` does not allow",
        ),
        (
            definition(&none, &json!({"executionRoleArn": own, "accountRef": {"name": "policies"}})),
            "does not allow `executionRoleArn`",
        ),
        (definition(&json!({"image": "also.example/a/b@sha256:00"}), &none), ""),
        (definition(&json!({"image": "good.example.evil/web"}), &none), "must begin with one of good.example/, also"),
        (definition(&json!({"privileged": false}), &json!({"networkMode": "bridge", "pidMode": "task"})), ""),
        (definition(&json!({"privileged": true}), &none), "must not be `privileged`"),
        (definition(&none, &json!({"networkMode": "host"})), "`networkMode` must not be `host`"),
        (definition(&none, &json!({"pidMode": "host"})), "`pidMode` must not be `host`"),
        (definition(&none, &json!({"ipcMode": "host"})), "`ipcMode` must not be `host`"),
        (definition(&json!({"environment": [{"name": "LEVEL", "value": "x"}]}), &none), ""),
        (definition(&json!({"secrets": [{"name": "DB_PASSWORD", "valueFrom": "arn:aws:ssm:x"}]}), &none), ""),
        (definition(&json!({"environment": [{"name": "DB_PASSWORD", "value": "x"}]}), &none), "looks like a secret"),
        (counted(10), ""),
        (counted(11), "`desiredCount` must not be more than 10"),
        (group(&json!({"min": 1, "desired": 5, "max": 10})), ""),
        (group(&json!({"min": 1, "desired": 5, "max": 11})), "`capacity.max` must not be more than 10"),
    ];
    for (manifest, told) in cases {
        let answer = judged(charted, &manifest).await;
        assert!(answer.is_empty() == told.is_empty() && answer.contains(told), "{manifest}\n{told}: {answer}");
    }
    scaling_and_deletion(charted).await;
    // Other namespaces are not this release's.
    let mut elsewhere = definition(&json!({"privileged": true}), &json!({}));
    elsewhere["metadata"]["namespace"] = "default".into();
    let create = ["create", "--dry-run=server", "-f", "-"];
    charted.plane.kubectl(&create, Some(elsewhere.to_string())).await.unwrap();
    charted.helm(&["uninstall", "guard", "-n", "guard"]).await.unwrap();
}

async fn scaling_and_deletion(charted: &Charted) {
    let kubectl =
        async |arguments: &[&str]| charted.plane.kubectl(&[&["-n", NAMESPACE], arguments].concat(), None).await;
    let mut held = counted(3);
    held["metadata"]["namespace"] = NAMESPACE.into();
    held["metadata"]["annotations"] = json!({"ecs-operator.dev/deletion-protection": "true"});
    held["spec"]["managementMode"] = "Observe".into();
    charted.plane.kubectl(&["create", "-f", "-"], Some(held.to_string())).await.unwrap();
    kubectl(&["scale", "ecss/web", "--replicas=10"]).await.unwrap();
    let refused = kubectl(&["scale", "ecss/web", "--replicas=11"]).await;
    assert!(!refused.ok && refused.err.contains("more than 10 tasks"), "{refused:?}");
    let refused = kubectl(&["delete", "ecss/web"]).await;
    assert!(!refused.ok && refused.err.contains("is protected from deletion"), "{refused:?}");
    kubectl(&["annotate", "ecss/web", "ecs-operator.dev/deletion-protection-"]).await.unwrap();
    kubectl(&["delete", "ecss/web", "--timeout=30s"]).await.unwrap();
}

#[tokio::test]
async fn the_operators_account_cannot_change_what_people_applied() {
    let charted = charted().await;
    charted.plane.kubectl(&["create", "namespace", "belt"], None).await.unwrap();
    let mut object = cluster("mine");
    object["metadata"]["namespace"] = "belt".into();
    object["spec"]["managementMode"] = "Observe".into();
    charted.plane.kubectl(&["create", "-f", "-"], Some(object.to_string())).await.unwrap();
    let mut definition = definition(&json!({}), &json!({"managementMode": "Observe"}));
    definition["metadata"]["namespace"] = "belt".into();
    charted.plane.kubectl(&["create", "-f", "-"], Some(definition.to_string())).await.unwrap();
    let account = format!("--as=system:serviceaccount:{HOME}:ecs-operator");
    let patch_of = async |object: &str, patch: Value| {
        let text = patch.to_string();
        let ran = ["patch", object, "-n", "belt", "--type=merge", "--dry-run=server", &account, "-p", &text];
        let ran = charted.plane.kubectl(&ran, None).await;
        if ran.ok { String::new() } else { ran.err }
    };
    let patch = async |patch: Value| patch_of("ecsc/mine", patch).await;
    let spec = patch(json!({"spec": {"managementMode": "Manage"}})).await;
    assert!(spec.contains("must not change `spec`"), "{spec}");
    let label = patch(json!({"metadata": {"labels": {"a": "b"}}})).await;
    assert!(label.contains("must not change labels"), "{label}");
    // It may delete task definitions, so that Kubernetes itself would let it own them.
    let owner = json!({"apiVersion": "v1", "kind": "ServerGroup", "name": "a", "uid": "b", "controller": true});
    let adopted = patch_of("ecstd/web", json!({"metadata": {"ownerReferences": [owner]}})).await;
    assert!(adopted.contains("must not change owners"), "{adopted}");
    assert_eq!(patch(json!({"metadata": {"finalizers": ["ecs-operator.dev/finalizer"]}})).await, "");
    let merge = ["patch", "ecsc/mine", "-n", "belt", "--type=merge", "-p", r#"{"spec":{"managementMode":"Plan"}}"#];
    charted.plane.kubectl(&merge, None).await.unwrap();
    let list = charted.plane.kubectl(&["get", "validatingadmissionpolicies", "-o", "json"], None).await.json();
    for policy in list["items"].as_array().unwrap() {
        let warnings = &policy["status"]["typeChecking"]["expressionWarnings"];
        let known = policy["metadata"]["name"].as_str().unwrap().ends_with("-roles");
        assert!(warnings.is_null() || known, "{}: {warnings}", policy["metadata"]["name"]);
    }
}
