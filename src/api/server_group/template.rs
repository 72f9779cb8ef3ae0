//! What a version runs: the part of the spec whose change makes the next one.

use std::collections::BTreeMap;

use aws_sdk_ecs::types as sdk;

use crate::api::mirror::{IntOrText, shape};
use crate::api::policy::choice;
use crate::api::shapes::cluster::CapacityProviderStrategyItem;
use crate::api::shapes::connect::ServiceConnectConfiguration;
use crate::api::shapes::container::{
    EnvironmentFile, HealthCheck, KeyValuePair, LogConfiguration, MountPoint, PortMapping, RepositoryCredentials,
    Secret, Ulimit,
};
use crate::api::shapes::network::{PlacementConstraint, PlacementStrategy, ServiceRegistry};
use crate::api::shapes::task::{EphemeralStorage, RuntimePlatform};
use crate::api::shapes::volume::Volume;
use crate::api::shapes::volume_service::ServiceVolumeConfiguration;

choice! {
    /// How the container of an `inputs` template is named.
    ContainerNaming {
        /// `containerName`, the same in all versions.
        #[default]
        Stable,
        /// `vNNN`, as Spinnaker does.
        Version,
    }
}

choice! {
    /// Spinnaker's named placement strategies.
    PlacementPreset {
        /// Spread over zones, then over instances.
        #[default]
        AZBalancedSpread,
        /// Spread over zones, then pack by memory.
        AZBalancedBinPackMemory,
        /// Spread over zones, then pack by CPU.
        AZBalancedBinPackCPU,
        /// Pack by memory.
        BinPackMemory,
        /// Pack by CPU.
        BinPackCPU,
        /// Spread over instances.
        OneTaskPerHost,
    }
}

shape! {
    /// What a version runs and how it is reached.
    Template {
        /// One container, described here; or give a whole document in `artifact`.
        inputs: Inputs,
        /// A task definition document with up to ten containers.
        artifact: Artifact,
        /// Network mode; Fargate needs `awsvpc`, and assumes it.
        network_mode: String = sdk::NetworkMode,
        /// Subnets and security groups by id, for network mode `awsvpc`.
        network_configuration: VersionNetwork,
        /// Subnets by their `Name` tag.
        subnet_names: Vec<String>,
        /// Subnets by purpose: the tag `immutable_metadata`, or Spinnaker's reading of the Name tag.
        subnet_purposes: Vec<String>,
        /// Of the subnets found by name or purpose, only those in these zones.
        availability_zones: Vec<String>,
        /// Security groups by name, in the VPC of the subnets.
        security_group_names: Vec<String>,
        /// Launch type; or say `capacityProviderStrategy`.
        launch_type: String = sdk::LaunchType,
        /// Capacity providers that run the tasks.
        capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
        /// Fargate platform version; ECS assumes `LATEST`.
        platform_version: String,
        /// How tasks are spread, in order; not on Fargate.
        placement_strategy: Vec<PlacementStrategy>,
        /// A named placement strategy of Spinnaker's, instead of `placementStrategy`.
        placement_preset: PlacementPreset,
        /// Where tasks may be placed; not on Fargate.
        placement_constraints: Vec<PlacementConstraint>,
        /// Target groups in front of the version.
        target_group_mappings: Vec<TargetGroupMapping>,
        /// Cloud Map services in which tasks are registered.
        service_registries: Vec<ServiceRegistry>,
        /// Role with which ECS pulls images and reads secrets: ARN or name.
        execution_role_arn: String,
        /// Allows ECS Exec into the tasks.
        enable_execute_command: bool,
        /// Service Connect.
        service_connect_configuration: ServiceConnectConfiguration,
        /// Volumes that the task definition leaves to the service.
        volume_configurations: Vec<ServiceVolumeConfiguration>,
        /// Whether ECS evens out tasks over Availability Zones.
        availability_zone_rebalancing: String = sdk::AvailabilityZoneRebalancing,
        /// Any new text makes a new version of the same template.
        redeploy_token: String,
    }
}

shape! {
    /// Network of the tasks.
    #[derive(Eq)]
    VersionNetwork {
        /// Subnets and security groups for network mode `awsvpc`.
        awsvpc_configuration: VersionVpc,
    }
}

shape! {
    /// Subnets and security groups by id; either may be named elsewhere in the template.
    #[derive(Eq)]
    VersionVpc {
        /// Subnets of one VPC.
        subnets: Vec<String>,
        /// Security groups; the VPC's default group when none is named anywhere.
        security_groups: Vec<String>,
        /// Whether tasks get a public address.
        assign_public_ip: String = sdk::AssignPublicIp,
    }
}

shape! {
    /// A container port that receives traffic of a target group.
    #[derive(Eq)]
    TargetGroupMapping {
        /// Container that receives the traffic; the only one when absent.
        container_name: String,
        /// Port of that container.
        container_port (required): i32,
        /// Protocol of the port; `tcp` when absent.
        protocol: String = sdk::TransportProtocol,
        /// Name or ARN of the target group.
        target_group (required): String,
        /// Second target group, for weighted traffic (`spec.traffic`).
        alternate_target_group: String,
    }
}

shape! {
    /// One container, as Spinnaker's inputs describe it.
    Inputs {
        /// Image to run, with registry, tag or digest.
        image (required): String,
        /// Credentials of a private registry.
        repository_credentials: RepositoryCredentials,
        /// Name of the container; the application when absent.
        container_name: String,
        /// `Stable` (the default) keeps the name, `Version` names the container `vNNN`.
        container_naming: ContainerNaming,
        /// CPU units of the container (1024 are one vCPU); on Fargate also of the task.
        cpu: IntOrText,
        /// Memory in MiB kept free for the container; it may use more.
        memory_reservation: IntOrText,
        /// Hard memory limit in MiB.
        memory: IntOrText,
        /// CPU units of the task.
        task_cpu: IntOrText,
        /// Memory of the task in MiB.
        task_memory: IntOrText,
        /// Environment variables in plain text.
        environment: Vec<KeyValuePair>,
        /// Files in S3 with environment variables.
        environment_files: Vec<EnvironmentFile>,
        /// Environment variables from Secrets Manager or Parameter Store.
        secrets: Vec<Secret>,
        /// Docker labels.
        docker_labels: BTreeMap<String, String>,
        /// Where the container logs to.
        log_configuration: LogConfiguration,
        /// Role of the application: ARN or name.
        task_role_arn: String,
        /// Ports beyond those of target groups and registries.
        port_mappings: Vec<PortMapping>,
        /// Health check in the container.
        health_check: HealthCheck,
        /// Command, one word per item.
        command: Vec<String>,
        /// Entry point, one word per item.
        entry_point: Vec<String>,
        /// Limits of the process.
        ulimits: Vec<Ulimit>,
        /// Volumes seen by the container.
        mount_points: Vec<MountPoint>,
        /// Volumes of the task.
        volumes: Vec<Volume>,
        /// User inside the container.
        user: String,
        /// Seconds between the stop signal and the kill.
        stop_timeout: i32,
        /// Storage of a Fargate task.
        ephemeral_storage: EphemeralStorage,
        /// Operating system and processor.
        runtime_platform: RuntimePlatform,
    }
}

shape! {
    /// A task definition document in the format of `RegisterTaskDefinition`.
    #[derive(Eq)]
    Artifact {
        /// The document itself, JSON or YAML.
        inline: String,
        /// A key of a `ConfigMap` that holds the document.
        config_map_key_ref: ConfigMapKeyRef,
        /// Images by container; other containers keep theirs.
        container_mappings: Vec<ContainerMapping>,
    }
}

shape! {
    /// A key of a `ConfigMap` in the same namespace.
    #[derive(Eq)]
    ConfigMapKeyRef {
        /// Name of the `ConfigMap`.
        name (required): String,
        /// Key in it.
        key (required): String,
    }
}

shape! {
    /// The image of one container of an artifact.
    #[derive(Eq)]
    ContainerMapping {
        /// Container in the document.
        container_name (required): String,
        /// Image it runs.
        image (required): String,
    }
}
