//! Objects at rest: what the sweep calls, what it wakes, and what it leaves alone.

use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use tokio::time::{Instant, sleep};

use super::process::{PERIOD, Process, SECOND, all_ready, clusters, is_ready, names, plain, unhurried};
use crate::support::manifests::{cluster, web};
use crate::support::wire::is_write;
use crate::support::world::World;

/// Twenty-five services in one cluster and twelve in another, all at rest.
async fn resting(seed: u64) -> (World, Process, Vec<String>) {
    let world = World::ready(seed).await;
    clusters(&world, &["a".to_owned(), "b".to_owned()]).await;
    let process = Process::with(&world, unhurried(), 256, ecs_operator::controllers::context::Config::default());
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    let (in_a, in_b) = (names("a", 25), names("b", 12));
    for (cluster, services) in [("a", &in_a), ("b", &in_b)] {
        for service in services {
            world.apply::<EcsService>(&plain(service, cluster)).await;
        }
    }
    let all = [in_a, in_b].concat();
    all_ready(&world, &all).await;
    let began = Instant::now();
    while process.sweeps.resting() < 25 + 12 + 1 {
        assert!(began.elapsed() < PERIOD, "{} at rest", process.sweeps.resting());
        sleep(SECOND).await;
    }
    (world, process, all)
}

#[tokio::test(start_paused = true)]
async fn a_sweep_is_one_call_for_ten_services_of_a_cluster_and_runs_no_pass() {
    let (world, process, _) = resting(901).await;
    sleep(PERIOD).await;
    let (since, before) = (Instant::now(), process.passes("EcsService") + process.passes("EcsCluster"));
    world.api.take_log();
    let rounds = 6;
    sleep(PERIOD * rounds).await;
    let calls = process.calls(since);
    let (services, clusters) = ((3 + 2) * rounds as usize, rounds as usize);
    assert_eq!(calls.get("DescribeServices"), Some(&services), "{calls:?}");
    assert_eq!(calls.get("DescribeClusters"), Some(&clusters), "{calls:?}");
    assert_eq!(calls.len(), 2, "nothing else is read, and nothing written: {calls:?}");
    assert_eq!(process.passes("EcsService") + process.passes("EcsCluster"), before);
    let writes = world.api.take_log().into_iter().filter(|entry| entry.method != "GET");
    assert_eq!(writes.map(|entry| entry.path).collect::<Vec<_>>(), Vec::<String>::new());
    // Evenly over the period: never two batches of a cluster at once.
    let times = process.times(since, "DescribeServices");
    assert!(times.windows(4).all(|some| some[3] - some[0] > 60.0), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn what_differs_is_woken_within_a_period_and_its_neighbours_sleep_on() {
    let (world, process, all) = resting(902).await;
    sleep(PERIOD).await;
    let before = process.passes("EcsService");
    let cli = world.cli();
    cli.update_service().cluster("a").service("a007").desired_count(5).send().await.unwrap();
    cli.update_service().cluster("b").service("b003").desired_count(0).send().await.unwrap();
    cli.delete_service().cluster("b").service("b003").send().await.unwrap();
    let since = Instant::now();
    sleep(PERIOD).await;
    let calls = process.calls(since);
    assert_eq!((calls.get("UpdateService"), calls.get("CreateService")), (Some(&1), Some(&1)), "{calls:?}");
    assert!(process.passes("EcsService") - before < 40, "{}", process.passes("EcsService") - before);
    sleep(PERIOD).await;
    all_ready(&world, &all).await;
    let counts = cli.describe_services().cluster("a").services("a007").send().await.unwrap();
    assert_eq!(counts.services()[0].desired_count, 1);
    // Once healed they rest again.
    assert_eq!(process.sweeps.resting(), 38);
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_all_are_seen_in_batches_and_nothing_is_written() {
    let (world, process, all) = resting(903).await;
    process.kill().await;
    let since = Instant::now();
    world.api.take_log();
    let process = Process::with(&world, unhurried(), 256, ecs_operator::controllers::context::Config::default());
    while process.sweeps.resting() < 38 {
        assert!(since.elapsed() < 120 * SECOND, "{} at rest", process.sweeps.resting());
        sleep(SECOND).await;
    }
    let calls = process.calls(since);
    assert_eq!(calls["DescribeServices"], 3 + 2, "{calls:?}");
    assert_eq!(calls.keys().filter(|operation| is_write(operation)).count(), 0, "{calls:?}");
    assert_eq!(calls["DescribeTaskDefinition"], 1, "a revision never changes: {calls:?}");
    assert!(is_ready(&world, &all[0]).await);
    // Who was just looked at leaves the reads to others for half a period, and is looked at again within a whole one.
    sleep((PERIOD / 2).saturating_sub(since.elapsed())).await;
    assert_eq!(process.calls(since)["DescribeServices"], 3 + 2);
    sleep((PERIOD + 3 * SECOND).saturating_sub(since.elapsed())).await;
    assert_eq!(process.calls(since)["DescribeServices"], 2 * (3 + 2));
}

/// Names say nothing of clusters: batches are full all the same, though fewer passes may run than there are services.
#[tokio::test(start_paused = true)]
async fn after_a_restart_services_of_a_cluster_are_looked_at_together_whatever_their_names() {
    let world = World::ready(905).await;
    let four: Vec<String> = names("cluster-", 4);
    clusters(&world, &four).await;
    let config = ecs_operator::controllers::context::Config::default;
    let process = Process::with(&world, unhurried(), 256, config());
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    let all = names("s", 80);
    for (number, service) in all.iter().enumerate() {
        world.apply::<EcsService>(&plain(service, &four[number % 4])).await;
    }
    all_ready(&world, &all).await;
    process.kill().await;
    let since = Instant::now();
    let process = Process::with(&world, unhurried(), 20, config());
    while process.sweeps.resting() < 80 {
        assert!(since.elapsed() < 120 * SECOND, "{} at rest", process.sweeps.resting());
        sleep(SECOND).await;
    }
    // The first twenty are those that are told of first; by name all others would come five of a cluster at a time, too.
    let looks = process.calls(since)["DescribeServices"];
    assert!(looks <= 4 + 8, "{looks}");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_of_many_goes_a_fifth_at_once_and_then_one_by_one() {
    let (world, process, all) = resting(904).await;
    // More than ten, so that the share decides and not the ordinary.
    for name in &all {
        world.delete::<EcsService>(name).await;
    }
    let since = Instant::now();
    sleep(PERIOD).await;
    let deleted = process.times(since, "DeleteService");
    // Thirty-seven services: ten are ordinary; then one a minute, for five minutes.
    assert!((14..=16).contains(&deleted.len()), "{deleted:?}");
    assert_eq!(deleted.iter().filter(|at| **at < 30.0).count(), 10, "{deleted:?}");
    let mut blocked = 0;
    for name in &all {
        let conditions = world.status::<EcsService>(name).await.conditions;
        blocked += usize::from(conditions.iter().any(|one| one.type_ == "Ready" && one.reason == "DeletionBlocked"));
    }
    assert!((20..=23).contains(&blocked), "{blocked} wait");
    sleep(PERIOD * 6).await;
    for name in &all {
        assert!(world.get::<EcsService>(name).await.is_none(), "{name} is still there");
    }
}
