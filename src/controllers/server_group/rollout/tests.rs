//! The machine against a small model of the world: children that follow, tasks that start, fail and get healthy.

mod beginnings;
mod ends;
mod looks;
mod model;
mod properties;
mod sights;
mod state;
mod steps;
mod stories;
mod wishes;
