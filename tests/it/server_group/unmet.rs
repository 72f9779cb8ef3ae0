//! What a new version needs around it: told while it is missing, without a write, and the version that serves goes on.

use ecs_operator::api::condition::ConditionType;
use ecs_operator::api::{EcsCluster, EcsService, ServerGroup};
use ecs_sim::elbv2::control::BalancerSpec;
use ecs_sim::fixtures::{AlarmState, Network};
use serde_json::{Value, json};

use super::{
    MINUTE, balanced, group, idle, ready, running, served, status, told, weighted, weights_of_b, worlds, writes,
};
use crate::behaviour::line;
use crate::support::driver::Operator;
use crate::support::manifests::cluster;
use crate::support::world::{World, key};

const V0: &str = "shop-prod-v000";

/// The edit is refused with these words; nothing is written and v000 goes on, until the edit is mended.
async fn refused(world: &World, operator: &mut Operator, edit: &Value, words: &str) {
    world.aws.take_sent();
    world.apply::<ServerGroup>(edit).await;
    operator.rest().await;
    let said = ready(world).await;
    assert!(said.starts_with("False InvalidSpec: ") && said.contains(words), "{words}: {said}");
    let stands = status(world).await;
    assert_eq!((stands.last_sequence, stands.current_version.as_deref()), (Some(0), Some(V0)), "{words}");
    assert_eq!(running(world, V0).await, 2, "{words}");
    assert_eq!(idle(world, operator).await, Vec::<String>::new(), "{words}");
}

#[tokio::test(start_paused = true)]
async fn a_group_waits_for_its_cluster() {
    let world = World::ready(661).await;
    let mut operator = world.operator();
    world.apply::<ServerGroup>(&group("nginx:1", &json!({}))).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False DependencyNotReady") && said.contains("prod"), "{said}");
    assert_eq!(writes(&world), Vec::<String>::new());
    world.apply::<EcsCluster>(&cluster("prod")).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 2/2 tasks.");
}

#[tokio::test(start_paused = true)]
async fn target_groups_of_another_kind_or_without_a_load_balancer_are_refused() {
    let (world, mut operator, rule) = balanced(662, &json!({})).await;
    let instances = BalancerSpec {
        target_type: "instance".to_owned(),
        path: Some("/old/*".to_owned()),
        ..BalancerSpec::new("web", &[("old-a", 1), ("old-b", 0)])
    };
    world.balancer(&instances);
    let lonely = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/lonely/0123456789abcdef";
    world.aws.sim(|sim| {
        let group = ecs_sim::fixtures::TargetGroup::new(lonely, "ip");
        sim.region(&key()).fixtures.target_groups.insert(lonely.to_owned(), group);
    });
    let to = |alternate: &str| {
        let mapping = json!([{"containerPort": 80, "targetGroup": "blue", "alternateTargetGroup": alternate}]);
        weighted("nginx:2", &rule, &json!({"template": {"targetGroupMappings": mapping}}))
    };
    let other = "target group `old-b` has target type `instance`, these tasks need `ip`";
    refused(&world, &mut operator, &to("old-b"), other).await;
    refused(&world, &mut operator, &to("lonely"), "target group `lonely` is not attached to a load balancer").await;
    world.apply::<ServerGroup>(&to("green")).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
}

#[tokio::test(start_paused = true)]
async fn traffic_on_the_free_target_group_keeps_a_rollout_from_beginning() {
    let warned = json!({"driftPolicy": "Warn"});
    let (world, mut operator, rule) = balanced(663, &warned).await;
    let (blue, green) = (rule.groups[0].as_str(), rule.groups[1].as_str());
    world.aws.sim(|sim| sim.set_weights(&key(), &rule.rule, &[(blue, 90), (green, 10)], "somebody"));
    let next = weighted("nginx:2", &rule, &warned);
    refused(&world, &mut operator, &next, "already sends traffic to the free target group").await;
    let available = line(&status(&world).await.conditions, ConditionType::Available);
    assert!(available.starts_with("True"), "{available}");
    world.aws.sim(|sim| sim.set_weights(&key(), &rule.rule, &[(blue, 100), (green, 0)], "somebody"));
    operator.sweep().await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
    assert_eq!(weights_of_b(&world, &rule), [0, 10, 0, 100]);
}

#[tokio::test(start_paused = true)]
async fn a_third_active_version_has_no_target_group_until_one_is_deleted() {
    let stay = json!({"strategy": {"none": {}}});
    let (world, mut operator, rule) = balanced(664, &stay).await;
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &stay)).await;
    operator.rest().await;
    world.aws.take_sent();
    world.apply::<ServerGroup>(&weighted("nginx:3", &rule, &stay)).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False InvalidSpec: SlotBusy: both target groups have an active version"), "{said}");
    assert_eq!(writes(&world), Vec::<String>::new());
    assert_eq!((running(&world, V0).await, running(&world, "shop-prod-v001").await), (2, 2));
    // The one with the traffic stays.
    assert_eq!(weights_of_b(&world, &rule), [0]);
    world.delete::<EcsService>("shop-prod-v001").await;
    operator.settle(2 * MINUTE, 30 * MINUTE).await;
    assert_eq!(status(&world).await.last_sequence, Some(2), "{}", ready(&world).await);
}

fn network(world: &World) {
    world.aws.sim(|sim| {
        let fixtures = &mut sim.region(&key()).fixtures;
        let subnet = |vpc: &str, zone: &str, tags: &[(&str, &str)]| Network::subnet(vpc, zone).tagged(tags);
        for (id, network) in [
            ("subnet-0a", subnet("vpc-1", "eu-west-1a", &[])),
            ("subnet-0b", subnet("vpc-1", "eu-west-1b", &[])),
            ("subnet-0d", subnet("vpc-1", "eu-west-1a", &[("Name", "shop.internal.a")])),
            (
                "subnet-0e",
                subnet("vpc-1", "eu-west-1b", &[("immutable_metadata", r#"{"purpose": "internal (shop)"}"#)]),
            ),
            ("subnet-0f", subnet("vpc-2", "eu-west-1a", &[("immutable_metadata", r#"{"purpose": "elsewhere"}"#)])),
        ] {
            fixtures.subnets.insert(id.to_owned(), network);
        }
    });
}

#[tokio::test(start_paused = true)]
async fn purposes_of_subnets_are_found_in_both_spellings_narrowed_by_zone_and_never_across_networks() {
    let (world, mut operator) = served(665, &json!({})).await;
    network(&world);
    let by = |purposes: &[&str], zones: &[&str]| {
        let mut group = group("nginx:2", &json!({}));
        let template = group["spec"]["template"].as_object_mut().unwrap();
        template.remove("networkConfiguration");
        template.insert("subnetPurposes".to_owned(), json!(purposes));
        template.insert("availabilityZones".to_owned(), json!(zones));
        group
    };
    for (edit, words) in [
        (by(&["nowhere"], &[]), "`subnetPurposes`: no subnet has the purpose `nowhere`"),
        (by(&["internal (shop)", "nowhere"], &[]), "no subnet has the purpose `nowhere`"),
        (by(&["internal (shop)"], &["eu-west-1c"]), "no subnet has the purpose `internal (shop)`"),
        (by(&["internal (shop)", "elsewhere"], &[]), "the subnets are in several VPCs: vpc-1, vpc-2"),
    ] {
        refused(&world, &mut operator, &edit, words).await;
    }
    let subnets = async |version: &str| {
        let found = world.cli().describe_services().cluster("prod").services(version).send().await.unwrap();
        found.services()[0].network_configuration().unwrap().awsvpc_configuration().unwrap().subnets().to_vec()
    };
    world.apply::<ServerGroup>(&by(&["internal (shop)"], &[])).await;
    operator.rest().await;
    assert_eq!(subnets("shop-prod-v001").await, ["subnet-0d", "subnet-0e"]);
    world.apply::<ServerGroup>(&by(&["internal (shop)"], &["eu-west-1b"])).await;
    operator.rest().await;
    assert_eq!(subnets("shop-prod-v002").await, ["subnet-0e"]);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_of_the_gate_that_does_not_exist_is_named_before_anything_begins() {
    let (world, mut operator) = served(666, &json!({})).await;
    let watched = group("nginx:2", &json!({"gate": {"alarmNames": ["no-such-alarm"]}}));
    refused(&world, &mut operator, &watched, "alarm `no-such-alarm` does not exist").await;
    world.aws.sim(|sim| sim.with_fleet(&key(), |fleet| fleet.set_alarm("no-such-alarm", AlarmState::Ok)));
    operator.sweep().await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
}

#[tokio::test(start_paused = true)]
async fn task_ids_that_are_none_stop_nothing_and_are_answered_once() {
    let (world, mut operator) = served(667, &json!({})).await;
    world.aws.take_sent();
    for value in ["everything@once", "@now", "0123456789abcdef@short", "shop-prod-v000@service"] {
        world.annotate::<ServerGroup>("shop-prod", "terminate-tasks", value).await;
        operator.rest().await;
        assert_eq!(writes(&world), Vec::<String>::new(), "{value}");
    }
    let ignored = told(&world, "RequestIgnored");
    assert_eq!(ignored.len(), 4, "{ignored:?}");
    assert!(ignored.iter().any(|note| note.contains("`everything` is no task id")), "{ignored:?}");
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 2/2 tasks.");
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
}

/// Where the API server does not judge by the rules of the schema, the operator does.
#[tokio::test(start_paused = true)]
async fn bounds_that_cross_and_names_that_are_too_long_are_refused_and_what_serves_goes_on() {
    let (world, mut operator) = served(668, &json!({})).await;
    let long = json!({"moniker": {"application": "a".repeat(150), "detail": "d".repeat(150)}});
    for (members, words) in [
        (json!({"capacity": {"min": 3, "desired": 2, "max": 1}}), "must lie between `min` and `max`"),
        (json!({"capacity": {"min": 3}}), "must lie between `min` and `max`"),
        (json!({"capacity": {"max": 1}}), "must lie between `min` and `max`"),
        (long, "must make a name of 248 characters at most"),
    ] {
        refused(&world, &mut operator, &group("nginx:2", &members), words).await;
    }
    world.apply::<ServerGroup>(&group("nginx:1", &json!({}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 2/2 tasks.");
    let mut named = group("nginx:1", &json!({}));
    let name = "a".repeat(249);
    named["metadata"]["name"] = json!(name);
    world.aws.take_sent();
    world.apply::<ServerGroup>(&named).await;
    operator.rest().await;
    let said = line(&world.status::<ServerGroup>(&name).await.conditions, ConditionType::Ready);
    assert!(said.starts_with("False InvalidSpec: ") && said.contains("more than 248 characters"), "{said}");
    assert_eq!(writes(&world), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn the_longest_name_of_a_group_makes_versions() {
    let (world, mut operator) = worlds(669).await;
    let mut longest = group("nginx:1", &json!({}));
    let name = "a".repeat(248);
    longest["metadata"]["name"] = json!(name);
    world.apply::<ServerGroup>(&longest).await;
    operator.rest().await;
    let said = line(&world.status::<ServerGroup>(&name).await.conditions, ConditionType::Ready);
    assert!(said.starts_with("True Succeeded"), "{said}");
    assert_eq!(running(&world, &format!("{name}-v000")).await, 2);
}
