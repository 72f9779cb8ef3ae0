//! The service models: operations, shapes, and checks of requests and answers against them.

mod check;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

pub use check::{check_input, check_output, error_is_modelled};

/// A service whose requests are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Amazon ECS.
    Ecs,
    /// Application Auto Scaling.
    ApplicationAutoscaling,
}

#[derive(Debug, Deserialize, Default)]
pub(crate) struct Table {
    pub(crate) operations: BTreeMap<String, Operation>,
    pub(crate) shapes: BTreeMap<String, Shape>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Operation {
    pub(crate) input: String,
    pub(crate) output: String,
    pub(crate) errors: Vec<String>,
}

/// One shape; see `model/generate.py` for the letters.
#[derive(Debug, Deserialize)]
pub(crate) struct Shape {
    #[serde(rename = "k")]
    pub(crate) kind: String,
    #[serde(rename = "m", default)]
    pub(crate) members: BTreeMap<String, String>,
    #[serde(rename = "r", default)]
    pub(crate) required: Vec<String>,
    #[serde(rename = "u", default)]
    pub(crate) union: bool,
    #[serde(rename = "e", default)]
    pub(crate) values: Vec<String>,
    #[serde(rename = "i", default)]
    pub(crate) item: String,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
}

const ECS: &str = include_str!("../../model/ecs.json");
const AUTOSCALING: &str = include_str!("../../model/application-autoscaling.json");

impl Service {
    /// The prefix of `X-Amz-Target`.
    pub fn target_prefix(self) -> &'static str {
        match self {
            Self::Ecs => "AmazonEC2ContainerServiceV20141113",
            Self::ApplicationAutoscaling => "AnyScaleFrontendService",
        }
    }

    /// The name in the signing scope.
    pub fn signing_name(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::ApplicationAutoscaling => "application-autoscaling",
        }
    }

    /// The service behind a prefix of `X-Amz-Target`.
    pub fn from_target_prefix(prefix: &str) -> Option<Self> {
        [Self::Ecs, Self::ApplicationAutoscaling].into_iter().find(|service| service.target_prefix() == prefix)
    }

    /// The names of all operations.
    pub fn operations(self) -> impl Iterator<Item = &'static str> {
        self.table().operations.keys().map(String::as_str)
    }

    pub(crate) fn table(self) -> &'static Table {
        static ECS_TABLE: OnceLock<Table> = OnceLock::new();
        static AUTOSCALING_TABLE: OnceLock<Table> = OnceLock::new();
        match self {
            Self::Ecs => ECS_TABLE.get_or_init(|| load(ECS)),
            Self::ApplicationAutoscaling => AUTOSCALING_TABLE.get_or_init(|| load(AUTOSCALING)),
        }
    }
}

/// An unreadable table becomes an empty one, in which no operation exists; a test reads both.
fn load(text: &str) -> Table {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_readable_and_closed() {
        for service in [Service::Ecs, Service::ApplicationAutoscaling] {
            let table = service.table();
            assert!(table.operations.len() > 10);
            let known = |name: &str| name.is_empty() || table.shapes.contains_key(name) || check::is_plain_kind(name);
            for operation in table.operations.values() {
                assert!(known(&operation.input) && known(&operation.output));
            }
            for shape in table.shapes.values() {
                assert!(known(&shape.item));
                assert!(shape.members.values().all(|member| known(member)));
            }
        }
    }
}
