//! `ServerGroup`: a moniker whose every change of the template becomes a new version `…-vNNN`.

pub mod analysis;
pub mod scaling;
pub mod strategy;
pub mod template;

use std::collections::BTreeMap;

use aws_sdk_ecs::types as sdk;
use kube::CustomResource;

use super::mirror::shape;
use super::policy::{AdoptionPolicy, DeletionPolicy, DriftPolicy, ManagementMode};
use super::reference::LocalRef;
use super::status::ServerGroupStatus;
use scaling::{GroupScaling, Source};
use strategy::{Gate, Rollback, Strategy, Traffic};
use template::Template;

shape! {
    /// A group of versions, one of which is current, and how the next one takes its place.
    #[derive(CustomResource)]
    #[kube(
        group = "ecs-operator.dev",
        version = "v1alpha1",
        kind = "ServerGroup",
        plural = "servergroups",
        shortname = "ecssg",
        category = "ecs",
        namespaced,
        status = "ServerGroupStatus",
        derive = "PartialEq",
        doc = "A server group: each change of its template becomes a version, rolled out by a strategy."
    )]
    ServerGroupSpec {
        /// Application, stack and detail; read from `metadata.name` when absent. Immutable.
        moniker: Moniker,
        /// The `EcsCluster` to run in; or name a cluster in `cluster`. Immutable.
        cluster_ref: LocalRef,
        /// Name or ARN of a cluster that no object here stands for. Immutable.
        cluster: String,
        /// The `AwsAccount` to act in. Immutable.
        account_ref: LocalRef,
        /// AWS Region; the cluster's or the operator's own when absent. Immutable.
        region: String,
        /// How many tasks the current version and the candidate run.
        capacity: Capacity,
        /// Takes the group out of service: no tasks, the capacity is remembered.
        disabled: bool,
        /// What runs. A change makes a new version.
        template (required): Template,
        /// How a new version takes the place of the old one; `redBlack` when absent.
        strategy: Strategy,
        /// When a version counts as healthy.
        gate: Gate,
        /// What happens when a rollout fails, and which retained version to go back to.
        rollback: Rollback,
        /// Listener rules whose weights decide which version receives traffic.
        traffic: Traffic,
        /// Who owns the count, and Application Auto Scaling.
        scaling: GroupScaling,
        /// A running service to start from; read for the first version only.
        source: Source,
        /// Tags of services, task definitions and tasks.
        tags: BTreeMap<String, String>,
        /// Where the tags of tasks come from; `SERVICE` when absent.
        propagate_tags: String = sdk::PropagateTags,
        /// Whether Spinnaker's `moniker.spinnaker.io/` tags are set; true when absent.
        moniker_tags: bool,
        /// Seconds after the start of a task in which failing checks are ignored.
        health_check_grace_period_seconds: i32,
        /// How tasks are replaced inside one version.
        deployment_configuration: VersionDeployment,
        /// How much the operator may do: `Manage` (the default), `Plan` or `Observe`.
        management_mode: ManagementMode,
        /// What happens in AWS when this object is deleted: `Delete` or `Retain`.
        deletion_policy: DeletionPolicy,
        /// Existing services that become versions: `Never`, `IfTagged` (the default), `Always`.
        adoption_policy: AdoptionPolicy,
        /// What to do about changes made in AWS: `Correct` (the default) or `Warn`.
        drift_policy: DriftPolicy,
    }
}

shape! {
    /// The name of a group in parts, as Spinnaker composes it: `application-stack-detail`.
    #[derive(Eq)]
    Moniker {
        /// Application: letters, digits and `_`.
        application (required): String,
        /// Stack, for example `prod`.
        stack: String,
        /// The rest; may contain `-`.
        detail: String,
    }
}

shape! {
    /// How many tasks a version runs.
    #[derive(Copy, Eq)]
    Capacity {
        /// Fewest tasks; `desired` when absent.
        min: i32,
        /// Tasks to run; 1 when absent.
        desired: i32,
        /// Most tasks; `desired` when absent.
        max: i32,
    }
}

shape! {
    /// How ECS replaces tasks inside one version (a restart, or a task that died).
    #[derive(Eq)]
    VersionDeployment {
        /// Percent of the desired count that keeps running; 100 when absent.
        minimum_healthy_percent: i32,
        /// Percent of the desired count that may run at once; 200 when absent.
        maximum_percent: i32,
        /// ECS's circuit breaker; the group rolls back by itself.
        deployment_circuit_breaker: VersionBreaker,
    }
}

shape! {
    /// ECS's circuit breaker for a version.
    #[derive(Eq)]
    VersionBreaker {
        /// Whether ECS gives up a deployment whose tasks keep failing; true when absent.
        enable: bool,
    }
}
