//! What a group that may not write would do, in words. Pure.

use super::desired::Desired;
use super::observe::Observed;
use super::plan;
use super::rollout::sight::Asked;
use super::rollout::{self, entry, slot_of, start};
use super::scale;
use super::step::Step;
use crate::api::condition::Reason;
use crate::api::status::{GroupRollout, RolloutStep, Slot, StepKind};
use crate::api::{ServerGroup, ServerGroupStatus};
use crate::controllers::ownership::Owner;

/// What would be done.
#[derive(Clone, Debug, Default)]
pub(super) struct Foretold {
    /// Is there an edit that is not carried out?
    pub(super) pending: bool,
    /// What would be called and waited for, in order.
    pub(super) lines: Vec<String>,
    /// Why nothing could begin.
    pub(super) blocked: Option<(Reason, String)>,
}

/// Foretells. `status` is the group's as it stands.
pub(super) fn foretell(
    group: &ServerGroup,
    desired: &Desired,
    asked: &Asked,
    status: &ServerGroupStatus,
    observed: &Observed,
    owner: &Owner,
) -> Foretold {
    let mut would = rollout::decide(asked, status, &observed.sight, false);
    let pending = status.rollout.is_none()
        && (start::wanted(asked, status).is_some() || would.status.versions != status.versions);
    scale::note(&mut would, desired, &observed.children, &observed.scale, owner);
    let made = |step: &Step| matches!(step, Step::MakeTaskDefinition(_) | Step::MakeService(_));
    let steps = plan::plan(group, desired, asked, &would.status, observed, owner);
    let mut lines: Vec<String> =
        steps.iter().filter(|step| step.is_call() && !made(step)).map(ToString::to_string).collect();
    let (puts, _) = scale::puts(desired, &would.status, &observed.children, &observed.scale, owner);
    lines.extend(puts.iter().map(ToString::to_string));
    if let Some(rollout) = &would.status.rollout {
        let ahead = rollout.steps.iter().skip(usize::try_from(rollout.step_index).unwrap_or(0));
        let slot = slot_of(&would.status, rollout);
        lines.extend(ahead.flat_map(|step| {
            words(step, rollout, slot, observed).into_iter().chain(scaling(step, &would.status, desired, observed))
        }));
    }
    Foretold { pending, lines, blocked: would.blocked }
}

/// What is made of Application Auto Scaling and CloudWatch for a version that is not there yet.
fn scaling(step: &RolloutStep, status: &ServerGroupStatus, desired: &Desired, observed: &Observed) -> Vec<String> {
    let Some(rollout) = status.rollout.as_ref().filter(|_| step.step == StepKind::Creating) else { return Vec::new() };
    if observed.sight.child(&rollout.to).service {
        return Vec::new();
    }
    let alarms = desired.scaling.alarms.iter().filter_map(|alarm| alarm.alarm_name.as_deref());
    let alarms = alarms.map(|alarm| format!("PutMetricAlarm {alarm}-{}", rollout.to));
    let copies = entry(status, &rollout.to).and_then(|version| version.copies.as_ref());
    let copies = copies.map(|copy| format!("copy policies, alarms and scheduled actions of {}", copy.service));
    alarms.chain(copies).collect()
}

fn words(step: &RolloutStep, rollout: &GroupRollout, slot: Option<Slot>, observed: &Observed) -> Vec<String> {
    let to = &rollout.to;
    let olds: Vec<&str> = rollout.replaces.iter().map(|old| old.version.as_str()).collect();
    let olds = olds.join(", ");
    let count = step.count.unwrap_or(rollout.target);
    let one = |line: String| vec![line];
    match step.step {
        StepKind::Creating if observed.sight.child(to).service => {
            one(format!("update EcsService {to}: desiredCount {count}"))
        }
        StepKind::Creating => {
            vec![format!("create EcsTaskDefinition {to}"), format!("create EcsService {to}: desiredCount {count}")]
        }
        StepKind::Gating => one(format!("wait for {count} healthy tasks of {to}")),
        StepKind::Shifting => {
            let Some(slot) = slot else { return Vec::new() };
            let b = start::weight_of(slot, start::weight_of(Slot::B, step.weight.unwrap_or(0)));
            let rules = observed.rules.iter().map(|(rule, _)| rule);
            rules
                .map(|rule| Step::Shift {
                    rule: Box::new(rule.clone()),
                    actions: Vec::new(),
                    what: format!("weights {}/{b}", 100 - b),
                })
                .map(|step| step.to_string())
                .collect()
        }
        StepKind::Waiting => one(format!("wait for {} s", step.seconds.unwrap_or(0))),
        StepKind::Paused => one("wait for a person (`promote`)".to_owned()),
        StepKind::Analysing => one(format!("measure metrics of {to}")),
        StepKind::ShrinkingOld => one(format!("shrink {olds} to {} %", step.percent.unwrap_or(0))),
        StepKind::DisablingOld if step.warm => one(format!("take {olds} out of service, tasks stay")),
        StepKind::DisablingOld => one(format!("take {olds} out of service: desiredCount 0")),
        StepKind::ScalingDown => one(format!("scale {olds} down: desiredCount 0")),
        StepKind::DestroyingOld => one("destroy all other versions".to_owned()),
        StepKind::Pruning => one(format!("keep {} versions", step.max_remaining.unwrap_or(2))),
        StepKind::Restoring => one(format!("give {olds} their tasks back")),
        StepKind::DisablingCandidate => one(format!("take {to} out of service: desiredCount 0")),
        StepKind::DestroyingCandidate => one(format!("destroy {to}")),
        StepKind::Preparing | StepKind::FreeingSlot | StepKind::Finishing | StepKind::Ending => Vec::new(),
    }
}
