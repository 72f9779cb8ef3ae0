//! Status of an `EcsCluster`.

use super::common::status;

status! {
    /// What is known of an ECS cluster.
    EcsClusterStatus {
        /// Name of the ECS cluster.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cluster_name: Option<String>,
        /// ECS's own status: PROVISIONING, ACTIVE, DEPROVISIONING, FAILED, INACTIVE.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<String>,
        /// Services in ACTIVE status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        active_services_count: Option<i32>,
        /// Tasks in RUNNING status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        running_tasks_count: Option<i32>,
        /// Tasks in PENDING status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pending_tasks_count: Option<i32>,
        /// Container instances registered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        registered_container_instances_count: Option<i32>,
        /// Capacity providers attached.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        capacity_providers: Vec<String>,
        /// ECS's word on attaching capacity providers: `UPDATE_IN_PROGRESS`, `UPDATE_COMPLETE`, `UPDATE_FAILED`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attachments_status: Option<String>,
    }
}
