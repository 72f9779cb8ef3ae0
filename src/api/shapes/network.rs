//! Where tasks are placed and how they are reached.

use aws_sdk_ecs::types as sdk;

use crate::api::mirror::mirror;

mirror! {
    schema;

    /// A load balancer in front of the service: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html>
    LoadBalancer = sdk::LoadBalancer {
        /// ARN of the target group.
        target_group_arn: String,
        /// Name of a Classic Load Balancer.
        load_balancer_name: String,
        /// Container that receives the traffic.
        container_name: String,
        /// Port of that container.
        container_port: i32,
        /// Second target group and rules for shifting traffic.
        advanced_configuration: AdvancedConfiguration,
    }

    /// What ECS needs to shift traffic between two target groups.
    AdvancedConfiguration = sdk::AdvancedConfiguration {
        /// ARN of the second target group.
        alternate_target_group_arn: String,
        /// ARN of the listener rule for production traffic.
        production_listener_rule: String,
        /// ARN of the listener rule for test traffic.
        test_listener_rule: String,
        /// Role with which ECS calls Elastic Load Balancing.
        role_arn: String,
    }

    /// A Cloud Map service in which tasks are registered.
    ServiceRegistry = sdk::ServiceRegistry {
        /// ARN of the Cloud Map service.
        registry_arn: String,
        /// Port for SRV records.
        port: i32,
        /// Container whose port is registered.
        container_name: String,
        /// Port of that container.
        container_port: i32,
    }

    /// Where tasks may be placed.
    PlacementConstraint = sdk::PlacementConstraint {
        /// Kind of constraint.
        r#type "type": String = sdk::PlacementConstraintType,
        /// Expression in the cluster query language, for `memberOf`.
        expression: String,
    }

    /// How tasks are spread; the order of strategies matters.
    PlacementStrategy = sdk::PlacementStrategy {
        /// Kind of strategy.
        r#type "type": String = sdk::PlacementStrategyType,
        /// Attribute to spread over, or resource to pack by.
        field: String,
    }

    /// Network of the tasks.
    NetworkConfiguration = sdk::NetworkConfiguration {
        /// Subnets and security groups for network mode `awsvpc`.
        awsvpc_configuration: AwsVpcConfiguration,
    }

    /// Subnets and security groups.
    AwsVpcConfiguration = sdk::AwsVpcConfiguration {
        /// Subnets of one VPC.
        subnets (required): Vec<String>,
        /// Security groups; the VPC's default group when absent.
        security_groups: Vec<String>,
        /// Whether tasks get a public address.
        assign_public_ip: String = sdk::AssignPublicIp,
    }

    /// A VPC Lattice target group.
    VpcLatticeConfiguration = sdk::VpcLatticeConfiguration {
        /// Role with which ECS manages the targets.
        role_arn (required): String,
        /// ARN of the target group.
        target_group_arn (required): String,
        /// Port, by the name it has in the task definition.
        port_name (required): String,
        /// Second target group and rules for shifting traffic.
        advanced_configuration: VpcLatticeAdvancedConfiguration,
    }

    /// What ECS needs to shift VPC Lattice traffic.
    VpcLatticeAdvancedConfiguration = sdk::VpcLatticeAdvancedConfiguration {
        /// ARN of the second target group.
        alternate_target_group_arn: String,
        /// ARN of the rule for production traffic.
        production_listener_rule: String,
        /// ARN of the rule for test traffic.
        test_listener_rule: String,
    }
}
