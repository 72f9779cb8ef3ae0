//! A group without a rollout: its size, being out of service, and what begins next. Pure.

use super::intents::stands;
use super::olds::disable;
use super::sight::{Asked, Rules, Sight};
use super::start::weight_of;
use super::{Decision, entry, entry_mut, start};
use crate::api::status::VersionState;
use crate::controllers::events::EventReason;

/// Settles what needs no rollout, then begins what does.
pub(super) fn settle(asked: &Asked, sight: &Sight, decision: &mut Decision) {
    if asked.to_version.is_none() {
        decision.status.pinned = None;
    }
    if asked.disabled {
        out_of_service(asked, sight, decision);
        return;
    }
    back_in_service(asked, decision);
    let_go(sight, decision);
    retire_failed(asked, sight, decision);
    resize(asked, decision);
    if !asked.refused {
        start::begin(asked, sight, decision);
    }
}

fn out_of_service(asked: &Asked, sight: &Sight, decision: &mut Decision) {
    let mut said = Vec::new();
    for version in &mut decision.status.versions {
        if version.state == VersionState::Active {
            let live = start::live(asked, version, &sight.child(&version.name));
            disable(version, live, asked, sight);
            said.push(format!("{}: {live} → 0 tasks, the group is disabled", version.name));
        }
        version.capacity = 0;
        version.warm = false;
    }
    for note in said {
        decision.say(EventReason::Scaled, note);
    }
}

/// The current version serves again, with the count that the spec asks for or that it had.
fn back_in_service(asked: &Asked, decision: &mut Decision) {
    let Some(current) = decision.status.current_version.clone() else { return };
    let Some(version) = entry_mut(&mut decision.status, &current) else { return };
    if version.state != VersionState::Disabled {
        return;
    }
    let remembered = version.remembered.as_ref().map(|memory| memory.desired);
    if asked.managed {
        version.remembered = None;
    }
    let wanted = if asked.managed { asked.desired } else { remembered.unwrap_or(asked.desired) };
    version.state = VersionState::Active;
    version.disabled_at = None;
    version.capacity = wanted.max(asked.min).min(asked.max.max(asked.min));
    let note = format!("{current}: 0 → {} tasks, the group is enabled", version.capacity);
    decision.say(EventReason::Scaled, note);
}

/// A count that is remembered is brought about before anybody else may change it.
fn let_go(sight: &Sight, decision: &mut Decision) {
    let Some(current) = decision.status.current_version.clone() else { return };
    let child = sight.child(&current);
    let Some(version) = entry_mut(&mut decision.status, &current) else { return };
    let there = child.settled && child.asked == version.capacity && child.desired == version.capacity;
    if version.state == VersionState::Active && there {
        version.remembered = None;
    }
}

/// A version that failed and was left as it was gives up its tasks when nobody wants it any more; not while a rule
/// sends it traffic, nor when nothing else serves.
fn retire_failed(asked: &Asked, sight: &Sight, decision: &mut Decision) {
    if decision.status.current_version.is_none() || stands(asked, &decision.status) {
        return;
    }
    let mut said = Vec::new();
    for version in &mut decision.status.versions {
        let idle = match (&sight.rules, version.slot) {
            _ if !asked.weighted => true,
            (Rules::Show(shares), Some(slot)) => shares.iter().all(|rule| weight_of(slot, rule.b) == 0),
            _ => false,
        };
        if version.state == VersionState::Failed && version.capacity > 0 && idle {
            said.push(format!("{}: {} → 0 tasks", version.name, version.capacity));
            version.capacity = 0;
        }
    }
    for note in said {
        decision.say(EventReason::Scaled, note);
    }
}

fn resize(asked: &Asked, decision: &mut Decision) {
    let Some(current) = decision.status.current_version.clone() else { return };
    let Some(version) = entry(&decision.status, &current) else { return };
    if !asked.managed || version.state != VersionState::Active || version.capacity == asked.desired {
        return;
    }
    let note = format!("{current}: {} → {} tasks", version.capacity, asked.desired);
    if let Some(version) = entry_mut(&mut decision.status, &current) {
        version.capacity = asked.desired;
    }
    decision.say(EventReason::Scaled, note);
}
