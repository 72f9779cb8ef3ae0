//! One sentence on the group, and when to look again. Pure.

use std::time::Duration;

use super::observe::Observed;
use super::rollout::back::BLOCKED;
use super::rollout::clock::next_look;
use super::rollout::entry;
use super::rollout::forward::cannot_be_made;
use super::rollout::intents::steers;
use super::rollout::sight::{Asked, Child, Rules};
use super::rollout::start::{astray, weight_of};
use crate::api::ServerGroupStatus;
use crate::api::condition::Reason;
use crate::api::status::{GroupRollout, RolloutResult, StepKind, Version, VersionState};
use crate::controllers::report::{Requeue, Verdict};

const SOON: Duration = Duration::from_secs(5);
/// Until what is waited for is looked at again.
pub(super) const AGAIN: Duration = Duration::from_secs(15);

/// What there is to say of a group whose machine stands at `status`.
pub(super) fn judge(
    asked: &Asked,
    status: &ServerGroupStatus,
    observed: &Observed,
    blocked: Option<&(Reason, String)>,
    tolerated: bool,
) -> (Verdict, Requeue) {
    if let Some(rollout) = &status.rollout {
        if cannot_be_made(asked, status, rollout, &observed.sight) {
            return (under_way(rollout, observed), Requeue::Sweep);
        }
        let after = next_look(rollout, &asked.gate, observed.sight.rules.settle_seconds(asked), observed.sight.now);
        let after = Duration::from_secs(u64::try_from(after).unwrap_or(1));
        return (under_way(rollout, observed), Requeue::After(after));
    }
    let leaving = status.versions.iter().any(|version| version.state == VersionState::Destroying);
    let quiet = if leaving { Requeue::After(SOON) } else { Requeue::Sweep };
    if let Some((reason, why)) = blocked {
        let stuck = matches!(
            reason,
            Reason::InvalidSpec
                | Reason::OwnedByAnother
                | Reason::QuotaExceeded
                | Reason::AccountNotAllowed
                | Reason::AccountChanged
                | Reason::RoleNotAllowed
        );
        if stuck {
            return (Verdict::stuck(*reason, why.clone()), quiet);
        }
        return (Verdict::underway(*reason, why.clone()), Requeue::After(AGAIN));
    }
    if asked.disabled {
        return disabled(status, observed, quiet);
    }
    if let Some(hold) = status.hold.as_ref().filter(|hold| hold.hash == asked.hash) {
        let serves = status
            .current_version
            .as_deref()
            .map_or_else(|| "nothing serves".to_owned(), |current| format!("{current} serves"));
        let message = format!(
            "{}; {serves}. Change the template, or set `ecs-operator.dev/retry: {}` to try it again.",
            hold.message, hold.version
        );
        return (Verdict::stuck(reason_of(&hold.reason), message), quiet);
    }
    let Some(current) = status.current_version.as_deref().and_then(|name| entry(status, name)) else {
        return (
            Verdict::underway(Reason::Progressing, "The first version is about to be made."),
            Requeue::After(SOON),
        );
    };
    let child = observed.sight.child(&current.name);
    if let Some(verdict) = unsettled(current, &child, tolerated) {
        return (verdict, Requeue::After(AGAIN));
    }
    if asked.weighted {
        if let Rules::Unusable(why) = &observed.sight.rules {
            return (Verdict::stuck(Reason::InvalidSpec, format!("RuleMismatch: {}", why.join("; "))), quiet);
        }
        if current.slot.is_none() && matches!(observed.sight.rules, Rules::Show(_)) {
            return (Verdict::stuck(Reason::InvalidSpec, format!("`traffic`: {}", astray(&current.name))), quiet);
        }
        if steers(asked, status)
            && !tolerated
            && let Some(why) = off(current, observed)
        {
            return (Verdict::underway(Reason::DriftDetected, why), Requeue::After(AGAIN));
        }
    }
    let pinned = status.pinned.as_ref().map(|_| "Pinned: ").unwrap_or_default();
    let tasks = format!("{}/{} tasks", child.running, child.desired);
    let drifted = if child.settled { "" } else { "; ECS differs from its spec, and `driftPolicy: Warn` leaves it so" };
    (Verdict::settled(format!("{pinned}{} is current, {tasks}{drifted}.", current.name)), quiet)
}

fn reason_of(word: &str) -> Reason {
    Reason::ALL.iter().copied().find(|reason| reason.as_str() == word).unwrap_or(Reason::DeploymentFailed)
}

fn under_way(rollout: &GroupRollout, observed: &Observed) -> Verdict {
    let blocked = rollout.message.strip_prefix(BLOCKED);
    let what = format!("{} ({})", blocked.unwrap_or(&rollout.message), rollout.display);
    if let Some(ending) = &rollout.ending {
        let from = rollout.from.as_deref().map_or_else(String::new, |from| format!(" to {from}"));
        let why = if ending.result == RolloutResult::Superseded { "superseded" } else { ending.message.as_str() };
        let message = format!("Going back{from}: {why}; {what}");
        return if blocked.is_some() {
            Verdict::stuck(Reason::DeploymentFailed, format!("{BLOCKED}{message}"))
        } else {
            Verdict::underway(Reason::Progressing, message)
        };
    }
    if rollout.promote_with.is_some() {
        return Verdict::underway(Reason::AwaitingApproval, format!("{}: {what}", rollout.to));
    }
    let child = observed.sight.child(&rollout.to);
    let short = rollout.step == StepKind::Gating && child.running < child.desired && no_room(&child);
    let reason = if short { Reason::InsufficientCapacity } else { Reason::Progressing };
    Verdict::underway(reason, format!("{}: {what}", rollout.to))
}

fn no_room(child: &Child) -> bool {
    child.waiting_reason.as_deref() == Some(Reason::InsufficientCapacity.as_str())
}

fn disabled(status: &ServerGroupStatus, observed: &Observed, quiet: Requeue) -> (Verdict, Requeue) {
    let busy = status.versions.iter().find(|version| !observed.sight.child(&version.name).is_empty());
    match busy {
        Some(version) => {
            let left = observed.sight.child(&version.name).running;
            let message = format!("Disabled: {} still has {left} tasks.", version.name);
            (Verdict::underway(Reason::Progressing, message), Requeue::After(AGAIN))
        }
        None => (Verdict::settled("Disabled: no version has tasks."), quiet),
    }
}

/// What the current version still lacks. Drift that is tolerated does not keep it from being what it was asked to be.
fn unsettled(current: &Version, child: &Child, tolerated: bool) -> Option<Verdict> {
    if let Some((reason, message)) = &child.stalled {
        return Some(Verdict::stuck(reason_of(reason), format!("{}: {message}", current.name)));
    }
    if child.asked != current.capacity || !(child.settled || tolerated && child.ready) {
        let message = format!("{} is being set to {} tasks.", current.name, current.capacity);
        return Some(Verdict::underway(Reason::Progressing, message));
    }
    if !child.ready {
        let reason = child.waiting_reason.as_deref().map_or(Reason::Progressing, reason_of);
        let message = format!("{}: {}", current.name, child.waiting_message.clone().unwrap_or_default());
        return Some(Verdict::underway(reason, message));
    }
    None
}

/// Which rule does not send everything to the current version.
fn off(current: &Version, observed: &Observed) -> Option<String> {
    match &observed.sight.rules {
        Rules::Unread | Rules::Unusable(_) => None,
        Rules::Show(rules) => {
            let slot = current.slot?;
            let rule = rules.iter().find(|rule| weight_of(slot, rule.b) != 100)?;
            let shown = weight_of(slot, rule.b);
            Some(format!("rule `{}` gives {} only {shown} % of the traffic", rule.arn, current.name))
        }
    }
}
