//! Services.

use serde_json::Value;

use crate::refusal::Refusal;
use crate::world::{Cx, Region};

/// Services of one account and Region.
#[derive(Debug, Clone, Default)]
pub struct Services {}

/// What services, deployments and tasks do by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// The scheduler looks at a service.
    Tick {
        /// The cluster's name.
        cluster: String,
        /// The service's name.
        service: String,
    },
}

/// Runs an event.
pub fn wake(_region: &mut Region, _cx: &mut Cx, _wake: Wake) {}

/// `(pending tasks, running tasks, active services)` of a cluster, for `DescribeClusters`.
pub fn counts(_region: &Region, _cluster: &str) -> (i64, i64, i64) {
    (0, 0, 0)
}

/// Whether anything in a cluster keeps it from being deleted: `(services, tasks)`.
pub fn occupancy(_region: &Region, _cluster: &str) -> (usize, usize) {
    (0, 0)
}

/// Whether a service, deployment or task refers to the revision with this ARN.
pub fn uses_task_definition(_region: &Region, _arn: &str) -> bool {
    false
}

/// The tags of the service, task, deployment or task set with this ARN, if it exists.
pub fn tags_mut<'a>(_region: &'a mut Region, _arn: &str) -> Option<&'a mut super::tags::Tags> {
    None
}

/// `CreateService`.
pub fn create(_region: &mut Region, _cx: &mut Cx, _input: &Value) -> Result<Value, Refusal> {
    Err(Refusal::unknown_operation())
}

/// `DescribeServices`.
pub fn describe(_region: &mut Region, _cx: &mut Cx, _input: &Value) -> Result<Value, Refusal> {
    Err(Refusal::unknown_operation())
}

/// `ListServices`.
pub fn list(_region: &mut Region, _cx: &mut Cx, _input: &Value) -> Result<Value, Refusal> {
    Err(Refusal::unknown_operation())
}

/// `UpdateService`.
pub fn update(_region: &mut Region, _cx: &mut Cx, _input: &Value) -> Result<Value, Refusal> {
    Err(Refusal::unknown_operation())
}

/// `DeleteService`.
pub fn delete(_region: &mut Region, _cx: &mut Cx, _input: &Value) -> Result<Value, Refusal> {
    Err(Refusal::unknown_operation())
}
