//! From template to version, and from one version to the next.

use std::time::Duration;

use ecs_operator::api::ServerGroup;
use ecs_operator::api::status::Slot;
use serde_json::json;

use super::{MINUTE, balancer, child, children, group, ready, running, status, weighted, worlds, writes};
use crate::support::world::key;

#[tokio::test(start_paused = true)]
async fn a_group_makes_its_first_version_and_says_when_it_serves() {
    let (world, mut operator) = worlds(501).await;
    world.apply::<ServerGroup>(&group("nginx:1", &json!({}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 2/2 tasks.");
    assert_eq!(children(&world).await, ["shop-prod-v000", "td/shop-prod-v000"]);
    let status = status(&world).await;
    assert_eq!((status.current_version.as_deref(), status.last_sequence), (Some("shop-prod-v000"), Some(0)));
    assert_eq!((status.ready.as_deref(), status.running_count), (Some("2/2"), Some(2)));
    assert!(status.rollout.is_none());
    let (definition, service) = child(&world, "shop-prod-v000").await;
    assert_eq!(definition.spec.family.as_deref(), Some("shop-prod"));
    assert_eq!(service.spec.service_name.as_deref(), Some("shop-prod-v000"));
    let owner = &service.metadata.owner_references.as_ref().unwrap()[0];
    assert_eq!((owner.kind.as_str(), owner.controller), ("ServerGroup", Some(true)));
}

#[tokio::test(start_paused = true)]
async fn a_settled_group_writes_nothing_over_twenty_visits() {
    let (world, mut operator) = worlds(502).await;
    let balanced = balancer(&world);
    world.apply::<ServerGroup>(&weighted("nginx:1", &balanced, &json!({}))).await;
    operator.rest().await;
    world.aws.take_sent();
    world.api.take_log();
    for _ in 0..20 {
        operator.sweep().await;
        world.wait(5 * MINUTE).await;
    }
    assert_eq!(writes(&world), Vec::<String>::new());
    let kube: Vec<_> = world.api.take_log().into_iter().filter(|call| call.method != "GET").collect();
    assert!(kube.is_empty(), "{kube:?}");
}

#[tokio::test(start_paused = true)]
async fn a_new_image_becomes_the_next_version_and_the_old_one_is_disabled() {
    let (world, mut operator) = worlds(503).await;
    world.apply::<ServerGroup>(&group("nginx:1", &json!({}))).await;
    operator.rest().await;
    world.apply::<ServerGroup>(&group("nginx:2", &json!({}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
    assert_eq!((running(&world, "shop-prod-v000").await, running(&world, "shop-prod-v001").await), (0, 2));
    world.apply::<ServerGroup>(&group("nginx:3", &json!({}))).await;
    operator.rest().await;
    let names = ["shop-prod-v001", "shop-prod-v002", "td/shop-prod-v001", "td/shop-prod-v002"];
    assert_eq!(children(&world).await, names, "two versions remain");
}

#[tokio::test(start_paused = true)]
pub(crate) async fn weights_move_only_to_healthy_targets_and_the_old_version_goes_afterwards() {
    let (world, mut operator) = worlds(504).await;
    let balanced = balancer(&world);
    let canary = json!({"strategy": {"canary": {"steps": [{"setWeight": 50}]}}, "capacity": {"desired": 4}});
    world.apply::<ServerGroup>(&weighted("nginx:1", &balanced, &canary)).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 4/4 tasks.");
    world.apply::<ServerGroup>(&weighted("nginx:2", &balanced, &canary)).await;
    operator.settle(Duration::from_secs(120), 30 * MINUTE).await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 4/4 tasks.");
    let log = world.aws.sim(|sim| sim.weight_log(&key(), &balanced.rule));
    let green: Vec<i64> = log.iter().map(|change| change.weights[&balanced.groups[1]]).collect();
    assert_eq!(green, [0, 50, 100], "{log:?}");
    let unserved = world.aws.sim(|sim| sim.unserved(&key()));
    // Before the first version there is nothing that could serve.
    assert!(unserved.iter().all(|gap| gap.from < log[1].at), "{unserved:?}");
    assert_eq!(status(&world).await.traffic.as_deref(), Some("v001 100"));
}

#[tokio::test(start_paused = true)]
async fn a_disabled_version_does_not_show_the_traffic_that_its_target_group_receives_for_another() {
    let (world, mut operator) = worlds(505).await;
    let balanced = balancer(&world);
    let keep = json!({"strategy": {"redBlack": {"maxRemaining": 3}}});
    for image in ["nginx:1", "nginx:2", "nginx:3"] {
        world.apply::<ServerGroup>(&weighted(image, &balanced, &keep)).await;
        operator.settle(Duration::from_secs(120), 30 * MINUTE).await;
    }
    let versions = status(&world).await.versions;
    let shown: Vec<_> = versions.iter().map(|version| (version.sequence, version.slot, version.weight)).collect();
    assert_eq!(shown, [(2, Some(Slot::A), Some(100)), (1, Some(Slot::B), Some(0)), (0, Some(Slot::A), Some(0))]);
}
