//! The wire to AWS: clients, one gate for every call, batching, paging and error classes; no decisions.

pub mod agent;
pub mod alarms;
pub mod asker;
pub mod balancing;
pub mod batcher;
mod breaker;
pub mod classify;
pub mod clients;
pub mod cloudwatch;
pub mod describe;
pub mod error;
mod fence;
mod form;
mod gate;
pub mod iam;
pub mod identity;
pub mod limiter;
pub mod metrics;
pub mod network;
pub mod op;
pub mod pages;
mod query;
pub mod queue;
pub mod quota;
mod remembered;
mod request_id;
pub mod scaling;
pub mod scope;
mod sdk;
pub mod settings;
pub mod tasks;
mod trust;
mod turns;
pub mod web;

#[cfg(test)]
mod test_cbor;
#[cfg(test)]
pub(crate) mod test_wire;

pub use alarms::AlarmSeen;
pub use asker::Asker;
pub use balancing::{RuleSeen, TargetGroupSeen, TargetSeen};
pub use classify::{Class, classify};
pub use clients::{Aws, AwsSettings, Fence, load_config};
pub use cloudwatch::{AlarmState, Point, Series};
pub use error::AwsError;
pub(crate) use form::signed;
pub use iam::RoleSeen;
pub(crate) use iam::{endpoint as iam_endpoint, signing_region as iam_region};
pub use identity::Role;
pub use limiter::LimiterSettings;
pub use network::{SecurityGroupSeen, SubnetFilter, SubnetSeen};
pub use op::{Op, Priority, Service};
pub use queue::{Message, Queue, region_of_queue};
pub use quota::{Bucket, Quota};
pub use scope::{AccountKey, Scope};
pub use settings::LongArns;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks; a panic elsewhere while the lock was held does not spread.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
