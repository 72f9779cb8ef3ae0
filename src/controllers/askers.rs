//! The passes under way or waiting, by object: an edit makes the one of its object more urgent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Weak};

use kube::ResourceExt;
use kube::core::DeserializeGuard;

use crate::aws::asker::Asker;
use crate::aws::{Priority, lock};
use crate::controllers::context::Context;
use crate::controllers::kind::Kind;
use crate::controllers::pass::Pass;
use crate::controllers::sweep::Name;

/// Who asks for each object.
#[derive(Clone, Debug, Default)]
pub struct Askers(Arc<Mutex<BTreeMap<Name, Weak<Asker>>>>);

/// An object's name, as the books of all kinds keep it.
pub fn name_of<K: Kind>(object: &DeserializeGuard<K>) -> Name {
    (K::KIND, object.namespace().unwrap_or_default(), object.name_any())
}

/// How urgent an object is at present.
pub fn urgency<K: Kind>(object: &DeserializeGuard<K>, cx: &Context) -> Priority {
    match &object.0 {
        Ok(object) => Pass::new(object, cx).priority,
        Err(invalid) if invalid.metadata.deletion_timestamp.is_some() => Priority::Cleanup,
        Err(_) => Priority::Sweep,
    }
}

impl Askers {
    /// A pass over the object begins, or waits to.
    pub fn begin(&self, name: &Name) -> Arc<Asker> {
        let asker = Asker::of(name.1.clone());
        let mut all = lock(&self.0);
        if all.len() > 1024 && all.len().is_power_of_two() {
            all.retain(|_, asker| asker.strong_count() > 0);
        }
        all.insert(name.clone(), Arc::downgrade(&asker));
        asker
    }

    /// The pass over the object has ended.
    pub fn end(&self, name: &Name) {
        let mut all = lock(&self.0);
        if all.get(name).is_some_and(|asker| asker.strong_count() == 0) {
            all.remove(name);
        }
    }

    /// The object has changed and is now this urgent: so is what a pass over it waits for.
    pub fn raise(&self, name: &Name, priority: Priority) {
        let asker = lock(&self.0).get(name).and_then(Weak::upgrade);
        if let Some(asker) = asker {
            asker.raise(priority);
        }
    }
}
