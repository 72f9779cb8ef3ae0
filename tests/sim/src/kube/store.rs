//! The state: objects, the history of their changes, and what is installed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

use super::chaos::{Chaos, Stale};
use super::kinds::{Kind, built_ins};
use super::schema::text;

/// Stands in for CEL: gets the new object and, on updates, the old one; returns messages of refusal.
pub type Validator = Box<dyn Fn(&Value, Option<&Value>) -> Vec<String> + Send>;

/// Revisions below are forgotten from the beginning, so that `1` is too old, as on any server in use.
const FIRST_REVISION: u64 = 100;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) resource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// One committed change.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) revision: u64,
    pub(crate) key: Key,
    pub(crate) old: Option<Arc<Value>>,
    pub(crate) new: Option<Arc<Value>>,
    /// The new object, or the last state of a removed one with the revision of its removal.
    pub(crate) state: Arc<Value>,
}

/// An API server's state and rules. Pure: time is an argument, identifiers are counted.
pub struct MemApi {
    pub(super) kinds: BTreeMap<(String, String), Arc<Kind>>,
    pub(super) objects: BTreeMap<Key, Arc<Value>>,
    /// Objects whose defaults are shown but not stored yet: their next write counts though nothing changes.
    pub(super) unsettled: BTreeSet<Key>,
    history: VecDeque<Change>,
    history_limit: usize,
    /// Changes up to this revision are forgotten.
    compacted: u64,
    revision: u64,
    serial: u64,
    pub(crate) validators: Vec<Validator>,
    pub(crate) chaos: Chaos,
    signal: watch::Sender<u64>,
}

impl std::fmt::Debug for MemApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemApi")
            .field("revision", &self.revision)
            .field("objects", &self.objects.len())
            .field("chaos", &self.chaos)
            .finish_non_exhaustive()
    }
}

impl MemApi {
    /// A server with the built-in kinds and namespaces, started at `start`.
    pub fn new(start: Timestamp) -> Self {
        let kinds = built_ins().into_iter().map(|k| ((k.group.clone(), k.plural.clone()), k)).collect();
        let mut api = Self {
            kinds,
            objects: BTreeMap::new(),
            unsettled: BTreeSet::new(),
            history: VecDeque::new(),
            history_limit: 10_000,
            compacted: FIRST_REVISION,
            revision: FIRST_REVISION,
            serial: 0,
            validators: Vec::new(),
            chaos: Chaos::default(),
            signal: watch::channel(FIRST_REVISION).0,
        };
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            api.seed_namespace(name, start);
        }
        api
    }

    /// A server of its own that goes on from this state: without the validators, cache faults and watches of this one.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            kinds: self.kinds.clone(),
            objects: self.objects.clone(),
            unsettled: self.unsettled.clone(),
            history: self.history.clone(),
            history_limit: self.history_limit,
            compacted: self.compacted,
            revision: self.revision,
            serial: self.serial,
            validators: Vec::new(),
            chaos: Chaos::default(),
            signal: watch::channel(self.revision).0,
        }
    }

    /// Puts an object into the store as it is, past every check, or takes it out.
    pub fn plant(&mut self, resource: &str, namespace: &str, name: &str, object: Option<Value>) {
        let key = Key { resource: resource.into(), namespace: namespace.into(), name: name.into() };
        if object.is_some() || self.objects.contains_key(&key) {
            self.commit(key, object);
        }
    }

    /// Takes over the objects of an earlier state, as a restored store does. Revisions and UIDs go on from here, and no
    /// history is left.
    pub fn restore(&mut self, earlier: &Self) {
        self.revision += 1_000;
        self.objects.clone_from(&earlier.objects);
        self.unsettled.clone_from(&earlier.unsettled);
        self.compact();
    }

    /// Adds a check that runs on every create and update of a custom object.
    pub fn add_validator(&mut self, validator: Validator) {
        self.validators.push(validator);
    }

    /// Sets the cache faults; watchers are woken so that a lag that ends is noticed.
    pub fn set_chaos(&mut self, chaos: Chaos) {
        self.chaos = chaos;
        self.signal.send_replace(self.revision);
    }

    /// After how many events a watch is closed.
    pub(crate) fn closes_after(&self) -> Option<usize> {
        self.chaos.closes_after
    }

    /// How many changes can be replayed to a watch before it gets 410; 10,000 unless told.
    pub fn set_history_limit(&mut self, limit: usize) {
        self.history_limit = limit;
        self.trim();
    }

    /// Forgets all history: watches and continue tokens older than now get 410.
    pub fn compact(&mut self) {
        self.compacted = self.revision;
        self.history.clear();
        self.signal.send_replace(self.revision);
    }

    /// The newest resourceVersion.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Changes with every commit: await it, then poll the watch again.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.signal.subscribe()
    }

    /// One stored object as it is now. `resource` is `plural.group`; the namespace of a cluster-scoped one is `""`.
    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<Value> {
        let key = Key { resource: resource.into(), namespace: namespace.into(), name: name.into() };
        self.objects.get(&key).map(|o| (**o).clone())
    }

    /// All stored objects of a resource, by namespace and name.
    pub fn all(&self, resource: &str) -> Vec<Value> {
        self.shared(resource).into_iter().map(Arc::unwrap_or_clone).collect()
    }

    /// The same without copies, for who looks often.
    pub fn shared(&self, resource: &str) -> Vec<Arc<Value>> {
        self.objects.iter().filter(|(k, _)| k.resource == resource).map(|(_, o)| o.clone()).collect()
    }

    pub(crate) fn kind(&self, group: &str, plural: &str) -> Option<Arc<Kind>> {
        self.kinds.get(&(group.to_owned(), plural.to_owned())).cloned()
    }

    pub(crate) fn kinds(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.kinds.values()
    }

    pub(crate) fn object(&self, key: &Key) -> Option<Arc<Value>> {
        self.objects.get(key).cloned()
    }

    pub(crate) fn objects(&self) -> impl Iterator<Item = (&Key, &Arc<Value>)> {
        self.objects.iter()
    }

    pub(crate) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    pub(crate) fn next_uid(&mut self) -> String {
        let serial = self.next_serial();
        format!("{:08x}-0000-4000-8000-{:012x}", serial.wrapping_mul(0x9e37_79b1) & 0xffff_ffff, serial)
    }

    /// Writes an object, or removes it, under a new revision and tells the watchers.
    pub(crate) fn commit(&mut self, key: Key, new: Option<Value>) -> Arc<Value> {
        if let Some(new) = new {
            return self.record(key, new, false);
        }
        let last = self.objects.get(&key).map(|o| (**o).clone()).unwrap_or_default();
        self.record(key, last, true)
    }

    /// Removes an object whose last state is `last`.
    pub(crate) fn commit_removal(&mut self, key: Key, last: Value) -> Arc<Value> {
        self.record(key, last, true)
    }

    fn record(&mut self, key: Key, mut object: Value, removal: bool) -> Arc<Value> {
        self.revision += 1;
        self.unsettled.remove(&key);
        set_meta(&mut object, "resourceVersion", self.revision.to_string().into());
        let state = Arc::new(object);
        let (old, new) = if removal {
            (self.objects.remove(&key), None)
        } else {
            (self.objects.insert(key.clone(), Arc::clone(&state)), Some(Arc::clone(&state)))
        };
        self.history.push_back(Change { revision: self.revision, key, old, new, state: Arc::clone(&state) });
        self.trim();
        self.signal.send_replace(self.revision);
        state
    }

    fn trim(&mut self) {
        while self.history.len() > self.history_limit {
            if let Some(change) = self.history.pop_front() {
                self.compacted = change.revision;
            }
        }
    }

    /// The changes after `revision`; `None` when they are no longer known.
    pub(crate) fn changes_after(&self, revision: u64) -> Option<impl DoubleEndedIterator<Item = &Change>> {
        if revision < self.compacted {
            return None;
        }
        let start = self.history.partition_point(|c| c.revision <= revision);
        Some(self.history.range(start..))
    }

    /// The newest revision that the lagging view has seen.
    pub(crate) fn horizon(&self) -> u64 {
        if self.chaos.lag == 0 {
            return self.revision;
        }
        let index = self.history.len().checked_sub(self.chaos.lag + 1);
        index.and_then(|i| self.history.get(i)).map_or(self.compacted, |c| c.revision)
    }

    /// The revision a read is answered at. `relaxed`: the client asked for resourceVersion 0.
    pub(crate) fn read_revision(&self, relaxed: bool) -> u64 {
        match self.chaos.stale {
            Stale::AllReads => self.horizon(),
            Stale::CacheReads if relaxed => self.horizon(),
            Stale::CacheReads | Stale::Watches => self.revision,
        }
    }

    /// A resource's objects as they were at `revision`; `None` when that is no longer known.
    pub(crate) fn view(&self, resource: &str, namespace: &str, revision: u64) -> Option<BTreeMap<Key, Arc<Value>>> {
        let fits = |key: &Key| key.resource == resource && (namespace.is_empty() || key.namespace == namespace);
        let from = Key { resource: resource.to_owned(), namespace: namespace.to_owned(), name: String::new() };
        let mut view: BTreeMap<Key, Arc<Value>> = self
            .objects
            .range(from..)
            .take_while(|(key, _)| fits(key))
            .map(|(key, object)| (key.clone(), Arc::clone(object)))
            .collect();
        for change in self.changes_after(revision)?.rev().filter(|c| fits(&c.key)) {
            match &change.old {
                Some(old) => view.insert(change.key.clone(), Arc::clone(old)),
                None => view.remove(&change.key),
            };
        }
        Some(view)
    }
}

/// A text member of an object's metadata, empty when absent.
pub(crate) fn meta<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get("metadata").map_or("", |m| text(m, name))
}

/// The finalizers of an object.
pub(crate) fn finalizers(object: &Value) -> Vec<String> {
    let list = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|f| f.as_str().map(str::to_owned)).collect()
}

/// Sets or (with null) removes a metadata member.
pub(crate) fn set_meta(object: &mut Value, name: &str, value: Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        if value.is_null() {
            metadata.remove(name);
        } else {
            metadata.insert(name.to_owned(), value);
        }
    }
}
