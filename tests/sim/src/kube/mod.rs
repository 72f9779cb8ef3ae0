//! An in-memory Kubernetes API server: what kube-apiserver 1.34 answers, without a process, a socket or a clock.
//!
//! [`MemApi`] is the synchronous core; [`Apiserver`] wraps it as a tower service for a Kubernetes client.
//! Not modelled: CEL (see [`MemApi::add_validator`]), authentication and authorisation, admission, conversion
//! between versions, protobuf, tables.

mod admit;
mod answer;
mod apply;
mod chaos;
mod failure;
mod fields;
mod install;
mod kinds;
mod owners;
mod read;
mod remove;
mod route;
mod scale;
mod schema;
mod selector;
mod service;
mod shape;
mod store;
mod watch;
mod write;

pub use answer::{Answer, Reply};
pub use chaos::{Chaos, Delivery, DeliveryRule, Stale};
pub use service::{Apiserver, Call, Fault, FaultHook, ReplyBody};
pub use store::{MemApi, Validator};
pub use watch::Watch;
