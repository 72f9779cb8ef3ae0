//! `EcsTaskDefinition`: one task definition family.

#![expect(deprecated, reason = "the API still has the member of Elastic Inference")]

use std::collections::BTreeMap;

use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionInputBuilder;
use aws_sdk_ecs::types as sdk;
use kube::CustomResource;

use super::mirror::{Incomplete, IntOrText, fill, observe, shape};
use super::policy::{AdoptionPolicy, DeletionPolicy, DriftPolicy, ManagementMode};
use super::reference::LocalRef;
use super::shapes::container::ContainerDefinition;
use super::shapes::task::{
    EphemeralStorage, InferenceAccelerator, ProxyConfiguration, RuntimePlatform, TaskDefinitionPlacementConstraint,
};
use super::shapes::volume::Volume;
use super::status::EcsTaskDefinitionStatus;

shape! {
    /// A task definition in AWS's words, and what the operator may do with it.
    #[derive(CustomResource)]
    #[kube(
        group = "ecs-operator.dev",
        version = "v1alpha1",
        kind = "EcsTaskDefinition",
        plural = "ecstaskdefinitions",
        shortname = "ecstd",
        category = "ecs",
        namespaced,
        status = "EcsTaskDefinitionStatus",
        derive = "PartialEq",
        doc = "One Amazon ECS task definition family; each change of content registers a revision."
    )]
    EcsTaskDefinitionSpec {
        /// Family of the task definition; `metadata.name` when absent. Immutable.
        family: String,
        /// The `AwsAccount` to act in. Immutable.
        account_ref: LocalRef,
        /// AWS Region; the operator's own when absent. Immutable.
        region: String,
        /// How much the operator may do: `Manage` (the default), `Plan` or `Observe`.
        management_mode: ManagementMode,
        /// What happens to our revisions when this object is deleted: `Delete` or `Retain`.
        deletion_policy: DeletionPolicy,
        /// Which existing family may be taken over: `Never`, `IfTagged` (the default) or `Always`.
        adoption_policy: AdoptionPolicy,
        /// What to do when our revision is deregistered in AWS: `Correct` (the default) or `Warn`.
        drift_policy: DriftPolicy,
        /// Own revisions kept active beside the current one; older ones are deregistered.
        revision_history_limit: i32,
        /// Tags of each revision.
        tags: BTreeMap<String, String>,
        /// Containers of the task.
        container_definitions (required): Vec<ContainerDefinition>,
        /// CPU of the task: units, or text such as `.5 vCPU`.
        cpu: IntOrText,
        /// Memory of the task: MiB, or text such as `1 GB`.
        memory: IntOrText,
        /// Network mode; Fargate needs `awsvpc`.
        network_mode: String = sdk::NetworkMode,
        /// Launch types the definition is checked against.
        requires_compatibilities: Vec<String> = sdk::Compatibility,
        /// Role with which ECS pulls images, writes logs and reads secrets.
        execution_role_arn: String,
        /// Role that the containers assume.
        task_role_arn: String,
        /// Volumes that containers mount.
        volumes: Vec<Volume>,
        /// Where tasks may be placed; not on Fargate.
        placement_constraints: Vec<TaskDefinitionPlacementConstraint>,
        /// Platform that the images are built for.
        runtime_platform: RuntimePlatform,
        /// Scratch storage of a Fargate task.
        ephemeral_storage: EphemeralStorage,
        /// Process namespace.
        pid_mode: String = sdk::PidMode,
        /// IPC namespace; not on Fargate.
        ipc_mode: String = sdk::IpcMode,
        /// App Mesh proxy.
        proxy_configuration: ProxyConfiguration,
        /// Elastic Inference accelerators, a service that AWS has ended.
        inference_accelerators: Vec<InferenceAccelerator>,
        /// Whether tasks accept fault injection requests.
        enable_fault_injection: bool,
    }
}

impl EcsTaskDefinitionSpec {
    /// The request that registers a revision of `family`; the caller adds tags.
    pub fn to_register(&self, family: &str) -> Result<RegisterTaskDefinitionInputBuilder, Incomplete> {
        if self.container_definitions.is_none() {
            return Err(Incomplete::missing("containerDefinitions"));
        }
        Ok(fill!(
            RegisterTaskDefinitionInputBuilder::default().family(family), self;
            container_definitions, cpu, memory, network_mode, requires_compatibilities,
            execution_role_arn, task_role_arn, volumes, placement_constraints, runtime_platform,
            ephemeral_storage, pid_mode, ipc_mode, proxy_configuration, inference_accelerators,
            enable_fault_injection,
        ))
    }

    /// What a revision says; its tags stand beside it in AWS's answer.
    pub fn observed(wire: &sdk::TaskDefinition) -> Self {
        observe!(
            wire;
            family, container_definitions, cpu, memory, network_mode, requires_compatibilities,
            execution_role_arn, task_role_arn, volumes, placement_constraints, runtime_platform,
            ephemeral_storage, pid_mode, ipc_mode, proxy_configuration, inference_accelerators,
            enable_fault_injection,
        )
    }
}
