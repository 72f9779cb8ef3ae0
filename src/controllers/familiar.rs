//! What each object was like when its last pass began: neighbours are woken by news, not by another look.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use kube::ResourceExt;
use kube::core::DeserializeGuard;

use crate::api::{EcsCluster, EcsTaskDefinition};
use crate::aws::lock;
use crate::controllers::askers::name_of;
use crate::controllers::kind::Kind;
use crate::controllers::pace::masked;
use crate::controllers::sweep::Name;

/// A number for each object.
#[derive(Clone, Debug, Default)]
pub struct Familiar(Arc<Mutex<BTreeMap<Name, u64>>>);

impl Familiar {
    /// Is the object another than when this was last asked?
    pub fn is_news<K: Kind>(&self, object: &DeserializeGuard<K>) -> bool {
        let (name, print) = (name_of(object), print(object));
        lock(&self.0).insert(name, print) != Some(print)
    }

    /// Forgets an object that is gone.
    pub fn forget(&self, name: &Name) {
        lock(&self.0).remove(name);
    }
}

/// Of what services refer to, all but the counts, which no service reads: a cluster that counts its tasks would wake
/// them all, again and again.
fn print<K: Kind>(object: &DeserializeGuard<K>) -> u64 {
    let mut hasher = DefaultHasher::new();
    match &object.0 {
        Ok(object) if [<EcsCluster as Kind>::KIND, <EcsTaskDefinition as Kind>::KIND].contains(&K::KIND) => {
            let metadata = object.meta();
            (&metadata.uid, metadata.generation, &metadata.deletion_timestamp.is_some()).hash(&mut hasher);
            format!("{:?}{:?}", metadata.annotations, metadata.labels).hash(&mut hasher);
            let status = object.status().and_then(|status| serde_json::to_value(status).ok());
            status.map(masked).map(|status| status.to_string()).hash(&mut hasher);
        }
        Ok(_) | Err(_) => (object.uid(), object.resource_version()).hash(&mut hasher),
    }
    hasher.finish()
}
