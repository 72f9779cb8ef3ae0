//! A policy in every test here: the operator may not change spec, labels, annotations or owners of what others applied.

use serde_json::{Value, json};

use super::plane::Plane;
use super::stage::Stage;
use crate::support::manifests::cluster;

/// The operator's user. It may do everything but what the policy refuses.
pub const USER: &str = "system:serviceaccount:ecs-operator:ecs-operator";

fn policy() -> [Value; 3] {
    let user = format!("request.userInfo.username == '{USER}'");
    // The objects of a version are the operator's own.
    let own = "has(oldObject.metadata.ownerReferences) && oldObject.metadata.ownerReferences.exists(o, o.kind == 'ServerGroup')";
    let same = |member: &str| {
        let (new, old) = (format!("object.{member}"), format!("oldObject.{member}"));
        json!({
            "expression": format!("has({new}) == has({old}) && (!has({new}) || {new} == {old})"),
            "message": format!("the operator must not change {member}"),
        })
    };
    let members = ["spec", "metadata.labels", "metadata.annotations", "metadata.ownerReferences"];
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "what-is-applied-is-not-the-operators"},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [{
                "apiGroups": ["ecs-operator.dev"], "apiVersions": ["*"], "operations": ["UPDATE"],
                "resources": ["ecsclusters", "ecstaskdefinitions", "ecsservices", "servergroups"],
            }]},
            "matchConditions": [
                {"name": "operator", "expression": user},
                {"name": "applied-by-others", "expression": format!("!({own})")},
            ],
            "validations": members.map(same),
        },
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "what-is-applied-is-not-the-operators"},
        "spec": {"policyName": "what-is-applied-is-not-the-operators", "validationActions": ["Deny"]},
    });
    let rights = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "operator-of-the-tests"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": USER}],
    });
    [policy, binding, rights]
}

/// Installs the policy and waits until it holds.
pub async fn install(plane: &Plane) {
    let documents: Vec<String> = policy().iter().map(Value::to_string).collect();
    plane.kubectl(&["apply", "-f", "-"], Some(documents.join("\n---\n"))).await.unwrap();
    let mut guarded = cluster("guarded");
    guarded["metadata"]["namespace"] = "default".into();
    plane.kubectl(&["apply", "-f", "-"], Some(guarded.to_string())).await.unwrap();
    let mut tries = 0;
    while edit(plane, "default", "guarded", &["--dry-run=server"]).await.ok {
        tries += 1;
        assert!(tries < 300, "the policy does not hold");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    plane.kubectl(&["delete", "ecsc/guarded", "--namespace=default"], None).await.unwrap();
}

/// An edit of a spec under the operator's name.
async fn edit(plane: &Plane, namespace: &str, name: &str, more: &[&str]) -> super::plane::Ran {
    let (user, object, namespace) =
        (format!("--as={USER}"), format!("ecsc/{name}"), format!("--namespace={namespace}"));
    let patch = json!({"spec": {"capacityProviders": ["FARGATE"]}}).to_string();
    let arguments = ["patch", &object, &namespace, &user, "--type=merge", "-p", &patch];
    plane.kubectl(&[&arguments[..], more].concat(), None).await
}

#[tokio::test]
async fn an_edit_of_an_applied_spec_under_the_operators_name_is_refused() {
    let stage = Stage::operated("guarded").await;
    stage.apply(&[cluster("prod")]).await.unwrap();
    stage.ready(&["ecsc/prod"]).await;
    let ran = edit(stage.plane, "guarded", "prod", &[]).await;
    assert!(!ran.ok && ran.err.contains("the operator must not change spec"), "{ran:?}");
    let operator = format!("--as={USER}");
    let ran = stage.kubectl(&["label", "ecsc/prod", "team=a", &operator]).await;
    assert!(!ran.ok && ran.err.contains("the operator must not change metadata.labels"), "{ran:?}");
}
