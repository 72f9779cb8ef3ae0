//! A real Kubernetes control plane on loopback: etcd, kube-apiserver and, where wanted, kube-controller-manager.
//!
//! The programs are built once from the Go module beside this crate and kept
//! in a cache under `target/`. Three environment variables change that:
//!
//! - `KUBECONFIG`: use that cluster; nothing is started.
//! - `KUBEBUILDER_ASSETS`: a directory with `etcd`, `kube-apiserver` and
//!   `kubectl` to use instead of building them.
//! - `ECS_OPERATOR_CACHE`: where built programs are kept.
//!
//! `ECS_OPERATOR_KEEP_LOGS`, when set, keeps the directory with the servers'
//! logs after they stop.
//!
//! A server never outlives the process that started it, however that ends:
//! see [`ControlPlane`].

pub mod binaries;
mod control_plane;
mod credentials;
mod error;
mod flags;
mod go;
pub mod manifests;
mod server;

pub use control_plane::{ControlPlane, Options, shared};
pub use error::LocalError;
