//! A snapshot that follows the API server: objects and events by watches, listed anew when one ends.

use std::collections::BTreeMap;

use futures::stream::{BoxStream, SelectAll, StreamExt as _};
use k8s_openapi::api::events::v1::Event as Happened;
use kube::Client;
use kube::api::Api;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event, watcher};

use super::{events, objects};
use crate::plugin::exit::PluginError;
use crate::plugin::kind::Kind;
use crate::plugin::tree::{Happening, Object, Snapshot};

/// Events that are kept.
const EVENTS: usize = 500;

enum Change {
    Object(Kind, Box<Event<kube::api::DynamicObject>>),
    Happened(Box<Event<Happened>>),
    NoEvents,
    Trouble(String),
}

/// A snapshot that is kept up to date.
pub struct Following {
    stream: SelectAll<BoxStream<'static, Change>>,
    objects: BTreeMap<(Kind, String, String), Object>,
    relisted: BTreeMap<Kind, Vec<(Kind, String, String)>>,
    happenings: BTreeMap<String, Happening>,
    unread: Vec<Kind>,
    told: bool,
    /// What keeps it from being up to date, if anything.
    pub trouble: Option<String>,
}

impl Following {
    /// Begins to follow a place.
    pub fn new(kube: &Client, namespace: Option<&str>) -> Self {
        let mut stream = SelectAll::new();
        let mut unread = Vec::new();
        for kind in Kind::ALL {
            if kind == Kind::Account && namespace.is_some() {
                continue;
            }
            unread.push(kind);
            let changes = watcher(objects(kube, kind, namespace), watcher::Config::default()).default_backoff();
            stream.push(
                changes
                    .map(move |change| change.map_or_else(trouble, |event| Change::Object(kind, Box::new(event))))
                    .boxed(),
            );
        }
        let api: Api<Happened> = match namespace {
            Some(namespace) => Api::namespaced(kube.clone(), namespace),
            None => Api::all(kube.clone()),
        };
        let happened = watcher(api, watcher::Config::default()).default_backoff();
        // Events are an extra: whoever may not read them sees the rest.
        let happened = happened.map(|event| event.map_or(Change::NoEvents, |event| Change::Happened(Box::new(event))));
        stream.push(happened.boxed());
        Self {
            stream,
            objects: BTreeMap::new(),
            relisted: BTreeMap::new(),
            happenings: BTreeMap::new(),
            unread,
            told: false,
            trouble: None,
        }
    }

    /// Has everything been listed once?
    pub fn is_complete(&self) -> bool {
        self.unread.is_empty() && self.told
    }

    /// Waits for the next change.
    pub async fn next(&mut self) -> Result<(), PluginError> {
        match self.stream.next().await {
            Some(Change::Object(kind, event)) => self.object(kind, *event),
            Some(Change::Happened(event)) => self.happened(*event),
            Some(Change::NoEvents) => self.told = true,
            Some(Change::Trouble(why)) => {
                if !self.is_complete() {
                    return Err(PluginError::Cloud(format!("Kubernetes cannot be followed: {why}")));
                }
                self.trouble = Some(why);
            }
            None => return Err(PluginError::Cloud("Kubernetes ended the watch".to_owned())),
        }
        Ok(())
    }

    fn object(&mut self, kind: Kind, event: Event<kube::api::DynamicObject>) {
        self.trouble = None;
        match event {
            Event::Apply(object) => self.put(Object::of(kind, &object)),
            Event::Delete(object) => {
                self.objects.remove(&key(&Object::of(kind, &object)));
            }
            Event::Init => {
                let old = self.objects.keys().filter(|(of, ..)| *of == kind).cloned().collect();
                self.relisted.insert(kind, old);
            }
            Event::InitApply(object) => {
                let object = Object::of(kind, &object);
                if let Some(old) = self.relisted.get_mut(&kind) {
                    old.retain(|old| *old != key(&object));
                }
                self.put(object);
            }
            Event::InitDone => {
                for gone in self.relisted.remove(&kind).unwrap_or_default() {
                    self.objects.remove(&gone);
                }
                self.unread.retain(|other| *other != kind);
            }
        }
    }

    fn put(&mut self, object: Object) {
        self.objects.insert(key(&object), object);
    }

    fn happened(&mut self, event: Event<Happened>) {
        match event {
            Event::Apply(event) | Event::InitApply(event) => {
                let name = event.metadata.uid.clone().unwrap_or_default();
                if let Some(happening) = events::read(&event) {
                    self.happenings.insert(name, happening);
                }
            }
            Event::InitDone => self.told = true,
            Event::Delete(_) | Event::Init => {}
        }
        while self.happenings.len() > EVENTS {
            let oldest = self.happenings.iter().min_by_key(|(_, event)| event.at).map(|(name, _)| name.clone());
            let _removed = oldest.and_then(|oldest| self.happenings.remove(&oldest));
        }
    }

    /// As it is now.
    pub fn snapshot(&self) -> Snapshot {
        let mut happenings: Vec<Happening> = self.happenings.values().cloned().collect();
        events::sort(&mut happenings);
        Snapshot { objects: self.objects.values().cloned().collect(), happenings, ..Snapshot::default() }
    }
}

fn key(object: &Object) -> (Kind, String, String) {
    (object.kind, object.namespace.clone(), object.name.clone())
}

#[expect(clippy::needless_pass_by_value, reason = "for map_or_else")]
fn trouble(error: watcher::Error) -> Change {
    Change::Trouble(error.to_string())
}
