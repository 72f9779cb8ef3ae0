//! Which objects a change of another wakes.
//!
//! The wake is sent when the changed object's own pass begins. By then the store that its dependants read holds
//! the change; a second watch on it could wake them before that, and they would see the old state and go to sleep.

use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use kube::ResourceExt;
use kube::core::DeserializeGuard;
use kube::runtime::reflector::ObjectRef;

use crate::api::{EcsCluster, EcsService, EcsTaskDefinition};
use crate::controllers::context::{Stores, all};
use crate::controllers::kind::Kind;

/// A service, as a controller names it.
pub type ServiceRef = ObjectRef<DeserializeGuard<EcsService>>;

/// Wakes services whose references changed.
#[derive(Clone, Debug)]
pub struct Wakes {
    services: UnboundedSender<ServiceRef>,
}

impl Wakes {
    /// A sender of wakes, and what it wakes.
    #[must_use]
    pub fn new() -> (Self, UnboundedReceiver<ServiceRef>) {
        let (services, woken) = unbounded();
        (Self { services }, woken)
    }

    /// An object of this kind changed.
    pub fn changed<K: Kind>(&self, namespace: &str, name: &str, stores: &Stores) {
        for service in dependants(K::KIND, namespace, name, stores) {
            // Nobody listens any more: the process is stopping.
            let _ = self.services.unbounded_send(service);
        }
    }
}

/// Services of the namespace that refer to an object.
#[must_use]
pub fn dependants(kind: &str, namespace: &str, name: &str, stores: &Stores) -> Vec<ServiceRef> {
    let refers = |service: &EcsService| {
        let reference = match kind {
            <EcsCluster as Kind>::KIND => &service.spec.cluster_ref,
            <EcsTaskDefinition as Kind>::KIND => &service.spec.task_definition_ref,
            _ => return false,
        };
        reference.as_ref().is_some_and(|to| to.name == name)
    };
    if kind == <EcsService as Kind>::KIND {
        return Vec::new();
    }
    all(&stores.services)
        .iter()
        .filter(|service| service.namespace().as_deref() == Some(namespace) && refers(service))
        .map(|service| ObjectRef::new(&service.name_any()).within(namespace))
        .collect()
}
