//! Server groups on both simulated worlds: versions, strategies, traffic, failures.

mod adoption;
pub(crate) mod alarms;
pub(crate) mod asks;
pub(crate) mod bad_input;
mod bounds;
mod checks;
pub(crate) mod copies;
mod counts;
mod documents;
pub(crate) mod failures;
mod going_back;
mod leftovers;
mod many;
mod midway;
mod numbers;
mod operations;
mod refused;
pub(crate) mod roles;
pub(crate) mod rollouts;
mod scaling;
mod settling;
mod stale;
mod unmet;

use std::time::Duration;

use ecs_operator::api::condition::ConditionType;
use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition, ServerGroup, ServerGroupStatus};
use ecs_sim::elbv2::control::{Balanced, BalancerSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};

use crate::behaviour::line;
use crate::support::driver::Operator;
use crate::support::manifests::{cluster, manifest};
use crate::support::world::{World, key};

const MINUTE: Duration = Duration::from_secs(60);

/// A group of a Fargate web server.
pub fn group(image: &str, members: &Value) -> Value {
    let mut spec = json!({
        "clusterRef": {"name": "prod"},
        "capacity": {"desired": 2},
        "template": {
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a", "subnet-0b"]}},
            "inputs": {"image": image, "cpu": 256, "memory": 512, "portMappings": [{"containerPort": 80}]},
        },
        "gate": {"minHealthySeconds": 10},
    });
    json_patch::merge(&mut spec, members);
    manifest("ServerGroup", "shop-prod", spec)
}

/// A group behind two target groups with weights.
fn weighted(image: &str, balanced: &Balanced, members: &Value) -> Value {
    let mut more = json!({
        "template": {"targetGroupMappings": [{
            "containerPort": 80, "targetGroup": "blue", "alternateTargetGroup": "green",
        }]},
        "traffic": {"listenerRules": [balanced.rule]},
    });
    json_patch::merge(&mut more, members);
    group(image, &more)
}

/// A load balancer whose rule sends everything to `blue` and nothing to `green`.
fn balancer(world: &World) -> Balanced {
    let spec = BalancerSpec {
        interval_seconds: 5,
        healthy_threshold: 2,
        deregistration_delay_seconds: 30,
        ..BalancerSpec::new("web", &[("blue", 100), ("green", 0)])
    };
    world.balancer(&spec)
}

/// Worlds with a cluster.
pub async fn worlds(seed: u64) -> (World, Operator) {
    let world = World::ready(seed).await;
    let mut operator = world.operator();
    world.apply::<EcsCluster>(&cluster("prod")).await;
    operator.rest().await;
    (world, operator)
}

async fn status(world: &World) -> ServerGroupStatus {
    world.status::<ServerGroup>("shop-prod").await
}

/// The `Ready` of the group, in one line.
async fn ready(world: &World) -> String {
    let status = status(world).await;
    line(&status.conditions, ConditionType::Ready)
}

/// Tasks that run, by service.
async fn running(world: &World, version: &str) -> i32 {
    let found = world.cli().describe_services().cluster("prod").services(version).send().await.unwrap();
    found.services().first().map_or(-1, |service| service.running_count)
}

/// Names of the children of both kinds.
async fn children(world: &World) -> Vec<String> {
    let all = |plural: &str| world.api.with(|api| api.all(plural));
    let name = |value: &Value| value["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let mut names: Vec<String> = all("ecsservices.ecs-operator.dev").iter().map(name).collect();
    names.extend(all("ecstaskdefinitions.ecs-operator.dev").iter().map(|value| format!("td/{}", name(value))));
    names.sort();
    names
}

/// The operations that changed something since this was last asked.
fn writes(world: &World) -> Vec<String> {
    world.aws.take_sent().into_iter().filter(crate::support::wire::Sent::is_write).map(|call| call.operation).collect()
}

/// The objects of a version.
async fn child(world: &World, name: &str) -> (EcsTaskDefinition, EcsService) {
    (world.get(name).await.unwrap(), world.get(name).await.unwrap())
}

/// The reason and note of every event of the group.
fn events(world: &World) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = world.api.with(|api| api.all("events.events.k8s.io"));
    let of_group = all.iter().filter(|event| event["regarding"]["kind"] == "ServerGroup");
    of_group.map(|event| (text(&event["reason"]), text(&event["note"]))).collect()
}

/// The notes of the events with this reason.
fn told(world: &World, reason: &str) -> Vec<String> {
    events(world).into_iter().filter(|(told, _)| told == reason).map(|(_, note)| note).collect()
}

/// A settled group of `nginx:1`.
pub async fn served(seed: u64, members: &Value) -> (World, Operator) {
    let (world, mut operator) = worlds(seed).await;
    world.apply::<ServerGroup>(&group("nginx:1", members)).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True Succeeded: shop-prod-v000"), "{}", ready(&world).await);
    (world, operator)
}

/// A settled group of `nginx:1` behind two target groups.
async fn balanced(seed: u64, members: &Value) -> (World, Operator, Balanced) {
    let (world, mut operator) = worlds(seed).await;
    let balanced = balancer(&world);
    world.apply::<ServerGroup>(&weighted("nginx:1", &balanced, members)).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True Succeeded: shop-prod-v000"), "{}", ready(&world).await);
    (world, operator, balanced)
}

/// Goes on until no rollout is under way, for `limit` at most; the version always keeps so many tasks running.
async fn through(world: &World, operator: &mut Operator, limit: Duration, (version, tasks): (&str, i32)) {
    let until = tokio::time::Instant::now() + limit;
    loop {
        operator.settle(Duration::from_secs(2), Duration::from_secs(2)).await;
        world.wait(Duration::from_secs(1)).await;
        let there = running(world, version).await;
        assert!(there >= tasks, "{version} has {there} tasks: {}", ready(world).await);
        let status = status(world).await;
        let settled = status.rollout.is_none() && status.observed_generation == generation(world).await;
        if settled && operator.passes > 0 || tokio::time::Instant::now() >= until {
            return;
        }
    }
}

/// Goes on until `Ready` begins with a text, for half an hour at most.
pub async fn until(world: &World, operator: &mut Operator, begins: &str) {
    let limit = tokio::time::Instant::now() + 30 * MINUTE;
    while tokio::time::Instant::now() < limit && !ready(world).await.starts_with(begins) {
        operator.settle(Duration::from_secs(10), Duration::from_secs(10)).await;
        world.wait(Duration::from_secs(1)).await;
    }
    assert!(ready(world).await.starts_with(begins), "{}", ready(world).await);
}

async fn generation(world: &World) -> Option<i64> {
    world.get::<ServerGroup>("shop-prod").await.unwrap().metadata.generation
}

/// Sweeps every five minutes for an hour: what is called that changes something.
async fn idle(world: &World, operator: &mut Operator) -> Vec<String> {
    world.aws.take_sent();
    for _ in 0..12 {
        operator.sweep().await;
        operator.settle(Duration::from_secs(20), Duration::from_secs(60)).await;
        world.wait(5 * MINUTE).await;
    }
    writes(world)
}

/// The weights that the second target group had, one after another.
fn weights_of_b(world: &World, balanced: &Balanced) -> Vec<i64> {
    let log = world.aws.sim(|sim| sim.weight_log(&key(), &balanced.rule));
    log.iter().map(|change| change.weights[&balanced.groups[1]]).collect()
}

/// Seconds between two stamps.
fn seconds(from: Option<&Time>, to: Option<&Time>) -> i64 {
    to.unwrap().0.duration_since(from.unwrap().0).as_secs()
}
