//! `kubectl ecs`: what it shows, on statuses of runs in the simulation; what it does, on a real kube-apiserver.

mod checks;
mod files;
mod gate;
mod help;
mod import;
mod local;
mod look;
mod pictures;
mod plans;
mod verbs;
