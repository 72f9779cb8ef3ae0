//! `EcsCluster`: one ECS cluster.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::operation::create_cluster::builders::CreateClusterInputBuilder;
use aws_sdk_ecs::operation::put_cluster_capacity_providers::builders::PutClusterCapacityProvidersInputBuilder;
use aws_sdk_ecs::operation::update_cluster::builders::UpdateClusterInputBuilder;
use aws_sdk_ecs::operation::update_cluster_settings::builders::UpdateClusterSettingsInputBuilder;
use aws_sdk_ecs::types as sdk;
use kube::CustomResource;

use super::mirror::{Incomplete, fill, fill_named, observe, shape};
use super::policy::{AdoptionPolicy, DeletionPolicy, DriftPolicy, ManagementMode};
use super::reference::LocalRef;
use super::shapes::cluster::{
    CapacityProviderStrategyItem, ClusterConfiguration, ClusterServiceConnectDefaults, ClusterSetting, from_tags,
};
use super::status::EcsClusterStatus;

shape! {
    /// An ECS cluster in AWS's words, and what the operator may do with it.
    #[derive(CustomResource)]
    #[kube(
        group = "ecs-operator.dev",
        version = "v1alpha1",
        kind = "EcsCluster",
        plural = "ecsclusters",
        shortname = "ecsc",
        category = "ecs",
        namespaced,
        status = "EcsClusterStatus",
        derive = "PartialEq",
        doc = "One Amazon ECS cluster: settings, capacity providers and Service Connect defaults."
    )]
    EcsClusterSpec {
        /// Name of the ECS cluster; `metadata.name` when absent. Immutable.
        cluster_name: String,
        /// The `AwsAccount` to act in. Immutable.
        account_ref: LocalRef,
        /// AWS Region; the operator's own when absent. Immutable.
        region: String,
        /// How much the operator may do: `Manage` (the default), `Plan` or `Observe`.
        management_mode: ManagementMode,
        /// What happens in AWS when this object is deleted: `Delete` or `Retain`.
        deletion_policy: DeletionPolicy,
        /// Which existing cluster may be taken over: `Never`, `IfTagged` (the default) or `Always`.
        adoption_policy: AdoptionPolicy,
        /// What to do about changes made in AWS: `Correct` (the default) or `Warn`.
        drift_policy: DriftPolicy,
        /// Tags of the cluster.
        tags: BTreeMap<String, String>,
        /// Settings, such as Container Insights.
        settings: Vec<ClusterSetting>,
        /// ECS Exec and encryption of managed storage.
        configuration: ClusterConfiguration,
        /// Capacity providers attached to the cluster.
        capacity_providers: Vec<String>,
        /// Capacity providers used when a service names none.
        default_capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
        /// Service Connect namespace for services that name none.
        service_connect_defaults: ClusterServiceConnectDefaults,
    }
}

impl EcsClusterSpec {
    /// The request that creates the cluster; the caller adds tags.
    pub fn to_create(&self, name: &str) -> Result<CreateClusterInputBuilder, Incomplete> {
        let builder = CreateClusterInputBuilder::default().cluster_name(name);
        Ok(fill!(
            builder, self;
            settings, configuration, capacity_providers, default_capacity_provider_strategy,
            service_connect_defaults,
        ))
    }

    /// The request that changes the named members out of `settings`, `configuration` and
    /// `serviceConnectDefaults`. One that is named and absent is cleared where ECS can clear it.
    pub fn to_update(&self, members: &BTreeSet<&str>, cluster: &str) -> Result<UpdateClusterInputBuilder, Incomplete> {
        let mut spec = self.clone();
        if members.contains("serviceConnectDefaults") {
            // An empty namespace removes the default.
            spec.service_connect_defaults
                .get_or_insert_with(|| ClusterServiceConnectDefaults { namespace: Some(String::new()) });
        }
        let builder = UpdateClusterInputBuilder::default().cluster(cluster);
        Ok(fill_named!(builder, spec, members; settings, configuration, service_connect_defaults))
    }

    /// The request that changes the settings alone.
    pub fn to_update_settings(&self, cluster: &str) -> Result<UpdateClusterSettingsInputBuilder, Incomplete> {
        Ok(fill!(UpdateClusterSettingsInputBuilder::default().cluster(cluster), self; settings))
    }

    /// The request that replaces the attached capacity providers and the default strategy; AWS
    /// insists on both lists, so an absent one is sent as empty.
    pub fn to_put_capacity_providers(
        &self,
        cluster: &str,
    ) -> Result<PutClusterCapacityProvidersInputBuilder, Incomplete> {
        let mut spec = self.clone();
        spec.capacity_providers.get_or_insert_default();
        spec.default_capacity_provider_strategy.get_or_insert_default();
        let builder = PutClusterCapacityProvidersInputBuilder::default().cluster(cluster);
        Ok(fill!(builder, spec; capacity_providers, default_capacity_provider_strategy))
    }

    /// What ECS says of a cluster described with settings, configurations and tags included.
    pub fn observed(wire: &sdk::Cluster) -> Self {
        let observed: Self = observe!(
            wire;
            cluster_name, settings, configuration, capacity_providers,
            default_capacity_provider_strategy,
        );
        Self {
            service_connect_defaults: wire
                .service_connect_defaults
                .as_ref()
                .map(|defaults| ClusterServiceConnectDefaults { namespace: defaults.namespace.clone() }),
            tags: wire.tags.as_deref().map(from_tags),
            ..observed
        }
    }
}
