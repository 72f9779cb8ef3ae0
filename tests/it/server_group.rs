//! Server groups on both simulated worlds: versions, strategies, traffic, failures.

mod asks;
mod rollouts;

use std::time::Duration;

use ecs_operator::api::condition::{ConditionType, find};
use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition, ServerGroup, ServerGroupStatus};
use ecs_sim::elbv2::control::{Balanced, BalancerSpec};
use serde_json::{Value, json};

use crate::support::driver::Operator;
use crate::support::manifests::{cluster, manifest};
use crate::support::world::{World, key};

const MINUTE: Duration = Duration::from_secs(60);

/// A group of a Fargate web server.
fn group(image: &str, members: &Value) -> Value {
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
    world.aws.sim(|sim| sim.balancer(&key(), &spec)).unwrap()
}

/// Worlds with a cluster.
async fn worlds(seed: u64) -> (World, Operator) {
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
    find(&status.conditions, ConditionType::Ready)
        .map_or_else(String::new, |c| format!("{} {}: {}", c.status, c.reason, c.message))
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
