//! Kubernetes operator for Amazon ECS.
//!
//! The modules in the order the data flows: [`api`] is the contract; [`document`] takes in what people publish;
//! [`preflight`] refuses what cannot work; [`aws`] is the wire; [`iam`] lists the rights its calls need;
//! [`diff`] tells what differs; [`controllers`] observe, plan, act and report; [`runtime`] is the process; [`pages`]
//! tells of all of it, [`packaging`] brings it to users; [`plugin`] is `kubectl ecs`.

pub mod api;
pub mod aws;
pub mod controllers;
pub mod diff;
pub mod document;
pub mod iam;
pub mod packaging;
pub mod pages;
pub mod plugin;
pub mod preflight;
pub mod runtime;
