//! A simulated AWS: ECS and its neighbours as a pure function of requests and virtual time;
//! beside it, an in-memory Kubernetes API server.

pub mod ecs;
pub mod fixtures;
pub mod kube;
pub mod model;
pub mod queue;
pub mod refusal;
pub mod rng;
pub mod wire;
pub mod world;

pub use refusal::Refusal;
pub use world::{Cx, Region, RegionKey, Sim};
