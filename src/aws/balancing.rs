//! Elastic Load Balancing: target groups, health of targets, listener rules, and the one write of weights.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{Action, Listener, Rule, TargetGroup, TargetHealthDescription};
use futures::future::join_all;

use super::batcher::Found;
use super::clients::Aws;
use super::error::AwsError;
use super::op::{Op, Priority};
use super::pages::pages;
use super::query::{ask_each, whole};
use super::scope::Scope;

/// A target group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetGroupSeen {
    /// ARN.
    pub arn: String,
    /// Name, unique in account and region.
    pub name: String,
    /// `ip`, `instance`, `lambda` or `alb`.
    pub target_type: String,
    /// Protocol towards the targets.
    pub protocol: Option<String>,
    /// Default port of targets.
    pub port: Option<i32>,
    /// The VPC.
    pub vpc_id: Option<String>,
    /// Load balancers that forward to it; none means that its targets stay `unused`.
    pub load_balancer_arns: Vec<String>,
}

/// A registered target and what the load balancer thinks of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetSeen {
    /// IP address or instance id.
    pub id: String,
    /// Port.
    pub port: Option<i32>,
    /// `initial`, `healthy`, `unhealthy`, `unhealthy.draining`, `unused`, `draining` or `unavailable`.
    pub state: String,
    /// Reason code, for example `Target.ResponseCodeMismatch`.
    pub reason: Option<String>,
}

/// A listener rule, or a listener by its default actions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleSeen {
    /// ARN of the rule or of the listener.
    pub arn: String,
    /// Is it a listener?
    pub is_listener: bool,
    /// The actions as they were read.
    pub actions: Vec<Action>,
}

impl Aws {
    /// Target groups by name or ARN; `None` where there is none.
    pub async fn target_groups(
        &self,
        scope: &Scope,
        names_or_arns: &[String],
        priority: Priority,
    ) -> Result<BTreeMap<String, Option<TargetGroupSeen>>, AwsError> {
        let reads = names_or_arns
            .iter()
            .map(|name| async move { (name.clone(), Box::pin(self.target_group(scope, name, priority)).await) });
        whole(join_all(reads).await)
    }

    async fn target_group(&self, scope: &Scope, name: &str, priority: Priority) -> Found<TargetGroupSeen> {
        let (aws, at) = (self.clone(), scope.clone());
        // One request takes names or ARNs, not both.
        let by_arn = name.starts_with("arn:");
        let fetch = move |names: Vec<String>, priority| async move {
            let ask = |names: Vec<String>| aws.describe_target_groups(&at, names, by_arn, priority);
            ask_each(names, ask, |group: &TargetGroupSeen, name| group.arn == name || group.name == name).await
        };
        let key = (scope.clone(), if by_arn { "arn" } else { "name" }.to_owned());
        self.batches().target_groups.get(self, key, name, priority, fetch).await
    }

    async fn describe_target_groups(
        &self,
        scope: &Scope,
        names: Vec<String>,
        by_arn: bool,
        priority: Priority,
    ) -> Result<Vec<TargetGroupSeen>, AwsError> {
        let found = pages(Op::DescribeTargetGroups, |token| {
            let call = self.balancing(scope).describe_target_groups().set_marker(token);
            let names = Some(names.clone());
            let call = || if by_arn { call.set_target_group_arns(names) } else { call.set_names(names) }.send();
            async move {
                let page = self.call(scope, Op::DescribeTargetGroups, priority, call).await?;
                Ok((page.target_groups.unwrap_or_default(), page.next_marker))
            }
        });
        Ok(found.await?.into_iter().map(group_seen).collect())
    }

    /// All targets registered in a target group. Callers that ask within the gathering window share one request.
    pub async fn target_health(
        &self,
        scope: &Scope,
        target_group_arn: &str,
        priority: Priority,
    ) -> Result<Vec<TargetSeen>, AwsError> {
        let (aws, at) = (self.clone(), scope.clone());
        let fetch = move |arns: Vec<String>, priority| async move {
            let mut answers = BTreeMap::new();
            for arn in arns {
                let call = || aws.balancing(&at).describe_target_health().target_group_arn(&arn).send();
                let answer = aws.call(&at, Op::DescribeTargetHealth, priority, call).await;
                let seen = answer.map(|answer| {
                    Some(answer.target_health_descriptions.unwrap_or_default().iter().map(target_seen).collect())
                });
                answers.insert(arn, seen);
            }
            answers
        };
        let key = (scope.clone(), target_group_arn.to_owned());
        let found = self.batches().target_health.get(self, key, target_group_arn, priority, fetch).await;
        found.map(Option::unwrap_or_default)
    }

    /// Listener rules by ARN, and listeners by theirs; `None` where there is none.
    pub async fn listener_rules(
        &self,
        scope: &Scope,
        arns: &[String],
        priority: Priority,
    ) -> Result<BTreeMap<String, Option<RuleSeen>>, AwsError> {
        let reads = arns
            .iter()
            .map(|arn| async move { (arn.clone(), Box::pin(self.listener_rule(scope, arn, priority)).await) });
        whole(join_all(reads).await)
    }

    async fn listener_rule(&self, scope: &Scope, arn: &str, priority: Priority) -> Found<RuleSeen> {
        let (aws, at) = (self.clone(), scope.clone());
        let listener = is_listener(arn);
        let fetch = move |arns: Vec<String>, priority| async move {
            let ask = |arns: Vec<String>| async {
                if listener {
                    aws.describe_listeners(&at, arns, priority).await
                } else {
                    aws.describe_rules(&at, arns, priority).await
                }
            };
            ask_each(arns, ask, |rule: &RuleSeen, arn| rule.arn == arn).await
        };
        let key = (scope.clone(), if listener { "listener" } else { "rule" }.to_owned());
        self.batches().rules.get(self, key, arn, priority, fetch).await
    }

    async fn describe_rules(
        &self,
        scope: &Scope,
        arns: Vec<String>,
        priority: Priority,
    ) -> Result<Vec<RuleSeen>, AwsError> {
        let found = pages(Op::DescribeRules, |token| {
            let call = self.balancing(scope).describe_rules().set_rule_arns(Some(arns.clone())).set_marker(token);
            let call = || call.send();
            async move {
                let page = self.call(scope, Op::DescribeRules, priority, call).await?;
                Ok((page.rules.unwrap_or_default(), page.next_marker))
            }
        });
        Ok(found.await?.into_iter().map(rule_seen).collect())
    }

    async fn describe_listeners(
        &self,
        scope: &Scope,
        arns: Vec<String>,
        priority: Priority,
    ) -> Result<Vec<RuleSeen>, AwsError> {
        let found = pages(Op::DescribeListeners, |token| {
            let call = self.balancing(scope).describe_listeners().set_listener_arns(Some(arns.clone()));
            let call = || call.set_marker(token).send();
            async move {
                let page = self.call(scope, Op::DescribeListeners, priority, call).await?;
                Ok((page.listeners.unwrap_or_default(), page.next_marker))
            }
        });
        Ok(found.await?.into_iter().map(listener_seen).collect())
    }

    /// Replaces the actions of a rule, or the default actions of a listener.
    pub async fn modify_rule(
        &self,
        scope: &Scope,
        rule: &RuleSeen,
        actions: Vec<Action>,
        priority: Priority,
    ) -> Result<(), AwsError> {
        let client = self.balancing(scope);
        if rule.is_listener {
            let call = || client.modify_listener().listener_arn(&rule.arn).set_default_actions(Some(actions)).send();
            return self.call(scope, Op::ModifyListener, priority, call).await.map(|_| ());
        }
        let call = || client.modify_rule().rule_arn(&rule.arn).set_actions(Some(actions)).send();
        self.call(scope, Op::ModifyRule, priority, call).await.map(|_| ())
    }
}

/// A listener's ARN says `:listener/`, a rule's `:listener-rule/`.
fn is_listener(arn: &str) -> bool {
    arn.contains(":listener/")
}

fn group_seen(group: TargetGroup) -> TargetGroupSeen {
    TargetGroupSeen {
        arn: group.target_group_arn.unwrap_or_default(),
        name: group.target_group_name.unwrap_or_default(),
        // Load balancing's own default.
        target_type: group.target_type.map_or_else(|| "instance".to_owned(), |kind| kind.as_str().to_owned()),
        protocol: group.protocol.map(|protocol| protocol.as_str().to_owned()),
        port: group.port,
        vpc_id: group.vpc_id,
        load_balancer_arns: group.load_balancer_arns.unwrap_or_default(),
    }
}

fn target_seen(description: &TargetHealthDescription) -> TargetSeen {
    let (target, health) = (description.target.as_ref(), description.target_health.as_ref());
    TargetSeen {
        id: target.and_then(|target| target.id.clone()).unwrap_or_default(),
        port: target.and_then(|target| target.port),
        state: health.and_then(|health| Some(health.state.as_ref()?.as_str().to_owned())).unwrap_or_default(),
        reason: health.and_then(|health| Some(health.reason.as_ref()?.as_str().to_owned())),
    }
}

fn rule_seen(rule: Rule) -> RuleSeen {
    RuleSeen { arn: rule.rule_arn.unwrap_or_default(), is_listener: false, actions: rule.actions.unwrap_or_default() }
}

fn listener_seen(listener: Listener) -> RuleSeen {
    RuleSeen {
        arn: listener.listener_arn.unwrap_or_default(),
        is_listener: true,
        actions: listener.default_actions.unwrap_or_default(),
    }
}

#[cfg(test)]
#[path = "balancing_tests.rs"]
mod tests;
