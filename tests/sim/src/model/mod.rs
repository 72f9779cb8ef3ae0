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
    /// Elastic Load Balancing, version 2.
    Elbv2,
    /// Amazon CloudWatch.
    CloudWatch,
    /// Amazon EC2: subnets and security groups.
    Ec2,
    /// AWS STS.
    Sts,
    /// IAM: roles by name.
    Iam,
    /// Amazon SQS: reading a queue.
    Sqs,
}

#[derive(Debug, Deserialize, Default)]
pub(crate) struct Table {
    pub(crate) operations: BTreeMap<String, Operation>,
    pub(crate) shapes: BTreeMap<String, Shape>,
    /// Error shapes by error code, where the names differ.
    #[serde(default)]
    pub(crate) codes: BTreeMap<String, String>,
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
    #[serde(rename = "w", default)]
    pub(crate) wire: BTreeMap<String, String>,
    #[serde(rename = "q", default)]
    pub(crate) form: BTreeMap<String, String>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Ecs,
        Self::ApplicationAutoscaling,
        Self::Elbv2,
        Self::CloudWatch,
        Self::Ec2,
        Self::Sts,
        Self::Iam,
        Self::Sqs,
    ];

    /// The prefix of `X-Amz-Target`, where the service speaks JSON.
    pub fn target_prefix(self) -> Option<&'static str> {
        match self {
            Self::Ecs => Some("AmazonEC2ContainerServiceV20141113"),
            Self::ApplicationAutoscaling => Some("AnyScaleFrontendService"),
            Self::CloudWatch => Some("GraniteServiceVersion20100801"),
            Self::Sqs => Some("AmazonSQS"),
            Self::Elbv2 | Self::Ec2 | Self::Sts | Self::Iam => None,
        }
    }

    /// The name in the signing scope.
    pub fn signing_name(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::ApplicationAutoscaling => "application-autoscaling",
            Self::Elbv2 => "elasticloadbalancing",
            Self::CloudWatch => "monitoring",
            Self::Ec2 => "ec2",
            Self::Sts => "sts",
            Self::Iam => "iam",
            Self::Sqs => "sqs",
        }
    }

    /// The XML namespace of its answers, where the service speaks forms and XML.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::Elbv2 => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
            Self::CloudWatch => "http://monitoring.amazonaws.com/doc/2010-08-01/",
            Self::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::Ecs | Self::ApplicationAutoscaling | Self::Sqs => "",
        }
    }

    /// The service behind a prefix of `X-Amz-Target`.
    pub fn from_target_prefix(prefix: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.target_prefix() == Some(prefix))
    }

    /// The service behind a name in the signing scope, if it speaks forms and XML.
    pub fn from_signing_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.signing_name() == name && !service.namespace().is_empty())
    }

    /// The names of all operations.
    pub fn operations(self) -> impl Iterator<Item = &'static str> {
        self.table().operations.keys().map(String::as_str)
    }

    /// The name of the shape behind an error code.
    pub fn error_shape(self, code: &str) -> &str {
        self.table().codes.get(code).map_or(code, String::as_str)
    }

    pub(crate) fn table(self) -> &'static Table {
        static TABLES: [OnceLock<Table>; 8] = [const { OnceLock::new() }; 8];
        let [ecs, autoscaling, elbv2, cloudwatch, ec2, sts, iam, sqs] = &TABLES;
        match self {
            Self::Ecs => ecs.get_or_init(|| load(include_str!("../../model/ecs.json"))),
            Self::ApplicationAutoscaling => {
                autoscaling.get_or_init(|| load(include_str!("../../model/application-autoscaling.json")))
            }
            Self::Elbv2 => elbv2.get_or_init(|| load(include_str!("../../model/elbv2.json"))),
            Self::CloudWatch => cloudwatch.get_or_init(|| load(include_str!("../../model/cloudwatch.json"))),
            Self::Ec2 => ec2.get_or_init(|| load(include_str!("../../model/ec2.json"))),
            Self::Sts => sts.get_or_init(|| load(include_str!("../../model/sts.json"))),
            Self::Iam => iam.get_or_init(|| load(include_str!("../../model/iam.json"))),
            Self::Sqs => sqs.get_or_init(|| load(include_str!("../../model/sqs.json"))),
        }
    }
}

/// An unreadable table becomes an empty one, in which no operation exists; a test reads all.
fn load(text: &str) -> Table {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_readable_and_closed() {
        for service in Service::ALL {
            let table = service.table();
            assert!(!table.operations.is_empty());
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
