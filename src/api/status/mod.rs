//! What we answer: one status type per kind, all with the same common part.

mod cluster;
mod common;
mod service;
mod task_definition;

pub use cluster::EcsClusterStatus;
pub use common::{Account, Common, Drift, Effective, Handled, InFlight, Origin, PlannedSteps, Status};
pub use service::{EcsServiceStatus, Held, LoadBalancerWeights, Rollout, ScalingStatus, StoppedTask};
pub use task_definition::EcsTaskDefinitionStatus;
