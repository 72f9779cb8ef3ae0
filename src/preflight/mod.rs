//! What ECS would refuse, found before any call: specs → problems that name member and remedy; pure.
//!
//! A rule is here only when AWS's documentation or its known refusals say so; what is uncertain
//! passes and is left to ECS. Rules that the schema also has are repeated, because an object may
//! have been stored before the schema had them.

mod arn;
mod arns;
mod balancers;
mod capacity;
mod cluster;
mod containers;
mod controller;
mod depends;
mod deployment;
mod fargate;
mod foreign;
mod logs;
mod names;
mod pairing;
mod ports;
mod secrets;
mod service;
mod size;
mod tags;
mod task;
mod volumes;

use std::fmt;

use serde_json::Value;

use crate::api::ecs_cluster::EcsClusterSpec;
use crate::api::ecs_service::EcsServiceSpec;
use crate::api::ecs_task_definition::EcsTaskDefinitionSpec;

pub use arn::partition;

/// One reason why ECS would refuse a document. Holds no value that may be secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The member, as in the manifest: `containerDefinitions[web].memory`.
    pub path: String,
    /// What is wrong, to be read after the path: "must be at least `memoryReservation`".
    pub problem: String,
    /// What to do about it: "raise `memory` or lower `memoryReservation`".
    pub remedy: String,
}

impl Problem {
    /// A problem with the member at `path`.
    pub fn new(path: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { path: path.into(), problem: problem.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}; {}", self.path, self.problem, self.remedy)
    }
}

/// The problems found so far.
#[derive(Default)]
struct Found(Vec<Problem>);

impl Found {
    fn add(&mut self, path: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Problem::new(path, problem, remedy));
    }

    /// Sorted by path, each problem once.
    fn sorted(mut self) -> Vec<Problem> {
        self.0.sort();
        self.0.dedup();
        self.0
    }
}

/// One rule over a kind's spec.
type Rule<S> = fn(&S, &mut Found);

fn run<S>(spec: &S, rules: &[&[Rule<S>]]) -> Vec<Problem> {
    let mut found = Found::default();
    for rule in rules.iter().copied().flatten() {
        rule(spec, &mut found);
    }
    found.sorted()
}

/// What `RegisterTaskDefinition` would refuse, sorted by path.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>
pub fn task_definition(spec: &EcsTaskDefinitionSpec) -> Vec<Problem> {
    run(
        spec,
        &[
            task::RULES,
            containers::RULES,
            depends::RULES,
            ports::RULES,
            volumes::RULES,
            logs::RULES,
            secrets::RULES,
            fargate::RULES,
            size::RULES,
        ],
    )
}

/// What `CreateService` and `UpdateService` would refuse whatever the task definition says.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html>
pub fn service(spec: &EcsServiceSpec) -> Vec<Problem> {
    run(spec, &[service::RULES, capacity::SERVICE, balancers::RULES, controller::RULES, deployment::RULES])
}

/// What `CreateCluster` and `PutClusterCapacityProviders` would refuse.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html>
pub fn cluster(spec: &EcsClusterSpec) -> Vec<Problem> {
    run(spec, &[cluster::RULES, capacity::CLUSTER])
}

/// What `CreateService` and `UpdateService` would refuse because of the task definition that runs.
/// Problems of either alone are not repeated.
pub fn service_with_task_definition(spec: &EcsServiceSpec, task_definition: &EcsTaskDefinitionSpec) -> Vec<Problem> {
    let mut found = Found::default();
    for rule in pairing::RULES {
        rule(spec, task_definition, &mut found);
    }
    found.sorted()
}

/// ARNs in what a group keeps for itself (its rules and alarms) that are no ARNs, or those of something else.
pub fn group(spec: &Value) -> Vec<Problem> {
    let mut found = Found::default();
    for part in ["traffic", "scaling"] {
        if let Some(value) = spec.get(part) {
            let mut document = serde_json::Map::new();
            document.insert(part.to_owned(), value.clone());
            foreign::malformed(&Value::Object(document), &mut found);
        }
    }
    found.sorted()
}

/// Which ARNs of other accounts may stand in a spec.
#[derive(Clone, Copy, Debug)]
pub enum Foreign<'a> {
    /// Where AWS lets one use them, any.
    Usual,
    /// Only those of these accounts.
    Only(&'a [String]),
}

/// ARNs in a spec that cannot work for an identity of this account and Region: another partition,
/// and where AWS insists on it another account or Region; ARNs of other accounts that are not allowed.
/// Malformed ARNs are found by the rules of each kind. `account` is `None` while it is not known.
pub fn arns(spec: &Value, account: Option<&str>, region: &str, others: Foreign<'_>) -> Vec<Problem> {
    let mut found = Found::default();
    foreign::find(spec, account, region, others, &mut found);
    found.sorted()
}
