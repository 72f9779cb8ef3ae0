//! Kubernetes operator for Amazon ECS.
//!
//! The modules in the order the data flows: [`api`] is the contract; [`aws`] the wire; [`diff`] tells what differs;
//! [`preflight`] refuses what cannot work; [`controllers`] observe, plan, act and report; [`runtime`] is the process.

pub mod api;
pub mod aws;
pub mod controllers;
pub mod diff;
pub mod preflight;
pub mod runtime;
