//! What a spec may name in its account: roles, target groups, rules, clusters, ARNs, adoption. Pure.

use serde_json::Value;

use super::known::Known;
use super::place::{Ambient, Place, Refused};
use crate::api::condition::Reason;
use crate::preflight::{self, Foreign};

/// What may be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Everything.
    Any,
    /// These ARNs, and what begins like those that end in `*`.
    Only(Vec<String>),
}

impl Allowed {
    fn own(list: &[String]) -> Self {
        if list.iter().any(|entry| entry == "*") { Self::Any } else { Self::Only(list.to_vec()) }
    }

    /// Is the ARN among them?
    #[must_use]
    pub fn has(&self, arn: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only(list) => list.iter().any(|entry| match entry.strip_suffix('*') {
                Some(prefix) => arn.starts_with(prefix),
                None => arn == entry,
            }),
        }
    }
}

/// What a spec may name in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restrictions {
    /// Task roles.
    pub task_roles: Allowed,
    /// Execution roles.
    pub execution_roles: Allowed,
    /// Roles for volumes, load balancers and hooks.
    pub infrastructure_roles: Allowed,
    /// Target groups.
    pub target_groups: Allowed,
    /// Listeners and rules.
    pub listener_rules: Allowed,
    /// Clusters.
    pub clusters: Allowed,
    /// Accounts whose ARNs may be named besides; `None` = wherever AWS lets one.
    pub foreign: Option<Vec<String>>,
    /// May the namespace take over what nobody owns?
    pub adoption: bool,
}

impl Restrictions {
    /// Those of the operator's own identity.
    #[must_use]
    pub fn of_own(own: &Ambient) -> Self {
        Self {
            task_roles: Allowed::own(&own.task_roles),
            execution_roles: Allowed::own(&own.execution_roles),
            infrastructure_roles: Allowed::Any,
            target_groups: Allowed::Any,
            listener_rules: Allowed::Any,
            clusters: Allowed::Any,
            foreign: None,
            adoption: true,
        }
    }

    /// Those of an account for a namespace.
    #[must_use]
    pub fn of(known: &Known, namespace: &str) -> Self {
        let spec = &known.spec;
        let none = |list: &Option<Vec<String>>| Allowed::Only(list.clone().unwrap_or_default());
        let any = |list: &Option<Vec<String>>| list.clone().map_or(Allowed::Any, Allowed::Only);
        let mut execution_roles = spec.allowed_execution_roles.clone().unwrap_or_default();
        execution_roles.extend(spec.default_execution_role_arn.clone());
        Self {
            task_roles: none(&spec.allowed_task_roles),
            execution_roles: Allowed::Only(execution_roles),
            infrastructure_roles: none(&spec.allowed_infrastructure_roles),
            target_groups: any(&spec.allowed_target_groups),
            listener_rules: any(&spec.allowed_listener_rules),
            clusters: any(&spec.allowed_clusters),
            foreign: Some(spec.foreign_accounts.clone().unwrap_or_default()),
            adoption: spec
                .adoption_namespaces
                .iter()
                .flat_map(|given| given.names.iter().flatten())
                .any(|n| n == namespace),
        }
    }

    /// Do roles of tasks matter?
    #[must_use]
    pub fn limits_tasks(&self) -> bool {
        self.task_roles != Allowed::Any || self.execution_roles != Allowed::Any
    }
}

/// What is named in a document, and the list it must be on.
struct Named<'a> {
    path: String,
    list: &'static str,
    allowed: &'a Allowed,
    reason: Reason,
    arn: String,
}

/// Why the members of a spec cannot be used in a place; `cluster` = name of the cluster that would be made.
pub fn check(spec: &Value, cluster: Option<&str>, place: &Place) -> Option<Refused> {
    let foreign = match &place.restrictions.foreign {
        None => Foreign::Usual,
        Some(accounts) => Foreign::Only(accounts),
    };
    let problems = preflight::arns(spec, place.id.as_deref(), &place.region, foreign);
    if let Some(refusal) =
        crate::controllers::refusal::Refusal::of(&problems.iter().map(ToString::to_string).collect::<Vec<_>>())
    {
        return Some(Refused::Stuck(Reason::InvalidSpec, refusal.message));
    }
    let mut named = Vec::new();
    walk(spec, "", "", place, &mut named);
    if let Some(cluster) = cluster {
        named.push(Named {
            path: "clusterName".to_owned(),
            list: "allowedClusters",
            allowed: &place.restrictions.clusters,
            reason: Reason::AccountNotAllowed,
            arn: cluster_arn(cluster, place),
        });
    }
    named.into_iter().find(|named| !named.allowed.has(&named.arn)).map(|named| refused(&named, place))
}

fn refused(named: &Named<'_>, place: &Place) -> Refused {
    let (who, list) = if let Some(account) = &place.account {
        (format!("AwsAccount `{account}`"), format!("its `spec.{}`", named.list))
    } else {
        let flag = if named.list == "allowedTaskRoles" { "TASK" } else { "EXECUTION" };
        ("the operator".to_owned(), format!("ECS_OPERATOR_AMBIENT_{flag}_ROLES"))
    };
    Refused::Stuck(
        named.reason,
        format!("`{}`: {who} does not allow {}; an admin has to add it to {list}", named.path, named.arn),
    )
}

/// Members below which text is the user's own.
const OWN_TEXT: &[&str] = &["environment", "dockerLabels", "tags", "hookDetails", "options"];

fn walk<'a>(value: &Value, member: &str, path: &str, place: &'a Place, found: &mut Vec<Named<'a>>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(name, _)| !OWN_TEXT.contains(&name.as_str())) {
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                walk(value, name, &below, place, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, member, path, place, found)),
        Value::String(text) => found.extend(named(member, path, text, place)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn named<'a>(member: &str, path: &str, text: &str, place: &'a Place) -> Option<Named<'a>> {
    let may = &place.restrictions;
    let is_arn = text.starts_with("arn:");
    let (list, allowed, reason) = match member {
        "taskRoleArn" => ("allowedTaskRoles", &may.task_roles, Reason::RoleNotAllowed),
        "executionRoleArn" => ("allowedExecutionRoles", &may.execution_roles, Reason::RoleNotAllowed),
        "role" | "roleArn" => ("allowedInfrastructureRoles", &may.infrastructure_roles, Reason::RoleNotAllowed),
        "targetGroupArn" | "alternateTargetGroupArn" | "targetGroup" | "alternateTargetGroup" if is_arn => {
            ("allowedTargetGroups", &may.target_groups, Reason::AccountNotAllowed)
        }
        "productionListenerRule" | "testListenerRule" | "listenerRules" if is_arn => {
            ("allowedListenerRules", &may.listener_rules, Reason::AccountNotAllowed)
        }
        "loadBalancerName" => ("allowedTargetGroups", &may.target_groups, Reason::AccountNotAllowed),
        "cluster" => ("allowedClusters", &may.clusters, Reason::AccountNotAllowed),
        _ => return None,
    };
    let arn = match member {
        "cluster" => cluster_arn(text, place),
        // A Classic Load Balancer is named, and is not on a list of target groups unless somebody put it there.
        "loadBalancerName" => balancer_arn(text, place),
        _ if is_arn || reason != Reason::RoleNotAllowed => text.to_owned(),
        // ECS takes the bare name of a role too.
        _ => format!("arn:{}:iam::{}:role/{text}", preflight::partition(&place.region), id(place)),
    };
    Some(Named { path: path.to_owned(), list, allowed, reason, arn })
}

fn cluster_arn(name: &str, place: &Place) -> String {
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    format!("arn:{}:ecs:{}:{}:cluster/{name}", preflight::partition(&place.region), place.region, id(place))
}

fn balancer_arn(name: &str, place: &Place) -> String {
    let (partition, region) = (preflight::partition(&place.region), &place.region);
    format!("arn:{partition}:elasticloadbalancing:{region}:{}:loadbalancer/{name}", id(place))
}

fn id(place: &Place) -> &str {
    place.id.as_deref().unwrap_or_default()
}

/// Why the roles of a task definition that exists cannot be used in a place.
pub(super) fn check_roles(task: Option<&str>, execution: Option<&str>, what: &str, place: &Place) -> Option<Refused> {
    let given = [("taskRoleArn", task), ("executionRoleArn", execution)];
    let found =
        given.into_iter().filter_map(|(member, role)| named(member, &format!("{what}: {member}"), role?, place));
    found.into_iter().find(|named| !named.allowed.has(&named.arn)).map(|named| refused(&named, place))
}
