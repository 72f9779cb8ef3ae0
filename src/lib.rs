//! Kubernetes operator for Amazon ECS.

pub mod api;
pub mod diff;
pub mod preflight;
