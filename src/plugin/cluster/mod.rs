//! Kubernetes with the user's rights: objects and events are read and followed, annotations and counts edited.

pub mod edit;
pub mod events;
pub mod read;
pub mod watching;

use kube::Client;
use kube::api::{Api, DynamicObject};

use super::kind::Kind;

/// The objects of a kind in a namespace, or in all.
pub fn objects(kube: &Client, kind: Kind, namespace: Option<&str>) -> Api<DynamicObject> {
    let resource = kind.resource();
    match namespace.filter(|_| kind.is_namespaced()) {
        Some(namespace) => Api::namespaced_with(kube.clone(), namespace, &resource),
        None => Api::all_with(kube.clone(), &resource),
    }
}
