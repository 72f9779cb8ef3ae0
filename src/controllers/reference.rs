//! What a reference of a spec leads to. Pure.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{Resource as _, ResourceExt};

use crate::api::condition::{ConditionType, find as find_condition, is_true};
use crate::api::reference::LocalRef;
use crate::controllers::context::{Found, Stores, find};

/// What a reference leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// The name or ARN to use.
    Is(String),
    /// Not ready; the text says what is waited for.
    Waits(String),
    /// The spec names none.
    Unset,
}

impl Reference {
    /// What to use, if it is known.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Is(value) => Some(value),
            Self::Waits(_) | Self::Unset => None,
        }
    }
}

/// The cluster that `clusterRef` or `cluster` names, and the Region of the referred object. What `exists` already goes
/// on while its cluster is being changed.
pub fn cluster(
    reference: Option<&LocalRef>,
    named: Option<&str>,
    stores: &Stores,
    namespace: &str,
    exists: bool,
) -> (Reference, Option<String>) {
    let Some(reference) = reference else {
        return (named.map_or(Reference::Unset, |name| Reference::Is(name.to_owned())), None);
    };
    let name = &reference.name;
    let object = match find(&stores.clusters, namespace, name) {
        Found::Absent => return (Reference::Waits(format!("EcsCluster `{name}` does not exist yet")), None),
        Found::Undecodable(why) => {
            return (Reference::Waits(format!("EcsCluster `{name}` cannot be read: {why}")), None);
        }
        Found::Object(object) => object,
    };
    let status = object.status.clone().unwrap_or_default();
    let region = status.account.as_ref().and_then(|account| account.region.clone()).or(object.spec.region.clone());
    let current = status.observed_generation == object.meta().generation;
    let ready = exists || (current && is_true(&status.conditions, ConditionType::Ready));
    match status.arn {
        Some(arn) if ready => (Reference::Is(arn), region),
        _ => (Reference::Waits(waiting("EcsCluster", name, &status.conditions)), region),
    }
}

/// The cluster by which a thing is looked for that is being deleted: its ARN, or the name that it bears in ECS, whether it
/// is ready, being changed or being deleted itself.
#[must_use]
pub fn last_cluster(reference: &LocalRef, stores: &Stores, namespace: &str) -> Option<String> {
    let Found::Object(object) = find(&stores.clusters, namespace, &reference.name) else { return None };
    let status = object.status.clone().unwrap_or_default();
    let name = || object.spec.cluster_name.clone().unwrap_or_else(|| object.name_any());
    Some(status.arn.or(status.cluster_name).unwrap_or_else(name))
}

/// What is said of an object that is not ready.
#[must_use]
pub fn waiting(kind: &str, name: &str, conditions: &[Condition]) -> String {
    match find_condition(conditions, ConditionType::Stalled).filter(|stalled| stalled.status == "True") {
        Some(stalled) => format!("{kind} `{name}` is stalled ({}): {}", stalled.reason, stalled.message),
        None => format!("{kind} `{name}` is not ready yet"),
    }
}
