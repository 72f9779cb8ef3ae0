//! Which members hold ARNs, what each must name, and a walk that finds them in a document.

use serde_json::Value;

use super::arn::claims;

/// What a member's ARN must be.
pub(super) struct Expected {
    /// Name of the member, wherever it stands.
    pub(super) member: &'static str,
    /// Whether the member also takes a name or an id.
    pub(super) or_name: bool,
    /// Services and the beginning of the resource: `("ecs", "cluster/")`.
    pub(super) kinds: &'static [(&'static str, &'static str)],
    /// Whether it must be in the Region that is used.
    pub(super) same_region: bool,
    /// Whether it must be in the account that is used.
    pub(super) same_account: bool,
    /// What to write, for the remedy.
    pub(super) shape: &'static str,
}

const ROLE: &str = "arn:aws:iam::<account>:role/<name>";
const IAM: &[(&str, &str)] = &[("iam", "role/")];
const TARGET_GROUP: &[(&str, &str)] = &[("elasticloadbalancing", "targetgroup/"), ("vpc-lattice", "targetgroup/")];
const LISTENER: &[(&str, &str)] =
    &[("elasticloadbalancing", "listener-rule/"), ("elasticloadbalancing", "listener/"), ("vpc-lattice", "service/")];
/// What an alarm may set off. Other actions are done by CloudWatch in its own name, whoever asked: they stop and terminate
/// instances, or scale what belongs to others.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>
const ACTIONS: &[(&str, &str)] = &[("sns", ""), ("lambda", "function:"), ("ssm", "opsitem"), ("ssm-incidents", "")];
const KMS: &[(&str, &str)] = &[("kms", "key/"), ("kms", "alias/")];

const fn expected(
    member: &'static str,
    or_name: bool,
    kinds: &'static [(&'static str, &'static str)],
    place: (bool, bool),
    shape: &'static str,
) -> Expected {
    Expected { member, or_name, kinds, same_region: place.0, same_account: place.1, shape }
}

const BOUND: (bool, bool) = (true, true);
const REGION: (bool, bool) = (true, false);
const ACCOUNT: (bool, bool) = (false, true);
const FREE: (bool, bool) = (false, false);

/// The members of our specs that hold ARNs. A role cannot be passed across accounts; secrets,
/// parameters and functions can be used across them.
pub(super) const MEMBERS: &[Expected] = &[
    expected("taskRoleArn", true, IAM, ACCOUNT, ROLE),
    expected("executionRoleArn", true, IAM, ACCOUNT, ROLE),
    expected("role", true, IAM, ACCOUNT, ROLE),
    expected("roleArn", false, IAM, ACCOUNT, ROLE),
    expected("cluster", true, &[("ecs", "cluster/")], BOUND, "a cluster's name or ARN"),
    expected("taskDefinition", true, &[("ecs", "task-definition/")], BOUND, "family:revision or an ARN"),
    expected(
        "targetGroupArn",
        false,
        TARGET_GROUP,
        BOUND,
        "arn:aws:elasticloadbalancing:<region>:<account>:targetgroup/<name>/<id>",
    ),
    expected("alternateTargetGroupArn", false, TARGET_GROUP, BOUND, "the ARN of the second target group"),
    expected("productionListenerRule", false, LISTENER, BOUND, "the ARN of a listener rule"),
    expected("testListenerRule", false, LISTENER, BOUND, "the ARN of a listener rule"),
    expected("listenerRules", false, LISTENER, BOUND, "the ARN of a listener rule"),
    expected("alarmActions", false, ACTIONS, REGION, "the ARN of an SNS topic or a Lambda function"),
    expected("targetGroup", true, TARGET_GROUP, BOUND, "a target group's name or ARN"),
    expected("alternateTargetGroup", true, TARGET_GROUP, BOUND, "a target group's name or ARN"),
    expected("registryArn", false, &[("servicediscovery", "service/")], REGION, "the ARN of a Cloud Map service"),
    expected("hookTargetArn", false, &[("lambda", "function:")], REGION, "the ARN of a Lambda function"),
    expected(
        "credentialsParameter",
        true,
        &[("secretsmanager", "secret:"), ("ssm", "parameter/")],
        FREE,
        "the ARN of a secret",
    ),
    expected("fileSystemArn", false, &[("s3files", ""), ("elasticfilesystem", "")], REGION, "the file system's ARN"),
    expected("accessPointArn", false, &[("s3files", ""), ("elasticfilesystem", "")], REGION, "the access point's ARN"),
    expected("kmsKeyId", true, KMS, REGION, "a key's id or ARN"),
    expected("fargateEphemeralStorageKmsKeyId", true, KMS, REGION, "a key's id or ARN"),
    expected("kmsKey", true, KMS, REGION, "a key's id or ARN"),
    expected("awsPcaAuthorityArn", false, &[("acm-pca", "certificate-authority/")], REGION, "the authority's ARN"),
    expected("namespace", true, &[("servicediscovery", "namespace/")], REGION, "a namespace's name or ARN"),
    expected("valueFrom", true, &[("secretsmanager", "secret:"), ("ssm", "parameter/")], FREE, "the secret's ARN"),
];

/// Members below which text is the user's own and never an ARN for ECS.
const OWN_TEXT: &[&str] =
    &["environment", "dockerLabels", "options", "driverOpts", "labels", "tags", "hookDetails", "systemControls"];

/// Calls `visit` with path, rule and text of every member that holds an ARN.
pub(super) fn each(document: &Value, visit: &mut impl FnMut(&str, &'static Expected, &str)) {
    every(document, &mut |path, rule, text| {
        if let Some(rule) = rule {
            visit(path, rule, text);
        }
    });
}

/// As [`each`], and with every other text that claims to be an ARN, for which there is no rule.
pub(super) fn every(document: &Value, visit: &mut impl FnMut(&str, Option<&'static Expected>, &str)) {
    walk(document, "", visit);
}

fn walk(value: &Value, path: &str, visit: &mut impl FnMut(&str, Option<&'static Expected>, &str)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter().filter(|(name, _)| !OWN_TEXT.contains(&name.as_str())) {
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let rule = MEMBERS.iter().find(|expected| expected.member == name);
                match (rule, member) {
                    (Some(rule), Value::String(text)) => visit(&below, Some(rule), text),
                    (Some(rule), Value::Array(items)) if items.iter().all(Value::is_string) => {
                        items.iter().filter_map(Value::as_str).for_each(|text| visit(&below, Some(rule), text));
                    }
                    _ => walk(member, &below, visit),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let label = item.get("name").and_then(Value::as_str).map_or_else(|| index.to_string(), str::to_owned);
                walk(item, &format!("{path}[{label}]"), visit);
            }
        }
        Value::String(text) if claims(text) => visit(path, None, text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
