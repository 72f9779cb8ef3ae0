//! Deployments inside a service, service revisions and service deployments.

use std::sync::Arc;

use serde_json::Value;

use crate::ecs::scheduler::json::Object;
use crate::ecs::strategy::Shift;
use crate::ecs::task::state::Definition;

/// `rolloutState` of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolloutState {
    /// Under way.
    InProgress,
    /// Done.
    Completed,
    /// Given up: launches nothing.
    Failed,
}

impl RolloutState {
    /// The word of the ECS API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }
}

/// One entry of a service's `deployments`.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// `ecs-svc/` and digits.
    pub id: String,
    /// ARN of its service revision.
    pub revision: String,
    /// PRIMARY, or else ACTIVE.
    pub primary: bool,
    /// `rolloutState`.
    pub state: RolloutState,
    /// `rolloutStateReason`.
    pub reason: String,
    /// Consecutive failed tasks.
    pub failed: i64,
    /// Virtual times in milliseconds.
    pub created_at: i64,
    /// Last change.
    pub updated_at: i64,
    pub(crate) ran: bool,
    pub(crate) backoff: u32,
    pub(crate) launch_from: i64,
    pub(crate) bake_until: Option<i64>,
}

/// An immutable record of what a deployment was to run.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Its ARN.
    pub arn: String,
    /// Virtual time in milliseconds.
    pub created_at: i64,
    /// Members of the service that belong to a revision.
    pub config: Object,
    /// The task definition.
    pub definition: Arc<Definition>,
    /// Target group that serves each load balancer entry.
    pub groups: Vec<String>,
}

/// `status` of a service deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolloutStatus {
    /// Not begun.
    Pending,
    /// Under way.
    InProgress,
    /// `StopServiceDeployment` ABORT was accepted.
    StopRequested,
    /// Ended without success and without rollback.
    Stopped,
    /// Done.
    Successful,
    /// `StopServiceDeployment` ROLLBACK was accepted.
    RollbackRequested,
    /// Going back.
    RollbackInProgress,
    /// Back.
    RollbackSuccessful,
    /// Going back failed.
    RollbackFailed,
}

impl RolloutStatus {
    /// The word of the ECS API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::InProgress => "IN_PROGRESS",
            Self::StopRequested => "STOP_REQUESTED",
            Self::Stopped => "STOPPED",
            Self::Successful => "SUCCESSFUL",
            Self::RollbackRequested => "ROLLBACK_REQUESTED",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Self::RollbackFailed => "ROLLBACK_FAILED",
        }
    }

    /// Nothing happens to it any more.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Stopped | Self::Successful | Self::RollbackSuccessful | Self::RollbackFailed)
    }
}

/// A rollback of a service deployment.
#[derive(Clone, Debug)]
pub struct Rollback {
    /// Why.
    pub reason: String,
    /// Virtual time in milliseconds.
    pub started_at: i64,
    /// ARN of the revision it goes back to.
    pub revision: String,
}

/// One service deployment.
#[derive(Clone, Debug)]
pub struct Rollout {
    /// Its ARN.
    pub arn: String,
    /// ARN of the revision it brings.
    pub target: String,
    /// ARNs of the revisions that ran before.
    pub sources: Vec<String>,
    /// `status`.
    pub status: RolloutStatus,
    /// `statusReason`.
    pub reason: Option<String>,
    /// `deploymentConfiguration` it began with.
    pub config: Value,
    /// Virtual times in milliseconds.
    pub created_at: i64,
    /// First tick.
    pub started_at: Option<i64>,
    /// End.
    pub finished_at: Option<i64>,
    /// A stop was asked for.
    pub stopped_at: Option<i64>,
    /// Last change.
    pub updated_at: i64,
    /// The rollback, if one began.
    pub rollback: Option<Rollback>,
    /// The breaker tripped.
    pub tripped: bool,
    /// Failed tasks and threshold, as last seen.
    pub failures: (i64, i64),
    /// Alarms that were in ALARM at the start.
    pub ignored_alarms: Vec<String>,
    /// Alarms that stopped it.
    pub triggered_alarms: Vec<String>,
    /// Traffic shifting, for `BLUE_GREEN`, LINEAR and CANARY.
    pub shift: Option<Shift>,
    pub(crate) begin_at: i64,
}
