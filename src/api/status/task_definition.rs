//! Status of an `EcsTaskDefinition`.

use super::common::status;

status! {
    /// What is known of a task definition family.
    EcsTaskDefinitionStatus {
        /// Family in ECS.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        family: Option<String>,
        /// Revision that holds the current content.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revision: Option<i32>,
        /// Hash of the normalised content of that revision.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content_hash: Option<String>,
        /// Generation of the spec that `arn` answers to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arn_generation: Option<i64>,
        /// Task-level CPU units as ECS stores them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cpu: Option<String>,
        /// Task-level memory in MiB as ECS stores it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        memory: Option<String>,
        /// ACTIVE revisions of ours, the current one included.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        active_revisions: Option<i32>,
    }
}
