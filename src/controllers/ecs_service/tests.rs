//! The pure core of the service kind: plans against a small model of ECS, and rollouts followed to their end.

mod following;
mod model;
mod plans;
mod properties;
