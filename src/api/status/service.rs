//! Status of an `EcsService`.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::status;

/// The deployment that is followed, or the last one that ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// Id of the deployment (`ecs-svc/…`).
    pub id: String,
    /// Short form for the ROLLOUT column, for example `IN_PROGRESS 2/4`.
    pub display: String,
    /// `PENDING`, `IN_PROGRESS`, `ROLLING_BACK`, `COMPLETED`, `FAILED`, `ROLLED_BACK`, `ROLLBACK_FAILED`, `STOPPED`.
    pub state: String,
    /// `ROLLING`, `BLUE_GREEN`, `LINEAR` or `CANARY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// Lifecycle stage of ECS's native strategies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Task definition the deployment brings, as `family:revision`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// Task definition that ran before, as `family:revision`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_task_definition: Option<String>,
    /// ARN of the service deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_deployment_arn: Option<String>,
    /// Traffic asked for the new revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<LoadBalancerWeights>,
    /// Hash of the content that the deployment brings, if it is what the spec asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<String>,
    /// Id of the deployment that took its place when it was rolled back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back_to: Option<String>,
    /// ECS's reason for the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Tasks of this deployment that failed to start or to become healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_tasks: Option<i32>,
    /// A gate waits: the value to give to the `promote` annotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promote_with: Option<String>,
    /// When the gate decides by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate_expires_at: Option<Time>,
    /// When the deployment began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,
    /// When it last came closer to its end; the progress deadline counts from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progressed_at: Option<Time>,
}

/// Percent of traffic requested for the new revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancerWeights {
    /// Production traffic, as ECS prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub production: Option<String>,
    /// Test traffic, as ECS prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
}

/// Content that failed and is not tried again until it changes or `retry` is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// Hash of the content.
    pub content_hash: String,
    /// Id of the deployment that failed.
    pub rollout: String,
    /// `DeploymentFailed` or `DeploymentRolledBack`.
    pub reason: String,
    /// What ECS said.
    pub message: String,
}

/// A task that stopped lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoppedTask {
    /// Task id.
    pub id: String,
    /// `family:revision` it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// ECS's stop code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_code: Option<String>,
    /// ECS's reason, with the exit codes of its containers.
    pub reason: String,
    /// When it stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Time>,
}

/// What Application Auto Scaling holds for the service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScalingStatus {
    /// Lower bound in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_capacity: Option<i32>,
    /// Upper bound in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_capacity: Option<i32>,
    /// Lower bound that was registered last; a scheduled action may have set another since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_min_capacity: Option<i32>,
    /// Upper bound that was registered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_max_capacity: Option<i32>,
    /// Members of `suspendedState` that were set by us.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspended: Vec<String>,
    /// Names of the policies that are ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
    /// Names of the scheduled actions that are ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// The scalable target is not ours, and moves the count that this object would own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub contested: bool,
}

status! {
    /// What is known of an ECS service.
    EcsServiceStatus {
        /// Name of the ECS service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service_name: Option<String>,
        /// ARN of the cluster it runs in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cluster_arn: Option<String>,
        /// Short name of that cluster.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cluster: Option<String>,
        /// ECS's own status: ACTIVE, DRAINING, INACTIVE.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<String>,
        /// Number of tasks ECS is asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        desired_count: Option<i32>,
        /// Tasks running.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        running_count: Option<i32>,
        /// Tasks pending.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pending_count: Option<i32>,
        /// Label selector for the scale subresource; matches no pod.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        selector: Option<String>,
        /// Task definition that the service runs, as `family:revision`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task_definition: Option<String>,
        /// Its ARN.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task_definition_arn: Option<String>,
        /// Launch type or capacity providers, for the LAUNCH column.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        launch: Option<String>,
        /// The deployment that is followed, or the last one that ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rollout: Option<Rollout>,
        /// Content that failed and is held.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held: Option<Held>,
        /// Since when too few tasks run though nothing is rolled out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        short_since: Option<Time>,
        /// The last tasks that stopped, 5 at most.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        stopped_tasks: Vec<StoppedTask>,
        /// What Application Auto Scaling holds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scaling: Option<ScalingStatus>,
    }
}
