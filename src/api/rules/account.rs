//! Rules of `AwsAccount`.

use super::Rule;

/// Exact ARNs of roles, or prefixes that name the account.
macro_rules! roles {
    ($path:literal) => {
        Rule::new(
            $path,
            "self.all(r, r.matches('^arn:aws[a-z-]*:iam::[0-9]{12}:role/[^*]*[*]?$'))",
            "must be ARNs of roles, or their beginnings followed by one `*` at the end",
        )
    };
}

/// Exact ARNs, or prefixes that name the service.
macro_rules! arns {
    ($path:literal) => {
        Rule::new(
            $path,
            "self.all(r, r.matches('^arn:aws[a-z-]*:[a-z0-9-]+:[^*]*[*]?$'))",
            "must be ARNs, or their beginnings followed by one `*` at the end",
        )
    };
}

/// Names of namespaces.
macro_rules! namespaces {
    ($path:literal) => {
        Rule::new(
            $path,
            "self.all(n, n.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?$'))",
            "must be names of namespaces: lower-case letters, digits and hyphens",
        )
    };
}

/// All rules.
pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "spec.roleArn",
        "self.matches('^arn:aws[a-z-]*:iam::[0-9]{12}:role/[a-zA-Z0-9_+=,.@/-]+$')",
        "must be the ARN of a role: arn:aws:iam::<account>:role/<name>",
    ),
    Rule::new(
        "spec.defaultExecutionRoleArn",
        "self.matches('^arn:aws[a-z-]*:iam::[0-9]{12}:role/[a-zA-Z0-9_+=,.@/-]+$')",
        "must be the ARN of a role that tasks can use: arn:aws:iam::<account>:role/<name>",
    ),
    Rule::new(
        "spec",
        "has(self.roleArn) || (!has(self.externalId) && !has(self.sessionTags))",
        "must be set for `externalId` and `sessionTags`, which go with a role",
    )
    .at(".roleArn")
    .requires(),
    Rule::new(
        "spec",
        "!has(self.roleArn) || !has(self.defaultExecutionRoleArn) || self.roleArn.split(':')[4] == self.defaultExecutionRoleArn.split(':')[4]",
        "must be in the account of `roleArn`",
    )
    .at(".defaultExecutionRoleArn"),
    Rule::new(
        "spec.externalId",
        "has(self.value) == (has(self.mode) && self.mode == 'Fixed')",
        "must have `value` with mode `Fixed`, and only then",
    )
    .at(".value"),
    Rule::new(
        "spec.externalId.value",
        "self.size() >= 2 && self.matches('^[a-zA-Z0-9_+=,.@:/-]+$')",
        "must have 2 to 1224 letters, digits and `_+=,.@:/-`",
    ),
    Rule::new(
        "spec.regions",
        "self.all(r, r.matches('^[a-z0-9-]+$'))",
        "must be Regions, such as eu-central-1",
    ),
    Rule::new(
        "spec",
        "!has(self.defaultFor) || !has(self.defaultFor.names) || (has(self.allowedNamespaces) && (has(self.allowedNamespaces.selector) || (has(self.allowedNamespaces.names) && self.defaultFor.names.all(n, n in self.allowedNamespaces.names))))",
        "must be among `allowedNamespaces`",
    )
    .at(".defaultFor"),
    namespaces!("spec.allowedNamespaces.names"),
    namespaces!("spec.defaultFor.names"),
    namespaces!("spec.adoptionNamespaces.names"),
    Rule::new(
        "spec.foreignAccounts",
        "self.all(a, a.matches('^[0-9]{12}$'))",
        "must be account ids of twelve digits",
    ),
    roles!("spec.allowedTaskRoles"),
    roles!("spec.allowedExecutionRoles"),
    roles!("spec.allowedInfrastructureRoles"),
    arns!("spec.allowedTargetGroups"),
    arns!("spec.allowedListenerRules"),
    arns!("spec.allowedClusters"),
];
