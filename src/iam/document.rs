//! Policy documents: a feature's, and the profiles that join features.

use std::collections::BTreeMap;

use serde::Serialize;

use super::grant::{Feature, Grant};

/// The most characters of a managed policy, without white space ("IAM and AWS STS quotas").
pub const MOST_CHARACTERS: usize = 6144;

/// A policy document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    /// The language's version.
    pub version: &'static str,
    /// What is allowed.
    pub statement: Vec<Statement>,
}

/// A statement of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// Its name, once a document.
    pub sid: &'static str,
    /// `Allow`.
    pub effect: &'static str,
    /// Actions, `service:Name`.
    pub action: Vec<String>,
    /// ARNs.
    pub resource: Vec<&'static str>,
    /// Values by operator and key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub condition: BTreeMap<&'static str, BTreeMap<String, Values>>,
}

/// One value is written as itself, several as a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Values {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Policy {
    /// The document of these statements.
    pub(super) fn of(grants: impl Iterator<Item = Grant>) -> Self {
        Self { version: "2012-10-17", statement: grants.map(Grant::statement).collect() }
    }
}

impl Statement {
    pub(super) fn of(grant: Grant) -> Self {
        let mut condition = BTreeMap::<_, BTreeMap<_, _>>::new();
        for &one in grant.conditions() {
            let (operator, key, mut values) = one.parts();
            let values = match (values.pop(), values.is_empty()) {
                (Some(value), true) => Values::One(value),
                (last, _) => Values::Many(values.into_iter().chain(last).collect()),
            };
            condition.entry(operator).or_default().insert(key, values);
        }
        let resource = grant.resources().to_vec();
        Self { sid: grant.sid(), effect: "Allow", action: grant.actions(), resource, condition }
    }
}

/// Features that go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// For the modes `Observe` and `Plan`.
    ReadOnly,
    /// `EcsTaskDefinition` and `EcsService` in clusters of somebody else.
    Services,
    /// All kinds with all they can do: the part that is ECS, and its roles.
    EverythingEcs,
    /// All kinds with all they can do: the part that is not ECS.
    EverythingElse,
}

impl Profile {
    /// Every profile, from the smallest.
    pub const ALL: &'static [Self] = &[Self::ReadOnly, Self::Services, Self::EverythingEcs, Self::EverythingElse];

    /// The name of its document, without `.json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Services => "services",
            Self::EverythingEcs => "everything-ecs",
            Self::EverythingElse => "everything-else",
        }
    }

    /// What it is for, in a sentence.
    pub const fn doc(self) -> &'static str {
        match self {
            Self::ReadOnly => "All that the modes `Observe` and `Plan` need: every statement that only reads.",
            Self::Services => {
                "`EcsTaskDefinition` and `EcsService` with scaling, in clusters that somebody else manages: without adoption, server groups and other accounts."
            }
            Self::EverythingEcs => {
                "All kinds with all they can do, adoption among it: the part that is ECS, and its roles. Attach it together with `everything-else`."
            }
            Self::EverythingElse => {
                "The other part of everything: load balancers, scaling, alarms, networks and a look at roles."
            }
        }
    }

    /// Does it hold the statement?
    pub fn has(self, grant: Grant) -> bool {
        let feature = grant.feature();
        let apart = matches!(feature, Feature::Accounts | Feature::Events | Feature::ServiceLinkedRoles);
        let around = matches!(
            feature,
            Feature::LoadBalancers | Feature::Autoscaling | Feature::Alarms | Feature::Network | Feature::Roles
        );
        match self {
            Self::ReadOnly => grant.reads(),
            Self::Services => {
                let not = matches!(feature, Feature::Clusters | Feature::Tasks | Feature::Adoption);
                feature == Feature::Autoscaling || !(apart || around || not)
            }
            Self::EverythingEcs => !apart && !around,
            Self::EverythingElse => around,
        }
    }

    /// Its document.
    pub fn policy(self) -> Policy {
        Policy::of(Grant::ALL.iter().copied().filter(|&grant| self.has(grant)))
    }
}
