//! What other tools make of our objects: their own libraries, in a Go program, asked about objects of real runs.
//!
//! The objects are those under `docs/gitops/argocd`. `ECS_OPERATOR_RECORD=1 cargo test --test it conformance` runs the
//! stories and writes them anew; without the variable the same stories are run and compared.

mod actions;
mod baseline;
mod config_map;
mod diff;
mod guides;
mod health;
mod laws;
mod recorded;
mod rows;
mod tool;
