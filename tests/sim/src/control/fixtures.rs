//! Controls of what ECS refers to: images, room, alarms, metrics, networks, roles.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{ControlError, Place};
use crate::autoscaling::Metric;
use crate::cloudwatch::Series;
use crate::fixtures::{AlarmState, ImageFate, Network, TargetGroup};
use crate::sts::Role;
use crate::world::{Principal, Sim};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Image {
    image: String,
    fate: ImageFate,
}

#[derive(Deserialize)]
struct Capacity {
    #[serde(flatten)]
    place: Place,
    cluster: String,
    slots: Option<i64>,
}

#[derive(Deserialize)]
struct Alarm {
    #[serde(flatten)]
    place: Place,
    name: String,
    state: AlarmState,
    #[serde(default)]
    composite: bool,
}

#[derive(Deserialize)]
struct Measure {
    #[serde(flatten)]
    place: Place,
    cluster: String,
    service: String,
    /// Absent = every metric of the service.
    name: Option<String>,
    /// Absent = no data.
    metric: Option<Metric>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    #[serde(flatten)]
    place: Place,
    arn: String,
    target_type: Option<String>,
    in_use: Option<bool>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subnet {
    #[serde(flatten)]
    place: Place,
    id: String,
    vpc_id: String,
    zone: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecurityGroup {
    #[serde(flatten)]
    place: Place,
    id: String,
    vpc_id: String,
    name: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Script {
    #[serde(flatten)]
    place: Place,
    namespace: String,
    metric: String,
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
    series: Series,
}

#[derive(Deserialize)]
struct Instances {
    #[serde(flatten)]
    place: Place,
    cluster: String,
    count: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trusted {
    arn: String,
    role: Role,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dropped {
    arn: String,
}

#[derive(Deserialize)]
struct Switched {
    #[serde(flatten)]
    place: Place,
    name: String,
    value: String,
    /// ARN of a user or role; absent = the account's default.
    principal: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Minted {
    access_key: String,
    account: String,
    arn: String,
}

impl Sim {
    pub(super) fn fixture(&mut self, name: &str, body: Value) -> Result<Value, ControlError> {
        match name {
            "image" => {
                let asked: Image = serde_json::from_value(body)?;
                self.set_image(&asked.image, asked.fate);
            }
            "capacity" => {
                let asked: Capacity = serde_json::from_value(body)?;
                self.with_fleet(&asked.place.key(), |fleet| {
                    fleet.set_capacity(&asked.cluster, asked.slots);
                });
            }
            "alarm" => {
                let asked: Alarm = serde_json::from_value(body)?;
                self.with_fleet(&asked.place.key(), |fleet| {
                    fleet.set_alarm(&asked.name, asked.state);
                    if let Some(alarm) = fleet.fixtures.alarms.get_mut(&asked.name) {
                        alarm.composite = asked.composite;
                    }
                });
            }
            "metric" => {
                let asked: Measure = serde_json::from_value(body)?;
                let name = asked.name.as_deref().unwrap_or("*");
                self.with_scaling(&asked.place.key(), |scaling| {
                    scaling.named_metric(&asked.cluster, &asked.service, name, asked.metric);
                });
            }
            "target_group" => {
                let asked: Group = serde_json::from_value(body)?;
                let mut group = TargetGroup::new(&asked.arn, asked.target_type.as_deref().unwrap_or("ip"));
                group.in_use = asked.in_use.unwrap_or(true);
                group.tags = asked.tags;
                self.region(&asked.place.key()).fixtures.target_groups.insert(asked.arn, group);
            }
            _ => return self.network(name, body),
        }
        Ok(json!({ "now": self.now() }))
    }

    fn network(&mut self, name: &str, body: Value) -> Result<Value, ControlError> {
        match name {
            "subnet" => {
                let asked: Subnet = serde_json::from_value(body)?;
                let network = Network { tags: asked.tags, ..Network::subnet(&asked.vpc_id, &asked.zone) };
                self.region(&asked.place.key()).fixtures.subnets.insert(asked.id, network);
            }
            "security_group" => {
                let asked: SecurityGroup = serde_json::from_value(body)?;
                let group = Network { tags: asked.tags, ..Network::security_group(&asked.vpc_id, &asked.name) };
                self.region(&asked.place.key()).fixtures.security_groups.insert(asked.id, group);
            }
            "series" => {
                let asked: Script = serde_json::from_value(body)?;
                let dimensions: Vec<(&str, &str)> =
                    asked.dimensions.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                self.set_series(&asked.place.key(), &asked.namespace, &asked.metric, &dimensions, asked.series);
            }
            "instances" => {
                let asked: Instances = serde_json::from_value(body)?;
                self.with_fleet(&asked.place.key(), |fleet| fleet.set_instances(&asked.cluster, asked.count));
            }
            "role" => {
                let asked: Trusted = serde_json::from_value(body)?;
                self.add_role(&asked.arn, asked.role);
            }
            "role/remove" => {
                let asked: Dropped = serde_json::from_value(body)?;
                self.remove_role(&asked.arn);
            }
            "setting" => {
                let asked: Switched = serde_json::from_value(body)?;
                let principal = asked.principal.as_deref();
                self.set_account_setting(&asked.place.key(), principal, &asked.name, &asked.value)?;
            }
            "access_key" => {
                let asked: Minted = serde_json::from_value(body)?;
                self.mint(asked.access_key, Principal { account: asked.account, arn: asked.arn });
            }
            _ => return self.balancing(name, body),
        }
        Ok(json!({ "now": self.now() }))
    }
}
