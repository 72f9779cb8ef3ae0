//! Hints: events of ECS that come through a queue bring the visit of an object forward.
//!
//! A hint is never believed, only looked after: what is true is what AWS describes. So it does not matter whether hints
//! are lost, repeated, reordered or forged, and the sweep goes on as without them.

mod event;
mod spacing;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use kube::ResourceExt;
use tokio::time::{Instant, sleep, sleep_until};

use crate::api::status::Status;
use crate::aws::{Message, Queue, lock};
use crate::controllers::context::{Context, StoreOf};
use crate::controllers::kind::Kind;
use crate::controllers::sweep::Name;
use crate::runtime::metrics::Hint;
pub use event::{MOST_BYTES, Subject, Unusable, subjects};
use spacing::Spacing;

/// After a failure the queue is left alone for so long, doubled each time up to the second.
const REST: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(2));

/// Whose next pass runs because of a hint.
#[derive(Clone, Debug, Default)]
pub struct Hinted(Arc<Mutex<BTreeSet<Name>>>);

impl Hinted {
    /// Is the pass that begins brought forward by a hint?
    #[must_use]
    pub fn take(&self, name: &Name) -> bool {
        lock(&self.0).remove(name)
    }
}

/// Reads a queue and wakes whom its events are about; ends never.
pub async fn run(cx: &Context, queue: &Queue) {
    let (told, hints) = unbounded();
    tokio::join!(read(cx, queue, told), wake(cx, hints));
}

async fn read(cx: &Context, queue: &Queue, told: UnboundedSender<Name>) {
    let mut rest = REST.0;
    let mut said = None;
    loop {
        match cx.aws.receive(queue).await {
            Ok(messages) => {
                if said.take().is_some() {
                    tracing::info!(%queue, "the queue of events can be read again");
                }
                rest = REST.0;
                for name in about(cx, &messages) {
                    // Nobody listens any more: the process is stopping.
                    let _ = told.unbounded_send(name);
                }
                // What is not deleted comes again, which does no harm.
                if let Err(error) = cx.aws.delete_messages(queue, &messages).await {
                    tracing::debug!(%queue, code = error.code, "messages could not be deleted");
                }
            }
            Err(error) => {
                if said.as_ref() != Some(&error.code) {
                    tracing::warn!(%queue, code = error.code, "the queue of events cannot be read; the sweep goes on");
                    said = Some(error.code);
                }
                sleep(rest).await;
                rest = (rest * 2).min(REST.1);
            }
        }
    }
}

/// The objects that messages are about.
fn about(cx: &Context, messages: &[Message]) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    for message in messages {
        let hint = match subjects(&message.body) {
            Ok(subjects) => {
                let found = objects(cx, &subjects);
                let hint = if found.is_empty() { Hint::Unmatched } else { Hint::Woke };
                names.extend(found);
                hint
            }
            Err(Unusable::Unreadable) => Hint::Unreadable,
            Err(Unusable::Foreign) => Hint::Foreign,
            Err(Unusable::AboutNothing) => Hint::Unmatched,
        };
        cx.metrics.hints.came(hint);
    }
    names
}

/// Those whose recorded ARN is meant: what an event says of an account that the object is not in counts for nothing.
fn objects(cx: &Context, subjects: &[Subject]) -> Vec<Name> {
    let (services, clusters): (Vec<_>, Vec<_>) = subjects.iter().partition(|subject| subject.service.is_some());
    let mut found = Vec::new();
    if !services.is_empty() {
        found.extend(meant(&cx.stores.services, &services));
    }
    if !clusters.is_empty() {
        found.extend(meant(&cx.stores.clusters, &clusters));
    }
    found
}

fn meant<K: Kind>(store: &StoreOf<K>, subjects: &[&Subject]) -> Vec<Name> {
    let of = |object: &K| Subject::of(object.status()?.common().arn.as_deref()?);
    let objects = store.state();
    let read = objects.iter().filter_map(|object| object.0.as_ref().ok());
    let meant = read.filter(|object| of(object).is_some_and(|own| subjects.iter().any(|subject| own.is(subject))));
    meant.map(|object| (K::KIND, object.namespace().unwrap_or_default(), object.name_any())).collect()
}

async fn wake(cx: &Context, mut hints: UnboundedReceiver<Name>) {
    let mut spacing = Spacing::default();
    loop {
        let next = spacing.next();
        let due = async {
            match next {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = due => {
                for name in spacing.ready(Instant::now()) {
                    lock(&cx.hinted.0).insert(name.clone());
                    cx.wakes.look_again(&name);
                }
            }
            hint = hints.next() => match hint {
                Some(name) => spacing.hint(name, Instant::now()),
                None => return,
            },
        }
    }
}
