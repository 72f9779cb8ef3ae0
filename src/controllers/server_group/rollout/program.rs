//! Strategies as programs: the list of steps that a rollout goes through, taken down when it begins. Pure.

use crate::api::server_group::strategy::{Canary, CanaryStep, RollingRedBlack, StepCapacity, Strategy};
use crate::api::status::{RolloutStep, StepKind};

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

/// What happens to the old versions once the new one serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tail {
    max_remaining: Option<i32>,
    delay: Option<i32>,
    warm: Option<bool>,
    scale_down: Option<bool>,
    scale_down_delay: Option<i32>,
}

macro_rules! tail {
    ($of:expr) => {
        Tail {
            max_remaining: $of.max_remaining,
            delay: $of.delay_before_disable_seconds,
            warm: $of.warm_standby,
            scale_down: $of.scale_down,
            scale_down_delay: $of.delay_before_scale_down_seconds,
        }
    };
}

/// Name of the strategy that is set; `redBlack` when none is.
#[must_use]
pub fn name(strategy: &Strategy) -> &'static str {
    if strategy.none.is_some() {
        "none"
    } else if strategy.highlander.is_some() {
        "highlander"
    } else if strategy.rolling_red_black.is_some() {
        "rollingRedBlack"
    } else if strategy.canary.is_some() {
        "canary"
    } else {
        "redBlack"
    }
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
    if strategy.none.is_some() {
        steps.push(create(terms.target));
        steps.push(gate(terms.target));
        steps.push(step(StepKind::Finishing));
        return steps;
    }
    if let Some(highlander) = &strategy.highlander {
        full_size(&mut steps, terms);
        wait(&mut steps, highlander.delay_before_destroy_seconds);
        steps.push(step(StepKind::DisablingOld));
        steps.push(step(StepKind::DestroyingOld));
        steps.push(step(StepKind::Finishing));
        return steps;
    }
    if let Some(rolling) = &strategy.rolling_red_black {
        rolling_steps(&mut steps, rolling, terms);
        tail(&mut steps, tail!(rolling), terms);
    } else if let Some(canary) = &strategy.canary {
        canary_steps(&mut steps, canary, terms);
        tail(&mut steps, tail!(canary), terms);
    } else {
        full_size(&mut steps, terms);
        let settings = strategy.red_black.as_ref().map(|settings| tail!(settings));
        tail(&mut steps, settings.unwrap_or_default(), terms);
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
    let settings = match (&strategy.rolling_red_black, &strategy.canary, &strategy.red_black) {
        (Some(settings), _, _) => tail!(settings),
        (_, Some(settings), _) => tail!(settings),
        (_, _, Some(settings)) => tail!(settings),
        _ => Tail::default(),
    };
    // What was rolled back from stays for another change of mind: nothing is pruned.
    tail(&mut steps, settings, terms);
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

fn wait(steps: &mut Vec<RolloutStep>, seconds: Option<i32>) {
    if let Some(seconds) = seconds.filter(|seconds| *seconds > 0) {
        steps.push(RolloutStep { seconds: Some(seconds), ..step(StepKind::Waiting) });
    }
}

fn full_size(steps: &mut Vec<RolloutStep>, terms: Terms) {
    steps.push(create(terms.target));
    steps.push(gate(terms.target));
    if terms.weighted {
        steps.push(shift(100));
    }
}

fn rolling_steps(steps: &mut Vec<RolloutStep>, rolling: &RollingRedBlack, terms: Terms) {
    let percents = rolling.percents.clone().filter(|list| !list.is_empty()).unwrap_or_else(|| vec![25, 50, 100]);
    for (position, percent) in percents.iter().enumerate() {
        let count = share(*percent, terms.target).max(1).min(terms.target);
        if position == 0 {
            steps.push(create(count));
        }
        steps.push(gate(count));
        if terms.weighted {
            steps.push(shift(*percent));
        }
        if let Some(analysis) = &rolling.analysis {
            steps.push(RolloutStep { analysis: Some(analysis.clone()), ..step(StepKind::Analysing) });
        }
        if *percent >= 100 {
            break;
        }
        if !terms.weighted {
            steps.push(RolloutStep { percent: Some(100 - percent), ..step(StepKind::ShrinkingOld) });
        }
        wait(steps, rolling.delay_between_steps_seconds);
        if rolling.pause_between_steps == Some(true) {
            steps.push(step(StepKind::Paused));
        }
    }
}

fn canary_steps(steps: &mut Vec<RolloutStep>, canary: &Canary, terms: Terms) {
    let list = canary.steps.as_deref().unwrap_or_default();
    let mut count = list.first().map_or(1, |first| wanted(first, terms)).max(1).min(terms.target);
    let mut given = 0;
    steps.push(create(count));
    steps.push(gate(count));
    for one in list {
        if one.set_capacity.is_some() {
            // Never below what the traffic it has been given needs.
            count = wanted(one, terms).max(share(given, terms.target));
            steps.push(gate(count));
        } else if let Some(weight) = one.set_weight {
            let enough = share(weight, terms.target).max(1).min(terms.target).max(count);
            if enough > count {
                count = enough;
                steps.push(gate(count));
            }
            given = weight;
            steps.push(shift(weight));
        } else if let Some(pause) = &one.pause {
            match pause.duration_seconds {
                Some(_) => wait(steps, pause.duration_seconds),
                None => steps.push(step(StepKind::Paused)),
            }
        } else if let Some(analysis) = &one.analysis {
            steps.push(RolloutStep { analysis: Some(analysis.clone()), ..step(StepKind::Analysing) });
        }
    }
    steps.push(gate(terms.target));
    if terms.weighted {
        steps.push(shift(100));
    }
}

/// Tasks of the new version that a canary step asks for. A version that receives traffic keeps a task.
fn wanted(step: &CanaryStep, terms: Terms) -> i32 {
    let count = match (&step.set_capacity, step.set_weight) {
        (Some(StepCapacity { count: Some(count), .. }), _) => *count,
        (Some(StepCapacity { percent: Some(percent), .. }), _) => share(*percent, terms.target),
        (_, Some(weight)) => share(weight, terms.target),
        _ => 1,
    };
    count.max(1).min(terms.target)
}

fn tail(steps: &mut Vec<RolloutStep>, settings: Tail, terms: Terms) {
    wait(steps, settings.delay);
    let warm = terms.weighted && settings.warm == Some(true);
    steps.push(RolloutStep { warm, ..step(StepKind::DisablingOld) });
    if warm && settings.scale_down == Some(true) {
        wait(steps, settings.scale_down_delay);
        steps.push(step(StepKind::ScalingDown));
    }
    let most = settings.max_remaining.unwrap_or(2);
    steps.push(RolloutStep { max_remaining: Some(most), ..step(StepKind::Pruning) });
    steps.push(step(StepKind::Finishing));
}
