//! Reads what alarms, copies of scaling and the source of a first version need; nothing where there is none of them.

use std::collections::{BTreeMap, BTreeSet};

use super::alarms::{self, ALARM};
use super::children::Children;
use super::copying::{self, End, Original, Way};
use super::desired::Desired;
use super::labels::{self, Groups, Own};
use super::rollout::entry;
use super::scale::{self, CopySeen, ScaleSeen, SourceSeen, names, pending};
use crate::api::condition::Reason;
use crate::api::policy::DriftPolicy;
use crate::api::status::{ScalingCopy, Version};
use crate::api::{EcsServiceSpec, ServerGroup, ServerGroupStatus};
use crate::aws::{AlarmSeen, AwsError, Scope};
use crate::controllers::accounts::{Gate, Place, Refused, beside};
use crate::controllers::arn::short;
use crate::controllers::pass::Pass;

/// Reads what is needed to make, correct and remove alarms and copies.
pub(super) async fn read(
    desired: &Desired,
    status: &ServerGroupStatus,
    children: &Children,
    pass: &Pass<'_, ServerGroup>,
) -> ScaleSeen {
    let mut seen = ScaleSeen::default();
    if let Err(error) = Box::pin(fill(desired, status, children, pass, &mut seen)).await {
        // Half of it must not be taken for the whole.
        seen = ScaleSeen { error: Some(error), ..ScaleSeen::default() };
    }
    seen
}

async fn fill(
    desired: &Desired,
    status: &ServerGroupStatus,
    children: &Children,
    pass: &Pass<'_, ServerGroup>,
    seen: &mut ScaleSeen,
) -> Result<(), AwsError> {
    let declared = alarms::declared(desired, status, children);
    let mut wanted: BTreeSet<String> = declared.keys().cloned().chain(alarms::unwanted(status, &declared)).collect();
    for version in &status.versions {
        if let Some(copy) = pending(version)
            && let Some(found) =
                Box::pin(copy_seen(desired, status, children, version, copy, &mut seen.refused, pass)).await?
        {
            wanted.extend(found.copies.alarms.keys().cloned());
            wanted.extend(version.copied_scaling.iter().filter_map(|e| e.strip_prefix(ALARM)).map(str::to_owned));
            seen.copies.insert(version.name.clone(), found);
        }
    }
    if desired.spec.drift_policy == Some(DriftPolicy::Warn) {
        wanted.extend(scale::copied(status));
    }
    if wanted.is_empty() {
        // There is nothing of CloudWatch to look at: known without a call.
        seen.alarms = Some(BTreeMap::new());
        return Ok(());
    }
    let (aws, scope) = (&pass.cx.aws, pass.scope());
    let cluster = desired.cluster.value().map(short).unwrap_or_default();
    let needy: BTreeSet<&String> =
        declared.values().filter(|alarm| alarm.ready && !alarm.policies.is_empty()).map(|a| &a.version).collect();
    for version in needy {
        let resource = format!("service/{cluster}/{version}");
        seen.policies.insert(version.clone(), aws.list_scaling_policies(&scope, &resource, pass.priority).await?);
    }
    seen.sought.clone_from(&wanted);
    let wanted: Vec<String> = wanted.into_iter().collect();
    let found = aws.whole_alarms(&scope, &wanted, pass.priority).await?;
    for (name, alarm) in &found {
        let AlarmSeen::Metric(live) = alarm else { continue };
        let as_declared = declared.get(name).is_some_and(|alarm| {
            let own = seen.policies.get(&alarm.version).map(Vec::as_slice).unwrap_or_default();
            alarms::complete(alarm, own).is_none_or(|put| alarms::same(&alarms::as_put(live), &put))
        });
        if let Some(arn) = live.alarm_arn.as_deref().filter(|_| !as_declared) {
            seen.tags.insert(name.clone(), aws.alarm_tags(&scope, arn, pass.priority).await?);
        }
    }
    seen.alarms = Some(found);
    Ok(())
}

/// Recorded alarms and their tags, for a group that is being deleted.
pub(super) async fn leaving(status: &ServerGroupStatus, pass: &Pass<'_, ServerGroup>) -> ScaleSeen {
    let mut seen = ScaleSeen { sought: status.alarms.iter().cloned().collect(), ..ScaleSeen::default() };
    let (aws, scope) = (&pass.cx.aws, pass.scope());
    let read = async {
        let found = aws.whole_alarms(&scope, &status.alarms, pass.priority).await?;
        for (name, alarm) in &found {
            if let AlarmSeen::Metric(live) = alarm
                && let Some(arn) = &live.alarm_arn
            {
                seen.tags.insert(name.clone(), aws.alarm_tags(&scope, arn, pass.priority).await?);
            }
        }
        Ok(found)
    };
    match read.await {
        Ok(found) => seen.alarms = Some(found),
        Err(error) => seen.error = Some(error),
    }
    seen
}

/// What there is to copy to a version and what it has, once it has a scalable target.
async fn copy_seen(
    desired: &Desired,
    status: &ServerGroupStatus,
    children: &Children,
    version: &Version,
    copy: &ScalingCopy,
    closed: &mut Option<(Reason, String)>,
    pass: &Pass<'_, ServerGroup>,
) -> Result<Option<CopySeen>, AwsError> {
    let Some(service) = children.pair(&version.name).service else { return Ok(None) };
    let child = service.status.clone().unwrap_or_default();
    let registered = child.scaling.is_some_and(|scaling| scaling.min_capacity.is_some() && !scaling.contested);
    let (Some(cluster), Some(arn)) = (child.cluster.filter(|_| registered), child.arn) else { return Ok(None) };
    let (aws, here, priority) = (&pass.cx.aws, pass.scope(), pass.priority);
    let there = match place(copy.account.as_deref(), copy.region.as_deref(), &copy.cluster, pass).await? {
        Ok(place) => place.scope(),
        Err(refused) => {
            *closed = Some(refused);
            return Ok(None);
        }
    };
    let to = End {
        service: version.name.clone(),
        cluster,
        region: here.region.clone(),
        account: arn.split(':').nth(4).unwrap_or_default().to_owned(),
    };
    let mut from = End {
        service: copy.service.clone(),
        cluster: copy.cluster.clone(),
        region: there.region.clone(),
        account: String::new(),
    };
    let mut original = Original {
        policies: aws.list_scaling_policies(&there, &from.resource(), priority).await?,
        actions: aws.list_scheduled_actions(&there, &from.resource(), priority).await?,
        ..Original::default()
    };
    let first = original.policies.first().map(|policy| policy.policy_arn.as_str());
    first.and_then(|arn| arn.split(':').nth(4)).unwrap_or_default().clone_into(&mut from.account);
    let mut way = Way { from, to, ..Way::default() };
    let previous = entry(status, &copy.service);
    if let Some(previous) = previous {
        undeclared(desired, children, previous, &mut original);
        let given = previous.copied_scaling.iter().filter_map(|entry| entry.split_once('/'));
        way.given = given.map(|(_, name)| name.to_owned()).collect();
    }
    if original.policies.iter().any(copying::counts_requests) {
        way.groups = Box::pin(groups(children, copy, &service.spec, &there, pass)).await?;
    }
    let mut named: Vec<String> = copying::alarms_of(&original.policies).into_iter().collect();
    // Alarms that the spec declares are made for each version anyway.
    named.retain(|name| previous.is_none() || way.given.contains(name) || !status.alarms.contains(name));
    original.alarms = aws.whole_alarms(&there, &named, priority).await?;
    let mut tags = BTreeMap::new();
    for (name, alarm) in &original.alarms {
        if let AlarmSeen::Metric(alarm) = alarm
            && let Some(arn) = &alarm.alarm_arn
        {
            tags.insert(way.renamed(name), aws.alarm_tags(&there, arn, priority).await?);
        }
    }
    let resource = way.to.resource();
    Ok(Some(CopySeen {
        copies: copying::copies(&original, &way, &names(desired), pass.now),
        tags,
        policies: aws.list_scaling_policies(&here, &resource, priority).await?,
        actions: aws.list_scheduled_actions(&here, &resource, priority).await?,
        way,
    }))
}

/// The target groups of the source and of the version.
async fn groups(
    children: &Children,
    copy: &ScalingCopy,
    version: &EcsServiceSpec,
    there: &Scope,
    pass: &Pass<'_, ServerGroup>,
) -> Result<Groups, AwsError> {
    let (aws, here, priority) = (&pass.cx.aws, pass.scope(), pass.priority);
    let arns = |spec: &EcsServiceSpec| -> Vec<String> {
        spec.load_balancers.iter().flatten().filter_map(|balancer| balancer.target_group_arn.clone()).collect()
    };
    let from = if let Some(previous) = children.pair(&copy.service).service {
        arns(&previous.spec)
    } else {
        let found = aws.describe_service(there, &copy.cluster, &copy.service, priority).await?;
        found.map(|found| arns(&EcsServiceSpec::observed(&found))).unwrap_or_default()
    };
    let own = arns(version);
    let seen = aws.target_groups(&here, &own, priority).await?;
    let with_balancers = |arn: &String| Own {
        group: labels::group(arn),
        balancers: seen
            .get(arn)
            .and_then(Option::as_ref)
            .map(|group| group.load_balancer_arns.iter().map(|arn| labels::balancer(arn)).collect())
            .unwrap_or_default(),
    };
    Ok(Groups {
        from: from.iter().map(|arn| labels::group(arn)).collect(),
        to: own.iter().map(with_balancers).collect(),
    })
}

/// Leaves what somebody added to the version before: the rest is, or was, declared.
fn undeclared(desired: &Desired, children: &Children, previous: &Version, original: &mut Original) {
    let service = children.pair(&previous.name).service;
    let record = service.and_then(|service| service.status?.scaling).unwrap_or_default();
    let declared = names(desired);
    let ours = |name: &String, recorded: &[String]| declared.contains(name) || recorded.contains(name);
    let (others, added) = std::mem::take(&mut original.policies)
        .into_iter()
        .partition::<Vec<_>, _>(|policy| ours(&policy.policy_name, &record.policies));
    original.policies = added;
    original.others = others.into_iter().map(|policy| (policy.policy_arn, policy.policy_name)).collect();
    original.actions.retain(|action| !ours(&action.scheduled_action_name, &record.actions));
}

/// The source of the first version, where its count or its existence matters.
pub(super) async fn source(desired: &Desired, pass: &Pass<'_, ServerGroup>) -> Result<SourceSeen, AwsError> {
    let Some(source) = desired.source.as_ref().filter(|source| source.use_source_capacity || source.required) else {
        return Ok(SourceSeen::Unread);
    };
    let Some(cluster) = source.cluster.as_deref().or(desired.cluster.value()) else { return Ok(SourceSeen::Unread) };
    let elsewhere = source.account.is_some() || source.region.is_some();
    // The ARN of the group's own cluster means nothing in another account or Region.
    let cluster = if source.cluster.is_none() && elsewhere { short(cluster) } else { cluster };
    let scope = match place(source.account.as_deref(), source.region.as_deref(), cluster, pass).await? {
        Ok(place) => place.scope(),
        Err((reason, why)) => return Ok(SourceSeen::Refused(reason, format!("`source`: {why}"))),
    };
    let missing = || {
        let name = &source.service_name;
        SourceSeen::Missing(format!("`source`: service `{name}` not found in cluster `{}`", short(cluster)))
    };
    match pass.cx.aws.describe_service(&scope, cluster, &source.service_name, pass.priority).await {
        Ok(Some(service)) if service.status.as_deref() == Some("ACTIVE") => {
            Ok(if source.use_source_capacity { SourceSeen::Count(service.desired_count) } else { SourceSeen::Unread })
        }
        Ok(_) => Ok(missing()),
        Err(error) if error.class.is_gone() => Ok(missing()),
        Err(error) => Err(error),
    }
}

/// Where a source is read; or why it may not be.
async fn place(
    account: Option<&str>,
    region: Option<&str>,
    cluster: &str,
    pass: &Pass<'_, ServerGroup>,
) -> Result<Result<Place, (Reason, String)>, AwsError> {
    match Box::pin(beside(account, region, cluster, pass)).await {
        Ok(place) => Ok(Ok(place)),
        Err(Gate::Closed(Refused::Stuck(reason, why))) => Ok(Err((reason, why))),
        Err(Gate::Closed(Refused::Waits(why))) => Ok(Err((Reason::DependencyNotReady, why))),
        Err(Gate::Unread(error)) => Err(error),
        Err(Gate::Open(place)) => Ok(Ok(*place)),
    }
}
