//! Test support.

pub mod kube;
