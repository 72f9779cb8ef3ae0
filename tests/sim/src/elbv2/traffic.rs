//! What follows from a change of rules: written down weights, groups in and out of use, groups without healthy targets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::action;
use crate::ecs::scheduler::Fleet;
use crate::ecs::scheduler::target::{Place, WeightChange};
use crate::fixtures::TargetState;

/// A time during which a rule had a weight above 0 on a group without a healthy target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unserved {
    /// Rule ARN; for default actions the listener's.
    pub rule: String,
    /// Target group ARN.
    pub group: String,
    /// Since when, virtual milliseconds.
    pub from: i64,
    /// Until when; `None` = still.
    pub until: Option<i64>,
}

impl Fleet {
    /// Replaces the actions of a declared rule.
    pub(crate) fn set_actions(&mut self, rule: &str, actions: Vec<Value>, by: &str) {
        let balancing = &mut self.fixtures.balancing;
        let Some(entry) = balancing.rules.get_mut(rule) else {
            return;
        };
        let weights = action::weights(&actions);
        entry.actions = actions;
        let label = balancing.label(rule).to_owned();
        self.note_weights(&label, weights, by);
        self.uses_changed();
    }

    /// Replaces the weights of a declared rule's forward action; false if the rule is not declared.
    pub(crate) fn set_declared_weights(&mut self, rule: &str, weights: &BTreeMap<String, i64>, by: &str) -> bool {
        let Some(rule) = self.fixtures.balancing.rule(rule) else {
            return false;
        };
        let (arn, mut actions) = (rule.arn.clone(), rule.actions.clone());
        action::set_weights(&mut actions, weights);
        self.set_actions(&arn, actions, by);
        true
    }

    pub(crate) fn note_weights(&mut self, rule: &str, weights: BTreeMap<String, i64>, by: &str) {
        if self.traffic.rules.get(rule) == Some(&weights) {
            return;
        }
        let healthy = weights.keys().map(|group| (group.clone(), self.healthy_targets(group))).collect();
        self.traffic.rules.insert(rule.to_owned(), weights.clone());
        let change = WeightChange { at: self.now, rule: rule.to_owned(), weights, healthy, by: by.to_owned() };
        self.traffic.log.push(change);
    }

    /// How many targets of a group are healthy.
    pub(crate) fn healthy_targets(&self, group: &str) -> i64 {
        let targets = self.fixtures.target_groups.get(group).map(|group| group.targets.values());
        let healthy = targets.into_iter().flatten().filter(|target| target.state == TargetState::Healthy).count();
        crate::ecs::scheduler::json::count(healthy)
    }

    /// Targets of groups that came into use begin their checks; those of groups that left it are unused.
    pub(crate) fn uses_changed(&mut self) {
        let mut turned: Vec<(Place, bool)> = Vec::new();
        for (arn, group) in &self.fixtures.target_groups {
            let used = self.fixtures.is_in_use(arn);
            for ((address, port), target) in &group.targets {
                let unused = target.state == TargetState::Unused;
                if target.state != TargetState::Draining && used == unused {
                    turned.push(((arn.clone(), address.clone(), *port), used));
                }
            }
        }
        for (place, used) in turned {
            let state = if used { TargetState::Initial } else { TargetState::Unused };
            self.turn_target(&place, state);
            if used {
                self.probe(&place);
            }
        }
        self.watch_traffic();
    }

    /// Writes down which rules send traffic to groups without a healthy target.
    pub(crate) fn watch_traffic(&mut self) {
        if self.fixtures.balancing.rules.is_empty() {
            return;
        }
        let mut bare = BTreeSet::new();
        for rule in self.fixtures.balancing.rules.values() {
            for (group, weight) in action::weights(&rule.actions) {
                if weight > 0 && self.healthy_targets(&group) == 0 {
                    bare.insert((self.fixtures.balancing.label(&rule.arn).to_owned(), group));
                }
            }
        }
        let now = self.now;
        for open in self.traffic.unserved.iter_mut().filter(|open| open.until.is_none()) {
            if !bare.remove(&(open.rule.clone(), open.group.clone())) {
                open.until = Some(now);
            }
        }
        self.traffic.unserved.retain(|gap| gap.until != Some(gap.from));
        let opened = bare.into_iter().map(|(rule, group)| Unserved { rule, group, from: now, until: None });
        self.traffic.unserved.extend(opened);
    }
}
