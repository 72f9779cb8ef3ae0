//! Names of a template as ids and ARNs, and everything that can be checked before a version is made. Reads only.

mod account;
mod permitted;

use std::collections::BTreeMap;

use super::desired::{CanaryStep, Desired, Strategy};
use super::measure;
use super::render::Resolved;
use super::traffic::Pair;
use crate::api::ServerGroup;
use crate::api::condition::Reason;
use crate::api::server_group::analysis::{Analysis, Metric};
use crate::aws::{Aws, AwsError, SubnetFilter, SubnetSeen, TargetGroupSeen};
use crate::controllers::pass::Pass;

/// What names stand for, and what is wrong with them.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Ids and ARNs.
    pub(super) resolved: Resolved,
    /// Why a version cannot be made, in the words of the manifest.
    pub(super) problems: Vec<String>,
    /// Why nothing can be registered or created, whatever the manifest says of its network.
    pub(super) hindrances: Vec<String>,
    /// What the account does not allow, though the names in the manifest do not tell.
    pub(super) refused: Option<(Reason, String)>,
    /// What will probably keep a version from working.
    pub(super) cautions: Vec<String>,
    /// A read that failed.
    pub(super) error: Option<AwsError>,
}

/// Why pairs of target groups are not known.
#[derive(Debug)]
pub(super) enum Unresolved {
    /// One does not exist.
    Problem(String),
    /// They cannot be read.
    Read(AwsError),
}

/// Resolves and checks.
pub(super) async fn resolve(desired: &Desired, pass: &Pass<'_, ServerGroup>) -> Found {
    let mut found = Found { problems: analyses(desired, &pass.cx.aws), ..Found::default() };
    match target_groups(desired, pass).await {
        Ok(groups) => {
            found.problems.extend(group_problems(desired, &groups));
            let known = groups.into_iter().filter_map(|(name, group)| Some((name, group?.arn)));
            found.resolved.target_groups = known.collect();
        }
        Err(error) => found.error = Some(error),
    }
    if let Err(error) = network(desired, pass, &mut found).await {
        found.error = Some(error);
    }
    if let Err(error) = Box::pin(account::check(desired, pass, &mut found)).await {
        found.error = Some(error);
    }
    found.refused = pass.place().and_then(|place| permitted::refusal(desired, &found.resolved, place));
    found
}

/// Metrics whose conditions do not compile, or whose server may not be asked.
fn analyses(desired: &Desired, aws: &Aws) -> Vec<String> {
    let all: Vec<&Analysis> = match &desired.strategy {
        Strategy::Rolling { analysis, .. } => analysis.iter().collect(),
        Strategy::Canary { steps, .. } => steps
            .iter()
            .filter_map(|step| if let CanaryStep::Analysis(analysis) = step { Some(analysis) } else { None })
            .collect(),
        Strategy::None | Strategy::Highlander { .. } | Strategy::RedBlack { .. } => Vec::new(),
    };
    let served = |metric: &Metric| {
        let address = metric.prometheus.as_ref().and_then(|prometheus| prometheus.address.as_deref());
        let url = address.or(metric.web.as_ref().and_then(|web| web.url.as_deref()))?;
        // What is still to be replaced in a URL is looked at when it is asked.
        let error = aws.may_fetch(url).err().filter(|_| !url.contains("${"))?;
        Some(format!("metric `{}`: {error}", metric.name.as_deref().unwrap_or_default()))
    };
    let metrics = all.iter().flat_map(|analysis| analysis.metrics.iter().flatten());
    let refused: Vec<String> = metrics.filter_map(served).collect();
    all.into_iter().flat_map(measure::problems).chain(refused).collect()
}

/// The target groups of the template, by name or ARN as in the spec.
async fn target_groups(
    desired: &Desired,
    pass: &Pass<'_, ServerGroup>,
) -> Result<BTreeMap<String, Option<TargetGroupSeen>>, AwsError> {
    let mappings = desired.template.target_group_mappings.iter().flatten();
    let mut names: Vec<String> = mappings
        .flat_map(|mapping| [&mapping.target_group, &mapping.alternate_target_group])
        .flatten()
        .cloned()
        .collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    pass.cx.aws.target_groups(&pass.scope(), &names, pass.priority).await
}

fn group_problems(desired: &Desired, groups: &BTreeMap<String, Option<TargetGroupSeen>>) -> Vec<String> {
    let wanted = if desired.network_mode().as_deref() == Some("awsvpc") { "ip" } else { "instance" };
    let mut problems = Vec::new();
    for (name, group) in groups {
        let Some(group) = group else {
            problems.push(format!("`targetGroupMappings`: no target group named `{name}`"));
            continue;
        };
        if group.target_type != wanted {
            let has = &group.target_type;
            problems.push(format!(
                "`targetGroupMappings`: target group `{name}` has target type `{has}`, these tasks need `{wanted}`"
            ));
        }
        if group.load_balancer_arns.is_empty() {
            problems.push(format!(
                "`targetGroupMappings`: target group `{name}` is not attached to a load balancer; add it to a listener or rule"
            ));
        }
    }
    problems
}

/// The pair of target groups of each mapping, by ARN.
pub(super) async fn pairs(desired: &Desired, pass: &Pass<'_, ServerGroup>) -> Result<Vec<Pair>, Unresolved> {
    let groups = target_groups(desired, pass).await.map_err(Unresolved::Read)?;
    let arn = |name: Option<&String>| {
        let name = name.map(String::as_str).unwrap_or_default();
        let group = groups.get(name).and_then(Option::as_ref);
        group
            .map(|group| group.arn.clone())
            .ok_or_else(|| Unresolved::Problem(format!("`targetGroupMappings`: no target group named `{name}`")))
    };
    desired
        .template
        .target_group_mappings
        .iter()
        .flatten()
        .map(|mapping| {
            Ok(Pair { a: arn(mapping.target_group.as_ref())?, b: arn(mapping.alternate_target_group.as_ref())? })
        })
        .collect()
}

/// Subnets and security groups that are given by name or purpose.
async fn network(desired: &Desired, pass: &Pass<'_, ServerGroup>, found: &mut Found) -> Result<(), AwsError> {
    let template = &desired.template;
    let names = template.subnet_names.clone().unwrap_or_default();
    let purposes = template.subnet_purposes.clone().unwrap_or_default();
    let groups = template.security_group_names.clone().unwrap_or_default();
    if names.is_empty() && purposes.is_empty() && groups.is_empty() {
        return Ok(());
    }
    let given = template.network_configuration.as_ref().and_then(|network| network.awsvpc_configuration.as_ref());
    let by_id = given.and_then(|vpc| vpc.subnets.clone()).unwrap_or_default();
    let (aws, scope) = (&pass.cx.aws, pass.scope());
    let mut subnets: Vec<SubnetSeen> = Vec::new();
    if !by_id.is_empty() {
        let filter = SubnetFilter { ids: by_id.clone(), ..SubnetFilter::default() };
        subnets.extend(aws.subnets(&scope, &filter, pass.priority).await?);
    }
    if !names.is_empty() || !purposes.is_empty() {
        let all = aws.subnets(&scope, &SubnetFilter::default(), pass.priority).await?;
        let zones = template.availability_zones.clone().unwrap_or_default();
        let fits = |subnet: &&SubnetSeen| zones.is_empty() || zones.contains(&subnet.zone);
        for name in &names {
            let by_name: Vec<&SubnetSeen> =
                all.iter().filter(|subnet| subnet.tags.get("Name") == Some(name)).filter(fits).collect();
            if by_name.is_empty() {
                found.problems.push(format!("`subnetNames`: no subnet has the tag Name `{name}`"));
            }
            subnets.extend(by_name.into_iter().cloned());
        }
        for purpose in &purposes {
            let fit: Vec<&SubnetSeen> =
                all.iter().filter(|subnet| purpose_of(subnet).as_ref() == Some(purpose)).filter(fits).collect();
            if fit.is_empty() {
                found.problems.push(format!("`subnetPurposes`: no subnet has the purpose `{purpose}`"));
            }
            subnets.extend(fit.into_iter().cloned());
        }
    }
    subnets.sort_by(|a, b| a.id.cmp(&b.id));
    subnets.dedup_by(|a, b| a.id == b.id);
    let mut vpcs: Vec<&str> = subnets.iter().map(|subnet| subnet.vpc_id.as_str()).collect();
    vpcs.sort_unstable();
    vpcs.dedup();
    if vpcs.len() > 1 {
        found.problems.push(format!("the subnets are in several VPCs: {}", vpcs.join(", ")));
        return Ok(());
    }
    let Some(vpc) = vpcs.first().map(|vpc| (*vpc).to_owned()) else { return Ok(()) };
    found.resolved.subnets = Some(subnets.iter().map(|subnet| subnet.id.clone()).collect());
    if groups.is_empty() {
        return Ok(());
    }
    let seen = aws.security_groups(&scope, &vpc, &groups, pass.priority).await?;
    let mut ids = given.and_then(|vpc| vpc.security_groups.clone()).unwrap_or_default();
    for name in &groups {
        match seen.iter().find(|group| group.name == *name) {
            Some(group) => ids.push(group.id.clone()),
            None => {
                found.problems.push(format!("`securityGroupNames`: security group `{name}` not found in VPC `{vpc}`"));
            }
        }
    }
    ids.sort();
    ids.dedup();
    found.resolved.security_groups = Some(ids);
    Ok(())
}

/// The purpose of a subnet: `purpose` in its tag `immutable_metadata`, or Spinnaker's reading of `x.y.z` as `y (x)`.
fn purpose_of(subnet: &SubnetSeen) -> Option<String> {
    let tagged = subnet.tags.get("immutable_metadata").and_then(|text| {
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        value.get("purpose")?.as_str().map(str::to_owned)
    });
    tagged.or_else(|| {
        let mut parts = subnet.tags.get("Name")?.split('.');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(first), Some(second), Some(_), None) => Some(format!("{second} ({first})")),
            _ => None,
        }
    })
}
