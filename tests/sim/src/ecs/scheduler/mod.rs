//! The service scheduler.
