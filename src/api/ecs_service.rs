//! `EcsService`: one ECS service.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::operation::create_service::builders::CreateServiceInputBuilder;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceInputBuilder;
use aws_sdk_ecs::types as sdk;
use kube::CustomResource;

use super::mirror::{Incomplete, fill, fill_named, observe, shape};
use super::policy::{AdoptionPolicy, DeletionMode, DeletionPolicy, DriftPolicy, ManagementMode};
use super::reference::LocalRef;
use super::shapes::cluster::{CapacityProviderStrategyItem, from_tags};
use super::shapes::connect::ServiceConnectConfiguration;
use super::shapes::deployment::{DeploymentConfiguration, DeploymentController};
use super::shapes::gateway::{GatewayConnector, MonitoringConfiguration};
use super::shapes::network::{
    LoadBalancer, NetworkConfiguration, PlacementConstraint, PlacementStrategy, ServiceRegistry,
    VpcLatticeConfiguration,
};
use super::shapes::policy::Scaling;
use super::shapes::volume_service::ServiceVolumeConfiguration;
use super::status::EcsServiceStatus;

shape! {
    /// An ECS service in AWS's words, and what the operator may do with it.
    #[derive(CustomResource)]
    #[kube(
        group = "ecs-operator.dev",
        version = "v1alpha1",
        kind = "EcsService",
        plural = "ecsservices",
        shortname = "ecss",
        category = "ecs",
        namespaced,
        status = "EcsServiceStatus",
        derive = "PartialEq",
        doc = "One Amazon ECS service: keeps tasks of a task definition running in a cluster."
    )]
    EcsServiceSpec {
        /// Name of the ECS service; `metadata.name` when absent. Immutable.
        service_name: String,
        /// The `EcsCluster` to run in; or name a cluster in `cluster`. Immutable.
        cluster_ref: LocalRef,
        /// Name or ARN of a cluster that no object here stands for. Immutable.
        cluster: String,
        /// The `EcsTaskDefinition` to run; each new revision is rolled out.
        task_definition_ref: LocalRef,
        /// ARN or `family:revision` of a task definition that no object here stands for.
        task_definition: String,
        /// Number of tasks; `scaling.mode` says who owns it. Ignored for `DAEMON`.
        desired_count: i32,
        /// Who owns the count, and Application Auto Scaling.
        scaling: Scaling,
        /// The `AwsAccount` to act in. Immutable.
        account_ref: LocalRef,
        /// AWS Region; the cluster's or the operator's own when absent. Immutable.
        region: String,
        /// How much the operator may do: `Manage` (the default), `Plan` or `Observe`.
        management_mode: ManagementMode,
        /// What happens in AWS when this object is deleted: `Delete` or `Retain`.
        deletion_policy: DeletionPolicy,
        /// How the service is deleted: `Drain` (the default) or `Force`.
        deletion_mode: DeletionMode,
        /// Which existing service may be taken over: `Never`, `IfTagged` (the default) or `Always`.
        adoption_policy: AdoptionPolicy,
        /// What to do about changes made in AWS: `Correct` (the default) or `Warn`.
        drift_policy: DriftPolicy,
        /// Seconds without progress after which a deployment counts as failed.
        progress_deadline_seconds: i32,
        /// Tags of the service.
        tags: BTreeMap<String, String>,
        /// Launch type; or say `capacityProviderStrategy`. Immutable.
        launch_type: String = sdk::LaunchType,
        /// Capacity providers that run the tasks.
        capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
        /// Fargate platform version; ECS assumes `LATEST`.
        platform_version: String,
        /// Role of a load balancer without service-linked role. Immutable.
        role: String,
        /// `REPLICA` keeps a count, `DAEMON` one task on each instance. Immutable.
        scheduling_strategy: String = sdk::SchedulingStrategy,
        /// Who carries out deployments; ECS assumes `ECS`. Immutable.
        deployment_controller: DeploymentController,
        /// How a new revision replaces the old one.
        deployment_configuration: DeploymentConfiguration,
        /// Subnets and security groups of tasks with network mode `awsvpc`.
        network_configuration: NetworkConfiguration,
        /// Load balancers in front of the service.
        load_balancers: Vec<LoadBalancer>,
        /// Cloud Map services in which tasks are registered.
        service_registries: Vec<ServiceRegistry>,
        /// Service Connect.
        service_connect_configuration: ServiceConnectConfiguration,
        /// VPC Lattice target groups.
        vpc_lattice_configurations: Vec<VpcLatticeConfiguration>,
        /// Ports exposed through gateways.
        gateway_connectors: Vec<GatewayConnector>,
        /// Volumes that the task definition leaves to the service.
        volume_configurations: Vec<ServiceVolumeConfiguration>,
        /// Where tasks may be placed; not on Fargate.
        placement_constraints: Vec<PlacementConstraint>,
        /// How tasks are spread, in order; not on Fargate.
        placement_strategy: Vec<PlacementStrategy>,
        /// Whether ECS evens out tasks over Availability Zones.
        availability_zone_rebalancing: String = sdk::AvailabilityZoneRebalancing,
        /// Seconds after the start of a task in which failing checks are ignored.
        health_check_grace_period_seconds: i32,
        /// Adds ECS's own tags to tasks.
        enable_ecs_managed_tags "enableECSManagedTags": bool,
        /// Where the tags of tasks come from.
        propagate_tags: String = sdk::PropagateTags,
        /// Allows ECS Exec into tasks started from now on.
        enable_execute_command: bool,
        /// Metrics and their resolution.
        monitoring: MonitoringConfiguration,
    }
}

impl EcsServiceSpec {
    /// The request that creates the service; the caller adds tags and client token. A `DAEMON`
    /// service has no count.
    pub fn to_create(
        &self,
        cluster: &str,
        name: &str,
        task_definition: Option<&str>,
    ) -> Result<CreateServiceInputBuilder, Incomplete> {
        let daemon = self.scheduling_strategy.as_deref() == Some("DAEMON");
        let builder = CreateServiceInputBuilder::default()
            .cluster(cluster)
            .service_name(name)
            .set_task_definition(task_definition.map(str::to_owned))
            .set_desired_count(self.desired_count.filter(|_| !daemon));
        Ok(fill!(
            builder, self;
            launch_type, capacity_provider_strategy, platform_version, role, scheduling_strategy,
            deployment_controller, deployment_configuration, network_configuration, load_balancers,
            service_registries, service_connect_configuration, vpc_lattice_configurations,
            gateway_connectors, volume_configurations, placement_constraints, placement_strategy,
            availability_zone_rebalancing, health_check_grace_period_seconds,
            enable_ecs_managed_tags "enableECSManagedTags", propagate_tags, enable_execute_command,
            monitoring,
        ))
    }

    /// The request that changes the named top-level members and nothing else.
    ///
    /// `taskDefinition` sends the argument; `desiredCount` is sent when named, except for
    /// `DAEMON`. A named member that is absent from the spec is sent as what stands for "none"
    /// where ECS knows such a value, and is left out otherwise. `forceNewDeployment` is the
    /// caller's.
    pub fn to_update(
        &self,
        members: &BTreeSet<&str>,
        cluster: &str,
        service: &str,
        task_definition: Option<&str>,
    ) -> Result<UpdateServiceInputBuilder, Incomplete> {
        let spec = self.with_cleared(members);
        let daemon = spec.scheduling_strategy.as_deref() == Some("DAEMON");
        let mut builder = UpdateServiceInputBuilder::default().cluster(cluster).service(service);
        if members.contains("taskDefinition") {
            builder = builder.set_task_definition(task_definition.map(str::to_owned));
        }
        if members.contains("desiredCount") && !daemon {
            builder = builder.set_desired_count(spec.desired_count);
        }
        Ok(fill_named!(
            builder, spec, members;
            capacity_provider_strategy, platform_version, deployment_controller,
            deployment_configuration, network_configuration, load_balancers, service_registries,
            service_connect_configuration, vpc_lattice_configurations, gateway_connectors,
            volume_configurations, placement_constraints, placement_strategy,
            availability_zone_rebalancing, health_check_grace_period_seconds,
            enable_ecs_managed_tags "enableECSManagedTags", propagate_tags, enable_execute_command,
            monitoring,
        ))
    }

    /// A copy in which named but absent members hold the value that means "none" to ECS.
    fn with_cleared(&self, members: &BTreeSet<&str>) -> Self {
        let mut spec = self.clone();
        macro_rules! none_is {
            ($($member:ident = $name:literal: $none:expr),* $(,)?) => {$(
                if members.contains($name) {
                    spec.$member.get_or_insert_with(|| $none);
                }
            )*};
        }
        none_is! {
            capacity_provider_strategy = "capacityProviderStrategy": Vec::new(),
            load_balancers = "loadBalancers": Vec::new(),
            service_registries = "serviceRegistries": Vec::new(),
            vpc_lattice_configurations = "vpcLatticeConfigurations": Vec::new(),
            gateway_connectors = "gatewayConnectors": Vec::new(),
            volume_configurations = "volumeConfigurations": Vec::new(),
            placement_constraints = "placementConstraints": Vec::new(),
            placement_strategy = "placementStrategy": Vec::new(),
            platform_version = "platformVersion": "LATEST".to_owned(),
            availability_zone_rebalancing = "availabilityZoneRebalancing": "DISABLED".to_owned(),
            health_check_grace_period_seconds = "healthCheckGracePeriodSeconds": 0,
            enable_ecs_managed_tags = "enableECSManagedTags": false,
            propagate_tags = "propagateTags": "NONE".to_owned(),
            enable_execute_command = "enableExecuteCommand": false,
            service_connect_configuration = "serviceConnectConfiguration":
                ServiceConnectConfiguration { enabled: Some(false), ..Default::default() },
        }
        spec
    }

    /// What ECS says of a service described with tags. Service Connect, volumes and VPC Lattice
    /// come from the PRIMARY deployment; `gatewayConnectors` and `monitoring` are in no
    /// description of a service, only in its revisions, and stay unset.
    pub fn observed(wire: &sdk::Service) -> Self {
        let observed: Self = observe!(
            wire;
            service_name, task_definition, launch_type, capacity_provider_strategy,
            platform_version, scheduling_strategy, deployment_controller, deployment_configuration,
            network_configuration, load_balancers, service_registries, placement_constraints,
            placement_strategy, availability_zone_rebalancing, health_check_grace_period_seconds,
            propagate_tags,
        );
        let deployments = wire.deployments.as_deref().unwrap_or_default();
        let primary = deployments.iter().find(|d| d.status.as_deref() == Some("PRIMARY"));
        let running: Self = primary.map_or_else(Self::default, |deployment| {
            observe!(
                deployment;
                service_connect_configuration, volume_configurations, vpc_lattice_configurations,
            )
        });
        Self {
            cluster: wire.cluster_arn.clone(),
            role: wire.role_arn.clone(),
            desired_count: Some(wire.desired_count),
            enable_ecs_managed_tags: Some(wire.enable_ecs_managed_tags),
            enable_execute_command: Some(wire.enable_execute_command),
            tags: wire.tags.as_deref().map(from_tags),
            service_connect_configuration: running.service_connect_configuration,
            volume_configurations: running.volume_configurations,
            vpc_lattice_configurations: running.vpc_lattice_configurations,
            ..observed
        }
    }

    /// What only a service revision shows.
    pub fn observed_revision(wire: &sdk::ServiceRevision) -> Self {
        observe!(wire; gateway_connectors, monitoring,)
    }
}
