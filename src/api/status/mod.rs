//! What we answer: one status type per kind, all with the same common part.

mod account;
mod cluster;
mod common;
mod server_group;
mod service;
mod task_definition;

pub use account::AwsAccountStatus;
pub use cluster::EcsClusterStatus;
pub use common::{Account, Common, Drift, Effective, Handled, InFlight, Origin, PlannedSteps, Status};
pub use server_group::{
    AnalysisRun, Ending, GroupRollout, HistoryEntry, Hold, Instances, Remembered, Replaced, RolloutResult, RolloutStep,
    RuleStatus, ScalingCopy, ServerGroupStatus, Slot, StepKind, Version, VersionFailure, VersionState,
};
pub use service::{EcsServiceStatus, Held, LoadBalancerWeights, Rollout, ScalingStatus, StoppedTask};
pub use task_definition::EcsTaskDefinitionStatus;
