//! Trust policies: who may use the operator's role, the roles it assumes, and the roles of tasks.

use serde::Serialize;
use serde_json::{Value, json};

use crate::api::names::tag;

/// A trust policy.
pub(super) struct Trust {
    /// The name of its document, without `.json`.
    pub(super) name: &'static str,
    /// Whose it is, in a sentence.
    pub(super) doc: &'static str,
    /// The document.
    pub(super) policy: Policy,
}

/// A policy document whose statements name who may.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Policy {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: &'static str,
    effect: &'static str,
    principal: Value,
    action: Vec<&'static str>,
    #[serde(skip_serializing_if = "Value::is_null")]
    condition: Value,
}

fn allow(sid: &'static str, principal: Value, action: &[&'static str], condition: Value) -> Statement {
    Statement { sid, effect: "Allow", principal, action: action.to_vec(), condition }
}

/// All of them.
pub(super) fn all() -> Vec<Trust> {
    vec![
        Trust {
            name: "irsa",
            doc: "The operator's role, given to its pods by an OIDC provider (IAM roles for service accounts).",
            policy: policy(vec![irsa()]),
        },
        Trust {
            name: "pod-identity",
            doc: "The operator's role, given to its pods by EKS Pod Identity.",
            policy: policy(vec![pod_identity()]),
        },
        Trust {
            name: "account",
            doc: "A role of an `AwsAccount`: only for the operator, and only with the external id of the namespaces listed (`<installation>:<namespace>`; a fixed one, if the account has one). The second statement is for `sessionTags: Namespace` only; it stands apart because `sts:TagSession` does not know the external id.",
            policy: policy(account()),
        },
        Trust {
            name: "task",
            doc: "Task and execution roles (`taskRoleArn`, `executionRoleArn`): ECS tasks of this account take them.",
            policy: policy(vec![tasks()]),
        },
        Trust {
            name: "infrastructure",
            doc: "Infrastructure roles (`roleArn` of volumes, listener rules and lifecycle hooks): ECS itself takes them.",
            policy: policy(vec![infrastructure()]),
        },
    ]
}

fn policy(statement: Vec<Statement>) -> Policy {
    Policy { version: "2012-10-17", statement }
}

fn irsa() -> Statement {
    let provider = json!({ "Federated": "arn:${partition}:iam::${account}:oidc-provider/${oidc_provider}" });
    let condition = json!({ "StringEquals": {
        "${oidc_provider}:aud": "sts.amazonaws.com",
        "${oidc_provider}:sub": "system:serviceaccount:${namespace}:${service_account}",
    } });
    allow("Pods", provider, &["sts:AssumeRoleWithWebIdentity"], condition)
}

fn pod_identity() -> Statement {
    let condition = json!({ "StringEquals": {
        "aws:RequestTag/kubernetes-namespace": "${namespace}",
        "aws:RequestTag/kubernetes-service-account": "${service_account}",
    } });
    let agent = json!({ "Service": "pods.eks.amazonaws.com" });
    allow("Pods", agent, &["sts:AssumeRole", "sts:TagSession"], condition)
}

fn account() -> Vec<Statement> {
    let operator = json!({ "AWS": "arn:${partition}:iam::${operator_account}:role/${operator_role}" });
    let id = json!({ "StringEquals": { "sts:ExternalId": ["${installation}:${tenant}"] } });
    let keys = json!({ "ForAllValues:StringLike": { "aws:TagKeys": format!("{}*", tag::PREFIX) } });
    vec![allow("Assume", operator.clone(), &["sts:AssumeRole"], id), allow("Tag", operator, &["sts:TagSession"], keys)]
}

/// Tasks of this account's ECS resources only.
fn tasks() -> Statement {
    let condition = json!({
        "ArnLike": { "aws:SourceArn": "arn:${partition}:ecs:${region}:${account}:*" },
        "StringEquals": { "aws:SourceAccount": "${account}" },
    });
    allow("Tasks", json!({ "Service": "ecs-tasks.amazonaws.com" }), &["sts:AssumeRole"], condition)
}

fn infrastructure() -> Statement {
    allow("Ecs", json!({ "Service": "ecs.amazonaws.com" }), &["sts:AssumeRole"], Value::Null)
}
