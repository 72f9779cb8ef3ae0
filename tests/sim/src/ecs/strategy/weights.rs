//! Rule weights of a traffic shifting deployment.

use std::collections::BTreeMap;

use crate::ecs::scheduler::json::{list, text};
use crate::ecs::scheduler::{Fleet, Key};

impl Fleet {
    /// Writes the weights that the newest service deployment asks for into its listener rules.
    pub(crate) fn shift_traffic(&mut self, key: &Key) {
        let Some(service) = self.services.get(key) else {
            return;
        };
        let Some(rollout) = service.rollouts.last() else {
            return;
        };
        let (Some(shift), Some(green)) = (&rollout.shift, service.revision(&rollout.target)) else {
            return;
        };
        let blue = service.completed.as_deref().and_then(|arn| service.revision(arn)).map(|r| r.groups.clone());
        let blue = blue.unwrap_or_default();
        let entries = green.config.get("loadBalancers").map_or(&[][..], |value| list(value, ""));
        let mut changes = Vec::new();
        for (at, entry) in entries.iter().filter(|e| text(e, "/targetGroupArn").is_some()).enumerate() {
            let Some(to) = green.groups.get(at) else {
                continue;
            };
            let from = blue.get(at);
            let shares = [("productionListenerRule", shift.production), ("testListenerRule", shift.test)];
            for (member, share) in shares {
                let Some(rule) = text(entry, &format!("/advancedConfiguration/{member}")) else {
                    continue;
                };
                let percent = (share + 5).div_euclid(10);
                let mut weights = BTreeMap::from([(to.clone(), percent)]);
                match from {
                    Some(from) if from != to => {
                        weights.insert(from.clone(), 100 - percent);
                    }
                    Some(_) => {
                        weights.insert(to.clone(), 100);
                    }
                    None if percent == 0 => continue,
                    None => {}
                }
                changes.push((rule.to_owned(), weights));
            }
        }
        for (rule, weights) in changes {
            self.set_rule_weights(&rule, weights, "ecs.amazonaws.com");
        }
    }
}
