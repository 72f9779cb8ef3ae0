//! Alarms and copies of scaling: what is written down before it is made, and the effects that make or remove it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_applicationautoscaling::types::{ScalingPolicy, ScheduledAction};
use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmInputBuilder;
use kube::Resource as _;

use super::alarms::{ALARM, Declared, as_put, complete, declared, fingerprint, same, unwanted};
use super::children::{Children, Pair};
use super::copying::{self, Copies, Way};
use super::desired::Desired;
use super::rollout::Decision;
use super::step::Step;
use crate::api::ServerGroupStatus;
use crate::api::condition::Reason;
use crate::api::policy::{AdoptionPolicy, DriftPolicy, ScalingMode};
use crate::api::status::{ScalingCopy, Version, VersionState};
use crate::aws::{AlarmSeen, AwsError};
use crate::controllers::arn::short;
use crate::controllers::events::{EventReason, Happening};
use crate::controllers::ownership::{Owner, Ownership};

/// How `copiedScaling` names a policy.
pub(super) const POLICY: &str = "policy/";
/// How it names a scheduled action.
pub(super) const ACTION: &str = "action/";

/// What was read of alarms and of Application Auto Scaling.
#[derive(Clone, Debug, Default)]
pub(super) struct ScaleSeen {
    /// Names of the alarms that were looked for.
    pub(super) sought: BTreeSet<String>,
    /// Those that exist; `None` when they were not read.
    pub(super) alarms: Option<BTreeMap<String, AlarmSeen>>,
    /// Tags of those that are to be changed or removed.
    pub(super) tags: BTreeMap<String, BTreeMap<String, String>>,
    /// Policies of versions, where they are needed.
    pub(super) policies: BTreeMap<String, Vec<ScalingPolicy>>,
    /// Copies to versions that are not done.
    pub(super) copies: BTreeMap<String, CopySeen>,
    /// The source to start the first version from.
    pub(super) source: SourceSeen,
    /// Why what there is to copy may not be read.
    pub(super) refused: Option<(Reason, String)>,
    /// A read that failed.
    pub(super) error: Option<AwsError>,
}

/// What there is to copy to a version, and what it has.
#[derive(Clone, Debug, Default)]
pub(super) struct CopySeen {
    /// From where to where.
    pub(super) way: Way,
    /// What there is to copy.
    pub(super) copies: Copies,
    /// Tags of the alarms at the source, by new name.
    pub(super) tags: BTreeMap<String, BTreeMap<String, String>>,
    /// Policies of the version.
    pub(super) policies: Vec<ScalingPolicy>,
    /// Scheduled actions of the version.
    pub(super) actions: Vec<ScheduledAction>,
}

/// The service to start the first version from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum SourceSeen {
    /// Not needed.
    #[default]
    Unread,
    /// There is none.
    Missing(String),
    /// Tasks it is asked for.
    Count(i32),
    /// It may not be read, or not yet.
    Refused(Reason, String),
}

/// Whose an alarm is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Ours,
    /// That of an earlier object of our name.
    Former,
    Other,
    Unknown,
}

impl ScaleSeen {
    fn alarm(&self, name: &str) -> Option<&AlarmSeen> {
        self.alarms.as_ref()?.get(name)
    }

    /// Was it looked for, so that it does not exist if it was not found?
    fn knows(&self, name: &str) -> bool {
        self.alarms.is_some() && self.sought.contains(name)
    }

    fn whose(&self, name: &str, owner: &Owner) -> Whose {
        let Some(tags) = self.tags.get(name) else { return Whose::Unknown };
        match owner.judge(tags, AdoptionPolicy::IfTagged, name) {
            Ownership::Ours => Whose::Ours,
            Ownership::Reclaim => Whose::Former,
            Ownership::Adopt | Ownership::Refused(..) => Whose::Other,
        }
    }
}

/// Writes down what is to be made, and forgets what is gone.
pub(super) fn note(decision: &mut Decision, desired: &Desired, children: &Children, seen: &ScaleSeen, owner: &Owner) {
    if let SourceSeen::Missing(why) = &seen.source
        && decision.status.rollout.is_some()
    {
        let note = format!("{why}; the first version starts with the declared count");
        decision.said.push(Happening::new(EventReason::RequestIgnored, note));
    }
    begin_copy(&mut decision.status, desired);
    let declared = declared(desired, &decision.status, children);
    for (name, _) in declared.iter().filter(|(_, alarm)| alarm.ready) {
        add(&mut decision.status.alarms, name);
    }
    let mut versions = std::mem::take(&mut decision.status.versions);
    for version in &mut versions {
        if let Some(copy) = seen.copies.get(&version.name).filter(|_| pending(version).is_some()) {
            let said = note_copy(version, copy, seen, &declared, owner);
            for entry in version.copied_scaling.iter().filter_map(|entry| entry.strip_prefix(ALARM)) {
                add(&mut decision.status.alarms, entry);
            }
            decision.said.extend(said);
        }
    }
    decision.status.versions = versions;
    remember(&mut decision.status, desired, &declared, seen);
    forget(&mut decision.status, &declared, seen, owner);
}

/// Takes down what alarms are like once they are as they should be: what differs from it later is drift.
fn remember(
    status: &mut ServerGroupStatus,
    desired: &Desired,
    declared: &BTreeMap<String, Declared>,
    seen: &ScaleSeen,
) {
    if !only_told(desired) {
        status.alarms_set.clear();
        return;
    }
    let copied = copied(status);
    status.alarms_set.retain(|name, _| declared.contains_key(name) || copied.contains(name));
    for (name, alarm) in declared {
        if let Some(put) = wanted(alarm, seen)
            && let Some(AlarmSeen::Metric(live)) = seen.alarm(name)
            && same(&as_put(live), &put)
        {
            status.alarms_set.insert(name.clone(), fingerprint(&put));
        }
    }
    for name in copied {
        if let Some(AlarmSeen::Metric(live)) = seen.alarm(&name) {
            status.alarms_set.entry(name).or_insert_with(|| fingerprint(&as_put(live)));
        }
    }
}

/// Is drift only to be told of?
fn only_told(desired: &Desired) -> bool {
    desired.spec.drift_policy == Some(DriftPolicy::Warn)
}

/// Alarms that were copied to versions that live.
pub(super) fn copied(status: &ServerGroupStatus) -> BTreeSet<String> {
    let living = status.versions.iter().filter(|version| version.state != VersionState::Destroying);
    let done = living.filter(|version| pending(version).is_none());
    let entries = done.flat_map(|version| version.copied_scaling.iter());
    entries.filter_map(|entry| entry.strip_prefix(ALARM)).map(str::to_owned).collect()
}

/// The request that makes a declared alarm, once all that it names is there.
fn wanted(alarm: &Declared, seen: &ScaleSeen) -> Option<PutMetricAlarmInputBuilder> {
    let own = seen.policies.get(&alarm.version).map(Vec::as_slice).unwrap_or_default();
    complete(alarm, own).filter(|_| alarm.ready)
}

/// Alarms that were as they should be and are not any more, where that is only to be told.
#[must_use]
pub(super) fn drifted(
    desired: &Desired,
    status: &ServerGroupStatus,
    children: &Children,
    seen: &ScaleSeen,
) -> Vec<String> {
    if !only_told(desired) {
        return Vec::new();
    }
    let declared = declared(desired, status, children);
    let differs = |(name, set): (&String, &String)| {
        let asked = declared.get(name).and_then(|alarm| wanted(alarm, seen));
        // What the spec says anew is brought about.
        let edited = declared.contains_key(name) && asked.as_ref().map(fingerprint).as_ref() != Some(set);
        if edited || !seen.knows(name) {
            return None;
        }
        match (seen.alarm(name), asked) {
            (None, _) => Some(format!("CloudWatch alarm {name} does not exist")),
            (Some(AlarmSeen::Metric(live)), Some(put)) if same(&as_put(live), &put) => None,
            (Some(AlarmSeen::Metric(live)), None) if fingerprint(&as_put(live)) == *set => None,
            (Some(_), _) => Some(format!("CloudWatch alarm {name} is not as it was set")),
        }
    };
    status.alarms_set.iter().filter_map(differs).collect()
}

/// Drops recorded alarms that no version has and that are gone, or are not ours.
pub(super) fn forget(
    status: &mut ServerGroupStatus,
    declared: &BTreeMap<String, Declared>,
    seen: &ScaleSeen,
    owner: &Owner,
) {
    // A version that goes from now on was not looked at as such.
    for name in unwanted(status, declared).into_iter().filter(|name| seen.knows(name)) {
        if seen.alarm(&name).is_none() || seen.whose(&name, owner) == Whose::Other {
            status.alarms.retain(|known| *known != name);
        }
    }
}

/// The new version of a rollout takes over the scaling of the source, or of the version before.
fn begin_copy(status: &mut ServerGroupStatus, desired: &Desired) {
    let Some(rollout) = status.rollout.as_ref().filter(|rollout| rollout.ending.is_none()) else { return };
    let (to, from) = (rollout.to.clone(), status.current_version.clone());
    let Some(cluster) = desired.cluster.value().map(short).filter(|_| desired.scaling.mode == ScalingMode::External)
    else {
        return;
    };
    let source = desired.source.as_ref().filter(|source| source.copy_scaling);
    let copy = match (from, source) {
        (None, Some(source)) => ScalingCopy {
            service: source.service_name.clone(),
            cluster: source.cluster.as_deref().map_or(cluster, short).to_owned(),
            account: source.account.clone(),
            region: source.region.clone(),
            done: false,
        },
        (Some(from), _) if desired.scaling.copy_from_previous && from != to => {
            ScalingCopy { service: from, cluster: cluster.to_owned(), ..ScalingCopy::default() }
        }
        _ => return,
    };
    let new = |version: &&mut Version| version.name == to && version.created_at.is_none() && version.copies.is_none();
    if let Some(version) = status.versions.iter_mut().find(new) {
        version.copies = Some(copy);
    }
}

/// The copy to a version that is not done.
#[must_use]
pub(super) fn pending(version: &Version) -> Option<&ScalingCopy> {
    let living = version.state != VersionState::Destroying;
    version.copies.as_ref().filter(|copy| living && !copy.done)
}

fn has_policy(copy: &CopySeen, name: &str) -> bool {
    copy.policies.iter().any(|policy| policy.policy_name == name)
}

fn has_action(copy: &CopySeen, name: &str) -> bool {
    copy.actions.iter().any(|action| action.scheduled_action_name == name)
}

fn exists(entry: &str, copy: &CopySeen, seen: &ScaleSeen) -> bool {
    if let Some(name) = entry.strip_prefix(POLICY) {
        return has_policy(copy, name);
    }
    if let Some(name) = entry.strip_prefix(ACTION) {
        return has_action(copy, name);
    }
    entry.strip_prefix(ALARM).is_some_and(|name| seen.alarm(name).is_some())
}

/// First the names, then, once all of them stand in AWS, that it is done.
fn note_copy(
    version: &mut Version,
    copy: &CopySeen,
    seen: &ScaleSeen,
    declared: &BTreeMap<String, Declared>,
    owner: &Owner,
) -> Option<Happening> {
    let recorded: BTreeSet<String> = version.copied_scaling.iter().cloned().collect();
    let mut left = copy.copies.left.clone();
    let mut wanted = BTreeSet::new();
    let policies = copy.copies.policies.keys().map(|name| format!("{POLICY}{name}"));
    let actions = copy.copies.actions.keys().map(|name| format!("{ACTION}{name}"));
    let alarms = copy.copies.alarms.keys().map(|name| format!("{ALARM}{name}"));
    for entry in policies.chain(actions).chain(alarms) {
        let alarm = entry.strip_prefix(ALARM);
        let known = recorded.contains(&entry) && alarm.is_none_or(|name| seen.whose(name, owner) != Whose::Other);
        if (exists(&entry, copy, seen) && !known) || alarm.is_some_and(|name| declared.contains_key(name)) {
            left.insert(format!("{}, there is one of this name", entry.replacen('/', " `", 1) + "`"));
        } else {
            wanted.insert(entry);
        }
    }
    // What was made from an original that is gone now stays ours.
    let made = recorded.iter().filter(|entry| exists(entry, copy, seen));
    let kept =
        made.filter(|entry| entry.strip_prefix(ALARM).is_none_or(|name| seen.whose(name, owner) != Whose::Other));
    wanted.extend(kept.cloned());
    if wanted != recorded {
        version.copied_scaling = wanted.into_iter().collect();
        return None;
    }
    if !wanted.iter().all(|entry| exists(entry, copy, seen)) {
        return None;
    }
    if let Some(copies) = &mut version.copies {
        copies.done = true;
    }
    let count = |kind: &str| wanted.iter().filter(|entry| entry.starts_with(kind)).count();
    let mut note = format!(
        "{}: copied {} policies, {} alarms, {} scheduled actions from {}",
        version.name,
        count(POLICY),
        count(ALARM),
        count(ACTION),
        copy.way.from.service
    );
    for item in left {
        note = format!("{note}; not copied: {item}");
    }
    Some(Happening::new(EventReason::Updated, note))
}

fn add(names: &mut Vec<String>, name: &str) {
    if let Err(place) = names.binary_search_by(|known| known.as_str().cmp(name)) {
        names.insert(place, name.to_owned());
    }
}

/// The effects that make what is written down and not there, and why an alarm cannot be had.
#[must_use]
pub(super) fn puts(
    desired: &Desired,
    status: &ServerGroupStatus,
    children: &Children,
    seen: &ScaleSeen,
    owner: &Owner,
) -> (Vec<Step>, Vec<String>) {
    let (mut steps, mut conflicts) = (Vec::new(), Vec::new());
    if seen.alarms.is_none() {
        return (steps, conflicts);
    }
    for (name, alarm) in declared(desired, status, children) {
        if !alarm.ready || !status.alarms.contains(&name) || !seen.knows(&name) {
            continue;
        }
        let Some(put) = wanted(&alarm, seen) else { continue };
        if only_told(desired) && status.alarms_set.get(&name) == Some(&fingerprint(&put)) {
            continue;
        }
        let foreign = || {
            format!("CloudWatch alarm `{name}` is not this group's; give the alarm another name, or delete it there")
        };
        match seen.alarm(&name) {
            None => steps.push(Step::PutAlarm { put: Box::new(tagged(put, &owner.tags())), take: None }),
            Some(AlarmSeen::Composite(_)) => conflicts.push(foreign()),
            Some(AlarmSeen::Metric(live)) if same(&as_put(live), &put) => {}
            Some(AlarmSeen::Metric(live)) => match seen.whose(&name, owner) {
                Whose::Ours => steps.push(Step::PutAlarm { put: Box::new(put), take: None }),
                Whose::Former => {
                    let take = live.alarm_arn.clone().map(|arn| (arn, owner.tags()));
                    steps.push(Step::PutAlarm { put: Box::new(put), take });
                }
                Whose::Other => conflicts.push(foreign()),
                Whose::Unknown => {}
            },
        }
    }
    for version in &status.versions {
        if let Some(copy) = seen.copies.get(&version.name).filter(|_| pending(version).is_some()) {
            steps.extend(copy_steps(version, copy, seen, owner));
        }
    }
    (steps, conflicts)
}

fn tagged(put: PutMetricAlarmInputBuilder, tags: &BTreeMap<String, String>) -> PutMetricAlarmInputBuilder {
    put.set_tags(Some(crate::aws::alarms::sdk_tags(tags)))
}

/// Policies and actions first: alarms need the ARNs of the policies, which the next look shows.
fn copy_steps(version: &Version, copy: &CopySeen, seen: &ScaleSeen, owner: &Owner) -> Vec<Step> {
    let written = |kind: &str, name: &str| version.copied_scaling.contains(&format!("{kind}{name}"));
    let policies = copy.copies.policies.iter().filter(|(name, _)| written(POLICY, name) && !has_policy(copy, name));
    let mut steps: Vec<Step> = policies.map(|(_, (_, put))| Step::PutPolicy(Box::new(put.clone()))).collect();
    let complete = steps.is_empty();
    let actions = copy.copies.actions.iter().filter(|(name, _)| written(ACTION, name) && !has_action(copy, name));
    steps.extend(actions.map(|(_, put)| Step::PutAction(Box::new(put.clone()))));
    if !complete {
        return steps;
    }
    let own = |name: &String| {
        let policy = copy.policies.iter().find(|policy| policy.policy_name == *name);
        policy.map(|policy| policy.policy_arn.clone())
    };
    // A policy that is not copied moves the source: alarms of the version must not trigger it.
    let left = copy.copies.policies_left.iter().map(|(old, name)| (old.clone(), name.as_ref().and_then(own)));
    let copied = copy.copies.policies.iter();
    let copied = copied.map(|(name, (old, _))| (old.clone(), own(name).filter(|_| written(POLICY, name))));
    let arns: BTreeMap<String, Option<String>> = left.chain(copied).collect();
    for (name, alarm) in &copy.copies.alarms {
        if written(ALARM, name) && seen.knows(name) && seen.alarm(name).is_none() {
            let put = copy.way.alarm(alarm, name, &arns);
            let tags = copying::tags(copy.tags.get(name), owner.tags());
            steps.push(Step::PutAlarm { put: Box::new(tagged(put, &tags)), take: None });
        }
    }
    steps
}

/// The effect that removes alarms that no version has; `None` when that cannot be told now.
#[must_use]
pub(super) fn removals(
    status: &ServerGroupStatus,
    declared: &BTreeMap<String, Declared>,
    seen: &ScaleSeen,
    owner: &Owner,
) -> Option<Vec<Step>> {
    let unwanted = unwanted(status, declared);
    if unwanted.is_empty() {
        return Some(Vec::new());
    }
    if !unwanted.iter().all(|name| seen.knows(name)) {
        return None;
    }
    let mut names = Vec::new();
    for name in unwanted.into_iter().filter(|name| seen.alarm(name).is_some()) {
        match seen.whose(&name, owner) {
            Whose::Ours | Whose::Former => names.push(name),
            Whose::Other => {}
            Whose::Unknown => return None,
        }
    }
    Some(if names.is_empty() { Vec::new() } else { vec![Step::DeleteAlarms(names)] })
}

/// The effects that remove what was copied to a version, before its service goes.
#[must_use]
pub(super) fn uncopied(version: &Version, pair: &Pair) -> Vec<Step> {
    let Some(service) = pair.service.as_ref().filter(|service| service.meta().deletion_timestamp.is_none()) else {
        return Vec::new();
    };
    let status = service.status.clone().unwrap_or_default();
    let (Some(cluster), Some(_)) = (status.cluster, status.scaling) else { return Vec::new() };
    let resource = format!("service/{cluster}/{}", version.name);
    let step = |entry: &String| {
        let resource = resource.clone();
        if let Some(name) = entry.strip_prefix(POLICY) {
            return Some(Step::DeletePolicy { resource, name: name.to_owned() });
        }
        entry.strip_prefix(ACTION).map(|name| Step::DeleteAction { resource, name: name.to_owned() })
    };
    version.copied_scaling.iter().filter_map(step).collect()
}

/// Names of policies and scheduled actions that the spec gives every version.
#[must_use]
pub(super) fn names(desired: &Desired) -> BTreeSet<String> {
    let scaling = &desired.scaling;
    let tracking = scaling.target_tracking.iter().map(|policy| &policy.policy_name);
    let step = scaling.step_scaling.iter().map(|policy| &policy.policy_name);
    let predictive = scaling.predictive_scaling.iter().map(|policy| &policy.policy_name);
    let actions = scaling.scheduled_actions.iter().map(|action| &action.scheduled_action_name);
    tracking.chain(step).chain(predictive).chain(actions).flatten().cloned().collect()
}
