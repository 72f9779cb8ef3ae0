//! Listener rules: which target groups a weight belongs to, and the action list that changes only the weights. Pure.

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, ForwardActionConfig, TargetGroupStickinessConfig, TargetGroupTuple,
};

use crate::api::status::Slot;
use crate::aws::RuleSeen;

/// Elastic Load Balancing gives a target group without a weight this one.
const UNSAID: i32 = 1;

/// The two target groups of a mapping, by ARN.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// `targetGroup`
    pub a: String,
    /// `alternateTargetGroup`
    pub b: String,
}

impl Pair {
    /// The target group of a slot.
    pub fn of(&self, slot: Slot) -> &str {
        match slot {
            Slot::A => &self.a,
            Slot::B => &self.b,
        }
    }
}

/// The slot that a service is in: behind its target group of every pair, and behind none of the other slot.
pub fn slot_behind(groups: &[&str], pairs: &[Pair]) -> Option<Slot> {
    let behind = |slot: Slot| pairs.iter().filter(|pair| groups.contains(&pair.of(slot))).count();
    match (behind(Slot::A), behind(Slot::B), pairs.len()) {
        (a, 0, all) if a == all && all > 0 => Some(Slot::A),
        (0, b, all) if b == all && all > 0 => Some(Slot::B),
        _ => None,
    }
}

/// A rule that forwards to exactly one of our pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// ARN of the rule or of the listener.
    pub rule: String,
    /// The pair.
    pub pair: Pair,
    /// Weight of slot `a`, in the scale of the rule.
    pub weight_a: i32,
    /// Weight of slot `b`.
    pub weight_b: i32,
    /// How long a client stays with its target group, if it does.
    pub stickiness_seconds: Option<i64>,
}

/// A rule that is not ours to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Mismatch {
    /// ARN of the rule or of the listener.
    pub rule: String,
    /// What is wrong with it.
    pub message: String,
}

/// Which of our pairs the rule forwards to: exactly one, and to nothing else.
pub fn match_rule(rule: &RuleSeen, pairs: &[Pair]) -> Result<Matched, Mismatch> {
    let mismatch = || Mismatch { rule: rule.arn.clone(), message: does_not_forward(&rule.arn, pairs) };
    let mut forwards = rule.actions.iter().filter(|action| is_forward(action));
    let config = match (forwards.next(), forwards.next()) {
        (Some(only), None) => only.forward_config().ok_or_else(mismatch)?,
        _ => return Err(mismatch()),
    };
    let pair = pairs.iter().find(|pair| holds(config, pair)).ok_or_else(mismatch)?;
    let sticky = config.target_group_stickiness_config().filter(|sticky| sticky.enabled() == Some(true));
    Ok(Matched {
        rule: rule.arn.clone(),
        pair: pair.clone(),
        weight_a: weight_in(config, &pair.a),
        weight_b: weight_in(config, &pair.b),
        stickiness_seconds: sticky.and_then(TargetGroupStickinessConfig::duration_seconds).map(i64::from),
    })
}

/// Percent of the traffic that a slot receives. A slot with any weight never reads as 0, nor does the other then as 100.
pub fn share_of(matched: &Matched, slot: Slot) -> i32 {
    let (own, other) = match slot {
        Slot::A => (matched.weight_a, matched.weight_b),
        Slot::B => (matched.weight_b, matched.weight_a),
    };
    let total = i64::from(own) + i64::from(other);
    if own <= 0 || total <= 0 {
        return 0;
    }
    if other <= 0 {
        return 100;
    }
    let a_first = slot == Slot::A;
    // The halves are rounded up for `a` and down for `b`, so that both shares add up.
    let rounded = (i64::from(own) * 200 + if a_first { total } else { total - 1 }) / (2 * total);
    i32::try_from(rounded.clamp(1, 99)).unwrap_or(99)
}

/// The rule's actions with `percent` for one slot of the pair and the rest for the other.
///
/// Nothing but the two weights differs from what was read, except that a client secret, which cannot be read, is said
/// to stay. `None` where the rule splits the traffic so already, or does not forward to the pair.
pub fn with_weights(rule: &RuleSeen, pair: &Pair, slot: Slot, percent: i32) -> Option<Vec<Action>> {
    let matched = match_rule(rule, std::slice::from_ref(pair)).ok()?;
    let percent = percent.clamp(0, 100);
    let (a, b) = match slot {
        Slot::A => (percent, 100 - percent),
        Slot::B => (100 - percent, percent),
    };
    let total = i64::from(matched.weight_a) + i64::from(matched.weight_b);
    if total > 0 && i64::from(matched.weight_a) * 100 == i64::from(a) * total {
        return None;
    }
    let mut actions = rule.actions.clone();
    for action in &mut actions {
        if let Some(oidc) = &mut action.authenticate_oidc_config {
            oidc.client_secret = None;
            oidc.use_existing_client_secret = Some(true);
        }
        if !is_forward(action) {
            continue;
        }
        let groups = action.forward_config.as_mut().and_then(|config| config.target_groups.as_mut());
        for group in groups.into_iter().flatten() {
            group.weight = Some(if group.target_group_arn() == Some(pair.a.as_str()) { a } else { b });
        }
    }
    Some(actions)
}

fn is_forward(action: &Action) -> bool {
    action.r#type == Some(ActionTypeEnum::Forward)
}

/// Set equality: both of the pair, each once, and nothing else.
fn holds(config: &ForwardActionConfig, pair: &Pair) -> bool {
    let mut seen: Vec<&str> = config.target_groups().iter().filter_map(TargetGroupTuple::target_group_arn).collect();
    let mut ours = [pair.a.as_str(), pair.b.as_str()];
    seen.sort_unstable();
    ours.sort_unstable();
    config.target_groups().len() == 2 && pair.a != pair.b && seen == ours
}

fn weight_in(config: &ForwardActionConfig, group: &str) -> i32 {
    let found = config.target_groups().iter().find(|tuple| tuple.target_group_arn() == Some(group));
    found.and_then(TargetGroupTuple::weight).unwrap_or(UNSAID)
}

fn does_not_forward(arn: &str, pairs: &[Pair]) -> String {
    let wanted: Vec<String> = pairs.iter().map(|pair| format!("`{}` and `{}`", pair.a, pair.b)).collect();
    format!("rule `{arn}` does not forward to exactly {}; nothing was changed", wanted.join(", or to exactly "))
}

#[cfg(test)]
#[path = "traffic_tests.rs"]
mod tests;
