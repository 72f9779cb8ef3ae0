//! AWS's unions: structs of optional members, of which exactly one is set.

use aws_sdk_ecs::types as sdk;

use super::container::NvidiaMpsAllocation;
use crate::api::mirror::{Coverage, FromWire, Incomplete, ToWire, coverage_of, shape};

shape! {
    /// How a device is shared between containers.
    SharingStrategy {
        /// NVIDIA's Multi-Process Service.
        nvidia_mps: NvidiaMpsAllocation,
    }
}

shape! {
    /// A setting of the Service Connect proxy container.
    ServiceConnectContainerConfiguration {
        /// How much the proxy logs.
        log_level: String = sdk::ServiceConnectContainerLogLevel,
    }
}

impl ToWire<sdk::SharingStrategy> for SharingStrategy {
    fn to_wire(&self) -> Result<sdk::SharingStrategy, Incomplete> {
        let mps = self.nvidia_mps.as_ref().ok_or_else(|| Incomplete::missing("nvidiaMps"))?;
        Ok(sdk::SharingStrategy::NvidiaMps(mps.to_sdk().map_err(|e| e.under("nvidiaMps"))?))
    }
}

impl FromWire<sdk::SharingStrategy> for SharingStrategy {
    fn from_wire(wire: &sdk::SharingStrategy) -> Self {
        Self { nvidia_mps: wire.as_nvidia_mps().ok().map(NvidiaMpsAllocation::from_sdk) }
    }
}

impl ToWire<sdk::ServiceConnectContainerConfiguration> for ServiceConnectContainerConfiguration {
    fn to_wire(&self) -> Result<sdk::ServiceConnectContainerConfiguration, Incomplete> {
        let level = self.log_level.as_deref().ok_or_else(|| Incomplete::missing("logLevel"))?;
        Ok(sdk::ServiceConnectContainerConfiguration::LogLevel(level.into()))
    }
}

impl FromWire<sdk::ServiceConnectContainerConfiguration> for ServiceConnectContainerConfiguration {
    fn from_wire(wire: &sdk::ServiceConnectContainerConfiguration) -> Self {
        Self { log_level: wire.as_log_level().ok().map(String::from_wire) }
    }
}

/// The members of both unions beside the SDK's.
pub(super) fn coverage() -> Vec<Coverage> {
    vec![
        coverage_of!(schema SharingStrategy = sdk::SharingStrategy),
        coverage_of!(schema ServiceConnectContainerConfiguration = sdk::ServiceConnectContainerConfiguration),
    ]
}
