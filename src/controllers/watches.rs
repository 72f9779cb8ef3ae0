//! The watches of one kind: one over all namespaces, or one in each of some; what they tell stands in one store. What
//! is told twice is passed on once, and what is not told at all is found when versions are compared ([`super::missed`]).
//!
//! They run from the first moment, whether this process acts or not, so that who takes over has nothing to read first.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, OnceLock};

use futures::channel::mpsc::{UnboundedSender, unbounded};
use futures::stream::{BoxStream, Stream, StreamExt, select_all};
use k8s_openapi::NamespaceResourceScope;
use kube::core::DeserializeGuard;
use kube::runtime::WatchStreamExt;
use kube::runtime::reflector::store::{self, Writer};
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;

use super::missed::missed;
use super::patience::{Patience, Said};
use crate::api::quoted::unquoted;
use crate::runtime::metrics::WatchMetrics;

/// What can be watched: an object of ours.
pub trait Watchable: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static {}

impl<K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static> Watchable for K {}

/// An object, readable or not.
pub(super) type Guard<K> = DeserializeGuard<K>;
/// What is told of the watch of that number.
type Telling<K> = BoxStream<'static, (usize, watcher::Result<Event<Guard<K>>>)>;
/// Who is told what changed, once somebody acts.
type Listener<K> = Arc<OnceLock<UnboundedSender<ObjectRef<Guard<K>>>>>;

/// The watches of one kind.
pub struct Watches<K: Watchable> {
    writer: Writer<Guard<K>>,
    apis: Vec<(Option<String>, Api<Guard<K>>)>,
    listener: Listener<K>,
    metrics: WatchMetrics,
}

/// What was watched, for who acts on it.
pub struct Told<K: Watchable> {
    /// All objects.
    pub store: Store<Guard<K>>,
    listener: Listener<K>,
}

impl<K: Watchable> Watches<K> {
    /// One watch over all of the cluster.
    pub fn everywhere(client: &kube::Client) -> Self {
        Self::over(vec![(None, Api::all(client.clone()))])
    }

    /// A watch in each of these namespaces; over all of the cluster if none is named.
    pub fn within(client: &kube::Client, namespaces: &[String]) -> Self
    where
        K: Resource<Scope = NamespaceResourceScope>,
    {
        if namespaces.is_empty() {
            return Self::everywhere(client);
        }
        let within = |name: &String| (Some(name.clone()), Api::namespaced(client.clone(), name));
        Self::over(namespaces.iter().map(within).collect())
    }

    fn over(apis: Vec<(Option<String>, Api<Guard<K>>)>) -> Self {
        Self { writer: store::store().1, apis, listener: Arc::default(), metrics: WatchMetrics::default() }
    }

    /// Counted there.
    #[must_use]
    pub fn counted(self, metrics: &WatchMetrics) -> Self {
        Self { metrics: metrics.clone(), ..self }
    }

    /// Splits into what is told and the watching, which ends never.
    pub fn split(self) -> (Told<K>, impl Future<Output = ()> + Send + 'static) {
        let store = self.writer.as_reader();
        (Told { store, listener: self.listener.clone() }, self.keep())
    }

    async fn keep(mut self) {
        let mut events = select_all(self.sources());
        let mut merge = Merge::new(self.apis.iter().map(|(namespace, _)| namespace.clone()).collect());
        let mut said = Said::default();
        while let Some((at, event)) = events.next().await {
            let namespace = self.apis.get(at).and_then(|(namespace, _)| namespace.as_deref());
            let kind = K::kind(&());
            match event {
                Ok(event) => {
                    // A list that is about to be asked for is no answer.
                    if !matches!(event, Event::Init) {
                        self.metrics.told(&kind, namespace);
                    }
                    let events = merge.take(at, event, &self.writer.as_reader());
                    self.tell(events);
                }
                Err(error) => {
                    self.metrics.failed(&kind, namespace);
                    if said.again(at) {
                        let error = unquoted(&error.to_string());
                        tracing::warn!(
                            %kind, namespace, error,
                            "the watch is disturbed; are the CRDs installed, and may the operator read them there?"
                        );
                    }
                    if refused(&error) {
                        let events = merge.refused(at);
                        self.tell(events);
                    }
                }
            }
        }
    }

    /// What each watch tells, and what it should have told.
    fn sources(&self) -> Vec<Telling<K>> {
        let mut sources = Vec::new();
        for (at, (namespace, api)) in self.apis.iter().enumerate() {
            let told = watcher(api.clone(), watcher::Config::default()).backoff(Patience::default()).modify(slim);
            sources.push(told.map(move |event| (at, event)).boxed());
            let missed = missed(api.clone(), namespace.clone(), self.writer.as_reader(), self.metrics.clone());
            sources.push(missed.map(move |event| (at, Ok(event))).boxed());
        }
        sources
    }

    /// Writes to the store first: who is told reads it there.
    fn tell(&mut self, events: Vec<Event<Guard<K>>>) {
        for event in &events {
            self.writer.apply_watcher_event(event);
        }
        let Some(listener) = self.listener.get() else { return };
        for event in events {
            if let Event::Apply(object) | Event::InitApply(object) = event {
                // Nobody listens any more: the process is stopping.
                let _ = listener.unbounded_send(ObjectRef::from_obj(&object));
            }
        }
    }
}

impl<K: Watchable> Told<K> {
    /// Every object there is, then each that changes. Only for the first who asks.
    pub fn changes(self) -> impl Stream<Item = ObjectRef<Guard<K>>> + Send + 'static {
        let (sender, changed) = unbounded();
        // First listen, then look: what changes in between is told twice.
        let _ = self.listener.set(sender);
        let all: Vec<_> = self.store.state().iter().map(|object| ObjectRef::from_obj(object.as_ref())).collect();
        futures::stream::iter(all).chain(changed)
    }
}

/// Did Kubernetes forbid it?
fn refused(error: &watcher::Error) -> bool {
    let watcher::Error::InitialListFailed(kube::Error::Api(status)) = error else { return false };
    status.code == 403
}

/// Takes out what nobody here reads and what is as large as the rest: who wrote which member, and the manifest as it
/// was last applied.
pub(super) fn slim<K: ResourceExt>(object: &mut K) {
    object.managed_fields_mut().clear();
    object.annotations_mut().remove(LAST_APPLIED);
}

/// The annotation of client-side `kubectl apply`.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An object's namespace and name.
pub(super) type Key = (Option<String>, String);

pub(super) fn key<K: ResourceExt>(object: &K) -> Key {
    (object.namespace(), object.name_any())
}

/// What is stored of a namespace, or all.
pub(super) fn within<K>(stored: &Store<K>, namespace: Option<&str>) -> impl Iterator<Item = Arc<K>>
where
    K: Resource<DynamicType = ()> + Clone + 'static,
{
    let all = stored.state().into_iter();
    all.filter(move |object| namespace.is_none() || object.meta().namespace.as_deref() == namespace)
}

/// An object in a version that is not stored already: a watch that lists anew tells of everything.
fn news<K>(object: K, stored: &Store<K>) -> Option<Event<K>>
where
    K: Resource<DynamicType = ()> + Clone + 'static,
{
    let known = stored.get(&ObjectRef::from_obj(&object));
    let version = object.meta().resource_version.as_ref();
    let same = version.is_some() && known.is_some_and(|known| known.meta().resource_version.as_ref() == version);
    (!same).then_some(Event::Apply(object))
}

/// What one watch told of its namespace.
struct Source<K> {
    namespace: Option<String>,
    /// What it lists at present; before the store is full, what it told so far.
    listing: BTreeMap<Key, K>,
    /// Did it list once?
    told: bool,
    /// Was it forbidden to, the last time it tried?
    refused: bool,
}

/// Makes the events of several watches those of one: a watch that lists anew replaces what it told before, and nothing
/// of the others. The store is full when each has listed once or was forbidden to; one at least has to tell.
struct Merge<K> {
    sources: Vec<Source<K>>,
    full: bool,
}

impl<K: ResourceExt + Clone + 'static> Merge<K> {
    fn new(namespaces: Vec<Option<String>>) -> Self {
        let source = |namespace| Source { namespace, listing: BTreeMap::new(), told: false, refused: false };
        Self { sources: namespaces.into_iter().map(source).collect(), full: false }
    }

    /// The events for the store.
    fn take(&mut self, at: usize, event: Event<K>, stored: &Store<K>) -> Vec<Event<K>>
    where
        K: Resource<DynamicType = ()>,
    {
        let Some(source) = self.sources.get_mut(at) else { return Vec::new() };
        match event {
            Event::Init => source.listing.clear(),
            Event::Apply(object) if self.full => return news(object, stored).into_iter().collect(),
            Event::Delete(_) if self.full => return vec![event],
            Event::InitApply(object) | Event::Apply(object) => {
                source.listing.insert(key(&object), object);
            }
            Event::Delete(object) => {
                source.listing.remove(&key(&object));
            }
            Event::InitDone if self.full => return source.relisted(stored),
            Event::InitDone => {
                source.told = true;
                return self.fill();
            }
        }
        Vec::new()
    }

    /// A watch was forbidden: the others do not wait for it. Once it may, it tells what there is.
    fn refused(&mut self, at: usize) -> Vec<Event<K>> {
        let Some(source) = self.sources.get_mut(at).filter(|_| !self.full) else { return Vec::new() };
        source.refused = true;
        self.fill()
    }

    /// Everything, once every watch has told all there is, or may not.
    fn fill(&mut self) -> Vec<Event<K>> {
        let known = self.sources.iter().all(|source| source.told || source.refused);
        if !known || !self.sources.iter().any(|source| source.told) {
            return Vec::new();
        }
        self.full = true;
        // What a forbidden watch may be about to list comes when its list is whole.
        let told = self.sources.iter_mut().filter(|source| source.told);
        let listed = told.flat_map(|source| std::mem::take(&mut source.listing).into_values());
        let mut events = vec![Event::Init];
        events.extend(listed.map(Event::InitApply));
        events.push(Event::InitDone);
        events
    }
}

impl<K: Resource<DynamicType = ()> + Clone + 'static> Source<K> {
    /// What differs between a new list and what is stored of this watch.
    fn relisted(&mut self, stored: &Store<K>) -> Vec<Event<K>> {
        let listed = std::mem::take(&mut self.listing);
        let ours = within(stored, self.namespace.as_deref());
        let gone = ours.filter(|object| !listed.contains_key(&key(object.as_ref())));
        let mut events: Vec<_> = gone.map(|object| Event::Delete(object.as_ref().clone())).collect();
        events.extend(listed.into_values().filter_map(|object| news(object, stored)));
        events
    }
}

#[cfg(test)]
#[path = "watches_tests.rs"]
pub(super) mod tests;
