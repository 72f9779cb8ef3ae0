//! Capacity providers.

use serde_json::Value;

use super::tags::Tags;

/// One capacity provider that is not reserved.
#[derive(Debug, Clone, Default)]
pub struct CapacityProvider {
    /// Everything that is echoed but tags.
    pub echo: Value,
    /// Tags.
    pub tags: Tags,
}

/// Whether `name` is one of the reserved providers.
pub fn is_fargate(name: &str) -> bool {
    matches!(name, "FARGATE" | "FARGATE_SPOT")
}
