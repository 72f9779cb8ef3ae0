//! The shop of the acts about versions: its manifest, its load balancer, and what the simulated AWS saw of it.

use std::collections::BTreeMap;

use ecs_sim::RegionKey;
use ecs_sim::cloudwatch::Series;
use ecs_sim::ecs::scheduler::target::WeightChange;
use ecs_sim::elbv2::{Balanced, BalancerSpec, Unserved};
use ecs_sim::world::DEFAULT_ACCOUNT;
use serde_json::{Value, json};

use crate::error::DemoError;
use crate::stage::{REGION, Stage};

/// Name of the group.
pub const SHOP: &str = "shop-web";
/// Tasks of the version that serves.
pub const TASKS: i32 = 4;
/// The metric that judges the canary.
pub const METRIC: &str = "ErrorPercent";
const METRICS: &str = "Shop";

/// The manifest, with the listener rule that decides who receives the traffic.
pub fn manifest(rule: &str) -> Result<Value, DemoError> {
    let file = "shop.yaml";
    let text = include_str!("shop.yaml");
    let read = serde_saphyr::from_str::<Value>(text);
    let mut manifest = read.map_err(|error| DemoError::Sample { file: file.to_owned(), problem: error.to_string() })?;
    if let Some(traffic) = manifest.pointer_mut("/spec/traffic").and_then(Value::as_object_mut) {
        traffic.insert("listenerRules".to_owned(), json!([rule]));
    }
    Ok(manifest)
}

/// A quarter of the traffic, three measurements, then the rest.
pub fn canary() -> Value {
    let errors = json!({
        "name": "errors",
        "cloudWatch": {
            "namespace": METRICS,
            "metricName": METRIC,
            "dimensions": { "TargetGroup": "${targetGroup}" },
            "stat": "Average",
            "periodSeconds": 1,
        },
        "success": "result < 1.0",
    });
    let analysis = json!({ "intervalSeconds": 10, "count": 3, "metrics": [errors] });
    json!({ "canary": { "steps": [{ "setWeight": 25 }, { "analysis": analysis }] } })
}

fn key() -> RegionKey {
    RegionKey::new(DEFAULT_ACCOUNT, REGION)
}

/// The value of CloudWatch's dimension `TargetGroup`.
fn dimension(group: &str) -> &str {
    group.rsplit(':').next().unwrap_or(group)
}

impl Stage {
    /// A load balancer whose rule sends everything to `shop-blue` and nothing to `shop-green`.
    pub fn balance_shop(&self) -> Result<Balanced, DemoError> {
        let spec = BalancerSpec::new("shop", &[("shop-blue", 100), ("shop-green", 0)]);
        let made = self.world(|sim| sim.balancer(&key(), &spec));
        made.map_err(|refusal| DemoError::Aws(format!("declaring the load balancer: {refusal:?}")))
    }

    /// What CloudWatch has of the errors behind a target group: seconds from now, percent.
    pub fn measure_errors(&self, group: &str, points: &[(i64, f64)]) {
        let dimensions = [("TargetGroup", dimension(group))];
        let series = Series::Points(points.to_vec());
        self.world(|sim| sim.set_series(&key(), METRICS, METRIC, &dimensions, series));
    }

    /// The weights of a rule now, by target group.
    pub fn weights(&self, rule: &str) -> BTreeMap<String, i64> {
        self.world(|sim| sim.weights(&key(), rule))
    }

    /// Every change of a rule's weights, oldest first.
    pub fn weight_log(&self, rule: &str) -> Vec<WeightChange> {
        self.world(|sim| sim.weight_log(&key(), rule))
    }

    /// When traffic went to a target group without a healthy target.
    pub fn unserved(&self) -> Vec<Unserved> {
        self.world(|sim| sim.unserved(&key()))
    }
}
