//! IAM: roles, read by name. The service is one for the whole partition.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use percent_encoding::percent_decode_str;
use roxmltree::{Document, Node};

use super::batcher::Found;
use super::classify::{Class, code};
use super::clients::Aws;
use super::error::AwsError;
use super::form::{Protocol, Speaks};
use super::op::{Op, Priority};
pub use super::remembered::Look;
use super::scope::Scope;
use super::trust;
use crate::preflight::partition;

/// What tasks assume their roles as.
const TASKS: &str = "ecs-tasks.amazonaws.com";

/// A role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleSeen {
    /// ARN, with the path.
    pub arn: String,
    /// May tasks of ECS assume it?
    pub trusts_tasks: bool,
}

impl Aws {
    /// The role of this name, without path; `None` where there is none. Good answers and refusals for want of
    /// permission are remembered for an hour, others for a minute.
    pub async fn role(&self, scope: &Scope, name: &str, look: Look, priority: Priority) -> Found<RoleSeen> {
        let place = Scope::of(scope.account.clone(), signing_region(&scope.region));
        if let Some(found) = self.memories().roles.get(&place, name, look) {
            return found;
        }
        let (aws, at) = (self.clone(), (scope.clone(), place.clone()));
        let fetch = move |names: Vec<String>, priority| async move {
            let mut answers = BTreeMap::new();
            for name in names {
                let found = aws.get_role(&at.0, &at.1, &name, priority).await;
                aws.memories().roles.keep(&at.1, &name, &found, |role| role.trusts_tasks);
                answers.insert(name, found);
            }
            answers
        };
        self.batches().roles.get(self, (place, name.to_owned()), name, priority, fetch).await
    }

    async fn get_role(&self, scope: &Scope, place: &Scope, name: &str, priority: Priority) -> Found<RoleSeen> {
        let client = self.iam(scope);
        let parameters = [("RoleName".to_owned(), name.to_owned())];
        let send = || client.ask(Op::GetRole.name(), &parameters);
        match self.call(place, Op::GetRole, priority, send).await {
            Ok(text) => match role(&text) {
                Some(role) => Ok(Some(role)),
                None => Err(AwsError::new(Op::GetRole.name(), code::UNREADABLE, "the answer names no role")),
            },
            Err(error) if error.class == Class::TargetMissing => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The role in an answer.
fn role(text: &str) -> Option<RoleSeen> {
    let document = Document::parse(text).ok()?;
    let role = document.descendants().find(|node| node.tag_name().name() == "Role")?;
    let member =
        |name: &str| role.children().find(|child| child.tag_name().name() == name).and_then(|node: Node| node.text());
    let arn = member("Arn").filter(|arn| !arn.is_empty())?.to_owned();
    // The document is URL-encoded JSON.
    let policy = member("AssumeRolePolicyDocument").unwrap_or_default();
    let policy = percent_decode_str(policy).decode_utf8_lossy();
    Some(RoleSeen { arn, trusts_tasks: trust::lets_in(&policy, TASKS) })
}

/// IAM as a region reaches it.
pub(super) fn speaks(config: &SdkConfig, region: &str) -> Speaks {
    let endpoint = endpoint(config, region);
    let protocol = Protocol::Query { version: "2010-05-08" };
    Speaks { service: "iam", protocol, region: signing_region(region).to_owned(), endpoint }
}

/// The region that stands for the whole partition.
pub(crate) fn signing_region(region: &str) -> &'static str {
    match partition(region) {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-iso" => "us-iso-east-1",
        "aws-iso-b" => "us-isob-east-1",
        "aws-iso-e" => "eu-isoe-west-1",
        "aws-iso-f" => "us-isof-south-1",
        "aws-eusc" => "eusc-de-east-1",
        _ => "us-east-1",
    }
}

/// The endpoint of the region's partition, from the rules of the service model.
pub(crate) fn endpoint(config: &SdkConfig, region: &str) -> String {
    let (fips, dual) = (config.use_fips().unwrap_or_default(), config.use_dual_stack().unwrap_or_default());
    let name = if fips { "iam-fips" } else { "iam" };
    match partition(region) {
        "aws-cn" if dual => "https://iam.global.api.amazonwebservices.com.cn".to_owned(),
        "aws-cn" => "https://iam.cn-north-1.amazonaws.com.cn".to_owned(),
        "aws-us-gov" if dual => "https://iam.us-gov.api.aws".to_owned(),
        "aws-us-gov" => "https://iam.us-gov.amazonaws.com".to_owned(),
        "aws-iso" => format!("https://{name}.us-iso-east-1.c2s.ic.gov"),
        "aws-iso-b" => format!("https://{name}.us-isob-east-1.sc2s.sgov.gov"),
        "aws-iso-e" => "https://iam.eu-isoe-west-1.cloud.adc-e.uk".to_owned(),
        "aws-iso-f" => "https://iam.us-isof-south-1.csp.hci.ic.gov".to_owned(),
        "aws-eusc" => "https://iam.eusc-de-east-1.amazonaws.eu".to_owned(),
        _ if dual => format!("https://{name}.global.api.aws"),
        _ => format!("https://{name}.amazonaws.com"),
    }
}

#[cfg(test)]
#[path = "iam_tests.rs"]
mod tests;
