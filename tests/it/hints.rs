//! Events that come through a queue: seen at once when they come, missed by nobody when they do not.

use std::time::Duration;

use ecs_operator::api::{EcsService, EcsTaskDefinition};
use ecs_operator::controllers::context::Config;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::scale::process::{PERIOD, Process, SECOND, all_ready, clusters, names, plain, unhurried};
use crate::support::manifests::web;
use crate::support::world::{World, key};

const QUEUE: &str = "events";

fn with_queue(world: &World) -> Config {
    let url = world.aws.sim(|sim| sim.add_queue(&key(), QUEUE));
    Config { event_queues: vec![url], ..Config::default() }
}

/// Services at rest, of which the operator has heard all there is.
async fn at_rest(world: &World, count: usize, config: Config) -> (Process, Vec<String>) {
    let all = names("s", count);
    clusters(world, &["prod".to_owned()]).await;
    let process = Process::with(world, unhurried(), 64, config);
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    for name in &all {
        world.apply::<EcsService>(&plain(name, "prod")).await;
    }
    all_ready(world, &all).await;
    sleep(60 * SECOND).await;
    (process, all)
}

/// Seconds from a person's edit in ECS to the operator's answer to it.
async fn until_corrected(world: &World, process: &Process) -> f64 {
    let since = Instant::now();
    world.cli().update_service().cluster("prod").service("s000").desired_count(3).send().await.unwrap();
    while process.times(since, "UpdateService").is_empty() {
        assert!(since.elapsed() < 3 * PERIOD, "nobody corrects it");
        sleep(SECOND / 10).await;
    }
    process.times(since, "UpdateService")[0]
}

#[tokio::test(start_paused = true)]
async fn what_happens_in_ecs_is_seen_within_seconds_of_its_event() {
    let world = World::ready(1001).await;
    let config = with_queue(&world);
    let (process, _) = at_rest(&world, 12, config).await;
    let took = until_corrected(&world, &process).await;
    assert!(took <= 3.0, "{took} s");

    let world = World::ready(1001).await;
    let (process, _) = at_rest(&world, 12, Config::default()).await;
    let took = until_corrected(&world, &process).await;
    assert!(took > 10.0, "without a queue it is the next visit that sees it: {took} s");
}

#[tokio::test(start_paused = true)]
pub async fn forged_and_foreign_messages_do_nothing() {
    let world = World::ready(1002).await;
    let config = with_queue(&world);
    let (process, _) = at_rest(&world, 4, config).await;
    let event = |source: &str, account: &str, region: &str, service: &str| {
        let arn = format!("arn:aws:ecs:{region}:{account}:service/prod/{service}");
        json!({"source": source, "account": account, "region": region, "resources": [arn], "detail": {}}).to_string()
    };
    let account = ecs_sim::world::DEFAULT_ACCOUNT;
    let bad = [
        event("my.app", account, "eu-west-1", "s000"),
        event("aws.ecs", "999999999999", "eu-west-1", "s000"),
        event("aws.ecs", account, "us-east-1", "s000"),
        event("aws.ecs", account, "eu-west-1", "nobody"),
        "{\"source\": \"aws.ecs\"".to_owned(),
        "[[[[".repeat(60_000),
        String::new(),
    ];
    let (since, passes) = (Instant::now(), process.passes("EcsService"));
    for body in bad.iter().cycle().take(70) {
        world.aws.sim(|sim| sim.send_message(&key(), QUEUE, body));
    }
    sleep(30 * SECOND).await;
    assert_eq!(process.passes("EcsService"), passes, "nobody was woken");
    assert_eq!(world.aws.sim(|sim| sim.queue_length(&key(), QUEUE)), 0, "they do not come again");
    let calls = process.calls(since);
    let of_ecs: usize = calls.iter().filter(|(name, _)| !name.contains("Message")).map(|(_, count)| count).sum();
    assert!(of_ecs <= 2, "no more than the sweep asks: {calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_flood_about_one_service_brings_a_visit_in_three_seconds() {
    let world = World::ready(1003).await;
    let config = with_queue(&world);
    let (process, _) = at_rest(&world, 4, config).await;
    let arn = format!("arn:aws:ecs:eu-west-1:{}:service/prod/s000", ecs_sim::world::DEFAULT_ACCOUNT);
    let account = ecs_sim::world::DEFAULT_ACCOUNT;
    let event = json!({"source": "aws.ecs", "account": account, "region": "eu-west-1", "resources": [arn]}).to_string();
    let passes = process.passes("EcsService");
    for _ in 0..60 {
        for _ in 0..10 {
            world.aws.sim(|sim| sim.send_message(&key(), QUEUE, &event));
        }
        sleep(SECOND).await;
    }
    let passes = process.passes("EcsService") - passes;
    assert!((10..=25).contains(&passes), "{passes} visits in a minute");
}

/// An image is rolled out and tasks are stopped while the bus behaves as it likes; what ECS and the objects look like in
/// the end.
async fn ends(disturb: impl Fn(&mut ecs_sim::bus::Bus)) -> (Vec<String>, Vec<Option<String>>) {
    let world = World::ready(1004).await;
    let config = with_queue(&world);
    world.aws.sim(|sim| disturb(&mut sim.bus));
    let (_process, all) = at_rest(&world, 6, config).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:2")).await;
    world.edit::<EcsService>("s001", json!({"spec": {"desiredCount": 2}})).await;
    sleep(20 * SECOND).await;
    let tasks = world.cli().list_tasks().cluster("prod").send().await.unwrap().task_arns.unwrap_or_default();
    for task in tasks.iter().take(3) {
        world.cli().stop_task().cluster("prod").task(task).send().await.unwrap();
    }
    sleep(2 * PERIOD).await;
    all_ready(&world, &all).await;
    let mut images = Vec::new();
    for name in &all {
        images.push(world.status::<EcsService>(name).await.task_definition);
    }
    let asked = world.cli().describe_services().cluster("prod").set_services(Some(all)).send().await.unwrap();
    let mut counts: Vec<String> = asked
        .services()
        .iter()
        .map(|one| {
            format!("{} {} {}", one.service_name().unwrap_or_default(), one.running_count, one.deployments().len())
        })
        .collect();
    counts.sort();
    (counts, images)
}

#[tokio::test(start_paused = true)]
async fn whether_events_are_lost_repeated_or_out_of_order_the_end_is_the_same() {
    let good = ends(|_| ()).await;
    assert_eq!(good.1, vec![Some("web:2".to_owned()); 6]);
    assert_eq!(good, ends(|bus| bus.loses = true).await, "lost");
    assert_eq!(good, ends(|bus| bus.repeats = true).await, "repeated");
    assert_eq!(good, ends(|bus| bus.backwards = true).await, "out of order");
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_cannot_be_read_is_asked_for_rarely_and_disturbs_nobody() {
    let world = World::ready(1005).await;
    let missing = format!("https://sqs.eu-west-1.amazonaws.com/{}/gone", ecs_sim::world::DEFAULT_ACCOUNT);
    let config = Config { event_queues: vec![missing], ..Config::default() };
    let (process, all) = at_rest(&world, 2, config).await;
    let since = Instant::now();
    world.edit::<EcsService>(&all[0], json!({"spec": {"desiredCount": 2}})).await;
    all_ready(&world, &all).await;
    sleep(Duration::from_mins(10)).await;
    let asked = process.times(since, "ReceiveMessage").len();
    assert!((3..=8).contains(&asked), "{asked} times in ten minutes");
}

#[test]
fn the_template_sends_what_is_understood_and_lets_nobody_else_send() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/push/queue.yaml");
    let text = std::fs::read_to_string(path).unwrap().replace("!GetAtt ", "").replace("!Ref ", "");
    let template: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
    let resources = &template["Resources"];
    let patterns = [&resources["Changes"], &resources["Calls"]].map(|rule| &rule["Properties"]["EventPattern"]);
    assert!(patterns.iter().all(|pattern| pattern["source"] == json!(["aws.ecs"])));
    let sent: Vec<_> = patterns.iter().flat_map(|pattern| pattern["detail-type"].as_array().unwrap()).collect();
    // What the simulated ECS sends is among it, and the other name that AWS's pages give to the third.
    let kinds = [
        "ECS Task State Change",
        "ECS Service Action",
        "ECS Deployment State Change",
        "ECS Service Deployment State Change",
        "ECS Hook State Change",
    ];
    for kind in kinds {
        assert!(sent.contains(&&json!(kind)), "{kind}");
    }
    let statement = &resources["EventsPolicy"]["Properties"]["PolicyDocument"]["Statement"][0];
    assert_eq!(statement["Principal"], json!({"Service": "events.amazonaws.com"}));
    assert_eq!(statement["Condition"]["ArnEquals"]["aws:SourceArn"], json!(["Changes.Arn", "Calls.Arn"]));
    for rule in ["Changes", "Calls"] {
        assert_eq!(resources[rule]["Properties"]["Targets"][0]["Arn"], "Events.Arn");
    }
}
