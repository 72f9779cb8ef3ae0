//! The operator and a naive poller side by side: calls by bucket, throttled share, times, memory.

pub mod child;
pub mod error;
pub mod floor;
pub mod journal;
pub mod measures;
pub mod naive;
pub mod plot;
pub mod really;
pub mod stage;
pub mod subject;
pub mod table;
pub mod virtually;
pub mod wire;

use std::time::Duration;

/// The Region of all scenarios.
pub const REGION: &str = "eu-west-1";
/// The namespace of all objects.
pub const NAMESPACE: &str = "bench";
/// Services that are changed one after the other, by somebody else or in Git.
pub const CHANGED: usize = 20;
/// Time between two looks at a settled object, for both.
pub const SWEEP: Duration = Duration::from_mins(5);
