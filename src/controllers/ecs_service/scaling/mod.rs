//! Application Auto Scaling of a service: the scalable target, its policies and scheduled actions.

use std::fmt;

use aws_sdk_ecs::types::Service;

use super::Desired;
use crate::api::EcsService;
use crate::api::status::ScalingStatus;
use crate::controllers::facts::Facts;
use crate::controllers::failure::StepError;
use crate::controllers::pass::Pass;

/// What Application Auto Scaling has for the service.
#[derive(Clone, Debug, Default)]
pub struct ScalingObserved {}

impl ScalingObserved {
    /// The calls that take ours down.
    #[must_use]
    pub fn teardown(&self) -> Vec<Step> {
        Vec::new()
    }

    /// What to show.
    #[must_use]
    pub fn status(&self) -> Option<ScalingStatus> {
        None
    }
}

/// One effect, with its exact request.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {}

impl fmt::Display for Step {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

/// Reads what is ours.
pub(super) async fn observe(_desired: &Desired, _live: &Service, _pass: &Pass<'_, EcsService>) -> ScalingObserved {
    ScalingObserved {}
}

/// The calls that bring it in line.
#[must_use]
pub(super) fn plan(_desired: &Desired, _observed: &ScalingObserved, _live: &Service, _facts: &Facts) -> Vec<Step> {
    Vec::new()
}

/// Makes one call.
pub(super) async fn run(step: &Step, _pass: &Pass<'_, EcsService>) -> Result<(), StepError> {
    match *step {}
}
