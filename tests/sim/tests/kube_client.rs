//! The in-memory API server under a real Kubernetes client, on a paused clock.

#![allow(clippy::unwrap_used, reason = "a test binary: its helpers fail by panicking")]

use std::collections::BTreeMap;
use std::time::Duration;

use ecs_sim::kube::{Apiserver, Chaos, Fault, MemApi};
use futures::{StreamExt, TryStreamExt, pin_mut};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind, PartialObjectMeta};
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::runtime::{WatchStreamExt, predicates, reflector, watcher};
use kube::{Client, CustomResource, CustomResourceExt, Resource, ResourceExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::Instant;

#[derive(CustomResource, Clone, Debug, Default, Serialize, Deserialize, JsonSchema, PartialEq)]
#[kube(group = "test.example", version = "v1", kind = "Gadget", namespaced, status = "GadgetStatus")]
#[kube(scale(spec_replicas_path = ".spec.count", status_replicas_path = ".status.count"))]
struct GadgetSpec {
    count: i32,
    note: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema, PartialEq)]
struct GadgetStatus {
    count: Option<i32>,
}

fn server() -> (Apiserver, Client) {
    let start = jiff::Timestamp::UNIX_EPOCH;
    let mut api = MemApi::new(start);
    api.install_crd(&serde_json::to_value(Gadget::crd()).unwrap(), start).unwrap();
    let began = Instant::now();
    let server = Apiserver::new(api, move || start + jiff::SignedDuration::try_from(began.elapsed()).unwrap());
    let client = Client::new(server.clone(), "default");
    (server, client)
}

fn gadget(name: &str, count: i32) -> Gadget {
    Gadget::new(name, GadgetSpec { count, note: None })
}

fn versions(store: &reflector::Store<Gadget>) -> BTreeMap<String, i32> {
    store.state().iter().map(|g| (g.name_any(), g.spec.count)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_reflector_follows_through_gaps_and_expired_history() {
    for streaming in [false, true] {
        let (server, client) = server();
        let api: Api<Gadget> = Api::default_namespaced(client);
        let config = if streaming { watcher::Config::default().streaming_lists() } else { watcher::Config::default() };
        let (store, writer) = reflector::store();
        let stream = reflector(writer, watcher(api.clone(), config)).default_backoff().applied_objects();
        let task = tokio::spawn(stream.for_each(|_| std::future::ready(())));
        store.wait_until_ready().await.unwrap();
        for (name, count) in [("a", 1), ("b", 2)] {
            api.create(&PostParams::default(), &gadget(name, count)).await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(versions(&store), BTreeMap::from([("a".into(), 1), ("b".into(), 2)]));

        server.with(|api| {
            api.set_chaos(Chaos { lag: 3, ..Chaos::default() });
        });
        api.delete("a", &DeleteParams::default()).await.unwrap();
        api.patch("b", &PatchParams::default(), &Patch::Merge(json!({"spec": {"count": 3}}))).await.unwrap();
        api.create(&PostParams::default(), &gadget("c", 4)).await.unwrap();
        tokio::time::sleep(Duration::from_mins(10)).await;
        assert_eq!(versions(&store).get("b"), Some(&2), "the lagging cache has told nothing yet");
        server.with(MemApi::compact);
        server.with(|api| api.set_chaos(Chaos::default()));
        tokio::time::sleep(Duration::from_mins(10)).await;
        assert_eq!(versions(&store), BTreeMap::from([("b".into(), 3), ("c".into(), 4)]));
        task.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_ends_at_its_timeout_and_bookmarks_carry_it_on() {
    let (server, client) = server();
    let api: Api<Gadget> = Api::default_namespaced(client);
    let params = kube::api::WatchParams::default().timeout(30);
    let began = Instant::now();
    let events: Vec<_> = api.watch(&params, "0").await.unwrap().try_collect().await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(30));
    assert!(matches!(events.as_slice(), [kube::api::WatchEvent::Bookmark(_)]), "{events:?}");
    assert_eq!(server.log().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn metadata_watches_carry_no_spec() {
    let (_server, client) = server();
    let api: Api<Gadget> = Api::default_namespaced(client.clone());
    api.create(&PostParams::default(), &gadget("a", 1)).await.unwrap();
    let partial: PartialObjectMeta<Gadget> = api.get_metadata("a").await.unwrap();
    assert_eq!(partial.name_any(), "a");
    assert_eq!(api.list_metadata(&ListParams::default()).await.unwrap().items.len(), 1);
    let metadata: Api<PartialObjectMeta<Gadget>> = Api::default_namespaced(client);
    let stream = watcher(metadata, watcher::Config::default()).applied_objects();
    pin_mut!(stream);
    assert_eq!(stream.next().await.unwrap().unwrap().name_any(), "a");
}

#[tokio::test(start_paused = true)]
async fn predicates_and_errors_read_as_from_a_real_server() {
    let (_server, client) = server();
    let api: Api<Gadget> = Api::default_namespaced(client.clone());
    let absent = api.get("a").await.unwrap_err();
    assert!(matches!(&absent, kube::Error::Api(status) if status.is_not_found()), "{absent:?}");
    assert!(api.get_opt("a").await.unwrap().is_none());
    api.create(&PostParams::default(), &gadget("a", 1)).await.unwrap();
    let twice = api.create(&PostParams::default(), &gadget("a", 1)).await.unwrap_err();
    assert!(matches!(&twice, kube::Error::Api(status) if status.is_already_exists()), "{twice:?}");
    let mut old = gadget("a", 2);
    old.meta_mut().resource_version = Some("1".into());
    let stale = api.replace("a", &PostParams::default(), &old).await.unwrap_err();
    assert!(matches!(&stale, kube::Error::Api(status) if status.is_conflict()), "{stale:?}");
    let one = api.get("a").await.unwrap();
    assert_eq!(predicates::generation(&one).map(|_| ()), Some(()));
    let deleted = api.delete("a", &DeleteParams::default()).await.unwrap();
    assert!(deleted.right().is_some_and(|status| status.is_success()));
    let scalable = Api::<Gadget>::default_namespaced(client);
    scalable.create(&PostParams::default(), &gadget("s", 3)).await.unwrap();
    assert_eq!(scalable.get_scale("s").await.unwrap().spec.unwrap().replicas, Some(3));
}

#[tokio::test(start_paused = true)]
async fn discovery_finds_the_kind() {
    let (_server, client) = server();
    let kind = GroupVersionKind::gvk("test.example", "v1", "Gadget");
    let (resource, capabilities) = kube::discovery::pinned_kind(&client, &kind).await.unwrap();
    assert_eq!((resource.plural.as_str(), capabilities.subresources.len()), ("gadgets", 2));
    let found = kube::Discovery::new(client.clone()).run().await.unwrap();
    assert!(found.has_group("test.example") && found.has_group("coordination.k8s.io"));
    let api: Api<DynamicObject> = Api::default_namespaced_with(client.clone(), &ApiResource::erase::<Gadget>(&()));
    assert!(api.list(&ListParams::default()).await.unwrap().items.is_empty());
    assert_eq!(client.apiserver_version().await.unwrap().minor, "34");
}

#[tokio::test(start_paused = true)]
async fn events_are_recorded_and_merged_by_the_recorder() {
    let (server, client) = server();
    let api: Api<Gadget> = Api::default_namespaced(client.clone());
    let made = api.create(&PostParams::default(), &gadget("a", 1)).await.unwrap();
    let recorder = Recorder::new(client, Reporter { controller: "test.example".into(), instance: Some("i".into()) });
    let event = Event {
        type_: EventType::Normal,
        reason: "Made".into(),
        note: Some("one".into()),
        action: "Make".into(),
        secondary: None,
    };
    recorder.publish(&event, &made.object_ref(&())).await.unwrap();
    recorder.publish(&event, &made.object_ref(&())).await.unwrap();
    let stored = server.with(|api| api.all("events.events.k8s.io"));
    assert_eq!((stored.len(), &stored[0]["series"]["count"]), (1, &json!(2)));
}

#[tokio::test(start_paused = true)]
async fn two_writers_of_one_lease_cannot_both_win() {
    let (_server, client) = server();
    let api: Api<Lease> = Api::default_namespaced(client);
    let lease: Lease =
        serde_json::from_value(json!({"metadata": {"name": "l"}, "spec": {"holderIdentity": "x"}})).unwrap();
    let made = api.create(&PostParams::default(), &lease).await.unwrap();
    let first = api.replace("l", &PostParams::default(), &made).await;
    assert!(first.is_ok());
    let mut mine = made.clone();
    mine.spec.as_mut().unwrap().holder_identity = Some("y".into());
    let mut theirs = made;
    theirs.spec.as_mut().unwrap().holder_identity = Some("z".into());
    assert!(api.replace("l", &PostParams::default(), &mine).await.is_ok());
    assert!(api.replace("l", &PostParams::default(), &theirs).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn faults_strike_before_and_after_and_are_logged() {
    let (server, client) = server();
    let api: Api<ConfigMap> = Api::default_namespaced(client);
    let map = |name: &str| -> ConfigMap { serde_json::from_value(json!({"metadata": {"name": name}})).unwrap() };
    let mut plan = vec![
        Fault::Status(500, "InternalError"),
        Fault::Hang,
        Fault::Delay(1500),
        Fault::ApplyThenReset,
        Fault::Before,
    ];
    server.set_fault_hook(Some(Box::new(move |call| {
        if call.is_write() { plan.pop().unwrap_or(Fault::Pass) } else { Fault::Pass }
    })));
    let post = PostParams::default();
    assert!(api.create(&post, &map("before")).await.is_err());
    assert!(api.get_opt("before").await.unwrap().is_none());
    assert!(api.create(&post, &map("lost")).await.is_err());
    assert!(api.get_opt("lost").await.unwrap().is_some());
    let began = Instant::now();
    assert!(api.create(&post, &map("slow")).await.is_ok());
    assert_eq!(began.elapsed(), Duration::from_millis(1500));
    let hung = tokio::time::timeout(Duration::from_secs(15), api.create(&post, &map("hung"))).await;
    assert!(hung.is_err());
    assert!(api.get_opt("hung").await.unwrap().is_none());
    assert!(api.create(&post, &map("refused")).await.is_err());
    assert!(api.create(&post, &map("fine")).await.is_ok());
    let statuses: Vec<Option<u16>> = server.take_log().iter().filter(|c| c.is_write()).map(|c| c.status).collect();
    assert_eq!(statuses, [None, None, Some(201), None, Some(500), Some(201)]);
    assert_eq!(server.log(), []);
}

#[tokio::test(start_paused = true)]
async fn server_side_apply_goes_through_the_client() {
    let (server, client) = server();
    let api: Api<Gadget> = Api::default_namespaced(client);
    let params = PatchParams::apply("one");
    let made = api.patch("a", &params, &Patch::Apply(&gadget("a", 1))).await.unwrap();
    let again = api.patch("a", &params, &Patch::Apply(&gadget("a", 1))).await.unwrap();
    assert_eq!(made.resource_version(), again.resource_version());
    let refused = api.patch("a", &PatchParams::apply("two"), &Patch::Apply(&gadget("a", 2))).await.unwrap_err();
    assert!(matches!(&refused, kube::Error::Api(status) if status.is_conflict()), "{refused:?}");
    let status = json!({"apiVersion": "test.example/v1", "kind": "Gadget", "status": {"count": 1}});
    let after = api.patch_status("a", &params.clone().force(), &Patch::Apply(&status)).await.unwrap();
    assert_eq!(after.status.unwrap().count, Some(1));
    assert!(server.log().iter().all(|call| call.content_type == "application/apply-patch+yaml"));
}
