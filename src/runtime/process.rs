//! The operator as a process: settings → probes → clients → operator → until it is told to stop.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{Request, Response};
use kube::client::{Body, ClientBuilder, DynBody};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::BoxError;
use tower::util::BoxService;

use super::admin::{self, Health};
use super::config::{Config, PerKind};
use super::leader::{Election, Lead, Place, Timing};
use super::metrics::Metrics;
use super::operator::{Operator, OperatorError};
use super::telemetry::LevelSwitch;
use crate::aws::{Aws, AwsSettings, clients};
use crate::controllers::Controllers;
use crate::controllers::clock::Clock;
use crate::controllers::context::{Config as Settings, Context};
use crate::controllers::hash::hash;
use crate::controllers::relations::Wakes;

/// No answer of Kubernetes takes longer, a watch aside, which Kubernetes ends after 5 minutes at most.
const READ_TIMEOUT: Duration = Duration::from_secs(295);

/// Why the process cannot run, with what to do about it.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// Nothing says which Region to use.
    #[error("no AWS Region: give --region, set AWS_REGION, or configure one in the AWS profile")]
    NoRegion,
    /// Calls and credentials would be sent in the clear.
    #[error("{0} is an http:// endpoint; use https://, or set ECS_OPERATOR_ALLOW_INSECURE_ENDPOINT=true for tests")]
    InsecureEndpoint(String),
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
    /// The operator ended though nobody asked, or could not end in order.
    #[error(transparent)]
    Operator(#[from] OperatorError),
}

/// Runs until `stop` is cancelled. Probes and metrics are served from the first moment to the last.
pub async fn run(config: Config, level: LevelSwitch, stop: CancellationToken) -> Result<(), ProcessError> {
    if let Some(name) = config.insecure_endpoint(std::env::vars()) {
        return Err(ProcessError::InsecureEndpoint(name));
    }
    let lead = if config.leader_elect { Lead::standby() } else { Lead::alone() };
    let gate = AwsSettings { fence: Some(lead.fence()), ..config.aws_settings() };
    let metrics = Metrics::with_aws(&gate.metrics, config.metrics_per_object);
    let health = Health::default();
    let listener = TcpListener::bind(config.admin_address)
        .await
        .map_err(|error| ProcessError::Listen(config.admin_address, error))?;
    let probes = admin::router(health.clone(), metrics.clone(), level);
    let over = CancellationToken::new();
    let serving = tokio::spawn(admin::serve(listener, probes, over.clone()));
    let outcome = Box::pin(operate(&config, lead, gate, metrics, health, stop)).await;
    over.cancel();
    serving.await??;
    match &outcome {
        Ok(()) => tracing::info!("stopped"),
        Err(error) => tracing::error!(%error, "stopped"),
    }
    outcome
}

async fn operate(
    config: &Config,
    lead: Lead,
    gate: AwsSettings,
    metrics: Metrics,
    health: Health,
    stop: CancellationToken,
) -> Result<(), ProcessError> {
    let sdk = clients::load_config(config.region.clone(), config.endpoint_url.clone()).await;
    let region = sdk.region().map(ToString::to_string).ok_or(ProcessError::NoRegion)?;
    let aws = Aws::new(sdk, gate);
    let mut server = kube::Config::infer().await.map_err(|error| ProcessError::NoKubernetes(error.to_string()))?;
    let clock = Clock::system();
    let election = if config.leader_elect { Some(election(config, &server, &lead, &clock, &metrics)?) } else { None };
    server.read_timeout = Some(READ_TIMEOUT);
    let counted = metrics.requests.layer(server.cluster_url.host().unwrap_or_default());
    let kube = lead.guard(once(server)?.with_layer(&counted)).build();
    let controllers = Controllers::new(&kube, config.sight(), &metrics.watches);
    let (wakes, woken) = Wakes::new();
    let context = Context::new(kube, aws, clock, controllers.stores(), settings(config, region), metrics, wakes);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
    let concurrency = config.concurrency;
    let operator = Operator { controllers, context, woken, concurrency, lead, election, health };
    Ok(operator.run(stop).await?)
}

/// What lies below the layers of a client.
type Stack = BoxService<Request<Body>, Response<Box<DynBody>>, BoxError>;

/// Every client of the process starts from this: each request leaves once.
///
/// kube would repeat what is answered with 429, 503 or 504, fifteen times and ever later, below the count and the fence: a
/// write that was made after all would be made twice, and a pass would outlast its deadline. Passes, watches and the
/// election have pauses of their own.
fn once(mut server: kube::Config) -> kube::Result<ClientBuilder<Stack>> {
    server.default_retry = false;
    ClientBuilder::try_from(server)
}

fn seconds(of: &PerKind) -> BTreeMap<String, Duration> {
    of.iter().map(|(kind, seconds)| (kind.clone(), Duration::from_secs(*seconds))).collect()
}

fn numbers(of: &PerKind) -> BTreeMap<String, u16> {
    of.iter().map(|(kind, number)| (kind.clone(), u16::try_from(*number).unwrap_or(u16::MAX))).collect()
}

fn settings(config: &Config, region: String) -> Settings {
    Settings {
        installation: config.installation_id.clone(),
        instance: config.identity(),
        region,
        ambient: config.ambient(),
        management_mode: config.management_mode,
        deletion_policy: config.default_deletion_policy,
        drift_policy: config.default_drift_policy,
        sweep: config.sweep_interval(),
        sweep_of: seconds(&config.sweep_interval_seconds_of),
        concurrency_of: numbers(&config.concurrency_of),
        follow: config.follow_interval(),
        config_maps: config.config_maps,
        deletion_brake: config.deletion_brake,
        event_queues: config.event_queues.clone(),
        ..Settings::default()
    }
}

/// Its client is its own: no queue of other requests before it, and no fence.
fn election(
    config: &Config,
    server: &kube::Config,
    lead: &Lead,
    clock: &Clock,
    metrics: &Metrics,
) -> Result<Election, ProcessError> {
    let timing = Timing::default();
    let mut server = server.clone();
    server.connect_timeout = Some(timing.request);
    server.read_timeout = Some(timing.request);
    let place = Place {
        namespace: config.pod_namespace.clone().unwrap_or_else(|| server.default_namespace.clone()),
        name: config.lease_name.clone(),
        identity: unique(&config.identity(), clock),
        timing,
    };
    let counted = metrics.requests.layer(server.cluster_url.host().unwrap_or_default());
    let client = once(server)?.with_layer(&counted).build();
    Ok(Election::new(client, place, lead.clone(), clock.clone(), metrics.leader.clone()))
}

/// A name that no other process has: not one beside this with the same settings, nor an earlier life of this.
fn unique(name: &str, clock: &Clock) -> String {
    let life = format!("{name}/{}/{}", std::process::id(), clock.exact().as_nanosecond());
    format!("{name}_{}", hash(&life, 10))
}

#[cfg(test)]
#[path = "process_tests.rs"]
mod tests;
