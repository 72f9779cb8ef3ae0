//! The service scheduler: a Region's services, tasks and traffic, moved by events in virtual time.

mod breaker;
mod control;
pub(crate) mod due;
mod fleet;
mod invariant;
pub(crate) mod json;
pub mod knobs;
mod roll;
pub mod target;
pub(crate) mod tick;
pub mod timing;

#[cfg(test)]
mod tests;

pub use breaker::threshold;
pub use fleet::{Fleet, Key};
pub(crate) use roll::placement;
