//! Services that were there before the group: taken in as what they are, or not at all.

use aws_sdk_ecs::types::{
    AwsVpcConfiguration, ContainerDefinition, LaunchType, LoadBalancer, NetworkConfiguration, PortMapping,
};
use ecs_operator::api::ServerGroup;
use ecs_operator::api::status::Slot;
use ecs_sim::elbv2::control::BalancerSpec;
use serde_json::json;

use super::asks::made_by_spinnaker;
use super::{MINUTE, balancer, group, ready, running, status, until, weighted, weights_of_b, worlds, writes};
use crate::support::wire::Fault;
use crate::support::world::{World, key};

const OLD: &str = "shop-prod-v004";
const NEW: &str = "shop-prod-v005";

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_once_does_not_lose_what_is_to_be_taken_in() {
    for (seed, operation) in [(741, "ListServices"), (742, "DescribeServices")] {
        let (world, mut operator) = worlds(seed).await;
        made_by_spinnaker(&world, OLD, 3).await;
        world.wait(MINUTE).await;
        let mut refused = false;
        world.aws.set_plan(Some(Box::new(move |_, called| {
            if called == operation && !std::mem::replace(&mut refused, true) {
                return Fault::Refuse(400, "AccessDeniedException", "not yet");
            }
            Fault::Pass
        })));
        world.apply::<ServerGroup>(&group("nginx:1", &json!({"adoptionPolicy": "Always"}))).await;
        until(&world, &mut operator, "True Succeeded: shop-prod-v005 is current").await;
        let versions = status(&world).await.versions;
        let taken: Vec<_> = versions.iter().map(|version| (version.name.as_str(), version.adopted)).collect();
        assert_eq!(taken, [(NEW, false), (OLD, true)], "{operation}");
        assert_eq!(running(&world, OLD).await, 0, "{operation}: replaced as the strategy says");
    }
}

/// A service as Spinnaker makes it, behind a target group.
async fn made_behind(world: &World, name: &str, tasks: i32, group: &str) {
    let port = PortMapping::builder().container_port(80).build();
    let container = ContainerDefinition::builder().name("app").image("nginx:0").cpu(256).memory(512);
    let register = world.cli().register_task_definition().family("shop-prod");
    let register = register.container_definitions(container.port_mappings(port).build()).network_mode("awsvpc".into());
    register.requires_compatibilities("FARGATE".into()).cpu("256").memory("512").send().await.unwrap();
    let vpc = AwsVpcConfiguration::builder().subnets("subnet-0a").build().unwrap();
    let network = NetworkConfiguration::builder().awsvpc_configuration(vpc).build();
    let balancer = LoadBalancer::builder().target_group_arn(group).container_name("app").container_port(80).build();
    let create = world.cli().create_service().cluster("prod").service_name(name).task_definition("shop-prod");
    let create = create.launch_type(LaunchType::Fargate).network_configuration(network).load_balancers(balancer);
    create.desired_count(tasks).send().await.unwrap();
}

/// How often a rule sent traffic to nobody.
fn gaps(world: &World) -> usize {
    world.aws.sim(|sim| sim.unserved(&key())).len()
}

async fn slots(world: &World) -> Vec<(i32, Option<Slot>)> {
    status(world).await.versions.iter().map(|version| (version.sequence, version.slot)).collect()
}

#[tokio::test(start_paused = true)]
async fn target_groups_that_cannot_be_read_do_not_turn_the_traffic_from_what_is_taken_in() {
    let (world, mut operator) = worlds(743).await;
    let spec = BalancerSpec {
        interval_seconds: 5,
        healthy_threshold: 2,
        deregistration_delay_seconds: 30,
        ..BalancerSpec::new("web", &[("blue", 0), ("green", 100)])
    };
    let rule = world.balancer(&spec);
    made_behind(&world, OLD, 2, &rule.groups[1]).await;
    world.wait(3 * MINUTE).await;
    let before = gaps(&world);
    world.aws.set_plan(Some(Box::new(|_, operation| match operation {
        "DescribeTargetGroups" => Fault::Refuse(400, "AccessDenied", "not yet"),
        _ => Fault::Pass,
    })));
    let adopts = json!({"adoptionPolicy": "Always"});
    world.apply::<ServerGroup>(&weighted("nginx:1", &rule, &adopts)).await;
    operator.settle(MINUTE, 5 * MINUTE).await;
    world.aws.set_plan(None);
    until(&world, &mut operator, "True Succeeded: shop-prod-v005 is current").await;
    assert_eq!(gaps(&world), before, "{:?}", weights_of_b(&world, &rule));
    assert_eq!(slots(&world).await, [(5, Some(Slot::A)), (4, Some(Slot::B))]);
    assert_eq!(weights_of_b(&world, &rule), [100, 0]);
    assert_eq!(running(&world, OLD).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_service_behind_neither_target_group_is_refused_until_adoption_is_left_out() {
    let (world, mut operator) = worlds(744).await;
    let rule = balancer(&world);
    made_by_spinnaker(&world, OLD, 2).await;
    world.wait(MINUTE).await;
    world.aws.take_sent();
    world.apply::<ServerGroup>(&weighted("nginx:1", &rule, &json!({"adoptionPolicy": "Always"}))).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False InvalidSpec: `adoptionPolicy: Always`: service `shop-prod-v004`"), "{said}");
    assert_eq!(writes(&world), Vec::<String>::new());
    let stands = status(&world).await;
    assert!(stands.versions.is_empty() && stands.last_sequence.is_none(), "{:?}", stands.versions);
    world.apply::<ServerGroup>(&weighted("nginx:1", &rule, &json!({}))).await;
    until(&world, &mut operator, "True Succeeded: shop-prod-v005 is current").await;
    assert_eq!(running(&world, OLD).await, 2, "left alone");
}

/// Its one version was made before there were slots.
#[tokio::test(start_paused = true)]
async fn a_group_that_gets_weights_knows_where_its_version_is() {
    for (seed, target, alternate, slot) in [(745, "blue", "green", Slot::A), (746, "green", "blue", Slot::B)] {
        let (world, mut operator) = worlds(seed).await;
        let rule = balancer(&world);
        let mapping = |more: serde_json::Value| {
            let mut mapping = json!({"containerPort": 80});
            json_patch::merge(&mut mapping, &more);
            json!({"template": {"targetGroupMappings": [mapping]}})
        };
        world.apply::<ServerGroup>(&group("nginx:1", &mapping(json!({"targetGroup": "blue"})))).await;
        until(&world, &mut operator, "True Succeeded: shop-prod-v000 is current").await;
        operator.rest().await;
        let before = gaps(&world);
        let both = mapping(json!({"targetGroup": target, "alternateTargetGroup": alternate}));
        world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &both)).await;
        until(&world, &mut operator, "True Succeeded: shop-prod-v001 is current").await;
        let other = if slot == Slot::A { Slot::B } else { Slot::A };
        assert_eq!(slots(&world).await, [(1, Some(other)), (0, Some(slot))]);
        assert_eq!(weights_of_b(&world, &rule), [0, 100], "from `blue` to `green`");
        assert_eq!(gaps(&world), before);
    }
}
