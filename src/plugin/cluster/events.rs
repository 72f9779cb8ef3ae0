//! Events of Kubernetes about the operator's objects.

use jiff::Timestamp;
use k8s_openapi::api::events::v1::Event;
use kube::Client;
use kube::api::{Api, ListParams};

use crate::api::names::GROUP;
use crate::plugin::kind::Kind;
use crate::plugin::tree::Happening;

/// Events of a place, the oldest first. They are an extra: without the right to read them there are none.
pub async fn list(kube: &Client, namespace: Option<&str>) -> Vec<Happening> {
    let api: Api<Event> = match namespace {
        Some(namespace) => Api::namespaced(kube.clone(), namespace),
        None => Api::all(kube.clone()),
    };
    let found = api.list(&ListParams::default()).await;
    let mut all: Vec<Happening> =
        found.into_iter().flat_map(|list| list.items).filter_map(|event| read(&event)).collect();
    sort(&mut all);
    all
}

/// In the order of time.
pub fn sort(all: &mut [Happening]) {
    all.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.about.cmp(&b.about)).then_with(|| a.note.cmp(&b.note)));
}

/// An event about one of ours.
pub fn read(event: &Event) -> Option<Happening> {
    let about = event.regarding.as_ref()?;
    let ours = about.api_version.as_deref().is_some_and(|version| version.starts_with(GROUP));
    let kind = Kind::named(about.kind.as_deref()?).filter(|_| ours)?;
    Some(Happening {
        at: time(event),
        warning: event.type_.as_deref() == Some("Warning"),
        about: format!("{}/{}", kind.singular(), about.name.as_deref()?),
        reason: event.reason.clone().unwrap_or_default(),
        note: event.note.clone().unwrap_or_default(),
        times: event.series.as_ref().map(|series| series.count).or(event.deprecated_count).unwrap_or(1),
        source: "kubernetes",
    })
}

fn time(event: &Event) -> Option<Timestamp> {
    let series = event.series.as_ref().map(|series| series.last_observed_time.0);
    let old = event.deprecated_last_timestamp.as_ref().map(|time| time.0);
    let made = event.metadata.creation_timestamp.as_ref().map(|time| time.0);
    series.or(event.event_time.as_ref().map(|time| time.0)).or(old).or(made)
}
