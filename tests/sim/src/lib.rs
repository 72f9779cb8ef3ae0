//! A simulated AWS: ECS and its neighbours as a pure function of requests and virtual time.

mod answer;
pub mod autoscaling;
pub mod bus;
pub mod cloudwatch;
pub mod control;
pub mod ec2;
pub mod ecs;
pub mod elbv2;
pub mod fault;
pub mod fixtures;
pub mod http;
pub mod iam;
pub mod kube;
pub mod lag;
pub mod model;
pub mod named;
pub mod neighbours;
pub mod queue;
pub mod refusal;
pub mod rights;
pub mod rng;
pub mod sts;
#[cfg(test)]
mod testing;
pub mod throttle;
pub mod wire;
pub mod world;

pub use refusal::Refusal;
pub use wire::{HttpRequest, HttpResponse};
pub use world::{Cx, Principal, Region, RegionKey, Sim};
