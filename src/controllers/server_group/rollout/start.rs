//! Whether a rollout is to begin, and how it is taken down. Pure.

use super::clock::stamp;
use super::program::{self, Terms};
use super::sight::{Adoptable, Adoption, Asked, Child, Number, Rules, Sight};
use super::{Decision, begin_step, entry, entry_mut};
use crate::api::ServerGroupStatus;
use crate::api::condition::Reason;
use crate::api::status::{GroupRollout, Replaced, Slot, StepKind, Version, VersionState};
use crate::controllers::events::EventReason;

/// Versions kept at most.
const MOST: usize = 10;

/// What is to be rolled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// The template, as a new version.
    New,
    /// A retained version.
    Restore(String),
    /// Nothing: what is asked for cannot be had.
    Refused(String),
}

/// What the spec asks to roll out, by the stored status alone.
#[must_use]
pub fn wanted(asked: &Asked, status: &ServerGroupStatus) -> Option<Start> {
    if asked.disabled {
        return None;
    }
    let current = status.current_version.as_deref().and_then(|name| entry(status, name));
    if let Some(pin) = &asked.to_version {
        if current.is_some_and(|current| current.name == *pin) {
            return None;
        }
        return Some(match entry(status, pin) {
            Some(version) if is_retained(version) && has_own_slot(version, current, asked) => {
                Start::Restore(pin.clone())
            }
            Some(version) if is_retained(version) => Start::Refused(format!(
                "`rollback.toVersion`: {pin} shares the target group of the current version; revert the template instead"
            )),
            Some(Version { state: VersionState::Failed, failure, .. }) => Start::Refused(format!(
                "VersionNotFound: `rollback.toVersion: {pin}` has failed{}; retained are {}",
                failure.as_ref().map(|failure| format!(" ({})", failure.message)).unwrap_or_default(),
                retained(status)
            )),
            _ => Start::Refused(format!(
                "VersionNotFound: `rollback.toVersion: {pin}` is not retained; retained are {}",
                retained(status)
            )),
        });
    }
    if current.is_some_and(|current| current.template_hash == asked.hash) {
        return None;
    }
    if status.hold.as_ref().is_some_and(|hold| hold.hash == asked.hash && asked.retry.as_ref() != Some(&hold.version)) {
        return None;
    }
    let equal = status
        .versions
        .iter()
        .filter(|version| version.template_hash == asked.hash && is_retained(version))
        .filter(|version| has_own_slot(version, current, asked))
        .max_by_key(|version| version.created_at.clone());
    match equal {
        Some(version) if asked.reuse_equal => Some(Start::Restore(version.name.clone())),
        _ => Some(Start::New),
    }
}

fn is_retained(version: &Version) -> bool {
    matches!(version.state, VersionState::Active | VersionState::Disabled)
}

/// Under weighted traffic two versions behind one target group cannot take over from each other.
fn has_own_slot(version: &Version, current: Option<&Version>, asked: &Asked) -> bool {
    let known = version.slot.is_some();
    !asked.weighted
        || current.is_none_or(|current| current.name == version.name || (known && current.slot != version.slot))
}

fn retained(status: &ServerGroupStatus) -> String {
    let names: Vec<&str> = status.versions.iter().filter(|v| is_retained(v)).map(|v| v.name.as_str()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Begins what is wanted, if all that it needs is there.
pub(super) fn begin(asked: &Asked, sight: &Sight, decision: &mut Decision) {
    if decision.status.versions.is_empty() {
        match &sight.adoption {
            Adoption::Nothing => {}
            Adoption::Unread => return,
            Adoption::Refused(why) => {
                decision.blocked = Some((Reason::InvalidSpec, why.clone()));
                return;
            }
            Adoption::Services(services) => return adopt(asked, services, decision),
        }
    }
    let Some(start) = wanted(asked, &decision.status) else { return };
    if let Start::Refused(why) = start {
        decision.blocked = Some((Reason::InvalidSpec, why));
        return;
    }
    if let Some(why) = &sight.waits {
        decision.blocked = Some((Reason::DependencyNotReady, why.clone()));
        return;
    }
    if let Some(refused) = &sight.refused {
        decision.blocked = Some(refused.clone());
        return;
    }
    let mut problems = sight.problems.clone();
    if start == Start::New {
        problems.extend(sight.hindrances.iter().cloned());
    }
    problems.extend(sight.firing.iter().map(|alarm| format!("`gate.alarmNames`: alarm `{alarm}` is already in ALARM")));
    let slot = match slot(asked, &decision.status, sight, &start) {
        Ok(slot) => slot,
        Err(why) => {
            problems.push(why);
            None
        }
    };
    if let Some(first) = problems.first() {
        let more = if problems.len() > 1 { format!(" (and {} more)", problems.len() - 1) } else { String::new() };
        decision.blocked = Some((Reason::InvalidSpec, format!("{first}{more}")));
        return;
    }
    match start {
        Start::Restore(name) => open(asked, sight, decision, &name, true),
        Start::New => new_version(asked, sight, decision, slot),
        Start::Refused(_) => {}
    }
}

/// Takes services in as versions: the newest that runs is current.
fn adopt(asked: &Asked, services: &[Adoptable], decision: &mut Decision) {
    if asked.weighted
        && let Some(service) = services.iter().find(|service| service.slot.is_none())
    {
        let why = format!("`adoptionPolicy: Always`: service {}", astray(&service.name));
        decision.blocked = Some((Reason::InvalidSpec, format!("{why}, or leave `adoptionPolicy` out")));
        return;
    }
    let mut found: Vec<&Adoptable> = services.iter().collect();
    found.sort_by_key(|service| std::cmp::Reverse(service.sequence));
    let current = found.iter().find(|service| service.desired > 0).map(|service| service.name.clone());
    decision.status.last_sequence = found.first().map(|service| service.sequence);
    for service in found {
        let serves = service.desired > 0;
        decision.status.versions.push(Version {
            name: service.name.clone(),
            sequence: service.sequence,
            state: if serves { VersionState::Active } else { VersionState::Disabled },
            role: if Some(&service.name) == current.as_ref() { "Current".to_owned() } else { String::new() },
            capacity: service.desired,
            slot: service.slot,
            adopted: true,
            ..Version::default()
        });
        decision.say(EventReason::Adopted, format!("service {} taken in as a version", service.name));
    }
    decision.status.current_version = current;
}

fn new_version(asked: &Asked, sight: &Sight, decision: &mut Decision, slot: Option<Slot>) {
    if decision.status.versions.len() >= MOST {
        make_room(decision);
        return;
    }
    let sequence = match &sight.number {
        Number::Free(sequence) => *sequence,
        Number::Busy(why) => {
            decision.blocked = Some((Reason::ProgressingWithRetry, why.clone()));
            return;
        }
        Number::Unread => return,
    };
    let name = format!("{}-v{sequence:03}", asked.group);
    decision.status.last_sequence = Some(sequence);
    decision.status.versions.insert(
        0,
        Version {
            name: name.clone(),
            sequence,
            state: VersionState::Active,
            template_hash: asked.hash.clone(),
            images: asked.images.clone(),
            slot,
            ..Version::default()
        },
    );
    open(asked, sight, decision, &name, false);
    for caution in &sight.cautions {
        decision.say(EventReason::PreflightWarning, format!("{name}: {caution}"));
    }
}

/// Destroys the oldest version that is good for nothing any more.
fn make_room(decision: &mut Decision) {
    let oldest = |state: VersionState| move |version: &&mut Version| version.state == state;
    let status = &mut decision.status;
    if let Some(leaves) = status.versions.iter().find(|version| version.state == VersionState::Destroying) {
        let why = format!("{} is being destroyed: no more than {MOST} versions are kept", leaves.name);
        decision.blocked = Some((Reason::Progressing, why));
        return;
    }
    let current = status.current_version.clone();
    for state in [VersionState::Failed, VersionState::Disabled] {
        let candidates = status.versions.iter_mut().filter(oldest(state)).filter(|v| Some(&v.name) != current.as_ref());
        if let Some(version) = candidates.min_by_key(|version| version.created_at.clone()) {
            version.state = VersionState::Destroying;
            version.role = String::new();
            let why = format!("{} goes: no more than {MOST} versions are kept", version.name);
            decision.blocked = Some((Reason::Progressing, why));
            return;
        }
    }
    decision.blocked = Some((Reason::InvalidSpec, format!("{MOST} versions are active; destroy one first")));
}

/// The slot of a new version: the one without traffic.
fn slot(asked: &Asked, status: &ServerGroupStatus, sight: &Sight, start: &Start) -> Result<Option<Slot>, String> {
    if !asked.weighted {
        return Ok(None);
    }
    let shares = match &sight.rules {
        Rules::Show(shares) => shares,
        Rules::Unusable(why) => return Err(format!("RuleMismatch: {}", why.join("; "))),
        Rules::Unread => return Err("the listener rules are not read yet".to_owned()),
    };
    let serving = status.versions.iter().filter(|version| version.state == VersionState::Active);
    let current = status.current_version.as_deref().and_then(|name| entry(status, name));
    let Some(current) = current else {
        let more_on_b = shares.first().is_some_and(|share| share.b > 50);
        return Ok(Some(if more_on_b { Slot::B } else { Slot::A }));
    };
    if serving.count() >= 2 && *start == Start::New {
        return Err("SlotBusy: both target groups have an active version; destroy one first".to_owned());
    }
    let free = current.slot.map(other).ok_or_else(|| format!("`traffic`: {}", astray(&current.name)))?;
    for rule in shares {
        if weight_of(free, rule.b) > 0 {
            return Err(format!("rule `{}` already sends traffic to the free target group", rule.arn));
        }
    }
    Ok(Some(free))
}

/// Says of a version that the weights cannot reach it.
#[must_use]
pub fn astray(version: &str) -> String {
    format!(
        "`{version}` is neither behind `targetGroup` of every entry of `template.targetGroupMappings` nor behind `alternateTargetGroup` of every one; name the target groups that it is behind"
    )
}

/// The other slot.
#[must_use]
pub fn other(slot: Slot) -> Slot {
    match slot {
        Slot::A => Slot::B,
        Slot::B => Slot::A,
    }
}

/// Percent for a slot, knowing that of the second.
#[must_use]
pub fn weight_of(slot: Slot, b: i32) -> i32 {
    match slot {
        Slot::A => 100 - b,
        Slot::B => b,
    }
}

/// Full size of the new version.
fn target(asked: &Asked, status: &ServerGroupStatus, olds: &[Replaced], to: &str) -> i32 {
    let live = olds.iter().map(|old| old.desired).max();
    let wanted = if asked.managed {
        match (status.current_version.is_none(), asked.source_count) {
            (true, Some(count)) => count,
            _ => asked.desired,
        }
    } else {
        let remembered = entry(status, to).and_then(|version| version.remembered.as_ref()).map(|memory| memory.desired);
        live.max(remembered).or(asked.source_count).unwrap_or(asked.desired)
    };
    wanted.max(asked.min).min(asked.max.max(asked.min))
}

/// Tasks of a version that serves. Who else owns the count may have raised it where the object does not settle, because
/// of drift that is tolerated or a call that is denied; so what ECS was seen to be asked for counts unless it is less.
/// A count that is remembered is ours until it is brought about: what is seen meanwhile is from before.
pub(super) fn live(asked: &Asked, version: &Version, child: &Child) -> i32 {
    if asked.managed || (!child.settled && version.remembered.is_some()) {
        version.capacity
    } else if child.settled {
        child.desired
    } else {
        version.capacity.max(child.desired)
    }
}

/// Takes down the rollout to a version.
fn open(asked: &Asked, sight: &Sight, decision: &mut Decision, to: &str, restore: bool) {
    let status = &decision.status;
    let replaces: Vec<Replaced> = status
        .versions
        .iter()
        .filter(|version| version.name != to && version.state == VersionState::Active)
        .map(|version| {
            let desired = live(asked, version, &sight.child(&version.name));
            Replaced { version: version.name.clone(), desired }
        })
        .collect();
    let target = target(asked, status, &replaces, to);
    let terms = Terms { target, weighted: asked.weighted, first: replaces.is_empty() };
    let (name, steps) = if restore {
        ("restore", program::restore(&asked.strategy, terms))
    } else {
        (asked.strategy.name(), program::forward(&asked.strategy, terms))
    };
    let from = status.current_version.clone().filter(|_| !terms.first);
    let mut rollout = GroupRollout {
        from: from.clone(),
        to: to.to_owned(),
        template_hash: entry(status, to).map(|version| version.template_hash.clone()).unwrap_or_default(),
        images: entry(status, to).map(|version| version.images.clone()).unwrap_or_default(),
        strategy: name.to_owned(),
        replaces,
        target,
        steps,
        started_at: Some(stamp(sight.now)),
        seen_at: Some(stamp(sight.now)),
        weight: 0,
        ..GroupRollout::default()
    };
    begin_step(&mut rollout, sight);
    // Whatever holds the count from now on holds the one that there is.
    for old in &rollout.replaces {
        if let Some(version) = entry_mut(&mut decision.status, &old.version) {
            version.capacity = old.desired;
        }
    }
    let first_count = rollout.steps.iter().find(|step| step.step == StepKind::Creating).and_then(|step| step.count);
    decision.status.rollout = Some(rollout);
    decision.status.pinned = asked.to_version.clone().filter(|pin| pin == to);
    if let Some(version) = entry_mut(&mut decision.status, to) {
        "Candidate".clone_into(&mut version.role);
        if !restore {
            version.capacity = first_count.unwrap_or(0);
        }
    }
    let in_place_of = from.map(|from| format!(", replacing {from}")).unwrap_or_default();
    decision.say(
        EventReason::RolloutStarted,
        format!("Rolling out {to}, template {}, strategy {name}{in_place_of}", asked.hash),
    );
}
