//! The one integration-test binary.

mod cel;
mod crds;
mod mirror;
