//! Kubernetes operator for Amazon ECS.

pub mod api;
