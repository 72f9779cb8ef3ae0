//! The one integration-test binary.

#![recursion_limit = "256"]

mod cel;
mod crds;
mod mirror;
mod reconcile;
mod support;
