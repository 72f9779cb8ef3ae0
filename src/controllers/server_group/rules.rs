//! Reads what the listed rules of listeners say of the pairs of target groups.

use super::desired::Desired;
use super::resolve;
use super::rollout::sight::{RuleShare, Rules};
use super::traffic::{self, Matched, Pair};
use crate::api::ServerGroup;
use crate::api::status::Slot;
use crate::aws::{AwsError, RuleSeen};
use crate::controllers::pass::Pass;

/// What was read of the listed rules.
#[derive(Debug, Default)]
pub(super) struct RulesRead {
    /// What they say.
    pub(super) shares: Rules,
    /// The rules, with the pair that each forwards to.
    pub(super) rules: Vec<(RuleSeen, Matched)>,
    /// The pairs of target groups, where they are known.
    pub(super) pairs: Vec<Pair>,
    /// A read that failed.
    pub(super) error: Option<AwsError>,
}

impl RulesRead {
    fn failed(error: AwsError) -> Self {
        Self { shares: Rules::Unusable(vec![error.to_string()]), error: Some(error), ..Self::default() }
    }
}

/// What the listed rules say of the pairs of target groups. A group at rest needs a rule that sends traffic somewhere.
pub(super) async fn rules(desired: &Desired, resting: bool, pass: &Pass<'_, ServerGroup>) -> RulesRead {
    let mut found = RulesRead::default();
    let Some(listed) = desired.traffic.as_ref().map(|traffic| &traffic.listener_rules) else { return found };
    let pairs = match resolve::pairs(desired, pass).await {
        Ok(pairs) => pairs,
        Err(resolve::Unresolved::Problem(why)) => {
            return RulesRead { shares: Rules::Unusable(vec![why]), ..found };
        }
        Err(resolve::Unresolved::Read(error)) => return RulesRead::failed(error),
    };
    let read = match pass.cx.aws.listener_rules(&pass.scope(), listed, pass.priority).await {
        Ok(read) => read,
        Err(error) => return RulesRead::failed(error),
    };
    let (mut shares, mut wrong) = (Vec::new(), Vec::new());
    for (arn, rule) in read {
        let Some(rule) = rule else {
            wrong.push(format!("rule `{arn}` does not exist"));
            continue;
        };
        match traffic::match_rule(&rule, &pairs) {
            Ok(matched) if resting && matched.weight_a + matched.weight_b == 0 => {
                wrong.push(format!("rule `{arn}` sends no traffic to either target group: give one of them a weight"));
            }
            Ok(matched) => {
                shares.push(RuleShare {
                    arn: arn.clone(),
                    b: traffic::share_of(&matched, Slot::B),
                    stickiness_seconds: matched.stickiness_seconds.unwrap_or(0),
                });
                found.rules.push((rule, matched));
            }
            Err(mismatch) => wrong.push(mismatch.message),
        }
    }
    found.shares = if wrong.is_empty() { Rules::Show(shares) } else { Rules::Unusable(wrong) };
    found.pairs = pairs;
    found
}
