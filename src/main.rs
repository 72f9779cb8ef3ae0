//! The operator: settings → logging → TLS provider → clients → controllers → until it is told to stop.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use ecs_operator::aws::{Aws, clients};
use ecs_operator::controllers::Controllers;
use ecs_operator::controllers::clock::Clock;
use ecs_operator::controllers::context::{Config as Settings, Context};
use ecs_operator::controllers::relations::Wakes;
use ecs_operator::runtime::admin::{self, Health};
use ecs_operator::runtime::config::Config;
use ecs_operator::runtime::metrics::Metrics;
use ecs_operator::runtime::{shutdown, telemetry, tls};
use futures::future::{join_all, select_all};
use tokio_util::sync::CancellationToken;

/// Passes under way get this long to end when the process is told to stop.
const DRAIN: Duration = Duration::from_secs(25);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = Config::parse();
    let level = telemetry::init(config.log_format, config.log_level)?;
    tls::install()?;
    let stop = shutdown::on_signal()?;
    let sdk = clients::load_config(config.region.clone(), config.endpoint_url.clone()).await;
    let region = sdk
        .region()
        .map(ToString::to_string)
        .context("no AWS Region: give --region, set AWS_REGION, or configure one in the AWS profile")?;
    let aws = Aws::new(sdk, config.aws_settings());
    let metrics = Metrics::new(|registry| aws.metrics().register(registry));
    let health = Health::default();
    let listener = tokio::net::TcpListener::bind(config.admin_address)
        .await
        .with_context(|| format!("cannot listen on {} (--admin-address)", config.admin_address))?;
    let probes = admin::router(health.clone(), metrics.clone(), level);
    let serving = tokio::spawn(admin::serve(listener, probes, stop.clone()));

    let kube =
        kube::Client::try_default().await.context("no Kubernetes: run in a cluster, or point KUBECONFIG at one")?;
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
    let cx = Arc::new(cx);
    let running = controllers.run(&cx, woken, config.concurrency, &stop);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
    health.set_ready(true);
    until_stopped(running, &stop).await?;
    health.set_ready(false);
    serving.await??;
    tracing::info!("stopped");
    Ok(())
}

/// Runs the controllers. One that ends by itself is a failure of all; on a stop each may end what it has begun.
async fn until_stopped(
    running: Vec<ecs_operator::controllers::Running>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let tasks: Vec<_> = running.into_iter().map(tokio::spawn).collect();
    let (_, _, rest) = select_all(tasks).await;
    let asked = stop.is_cancelled();
    stop.cancel();
    let drained = tokio::time::timeout(DRAIN, join_all(rest)).await;
    anyhow::ensure!(asked, "a controller ended by itself");
    anyhow::ensure!(drained.is_ok(), "passes under way did not end within {} s", DRAIN.as_secs());
    Ok(())
}
