//! A version as specs of its two children. Pure.

mod artifact;
mod inputs;
mod placement;
mod scaling;
mod service;
mod size;
mod task_definition;

use std::collections::BTreeMap;

use crate::api::status::Slot;

pub use scaling::Tokens;
pub use service::{counted, in_place, service};
pub use size::{cpu_units, mebibytes};
pub use task_definition::{images, task_definition, task_definition_in_place};

/// What names in a template were resolved to when the version was made. What is absent is used as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// Ids of all subnets, those given by id included.
    pub subnets: Option<Vec<String>>,
    /// Ids of all security groups, those given by id included.
    pub security_groups: Option<Vec<String>>,
    /// ARNs of target groups, by name or ARN as in the spec.
    pub target_groups: BTreeMap<String, String>,
    /// Execution role; also the default for Fargate where the template names none.
    pub execution_role_arn: Option<String>,
    /// Task role.
    pub task_role_arn: Option<String>,
}

/// The version that is rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionOf {
    /// Name of the version and of its ECS service.
    pub name: String,
    /// Its number.
    pub sequence: i32,
    /// Target groups it is behind, under weighted traffic.
    pub slot: Option<Slot>,
}

/// Which kinds of scaling are suspended while the engine holds a count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pin {
    /// None: the version is in its steady state.
    #[default]
    Free,
    /// Scaling in and schedules: the count may grow, not shrink.
    Outward,
    /// All: the count is the engine's alone.
    Full,
}

/// How many tasks a version is to run, and who may change that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    /// Tasks.
    pub count: i32,
    /// Who else may change them.
    pub pin: Pin,
}
