//! The scaling and the size of another service taken over by a version; `copies` of ecs-chaos breaks each of its calls.

use std::time::Duration;

use aws_sdk_applicationautoscaling::types::ServiceNamespace;
use ecs_operator::api::ServerGroup;
use serde_json::{Value, json};

use super::alarms::{alarms, by_hand, names};
use super::asks::made_by_spinnaker;
use super::{MINUTE, group, ready, running, status, worlds, writes};
use crate::support::scaled::{added_by_hand, made_by_hand};
use crate::support::world::World;

const ECS: ServiceNamespace = ServiceNamespace::Ecs;

/// A service outside of Kubernetes with scaling of its own.
pub(super) async fn legacy(world: &World) {
    made_by_spinnaker(world, "legacy", 3).await;
    made_by_hand(world, "prod", "legacy").await;
}

pub(super) fn cloned(image: &str, more: &Value) -> Value {
    let mut members = json!({
        "capacity": {"min": 1, "desired": 2, "max": 10}, "scaling": {"mode": "External"},
        "source": {"serviceName": "legacy"},
    });
    json_patch::merge(&mut members, more);
    group(image, &members)
}

/// Policies and scheduled actions of a service.
async fn scaling(world: &World, service: &str) -> Vec<String> {
    let resource = format!("service/prod/{service}");
    let found = world.scaling().describe_scaling_policies().service_namespace(ECS).resource_id(&resource);
    let found = found.send().await.unwrap();
    let mut names: Vec<String> =
        found.scaling_policies().iter().map(|policy| policy.policy_name().to_owned()).collect();
    let found = world.scaling().describe_scheduled_actions().service_namespace(ECS).resource_id(&resource);
    let found = found.send().await.unwrap();
    names.extend(found.scheduled_actions().iter().map(|action| action.scheduled_action_name().to_owned()));
    names
}

fn notes(world: &World, of: &str) -> Vec<String> {
    let events = world.api.with(|api| api.all("events.events.k8s.io"));
    let notes = events.iter().filter_map(|event| event["note"].as_str());
    notes.filter(|note| note.contains(of)).map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
pub(crate) async fn the_first_version_takes_over_the_size_and_the_scaling_of_the_source() {
    let (world, mut operator) = worlds(611).await;
    legacy(&world).await;
    world.wait(MINUTE).await;
    world.apply::<ServerGroup>(&cloned("nginx:1", &json!({}))).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    assert_eq!(running(&world, "shop-prod-v000").await, 3, "as many as the source, not the declared two");
    assert_eq!(scaling(&world, "shop-prod-v000").await, ["shop-prod-v000-up", "night-shop-prod-v000"]);
    let found = alarms(&world).await;
    assert_eq!(names(&found), ["legacy-busy", "shop-prod-v000-busy"]);
    let copy = &found[1];
    assert!(copy.alarm_actions()[0].contains("service/prod/shop-prod-v000:policyName/shop-prod-v000-up"));
    let dimensions: Vec<_> = copy.dimensions().iter().filter_map(|dimension| dimension.value()).collect();
    assert_eq!(dimensions, ["prod", "shop-prod-v000"]);
    assert_eq!((copy.datapoints_to_alarm(), copy.threshold()), (Some(4), Some(77.0)));
    assert_eq!(
        notes(&world, "copied"),
        ["shop-prod-v000: copied 1 policies, 1 alarms, 1 scheduled actions from legacy"]
    );
    world.aws.take_sent();
    for _ in 0..20 {
        operator.sweep().await;
        world.wait(5 * MINUTE).await;
    }
    assert_eq!(writes(&world), Vec::<String>::new());
    world.delete::<ServerGroup>("shop-prod").await;
    operator.rest().await;
    assert_eq!(names(&alarms(&world).await), ["legacy-busy"]);
    assert_eq!(scaling(&world, "legacy").await, ["legacy-up", "night"], "the source is read only");
}

#[tokio::test(start_paused = true)]
async fn what_somebody_added_to_the_previous_version_is_copied_to_the_next() {
    let (world, mut operator) = worlds(612).await;
    let copying = json!({"scaling": {"copyFromPrevious": true}, "source": null});
    world.apply::<ServerGroup>(&cloned("nginx:1", &copying)).await;
    operator.rest().await;
    added_by_hand(&world, "prod", "shop-prod-v000", "cpu", "cpu-high").await;
    world.apply::<ServerGroup>(&cloned("nginx:2", &copying)).await;
    operator.rest().await;
    assert_eq!(scaling(&world, "shop-prod-v001").await, ["cpu-shop-prod-v001", "night-shop-prod-v001"]);
    world.apply::<ServerGroup>(&cloned("nginx:3", &copying)).await;
    operator.rest().await;
    assert_eq!(scaling(&world, "shop-prod-v002").await, ["cpu-shop-prod-v002", "night-shop-prod-v002"], "no growth");
    world.apply::<ServerGroup>(&cloned("nginx:4", &copying)).await;
    operator.rest().await;
    let left = ["cpu-high", "cpu-high-shop-prod-v002", "cpu-high-shop-prod-v003"];
    assert_eq!(names(&alarms(&world).await), left, "those of destroyed versions are gone, that made by hand stays");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_taken_is_left_and_told() {
    let (world, mut operator) = worlds(613).await;
    legacy(&world).await;
    by_hand(&world, "shop-prod-v000-busy", 5.0).await;
    world.apply::<ServerGroup>(&cloned("nginx:1", &json!({}))).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    let told = notes(&world, "not copied: alarm `shop-prod-v000-busy`, there is one of this name");
    assert_eq!(told.len(), 1, "{:?}", notes(&world, "copied"));
    world.delete::<ServerGroup>("shop-prod").await;
    operator.rest().await;
    let found = alarms(&world).await;
    assert_eq!(names(&found), ["legacy-busy", "shop-prod-v000-busy"]);
    assert_eq!(found[1].threshold(), Some(5.0));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_missing_stops_the_start_only_if_it_is_required() {
    let (world, mut operator) = worlds(614).await;
    world.apply::<ServerGroup>(&cloned("nginx:1", &json!({"source": {"required": true}}))).await;
    operator.settle(Duration::from_secs(30), MINUTE).await;
    assert!(ready(&world).await.contains("service `legacy` not found in cluster `prod`"), "{}", ready(&world).await);
    assert!(status(&world).await.versions.is_empty());
    world.apply::<ServerGroup>(&cloned("nginx:1", &json!({"source": {"required": false}}))).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    assert_eq!(running(&world, "shop-prod-v000").await, 2);
    assert_eq!(notes(&world, "starts with the declared count").len(), 1);
}
