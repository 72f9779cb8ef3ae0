//! The loop: observe (io) → plan (pure) → act (io) → status, for every kind.

pub mod arn;
pub mod backoff;
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
pub mod hash;
pub mod kind;
pub mod owner;
pub mod ownership;
pub mod pass;
pub mod reference;
pub mod refusal;
pub mod relations;
pub mod report;
pub mod revisions;
pub mod scalings;
pub mod seen;
pub mod server_group;
pub mod tagging;
pub mod target;

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::core::{DeserializeGuard, PartialObjectMeta};
use kube::runtime::WatchStreamExt;
use kube::runtime::controller::{Action, Config as Workers, Controller, Error as ControllerError};
use kube::runtime::watcher::{self, Event};
use tokio_util::sync::CancellationToken;

use crate::api::{EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use context::{Context, Stores};
use drive::Reconcile;
use relations::Woken;

/// A controller that runs until it is told to stop.
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Objects of a kind, readable or not.
type Watched<K> = Controller<DeserializeGuard<K>>;

/// Everything that runs: one controller a kind, before it has a context.
pub struct Controllers {
    clusters: Watched<EcsCluster>,
    task_definitions: Watched<EcsTaskDefinition>,
    services: Watched<EcsService>,
    server_groups: Watched<ServerGroup>,
    namespace: Option<String>,
}

impl Controllers {
    /// Controllers over one namespace, or over all.
    pub fn new(client: &kube::Client, namespace: Option<&str>) -> Self {
        Self {
            clusters: controller(client, namespace),
            task_definitions: controller(client, namespace),
            services: controller(client, namespace),
            server_groups: controller(client, namespace),
            namespace: namespace.map(str::to_owned),
        }
    }

    /// What their watches keep.
    pub fn stores(&self) -> Stores {
        Stores {
            clusters: self.clusters.store(),
            task_definitions: self.task_definitions.store(),
            services: self.services.store(),
            server_groups: self.server_groups.store(),
        }
    }

    /// The controllers at work. `concurrency` bounds the passes of each kind that run at once.
    pub fn run(self, cx: &Arc<Context>, woken: Woken, concurrency: u16, stop: &CancellationToken) -> Vec<Running> {
        vec![
            work(self.clusters.reconcile_on(woken.clusters), cx, concurrency, stop),
            work(self.task_definitions.reconcile_on(woken.task_definitions), cx, concurrency, stop),
            work(self.services.reconcile_on(woken.services), cx, concurrency, stop),
            work(self.server_groups.reconcile_on(woken.server_groups), cx, concurrency, stop),
            documents(cx, self.namespace.as_deref(), stop),
        ]
    }
}

/// Wakes the groups whose artifact stands in a `ConfigMap` that changed. Only names are kept of what is watched; a
/// group reads the text itself. Without the permission to watch, changes are found at the next sweep.
fn documents(cx: &Arc<Context>, namespace: Option<&str>, stop: &CancellationToken) -> Running {
    let api: Api<PartialObjectMeta<ConfigMap>> = match namespace {
        Some(namespace) => Api::namespaced(cx.kube.clone(), namespace),
        None => Api::all(cx.kube.clone()),
    };
    let cx = cx.clone();
    let stopped = stop.clone().cancelled_owned();
    let changes = watcher::watcher(api, watcher::Config::default()).default_backoff();
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

fn controller<K: kind::Kind>(client: &kube::Client, namespace: Option<&str>) -> Watched<K> {
    let api: Api<DeserializeGuard<K>> = match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    };
    Controller::new(api, watcher::Config::default())
}

fn work<K: Reconcile>(
    controller: Watched<K>,
    cx: &Arc<Context>,
    concurrency: u16,
    stop: &CancellationToken,
) -> Running {
    let stopped = stop.clone().cancelled_owned();
    let stream = controller.with_config(Workers::default().concurrency(concurrency)).graceful_shutdown_on(stopped).run(
        |object, cx| async move { Ok::<Action, Infallible>(drive::reconcile(object, cx).await) },
        |_, _: &Infallible, _| Action::requeue(Duration::from_secs(1)),
        cx.clone(),
    );
    Box::pin(stream.for_each(|result| async {
        match result {
            // The object was deleted between its wake and its pass.
            Ok(_) | Err(ControllerError::ObjectNotFound(_)) => {}
            Err(error) => tracing::warn!(kind = K::KIND, %error, "the watch is disturbed; are the CRDs installed?"),
        }
    }))
}
