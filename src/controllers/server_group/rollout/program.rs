//! Strategies as programs: the list of steps that a rollout goes through, taken down when it begins. Pure.

use crate::api::server_group::analysis::Analysis;
use crate::api::status::{RolloutStep, StepKind};
use crate::controllers::server_group::desired::{CanaryStep, Strategy, Tail};

/// What the steps are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Full size of the new version.
    pub target: i32,
    /// Do listener weights decide who receives traffic?
    pub weighted: bool,
    /// Is there nothing to replace?
    pub first: bool,
}

/// Percent of a whole, rounded up.
#[must_use]
pub fn share(percent: i32, whole: i32) -> i32 {
    let product = i64::from(percent.max(0)) * i64::from(whole.max(0));
    i32::try_from((product + 99) / 100).unwrap_or(i32::MAX)
}

/// The steps that bring a new version into service.
#[must_use]
pub fn forward(strategy: &Strategy, terms: Terms) -> Vec<RolloutStep> {
    let mut steps = Vec::new();
    if terms.weighted {
        steps.push(step(StepKind::FreeingSlot));
    }
    if terms.first {
        full_size(&mut steps, terms);
        steps.push(step(StepKind::Finishing));
        return steps;
    }
    match strategy {
        Strategy::None => {
            steps.push(create(terms.target));
            steps.push(gate(terms.target));
            steps.push(step(StepKind::Finishing));
        }
        Strategy::Highlander { delay_before_destroy_seconds } => {
            full_size(&mut steps, terms);
            wait(&mut steps, *delay_before_destroy_seconds);
            steps.push(step(StepKind::DisablingOld));
            steps.push(step(StepKind::DestroyingOld));
            steps.push(step(StepKind::Finishing));
        }
        Strategy::RedBlack { tail: settings } => {
            full_size(&mut steps, terms);
            tail(&mut steps, *settings, terms);
        }
        Strategy::Rolling { tail: settings, .. } => {
            rolling_steps(&mut steps, strategy, terms);
            tail(&mut steps, *settings, terms);
        }
        Strategy::Canary { steps: list, tail: settings } => {
            canary_steps(&mut steps, list, terms);
            tail(&mut steps, *settings, terms);
        }
    }
    steps
}

/// The steps that bring a retained version back, at full size at once.
#[must_use]
pub fn restore(strategy: &Strategy, terms: Terms) -> Vec<RolloutStep> {
    let mut steps = Vec::new();
    if terms.weighted {
        steps.push(step(StepKind::FreeingSlot));
    }
    full_size(&mut steps, terms);
    tail(&mut steps, strategy.tail().unwrap_or_default(), terms);
    // What was rolled back from stays for another change of mind: nothing is pruned.
    steps.retain(|step| step.step != StepKind::Pruning);
    steps
}

/// What a rollout has done so far, as far as going back depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// Have old versions lost tasks, or their place in service?
    pub olds_changed: bool,
    /// May the new version receive traffic by weight, while there is an old one to give it back to?
    pub weight_given: bool,
    /// Was anything of the new version made?
    pub made: bool,
}

/// The steps that undo a rollout: tasks first, then traffic, then the new version goes.
#[must_use]
pub fn back(done: Done, destroy: bool) -> Vec<RolloutStep> {
    let mut steps = Vec::new();
    if done.olds_changed {
        steps.push(step(StepKind::Restoring));
    }
    if done.weight_given {
        steps.push(shift(0));
    }
    if done.made {
        steps.push(step(StepKind::DisablingCandidate));
        if destroy {
            steps.push(step(StepKind::DestroyingCandidate));
        }
    }
    steps.push(step(StepKind::Ending));
    steps
}

/// Leaves out what is between here and full size: one gate at full size, all of the traffic, then the tail.
#[must_use]
pub fn hurry(steps: &[RolloutStep], at: usize, terms: Terms) -> Vec<RolloutStep> {
    let (done, rest) = steps.split_at((at + 1).min(steps.len()));
    let last = rest.iter().rposition(|step| matches!(step.step, StepKind::Gating | StepKind::Shifting));
    let tail = last.map_or(rest, |last| rest.get(last + 1..).unwrap_or_default());
    let mut hurried = done.to_vec();
    hurried.push(gate(terms.target));
    if terms.weighted {
        hurried.push(shift(100));
    }
    hurried.extend_from_slice(tail);
    hurried
}

fn step(kind: StepKind) -> RolloutStep {
    RolloutStep { step: kind, ..RolloutStep::default() }
}

fn create(count: i32) -> RolloutStep {
    RolloutStep { count: Some(count), ..step(StepKind::Creating) }
}

fn gate(count: i32) -> RolloutStep {
    RolloutStep { count: Some(count), ..step(StepKind::Gating) }
}

fn shift(weight: i32) -> RolloutStep {
    RolloutStep { weight: Some(weight), ..step(StepKind::Shifting) }
}

fn wait(steps: &mut Vec<RolloutStep>, seconds: i32) {
    if seconds > 0 {
        steps.push(RolloutStep { seconds: Some(seconds), ..step(StepKind::Waiting) });
    }
}

fn analyse(analysis: &Analysis) -> RolloutStep {
    RolloutStep { analysis: Some(analysis.clone()), ..step(StepKind::Analysing) }
}

fn full_size(steps: &mut Vec<RolloutStep>, terms: Terms) {
    steps.push(create(terms.target));
    steps.push(gate(terms.target));
    if terms.weighted {
        steps.push(shift(100));
    }
}

fn rolling_steps(steps: &mut Vec<RolloutStep>, strategy: &Strategy, terms: Terms) {
    let Strategy::Rolling { percents, delay_between_steps_seconds, pause_between_steps, analysis, .. } = strategy
    else {
        return;
    };
    for (position, percent) in percents.iter().enumerate() {
        let count = share(*percent, terms.target).max(1).min(terms.target);
        if position == 0 {
            steps.push(create(count));
        }
        steps.push(gate(count));
        if terms.weighted {
            steps.push(shift(*percent));
        }
        steps.extend(analysis.as_ref().map(analyse));
        if *percent >= 100 {
            break;
        }
        if !terms.weighted {
            steps.push(RolloutStep { percent: Some(100 - percent), ..step(StepKind::ShrinkingOld) });
        }
        wait(steps, *delay_between_steps_seconds);
        if *pause_between_steps {
            steps.push(step(StepKind::Paused));
        }
    }
}

fn canary_steps(steps: &mut Vec<RolloutStep>, list: &[CanaryStep], terms: Terms) {
    let mut count = list.first().and_then(|first| wanted(first, terms)).unwrap_or(1).max(1).min(terms.target);
    let mut given = 0;
    steps.push(create(count));
    steps.push(gate(count));
    for one in list {
        match one {
            CanaryStep::Count(_) | CanaryStep::Percent(_) => {
                // Never below what the traffic it has been given needs.
                count = wanted(one, terms).unwrap_or(count).max(share(given, terms.target));
                steps.push(gate(count));
            }
            CanaryStep::Weight(weight) => {
                let enough = wanted(one, terms).unwrap_or(count).max(count);
                if enough > count {
                    count = enough;
                    steps.push(gate(count));
                }
                given = *weight;
                steps.push(shift(given));
            }
            CanaryStep::Pause(Some(seconds)) => wait(steps, *seconds),
            CanaryStep::Pause(None) => steps.push(step(StepKind::Paused)),
            CanaryStep::Analysis(analysis) => steps.push(analyse(analysis)),
        }
    }
    steps.push(gate(terms.target));
    if terms.weighted {
        steps.push(shift(100));
    }
}

/// Tasks of the new version that a step needs. A version that is to be looked at keeps a task.
fn wanted(step: &CanaryStep, terms: Terms) -> Option<i32> {
    let count = match step {
        CanaryStep::Count(count) => *count,
        CanaryStep::Percent(percent) | CanaryStep::Weight(percent) => share(*percent, terms.target),
        CanaryStep::Pause(_) | CanaryStep::Analysis(_) => return None,
    };
    Some(count.max(1).min(terms.target))
}

fn tail(steps: &mut Vec<RolloutStep>, settings: Tail, terms: Terms) {
    wait(steps, settings.delay_before_disable_seconds);
    let warm = terms.weighted && settings.warm_standby;
    steps.push(RolloutStep { warm, ..step(StepKind::DisablingOld) });
    if warm && settings.scale_down {
        wait(steps, settings.delay_before_scale_down_seconds);
        steps.push(step(StepKind::ScalingDown));
    }
    steps.push(RolloutStep { max_remaining: Some(settings.max_remaining), ..step(StepKind::Pruning) });
    steps.push(step(StepKind::Finishing));
}
