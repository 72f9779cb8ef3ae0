//! What `status`, `tree`, `events` and `tasks` show of runs in the simulation: reviewed text under `tests/fixtures/plugin`.

use std::time::Duration;

use ecs_operator::api::{EcsService, EcsTaskDefinition, ServerGroup};
use ecs_operator::plugin::exit::Exit;
use ecs_operator::plugin::kind::Kind;
use ecs_operator::plugin::page::written;
use ecs_operator::plugin::render::{report as draw, table, tree};
use ecs_operator::plugin::tree::{Health, Object, Snapshot, forest, report};
use ecs_sim::elbv2::control::{Balanced, BalancerSpec};
use ecs_sim::fixtures::ImageFate;
use serde_json::{Value, json};

use super::look::{compared, drawn, snapshot, with_tasks};
use crate::behaviour::rollouts::at_the_gate;
use crate::server_group::{group, served, worlds};
use crate::support::driver::Operator;
use crate::support::manifests::{service, web};
use crate::support::world::{NAMESPACE, World};

const MINUTE: Duration = Duration::from_secs(60);

fn object<'a>(snapshot: &'a Snapshot, kind: Kind, name: &str) -> &'a Object {
    snapshot.object(kind, NAMESPACE, name).unwrap()
}

/// Draws the report of an object, and checks its health.
fn reported(world: &World, snapshot: &Snapshot, kind: Kind, name: &str, file: &str, health: Health) {
    let report = report(snapshot, object(snapshot, kind, name), world.clock.exact());
    assert_eq!(report.health, health, "{report:#?}");
    drawn(world, file, |look, height| draw::lines(&report, look, height));
}

/// Weighted traffic between two target groups.
fn weighted(rule: &Balanced, members: &Value) -> Value {
    let mut more = json!({
        "template": {"targetGroupMappings": [{"containerPort": 80, "targetGroup": "blue", "alternateTargetGroup": "green"}]},
        "traffic": {"listenerRules": [rule.rule]},
    });
    json_patch::merge(&mut more, members);
    more
}

/// A canary that waits for a person with a fifth of the traffic.
async fn canary(seed: u64) -> (World, Operator) {
    let (world, mut operator) = worlds(seed).await;
    let spec = BalancerSpec {
        interval_seconds: 5,
        healthy_threshold: 2,
        deregistration_delay_seconds: 30,
        ..BalancerSpec::new("web", &[("blue", 100), ("green", 0)])
    };
    let rule = world.balancer(&spec);
    let steps = json!([
        {"setCapacity": {"count": 1}}, {"setWeight": 20}, {"pause": {"durationSeconds": 60}}, {"pause": {}}, {"setWeight": 50},
    ]);
    let members = weighted(&rule, &json!({"strategy": {"canary": {"steps": steps}}}));
    world.apply::<ServerGroup>(&group("nginx:1", &members)).await;
    operator.rest().await;
    world.apply::<ServerGroup>(&group("nginx:2", &members)).await;
    for _ in 0..2_000 {
        let rollout = world.status::<ServerGroup>("shop-prod").await.rollout;
        if rollout.is_some_and(|rollout| rollout.promote_with.is_some()) {
            return (world, operator);
        }
        operator.next().await;
    }
    panic!("no step waits for a person");
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_waits_for_a_person_says_how_to_promote_it() {
    let (world, _operator) = canary(901).await;
    let seen = with_tasks(&world).await;
    reported(&world, &seen, Kind::Group, "shop-prod", "canary-waits.txt", Health::Waiting);
    let report = report(&seen, object(&seen, Kind::Group, "shop-prod"), world.clock.exact());
    compared("canary-waits.yaml", &written(&report, ecs_operator::plugin::cli::Format::Yaml).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_rollout_under_way_shows_both_versions_and_its_steps() {
    let (world, mut operator) = served(902, &json!({"capacity": {"desired": 3}})).await;
    world.apply::<ServerGroup>(&group("nginx:2", &json!({"capacity": {"desired": 3}}))).await;
    let now = snapshot(&world);
    assert_eq!(report(&now, object(&now, Kind::Group, "shop-prod"), world.clock.exact()).health, Health::Unseen);
    for _ in 0..200 {
        let status = world.status::<ServerGroup>("shop-prod").await;
        let begun = status.rollout.is_some_and(|rollout| rollout.step.to_string() == "Gating");
        if begun && status.versions.iter().any(|version| version.running > 0 && version.sequence == 1) {
            break;
        }
        operator.next().await;
    }
    let seen = with_tasks(&world).await;
    reported(&world, &seen, Kind::Group, "shop-prod", "red-black.txt", Health::Moving);
}

#[tokio::test(start_paused = true)]
async fn a_version_that_failed_says_why_and_what_serves() {
    let (world, mut operator) = served(903, &json!({})).await;
    world.aws.sim(|sim| sim.set_image("nginx:2", ImageFate::Missing));
    world.apply::<ServerGroup>(&group("nginx:2", &json!({}))).await;
    operator.rest().await;
    let seen = with_tasks(&world).await;
    reported(&world, &seen, Kind::Group, "shop-prod", "rolled-back.txt", Health::Failed);
    let events: Vec<_> =
        seen.happenings.iter().filter(|event| event.about.starts_with("servergroup/")).cloned().collect();
    drawn(&world, "events.txt", |look, height| table::happenings(&events, look).into_iter().take(height).collect());
}

#[tokio::test(start_paused = true)]
async fn a_service_at_a_gate_of_ecs_says_how_long_it_waits() {
    let (world, ..) = at_the_gate(904).await;
    let seen = with_tasks(&world).await;
    reported(&world, &seen, Kind::Service, "web", "gate.txt", Health::Waiting);
}

/// A service whose new image does not exist, beside one that is well and one nobody has looked at.
async fn shop(seed: u64) -> World {
    let (world, mut operator) = worlds(seed).await;
    for name in ["web", "api"] {
        world.apply::<EcsTaskDefinition>(&web(name, "nginx:1")).await;
        world.apply::<EcsService>(&service(name, "prod", name)).await;
    }
    operator.rest().await;
    world.aws.sim(|sim| sim.set_image("nginx:gone", ImageFate::Missing));
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:gone")).await;
    operator.settle(Duration::from_secs(120), 60 * MINUTE).await;
    world.apply::<EcsService>(&service("new", "prod", "web")).await;
    world
}

#[tokio::test(start_paused = true)]
async fn a_service_whose_tasks_cannot_start_gives_each_reason() {
    let world = shop(905).await;
    reported(&world, &snapshot(&world), Kind::Service, "web", "failed-status.txt", Health::Failed);
    let seen = with_tasks(&world).await;
    reported(&world, &seen, Kind::Service, "web", "failed-tasks.txt", Health::Failed);
    let tasks: Vec<_> = seen
        .ecs
        .iter()
        .flat_map(|((_, name), seen)| seen.tasks.iter().map(move |task| (name.clone(), task.clone())))
        .collect();
    drawn(&world, "tasks.txt", |look, height| table::tasks(&tasks, look).into_iter().take(height).collect());
}

#[tokio::test(start_paused = true)]
async fn a_namespace_is_summed_up_and_its_exit_code_is_that_of_the_worst() {
    let world = shop(906).await;
    let seen = snapshot(&world);
    let roots = forest(&seen);
    drawn(&world, "namespace.txt", |look, height| draw::forest(&[(NAMESPACE.to_owned(), roots.clone())], look, height));
    drawn(&world, "tree.txt", |look, height| tree::lines(&roots, look, height));
    assert_eq!(Exit::from(Health::Failed).code(), 1);
    let order = [Health::Idle, Health::Healthy, Health::Moving, Health::Unseen, Health::Waiting, Health::Failed];
    assert!(order.is_sorted());
}

#[tokio::test(start_paused = true)]
async fn a_paused_object_waits_for_a_person_whatever_else_it_is() {
    let (world, mut operator) = served(907, &json!({})).await;
    world.annotate::<ServerGroup>("shop-prod", "paused", "true").await;
    operator.rest().await;
    world.apply::<ServerGroup>(&group("nginx:2", &json!({}))).await;
    operator.rest().await;
    reported(&world, &snapshot(&world), Kind::Group, "shop-prod", "paused.txt", Health::Waiting);
}
