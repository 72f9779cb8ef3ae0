//! How the operator behaves towards people: modes, ownership, rollouts, failures; on both simulated worlds.

mod annotations;
mod deletion;
pub(crate) mod failures;
mod history;
mod letting_go;
mod modes;
pub(crate) mod ownership;
mod removed;
pub(crate) mod rollouts;

use std::sync::Arc;
use std::time::Duration;

use ecs_operator::api::condition::{ConditionType, find};
use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use ecs_operator::controllers::kind::Namespaced;
use ecs_sim::ecs::scheduler::Fleet;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde_json::Value;
use tokio::sync::Notify;

use crate::support::driver::Operator;
use crate::support::manifests::{cluster, service, web};
use crate::support::wire::Fault;
use crate::support::world::{World, key};

const MINUTE: Duration = Duration::from_secs(60);

/// A condition in one line, empty when it does not stand.
pub fn line(conditions: &[Condition], kind: ConditionType) -> String {
    find(conditions, kind).map_or_else(String::new, |c| format!("{} {}: {}", c.status, c.reason, c.message))
}

/// The `Ready` of the service `web`.
async fn ready(world: &World) -> String {
    line(&world.status::<EcsService>("web").await.conditions, ConditionType::Ready)
}

/// Does the condition stand as True?
async fn stands(world: &World, kind: ConditionType) -> bool {
    line(&world.status::<EcsService>("web").await.conditions, kind).starts_with("True")
}

/// The operations that changed something since this was last asked.
fn writes(world: &World) -> Vec<String> {
    world.aws.take_sent().into_iter().filter(crate::support::wire::Sent::is_write).map(|call| call.operation).collect()
}

/// A manifest with other or more members in its spec.
pub fn with(mut manifest: Value, members: &Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        manifest["spec"][name] = value.clone();
    }
    manifest
}

/// Cluster, task definition and service, applied and settled; the service's spec with more members.
pub async fn shop(seed: u64, members: &Value) -> (World, Operator) {
    let world = World::ready(seed).await;
    let mut operator = world.operator();
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    world.apply::<EcsService>(&with(service("web", "prod", "web"), members)).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    world.aws.take_sent();
    (world, operator)
}

/// An operator that is killed as soon as AWS has done what such a call asks for, before the answer arrives.
async fn killed_after(world: &World, operation: &'static str) {
    let died = Arc::new(Notify::new());
    let killed = died.clone();
    world.aws.set_plan(Some(Box::new(move |_, called| {
        if called != operation {
            return Fault::Pass;
        }
        killed.notify_one();
        Fault::LostHang
    })));
    let mut operator = world.operator();
    tokio::select! {
        biased;
        () = died.notified() => {}
        _ = operator.rest() => panic!("{operation} was not called"),
    }
    world.aws.set_plan(None);
}

/// Looks at or changes the simulated scheduler.
fn fleet<T>(world: &World, f: impl FnOnce(&mut Fleet) -> T) -> T {
    world.aws.sim(|sim| sim.with_fleet(&key(), f))
}

/// The reasons and notes of all events.
fn events(world: &World) -> Vec<(String, String)> {
    let events = world.api.with(|api| api.all("events.events.k8s.io"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    events.iter().map(|event| (text(&event["reason"]), text(&event["note"]))).collect()
}

/// How often an event of this reason was published.
fn told(world: &World, reason: &str) -> usize {
    events(world).iter().filter(|(told, _)| told == reason).count()
}

/// Sweeps every five minutes for an hour: nothing may change in AWS.
async fn idle(world: &World, operator: &mut Operator) -> Vec<String> {
    world.aws.take_sent();
    for _ in 0..12 {
        operator.sweep().await;
        world.wait(5 * MINUTE).await;
    }
    writes(world)
}

/// How many times the object's stored form changes over a number of sweeps.
async fn versions<K: Namespaced>(world: &World, operator: &mut Operator, name: &str, sweeps: usize) -> usize {
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..sweeps {
        operator.sweep().await;
        seen.insert(world.get::<K>(name).await.unwrap().meta().resource_version.clone());
        world.wait(MINUTE).await;
    }
    seen.len()
}
