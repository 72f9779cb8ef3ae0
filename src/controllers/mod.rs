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
pub mod hash;
pub mod held;
pub mod kind;
pub mod lanes;
pub mod owner;
pub mod ownership;
pub mod pace;
pub mod pass;
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

use crate::api::{AwsAccount, EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use context::{Context, Stores};
use drive::Reconcile;
use lanes::Lanes;
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
    pub fn new(client: &kube::Client, sight: Sight) -> Self {
        let mut watching: Vec<Running> = Vec::new();
        Self {
            accounts: sight.accounts.then(|| watch(Watches::everywhere(client), &mut watching)),
            clusters: watch(Watches::within(client, &sight.namespaces), &mut watching),
            task_definitions: watch(Watches::within(client, &sight.namespaces), &mut watching),
            services: watch(Watches::within(client, &sight.namespaces), &mut watching),
            server_groups: watch(Watches::within(client, &sight.namespaces), &mut watching),
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
        let lanes = Lanes::new(concurrency);
        let mut running = vec![
            work(self.clusters, woken.clusters, cx, &lanes, stop),
            work(self.task_definitions, woken.task_definitions, cx, &lanes, stop),
            work(self.services, woken.services, cx, &lanes, stop),
            work(self.server_groups, woken.server_groups, cx, &lanes, stop),
            sweeping(cx, stop),
        ];
        running.extend(self.accounts.map(|accounts| work(accounts, woken.accounts, cx, &lanes, stop)));
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
    let watches = apis.into_iter().map(|api| watcher::watcher(api, watcher::Config::default()).default_backoff());
    let changes = select_all(watches.map(StreamExt::boxed));
    let changes = changes.take_until(stopped).for_each(move |change| {
        match change {
            Ok(Event::Apply(map) | Event::Delete(map)) => cx.wakes.document_changed(&map.metadata, &cx.stores),
            Ok(Event::Init | Event::InitApply(_) | Event::InitDone) => {}
            Err(error) => tracing::warn!(%error, "ConfigMaps cannot be watched"),
        }
        std::future::ready(())
    });
    Box::pin(changes)
}

fn watch<K: Watchable>(watches: Watches<K>, watching: &mut Vec<Running>) -> Told<K> {
    let (told, keeping) = watches.split();
    watching.push(Box::pin(keeping));
    told
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
    lanes: &Lanes,
    stop: &CancellationToken,
) -> Running {
    let stopped = stop.clone().cancelled_owned();
    let (store, lanes) = (told.store.clone(), lanes.clone());
    let controller = Controller::for_stream(pending(), told.store.clone());
    let (at, raised) = (told.store.clone(), cx.clone());
    for object in told.store.state() {
        // All begin with a pass of their own; nobody needs to be woken by another's first.
        cx.familiar.is_news(&object);
    }
    let changes = told.changes().inspect(move |changed| {
        if let Some(object) = at.get(changed) {
            raised.askers.raise(&askers::name_of(&object), askers::urgency(&object, &raised));
        }
    });
    let controller = controller.reconcile_on(changes).reconcile_on(woken);
    // The bound is ours: kube's queue has no order, so that an edit would stand anywhere behind a whole sweep.
    let stream = controller.with_config(Workers::default().concurrency(0)).graceful_shutdown_on(stopped).run(
        move |object, cx| {
            let pass = drive::reconcile(object, cx, store.clone(), lanes.clone());
            async move { Ok::<Action, Infallible>(pass.await) }
        },
        |_, _: &Infallible, _| Action::requeue(Duration::from_secs(1)),
        cx.clone(),
    );
    Box::pin(stream.for_each(|result| async {
        match result {
            // The object was deleted between its wake and its pass.
            Ok(_) | Err(ControllerError::ObjectNotFound(_)) => {}
            Err(error) => tracing::warn!(kind = K::KIND, %error, "passes are disturbed"),
        }
    }))
}
