//! Who waits for whom when tokens are scarce.

use ecs_operator::api::{EcsService, EcsTaskDefinition};
use ecs_operator::aws::{AwsSettings, LimiterSettings};
use ecs_operator::controllers::context::Config;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::process::{Process, SECOND, all_ready, clusters, names, plain, unhurried};
use crate::support::manifests::web;
use crate::support::world::World;

/// So many services, each in a cluster of its own, so that each costs a call.
async fn scattered(seed: u64, count: usize) -> (World, Vec<String>) {
    let world = World::ready(seed).await;
    let all = names("s", count);
    clusters(&world, &all).await;
    let process = Process::with(&world, unhurried(), 256, Config::default());
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    for name in &all {
        world.apply::<EcsService>(&plain(name, name)).await;
    }
    all_ready(&world, &all).await;
    process.kill().await;
    (world, all)
}

fn share(share: f64) -> AwsSettings {
    AwsSettings { limiter: LimiterSettings { share, ..LimiterSettings::default() }, ..AwsSettings::default() }
}

/// Seconds until ECS has the count, from now.
async fn until_updated(world: &World, name: &str, count: i32) -> f64 {
    let began = Instant::now();
    loop {
        let seen = world.cli().describe_services().cluster(name).services(name).send().await.unwrap();
        if seen.services()[0].desired_count == count {
            return began.elapsed().as_secs_f64();
        }
        assert!(began.elapsed() < 600 * SECOND);
        sleep(SECOND / 20).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_edit_reaches_aws_within_a_second_while_a_whole_sweep_waits_for_tokens() {
    let (world, all) = scattered(911, 120).await;
    world.aws.sim(|sim| sim.throttle.on = true);
    // Two calls a second for a hundred and twenty reads.
    let process = Process::with(&world, share(0.1), 4, Config::default());
    let since = Instant::now();
    sleep(10 * SECOND).await;
    let at_rest = process.sweeps.resting();
    assert!(at_rest < 40, "the sweep is not behind: {at_rest}");
    // Two reads a second, and a write every other: a second for the first call, the rest for what follows it.
    // One that waits for a token, one that waits for a place, one that has its pass behind it.
    for name in [&all[119], &all[60], &all[at_rest + 2], &all[0]] {
        world.edit::<EcsService>(name, json!({"spec": {"desiredCount": 3}})).await;
        let took = until_updated(&world, name, 3).await;
        assert!(took <= 2.5, "{name}: {took} s");
    }
    while process.sweeps.resting() < 120 {
        assert!(since.elapsed() < 200 * SECOND, "the sweep starves: {}", process.sweeps.resting());
        sleep(SECOND).await;
    }
    let throttled: u64 = world.aws.sim(|sim| sim.throttle.counts().values().map(|count| count.throttled).sum());
    assert_eq!(throttled, 0);
}

#[tokio::test(start_paused = true)]
async fn beside_a_neighbour_the_rate_gives_way_and_everything_still_comes_to_rest() {
    let (world, _) = scattered(912, 120).await;
    world.aws.sim(|sim| {
        sim.throttle.on = true;
        sim.throttle.neighbour.insert("service read".to_owned(), 80);
    });
    // Alone a hundred at once and twenty a second; the neighbour leaves twenty and four.
    let process = Process::with(&world, unhurried(), 256, Config::default());
    let since = Instant::now();
    while process.sweeps.resting() < 120 {
        assert!(since.elapsed() < 300 * SECOND, "{} at rest", process.sweeps.resting());
        sleep(SECOND).await;
    }
    let count = world.aws.sim(|sim| sim.throttle.counts()["service read"]);
    assert!(count.throttled * 3 < count.calls, "{count:?}");
}
