//! Reads what the state machine has to see: children from the stores, the rest from AWS, and only what is needed now.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::Api;

use super::adopt;
use super::children::{Children, Pair};
use super::desired::{ConfigMapText, Desired};
use super::health::{self, Expected, Mapping, Require};
use super::measure::{self, Tokens, dimension};
use super::name;
use super::render::Resolved;
use super::requests;
use super::resolve;
use super::rollout::sight::{Adoption, Number, Sight, Wants};
use super::rollout::{intents, present};
use super::rules::rules;
use super::scale::{ScaleSeen, SourceSeen};
use super::scale_reads;
use super::traffic::Matched;
use crate::api::policy::ManagementMode;
use crate::api::status::StepKind;
use crate::api::{ServerGroup, ServerGroupStatus};
use crate::aws::{AlarmState, AwsError, RuleSeen};
use crate::controllers::failure::of_kube;
use crate::controllers::pass::Pass;
use crate::controllers::reference::Reference;

/// Numbers tried at a time: one `DescribeServices`.
const NUMBERS: usize = 5;

/// What a pass saw.
#[derive(Clone, Debug)]
pub(super) struct Observed {
    /// For the state machine.
    pub(super) sight: Sight,
    /// The objects of the versions.
    pub(super) children: Children,
    /// The listed rules as they were read, with the pair that each forwards to.
    pub(super) rules: Vec<(RuleSeen, Matched)>,
    /// Names of the template as ids, where a version is to be made.
    pub(super) resolved: Resolved,
    /// Services that are taken in as versions, by name.
    pub(super) adopted: BTreeMap<String, adopt::Found>,
    /// Alarms, copies of scaling and the source.
    pub(super) scale: ScaleSeen,
    /// Tasks that an annotation asks to stop.
    pub(super) terminating: requests::Asked,
    /// A read that failed and that the pass needed.
    pub(super) error: Option<AwsError>,
}

/// The `ConfigMap` of an artifact.
pub(super) async fn config_map(pass: &Pass<'_, ServerGroup>) -> Option<ConfigMapText> {
    let artifact = pass.object.spec.template.as_ref()?.artifact.as_ref()?;
    let reference = artifact.config_map_key_ref.as_ref().filter(|_| artifact.inline.is_none())?;
    let (name, key) = (reference.name.clone()?, reference.key.clone()?);
    if !pass.cx.config.config_maps {
        return Some(ConfigMapText::Refused(format!(
            "`template.artifact.configMapKeyRef`: this operator may not read ConfigMap `{name}`: set ECS_OPERATOR_CONFIG_MAPS=true and grant it to get, list and watch ConfigMaps, or use `inline`"
        )));
    }
    let api: Api<ConfigMap> = Api::namespaced(pass.cx.kube.clone(), pass.namespace());
    Some(match api.get_opt(&name).await {
        Ok(Some(map)) => match map.data.and_then(|data| data.get(&key).cloned()) {
            Some(text) => ConfigMapText::Text(text),
            None => ConfigMapText::Missing(format!("ConfigMap `{name}` has no key `{key}`")),
        },
        Ok(None) => ConfigMapText::Missing(format!("ConfigMap `{name}` does not exist yet")),
        Err(error) => ConfigMapText::Missing(format!("ConfigMap `{name}` cannot be read: {}", of_kube(&error))),
    })
}

/// Reads what is wanted; of AWS nothing for a group that is let go of.
pub(super) async fn observe(
    desired: &Desired,
    status: &ServerGroupStatus,
    children: Children,
    wants: &Wants,
    pass: &Pass<'_, ServerGroup>,
) -> Observed {
    let mut sight = Sight::at(pass.now);
    sight.children = children.seen(&status.versions);
    sight.waits = waits(desired);
    let mut observed = Observed {
        sight,
        children,
        rules: Vec::new(),
        resolved: Resolved::default(),
        adopted: BTreeMap::new(),
        terminating: requests::Asked::new(),
        scale: ScaleSeen::default(),
        error: None,
    };
    if pass.lets_go() {
        return observed;
    }
    if (pass.directive.may_write() || plans(pass)) && !pass.deleting() {
        observed.scale = Box::pin(scale_reads::read(desired, status, &observed.children, pass)).await;
    }
    match terminating(desired, pass).await {
        Ok(tasks) => observed.terminating = tasks,
        Err(error) => observed.error = Some(error),
    }
    let making = status
        .rollout
        .as_ref()
        .is_some_and(|rollout| rollout.step == StepKind::Creating && !observed.sight.child(&rollout.to).service);
    let ready = observed.sight.waits.is_none();
    // What a failed read leaves open could forbid the version: its number is not taken before.
    let mut checked = ready;
    if (wants.number || making && desired.whole().is_some()) && ready {
        let found = resolve::resolve(desired, pass).await;
        checked = found.error.is_none();
        observed.sight.problems = found.problems;
        observed.sight.hindrances = found.hindrances;
        observed.sight.refused = found.refused;
        observed.sight.cautions = found.cautions;
        observed.resolved = found.resolved;
        observed.error = found.error.or(observed.error);
    }
    let read = adopt::look(desired, status, pass).await;
    (observed.sight.adoption, observed.adopted) = (read.adoption, read.services);
    observed.error = read.error.or(observed.error);
    if wants.number && checked && observed.sight.adoption != Adoption::Unread {
        observed.sight.number = number(desired, status, &observed.children, pass, &mut observed.error).await;
    }
    if wants.number && ready && status.current_version.is_none() {
        Box::pin(source(desired, pass, &mut observed)).await;
    }
    if wants.rules && desired.template.target_group_mappings.as_ref().is_some_and(|mappings| !mappings.is_empty()) {
        let read = rules(desired, status.rollout.is_none(), pass).await;
        for version in status.versions.iter().filter(|version| version.slot.is_none()) {
            let service = observed.children.pair(&version.name).service;
            if let (Some(service), Some(child)) = (service, observed.sight.children.get_mut(&version.name)) {
                child.slot = adopt::slot(&service.spec, &read.pairs);
            }
        }
        (observed.sight.rules, observed.rules) = (read.shares, read.rules);
        observed.error = read.error.or(observed.error);
    }
    if wants.alarms && !desired.gate.alarm_names.is_empty() {
        alarms(desired, wants.number, pass, &mut observed).await;
    }
    let strays = intents::strays(status, &observed.sight.rules).filter(|_| wants.steers);
    let judged = wants.health.iter().chain(&strays).map(|version| {
        let pair = observed.children.pair(version);
        async move { (version.clone(), health(desired, &pair, pass).await) }
    });
    for (version, health) in join_all(judged).await {
        match health {
            Ok(Some(health)) => {
                observed.sight.health.insert(version.clone(), health.instances);
                observed.sight.unwell.extend(health.examples);
            }
            Ok(None) => {}
            Err(error) => observed.error = Some(error),
        }
    }
    if wants.metrics {
        measured(desired, status, pass, &mut observed).await;
    }
    observed
}

/// Is it to be told what would be done?
fn plans(pass: &Pass<'_, ServerGroup>) -> bool {
    pass.mode() == ManagementMode::Plan && !pass.directive.paused
}

/// The source that the first version starts from. A count that cannot be read is not guessed, and a source that ECS does
/// not tell of once may be there.
async fn source(desired: &Desired, pass: &Pass<'_, ServerGroup>, observed: &mut Observed) {
    let seen = scale_reads::source(desired, pass).await;
    let gone = pass.gone_twice(matches!(seen, Ok(SourceSeen::Missing(_))));
    match seen {
        Ok(SourceSeen::Missing(why)) if desired.source.as_ref().is_some_and(|source| source.required) => {
            observed.sight.problems.push(why);
        }
        Ok(SourceSeen::Missing(why)) if !gone => {
            observed.sight.number = Number::Busy(format!("{why}; it is looked for once more"));
        }
        Ok(SourceSeen::Refused(reason, why)) => observed.sight.refused = Some((reason, why)),
        Ok(seen) => observed.scale.source = seen,
        Err(error) => {
            observed.sight.number = Number::Unread;
            observed.error = Some(error);
        }
    }
}

fn waits(desired: &Desired) -> Option<String> {
    match &desired.cluster {
        Reference::Waits(why) => Some(why.clone()),
        Reference::Is(_) | Reference::Unset => desired.waits.clone(),
    }
}

/// The next free number: not that of an object, nor of a service that ECS still has.
async fn number(
    desired: &Desired,
    status: &ServerGroupStatus,
    children: &Children,
    pass: &Pass<'_, ServerGroup>,
    error: &mut Option<AwsError>,
) -> Number {
    let Some(cluster) = desired.cluster.value() else { return Number::Unread };
    let scope = pass.scope();
    let mut occupied: BTreeSet<i32> = status.versions.iter().map(|version| version.sequence).collect();
    let group = name::child_name(&desired.group);
    let taken = children.taken.iter().filter_map(|taken| name::numbered(taken));
    occupied.extend(taken.filter(|(of, _)| *of == group).map(|(_, sequence)| sequence));
    if status.last_sequence.is_none() {
        let prefix = format!("{}-v", desired.group);
        match pass.cx.aws.service_names(&scope, cluster, &prefix, pass.priority).await {
            Ok(names) => occupied.extend(names.iter().filter_map(|name| name::parse(name).1)),
            Err(found) => {
                *error = Some(found);
                return Number::Unread;
            }
        }
    }
    let next = name::next(status.last_sequence, &occupied, NUMBERS);
    if next.is_empty() {
        return Number::Busy("NamesExhausted: all numbers from v000 to v999 are taken".to_owned());
    }
    let reads = next.iter().map(|sequence| {
        let name = desired.moniker.version_name(*sequence);
        let scope = scope.clone();
        async move { (*sequence, pass.cx.aws.describe_service(&scope, cluster, &name, pass.priority).await) }
    });
    let mut blocked = Vec::new();
    for (sequence, read) in join_all(reads).await {
        match read {
            Ok(None) => return Number::Free(sequence),
            Ok(Some(service)) if service.status.as_deref() == Some("INACTIVE") => return Number::Free(sequence),
            Ok(Some(service)) => {
                let state = service.status.unwrap_or_default();
                blocked.push(format!("{} is {state}", desired.moniker.version_name(sequence)));
            }
            Err(found) => {
                *error = Some(found);
                return Number::Unread;
            }
        }
    }
    Number::Busy(format!("NamesExhausted: {}", blocked.join(", ")))
}

async fn alarms(desired: &Desired, starting: bool, pass: &Pass<'_, ServerGroup>, observed: &mut Observed) {
    match pass.cx.aws.alarms(&pass.scope(), &desired.gate.alarm_names, pass.priority).await {
        Ok(alarms) => {
            for (name, state) in alarms {
                match state {
                    Some(AlarmState::Alarm) => observed.sight.firing.push(name),
                    None if starting => {
                        observed.sight.problems.push(format!("`gate.alarmNames`: alarm `{name}` does not exist"));
                    }
                    _ => {}
                }
            }
        }
        Err(error) => observed.error = Some(error),
    }
}

/// How the tasks of a version are; `None` while there is no service.
async fn health(
    desired: &Desired,
    pair: &Pair,
    pass: &Pass<'_, ServerGroup>,
) -> Result<Option<health::Health>, AwsError> {
    let Some(service) = &pair.service else { return Ok(None) };
    let status = service.status.clone().unwrap_or_default();
    let (Some(cluster), Some(name)) = (&status.cluster_arn, &status.service_name) else { return Ok(None) };
    let (aws, scope) = (&pass.cx.aws, pass.scope());
    let tasks = aws.tasks_of_service(&scope, cluster, name, pass.priority).await?;
    let definition = pair.task_definition.as_ref();
    // A version that was taken in has no task definition object; a network of its own tells the mode.
    let given = service.spec.network_configuration.as_ref().map(|_| "awsvpc");
    let mode = definition.and_then(|definition| definition.spec.network_mode.as_deref()).or(given);
    let mappings: Vec<Mapping> = service
        .spec
        .load_balancers
        .iter()
        .flatten()
        .filter_map(|balancer| {
            Some(Mapping {
                container_name: balancer.container_name.clone(),
                container_port: balancer.container_port?,
                target_group: balancer.target_group_arn.clone()?,
                target_type: if mode == Some("awsvpc") { "ip" } else { "instance" }.to_owned(),
            })
        })
        .collect();
    let groups: BTreeSet<&String> = mappings.iter().map(|mapping| &mapping.target_group).collect();
    let mut targets = BTreeMap::new();
    for group in groups {
        targets.insert(group.clone(), aws.target_health(&scope, group, pass.priority).await?);
    }
    let mut instance_ids = BTreeMap::new();
    if mode != Some("awsvpc") && !mappings.is_empty() {
        let arns: BTreeSet<String> = tasks.iter().filter_map(|task| task.container_instance_arn.clone()).collect();
        let arns: Vec<String> = arns.into_iter().collect();
        instance_ids = aws.container_instances(&scope, cluster, &arns, pass.priority).await?;
    }
    let checked = definition.into_iter().flat_map(|definition| definition.spec.container_definitions.iter().flatten());
    let expected = Expected {
        task_definition: definition.and_then(|definition| definition.status.as_ref()?.arn.clone()),
        checked_containers: checked.filter(|c| c.health_check.is_some()).filter_map(|c| c.name.clone()).collect(),
        host_network: mode == Some("host"),
        mappings,
        require: Require { container_health: desired.gate.container_health, target_health: desired.gate.target_health },
    };
    let grace = service.spec.health_check_grace_period_seconds.unwrap_or(0);
    let in_grace = |task: &aws_sdk_ecs::types::Task| grace > 0 && health::in_grace(task, grace, pass.now);
    let seen = health::instances(&tasks, &expected, &targets, &instance_ids, in_grace);
    Ok(Some(seen.without(definition.map(|definition| &definition.spec))))
}

/// Measures the metrics of the step under way.
async fn measured(
    desired: &Desired,
    status: &ServerGroupStatus,
    pass: &Pass<'_, ServerGroup>,
    observed: &mut Observed,
) {
    let Some(rollout) = &status.rollout else { return };
    let Some(analysis) = present(rollout).and_then(|step| step.analysis.as_ref()) else { return };
    let pair = observed.children.pair(&rollout.to);
    let service = pair.service.as_ref();
    let group = service
        .and_then(|service| service.spec.load_balancers.as_ref()?.first()?.target_group_arn.clone())
        .unwrap_or_default();
    let mut balancer = String::new();
    if !group.is_empty()
        && let Ok(groups) = pass.cx.aws.target_groups(&pass.scope(), std::slice::from_ref(&group), pass.priority).await
    {
        let seen = groups.into_values().flatten().next();
        balancer = seen.and_then(|seen| seen.load_balancer_arns.first().cloned()).unwrap_or_default();
    }
    let cluster = desired.cluster.value().map(crate::controllers::arn::short).unwrap_or_default();
    let tokens = Tokens {
        service: rollout.to.clone(),
        cluster: cluster.to_owned(),
        version: rollout.to.clone(),
        target_group: dimension(&group).to_owned(),
        load_balancer: dimension(&balancer).to_owned(),
    };
    let outcome = measure::measure(analysis, &tokens, &pass.cx.aws, &pass.scope(), pass.now).await;
    observed.sight.measured = Some(outcome);
}

/// Reads the tasks that are to be stopped.
async fn terminating(desired: &Desired, pass: &Pass<'_, ServerGroup>) -> Result<requests::Asked, AwsError> {
    let (Some(value), Some(cluster)) = (&pass.directive.terminate, desired.cluster.value()) else {
        return Ok(requests::Asked::new());
    };
    let Ok(ids) = requests::ids(value) else { return Ok(requests::Asked::new()) };
    let answers = pass.cx.aws.describe_tasks(&pass.scope(), cluster, &ids, pass.priority).await;
    answers.into_iter().map(|(id, task)| Ok((id, task?))).collect()
}
