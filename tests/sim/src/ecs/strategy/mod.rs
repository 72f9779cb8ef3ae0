//! Native `BLUE_GREEN`, LINEAR and CANARY deployments: lifecycle stages, hooks and weights.

mod shift;
mod tick;
mod weights;

pub use shift::{HookRun, HookStatus, Shift, Stage};
