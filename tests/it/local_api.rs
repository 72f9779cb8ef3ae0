//! The operator on a real kube-apiserver, in real time, against the simulated AWS. What Kubernetes alone decides:
//! admission, defaulting, printing, scaling, field ownership, pruning, garbage collection.
//!
//! The control plane is always one of our own: a developer's kubeconfig is never looked at.

mod deletion;
mod earlier;
mod fields;
mod guard;
mod install;
mod leader;
pub mod plane;
mod refused;
pub mod server_group;
mod shop;
pub mod stage;
