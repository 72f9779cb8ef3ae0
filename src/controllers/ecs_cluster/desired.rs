//! What an `EcsCluster` asks for, with its dependants. Pure.

use std::collections::{BTreeMap, BTreeSet};

use kube::ResourceExt;
use serde_json::Value;

use crate::api::policy::DeletionPolicy;
use crate::api::{EcsCluster, EcsClusterSpec, EcsService};
use crate::controllers::context::{Stores, some};
use crate::controllers::document::{document, members};
use crate::controllers::facts::Facts;
use crate::controllers::kind::claimed;
use crate::controllers::refusal::{Refusal, check};
use crate::preflight;

/// What the object asks for.
#[derive(Clone, Debug)]
pub struct Desired {
    /// Name of the ECS cluster.
    pub name: String,
    /// The spec.
    pub spec: EcsClusterSpec,
    /// Its AWS members.
    pub document: Value,
    /// Names of those members.
    pub members: BTreeSet<String>,
    /// The user's tags.
    pub tags: BTreeMap<String, String>,
    /// `EcsService`s of the namespace that run in this cluster and would lose it.
    pub dependants: Vec<String>,
    refusal: Option<Refusal>,
}

impl Desired {
    /// Resolves an object against the other objects.
    pub fn resolve(object: &EcsCluster, stores: &Stores) -> Self {
        let document = document(&object.spec);
        let refers = |service: &EcsService| {
            service.spec.cluster_ref.as_ref().is_some_and(|cluster| cluster.name == object.name_any())
                && service.metadata.namespace == object.metadata.namespace
                // One that has nothing in ECS waits for us, and would for ever.
                && claimed(service)
                // A retained service stays in ECS and blocks there; the counts of the cluster tell of it.
                && service.spec.deletion_policy != Some(DeletionPolicy::Retain)
        };
        let dependants = some(&stores.services, refers).iter().map(ResourceExt::name_any).collect();
        Self {
            name: object.spec.cluster_name.clone().unwrap_or_else(|| object.name_any()),
            members: members(&document),
            document,
            tags: object.spec.tags.clone().unwrap_or_default(),
            dependants,
            refusal: check(object).or_else(|| {
                let problems: Vec<String> = preflight::cluster(&object.spec).iter().map(ToString::to_string).collect();
                Refusal::of(&problems)
            }),
            spec: object.spec.clone(),
        }
    }

    /// Why no call is made for this spec. Deletion works from what exists, whatever the spec says.
    pub fn refusal(&self, facts: &Facts) -> Option<Refusal> {
        self.refusal.clone().filter(|_| !facts.deleting)
    }
}
