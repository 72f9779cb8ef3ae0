//! An endpoint that does not answer: few calls, few words, and a quiet way back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ecs_operator::api::{EcsService, EcsTaskDefinition};
use ecs_operator::controllers::context::Config;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::process::{PERIOD, Process, all_ready, clusters, names, plain, unhurried};
use crate::support::manifests::web;
use crate::support::wire::Fault;
use crate::support::world::World;

#[tokio::test(start_paused = true)]
async fn ten_minutes_without_an_answer_cost_a_call_in_five_seconds_however_many_wait() {
    let world = World::ready(921).await;
    let (all, ours) = (names("s", 60), names("c", 6));
    clusters(&world, &ours).await;
    let process = Process::with(&world, unhurried(), 256, Config::default());
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    for (n, name) in all.iter().enumerate() {
        world.apply::<EcsService>(&plain(name, &ours[n % 6])).await;
    }
    all_ready(&world, &all).await;
    let down = Arc::new(AtomicBool::new(true));
    let is_down = down.clone();
    world.aws.set_plan(Some(Box::new(move |number, _| match number % 3 {
        _ if !is_down.load(Ordering::SeqCst) => Fault::Pass,
        0 => Fault::Before,
        1 => Fault::Hang,
        _ => Fault::Refuse(500, "ServerException", "out of order"),
    })));
    world.api.take_log();
    let since = Instant::now();
    // Half of them are edited in the middle of it.
    for name in all.iter().take(30) {
        world.edit::<EcsService>(name, json!({"spec": {"desiredCount": 2}})).await;
    }
    sleep(PERIOD * 2).await;
    let calls: usize = process.calls(since).values().sum();
    assert!(calls <= 5 + 6 + 120, "{calls} calls: {:?}", process.calls(since));
    assert!(calls >= 30, "somebody tries: {calls}");
    let log = world.api.take_log();
    let statuses = log.iter().filter(|entry| entry.method == "PATCH" && entry.path.ends_with("/status")).count();
    assert!(statuses <= 3 * 30, "{statuses} statuses for 30 edits");
    for name in all.iter().skip(30) {
        let ready = world.status::<EcsService>(name).await.conditions.into_iter().find(|one| one.type_ == "Ready");
        assert_eq!(ready.unwrap().status, "True", "{name} was asked for nothing");
    }
    let ready = world.status::<EcsService>(&all[0]).await.conditions.into_iter().find(|one| one.type_ == "Ready");
    let ready = ready.unwrap();
    assert!(ready.message.contains("Amazon ECS in eu-west-1 does not answer"), "{}", ready.message);
    down.store(false, Ordering::SeqCst);
    let back = Instant::now();
    all_ready(&world, &all).await;
    assert!(back.elapsed() <= PERIOD * 2, "{:?}", back.elapsed());
    let calls: usize = process.calls(back).values().sum();
    assert!(calls < 60 * 6, "{calls} calls after it");
}
