//! The kinds that documents become: members, read-only members and other names of members.

use std::fmt;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::api::ecs_cluster::EcsClusterSpec;
use crate::api::ecs_service::EcsServiceSpec;
use crate::api::ecs_task_definition::EcsTaskDefinitionSpec;

/// Group and version of our kinds.
pub(crate) const API_VERSION: &str = "ecs-operator.dev/v1alpha1";

/// A kind of ours that a document can become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `EcsTaskDefinition`
    TaskDefinition,
    /// `EcsService`
    Service,
    /// `EcsCluster`
    Cluster,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::TaskDefinition, Self::Service, Self::Cluster];

    /// The kind as it stands in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TaskDefinition => "EcsTaskDefinition",
            Self::Service => "EcsService",
            Self::Cluster => "EcsCluster",
        }
    }

    /// The kind of this name, ours or that of ACK, Crossplane and `CloudFormation`.
    pub(super) fn parse(word: &str) -> Option<Self> {
        match word.rsplit("::").next()? {
            "EcsTaskDefinition" | "TaskDefinition" => Some(Self::TaskDefinition),
            "EcsService" | "Service" => Some(Self::Service),
            "EcsCluster" | "Cluster" => Some(Self::Cluster),
            _ => None,
        }
    }

    /// Members of the spec.
    pub(super) fn members(self) -> &'static [&'static str] {
        match self {
            Self::TaskDefinition => EcsTaskDefinitionSpec::MEMBERS,
            Self::Service => EcsServiceSpec::MEMBERS,
            Self::Cluster => EcsClusterSpec::MEMBERS,
        }
    }

    /// The member that holds the name in ECS.
    pub(crate) fn name_member(self) -> &'static str {
        match self {
            Self::TaskDefinition => "family",
            Self::Service => "serviceName",
            Self::Cluster => "clusterName",
        }
    }

    /// Schema of the spec, with every shape in its place.
    pub(super) fn schema(self) -> Value {
        let mut generator =
            SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true).into_generator();
        let schema = match self {
            Self::TaskDefinition => generator.root_schema_for::<EcsTaskDefinitionSpec>(),
            Self::Service => generator.root_schema_for::<EcsServiceSpec>(),
            Self::Cluster => generator.root_schema_for::<EcsClusterSpec>(),
        };
        schema.to_value()
    }

    /// Other names under which a member is published: `service` in `UpdateService`, ARNs in answers.
    pub(super) fn aliases(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::TaskDefinition | Self::Cluster => &[],
            Self::Service => &[("service", "serviceName"), ("clusterArn", "cluster")],
        }
    }

    /// Members of answers and of single calls, which are no part of what is wanted.
    pub(super) fn read_only(self) -> &'static [&'static str] {
        match self {
            Self::TaskDefinition => &[
                "taskDefinitionArn",
                "revision",
                "status",
                "requiresAttributes",
                "compatibilities",
                "registeredAt",
                "registeredBy",
                "deregisteredAt",
                "deleteRequestedAt",
            ],
            Self::Service => &[
                "serviceArn",
                "status",
                "runningCount",
                "pendingCount",
                "deployments",
                "taskSets",
                "events",
                "createdAt",
                "createdBy",
                "roleArn",
                "platformFamily",
                "currentServiceDeployment",
                "currentServiceRevisions",
                "resourceManagementType",
                "forceNewDeployment",
                "clientToken",
            ],
            Self::Cluster => &[
                "clusterArn",
                "status",
                "registeredContainerInstancesCount",
                "runningTasksCount",
                "pendingTasksCount",
                "activeServicesCount",
                "statistics",
                "attachments",
                "attachmentsStatus",
            ],
        }
    }

    /// Members only an answer has, which tell the kind.
    pub(super) fn knows(self, key: &str) -> bool {
        let same = |name: &str| name.eq_ignore_ascii_case(key);
        self.members().iter().any(|name| same(name))
            || self.read_only().iter().any(|name| same(name))
            || self.aliases().iter().any(|(name, _)| same(name))
    }
}

/// A name in ECS as an object's name: lower case, digits, `-` and `.`.
pub(crate) fn object_name(name: &str) -> String {
    let folded: String = name
        .chars()
        .map(|c| c.to_ascii_lowercase())
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' })
        .take(253)
        .collect();
    folded.trim_matches('-').to_owned()
}
