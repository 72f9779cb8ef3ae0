//! The machine against a small model of the world: children that follow, tasks that start, fail and get healthy.

mod model;
mod properties;
mod stories;
