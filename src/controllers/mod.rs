//! The loop: observe (io) → plan (pure) → act (io) → status, for every kind.

pub mod accounts;
pub mod arn;
pub mod askers;
pub mod aws_account;
pub mod backoff;
pub mod brake;
pub mod clock;
pub mod conclude;
pub mod context;
mod counted;
pub mod directive;
pub mod document;
pub mod drive;
pub mod ecs_cluster;
pub mod ecs_service;
pub mod ecs_task_definition;
pub mod effects;
pub mod events;
pub mod facts;
pub mod failure;
pub mod familiar;
pub mod foreseen;
pub mod hash;
pub mod held;
pub mod hidden;
pub mod hints;
pub mod kind;
pub mod lanes;
mod missed;
pub mod owner;
pub mod ownership;
pub mod pace;
pub mod pass;
mod patience;
mod readable;
pub mod reference;
pub mod refusal;
pub mod relations;
pub mod report;
pub mod revisions;
pub mod scalings;
pub mod seen;
pub mod server_group;
pub mod sweep;
pub mod tagging;
pub mod target;
pub mod watches;
mod written;

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::channel::mpsc::UnboundedReceiver;
use futures::stream::{pending, select_all};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::core::DeserializeGuard;
use kube::core::PartialObjectMeta;
use kube::runtime::WatchStreamExt;
use kube::runtime::controller::{Action, Config as Workers, Controller, Error as ControllerError};
use kube::runtime::reflector::{self, Store};
use kube::runtime::watcher::{self, Event};
use tokio_util::sync::CancellationToken;

use crate::api::quoted::unquoted;
use crate::api::{AwsAccount, EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use crate::runtime::metrics::{QueueMetrics, WatchMetrics};
use context::{Context, Stores};
use drive::Reconcile;
use kind::Kind;
use lanes::Lanes;
use patience::{Patience, Said};
use relations::{Ref, Woken};
use watches::{Told, Watchable, Watches};

/// A part of the operator that runs until it is told to stop.
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// The namespaces; all of the cluster when there is none.
    pub namespaces: Vec<String>,
    /// Also the accounts, which are in no namespace?
    pub accounts: bool,
}

impl Default for Sight {
    fn default() -> Self {
        Self { namespaces: Vec::new(), accounts: true }
    }
}

/// Everything that runs: one controller a kind, before it has a context.
pub struct Controllers {
    accounts: Option<Told<AwsAccount>>,
    clusters: Told<EcsCluster>,
    task_definitions: Told<EcsTaskDefinition>,
    services: Told<EcsService>,
    server_groups: Told<ServerGroup>,
    sight: Sight,
    watching: Vec<Running>,
}

impl Controllers {
    /// Controllers over some namespaces, or over all.
    pub fn new(client: &kube::Client, sight: Sight, metrics: &WatchMetrics) -> Self {
        let mut watching: Vec<Running> = Vec::new();
        let metrics = metrics.clone();
        Self {
            accounts: sight.accounts.then(|| watch(Watches::everywhere(client), &metrics, &mut watching)),
            clusters: watch(Watches::within(client, &sight.namespaces), &metrics, &mut watching),
            task_definitions: watch(Watches::within(client, &sight.namespaces), &metrics, &mut watching),
            services: watch(Watches::within(client, &sight.namespaces), &metrics, &mut watching),
            server_groups: watch(Watches::within(client, &sight.namespaces), &metrics, &mut watching),
            sight,
            watching,
        }
    }

    /// What their watches keep.
    pub fn stores(&self) -> Stores {
        Stores {
            accounts: self.accounts.as_ref().map_or_else(no_accounts, |accounts| accounts.store.clone()),
            clusters: self.clusters.store.clone(),
            task_definitions: self.task_definitions.store.clone(),
            services: self.services.store.clone(),
            server_groups: self.server_groups.store.clone(),
        }
    }

    /// The watches, to be run from the first moment; none ends by itself.
    pub fn watching(&mut self) -> Vec<Running> {
        std::mem::take(&mut self.watching)
    }

    /// The controllers at work, for who may act. `concurrency` bounds the passes of each kind that the sweep may have
    /// under way; those that are more urgent have a wider bound of their own.
    pub fn run(self, cx: &Arc<Context>, woken: Woken, concurrency: u16, stop: &CancellationToken) -> Vec<Running> {
        let lanes = Lanes::with(concurrency, cx.config.concurrency_of.clone());
        let mut running = vec![
            work(self.clusters, woken.clusters, cx, (&lanes, concurrency), stop),
            work(self.task_definitions, woken.task_definitions, cx, (&lanes, concurrency), stop),
            work(self.services, woken.services, cx, (&lanes, concurrency), stop),
            work(self.server_groups, woken.server_groups, cx, (&lanes, concurrency), stop),
            sweeping(cx, stop),
        ];
        running.extend(self.accounts.map(|accounts| work(accounts, woken.accounts, cx, (&lanes, concurrency), stop)));
        running.extend(hinting(cx, stop));
        if cx.config.config_maps {
            running.push(documents(cx, &self.sight.namespaces, stop));
        }
        running
    }
}

/// A store that is filled, with nothing.
fn no_accounts() -> Store<DeserializeGuard<AwsAccount>> {
    let (store, mut writer) = reflector::store();
    writer.apply_watcher_event(&Event::Init);
    writer.apply_watcher_event(&Event::InitDone);
    store
}

/// Wakes the groups whose artifact stands in a `ConfigMap` that changed. Only names are kept of what is watched; a
/// group reads the text itself. Without the permission to watch, changes are found at the next sweep.
fn documents(cx: &Arc<Context>, namespaces: &[String], stop: &CancellationToken) -> Running {
    let apis: Vec<Api<PartialObjectMeta<ConfigMap>>> = if namespaces.is_empty() {
        vec![Api::all(cx.kube.clone())]
    } else {
        namespaces.iter().map(|namespace| Api::namespaced(cx.kube.clone(), namespace)).collect()
    };
    let cx = cx.clone();
    let stopped = stop.clone().cancelled_owned();
    let watches = apis.into_iter().enumerate().map(|(at, api)| {
        let changes = watcher::watcher(api, watcher::Config::default()).backoff(Patience::default());
        changes.map(move |change| (at, change)).boxed()
    });
    let changes = select_all(watches);
    let namespaces = namespaces.to_vec();
    let (metrics, mut said) = (cx.metrics.watches.clone(), Said::default());
    let changes = changes.take_until(stopped).for_each(move |(at, change)| {
        let namespace = namespaces.get(at).map(String::as_str);
        match change {
            Ok(event) => {
                if let Event::Apply(map) | Event::Delete(map) = &event {
                    cx.wakes.document_changed(&map.metadata, &cx.stores);
                }
                // A list that is about to be asked for is no answer.
                if !matches!(event, Event::Init) {
                    metrics.told("ConfigMap", namespace);
                }
            }
            Err(error) => {
                metrics.failed("ConfigMap", namespace);
                if said.again(at) {
                    tracing::warn!(namespace, error = unquoted(&error.to_string()), "ConfigMaps cannot be watched");
                }
            }
        }
        std::future::ready(())
    });
    Box::pin(changes)
}

fn watch<K: Watchable>(watches: Watches<K>, metrics: &WatchMetrics, watching: &mut Vec<Running>) -> Told<K> {
    let (told, keeping) = watches.counted(metrics).split();
    watching.push(Box::pin(keeping));
    told
}

/// The readers of queues of events.
fn hinting(cx: &Arc<Context>, stop: &CancellationToken) -> Vec<Running> {
    let read = |url: &String| -> Running {
        let (cx, stop, queue) = (cx.clone(), stop.clone(), cx.aws.queue(url));
        Box::pin(async move {
            stop.run_until_cancelled(hints::run(&cx, &queue)).await;
        })
    };
    cx.config.event_queues.iter().map(read).collect()
}

/// The sweep over objects at rest.
fn sweeping(cx: &Arc<Context>, stop: &CancellationToken) -> Running {
    let (cx, stop) = (cx.clone(), stop.clone());
    Box::pin(async move {
        stop.run_until_cancelled(sweep::run(&cx)).await;
    })
}

fn work<K: Reconcile>(
    told: Told<K>,
    woken: UnboundedReceiver<Ref<K>>,
    cx: &Arc<Context>,
    (lanes, concurrency): (&Lanes, u16),
    stop: &CancellationToken,
) -> Running {
    let stopped = stop.clone().cancelled_owned();
    let concurrency = cx.config.concurrency_of.get(K::KIND).copied().unwrap_or(concurrency);
    cx.metrics.reconcile.bounded(K::KIND, concurrency, cx.config.sweep_of(K::KIND));
    let queue = cx.metrics.reconcile.queue.clone();
    let (store, lanes) = (told.store.clone(), lanes.clone());
    let controller = Controller::for_stream(pending(), told.store.clone());
    let (at, raised) = (told.store.clone(), cx.clone());
    for object in told.store.state() {
        // All begin with a pass of their own; nobody needs to be woken by another's first.
        cx.familiar.is_news(&object);
    }
    let changes = told.changes().inspect(in_line(&queue)).inspect(move |changed| {
        if let Some(object) = at.get(changed) {
            raised.askers.raise(&askers::name_of(&object), askers::urgency(&object, &raised));
        }
    });
    let controller = controller.reconcile_on(changes).reconcile_on(woken.inspect(in_line(&queue)));
    // The bound is ours: kube's queue has no order, so that an edit would stand anywhere behind a whole sweep.
    let stream = controller.with_config(Workers::default().concurrency(0)).graceful_shutdown_on(stopped).run(
        move |object, cx| {
            let pass = drive::reconcile(object, cx, store.clone(), lanes.clone());
            async move { Ok::<Action, Infallible>(pass.await) }
        },
        |_, _: &Infallible, _| Action::requeue(Duration::from_secs(1)),
        cx.clone(),
    );
    Box::pin(stream.for_each(move |result| {
        match result {
            Ok(_) => {}
            // The object was deleted between its wake and its pass.
            Err(ControllerError::ObjectNotFound(object)) => {
                queue.gone(K::KIND, object.namespace.as_deref().unwrap_or_default(), &object.name);
            }
            Err(error) => tracing::warn!(kind = K::KIND, error = unquoted(&error.to_string()), "passes are disturbed"),
        }
        std::future::ready(())
    }))
}

/// Counts what is put in line.
fn in_line<K: Kind>(queue: &QueueMetrics) -> impl FnMut(&Ref<K>) + Send + 'static + use<K> {
    let queue = queue.clone();
    move |object| queue.added(K::KIND, object.namespace.as_deref().unwrap_or_default(), &object.name)
}
