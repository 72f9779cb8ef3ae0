//! Cases of `AwsAccount`.

use serde_json::{Value, json};

use super::{Case, case, judge};

const ROLE: &str = "arn:aws:iam::111122223333:role/ecs-operator";

fn lists(rule: &'static str, good: Value, bad: &Value, members: &[&str]) -> Vec<Case> {
    members.iter().map(|member| case(rule, json!({ *member: good }), json!({ *member: bad }))).collect()
}

#[test]
fn every_rule_accepts_and_refuses() {
    let base = json!({ "roleArn": ROLE, "allowedNamespaces": { "names": ["shop"] } });
    let mut cases = vec![
        case(
            "must be the ARN of a role: arn:aws:iam::<account>:role/<name>",
            json!({ "roleArn": "arn:aws-cn:iam::111122223333:role/path/x" }),
            json!({ "roleArn": "arn:aws:iam::111122223333:user/x" }),
        ),
        case(
            "must be the ARN of a role that tasks can use: arn:aws:iam::<account>:role/<name>",
            json!({ "defaultExecutionRoleArn": "arn:aws:iam::111122223333:role/run" }),
            json!({ "defaultExecutionRoleArn": "run" }),
        ),
        case(
            "must be set for `externalId` and `sessionTags`, which go with a role",
            json!({ "sessionTags": "Namespace" }),
            json!({ "roleArn": null, "externalId": { "mode": "Derived" } }),
        ),
        case(
            "must be in the account of `roleArn`",
            json!({ "roleArn": null, "defaultExecutionRoleArn": "arn:aws:iam::444455556666:role/run" }),
            json!({ "defaultExecutionRoleArn": "arn:aws:iam::444455556666:role/run" }),
        ),
        case(
            "must have `value` with mode `Fixed`, and only then",
            json!({ "externalId": { "mode": "Fixed", "value": "secret-1" } }),
            json!({ "externalId": { "mode": "Fixed" } }),
        ),
        case(
            "must have `value` with mode `Fixed`, and only then",
            json!({ "externalId": { "mode": "Derived" } }),
            json!({ "externalId": { "value": "secret-1" } }),
        ),
        case(
            "must have 2 to 1224 letters, digits and `_+=,.@:/-`",
            json!({ "externalId": { "mode": "Fixed", "value": "a_+=,.@:/-1" } }),
            json!({ "externalId": { "mode": "Fixed", "value": "a b" } }),
        ),
        case(
            "must be Regions, such as eu-central-1",
            json!({ "regions": ["eu-west-1"] }),
            json!({ "regions": ["EU"] }),
        ),
        case(
            "must be among `allowedNamespaces`",
            json!({ "defaultFor": { "names": ["shop"] } }),
            json!({ "defaultFor": { "names": ["billing"] } }),
        ),
        case(
            "must be among `allowedNamespaces`",
            json!({ "defaultFor": { "names": ["x"] }, "allowedNamespaces": { "selector": { "matchLabels": { "a": "b" } } } }),
            json!({ "defaultFor": { "names": ["shop"] }, "allowedNamespaces": null }),
        ),
        case(
            "must be names of namespaces: lower-case letters, digits and hyphens",
            json!({ "allowedNamespaces": { "names": ["a-1"] } }),
            json!({ "allowedNamespaces": { "names": ["*"] } }),
        ),
        case(
            "must be names of namespaces: lower-case letters, digits and hyphens",
            json!({ "adoptionNamespaces": { "names": ["shop"] } }),
            json!({ "adoptionNamespaces": { "names": ["Shop"] } }),
        ),
        case(
            "must be account ids of twelve digits",
            json!({ "foreignAccounts": ["444455556666"] }),
            json!({ "foreignAccounts": ["4444"] }),
        ),
    ];
    cases.extend(lists(
        "must be ARNs of roles, or their beginnings followed by one `*` at the end",
        json!(["arn:aws:iam::111122223333:role/shop/*", "arn:aws:iam::111122223333:role/x"]),
        &json!(["*"]),
        &["allowedTaskRoles", "allowedExecutionRoles", "allowedInfrastructureRoles"],
    ));
    cases.extend(lists(
        "must be ARNs of roles, or their beginnings followed by one `*` at the end",
        json!(["arn:aws:iam::111122223333:role/*"]),
        &json!(["arn:aws:iam::111122223333:role/a*b"]),
        &["allowedTaskRoles"],
    ));
    cases.extend(lists(
        "must be ARNs, or their beginnings followed by one `*` at the end",
        json!(["arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/shop-*"]),
        &json!(["shop-*"]),
        &["allowedTargetGroups", "allowedListenerRules", "allowedClusters"],
    ));
    judge("AwsAccount", &base, &cases);
}
