//! What is measured: the operator, whole, or the naive poller, in this process and on its wires.

use std::time::Duration;

use ecs_operator::aws::{Aws, AwsSettings, LimiterSettings};
use ecs_operator::controllers::context::{Config, Context};
use ecs_operator::controllers::relations::Wakes;
use ecs_operator::controllers::{Controllers, Sight};
use ecs_operator::runtime::admin::Health;
use ecs_operator::runtime::config::CONCURRENCY;
use ecs_operator::runtime::leader::Lead;
use ecs_operator::runtime::metrics::Metrics;
use ecs_operator::runtime::operator::Operator;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::stage::Stage;
use crate::{NAMESPACE, REGION, SWEEP};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Subject {
    /// The operator, with this share of each quota.
    Operator(f64),
    /// The naive poller.
    Naive,
}

/// It, running. Dropping it ends it as a crash does.
pub struct Running {
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Subject {
    /// Its column.
    pub fn title(self) -> String {
        match self {
            Self::Operator(share) => format!("operator, share {share}"),
            Self::Naive => "naive poller".to_owned(),
        }
    }

    /// Part of the quotas that it may use.
    pub fn share(self) -> f64 {
        match self {
            Self::Operator(share) => share,
            Self::Naive => 1.0,
        }
    }

    /// Starts it on a stage.
    pub fn start(self, stage: &Stage) -> Running {
        match self {
            Self::Operator(share) => operator(stage, share),
            Self::Naive => naive(stage),
        }
    }
}

fn naive(stage: &Stage) -> Running {
    let kube = kube::Client::new(stage.api.clone(), NAMESPACE);
    let ecs = aws_sdk_ecs::Client::new(&stage.aws.config());
    Running { task: tokio::spawn(crate::naive::run(kube, ecs, SWEEP)) }
}

fn operator(stage: &Stage, share: f64) -> Running {
    let lead = Lead::alone();
    let limiter = LimiterSettings { share, ..LimiterSettings::default() };
    let gate = AwsSettings { fence: Some(lead.fence()), limiter, ..AwsSettings::default() };
    let aws = Aws::new(stage.aws.config(), gate);
    let metrics = Metrics::new(|registry| aws.metrics().register(registry));
    let kube = lead.guard(kube::client::ClientBuilder::new(stage.api.clone(), "default")).build();
    let controllers = Controllers::new(&kube, Sight::default(), &metrics.watches);
    let (wakes, woken) = Wakes::new();
    let config = Config { region: REGION.to_owned(), sweep: SWEEP, ..Config::default() };
    let clock = stage.clock.clone();
    let context = Context::new(kube, aws, clock, controllers.stores(), config, metrics, wakes);
    let operator = Operator {
        controllers,
        context,
        woken,
        concurrency: CONCURRENCY,
        lead,
        election: None,
        health: Health::default(),
    };
    let run = async move {
        let stop = CancellationToken::new();
        // It ends only when it is dropped.
        let _ended = operator.run(stop).await;
    };
    Running { task: tokio::spawn(run) }
}

/// Lets a new process settle: its watches told, its first looks under way.
pub async fn settle() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}
