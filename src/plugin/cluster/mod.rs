//! Kubernetes with the user's rights: objects and events are read and followed, annotations and counts edited.

pub mod edit;
pub mod events;
pub mod read;
pub mod watching;

use kube::Client;
use kube::api::{Api, DynamicObject};

use super::exit::PluginError;
use super::kind::Kind;
use super::tree::Object;

/// The objects of a kind in a namespace, or in all.
pub fn objects(kube: &Client, kind: Kind, namespace: Option<&str>) -> Api<DynamicObject> {
    let resource = kind.resource();
    match namespace.filter(|_| kind.is_namespaced()) {
        Some(namespace) => Api::namespaced_with(kube.clone(), namespace, &resource),
        None => Api::all_with(kube.clone(), &resource),
    }
}

/// What an object made: a group's services and task definitions.
pub async fn objects_of(kube: &Client, owner: &Object) -> Result<Vec<Object>, PluginError> {
    if owner.kind != Kind::Group {
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    for kind in [Kind::Service, Kind::Definition] {
        all.extend(read::list(kube, Some(&owner.namespace), kind).await?);
    }
    all.retain(|object| object.owner.as_deref() == Some(owner.uid.as_str()));
    Ok(all)
}

/// The services of a service or a server group that have been made in ECS.
pub async fn services_of(kube: &Client, object: &Object) -> Result<Vec<Object>, PluginError> {
    let made = |service: &Object| service.text("/status/arn").is_some();
    let all = match object.kind {
        Kind::Service => vec![object.clone()],
        Kind::Group => {
            objects_of(kube, object).await?.into_iter().filter(|object| object.kind == Kind::Service).collect()
        }
        Kind::Account | Kind::Cluster | Kind::Definition => {
            return Err(PluginError::Refused(format!(
                "{}: tasks belong to services and server groups",
                object.address()
            )));
        }
    };
    let found: Vec<Object> = all.into_iter().filter(made).collect();
    if found.is_empty() {
        return Err(PluginError::Refused(format!("{} has no service in ECS yet", object.address())));
    }
    Ok(found)
}
