//! Laws that need all four kinds: any order of coming and going, nothing secret told, nothing left in the metrics.

use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use ecs_sim::fixtures::ImageFate;
use serde_json::{Value, json};

use crate::behaviour::shop;
use crate::server_group::group;
use crate::support::log::Log;
use crate::support::manifests::{cluster, service, web};
use crate::support::paused::run;
use crate::support::wire::Fault;
use crate::support::world::World;

/// All orders of the four kinds.
fn orders() -> Vec<[usize; 4]> {
    let mut orders = Vec::new();
    for a in 0..4 {
        for b in (0..4).filter(|b| *b != a) {
            for c in (0..4).filter(|c| *c != a && *c != b) {
                orders.push([a, b, c, 6 - a - b - c]);
            }
        }
    }
    orders
}

async fn apply(world: &World, which: usize) {
    match which {
        0 => drop(world.apply::<EcsCluster>(&cluster("prod")).await),
        1 => drop(world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await),
        2 => drop(world.apply::<EcsService>(&service("web", "prod", "web")).await),
        _ => drop(world.apply::<ServerGroup>(&group("nginx:1", &json!({}))).await),
    }
}

async fn delete(world: &World, which: usize) {
    match which {
        0 => world.delete::<EcsCluster>("prod").await,
        1 => world.delete::<EcsTaskDefinition>("web").await,
        2 => world.delete::<EcsService>("web").await,
        _ => world.delete::<ServerGroup>("shop-prod").await,
    }
}

const PLURALS: [&str; 4] = ["ecsclusters", "ecstaskdefinitions", "ecsservices", "servergroups"];

fn stored(world: &World) -> Vec<Value> {
    PLURALS.iter().flat_map(|plural| world.api.with(|api| api.all(&format!("{plural}.ecs-operator.dev")))).collect()
}

/// One order of coming, and another of going; with or without time between two of them.
async fn come_and_go(coming: [usize; 4], going: [usize; 4], hasty: bool) {
    let world = World::ready(201).await;
    let mut operator = world.operator();
    for which in coming {
        apply(&world, which).await;
        if !hasty {
            operator.next().await;
        }
    }
    operator.rest().await;
    for object in stored(&world) {
        let ready = object["status"]["conditions"][0].clone();
        assert_eq!(ready["status"], "True", "{coming:?}: {} {ready}", object["metadata"]["name"]);
    }
    for which in going {
        delete(&world, which).await;
        if !hasty {
            operator.next().await;
        }
    }
    operator.rest().await;
    assert_eq!(stored(&world), Vec::<Value>::new(), "{going:?}");
    let revisions = world.cli().list_task_definitions().send().await.unwrap();
    assert!(revisions.task_definition_arns().is_empty(), "{going:?}: {revisions:?}");
    let clusters = world.cli().list_clusters().send().await.unwrap();
    assert!(clusters.cluster_arns().is_empty(), "{going:?}: {clusters:?}");
}

#[test]
fn the_four_kinds_come_and_go_in_each_of_the_24_orders_and_leave_nothing() {
    let orders = orders();
    assert_eq!(orders.len(), 24);
    for (at, coming) in orders.iter().enumerate() {
        // Another order for going, so that many pairs are met.
        run(come_and_go(*coming, orders[(at * 7 + 5) % 24], at % 2 == 0));
    }
}

#[test]
fn a_deleted_object_leaves_nothing_in_the_metrics() {
    run(async {
        let (world, mut operator) = shop(202, &json!({})).await;
        let series = |text: &str| text.lines().filter(|line| line.contains("name=\"web\"")).count();
        let text = operator.cx.metrics.text().unwrap();
        assert!(series(&text) > 0, "{text}");
        world.delete::<EcsService>("web").await;
        world.delete::<EcsTaskDefinition>("web").await;
        operator.rest().await;
        let text = operator.cx.metrics.text().unwrap();
        assert_eq!(series(&text), 0, "{text}");
        assert!(text.contains("name=\"prod\""), "the others stay");
    });
}

const CANARY: &str = "canary-7d1c90";

/// A definition with the canary wherever people put what others shall not read.
fn secretive(image: &str, n: usize) -> Value {
    let mut definition = web("web", image);
    let hidden = |place: &str| format!("{CANARY}-{place}-{n}");
    let container = &mut definition["spec"]["containerDefinitions"][0];
    container["environment"] = json!([{"name": "PASSWORD", "value": hidden("environment")}]);
    container["command"] = json!(["serve", format!("--token={}", hidden("command"))]);
    container["entryPoint"] = json!(["/run", hidden("entrypoint")]);
    container["dockerLabels"] = json!({"token": hidden("label")});
    container["healthCheck"] = json!({"command": ["CMD", "curl", "-H", hidden("health")]});
    container["logConfiguration"] = json!({
        "logDriver": "splunk", "options": {"splunk-token": hidden("logs"), "splunk-url": "https://splunk"},
    });
    definition
}

/// Objects without their specs and what people wrote, events, metrics and log.
fn told(world: &World, operator: &crate::support::driver::Operator, log: &Log) -> Vec<(&'static str, String)> {
    let mut status = String::new();
    for object in stored(world) {
        status.push_str(&object["status"].to_string());
    }
    let events: String =
        world.api.with(|api| api.all("events.events.k8s.io")).iter().map(ToString::to_string).collect();
    let log = log.text();
    vec![("status", status), ("events", events), ("metrics", operator.cx.metrics.text().unwrap()), ("log", log)]
}

fn untold(world: &World, operator: &crate::support::driver::Operator, log: &Log, moment: &str) {
    for (place, text) in told(world, operator, log) {
        let found: Vec<&str> =
            text.match_indices(CANARY).map(|(at, _)| &text[at.saturating_sub(120)..at + 30]).collect();
        assert!(found.is_empty(), "{moment}, in the {place}: {found:#?}");
    }
}

#[test]
fn what_people_hide_in_a_definition_is_told_nowhere() {
    let (log, _guard) = Log::listen();
    run(async {
        let world = World::ready(203).await;
        let mut operator = world.operator();
        world.apply::<EcsCluster>(&cluster("prod")).await;
        world.apply::<EcsService>(&service("web", "prod", "web")).await;
        let mut planned = secretive("nginx:1", 1);
        planned["spec"]["managementMode"] = "Plan".into();
        world.apply::<EcsTaskDefinition>(&planned).await;
        operator.rest().await;
        untold(&world, &operator, &log, "planned");
        for n in [2, 3] {
            world.apply::<EcsTaskDefinition>(&secretive("nginx:1", n)).await;
            operator.rest().await;
        }
        untold(&world, &operator, &log, "registered and changed");
        world.aws.sim(|sim| sim.set_image("nginx:missing", ImageFate::Missing));
        world.apply::<EcsTaskDefinition>(&secretive("nginx:missing", 4)).await;
        operator.rest().await;
        untold(&world, &operator, &log, "rolled back");
        for place in ["environment", "command", "entrypoint", "label", "health", "logs"] {
            world.aws.set_plan(Some(refusing(place)));
            world.apply::<EcsTaskDefinition>(&secretive("nginx:2", 5)).await;
            operator.rest().await;
            untold(&world, &operator, &log, &format!("refused for its {place}"));
            world.aws.set_plan(None);
            world.apply::<EcsTaskDefinition>(&secretive("nginx:1", 3)).await;
            operator.rest().await;
        }
        let log = log.text();
        assert!(log.contains("SpecRejected"), "the log is listened to");
    });
}

/// ECS refuses a registration and quotes what it does not like.
fn refusing(place: &str) -> crate::support::wire::Plan {
    let message: &'static str = Box::leak(format!("Invalid value '{CANARY}-{place}-5'.").into_boxed_str());
    Box::new(move |_, operation| match operation {
        "RegisterTaskDefinition" => Fault::Refuse(400, "ClientException", message),
        _ => Fault::Pass,
    })
}
