//! The operator as a process: clients → controllers → until it is told to stop.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{join_all, select_all};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::admin::{self, Health};
use super::config::Config;
use super::metrics::Metrics;
use super::telemetry::LevelSwitch;
use crate::aws::{Aws, clients};
use crate::controllers::clock::Clock;
use crate::controllers::context::{Config as Settings, Context};
use crate::controllers::relations::Wakes;
use crate::controllers::{Controllers, Running};

/// Passes under way get this long to end when the process is told to stop.
const DRAIN: Duration = Duration::from_secs(25);
/// No answer of Kubernetes takes longer, a watch aside, which Kubernetes ends after 5 minutes at most.
const READ_TIMEOUT: Duration = Duration::from_secs(295);

/// Why the process cannot run, with what to do about it.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// Nothing says which Region to use.
    #[error("no AWS Region: give --region, set AWS_REGION, or configure one in the AWS profile")]
    NoRegion,
    /// Neither in a cluster nor a usable kubeconfig.
    #[error("no Kubernetes: run in a cluster, or point KUBECONFIG at one: {0}")]
    NoKubernetes(String),
    /// The client cannot be built from the configuration.
    #[error("Kubernetes: {0}")]
    Kubernetes(#[from] kube::Error),
    /// The address of probes and metrics is taken or not ours.
    #[error("cannot listen on {0} (--admin-address): {1}")]
    Listen(std::net::SocketAddr, std::io::Error),
    /// Probes and metrics could not be served.
    #[error("serving probes and metrics: {0}")]
    Serve(#[from] std::io::Error),
    /// A part of the process broke.
    #[error("a task of the process broke: {0}")]
    Broken(#[from] tokio::task::JoinError),
    /// A controller ended though nobody asked.
    #[error("a controller ended by itself")]
    ControllerEnded,
    /// A pass hung.
    #[error("passes under way did not end within {} s", DRAIN.as_secs())]
    NotDrained,
}

/// Runs until `stop` is cancelled.
pub async fn run(config: Config, level: LevelSwitch, stop: CancellationToken) -> Result<(), ProcessError> {
    let sdk = clients::load_config(config.region.clone(), config.endpoint_url.clone()).await;
    let region = sdk.region().map(ToString::to_string).ok_or(ProcessError::NoRegion)?;
    let aws = Aws::new(sdk, config.aws_settings());
    let metrics = Metrics::new(|registry| aws.metrics().register(registry));
    let health = Health::default();
    let listener = TcpListener::bind(config.admin_address)
        .await
        .map_err(|error| ProcessError::Listen(config.admin_address, error))?;
    let probes = admin::router(health.clone(), metrics.clone(), level);
    let serving = tokio::spawn(admin::serve(listener, probes, stop.clone()));
    let kube = client().await?;
    let controllers = Controllers::new(&kube, config.namespace.as_deref());
    let (wakes, woken) = Wakes::new();
    let settings = Settings {
        installation: config.installation_id.clone(),
        instance: config.identity(),
        region,
        management_mode: config.management_mode,
        deletion_policy: config.default_deletion_policy,
        sweep: config.sweep_interval(),
        follow: config.follow_interval(),
        ..Settings::default()
    };
    let cx = Context::new(kube, aws, Clock::system(), controllers.stores(), settings, metrics, wakes);
    let stores = cx.stores.clone();
    let running = controllers.run(&Arc::new(cx), woken, config.concurrency, &stop);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
    let warming = tokio::spawn({
        let health = health.clone();
        async move {
            stores.warm().await;
            health.set_ready(true);
            tracing::info!("ready");
        }
    });
    let ended = until_stopped(running, &stop).await;
    warming.abort();
    health.set_ready(false);
    serving.await??;
    tracing::info!("stopped");
    ended
}

async fn client() -> Result<kube::Client, ProcessError> {
    let mut config = kube::Config::infer().await.map_err(|error| ProcessError::NoKubernetes(error.to_string()))?;
    config.read_timeout = Some(READ_TIMEOUT);
    Ok(kube::Client::try_from(config)?)
}

/// Runs the controllers. One that ends by itself is a failure of all; on a stop each may end what it has begun.
async fn until_stopped(running: Vec<Running>, stop: &CancellationToken) -> Result<(), ProcessError> {
    let tasks: Vec<_> = running.into_iter().map(tokio::spawn).collect();
    let (_, _, rest) = select_all(tasks).await;
    let asked = stop.is_cancelled();
    stop.cancel();
    let drained = tokio::time::timeout(DRAIN, join_all(rest)).await;
    match (asked, drained) {
        (false, _) => Err(ProcessError::ControllerEnded),
        (true, Err(_elapsed)) => Err(ProcessError::NotDrained),
        (true, Ok(_)) => Ok(()),
    }
}
