//! Targets of tasks in target groups, and the weights of listener rules.

use std::collections::BTreeMap;

use super::Fleet;
use super::due::Due;
use crate::elbv2::traffic::Unserved;
use crate::fixtures::{Target, TargetGroup, TargetState};

/// One change of a rule's weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightChange {
    /// Virtual time in milliseconds.
    pub at: i64,
    /// Rule ARN; for a listener's default action the listener's.
    pub rule: String,
    /// Weights after the change, by target group.
    pub weights: BTreeMap<String, i64>,
    /// Healthy targets of these groups at that time.
    pub healthy: BTreeMap<String, i64>,
    /// Who changed it.
    pub by: String,
}

/// Rule weights of a Region and what the checks of targets are about to decide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Weights by rule ARN and group ARN.
    pub rules: BTreeMap<String, BTreeMap<String, i64>>,
    /// Every change of a weight, oldest first.
    pub log: Vec<WeightChange>,
    /// When declared rules sent traffic to groups without a healthy target.
    pub unserved: Vec<Unserved>,
    /// Groups that nobody declared: created when a service first used them.
    pub implicit: std::collections::BTreeSet<String>,
    probes: BTreeMap<Place, u64>,
}

/// A target: group, address, port.
pub(crate) type Place = (String, String, i64);

impl Fleet {
    /// Replaces the weights of a rule and writes the change down.
    pub fn set_rule_weights(&mut self, rule: &str, weights: BTreeMap<String, i64>, by: &str) {
        if !self.set_declared_weights(rule, &weights, by) {
            self.note_weights(rule, weights, by);
        }
    }

    /// Whether a service may name this group: declared, or nothing is declared at all.
    pub(crate) fn knows_target_group(&self, arn: &str) -> bool {
        let groups = &self.fixtures.target_groups;
        groups.contains_key(arn) || groups.len() == self.traffic.implicit.len()
    }

    /// Makes a target group that nobody declared, of the type that tasks of a network mode need.
    pub(crate) fn ensure_target_group(&mut self, arn: &str, network_mode: &str) {
        if !self.fixtures.target_groups.contains_key(arn) {
            self.traffic.implicit.insert(arn.to_owned());
            let target_type = if network_mode == "awsvpc" { "ip" } else { "instance" };
            self.fixtures.target_groups.insert(arn.to_owned(), TargetGroup::new(arn, target_type));
        }
    }

    pub(crate) fn register_targets(&mut self, id: &str) {
        let Some(task) = self.tasks.get(id) else {
            return;
        };
        let by = self.arn(&task.tail());
        let network_mode = task.definition.network_mode.clone();
        let places: Vec<Place> =
            task.groups.iter().map(|(group, port)| (group.clone(), task.target_id.clone(), *port)).collect();
        for place in places {
            self.ensure_target_group(&place.0, &network_mode);
            let in_use = self.fixtures.is_in_use(&place.0);
            let Some(group) = self.fixtures.target_groups.get_mut(&place.0) else {
                continue;
            };
            let state = if in_use { TargetState::Initial } else { TargetState::Unused };
            let target = Target { state, registered_by: by.clone() };
            group.targets.insert((place.1.clone(), place.2), target);
            self.probe(&place);
        }
    }

    fn target_mut(&mut self, place: &Place) -> Option<&mut Target> {
        let group = self.fixtures.target_groups.get_mut(&place.0)?;
        group.targets.get_mut(&(place.1.clone(), place.2))
    }

    /// Health of a target, `None` if it is not registered.
    pub(crate) fn target_state(&self, group: &str, address: &str, port: i64) -> Option<TargetState> {
        let targets = &self.fixtures.target_groups.get(group)?.targets;
        targets.get(&(address.to_owned(), port)).map(|target| target.state)
    }

    fn target_passes(&self, place: &Place) -> bool {
        if self.knobs.failing_groups.contains(&place.0) {
            return false;
        }
        let Some(group) = self.fixtures.target_groups.get(&place.0) else {
            return false;
        };
        let Some(target) = group.targets.get(&(place.1.clone(), place.2)) else {
            return false;
        };
        let id = target.registered_by.rsplit('/').next().unwrap_or_default();
        self.tasks.get(id).is_some_and(|task| !self.fails_checks(task))
    }

    /// Schedules the moment at which the checks of a target decide.
    pub(crate) fn probe(&mut self, place: &Place) {
        let passes = self.target_passes(place);
        let Some(group) = self.fixtures.target_groups.get(&place.0) else {
            return;
        };
        let threshold = if passes { group.healthy_threshold } else { group.unhealthy_threshold };
        let wait = self.knobs.timing.target.unwrap_or(group.interval_seconds * 1000 * threshold);
        let in_use = self.fixtures.is_in_use(&place.0);
        let Some(target) = self.target_mut(place) else {
            return;
        };
        if target.state == TargetState::Draining || !in_use {
            return;
        }
        let epoch = self.next_sequence();
        self.traffic.probes.insert(place.clone(), epoch);
        self.schedule(self.now + wait, Due::Probe { place: place.clone(), epoch });
    }

    /// Looks at all targets again, after something changed that their checks depend on.
    pub(crate) fn probe_all(&mut self) {
        let mut places = Vec::new();
        for (arn, group) in &self.fixtures.target_groups {
            for (address, port) in group.targets.keys() {
                places.push((arn.clone(), address.clone(), *port));
            }
        }
        for place in places {
            let in_use = self.fixtures.is_in_use(&place.0);
            if let Some(target) = self.target_mut(&place)
                && in_use
                && target.state == TargetState::Unused
            {
                target.state = TargetState::Initial;
            }
            self.probe(&place);
        }
    }

    pub(crate) fn target_decides(&mut self, place: &Place, epoch: u64) {
        if self.traffic.probes.get(place) != Some(&epoch) {
            return;
        }
        self.traffic.probes.remove(place);
        let passes = self.target_passes(place);
        let Some(target) = self.target_mut(place) else {
            return;
        };
        // A group may have left its last rule since the check was planned.
        if matches!(target.state, TargetState::Draining | TargetState::Unused) {
            return;
        }
        self.turn_target(place, if passes { TargetState::Healthy } else { TargetState::Unhealthy });
        self.watch_traffic();
    }

    /// Puts a target into a state, and has the scheduler look at its task.
    pub(crate) fn turn_target(&mut self, place: &Place, state: TargetState) {
        let Some(target) = self.target_mut(place) else {
            return;
        };
        target.state = state;
        let owner = target.registered_by.rsplit('/').next().unwrap_or_default().to_owned();
        self.touch_owner(&owner);
    }

    /// Starts to drain the targets of a task; answers the longest delay, `None` without targets.
    pub(crate) fn drain_targets(&mut self, id: &str) -> Option<i64> {
        let task = self.tasks.get(id)?;
        let mut longest = None;
        for (arn, port) in task.groups.clone() {
            let address = task.target_id.clone();
            let Some(group) = self.fixtures.target_groups.get_mut(&arn) else {
                continue;
            };
            let delay = self.knobs.timing.drain.unwrap_or(group.deregistration_delay_seconds * 1000);
            if let Some(target) = group.targets.get_mut(&(address, port)) {
                target.state = TargetState::Draining;
                longest = Some(longest.map_or(delay, |most: i64| most.max(delay)));
            }
        }
        self.watch_traffic();
        longest
    }

    pub(crate) fn deregister_targets(&mut self, id: &str) {
        let Some(task) = self.tasks.get(id) else {
            return;
        };
        for (arn, port) in &task.groups {
            if let Some(group) = self.fixtures.target_groups.get_mut(arn) {
                group.targets.remove(&(task.target_id.clone(), *port));
            }
        }
        self.watch_traffic();
    }
}
