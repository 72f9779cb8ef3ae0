//! The one integration-test binary.

#![recursion_limit = "256"]

mod reconcile;
mod support;
