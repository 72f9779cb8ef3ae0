//! Controls of load balancers: declare one, read and change weights, see targets.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{ControlError, Place};
use crate::elbv2::BalancerSpec;
use crate::world::Sim;

#[derive(Deserialize)]
struct Declare {
    #[serde(flatten)]
    place: Place,
    balancer: BalancerSpec,
}

#[derive(Deserialize)]
struct Weights {
    #[serde(flatten)]
    place: Place,
    rule: String,
    /// Absent = only read.
    set: Option<BTreeMap<String, i64>>,
    by: Option<String>,
}

#[derive(Deserialize)]
struct Targets {
    #[serde(flatten)]
    place: Place,
    group: String,
    /// Absent = only read.
    failing: Option<bool>,
}

#[derive(Deserialize)]
struct Tag {
    #[serde(flatten)]
    place: Place,
    arn: String,
    tags: BTreeMap<String, String>,
}

impl Sim {
    pub(super) fn balancing(&mut self, name: &str, body: Value) -> Result<Value, ControlError> {
        match name {
            "balancer" => {
                let asked: Declare = serde_json::from_value(body)?;
                let made = self.balancer(&asked.place.key(), &asked.balancer)?;
                Ok(serde_json::to_value(made)?)
            }
            "weights" => Ok(self.weights_control(&serde_json::from_value(body)?)),
            "targets" => {
                let asked: Targets = serde_json::from_value(body)?;
                let key = asked.place.key();
                if let Some(failing) = asked.failing {
                    self.with_fleet(&key, |fleet| fleet.fail_target_group(&asked.group, failing));
                }
                let targets = self.targets(&key, &asked.group);
                let view = |(id, port, state)| json!({ "id": id, "port": port, "state": format!("{state:?}") });
                Ok(json!({ "targets": targets.into_iter().map(view).collect::<Vec<_>>() }))
            }
            "unserved" => {
                let place: Place = serde_json::from_value(body)?;
                let gaps = self.unserved(&place.key());
                let view = |gap: &crate::elbv2::Unserved| json!({ "rule": gap.rule, "group": gap.group, "from": gap.from, "until": gap.until });
                Ok(json!({ "unserved": gaps.iter().map(view).collect::<Vec<_>>() }))
            }
            "tag_balancing" => {
                let asked: Tag = serde_json::from_value(body)?;
                let tags: Vec<(&str, &str)> =
                    asked.tags.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                Ok(json!({ "found": self.tag_balancing(&asked.place.key(), &asked.arn, &tags) }))
            }
            _ => Err(ControlError::Unknown(name.to_owned())),
        }
    }

    fn weights_control(&mut self, asked: &Weights) -> Value {
        let key = asked.place.key();
        if let Some(set) = &asked.set {
            let weights: Vec<(&str, i64)> = set.iter().map(|(group, weight)| (group.as_str(), *weight)).collect();
            self.set_weights(&key, &asked.rule, &weights, asked.by.as_deref().unwrap_or("somebody"));
        }
        let log = self.weight_log(&key, &asked.rule);
        let change = |change: &crate::ecs::scheduler::target::WeightChange| json!({ "at": change.at, "weights": change.weights, "healthy": change.healthy, "by": change.by });
        let log: Vec<Value> = log.iter().map(change).collect();
        json!({ "weights": self.weights(&key, &asked.rule), "log": log })
    }
}
