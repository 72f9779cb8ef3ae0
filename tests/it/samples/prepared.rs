//! What the samples take for granted: networks, target groups, alarms, and what somebody else runs.

use aws_sdk_ecs::types::{
    AutoScalingGroupProvider, AwsVpcConfiguration, Compatibility, ContainerDefinition, LaunchType,
    NetworkConfiguration, NetworkMode,
};
use ecs_sim::Sim;
use ecs_sim::fixtures::{AlarmState, Network, TargetGroup};

use super::Sample;
use crate::local_api::stage::Stage;
use crate::support::world::{REGION, key};

const SUBNETS: [&str; 2] = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"];
const SECURITY_GROUP: &str = "sg-0a1b2c3d";

/// Makes what the samples take for granted; what none of these names is refused.
pub async fn prepare(stage: &Stage, samples: &[Sample]) {
    stage.aws.sim(|sim| surroundings(sim, samples));
    somebody_elses(stage).await;
}

fn surroundings(sim: &mut Sim, samples: &[Sample]) {
    sim.knobs.attaching_ms = Some((100, 500));
    let fixtures = &mut sim.region(&key()).fixtures;
    for (id, zone) in SUBNETS.into_iter().zip(["eu-west-1a", "eu-west-1b"]) {
        fixtures.subnets.insert(id.to_owned(), Network::subnet("vpc-1", zone));
    }
    fixtures.security_groups.insert(SECURITY_GROUP.to_owned(), Network::security_group("vpc-1", "shop"));
    for arn in target_groups(samples) {
        fixtures.target_groups.insert(arn.clone(), TargetGroup::new(arn, "ip"));
    }
    sim.with_fleet(&key(), |fleet| {
        for alarm in ["shop-5xx", "shop-latency"] {
            fleet.set_alarm(alarm, AlarmState::Ok);
        }
    });
}

/// The target groups that services name.
fn target_groups(samples: &[Sample]) -> Vec<String> {
    let words = samples.iter().flat_map(|sample| sample.text.split_whitespace());
    words
        .filter(|word| word.starts_with("arn:aws:elasticloadbalancing:") && word.contains(":targetgroup/"))
        .map(str::to_owned)
        .collect()
}

/// Clusters, a family and services that no object stands for.
async fn somebody_elses(stage: &Stage) {
    let ecs = aws_sdk_ecs::Client::new(&stage.aws.of_a_person().config(REGION));
    let group = AutoScalingGroupProvider::builder()
        .auto_scaling_group_arn(
            "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:1:autoScalingGroupName/shop",
        )
        .build()
        .unwrap();
    ecs.create_capacity_provider().name("shop-ec2").auto_scaling_group_provider(group).send().await.unwrap();
    for cluster in ["legacy", "shared"] {
        ecs.create_cluster().cluster_name(cluster).send().await.unwrap();
    }
    let container = ContainerDefinition::builder().name("orders").image("registry.example/orders:7").build();
    let definition = ecs.register_task_definition().family("orders").container_definitions(container);
    let definition = definition.requires_compatibilities(Compatibility::Fargate).network_mode(NetworkMode::Awsvpc);
    definition.cpu("256").memory("512").send().await.unwrap();
    let network = AwsVpcConfiguration::builder()
        .set_subnets(Some(SUBNETS.map(str::to_owned).to_vec()))
        .security_groups(SECURITY_GROUP)
        .build()
        .unwrap();
    for (service, count) in [("orders", 2), ("payments", 1)] {
        let network = NetworkConfiguration::builder().awsvpc_configuration(network.clone()).build();
        let made = ecs.create_service().cluster("legacy").service_name(service).task_definition("orders:1");
        let made = made.launch_type(LaunchType::Fargate).network_configuration(network);
        made.desired_count(count).send().await.unwrap();
    }
}
