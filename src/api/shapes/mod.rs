//! AWS's shapes, one file per topic.

pub mod cluster;
pub mod connect;
pub mod container;
pub mod deployment;
mod enums;
pub mod gateway;
pub mod linux;
pub mod network;
pub mod policy;
pub mod predictive;
pub mod scaling;
pub mod task;
mod union;
pub mod volume;
pub mod volume_service;

pub use union::{ServiceConnectContainerConfiguration, SharingStrategy};

use crate::api::mirror::Coverage;

/// Every shape with its members and the SDK's.
pub fn coverage() -> Vec<Coverage> {
    [
        cluster::coverage(),
        connect::coverage(),
        container::coverage(),
        deployment::coverage(),
        gateway::coverage(),
        linux::coverage(),
        network::coverage(),
        policy::coverage(),
        predictive::coverage(),
        scaling::coverage(),
        task::coverage(),
        union::coverage(),
        volume::coverage(),
        volume_service::coverage(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
