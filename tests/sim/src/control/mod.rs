//! The control plane: what a test or a demonstration does to the world, as JSON.

mod balancing;
mod fixtures;

use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;

use crate::fault::Rule;
use crate::lag::Profile;
use crate::model::{Service, check_input};
use crate::refusal::Refusal;
use crate::world::{DEFAULT_ACCOUNT, RegionKey, Sim};

/// A control that cannot be done.
#[derive(Debug, Error)]
pub enum ControlError {
    /// No such control.
    #[error("unknown control {0}")]
    Unknown(String),
    /// The body does not fit.
    #[error("bad body: {0}")]
    Body(#[from] serde_json::Error),
    /// AWS would refuse it.
    #[error("{0}")]
    Refused(#[from] Refusal),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Advance {
    ms: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RunUntil {
    /// Virtual time in milliseconds; absent = until nothing is planned.
    time: Option<i64>,
    /// Longest run when `time` is absent.
    #[serde(default = "one_hour")]
    limit_ms: i64,
}

fn one_hour() -> i64 {
    3_600_000
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Clear {
    id: Option<u64>,
}

/// Where a fixture lies; the default account if not named.
#[derive(Deserialize)]
struct Place {
    account: Option<String>,
    region: String,
}

impl Place {
    fn key(&self) -> RegionKey {
        RegionKey::new(self.account.as_deref().unwrap_or(DEFAULT_ACCOUNT), self.region.clone())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Lagging {
    profile: Profile,
    #[serde(default)]
    may_go_back: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Throttling {
    on: bool,
    /// Percent of every bucket used by somebody else.
    #[serde(default)]
    neighbour: i64,
}

/// An ECS input to hold against its shape, without calling anything.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Check {
    action: String,
    input: Value,
}

impl Check {
    fn run(mut self) -> Value {
        match check_input(Service::Ecs, &self.action, &mut self.input) {
            Ok(()) => json!({}),
            Err(refusal) => json!({ "refusal": { "code": refusal.code, "message": refusal.message } }),
        }
    }
}

impl Sim {
    /// Does the control `name` (see the crate's README) with a JSON body.
    pub fn control(&mut self, name: &str, body: Value) -> Result<Value, ControlError> {
        match name {
            "now" => {}
            "advance" => {
                let asked: Advance = serde_json::from_value(body)?;
                self.advance_to(self.now() + asked.ms.max(0));
            }
            "step" => return Ok(json!({ "stepped": self.step(), "now": self.now() })),
            "run_until" => self.run_until(&serde_json::from_value(body)?),
            "fault" => {
                let rule: Rule = serde_json::from_value(body)?;
                return Ok(json!({ "id": self.faults.add(rule) }));
            }
            "fault/clear" => {
                let asked: Clear = serde_json::from_value(body)?;
                self.faults.clear(asked.id);
            }
            "throttle" => {
                let asked: Throttling = serde_json::from_value(body)?;
                self.throttle.on = asked.on;
                self.throttle.neighbour.insert("*".to_owned(), asked.neighbour);
            }
            "lag" => {
                let asked: Lagging = serde_json::from_value(body)?;
                self.lag.profile = asked.profile;
                self.lag.may_go_back = asked.may_go_back;
            }
            "check" => return Ok(serde_json::from_value::<Check>(body)?.run()),
            "transcript" => return Ok(json!({ "lines": self.transcript })),
            "dump" => return Ok(self.dump()),
            _ => return self.fixture(name, body),
        }
        Ok(json!({ "now": self.now() }))
    }

    fn run_until(&mut self, asked: &RunUntil) {
        let last = asked.time.unwrap_or(self.now().saturating_add(asked.limit_ms));
        if asked.time.is_some() {
            return self.advance_to(last);
        }
        while self.next_event_at().is_some_and(|at| at <= last) {
            self.step();
        }
    }

    fn dump(&self) -> Value {
        let regions: Vec<Value> = self
            .regions()
            .map(|(key, region)| {
                let families: Value = region
                    .families
                    .iter()
                    .map(|(name, family)| (name.clone(), json!(family.revisions.keys().collect::<Vec<_>>())))
                    .collect();
                json!({
                    "account": key.account,
                    "region": key.region,
                    "clusters": region.clusters.keys().collect::<Vec<_>>(),
                    "capacityProviders": region.capacity_providers.keys().collect::<Vec<_>>(),
                    "families": families,
                    "services": region.services.services.keys().map(|key| format!("{key:?}")).collect::<Vec<_>>(),
                    "tasks": region.services.tasks.keys().collect::<Vec<_>>(),
                })
            })
            .collect();
        let throttle: Value = self
            .throttle
            .counts()
            .iter()
            .map(|(name, count)| ((*name).to_owned(), json!({ "calls": count.calls, "throttled": count.throttled })))
            .collect();
        json!({
            "now": self.now(),
            "regions": regions,
            "throttle": throttle,
            "unknownActions": self.unknown_actions,
            "shapeFaults": self.shape_faults,
            "violations": self.violations(),
        })
    }
}
