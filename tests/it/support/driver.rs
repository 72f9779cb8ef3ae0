//! One process of the operator, driven step by step: the next pass is the one that is due first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ecs_operator::api::{AwsAccount, EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use ecs_operator::aws::{Aws, AwsSettings};
use ecs_operator::controllers::clock::Clock;
use ecs_operator::controllers::context::{Config, Context, Stores};
use ecs_operator::controllers::drive::{self, Reconcile};
use ecs_operator::controllers::kind::Kind;
use ecs_operator::controllers::relations::{Wakes, Woken};
use ecs_operator::runtime::metrics::Metrics;
use kube::core::DeserializeGuard;
use kube::runtime::reflector::store::{self, Writer};
use kube::runtime::watcher::Event;
use kube::{Resource, ResourceExt};
use tokio::time::Instant;

use super::world::{REGION, World};

/// Kind, namespace and name.
pub type Key = (&'static str, String, String);

/// A process of the operator.
pub struct Operator {
    /// What its passes use.
    pub cx: Arc<Context>,
    api: ecs_sim::kube::Apiserver,
    accounts: Writer<DeserializeGuard<AwsAccount>>,
    clusters: Writer<DeserializeGuard<EcsCluster>>,
    task_definitions: Writer<DeserializeGuard<EcsTaskDefinition>>,
    services: Writer<DeserializeGuard<EcsService>>,
    server_groups: Writer<DeserializeGuard<ServerGroup>>,
    woken: Woken,
    seen: BTreeMap<Key, String>,
    due: BTreeMap<Key, Instant>,
    /// Passes run so far.
    pub passes: usize,
    /// Server groups as they were, the latest last.
    groups: BTreeMap<Key, Vec<DeserializeGuard<ServerGroup>>>,
}

impl Operator {
    /// A process with empty memory and the default settings.
    pub fn start(world: &World) -> Self {
        Self::start_with(world, Config { region: REGION.to_owned(), ..Config::default() })
    }

    /// A process with empty memory.
    pub fn start_with(world: &World, config: Config) -> Self {
        let aws = Aws::new(world.aws.config_of(REGION, &config.installation), AwsSettings::default());
        let kube = kube::Client::new(world.api.clone(), "default");
        Self::start_on(world, config, aws, kube, world.clock.clone())
    }

    /// A process with empty memory, on wires and a clock of its own.
    pub fn start_on(world: &World, config: Config, aws: Aws, kube: kube::Client, clock: Clock) -> Self {
        let metrics = Metrics::with_aws(aws.metrics(), true);
        let (account_store, accounts) = empty();
        let (cluster_store, clusters) = empty();
        let (definition_store, task_definitions) = empty();
        let (service_store, services) = empty();
        let (group_store, server_groups) = empty();
        let stores = Stores {
            accounts: account_store,
            clusters: cluster_store,
            task_definitions: definition_store,
            services: service_store,
            server_groups: group_store,
        };
        let (wakes, woken) = Wakes::new();
        let cx = Context::new(kube, aws, clock, stores, config, metrics, wakes);
        Self {
            cx: Arc::new(cx),
            api: world.api.clone(),
            accounts,
            clusters,
            task_definitions,
            services,
            server_groups,
            woken,
            seen: BTreeMap::new(),
            due: BTreeMap::new(),
            passes: 0,
            groups: BTreeMap::new(),
        }
    }

    /// Runs passes until nothing is due within `quiet`, at most for `limit` of virtual time.
    /// Gives the virtual time that passed.
    pub async fn settle(&mut self, quiet: Duration, limit: Duration) -> Duration {
        let began = Instant::now();
        loop {
            self.look();
            let Some((key, at)) = self.due.iter().min_by_key(|(key, at)| (**at, (*key).clone())) else { break };
            let (key, at) = (key.clone(), *at);
            let now = Instant::now();
            if at.saturating_duration_since(now) > quiet || now.duration_since(began) > limit {
                break;
            }
            tokio::time::sleep_until(at).await;
            self.look();
            Box::pin(self.pass(&key)).await;
        }
        began.elapsed()
    }

    /// Runs the pass that is due next, if one is within two minutes.
    pub async fn next(&mut self) -> Option<Key> {
        self.look();
        let (key, at) = self.due.iter().min_by_key(|(key, at)| (**at, (*key).clone()))?;
        let (key, at) = (key.clone(), *at);
        if at.saturating_duration_since(Instant::now()) > Duration::from_secs(120) {
            return None;
        }
        tokio::time::sleep_until(at).await;
        self.look();
        self.pass(&key).await;
        Some(key)
    }

    /// Settles with the usual bounds: quiet for 2 minutes, at most an hour.
    pub async fn rest(&mut self) -> Duration {
        self.settle(Duration::from_secs(120), Duration::from_secs(3600)).await
    }

    /// What is due, and when.
    #[allow(dead_code, reason = "for the random schedules, which share this room")]
    pub fn waiting(&self) -> &BTreeMap<Key, Instant> {
        &self.due
    }

    /// From now on the watches tell of what this server has: an older state, or the true one again.
    #[allow(dead_code, reason = "for the random schedules, which share this room")]
    pub fn look_through(&mut self, api: ecs_sim::kube::Apiserver) {
        self.api = api;
    }

    /// Runs every object's pass once, in order, whether due or not.
    pub async fn sweep(&mut self) {
        self.look();
        let keys: Vec<Key> = self.due.keys().cloned().collect();
        for key in keys {
            self.look();
            if self.due.contains_key(&key) {
                self.pass(&key).await;
            }
        }
    }

    /// Runs one pass of an object now.
    pub async fn pass(&mut self, key: &Key) {
        let again = match key.0 {
            <AwsAccount as Kind>::KIND => run::<AwsAccount>(key, &self.cx, &self.cx.stores.accounts).await,
            <EcsCluster as Kind>::KIND => run::<EcsCluster>(key, &self.cx, &self.cx.stores.clusters).await,
            <EcsTaskDefinition as Kind>::KIND => {
                run::<EcsTaskDefinition>(key, &self.cx, &self.cx.stores.task_definitions).await
            }
            <ServerGroup as Kind>::KIND => run::<ServerGroup>(key, &self.cx, &self.cx.stores.server_groups).await,
            _ => run::<EcsService>(key, &self.cx, &self.cx.stores.services).await,
        };
        self.passes += 1;
        match again {
            Some(after) => self.due.insert(key.clone(), Instant::now() + after),
            None => self.due.remove(key),
        };
    }

    /// Runs one pass of a server group that sees it as it was so many writes ago; false if it has not been seen so often.
    pub async fn stale_pass(&mut self, key: &Key, writes_ago: usize) -> bool {
        self.look();
        let Some(lives) = self.groups.get(key) else { return false };
        let Some(old) = lives.len().checked_sub(writes_ago + 1).and_then(|at| lives.get(at)).cloned() else {
            return false;
        };
        let now = lives.last().cloned();
        self.server_groups.apply_watcher_event(&Event::Apply(old));
        run::<ServerGroup>(key, &self.cx, &self.cx.stores.server_groups).await;
        self.server_groups.apply_watcher_event(&Event::Apply(now.unwrap()));
        true
    }

    /// Takes over what the API server has, as the watches would tell it.
    pub fn look(&mut self) {
        let mut present = Vec::new();
        let (api, seen) = (&self.api, &self.seen);
        refresh(api, "awsaccounts.ecs-operator.dev", &mut self.accounts, seen, &mut present);
        refresh(api, "ecsclusters.ecs-operator.dev", &mut self.clusters, seen, &mut present);
        refresh(api, "ecstaskdefinitions.ecs-operator.dev", &mut self.task_definitions, seen, &mut present);
        refresh(api, "ecsservices.ecs-operator.dev", &mut self.services, seen, &mut present);
        refresh(api, "servergroups.ecs-operator.dev", &mut self.server_groups, seen, &mut present);
        for group in self.server_groups.as_reader().state() {
            let key = (ServerGroup::KIND, group.namespace().unwrap_or_default(), group.name_any());
            let lives = self.groups.entry(key).or_default();
            if lives.last().is_none_or(|last| last.resource_version() != group.resource_version()) {
                lives.push(group.as_ref().clone());
            }
        }
        let now = Instant::now();
        self.due.retain(|key, _| present.iter().any(|(other, _)| other == key));
        for (key, version) in present {
            if self.seen.get(&key) != Some(&version) {
                self.due.insert(key.clone(), now);
                self.seen.insert(key, version);
            }
        }
        let mut woken: Vec<Key> = Vec::new();
        while let Ok(account) = self.woken.accounts.try_recv() {
            woken.push(("AwsAccount", String::new(), account.name.clone()));
        }
        while let Ok(service) = self.woken.services.try_recv() {
            woken.push(("EcsService", service.namespace.clone().unwrap_or_default(), service.name.clone()));
        }
        while let Ok(cluster) = self.woken.clusters.try_recv() {
            woken.push(("EcsCluster", cluster.namespace.clone().unwrap_or_default(), cluster.name.clone()));
        }
        while let Ok(definition) = self.woken.task_definitions.try_recv() {
            let namespace = definition.namespace.clone().unwrap_or_default();
            woken.push(("EcsTaskDefinition", namespace, definition.name.clone()));
        }
        while let Ok(group) = self.woken.server_groups.try_recv() {
            woken.push(("ServerGroup", group.namespace.clone().unwrap_or_default(), group.name.clone()));
        }
        for key in woken.into_iter().filter(|key| self.due.contains_key(key)).collect::<Vec<_>>() {
            self.due.insert(key, now);
        }
    }
}

/// What a watch of one kind tells: what changed since the last time, and what is gone.
fn refresh<K: Kind>(
    api: &ecs_sim::kube::Apiserver,
    plural: &str,
    writer: &mut Writer<DeserializeGuard<K>>,
    seen: &BTreeMap<Key, String>,
    present: &mut Vec<(Key, String)>,
) {
    let stored = api.with(|api| api.shared(plural));
    let mut here = BTreeSet::new();
    for value in stored {
        let text = |member: &str| value["metadata"][member].as_str().unwrap_or_default().to_owned();
        let (key, version) = ((K::KIND, text("namespace"), text("name")), text("resourceVersion"));
        if seen.get(&key) != Some(&version) {
            writer.apply_watcher_event(&Event::Apply(serde_json::from_value((*value).clone()).unwrap()));
        }
        here.insert(key.clone());
        present.push((key, version));
    }
    for gone in writer.as_reader().state() {
        let key = (K::KIND, gone.namespace().unwrap_or_default(), gone.name_any());
        if !here.contains(&key) {
            writer.apply_watcher_event(&Event::Delete(gone.as_ref().clone()));
        }
    }
}

/// A store that was filled once, with nothing.
fn empty<K: Kind>() -> (store::Store<DeserializeGuard<K>>, Writer<DeserializeGuard<K>>) {
    let (store, mut writer) = store::store();
    writer.apply_watcher_event(&Event::Init);
    writer.apply_watcher_event(&Event::InitDone);
    (store, writer)
}

async fn run<K: Reconcile>(
    key: &Key,
    cx: &Arc<Context>,
    store: &store::Store<DeserializeGuard<K>>,
) -> Option<Duration> {
    let object = store
        .state()
        .into_iter()
        .find(|object| object.name_any() == key.2 && object.meta().namespace.as_deref().unwrap_or_default() == key.1)?;
    drive::pass(object, cx.clone()).await
}
