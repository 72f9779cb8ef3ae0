//! One of several processes acts: a Lease decides which, and everything that writes asks.
//!
//! [`candidate`] decides (pure), [`election`] asks and writes (io), [`lead`] is what the rest of the process sees, and
//! [`fence`] stands before the wire to Kubernetes.

pub mod candidate;
pub mod election;
pub mod fence;
pub mod lead;

pub use candidate::{Candidate, Decision, Record, Timing};
pub use election::{Election, Ended, Place};
pub use lead::Lead;
