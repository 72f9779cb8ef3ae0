//! The one integration-test binary.

#![recursion_limit = "256"]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::duration_suboptimal_units,
    unreachable_pub,
    reason = "a test that cannot go on shall fail on the spot; futures of whole stories are large"
)]

mod accounts;
mod bad_manifests;
mod behaviour;
mod canary;
mod cel;
mod chart;
mod conformance;
mod conversation;
mod crds;
mod disturbed;
mod documents;
mod hints;
mod iam;
mod layering;
mod leader;
mod local_api;
mod mirror;
mod monitoring;
mod neighbours;
mod pages;
mod planted;
mod plugin;
mod preflight;
mod readers;
mod reconcile;
mod registered;
mod registered_services;
mod rendering;
mod samples;
mod scale;
mod scaling;
mod server_group;
mod sight;
mod support;
mod told;
