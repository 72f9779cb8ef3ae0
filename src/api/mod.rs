//! The contract: what users write and what we answer. Types only; no client, no async.

pub mod aws_account;
pub mod condition;
pub mod ecs_cluster;
pub mod ecs_service;
pub mod ecs_task_definition;
pub mod mirror;
pub mod names;
pub mod policy;
pub mod quoted;
pub mod reference;
pub mod rules;
pub mod schema;
pub mod server_group;
pub mod shapes;
pub mod status;
pub(crate) mod words;

pub use aws_account::{AwsAccount, AwsAccountSpec};
pub use ecs_cluster::{EcsCluster, EcsClusterSpec};
pub use ecs_service::{EcsService, EcsServiceSpec};
pub use ecs_task_definition::{EcsTaskDefinition, EcsTaskDefinitionSpec};
pub use mirror::Incomplete;
pub use server_group::{ServerGroup, ServerGroupSpec};
pub use status::{AwsAccountStatus, EcsClusterStatus, EcsServiceStatus, EcsTaskDefinitionStatus, ServerGroupStatus};
