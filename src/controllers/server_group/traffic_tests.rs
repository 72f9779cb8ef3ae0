//! The module by example.
