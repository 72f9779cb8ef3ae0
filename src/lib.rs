//! Kubernetes operator for Amazon ECS.

pub mod api;
pub mod aws;
pub mod diff;
pub mod runtime;
