//! What a watch did not tell: now and then the versions of all objects are compared with those that are stored.
//!
//! An event that is lost on its way is never told again: a watch that breaks goes on after the last one that came
//! through. Without this, an edit that was lost waits for the next edit.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::stream::{BoxStream, StreamExt, iter, repeat};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use kube::api::ListParams;
use kube::runtime::reflector::Store;
use kube::runtime::watcher::Event;
use kube::{Api, ResourceExt};
use tokio::time::sleep;

use super::watches::{Guard, Key, Watchable, key, slim, within};
use crate::api::quoted::unquoted;
use crate::runtime::metrics::WatchMetrics;

/// Between two comparisons.
pub(super) const PERIOD: Duration = Duration::from_mins(30);
/// A watch may be so late.
pub(super) const LATE: Duration = Duration::from_secs(30);
/// Objects of one page, of each of which only the metadata is asked for.
const PAGE: u32 = 500;
/// So many objects are asked for one by one.
const FEW: usize = 20;

/// Versions of objects.
type Versions = BTreeMap<Key, String>;

/// What a watch should have told and did not, from time to time. What cannot be listed is compared the next time: that
/// Kubernetes does not answer is said by the watch itself.
pub(super) fn missed<K: Watchable>(
    api: Api<Guard<K>>,
    namespace: Option<String>,
    store: Store<Guard<K>>,
    metrics: WatchMetrics,
) -> BoxStream<'static, Event<Guard<K>>> {
    let rounds = repeat(()).then(move |()| {
        let (api, namespace, store, metrics) = (api.clone(), namespace.clone(), store.clone(), metrics.clone());
        async move {
            sleep(PERIOD).await;
            let found = round(&api, namespace.as_deref(), &store).await.unwrap_or_else(|error| {
                tracing::debug!(kind = %K::kind(&()), error = unquoted(&error.to_string()), "versions are not compared");
                Vec::new()
            });
            metrics.missed(&K::kind(&()), namespace.as_deref(), found.len());
            iter(found)
        }
    });
    rounds.flatten().boxed()
}

async fn round<K: Watchable>(
    api: &Api<Guard<K>>,
    namespace: Option<&str>,
    store: &Store<Guard<K>>,
) -> kube::Result<Vec<Event<Guard<K>>>> {
    let before = stored(namespace, store);
    let suspects = differing(&before, &listed(api).await?);
    if suspects.is_empty() {
        return Ok(Vec::new());
    }
    sleep(LATE).await;
    let suspects = untold(suspects, &before, &stored(namespace, store));
    let mut found = read(api, &suspects).await?;
    // What the watch told meanwhile is newer than what was read.
    let lost = untold(suspects, &before, &stored(namespace, store));
    for (namespace, name) in &lost {
        tracing::warn!(kind = %K::kind(&()), namespace, name, "the watch did not tell what became of this object; read anew");
    }
    found.retain(|object| lost.contains(&key(object)));
    found.iter_mut().for_each(slim);
    let gone = &lost - &found.iter().map(key).collect();
    let state = store.state().into_iter().filter(|object| gone.contains(&key(object.as_ref())));
    let deleted = state.map(|object| Event::Delete(object.as_ref().clone()));
    Ok(deleted.chain(found.into_iter().map(Event::Apply)).collect())
}

/// Those of which the watch told nothing in between.
fn untold(suspects: BTreeSet<Key>, before: &Versions, after: &Versions) -> BTreeSet<Key> {
    suspects.into_iter().filter(|suspect| before.get(suspect) == after.get(suspect)).collect()
}

fn stored<K: Watchable>(namespace: Option<&str>, store: &Store<Guard<K>>) -> Versions {
    within(store, namespace)
        .map(|object| (key(object.as_ref()), object.resource_version().unwrap_or_default()))
        .collect()
}

async fn listed<K: Watchable>(api: &Api<Guard<K>>) -> kube::Result<Versions> {
    let (mut versions, mut page) = (Versions::new(), Some(ListParams::default().limit(PAGE)));
    while let Some(asked) = page {
        let list = api.list_metadata(&asked).await?;
        let told = list.items.iter().map(|object| (key(object), object.resource_version().unwrap_or_default()));
        versions.extend(told);
        page = following(asked, &list.metadata);
    }
    Ok(versions)
}

/// The page after this one, if there is one.
fn following(page: ListParams, told: &ListMeta) -> Option<ListParams> {
    let token = told.continue_.as_deref().filter(|token| !token.is_empty())?;
    Some(page.continue_token(token))
}

/// What is not the same in both.
fn differing(left: &Versions, right: &Versions) -> BTreeSet<Key> {
    let names = left.keys().chain(right.keys());
    names.filter(|name| left.get(*name) != right.get(*name)).cloned().collect()
}

/// Those of the objects that there are.
async fn read<K: Watchable>(api: &Api<Guard<K>>, wanted: &BTreeSet<Key>) -> kube::Result<Vec<Guard<K>>> {
    let mut found = Vec::new();
    if wanted.len() > FEW {
        let mut page = Some(ListParams::default().limit(PAGE));
        while let Some(asked) = page {
            let list = api.list(&asked).await?;
            page = following(asked, &list.metadata);
            found.extend(list.items.into_iter().filter(|object| wanted.contains(&key(object))));
        }
        return Ok(found);
    }
    for (namespace, name) in wanted {
        let within = namespace.as_ref().map(|namespace| format!(",metadata.namespace={namespace}")).unwrap_or_default();
        found.extend(api.list(&ListParams::default().fields(&format!("metadata.name={name}{within}"))).await?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use ecs_sim::kube::{Apiserver, Chaos, Delivery};
    use http::Request;
    use k8s_openapi::api::core::v1::Namespace;
    use kube::Client;
    use kube::client::Body;
    use kube::runtime::reflector::store::Writer;
    use serde_json::{Value, json};
    use tower::{Service, service_fn};

    use super::*;
    use crate::api::EcsCluster;
    use crate::controllers::watches::tests::{server, watched};

    const RESOURCE: &str = "ecsclusters.ecs-operator.dev";

    async fn shop() -> Apiserver {
        let server = server();
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
        let (params, patch) = (kube::api::PatchParams::apply("git").force(), kube::api::Patch::Apply(namespace));
        Api::<Namespace>::all(Client::new(server.clone(), "shop")).patch("shop", &params, &patch).await.unwrap();
        server
    }

    async fn put(server: &Apiserver, name: &str, value: &str) {
        let params = kube::api::PatchParams::apply("git").force();
        let object = json!({
            "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsCluster", "metadata": {"name": name},
            "spec": {"settings": [{"name": "containerInsights", "value": value}]},
        });
        let api = Api::<EcsCluster>::namespaced(Client::new(server.clone(), "shop"), "shop");
        api.patch(name, &params, &kube::api::Patch::Apply(object)).await.unwrap();
    }

    async fn remove(server: &Apiserver, name: &str) {
        let api = Api::<EcsCluster>::namespaced(Client::new(server.clone(), "shop"), "shop");
        api.delete(name, &kube::api::DeleteParams::default()).await.unwrap();
    }

    /// From now on nothing of it reaches a watch.
    fn lose(server: &Apiserver, lost: bool) {
        let rule = move |_: u64, _: &Value| if lost { Delivery::Drop } else { Delivery::Once };
        server.with(|api| api.set_chaos(Chaos { delivery: Some(Box::new(rule)), ..Chaos::default() }));
    }

    fn versions(server: &Apiserver) -> Vec<Option<String>> {
        let text = |object: &Value| object["metadata"]["resourceVersion"].as_str().map(str::to_owned);
        server.with(|api| api.all(RESOURCE)).iter().map(text).collect()
    }

    fn held(told: &Store<Guard<EcsCluster>>) -> Vec<Option<String>> {
        let mut state = told.state();
        state.sort_by_key(|object| object.name_any());
        state.iter().map(|object| object.resource_version()).collect()
    }

    /// So many objects change, so many go, so many are new, and nobody hears of it.
    async fn lost(each: usize) {
        let server = shop().await;
        let names = |of: &str| (0..each).map(|number| format!("{of}-{number:03}")).collect::<Vec<_>>();
        for name in ["changed", "gone", "kept"].map(names).concat() {
            put(&server, &name, "disabled").await;
        }
        let (told, _) = watched(&server).await;
        let store = told.store.clone();
        let mut changes = told.changes();
        for _ in 0..each * 3 {
            changes.next().await;
        }
        lose(&server, true);
        for name in ["changed", "new"].map(names).concat() {
            put(&server, &name, "enabled").await;
        }
        for name in names("gone") {
            remove(&server, &name).await;
        }
        sleep(Duration::from_mins(20)).await;
        lose(&server, false);
        assert_ne!(held(&store), versions(&server), "nothing was lost");
        sleep(PERIOD).await;
        assert_eq!(held(&store), versions(&server));
        let mut told = BTreeSet::new();
        for _ in 0..each * 2 {
            told.insert(changes.next().await.unwrap().name);
        }
        assert_eq!(told, ["changed", "new"].map(names).concat().into_iter().collect());
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_lost_on_the_way_is_told_at_the_next_comparison() {
        lost(1).await;
        lost(FEW).await;
    }

    #[tokio::test(start_paused = true)]
    async fn where_nothing_was_lost_nothing_is_told_and_nothing_is_read_but_versions() {
        let server = shop().await;
        put(&server, "one", "disabled").await;
        let (told, _) = watched(&server).await;
        let mut changes = told.changes();
        changes.next().await;
        server.take_log();
        let news = tokio::time::timeout(PERIOD * 3 + LATE * 3, changes.next()).await;
        assert!(news.is_err(), "{news:?}");
        let lists = server.take_log().into_iter().filter(|call| !call.query.contains("watch=true"));
        let lists: Vec<String> = lists.map(|call| call.query).collect();
        assert_eq!(lists.len(), 3, "{lists:?}");
        assert!(lists.iter().all(|query| query.contains("limit=500")), "{lists:?}");
    }

    /// The operator's view of a server that tells of one more edit while an object is read.
    #[tokio::test(start_paused = true)]
    async fn what_the_watch_tells_meanwhile_is_not_undone() {
        let server = shop().await;
        put(&server, "one", "disabled").await;
        let api = Api::<Guard<EcsCluster>>::namespaced(Client::new(server.clone(), "shop"), "shop");
        let mut writer = Writer::default();
        writer.apply_watcher_event(&Event::Init);
        writer.apply_watcher_event(&Event::InitApply(api.get("one").await.unwrap()));
        writer.apply_watcher_event(&Event::InitDone);
        let store = writer.as_reader();
        put(&server, "one", "enabled").await;
        let writer = Arc::new(Mutex::new(writer));
        let (behind, edited) = (server.clone(), writer.clone());
        let meanwhile = service_fn(move |request: Request<Body>| {
            let (mut behind, edited) = (behind.clone(), edited.clone());
            async move {
                let read = request.uri().query().is_some_and(|query| query.contains("metadata.name"));
                let answer = behind.call(request).await;
                if read {
                    put(&behind, "one", "enhanced").await;
                    let api = Api::namespaced(Client::new(behind.clone(), "shop"), "shop");
                    let newest = api.get("one").await.unwrap();
                    edited.lock().unwrap().apply_watcher_event(&Event::Apply(newest));
                }
                answer
            }
        });
        let api = Api::namespaced(Client::new(meanwhile, "shop"), "shop");
        let told = round(&api, Some("shop"), &store).await.unwrap();
        assert!(told.is_empty(), "{told:?}");
        assert_eq!(held(&store), versions(&server));
    }
}
