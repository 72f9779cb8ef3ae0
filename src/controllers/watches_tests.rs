//! Watches of several namespaces in one store, on random histories; and objects that cannot be read.

use std::time::Duration;

use ecs_sim::kube::{Apiserver, MemApi};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::ObjectMeta;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::api::EcsCluster;

fn map(namespace: &str, name: &str, version: u32) -> ConfigMap {
    ConfigMap {
        metadata: ObjectMeta {
            namespace: Some(namespace.to_owned()),
            name: Some(name.to_owned()),
            resource_version: Some(version.to_string()),
            ..ObjectMeta::default()
        },
        ..ConfigMap::default()
    }
}

/// What happens to one of two namespaces.
#[derive(Clone, Debug)]
enum Act {
    /// An object is written.
    Put(usize, u8),
    /// An object goes.
    Remove(usize, u8),
    /// The watch breaks, this changes unseen, and it lists anew.
    Relist(usize, Vec<u8>),
    /// The watch breaks in the middle of its list and begins again later.
    Half(usize),
    /// The watch is at its list, and what follows happens meanwhile.
    Begin(usize),
    /// The watch breaks, and its list is forbidden.
    Refuse(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..2usize, 0..4u8).prop_map(|(at, name)| Act::Put(at, name)),
        2 => (0..2usize, 0..4u8).prop_map(|(at, name)| Act::Remove(at, name)),
        2 => (0..2usize, proptest::collection::vec(0..4u8, 0..4)).prop_map(|(at, names)| Act::Relist(at, names)),
        1 => (0..2usize).prop_map(Act::Half),
        1 => (0..2usize).prop_map(Act::Begin),
        2 => (0..2usize).prop_map(Act::Refuse),
    ]
}

type World = BTreeMap<(usize, u8), u32>;

/// Two namespaces, their watches, and the store.
struct Stage {
    world: World,
    merge: Merge<ConfigMap>,
    writer: Writer<ConfigMap>,
    listed: [bool; 2],
    refused: [bool; 2],
    full: bool,
    version: u32,
}

const NAMES: [&str; 2] = ["left", "right"];

impl Stage {
    fn new() -> Self {
        let merge = Merge::new(NAMES.iter().map(|name| Some((*name).to_owned())).collect());
        Self {
            world: World::new(),
            merge,
            writer: store::store().1,
            listed: [false; 2],
            refused: [false; 2],
            full: false,
            version: 0,
        }
    }

    fn event(&mut self, at: usize, event: Event<ConfigMap>) {
        for event in self.merge.take(at, event, &self.writer.as_reader()) {
            self.writer.apply_watcher_event(&event);
        }
    }

    fn object(&self, at: usize, name: u8) -> ConfigMap {
        map(NAMES[at], &name.to_string(), self.world.get(&(at, name)).copied().unwrap_or_default())
    }

    fn relist(&mut self, at: usize, whole: bool) {
        self.event(at, Event::Init);
        let names: Vec<u8> = self.world.keys().filter(|(of, _)| *of == at).map(|(_, name)| *name).collect();
        for name in names.iter().take(if whole { usize::MAX } else { 1 }) {
            self.event(at, Event::InitApply(self.object(at, *name)));
        }
        if whole {
            self.event(at, Event::InitDone);
            self.listed[at] = true;
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Put(at, name) => {
                self.version += 1;
                self.world.insert((at, name), self.version);
                if self.listed[at] {
                    self.event(at, Event::Apply(self.object(at, name)));
                }
            }
            Act::Remove(at, name) => {
                let gone = self.object(at, name);
                if self.world.remove(&(at, name)).is_some() && self.listed[at] {
                    self.event(at, Event::Delete(gone));
                }
            }
            Act::Relist(at, names) => {
                self.world.retain(|(of, _), _| *of != at);
                for name in names {
                    self.version += 1;
                    self.world.insert((at, name), self.version);
                }
                self.relist(at, true);
            }
            Act::Half(at) => {
                self.relist(at, false);
                self.relist(at, true);
            }
            Act::Begin(at) if !self.listed[at] => self.relist(at, false),
            Act::Refuse(at) if !self.listed[at] => {
                self.refused[at] = true;
                self.event(at, Event::Init);
                for event in self.merge.refused(at) {
                    self.writer.apply_watcher_event(&event);
                }
            }
            Act::Begin(_) | Act::Refuse(_) => {}
        }
    }

    /// What the store should hold: nothing until it is full, then the namespaces that were listed.
    fn expected(&mut self) -> World {
        let known = (0..2).all(|at| self.listed[at] || self.refused[at]);
        self.full |= known && self.listed.contains(&true);
        let listed = self.world.iter().filter(|((at, _), _)| self.full && self.listed[*at]);
        listed.map(|(key, version)| (*key, *version)).collect()
    }

    fn stored(&self) -> World {
        let state = self.writer.as_reader().state();
        let at = |object: &ConfigMap| usize::from(object.namespace().as_deref() == Some("right"));
        let version = |object: &ConfigMap| object.resource_version().unwrap().parse().unwrap();
        state.iter().map(|map| ((at(map), map.name_any().parse().unwrap()), version(map))).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_is_empty_until_each_namespace_has_told_or_may_not_and_the_union_of_those_that_told_from_then_on(
        acts in proptest::collection::vec(act(), 0..40)
    ) {
        let mut stage = Stage::new();
        for act in acts {
            stage.act(act);
            let expected = stage.expected();
            let ready = futures::FutureExt::now_or_never(stage.writer.as_reader().wait_until_ready()).is_some();
            prop_assert_eq!(stage.full, ready);
            prop_assert_eq!(stage.stored(), expected);
        }
    }
}

#[test]
fn one_watch_over_everything_replaces_what_it_told_in_any_namespace() {
    let mut merge = Merge::new(vec![None]);
    let mut writer = store::store().1;
    let lists = [vec![map("a", "x", 1), map("b", "y", 2)], vec![map("b", "y", 3)]];
    for list in lists {
        let mut events = vec![Event::Init];
        events.extend(list.into_iter().map(Event::InitApply));
        events.push(Event::InitDone);
        for event in events {
            for event in merge.take(0, event, &writer.as_reader()) {
                writer.apply_watcher_event(&event);
            }
        }
    }
    let left: Vec<String> = writer.as_reader().state().iter().filter_map(|map| map.resource_version()).collect();
    assert_eq!(left, ["3"]);
}

#[test]
fn what_is_stored_already_is_not_told_again() {
    let mut merge = Merge::new(vec![None]);
    let mut writer = store::store().1;
    let mut told = Vec::new();
    for versions in [[1, 1], [1, 2], [1, 2]] {
        let list = ["x", "y"].into_iter().zip(versions).map(|(name, version)| map("a", name, version));
        let events = std::iter::once(Event::Init).chain(list.map(Event::InitApply)).chain([Event::InitDone]);
        for event in events.chain([Event::Apply(map("a", "y", versions[1]))]) {
            for event in merge.take(0, event, &writer.as_reader()) {
                writer.apply_watcher_event(&event);
                if let Event::Apply(object) = event {
                    told.push((object.name_any(), object.resource_version().unwrap()));
                }
            }
        }
    }
    assert_eq!(told, [("y".to_owned(), "2".to_owned())]);
}

/// Stores a cluster past every check.
fn store(server: &Apiserver, name: &str, settings: &Value) {
    let object = json!({"metadata": {"name": name, "namespace": "shop"}, "spec": {"settings": settings}});
    server.with(|api| api.poison("ecsclusters.ecs-operator.dev", object, Timestamp::UNIX_EPOCH)).unwrap();
}

/// Names of all that was told, and whether each can be read.
fn told(store: &Store<Guard<EcsCluster>>) -> Vec<(String, bool)> {
    let mut told: Vec<_> = store.state().iter().map(|object| (object.name_any(), object.0.is_ok())).collect();
    told.sort();
    told
}

/// A server with our kinds and nothing else.
pub(in crate::controllers) fn server() -> Apiserver {
    let mut api = MemApi::new(Timestamp::UNIX_EPOCH);
    for crd in crate::api::schema::crds().unwrap() {
        api.install_crd(&serde_json::to_value(&crd).unwrap(), Timestamp::UNIX_EPOCH).unwrap();
    }
    Apiserver::new(api, || Timestamp::UNIX_EPOCH)
}

/// The clusters of a server, once all are stored.
pub(in crate::controllers) async fn watched(server: &Apiserver) -> (Told<EcsCluster>, tokio::task::JoinHandle<()>) {
    let (told, watching) = Watches::<EcsCluster>::everywhere(&kube::Client::new(server.clone(), "shop")).split();
    let watching = tokio::spawn(watching);
    tokio::time::timeout(Duration::from_mins(1), told.store.wait_until_ready()).await.unwrap().unwrap();
    (told, watching)
}

#[tokio::test(start_paused = true)]
async fn an_object_that_cannot_be_read_is_told_like_the_others_and_the_watch_goes_on() {
    let server = server();
    store(&server, "a", &json!("none"));
    store(&server, "b", &json!([]));
    let (stored, watching) = watched(&server).await;
    let is = |name: &str, readable| (name.to_owned(), readable);
    assert_eq!(told(&stored.store), [is("a", false), is("b", true)]);
    store(&server, "c", &json!(7));
    store(&server, "d", &json!([]));
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(told(&stored.store), [is("a", false), is("b", true), is("c", false), is("d", true)]);
    assert!(!watching.is_finished());
}
