//! The one integration-test binary.

#![recursion_limit = "256"]

mod conversation;
mod reconcile;
mod support;
