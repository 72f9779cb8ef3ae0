//! Kubernetes operator for Amazon ECS.
