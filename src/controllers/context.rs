//! What every pass may use: clients, clock, stores, settings, memory of failures.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kube::core::DeserializeGuard;
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::watcher::Event;
use kube::{Resource, ResourceExt};

use crate::api::policy::{DeletionPolicy, DriftPolicy, ManagementMode};
use crate::api::quoted::unquoted;
use crate::api::{AwsAccount, EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use crate::aws::Aws;
use crate::controllers::accounts::{Ambient, Knowledge};
use crate::controllers::askers::Askers;
use crate::controllers::backoff::Failed;
use crate::controllers::brake::Brake;
use crate::controllers::clock::Clock;
use crate::controllers::familiar::Familiar;
use crate::controllers::foreseen::Foreseen;
use crate::controllers::hints::Hinted;
use crate::controllers::kind::Kind;
use crate::controllers::pace::Pace;
use crate::controllers::relations::Wakes;
use crate::controllers::revisions::Revisions;
use crate::controllers::scalings::Scalings;
use crate::controllers::sweep::Sweeps;
use crate::runtime::metrics::Metrics;

/// Settings of the controllers; the operator's flags decide them.
#[derive(Clone, Debug)]
pub struct Config {
    /// Installation id that stands in ownership tags.
    pub installation: String,
    /// This process, as reported in events.
    pub instance: String,
    /// Region of objects that name none.
    pub region: String,
    /// What the operator's own identity may be used for.
    pub ambient: Ambient,
    /// The widest management mode allowed.
    pub management_mode: ManagementMode,
    /// Deletion policy of objects that name none and were created by us.
    pub deletion_policy: DeletionPolicy,
    /// Drift policy of objects that name none.
    pub drift_policy: DriftPolicy,
    /// Time between two visits of a settled object.
    pub sweep: Duration,
    /// The same for kinds that have one of their own.
    pub sweep_of: BTreeMap<String, Duration>,
    /// Passes at once of kinds that have a bound of their own.
    pub concurrency_of: BTreeMap<String, u16>,
    /// Time between two looks at something that is changing.
    pub follow: Duration,
    /// Time between two checks that a settled revision is still ACTIVE.
    pub revision_sweep: Duration,
    /// May `ConfigMap`s be read and watched?
    pub config_maps: bool,
    /// The part of all services that may be deleted within ten minutes before the rest goes one by one; 1 = all.
    pub deletion_brake: f64,
    /// URLs of queues with events of ECS.
    pub event_queues: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            installation: "default".to_owned(),
            instance: "ecs-operator".to_owned(),
            region: "us-east-1".to_owned(),
            ambient: Ambient::default(),
            management_mode: ManagementMode::Manage,
            deletion_policy: DeletionPolicy::Delete,
            drift_policy: DriftPolicy::Correct,
            sweep: Duration::from_mins(5),
            sweep_of: BTreeMap::new(),
            concurrency_of: BTreeMap::new(),
            follow: Duration::from_secs(10),
            revision_sweep: Duration::from_hours(1),
            config_maps: true,
            deletion_brake: 0.2,
            event_queues: Vec::new(),
        }
    }
}

impl Config {
    /// Time between two visits of a settled object of a kind.
    #[must_use]
    pub fn sweep_of(&self, kind: &str) -> Duration {
        self.sweep_of.get(kind).copied().unwrap_or(self.sweep)
    }
}

/// The objects of every kind as the watches last told.
#[derive(Clone, Debug)]
pub struct Stores {
    /// All `AwsAccount`s.
    pub accounts: Store<DeserializeGuard<AwsAccount>>,
    /// All `EcsCluster`s.
    pub clusters: Store<DeserializeGuard<EcsCluster>>,
    /// All `EcsTaskDefinition`s.
    pub task_definitions: Store<DeserializeGuard<EcsTaskDefinition>>,
    /// All `EcsService`s.
    pub services: Store<DeserializeGuard<EcsService>>,
    /// All `ServerGroup`s.
    pub server_groups: Store<DeserializeGuard<ServerGroup>>,
}

impl Stores {
    /// Stores that no watch fills.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            accounts: reflector::store().0,
            clusters: reflector::store().0,
            task_definitions: reflector::store().0,
            services: reflector::store().0,
            server_groups: reflector::store().0,
        }
    }

    /// Stores that hold these objects, and no watch fills. Objects of other kinds are left out.
    #[must_use]
    pub fn holding(objects: &[serde_json::Value]) -> Self {
        Self {
            accounts: holding(objects),
            clusters: holding(objects),
            task_definitions: holding(objects),
            services: holding(objects),
            server_groups: holding(objects),
        }
    }

    /// Waits until every watch has told all there is. Never, if a writer is gone.
    pub async fn warm(&self) {
        let warm = [
            self.accounts.wait_until_ready().await.is_ok(),
            self.clusters.wait_until_ready().await.is_ok(),
            self.task_definitions.wait_until_ready().await.is_ok(),
            self.services.wait_until_ready().await.is_ok(),
            self.server_groups.wait_until_ready().await.is_ok(),
        ];
        if warm.contains(&false) {
            std::future::pending::<()>().await;
        }
    }
}

fn holding<K: Kind>(objects: &[serde_json::Value]) -> Store<DeserializeGuard<K>> {
    let (store, mut writer) = reflector::store();
    writer.apply_watcher_event(&Event::Init);
    let ours = objects.iter().filter(|object| object.get("kind").and_then(|kind| kind.as_str()) == Some(K::KIND));
    for object in ours.filter_map(|object| serde_json::from_value(object.clone()).ok()) {
        writer.apply_watcher_event(&Event::InitApply(object));
    }
    writer.apply_watcher_event(&Event::InitDone);
    store
}

/// What a reference leads to.
#[derive(Clone, Debug)]
pub enum Found<K> {
    /// The object.
    Object(Arc<K>),
    /// No such object (yet).
    Absent,
    /// An object that this version cannot read; the text says why.
    Undecodable(String),
}

/// Looks an object of a namespace up.
pub fn find<K: Kind>(store: &Store<DeserializeGuard<K>>, namespace: &str, name: &str) -> Found<K> {
    let key = ObjectRef::<DeserializeGuard<K>>::new(name).within(namespace);
    let Some(guard) = store.get(&key) else { return Found::Absent };
    match &guard.0 {
        Ok(object) => Found::Object(Arc::new(object.clone())),
        Err(invalid) => Found::Undecodable(unquoted(&invalid.error)),
    }
}

/// The objects of one kind.
pub type StoreOf<K> = Store<DeserializeGuard<K>>;

/// Names of objects of a store that this version cannot read, sorted.
pub fn unreadable<K: Kind>(store: &Store<DeserializeGuard<K>>) -> Vec<String> {
    let mut names: Vec<String> =
        store.state().iter().filter_map(|guard| guard.0.as_ref().err()?.metadata.name.clone()).collect();
    names.sort();
    names
}

/// The readable objects of a store that fit, by namespace and name. Only these are copied.
pub fn some<K: Kind>(store: &Store<DeserializeGuard<K>>, fits: impl Fn(&K) -> bool) -> Vec<K> {
    let state = store.state();
    let readable = state.iter().filter_map(|guard| guard.0.as_ref().ok());
    let mut objects: Vec<K> = readable.filter(|object| fits(object)).cloned().collect();
    objects.sort_by_key(|object| (object.namespace(), object.name_any()));
    objects
}

/// Names of a namespace's objects in a store, readable or not.
pub fn names<K: Kind>(store: &Store<DeserializeGuard<K>>, namespace: &str) -> Vec<String> {
    let state = store.state();
    let here = state.iter().filter(|guard| guard.meta().namespace.as_deref() == Some(namespace));
    here.map(|guard| guard.name_any()).collect()
}

/// What every pass may use.
#[derive(Clone)]
pub struct Context {
    /// Kubernetes.
    pub kube: kube::Client,
    /// AWS.
    pub aws: Aws,
    /// The time.
    pub clock: Clock,
    /// All objects.
    pub stores: Stores,
    /// Settings.
    pub config: Arc<Config>,
    /// Metrics of passes and conditions.
    pub metrics: Metrics,
    /// Wakes the dependants of what changed.
    pub wakes: Wakes,
    /// What is remembered of accounts.
    pub accounts: Knowledge,
    /// Task definition revisions read so far: they never change.
    pub revisions: Revisions,
    /// Scaling policies and scheduled actions read so far.
    pub scalings: Scalings,
    /// Objects at rest.
    pub sweeps: Sweeps,
    /// Passes under way or waiting, as the queues see them.
    pub askers: Askers,
    /// What each object was like when its last pass began.
    pub familiar: Familiar,
    /// When each object's status was last written.
    pub pace: Pace,
    /// What holds up mass deletions.
    pub brake: Brake,
    /// Whose next pass a hint brought forward.
    pub hinted: Hinted,
    /// Who is told what passes are about to do.
    pub foreseen: Foreseen,
    failed: Arc<Mutex<Failed>>,
}

impl Context {
    /// A context with empty memory, as after a restart.
    pub fn new(
        kube: kube::Client,
        aws: Aws,
        clock: Clock,
        stores: Stores,
        config: Config,
        metrics: Metrics,
        wakes: Wakes,
    ) -> Self {
        Self {
            kube,
            aws,
            clock,
            stores,
            config: Arc::new(config),
            metrics,
            wakes,
            accounts: Knowledge::default(),
            revisions: Revisions::default(),
            scalings: Scalings::default(),
            sweeps: Sweeps::default(),
            askers: Askers::default(),
            familiar: Familiar::default(),
            pace: Pace::default(),
            brake: Brake::default(),
            hinted: Hinted::default(),
            foreseen: Foreseen::default(),
            failed: Arc::default(),
        }
    }

    /// The memory of failures.
    pub(crate) fn failed(&self) -> MutexGuard<'_, Failed> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tags as ECS lists them, as a map.
#[must_use]
pub fn tag_map(tags: &[aws_sdk_ecs::types::Tag]) -> BTreeMap<String, String> {
    tags.iter().filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default()))).collect()
}

/// A map as ECS wants tags.
#[must_use]
pub fn tag_list(tags: &BTreeMap<String, String>) -> Vec<aws_sdk_ecs::types::Tag> {
    tags.iter().map(|(key, value)| aws_sdk_ecs::types::Tag::builder().key(key).value(value).build()).collect()
}
