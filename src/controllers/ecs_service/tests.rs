//! The pure core of the service kind: plans against a small model of ECS, and rollouts followed to their end.

mod following;
mod judged;
mod letting_go;
mod model;
mod plans;
mod properties;
mod seen;
mod waiting;
