//! Which objects a change of another wakes.
//!
//! The wake is sent when the changed object's own pass begins or ends. By then the store that its dependants read
//! holds the change; a second watch on it could wake them before that, and they would see the old state and sleep on.

use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use kube::ResourceExt;
use kube::api::ObjectMeta;
use kube::core::DeserializeGuard;
use kube::runtime::reflector::ObjectRef;

use crate::api::condition::{ConditionType, is_true};
use crate::api::status::Status;
use crate::api::{AwsAccount, EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use crate::controllers::context::{StoreOf, Stores, some};
use crate::controllers::kind::{Kind, Namespaced};
use crate::controllers::sweep::Name;

/// An object, as its controller names it.
pub type Ref<K> = ObjectRef<DeserializeGuard<K>>;

/// Wakes objects whose neighbours changed.
#[derive(Clone, Debug)]
pub struct Wakes {
    accounts: UnboundedSender<Ref<AwsAccount>>,
    clusters: UnboundedSender<Ref<EcsCluster>>,
    task_definitions: UnboundedSender<Ref<EcsTaskDefinition>>,
    services: UnboundedSender<Ref<EcsService>>,
    server_groups: UnboundedSender<Ref<ServerGroup>>,
}

/// What was woken.
#[derive(Debug)]
pub struct Woken {
    /// Accounts that an object let go of, or cannot use.
    pub accounts: UnboundedReceiver<Ref<AwsAccount>>,
    /// Clusters whose services changed.
    pub clusters: UnboundedReceiver<Ref<EcsCluster>>,
    /// Task definitions that a service let go of.
    pub task_definitions: UnboundedReceiver<Ref<EcsTaskDefinition>>,
    /// Services whose references changed.
    pub services: UnboundedReceiver<Ref<EcsService>>,
    /// Server groups whose cluster or versions changed.
    pub server_groups: UnboundedReceiver<Ref<ServerGroup>>,
}

impl Wakes {
    /// A sender of wakes, and what it wakes.
    #[must_use]
    pub fn new() -> (Self, Woken) {
        let (accounts, woken_accounts) = unbounded();
        let (clusters, woken_clusters) = unbounded();
        let (task_definitions, woken_definitions) = unbounded();
        let (services, woken_services) = unbounded();
        let (server_groups, woken_groups) = unbounded();
        let woken = Woken {
            accounts: woken_accounts,
            clusters: woken_clusters,
            task_definitions: woken_definitions,
            services: woken_services,
            server_groups: woken_groups,
        };
        (Self { accounts, clusters, task_definitions, services, server_groups }, woken)
    }

    /// An object of this kind changed: services that refer to it look again, and the group that owns it.
    pub fn changed<K: Kind>(&self, metadata: &ObjectMeta, stores: &Stores) {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let name = metadata.name.as_deref().unwrap_or_default();
        for service in dependants(K::KIND, namespace, name, stores) {
            // Nobody listens any more: the process is stopping.
            let _ = self.services.unbounded_send(service);
        }
        let groups =
            metadata.owner_references.iter().flatten().filter(|owner| owner.kind == <ServerGroup as Kind>::KIND);
        for group in groups {
            let _ = self.server_groups.unbounded_send(ObjectRef::new(&group.name).within(namespace));
        }
        if K::KIND == <EcsCluster as Kind>::KIND {
            let refers = |group: &ServerGroup| {
                group.metadata.namespace.as_deref() == Some(namespace)
                    && group.spec.cluster_ref.as_ref().is_some_and(|cluster| cluster.name == name)
            };
            for group in some(&stores.server_groups, refers) {
                let _ = self.server_groups.unbounded_send(ObjectRef::new(&group.name_any()).within(namespace));
            }
        }
    }

    /// The mode of a group changed: the objects of its versions that do not follow it yet look again.
    pub fn narrowed(&self, service: Option<&EcsService>, definition: Option<&EcsTaskDefinition>) {
        let namespace = |metadata: &ObjectMeta| metadata.namespace.clone().unwrap_or_default();
        if let Some(service) = service {
            let name = ObjectRef::new(&service.name_any()).within(&namespace(&service.metadata));
            let _ = self.services.unbounded_send(name);
        }
        if let Some(definition) = definition {
            let name = ObjectRef::new(&definition.name_any()).within(&namespace(&definition.metadata));
            let _ = self.task_definitions.unbounded_send(name);
        }
    }

    /// An object at rest is to look again.
    pub fn look_again(&self, (kind, namespace, name): &Name) {
        match *kind {
            <EcsCluster as Kind>::KIND => again(&self.clusters, namespace, name),
            <EcsTaskDefinition as Kind>::KIND => again(&self.task_definitions, namespace, name),
            <ServerGroup as Kind>::KIND => again(&self.server_groups, namespace, name),
            _ => again(&self.services, namespace, name),
        }
    }

    /// An account is to look again.
    pub fn account(&self, name: &str) {
        let _ = self.accounts.unbounded_send(ObjectRef::new(name));
    }

    /// An account changed: objects that use it, name it, or are in none yet look again. Of an account that was `first`
    /// seen just now, those that are not ready.
    pub fn account_changed(&self, account: &str, first: bool, stores: &Stores) {
        concerned(&stores.clusters, account, first, &self.clusters);
        concerned(&stores.task_definitions, account, first, &self.task_definitions);
        concerned(&stores.services, account, first, &self.services);
        concerned(&stores.server_groups, account, first, &self.server_groups);
    }

    /// A `ConfigMap` changed: groups whose artifact stands in it look again.
    pub fn document_changed(&self, metadata: &ObjectMeta, stores: &Stores) {
        let reads = |group: &ServerGroup| {
            let artifact = group.spec.template.as_ref().and_then(|template| template.artifact.as_ref());
            let named = artifact.and_then(|artifact| artifact.config_map_key_ref.as_ref()?.name.as_ref());
            named.is_some() && named == metadata.name.as_ref() && group.metadata.namespace == metadata.namespace
        };
        for group in some(&stores.server_groups, reads) {
            let namespace = metadata.namespace.as_deref().unwrap_or_default();
            let _ = self.server_groups.unbounded_send(ObjectRef::new(&group.name_any()).within(namespace));
        }
    }

    /// A service came to another state, or left: what it refers to counts anew, or can go too.
    pub fn settled(&self, namespace: &str, service: &EcsService) {
        if let Some(cluster) = &service.spec.cluster_ref {
            let _ = self.clusters.unbounded_send(ObjectRef::new(&cluster.name).within(namespace));
        }
        if let Some(definition) = &service.spec.task_definition_ref {
            let _ = self.task_definitions.unbounded_send(ObjectRef::new(&definition.name).within(namespace));
        }
    }
}

fn again<K: Namespaced>(wake: &UnboundedSender<Ref<K>>, namespace: &str, name: &str) {
    // Nobody listens any more: the process is stopping.
    let _ = wake.unbounded_send(ObjectRef::new(name).within(namespace));
}

/// Wakes the objects of one kind that an account concerns.
fn concerned<K: Kind>(store: &StoreOf<K>, account: &str, first: bool, wake: &UnboundedSender<Ref<K>>) {
    let concerns = |object: &K| {
        let common = object.status().map(Status::common).unwrap_or_default();
        let uses = match &common.account {
            Some(recorded) => recorded.name.as_deref() == Some(account),
            None => true,
        };
        let named = object.policies().account.as_deref() == Some(account) || object.beside() == Some(account);
        (uses || named) && !(first && is_true(&common.conditions, ConditionType::Ready))
    };
    for object in some(store, concerns) {
        let namespace = object.namespace().unwrap_or_default();
        let _ = wake.unbounded_send(ObjectRef::new(&object.name_any()).within(&namespace));
    }
}

/// Services of the namespace that refer to an object.
#[must_use]
pub fn dependants(kind: &str, namespace: &str, name: &str, stores: &Stores) -> Vec<Ref<EcsService>> {
    if kind == <EcsService as Kind>::KIND {
        return Vec::new();
    }
    let refers = |service: &EcsService| {
        let reference = match kind {
            <EcsCluster as Kind>::KIND => &service.spec.cluster_ref,
            <EcsTaskDefinition as Kind>::KIND => &service.spec.task_definition_ref,
            _ => return false,
        };
        reference.as_ref().is_some_and(|to| to.name == name)
    };
    let here = |service: &EcsService| service.metadata.namespace.as_deref() == Some(namespace);
    some(&stores.services, |service| here(service) && refers(service))
        .iter()
        .map(|service| ObjectRef::new(&service.name_any()).within(namespace))
        .collect()
}
