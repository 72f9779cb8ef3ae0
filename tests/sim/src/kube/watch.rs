//! Watches: replay from the history, selectors, bookmarks, streaming lists, 410.

use serde_json::{Value, json};

use super::answer::partial;
use super::chaos::Delivery;
use super::failure::{Failure, Outcome};
use super::read::revision_option;
use super::route::Ask;
use super::schema::Violation;
use super::selector::Selector;
use super::store::{Change, MemApi};

/// A subscription to one resource. Poll it whenever [`MemApi::subscribe`] moves.
#[derive(Debug)]
pub struct Watch {
    resource: String,
    api_version: String,
    kind: String,
    namespace: String,
    selector: Selector,
    partial: bool,
    bookmarks: bool,
    cursor: u64,
    queue: Vec<Value>,
    ended: bool,
    timeout_seconds: Option<u64>,
}

impl Watch {
    /// Whether no event will ever follow: the watch was too old.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// The `timeoutSeconds` the client asked for.
    pub fn timeout_seconds(&self) -> Option<u64> {
        self.timeout_seconds
    }

    /// Whether the client wants bookmarks.
    pub fn wants_bookmarks(&self) -> bool {
        self.bookmarks
    }

    fn dress(&self, kind: &str, object: &Value) -> Value {
        json!({"type": kind, "object": if self.partial { partial(object) } else { object.clone() }})
    }

    /// A BOOKMARK at the last revision this watch has seen.
    pub fn bookmark(&self) -> Value {
        self.bookmark_with(&json!({}))
    }

    fn bookmark_with(&self, annotations: &Value) -> Value {
        let mut metadata = json!({"resourceVersion": self.cursor.to_string(), "creationTimestamp": null});
        if let (Some(map), false) = (metadata.as_object_mut(), annotations == &json!({})) {
            map.insert("annotations".into(), annotations.clone());
        }
        let object = json!({"apiVersion": self.api_version, "kind": self.kind, "metadata": metadata});
        self.dress("BOOKMARK", &object)
    }

    /// The events since the last call, as the JSON objects of the stream.
    pub fn next_events(&mut self, api: &MemApi) -> Vec<Value> {
        let mut events = std::mem::take(&mut self.queue);
        if self.ended {
            return events;
        }
        let horizon = api.horizon();
        let Some(changes) = api.changes_after(self.cursor) else {
            self.ended = true;
            let gone = Failure::expired(format!("too old resource version: {} ({})", self.cursor, api.revision()));
            events.push(json!({"type": "ERROR", "object": gone.body()}));
            return events;
        };
        for change in changes.take_while(|c| c.revision <= horizon) {
            let Some(event) = self.event(change) else {
                continue;
            };
            let times = match api.chaos.delivery.as_ref().map(|rule| rule(change.revision, &event)) {
                None | Some(Delivery::Once) => 1,
                Some(Delivery::Drop) => 0,
                Some(Delivery::Twice) => 2,
            };
            events.extend(std::iter::repeat_n(event, times));
        }
        self.cursor = self.cursor.max(horizon);
        events
    }

    /// What a change means to this watch: an object may enter or leave the selection by being edited.
    fn event(&self, change: &Change) -> Option<Value> {
        if change.key.resource != self.resource
            || !(self.namespace.is_empty() || self.namespace == change.key.namespace)
        {
            return None;
        }
        let before = change.old.as_ref().is_some_and(|o| self.selector.matches(o));
        let after = change.new.as_ref().is_some_and(|o| self.selector.matches(o));
        let title = match (before, after) {
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
            (false, false) => return None,
        };
        if change.new.is_some() && title == "DELETED" {
            // It left the selection: the last state that was in it, under the revision of the change.
            let mut object = change.old.as_deref().cloned().unwrap_or_default();
            super::store::set_meta(&mut object, "resourceVersion", change.revision.to_string().into());
            return Some(self.dress(title, &object));
        }
        Some(self.dress(title, &change.state))
    }
}

impl MemApi {
    pub(crate) fn watch(&self, ask: &Ask) -> Outcome<Watch> {
        let selector = Self::selector(ask)?;
        let asked = revision_option(ask)?;
        let stream = ask.query.get("sendInitialEvents").map(|v| v == "true" || v == "1");
        let matching = ask.option("resourceVersionMatch");
        if stream.is_some() && matching != "NotOlderThan" {
            let broken = Violation::forbidden(
                "resourceVersionMatch",
                "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
            );
            return Err(Failure::invalid("ListOptions", "meta.k8s.io", "", &[broken]));
        }
        if stream.is_none() && !matching.is_empty() {
            let broken = Violation::forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            );
            return Err(Failure::invalid("ListOptions", "meta.k8s.io", "", &[broken]));
        }
        let bookmarks = ask.flag("allowWatchBookmarks");
        let from_state = match (stream, asked) {
            (Some(wanted), _) => wanted,
            (None, None | Some(0)) => true,
            (None, Some(_)) => false,
        };
        let mut watch = Watch {
            resource: ask.kind.qualified(),
            api_version: ask.kind.api_version(),
            kind: ask.kind.kind.clone(),
            namespace: ask.namespace.clone(),
            selector,
            partial: ask.partial,
            bookmarks,
            cursor: asked.unwrap_or_default(),
            queue: Vec::new(),
            ended: false,
            timeout_seconds: ask.option("timeoutSeconds").parse().ok().filter(|s| *s > 0),
        };
        if from_state {
            let revision = self.horizon().max(watch.cursor).min(self.revision());
            let view = self.view(&watch.resource, &watch.namespace, revision).unwrap_or_default();
            watch.cursor = revision;
            watch.queue =
                view.values().filter(|o| watch.selector.matches(o)).map(|o| watch.dress("ADDED", o)).collect();
            if stream == Some(true) && bookmarks {
                watch.queue.push(watch.bookmark_with(&json!({"k8s.io/initial-events-end": "true"})));
            }
        } else if watch.cursor == 0 {
            watch.cursor = self.horizon();
        }
        Ok(watch)
    }
}
