//! The one integration-test binary.

#![recursion_limit = "256"]

mod cel;
mod conversation;
mod crash;
mod crds;
mod documents;
mod mirror;
mod preflight;
mod reconcile;
mod support;
