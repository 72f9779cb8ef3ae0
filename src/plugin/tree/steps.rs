//! The steps of a group's rollout in words for people. Pure.

use jiff::Timestamp;

use super::count;
use crate::api::status::{GroupRollout, RolloutStep, StepKind};

/// A step in a few words.
pub(super) fn words(step: &RolloutStep) -> String {
    let number = |value: Option<i32>| value.unwrap_or_default();
    match step.step {
        StepKind::Preparing => "check".to_owned(),
        StepKind::FreeingSlot => "free the target group".to_owned(),
        StepKind::Creating => step.count.map_or_else(|| "create".to_owned(), |n| count(n, "task")),
        StepKind::Gating => step.count.map_or_else(|| "healthy".to_owned(), |n| format!("{n} healthy")),
        StepKind::Shifting => format!("{} % traffic", number(step.weight)),
        StepKind::Waiting => format!("wait {}", duration(i64::from(number(step.seconds)))),
        StepKind::Paused => "person".to_owned(),
        StepKind::Analysing => "analysis".to_owned(),
        StepKind::ShrinkingOld => format!("old to {} %", number(step.percent)),
        StepKind::DisablingOld => "disable old".to_owned(),
        StepKind::ScalingDown => "scale old down".to_owned(),
        StepKind::DestroyingOld => "destroy old".to_owned(),
        StepKind::Pruning => "prune".to_owned(),
        StepKind::Finishing => "finish".to_owned(),
        StepKind::Restoring => "restore old".to_owned(),
        StepKind::DisablingCandidate => "disable new".to_owned(),
        StepKind::DestroyingCandidate => "destroy new".to_owned(),
        StepKind::Ending => "end".to_owned(),
    }
}

/// All steps in one line: done, under way, to come.
pub(super) fn line(rollout: &GroupRollout) -> String {
    let at = usize::try_from(rollout.step_index).unwrap_or_default();
    let mark = |(index, step): (usize, &RolloutStep)| {
        let sign = match index.cmp(&at) {
            std::cmp::Ordering::Less => "✔ ",
            std::cmp::Ordering::Equal if step.step == StepKind::Paused => "‖ ",
            std::cmp::Ordering::Equal => "◌ ",
            std::cmp::Ordering::Greater => "",
        };
        format!("{sign}{}", words(step).replace(' ', NO_BREAK))
            .replace("✔ ", "✔\u{a0}")
            .replace("‖ ", "‖\u{a0}")
            .replace("◌ ", "◌\u{a0}")
    };
    rollout.steps.iter().enumerate().map(mark).collect::<Vec<_>>().join(" › ")
}

/// Keeps a step's words on one line.
const NO_BREAK: &str = "\u{a0}";

/// Where the step under way stands in time.
pub(super) fn clock(rollout: &GroupRollout, now: Timestamp) -> Option<String> {
    let begun = rollout.step_started_at.as_ref()?.0;
    let at = usize::try_from(rollout.step_index).ok()?;
    let step = rollout.steps.get(at)?;
    let elapsed = now.duration_since(begun).as_secs().max(0);
    match step.seconds.filter(|_| step.step == StepKind::Waiting) {
        Some(seconds) => Some(format!("{} left", duration((i64::from(seconds) - elapsed).max(0)))),
        None => Some(format!("for {}", duration(elapsed))),
    }
}

/// A duration in the two largest units, `1m30s`.
pub fn duration(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let pair = |large: i64, unit: char, small: i64, other: char| {
        if small == 0 { format!("{large}{unit}") } else { format!("{large}{unit}{small}{other}") }
    };
    match seconds {
        0..60 => format!("{seconds}s"),
        60..600 => pair(minutes, 'm', seconds % 60, 's'),
        600..3_600 => format!("{minutes}m"),
        3_600..36_000 => pair(hours, 'h', minutes, 'm'),
        36_000..86_400 => format!("{hours}h"),
        86_400..864_000 => pair(days, 'd', hours, 'h'),
        _ => format!("{days}d"),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_have_two_units_at_most() {
        let said: Vec<String> = [0, 59, 60, 90, 599, 660, 3_600, 5_400, 86_400, 90_000, 9_000_000].map(duration).into();
        assert_eq!(said, ["0s", "59s", "1m", "1m30s", "9m59s", "11m", "1h", "1h30m", "1d", "1d1h", "104d"]);
    }
}
