//! ARNs that are malformed, and ARNs that belong to another partition, account or Region.

use serde_json::Value;

use super::arn::{self, Arn};
use super::arns::{self, Expected};
use super::{Foreign, Found};

/// ARNs that no identity could use: not an ARN, or the ARN of another kind of thing. Roles and
/// secrets have rules of their own.
pub(super) fn malformed(document: &Value, found: &mut Found) {
    arns::each(document, &mut |path, rule, text| {
        if matches!(rule.member, "valueFrom" | "taskRoleArn" | "executionRoleArn") {
            return;
        }
        if rule.or_name && !arn::claims(text) {
            return;
        }
        if let Err(problem) = checked(rule, text) {
            found.add(path, problem, format!("write {}", rule.shape));
        }
    });
}

fn checked(rule: &Expected, text: &str) -> Result<(), String> {
    let arn = arn::parse(text)?;
    let fits = |(service, prefix): &(&str, &str)| arn.service == *service && arn.resource.starts_with(prefix);
    if rule.kinds.iter().any(fits) {
        return Ok(());
    }
    Err(format!("is the ARN of something else ({}:{})", arn.service, kind_of(arn.resource)))
}

/// `role` of `role/web`.
fn kind_of(resource: &str) -> &str {
    resource.split(['/', ':']).next().unwrap_or(resource)
}

/// ARNs that are whole but cannot work for an identity of this account and Region.
pub(super) fn find(document: &Value, account: Option<&str>, region: &str, others: Foreign<'_>, found: &mut Found) {
    arns::every(document, &mut |path, rule, text| {
        let Ok(arn) = arn::parse(text) else {
            return;
        };
        if let Some((what, theirs, ours)) = elsewhere(rule, arn, account, region, others) {
            found.add(
                path,
                format!("is in {what} {theirs}, but the operator acts in {what} {ours}"),
                format!("name one in {what} {ours}"),
            );
        }
    });
}

fn elsewhere<'a>(
    rule: Option<&Expected>,
    arn: Arn<'a>,
    account: Option<&'a str>,
    region: &'a str,
    others: Foreign<'_>,
) -> Option<(&'static str, &'a str, &'a str)> {
    let partition = arn::partition(region);
    if arn.partition != partition {
        return Some(("partition", arn.partition, partition));
    }
    let (same_region, same_account) = rule.map_or((false, false), |rule| (rule.same_region, rule.same_account));
    if same_region && !arn.region.is_empty() && arn.region != region {
        return Some(("Region", arn.region, region));
    }
    let account = account?;
    // ARNs of buckets have no account, those of AWS's own things `aws`.
    if !arn::is_account(arn.account) || arn.account == account {
        return None;
    }
    // VPC Lattice target groups and rules can be shared between accounts.
    let needed = same_account && arn.service != "vpc-lattice";
    let refused = match others {
        Foreign::Usual => needed,
        Foreign::Only(listed) => needed || !listed.iter().any(|id| id == arn.account),
    };
    refused.then_some(("account", arn.account, account))
}
