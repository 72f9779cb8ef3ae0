//! Tests of the comparison, with documents of their own and property tests.

mod documents;
mod edges;
mod printing;
mod properties;
mod service;
mod shapes;
mod small;
mod task_definition;

use super::Change;

/// The changes as printed.
fn printed(changes: &[Change]) -> Vec<String> {
    changes.iter().map(ToString::to_string).collect()
}
