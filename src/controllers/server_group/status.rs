//! Says what was found of a group and what was done. Pure.

use super::basis::Against;
use super::desired::Desired;
use super::foretell::Foretold;
use super::kept;
use super::observe::Observed;
use super::rollout::sight::{Asked, Rules};
use super::rollout::start::weight_of;
use super::rollout::{entry, intents, slot_of};
use super::scale;
use super::step::Step;
use super::verdict;
use crate::api::condition::Reason;
use crate::api::policy::{DeletionPolicy, DriftPolicy, ScalingMode};
use crate::api::status::{Account, RuleStatus, Slot, StoppedTask, VersionState};
use crate::api::{ServerGroup, ServerGroupStatus};
use crate::controllers::conclude::{Ask, Findings, conclude};
use crate::controllers::events::{EventReason, Happening};
use crate::controllers::failure::Consequence;
use crate::controllers::pass::Pass;
use crate::controllers::refusal::Refusal;
use crate::controllers::report::{Report, Requeue, Verdict};

/// What a pass came to.
pub(super) struct Ended<'a> {
    /// What was planned.
    pub(super) steps: &'a [Step],
    /// How many of them were done.
    pub(super) done: usize,
    /// Did the machine move on?
    pub(super) moved: bool,
    /// What is worth an event.
    pub(super) said: Vec<Happening>,
    /// Why nothing can begin.
    pub(super) blocked: Option<(Reason, String)>,
    /// What would be done, where nothing may be.
    pub(super) foretold: Option<Foretold>,
    /// What a failure means.
    pub(super) consequence: Option<Consequence>,
    /// Is there more to do as soon as AWS shows what was done?
    pub(super) soon: bool,
    /// Why the spec as it stands is not gone by.
    pub(super) against: Option<Against>,
}

/// A spec that is refused: nothing was read, nothing was done; what runs goes on running.
pub(super) fn refused(pass: &Pass<'_, ServerGroup>, refusal: &Refusal) -> Report<ServerGroupStatus> {
    let mut status = pass.object.status.clone().unwrap_or_default();
    kept::tidy(&mut status);
    let findings = Findings::refused(refusal, &status.owned_fields);
    conclude(pass, status, &findings)
}

/// A group that belongs to another object.
pub(super) fn taken(pass: &Pass<'_, ServerGroup>, by: &str) -> Report<ServerGroupStatus> {
    let mut status = pass.object.status.clone().unwrap_or_default();
    kept::tidy(&mut status);
    let message = format!("DuplicateMoniker: ServerGroup `{by}` is older and has the same name in the same cluster");
    let findings = Findings {
        verdict: Verdict::stuck(Reason::OwnedByAnother, message),
        ..Findings::refused(&Refusal { message: String::new() }, &status.owned_fields)
    };
    conclude(pass, status, &findings)
}

/// A group that may belong to another object: which cluster that means cannot be told yet.
pub(super) fn waits_for(pass: &Pass<'_, ServerGroup>, other: &str) -> Report<ServerGroupStatus> {
    let mut status = pass.object.status.clone().unwrap_or_default();
    kept::tidy(&mut status);
    let message = format!(
        "ServerGroup `{other}` is older and has the same name; whether it is in the same account and cluster is not known yet"
    );
    let findings = Findings {
        verdict: Verdict::underway(Reason::DependencyNotReady, message),
        requeue: Requeue::After(verdict::AGAIN),
        ..Findings::refused(&Refusal { message: String::new() }, &status.owned_fields)
    };
    conclude(pass, status, &findings)
}

/// The report of a pass. `status` is the machine's, which goes on from here.
pub(super) fn report(
    pass: &Pass<'_, ServerGroup>,
    desired: &Desired,
    asked: &Asked,
    mut status: ServerGroupStatus,
    observed: &Observed,
    ended: Ended<'_>,
) -> Report<ServerGroupStatus> {
    let rolls = pass.object.status.as_ref().is_some_and(|before| before.rollout.is_some());
    describe(&mut status, pass, desired, asked, observed);
    let mut drift = drift(asked, &status, observed);
    drift.extend(scale::drifted(desired, &status, &observed.children, &observed.scale));
    let tolerated = pass.policies.drift == DriftPolicy::Warn;
    let (verdict, requeue) = verdict::judge(asked, &status, observed, ended.blocked.as_ref(), tolerated);
    let verdict = ended.against.as_ref().map_or(verdict.clone(), |against| against.verdict(&verdict));
    let real = ended.steps.iter().filter(|step| step.is_call()).map(ToString::to_string);
    let (pending, calls) = match ended.foretold {
        Some(foretold) => (foretold.pending, foretold.lines),
        None => (false, real.collect()),
    };
    let todo = ended.steps.len() > ended.done;
    if status.rollout.is_none() && !ended.moved && !todo && ended.against.is_none() {
        // All that the rollout left to do is done.
        status.accepted_spec = None;
    }
    kept::tidy(&mut status);
    let current = status.current_version.as_deref().map(|name| observed.sight.child(name));
    let synced = status.rollout.is_none()
        && !todo
        && !pending
        && drift.is_empty()
        && ended.blocked.is_none()
        && ended.against.is_none()
        && status.hold.as_ref().is_none_or(|hold| hold.hash != asked.hash)
        && (asked.disabled || current.is_some_and(|child| child.settled));
    // The rest follows at once: the machine moved, or was told to.
    let at_once = ended.moved && pass.directive.may_write();
    let findings = Findings {
        verdict,
        synced,
        available: Some(available(asked, &status, observed)),
        drift,
        had_work: !calls.is_empty() || ended.moved || pending,
        steps: calls,
        owned: std::collections::BTreeSet::new(),
        scaling: Some(desired.scaling.mode),
        consequence: ended.consequence,
        open: open(ended.moved, asked, rolls),
        decided: &[Ask::Promote, Ask::Abort, Ask::Retry],
        happenings: ended.said,
        requeue: match requeue {
            _ if at_once => Requeue::After(std::time::Duration::ZERO),
            // An edit that may not be carried out is no reason to hurry.
            _ if pending => Requeue::Sweep,
            _ if ended.soon => Requeue::After(std::time::Duration::from_secs(2)),
            Requeue::Sweep | Requeue::After(_) | Requeue::Gone => requeue,
        },
    };
    conclude(pass, status, &findings)
}

/// Asks that this pass did not answer: what asks for effects waits for the pass that makes them; what asks for
/// something to begin waits for a spec that can be gone by.
fn open(moved: bool, asked: &Asked, rolls: bool) -> Vec<Ask> {
    let mut open = if moved { vec![Ask::Restart, Ask::Terminate] } else { Vec::new() };
    if asked.refused {
        open.push(Ask::Retry);
        if !rolls {
            open.extend([Ask::Promote, Ask::Abort]);
        }
    }
    open
}

/// Enough tasks of versions that may receive traffic?
fn available(asked: &Asked, status: &ServerGroupStatus, observed: &Observed) -> (bool, String) {
    let serving = status.versions.iter().filter(|version| version.state == VersionState::Active);
    let running: i32 = serving.map(|version| observed.sight.child(&version.name).running).sum();
    let needed = if asked.disabled { 0 } else { asked.min.min(asked.desired).max(i32::from(asked.desired > 0)) };
    (running >= needed, format!("{running} tasks run, {needed} are needed"))
}

/// What the children and the rules say, into the status.
fn describe(
    status: &mut ServerGroupStatus,
    pass: &Pass<'_, ServerGroup>,
    desired: &Desired,
    asked: &Asked,
    observed: &Observed,
) {
    status.group_name = Some(desired.group.clone());
    if !asked.refused {
        status.template_hash = Some(desired.template_hash.clone());
    }
    status.selector = Some(format!("ecs-operator.dev/server-group-uid={}", pass.uid()));
    status.account = Some(Account {
        name: status.account.as_ref().and_then(|account| account.name.clone()),
        id: status.account.as_ref().and_then(|account| account.id.clone()),
        region: Some(pass.scope().region),
    });
    let mut failures: Vec<StoppedTask> = Vec::new();
    let holders = holders(status);
    for version in &mut status.versions {
        let child = observed.sight.child(&version.name);
        version.running = child.running;
        version.pending = child.pending;
        version.suspended = version.state != VersionState::Active && desired.scaling.mode == ScalingMode::External;
        if child.service_arn.is_some() {
            version.service = child.service_arn;
        }
        if child.task_definition_arn.is_some() {
            version.task_definition = child.task_definition_arn;
        }
        if let Some(instances) = observed.sight.health.get(&version.name) {
            version.instances = Some(*instances);
        } else if status.rollout.is_none() {
            version.instances = None;
        }
        failures.extend(child.stopped);
        version.weight =
            weight(version.slot, &observed.sight.rules).or(version.weight.filter(|_| version.slot.is_some()));
        let held = |(slot, name): &(Slot, String)| Some(*slot) == version.slot && *name != version.name;
        if version.state != VersionState::Active && holders.iter().any(held) {
            // Its target group receives this for another version.
            version.weight = Some(0);
        }
    }
    failures.sort_by(|a, b| b.stopped_at.cmp(&a.stopped_at).then_with(|| a.id.cmp(&b.id)));
    failures.truncate(5);
    status.recent_failures = failures;
    status.running_count = Some(status.versions.iter().map(|version| version.running).sum());
    let current = status.current_version.clone().and_then(|name| entry(status, &name).cloned());
    let serving = current.or_else(|| status.versions.first().cloned());
    status.desired_count = serving.as_ref().map(|version| {
        let child = observed.sight.child(&version.name);
        let delegated = desired.scaling.mode != ScalingMode::Managed && version.state == VersionState::Active;
        if delegated && child.active { child.desired } else { version.capacity }
    });
    status.ready = serving.zip(status.desired_count).map(|(version, desired)| format!("{}/{desired}", version.running));
    rules(status, observed);
    status.traffic = traffic(status);
}

/// Who is in service in which target group.
fn holders(status: &ServerGroupStatus) -> Vec<(Slot, String)> {
    let active = status.versions.iter().filter(|version| version.state == VersionState::Active);
    active.filter_map(|version| Some((version.slot?, version.name.clone()))).collect()
}

/// Rules of a group at rest that do not send everything to the current version.
fn drift(asked: &Asked, status: &ServerGroupStatus, observed: &Observed) -> Vec<String> {
    let current = status.current_version.as_deref().and_then(|name| entry(status, name));
    let (Some(slot), Rules::Show(rules)) = (current.and_then(|current| current.slot), &observed.sight.rules) else {
        return Vec::new();
    };
    if !asked.weighted || !intents::steers(asked, status) {
        return Vec::new();
    }
    let wanted = weight_of(slot, 100);
    let off = rules.iter().filter(|rule| rule.b != wanted);
    off.map(|rule| format!("rule {} shows {}/{}, expected {}/{wanted}", rule.arn, 100 - rule.b, rule.b, 100 - wanted))
        .collect()
}

fn weight(slot: Option<Slot>, rules: &Rules) -> Option<i32> {
    let slot = slot?;
    match rules {
        Rules::Show(rules) => rules.first().map(|rule| weight_of(slot, rule.b)),
        Rules::Unread | Rules::Unusable(_) => None,
    }
}

fn rules(status: &mut ServerGroupStatus, observed: &Observed) {
    let intended = status.rollout.as_ref().map_or_else(
        || {
            let current = status.current_version.as_deref().and_then(|name| entry(status, name))?;
            current.slot.map(|slot| weight_of(slot, 100))
        },
        |rollout| Some(weight_of(slot_of(status, rollout)?, rollout.weight)),
    );
    if let Rules::Show(shown) = &observed.sight.rules {
        status.rules = shown
            .iter()
            .map(|rule| RuleStatus {
                arn: rule.arn.clone(),
                intended: intended.map(|b| format!("{}/{b}", 100 - b)),
                observed: Some(format!("{}/{}", 100 - rule.b, rule.b)),
                in_sync: intended == Some(rule.b),
            })
            .collect();
    }
}

/// `v007 80 / v008 20`; without weights the shares of the tasks, marked as a guess.
fn traffic(status: &ServerGroupStatus) -> Option<String> {
    let short = |name: &str| name.rsplit('-').next().unwrap_or(name).to_owned();
    let serving: Vec<_> = status.versions.iter().filter(|version| version.running > 0).collect();
    if serving.iter().any(|version| version.weight.is_some()) {
        let mut parts: Vec<String> = Vec::new();
        for version in serving.iter().rev() {
            if let Some(weight) = version.weight.filter(|weight| *weight > 0) {
                parts.push(format!("{} {weight}", short(&version.name)));
            }
        }
        return (!parts.is_empty()).then(|| parts.join(" / "));
    }
    let total: i32 = serving.iter().map(|version| version.running).sum();
    if total == 0 {
        return None;
    }
    let parts: Vec<String> = serving
        .iter()
        .rev()
        .map(|version| format!("{} ~{}", short(&version.name), (version.running * 200 + total) / (2 * total)))
        .collect();
    Some(parts.join(" / "))
}

/// The report of a pass over a group that is being deleted. `done`: its steps were.
pub(super) fn leaving(
    pass: &Pass<'_, ServerGroup>,
    mut status: ServerGroupStatus,
    plan: &crate::controllers::report::Plan<Step>,
    observed: &Observed,
    done: bool,
    consequence: Option<Consequence>,
) -> Report<ServerGroupStatus> {
    kept::tidy(&mut status);
    for version in &mut status.versions {
        let child = observed.sight.child(&version.name);
        (version.running, version.pending) = (child.running, child.pending);
    }
    status.running_count = Some(status.versions.iter().map(|version| version.running).sum());
    let findings = Findings {
        verdict: plan.verdict.clone(),
        synced: false,
        available: None,
        drift: Vec::new(),
        steps: plan.steps.iter().filter(|step| step.is_call()).map(ToString::to_string).collect(),
        owned: std::collections::BTreeSet::new(),
        scaling: None,
        consequence,
        had_work: true,
        open: Vec::new(),
        decided: &[],
        happenings: plan.steps.iter().filter(|_| done).filter_map(|step| retained(step, pass)).collect(),
        requeue: plan.requeue,
    };
    conclude(pass, status, &findings)
}

fn retained(step: &Step, pass: &Pass<'_, ServerGroup>) -> Option<Happening> {
    let Step::Release(what) = step else { return None };
    let note = || format!("Let go of server group `{}`: {what}.", pass.owner.name);
    (pass.deletion_policy() == DeletionPolicy::Retain).then(|| Happening::new(EventReason::Retained, note()))
}
