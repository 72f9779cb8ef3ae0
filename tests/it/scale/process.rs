//! A whole process that acts alone, with settings of its own, and what it called when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ecs_operator::api::EcsService;
use ecs_operator::api::condition::{ConditionType, is_true};
use ecs_operator::aws::{Aws, AwsSettings};
use ecs_operator::controllers::context::{Config, Context};
use ecs_operator::controllers::relations::Wakes;
use ecs_operator::controllers::sweep::Sweeps;
use ecs_operator::controllers::{Controllers, Sight};
use ecs_operator::runtime::admin::Health;
use ecs_operator::runtime::leader::Lead;
use ecs_operator::runtime::metrics::Metrics;
use ecs_operator::runtime::operator::{Operator, OperatorError};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::support::manifests::manifest;
use crate::support::world::{REGION, World};

/// Time between two looks.
pub const PERIOD: Duration = Duration::from_secs(300);
pub const SECOND: Duration = Duration::from_secs(1);

/// A process.
pub struct Process {
    /// Objects at rest.
    pub sweeps: Sweeps,
    metrics: Metrics,
    calls: Arc<Mutex<Vec<(Instant, String)>>>,
    task: JoinHandle<Result<(), OperatorError>>,
}

impl Process {
    pub fn with(world: &World, gate: AwsSettings, concurrency: u16, config: Config) -> Self {
        let calls: Arc<Mutex<Vec<(Instant, String)>>> = Arc::default();
        let noted = calls.clone();
        let wire = world.aws.witnessed(Arc::new(move |operation: &str| {
            noted.lock().unwrap().push((Instant::now(), operation.to_owned()));
        }));
        let aws = Aws::new(wire.config_of(REGION, &config.installation), gate);
        let metrics = Metrics::new(|registry| aws.metrics().register(registry));
        let kube = kube::Client::new(world.api.clone(), "default");
        let controllers = Controllers::new(&kube, Sight::default(), &metrics.watches);
        let (wakes, woken) = Wakes::new();
        let config = Config { region: REGION.to_owned(), ..config };
        let stores = controllers.stores();
        let context = Context::new(kube, aws, world.clock.clone(), stores, config, metrics.clone(), wakes);
        let sweeps = context.sweeps.clone();
        let (lead, health) = (Lead::alone(), Health::default());
        let operator = Operator { controllers, context, woken, concurrency, lead, election: None, health };
        let task = tokio::spawn(operator.run(CancellationToken::new()));
        Self { sweeps, metrics, calls, task }
    }

    pub async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }

    /// Calls since a moment, by operation.
    pub fn calls(&self, since: Instant) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (_, operation) in self.calls.lock().unwrap().iter().filter(|(at, _)| *at >= since) {
            *counts.entry(operation.clone()).or_default() += 1;
        }
        counts
    }

    /// When calls of an operation were made since a moment, in seconds from then.
    pub fn times(&self, since: Instant, operation: &str) -> Vec<f64> {
        let calls = self.calls.lock().unwrap();
        let made = calls.iter().filter(|(at, name)| *at >= since && name == operation);
        made.map(|(at, _)| at.duration_since(since).as_secs_f64()).collect()
    }

    /// Passes so far, of all kinds and of one.
    pub fn passes(&self, kind: &str) -> u64 {
        let text = self.metrics.text().unwrap();
        let lines = text.lines().filter(|line| line.starts_with("controller_runtime_reconcile_total{"));
        let of = lines.filter(|line| line.contains(&format!("controller=\"{kind}\"")));
        of.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }
}

/// Makes clusters in ECS that nobody manages.
pub async fn clusters(world: &World, names: &[String]) {
    for name in names {
        world.cli().create_cluster().cluster_name(name).send().await.unwrap();
    }
}

/// A service of one task, in a cluster that nobody manages.
pub fn plain(name: &str, cluster: &str) -> Value {
    manifest(
        "EcsService",
        name,
        json!({
            "cluster": cluster,
            "taskDefinitionRef": {"name": "web"},
            "desiredCount": 1,
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a", "subnet-0b"]}},
        }),
    )
}

/// Names with a number.
pub fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{prefix}{n:03}")).collect()
}

/// Is the service, in its present generation, as its spec asks?
pub async fn is_ready(world: &World, name: &str) -> bool {
    let Some(object) = world.get::<EcsService>(name).await else { return false };
    let status = object.status.unwrap_or_default();
    status.observed_generation == object.metadata.generation && is_true(&status.conditions, ConditionType::Ready)
}

/// Waits until all of them are ready.
pub async fn all_ready(world: &World, names: &[String]) {
    let began = Instant::now();
    for name in names {
        while !is_ready(world, name).await {
            assert!(began.elapsed() < 1800 * SECOND, "{name}: {:?}", world.status::<EcsService>(name).await);
            sleep(SECOND).await;
        }
    }
}

/// A limiter that may use everything.
pub fn unhurried() -> AwsSettings {
    AwsSettings {
        limiter: ecs_operator::aws::LimiterSettings { share: 1.0, ..Default::default() },
        ..AwsSettings::default()
    }
}
