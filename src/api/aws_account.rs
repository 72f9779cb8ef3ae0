//! `AwsAccount`: an AWS account the operator may act in, and who may have it act there.

use std::collections::BTreeMap;

use kube::CustomResource;

use super::mirror::shape;
use super::policy::{ManagementMode, choice};
use super::status::AwsAccountStatus;

choice! {
    /// Where the external id comes from that the operator gives when it assumes the role.
    ExternalIdMode {
        /// `<installation id>:<namespace>`: no secret, but no tenant can choose it.
        #[default]
        Derived,
        /// The text in `value`, the same for all namespaces.
        Fixed,
    }
}

choice! {
    /// Which tags a session of the role carries.
    SessionTags {
        /// None.
        #[default]
        None,
        /// Installation and namespace; the role must allow `sts:TagSession`.
        Namespace,
    }
}

shape! {
    /// An AWS account, its role, and what namespaces may do with it. Written by admins.
    #[derive(CustomResource)]
    #[kube(
        group = "ecs-operator.dev",
        version = "v1alpha1",
        kind = "AwsAccount",
        plural = "awsaccounts",
        shortname = "ecsacct",
        category = "ecs",
        status = "AwsAccountStatus",
        derive = "PartialEq",
        doc = "One AWS account the operator may act in: the role it assumes, and which namespaces may use it for what."
    )]
    AwsAccountSpec {
        /// Role to assume; the operator's own identity when absent.
        role_arn: String,
        /// External id given with the role; derived from installation and namespace when absent.
        external_id: ExternalId,
        /// AWS Regions that may be used; the first is the default. When absent, only the operator's own.
        regions: Vec<String>,
        /// Execution role of task definitions that name none.
        default_execution_role_arn: String,
        /// Namespaces whose objects may use the account; nobody when absent.
        allowed_namespaces: NamespaceSelection,
        /// Namespaces whose objects use the account without naming it; they must also be allowed.
        default_for: NamespaceSelection,
        /// Task roles that may be named: ARNs, or prefixes ending in `*`. None when absent.
        allowed_task_roles: Vec<String>,
        /// Execution roles that may be named: ARNs, or prefixes ending in `*`. None when absent.
        allowed_execution_roles: Vec<String>,
        /// Roles for volumes, load balancers and hooks that may be named: ARNs, or prefixes ending in `*`. None when absent.
        allowed_infrastructure_roles: Vec<String>,
        /// Target groups that may be named: ARNs, or prefixes ending in `*`. Any of the account when absent.
        allowed_target_groups: Vec<String>,
        /// Listeners and rules that may be named: ARNs, or prefixes ending in `*`. Any of the account when absent.
        allowed_listener_rules: Vec<String>,
        /// Clusters that may be made, or named without an `EcsCluster`: ARNs, or prefixes ending in `*`. Any when absent.
        allowed_clusters: Vec<String>,
        /// Namespaces that may say `adoptionPolicy: Always`; nobody when absent.
        adoption_namespaces: NamespaceNames,
        /// Ids of other accounts whose ARNs may stand in specs, for instance those of shared secrets.
        foreign_accounts: Vec<String>,
        /// Tags of the role's sessions: `None` (the default) or `Namespace`.
        session_tags: SessionTags,
        /// The most that objects may have done in the account: `Manage` (the default), `Plan` or `Observe`.
        management_mode: ManagementMode,
        /// Part of each request quota of the account used at most; the operator's own share when absent.
        aws_quota_share: f64,
    }
}

shape! {
    /// What the operator gives as external id when it assumes the role.
    #[derive(Eq)]
    ExternalId {
        /// `Derived` (the default) or `Fixed`.
        mode: ExternalIdMode,
        /// The external id, with mode `Fixed`.
        value: String,
    }
}

shape! {
    /// Namespaces by name.
    #[derive(Eq)]
    NamespaceNames {
        /// Names of namespaces.
        names: Vec<String>,
    }
}

shape! {
    /// Namespaces by name or by label. A selector trusts whoever may label namespaces.
    #[derive(Eq)]
    NamespaceSelection {
        /// Names of namespaces.
        names: Vec<String>,
        /// Labels of namespaces.
        selector: NamespaceSelector,
    }
}

shape! {
    /// A label selector over namespaces. One that says nothing selects none.
    #[derive(Eq)]
    NamespaceSelector {
        /// Labels that a namespace must have.
        match_labels: BTreeMap<String, String>,
        /// Conditions that the labels of a namespace must meet.
        match_expressions: Vec<LabelCondition>,
    }
}

shape! {
    /// A condition on one label.
    #[derive(Eq)]
    LabelCondition {
        /// Key of the label.
        key (required): String,
        /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
        operator (required): LabelOperator,
        /// Values, for `In` and `NotIn`.
        values: Vec<String>,
    }
}

choice! {
    /// How a label is compared.
    LabelOperator {
        /// Its value is one of the values.
        #[default]
        In,
        /// It is absent, or its value is none of the values.
        NotIn,
        /// It is there.
        Exists,
        /// It is absent.
        DoesNotExist,
    }
}

impl NamespaceSelector {
    /// Does it ask for anything?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.match_labels.as_ref().is_none_or(BTreeMap::is_empty)
            && self.match_expressions.as_ref().is_none_or(Vec::is_empty)
    }

    /// Does a namespace with these labels meet it? One that says nothing selects none.
    #[must_use]
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let equal = self.match_labels.iter().flatten().all(|(key, value)| labels.get(key) == Some(value));
        let met = |condition: &LabelCondition| {
            let label = labels.get(condition.key.as_deref().unwrap_or_default());
            let listed = label.is_some_and(|label| condition.values.iter().flatten().any(|value| value == label));
            match condition.operator.unwrap_or_default() {
                LabelOperator::In => listed,
                LabelOperator::NotIn => !listed,
                LabelOperator::Exists => label.is_some(),
                LabelOperator::DoesNotExist => label.is_none(),
            }
        };
        !self.is_empty() && equal && self.match_expressions.iter().flatten().all(met)
    }
}

impl NamespaceSelection {
    /// Is the namespace listed by name?
    #[must_use]
    pub fn names(&self, namespace: &str) -> bool {
        self.names.iter().flatten().any(|name| name == namespace)
    }
}

impl AwsAccountSpec {
    /// Does anything depend on the labels of namespaces?
    #[must_use]
    pub fn selects(&self) -> bool {
        [&self.allowed_namespaces, &self.default_for]
            .into_iter()
            .flatten()
            .any(|selection| selection.selector.as_ref().is_some_and(|selector| !selector.is_empty()))
    }
}
