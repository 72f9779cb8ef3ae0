//! The operator: settings → TLS provider → logging → process.

use clap::Parser;
use ecs_operator::runtime::config::Config;
use ecs_operator::runtime::{process, shutdown, telemetry, tls};

/// Gives back what a large list or a storm of passes took: the allocator of the C library keeps most of it for good.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Two threads, however many cores a node has: the quotas of AWS leave no work for more, and each keeps memory of its own.
#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let config = Config::parse();
    tls::install()?;
    let telemetry = telemetry::init(config.log_format, config.log_level, config.collector())?;
    telemetry::quiet_panics();
    let stop = shutdown::on_signal()?;
    let outcome = process::run(config, telemetry.level.clone(), stop).await;
    telemetry.end().await;
    Ok(outcome?)
}
