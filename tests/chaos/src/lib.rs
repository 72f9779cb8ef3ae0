//! Random, repeatable schedules of faults against the operator between two simulated worlds.

#![recursion_limit = "256"]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    clippy::return_self_not_must_use,
    clippy::wildcard_enum_match_arm,
    clippy::large_futures,
    clippy::duration_suboptimal_units,
    reason = "a schedule that cannot go on fails on the spot; futures of whole stories are large; oracles pick few of what was seen"
)]

pub mod dice;
pub mod disturb;
mod ending;
pub mod enumerate;
pub mod facts;
pub mod faults;
pub mod oracles;
pub mod plan;
pub mod process;
pub mod rare;
pub mod seen;
pub mod shrink;
pub mod sites;
pub mod snapshot;
pub mod stage;
pub mod stories;
#[allow(dead_code, missing_docs, reason = "shared with the integration tests, which use all of it")]
#[path = "../../it/support/mod.rs"]
pub mod support;
pub mod tally;
pub mod wires;
pub mod workloads;
