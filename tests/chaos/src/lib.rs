//! Random, repeatable schedules of faults against the operator between two simulated worlds.

#![recursion_limit = "256"]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::large_futures,
    clippy::duration_suboptimal_units,
    reason = "a schedule that cannot go on shall fail on the spot; futures of whole stories are large"
)]

pub mod dice;
pub mod disturb;
pub mod facts;
pub mod faults;
pub mod oracles;
pub mod plan;
pub mod process;
pub mod seen;
pub mod shrink;
pub mod sites;
pub mod stage;
#[allow(dead_code, missing_docs, reason = "shared with the integration tests, which use all of it")]
#[path = "../../it/support/mod.rs"]
pub mod support;
pub mod tally;
pub mod wires;
pub mod workloads;
